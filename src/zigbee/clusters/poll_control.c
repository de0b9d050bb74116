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

#define QUARTER_US INT64_C(250000)

enum { WORD_INTERVAL }; /* of check-ins, in quarters of a second; 0: none, or not said */

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

/* It may have taken another one than was asked for. */
static int poll_control_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (v->form != ZCL_FORM_UNSIGNED)
		return CLUSTER_E_MALFORMED;
	cluster_remember(c, cluster_memory(c), WORD_INTERVAL,
		v->unknown || v->word > INT32_MAX ? 0 : (int32_t)v->word);
	return 0;
}

int64_t cluster_check_in_us(const struct cluster_device *d, uint8_t endpoint)
{
	int32_t quarters = 0;

	for (unsigned i = 0; i < d->memory_count; i++)
		if (d->memories[i].cluster == cluster_poll_control.id &&
			d->memories[i].endpoint == endpoint)
			quarters = d->memories[i].words[WORD_INTERVAL];
	return quarters > 0 ? quarters * QUARTER_US : 0;
}

const struct zcl_cluster cluster_poll_control = {
	.name = "poll-control",
	.id = 0x0020,
	.bind = CLUSTER_OF_SERVER,
	.attributes = poll_control_attributes,
	.attribute_count = ARRAY_SIZE(poll_control_attributes),
	.attribute = poll_control_attribute,
	.command = poll_control_command,
	.begin = poll_control_begin,
};
