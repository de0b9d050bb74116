/*
 * Poll Control 0x0020 (ZCL revision 8, 3.16): a sleeper that checks in is told
 * whether to listen on for a while. Times are in quarters of a second.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define CHECK_IN_INTERVAL 0x0000
#define CHECK_IN 0x00
#define CHECK_IN_RESPONSE 0x00
#define INTERVAL_QUARTERS 2400 /* ten minutes */
#define LISTEN_QUARTERS 40     /* ten seconds */

static const struct cluster_attribute poll_control_attributes[] = {
	{ CHECK_IN_INTERVAL, ZCL_TYPE_U32, CLUSTER_READ, .metric = METRIC_NONE },
};

static int poll_control_command(const struct cluster_call *c)
{
	struct cluster_request *r;
	struct zcl_writer w;

	if (!(c->frame->header.control & ZCL_FROM_SERVER) || c->frame->header.command != CHECK_IN)
		return CLUSTER_E_UNKNOWN;
	c->out->note = CLUSTER_NOTE_CHECKED_IN;
	r = cluster_request(c);
	if (!r)
		return 0;
	r->numbered = true;
	w = zcl_answer(r->bytes, sizeof(r->bytes), c->frame, ZCL_OF_CLUSTER, CHECK_IN_RESPONSE);
	zcl_put(&w, c->device->wants_poll, 1);
	zcl_put(&w, c->device->wants_poll ? LISTEN_QUARTERS : 0, 2);
	cluster_request_end(c, r, &w);
	return 0;
}

static int poll_control_begin(const struct cluster_call *c)
{
	struct cluster_request *r = cluster_request(c);
	struct zcl_writer w;

	if (!r)
		return 0;
	w = zcl_ask(r->bytes, sizeof(r->bytes), 0, 0, ZCL_WRITE);
	zcl_put_record(&w, &(struct zcl_record){ .attribute = CHECK_IN_INTERVAL,
				   .value = zcl_number(ZCL_TYPE_U32, INTERVAL_QUARTERS) });
	cluster_request_end(c, r, &w);
	return 0;
}

const struct zcl_cluster cluster_poll_control = {
	.name = "poll-control",
	.id = 0x0020,
	.bind = CLUSTER_OF_SERVER,
	.attributes = poll_control_attributes,
	.attribute_count = ARRAY_SIZE(poll_control_attributes),
	.command = poll_control_command,
	.begin = poll_control_begin,
};
