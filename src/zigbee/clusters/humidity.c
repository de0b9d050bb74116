/*
 * Relative Humidity Measurement 0x0405 (ZCL revision 8, 4.7), in hundredths of a
 * percent.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

static const struct cluster_attribute humidity_attributes[] = {
	{ 0x0000, ZCL_TYPE_U16, CLUSTER_READ | CLUSTER_REPORT, METRIC_HUMIDITY, -2, NULL, 10, 300,
		100 },
};

const struct zcl_cluster cluster_humidity = {
	.name = "humidity",
	.id = 0x0405,
	.bind = CLUSTER_OF_SERVER,
	.attributes = humidity_attributes,
	.attribute_count = ARRAY_SIZE(humidity_attributes),
};
