/*
 * Illuminance Measurement 0x0400 (ZCL revision 8, 4.2): 10,000 times the decimal
 * logarithm of the lux, plus one. A step is 0.023 %: four digits have all of it.
 */
#include <math.h>

#include "util/cleanup.h"
#include "util/decimal.h"
#include "zigbee/clusters/clusters.h"

#define DIGITS 4
#define DECADE 10000

static const struct cluster_attribute illuminance_attributes[] = {
	{ 0x0000, ZCL_TYPE_U16, CLUSTER_READ | CLUSTER_REPORT, METRIC_ILLUMINANCE, 0, NULL, 10, 600,
		1000 },
};

/* Of 1 to 0xfffe. */
static struct decimal lux_of(int64_t value)
{
	int decades = (int)((value - 1) / DECADE);
	double digits = pow(10.0, (double)((value - 1) % DECADE) / DECADE + DIGITS - 1);

	return decimal_trim((struct decimal){ llround(digits), (int8_t)(decades - DIGITS + 1) });
}

static int illuminance_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	bool whole = v->form == ZCL_FORM_UNSIGNED || v->form == ZCL_FORM_SIGNED;
	struct measure m = cluster_measure(c);

	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (!whole || v->unknown || v->number > UINT16_MAX || cluster_has_quirk(c, QUIRK_LUX_PLAIN))
		return cluster_plain(c, row, v);
	if (v->number < 0) {
		measure_none(&m, METRIC_ILLUMINANCE, VALIDITY_INVALID, WORD_IMPLAUSIBLE);
	} else if (v->number == 0) { /* too dark to be measured: below what 1 stands for */
		m.quality = (struct quality){ VALIDITY_BELOW_RANGE, WORD_OUT_OF_RANGE, 0 };
		measure_scaled(&m, METRIC_ILLUMINANCE, 1, 0);
	} else {
		measure_number(&m, METRIC_ILLUMINANCE, lux_of(v->number), NULL);
	}
	return 0;
}

const struct zcl_cluster cluster_illuminance = {
	.name = "illuminance",
	.id = 0x0400,
	.bind = CLUSTER_OF_SERVER,
	.attributes = illuminance_attributes,
	.attribute_count = ARRAY_SIZE(illuminance_attributes),
	.attribute = illuminance_attribute,
};
