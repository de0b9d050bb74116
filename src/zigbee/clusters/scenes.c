/*
 * Scenes 0x0005 (ZCL revision 8, 3.7), from the client's side alone: a button that
 * recalls a scene, and IKEA's arrows, which are commands of its own.
 */
#include "zigbee/clusters/clusters.h"

#define RECALL 0x05
#define IKEA_PRESS 0x07
#define IKEA_HOLD 0x08
#define IKEA_RELEASE 0x09

static int scenes_command(const struct cluster_call *c)
{
	if (c->frame->header.control & ZCL_FROM_SERVER)
		return CLUSTER_E_UNKNOWN;
	switch (c->frame->header.command) {
	case RECALL:
		cluster_press(c, cluster_argument(c), WORD_SINGLE);
		return 0;
	case IKEA_PRESS:
	case IKEA_HOLD:
		cluster_press(c, cluster_argument(c), WORD_NONE);
		return c->out->event ? 0 : CLUSTER_E_UNKNOWN;
	case IKEA_RELEASE: /* of which arrow it does not say */
		return 0;
	default:
		return CLUSTER_E_UNKNOWN;
	}
}

const struct zcl_cluster cluster_scenes = {
	.name = "scenes",
	.id = 0x0005,
	.bind = CLUSTER_OF_CLIENT,
	.command = scenes_command,
};
