/*
 * What Xiaomi's devices pack into one attribute: tag, type and value after one
 * another, in a string. See clusters.h; which tag is what stands in quirks.def.
 */
#include "util/decimal.h"
#include "zigbee/clusters/clusters.h"

#define TAG_BATTERY 0x01

/* Cells of lithium are empty and full at these, as others have found. */
#define EMPTY_MV 2820
#define FULL_MV 3100

static int take_battery(const struct cluster_call *c, const struct zcl_value *v)
{
	struct measure m = cluster_measure(c);
	int64_t percent;
	int r = cluster_number(&m, METRIC_BATTERY_VOLTAGE, -3, NULL, v);

	if (r != 0 || v->unknown || v->form != ZCL_FORM_UNSIGNED)
		return r;
	percent = v->number <= EMPTY_MV  ? 0
		  : v->number >= FULL_MV ? 100
					 : (v->number - EMPTY_MV) * 100 / (FULL_MV - EMPTY_MV);
	m.like.origin = ORIGIN_CALCULATED;
	measure_scaled(&m, METRIC_BATTERY, percent, 0);
	cluster_say_battery(c, (struct decimal){ percent, 0 });
	return 0;
}

static int take_tag(const struct cluster_call *c, uint8_t tag, const struct zcl_value *v)
{
	const struct quirk_value *q = quirk_lump(c->device->facts[FACT_MODEL], tag);
	struct measure m = cluster_measure(c);

	if (!q)
		return 0;
	if (q->form == QUIRK_NUMBER || q->form == QUIRK_NUMBER_16) {
		if (q->metric == METRIC_AMBIENT_TEMPERATURE &&
			cluster_has_quirk(c, QUIRK_COLDEST_IS_FAULT) && v->number == -10000)
			m.quality = (struct quality){ VALIDITY_INVALID, WORD_MALFUNCTION, 0 };
		return cluster_number(&m, (enum metric)q->metric, q->exponent, NULL, v);
	}
	if (v->form != ZCL_FORM_BOOLEAN && v->form != ZCL_FORM_UNSIGNED)
		return CLUSTER_E_MALFORMED;
	if (v->unknown)
		measure_none(&m, (enum metric)q->metric, VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE);
	else
		measure_boolean(
			&m, (enum metric)q->metric, (v->word != 0) == (q->form == QUIRK_BOOLEAN));
	return 0;
}

int cluster_lump(const struct cluster_call *c, const struct zcl_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	int outcome = 0;

	if (v->form != ZCL_FORM_TEXT && v->form != ZCL_FORM_BYTES)
		return CLUSTER_E_MALFORMED;
	while (cursor_remaining(&cur) > 0) {
		uint8_t tag = cursor_u8(&cur);
		struct zcl_value inside;
		int r = zcl_read_typed(&cur, &inside);

		if (r == ZCL_E_TYPE)
			return CLUSTER_E_INCOMPLETE;
		if (r != 0)
			return CLUSTER_E_MALFORMED;
		r = tag == TAG_BATTERY ? take_battery(c, &inside) : take_tag(c, tag, &inside);
		if (r != 0) /* where the next one begins is known all the same */
			outcome = r;
	}
	return outcome;
}
