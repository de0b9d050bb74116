/*
 * Controllers and adapters: see adapter_router.h.
 *
 * A controller is given away once its information is known. Those that are named
 * by their address or as hciN come first, "auto" takes what is left, the lowest
 * number first. What has a controller keeps it until it is unplugged.
 */
#include "ble/adapter_router.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

void adapter_router_init(struct adapter_router *r)
{
	*r = (struct adapter_router){ .list_us = INT64_MAX, .prefer_us = INT64_MAX };
}

int adapter_router_add(struct adapter_router *r, struct adapter *a)
{
	if (r->count == ADAPTERS_MAX)
		return -ENOSPC;
	r->adapters[r->count++] = a;
	return 0;
}

static bool is_auto(const struct adapter *a)
{
	return strcmp(a->select, "auto") == 0;
}

static bool free_adapter(const struct adapter *a)
{
	return a->index == MGMT_INDEX_NONE;
}

/* ---- who gets what ---- */

static bool named(const struct adapter *a, const struct adapter_controller *c)
{
	char name[16];
	struct ble_address address;

	(void)snprintf(name, sizeof(name), "hci%u", c->index);
	if (strcmp(a->select, name) == 0)
		return true;
	return ble_address_parse(a->select, BLE_ADDRESS_PUBLIC, &address) &&
	       ble_address_equal(&address, &c->info.address);
}

/* Bonds are made with an adapter: the one from before is waited for. */
static bool acceptable(
	const struct adapter_router *r, const struct adapter *a, const struct adapter_controller *c)
{
	if (!(c->info.supported & MGMT_LE) || ble_address_is_none(&c->info.address))
		return false;
	return ble_address_is_none(&a->address) ||
	       ble_address_equal(&a->address, &c->info.address) || r->prefer_us == INT64_MAX;
}

static void give(struct adapter_controller *c, struct adapter *a, int64_t now_us)
{
	c->adapter = a;
	adapter_attach(a, c->index, &c->info, now_us);
}

static struct adapter_controller *choose(struct adapter_router *r, const struct adapter *a)
{
	struct adapter_controller *best = NULL;

	for (unsigned i = 0; i < CONTROLLERS_MAX; i++) {
		struct adapter_controller *c = &r->controllers[i];

		if (!c->used || !c->known || c->adapter)
			continue;
		if (is_auto(a) ? !acceptable(r, a, c) : !named(a, c))
			continue;
		/* the one from before, else the lowest number */
		if (ble_address_equal(&a->address, &c->info.address))
			return c;
		if (!best || c->index < best->index)
			best = c;
	}
	return best;
}

static void assign(struct adapter_router *r, int64_t now_us)
{
	for (int automatic = 0; automatic <= 1; automatic++)
		for (unsigned i = 0; i < r->count; i++) {
			struct adapter *a = r->adapters[i];
			struct adapter_controller *c;

			if (!free_adapter(a) || is_auto(a) != (automatic == 1))
				continue;
			c = choose(r, a);
			if (c)
				give(c, a, now_us);
		}
}

static void none_found(const struct adapter *a, char *to, size_t size)
{
	if (is_auto(a))
		(void)snprintf(to, size,
			"no Bluetooth Low Energy adapter was found; plug one in, or look whether "
			"the "
			"kernel has a driver for it");
	else
		(void)snprintf(to, size,
			"Bluetooth adapter %s was not found; Adapter=auto takes any", a->select);
}

static void absent(struct adapter *a, int64_t now_us)
{
	char words[ADAPTER_WORDS_SIZE];

	none_found(a, words, sizeof(words));
	adapter_detach(a, false, words, now_us);
}

/* ---- controllers ---- */

static struct adapter_controller *find(struct adapter_router *r, uint16_t index)
{
	for (unsigned i = 0; i < CONTROLLERS_MAX; i++)
		if (r->controllers[i].used && r->controllers[i].index == index)
			return &r->controllers[i];
	return NULL;
}

static void added(struct adapter_router *r, uint16_t index)
{
	if (index == MGMT_INDEX_NONE || find(r, index))
		return;
	for (unsigned i = 0; i < CONTROLLERS_MAX; i++)
		if (!r->controllers[i].used) {
			r->controllers[i] = (struct adapter_controller){
				.used = true, .index = index, .deadline_us = INT64_MAX
			};
			return;
		}
}

static void removed(struct adapter_router *r, uint16_t index, int64_t now_us)
{
	struct adapter_controller *c = find(r, index);
	struct adapter *a;
	char words[64];

	if (!c)
		return;
	a = c->adapter;
	*c = (struct adapter_controller){ 0 };
	if (!a)
		return;
	(void)snprintf(words, sizeof(words), "hci%u was unplugged", index);
	r->prefer_us = now_us + ADAPTER_ROUTER_PREFER_US;
	adapter_detach(a, false, words, now_us);
	assign(r, now_us);
}

static void on_list(struct adapter_router *r, const struct mgmt_reply *reply, int64_t now_us)
{
	struct mgmt_indexes list;

	r->waiting_list = false;
	r->list_us = now_us + ADAPTER_ROUTER_LIST_US;
	if (reply->status != MGMT_SUCCESS || mgmt_read_indexes(reply, &list) < 0)
		return;
	for (unsigned i = 0; i < CONTROLLERS_MAX; i++) {
		bool there = false;

		for (size_t n = 0; n < list.count; n++)
			there |= r->controllers[i].index == list.list[n];
		if (r->controllers[i].used && !there && !list.more)
			removed(r, r->controllers[i].index, now_us);
	}
	for (size_t n = 0; n < list.count; n++)
		added(r, list.list[n]);
}

static void on_info(struct adapter_router *r, struct adapter_controller *c,
	const struct mgmt_reply *reply, int64_t now_us)
{
	c->asking = false;
	c->deadline_us = now_us + ADAPTER_ROUTER_REPLY_US;
	if (reply->status != MGMT_SUCCESS || mgmt_read_info(reply, &c->info) < 0)
		return;
	c->known = true;
	c->deadline_us = INT64_MAX;
	assign(r, now_us);
}

static void on_version(struct adapter_router *r, const struct mgmt_reply *reply)
{
	if (reply->status == MGMT_SUCCESS)
		(void)mgmt_read_version(reply, &r->version, &r->revision);
}

/* Whether it was ours. */
static bool on_reply(struct adapter_router *r, const struct mgmt_event *e, int64_t now_us)
{
	struct adapter_controller *c;

	if (e->code == MGMT_EV_STATUS && e->reply.status == MGMT_SUCCESS)
		return false;
	/* a controller that has gone unheard */
	if (e->reply.status == MGMT_INVALID_INDEX && !r->waiting_list)
		r->want_list = true;
	switch (e->reply.op) {
	case MGMT_READ_VERSION:
		on_version(r, &e->reply);
		return true;
	case MGMT_READ_INDEX_LIST:
		on_list(r, &e->reply, now_us);
		return true;
	case MGMT_READ_INFO:
		/* adapters ask as well, but only of what they were given */
		c = find(r, e->index);
		if (!c || !c->asking)
			return false;
		on_info(r, c, &e->reply, now_us);
		return true;
	default:
		return false;
	}
}

static void deliver(struct adapter_router *r, const struct mgmt_event *e, int64_t now_us)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->adapters[i]->index == e->index && e->index != MGMT_INDEX_NONE) {
			adapter_event(r->adapters[i], e, now_us);
			return;
		}
}

void adapter_router_receive(
	struct adapter_router *r, const uint8_t *packet, size_t length, int64_t now_us)
{
	struct mgmt_event e;
	int n = mgmt_decode(packet, length, &e);

	if (!r->running)
		return;
	if (n < 0) {
		r->bad_packets++;
		return;
	}
	if (n == MGMT_E_OTHER)
		return;
	switch ((enum mgmt_event_code)e.code) {
	case MGMT_EV_EXT_INDEX_ADDED:
		if (e.controller.type != 0)
			return;
		added(r, e.index);
		return;
	case MGMT_EV_INDEX_ADDED:
		added(r, e.index);
		return;
	case MGMT_EV_EXT_INDEX_REMOVED:
	case MGMT_EV_INDEX_REMOVED:
		removed(r, e.index, now_us);
		return;
	case MGMT_EV_COMPLETE:
	case MGMT_EV_STATUS:
		if (!on_reply(r, &e, now_us))
			deliver(r, &e, now_us);
		return;
	case MGMT_EV_CONTROLLER_ERROR:
	case MGMT_EV_NEW_SETTINGS:
	case MGMT_EV_NAME_CHANGED:
	case MGMT_EV_NEW_LTK:
	case MGMT_EV_CONNECTED:
	case MGMT_EV_DISCONNECTED:
	case MGMT_EV_CONNECT_FAILED:
	case MGMT_EV_CONFIRM:
	case MGMT_EV_PASSKEY:
	case MGMT_EV_AUTH_FAILED:
	case MGMT_EV_FOUND:
	case MGMT_EV_DISCOVERING:
	case MGMT_EV_UNPAIRED:
	case MGMT_EV_PASSKEY_NOTIFY:
	case MGMT_EV_NEW_IRK:
	case MGMT_EV_NEW_CSRK:
	case MGMT_EV_DEVICE_ADDED:
	case MGMT_EV_DEVICE_REMOVED:
	case MGMT_EV_NEW_PARAMS:
	case MGMT_EV_MONITOR_REMOVED:
	case MGMT_EV_MONITOR_FOUND:
	case MGMT_EV_MONITOR_LOST:
		deliver(r, &e, now_us);
		return;
	}
}

/* ---- start and stop ---- */

void adapter_router_start(struct adapter_router *r, int64_t now_us)
{
	memset(r->controllers, 0, sizeof(r->controllers));
	r->running = r->want_version = r->want_list = true;
	r->waiting_list = false;
	r->list_us = INT64_MAX;
	r->prefer_us = now_us + ADAPTER_ROUTER_PREFER_US;
	r->next = 0;
	for (unsigned i = 0; i < r->count; i++)
		absent(r->adapters[i], now_us);
}

void adapter_router_stop(struct adapter_router *r, const char *text, int64_t now_us)
{
	r->running = false;
	memset(r->controllers, 0, sizeof(r->controllers));
	for (unsigned i = 0; i < r->count; i++)
		adapter_detach(r->adapters[i], true, text, now_us);
}

/* ---- commands and time ---- */

static size_t own(uint16_t op, uint16_t index, uint8_t *to, size_t size)
{
	int n = mgmt_encode(&(struct mgmt_command){ .op = op, .index = index }, to, size);

	assert(n > 0);
	return (size_t)n;
}

size_t adapter_router_output(struct adapter_router *r, uint8_t *to, size_t size, int64_t now_us)
{
	if (!r->running)
		return 0;
	if (r->want_version) {
		r->want_version = false;
		return own(MGMT_READ_VERSION, MGMT_INDEX_NONE, to, size);
	}
	if (r->want_list) {
		r->want_list = false;
		r->waiting_list = true;
		r->list_us = now_us + ADAPTER_ROUTER_REPLY_US;
		return own(MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, to, size);
	}
	for (unsigned i = 0; i < CONTROLLERS_MAX; i++) {
		struct adapter_controller *c = &r->controllers[i];

		if (!c->used || c->known || c->asking || c->deadline_us != INT64_MAX)
			continue;
		c->asking = true;
		c->deadline_us = now_us + ADAPTER_ROUTER_REPLY_US;
		return own(MGMT_READ_INFO, c->index, to, size);
	}
	for (unsigned i = 0; i < r->count; i++) {
		struct adapter *a = r->adapters[r->next];
		size_t n = a->index == MGMT_INDEX_NONE ? 0 : adapter_output(a, to, size, now_us);

		r->next = (r->next + 1) % r->count;
		if (n > 0)
			return n;
	}
	return 0;
}

static bool one_missing(const struct adapter_router *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (free_adapter(r->adapters[i]))
			return true;
	return false;
}

int64_t adapter_router_deadline(const struct adapter_router *r)
{
	int64_t at = INT64_MAX;

	for (unsigned i = 0; i < r->count; i++) {
		int64_t own_us = adapter_deadline(r->adapters[i]);

		at = own_us < at ? own_us : at;
	}
	if (!r->running)
		return at;
	if ((r->waiting_list || one_missing(r)) && r->list_us < at)
		at = r->list_us;
	for (unsigned i = 0; i < CONTROLLERS_MAX; i++)
		if (r->controllers[i].used && !r->controllers[i].known &&
			r->controllers[i].deadline_us < at)
			at = r->controllers[i].deadline_us;
	if (one_missing(r) && r->prefer_us < at)
		at = r->prefer_us;
	return at;
}

void adapter_router_tick(struct adapter_router *r, int64_t now_us)
{
	for (unsigned i = 0; i < r->count; i++)
		adapter_tick(r->adapters[i], now_us);
	if (!r->running)
		return;
	if (now_us >= r->list_us && (r->waiting_list || one_missing(r))) {
		r->want_list = true;
		r->waiting_list = false;
		r->list_us = INT64_MAX;
	}
	for (unsigned i = 0; i < CONTROLLERS_MAX; i++) {
		struct adapter_controller *c = &r->controllers[i];

		if (c->used && !c->known && now_us >= c->deadline_us) {
			c->asking = false;
			c->deadline_us = INT64_MAX; /* asked again at the next output */
		}
	}
	/* now "auto" takes another controller than the one from before */
	if (now_us >= r->prefer_us) {
		r->prefer_us = INT64_MAX;
		assign(r, now_us);
	}
}
