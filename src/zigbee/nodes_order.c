/*
 * What people ask of a device: that it shows itself. That it leaves or is looked
 * through anew stands in nodes.c.
 */
#include <errno.h>

#include "zigbee/nodes_private.h"

#define IDENTIFY 0x0003

/* The endpoint that can; NULL: none is known to. */
static const struct interview_endpoint *find_endpoint(const struct interview *i)
{
	for (unsigned k = 0; k < i->cluster_count; k++)
		if (i->clusters[k].id == IDENTIFY && !i->clusters[k].output &&
			i->clusters[k].endpoint < i->endpoint_count)
			return &i->endpoints[i->clusters[k].endpoint];
	return NULL;
}

int nodes_identify(struct nodes *n, uint64_t eui64, uint16_t seconds, const struct decode_time *now)
{
	struct node *node = nodes_find(n, eui64);
	struct cluster_request r = { .cluster = IDENTIFY };
	const struct interview_endpoint *e;
	size_t length;

	n->now = *now;
	if (!node || !node->joined)
		return -ENOENT;
	if (!n->up || !nodes_is_node(node->node))
		return -EHOSTUNREACH;
	e = find_endpoint(&node->interview);
	if (!e)
		return -ENOTSUP;
	length = cluster_ask_identify(seconds, r.bytes, sizeof(r.bytes));
	if (length == 0 || node->work == NODES_WORK_EACH || n->work_count == NODES_WORK_MAX)
		return -ENOBUFS;
	r.length = (uint8_t)length;
	nodes_work_add(n, node, e->profile, e->id, &r);
	return 0;
}
