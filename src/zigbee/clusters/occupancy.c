/*
 * Occupancy Sensing 0x0406 (ZCL revision 8, 4.8): bit 0. Many sensors never say
 * that nobody is there any more: of those it is a motion, at that moment.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define OCCUPIED 0x01

static const struct cluster_attribute occupancy_attributes[] = {
	{ 0x0000, ZCL_TYPE_MAP8, CLUSTER_READ | CLUSTER_REPORT, METRIC_OCCUPANCY, 0, NULL, 0, 600,
		0 },
};

static int occupancy_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	bool occupied = v->word & OCCUPIED;
	struct measure m;

	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (v->form != ZCL_FORM_BITS && v->form != ZCL_FORM_BOOLEAN && v->form != ZCL_FORM_UNSIGNED)
		return CLUSTER_E_MALFORMED;
	if (!cluster_has_quirk(c, QUIRK_NO_MOTION_END)) {
		m = cluster_measure(c);
		if (v->unknown)
			measure_none(&m, METRIC_OCCUPANCY, VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE);
		else
			measure_boolean(&m, METRIC_OCCUPANCY, occupied);
	} else if (occupied && !v->unknown && zcl_is_general(c->frame, ZCL_REPORT)) {
		m = cluster_moment(c);
		measure_boolean(&m, METRIC_MOTION, true);
	}
	return 0;
}

const struct zcl_cluster cluster_occupancy = {
	.name = "occupancy",
	.id = 0x0406,
	.bind = CLUSTER_OF_SERVER,
	.attributes = occupancy_attributes,
	.attribute_count = ARRAY_SIZE(occupancy_attributes),
	.attribute = occupancy_attribute,
};
