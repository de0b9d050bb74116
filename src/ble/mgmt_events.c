/*
 * Events of the management protocol: see mgmt.h. Whatever the bytes are, a
 * field is read only where it is, and lengths that lie are refused.
 */
#include "ble/mgmt.h"

#include <errno.h>

#include "util/cursor.h"

#define FOUND_NOT_CONNECTABLE 0x04

static void read_address(struct cursor *c, struct ble_address *ret)
{
	cursor_copy(c, ret->octets, BLE_ADDRESS_SIZE);
	ret->type = cursor_u8(c);
}

static void read_reply(struct cursor *c, struct mgmt_event *e)
{
	e->reply.op = cursor_le16(c);
	e->reply.status = cursor_u8(c);
	if (e->code == MGMT_EV_STATUS)
		return;
	e->reply.length = cursor_remaining(c);
	e->reply.data = cursor_bytes(c, e->reply.length);
}

static void read_report(struct cursor *c, struct mgmt_event *e)
{
	struct mgmt_report *r = &e->report;

	if (e->code == MGMT_EV_MONITOR_FOUND)
		r->monitor = cursor_le16(c);
	read_address(c, &r->address);
	r->rssi = (int8_t)cursor_u8(c);
	r->flags = cursor_le32(c);
	r->connectable = !(r->flags & FOUND_NOT_CONNECTABLE);
	r->length = cursor_le16(c);
	if (r->length > MGMT_DATA_MAX)
		c->failed = true;
	r->data = cursor_bytes(c, r->length);
}

static void read_ltk(struct cursor *c, struct mgmt_ltk *k)
{
	read_address(c, &k->address);
	k->type = cursor_u8(c);
	k->central = cursor_u8(c);
	k->size = cursor_u8(c);
	k->ediv = cursor_le16(c);
	cursor_copy(c, k->rand, sizeof(k->rand));
	cursor_copy(c, k->value, sizeof(k->value));
}

static void read_irk(struct cursor *c, struct mgmt_event *e)
{
	/* a resolvable address is a random one: its type is not said */
	e->new_key.irk.rpa.type = BLE_ADDRESS_RANDOM;
	cursor_copy(c, e->new_key.irk.rpa.octets, BLE_ADDRESS_SIZE);
	read_address(c, &e->new_key.irk.key.address);
	cursor_copy(c, e->new_key.irk.key.value, MGMT_KEY_SIZE);
}

static void read_csrk(struct cursor *c, struct mgmt_csrk *k)
{
	read_address(c, &k->address);
	k->type = cursor_u8(c);
	cursor_copy(c, k->value, MGMT_KEY_SIZE);
}

static void read_params(struct cursor *c, struct mgmt_params *p)
{
	read_address(c, &p->address);
	p->min = cursor_le16(c);
	p->max = cursor_le16(c);
	p->latency = cursor_le16(c);
	p->timeout = cursor_le16(c);
}

/* Events that say something of a key or of parameters, behind the hint that it is to be kept. */
static void read_new(struct cursor *c, struct mgmt_event *e)
{
	e->new_key.store = cursor_u8(c) != 0;
	if (e->code == MGMT_EV_NEW_LTK)
		read_ltk(c, &e->new_key.ltk);
	else if (e->code == MGMT_EV_NEW_IRK)
		read_irk(c, e);
	else if (e->code == MGMT_EV_NEW_CSRK)
		read_csrk(c, &e->new_key.csrk);
	else
		read_params(c, &e->new_key.params);
}

/* The flags and advertising data that follow say nothing that is needed. */
static void read_connected(struct cursor *c, struct mgmt_event *e)
{
	read_address(c, &e->address);
	cursor_skip(c, 4);
	cursor_skip(c, cursor_le16(c));
}

/* Returns whether it is one that is known. */
static bool read_parameters(struct cursor *c, struct mgmt_event *e)
{
	switch ((enum mgmt_event_code)e->code) {
	case MGMT_EV_COMPLETE:
	case MGMT_EV_STATUS:
		read_reply(c, e);
		return true;
	case MGMT_EV_CONTROLLER_ERROR:
		e->error = cursor_u8(c);
		return true;
	case MGMT_EV_INDEX_ADDED:
	case MGMT_EV_INDEX_REMOVED:
	case MGMT_EV_NAME_CHANGED:
		return true;
	case MGMT_EV_NEW_SETTINGS:
		e->settings = cursor_le32(c);
		return true;
	case MGMT_EV_EXT_INDEX_ADDED:
	case MGMT_EV_EXT_INDEX_REMOVED:
		e->controller.type = cursor_u8(c);
		e->controller.bus = cursor_u8(c);
		return true;
	case MGMT_EV_NEW_LTK:
	case MGMT_EV_NEW_IRK:
	case MGMT_EV_NEW_CSRK:
	case MGMT_EV_NEW_PARAMS:
		read_new(c, e);
		return true;
	case MGMT_EV_CONNECTED:
		read_connected(c, e);
		return true;
	case MGMT_EV_DISCONNECTED:
		read_address(c, &e->address);
		/* kernels before 3.5 gave none */
		e->reason = cursor_remaining(c) > 0 ? cursor_u8(c) : MGMT_REASON_UNKNOWN;
		return true;
	case MGMT_EV_CONNECT_FAILED:
	case MGMT_EV_AUTH_FAILED:
		read_address(c, &e->address);
		e->status = cursor_u8(c);
		return true;
	case MGMT_EV_CONFIRM:
		read_address(c, &e->address);
		e->confirm.hint = cursor_u8(c) != 0;
		e->confirm.number = cursor_le32(c);
		return true;
	case MGMT_EV_PASSKEY:
	case MGMT_EV_UNPAIRED:
	case MGMT_EV_DEVICE_ADDED:
	case MGMT_EV_DEVICE_REMOVED:
		read_address(c, &e->address);
		return true;
	case MGMT_EV_PASSKEY_NOTIFY:
		read_address(c, &e->address);
		e->notify.passkey = cursor_le32(c);
		e->notify.entered = cursor_u8(c);
		return true;
	case MGMT_EV_FOUND:
	case MGMT_EV_MONITOR_FOUND:
		read_report(c, e);
		return true;
	case MGMT_EV_DISCOVERING:
		e->discovering.type = cursor_u8(c);
		e->discovering.on = cursor_u8(c) != 0;
		return true;
	case MGMT_EV_MONITOR_REMOVED:
		e->monitor = cursor_le16(c);
		return true;
	case MGMT_EV_MONITOR_LOST:
		e->monitor = cursor_le16(c);
		read_address(c, &e->address);
		return true;
	}
	return false;
}

int mgmt_decode(const uint8_t *packet, size_t length, struct mgmt_event *ret)
{
	struct cursor c = cursor_init(packet, length);
	size_t said;

	*ret = (struct mgmt_event){ 0 };
	ret->code = cursor_le16(&c);
	ret->index = cursor_le16(&c);
	said = cursor_le16(&c);
	if (c.failed || said != cursor_remaining(&c))
		return -EBADMSG;
	if (!read_parameters(&c, ret))
		return MGMT_E_OTHER;
	return c.failed ? -EBADMSG : _MGMT_E_OK;
}
