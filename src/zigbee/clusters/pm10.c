/*
 * Concentration of dust up to 10 um, 0x042d (ZCL revision 8, 4.13).
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

static const struct cluster_attribute pm10_attributes[] = {
	{ 0x0000, ZCL_TYPE_SINGLE, CLUSTER_READ | CLUSTER_REPORT, METRIC_PM10, 0, NULL, 30, 300,
		0 },
};

static int pm10_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	return row ? cluster_micrograms(c, METRIC_PM10, v) : CLUSTER_E_UNKNOWN;
}

const struct zcl_cluster cluster_pm10 = {
	.name = "pm10",
	.id = 0x042d,
	.bind = CLUSTER_OF_SERVER,
	.attributes = pm10_attributes,
	.attribute_count = ARRAY_SIZE(pm10_attributes),
	.attribute = pm10_attribute,
};
