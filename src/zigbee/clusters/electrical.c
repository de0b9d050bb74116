/*
 * Electrical Measurement 0x0B04 (ZCL revision 8, 4.9): whether a device is plugged
 * in and runs. Each quantity has a multiplier and a divisor, which the device
 * tells; before it has, they are taken for one, and the reading says so.
 */
#include <assert.h>

#include "util/cleanup.h"
#include "util/decimal.h"
#include "zigbee/clusters/clusters.h"

#define VOLTAGE 0x0505
#define CURRENT 0x0508
#define POWER 0x050b
#define FACTORS 0x0600 /* multiplier and divisor of voltage, current, power */
#define FACTORS_MAX 6

#define PLACES 3 /* where the divisor is no power of ten */

enum { WORD_ASKED = FACTORS_MAX };

#define FACTOR_ROW(n)                                                                              \
	{                                                                                          \
		FACTORS + (n), ZCL_TYPE_U16, CLUSTER_READ, .metric = METRIC_NONE                   \
	}

static const struct cluster_attribute electrical_attributes[] = {
	FACTOR_ROW(0),
	FACTOR_ROW(1),
	FACTOR_ROW(2),
	FACTOR_ROW(3),
	FACTOR_ROW(4),
	FACTOR_ROW(5),
	{ VOLTAGE, ZCL_TYPE_U16, CLUSTER_READ | CLUSTER_REPORT, METRIC_VOLTAGE, 0, NULL, 10, 300,
		1 },
	{ CURRENT, ZCL_TYPE_U16, CLUSTER_READ | CLUSTER_REPORT, METRIC_CURRENT, 0, NULL, 10, 300,
		1 },
	{ POWER, ZCL_TYPE_S16, CLUSTER_READ | CLUSTER_REPORT, METRIC_POWER, 0, NULL, 10, 300, 1 },
};

static_assert(FACTORS_MAX < CLUSTER_WORDS_MAX, "a word of the memory for each, and one more");

/* The power of ten that it is, -1 when it is none. */
static int shift_of(int32_t divisor)
{
	int shift = 0;

	for (; divisor % 10 == 0; divisor /= 10)
		shift++;
	return divisor == 1 ? shift : -1;
}

/* A multiplier or a divisor, 0 when it is not known. */
static int32_t factor(const struct cluster_memory *m, unsigned i)
{
	return m && m->words[i] > 0 && m->words[i] <= UINT16_MAX ? m->words[i] : 0;
}

static int take_value(const struct cluster_call *c, const struct cluster_attribute *row,
	unsigned pair, const struct zcl_value *v)
{
	struct cluster_memory *memory = cluster_memory(c);
	int32_t multiplier = factor(memory, 2 * pair);
	int32_t divisor = factor(memory, 2 * pair + 1);
	struct measure m = cluster_measure(c);
	struct decimal d;
	int shift, r;

	if (multiplier == 0 || divisor == 0) {
		static const uint16_t ids[] = { FACTORS, FACTORS + 1, FACTORS + 2, FACTORS + 3,
			FACTORS + 4, FACTORS + 5 };

		/* It may be ten or a thousand times as much. */
		m.like.flags |= FLAG_UNIT_ASSUMED;
		m.quality.validity = VALIDITY_QUESTIONABLE;
		if (memory && memory->words[WORD_ASKED] == 0) {
			memory->words[WORD_ASKED] = 1;
			cluster_request_read(c, ids, ARRAY_SIZE(ids), 0);
		}
		multiplier = multiplier != 0 ? multiplier : 1;
		divisor = divisor != 0 ? divisor : 1;
	}
	if (!cluster_is_number(v) || zcl_decimal(&d, v) != 0)
		return cluster_number(&m, (enum metric)row->metric, 0, NULL, v);
	shift = shift_of(divisor);
	if (shift >= 0)
		r = decimal_scale(&d, (struct decimal){ d.mantissa, (int8_t)(d.exponent - shift) },
			multiplier, 1, (unsigned)shift);
	else
		r = decimal_scale(&d, d, multiplier, divisor, PLACES);
	if (r < 0)
		measure_none(&m, (enum metric)row->metric, VALIDITY_INVALID, WORD_IMPLAUSIBLE);
	else
		measure_number(&m, (enum metric)row->metric, d, NULL);
	return 0;
}

static int electrical_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	if (!row)
		return CLUSTER_E_UNKNOWN;
	switch (id) {
	case VOLTAGE:
		return take_value(c, row, 0, v);
	case CURRENT:
		return take_value(c, row, 1, v);
	case POWER:
		return take_value(c, row, 2, v);
	default:
		break;
	}
	if (v->form != ZCL_FORM_UNSIGNED)
		return CLUSTER_E_MALFORMED;
	if (!v->unknown && v->number <= UINT16_MAX) /* 0 cannot be meant: not known */
		cluster_remember(c, cluster_memory(c), id - FACTORS, (int32_t)v->number);
	return 0;
}

const struct zcl_cluster cluster_electrical = {
	.name = "electrical",
	.id = 0x0b04,
	.bind = CLUSTER_OF_SERVER,
	.attributes = electrical_attributes,
	.attribute_count = ARRAY_SIZE(electrical_attributes),
	.attribute = electrical_attribute,
};
