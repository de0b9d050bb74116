/*
 * What is done while the network is up, a command each: opening and closing it,
 * looking after it. See network_private.h.
 *
 * Who joins needs a key that the radio knows: of its install code, or, if that
 * is allowed, the well-known one. The radio forgets these keys after a while and
 * at each reset; it is open for 254 s at most, and routers likewise: so all of
 * it is said again while a person's window lasts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "zigbee/network_private.h"

#define HIGH_RAM 0xfff9
#define ROUTES_OFF 0
#define ROUTES_RESCHEDULE 2
#define ZDO_PERMIT 0x0036
#define ZDO_SEQUENCE 0x80             /* from here on: those below are of who interviews devices */
#define SHUT_GRACE_US (2 * NETWORK_S) /* a status that was under way */

/* The key that each joining device had before there were install codes. */
static const uint8_t well_known[NETSTATE_KEY_SIZE] = "ZigBeeAlliance09";

static void done(
	struct ezsp *e, void *userdata, int result, const struct ezsp_values *v, int64_t now_us);

static bool is_open(const struct network *n, int64_t now_us)
{
	return n->permit_until_us > now_us;
}

static unsigned seconds_left(const struct network *n, int64_t now_us)
{
	return is_open(n, now_us)
		       ? (unsigned)((n->permit_until_us - now_us + NETWORK_S - 1) / NETWORK_S)
		       : 0;
}

static unsigned piece(const struct network *n, int64_t now_us)
{
	unsigned s = seconds_left(n, now_us);

	return s < NETWORK_PERMIT_PIECE ? s : NETWORK_PERMIT_PIECE;
}

/* ---- commands; 0: nothing is to be sent ---- */

static uint16_t transient_key(
	const struct network *n, struct ezsp_values *v, uint64_t eui64, const uint8_t *key)
{
	v->eui64 = eui64;
	memcpy(v->key, key, NETSTATE_KEY_SIZE);
	return n->ezsp.version >= VERSION_TRANSIENT_KEY ? EZSP_IMPORT_TRANSIENT_KEY
							: EZSP_ADD_TRANSIENT_KEY;
}

static uint16_t spread(
	struct network *n, struct ezsp_values *v, uint8_t bytes[static 4], int64_t now_us)
{
	bytes[0] = ZDO_SEQUENCE | n->zdo_sequence++;
	bytes[1] = (uint8_t)piece(n, now_us);
	bytes[2] = 1; /* the trust centre decides */
	v->alias = ZIGBEE_NODE_NONE;
	v->radius = 30;
	v->node = ZIGBEE_BROADCAST_ROUTERS;
	v->profile = ZIGBEE_PROFILE_ZDO;
	v->cluster = ZDO_PERMIT;
	v->message = bytes;
	v->message_length = 3;
	return EZSP_SEND_BROADCAST;
}

static void concentrator(const struct network *n, struct ezsp_values *v)
{
	v->on = !n->config.no_source_routes;
	v->number = HIGH_RAM;
	v->minimum = 5;
	v->maximum = 60;
	v->route_errors = 3;
	v->delivery_failures = 1;
}

static uint16_t command(
	struct network *n, struct ezsp_values *v, uint8_t bytes[static 4], int64_t now_us)
{
	switch ((enum network_order)n->order) {
	case ORDER_SHUT:
		return EZSP_PERMIT_JOINING;
	case ORDER_CLEAR:
		return EZSP_CLEAR_TRANSIENT_KEYS;
	case ORDER_POLICY:
		v->id = POLICY_JOIN;
		v->number = network_join_policy(n, now_us);
		return EZSP_SET_POLICY;
	case ORDER_WELL_KNOWN:
		return is_open(n, now_us) && n->permit_well_known
			       ? transient_key(n, v, UINT64_MAX, well_known)
			       : 0;
	case ORDER_INVITE:
		if (!is_open(n, now_us) || n->invites >= n->invited_count)
			return 0;
		n->inviting = true;
		return transient_key(
			n, v, n->invited[n->invites].eui64, n->invited[n->invites].key);
	case ORDER_PERMIT:
		v->duration = (uint8_t)(n->permit_piece = piece(n, now_us));
		return EZSP_PERMIT_JOINING;
	case ORDER_SPREAD:
		return spread(n, v, bytes, now_us);
	case ORDER_MAKER:
		v->number = n->maker;
		return EZSP_SET_MANUFACTURER_CODE;
	case ORDER_CONCENTRATOR:
		concentrator(n, v);
		return EZSP_SET_CONCENTRATOR;
	case ORDER_ROUTES:
		v->type = n->config.no_source_routes ? ROUTES_OFF : ROUTES_RESCHEDULE;
		return EZSP_SET_SOURCE_ROUTE_DISCOVERY;
	case ORDER_PARAMETERS:
		return EZSP_GET_NETWORK_PARAMETERS;
	case ORDER_LOOK:
		return network_counter_command(n, v);
	case _ORDER_MAX:
		break;
	}
	return 0;
}

void network_orders_run(struct network *n, int64_t now_us)
{
	while (n->state == NETWORK_UP && !n->ordered && n->orders != 0) {
		struct ezsp_values v = { 0 };
		uint8_t bytes[4] = { 0 };
		uint16_t id;
		int r = 0;

		for (n->order = 0; !(n->orders & ORDER_BIT(n->order)); n->order++)
			;
		n->orders &= ~ORDER_BIT(n->order);
		id = command(n, &v, bytes, now_us);
		if (id != 0) {
			n->ordered = true;
			r = ezsp_command(&n->ezsp, id, &v, NETWORK_STEP_US, done, NULL, now_us);
		}
		explicit_bzero(&v, sizeof(v));
		if (r < 0) {
			/* the queue is full: tried again when something has gone out of it */
			n->ordered = false;
			n->orders |= r == -ENOBUFS ? ORDER_BIT(n->order) : 0;
			return;
		}
	}
}

void network_order(struct network *n, uint32_t bits, int64_t now_us)
{
	n->orders |= bits;
	network_orders_run(n, now_us);
}

/* ---- opening and closing ---- */

/* All are told to the radio anew when the turn comes; an answer that is under way counts for none.
 */
static void invite_anew(struct network *n)
{
	n->inviting = false;
	n->invites = 0;
}

static void uninvite(struct network *n, unsigned i)
{
	n->invited[i] = n->invited[--n->invited_count];
	explicit_bzero(&n->invited[n->invited_count], sizeof(n->invited[0]));
	if (n->inviting) /* there may be more that the radio is not told yet */
		n->orders |= ORDER_BIT(ORDER_INVITE);
	invite_anew(n);
}

/* Each has a key of its own by now, or has to be let in anew. */
static void forget_joined(struct network *n)
{
	for (unsigned i = n->invited_count; i-- > 0;)
		if (n->invited[i].joined)
			uninvite(n, i);
}

static unsigned invited_at(const struct network *n, uint64_t eui64)
{
	unsigned i = 0;

	while (i < n->invited_count && n->invited[i].eui64 != eui64)
		i++;
	return i;
}

static void tell_closed(struct network *n, int64_t now_us)
{
	n->permit_until_us = INT64_MIN;
	n->permit_again_us = INT64_MAX;
	n->shut_us = now_us;
	n->orders = (n->orders & ~ORDERS_PERMIT) | ORDER_BIT(ORDER_CLEAR) |
		    ORDER_BIT(ORDER_POLICY) | ORDER_BIT(ORDER_PERMIT) | ORDER_BIT(ORDER_SPREAD);
	n->spread_tries = 0;
	forget_joined(n);
	network_tell(n, NETWORK_NOTICE_CLOSED, 0, "", now_us);
}

static void shut(struct network *n, int64_t now_us)
{
	if (n->permit_until_us != INT64_MIN)
		tell_closed(n, now_us);
	network_orders_run(n, now_us);
}

int network_permit(struct network *n, unsigned seconds, bool wants_well_known, int64_t now_us)
{
	if (n->state != NETWORK_UP)
		return -ENETDOWN;
	if (seconds > NETWORK_PERMIT_MAX)
		return -ERANGE;
	if (wants_well_known && !n->config.well_known)
		return -EPERM;
	if (seconds == 0) {
		shut(n, now_us);
		return 0;
	}
	/* also when it has just ended, and nobody has closed it yet */
	if (n->permit_until_us != INT64_MIN && n->permit_well_known && !wants_well_known)
		n->orders |= ORDER_BIT(ORDER_CLEAR);
	n->permit_until_us = now_us + seconds * NETWORK_S;
	n->permit_well_known = wants_well_known;
	n->permit_told = false;
	n->spread_tries = 0;
	invite_anew(n);
	network_order(n, ORDERS_PERMIT | ORDER_BIT(ORDER_POLICY), now_us);
	return 0;
}

static bool is_blank(const uint8_t *key)
{
	uint8_t all = 0;

	for (size_t i = 0; i < NETSTATE_KEY_SIZE; i++)
		all |= key[i];
	return all == 0;
}

int network_invite(struct network *n, uint64_t eui64, const uint8_t key[static NETSTATE_KEY_SIZE],
	int64_t now_us)
{
	unsigned i = invited_at(n, eui64);

	if (eui64 == 0 || eui64 == UINT64_MAX || is_blank(key) ||
		memcmp(key, well_known, NETSTATE_KEY_SIZE) == 0)
		return -EINVAL;
	if (i == NETWORK_INVITED_MAX)
		return -ENOSPC;
	n->invited_count += i == n->invited_count;
	n->invited[i].eui64 = eui64;
	n->invited[i].refused = n->invited[i].joined = false;
	memcpy(n->invited[i].key, key, NETSTATE_KEY_SIZE);
	/* unless others wait to be told before it */
	if (!(n->inviting || n->orders & ORDER_BIT(ORDER_INVITE)) || i < n->invites)
		n->invites = i;
	n->inviting = false;
	if (is_open(n, now_us))
		network_order(n, ORDER_BIT(ORDER_INVITE), now_us);
	return 0;
}

/* The radio forgets all such keys or none: it is told the others anew. */
void network_uninvite(struct network *n, uint64_t eui64, int64_t now_us)
{
	unsigned i = invited_at(n, eui64);

	if (i < n->invited_count)
		uninvite(n, i);
	if (n->state == NETWORK_UP && is_open(n, now_us)) {
		invite_anew(n);
		network_order(n,
			ORDER_BIT(ORDER_CLEAR) | ORDER_BIT(ORDER_WELL_KNOWN) |
				ORDER_BIT(ORDER_INVITE),
			now_us);
	}
}

/* It still needs the key to get one of its own; a device that left may have failed at that. */
void network_orders_present(struct network *n, uint64_t eui64, bool joined)
{
	unsigned i = invited_at(n, eui64);

	if (i < n->invited_count)
		n->invited[i].joined = joined;
}

/* Only of one that has come in: what an earlier life of it agreed on is not this. */
void network_orders_key(struct network *n, uint64_t eui64)
{
	unsigned i = invited_at(n, eui64);

	if (i < n->invited_count && n->invited[i].joined)
		uninvite(n, i);
}

/* ---- answers ---- */

static void invited(struct network *n, bool good, int64_t now_us)
{
	struct network_invited *who = &n->invited[n->invites];

	if (!n->inviting)
		return; /* the list is another one */
	n->inviting = false;
	n->invites++;
	if (n->invites < n->invited_count)
		n->orders |= ORDER_BIT(ORDER_INVITE);
	if (good || who->refused)
		return;
	who->refused = true;
	network_problem(n, now_us,
		"the radio does not take the key of %016llx's install code: it cannot join",
		(unsigned long long)who->eui64);
}

static void permitted(struct network *n, bool good, int64_t now_us)
{
	unsigned s = seconds_left(n, now_us);

	if (n->permit_piece == 0)
		return;
	if (!good) {
		network_problem(n, now_us, "the radio refuses to let devices join");
		shut(n, now_us);
		return;
	}
	if (s == 0)
		return;
	n->permit_again_us = now_us + NETWORK_PERMIT_AGAIN_US;
	if (n->permit_told)
		return;
	n->permit_told = true;
	network_tell(n, NETWORK_NOTICE_OPENED, s,
		n->permit_well_known ? "also for devices with the well-known key"
				     : "for devices whose install codes are configured",
		now_us);
}

/* Broadcasts have little room in a radio. */
static void spread_done(struct network *n, bool good, int64_t now_us)
{
	if (good)
		n->spread_tries = 0;
	else if (++n->spread_tries < NETWORK_BUSY_TRIES)
		n->spread_us = now_us + NETWORK_BUSY_US;
}

static void got_parameters(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	unsigned life = n->life;
	char words[64];
	int r;

	if (v->extended_pan != n->net.extended_pan) {
		network_fail(n, now_us, "the radio is in another network");
		return;
	}
	if (!network_is_place(v) || (v->pan == n->net.pan && v->channel == n->net.channel &&
					    v->update_id == n->net.update_id))
		return;
	n->net.pan = v->pan;
	n->net.channel = v->channel;
	n->net.update_id = v->update_id;
	r = network_keep_now(n, now_us);
	if (r < 0)
		network_problem(
			n, now_us, "the network could not be kept: %s", strerrordesc_np(-r));
	if (n->life != life)
		return;
	(void)snprintf(words, sizeof(words), "to channel %u, PAN %04x", v->channel, v->pan);
	network_tell(n, NETWORK_NOTICE_CHANGED, v->channel, words, now_us);
}

static void looked(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	uint32_t now = v->out_counter, was = n->net.counter;
	int r;

	n->look_us = now_us + NETWORK_COUNTER_US;
	if (now < was) {
		network_problem(n, now_us,
			"the radio counts its frames from %lu on, although %lu was seen: devices "
			"may take no notice of it; " REMEDY_RESTORE,
			(unsigned long)now, (unsigned long)was);
		return;
	}
	if (now - was < NETWORK_COUNTER_STEP && v->key_sequence == n->net.key_sequence &&
		!n->keep_again)
		return;
	n->net.counter = now;
	n->net.key_sequence = v->key_sequence;
	r = network_keep_now(n, now_us);
	if (r < 0)
		network_problem(
			n, now_us, "the frame counter could not be kept: %s", strerrordesc_np(-r));
}

static void done(
	struct ezsp *e, void *userdata, int result, const struct ezsp_values *v, int64_t now_us)
{
	struct network *n = (struct network *)e;
	bool good = result == 0 && v->status == EZSP_STATUS_OK;

	if (result == EZSP_GONE)
		return;
	n->ordered = false;
	n->counters.refused += !good;
	if (result == EZSP_LATE) {
		/* a second time, and the radio is taken for silent */
		n->inviting = false;
		n->orders |= ORDER_BIT(n->order);
		return;
	}
	switch ((enum network_order)n->order) {
	case ORDER_POLICY:
		if (!good) {
			network_problem(n, now_us,
				"the radio refuses to be told who may join (status 0x%lx)",
				(unsigned long)v->status);
			shut(n, now_us);
		}
		break;
	case ORDER_WELL_KNOWN:
		if (!good)
			network_problem(n, now_us, "the radio does not take the well-known key");
		break;
	case ORDER_INVITE:
		invited(n, good, now_us);
		break;
	case ORDER_PERMIT:
		permitted(n, good, now_us);
		break;
	case ORDER_SPREAD:
		spread_done(n, good || result != 0, now_us);
		break;
	case ORDER_PARAMETERS:
		if (good)
			got_parameters(n, v, now_us);
		break;
	case ORDER_LOOK:
		n->look_us = now_us + NETWORK_COUNTER_US;
		if (good)
			looked(n, v, now_us);
		break;
	case ORDER_SHUT:
	case ORDER_CLEAR:
	case ORDER_MAKER:
	case ORDER_CONCENTRATOR:
	case ORDER_ROUTES:
	case _ORDER_MAX:
		break;
	}
}

/* ---- up, down, time ---- */

void network_orders_end(struct network *n, int64_t now_us)
{
	if (n->permit_until_us != INT64_MIN)
		tell_closed(n, now_us);
}

void network_orders_up(struct network *n, int64_t now_us)
{
	n->orders |= ORDERS_UP;
	n->look_us = INT64_MAX;
	if (!is_open(n, now_us))
		return; /* if it just ended, the next tick says so */
	invite_anew(n);
	n->orders |= ORDERS_PERMIT;
}

bool network_is_idle(const struct network *n)
{
	return n->state != NETWORK_UP || (n->orders == 0 && !n->ordered);
}

void network_orders_down(struct network *n)
{
	n->orders = 0;
	n->ordered = n->inviting = false;
	n->permit_again_us = n->spread_us = n->look_us = INT64_MAX;
	n->spread_tries = 0;
}

void network_orders_status(struct network *n, uint32_t status, int64_t now_us)
{
	if (status == EZSP_STATUS_CHANNEL_CHANGED || status == EZSP_STATUS_PAN_CHANGED) {
		network_order(n, ORDER_BIT(ORDER_PARAMETERS), now_us);
	} else if (status == EZSP_STATUS_NETWORK_OPENED && !is_open(n, now_us)) {
		if (now_us - n->shut_us >= SHUT_GRACE_US)
			network_problem(n, now_us,
				"something else than this gateway has opened the network; it is "
				"closed again");
		network_order(n, ORDER_BIT(ORDER_SHUT), now_us);
	} else if (status == EZSP_STATUS_NETWORK_CLOSED && seconds_left(n, now_us) > 2 &&
		   !(n->orders & ORDER_BIT(ORDER_PERMIT))) {
		/* by whom ever; not at once, lest two fight */
		n->permit_again_us = now_us + NETWORK_S;
	}
}

int64_t network_orders_deadline(const struct network *n)
{
	int64_t at = n->permit_again_us < n->look_us ? n->permit_again_us : n->look_us;

	if (n->permit_until_us != INT64_MIN && n->permit_until_us < at)
		at = n->permit_until_us;
	return n->spread_us < at ? n->spread_us : at;
}

void network_orders_tick(struct network *n, int64_t now_us)
{
	if (n->permit_until_us != INT64_MIN && now_us >= n->permit_until_us)
		shut(n, now_us);
	if (now_us >= n->permit_again_us) {
		n->permit_again_us = INT64_MAX;
		invite_anew(n);
		network_order(n, ORDERS_PERMIT, now_us);
	}
	if (now_us >= n->spread_us) {
		n->spread_us = INT64_MAX;
		network_order(n, ORDER_BIT(ORDER_SPREAD), now_us);
	}
	if (now_us >= n->look_us) {
		n->look_us = INT64_MAX;
		network_order(n, ORDER_BIT(ORDER_LOOK), now_us);
	}
}
