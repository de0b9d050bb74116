/* Configuration values, policies, values, endpoints and counters of the NCP; all of it in memory,
 * so that a reset takes it. See ncp.h. */
#include "sim/ncp.h"

#include <string.h>

/* Defaults that a host may ask for, and which of them are fixed once the network is up. */
static const struct {
	uint8_t id;
	uint16_t value;
	bool memory;
} defaults[] = {
	{ 0x01, 255, true },   /* packet buffers */
	{ 0x02, 16, true },    /* neighbours */
	{ 0x03, 10, true },    /* unicasts on their way */
	{ 0x04, 0, true },     /* bindings */
	{ 0x05, 8, true },     /* addresses */
	{ 0x06, 8, true },     /* multicast groups */
	{ 0x07, 16, true },    /* routes */
	{ 0x08, 8, true },     /* route discoveries */
	{ 0x0c, 2, false },    /* stack profile */
	{ 0x0d, 5, false },    /* security level */
	{ 0x10, 30, false },   /* hops */
	{ 0x11, 32, true },    /* end devices */
	{ 0x12, 7680, false }, /* how long a message waits for one that sleeps, ms */
	{ 0x13, 8, false },    /* its patience, as a power of two minutes */
	{ 0x17, 0, false },    /* transmit power */
	{ 0x19, 2, true },     /* addresses of the trust center's */
	{ 0x1a, 0, true },     /* source routes */
	{ 0x1e, 12, true },    /* link keys */
	{ 0x22, 0, false },    /* ZDO passed on */
	{ 0x2a, 0, false },    /* ZDO passed on, in some versions */
	{ 0x2d, 1, false },    /* energy scan before forming */
	{ 0x36, 300, false },  /* transient keys live, s */
};

#define CONFIG_UNICASTS 0x03

static const uint8_t policy_defaults[] = { 0x02, 0x12, 0x20, 0x30, 0x40, 0x51, 0x61 };

static int config_row(uint8_t id)
{
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (defaults[i].id == id)
			return (int)i;
	return -1;
}

void ncp_config_reset(struct ncp *n)
{
	memset(n->configs, 0, sizeof(n->configs));
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		n->configs[defaults[i].id] = defaults[i].value;
	memset(n->policies, 0, sizeof(n->policies));
	for (size_t i = 0; i < sizeof(policy_defaults); i++)
		n->policies[i] = policy_defaults[i];
	memset(n->values, 0, sizeof(n->values));
	memset(n->multicast, 0, sizeof(n->multicast));
	memset(n->counters, 0, sizeof(n->counters));
	n->endpoint_count = 0;
	n->manufacturer = 0;
	n->concentrator = false;
}

static void on_get_config(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t id = cursor_u8(in);
	/* Any id below the last known one is taken: firmwares differ in which they have. */
	bool known = id && id < NCP_CONFIGS;

	ncp_put_status(n, out, known ? NCP_OK : NCP_EZSP_ID);
	octets_le(out, known ? n->configs[id] : 0, 2);
}

static void on_set_config(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t id = cursor_u8(in);
	uint16_t value = cursor_le16(in);
	enum ncp_status s = NCP_OK;
	int row = config_row(id);

	if (!id || id >= NCP_CONFIGS)
		s = NCP_EZSP_ID;
	else if (row >= 0 && defaults[row].memory && n->up)
		s = NCP_EZSP_CALL;
	else if (id == CONFIG_UNICASTS && !value)
		s = NCP_EZSP_VALUE;
	else
		n->configs[id] = value;
	ncp_put_status(n, out, s);
}

static void on_set_policy(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t id = cursor_u8(in);
	uint16_t decision = (uint16_t)cursor_le(in, cursor_remaining(in) > 1 ? 2 : 1);

	if (id < NCP_POLICIES)
		n->policies[id] = decision;
	ncp_put_status(n, out, id < NCP_POLICIES ? NCP_OK : NCP_EZSP_ID);
}

static void on_get_policy(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t id = cursor_u8(in);

	ncp_put_status(n, out, id < NCP_POLICIES ? NCP_OK : NCP_EZSP_ID);
	octets_u8(out, id < NCP_POLICIES ? n->policies[id] & 0xff : 0);
}

#define VALUE_FREE_BUFFERS 0x03
#define VALUE_VERSION 0x11
#define VALUE_NWK_COUNTER 0x23

static void put_value(struct ncp *n, struct octets *out, const void *p, uint8_t length)
{
	ncp_put_status(n, out, NCP_OK);
	octets_u8(out, length);
	octets_bytes(out, p, length);
}

static void on_get_value(struct ncp *n, struct cursor *in, struct octets *out)
{
	static const uint8_t buffers[] = { 0xe0, 0x2e };
	uint8_t id = cursor_u8(in);
	struct octets o = { 0 };

	if (id == VALUE_FREE_BUFFERS)
		put_value(n, out, buffers, sizeof(buffers));
	else if (id == VALUE_VERSION) {
		octets_le(&o, 0x01a1, 2); /* build */
		for (int digit = 12; digit >= 0; digit -= 4)
			octets_u8(&o, n->options.stack >> digit & 15);
		octets_u8(&o, 0xaa); /* generally available */
		put_value(n, out, o.at, (uint8_t)o.n);
	} else if (id == VALUE_NWK_COUNTER) {
		octets_le(&o, ncp_counter_of(n), 4);
		put_value(n, out, o.at, 4);
	} else if (id < NCP_VALUES) {
		uint8_t length = n->values[id].n;

		put_value(n, out, n->values[id].at, length ?: 1);
	} else {
		ncp_put_status(n, out, NCP_EZSP_ID);
		octets_u8(out, 0);
	}
}

static void on_set_value(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t id = cursor_u8(in), length = cursor_u8(in);
	enum ncp_status s = NCP_OK;

	if (id >= NCP_VALUES || id == VALUE_FREE_BUFFERS || id == VALUE_VERSION)
		s = NCP_EZSP_ID;
	else if (length > sizeof(n->values[id].at) || length != cursor_remaining(in))
		s = NCP_EZSP_VALUE;
	else if (id == VALUE_NWK_COUNTER && (n->up || length != 4))
		s = n->up ? NCP_EZSP_CALL : NCP_EZSP_VALUE;
	else {
		n->values[id].n = length;
		cursor_copy(in, n->values[id].at, length);
		if (id == VALUE_NWK_COUNTER) {
			struct cursor c = cursor_init(n->values[id].at, 4);

			n->tokens.counter = cursor_le32(&c);
			n->air->keep(n->arg);
		}
	}
	cursor_skip(in, cursor_remaining(in));
	ncp_put_status(n, out, s);
}

static const struct ncp_endpoint *find_endpoint(const struct ncp *n, uint8_t id)
{
	for (size_t i = 0; i < n->endpoint_count; i++)
		if (n->endpoints[i].id == id)
			return &n->endpoints[i];
	return NULL;
}

static void on_get_extended(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t id = cursor_u8(in);
	const struct ncp_endpoint *e = find_endpoint(n, (uint8_t)cursor_le32(in));

	/* Hosts take the flags before they look at the status: both come in any case. */
	ncp_put_status(n, out, id == 0x00 && e ? NCP_OK : NCP_EZSP_VALUE);
	octets_u8(out, 2);
	octets_le(out, e ? 1 : 0, 2); /* enabled */
}

static void on_add_endpoint(struct ncp *n, struct cursor *in, struct octets *out)
{
	struct ncp_endpoint e = { .id = cursor_u8(in) };
	enum ncp_status s = NCP_OK;

	e.profile = cursor_le16(in);
	e.device = cursor_le16(in);
	e.version = cursor_u8(in);
	e.in_count = cursor_u8(in);
	e.out_count = cursor_u8(in);
	if (e.in_count > NCP_CLUSTERS_MAX || e.out_count > NCP_CLUSTERS_MAX)
		s = NCP_EZSP_VALUE;
	else {
		for (unsigned i = 0; i < e.in_count; i++)
			e.in[i] = cursor_le16(in);
		for (unsigned i = 0; i < e.out_count; i++)
			e.out[i] = cursor_le16(in);
		if (n->up)
			s = NCP_EZSP_CALL;
		else if (!e.id || find_endpoint(n, e.id) || n->endpoint_count == NCP_ENDPOINTS_MAX)
			s = NCP_EZSP_VALUE;
	}
	if (s == NCP_OK && !in->failed)
		n->endpoints[n->endpoint_count++] = e;
	ncp_put_status(n, out, s);
}

static void on_nothing(struct ncp *n, struct cursor *in, struct octets *out)
{
}

static void on_manufacturer(struct ncp *n, struct cursor *in, struct octets *out)
{
	n->manufacturer = cursor_le16(in);
}

static void on_get_manufacturer(struct ncp *n, struct cursor *in, struct octets *out)
{
	octets_le(out, n->manufacturer, 2);
}

static void on_concentrator(struct ncp *n, struct cursor *in, struct octets *out)
{
	n->concentrator = cursor_u8(in);
	(void)cursor_le16(in); /* its type */
	ncp_put_status(n, out, NCP_OK);
}

static void on_source_route_mode(struct ncp *n, struct cursor *in, struct octets *out)
{
	octets_le(out, cursor_u8(in) ? 10000 : 0, 4);
}

static void on_get_multicast(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t i = cursor_u8(in);
	bool there = i < n->configs[0x06] && i < NCP_MULTICAST_MAX;

	ncp_put_status(n, out, there ? NCP_OK : NCP_INDEX);
	octets_le(out, there ? n->multicast[i].group : 0, 2);
	octets_u8(out, there ? n->multicast[i].endpoint : 0);
	octets_u8(out, there ? n->multicast[i].network : 0);
}

static void on_set_multicast(struct ncp *n, struct cursor *in, struct octets *out)
{
	uint8_t i = cursor_u8(in);
	bool there = i < n->configs[0x06] && i < NCP_MULTICAST_MAX;

	if (there) {
		n->multicast[i].group = cursor_le16(in);
		n->multicast[i].endpoint = cursor_u8(in);
		n->multicast[i].network = cursor_u8(in);
	}
	ncp_put_status(n, out, there ? NCP_OK : NCP_INDEX);
}

static void put_counters(struct ncp *n, struct octets *out)
{
	for (size_t i = 0; i < NCP_COUNTERS; i++)
		octets_le(out, n->counters[i], 2);
}

static void on_counters(struct ncp *n, struct cursor *in, struct octets *out)
{
	put_counters(n, out);
}

static void on_counters_and_clear(struct ncp *n, struct cursor *in, struct octets *out)
{
	put_counters(n, out);
	memset(n->counters, 0, sizeof(n->counters));
}

const struct ncp_command ncp_config_commands[] = {
	{ 0x0002, 0, 0, 8, on_add_endpoint },
	{ 0x0003, 0, 0, 5, on_get_extended },
	{ 0x0005, 0, 0, 0, on_nothing },
	{ 0x0010, 0, 0, 10, on_concentrator },
	{ 0x0015, 0, 0, 2, on_manufacturer },
	{ 0x00ca, 0, 0, 0, on_get_manufacturer },
	{ 0x0052, 0, 0, 1, on_get_config },
	{ 0x0053, 0, 0, 3, on_set_config },
	{ 0x0055, 0, 0, 2, on_set_policy },
	{ 0x0056, 0, 0, 1, on_get_policy },
	{ 0x005a, 0, 0, 1, on_source_route_mode },
	{ 0x0063, 0, 0, 1, on_get_multicast },
	{ 0x0064, 0, 0, 5, on_set_multicast },
	{ 0x0065, 0, 0, 0, on_counters_and_clear },
	{ 0x00f1, 0, 0, 0, on_counters },
	{ 0x00aa, 0, 0, 1, on_get_value },
	{ 0x00ab, 0, 0, 2, on_set_value },
	{ 0 },
};
