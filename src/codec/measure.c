/*
 * Readings, their quality and their units. See measure.h.
 */
#include "codec/measure.h"

#include <errno.h>
#include <string.h>

#include "codec/ieee11073.h"
#include "util/cleanup.h"
#include "util/decimal.h"
#include "util/hash.h"

/* ---- quality ---- */

static int badness(unsigned validity)
{
	switch ((enum validity)validity) {
	case VALIDITY_VALID:
		return 0;
	case VALIDITY_QUESTIONABLE:
		return 1;
	case VALIDITY_BELOW_RANGE:
	case VALIDITY_ABOVE_RANGE:
		return 2;
	case VALIDITY_CALIBRATING:
		return 3;
	case VALIDITY_NOT_MEASURED:
		return 4;
	case VALIDITY_INVALID:
		return 5;
	case VALIDITY_SENSOR_OFF:
	case _VALIDITY_MAX:
		break;
	}
	return 6;
}

static bool bare(unsigned reason)
{
	return reason == WORD_NONE || reason == WORD_NAN || reason == WORD_NRES;
}

struct quality quality_worse(struct quality a, struct quality b)
{
	struct quality worse = badness(b.validity) > badness(a.validity) ? b : a;
	uint16_t other = badness(b.validity) > badness(a.validity) ? a.reason : b.reason;

	if (bare(worse.reason) && other != WORD_NONE)
		worse.reason = other;
	worse.flags = a.flags | b.flags;
	return worse;
}

struct quality quality_of_bits(const struct quality_bit *table, size_t count, uint32_t field)
{
	struct quality q = { .validity = VALIDITY_VALID };

	for (size_t i = 0; i < count; i++)
		if (field & table[i].bit)
			q = quality_worse(q, table[i].means);
	return q;
}

/* ---- units ---- */

const struct conversion convert_kpa_to_mmhg = {
	.raw_unit = WORD_UNIT_KPA, .places = 1, .num = 200000000000, .den = 26664477483
};
const struct conversion convert_fahrenheit = {
	.raw_unit = WORD_UNIT_DEGF, .places = 2, .num = 5, .den = 9, .before = { -32, 0 }
};
const struct conversion convert_lb_to_kg = {
	.raw_unit = WORD_UNIT_LB, .places = 2, .num = 45359237, .den = 100000000
};
/* 180.156 g of glucose are a mole */
const struct conversion convert_kg_per_l_to_mmol = {
	.raw_unit = WORD_UNIT_KG_PER_L, .places = 2, .num = 1000000000, .den = 180156
};
const struct conversion convert_mol_per_l_to_mmol = { .raw_unit = WORD_UNIT_MOL_PER_L, .shift = 3 };
const struct conversion convert_mg_per_dl_to_mmol = {
	.raw_unit = WORD_UNIT_MG_PER_DL, .places = 2, .num = 10000, .den = 180156
};

static int convert(struct decimal *ret, struct decimal number, const struct conversion *c)
{
	struct decimal d = number;
	int r = 0;

	if (c->before.mantissa != 0)
		r = decimal_add(&d, number, c->before);
	if (r == 0 && c->num != 0)
		r = decimal_scale(&d, d, c->num, c->den, c->places);
	if (r == 0 && c->shift != 0)
		r = decimal_from_parts(&d, d.mantissa, (int64_t)d.exponent + c->shift);
	*ret = d;
	return r;
}

/* What is outside cannot be meant, whatever the patient: so wide that no true value is ever taken
 * for a fault. In the metric's unit. */
static const struct {
	enum metric metric;
	int32_t least, most;
} possible[] = {
	{ METRIC_HEART_RATE, 0, 500 },
	{ METRIC_PULSE_RATE, 0, 500 },
	{ METRIC_SPO2, 0, 100 },
	{ METRIC_PERFUSION_INDEX, 0, 100 },
	{ METRIC_BP_SYSTOLIC, 0, 400 },
	{ METRIC_BP_DIASTOLIC, 0, 400 },
	{ METRIC_BP_MEAN, 0, 400 },
	{ METRIC_CUFF_PRESSURE, -50, 500 },
	{ METRIC_BODY_TEMPERATURE, 0, 60 },
	{ METRIC_GLUCOSE, 0, 200 },
	{ METRIC_WEIGHT, 0, 1000 },
	{ METRIC_HEIGHT, 0, 300 },
	{ METRIC_BODY_FAT, 0, 100 },
	{ METRIC_HUMIDITY, 0, 110 }, /* sensors read somewhat over when it condenses */
	{ METRIC_BATTERY, 0, 100 },
	{ METRIC_AMBIENT_TEMPERATURE, -273, 1000 },
	{ METRIC_PRESSURE, -2000, 20000 },
};

static bool implausible(enum metric metric, struct decimal d)
{
	for (size_t i = 0; i < ARRAY_SIZE(possible); i++)
		if (possible[i].metric == metric)
			return decimal_compare(d, (struct decimal){ possible[i].least, 0 }) < 0 ||
			       decimal_compare(d, (struct decimal){ possible[i].most, 0 }) > 0;
	return false;
}

/* ---- readings ---- */

uint64_t measure_key(const void *bytes, size_t n, uint64_t a, uint64_t b)
{
	uint64_t parts[3] = { n > 0 ? hash_bytes(&hash_key_fixed, bytes, n) : 0, a, b };
	uint64_t key = hash_bytes(&hash_key_fixed, parts, sizeof(parts));

	return key != 0 ? key : 1;
}

struct reading *measure_add(const struct measure *m, enum metric metric)
{
	struct decoded *out = m->out;
	struct reading *r;
	unsigned like = 0;

	if (out->count == DECODED_MAX) {
		out->overflow = true;
		return NULL;
	}
	r = &out->list[out->count++];
	*r = m->like;
	r->metric = (uint8_t)metric;
	r->validity = m->quality.validity;
	r->reason = m->quality.reason;
	r->flags |= m->quality.flags;
	if (m->key != 0) {
		/* several RR intervals of one measurement are several values */
		for (size_t i = out->count - 1; i > 0 && out->list[i - 1].metric == metric; i--)
			like++;
		r->source_key = measure_key(NULL, 0, m->key,
			(uint64_t)metric << 32 | (uint64_t)r->instance << 16 | like);
	}
	return r;
}

static void set_quality(struct reading *r, struct quality q)
{
	r->validity = q.validity;
	r->reason = q.reason;
	r->flags |= q.flags;
}

/* A value that is not there is null, whatever the device sent in its place. */
static void drop_unmeasured(struct reading *r)
{
	if (r->validity != VALIDITY_SENSOR_OFF && r->validity != VALIDITY_NOT_MEASURED)
		return;
	r->kind = VALUE_NONE;
	r->number = r->raw = (struct decimal){ 0, 0 };
	r->raw_unit = WORD_NONE;
}

void measure_none(
	const struct measure *m, enum metric metric, enum validity validity, enum word reason)
{
	struct reading *r = measure_add(m, metric);

	if (!r)
		return;
	set_quality(r, quality_worse((struct quality){ (uint8_t)validity, (uint16_t)reason, 0 },
			       m->quality));
	r->kind = VALUE_NONE;
}

void measure_number(const struct measure *m, enum metric metric, struct decimal number,
	const struct conversion *conversion)
{
	struct decimal converted = number;
	struct reading *r;

	if (conversion && convert(&converted, number, conversion) < 0) {
		measure_none(m, metric, VALIDITY_INVALID, WORD_IMPLAUSIBLE);
		return;
	}
	r = measure_add(m, metric);
	if (!r)
		return;
	r->kind = VALUE_NUMBER;
	r->number = converted;
	if (conversion) {
		r->raw = number;
		r->raw_unit = conversion->raw_unit;
	}
	if (implausible(metric, converted))
		set_quality(r, quality_worse(m->quality,
				       (struct quality){ VALIDITY_INVALID, WORD_IMPLAUSIBLE, 0 }));
	drop_unmeasured(r);
}

void measure_scaled(const struct measure *m, enum metric metric, int64_t mantissa, int exponent)
{
	measure_number(m, metric, (struct decimal){ mantissa, (int8_t)exponent }, NULL);
}

/* outcome: of ieee11073_sfloat() or ieee11073_float() */
static void measure_11073(const struct measure *m, enum metric metric, int outcome,
	struct decimal number, const struct conversion *conversion)
{
	switch (outcome) {
	case 0:
		measure_number(m, metric, number, conversion);
		break;
	case IEEE11073_E_NAN:
		measure_none(m, metric, VALIDITY_NOT_MEASURED, WORD_NAN);
		break;
	case IEEE11073_E_NRES:
		measure_none(m, metric, VALIDITY_NOT_MEASURED, WORD_NRES);
		break;
	case IEEE11073_E_PLUS_INFINITY:
		measure_none(m, metric, VALIDITY_ABOVE_RANGE, WORD_PLUS_INFINITY);
		break;
	case IEEE11073_E_MINUS_INFINITY:
		measure_none(m, metric, VALIDITY_BELOW_RANGE, WORD_MINUS_INFINITY);
		break;
	case IEEE11073_E_RESERVED:
		measure_none(m, metric, VALIDITY_INVALID, WORD_RESERVED);
		break;
	default: /* a number without a plain form */
		measure_none(m, metric, VALIDITY_INVALID, WORD_IMPLAUSIBLE);
		break;
	}
}

void measure_sfloat(const struct measure *m, enum metric metric, uint16_t word,
	const struct conversion *conversion)
{
	struct decimal number = { 0, 0 };
	int outcome = ieee11073_sfloat(&number, word);

	measure_11073(m, metric, outcome, number, conversion);
}

void measure_float(const struct measure *m, enum metric metric, uint32_t word,
	const struct conversion *conversion)
{
	struct decimal number = { 0, 0 };
	int outcome = ieee11073_float(&number, word);

	measure_11073(m, metric, outcome, number, conversion);
}

void measure_boolean(const struct measure *m, enum metric metric, bool value)
{
	struct reading *r = measure_add(m, metric);

	if (!r)
		return;
	r->kind = VALUE_BOOLEAN;
	r->boolean = value;
	drop_unmeasured(r);
}

void measure_word(const struct measure *m, enum metric metric, enum word value)
{
	struct reading *r;

	if (value == WORD_NONE)
		return;
	r = measure_add(m, metric);
	if (!r)
		return;
	r->kind = VALUE_WORD;
	r->word = (uint16_t)value;
	drop_unmeasured(r);
}
