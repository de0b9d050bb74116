/*
 * Current Time, to be read (CTS 1.1): one service, two values. The time is
 * told without notifications, which the service would have: a device that
 * wants it reads it when it connects. See att_server.h.
 */
#include "ble/att_server.h"

#include <string.h>

#include "ble/att.h"
#include "codec/datetime.h"
#include "util/cursor.h"

#define PRIMARY_SERVICE 0x2800
#define SECONDARY_SERVICE 0x2801
#define CHARACTERISTIC 0x2803
#define CURRENT_TIME_SERVICE 0x1805
#define CURRENT_TIME 0x2A2B
#define LOCAL_TIME_INFORMATION 0x2A0F
#define PROPERTY_READ 0x02

#define UUID_SIZE 16
#define VALUE_MAX CURRENT_TIME_SIZE

/* Offset of summer time in Local Time Information, CTS 3.2.1. */
#define SUMMER_NONE 0
#define SUMMER_HOUR 4
#define HOUR_S 3600
#define QUARTER_S 900
#define SECOND_US INT64_C(1000000)

/* Attributes by their handles, from 1 on. */
enum { SERVICE = 1, TIME_DECLARED, TIME, LOCAL_DECLARED, LOCAL, _END };

static const uint16_t types[_END] = {
	[SERVICE] = PRIMARY_SERVICE,
	[TIME_DECLARED] = CHARACTERISTIC,
	[TIME] = CURRENT_TIME,
	[LOCAL_DECLARED] = CHARACTERISTIC,
	[LOCAL] = LOCAL_TIME_INFORMATION,
};

/* A request under way. */
struct asked {
	uint8_t opcode;
	uint16_t start, end;
	att_server_time_fn get_time;
	void *context;
	uint8_t *to;
};

static void put16(uint8_t *to, uint16_t v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
}

static size_t refuse(const struct asked *q, uint16_t handle, uint8_t error)
{
	q->to[0] = ATT_ERROR_RESPONSE;
	q->to[1] = q->opcode;
	put16(q->to + 2, handle);
	q->to[4] = error;
	return 5;
}

/* ---- values ---- */

static size_t declare(uint8_t *to, uint16_t value)
{
	to[0] = PROPERTY_READ;
	put16(to + 1, value);
	put16(to + 3, types[value]);
	return 5;
}

static size_t local_information(uint8_t *to, const struct att_server_time *t)
{
	int32_t standard = t->offset_s - (t->summer ? HOUR_S : 0);

	to[0] = (uint8_t)(int8_t)(standard / QUARTER_S);
	to[1] = t->summer ? SUMMER_HOUR : SUMMER_NONE;
	return 2;
}

/* The value of an attribute that is there; 0: the time is not known. */
static size_t value_of(const struct asked *q, uint16_t handle, uint8_t to[VALUE_MAX])
{
	struct att_server_time t;

	switch (handle) {
	case SERVICE:
		put16(to, CURRENT_TIME_SERVICE);
		return 2;
	case TIME_DECLARED:
	case LOCAL_DECLARED:
		return declare(to, (uint16_t)(handle + 1));
	default:
		break;
	}
	if (!q->get_time || !q->get_time(q->context, &t))
		return 0;
	if (handle == LOCAL)
		return local_information(to, &t);
	datetime_write_current(to, t.utc_us + t.offset_s * SECOND_US, 0);
	return CURRENT_TIME_SIZE;
}

/* ---- requests ---- */

static bool is_there(uint16_t handle)
{
	return handle >= SERVICE && handle < _END;
}

static size_t read_value(struct cursor *c, const struct asked *q)
{
	uint16_t handle = cursor_le16(c);
	size_t n;

	if (cursor_done(c) < 0)
		return refuse(q, 0, ATT_ERROR_INVALID_PDU);
	if (!is_there(handle))
		return refuse(q, handle, ATT_ERROR_INVALID_HANDLE);
	n = value_of(q, handle, q->to + 1);
	if (n == 0)
		return refuse(q, handle, ATT_ERROR_UNLIKELY);
	q->to[0] = ATT_READ_RESPONSE;
	return 1 + n;
}

static size_t refuse_write(struct cursor *c, const struct asked *q)
{
	uint16_t handle = cursor_le16(c);

	if (c->failed)
		return refuse(q, 0, ATT_ERROR_INVALID_PDU);
	return refuse(q, handle,
		is_there(handle) ? ATT_ERROR_WRITE_NOT_PERMITTED : ATT_ERROR_INVALID_HANDLE);
}

/* Start and end of a range. Returns the length of an answer when they are wrong, else 0. */
static size_t range(struct cursor *c, struct asked *q)
{
	q->start = cursor_le16(c);
	q->end = cursor_le16(c);
	if (c->failed)
		return refuse(q, 0, ATT_ERROR_INVALID_PDU);
	if (q->start == 0 || q->start > q->end)
		return refuse(q, q->start, ATT_ERROR_INVALID_HANDLE);
	return 0;
}

static size_t find_information(struct cursor *c, struct asked *q)
{
	size_t n = range(c, q);

	if (n > 0)
		return n;
	if (cursor_done(c) < 0)
		return refuse(q, 0, ATT_ERROR_INVALID_PDU);
	n = 2;
	for (uint16_t h = q->start; h < _END && h <= q->end; h++, n += 4) {
		put16(q->to + n, h);
		put16(q->to + n + 2, types[h]);
	}
	if (n == 2)
		return refuse(q, q->start, ATT_ERROR_NOT_FOUND);
	q->to[0] = ATT_FIND_INFORMATION_RESPONSE;
	q->to[1] = 1; /* UUIDs of 16 bits */
	return n;
}

static size_t find_by_type_value(struct cursor *c, struct asked *q)
{
	size_t n = range(c, q), length;
	uint16_t type;

	if (n > 0)
		return n;
	type = cursor_le16(c);
	if (c->failed)
		return refuse(q, 0, ATT_ERROR_INVALID_PDU);
	length = cursor_remaining(c);
	if (type != PRIMARY_SERVICE || q->start > SERVICE ||
		att_uuid(cursor_bytes(c, length), length) != CURRENT_TIME_SERVICE)
		return refuse(q, q->start, ATT_ERROR_NOT_FOUND);
	q->to[0] = ATT_FIND_BY_TYPE_VALUE_RESPONSE;
	put16(q->to + 1, SERVICE);
	put16(q->to + 3, _END - 1);
	return 5;
}

/* The type that ends Read By Type and Read By Group Type. Likewise. */
static size_t range_and_type(struct cursor *c, struct asked *q, uint16_t *ret_type)
{
	size_t n = range(c, q), length = cursor_remaining(c);

	*ret_type = 0;
	if (n > 0)
		return n;
	if (length != 2 && length != UUID_SIZE)
		return refuse(q, 0, ATT_ERROR_INVALID_PDU);
	*ret_type = att_uuid(cursor_bytes(c, length), length);
	return 0;
}

static size_t read_by_type(struct cursor *c, struct asked *q)
{
	uint8_t value[VALUE_MAX];
	uint16_t type;
	size_t n = range_and_type(c, q, &type), length, size = 0;

	if (n > 0)
		return n;
	n = 2;
	for (uint16_t h = q->start; h < _END && h <= q->end; h++) {
		if (types[h] != type)
			continue;
		length = value_of(q, h, value);
		if (length == 0)
			return refuse(q, h, ATT_ERROR_UNLIKELY);
		size = 2 + length;
		put16(q->to + n, h);
		memcpy(q->to + n + 2, value, length);
		n += size;
	}
	if (n == 2)
		return refuse(q, q->start, ATT_ERROR_NOT_FOUND);
	q->to[0] = ATT_READ_BY_TYPE_RESPONSE;
	q->to[1] = (uint8_t)size;
	return n;
}

static size_t read_by_group_type(struct cursor *c, struct asked *q)
{
	uint16_t type;
	size_t n = range_and_type(c, q, &type);

	if (n > 0)
		return n;
	if (type != PRIMARY_SERVICE && type != SECONDARY_SERVICE)
		return refuse(q, q->start, ATT_ERROR_GROUP_TYPE);
	if (type != PRIMARY_SERVICE || q->start > SERVICE)
		return refuse(q, q->start, ATT_ERROR_NOT_FOUND);
	q->to[0] = ATT_READ_BY_GROUP_TYPE_RESPONSE;
	q->to[1] = 6;
	put16(q->to + 2, SERVICE);
	put16(q->to + 4, _END - 1);
	put16(q->to + 6, CURRENT_TIME_SERVICE);
	return 8;
}

static size_t exchange_mtu(struct cursor *c, const struct asked *q, uint16_t own_mtu)
{
	cursor_skip(c, 2);
	if (cursor_done(c) < 0)
		return refuse(q, 0, ATT_ERROR_INVALID_PDU);
	q->to[0] = ATT_EXCHANGE_MTU_RESPONSE;
	put16(q->to + 1, own_mtu);
	return 3;
}

size_t att_server_answer(const uint8_t *pdu, size_t length, uint16_t own_mtu,
	att_server_time_fn get_time, void *context, uint8_t to[ATT_SERVER_ANSWER_MAX])
{
	struct cursor c = cursor_init(pdu, length);
	struct asked q = {
		.opcode = cursor_u8(&c), .get_time = get_time, .context = context, .to = to
	};

	switch (q.opcode) {
	case ATT_EXCHANGE_MTU_REQUEST:
		return exchange_mtu(&c, &q, own_mtu);
	case ATT_FIND_INFORMATION_REQUEST:
		return find_information(&c, &q);
	case ATT_FIND_BY_TYPE_VALUE_REQUEST:
		return find_by_type_value(&c, &q);
	case ATT_READ_BY_TYPE_REQUEST:
		return read_by_type(&c, &q);
	case ATT_READ_REQUEST:
		return read_value(&c, &q);
	case ATT_READ_BY_GROUP_TYPE_REQUEST:
		return read_by_group_type(&c, &q);
	case ATT_WRITE_REQUEST:
		return refuse_write(&c, &q);
	default:
		return refuse(&q, 0, ATT_ERROR_NOT_SUPPORTED);
	}
}
