/*
 * A device that keeps to the specification, for fuzz_att.c and fuzz_link.c: services of the
 * table of profiles and the GATT service, asked as a server is. Where it lies is
 * the fuzzer's doing.
 */
#pragma once

#include "ble/gatt.h"
#include "util/cursor.h"

#define PEER_ATTRIBUTES_MAX 320
#define PEER_PDU_MAX 600

enum peer_manner {
	PEER_HASH = 1 << 0,    /* has a Database Hash */
	PEER_CHANGES = 1 << 1, /* has Service Changed */
	PEER_LONG = 1 << 2,    /* gives its UUIDs in 128 bits */
	PEER_INDICATES = 1 << 3,
	PEER_REFUSES = 1 << 4,  /* to be written to, for want of authentication */
	PEER_INCLUDES = 1 << 5, /* its second service in its first */
};

struct peer_attribute {
	uint16_t type;
	bool group; /* a service's declaration */
	uint8_t length;
	uint8_t value[19];
};

struct peer {
	uint8_t manner;
	uint16_t mtu;
	size_t count;
	struct peer_attribute attributes[PEER_ATTRIBUTES_MAX]; /* from handle 1 on */
};

static struct peer_attribute *peer_add(struct peer *p, uint16_t type)
{
	struct peer_attribute *a = &p->attributes[p->count < PEER_ATTRIBUTES_MAX ? p->count++ : 0];

	*a = (struct peer_attribute){ .type = type };
	return a;
}

static void peer_put16(uint8_t *to, uint16_t v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
}

static void peer_put_uuid(const struct peer *p, struct peer_attribute *a, uint16_t uuid)
{
	static const uint8_t base[12] = { 0xFB, 0x34, 0x9B, 0x5F, 0x80, 0x00, 0x00, 0x80, 0x00,
		0x10, 0x00, 0x00 };

	if (p->manner & PEER_LONG) {
		memcpy(a->value + a->length, base, sizeof(base));
		a->length = (uint8_t)(a->length + sizeof(base));
	}
	peer_put16(a->value + a->length, uuid);
	a->length = (uint8_t)(a->length + (p->manner & PEER_LONG ? 4 : 2));
}

static void peer_characteristic(struct peer *p, uint8_t properties, uint16_t uuid)
{
	struct peer_attribute *a = peer_add(p, 0x2803);

	a->value[0] = properties;
	peer_put16(a->value + 1, (uint16_t)(p->count + 1));
	a->length = 3;
	peer_put_uuid(p, a, uuid);
	a = peer_add(p, uuid);
	a->length = uuid == GATT_DATABASE_HASH ? GATT_HASH_SIZE : 2;
	a->value[0] = (uint8_t)(p->count + 1);
	if (properties & (ATTRIBUTE_NOTIFY | ATTRIBUTE_INDICATE))
		(void)peer_add(p, 0x2902);
}

static void peer_service(struct peer *p, uint16_t uuid)
{
	struct peer_attribute *a = peer_add(p, 0x2800);

	a->group = true;
	peer_put_uuid(p, a, uuid);
}

/* which: the number of one profile, or more for all of them. */
static void peer_init(struct peer *p, uint8_t which, uint8_t manner, uint16_t mtu)
{
	uint8_t properties = ATTRIBUTE_READ | ATTRIBUTE_WRITE |
			     (manner & PEER_INDICATES ? ATTRIBUTE_INDICATE : ATTRIBUTE_NOTIFY);

	p->manner = manner;
	p->mtu = mtu;
	p->count = 0;
	peer_service(p, GATT_SERVICE);
	if (manner & PEER_CHANGES)
		peer_characteristic(p, ATTRIBUTE_INDICATE, GATT_SERVICE_CHANGED);
	if (manner & PEER_HASH)
		peer_characteristic(p, ATTRIBUTE_READ, GATT_DATABASE_HASH);
	for (unsigned id = 0; id < _PROFILE_MAX; id++) {
		const struct ble_profile *row = profile_row(id);

		if (which < _PROFILE_MAX && which != id)
			continue;
		peer_service(p, row->service);
		if (manner & PEER_INCLUDES) {
			struct peer_attribute *a = peer_add(p, 0x2802);

			a->length = 6;
			peer_put16(a->value, 0x300);
			peer_put16(a->value + 2, 0x310);
			peer_put16(a->value + 4, 0x181B);
		}
		for (size_t i = 0; i < row->characteristic_count; i++)
			peer_characteristic(p, properties, row->characteristics[i].uuid);
	}
}

static size_t peer_refuse(const uint8_t *asked, uint8_t error, uint8_t *to)
{
	to[0] = ATT_ERROR_RESPONSE;
	to[1] = asked[0];
	to[2] = asked[1];
	to[3] = asked[2];
	to[4] = error;
	return 5;
}

/* The last handle of the service that begins there. */
static uint16_t peer_group_end(const struct peer *p, size_t index)
{
	for (index++; index < p->count && !p->attributes[index].group; index++)
		;
	return (uint16_t)index;
}

static size_t peer_list(const struct peer *p, const uint8_t *asked, uint8_t *to)
{
	uint16_t start = (uint16_t)(asked[1] | asked[2] << 8);
	uint16_t end = (uint16_t)(asked[3] | asked[4] << 8), type = 0;
	bool info = asked[0] == ATT_FIND_INFORMATION_REQUEST;
	bool group = asked[0] == ATT_READ_BY_GROUP_TYPE_REQUEST;
	size_t n = 2, size = 0;

	if (!info)
		type = (uint16_t)(asked[5] | asked[6] << 8);
	for (size_t i = start - 1U; i < p->count && i < end; i++) {
		const struct peer_attribute *a = &p->attributes[i];
		size_t head = group ? 4 : 2, length = info ? 2 : a->length;

		if (!info && a->type != type)
			continue;
		if (n + head + length > p->mtu || (size != 0 && size != head + length))
			break;
		size = head + length;
		peer_put16(to + n, (uint16_t)(i + 1));
		if (group)
			peer_put16(to + n + 2, peer_group_end(p, i));
		if (info)
			peer_put16(to + n + 2, a->type);
		else
			memcpy(to + n + head, a->value, length);
		n += size;
	}
	if (n == 2)
		return peer_refuse(asked, ATT_ERROR_NOT_FOUND, to);
	to[0] = asked[0] + 1;
	to[1] = info ? 1 : (uint8_t)size;
	return n;
}

/* Whether it answers the request by its form: so it must be in order to be taken as an answer. */
static bool peer_is_answer(const uint8_t *asked, const uint8_t *pdu, size_t length)
{
	return length > 0 &&
	       (pdu[0] == asked[0] + 1 ||
		       (length == 5 && pdu[0] == ATT_ERROR_RESPONSE && pdu[1] == asked[0]));
}

/* The answer to a request; values come from the input. Returns its length. */
static size_t peer_answer(
	struct peer *p, const uint8_t *asked, size_t length, struct cursor *input, uint8_t *to)
{
	size_t n;

	switch (asked[0]) {
	case ATT_EXCHANGE_MTU_REQUEST:
		to[0] = ATT_EXCHANGE_MTU_RESPONSE;
		peer_put16(to + 1, p->mtu);
		return 3;
	case ATT_FIND_INFORMATION_REQUEST:
	case ATT_READ_BY_TYPE_REQUEST:
	case ATT_READ_BY_GROUP_TYPE_REQUEST:
		return peer_list(p, asked, to);
	case ATT_READ_REQUEST:
	case ATT_READ_BLOB_REQUEST:
		n = cursor_u8(input);
		if (n > cursor_remaining(input))
			n = cursor_remaining(input);
		if (n > (size_t)p->mtu - 1)
			n = (size_t)p->mtu - 1;
		to[0] = asked[0] + 1;
		cursor_copy(input, to + 1, n);
		return 1 + n;
	default:
		if (p->manner & PEER_REFUSES)
			return peer_refuse(asked, ATT_ERROR_AUTHENTICATION, to);
		to[0] = ATT_WRITE_RESPONSE;
		return 1;
	}
}
