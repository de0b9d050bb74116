/* Messages from the host into the air and back, and what the NCP answers for its own node. See
 * ncp.h. */
#include "sim/ncp.h"

#include <string.h>

#define ID_MESSAGE_SENT 0x003f
#define ID_INCOMING 0x0045
#define CONFIG_UNICASTS 0x03
#define POLICY_CONTENTS 0x04
#define WITH_CONTENTS 0x41

/* ApsFrame options */
#define APS_RETRY 0x0040

/* Of the counters: what hosts look at. */
enum {
	RX_BROADCAST = 0,
	TX_BROADCAST = 1,
	RX_UNICAST = 2,
	TX_UNICAST = 3,
	APS_RX_BROADCAST = 6,
	APS_TX_BROADCAST = 7,
	APS_RX_UNICAST = 8,
	APS_TX_UNICAST = 9,
	APS_TX_FAILED = 11,
};

void ncp_put_aps(struct octets *o, const struct ncp_aps *a)
{
	octets_le(o, a->profile, 2);
	octets_le(o, a->cluster, 2);
	octets_u8(o, a->source);
	octets_u8(o, a->destination);
	octets_le(o, a->options, 2);
	octets_le(o, a->group, 2);
	octets_u8(o, a->sequence);
}

static struct ncp_aps read_aps(struct cursor *in)
{
	struct ncp_aps a = { .profile = cursor_le16(in) };

	a.cluster = cursor_le16(in);
	a.source = cursor_u8(in);
	a.destination = cursor_u8(in);
	a.options = cursor_le16(in);
	a.group = cursor_le16(in);
	a.sequence = cursor_u8(in);
	return a;
}

/* ---- from the host */

static void read_payload(const struct ncp *n, struct cursor *in, struct ncp_message *m)
{
	size_t length;

	m->tag = (uint16_t)cursor_le(in, ncp_wide(n) ? 2 : 1);
	length = cursor_u8(in);
	if (length > NCP_PAYLOAD_MAX || length > cursor_remaining(in)) {
		in->failed = true;
		return;
	}
	m->n = (uint8_t)length;
	cursor_copy(in, m->at, length);
	cursor_skip(in, cursor_remaining(in));
}

static bool may_send(struct ncp *n, const struct ncp_message *m, enum ncp_status *ret)
{
	if (!n->up)
		*ret = NCP_NOT_JOINED;
	else if (m->n > 100)
		*ret = NCP_TOO_LONG;
	else if (n->faults.busy) {
		n->faults.busy--;
		*ret = NCP_MAX_MESSAGES;
	} else
		*ret = NCP_OK;
	return *ret == NCP_OK;
}

static void put_sent(
	struct ncp *n, struct octets *out, enum ncp_status s, const struct ncp_message *m)
{
	ncp_put_status(n, out, s);
	octets_u8(out, s == NCP_OK ? m->aps.sequence : 0);
}

static void on_unicast(struct ncp *n, struct cursor *in, struct octets *out)
{
	struct ncp_message m = { .type = cursor_u8(in) };
	enum ncp_status s;

	m.peer = cursor_le16(in);
	m.aps = read_aps(in);
	read_payload(n, in, &m);
	if (in->failed)
		return;
	if (may_send(n, &m, &s)) {
		if (m.type != NCP_UNICAST)
			s = NCP_BAD_ARGUMENT; /* its tables of addresses and bindings are empty */
		else if (n->in_flight >= n->configs[CONFIG_UNICASTS])
			s = NCP_MAX_MESSAGES;
	}
	m.aps.sequence = n->aps_sequence;
	put_sent(n, out, s, &m);
	if (s != NCP_OK)
		return;
	n->aps_sequence++;
	n->in_flight++;
	m.counter = ncp_next_counter(n);
	if (!m.peer) {
		ncp_delivered(n, &m, true);
		ncp_loopback(n, &m);
	} else
		n->air->unicast(n->arg, &m);
}

static void spread(struct ncp *n, struct octets *out, struct ncp_message *m)
{
	enum ncp_status s;
	bool may = may_send(n, m, &s);

	m->aps.sequence = n->aps_sequence;
	put_sent(n, out, s, m);
	if (!may)
		return;
	n->aps_sequence++;
	n->in_flight++;
	n->counters[TX_BROADCAST]++;
	n->counters[APS_TX_BROADCAST]++;
	m->counter = ncp_next_counter(n);
	n->air->broadcast(n->arg, m);
	ncp_delivered(n, m, true);
}

static void on_broadcast(struct ncp *n, struct cursor *in, struct octets *out)
{
	struct ncp_message m = { .type = NCP_BROADCAST };

	if (ncp_wide(n))
		cursor_skip(in, 2); /* alias */
	m.peer = cursor_le16(in);
	if (ncp_wide(n))
		cursor_skip(in, 1);
	m.aps = read_aps(in);
	cursor_skip(in, 1); /* radius */
	read_payload(n, in, &m);
	if (!in->failed)
		spread(n, out, &m);
}

static void on_multicast(struct ncp *n, struct cursor *in, struct octets *out)
{
	struct ncp_message m = { .type = NCP_MULTICAST, .aps = read_aps(in), .peer = 0xfffd };

	cursor_skip(in, 1); /* hops */
	if (ncp_wide(n)) {
		m.peer = cursor_le16(in);
		cursor_skip(in, 3);
	} else
		cursor_skip(in, 1);
	read_payload(n, in, &m);
	if (!in->failed)
		spread(n, out, &m);
}

void ncp_delivered(struct ncp *n, const struct ncp_message *m, bool well)
{
	bool contents = n->policies[POLICY_CONTENTS] == WITH_CONTENTS;
	struct octets o = { 0 };

	if (n->in_flight)
		n->in_flight--;
	if (m->type == NCP_UNICAST)
		n->counters[well ? APS_TX_UNICAST : APS_TX_FAILED]++;
	if (ncp_wide(n))
		ncp_put_status(n, &o, well ? NCP_OK : NCP_DELIVERY_FAILED);
	octets_u8(&o, m->type);
	octets_le(&o, m->peer, 2);
	ncp_put_aps(&o, &m->aps);
	octets_le(&o, m->tag, ncp_wide(n) ? 2 : 1);
	if (!ncp_wide(n))
		ncp_put_status(n, &o, well ? NCP_OK : NCP_DELIVERY_FAILED);
	octets_u8(&o, contents ? m->n : 0);
	octets_bytes(&o, m->at, contents ? m->n : 0);
	(void)ncp_emit(n, ID_MESSAGE_SENT, &o, NULL, NULL);
}

/* ---- to the host */

static void put_incoming(const struct ncp *n, struct octets *o, const struct ncp_incoming *m)
{
	static const uint8_t unknown[8];

	octets_u8(o, m->type);
	ncp_put_aps(o, &m->aps);
	if (ncp_wide(n)) {
		octets_le(o, m->sender, 2);
		octets_bytes(o, m->eui ?: unknown, 8);
		octets_le(o, 0xffff, 2); /* neither in a binding nor in the address table */
		octets_u8(o, m->lqi);
		octets_u8(o, (uint8_t)m->rssi);
		octets_le(o, 0, 4);
	} else {
		octets_u8(o, m->lqi);
		octets_u8(o, (uint8_t)m->rssi);
		octets_le(o, m->sender, 2);
		octets_le(o, 0xffff, 2);
	}
	octets_u8(o, (unsigned)m->n);
	octets_bytes(o, m->at, m->n);
}

bool ncp_receive(struct ncp *n, const struct ncp_incoming *m, void *tag, const char **ret_why)
{
	struct octets o = { 0 };

	if (!n->up) {
		*ret_why = n->ash.state == NCP_ASH_OFF ? "ncp-off" : "network-down";
		return false;
	}
	n->counters[m->type == 4 ? RX_BROADCAST : RX_UNICAST]++;
	n->counters[m->type == 4 ? APS_RX_BROADCAST : APS_RX_UNICAST]++;
	put_incoming(n, &o, m);
	return ncp_emit(n, ID_INCOMING, &o, tag, ret_why);
}

/* ---- its own node */

static void put_simple(struct octets *o, const struct ncp_endpoint *e)
{
	octets_u8(o, 8u + 2u * (e->in_count + e->out_count));
	octets_u8(o, e->id);
	octets_le(o, e->profile, 2);
	octets_le(o, e->device, 2);
	octets_u8(o, e->version);
	octets_u8(o, e->in_count);
	for (unsigned i = 0; i < e->in_count; i++)
		octets_le(o, e->in[i], 2);
	octets_u8(o, e->out_count);
	for (unsigned i = 0; i < e->out_count; i++)
		octets_le(o, e->out[i], 2);
}

static void put_descriptor(struct ncp *n, struct octets *o)
{
	static const uint8_t node[] = { 0x00, 0x40, 0x8f, 0x49, 0x10, 0x52, 0x80, 0x00, 0x41, 0x2c,
		0x80, 0x00, 0x00 };

	octets_u8(o, 0);
	octets_le(o, 0, 2);
	octets_bytes(o, node, sizeof(node));
}

static void put_endpoints(struct ncp *n, struct octets *o)
{
	octets_u8(o, 0);
	octets_le(o, 0, 2);
	octets_u8(o, (unsigned)n->endpoint_count);
	for (size_t i = 0; i < n->endpoint_count; i++)
		octets_u8(o, n->endpoints[i].id);
}

static void put_endpoint(struct ncp *n, struct octets *o, uint8_t id)
{
	for (size_t i = 0; i < n->endpoint_count; i++) {
		if (n->endpoints[i].id != id)
			continue;
		octets_u8(o, 0);
		octets_le(o, 0, 2);
		put_simple(o, &n->endpoints[i]);
		return;
	}
	octets_u8(o, 0x82); /* invalid endpoint */
	octets_le(o, 0, 2);
	octets_u8(o, 0);
}

void ncp_loopback(struct ncp *n, const struct ncp_message *m)
{
	struct cursor in = cursor_init(m->at, m->n);
	struct octets o = { 0 };
	struct ncp_incoming reply = { .aps = m->aps, .eui = n->tokens.eui, .lqi = 255, .rssi = 0 };
	const char *why;

	if (m->aps.profile || !m->n || m->aps.cluster >= 0x8000)
		return;
	octets_u8(&o, cursor_u8(&in));
	switch (m->aps.cluster) {
	case 0x0000:
	case 0x0001:
		octets_u8(&o, 0);
		octets_bytes(&o, n->tokens.eui, 8);
		octets_le(&o, 0, 2);
		break;
	case 0x0002:
		put_descriptor(n, &o);
		break;
	case 0x0004:
		cursor_skip(&in, 2);
		put_endpoint(n, &o, cursor_u8(&in));
		break;
	case 0x0005:
		put_endpoints(n, &o);
		break;
	case 0x0036:
		octets_u8(&o, 0);
		break;
	default:
		octets_u8(&o, 0x84); /* not supported */
		break;
	}
	reply.aps.cluster |= 0x8000;
	reply.at = o.at;
	reply.n = o.n;
	(void)ncp_receive(n, &reply, NULL, &why);
}

const struct ncp_command ncp_message_commands[] = {
	{ 0x0034, 0, 13, 16, on_unicast },
	{ 0x0034, 14, 0, 17, on_unicast },
	{ 0x0036, 0, 13, 16, on_broadcast },
	{ 0x0036, 14, 0, 20, on_broadcast },
	{ 0x0038, 0, 13, 15, on_multicast },
	{ 0x0038, 14, 0, 19, on_multicast },
	{ 0 },
};
