/*
 * IAS Ancillary Control Equipment 0x0501 (ZCL revision 8, 8.3), the three buttons
 * for help alone. They have no end: each is a moment. Not for arming: there is no
 * alarm system here.
 */
#include "zigbee/clusters/clusters.h"

#define EMERGENCY 0x02
#define FIRE 0x03
#define PANIC 0x04

static int ias_ace_command(const struct cluster_call *c)
{
	uint8_t command = c->frame->header.command;
	struct measure m;

	if (c->frame->header.control & ZCL_FROM_SERVER || command < EMERGENCY || command > PANIC)
		return CLUSTER_E_UNKNOWN;
	m = cluster_moment(c);
	measure_boolean(&m, METRIC_EMERGENCY, true);
	return 0;
}

const struct zcl_cluster cluster_ias_ace = {
	.name = "ias-ace",
	.id = 0x0501,
	.bind = CLUSTER_OF_CLIENT,
	.command = ias_ace_command,
};
