/*
 * What the radio tells of itself, and what it hears: see network_private.h.
 */
#include <errno.h>
#include <string.h>

#include "zigbee/network_private.h"
#include "zigbee/quirks.h"

enum {
	UPDATE_SECURED_REJOIN,
	UPDATE_JOIN,
	UPDATE_LEFT,
	UPDATE_REJOIN, /* without the network's key */
};
#define DECISION_DENY 2
/* Of keyEstablishmentHandler: the device has proved that it has the key of its own that it was
 * given. */
#define KEY_VERIFIED 0x34
#define ROUTE_ADDRESS_CONFLICT 0x0d /* of the codes of a network status (Zigbee PRO 3.4.10.3) */

enum {
	INCOMING_UNICAST,
	INCOMING_REPLY,
	INCOMING_MULTICAST,
	INCOMING_MULTICAST_LOOPBACK,
	INCOMING_BROADCAST,
	INCOMING_BROADCAST_LOOPBACK,
};

static bool is_eui64(uint64_t v)
{
	return v != 0 && v != UINT64_MAX;
}

static bool is_node(uint16_t node)
{
	return node != ZIGBEE_NODE_COORDINATOR && node < 0xfff8; /* what follows are broadcasts */
}

/* Some makers' devices leave a coordinator that is not of that maker. */
static void be_maker_for(struct network *n, uint64_t eui64, int64_t now_us)
{
	uint16_t maker = quirk_joins_with_lumi(eui64) ? QUIRK_MAKER_CODE_LUMI : n->config.maker;

	if (maker == n->maker)
		return;
	n->maker = maker;
	network_order(n, ORDER_BIT(ORDER_MAKER), now_us);
}

static void tell(struct network *n, enum network_kind kind, const struct ezsp_values *v,
	uint8_t code, uint32_t number, int64_t now_us)
{
	const struct network_notice notice = { .kind = kind,
		.text = "",
		.eui64 = v->eui64,
		.node = v->node,
		.parent = kind == NETWORK_NOTICE_JOINED || kind == NETWORK_NOTICE_REJOINED
				  ? v->parent
				  : ZIGBEE_NODE_NONE,
		.code = code,
		.number = number };

	n->ops->notice(n, &notice, now_us);
}

/* Told once a minute for each device. */
static void on_denied(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	struct network_notice notice = { .kind = NETWORK_NOTICE_DENIED,
		.text = "it has no key that is let in now; open the network to it: wardgatectl "
			"permit-join --device NAME --install-code CODE",
		.eui64 = v->eui64,
		.node = v->node,
		.parent = v->parent,
		.code = v->code };
	unsigned at = 0;

	n->counters.denied++;
	while (at < NETWORK_DENIED_MAX && n->denied[at].eui64 != v->eui64)
		at++;
	if (at == NETWORK_DENIED_MAX) {
		at = n->denied_next;
		n->denied_next = (at + 1) % NETWORK_DENIED_MAX;
		n->denied[at].eui64 = v->eui64;
		n->denied[at].told_us = now_us - NETWORK_TELL_US;
		n->denied[at].times = 0;
	}
	n->denied[at].times++;
	if (now_us - n->denied[at].told_us < NETWORK_TELL_US)
		return;
	notice.number = n->denied[at].times;
	n->denied[at].told_us = now_us;
	n->denied[at].times = 0;
	n->ops->notice(n, &notice, now_us);
}

static void on_join(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	enum network_kind kind;

	if (!is_eui64(v->eui64) || v->eui64 == n->eui64 || v->code > UPDATE_REJOIN) {
		n->counters.ignored++;
		return;
	}
	if (v->code == UPDATE_LEFT) {
		kind = NETWORK_NOTICE_LEFT;
		n->counters.left++;
	} else if (v->decision == DECISION_DENY) {
		on_denied(n, v, now_us);
		return;
	} else if (v->code == UPDATE_JOIN) {
		kind = NETWORK_NOTICE_JOINED;
		n->counters.joined++;
	} else {
		kind = NETWORK_NOTICE_REJOINED;
		n->counters.rejoined++;
	}
	if (kind == NETWORK_NOTICE_JOINED || kind == NETWORK_NOTICE_REJOINED)
		be_maker_for(n, v->eui64, now_us);
	network_orders_present(n, v->eui64, kind != NETWORK_NOTICE_LEFT);
	tell(n, kind, v, v->code, 0, now_us);
}

/* Where one is that is no child any more this does not say: it may have moved, or left. */
static void on_child(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	if (v->on && is_eui64(v->eui64))
		tell(n, NETWORK_NOTICE_CHILD, v, v->type, 0, now_us);
	else
		n->counters.ignored++;
}

static void on_route(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	struct network_notice notice = { .kind = NETWORK_NOTICE_ROUTE,
		.text = "",
		.eui64 = is_eui64(v->eui64) ? v->eui64 : 0,
		.node = v->node,
		.parent = ZIGBEE_NODE_NONE,
		.lqi = v->lqi,
		.rssi = v->rssi };

	if (!is_node(v->node)) {
		n->counters.ignored++;
		return;
	}
	for (size_t i = 0; i + 1 < v->message_length && notice.relay_count < NETWORK_RELAYS_MAX;
		i += 2)
		notice.relays[notice.relay_count++] =
			(uint16_t)(v->message[i] | v->message[i + 1] << 8);
	n->counters.routes++;
	n->ops->notice(n, &notice, now_us);
}

/* Told once a minute for each node: where there is one there are hundreds. */
static void on_conflict(struct network *n, uint16_t node, int64_t now_us)
{
	const struct ezsp_values v = { .node = node };
	unsigned at;

	n->counters.conflicts++;
	if (!is_node(node))
		return;
	for (at = 0; at < NETWORK_CONFLICTS_MAX; at++)
		if (n->conflict[at].node == node)
			break;
	if (at < NETWORK_CONFLICTS_MAX && now_us - n->conflict[at].told_us < NETWORK_TELL_US)
		return;
	if (at == NETWORK_CONFLICTS_MAX) {
		at = n->conflict_next;
		n->conflict_next = (at + 1) % NETWORK_CONFLICTS_MAX;
	}
	n->conflict[at].node = node;
	n->conflict[at].told_us = now_us;
	tell(n, NETWORK_NOTICE_CONFLICT, &v, 0, 0, now_us);
}

static void on_message(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	const struct zigbee_heard h = { .node = v->node,
		.eui64 = is_eui64(v->eui64) ? v->eui64 : 0,
		.profile = v->profile,
		.cluster = v->cluster,
		.group = v->type == INCOMING_MULTICAST ? v->group : 0,
		.source_endpoint = v->source_endpoint,
		.destination_endpoint = v->destination_endpoint,
		.aps_sequence = v->aps_sequence,
		.broadcast = v->type == INCOMING_MULTICAST || v->type == INCOMING_BROADCAST,
		.lqi = v->lqi,
		.rssi = v->rssi,
		.bytes = v->message,
		.length = v->message_length };

	if (v->type == INCOMING_MULTICAST_LOOPBACK || v->type == INCOMING_BROADCAST_LOOPBACK ||
		v->type > INCOMING_BROADCAST_LOOPBACK || !is_node(v->node)) {
		n->counters.heard_bad++;
		return;
	}
	n->counters.heard++;
	n->ops->heard(n, &h, now_us);
}

static void on_status(struct network *n, uint32_t status, int64_t now_us)
{
	if (n->state == NETWORK_STARTING) {
		network_step_status(n, status, now_us);
		return;
	}
	if (n->state != NETWORK_UP)
		return;
	if (status == EZSP_STATUS_NETWORK_DOWN)
		network_fail(n, now_us, "the radio's stack is down");
	else
		network_orders_status(n, status, now_us);
}

/* ---- what comes early ---- */

/* The radio hears its devices, and the link confirms that, from networkInit or formNetwork on.
 * Whether it is our network is known two answers later: until then it waits. */
static bool is_early(const struct network *n)
{
	return n->state == NETWORK_STARTING &&
	       (n->step == STEP_INIT || (n->step >= STEP_FORM && n->step <= STEP_LINK_KEY));
}

static void keep_early(struct network *n, uint16_t id, const struct ezsp_values *v, int64_t now_us)
{
	struct network_early *e = &n->early[n->early_count];

	if (n->early_count == NETWORK_EARLY_MAX || v->message_length > sizeof(e->bytes)) {
		n->counters.early_lost++;
		return;
	}
	e->heard_us = now_us;
	e->id = id;
	e->values = *v;
	if (v->message_length > 0)
		memcpy(e->bytes, v->message, v->message_length);
	n->early_count++;
	n->counters.early++;
}

void network_early_take(struct network *n, int64_t now_us)
{
	unsigned life = n->life, count = n->early_count;

	n->early_count = 0;
	for (unsigned i = 0; i < count && n->life == life; i++) {
		struct network_early *e = &n->early[i];

		if (now_us - e->heard_us > NETWORK_EARLY_US) {
			n->counters.early_lost++;
			continue;
		}
		e->values.message = e->bytes;
		network_event(n, e->id, 0, &e->values, now_us);
	}
}

void network_early_drop(struct network *n)
{
	n->counters.ignored += n->early_count;
	n->early_count = 0;
}

void network_event(
	struct network *n, uint16_t id, int result, const struct ezsp_values *v, int64_t now_us)
{
	if (result < 0) {
		n->counters.heard_bad += id == EZSP_INCOMING_MESSAGE;
		return;
	}
	switch (id) {
	case EZSP_STACK_STATUS:
		on_status(n, v->status, now_us);
		return;
	case EZSP_ENERGY_SCAN_RESULT:
		network_scan_result(n, v);
		return;
	case EZSP_NETWORK_FOUND:
		network_found(n, v);
		return;
	case EZSP_SCAN_COMPLETE:
		if (n->step == STEP_SCAN || n->step == STEP_LOOK)
			network_scan_done(n, now_us);
		return;
	default:
		break;
	}
	if (is_early(n)) {
		keep_early(n, id, v, now_us);
		return;
	}
	/* of a network that is not ours */
	if (n->state != NETWORK_UP) {
		n->counters.ignored++;
		return;
	}
	switch (id) {
	case EZSP_INCOMING_MESSAGE:
		on_message(n, v, now_us);
		break;
	case EZSP_MESSAGE_SENT:
		network_sent(n, v, now_us);
		break;
	case EZSP_TRUST_CENTER_JOIN:
		on_join(n, v, now_us);
		break;
	case EZSP_CHILD_JOIN:
		on_child(n, v, now_us);
		break;
	case EZSP_INCOMING_ROUTE_RECORD:
		on_route(n, v, now_us);
		break;
	case EZSP_ID_CONFLICT:
		on_conflict(n, v->node, now_us);
		break;
	case EZSP_INCOMING_ROUTE_ERROR:
		n->counters.route_errors++;
		break;
	case EZSP_INCOMING_NETWORK_STATUS:
		n->counters.route_errors++;
		if (v->code == ROUTE_ADDRESS_CONFLICT)
			on_conflict(n, v->node, now_us);
		break;
	case EZSP_KEY_ESTABLISHMENT:
		if (v->code == KEY_VERIFIED)
			network_orders_key(n, v->eui64);
		tell(n, NETWORK_NOTICE_KEY,
			&(const struct ezsp_values){ .eui64 = v->eui64, .node = ZIGBEE_NODE_NONE },
			v->code, 0, now_us);
		break;
	default:
		n->counters.ignored++;
		break;
	}
}

void network_overflows(struct network *n, int64_t now_us)
{
	uint64_t more = n->ezsp.counters.overflows - n->overflows_told;

	if (more == 0 || now_us < n->overflow_us)
		return;
	n->overflows_told = n->ezsp.counters.overflows;
	n->overflow_us = now_us + NETWORK_TELL_US;
	network_tell(n, NETWORK_NOTICE_OVERFLOW, (uint32_t)more,
		"the radio ran out of memory and lost messages: readings may be missing", now_us);
}
