/*
 * See zdo.h. Fields by the Zigbee specification R22, 2.4.3 and 2.4.4.
 */
#include "zigbee/zdo.h"

#include <errno.h>

#include "util/cleanup.h"
#include "util/cursor.h"

#define LINK_SIZE 22 /* of a neighbour, 2.4.4.4.2 */
#define TO_GROUP 0x01
#define TO_ENDPOINT 0x03

uint16_t zdo_list_at(const struct zdo_list *l, unsigned i)
{
	return (uint16_t)(l->bytes[2 * i] | l->bytes[2 * i + 1] << 8);
}

bool zdo_list_has(const struct zdo_list *l, uint16_t cluster)
{
	for (unsigned i = 0; i < l->count; i++)
		if (zdo_list_at(l, i) == cluster)
			return true;
	return false;
}

struct zdo_link zdo_link_at(const struct zdo_message *m, unsigned i)
{
	struct cursor c = cursor_init(m->links + (size_t)i * LINK_SIZE, LINK_SIZE);
	struct zdo_link link;

	cursor_skip(&c, 8); /* of the network */
	link.eui64 = cursor_le64(&c);
	link.node = cursor_le16(&c);
	link.type = cursor_u8(&c) & 3;
	cursor_skip(&c, 2); /* whether it lets join, its depth */
	link.lqi = cursor_u8(&c);
	return link;
}

/* ---- in ---- */

static struct zdo_list read_list(struct cursor *c)
{
	struct zdo_list l = { .count = cursor_u8(c) };

	l.bytes = cursor_bytes(c, 2 * (size_t)l.count);
	if (!l.bytes)
		l.count = 0;
	return l;
}

static void read_endpoints(struct cursor *c, struct zdo_message *m)
{
	m->endpoint_count = cursor_u8(c);
	m->endpoints = cursor_bytes(c, m->endpoint_count);
	if (!m->endpoints)
		m->endpoint_count = 0;
}

/* 2.3.2.3; devices of before it had its length end behind the maker's code. */
static void read_node(struct cursor *c, struct zdo_message *m)
{
	m->type = cursor_u8(c) & 7;
	cursor_skip(c, 1); /* its band */
	m->capability = cursor_u8(c);
	m->maker = cursor_le16(c);
	if (cursor_remaining(c) < 5)
		return;
	m->buffer_max = cursor_u8(c);
	cursor_skip(c, 2); /* how long a message it takes */
	m->server = cursor_le16(c);
}

/* 2.3.2.5 */
static void read_simple(struct cursor *c, struct zdo_message *m)
{
	size_t length = cursor_u8(c);
	const uint8_t *bytes = cursor_bytes(c, length);
	struct cursor inner = cursor_init(bytes, bytes ? length : 0);

	m->endpoint = cursor_u8(&inner);
	m->profile = cursor_le16(&inner);
	m->device = cursor_le16(&inner);
	m->version = cursor_u8(&inner) & 15;
	m->in = read_list(&inner);
	m->out = read_list(&inner);
	if (inner.failed)
		c->failed = true;
}

static void read_bind(struct cursor *c, struct zdo_message *m)
{
	uint8_t mode;

	m->eui64 = cursor_le64(c);
	m->endpoint = cursor_u8(c);
	m->bound = cursor_le16(c);
	mode = cursor_u8(c);
	if (mode == TO_GROUP) {
		m->to_group = true;
		m->node = cursor_le16(c);
	} else if (mode == TO_ENDPOINT) {
		m->to_eui64 = cursor_le64(c);
		m->to_endpoint = cursor_u8(c);
	} else {
		c->failed = true;
	}
}

static int read_request(struct cursor *c, struct zdo_message *m)
{
	switch ((enum zdo_cluster)m->cluster) {
	case ZDO_NODE_ADDRESS:
		m->eui64 = cursor_le64(c);
		cursor_skip(c, 1); /* whether those behind it are wanted as well */
		m->start = cursor_u8(c);
		return 0;
	case ZDO_EUI64:
		m->node = cursor_le16(c);
		cursor_skip(c, 1);
		m->start = cursor_u8(c);
		return 0;
	case ZDO_NODE:
	case ZDO_POWER:
	case ZDO_ENDPOINTS:
		m->node = cursor_le16(c);
		return 0;
	case ZDO_SIMPLE:
		m->node = cursor_le16(c);
		m->endpoint = cursor_u8(c);
		return 0;
	case ZDO_MATCH:
		m->node = cursor_le16(c);
		m->profile = cursor_le16(c);
		m->in = read_list(c);
		m->out = read_list(c);
		return 0;
	case ZDO_ANNOUNCE:
		m->node = cursor_le16(c);
		m->eui64 = cursor_le64(c);
		m->capability = cursor_u8(c);
		return 0;
	case ZDO_BIND:
	case ZDO_UNBIND:
		read_bind(c, m);
		return 0;
	case ZDO_LINKS:
		m->start = cursor_u8(c);
		return 0;
	case ZDO_LEAVE:
		m->eui64 = cursor_le64(c);
		m->flags = cursor_u8(c);
		return 0;
	case ZDO_PERMIT:
		m->seconds = cursor_u8(c);
		cursor_skip(c, 1); /* whose word counts */
		return 0;
	case ZDO_RESPONSE:
		break;
	}
	return ZDO_E_UNKNOWN;
}

/* What a response has beside its status, when that is a success. */
static void read_success(struct cursor *c, struct zdo_message *m, uint16_t request)
{
	switch (request) {
	case ZDO_NODE:
		read_node(c, m);
		return;
	case ZDO_POWER:
		m->power = cursor_le16(c);
		return;
	case ZDO_SIMPLE:
		read_simple(c, m);
		return;
	case ZDO_ENDPOINTS:
	case ZDO_MATCH:
		read_endpoints(c, m);
		return;
	case ZDO_LINKS:
		m->total = cursor_u8(c);
		m->start = cursor_u8(c);
		m->link_count = cursor_u8(c);
		m->links = cursor_bytes(c, (size_t)m->link_count * LINK_SIZE);
		if (!m->links)
			m->link_count = 0;
		return;
	default:
		return;
	}
}

static int read_response(struct cursor *c, struct zdo_message *m)
{
	uint16_t request = m->cluster & ~ZDO_RESPONSE;
	bool well;

	m->status = cursor_u8(c);
	well = m->status == ZDO_SUCCESS;
	switch (request) {
	case ZDO_NODE_ADDRESS:
	case ZDO_EUI64:
		if (!well && cursor_remaining(c) < 10)
			return 0;
		m->eui64 = cursor_le64(c);
		m->node = cursor_le16(c);
		return 0;
	case ZDO_NODE:
	case ZDO_POWER:
	case ZDO_SIMPLE:
	case ZDO_ENDPOINTS:
	case ZDO_MATCH:
		if (!well && cursor_remaining(c) < 2)
			return 0;
		m->node = cursor_le16(c);
		break;
	case ZDO_LINKS:
	case ZDO_BIND:
	case ZDO_UNBIND:
	case ZDO_LEAVE:
	case ZDO_PERMIT:
		break;
	default:
		m->status = 0;
		return ZDO_E_UNKNOWN;
	}
	if (well)
		read_success(c, m, request);
	return 0;
}

int zdo_read(struct zdo_message *ret, uint16_t cluster, const uint8_t *bytes, size_t length)
{
	struct cursor c = cursor_init(bytes, length);
	struct zdo_message m = { .cluster = cluster };
	int r;

	m.sequence = cursor_u8(&c);
	if (c.failed)
		return -EBADMSG;
	r = cluster & ZDO_RESPONSE ? read_response(&c, &m) : read_request(&c, &m);
	if (c.failed && r == 0)
		return -EBADMSG;
	*ret = m;
	return r;
}

/* ---- out ---- */

struct writer {
	uint8_t *start, *at, *end;
	bool overflow;
};

static void put_bytes(struct writer *w, const void *bytes, size_t n)
{
	if ((size_t)(w->end - w->at) < n) {
		w->overflow = true;
		return;
	}
	if (n > 0)
		memcpy(w->at, bytes, n);
	w->at += n;
}

static void put(struct writer *w, uint64_t word, size_t n)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(word >> 8 * i);
	put_bytes(w, bytes, n);
}

static void put_list(struct writer *w, const struct zdo_list *l)
{
	put(w, l->count, 1);
	put_bytes(w, l->bytes, 2 * (size_t)l->count);
}

static void put_endpoints(struct writer *w, const struct zdo_message *m)
{
	put(w, m->endpoint_count, 1);
	put_bytes(w, m->endpoints, m->endpoint_count);
}

static void put_node(struct writer *w, const struct zdo_message *m)
{
	put(w, m->type & 7, 1);
	put(w, 0x40, 1); /* 2.4 GHz */
	put(w, m->capability, 1);
	put(w, m->maker, 2);
	put(w, m->buffer_max, 1);
	put(w, ZDO_MESSAGE_MAX, 2);
	put(w, m->server, 2);
	put(w, ZDO_MESSAGE_MAX, 2);
	put(w, 0, 1);
}

static int put_simple(struct writer *w, const struct zdo_message *m)
{
	size_t length = 8 + 2 * ((size_t)m->in.count + m->out.count);

	if (length > UINT8_MAX)
		return -EINVAL;
	put(w, length, 1);
	put(w, m->endpoint, 1);
	put(w, m->profile, 2);
	put(w, m->device, 2);
	put(w, m->version, 1);
	put_list(w, &m->in);
	put_list(w, &m->out);
	return 0;
}

static void put_bind(struct writer *w, const struct zdo_message *m)
{
	put(w, m->eui64, 8);
	put(w, m->endpoint, 1);
	put(w, m->bound, 2);
	put(w, m->to_group ? TO_GROUP : TO_ENDPOINT, 1);
	if (m->to_group) {
		put(w, m->node, 2);
		return;
	}
	put(w, m->to_eui64, 8);
	put(w, m->to_endpoint, 1);
}

static int put_request(struct writer *w, const struct zdo_message *m)
{
	switch ((enum zdo_cluster)m->cluster) {
	case ZDO_NODE_ADDRESS:
		put(w, m->eui64, 8);
		put(w, 0, 1);
		put(w, m->start, 1);
		return 0;
	case ZDO_EUI64:
		put(w, m->node, 2);
		put(w, 0, 1);
		put(w, m->start, 1);
		return 0;
	case ZDO_NODE:
	case ZDO_POWER:
	case ZDO_ENDPOINTS:
		put(w, m->node, 2);
		return 0;
	case ZDO_SIMPLE:
		put(w, m->node, 2);
		put(w, m->endpoint, 1);
		return 0;
	case ZDO_MATCH:
		put(w, m->node, 2);
		put(w, m->profile, 2);
		put_list(w, &m->in);
		put_list(w, &m->out);
		return 0;
	case ZDO_ANNOUNCE:
		put(w, m->node, 2);
		put(w, m->eui64, 8);
		put(w, m->capability, 1);
		return 0;
	case ZDO_BIND:
	case ZDO_UNBIND:
		put_bind(w, m);
		return 0;
	case ZDO_LINKS:
		put(w, m->start, 1);
		return 0;
	case ZDO_LEAVE:
		put(w, m->eui64, 8);
		put(w, m->flags, 1);
		return 0;
	case ZDO_PERMIT:
		put(w, m->seconds, 1);
		put(w, 1, 1); /* the trust centre's word counts */
		return 0;
	case ZDO_RESPONSE:
		break;
	}
	return -EINVAL;
}

/* Responses of failure have the empty list or length that 2.4.4 wants. */
static int put_response(struct writer *w, const struct zdo_message *m)
{
	bool well = m->status == ZDO_SUCCESS;
	uint16_t request = m->cluster & ~ZDO_RESPONSE;

	put(w, m->status, 1);
	switch (request) {
	case ZDO_NODE_ADDRESS:
	case ZDO_EUI64:
		put(w, m->eui64, 8);
		put(w, m->node, 2);
		return 0;
	case ZDO_NODE:
		put(w, m->node, 2);
		if (well)
			put_node(w, m);
		return 0;
	case ZDO_POWER:
		put(w, m->node, 2);
		if (well)
			put(w, m->power, 2);
		return 0;
	case ZDO_SIMPLE:
		put(w, m->node, 2);
		if (well)
			return put_simple(w, m);
		put(w, 0, 1);
		return 0;
	case ZDO_ENDPOINTS:
	case ZDO_MATCH:
		put(w, m->node, 2);
		if (well)
			put_endpoints(w, m);
		else
			put(w, 0, 1);
		return 0;
	case ZDO_LINKS:
		if (!well)
			return 0;
		put(w, m->total, 1);
		put(w, m->start, 1);
		put(w, m->link_count, 1);
		put_bytes(w, m->links, (size_t)m->link_count * LINK_SIZE);
		return 0;
	case ZDO_BIND:
	case ZDO_UNBIND:
	case ZDO_LEAVE:
	case ZDO_PERMIT:
		return 0;
	default:
		/* a request that is not known is still answered */
		return well ? -EINVAL : 0;
	}
}

ssize_t zdo_write(void *to, size_t size, const struct zdo_message *m)
{
	struct writer w = { .start = to, .at = to, .end = (uint8_t *)to + size };
	int r;

	put(&w, m->sequence, 1);
	r = m->cluster & ZDO_RESPONSE ? put_response(&w, m) : put_request(&w, m);
	if (r < 0)
		return r;
	return w.overflow ? -ENOBUFS : w.at - w.start;
}
