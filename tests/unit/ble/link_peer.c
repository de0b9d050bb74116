/*
 * See link_peer.h. Written from Core Vol 3 Part F, one entry to an answer.
 */
#include "unit/ble/link_peer.h"

#include "unit/hex.h"
#include "util/cleanup.h"

#define SERVICE 0x2800
#define CHARACTERISTIC 0x2803
#define HASH 0x2b2a

#define GATT_ROWS                                                                                  \
	PEER(0x01, SERVICE, "0118"), PEER(0x02, CHARACTERISTIC, "200300052A"),                     \
		PEER(0x03, 0x2a05, ""), PEER(0x04, 0x2902, "0000"),                                \
		PEER(0x05, CHARACTERISTIC, "0206002A2B"), PEER(0x06, HASH, "")
#define BATTERY_ROWS                                                                               \
	PEER(0x30, SERVICE, "0F18"), PEER(0x31, CHARACTERISTIC, "123200192A"),                     \
		PEER(0x32, 0x2a19, "57"), PEER(0x33, 0x2902, "0000")

const struct peer_attribute peer_belt[] = {
	GATT_ROWS,
	PEER(0x20, SERVICE, "0D18"),
	PEER(0x21, CHARACTERISTIC, "102200372A"),
	PEER(0x22, 0x2a37, ""),
	PEER(0x23, 0x2902, "0000"),
	BATTERY_ROWS,
	PEER(0x40, SERVICE, "0A18"),
	PEER(0x41, CHARACTERISTIC, "024200292A"),
	PEER(0x42, 0x2a29, "41434D45"),
};
const size_t peer_belt_count = ARRAY_SIZE(peer_belt);

const struct peer_attribute peer_cuff[] = {
	GATT_ROWS,
	PEER(0x20, SERVICE, "1018"),
	PEER(0x21, CHARACTERISTIC, "202200352A"),
	PEER(0x22, 0x2a35, ""),
	PEER(0x23, 0x2902, "0000"),
	BATTERY_ROWS,
};
const size_t peer_cuff_count = ARRAY_SIZE(peer_cuff);

const struct peer_attribute peer_meter[] = {
	GATT_ROWS,
	PEER(0x20, SERVICE, "0818"),
	PEER(0x21, CHARACTERISTIC, "102200182A"),
	PEER(0x22, 0x2a18, ""),
	PEER(0x23, 0x2902, "0000"),
	PEER(0x24, CHARACTERISTIC, "282500522A"),
	PEER(0x25, 0x2a52, ""),
	PEER(0x26, 0x2902, "0000"),
};
const size_t peer_meter_count = ARRAY_SIZE(peer_meter);

/* ---- the device answers ---- */

struct answer {
	size_t length;
	uint8_t bytes[300];
};

static void le16(struct answer *a, unsigned v)
{
	a->bytes[a->length++] = (uint8_t)v;
	a->bytes[a->length++] = (uint8_t)(v >> 8);
}

static void value_of(const struct link_peer *p, const struct peer_attribute *row, struct answer *a)
{
	if (row->type == HASH) {
		memset(a->bytes + a->length, p->hash, GATT_HASH_SIZE);
		a->length += GATT_HASH_SIZE;
		return;
	}
	a->length += unit_hex(row->value, a->bytes + a->length, sizeof(a->bytes) - a->length);
}

static const struct peer_attribute *find(
	const struct link_peer *p, unsigned start, unsigned end, unsigned type)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct peer_attribute *row = &p->attributes[i];

		if (row->handle < start || row->handle > end || (type && row->type != type))
			continue;
		if (row->type == HASH && p->hash == 0)
			continue;
		return row;
	}
	return NULL;
}

static void refuse(struct answer *a, const uint8_t *pdu, uint8_t error)
{
	a->length = 0;
	a->bytes[a->length++] = ATT_ERROR_RESPONSE;
	a->bytes[a->length++] = pdu[0];
	le16(a, (unsigned)(pdu[1] | pdu[2] << 8));
	a->bytes[a->length++] = error;
}

static void answer_list(
	const struct link_peer *p, const uint8_t *pdu, size_t length, struct answer *a)
{
	unsigned start = (unsigned)(pdu[1] | pdu[2] << 8), end = (unsigned)(pdu[3] | pdu[4] << 8);
	unsigned type = length >= 7 ? (unsigned)(pdu[5] | pdu[6] << 8) : 0;
	const struct peer_attribute *row = find(p, start, end, type), *next;

	if (!row) {
		refuse(a, pdu, ATT_ERROR_NOT_FOUND);
		return;
	}
	a->bytes[a->length++] = (uint8_t)(pdu[0] + 1);
	if (pdu[0] == ATT_FIND_INFORMATION_REQUEST) {
		a->bytes[a->length++] = 1;
		le16(a, row->handle);
		le16(a, row->type);
		return;
	}
	a->bytes[a->length++] = 0;
	le16(a, row->handle);
	if (pdu[0] == ATT_READ_BY_GROUP_TYPE_REQUEST) {
		next = find(p, row->handle + 1u, 0xffff, SERVICE);
		le16(a, next ? next->handle - 1u : p->attributes[p->count - 1].handle);
	}
	value_of(p, row, a);
	a->bytes[1] = (uint8_t)(a->length - 2);
}

static void answer_one(struct link_peer *p, const uint8_t *pdu, size_t length, struct answer *a)
{
	unsigned handle = (unsigned)(pdu[1] | pdu[2] << 8);
	const struct peer_attribute *row = find(p, handle, handle, 0);

	if (!row) {
		refuse(a, pdu, ATT_ERROR_INVALID_HANDLE);
	} else if (row->level > p->level) {
		refuse(a, pdu, ATT_ERROR_AUTHENTICATION);
	} else if (row->error) {
		refuse(a, pdu, row->error);
	} else if (pdu[0] == ATT_READ_REQUEST) {
		a->bytes[a->length++] = ATT_READ_RESPONSE;
		value_of(p, row, a);
	} else {
		p->writes++;
		p->written_length = length - 1;
		memcpy(p->written, pdu + 1, length - 1);
		a->bytes[a->length++] = ATT_WRITE_RESPONSE;
	}
}

static void answer(struct link_peer *p, const uint8_t *pdu, size_t length)
{
	struct answer a = { 0 };

	p->asked[pdu[0]]++;
	if (pdu[0] == ATT_CONFIRMATION)
		p->confirmed++;
	if (p->mute ||
		(pdu[0] == p->mute_to && (p->mute_at == 0 || p->mute_at == (pdu[1] | pdu[2] << 8))))
		return;
	switch (pdu[0]) {
	case ATT_EXCHANGE_MTU_REQUEST:
		a = (struct answer){ 3, { ATT_EXCHANGE_MTU_RESPONSE, 0xf7, 0 } };
		break;
	case ATT_FIND_INFORMATION_REQUEST:
	case ATT_READ_BY_TYPE_REQUEST:
	case ATT_READ_BY_GROUP_TYPE_REQUEST:
		answer_list(p, pdu, length, &a);
		break;
	case ATT_READ_REQUEST:
	case ATT_WRITE_REQUEST:
		answer_one(p, pdu, length, &a);
		break;
	default:
		return;
	}
	link_receive(&p->link, a.bytes, a.length, &p->now);
}

void peer_talk(struct link_peer *p)
{
	const uint8_t *pdu;
	size_t length;
	unsigned n = 0;

	while ((pdu = link_output(&p->link, &length))) {
		uint8_t copy[ATT_MTU_MAX];

		assert_true(n++ < 1000);
		memcpy(copy, pdu, length);
		link_sent(&p->link);
		answer(p, copy, length);
	}
}

/* ---- what the link tells ---- */

static enum link_taken on_readings(struct link *l, const struct ble_profile *row,
	const struct reading *list, size_t count, uint64_t token)
{
	struct link_peer *p = l->context;

	assert_true(count > 0);
	p->values++;
	p->readings += (unsigned)count;
	p->last = list[0];
	p->last_row = row;
	if (token != 0 && p->verdict == LINK_TAKEN_WAITS) {
		assert_true(p->token_count < PEER_TOKENS_MAX);
		p->tokens[p->token_count++] = token;
		p->tokens_given++;
	}
	return p->verdict;
}

static bool on_secure(struct link *l, unsigned level)
{
	struct link_peer *p = l->context;

	p->secure_calls++;
	p->wanted_level = level;
	return !p->refuses_security;
}

static void on_changed(struct link *l, unsigned changes)
{
	struct link_peer *p = l->context;

	assert_int_not_equal(changes, 0);
	p->changes |= changes;
}

static void on_note(struct link *l, const struct ble_profile *row, enum profile_note note)
{
	struct link_peer *p = l->context;

	p->notes[note]++;
}

static void on_fault(struct link *l, const struct link_fault *fault)
{
	struct link_peer *p = l->context;

	p->faults++;
	p->fault = *fault;
	p->fault.bytes = NULL;
}

static bool on_time(struct link *l, struct att_server_time *ret)
{
	struct link_peer *p = l->context;

	*ret = (struct att_server_time){ .utc_us = p->now.utc_us };
	return p->knows_time;
}

static const struct link_ops ops = { on_readings, on_secure, on_changed, on_note, on_fault,
	on_time };

/* ---- for tests ---- */

static struct decoded scratch;

void peer_init(struct link_peer *p, const struct peer_attribute *attributes, size_t count)
{
	memset(p, 0, sizeof(*p));
	p->now = (struct decode_time){ .boot_us = 1000 * S,
		.utc_us = INT64_C(1795255200) * 1000000 };
	p->attributes = attributes;
	p->count = count;
	p->level = LINK_LEVEL_NONE;
	p->hash = 0x77;
	p->verdict = LINK_TAKEN_WAITS;
}

struct link_settings peer_settings(struct link_peer *p)
{
	return (struct link_settings){
		.device = &p->device, .scratch = &scratch, .level = LINK_LEVEL_NONE
	};
}

void peer_connect(struct link_peer *p, const struct link_settings *settings)
{
	struct link_settings usual = peer_settings(p);

	if (!settings)
		settings = &usual;
	p->level = settings->level;
	link_begin(&p->link, &ops, p, settings, &p->now);
	peer_talk(p);
}

static void say_value(struct link_peer *p, uint8_t opcode, uint16_t handle, const char *hex)
{
	uint8_t pdu[ATT_MTU_MAX] = { opcode, (uint8_t)handle, (uint8_t)(handle >> 8) };
	size_t n = unit_hex(hex, pdu + 3, sizeof(pdu) - 3);

	link_receive(&p->link, pdu, n + 3, &p->now);
	peer_talk(p);
}

void peer_notify(struct link_peer *p, uint16_t handle, const char *hex)
{
	say_value(p, ATT_NOTIFICATION, handle, hex);
}

void peer_indicate(struct link_peer *p, uint16_t handle, const char *hex)
{
	say_value(p, ATT_INDICATION, handle, hex);
}

void peer_say(struct link_peer *p, const char *hex)
{
	uint8_t pdu[ATT_MTU_MAX];
	size_t n = unit_hex(hex, pdu, sizeof(pdu));

	link_receive(&p->link, pdu, n, &p->now);
	peer_talk(p);
}

static void set_time(struct link_peer *p, int64_t boot_us)
{
	p->now.utc_us += boot_us - p->now.boot_us;
	p->now.boot_us = boot_us;
}

void peer_pass(struct link_peer *p, int64_t us)
{
	int64_t until = p->now.boot_us + us;
	unsigned n = 0;

	while (link_deadline(&p->link) <= until) {
		assert_true(n++ < 10000);
		if (link_deadline(&p->link) > p->now.boot_us)
			set_time(p, link_deadline(&p->link));
		link_tick(&p->link, &p->now);
		peer_talk(p);
		/* what is due has been done */
		assert_true(link_deadline(&p->link) > p->now.boot_us);
	}
	set_time(p, until);
}

void peer_safe(struct link_peer *p, bool is_safe)
{
	uint64_t token;

	assert_true(p->token_count > 0);
	token = p->tokens[0];
	p->token_count--;
	memmove(p->tokens, p->tokens + 1, p->token_count * sizeof(token));
	link_safe(&p->link, token, is_safe, &p->now);
	peer_talk(p);
}

void peer_secured(struct link_peer *p, unsigned level)
{
	p->level = level;
	link_secured(&p->link, level, &p->now);
	peer_talk(p);
}
