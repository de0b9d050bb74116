/*
 * Weight Scale 0x181D (WSS 1.0), and what it shares with body composition. The
 * resolution is 0.005 kg or 0.01 lb, whatever an old description says.
 */
#include "ble/profiles/scale.h"

#include "util/cleanup.h"

#define MEASUREMENT 0x2a9d

#define FLAG_IMPERIAL 0x01
#define FLAG_TIME 0x02
#define FLAG_USER 0x04
#define FLAG_BMI_HEIGHT 0x08

static const struct profile_characteristic ws_characteristics[] = {
	{ MEASUREMENT, PROFILE_USE_SUBSCRIBE | PROFILE_USE_NEEDED },
};

static const struct conversion m_to_cm = { .raw_unit = WORD_UNIT_M, .shift = 2 };
static const struct conversion in_to_cm = {
	.raw_unit = WORD_UNIT_IN, .places = 1, .num = 254, .den = 100
};

void scale_mass(const struct measure *m, enum metric metric, uint16_t units, bool imperial)
{
	if (units == SCALE_UNSUCCESSFUL)
		measure_none(m, metric, VALIDITY_NOT_MEASURED, WORD_UNSUCCESSFUL);
	else if (imperial)
		measure_number(m, metric, (struct decimal){ units, -2 }, &convert_lb_to_kg);
	else
		measure_scaled(m, metric, units * INT64_C(5), -3);
}

void scale_height(const struct measure *m, uint16_t units, bool imperial)
{
	if (imperial)
		measure_number(m, METRIC_HEIGHT, (struct decimal){ units, -1 }, &in_to_cm);
	else
		measure_number(m, METRIC_HEIGHT, (struct decimal){ units, -3 }, &m_to_cm);
}

static int ws_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	uint16_t weight, bmi = 0, height = 0;
	bool stamped = false;
	uint8_t flags;

	if (v->characteristic != MEASUREMENT)
		return PROFILE_E_UNKNOWN;
	flags = cursor_u8(&cur);
	weight = cursor_le16(&cur);
	if (flags & FLAG_TIME)
		stamped = profile_stamp_read(c, &m.like, &cur);
	if (flags & FLAG_USER)
		cursor_skip(&cur, 1);
	if (flags & FLAG_BMI_HEIGHT) {
		bmi = cursor_le16(&cur);
		height = cursor_le16(&cur);
	}
	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	m.like.flags |= FLAG_EPISODIC;
	m.like.group_index = 1;
	m.key = profile_key(c, v, stamped);
	scale_mass(&m, METRIC_WEIGHT, weight, flags & FLAG_IMPERIAL);
	/* Without a weight the rest of the body is left over from another. */
	if (flags & FLAG_BMI_HEIGHT && weight != SCALE_UNSUCCESSFUL) {
		m.like.origin = ORIGIN_CALCULATED;
		measure_scaled(&m, METRIC_BMI, bmi, -1);
		m.like.origin = ORIGIN_SETTING;
		scale_height(&m, height, flags & FLAG_IMPERIAL);
	}
	return 0;
}

const struct ble_profile profile_weight_scale = {
	.name = "weight-scale",
	.service = 0x181d,
	.manner = PROFILE_EPISODIC,
	.characteristics = ws_characteristics,
	.characteristic_count = ARRAY_SIZE(ws_characteristics),
	.heard = ws_heard,
};
