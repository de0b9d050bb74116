/* What a simulated device answers to ZDO; see zigbee_device.h. */
#include <string.h>

#include "sim/zigbee_device.h"

#define ZDO_OK 0x00
#define ZDO_NO_DEVICE 0x81
#define ZDO_NO_ENDPOINT 0x82
#define ZDO_NOT_SUPPORTED 0x84
#define ZDO_NO_ENTRY 0x88

#define MAKER_CODE 0x1666 /* of those that have none of their own */

static void put_node(const struct szb_device *d, struct octets *o)
{
	octets_u8(o, d->kind->mains ? 1 : 2);
	octets_u8(o, 0x40); /* 2.4 GHz */
	octets_u8(o, d->kind->mains ? 0x8e : d->config->sleepy ? 0x80 : 0x88);
	octets_le(o, d->kind->maker_code ?: MAKER_CODE, 2);
	octets_u8(o, 82);
	octets_le(o, 255, 2);
	octets_le(o, 22 << 9, 2); /* revision 22 of the specification */
	octets_le(o, 255, 2);
	octets_u8(o, 0);
}

static void put_clusters(struct octets *o, uint32_t bits)
{
	octets_u8(o, (unsigned)__builtin_popcount(bits));
	for (int c = 0; c < _SZB_C_MAX; c++)
		if (bits & UINT32_C(1) << c)
			octets_le(o, szb_cluster_id((enum szb_cluster)c), 2);
}

static void put_simple(const struct szb_device *d, struct octets *o)
{
	uint16_t at = o->n;

	octets_u8(o, 0);
	octets_u8(o, SZB_ENDPOINT);
	octets_le(o, 0x0104, 2);
	octets_le(o, d->kind->device, 2);
	octets_u8(o, 1);
	put_clusters(o, d->kind->servers);
	put_clusters(o, d->kind->clients);
	o->at[at] = (uint8_t)(o->n - at - 1);
}

/* True: it says nothing, as devices do at first. */
static bool deaf(struct szb_device *d)
{
	if (!d->fault.deaf)
		return false;
	d->fault.deaf--;
	szb_device_event(d, "deaf");
	return true;
}

static uint8_t bind(struct szb_device *d, struct cursor *in, bool bind)
{
	const uint8_t *source = cursor_bytes(in, 8);
	uint8_t endpoint = cursor_u8(in), mode;
	enum szb_cluster c = szb_cluster_by_id(cursor_le16(in));
	const uint8_t *to;
	uint32_t bit;

	mode = cursor_u8(in);
	to = cursor_bytes(in, 8);
	(void)cursor_u8(in);
	if (in->failed || mode != 3 || memcmp(source, d->eui, 8) != 0)
		return ZDO_NOT_SUPPORTED;
	if (d->config->refuses_bind || d->kind->quirk != SZB_PLAIN)
		return ZDO_NOT_SUPPORTED;
	if (endpoint != SZB_ENDPOINT)
		return ZDO_NO_ENDPOINT;
	bit = c == _SZB_C_MAX ? 0 : UINT32_C(1) << c;
	if (!(bit & (d->kind->servers | d->kind->clients)) ||
		memcmp(to, d->szb->ncp.tokens.eui, 8) != 0 || (!bind && !(d->bound & bit)))
		return ZDO_NO_ENTRY;
	d->bound = bind ? d->bound | bit : d->bound & ~bit;
	d->szb->keep = true;
	szb_report_look(d);
	return ZDO_OK;
}

static void put_addresses(const struct szb_device *d, struct octets *o)
{
	octets_u8(o, ZDO_OK);
	octets_bytes(o, d->eui, 8);
	octets_le(o, d->node, 2);
}

static void leave(struct szb_device *d, struct cursor *in, struct octets *o)
{
	const uint8_t *eui = cursor_bytes(in, 8);
	uint8_t flags = cursor_u8(in);
	static const uint8_t any[8];

	if (!eui || (memcmp(eui, any, 8) != 0 && memcmp(eui, d->eui, 8) != 0)) {
		octets_u8(o, ZDO_NO_DEVICE);
		szb_device_send(d, 0, 0x8034, false, o, NULL);
		return;
	}
	octets_u8(o, ZDO_OK);
	szb_device_send(d, 0, 0x8034, false, o, NULL);
	if (flags & 0x80)
		szb_device_rejoin(d, true, false);
	else
		szb_device_leave(d, true);
}

static uint8_t about_me(const struct szb_device *d, struct cursor *in)
{
	return cursor_le16(in) == d->node ? ZDO_OK : ZDO_NO_DEVICE;
}

/* False: it says nothing. */
static bool describe(struct szb_device *d, uint16_t cluster, struct cursor *in, struct octets *o)
{
	uint8_t status = about_me(d, in);

	if (deaf(d))
		return false;
	if (cluster == 0x0004 && status == ZDO_OK && cursor_u8(in) != SZB_ENDPOINT)
		status = ZDO_NO_ENDPOINT;
	octets_u8(o, status);
	octets_le(o, d->node, 2);
	if (cluster == 0x0002) {
		if (status == ZDO_OK)
			put_node(d, o);
	} else if (status != ZDO_OK)
		octets_u8(o, 0);
	else if (cluster == 0x0004)
		put_simple(d, o);
	else {
		octets_u8(o, 1);
		octets_u8(o, SZB_ENDPOINT);
	}
	return true;
}

void szb_zdo_hear(struct szb_device *d, const struct ncp_message *m)
{
	struct cursor in = cursor_init(m->at, m->n);
	struct octets o = { 0 };
	const uint8_t *eui;

	octets_u8(&o, cursor_u8(&in));
	if (in.failed || m->aps.cluster >= 0x8000)
		return;
	switch (m->aps.cluster) {
	case 0x0000:
		eui = cursor_bytes(&in, 8);
		if (!eui || memcmp(eui, d->eui, 8) != 0)
			return;
		put_addresses(d, &o);
		break;
	case 0x0001:
		if (about_me(d, &in) != ZDO_OK)
			return;
		put_addresses(d, &o);
		break;
	case 0x0002:
	case 0x0004:
	case 0x0005:
		if (!describe(d, m->aps.cluster, &in, &o))
			return;
		break;
	case 0x0021:
	case 0x0022:
		octets_u8(&o, bind(d, &in, m->aps.cluster == 0x0021));
		szb_count(d->szb, SZB_WHEN_BIND, d->index, -1);
		break;
	case 0x0034:
		leave(d, &in, &o);
		return;
	case 0x0036:
		if (m->type != NCP_UNICAST)
			return; /* nobody answers a broadcast of it */
		octets_u8(&o, ZDO_OK);
		break;
	default:
		if (m->type != NCP_UNICAST)
			return;
		octets_u8(&o, ZDO_NOT_SUPPORTED);
		break;
	}
	szb_device_send(d, 0, m->aps.cluster | 0x8000, false, &o, NULL);
}
