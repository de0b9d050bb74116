/*
 * The commands of the kernel's management protocol, one row each: lengths and
 * meanings are those of BlueZ's doc/mgmt-api.txt, what it leaves open is as
 * net/bluetooth/mgmt.c has it. What the simulated stack has no use for is
 * accepted where a host may well send it, else unknown.
 */
#include <string.h>

#include "sim/ble_device.h"
#include "sim/ble_mgmt.h"
#include "sim/ble_octets.h"
#include "sim/ble_pair.h"
#include "sim/ble_stage.h"
#include "util/cursor.h"

#define DISCOVERY_US INT64_C(10240000)

struct command {
	struct sble *ble;
	struct sble_client *client;
	struct sble_adapter *adapter;
	uint16_t opcode, index;
	struct cursor in;
};

static void complete(const struct command *c, uint8_t status, const struct octets *o)
{
	sble_mgmt_complete(
		c->ble, c->client, c->opcode, c->index, status, o ? o->at : NULL, o ? o->n : 0);
}

static void refuse(const struct command *c, uint8_t status)
{
	sble_mgmt_status(c->ble, c->client, c->opcode, c->index, status);
}

static void on_version(struct command *c)
{
	complete(c, 0, &(struct octets){ .n = 3, .at = { 1, 22, 0 } });
}

static void on_index_list(struct command *c)
{
	struct octets o = { 0 };
	unsigned n = 0;

	for (size_t i = 0; i < c->ble->adapter_count; i++)
		n += c->ble->adapters[i].present;
	octets_le(&o, n, 2);
	for (size_t i = 0; i < c->ble->adapter_count; i++)
		if (c->ble->adapters[i].present)
			octets_le(&o, c->ble->adapters[i].config->index, 2);
	complete(c, 0, &o);
}

static void on_info(struct command *c)
{
	static const char name[249] = "wardsim";
	const struct sble_adapter *a = c->adapter;
	struct octets o = { 0 };
	const uint8_t none[11 + 3] = { 0 };

	octets_bytes(&o, a->config->address.octets, 6);
	octets_u8(&o, 0x0c); /* Bluetooth 5.3 */
	octets_le(&o, 0x05f1, 2);
	octets_le(&o,
		MGMT_POWERED | MGMT_CONNECTABLE | MGMT_DISCOVERABLE | MGMT_BONDABLE | MGMT_SSP |
			MGMT_BREDR | MGMT_LE | MGMT_ADVERTISING | MGMT_SC | MGMT_DEBUG_KEYS |
			MGMT_PRIVACY | MGMT_STATIC,
		4);
	octets_le(&o, a->settings, 4);
	octets_bytes(&o, none, 3);
	octets_bytes(&o, name, sizeof(name));
	octets_bytes(&o, none, 11);
	complete(c, 0, &o);
}

static void answer_settings(const struct command *c)
{
	struct octets o = { 0 };

	octets_le(&o, c->adapter->settings, 4);
	complete(c, 0, &o);
}

static void on_power(struct command *c)
{
	uint8_t on = cursor_u8(&c->in);
	struct sble *b = c->ble;
	uint32_t number = sble_client_number(c->client);

	if (on > 1) {
		refuse(c, MGMT_INVALID_PARAMS);
		return;
	}
	sble_adapter_power(c->adapter, on, c->client);
	c->client = sble_client_by_number(b, number);
	answer_settings(c);
}

/* Set ...: a mode of 0 and 1, or 2 for what has a stricter form. */
static void on_mode(struct command *c)
{
	static const struct {
		uint16_t opcode;
		uint32_t bit;
		uint8_t most;
	} modes[] = { { 0x06, MGMT_DISCOVERABLE, 2 }, { 0x07, MGMT_CONNECTABLE, 1 },
		{ 0x09, MGMT_BONDABLE, 1 }, { 0x0b, MGMT_SSP, 1 }, { 0x0d, MGMT_LE, 1 },
		{ 0x29, MGMT_ADVERTISING, 2 }, { 0x2a, MGMT_BREDR, 1 }, { 0x2d, MGMT_SC, 2 },
		{ 0x2e, MGMT_DEBUG_KEYS, 2 }, { 0x2f, MGMT_PRIVACY, 2 } };
	uint8_t mode = cursor_u8(&c->in);
	uint32_t before = c->adapter->settings;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (modes[i].opcode != c->opcode)
			continue;
		if (mode > modes[i].most) {
			refuse(c, MGMT_INVALID_PARAMS);
			return;
		}
		/* Privacy cannot change under power, nor can BR/EDR be taken away. */
		if ((before & MGMT_POWERED) &&
			(c->opcode == 0x2f || (c->opcode == 0x2a && !mode))) {
			refuse(c, MGMT_REJECTED);
			return;
		}
		if (c->opcode == 0x2d && !(before & (MGMT_LE | MGMT_SSP))) {
			refuse(c, MGMT_REJECTED);
			return;
		}
		c->adapter->settings = mode ? before | modes[i].bit : before & ~modes[i].bit;
	}
	answer_settings(c);
	if (before != c->adapter->settings) {
		const uint32_t s = c->adapter->settings;
		const uint8_t now[] = { (uint8_t)s, (uint8_t)(s >> 8), (uint8_t)(s >> 16),
			(uint8_t)(s >> 24) };

		sble_mgmt_event(
			c->ble, c->index, MGMT_EV_NEW_SETTINGS, now, sizeof(now), c->client);
		sble_devices_listen(c->ble);
	}
}

static void on_accept(struct command *c)
{
	complete(c, 0, NULL);
}

/* What is echoed: the address at the beginning. */
static void on_accept_address(struct command *c)
{
	struct octets o = { 0 };

	octets_bytes(&o, cursor_bytes(&c->in, 7), 7);
	complete(c, 0, &o);
}

static void on_class(struct command *c)
{
	complete(c, 0, &(struct octets){ .n = 3 });
}

static void on_name(struct command *c)
{
	struct octets o = { 0 };

	octets_bytes(&o, c->in.at, cursor_remaining(&c->in));
	complete(c, 0, &o);
}

static void on_io(struct command *c)
{
	uint8_t io = cursor_u8(&c->in);

	if (io > 4) {
		refuse(c, MGMT_INVALID_PARAMS);
		return;
	}
	c->adapter->io = io;
	complete(c, 0, NULL);
}

static struct sble_address take_address(struct cursor *c)
{
	struct sble_address a;

	cursor_copy(c, a.octets, 6);
	a.type = cursor_u8(c);
	return a;
}

/* Load Long Term Keys, Load Identity Resolving Keys: all or nothing. */
static void on_load_keys(struct command *c)
{
	bool ltk = c->opcode == 0x13;
	size_t n = cursor_le16(&c->in), each = ltk ? 36 : 23;
	struct cursor check = c->in;

	if (c->in.failed || cursor_remaining(&c->in) != n * each || n > SBLE_KEYS_MAX) {
		refuse(c, MGMT_INVALID_PARAMS);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct sble_address a = take_address(&check);
		uint8_t type = ltk ? cursor_u8(&check) : 0;

		cursor_skip(&check, each - 7 - ltk);
		if (!sble_address_identity(&a) || type > 4) {
			refuse(c, MGMT_INVALID_PARAMS);
			return;
		}
	}
	if (ltk)
		c->adapter->ltk_count = 0;
	else
		c->adapter->irk_count = 0;
	for (size_t i = 0; i < n; i++) {
		struct sble_key k = { .address = take_address(&c->in) };

		if (ltk) {
			k.type = cursor_u8(&c->in);
			cursor_skip(&c->in, 12);
		}
		cursor_copy(&c->in, k.value, 16);
		if (ltk)
			sble_adapter_add_ltk(c->adapter, &k);
		else
			sble_adapter_add_irk(c->adapter, &k);
	}
	complete(c, 0, NULL);
	sble_devices_listen(c->ble);
}

/* Load Connection Parameters. As the kernel: what is out of range is left out, the rest counts. */
static void on_load_params(struct command *c)
{
	size_t n = cursor_le16(&c->in);

	if (cursor_remaining(&c->in) != n * 15) {
		refuse(c, MGMT_INVALID_PARAMS);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct sble_address a = take_address(&c->in);
		unsigned min = cursor_le16(&c->in), max = cursor_le16(&c->in);
		unsigned latency = cursor_le16(&c->in), timeout = cursor_le16(&c->in);
		struct sble_device *d = sble_device_by_address(c->ble, c->adapter, &a);

		if (d && min >= 6 && min <= max && max <= 3200 && max < timeout * 8 &&
			latency < timeout * 4 / max)
			sble_log_event(c->ble->log, "parameters", d->config->name,
				"\"min\":%u,\"max\":%u,\"latency\":%u,\"timeout\":%u", min, max,
				latency, timeout);
	}
	complete(c, 0, NULL);
}

static void answer_address(const struct command *c, uint8_t status, const struct sble_address *a)
{
	struct octets o = { 0 };

	octets_bytes(&o, a->octets, 6);
	octets_u8(&o, a->type);
	complete(c, status, &o);
}

static void on_disconnect(struct command *c)
{
	struct sble_address a = take_address(&c->in);
	struct sble_device *d = sble_device_by_address(c->ble, c->adapter, &a);
	uint32_t number = sble_client_number(c->client);
	uint8_t status = 0;

	if (!(c->adapter->settings & MGMT_POWERED))
		status = MGMT_NOT_POWERED;
	else if (!d || !sble_device_connected_to(d, c->adapter))
		status = MGMT_NOT_CONNECTED;
	else
		sble_device_close(d, MGMT_BY_LOCAL);
	c->client = sble_client_by_number(c->ble, number);
	answer_address(c, status, &a);
}

static void on_connections(struct command *c)
{
	struct octets o = { 0 };
	unsigned n = 0;

	octets_le(&o, 0, 2);
	for (size_t i = 0; i < c->ble->device_count && o.n + 7u <= OCTETS_MAX; i++) {
		struct sble_address a;

		if (!sble_device_connected_to(c->ble->devices[i], c->adapter))
			continue;
		a = sble_device_shown(c->ble->devices[i], c->adapter);
		octets_bytes(&o, a.octets, 6);
		octets_u8(&o, a.type);
		n++;
	}
	o.at[0] = (uint8_t)n;
	if (c->adapter->settings & MGMT_POWERED)
		complete(c, 0, &o);
	else
		refuse(c, MGMT_NOT_POWERED);
}

static void on_connection_info(struct command *c)
{
	struct sble_address a = take_address(&c->in);
	struct sble_device *d = sble_device_by_address(c->ble, c->adapter, &a);
	bool there = d && sble_device_connected_to(d, c->adapter);
	struct octets o = { 0 };

	octets_bytes(&o, a.octets, 6);
	octets_u8(&o, a.type);
	octets_u8(&o, there ? sble_device_rssi(d) : 127);
	octets_u8(&o, there ? 0 : 127);
	octets_u8(&o, there ? 9 : 127);
	complete(c, there ? 0 : MGMT_NOT_CONNECTED, &o);
}

static void on_pairing(struct command *c)
{
	struct sble_address a = take_address(&c->in);
	uint32_t extra = (uint32_t)cursor_le(&c->in, cursor_remaining(&c->in));

	if (a.type != SBLE_PUBLIC && a.type != SBLE_RANDOM)
		answer_address(c, MGMT_INVALID_PARAMS, &a);
	else if (!(c->adapter->settings & MGMT_POWERED))
		answer_address(c, MGMT_NOT_POWERED, &a);
	else
		sble_pair_command(c->adapter, c->client, c->opcode, &a, extra);
}

static void on_start_discovery(struct command *c)
{
	struct sble_adapter *a = c->adapter;
	uint8_t type = cursor_u8(&c->in), status = 0;
	const uint8_t on[] = { type, 1 };

	if (!(a->settings & MGMT_POWERED))
		status = MGMT_NOT_POWERED;
	else if (!(type & 6) || type > 7)
		status = MGMT_INVALID_PARAMS;
	else if (!(a->settings & MGMT_LE))
		status = MGMT_REJECTED;
	else if (a->discovering)
		status = MGMT_BUSY;
	complete(c, status, &(struct octets){ .n = 1, .at = { type } });
	if (status)
		return;
	a->discovering = type;
	a->discovery++;
	sble_log_event(
		c->ble->log, "discovery", NULL, "\"adapter\":\"%s\",\"on\":true", a->config->name);
	if (a->silent == SBLE_UNTIL_RESTART)
		a->silent = SBLE_SPEAKS;
	sble_mgmt_event(c->ble, c->index, MGMT_EV_DISCOVERING, on, sizeof(on), NULL);
	sble_timer_arm(&c->ble->timers, &a->discovery_end,
		sble_now(c->ble) + sble_real(c->ble, DISCOVERY_US));
}

static void on_stop_discovery(struct command *c)
{
	struct sble_adapter *a = c->adapter;
	uint8_t type = cursor_u8(&c->in);
	bool was = a->discovering && a->discovering == type;

	complete(c,
		was              ? MGMT_SUCCESS
		: a->discovering ? MGMT_INVALID_PARAMS
				 : MGMT_REJECTED,
		&(struct octets){ .n = 1, .at = { type } });
	if (!was)
		return;
	sble_timer_stop(&c->ble->timers, &a->discovery_end);
	a->discovery_end.fn(a);
}

static void on_monitor_features(struct command *c)
{
	const struct sble_adapter *a = c->adapter;
	struct octets o = { 0 };

	octets_le(&o, 1, 4); /* OR of patterns */
	octets_le(&o, 0, 4);
	octets_le(&o, SBLE_MONITORS_MAX, 2);
	octets_u8(&o, 16);
	octets_le(&o, a->monitor_count, 2);
	for (size_t i = 0; i < a->monitor_count; i++)
		octets_le(&o, a->monitors[i], 2);
	complete(c, 0, &o);
}

/* Kernels do not match the patterns themselves where the controller cannot: nor do we. */
static void on_add_monitor(struct command *c)
{
	struct sble_adapter *a = c->adapter;
	struct octets o = { 0 };
	size_t n;

	if (c->opcode == 0x56)
		cursor_skip(&c->in, 7);
	n = cursor_u8(&c->in);
	if (c->in.failed || !n || cursor_remaining(&c->in) != n * 34) {
		refuse(c, MGMT_INVALID_PARAMS);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = cursor_bytes(&c->in, 34);

		if (p[1] >= 31 || !p[2] || p[1] + p[2] > 31) {
			refuse(c, MGMT_INVALID_PARAMS);
			return;
		}
	}
	if (a->monitor_count == SBLE_MONITORS_MAX) {
		refuse(c, MGMT_NO_RESOURCES);
		return;
	}
	a->monitors[a->monitor_count++] = a->next_monitor;
	sble_log_event(c->ble->log, "scan", NULL, "\"adapter\":\"%s\"", a->config->name);
	octets_le(&o, a->next_monitor++, 2);
	if (a->silent == SBLE_UNTIL_RESTART)
		a->silent = SBLE_SPEAKS;
	complete(c, 0, &o);
	sble_mgmt_event(c->ble, c->index, MGMT_EV_MONITOR_ADDED, o.at, o.n, c->client);
}

static void on_remove_monitor(struct command *c)
{
	struct sble_adapter *a = c->adapter;
	uint16_t handle = cursor_le16(&c->in);
	struct octets o = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < a->monitor_count; i++)
		if (handle && a->monitors[i] != handle)
			a->monitors[kept++] = a->monitors[i];
	if (handle && kept == a->monitor_count) {
		refuse(c, MGMT_INVALID_INDEX);
		return;
	}
	a->monitor_count = kept;
	octets_le(&o, handle, 2);
	complete(c, 0, &o);
	sble_mgmt_event(c->ble, c->index, MGMT_EV_MONITOR_REMOVED, o.at, o.n, c->client);
}

static void on_supported(struct command *c);

/* least and most: bytes of parameters. */
static const struct row {
	uint16_t opcode;
	uint16_t least, most;
	bool of_none;
	void (*fn)(struct command *c);
} rows[] = {
	{ 0x01, 0, 0, true, on_version },
	{ 0x02, 0, 0, true, on_supported },
	{ 0x03, 0, 0, true, on_index_list },
	{ 0x04, 0, 0, false, on_info },
	{ 0x05, 1, 1, false, on_power },
	{ 0x06, 3, 3, false, on_mode },
	{ 0x07, 1, 1, false, on_mode },
	{ 0x09, 1, 1, false, on_mode },
	{ 0x0b, 1, 1, false, on_mode },
	{ 0x0d, 1, 1, false, on_mode },
	{ 0x0e, 2, 2, false, on_class },
	{ 0x0f, 260, 260, false, on_name },
	{ 0x10, 17, 17, false, on_class },
	{ 0x11, 16, 16, false, on_class },
	{ 0x12, 3, UINT16_MAX, false, on_accept },
	{ 0x13, 2, UINT16_MAX, false, on_load_keys },
	{ 0x14, 7, 7, false, on_disconnect },
	{ 0x15, 0, 0, false, on_connections },
	{ 0x18, 1, 1, false, on_io },
	{ 0x19, 8, 8, false, on_pairing },
	{ 0x1a, 7, 7, false, on_pairing },
	{ 0x1b, 8, 8, false, on_pairing },
	{ 0x1c, 7, 7, false, on_pairing },
	{ 0x1d, 7, 7, false, on_pairing },
	{ 0x1e, 11, 11, false, on_pairing },
	{ 0x1f, 7, 7, false, on_pairing },
	{ 0x23, 1, 1, false, on_start_discovery },
	{ 0x24, 1, 1, false, on_stop_discovery },
	{ 0x26, 7, 7, false, on_accept_address },
	{ 0x27, 7, 7, false, on_accept_address },
	{ 0x28, 8, 8, false, on_accept },
	{ 0x29, 1, 1, false, on_mode },
	{ 0x2a, 1, 1, false, on_mode },
	{ 0x2c, 4, 4, false, on_accept },
	{ 0x2d, 1, 1, false, on_mode },
	{ 0x2e, 1, 1, false, on_mode },
	{ 0x2f, 17, 17, false, on_mode },
	{ 0x30, 2, UINT16_MAX, false, on_load_keys },
	{ 0x31, 7, 7, false, on_connection_info },
	{ 0x33, 8, 8, false, on_accept_address },
	{ 0x34, 7, 7, false, on_accept_address },
	{ 0x35, 2, UINT16_MAX, false, on_load_params },
	{ 0x3a, 4, UINT16_MAX, false, on_start_discovery },
	{ 0x51, 0, 0, false, on_monitor_features },
	{ 0x52, 1, UINT16_MAX, false, on_add_monitor },
	{ 0x53, 2, 2, false, on_remove_monitor },
	{ 0x56, 8, UINT16_MAX, false, on_add_monitor },
};

static void on_supported(struct command *c)
{
	static const uint8_t events[] = { MGMT_EV_CONTROLLER_ERROR, MGMT_EV_INDEX_ADDED,
		MGMT_EV_INDEX_REMOVED, MGMT_EV_NEW_SETTINGS, MGMT_EV_NEW_LTK, MGMT_EV_CONNECTED,
		MGMT_EV_DISCONNECTED, MGMT_EV_CONNECT_FAILED, MGMT_EV_CONFIRM,
		MGMT_EV_PASSKEY_REQUEST, MGMT_EV_AUTH_FAILED, MGMT_EV_FOUND, MGMT_EV_DISCOVERING,
		MGMT_EV_UNPAIRED, MGMT_EV_PASSKEY_NOTIFY, MGMT_EV_NEW_IRK, MGMT_EV_NEW_CSRK,
		MGMT_EV_MONITOR_ADDED, MGMT_EV_MONITOR_REMOVED, MGMT_EV_MONITOR_FOUND };
	struct octets o = { 0 };

	octets_le(&o, ARRAY_SIZE(rows) - 2, 2);
	octets_le(&o, ARRAY_SIZE(events), 2);
	for (size_t i = 2; i < ARRAY_SIZE(rows); i++)
		octets_le(&o, rows[i].opcode, 2);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		octets_le(&o, events[i], 2);
	complete(c, 0, &o);
}

void sble_adapter_command(struct sble *b, struct sble_client *client, struct sble_adapter *a,
	uint16_t opcode, uint16_t index, const uint8_t *p, size_t n)
{
	struct command c = { b, client, a, opcode, index, cursor_init(p, n) };
	const struct row *row = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows) && !row; i++)
		if (rows[i].opcode == opcode)
			row = &rows[i];
	if (!row)
		refuse(&c, MGMT_UNKNOWN_COMMAND);
	else if (row->of_none != !a)
		refuse(&c, MGMT_INVALID_INDEX);
	else if (n < row->least || n > row->most)
		refuse(&c, MGMT_INVALID_PARAMS);
	else if (a && a->mute)
		return;
	else if (a && a->refuse > 0) {
		a->refuse--;
		refuse(&c, a->refusal);
	} else
		row->fn(&c);
}
