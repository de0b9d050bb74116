/*
 * Concentration of dust up to 1 um, 0x042c (ZCL revision 8, 4.13).
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

static const struct cluster_attribute pm1_attributes[] = {
	{ 0x0000, ZCL_TYPE_SINGLE, CLUSTER_READ | CLUSTER_REPORT, METRIC_PM1, 0, NULL, 30, 300, 0 },
};

static int pm1_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	return row ? cluster_micrograms(c, METRIC_PM1, v) : CLUSTER_E_UNKNOWN;
}

const struct zcl_cluster cluster_pm1 = {
	.name = "pm1",
	.id = 0x042c,
	.bind = CLUSTER_OF_SERVER,
	.attributes = pm1_attributes,
	.attribute_count = ARRAY_SIZE(pm1_attributes),
	.attribute = pm1_attribute,
};
