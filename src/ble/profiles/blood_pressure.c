/*
 * Blood Pressure 0x1810 (BLS 1.1): measurements, which the device indicates and
 * may send again, and the cuff's pressure while it measures. That the status is
 * clean does not make a value: a cuff in error sends NaN with all bits 0.
 */
#include "ble/profiles/profiles.h"

#include "util/cleanup.h"

#define MEASUREMENT 0x2a35
#define INTERMEDIATE 0x2a36

#define FLAG_KPA 0x01
#define FLAG_TIME 0x02
#define FLAG_PULSE 0x04
#define FLAG_USER 0x08
#define FLAG_STATUS 0x10
#define FLAG_RESERVED_6 0x40 /* see QUIRK_BP_BIG_ENDIAN_TAIL */

#define STATUS_PULSE_RANGE 0x0018
#define STATUS_PULSE_ABOVE 0x0008
#define STATUS_PULSE_BELOW 0x0010

static const struct profile_characteristic bp_characteristics[] = {
	{ MEASUREMENT, PROFILE_USE_SUBSCRIBE | PROFILE_USE_NEEDED },
	{ INTERMEDIATE, PROFILE_USE_SUBSCRIBE },
};

static const struct quality_bit bp_status[] = {
	{ 0x0001, { VALIDITY_QUESTIONABLE, WORD_MOTION_ARTEFACT, FLAG_ARTEFACT } },
	{ 0x0002, { VALIDITY_QUESTIONABLE, WORD_CUFF_LOOSE, 0 } },
	{ 0x0004, { VALIDITY_QUESTIONABLE, WORD_IRREGULAR_PULSE, 0 } },
	{ 0x0020, { VALIDITY_QUESTIONABLE, WORD_WRONG_POSITION, 0 } },
};

struct bp_fields {
	uint8_t flags;
	uint16_t systolic, diastolic, mean, pulse, status;
};

/* Reads the whole measurement; the time goes into m. Returns whether the device knew it. */
static bool read_fields(
	const struct profile_call *c, struct cursor *cur, struct measure *m, struct bp_fields *ret)
{
	bool odd = c->device->quirks & QUIRK_BP_BIG_ENDIAN_TAIL, stamped = false;
	struct bp_fields f = { .flags = cursor_u8(cur) };

	f.systolic = cursor_le16(cur);
	f.diastolic = cursor_le16(cur);
	f.mean = cursor_le16(cur);
	if (f.flags & FLAG_TIME)
		stamped = profile_stamp_read(c, &m->like, cur);
	if (f.flags & FLAG_PULSE)
		f.pulse = odd ? cursor_be16(cur) : cursor_le16(cur);
	if (f.flags & FLAG_USER || (odd && f.flags & FLAG_RESERVED_6))
		cursor_skip(cur, 1);
	if (f.flags & FLAG_STATUS)
		f.status = odd ? cursor_be16(cur) : cursor_le16(cur);
	*ret = f;
	return stamped;
}

/* BLS 3.1.1.6: the range is the pulse's alone. */
static void add_pulse(struct measure m, const struct bp_fields *f)
{
	struct quality range = { VALIDITY_VALID, WORD_NONE, 0 };

	if ((f->status & STATUS_PULSE_RANGE) == STATUS_PULSE_ABOVE)
		range = (struct quality){ VALIDITY_ABOVE_RANGE, WORD_RATE_OUT_OF_RANGE, 0 };
	else if ((f->status & STATUS_PULSE_RANGE) == STATUS_PULSE_BELOW)
		range = (struct quality){ VALIDITY_BELOW_RANGE, WORD_RATE_OUT_OF_RANGE, 0 };
	m.quality = quality_worse(m.quality, range);
	m.like.method = WORD_CUFF;
	measure_sfloat(&m, METRIC_PULSE_RATE, f->pulse, NULL);
}

static int bp_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	const struct conversion *conversion;
	struct bp_fields f;
	bool stamped;

	if (v->characteristic != MEASUREMENT && v->characteristic != INTERMEDIATE)
		return PROFILE_E_UNKNOWN;
	stamped = read_fields(c, &cur, &m, &f);
	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	conversion = f.flags & FLAG_KPA ? &convert_kpa_to_mmhg : NULL;
	m.quality = quality_of_bits(bp_status, ARRAY_SIZE(bp_status), f.status);
	m.like.group_index = 1;
	if (v->characteristic == INTERMEDIATE) {
		/* the pressure stands where the systolic one does; the other two are NaN */
		m.like.group_index = 0;
		measure_sfloat(&m, METRIC_CUFF_PRESSURE, f.systolic, conversion);
		return profile_done(c, &cur);
	}
	m.like.flags |= FLAG_EPISODIC;
	m.like.method = WORD_CUFF;
	m.key = profile_key(c, v, stamped);
	measure_sfloat(&m, METRIC_BP_SYSTOLIC, f.systolic, conversion);
	measure_sfloat(&m, METRIC_BP_DIASTOLIC, f.diastolic, conversion);
	/* Mandatory in the layout; devices that do not compute it send 0. */
	if (f.mean != 0)
		measure_sfloat(&m, METRIC_BP_MEAN, f.mean, conversion);
	if (f.flags & FLAG_PULSE)
		add_pulse(m, &f);
	return profile_done(c, &cur);
}

const struct ble_profile profile_blood_pressure = {
	.name = "blood-pressure",
	.service = 0x1810,
	.manner = PROFILE_EPISODIC,
	.characteristics = bp_characteristics,
	.characteristic_count = ARRAY_SIZE(bp_characteristics),
	.heard = bp_heard,
};
