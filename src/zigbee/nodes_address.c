/*
 * Who has which short address. Whatever says one last together with an EUI-64 is
 * believed; who loses his is looked for; nobody is deleted for it. See nodes.h.
 */
#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "zigbee/nodes_private.h"

#define NODE_LAST 0xfff7 /* of short addresses; above are broadcasts */
#define SOUGHT_TRIES 4
#define SOUGHT_IDLE_US (60 * SECOND_US) /* not asked about again so soon */
#define CONFLICT_ASK_US (2 * SECOND_US) /* who notices moves by himself, and announces it */
#define PARKED_EACH 8                   /* of one sender */
#define FRUITLESS_MAX 3
#define LOOK_TRIES 2

static const int64_t sought_after[SOUGHT_TRIES] = { 1 * SECOND_US, 3 * SECOND_US, 5 * SECOND_US,
	SOUGHT_IDLE_US };
static const int64_t seek_after[] = { 3 * SECOND_US, 10 * SECOND_US, 60 * SECOND_US,
	600 * SECOND_US, 3600 * SECOND_US };

bool nodes_is_node(uint16_t node)
{
	return node != ZIGBEE_NODE_COORDINATOR && node <= NODE_LAST;
}

/* ---- two tables, of open addresses ---- */

static unsigned hash_eui64(uint64_t eui64)
{
	return (unsigned)(eui64 * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (NODES_HASH - 1);
}

static unsigned hash_node(uint16_t node)
{
	return node * 40503u >> 3 & (NODES_HASH - 1);
}

static void insert(uint16_t table[static NODES_HASH], unsigned at, uint16_t slot)
{
	while (table[at] != 0)
		at = (at + 1) & (NODES_HASH - 1);
	table[at] = (uint16_t)(slot + 1);
}

void nodes_index_node(struct nodes *n)
{
	memset(n->by_node, 0, sizeof(n->by_node));
	for (unsigned i = 0; i < n->end; i++)
		if (n->slots[i] && nodes_is_node(n->slots[i]->node))
			insert(n->by_node, hash_node(n->slots[i]->node), (uint16_t)i);
}

void nodes_index(struct nodes *n)
{
	memset(n->by_eui64, 0, sizeof(n->by_eui64));
	for (unsigned i = 0; i < n->end; i++)
		if (n->slots[i])
			insert(n->by_eui64, hash_eui64(n->slots[i]->eui64), (uint16_t)i);
	nodes_index_node(n);
}

struct node *nodes_find(const struct nodes *n, uint64_t eui64)
{
	for (unsigned at = hash_eui64(eui64); n->by_eui64[at] != 0;
		at = (at + 1) & (NODES_HASH - 1))
		if (n->slots[n->by_eui64[at] - 1]->eui64 == eui64)
			return n->slots[n->by_eui64[at] - 1];
	return NULL;
}

struct node *nodes_by_node(const struct nodes *n, uint16_t node)
{
	for (unsigned at = hash_node(node); n->by_node[at] != 0; at = (at + 1) & (NODES_HASH - 1))
		if (n->slots[n->by_node[at] - 1]->node == node)
			return n->slots[n->by_node[at] - 1];
	return NULL;
}

/* ---- parked messages ---- */

static void unpark(struct nodes *n, struct node *node)
{
	for (;;) {
		struct nodes_parked *first = NULL, copy;

		for (size_t i = 0; i < NODES_PARKED_MAX; i++) {
			struct nodes_parked *p = &n->parked[i];

			if (p->at_us != 0 && p->heard.node == node->node &&
				(!first || p->at_us < first->at_us))
				first = p;
		}
		if (!first)
			return;
		copy = *first;
		first->at_us = 0;
		copy.heard.bytes = copy.bytes;
		n->counters.unparked++;
		nodes_deliver(n, node, &copy.heard);
	}
}

static struct nodes_sought *sought_of(struct nodes *n, uint16_t address)
{
	for (size_t i = 0; i < NODES_SOUGHT_MAX; i++)
		if (n->sought[i].node == address)
			return &n->sought[i];
	return NULL;
}

static struct nodes_sought *sought_room(struct nodes *n)
{
	struct nodes_sought *oldest = &n->sought[0];

	for (size_t i = 0; i < NODES_SOUGHT_MAX; i++) {
		if (n->sought[i].node == ZIGBEE_NODE_NONE)
			return &n->sought[i];
		if (n->sought[i].used_us < oldest->used_us)
			oldest = &n->sought[i];
	}
	return oldest;
}

/* Asks who has it, unless that was done lately. */
static void seek_eui64(struct nodes *n, uint16_t address, int64_t in_us)
{
	struct nodes_sought *s;

	if (sought_of(n, address))
		return;
	s = sought_room(n);
	n->zdo_sequence = (n->zdo_sequence + 1) & ZDO_SEQUENCE_MAX;
	*s = (struct nodes_sought){ .node = address,
		.sequence = n->zdo_sequence,
		.next_us = n->now.boot_us + in_us,
		.used_us = n->now.boot_us };
	nodes_wake(n, s->next_us);
}

void nodes_park(struct nodes *n, const struct zigbee_heard *heard)
{
	struct nodes_parked *at = NULL;
	unsigned of_sender = 0;

	if (!nodes_is_node(heard->node) || heard->length > ZIGBEE_PAYLOAD_MAX) {
		n->counters.unattributed++;
		return;
	}
	seek_eui64(n, heard->node, 0);
	for (size_t i = 0; i < NODES_PARKED_MAX; i++) {
		struct nodes_parked *p = &n->parked[i];

		of_sender += p->at_us != 0 && p->heard.node == heard->node;
		if (!at || p->at_us < at->at_us)
			at = p;
	}
	if (of_sender >= PARKED_EACH) {
		n->counters.unattributed++;
		return;
	}
	if (at->at_us != 0)
		n->counters.unattributed++;
	n->counters.parked++;
	at->at_us = n->now.boot_us > 0 ? n->now.boot_us : 1;
	at->heard = *heard;
	at->heard.bytes = NULL;
	if (heard->length > 0)
		memcpy(at->bytes, heard->bytes, heard->length);
	nodes_wake(n, at->at_us + NODES_PARKED_US);
}

/* ---- who is where ---- */

void nodes_lose(struct nodes *n, struct node *node)
{
	node->doubtful = false;
	if (node->node == ZIGBEE_NODE_NONE)
		return;
	node->node = ZIGBEE_NODE_NONE;
	nodes_ask_stop(n, node);
	nodes_index_node(n);
	node->seeks = 0;
	/* it may say so by itself */
	node->seek_us = node->configured ? n->now.boot_us + CONFLICT_ASK_US : INT64_MAX;
	nodes_wake(n, node->seek_us);
	if (node->configured)
		nodes_tell(n, node, NODES_CHANGED_ADDRESS | NODES_CHANGED_MEMORY);
}

void nodes_pair(struct nodes *n, struct node *node, uint16_t address)
{
	struct node *other;
	struct nodes_sought *s;

	if (!nodes_is_node(address))
		return;
	s = sought_of(n, address);
	if (s)
		s->node = ZIGBEE_NODE_NONE;
	node->seek_us = INT64_MAX;
	node->fruitless = 0;
	other = nodes_by_node(n, address);
	if (other == node) {
		node->doubtful = false;
		return;
	}
	if (other)
		nodes_lose(n, other);
	n->counters.moved += node->node != ZIGBEE_NODE_NONE;
	node->node = address;
	node->doubtful = false;
	nodes_index_node(n);
	if (node->asking) { /* it went to where nobody listens any more */
		nodes_ask_stop(n, node);
		node->retrying = true;
		nodes_wake(n, n->now.boot_us);
	}
	if (node->configured)
		nodes_tell(n, node, NODES_CHANGED_ADDRESS | NODES_CHANGED_MEMORY);
	unpark(n, node);
}

void nodes_paired(struct nodes *n, uint64_t eui64, uint16_t address, const struct decode_time *now)
{
	struct node *node;
	bool was_there;

	n->now = *now;
	node = nodes_is_node(address) ? nodes_get(n, eui64) : NULL;
	if (!node)
		return;
	/* that a table has it is no sign of life */
	was_there = node->joined;
	node->joined = true;
	if (!was_there && node->configured)
		nodes_tell(n, node, NODES_CHANGED_PRESENT | NODES_CHANGED_MEMORY);
	nodes_pair(n, node, address);
}

void nodes_conflict(struct nodes *n, uint16_t address, const struct decode_time *now)
{
	struct node *node = nodes_by_node(n, address);
	struct nodes_sought *s = sought_of(n, address);

	n->now = *now;
	n->counters.conflicts++;
	if (!node || node->doubtful)
		return;
	node->doubtful = true;
	node->doubt_us = now->boot_us + NODES_CONFLICT_US;
	nodes_wake(n, node->doubt_us);
	if (s)
		s->node = ZIGBEE_NODE_NONE;
	seek_eui64(n, address, CONFLICT_ASK_US);
	nodes_note(n, node, NODES_NOTE_CONFLICT, INTERVIEW_OVER, 0);
}

/* Only what was asked for is believed: an answer to nobody proves nothing. */
void nodes_address_told(struct nodes *n, const struct zdo_message *m)
{
	struct node *node;

	if (m->status != ZDO_SUCCESS || !nodes_is_node(m->node))
		return;
	if (m->cluster == (ZDO_EUI64 | ZDO_RESPONSE)) {
		const struct nodes_sought *s = sought_of(n, m->node);

		node = s && s->sequence == m->sequence && s->tries > 0 ? nodes_get(n, m->eui64)
								       : NULL;
	} else {
		node = nodes_find(n, m->eui64);
		if (node && (node->seeks == 0 || node->seek_sequence != m->sequence))
			node = NULL;
	}
	if (node)
		nodes_pair(n, node, m->node);
}

/* ---- asking for addresses ---- */

int nodes_send_zdo(struct nodes *n, uint16_t to, const struct zdo_message *m, uint32_t ticket)
{
	uint8_t bytes[ZIGBEE_PAYLOAD_MAX];
	ssize_t length = zdo_write(bytes, sizeof(bytes), m);
	struct zigbee_send s = {
		.node = to,
		.profile = ZIGBEE_PROFILE_ZDO,
		.cluster = m->cluster,
		.ticket = ticket,
		.bytes = bytes,
	};

	if (length < 0)
		return (int)length;
	s.length = (size_t)length;
	return n->up ? n->ops->send(n, &s) : -ENETDOWN;
}

static void ask_eui64(struct nodes *n, struct nodes_sought *s)
{
	const struct zdo_message m = {
		.cluster = ZDO_EUI64, .sequence = s->sequence, .node = s->node
	};

	if (nodes_send_zdo(n, s->node, &m, 0) < 0)
		s->next_us = n->now.boot_us + NODES_RETRY_US;
	else
		s->next_us = n->now.boot_us + sought_after[s->tries++];
}

void nodes_address_tick(struct nodes *n)
{
	for (size_t i = 0; i < NODES_PARKED_MAX; i++) {
		struct nodes_parked *p = &n->parked[i];

		if (p->at_us == 0)
			continue;
		if (n->now.boot_us >= p->at_us + NODES_PARKED_US) {
			p->at_us = 0;
			n->counters.unattributed++;
		} else {
			nodes_wake(n, p->at_us + NODES_PARKED_US);
		}
	}
	for (size_t i = 0; i < NODES_SOUGHT_MAX; i++) {
		struct nodes_sought *s = &n->sought[i];

		if (s->node == ZIGBEE_NODE_NONE || !n->up)
			continue;
		if (n->now.boot_us >= s->next_us && s->tries == SOUGHT_TRIES)
			s->node = ZIGBEE_NODE_NONE;
		else if (n->now.boot_us >= s->next_us)
			ask_eui64(n, s);
		if (s->node != ZIGBEE_NODE_NONE)
			nodes_wake(n, s->next_us);
	}
}

/* Where a device is that does not say so: its parent may know. */
void nodes_seek_tick(struct nodes *n, struct node *node)
{
	struct zdo_message m = { .cluster = ZDO_NODE_ADDRESS, .eui64 = node->eui64 };
	int64_t wait;

	if (node->fruitless >= FRUITLESS_MAX && node->seek_us == INT64_MAX && node->configured) {
		node->fruitless = 0;
		node->seeks = 0;
		node->seek_us = n->now.boot_us;
	}
	if (node->seek_us == INT64_MAX || !n->up)
		return;
	if (n->now.boot_us < node->seek_us) {
		nodes_wake(n, node->seek_us);
		return;
	}
	n->zdo_sequence = (n->zdo_sequence + 1) & ZDO_SEQUENCE_MAX;
	m.sequence = node->seek_sequence = n->zdo_sequence;
	wait = seek_after[node->seeks < ARRAY_SIZE(seek_after) ? node->seeks
							       : ARRAY_SIZE(seek_after) - 1];
	if (nodes_send_zdo(n, ZIGBEE_BROADCAST_AWAKE, &m, 0) < 0)
		wait = NODES_RETRY_US;
	else if (node->seeks < UINT8_MAX)
		node->seeks++;
	/* one that may never have been there */
	node->seek_us =
		!node->joined && node->seeks >= LOOK_TRIES ? INT64_MAX : n->now.boot_us + wait;
	nodes_wake(n, node->seek_us);
}
