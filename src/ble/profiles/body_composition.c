/*
 * Body Composition 0x181B (BCS 1.0): fat, muscle, water, as a scale estimates
 * them from the impedance.
 */
#include "ble/profiles/scale.h"

#include "util/cleanup.h"

#define MEASUREMENT 0x2a9c

enum {
	FLAG_IMPERIAL = 1 << 0,
	FLAG_TIME = 1 << 1,
	FLAG_USER = 1 << 2,
	FLAG_BASAL_METABOLISM = 1 << 3,
	FLAG_MUSCLE_PERCENTAGE = 1 << 4,
	FLAG_MUSCLE_MASS = 1 << 5,
	FLAG_FAT_FREE_MASS = 1 << 6,
	FLAG_SOFT_LEAN_MASS = 1 << 7,
	FLAG_BODY_WATER_MASS = 1 << 8,
	FLAG_IMPEDANCE = 1 << 9,
	FLAG_WEIGHT = 1 << 10,
	FLAG_HEIGHT = 1 << 11,
};

static const struct profile_characteristic bc_characteristics[] = {
	{ MEASUREMENT, PROFILE_USE_SUBSCRIBE | PROFILE_USE_NEEDED },
};

static const struct {
	uint16_t flag, metric;
} bc_masses[] = {
	{ FLAG_MUSCLE_MASS, METRIC_MUSCLE_MASS },
	{ FLAG_FAT_FREE_MASS, METRIC_FAT_FREE_MASS },
	{ FLAG_SOFT_LEAN_MASS, METRIC_SOFT_LEAN_MASS },
	{ FLAG_BODY_WATER_MASS, METRIC_BODY_WATER_MASS },
};

static void add_scaled(const struct measure *m, enum metric metric, uint16_t units, int exponent)
{
	if (units == SCALE_UNSUCCESSFUL)
		measure_none(m, metric, VALIDITY_NOT_MEASURED, WORD_UNSUCCESSFUL);
	else
		measure_scaled(m, metric, units, exponent);
}

/* What follows time and user. */
static void take_rest(struct cursor *cur, uint16_t flags, const struct measure *estimated)
{
	struct measure measured = *estimated;
	bool imperial = flags & FLAG_IMPERIAL;

	measured.like.origin = ORIGIN_MEASURED;
	if (flags & FLAG_BASAL_METABOLISM)
		add_scaled(estimated, METRIC_BASAL_METABOLISM, cursor_le16(cur), 0);
	if (flags & FLAG_MUSCLE_PERCENTAGE)
		add_scaled(estimated, METRIC_MUSCLE, cursor_le16(cur), -1);
	for (size_t i = 0; i < ARRAY_SIZE(bc_masses); i++)
		if (flags & bc_masses[i].flag)
			scale_mass(estimated, (enum metric)bc_masses[i].metric, cursor_le16(cur),
				imperial);
	if (flags & FLAG_IMPEDANCE)
		add_scaled(&measured, METRIC_IMPEDANCE, cursor_le16(cur), -1);
	if (flags & FLAG_WEIGHT)
		scale_mass(&measured, METRIC_WEIGHT, cursor_le16(cur), imperial);
	if (flags & FLAG_HEIGHT) {
		measured.like.origin = ORIGIN_SETTING;
		scale_height(&measured, cursor_le16(cur), imperial);
	}
}

static int bc_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	uint16_t flags, fat;
	bool stamped = false;

	if (v->characteristic != MEASUREMENT)
		return PROFILE_E_UNKNOWN;
	flags = cursor_le16(&cur);
	fat = cursor_le16(&cur);
	if (flags & FLAG_TIME)
		stamped = profile_stamp_read(c, &m.like, &cur);
	if (flags & FLAG_USER)
		cursor_skip(&cur, 1);
	m.like.flags |= FLAG_EPISODIC;
	m.like.origin = ORIGIN_CALCULATED;
	m.like.group_index = 1;
	m.key = profile_key(c, v, stamped);
	add_scaled(&m, METRIC_BODY_FAT, fat, -1);
	take_rest(&cur, flags, &m);
	return profile_done(c, &cur);
}

const struct ble_profile profile_body_composition = {
	.name = "body-composition",
	.service = 0x181b,
	.manner = PROFILE_EPISODIC,
	.characteristics = bc_characteristics,
	.characteristic_count = ARRAY_SIZE(bc_characteristics),
	.heard = bc_heard,
};
