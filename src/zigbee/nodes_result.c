/*
 * What becomes of what a cluster gave: readings out, neither lost nor doubled,
 * answers once they are safe. See nodes.h.
 */
#include <string.h>

#include "zigbee/nodes_private.h"

/* ---- what was said before ---- */

static struct node_recent *recent_of(struct node *node, uint64_t key)
{
	for (size_t i = 0; i < NODES_RECENT_MAX; i++)
		if (node->recent[i].taken && node->recent[i].key == key)
			return &node->recent[i];
	return NULL;
}

static void remember(struct node *node, uint64_t key, uint32_t token)
{
	if (key == 0)
		return;
	node->recent[node->recent_next] =
		(struct node_recent){ .key = key, .token = token, .taken = true };
	node->recent_next = (uint8_t)((node->recent_next + 1u) % NODES_RECENT_MAX);
}

void nodes_safe(struct nodes *n, uint32_t token, bool is_safe, const struct decode_time *now)
{
	struct node *node;

	n->now = *now;
	node = nodes_work_settle(n, token, is_safe);
	if (!node)
		return;
	for (size_t i = 0; i < NODES_RECENT_MAX; i++)
		if (node->recent[i].token == token) {
			node->recent[i].token = 0;
			node->recent[i].taken = is_safe;
		}
	if (is_safe)
		return;
	n->counters.not_safe++;
	nodes_note(n, node, NODES_NOTE_NOT_SAFE, INTERVIEW_OVER, 0);
}

/* ---- readings ---- */

/* All requests that settle are held; returns their token, 0 when there is none. */
static uint32_t hold(struct nodes *n, struct node *node, uint16_t profile, uint8_t endpoint,
	const struct cluster_result *out)
{
	uint32_t token = 0;

	for (unsigned i = 0; i < out->request_count; i++)
		if (out->requests[i].settles)
			token = nodes_work_hold(
				n, node, profile, endpoint, &out->requests[i], token);
	return token;
}

static bool settles(const struct cluster_result *out)
{
	for (unsigned i = 0; i < out->request_count; i++)
		if (out->requests[i].settles)
			return true;
	return false;
}

/* It was taken already. What it waits for is sent when it is safe; if it is by now the answer has
 * got lost. */
static void answer_again(struct nodes *n, struct node *node, uint16_t profile, uint8_t endpoint,
	const struct cluster_result *out, const struct node_recent *before)
{
	n->counters.repeated++;
	for (unsigned i = 0; before->token == 0 && i < out->request_count; i++)
		if (out->requests[i].settles)
			nodes_work_add(n, node, profile, endpoint, &out->requests[i]);
}

static void hand_out(struct nodes *n, struct node *node, uint16_t profile, uint16_t cluster,
	uint8_t endpoint, const struct cluster_result *out)
{
	struct decoded *d = out->readings;
	uint64_t key = d->list[0].source_key;
	const struct node_recent *before = out->repeated ? recent_of(node, key) : NULL;
	int64_t expect_us;
	uint32_t token;

	if (before) {
		answer_again(n, node, profile, endpoint, out, before);
		return;
	}
	expect_us =
		out->event ? 0 : interview_cluster_expect_us(&node->interview, cluster, endpoint);
	for (size_t i = 0; expect_us != 0 && i < d->count; i++)
		if (d->list[i].expect_us == 0)
			d->list[i].expect_us = expect_us;
	token = hold(n, node, profile, endpoint, out);
	n->counters.readings += d->count;
	n->counters.events += out->event;
	switch (n->ops->readings(n, node, d->list, d->count, out->event, token)) {
	case NODES_TAKEN_SAFE:
		(void)nodes_work_settle(n, token, true);
		remember(node, key, 0);
		return;
	case NODES_TAKEN_WAITS:
		/* without a place to wait for it nobody knows when it is safe: it is to come
		 * again */
		if (token != 0 || !settles(out))
			remember(node, key, token);
		return;
	case NODES_TAKEN_NOT:
		(void)nodes_work_settle(n, token, false);
		n->counters.not_safe++;
		nodes_note(n, node, NODES_NOTE_NOT_SAFE, INTERVIEW_OVER, 0);
		return;
	}
}

/* ---- the rest ---- */

static void take_note(struct nodes *n, struct node *node, const struct cluster_result *out)
{
	switch ((enum cluster_note)out->note) {
	case CLUSTER_NOTE_ENROLLED:
		node->enrolled = true;
		nodes_tell(n, node, NODES_CHANGED_ZONE);
		return;
	case CLUSTER_NOTE_CHECKED_IN:
		nodes_alive(n, node, NODES_AWAKE_CHECK_IN_US);
		return;
	case CLUSTER_NOTE_REFUSED:
		/* of what was asked by the interview that tells */
		if (node->beginning)
			nodes_note(n, node, NODES_NOTE_REFUSED, INTERVIEW_BEGIN, out->status);
		return;
	case CLUSTER_NOTE_NONE:
	case CLUSTER_NOTE_NOT_ENROLLED: /* see nodes_begin_check() */
	case _CLUSTER_NOTE_MAX:
		return;
	}
}

void nodes_take(struct nodes *n, struct node *node, uint16_t profile, uint16_t cluster,
	uint8_t endpoint, struct cluster_result *out)
{
	unsigned changes = 0;

	if (out->facts_changed)
		changes |= NODES_CHANGED_FACTS | NODES_CHANGED_MEMORY;
	if (out->memory_changed)
		changes |= NODES_CHANGED_MEMORY;
	if (out->battery_percent >= 0 && out->battery_percent != node->battery_percent) {
		node->battery_percent = (int8_t)out->battery_percent;
		changes |= NODES_CHANGED_BATTERY;
	}
	if (changes != 0)
		nodes_tell(n, node, changes);
	take_note(n, node, out);
	if (out->readings->count > 0)
		hand_out(n, node, profile, cluster, endpoint, out);
	for (unsigned i = 0; i < out->request_count; i++)
		if (!out->requests[i].settles || out->readings->count == 0)
			nodes_work_add(n, node, profile, endpoint, &out->requests[i]);
}
