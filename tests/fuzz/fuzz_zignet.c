/*
 * The network with an unfriendly radio, of each version. The first three bytes
 * set the version, and how things stand; then come turns, each behind a byte that
 * says what happens: an answer as it should be, another one, a callback, time,
 * a reset, or something that a person or a device wants. Whatever it is: each
 * message has one fate, and no network is formed or left that nobody wanted.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zigbee/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define S INT64_C(1000000)

struct bench {
	struct network n; /* first */
	struct network_config config;
	int64_t now_us;
	unsigned version;
	struct netstate state;
	/* the radio's command under way */
	bool pending;
	uint8_t sequence;
	uint16_t id;
	bool legacy;
	bool blank; /* it has no network */
	uint8_t differs;
	/* the driver */
	bool resetting, deaf;
	uint8_t manner, keep_manner;
	unsigned keeping;
	struct netstate safe, writing; /* on the disk, and on its way there */
	bool may_form, may_leave;
	uint64_t taken, told;
	unsigned sum;
};

static struct bench *of(struct network *n)
{
	return (struct bench *)n;
}

static int on_send(struct network *n, const uint8_t *frame, size_t length, int64_t now_us)
{
	struct bench *b = of(n);

	assert(length >= 4 && length <= EZSP_FRAME_MAX);
	if (b->deaf)
		return -ENOBUFS;
	b->pending = true;
	b->sequence = frame[0];
	b->legacy = length == 4;
	b->id = b->legacy ? EZSP_VERSION : (uint16_t)(frame[3] | frame[4] << 8);
	assert(b->id != EZSP_FORM_NETWORK || b->may_form);
	assert(b->id != EZSP_LEAVE_NETWORK || b->may_leave);
	/* what is to be is safe before what is goes, and counts no further than that */
	if (b->id == EZSP_LEAVE_NETWORK || b->id == EZSP_FORM_NETWORK)
		assert(memcmp(n->net.network_key, b->safe.network_key, NETSTATE_KEY_SIZE) == 0 &&
			n->net.counter == b->safe.counter);
	assert(n->state == NETWORK_STARTING || n->state == NETWORK_UP ||
		n->state == NETWORK_PASSIVE);
	/* a network that is not ours is left alone */
	assert(n->state != NETWORK_PASSIVE || b->id == EZSP_NOP);
	return 0;
}

static void on_reset(struct network *n, int64_t now_us)
{
	of(n)->resetting = true;
	of(n)->pending = false;
}

static int on_random(struct network *n, uint8_t *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(i + of(n)->manner);
	return of(n)->manner & 1 ? 0 : -EIO;
}

static int on_keep(struct network *n, const struct netstate *s, int64_t now_us)
{
	struct bench *b = of(n);

	assert(netstate_valid(s));
	assert(b->keeping == 0);
	if (!s->formed)
		b->may_form = true;
	if (b->keep_manner % 4 == 0)
		return -EROFS;
	if (b->keep_manner % 4 != 1) {
		b->safe = *s;
		return 0;
	}
	b->writing = *s;
	b->keeping++;
	return 1;
}

static void on_notice(struct network *n, const struct network_notice *notice, int64_t now_us)
{
	struct bench *b = of(n);

	assert(notice->text && strlen(notice->text) < NETWORK_WORDS_SIZE);
	assert(notice->kind < _NETWORK_NOTICE_MAX);
	assert(notice->relay_count <= NETWORK_RELAYS_MAX);
	b->sum += (unsigned)strlen(notice->text) + notice->number;
	if (notice->kind == NETWORK_NOTICE_UP) {
		b->may_form = b->may_leave = false;
		assert(n->kept && n->net.formed && netstate_valid(&n->net));
	}
	if ((b->manner & 2) && b->sum % 16 == 0)
		network_stop(n, now_us);
	if ((b->manner & 4) && notice->kind == NETWORK_NOTICE_JOINED)
		(void)network_permit(n, 0, false, now_us);
}

static void on_heard(struct network *n, const struct zigbee_heard *h, int64_t now_us)
{
	for (size_t i = 0; i < h->length; i++)
		of(n)->sum += h->bytes[i];
}

static void on_fate(struct network *n, uint32_t ticket, enum zigbee_fate fate, int64_t now_us)
{
	struct bench *b = of(n);

	assert(fate <= ZIGBEE_NOT_SENT);
	b->told++;
	assert(b->told <= b->taken);
	if ((b->manner & 8) && b->told % 8 == 0)
		network_stop(n, now_us);
}

static const struct network_ops ops = {
	.send = on_send,
	.reset = on_reset,
	.random = on_random,
	.keep = on_keep,
	.notice = on_notice,
	.heard = on_heard,
	.fate = on_fate,
};

/* ---- what the radio says ---- */

static void give(
	struct bench *b, const uint8_t *head, size_t n, const uint8_t *bytes, size_t length)
{
	/* of its own length, so that a read past the end shows */
	uint8_t *copy = malloc(n + length > 0 ? n + length : 1);

	if (!copy)
		return;
	if (n > 0)
		memcpy(copy, head, n);
	if (length > 0)
		memcpy(copy + n, bytes, length);
	network_receive(&b->n, copy, n + length, b->now_us);
	free(copy);
}

static void answer(struct bench *b, uint16_t id, const uint8_t *bytes, size_t length)
{
	const uint8_t head[] = { b->sequence, 0x80, 1, (uint8_t)id, (uint8_t)(id >> 8) };
	const uint8_t old[] = { b->sequence, 0x80, 0 };

	b->pending = false;
	if (b->legacy)
		give(b, old, sizeof(old), bytes, length);
	else
		give(b, head, sizeof(head), bytes, length);
}

static void callback(struct bench *b, uint16_t id, const uint8_t *bytes, size_t length)
{
	const uint8_t head[] = { b->sequence, 0x90, 1, (uint8_t)id, (uint8_t)(id >> 8) };

	give(b, head, sizeof(head), bytes, length);
}

static void call(struct bench *b, uint16_t id, const struct ezsp_values *v)
{
	uint8_t bytes[256];
	size_t n;

	if (ezsp_encode(b->version, id, EZSP_SIDE_ANSWER, v, bytes, sizeof(bytes), &n) == 0)
		callback(b, id, bytes, n);
}

/* As it should be, but for the status. */
static void answer_well(struct bench *b, uint32_t status)
{
	static const uint8_t eight[8];
	const struct netstate *s = &b->state;
	uint16_t id = b->id;
	struct ezsp_values v = { .status = status,
		.version = (uint8_t)b->version,
		.stack_type = 2,
		.eui64 = s->eui64,
		.extended_pan = s->extended_pan,
		.pan = s->pan,
		.channel = s->channel,
		.update_id = s->update_id,
		.type = b->differs & 4 ? 2 : 1,
		.out_counter = s->counter + b->sum % 100000,
		.message = eight,
		.message_length = 8 };
	uint8_t bytes[256];
	size_t n;

	memcpy(v.key, s->network_key, sizeof(v.key));
	v.key[0] ^= b->differs & 1;
	v.pan ^= b->differs & 2;
	v.channel ^= b->differs & 8;
	v.extended_pan ^= b->differs & 16;
	v.eui64 ^= b->differs & 32;
	if (b->pending && id == EZSP_NETWORK_INIT && b->blank && status == 0)
		v.status = EZSP_STATUS_NOT_JOINED;
	if (b->pending &&
		ezsp_encode(b->version, id, EZSP_SIDE_ANSWER, &v, bytes, sizeof(bytes), &n) == 0)
		answer(b, id, bytes, n);
}

/* The status that a command leads to, a fate for each message. */
static void follow(struct bench *b, uint16_t id)
{
	struct ezsp_values v = { .status = EZSP_STATUS_NETWORK_UP, .channel = 20, .rssi = -90 };

	if (id == EZSP_LEAVE_NETWORK)
		v.status = EZSP_STATUS_NETWORK_DOWN;
	if (id == EZSP_LEAVE_NETWORK || id == EZSP_FORM_NETWORK)
		b->blank = id == EZSP_LEAVE_NETWORK;
	if ((id == EZSP_NETWORK_INIT && !b->blank) || id == EZSP_FORM_NETWORK ||
		id == EZSP_LEAVE_NETWORK)
		call(b, EZSP_STACK_STATUS, &v);
	if (id == EZSP_START_SCAN) {
		call(b, EZSP_ENERGY_SCAN_RESULT, &v);
		call(b, EZSP_SCAN_COMPLETE, &(const struct ezsp_values){ 0 });
	}
}

static void be_good(struct bench *b, unsigned commands)
{
	for (; commands > 0 && b->pending; commands--) {
		uint16_t id = b->id;

		answer_well(b, 0);
		follow(b, id);
	}
}

/* ---- turns ---- */

struct input {
	const uint8_t *at, *end;
};

static uint8_t take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static const uint8_t *take_bytes(struct input *in, size_t *ret_length)
{
	size_t n = take(in), left = (size_t)(in->end - in->at);
	const uint8_t *p = in->at;

	*ret_length = n < left ? n : left;
	in->at += *ret_length;
	return p;
}

static void send(struct bench *b, struct input *in)
{
	static const uint16_t nodes[] = { 0x1234, 0x4321, 0xfffd, 0xfffc, 0, 0xfff8, 0xfffe };
	uint8_t bytes[256] = { 0 }, what = take(in);
	struct zigbee_send s = { .node = nodes[what % 7],
		.ticket = (uint32_t)b->taken,
		.bytes = bytes,
		.length = take(in) };
	uint64_t before = b->taken++;

	if (network_send(&b->n, &s, b->now_us) < 0)
		b->taken = before;
}

static void ask(struct bench *b, struct input *in)
{
	uint8_t what = take(in);
	uint8_t key[16] = { what };

	switch (what % 6) {
	case 0:
		(void)network_permit(&b->n, (unsigned)take(in) * 20, what & 0x80, b->now_us);
		break;
	case 1:
		(void)network_invite(&b->n, take(in), key, b->now_us);
		break;
	case 2:
		network_uninvite(&b->n, take(in), b->now_us);
		break;
	case 3:
		(void)network_adopt(&b->n, b->now_us);
		break;
	default: {
		struct netstate s = b->state;
		bool may_form = b->may_form, may_leave = b->may_leave;

		s.eui64 += what & 0x10 ? 1 : 0;
		s.link_count = what >> 6;
		for (unsigned i = 0; i < s.link_count; i++) {
			s.links[i].eui64 = 9 + i;
			s.links[i].key[0] = 1;
		}
		b->may_form = b->may_leave = true;
		if (network_restore(&b->n, what & 0x20 ? &s : NULL, what & 0x40, b->now_us) < 0) {
			b->may_form = may_form;
			b->may_leave = may_leave;
		}
		break;
	}
	}
}

static void pass(struct bench *b, uint8_t what)
{
	static const int64_t steps[] = { 1000, S / 2, 3 * S, 10 * S, 61 * S, 3600 * S };

	b->now_us += steps[what % 6];
	network_tick(&b->n, b->now_us);
}

static void port(struct bench *b, uint8_t what)
{
	bool keeps = b->keeping > 0;

	switch (what % 5) {
	case 0:
		network_begin(&b->n, b->now_us);
		break;
	case 1:
		if (what & 0x10)
			network_change(&b->n, &b->config, b->now_us);
		else
			network_stop(&b->n, b->now_us);
		break;
	case 2:
		network_link_down(&b->n, "gone", b->now_us);
		break;
	case 3:
		if (what & 0x10)
			b->deaf = !b->deaf;
		else if (what == 13)
			b->keep_manner++;
		else
			b->differs = (uint8_t)(1 << what % 7);
		break;
	default:
		b->keeping = 0;
		if (keeps && !(what & 0x10))
			b->safe = b->writing;
		if (keeps)
			network_kept(&b->n, what & 0x10 ? -EIO : 0, b->now_us);
		break;
	}
}

static void turn(struct bench *b, struct input *in)
{
	static const uint32_t statuses[] = { EZSP_STATUS_OK, EZSP_STATUS_NETWORK_UP,
		EZSP_STATUS_NETWORK_DOWN, EZSP_STATUS_NOT_JOINED, EZSP_STATUS_CHANNEL_CHANGED,
		EZSP_STATUS_NETWORK_OPENED, EZSP_STATUS_NETWORK_CLOSED, EZSP_STATUS_BUSY,
		EZSP_STATUS_TOO_MANY_MESSAGES, EZSP_STATUS_INVALID_PARAMETER };
	uint8_t what = take(in);
	const uint8_t *bytes;
	size_t n;

	switch (what % 10) {
	case 0:
		be_good(b, 1 + what / 10);
		break;
	case 1:
		answer_well(b, statuses[what / 10 % 10]);
		break;
	case 2:
		bytes = take_bytes(in, &n);
		if (b->pending)
			answer(b, what & 0x80 ? EZSP_INVALID_COMMAND : b->id, bytes, n);
		break;
	case 3: {
		const struct ezsp_values v = { .status = statuses[what / 10 % 10] };

		call(b, EZSP_STACK_STATUS, &v);
		break;
	}
	case 4: {
		uint16_t id = take(in);

		bytes = take_bytes(in, &n);
		callback(b, id, bytes, n);
		break;
	}
	case 5:
		bytes = take_bytes(in, &n);
		give(b, NULL, 0, bytes, n);
		break;
	case 6:
		pass(b, what / 10);
		break;
	case 7:
		send(b, in);
		break;
	case 8:
		ask(b, in);
		break;
	default:
		port(b, what / 10);
		break;
	}
	if (b->resetting) {
		b->resetting = false;
		network_link_up(&b->n, b->now_us);
	}
	assert(b->n.send_count == b->taken - b->told);
	assert(b->n.flight <= NETWORK_FLIGHT_MAX && b->n.commanded <= b->n.flight);
	assert(strcmp(network_state_word(b->n.state), "unknown") != 0);
	(void)network_deadline(&b->n);
}

/* A driver that does nothing but what it is told to comes to rest: no deadline stays in the past.
 */
static void settle(struct bench *b)
{
	b->deaf = false;
	for (unsigned i = 0; i < 200 && network_deadline(&b->n) <= b->now_us; i++) {
		network_tick(&b->n, b->now_us);
		if (b->resetting)
			return;
		assert(i < 199);
	}
}

static void begin(struct bench *b, const uint8_t *data)
{
	struct network_config config = { .channel = data[1] & 0x20 ? 0 : 20,
		.has_key = data[1] & 0x40,
		.well_known = data[1] & 0x80,
		.no_source_routes = data[2] & 0x40 };
	bool kept = data[1] & 1, formed = data[1] & 2, lost = data[1] & 4;

	b->version = 7 + data[0] % 16;
	b->manner = data[2];
	b->blank = data[2] & 0x20;
	b->keep_manner = data[1] >> 3;
	b->state = (struct netstate){ .eui64 = 0x00124b0009d80ba7,
		.extended_pan = 5,
		.pan = 6,
		.channel = 20,
		.counter = formed ? 1000 : 0,
		.formed = formed };
	memset(b->state.network_key, 0x4b, 16);
	memset(b->state.link_key, 0x7c, 16);
	memset(config.key, data[2] & 0x80 ? 0x4c : 0x4b, 16);
	b->config = config;
	if (kept)
		b->safe = b->state;
	network_init(&b->n, &ops, &config);
	network_keep(&b->n, kept ? &b->state : NULL, lost);
	b->may_form = kept ? !formed : !lost;
	network_begin(&b->n, b->now_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench b;
	struct input in = { .at = data + 3, .end = data + size };

	if (size < 3)
		return 0;
	b = (struct bench){ .now_us = 1000 * S };
	begin(&b, data);
	if (b.resetting) {
		b.resetting = false;
		network_link_up(&b.n, b.now_us);
	}
	for (unsigned i = 0; in.at < in.end && i < 2000; i++)
		turn(&b, &in);
	settle(&b);
	network_stop(&b.n, b.now_us);
	assert(b.told == b.taken && b.n.send_count == 0);
	network_wipe(&b.n);
	for (size_t i = 0; i < sizeof(b.n.net); i++)
		assert(((const uint8_t *)&b.n.net)[i] == 0);
	return 0;
}
