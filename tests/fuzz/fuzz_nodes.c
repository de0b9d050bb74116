/*
 * Nodes among hostile devices: two that are configured, one that is not, and
 * whoever else they make up. The first byte says how it goes; then come pieces,
 * each behind two bytes: its length, and what it is. Answers get the number of
 * the request that they answer, and the kept text its sum, since nobody guesses
 * those.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/pieces.h"
#include "util/cleanup.h"
#include "util/hash.h"
#include "zigbee/nodes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define A UINT64_C(0x00158d0000000001)
#define TOKENS_MAX 64

struct host {
	struct nodes nodes;
	struct decoded scratch;
	struct decode_time now;
	uint8_t manner;
	/* The last request, and what is owed for it. */
	struct zigbee_send asked;
	uint8_t asked_bytes[ZIGBEE_PAYLOAD_MAX];
	uint32_t tokens[TOKENS_MAX];
	unsigned token_count, sum;
};

static enum nodes_taken on_readings(struct nodes *n, struct node *node, const struct reading *list,
	size_t count, bool event, uint32_t token)
{
	struct host *h = n->context;

	assert(node->configured && count > 0 && count <= DECODED_MAX);
	for (size_t i = 0; i < count; i++)
		h->sum += list[i].metric + list[i].kind + list[i].validity;
	if (h->manner & 1)
		return NODES_TAKEN_SAFE;
	if (h->manner & 2)
		return NODES_TAKEN_NOT;
	if (token != 0)
		h->tokens[h->token_count++ % TOKENS_MAX] = token;
	return NODES_TAKEN_WAITS;
}

static int on_send(struct nodes *n, const struct zigbee_send *s)
{
	struct host *h = n->context;

	assert(n->up && s->length > 0 && s->length <= ZIGBEE_PAYLOAD_MAX);
	assert(s->node != ZIGBEE_NODE_COORDINATOR && s->node != ZIGBEE_NODE_NONE);
	if (h->manner & 4 && h->sum++ % 3 == 0)
		return -1;
	/* answers are of no interest to who answers */
	if (s->ticket == 0 && s->profile != ZIGBEE_PROFILE_ZDO)
		return 0;
	h->asked = *s;
	memcpy(h->asked_bytes, s->bytes, s->length);
	h->asked.bytes = h->asked_bytes;
	return 0;
}

static void on_changed(struct nodes *n, struct node *node, unsigned changes)
{
	assert(changes != 0 && nodes_find(n, node->eui64) == node);
}

static void on_unknown(struct nodes *n, const struct node *node)
{
	assert(!node->configured && nodes_find(n, node->eui64) == node);
}

static void on_note(struct nodes *n, struct node *node, enum nodes_note note,
	enum interview_step step, int detail)
{
	assert(nodes_note_text(note)[0] != 0 && interview_step_text(step)[0] != 0);
}

static const struct nodes_ops ops = { on_readings, on_send, on_changed, NULL, on_unknown, on_note };

static void start(struct host *h)
{
	static const uint8_t clusters[] = { 0x00, 0x00, 0x0a, 0x00 };
	const struct nodes_settings settings = {
		.our_eui64 = 0x77,
		.answers_zdo = h->manner & 8,
		.self = { .eui64 = 0x77,
			.endpoint = 1,
			.profile = 0x0104,
			.in = { clusters, 2 },
			.out = { clusters, 1 } },
		.scratch = &h->scratch,
	};

	nodes_init(&h->nodes, &ops, h, &settings);
	for (uint64_t i = 0; i < 2; i++)
		if (nodes_configure(&h->nodes, A + i, NULL, &h->now) < 0)
			abort();
	if (!(h->manner & 16))
		nodes_up(&h->nodes, &h->now);
}

/* ---- what must hold ---- */

static void check(const struct host *h)
{
	const struct nodes *n = &h->nodes;
	unsigned count = 0, flying = 0, work = 0;

	for (unsigned i = 0; i < n->end; i++) {
		const struct node *node = n->slots[i];

		if (!node)
			continue;
		count++;
		flying += node->asking;
		work += node->work;
		assert(nodes_find(n, node->eui64) == node);
		assert(node->node == ZIGBEE_NODE_NONE || nodes_by_node(n, node->node) == node);
		assert(node->interview.endpoint_count <= INTERVIEW_ENDPOINTS_MAX);
		assert(node->interview.cluster_count <= INTERVIEW_CLUSTERS_MAX);
	}
	assert(count == n->count && n->count - n->configured <= NODES_UNKNOWN_MAX);
	assert(flying == n->flying && flying <= NODES_FLIGHT_MAX);
	assert(work == n->work_count && work <= NODES_WORK_MAX);
}

/* Time passes, and what is due is done; it is never done for ever. */
static void pass(struct host *h, int64_t us)
{
	int64_t end = h->now.boot_us + us;
	unsigned turns = 0;

	while (nodes_deadline(&h->nodes) <= end && turns < 2000) {
		int64_t due = nodes_deadline(&h->nodes);

		turns = due > h->now.boot_us ? turns : turns + 1;
		if (due > h->now.boot_us)
			h->now.boot_us = due;
		h->now.utc_us = h->now.boot_us;
		nodes_tick(&h->nodes, &h->now);
	}
	assert(turns < 2000);
	h->now.boot_us = h->now.utc_us = end;
}

/* ---- pieces ---- */

/* who: of the known ones their address, or one that is made up */
static struct zigbee_heard from(const struct host *h, uint8_t who, uint8_t *bytes, size_t length)
{
	struct zigbee_heard heard = {
		.node = (uint16_t)(0x1001 + (who & 3)),
		.profile = ZIGBEE_PROFILE_HOME,
		.source_endpoint = (who >> 3 & 1) + 1,
		.destination_endpoint = 1,
		.lqi = who,
		.bytes = bytes,
		.length = length,
	};

	if (who & 4)
		heard.eui64 = A + (who & 3);
	heard.broadcast = (who & 0x30) == 0x30;
	if ((who & 0xc0) == 0xc0)
		heard.node = (uint16_t)(who * 257u);
	return heard;
}

static void zcl(struct host *h, uint8_t *b, size_t length)
{
	static const uint16_t clusters[] = { 0x0000, 0x0001, 0x0020, 0x0500, 0x0006, 0x0402, 0x0501,
		0xfcc0, 0xef00, 0x0005, 0x0008, 0x0012, 0x0b04, 0x0003, 0x1234, 0x0406 };
	struct zigbee_heard heard;

	if (length < 2)
		return;
	heard = from(h, b[0], b + 2, length - 2);
	heard.cluster = clusters[b[1] % ARRAY_SIZE(clusters)];
	nodes_heard(&h->nodes, &heard, &h->now);
}

/* What is read is written again, and read as the same. */
static void codec(uint16_t cluster, const uint8_t *bytes, size_t length)
{
	struct zdo_message m, again;
	uint8_t to[ZDO_MESSAGE_MAX];
	ssize_t n;

	if (zdo_read(&m, cluster, bytes, length) != 0)
		return;
	for (unsigned i = 0; i < m.link_count; i++)
		assert(zdo_link_at(&m, i).type < 4);
	n = zdo_write(to, sizeof(to), &m);
	if (n < 0)
		return; /* longer than one of ours */
	assert(zdo_read(&again, cluster, to, (size_t)n) == 0);
	assert(again.eui64 == m.eui64 && again.endpoint_count == m.endpoint_count &&
		again.in.count == m.in.count && again.bound == m.bound);
	assert(zdo_write(to, (size_t)n / 2, &m) < 0);
}

static void zdo(struct host *h, uint8_t *b, size_t length)
{
	struct zigbee_heard heard;

	if (length < 2)
		return;
	codec((uint16_t)((b[1] & 0x3f) | (b[1] & 0x80) << 8), b + 2, length - 2);
	heard = from(h, b[0], b + 2, length - 2);
	heard.profile = ZIGBEE_PROFILE_ZDO;
	heard.cluster = (uint16_t)((b[1] & 0x3f) | (b[1] & 0x80) << 8);
	nodes_heard(&h->nodes, &heard, &h->now);
}

/* To what was asked last, by whom it was asked of. */
static void answer(struct host *h, uint8_t *b, size_t length)
{
	bool is_zdo = h->asked.profile == ZIGBEE_PROFILE_ZDO;
	struct zigbee_heard heard = {
		.node = h->asked.node,
		.profile = h->asked.profile,
		.cluster = is_zdo ? h->asked.cluster | 0x8000 : h->asked.cluster,
		.source_endpoint = h->asked.destination_endpoint,
		.destination_endpoint = 1,
		.bytes = b,
		.length = length,
	};

	if (length < 3 || h->asked.length < 3)
		return;
	if (h->asked.node >= ZIGBEE_BROADCAST_ROUTERS)
		heard.node = 0x1001;
	if (is_zdo) {
		b[0] = h->asked_bytes[0];
	} else {
		b[0] &= 0xfb; /* no maker's */
		b[1] = h->asked_bytes[1];
		if (b[0] & 0x80)
			b[2] = (uint8_t)(h->asked_bytes[2] + 1);
		b[0] &= 0x1f;
	}
	nodes_heard(&h->nodes, &heard, &h->now);
}

static void event(struct host *h, const uint8_t *b, size_t length)
{
	uint64_t eui64 = length > 1 ? A + (b[1] & 7) : A;
	uint16_t node = length > 2 ? (uint16_t)(0x1000 + (b[2] & 7)) : 0x1001;

	switch (length > 0 ? b[0] % 12 : 12) {
	case 0:
	case 1:
	case 2:
		nodes_joined(&h->nodes, eui64, node, (enum nodes_join)(b[0] % 12), &h->now);
		return;
	case 3:
		nodes_left(&h->nodes, eui64, &h->now);
		return;
	case 4:
		nodes_paired(&h->nodes, eui64, node, &h->now);
		return;
	case 5:
		nodes_conflict(&h->nodes, node, &h->now);
		return;
	case 6:
		nodes_sent(&h->nodes, h->asked.ticket, (enum zigbee_fate)(node % 3), &h->now);
		return;
	case 7:
		nodes_safe(&h->nodes, h->tokens[node % TOKENS_MAX], eui64 & 1, &h->now);
		return;
	case 8:
		nodes_down(&h->nodes);
		return;
	case 9:
		nodes_up(&h->nodes, &h->now);
		return;
	case 10:
		(void)nodes_dismiss(&h->nodes, eui64, &h->now);
		return;
	case 11:
		if (node & 2) {
			(void)nodes_interview(&h->nodes, eui64, &h->now);
			nodes_set_eui64(&h->nodes, 0x78);
			assert(!nodes_at(&h->nodes, h->nodes.count));
		} else if (node & 1) {
			nodes_forget(&h->nodes, eui64);
		} else if (node & 4) {
			nodes_unconfigure(&h->nodes, eui64);
		} else if (nodes_configure(&h->nodes, A + (eui64 & 1), NULL, &h->now) < 0) {
			abort();
		}
		return;
	default:
		return;
	}
}

/* The kept text of a run before, with these lines and a sum that is right. */
static void kept(struct host *h, const uint8_t *b, size_t length)
{
	char text[700];
	int n = snprintf(text, sizeof(text), "wardgate-nodes 1 %08x\nnode %016llx 1001\n",
		(unsigned)interview_rows(), (unsigned long long)A);

	if (length > sizeof(text) - 100)
		length = sizeof(text) - 100;
	for (size_t i = 0; i < length; i++)
		text[n++] = b[i] ? (char)b[i] : '\n';
	text[n++] = '\n';
	n += snprintf(text + n, sizeof(text) - (size_t)n, "sum %016llx\n",
		(unsigned long long)hash_bytes(&hash_key_fixed, text, (size_t)n));
	assert(nodes_read(&h->nodes, text, (size_t)n, &h->now) == 0);
}

/* What it knows it knows after a restart. */
static void restart(struct host *h)
{
	unsigned joined = 0, found = 0;
	size_t length;
	char *text;

	for (unsigned i = 0; i < h->nodes.end; i++)
		joined += h->nodes.slots[i] && h->nodes.slots[i]->joined;
	if (nodes_write(&h->nodes, &text, &length) < 0)
		abort();
	nodes_done(&h->nodes);
	h->asked = (struct zigbee_send){ 0 };
	h->token_count = 0;
	start(h);
	assert(nodes_read(&h->nodes, text, length, &h->now) == 0);
	free(text);
	for (unsigned i = 0; i < h->nodes.end; i++)
		found += h->nodes.slots[i] && h->nodes.slots[i]->joined;
	assert(found == joined);
}

static void piece(struct host *h, uint8_t what, const uint8_t *data, size_t length)
{
	static const int64_t steps[] = { 0, 100000, 1000000, 3000000, 10000000, 61000000, 700000000,
		INT64_C(4000000000) };
	/* a copy of its own length, so that a read past the end shows */
	uint8_t *copy = malloc(length > 0 ? length : 1);

	if (!copy)
		return;
	if (length > 0)
		memcpy(copy, data, length);
	switch (what & 7) {
	case 0:
	case 1:
		zcl(h, copy, length);
		break;
	case 2:
		zdo(h, copy, length);
		break;
	case 3:
	case 4:
		answer(h, copy, length);
		break;
	case 5:
		event(h, copy, length);
		break;
	case 6:
		kept(h, copy, length);
		break;
	default:
		restart(h);
		break;
	}
	free(copy);
	pass(h, steps[what >> 3 & 7]);
	check(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct host host; /* large */
	struct host *h = &host;
	struct pieces p;

	if (size < 1)
		return 0;
	memset(&h->asked, 0, sizeof(h->asked));
	h->token_count = h->sum = 0;
	h->now = (struct decode_time){ 1000000, 1000000 };
	h->manner = data[0];
	start(h);
	for (uint64_t i = 0; i < 3; i++)
		nodes_joined(&h->nodes, A + i, (uint16_t)(0x1001 + i), NODES_JOINED, &h->now);
	pass(h, 2000000);
	p = (struct pieces){ .data = data + 1, .size = size - 1 };
	while (pieces_next(&p))
		piece(h, p.what, p.bytes, p.length);
	pass(h, INT64_C(2000000000));
	check(h);
	nodes_done(&h->nodes);
	return 0;
}
