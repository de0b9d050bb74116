/*
 * Messages on their way to devices: see network_private.h. Each has one fate,
 * whatever the radio does: says no, says nothing, tells it before it has
 * answered, or goes.
 */
#include <errno.h>
#include <string.h>

#include "zigbee/network_private.h"

#define COMMANDED_MAX 2 /* in the queue of commands, where others wait behind them */
#define RADIUS 30

/* How the radio is to send it (of the APS options). */
enum {
	APS_RETRY = 0x0040, /* acknowledged by the device itself */
	APS_DISCOVER_ROUTE = 0x0100,
	APS_DISCOVER_ADDRESS = 0x1000,
};

enum {
	SEND_FREE,
	SEND_WAITS,
	SEND_COMMANDED, /* the radio has not answered */
	SEND_SENT,      /* its fate is not known */
};

static bool is_broadcast(uint16_t node)
{
	return node >= 0xfff8;
}

/* Frees it, then tells. */
static void finish(struct network *n, struct network_send *s, enum zigbee_fate fate, int64_t now_us)
{
	uint32_t ticket = s->ticket;

	n->commanded -= s->state == SEND_COMMANDED;
	n->flight -= s->state == SEND_COMMANDED || s->state == SEND_SENT;
	n->send_count--;
	s->state = SEND_FREE;
	n->counters.delivered += fate == ZIGBEE_DELIVERED;
	n->counters.undelivered += fate == ZIGBEE_UNDELIVERED;
	n->counters.not_sent += fate == ZIGBEE_NOT_SENT;
	n->ops->fate(n, ticket, fate, now_us);
}

static struct network_send *with_tag(struct network *n, uint16_t tag)
{
	for (unsigned i = 0; tag != 0 && i < NETWORK_SENDS_MAX; i++)
		if (n->sends[i].state >= SEND_COMMANDED && n->sends[i].tag == tag)
			return &n->sends[i];
	return NULL;
}

/* A tag that none under way has; one byte before EZSP 14. */
static uint16_t new_tag(struct network *n)
{
	uint16_t max = n->ezsp.version < EZSP_VERSION_SL_STATUS ? UINT8_MAX : UINT16_MAX;

	do
		n->next_tag = n->next_tag >= max ? 1 : (uint16_t)(n->next_tag + 1);
	while (with_tag(n, n->next_tag));
	return n->next_tag;
}

static struct network_send *oldest_waiting(struct network *n)
{
	struct network_send *oldest = NULL;

	for (unsigned i = 0; i < NETWORK_SENDS_MAX; i++) {
		struct network_send *s = &n->sends[i];

		if (s->state == SEND_WAITS && (!oldest || (int32_t)(s->order - oldest->order) < 0))
			oldest = s;
	}
	return oldest;
}

/* ---- the radio's word ---- */

static void postpone(struct network *n, struct network_send *s, int64_t now_us)
{
	n->commanded--;
	n->flight--;
	n->counters.busy++;
	s->state = SEND_WAITS;
	n->busy_us = now_us + NETWORK_BUSY_US;
}

static void answered(
	struct ezsp *e, void *userdata, int result, const struct ezsp_values *v, int64_t now_us)
{
	struct network *n = (struct network *)e;
	struct network_send *s = userdata;
	bool busy = v->status == EZSP_STATUS_TOO_MANY_MESSAGES || v->status == EZSP_STATUS_BUSY ||
		    v->status == EZSP_STATUS_NO_MORE_RESOURCE;

	if (result == EZSP_GONE || s->state != SEND_COMMANDED)
		return;
	if (s->early) {
		finish(n, s, (enum zigbee_fate)(s->early - 1), now_us);
	} else if (result == EZSP_REFUSED || (result == 0 && v->status != EZSP_STATUS_OK)) {
		if (busy && ++s->tries < NETWORK_BUSY_TRIES)
			postpone(n, s, now_us);
		else
			finish(n, s, ZIGBEE_NOT_SENT, now_us);
	} else {
		/* also when the answer was lost: it may be on its way */
		n->commanded--;
		s->state = SEND_SENT;
	}
}

void network_sent(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	struct network_send *s = with_tag(n, v->tag);
	enum zigbee_fate fate = v->status == EZSP_STATUS_OK ? ZIGBEE_DELIVERED : ZIGBEE_UNDELIVERED;

	if (v->tag == 0)
		return; /* our own broadcasts */
	if (!s || s->node != v->node) {
		n->counters.fates_unknown++;
		return;
	}
	if (s->state == SEND_COMMANDED)
		s->early = (uint8_t)(fate + 1);
	else
		finish(n, s, fate, now_us);
}

/* ---- sending ---- */

static int command(struct network *n, struct network_send *s, int64_t now_us)
{
	struct ezsp_values v = {
		.node = s->node,
		.profile = s->profile,
		.cluster = s->cluster,
		.source_endpoint = s->source_endpoint,
		.destination_endpoint = s->destination_endpoint,
		.options = APS_DISCOVER_ROUTE | APS_DISCOVER_ADDRESS,
		.tag = s->tag,
		.alias = ZIGBEE_NODE_NONE,
		.message = s->bytes,
		.message_length = s->length,
	};

	if (is_broadcast(s->node))
		v.radius = RADIUS;
	else
		v.options |= APS_RETRY;
	return ezsp_command(&n->ezsp,
		is_broadcast(s->node) ? EZSP_SEND_BROADCAST : EZSP_SEND_UNICAST, &v, 0, answered, s,
		now_us);
}

void network_sends_run(struct network *n, int64_t now_us)
{
	struct network_send *s;
	int r;

	while (n->state == NETWORK_UP && n->send_count > n->flight &&
		n->commanded < COMMANDED_MAX && n->flight < NETWORK_FLIGHT_MAX &&
		now_us >= n->busy_us && (s = oldest_waiting(n))) {
		s->tag = new_tag(n);
		s->early = 0;
		s->state = SEND_COMMANDED;
		s->due_us = now_us + NETWORK_FATE_US;
		n->commanded++;
		n->flight++;
		n->counters.sent++;
		r = command(n, s, now_us);
		if (r == -ENOBUFS) {
			postpone(n, s, now_us);
			return;
		}
		if (r < 0)
			finish(n, s, ZIGBEE_NOT_SENT, now_us);
	}
}

int network_send(struct network *n, const struct zigbee_send *m, int64_t now_us)
{
	struct network_send *s = n->sends;

	if (n->state != NETWORK_UP)
		return -ENETDOWN;
	if (m->length > ZIGBEE_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (m->length == 0 || m->node == ZIGBEE_NODE_COORDINATOR || m->node == 0xfffe ||
		(is_broadcast(m->node) && m->node < 0xfffb))
		return -EINVAL;
	if (n->send_count == NETWORK_SENDS_MAX)
		return -ENOBUFS;
	while (s->state != SEND_FREE)
		s++;
	*s = (struct network_send){ .ticket = m->ticket,
		.order = n->next_order++,
		.state = SEND_WAITS,
		.length = (uint8_t)m->length,
		.due_us = INT64_MAX,
		.node = m->node,
		.profile = m->profile,
		.cluster = m->cluster,
		.source_endpoint = m->source_endpoint,
		.destination_endpoint = m->destination_endpoint };
	memcpy(s->bytes, m->bytes, m->length);
	n->send_count++;
	network_sends_run(n, now_us);
	return 0;
}

void network_sends_down(struct network *n, int64_t now_us)
{
	n->busy_us = INT64_MIN;
	for (unsigned i = 0; i < NETWORK_SENDS_MAX; i++)
		if (n->sends[i].state != SEND_FREE)
			finish(n, &n->sends[i], ZIGBEE_NOT_SENT, now_us);
}

/* ---- time ---- */

int64_t network_sends_deadline(const struct network *n)
{
	int64_t at = INT64_MAX;

	if (n->send_count == 0)
		return at;
	if (n->send_count > n->flight && n->busy_us != INT64_MIN)
		at = n->busy_us;
	for (unsigned i = 0; i < NETWORK_SENDS_MAX && n->flight > 0; i++)
		if (n->sends[i].state == SEND_SENT && n->sends[i].due_us < at)
			at = n->sends[i].due_us;
	return at;
}

void network_sends_tick(struct network *n, int64_t now_us)
{
	unsigned life = n->life;

	if (now_us >= n->busy_us)
		n->busy_us = INT64_MIN;
	for (unsigned i = 0; i < NETWORK_SENDS_MAX && n->flight > 0 && n->life == life; i++)
		if (n->sends[i].state == SEND_SENT && now_us >= n->sends[i].due_us) {
			n->counters.fates_late++;
			finish(n, &n->sends[i], ZIGBEE_UNDELIVERED, now_us);
		}
}
