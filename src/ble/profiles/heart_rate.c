/*
 * Heart Rate 0x180D (HRS 1.0): rate, RR intervals and energy, with the contact
 * that the sensor claims. A rate without contact is none.
 */
#include "ble/profiles/profiles.h"

#include "util/cleanup.h"
#include "util/decimal.h"

#define MEASUREMENT 0x2a37
#define LOCATION 0x2a38

#define FLAG_16_BITS 0x01
#define FLAG_CONTACT 0x02
#define FLAG_CONTACT_TOLD 0x04
#define FLAG_ENERGY 0x08
#define FLAG_RR 0x10

struct hr_state {
	uint16_t site;
};

static const struct profile_characteristic hr_characteristics[] = {
	{ LOCATION, PROFILE_USE_READ },
	{ MEASUREMENT, PROFILE_USE_SUBSCRIBE | PROFILE_USE_NEEDED },
};

/* In 1024ths of a second, HRS 3.1.1.5. */
static const struct conversion hr_interval = {
	.raw_unit = WORD_UNIT_1024TH_S, .places = 1, .num = 1000, .den = 1024
};

static int heard_location(const struct profile_call *c, const struct profile_value *v)
{
	static const uint16_t sites[] = { WORD_OTHER, WORD_CHEST, WORD_WRIST, WORD_FINGER,
		WORD_HAND, WORD_EARLOBE, WORD_FOOT };
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct hr_state *s = c->state;
	uint8_t place = cursor_u8(&cur);

	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	s->site = place < ARRAY_SIZE(sites) && place > 0 ? sites[place] : WORD_NONE;
	return 0;
}

static void add_rate(const struct profile_call *c, struct measure *m, uint8_t flags, uint16_t rate)
{
	if ((flags & (FLAG_CONTACT_TOLD | FLAG_CONTACT)) == FLAG_CONTACT_TOLD)
		m->quality = (struct quality){ VALIDITY_SENSOR_OFF, WORD_NO_CONTACT, 0 };
	else if (rate == 0 && c->device->quirks & QUIRK_HR_ZERO_IS_NONE)
		m->quality = (struct quality){ VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE, 0 };
	measure_scaled(m, METRIC_HEART_RATE, rate, 0);
}

static int hr_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	const struct hr_state *s = c->state;
	uint8_t flags;
	uint16_t rate;

	if (v->characteristic == LOCATION)
		return heard_location(c, v);
	if (v->characteristic != MEASUREMENT)
		return PROFILE_E_UNKNOWN;
	flags = cursor_u8(&cur);
	rate = flags & FLAG_16_BITS ? cursor_le16(&cur) : cursor_u8(&cur);
	m.like.site = s->site;
	m.like.group_index = flags & (FLAG_ENERGY | FLAG_RR) ? 1 : 0;
	add_rate(c, &m, flags, rate);
	if (flags & FLAG_ENERGY) {
		struct measure energy = m;

		energy.quality = (struct quality){ VALIDITY_VALID, WORD_NONE, 0 };
		measure_scaled(&energy, METRIC_ENERGY, cursor_le16(&cur), 0);
	}
	if (flags & FLAG_RR) /* at least one; oldest first, up to the end */
		do {
			uint16_t interval = cursor_le16(&cur);

			/* without contact there is no beat to be apart from */
			if (m.quality.validity == VALIDITY_VALID)
				measure_number(&m, METRIC_RR_INTERVAL,
					(struct decimal){ interval, 0 }, &hr_interval);
		} while (cursor_remaining(&cur) > 0);
	return profile_done(c, &cur);
}

const struct ble_profile profile_heart_rate = {
	.name = "heart-rate",
	.service = 0x180d,
	.manner = PROFILE_STREAM,
	.characteristics = hr_characteristics,
	.characteristic_count = ARRAY_SIZE(hr_characteristics),
	.state_size = sizeof(struct hr_state),
	.heard = hr_heard,
};
