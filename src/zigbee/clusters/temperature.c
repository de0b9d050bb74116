/*
 * Temperature Measurement 0x0402 (ZCL revision 8, 4.4), in hundredths of a degree.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define COLDEST (-10000) /* which some send when the sensor has failed */
#define WARMEST 32767    /* that can be; above it somebody has forgotten a sign */

static const struct cluster_attribute temperature_attributes[] = {
	{ 0x0000, ZCL_TYPE_S16, CLUSTER_READ | CLUSTER_REPORT, METRIC_AMBIENT_TEMPERATURE, -2, NULL,
		10, 300, 10 },
};

static int temperature_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	struct measure m = cluster_measure(c);

	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (!cluster_is_counted(row, v))
		return CLUSTER_E_MALFORMED;
	if (v->number == COLDEST && cluster_has_quirk(c, QUIRK_COLDEST_IS_FAULT))
		m.quality = (struct quality){ VALIDITY_INVALID, WORD_MALFUNCTION, 0 };
	if (!v->unknown && v->number > WARMEST) {
		measure_none(&m, METRIC_AMBIENT_TEMPERATURE, VALIDITY_INVALID, WORD_IMPLAUSIBLE);
		return 0;
	}
	return cluster_number(&m, METRIC_AMBIENT_TEMPERATURE, row->exponent, NULL, v);
}

const struct zcl_cluster cluster_temperature = {
	.name = "temperature",
	.id = 0x0402,
	.bind = CLUSTER_OF_SERVER,
	.attributes = temperature_attributes,
	.attribute_count = ARRAY_SIZE(temperature_attributes),
	.attribute = temperature_attribute,
};
