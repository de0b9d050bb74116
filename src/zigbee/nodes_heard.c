/*
 * Messages: whose they are, what they are, to whom they go. See nodes.h.
 */
#include <string.h>

#include "util/cleanup.h"
#include "zigbee/nodes_private.h"

#define ANNOUNCED_US (SECOND_US / 5) /* until it listens: it has just said so */
#define LOOK_US (60 * SECOND_US)

/* ---- of clusters ---- */

/* Whether an alarm zone says that it is not enrolled any more. */
static void look_at_zone(
	struct nodes *n, struct node *node, uint8_t endpoint, const struct zcl_frame *f)
{
	struct zcl_records at = zcl_records(f);
	struct zcl_record r;
	bool over = interview_is_over(&node->interview, false);

	if (!zcl_is_general(f, ZCL_READ_RESPONSE) || node->beginning)
		return;
	while (zcl_next(&at, &r) == 0)
		if (r.attribute == 0 && r.has_value && r.value.form == ZCL_FORM_ENUM)
			interview_zone(&node->interview, endpoint, r.value.word == 1);
	if (over && !interview_is_over(&node->interview, false))
		nodes_ask_anew(n, node, 0);
}

/* Of one that is not configured: who it is, and that it was heard. */
static void hear_stranger(struct nodes *n, struct node *node, const struct zigbee_heard *heard,
	const struct cluster_message *m, const struct zcl_frame *f)
{
	struct cluster_request r = { .cluster = heard->cluster, .numbered = true };
	struct cluster_result out;
	ssize_t length;

	n->counters.unknown++;
	if (heard->cluster == cluster_basic.id)
		(void)cluster_heard(&node->interview.device, m, &n->now, n->settings.scratch, &out);
	n->ops->unknown(n, node);
	nodes_ask_zcl(n, node, heard->cluster, heard->source_endpoint, f);
	/* it would say it again and again */
	if (!zcl_wants_default(f, m->unicast, ZCL_SUCCESS))
		return;
	length = zcl_default_response(r.bytes, sizeof(r.bytes), f, ZCL_SUCCESS);
	if (length < 0)
		return;
	r.length = (uint8_t)length;
	nodes_work_add(n, node, heard->profile, heard->source_endpoint, &r);
}

/* It is there: whether all that it is to report comes, too. */
static void look_at_reports(struct nodes *n, struct node *node)
{
	int64_t since = node->ready_us > n->up_us ? node->ready_us : n->up_us;
	uint16_t cluster;

	if (n->now.boot_us < node->look_us || !node->told_ready)
		return;
	node->look_us = n->now.boot_us + LOOK_US;
	while ((cluster = interview_find_mute(&node->interview, since, n->now.boot_us)) != 0) {
		n->counters.unreported++;
		nodes_expect(n, node);
		nodes_note(n, node, NODES_NOTE_NOT_REPORTING, INTERVIEW_OVER, cluster);
	}
}

/* It says something by itself, perhaps again. */
static void speaks(struct nodes *n, struct node *node, const struct zigbee_heard *heard)
{
	if (interview_spoke(
		    &node->interview, heard->cluster, heard->source_endpoint, n->now.boot_us))
		nodes_expect(n, node);
}

static void hear_cluster(struct nodes *n, struct node *node, const struct zigbee_heard *heard,
	const struct cluster_message *m, const struct zcl_frame *f)
{
	struct cluster_result out;
	uint64_t before = n->counters.readings;
	bool reports = zcl_is_general(f, ZCL_REPORT);
	int outcome;

	node->interview.device.wants_poll =
		nodes_wants(n, node) || node->work > 0 || node->poll_us <= n->now.boot_us;
	outcome = cluster_heard(&node->interview.device, m, &n->now, n->settings.scratch, &out);
	n->counters.malformed += outcome == CLUSTER_E_MALFORMED;
	n->counters.incomplete += outcome == CLUSTER_E_INCOMPLETE;
	if (outcome == CLUSTER_E_MALFORMED || outcome == CLUSTER_E_OVERFLOW)
		nodes_note(n, node, NODES_NOTE_MALFORMED, INTERVIEW_OVER, outcome);
	if (out.keep && out.readings->count > 0)
		recents_add(n->settings.recents, node->eui64, out.keep);
	nodes_take(n, node, heard->profile, heard->cluster, heard->source_endpoint, &out);
	if (reports || out.note == CLUSTER_NOTE_CHECKED_IN ||
		(f->header.control & ZCL_OF_CLUSTER && out.readings->count > 0))
		speaks(n, node, heard);
	if (n->counters.readings == before)
		nodes_tell_alive(n, node);
	if (reports)
		return; /* by far the most, and no answer */
	nodes_work_answered(n, node, heard->cluster, heard->source_endpoint, f->header.sequence);
	nodes_begin_check(n, node);
	if (heard->cluster == cluster_ias_zone.id)
		look_at_zone(n, node, heard->source_endpoint, f);
	nodes_ask_zcl(n, node, heard->cluster, heard->source_endpoint, f);
}

/* Commands of its own are of the device as a client, as buttons send them. */
static bool is_of_client(const struct zigbee_heard *heard)
{
	return heard->length > 0 && heard->bytes[0] & ZCL_OF_CLUSTER &&
	       !(heard->bytes[0] & ZCL_FROM_SERVER);
}

void nodes_deliver(struct nodes *n, struct node *node, const struct zigbee_heard *heard)
{
	const struct cluster_message m = {
		.cluster = heard->cluster,
		.endpoint = heard->source_endpoint,
		.instance = interview_instance(&node->interview, heard->cluster,
			heard->source_endpoint, is_of_client(heard)),
		.unicast = !heard->broadcast,
		.counter = heard->aps_sequence,
		.bytes = heard->bytes,
		.length = heard->length,
	};
	struct zcl_frame f;

	node->lqi = heard->lqi;
	node->rssi = heard->rssi;
	nodes_alive(n, node, NODES_AWAKE_US);
	if (zcl_read_frame(&f, heard->bytes, heard->length) < 0) {
		n->counters.malformed++;
		nodes_note(n, node, NODES_NOTE_MALFORMED, INTERVIEW_OVER, CLUSTER_E_MALFORMED);
	} else if (node->configured) {
		hear_cluster(n, node, heard, &m, &f);
		look_at_reports(n, node);
	} else {
		hear_stranger(n, node, heard, &m, &f);
	}
	nodes_ask_heard(n, node);
}

/* ---- whose ---- */

/* NULL: that is not known; the message may have been put aside. */
static struct node *sender_of(struct nodes *n, const struct zigbee_heard *heard, bool park)
{
	struct node *node;

	if (nodes_is_eui64(heard->eui64)) {
		node = nodes_get(n, heard->eui64);
		if (node && (node->node != heard->node || node->doubtful))
			nodes_pair(n, node, heard->node);
		return node;
	}
	node = nodes_by_node(n, heard->node);
	if (node && node->doubtful) {
		n->counters.ambiguous++;
		return NULL;
	}
	if (!node && park)
		nodes_park(n, heard);
	return node;
}

/* ---- of the device profile ---- */

static void hear_announcement(
	struct nodes *n, const struct zigbee_heard *heard, const struct zdo_message *m)
{
	struct node *node;
	bool over;

	/* who says another's name is not believed */
	if (nodes_is_eui64(heard->eui64) && heard->eui64 != m->eui64) {
		n->counters.malformed++;
		return;
	}
	node = nodes_is_node(m->node) ? nodes_get(n, m->eui64) : NULL;
	if (!node)
		return;
	node->lqi = heard->lqi;
	node->rssi = heard->rssi;
	interview_capability(&node->interview, m->capability);
	nodes_started(n, node);
	nodes_alive(n, node, NODES_AWAKE_JOIN_US);
	nodes_tell_alive(n, node);
	nodes_pair(n, node, m->node);
	if (!node->configured)
		n->ops->unknown(n, node);
	over = interview_is_over(&node->interview, !node->configured);
	if (over && interview_retry(&node->interview))
		over = interview_is_over(&node->interview, !node->configured);
	nodes_reread(n, node);
	if (!over && !node->beginning && !node->asking)
		nodes_ask_anew(n, node, ANNOUNCED_US);
	nodes_expect(n, node);
}

static void answer_zdo(
	struct nodes *n, const struct zigbee_heard *heard, const struct zdo_message *m)
{
	struct zdo_message answer;

	if (!n->settings.answers_zdo || !nodes_is_node(heard->node) ||
		!zdo_respond(&answer, m, heard->broadcast, &n->settings.self))
		return;
	if (nodes_send_zdo(n, heard->node, &answer, 0) < 0)
		n->counters.work_lost++;
}

static void hear_zdo(struct nodes *n, const struct zigbee_heard *heard)
{
	struct zdo_message m;
	struct node *node;
	int r = zdo_read(&m, heard->cluster, heard->bytes, heard->length);

	if (r < 0) {
		n->counters.malformed++;
		return;
	}
	if (r == 0 && heard->cluster == ZDO_ANNOUNCE) {
		hear_announcement(n, heard, &m);
		return;
	}
	if (r == 0 && (heard->cluster == (ZDO_EUI64 | ZDO_RESPONSE) ||
			      heard->cluster == (ZDO_NODE_ADDRESS | ZDO_RESPONSE)))
		nodes_address_told(n, &m);
	if (!(heard->cluster & ZDO_RESPONSE))
		answer_zdo(n, heard, &m);
	node = sender_of(n, heard, false);
	if (!node)
		return;
	node->lqi = heard->lqi;
	node->rssi = heard->rssi;
	nodes_alive(n, node, NODES_AWAKE_US);
	nodes_tell_alive(n, node);
	if (r == 0)
		nodes_ask_zdo(n, node, &m);
	nodes_ask_heard(n, node);
}

void nodes_heard(struct nodes *n, const struct zigbee_heard *heard, const struct decode_time *now)
{
	struct node *node;

	n->now = *now;
	if (heard->node == ZIGBEE_NODE_COORDINATOR ||
		(heard->eui64 != 0 && heard->eui64 == n->settings.our_eui64))
		return; /* our own broadcast */
	n->counters.heard++;
	if (heard->profile == ZIGBEE_PROFILE_ZDO) {
		hear_zdo(n, heard);
		return;
	}
	node = sender_of(n, heard, true);
	if (node)
		nodes_deliver(n, node, heard);
}
