/*
 * Pairing with people at it: what control/ asks for (wardgate/pairing.h), done by
 * the adapter that hears the device. The dialogue itself is the adapter's
 * (ble/adapter.h); here it finds its device and its end.
 */
#include <errno.h>
#include <string.h>

#include "ble/driver_private.h"

#define AGAIN_US INT64_C(1000000) /* after an attempt that did not connect */

void peer_pairing_hold(struct peer *p)
{
	struct ble *b = p->ble;

	for (unsigned i = 0; i < b->radio_count; i++) {
		struct adapter *a = &b->radios[i]->adapter;
		bool stale = adapter_is_stale(a, &p->identity) && keys_bonded(a, &p->identity);

		if (p->candidates[i])
			slots_hold(b->radios[i]->slots, p->candidates[i] - 1,
				stale || b->pairing.peer == p);
	}
}

static void pardon(struct peer *p)
{
	struct ble *b = p->ble;

	for (unsigned i = 0; i < b->radio_count; i++)
		if (p->candidates[i])
			slots_pardon(b->radios[i]->slots, p->candidates[i] - 1);
}

static void end(struct ble *b, const struct pairing_result *result)
{
	struct ble_pairing run = b->pairing;

	b->pairing = (struct ble_pairing){ 0 };
	if (!run.peer)
		return;
	peer_pairing_hold(run.peer);
	if (result && result->outcome == PAIRING_BONDED) {
		run.peer->device->bond_stale = false;
		run.peer->wants_number = false;
		pardon(run.peer);
	}
	if (result)
		run.events.ends(result, run.events.userdata);
}

static void end_as(struct ble *b, enum pairing_outcome outcome, const char *detail)
{
	struct pairing_result result = { .outcome = outcome };

	(void)snprintf(result.detail, sizeof(result.detail), "%s", detail);
	end(b, &result);
}

/* ---- finding the device ---- */

void peer_pairing_heard(
	struct radio *radio, const struct ble_address *heard, const struct peer *p, int64_t now_us)
{
	struct ble_pairing *run = &radio->ble->pairing;
	int r;

	if (!run->peer || run->radio || now_us < run->again_us ||
		(p != run->peer && !(run->has_address && ble_address_same(heard, &run->address))))
		return;
	adapter_forgive(&radio->adapter, heard);
	r = adapter_pair(&radio->adapter, heard, MGMT_IO_KEYBOARD_DISPLAY, now_us);
	if (r < 0)
		return; /* the next advertisement tries again, when what began by itself is over */
	run->address = *heard;
	run->has_address = true;
	run->radio = radio;
}

int64_t peer_pairing_deadline(const struct ble *b)
{
	return b->pairing.peer && !b->pairing.radio ? b->pairing.until_us : INT64_MAX;
}

void peer_pairing_due(struct ble *b, int64_t now_us)
{
	if (now_us >= peer_pairing_deadline(b))
		end_as(b, b->pairing.again_us ? PAIRING_UNREACHABLE : PAIRING_NOT_HEARD,
			b->pairing.again_us ? mgmt_status_words(MGMT_CONNECT_FAILED) : "");
}

/* ---- what the adapter says of it ---- */

static bool is_ours(const struct radio *radio, const struct ble_address *who)
{
	const struct ble_pairing *run = &radio->ble->pairing;

	return run->peer && run->radio == radio &&
	       (ble_address_same(who, &run->address) ||
		       ble_address_same(who, &run->peer->identity));
}

static void on_paired(struct ble *b, const struct adapter_notice *n)
{
	struct pairing_result result = { .outcome = n->keep ? PAIRING_BONDED : PAIRING_NOT_KEPT,
		.secure_connections = n->secure,
		.authenticated = n->authenticated };

	if (ble_address_is_identity(&n->address)) {
		(void)ble_address_format(&n->address, result.identity);
		if (!ble_address_same(&n->address, &b->pairing.peer->identity))
			result.outcome = PAIRING_OTHER_IDENTITY;
	}
	end(b, &result);
}

static enum pairing_outcome outcome_of(const struct ble_pairing *run, uint8_t status)
{
	switch (status) {
	case MGMT_CONNECT_FAILED:
	case MGMT_NOT_CONNECTED:
	case MGMT_DISCONNECTED:
		return PAIRING_UNREACHABLE;
	case MGMT_TIMEOUT:
		return PAIRING_TIMED_OUT;
	case MGMT_AUTH_FAILED:
	case MGMT_REJECTED: /* also by who says that the numbers are not the same */
		return run->answered ? PAIRING_MISMATCH : PAIRING_REFUSED;
	case MGMT_NOT_SUPPORTED:
		return PAIRING_REFUSED;
	case MGMT_NOT_POWERED:
	case MGMT_INVALID_INDEX:
	case MGMT_RFKILLED:
		return PAIRING_NO_ADAPTER;
	case MGMT_BUSY:
	case MGMT_PERMISSION_DENIED:
		return PAIRING_TAKEN;
	default:
		return PAIRING_FAILED;
	}
}

/* Whether it is tried once more: nobody was asked anything yet, and the connection that was missing
 * may be had in a moment, when another device is done. */
static bool tries_again(struct ble_pairing *run, uint8_t status)
{
	int64_t now = boottime_us();

	if (status != MGMT_CONNECT_FAILED || run->asked || now + AGAIN_US >= run->until_us)
		return false;
	run->radio = NULL;
	run->again_us = now + AGAIN_US;
	return true;
}

bool peer_pairing_notice(struct radio *radio, const struct adapter_notice *n)
{
	struct ble *b = radio->ble;
	struct ble_pairing *run = &b->pairing;
	const struct pairing_events *events = &run->events;

	if (n->kind == ADAPTER_NOTICE_DOWN && run->peer && run->radio == radio) {
		end_as(b, PAIRING_NO_ADAPTER, n->text);
		return false;
	}
	/* It has told who it is: from here on it is called by that. */
	if (n->kind == ADAPTER_NOTICE_RESOLVED && run->peer && run->radio == radio &&
		ble_address_same(&n->rpa, &run->address))
		run->address = n->address;
	/* As give_up_bond() has asked: the new one takes its place. The device may not have been
	 * heard since, and is found by what that has left of the old one. */
	if (n->kind == ADAPTER_NOTICE_UNPAIRED && run->peer &&
		ble_address_same(&n->address, &run->peer->identity))
		return true;
	if (!is_ours(radio, &n->address))
		return false;
	run->asked |= n->kind == ADAPTER_NOTICE_CONFIRM || n->kind == ADAPTER_NOTICE_ASK_PASSKEY ||
		      n->kind == ADAPTER_NOTICE_SHOW_PASSKEY;
	switch ((int)n->kind) {
	case ADAPTER_NOTICE_CONFIRM:
		events->asks(PAIRING_COMPARE, n->number, events->userdata);
		return true;
	case ADAPTER_NOTICE_ASK_PASSKEY:
		events->asks(PAIRING_ENTER, 0, events->userdata);
		return true;
	case ADAPTER_NOTICE_SHOW_PASSKEY:
		if (!run->shown || run->number != n->number)
			events->asks(PAIRING_SHOW, n->number, events->userdata);
		run->shown = true;
		run->number = n->number;
		return true;
	case ADAPTER_NOTICE_PAIRED:
		on_paired(b, n);
		return true;
	case ADAPTER_NOTICE_PAIR_FAILED:
		if (!run->cancelled && !tries_again(run, n->code))
			end_as(b, outcome_of(run, n->code), mgmt_status_words(n->code));
		return true;
	default:
		return false;
	}
}

/* At the adapter, without a word to anybody. */
static void call_off(struct ble *b)
{
	struct ble_pairing *run = &b->pairing;

	run->cancelled = true;
	if (run->peer && run->radio)
		adapter_cancel_pair(&run->radio->adapter, &run->address, boottime_us());
}

void peer_pairing_forget(struct peer *p)
{
	if (p->ble->pairing.peer != p)
		return;
	call_off(p->ble);
	end_as(p->ble, PAIRING_ENDED, "");
}

/* ---- asked for ---- */

static bool any_up(const struct ble *b)
{
	for (unsigned i = 0; i < b->radio_count; i++)
		if (b->radios[i]->adapter.state == ADAPTER_UP)
			return true;
	return false;
}

/* A kernel that has keys of a device does not pair with it. Those that are of no use go first: the
 * device has lost them, or wants to be proven by a number, which they are not. It stays known by
 * its private addresses, so that it is found. */
static void give_up_bond(struct peer *p)
{
	struct ble *b = p->ble;
	int64_t now = boottime_us();

	for (unsigned i = 0; i < b->radio_count; i++) {
		struct adapter *a = &b->radios[i]->adapter;
		const struct mgmt_ltk *key = bonds_find(b->bonds, &a->address, &p->identity);
		struct ble_address who;

		if (!key || (!p->device->bond_stale && !p->wants_number))
			continue;
		who = key->address;
		(void)adapter_unpair(a, &who, now);
		keys_drop(a, &who);
	}
}

static int begin(void *state, struct device *d, const char *address, int64_t until_us,
	const struct pairing_events *events)
{
	struct ble *b = state;
	struct ble_pairing run = {
		.peer = d->driver_data, .until_us = until_us, .events = *events
	};

	if (b->pairing.peer)
		return -EBUSY;
	if (!any_up(b))
		return -ENODEV;
	if (!run.peer || d->transport != TRANSPORT_BLE)
		return -EINVAL;
	if (address) {
		if (!ble_address_parse(address, BLE_ADDRESS_ANY, &run.address))
			return -EINVAL;
		run.has_address = true;
	}
	conn_end(run.peer, SLOTS_GONE, boottime_us());
	b->pairing = run;
	peer_pairing_hold(run.peer);
	give_up_bond(run.peer);
	ble_settle(b);
	return 0;
}

static void answer(void *state, bool yes, uint32_t number)
{
	struct ble *b = state;
	struct ble_pairing *run = &b->pairing;

	if (!run->peer || !run->radio)
		return;
	run->answered = true;
	(void)adapter_answer(&run->radio->adapter, &run->address, yes, number, boottime_us());
	ble_settle(b);
}

static void cancel(void *state)
{
	struct ble *b = state;

	call_off(b);
	end(b, NULL);
	ble_settle(b);
}

static void unpair(void *state, struct device *d, pairing_unpaired_fn done, void *userdata)
{
	struct ble *b = state;
	struct peer *p = d->driver_data;
	int64_t now = boottime_us();
	bool had = false;

	for (unsigned i = 0; p && i < b->radio_count; i++) {
		struct adapter *a = &b->radios[i]->adapter;

		if (!keys_bonded(a, &p->identity))
			continue;
		had = true;
		conn_end(p, SLOTS_GONE, now);
		/* A kernel that cannot be told now is not given the keys the next time. */
		(void)adapter_unpair(a, &p->identity, now);
		keys_forget(a, &p->identity);
	}
	if (had) {
		d->bond_stale = false;
		peer_pairing_hold(p);
	}
	if (done)
		done(had ? 0 : -ENOENT, userdata);
	ble_settle(b);
}

static void bond(void *state, const struct device *d, struct pairing_bond *ret)
{
	struct ble *b = state;
	const struct peer *p = d->driver_data;

	*ret = (struct pairing_bond){ .state = PAIRING_BOND_NONE };
	for (unsigned i = 0; p && i < b->radio_count; i++) {
		const struct adapter *a = &b->radios[i]->adapter;
		const struct mgmt_ltk *key = bonds_find(b->bonds, &a->address, &p->identity);

		if (!key)
			continue;
		ret->state =
			adapter_is_stale(a, &p->identity) ? PAIRING_BOND_STALE : PAIRING_BOND_GOOD;
		ret->secure_connections = key->type >= MGMT_LTK_P256_UNAUTHENTICATED;
		ret->authenticated = key->type == MGMT_LTK_AUTHENTICATED ||
				     key->type == MGMT_LTK_P256_AUTHENTICATED;
	}
}

static enum pairing_link_state state_of(const struct peer *p)
{
	int64_t now = boottime_us();

	if (p->link)
		return p->link->ready ? PAIRING_LINK_CONNECTED : PAIRING_LINK_SETTING_UP;
	if (p->connecting)
		return PAIRING_LINK_CONNECTING;
	if (!p->heard_us)
		return PAIRING_LINK_NOT_HEARD;
	if (p->broadcasts)
		return PAIRING_LINK_BROADCAST;
	for (unsigned i = 0; i < p->ble->radio_count; i++)
		if (p->candidates[i] &&
			slots_waits(p->ble->radios[i]->slots, p->candidates[i] - 1, now))
			return PAIRING_LINK_WAITING;
	return PAIRING_LINK_HEARD;
}

static void link_of(void *state, const struct device *d, struct pairing_link *ret)
{
	const struct peer *p = d->driver_data;

	*ret = (struct pairing_link){ .state = PAIRING_LINK_NOT_HEARD };
	if (!p)
		return;
	ret->state = state_of(p);
	ret->signal_dbm = p->heard_us && p->dbm != MGMT_RSSI_UNKNOWN ? p->dbm : 0;
	ret->heard_boot_us = p->heard_us;
}

const struct pairing ble_pairing = {
	.begin = begin,
	.answer = answer,
	.cancel = cancel,
	.unpair = unpair,
	.bond = bond,
	.link = link_of,
};
