/*
 * Frames of clusters that wait: default responses until readings are safe,
 * delayed requests until they are due, requests until they are answered. One
 * table for all devices, so that nobody's messages take memory. See nodes.h.
 */
#include <assert.h>
#include <string.h>

#include "util/cleanup.h"
#include "wardgate/ledger.h"
#include "zigbee/nodes_private.h"

#define TRIES_MAX 3   /* of a request, by those who were reached or not */
#define REPLIES_MAX 8 /* tries to hand the radio an answer, which is soon worth nothing */
#define AGAIN_US (1 * SECOND_US)
#define NONE NODES_WORK_MAX

void nodes_work_init(struct nodes *n)
{
	for (uint16_t i = 0; i < NODES_WORK_MAX; i++)
		n->work[i] = (struct nodes_work){ .slot = NODES_SLOTS, .chain = i + 1 };
	n->work_free = 0;
	n->work_count = 0;
	n->work_due_us = INT64_MAX;
}

static unsigned index_of(const struct nodes *n, const struct nodes_work *w)
{
	return (unsigned)(w - n->work);
}

static void due(struct nodes *n, struct nodes_work *w, int64_t us)
{
	w->due_us = us;
	if (us < n->work_due_us)
		n->work_due_us = us;
	nodes_wake(n, us);
}

static void fill(
	struct nodes_work *w, uint16_t profile, uint8_t endpoint, const struct cluster_request *r)
{
	w->profile = profile;
	w->cluster = r->cluster;
	w->endpoint = endpoint;
	w->length = r->length;
	w->sequence = 0;
	memcpy(w->bytes, r->bytes, r->length);
}

static struct nodes_work *take_room(struct nodes *n, struct node *node, uint16_t profile,
	uint8_t endpoint, const struct cluster_request *r)
{
	struct nodes_work *w;
	uint16_t generation;

	if (n->work_free == NONE || node->work == NODES_WORK_EACH) {
		n->counters.work_lost++;
		return NULL;
	}
	w = &n->work[n->work_free];
	n->work_free = w->chain;
	generation = (uint16_t)(w->generation + 1);
	/* but for the bytes */
	w->slot = node->slot;
	w->chain = NONE;
	w->generation = generation;
	w->numbered = r->numbered;
	w->waits_safe = w->sent = false;
	w->tries = 0;
	n->work_count++;
	node->work++;
	node->requests += !r->numbered;
	fill(w, profile, endpoint, r);
	return w;
}

static void release(struct nodes *n, struct nodes_work *w)
{
	n->slots[w->slot]->work--;
	n->slots[w->slot]->requests -= !w->numbered;
	n->work_count--;
	w->slot = NODES_SLOTS;
	w->chain = n->work_free;
	n->work_free = (uint16_t)index_of(n, w);
}

/* Nothing comes back of a command that wants no default response; of those of all clusters
 * something always does. */
static bool is_answered(const struct nodes_work *w)
{
	uint8_t control = w->length > 0 ? w->bytes[0] : 0;

	return !w->numbered && !(control & ZCL_OF_CLUSTER && control & ZCL_NO_DEFAULT);
}

static int send_frame(struct nodes *n, struct node *node, const struct nodes_work *w)
{
	const struct zigbee_send s = {
		.node = node->node,
		.profile = w->profile,
		.cluster = w->cluster,
		.source_endpoint = ZIGBEE_ENDPOINT,
		.destination_endpoint = w->endpoint,
		.ticket = is_answered(w) ? NODES_TICKET_WORK | index_of(n, w) << 16 | w->generation
					 : 0,
		.bytes = w->bytes,
		.length = w->length,
	};

	if (!nodes_is_node(node->node))
		return -1;
	return n->ops->send(n, &s);
}

/* Returns whether it is through: nothing is left to wait for. */
static bool try(struct nodes *n, struct nodes_work *w)
{
	struct node *node = n->slots[w->slot];

	if (!n->up) {
		due(n, w, INT64_MAX); /* nodes_work_again() */
		return false;
	}
	if (send_frame(n, node, w) < 0) {
		if (w->numbered && ++w->tries == REPLIES_MAX) {
			n->counters.work_lost++;
			return true;
		}
		due(n, w, n->now.boot_us + NODES_RETRY_US);
		return false;
	}
	if (!is_answered(w))
		return true;
	w->sent = true;
	w->tries++;
	due(n, w, n->now.boot_us + nodes_patience(n, node));
	return false;
}

void nodes_work_add(struct nodes *n, struct node *node, uint16_t profile, uint8_t endpoint,
	const struct cluster_request *r)
{
	struct nodes_work *w = take_room(n, node, profile, endpoint, r);

	if (!w)
		return;
	if (!w->numbered) {
		w->sequence = nodes_sequence(node);
		zcl_set_sequence(w->bytes, w->length, w->sequence);
	}
	if (r->delay_ms > 0)
		due(n, w, n->now.boot_us + r->delay_ms * INT64_C(1000));
	else if (try(n, w))
		release(n, w);
}

/* ---- what waits to be safe ---- */

static uint32_t token_of(const struct nodes *n, const struct nodes_work *w)
{
	return (uint32_t)w->generation << 16 | (index_of(n, w) + 1);
}

static struct nodes_work *by_token(struct nodes *n, uint32_t token)
{
	unsigned i = (token & 0xffff) - 1;

	if (i >= NODES_WORK_MAX || n->work[i].slot == NODES_SLOTS || !n->work[i].waits_safe ||
		n->work[i].generation != token >> 16)
		return NULL;
	return &n->work[i];
}

uint32_t nodes_work_hold(struct nodes *n, struct node *node, uint16_t profile, uint8_t endpoint,
	const struct cluster_request *r, uint32_t token)
{
	struct nodes_work *w = take_room(n, node, profile, endpoint, r), *first;

	if (!w)
		return token;
	w->waits_safe = true;
	first = token != 0 ? by_token(n, token) : NULL;
	if (first) {
		w->chain = first->chain;
		first->chain = (uint16_t)index_of(n, w);
		due(n, w, INT64_MAX);
		return token;
	}
	due(n, w, n->now.boot_us + LEDGER_PATIENCE_US + AGAIN_US);
	return token_of(n, w);
}

struct node *nodes_work_settle(struct nodes *n, uint32_t token, bool send)
{
	struct nodes_work *w = by_token(n, token);
	struct node *node;

	if (!w)
		return NULL;
	node = n->slots[w->slot];
	for (;;) {
		uint16_t next = w->chain;

		w->waits_safe = false;
		w->chain = NONE;
		if (!send || try(n, w))
			release(n, w);
		if (next == NONE)
			return node;
		w = &n->work[next];
	}
}

/* ---- what waits for its answer ---- */

void nodes_work_answered(
	struct nodes *n, struct node *node, uint16_t cluster, uint8_t endpoint, uint8_t sequence)
{
	for (size_t i = 0; node->requests > 0 && i < NODES_WORK_MAX; i++) {
		struct nodes_work *w = &n->work[i];

		if (w->slot == node->slot && w->sent && w->sequence == sequence &&
			w->cluster == cluster && w->endpoint == endpoint) {
			release(n, w);
			return;
		}
	}
}

void nodes_work_drop(struct nodes *n, struct node *node)
{
	for (size_t i = 0; node->work > 0 && i < NODES_WORK_MAX; i++)
		if (n->work[i].slot == node->slot)
			release(n, &n->work[i]);
	/* who waits for an answer says it again */
	for (size_t i = 0; i < NODES_RECENT_MAX; i++)
		if (node->recent[i].token != 0)
			node->recent[i] = (struct node_recent){ 0 };
	node->beginning = false;
}

static void give_up(struct nodes *n, struct nodes_work *w)
{
	struct node *node = n->slots[w->slot];

	release(n, w);
	n->counters.unanswered++;
	node->begin_failed = true;
	nodes_begin_check(n, node);
}

void nodes_work_fate(struct nodes *n, uint32_t ticket, enum zigbee_fate fate)
{
	unsigned i = ticket >> 16 & 0x7fff;
	struct nodes_work *w = i < NODES_WORK_MAX ? &n->work[i] : NULL;

	if (!w || w->slot == NODES_SLOTS || w->generation != (ticket & 0xffff) || !w->sent)
		return;
	switch (fate) {
	case ZIGBEE_DELIVERED:
		return;
	case ZIGBEE_UNDELIVERED:
		n->counters.undelivered++;
		if (w->tries >= TRIES_MAX) {
			give_up(n, w);
			return;
		}
		break;
	case ZIGBEE_NOT_SENT:
		w->tries--;
		break;
	}
	w->sent = false;
	due(n, w, n->now.boot_us + AGAIN_US);
}

void nodes_work_again(struct nodes *n)
{
	for (size_t i = 0; i < NODES_WORK_MAX; i++) {
		struct nodes_work *w = &n->work[i];

		if (w->slot == NODES_SLOTS || w->waits_safe || (!w->sent && w->due_us != INT64_MAX))
			continue;
		w->sent = false;
		w->tries = 0;
		due(n, w, n->now.boot_us);
	}
}

static void work_tick(struct nodes *n, struct nodes_work *w)
{
	if (n->now.boot_us < w->due_us) {
		due(n, w, w->due_us);
	} else if (w->waits_safe) {
		nodes_safe(n, token_of(n, w), false, &n->now);
	} else if (n->up && w->sent && w->tries >= TRIES_MAX) {
		give_up(n, w);
	} else {
		w->sent = false;
		if (try(n, w))
			release(n, w);
	}
}

void nodes_work_tick(struct nodes *n)
{
	unsigned left;

	if (n->now.boot_us < n->work_due_us) {
		nodes_wake(n, n->work_due_us);
		return;
	}
	n->work_due_us = INT64_MAX;
	left = n->work_count;
	for (size_t i = 0; left > 0 && i < NODES_WORK_MAX; i++) {
		if (n->work[i].slot == NODES_SLOTS)
			continue;
		left--;
		work_tick(n, &n->work[i]);
	}
}
