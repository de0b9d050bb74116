/*
 * Health Thermometer 0x1809 (HTS 1.0): measurements, which the device indicates
 * and may send again, and intermediate ones while it is still rising.
 */
#include "ble/profiles/profiles.h"

#include "util/cleanup.h"

#define MEASUREMENT 0x2a1c
#define TYPE 0x2a1d
#define INTERMEDIATE 0x2a1e

#define FLAG_FAHRENHEIT 0x01
#define FLAG_TIME 0x02
#define FLAG_TYPE 0x04

struct ht_state {
	uint8_t type;
};

static const struct profile_characteristic ht_characteristics[] = {
	{ TYPE, PROFILE_USE_READ },
	{ MEASUREMENT, PROFILE_USE_SUBSCRIBE | PROFILE_USE_NEEDED },
	{ INTERMEDIATE, PROFILE_USE_SUBSCRIBE },
};

static uint16_t site_of(uint8_t type)
{
	static const uint16_t sites[] = { WORD_NONE, WORD_AXILLA, WORD_BODY, WORD_EAR, WORD_FINGER,
		WORD_GASTROINTESTINAL, WORD_MOUTH, WORD_RECTUM, WORD_TOE, WORD_TYMPANUM };

	return type < ARRAY_SIZE(sites) ? sites[type] : WORD_NONE;
}

static int heard_type(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct ht_state *s = c->state;
	uint8_t type = cursor_u8(&cur);

	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	s->type = type;
	return 0;
}

static int ht_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	const struct ht_state *s = c->state;
	uint8_t flags, type = s->type;
	bool stamped = false;
	uint32_t word;

	if (v->characteristic == TYPE)
		return heard_type(c, v);
	if (v->characteristic != MEASUREMENT && v->characteristic != INTERMEDIATE)
		return PROFILE_E_UNKNOWN;
	m.like.flags = v->characteristic == MEASUREMENT ? FLAG_EPISODIC : FLAG_EARLY_ESTIMATE;
	flags = cursor_u8(&cur);
	word = cursor_le32(&cur);
	if (flags & FLAG_TIME)
		stamped = profile_stamp_read(c, &m.like, &cur);
	if (flags & FLAG_TYPE)
		type = cursor_u8(&cur);
	m.like.site = site_of(type);
	if (v->characteristic == MEASUREMENT)
		m.key = profile_key(c, v, stamped);
	measure_float(&m, METRIC_BODY_TEMPERATURE, word,
		flags & FLAG_FAHRENHEIT ? &convert_fahrenheit : NULL);
	return profile_done(c, &cur);
}

const struct ble_profile profile_thermometer = {
	.name = "thermometer",
	.service = 0x1809,
	.manner = PROFILE_EPISODIC,
	.characteristics = ht_characteristics,
	.characteristic_count = ARRAY_SIZE(ht_characteristics),
	.state_size = sizeof(struct ht_state),
	.heard = ht_heard,
};
