/*
 * CoAP from an unfriendly peer: a conversation of any bytes with the message
 * layer, with options and block-wise bodies read as the server reads them, and
 * answers given at once or late. The first byte sets how they are given; then
 * come messages, each behind three bytes: its length, and how much time passes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "coap/block.h"
#include "coap/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	struct messages messages; /* first */
	struct block_pool pool;
	struct block_body body;
	struct message_counters counters;
	size_t late; /* exchanges that wait for an answer */
	uint8_t manner;
	int64_t now_us;
};

/* Whatever we say must be CoAP, and read back as what was meant. */
static void on_send(struct messages *m, const uint8_t *bytes, size_t length)
{
	struct pdu p;

	assert(length <= PDU_RESPONSE_MAX);
	assert(pdu_parse(bytes, length, &p) == 0);
	assert(p.code == PDU_EMPTY || PDU_CODE_CLASS(p.code) >= 2);
}

static void answer(struct peer *peer, struct exchange *x, const struct pdu_response *r)
{
	messages_answer(&peer->messages, x, r, (uint16_t)(peer->now_us * 977), peer->now_us);
}

static uint8_t code_of(int outcome)
{
	switch (outcome) {
	case _BLOCK_WHOLE:
		return PDU_CHANGED;
	case BLOCK_CONTINUE:
		return PDU_CONTINUE;
	case BLOCK_INCOMPLETE:
		return PDU_INCOMPLETE;
	case BLOCK_TOO_LARGE:
		return PDU_TOO_LARGE;
	case BLOCK_NO_ROOM:
		return PDU_UNAVAILABLE;
	default:
		return PDU_BAD_REQUEST;
	}
}

static uint8_t take_block(struct peer *peer, const struct pdu *p, const struct pdu_request *q)
{
	const struct block_part part = {
		.block1 = q->block1,
		.format = q->format,
		.has_size1 = q->has_size1,
		.size1 = q->size1,
		.payload = p->payload,
		.length = p->payload_length,
	};
	const uint8_t *body = NULL;
	size_t length = 0;
	unsigned sum = 0;
	int r;

	r = block_receive(&peer->pool, &peer->body, &part, peer->now_us, &body, &length);
	assert(peer->pool.total <= peer->pool.limit);
	assert(peer->body.length <= BLOCK_BODY_MAX && peer->body.size <= BLOCK_BODY_MAX);
	if (r == _BLOCK_WHOLE) {
		assert(length <= BLOCK_BODY_MAX);
		for (size_t i = 0; i < length; i++)
			sum += body[i];
		peer->manner ^= sum & 1;
		block_drop(&peer->pool, &peer->body);
	}
	return code_of(r);
}

static void on_request(struct messages *m, struct exchange *x, const struct pdu *p, int64_t now_us)
{
	struct peer *peer = (struct peer *)m;
	struct pdu_response r = { .code = PDU_CHANGED };
	struct pdu_request q;

	if (pdu_request(p, &q) != 0) {
		if (p->type == PDU_NON) {
			messages_ignore(m, x);
			return;
		}
		r.code = PDU_BAD_OPTION;
	} else {
		assert(strlen(q.path) <= PDU_PATH_MAX);
		if (q.has_block1) {
			r.code = take_block(peer, p, &q);
			r.has_block1 = true;
			r.block1 = q.block1;
			r.size1 = r.code == PDU_TOO_LARGE ? BLOCK_BODY_MAX : 0;
		}
		r.has_block2 = q.has_block2;
		r.block2 = q.block2;
		r.has_format = q.has_accept;
		r.format = q.accept;
		r.has_max_age = q.has_size1;
		r.max_age = q.size1;
		r.payload = q.path;
		r.payload_length = strlen(q.path);
	}
	if (!(peer->manner & 2)) {
		answer(peer, x, &r);
		return;
	}
	peer->late++;
	exchange_set_userdata(x, peer);
}

/* The exchange is freed after the call. */
static void on_abandoned(struct messages *m, struct exchange *x)
{
	struct peer *peer = (struct peer *)m;

	assert(exchange_userdata(x) == peer);
	peer->late--;
}

static const struct message_ops ops = {
	.send = on_send,
	.request = on_request,
	.abandoned = on_abandoned,
};

static void pass_time(struct peer *peer, uint8_t much)
{
	static const int64_t steps[] = { 0, 1000, 150000, 250000, 2500000, 20000000, 150000000,
		250000000 };
	const struct pdu_response changed = { .code = PDU_CHANGED };
	struct exchange *x;
	int64_t next;

	peer->now_us += steps[much & 7];
	next = messages_tick(&peer->messages, peer->now_us);
	assert(next > peer->now_us);
	assert(next == messages_deadline(&peer->messages));
	block_tick(&peer->pool, peer->now_us);
	x = messages_waiting(&peer->messages, NULL);
	if ((much & 8) && x) {
		/* the second, if there is one */
		if (messages_waiting(&peer->messages, x))
			x = messages_waiting(&peer->messages, x);
		peer->late--;
		answer(peer, x, &changed);
	}
	if (much & 16)
		peer->manner ^= 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer peer = { .pool = { .limit = BLOCK_BODY_MAX } };

	if (size == 0)
		return 0;
	peer.manner = data[0];
	if (peer.manner & 4)
		peer.pool.limit = 3000;
	messages_init(&peer.messages, &ops, &peer.counters, data[0]);
	data++;
	size--;

	while (size >= 3) {
		size_t length = ((size_t)data[0] << 8 | data[1]) % 1400;
		uint8_t much = data[2];
		uint8_t *copy;

		data += 3;
		size -= 3;
		if (length > size)
			length = size;
		/* a copy of its own length, so that a read past the end shows */
		copy = malloc(length > 0 ? length : 1);
		if (!copy)
			break;
		if (length > 0)
			memcpy(copy, data, length);
		messages_receive(&peer.messages, copy, length, peer.now_us);
		free(copy);
		data += length;
		size -= length;
		pass_time(&peer, much);
		assert(peer.messages.count <= MESSAGE_EXCHANGES_MAX);
	}
	messages_clear(&peer.messages);
	assert(peer.late == 0 && peer.messages.count == 0);
	block_drop(&peer.pool, &peer.body);
	assert(peer.pool.total == 0);
	return 0;
}
