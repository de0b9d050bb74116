/*
 * Concentration of dust up to 2.5 um, 0x042a (ZCL revision 8, 4.13).
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

static const struct cluster_attribute pm2_5_attributes[] = {
	{ 0x0000, ZCL_TYPE_SINGLE, CLUSTER_READ | CLUSTER_REPORT, METRIC_PM2_5, 0, NULL, 30, 300,
		0 },
};

static int pm2_5_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	return row ? cluster_micrograms(c, METRIC_PM2_5, v) : CLUSTER_E_UNKNOWN;
}

const struct zcl_cluster cluster_pm2_5 = {
	.name = "pm2-5",
	.id = 0x042a,
	.bind = CLUSTER_OF_SERVER,
	.attributes = pm2_5_attributes,
	.attribute_count = ARRAY_SIZE(pm2_5_attributes),
	.attribute = pm2_5_attribute,
};
