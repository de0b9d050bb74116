/*
 * Power Configuration 0x0001 (ZCL revision 8, 3.3): the battery's voltage in steps
 * of 100 mV and its charge in steps of half a percent, which some take for whole
 * ones.
 */
#include "util/cleanup.h"
#include "util/decimal.h"
#include "zigbee/clusters/clusters.h"

#define VOLTAGE 0x0020
#define PERCENT 0x0021

static const struct cluster_attribute power_attributes[] = {
	{ VOLTAGE, ZCL_TYPE_U8, CLUSTER_READ, METRIC_BATTERY_VOLTAGE, .exponent = -1 },
	{ PERCENT, ZCL_TYPE_U8, CLUSTER_READ | CLUSTER_REPORT, METRIC_BATTERY, 0, NULL, 3600, 21600,
		2 },
};

static int power_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	struct measure m = cluster_measure(c);
	struct decimal percent;

	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (id != PERCENT || v->unknown)
		return cluster_plain(c, row, v);
	/* halves are counted: of a fraction nobody knows of what it is one */
	if (v->form != ZCL_FORM_UNSIGNED && v->form != ZCL_FORM_SIGNED)
		return CLUSTER_E_MALFORMED;
	percent = (struct decimal){ v->number, 0 };
	if (!cluster_has_quirk(c, QUIRK_BATTERY_WHOLE) &&
		decimal_scale(&percent, percent, 1, 2, 1) < 0) {
		measure_none(&m, METRIC_BATTERY, VALIDITY_INVALID, WORD_IMPLAUSIBLE);
		return 0;
	}
	percent = decimal_trim(percent);
	measure_number(&m, METRIC_BATTERY, percent, NULL);
	cluster_say_battery(c, percent);
	return 0;
}

const struct zcl_cluster cluster_power = {
	.name = "power",
	.id = 0x0001,
	.bind = CLUSTER_OF_SERVER,
	.attributes = power_attributes,
	.attribute_count = ARRAY_SIZE(power_attributes),
	.attribute = power_attribute,
};
