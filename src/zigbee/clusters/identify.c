/*
 * Identify 0x0003 (ZCL revision 8, 3.5): lets a device be found by its light. It
 * measures nothing; cluster_ask_identify() writes the command.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define QUERY_RESPONSE 0x00

static const struct cluster_attribute identify_attributes[] = {
	{ 0x0000, ZCL_TYPE_U16, 0, .metric = METRIC_NONE }, /* seconds left */
};

static int identify_command(const struct cluster_call *c)
{
	return c->frame->header.control & ZCL_FROM_SERVER &&
			       c->frame->header.command == QUERY_RESPONSE
		       ? 0
		       : CLUSTER_E_UNKNOWN;
}

const struct zcl_cluster cluster_identify = {
	.name = "identify",
	.id = 0x0003,
	.attributes = identify_attributes,
	.attribute_count = ARRAY_SIZE(identify_attributes),
	.command = identify_command,
};
