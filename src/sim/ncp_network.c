/* The NCP's network: forming, resuming, leaving, scans, who may join. See ncp.h. */
#include "sim/ncp.h"

#include <string.h>

#define ID_SCAN_COMPLETE 0x001c
#define ID_CHILD_JOIN 0x0023
#define ID_TRUST_CENTER_JOIN 0x0024
#define ID_ENERGY 0x0048
#define ID_ROUTE_RECORD 0x0059
#define ID_CONFLICT 0x007c
#define ID_ROUTE_ERROR 0x0080
#define ID_NETWORK_STATUS 0x00c4

/* InitialSecurityState */
#define HAVE_PRECONFIGURED_KEY 0x0100
#define HAVE_NETWORK_KEY 0x0200
#define NO_COUNTER_RESET 0x1000

/* Policy 00, the trust center's. */
#define ALLOW_JOINS 0x01
#define ALLOW_UNSECURED_REJOINS 0x02

/* trustCenterJoinHandler: what happened, and what was decided. */
#define SECURED_REJOIN 0
#define UNSECURED_JOIN 1
#define LEFT 2
#define UNSECURED_REJOIN 3
#define USE_KEY 0
#define DENY 2
#define NO_ACTION 3

#define SYMBOLS_US INT64_C(15360) /* a superframe of 960 symbols */

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void make_up(struct ncp *n, uint8_t *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (uint8_t)rng_below(&n->rng, 256);
}

uint32_t ncp_counter_of(const struct ncp *n)
{
	return n->up ? n->counter : n->tokens.counter;
}

uint32_t ncp_next_counter(struct ncp *n)
{
	if (++n->counter >= n->tokens.counter) {
		n->tokens.counter = n->counter + NCP_COUNTER_STEP;
		n->air->keep(n->arg);
	}
	return n->counter;
}

static void come_up(struct ncp *n)
{
	n->counter = n->tokens.counter;
	n->tokens.counter += NCP_COUNTER_STEP;
	n->up = true;
	n->air->keep(n->arg);
	ncp_stack_status(n, NCP_NETWORK_UP);
	n->air->network(n->arg);
}

static void on_permit_over(void *arg)
{
	struct ncp *n = arg;

	n->permit_until_us = 0;
	ncp_stack_status(n, NCP_CLOSED);
}

static void close_network(struct ncp *n)
{
	n->permit_until_us = 0;
	sble_timer_stop(n->timers, &n->permit_timer);
}

void ncp_network_reset(struct ncp *n)
{
	bool was_up = n->up;

	close_network(n);
	sble_timer_stop(n->timers, &n->scan_timer);
	n->up = n->scanning = n->security_set = false;
	n->in_flight = 0;
	n->transient_count = 0;
	if (was_up)
		n->air->network(n->arg);
}

static void on_network_init(struct ncp *n, struct cursor *in, struct octets *out)
{
	(void)cursor_le16(in);
	if (n->up)
		ncp_put_status(n, out, NCP_INVALID_CALL);
	else if (!n->tokens.has_network)
		ncp_put_status(n, out, NCP_NOT_JOINED);
	else {
		ncp_put_status(n, out, NCP_OK);
		come_up(n);
	}
}

static void on_network_state(struct ncp *n, struct cursor *in, struct octets *out)
{
	octets_u8(out, n->up ? 2 : 0);
}

static void read_parameters(struct cursor *in, struct ncp_tokens *t)
{
	cursor_copy(in, t->ext_pan, 8);
	t->pan = cursor_le16(in);
	t->power = (int8_t)cursor_u8(in);
	t->channel = cursor_u8(in);
	t->join_method = cursor_u8(in);
	t->manager = cursor_le16(in);
	t->update_id = cursor_u8(in);
	t->channels = cursor_le32(in);
}

static void on_form(struct ncp *n, struct cursor *in, struct octets *out)
{
	struct ncp_tokens t = n->tokens;

	read_parameters(in, &t);
	if (n->up || !n->security_set) {
		ncp_put_status(n, out, n->up ? NCP_INVALID_CALL : NCP_NO_SECURITY);
		return;
	}
	if (t.channel < 11 || t.channel > 26) {
		ncp_put_status(n, out, NCP_BAD_ARGUMENT);
		return;
	}
	if (all_zero(t.ext_pan, 8))
		make_up(n, t.ext_pan, 8);
	if (t.pan == 0xffff)
		t.pan = (uint16_t)(1 + rng_below(&n->rng, 0xfffe));
	memcpy(t.tc_key, n->security.tc_key, 16);
	memcpy(t.network_key, n->security.network_key, 16);
	t.key_seq = n->security.key_seq;
	t.bitmask = n->security.bitmask;
	if (!(t.bitmask & NO_COUNTER_RESET))
		t.counter = 0;
	t.has_network = true;
	n->tokens = t;
	ncp_put_status(n, out, NCP_OK);
	come_up(n);
}

static void on_leave(struct ncp *n, struct cursor *in, struct octets *out)
{
	if (!n->up) {
		ncp_put_status(n, out, ncp_wide(n) ? NCP_NOT_JOINED : NCP_INVALID_CALL);
		return;
	}
	ncp_put_status(n, out, NCP_OK);
	close_network(n);
	n->up = n->tokens.has_network = n->security_set = false;
	n->air->keep(n->arg);
	ncp_stack_status(n, NCP_NETWORK_DOWN);
	n->air->network(n->arg);
}

static void on_permit(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t seconds = cursor_u8(in);

	if (!n->up) {
		ncp_put_status(n, out, NCP_NOT_JOINED);
		return;
	}
	ncp_put_status(n, out, NCP_OK);
	close_network(n);
	if (seconds) {
		n->permit_until_us =
			seconds == 0xff ? INT64_MAX : n->now_us + seconds * INT64_C(1000000);
		n->permit_timer = (struct sble_timer){ .fn = on_permit_over, .arg = n };
		if (seconds != 0xff)
			sble_timer_arm(n->timers, &n->permit_timer, n->permit_until_us);
	}
	ncp_stack_status(n, seconds ? NCP_OPENED : NCP_CLOSED);
	n->air->network(n->arg);
}

static void on_eui(struct ncp *n, struct cursor *in, struct octets *out)
{
	octets_bytes(out, n->tokens.eui, 8);
}

static void on_node_id(struct ncp *n, struct cursor *in, struct octets *out)
{
	octets_le(out, n->up ? 0x0000 : 0xfffe, 2);
}

static void on_parameters(struct ncp *n, struct cursor *in, struct octets *out)
{
	const struct ncp_tokens *t = &n->tokens;

	ncp_put_status(n, out, n->up ? NCP_OK : NCP_NOT_JOINED);
	octets_u8(out, n->up ? 1 : 0); /* a coordinator */
	octets_bytes(out, t->ext_pan, 8);
	octets_le(out, t->pan, 2);
	octets_u8(out, (uint8_t)t->power);
	octets_u8(out, t->channel);
	octets_u8(out, t->join_method);
	octets_le(out, t->manager, 2);
	octets_u8(out, t->update_id);
	octets_le(out, t->channels, 4);
}

static void on_power(struct ncp *n, struct cursor *in, struct octets *out)
{
	n->tokens.power = (int8_t)cursor_u8(in);
	n->air->keep(n->arg);
	ncp_put_status(n, out, NCP_OK);
}

static void on_set_security(struct ncp *n, struct cursor *in, struct octets *out)
{
	n->security.bitmask = cursor_le16(in);
	cursor_copy(in, n->security.tc_key, 16);
	cursor_copy(in, n->security.network_key, 16);
	n->security.key_seq = cursor_u8(in);
	cursor_skip(in, 8);
	if (n->up) {
		ncp_put_status(n, out, NCP_INVALID_CALL);
		return;
	}
	if (!(n->security.bitmask & HAVE_PRECONFIGURED_KEY))
		make_up(n, n->security.tc_key, 16);
	if (!(n->security.bitmask & HAVE_NETWORK_KEY))
		make_up(n, n->security.network_key, 16);
	n->security_set = true;
	ncp_put_status(n, out, NCP_OK);
}

static void on_security(struct ncp *n, struct cursor *in, struct octets *out)
{
	ncp_put_status(n, out, n->up ? NCP_OK : NCP_NOT_JOINED);
	octets_le(out, n->tokens.bitmask, 2);
	octets_bytes(out, n->tokens.eui, 8);
}

/* ---- scans */

static void on_scan_over(void *arg)
{
	struct ncp *n = arg;
	struct octets o = { 0 };

	n->scanning = false;
	for (uint8_t channel = 11; n->scan_type == 0 && channel <= 26; channel++) {
		if (!(n->scan_mask & UINT32_C(1) << channel))
			continue;
		o.n = 0;
		octets_u8(&o, channel);
		octets_u8(&o, (uint8_t)n->air->noise(n->arg, channel));
		(void)ncp_emit(n, ID_ENERGY, &o, NULL, NULL);
	}
	o.n = 0;
	octets_u8(&o, 26);
	ncp_put_status(n, &o, NCP_OK);
	(void)ncp_emit(n, ID_SCAN_COMPLETE, &o, NULL, NULL);
}

static void on_scan(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t type = cursor_u8(in), duration;
	enum ncp_status s = NCP_OK;
	int64_t us = 0;

	n->scan_mask = cursor_le32(in) & UINT32_C(0x07fff800);
	duration = cursor_u8(in);
	if (n->scanning)
		s = NCP_BUSY;
	else if (type > 1 || duration > 14 || !n->scan_mask)
		s = NCP_BAD_ARGUMENT;
	else {
		us = ((INT64_C(1) << duration) + 1) * SYMBOLS_US * __builtin_popcount(n->scan_mask);
		n->scanning = true;
		n->scan_type = type;
		n->scan_timer = (struct sble_timer){ .fn = on_scan_over, .arg = n };
		sble_timer_arm(n->timers, &n->scan_timer, n->now_us + us / n->options.scan_speed);
	}
	if (n->options.version >= 12)
		ncp_put_wide(out, s);
	else
		ncp_put_status(n, out, s);
}

static void on_stop_scan(struct ncp *n, struct cursor *in, struct octets *out)
{
	sble_timer_stop(n->timers, &n->scan_timer);
	n->scanning = false;
	ncp_put_status(n, out, NCP_OK);
}

/* ---- those who come and go */

static void tell_child(struct ncp *n, const uint8_t *eui, uint16_t node, uint8_t type, bool joins)
{
	struct octets o = { 0 };

	octets_u8(&o, eui[0] & 31);
	octets_u8(&o, joins);
	octets_le(&o, node, 2);
	octets_bytes(&o, eui, 8);
	octets_u8(&o, type);
	(void)ncp_emit(n, ID_CHILD_JOIN, &o, NULL, NULL);
}

static void tell_join(struct ncp *n, const uint8_t *eui, uint16_t node, uint16_t parent,
	uint8_t what, uint8_t decision)
{
	struct octets o = { 0 };

	octets_le(&o, node, 2);
	octets_bytes(&o, eui, 8);
	octets_u8(&o, what);
	octets_u8(&o, decision);
	octets_le(&o, parent, 2);
	(void)ncp_emit(n, ID_TRUST_CENTER_JOIN, &o, NULL, NULL);
}

bool ncp_join(struct ncp *n, const uint8_t eui[static 8], uint16_t node, uint16_t parent,
	uint8_t type, const uint8_t key[static 16])
{
	const uint8_t *needed = ncp_joining_key(n, eui);

	if (!ncp_open(n))
		return false;
	if (!(n->policies[0] & ALLOW_JOINS) || !needed) {
		tell_join(n, eui, node, parent, UNSECURED_JOIN, DENY);
		return false;
	}
	if (!parent)
		tell_child(n, eui, node, type, true);
	tell_join(n, eui, node, parent, UNSECURED_JOIN, USE_KEY);
	return !memcmp(needed, key, 16);
}

bool ncp_rejoin(struct ncp *n, const uint8_t eui[static 8], uint16_t node, uint16_t parent,
	uint8_t type, bool secured)
{
	if (!n->up)
		return false;
	if (!secured && !(n->policies[0] & ALLOW_UNSECURED_REJOINS)) {
		tell_join(n, eui, node, parent, UNSECURED_REJOIN, DENY);
		return false;
	}
	if (!parent)
		tell_child(n, eui, node, type, true);
	if (secured)
		tell_join(n, eui, node, parent, SECURED_REJOIN, NO_ACTION);
	else
		tell_join(n, eui, node, parent, UNSECURED_REJOIN, USE_KEY);
	return true;
}

void ncp_left(struct ncp *n, const uint8_t eui[static 8], uint16_t node, uint16_t parent)
{
	if (n->up)
		tell_join(n, eui, node, parent, LEFT, NO_ACTION);
}

void ncp_route_record(struct ncp *n, const uint8_t eui[static 8], uint16_t node, uint8_t lqi,
	int8_t rssi, uint16_t relay)
{
	struct octets o = { 0 };

	if (!n->up || !n->concentrator)
		return;
	octets_le(&o, node, 2);
	octets_bytes(&o, eui, 8);
	octets_u8(&o, lqi);
	octets_u8(&o, (uint8_t)rssi);
	octets_u8(&o, relay ? 1 : 0);
	if (relay)
		octets_le(&o, relay, 2);
	(void)ncp_emit(n, ID_ROUTE_RECORD, &o, NULL, NULL);
}

void ncp_conflict(struct ncp *n, uint16_t node)
{
	struct octets o = { 0 };

	octets_le(&o, node, 2);
	(void)ncp_emit(n, ID_CONFLICT, &o, NULL, NULL);
}

void ncp_network_status(struct ncp *n, uint8_t code, uint16_t node)
{
	struct octets o = { 0 };

	octets_u8(&o, code);
	octets_le(&o, node, 2);
	(void)ncp_emit(n, ID_NETWORK_STATUS, &o, NULL, NULL);
}

static void on_remove(struct ncp *n, struct cursor *in, struct octets *out)
{
	const uint8_t *target;
	uint16_t node;

	cursor_skip(in, 2 + 8);
	target = cursor_bytes(in, 8);
	if (!n->up || !target || n->air->node_of(n->arg, target, &node) < 0) {
		ncp_put_status(n, out, n->up ? NCP_BAD_ARGUMENT : NCP_NOT_JOINED);
		return;
	}
	ncp_put_status(n, out, NCP_OK);
	n->air->remove(n->arg, target);
}

static void on_lookup_node(struct ncp *n, struct cursor *in, struct octets *out)
{
	const uint8_t *eui = cursor_bytes(in, 8);
	uint16_t node = 0xffff;

	if (eui && !memcmp(eui, n->tokens.eui, 8))
		node = 0;
	else if (!eui || n->air->node_of(n->arg, eui, &node) < 0)
		node = 0xffff;
	octets_le(out, node, 2);
}

static void on_lookup_eui(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint16_t node = cursor_le16(in);
	uint8_t eui[8] = { 0 };
	bool found = true;

	if (!node)
		memcpy(eui, n->tokens.eui, 8);
	else
		found = n->air->eui_of(n->arg, node, eui) >= 0;
	ncp_put_status(n, out, found ? NCP_OK : NCP_NOT_FOUND);
	octets_bytes(out, eui, 8);
}

const struct ncp_command ncp_network_commands[] = {
	{ 0x0017, 0, 0, 2, on_network_init },
	{ 0x0018, 0, 0, 0, on_network_state },
	{ 0x001a, 0, 0, 6, on_scan },
	{ 0x001d, 0, 0, 0, on_stop_scan },
	{ 0x001e, 0, 0, 20, on_form },
	{ 0x0020, 0, 13, 0, on_leave },
	{ 0x0020, 14, 0, 1, on_leave },
	{ 0x0022, 0, 0, 1, on_permit },
	{ 0x0026, 0, 0, 0, on_eui },
	{ 0x0027, 0, 0, 0, on_node_id },
	{ 0x0028, 0, 0, 0, on_parameters },
	{ 0x0060, 0, 0, 8, on_lookup_node },
	{ 0x0061, 0, 0, 2, on_lookup_eui },
	{ 0x0068, 0, 0, 43, on_set_security },
	{ 0x0069, 0, 0, 0, on_security },
	{ 0x0099, 0, 0, 1, on_power },
	{ 0x00a8, 0, 0, 18, on_remove },
	{ 0 },
};
