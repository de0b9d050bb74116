/*
 * Commands of the management protocol, and what their replies return: see
 * mgmt.h. Layouts are those of doc/mgmt-api.txt of BlueZ.
 */
#include "ble/mgmt.h"

#include <errno.h>
#include <string.h>

#include "util/cursor.h"

#define SHORT_NAME_SIZE 11

/* A bounded writer: an overflow sticks. */
struct out {
	uint8_t *at, *end;
	bool failed;
};

static void put_bytes(struct out *o, const void *p, size_t n)
{
	if ((size_t)(o->end - o->at) < n) {
		o->failed = true;
		return;
	}
	memcpy(o->at, p, n);
	o->at += n;
}

static void put_u8(struct out *o, uint8_t v)
{
	put_bytes(o, &v, 1);
}

static void put_le16(struct out *o, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)v, (uint8_t)(v >> 8) };

	put_bytes(o, b, sizeof(b));
}

static void put_le32(struct out *o, uint32_t v)
{
	put_le16(o, (uint16_t)v);
	put_le16(o, (uint16_t)(v >> 16));
}

static void put_address(struct out *o, const struct ble_address *a)
{
	put_bytes(o, a->octets, BLE_ADDRESS_SIZE);
	put_u8(o, a->type);
}

static bool put_ltks(struct out *o, const struct mgmt_command *c)
{
	if (c->count > MGMT_LTKS_MAX)
		return false;
	put_le16(o, (uint16_t)c->count);
	for (size_t i = 0; i < c->count; i++) {
		const struct mgmt_ltk *k = &c->ltks[i];

		put_address(o, &k->address);
		put_u8(o, k->type);
		put_u8(o, k->central);
		put_u8(o, k->size);
		put_le16(o, k->ediv);
		put_bytes(o, k->rand, sizeof(k->rand));
		put_bytes(o, k->value, sizeof(k->value));
	}
	return true;
}

static bool put_irks(struct out *o, const struct mgmt_command *c)
{
	if (c->count > MGMT_IRKS_MAX)
		return false;
	put_le16(o, (uint16_t)c->count);
	for (size_t i = 0; i < c->count; i++) {
		put_address(o, &c->irks[i].address);
		put_bytes(o, c->irks[i].value, MGMT_KEY_SIZE);
	}
	return true;
}

static bool put_params(struct out *o, const struct mgmt_command *c)
{
	if (c->count > MGMT_PARAMS_MAX)
		return false;
	put_le16(o, (uint16_t)c->count);
	for (size_t i = 0; i < c->count; i++) {
		const struct mgmt_params *p = &c->params[i];

		put_address(o, &p->address);
		put_le16(o, p->min);
		put_le16(o, p->max);
		put_le16(o, p->latency);
		put_le16(o, p->timeout);
	}
	return true;
}

static bool put_patterns(struct out *o, const struct mgmt_command *c)
{
	if (c->count == 0 || c->count > MGMT_PATTERNS_MAX)
		return false;
	put_u8(o, (uint8_t)c->count);
	for (size_t i = 0; i < c->count; i++) {
		const struct mgmt_pattern *p = &c->patterns[i];

		/* the kernel's own check */
		if (p->length > MGMT_PATTERN_SIZE || p->offset + p->length > MGMT_PATTERN_SIZE)
			return false;
		put_u8(o, p->ad_type);
		put_u8(o, p->offset);
		put_u8(o, p->length);
		put_bytes(o, p->value, MGMT_PATTERN_SIZE);
	}
	return true;
}

static bool put_switch(struct out *o, const struct mgmt_command *c)
{
	put_u8(o, c->value);
	return c->value <= 1;
}

static bool put_io(struct out *o, const struct mgmt_command *c)
{
	put_u8(o, c->value);
	return c->value <= MGMT_IO_KEYBOARD_DISPLAY;
}

static bool put_who(struct out *o, const struct mgmt_command *c)
{
	put_address(o, &c->address);
	/* the configuration's "any" means nothing to the kernel */
	return c->address.type == BLE_ADDRESS_PUBLIC || c->address.type == BLE_ADDRESS_RANDOM;
}

static bool put_parameters(struct out *o, const struct mgmt_command *c)
{
	switch ((enum mgmt_op)c->op) {
	case MGMT_READ_VERSION:
	case MGMT_READ_INDEX_LIST:
	case MGMT_READ_EXT_INDEX_LIST:
	case MGMT_READ_INFO:
		return true;
	case MGMT_SET_POWERED:
	case MGMT_SET_BONDABLE:
	case MGMT_SET_SSP:
	case MGMT_SET_LE:
	case MGMT_SET_SECURE_CONNECTIONS:
		return put_switch(o, c);
	case MGMT_START_DISCOVERY:
	case MGMT_STOP_DISCOVERY:
		put_u8(o, c->value);
		return true;
	case MGMT_SET_IO_CAPABILITY:
		return put_io(o, c);
	case MGMT_DISCONNECT:
	case MGMT_CANCEL_PAIR:
	case MGMT_CONFIRM:
	case MGMT_CONFIRM_NEGATIVE:
	case MGMT_PASSKEY_NEGATIVE:
		return put_who(o, c);
	case MGMT_PAIR:
		return put_who(o, c) && put_io(o, c);
	case MGMT_UNPAIR:
		return put_who(o, c) && put_switch(o, c);
	case MGMT_PASSKEY:
		if (!put_who(o, c) || c->passkey > MGMT_PASSKEY_MAX)
			return false;
		put_le32(o, c->passkey);
		return true;
	case MGMT_LOAD_LTKS:
		return put_ltks(o, c);
	case MGMT_LOAD_IRKS:
		return put_irks(o, c);
	case MGMT_LOAD_PARAMS:
		return put_params(o, c);
	case MGMT_ADD_MONITOR:
		return put_patterns(o, c);
	case MGMT_REMOVE_MONITOR:
		put_le16(o, c->handle);
		return true;
	}
	return false;
}

int mgmt_encode(const struct mgmt_command *c, uint8_t *to, size_t size)
{
	struct out o = { .at = to, .end = to + size };
	size_t length;

	put_le16(&o, c->op);
	put_le16(&o, c->index);
	put_le16(&o, 0);
	if (!put_parameters(&o, c))
		return -EINVAL;
	if (o.failed)
		return -ENOBUFS;
	length = (size_t)(o.at - to);
	to[4] = (uint8_t)(length - MGMT_HEADER_SIZE);
	to[5] = (uint8_t)((length - MGMT_HEADER_SIZE) >> 8);
	return (int)length;
}

/* ---- return parameters ---- */

static struct cursor data_of(const struct mgmt_reply *r)
{
	return cursor_init(r->data, r->length);
}

static int read_ok(const struct cursor *c)
{
	return c->failed ? -EBADMSG : 0;
}

int mgmt_read_version(const struct mgmt_reply *r, uint8_t *ret_version, uint16_t *ret_revision)
{
	struct cursor c = data_of(r);

	*ret_version = cursor_u8(&c);
	*ret_revision = cursor_le16(&c);
	return read_ok(&c);
}

int mgmt_read_indexes(const struct mgmt_reply *r, struct mgmt_indexes *ret)
{
	struct cursor c = data_of(r);
	unsigned count = cursor_le16(&c);

	*ret = (struct mgmt_indexes){ 0 };
	for (unsigned i = 0; i < count && !c.failed; i++) {
		uint16_t index = cursor_le16(&c);

		if (r->op == MGMT_READ_EXT_INDEX_LIST) {
			uint8_t type = cursor_u8(&c);

			cursor_skip(&c, 1); /* the bus */
			if (type != 0)
				continue;
		}
		if (c.failed)
			break;
		if (ret->count == MGMT_INDEXES_MAX)
			ret->more = true;
		else
			ret->list[ret->count++] = index;
	}
	return read_ok(&c);
}

int mgmt_read_info(const struct mgmt_reply *r, struct mgmt_info *ret)
{
	struct cursor c = data_of(r);

	*ret = (struct mgmt_info){ .address = { .type = BLE_ADDRESS_PUBLIC } };
	cursor_copy(&c, ret->address.octets, BLE_ADDRESS_SIZE);
	ret->version = cursor_u8(&c);
	ret->manufacturer = cursor_le16(&c);
	ret->supported = cursor_le32(&c);
	ret->settings = cursor_le32(&c);
	cursor_skip(&c, 3); /* the class of device */
	cursor_copy(&c, ret->name, sizeof(ret->name));
	ret->name[sizeof(ret->name) - 1] = 0;
	cursor_skip(&c, SHORT_NAME_SIZE);
	return read_ok(&c);
}

int mgmt_read_settings(const struct mgmt_reply *r, uint32_t *ret)
{
	struct cursor c = data_of(r);

	*ret = cursor_le32(&c);
	return read_ok(&c);
}

int mgmt_read_monitor(const struct mgmt_reply *r, uint16_t *ret)
{
	struct cursor c = data_of(r);

	*ret = cursor_le16(&c);
	return read_ok(&c);
}

int mgmt_read_address(const struct mgmt_reply *r, struct ble_address *ret)
{
	struct cursor c = data_of(r);

	cursor_copy(&c, ret->octets, BLE_ADDRESS_SIZE);
	ret->type = cursor_u8(&c);
	return read_ok(&c);
}

/* ---- what the kernel takes (net/bluetooth/mgmt.c) ---- */

bool mgmt_ltk_valid(const struct mgmt_ltk *k)
{
	return ble_address_is_identity(&k->address) && k->central <= 1 &&
	       k->type <= MGMT_LTK_P256_DEBUG && k->size >= 7 && k->size <= MGMT_KEY_SIZE;
}

bool mgmt_irk_valid(const struct mgmt_irk *k)
{
	static const uint8_t zero[MGMT_KEY_SIZE];

	return ble_address_is_identity(&k->address) && memcmp(k->value, zero, sizeof(zero)) != 0;
}

/* hci_check_conn_params(), and for latency what Core Vol 6 Part B 4.5.1 asks for. */
bool mgmt_params_valid(const struct mgmt_params *p)
{
	return (p->address.type == BLE_ADDRESS_PUBLIC || p->address.type == BLE_ADDRESS_RANDOM) &&
	       p->min >= 6 && p->min <= p->max && p->max <= 3200 && p->timeout >= 10 &&
	       p->timeout <= 3200 && p->max < p->timeout * 8 && p->latency <= 499 &&
	       p->latency <= p->timeout * 4 / p->max - 1;
}
