/*
 * Level Control 0x0008 (ZCL revision 8, 3.10), from the client's side alone: a
 * button that is held moves a level, one that is let go stops it.
 */
#include "zigbee/clusters/clusters.h"

#define WITH_ON_OFF 0x04 /* the same commands once more */

enum { MOVE_TO, MOVE, STEP, STOP, _COMMANDS };

static int level_command(const struct cluster_call *c)
{
	static const uint16_t usual[] = {
		[MOVE_TO] = WORD_SINGLE,
		[MOVE] = WORD_HOLD,
		[STEP] = WORD_SINGLE,
		[STOP] = WORD_RELEASE,
	};
	uint8_t command = c->frame->header.command;

	if (c->frame->header.control & ZCL_FROM_SERVER || command >= 2 * _COMMANDS)
		return CLUSTER_E_UNKNOWN;
	cluster_press(c, cluster_argument(c), (enum word)usual[command & ~(unsigned)WITH_ON_OFF]);
	return 0;
}

const struct zcl_cluster cluster_level = {
	.name = "level",
	.id = 0x0008,
	.bind = CLUSTER_OF_CLIENT,
	.command = level_command,
};
