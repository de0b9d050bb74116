/*
 * Carbon Dioxide Concentration 0x040D (ZCL revision 8, 4.13): a fraction of one.
 * No room has a fraction of one and above: who sends that means ppm.
 */
#include "util/cleanup.h"
#include "util/decimal.h"
#include "zigbee/clusters/clusters.h"

static const struct conversion ratio_to_ppm = { .raw_unit = WORD_UNIT_RATIO, .shift = 6 };

static const struct cluster_attribute carbon_dioxide_attributes[] = {
	/* no change to report: it is of floating point, and the intervals do */
	{ 0x0000, ZCL_TYPE_SINGLE, CLUSTER_READ | CLUSTER_REPORT, METRIC_AMBIENT_CO2, 0,
		&ratio_to_ppm, 30, 300, 0 },
};

static int carbon_dioxide_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	struct measure m = cluster_measure(c);
	struct decimal d;

	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (!cluster_is_number(v) || zcl_decimal(&d, v) != 0 ||
		decimal_compare(d, (struct decimal){ 1, 0 }) < 0)
		return cluster_plain(c, row, v);
	m.like.flags |= FLAG_UNIT_ASSUMED;
	measure_number(&m, METRIC_AMBIENT_CO2, d, NULL);
	return 0;
}

const struct zcl_cluster cluster_carbon_dioxide = {
	.name = "carbon-dioxide",
	.id = 0x040d,
	.bind = CLUSTER_OF_SERVER,
	.attributes = carbon_dioxide_attributes,
	.attribute_count = ARRAY_SIZE(carbon_dioxide_attributes),
	.attribute = carbon_dioxide_attribute,
};
