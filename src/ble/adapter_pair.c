/*
 * Pairing: see adapter.h. It is ordered by us (Pair Device), or begins when a
 * socket asks for security; both are the same dialogue, which is followed here
 * until it is over. Its end is told once, and only when the keys that it brought
 * are safe.
 *
 * Whom nobody has asked to pair with is refused. Without an order only Just
 * Works is answered by itself; what people must compare or type is asked for,
 * and refused when nobody answers in time: the protocol's own limit is 30 s.
 */
#include "ble/adapter_private.h"

#include <errno.h>

#define ECHO_US (5 * ADAPTER_S)         /* how long what is over is remembered */
#define SETTLE_US (500 * INT64_C(1000)) /* keys come together */
#define SAVE_US (20 * ADAPTER_S)        /* then they are not safe */
#define CALLED_OFF "was called off"
#define NOBODY "nobody answered in time"

static struct adapter_pairing *find(struct adapter *a, const struct ble_address *who)
{
	for (unsigned i = 0; i < ADAPTER_PAIRINGS_MAX; i++)
		if (a->pairings[i].used && ble_address_equal(&a->pairings[i].address, who))
			return &a->pairings[i];
	return NULL;
}

static struct adapter_pairing *find_running(struct adapter *a, const struct ble_address *who)
{
	struct adapter_pairing *p = find(a, who);

	return p && !p->over ? p : NULL;
}

/* A new one, in the place of one that is over if need be; NULL when all run. */
static struct adapter_pairing *add(struct adapter *a, const struct ble_address *who, int64_t now_us)
{
	struct adapter_pairing *p = find(a, who);

	for (unsigned i = 0; !p && i < ADAPTER_PAIRINGS_MAX; i++)
		if (!a->pairings[i].used)
			p = &a->pairings[i];
	for (unsigned i = 0; !p && i < ADAPTER_PAIRINGS_MAX; i++)
		if (a->pairings[i].over)
			p = &a->pairings[i];
	if (p)
		*p = (struct adapter_pairing){ .used = true,
			.address = *who,
			.io = MGMT_IO_NONE,
			.ask_deadline_us = INT64_MAX,
			.deadline_us = now_us + ADAPTER_PAIR_US };
	return p;
}

static void end(struct adapter_pairing *p, int64_t now_us)
{
	p->over = true;
	p->ordered = false;
	p->asked = 0;
	p->ask_deadline_us = INT64_MAX;
	p->deadline_us = now_us + ECHO_US;
}

static void fail(struct adapter *a, struct adapter_pairing *p, uint8_t status, const char *text,
	int64_t now_us)
{
	struct ble_address who = p->address;

	end(p, now_us);
	adapter_tell_of(a, ADAPTER_NOTICE_PAIR_FAILED, &who, status, text, now_us);
	adapter_discovery_plan(a, now_us);
}

static void succeed(struct adapter *a, struct adapter_pairing *p, int64_t now_us)
{
	struct adapter_notice n = { .kind = ADAPTER_NOTICE_PAIRED,
		.text = "",
		.address = p->address,
		.keep = p->bonding && !p->failed_saving,
		.authenticated = p->authenticated,
		.secure = p->secure };

	if (p->already)
		n.text = "it was paired already: nothing was exchanged with it";
	else if (p->failed_saving)
		n.text = "its keys could not be saved: it must be paired anew after a restart";
	else if (!p->bonding)
		n.text = "the device does not bond: its keys go with the connection";
	end(p, now_us);
	a->ops->notice(a, &n, now_us);
	adapter_discovery_plan(a, now_us);
}

static void maybe_succeed(struct adapter *a, struct adapter_pairing *p, int64_t now_us)
{
	if (p->done && p->unsaved == 0)
		succeed(a, p, now_us);
}

/* ---- by order ---- */

bool adapter_pairing_ordered(const struct adapter *a)
{
	for (unsigned i = 0; i < ADAPTER_PAIRINGS_MAX; i++)
		if (a->pairings[i].used && a->pairings[i].ordered)
			return true;
	return false;
}

int adapter_pair(struct adapter *a, const struct ble_address *who, uint8_t io, int64_t now_us)
{
	struct adapter_pairing *p;

	if (a->state != ADAPTER_UP)
		return -ENETDOWN;
	if ((who->type != BLE_ADDRESS_PUBLIC && who->type != BLE_ADDRESS_RANDOM) ||
		io > MGMT_IO_KEYBOARD_DISPLAY)
		return -EINVAL;
	if (find_running(a, who))
		return -EALREADY;
	p = add(a, who, now_us);
	if (!p)
		return -EBUSY;
	p->ordered = true;
	p->io = io;
	adapter_forgive(a, who);
	adapter_discovery_plan(a, now_us);
	return 0;
}

size_t adapter_pair_output(struct adapter *a, uint8_t *to, size_t size, int64_t now_us)
{
	if (!adapter_can_connect(a))
		return 0;
	for (unsigned i = 0; i < ADAPTER_PAIRINGS_MAX; i++) {
		struct adapter_pairing *p = &a->pairings[i];
		int r;

		if (!p->used || !p->ordered || p->sent)
			continue;
		p->sent = true;
		r = mgmt_encode(&(struct mgmt_command){ .op = MGMT_PAIR,
					.index = a->index,
					.value = p->io,
					.address = p->address },
			to, size);
		return r > 0 ? (size_t)r : 0;
	}
	return 0;
}

static void call_off(struct adapter *a, struct adapter_pairing *p, uint8_t status, const char *text,
	int64_t now_us)
{
	uint16_t op = MGMT_CANCEL_PAIR;

	if (p->asked == MGMT_EV_CONFIRM)
		op = MGMT_CONFIRM_NEGATIVE;
	else if (p->asked == MGMT_EV_PASSKEY)
		op = MGMT_PASSKEY_NEGATIVE;
	if (op != MGMT_CANCEL_PAIR || p->sent)
		(void)adapter_order(a, &(struct adapter_order){ .op = op, .address = p->address });
	fail(a, p, status, text, now_us);
}

void adapter_cancel_pair(struct adapter *a, const struct ble_address *who, int64_t now_us)
{
	struct adapter_pairing *p = find_running(a, who);

	if (p)
		call_off(a, p, MGMT_CANCELLED, CALLED_OFF, now_us);
}

/* ---- what is asked ---- */

int adapter_answer(struct adapter *a, const struct ble_address *who, bool yes, uint32_t passkey,
	int64_t now_us)
{
	struct adapter_pairing *p = find_running(a, who);
	struct adapter_order o = { .address = *who };
	int r;

	if (!p || p->asked == 0)
		return -ENOENT;
	if (!yes) {
		call_off(a, p, MGMT_REJECTED, CALLED_OFF, now_us);
		return 0;
	}
	o.op = MGMT_CONFIRM;
	if (p->asked == MGMT_EV_PASSKEY) {
		if (passkey > MGMT_PASSKEY_MAX)
			return -EINVAL;
		o.op = MGMT_PASSKEY;
		o.passkey = passkey;
	}
	r = adapter_order(a, &o);
	if (r < 0)
		return r;
	p->asked = 0;
	p->ask_deadline_us = INT64_MAX;
	return 0;
}

static void refuse(struct adapter *a, uint16_t op, const struct ble_address *who)
{
	(void)adapter_order(a, &(struct adapter_order){ .op = op, .address = *who });
}

/* A device that is bonded pairs anew by itself: the kernel has no key of it, since another program
 * took it away, or it wants more than that key. Anybody can ask for that in its name. */
static bool is_replacing(struct adapter *a, const struct ble_address *who)
{
	return a->ops->bonded(a, who) && !a->ops->may_rebond(a, who);
}

/* The pairing that an event belongs to; NULL when it may not be. */
static struct adapter_pairing *admitted(
	struct adapter *a, const struct ble_address *who, int64_t now_us)
{
	struct adapter_pairing *p = find_running(a, who);

	if (p)
		return p;
	if (is_replacing(a, who)) {
		adapter_renew(a, now_us);
		return NULL;
	}
	return a->ops->may_bond(a, who) ? add(a, who, now_us) : NULL;
}

static void on_confirm(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	struct adapter_pairing *p = admitted(a, &e->address, now_us);
	struct adapter_notice n = { .kind = ADAPTER_NOTICE_CONFIRM,
		.text = "",
		.address = e->address,
		.number = e->confirm.number };

	/* a number of more digits is none that a device shows */
	if (!p || (!e->confirm.hint && e->confirm.number > MGMT_PASSKEY_MAX)) {
		refuse(a, MGMT_CONFIRM_NEGATIVE, &e->address);
		return;
	}
	if (e->confirm.hint) {
		(void)adapter_order(
			a, &(struct adapter_order){ .op = MGMT_CONFIRM, .address = e->address });
		return;
	}
	p->asked = MGMT_EV_CONFIRM;
	p->ask_deadline_us = now_us + ADAPTER_ASK_US;
	a->ops->notice(a, &n, now_us);
}

static void on_passkey(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	struct adapter_pairing *p = admitted(a, &e->address, now_us);

	if (!p) {
		refuse(a, MGMT_PASSKEY_NEGATIVE, &e->address);
		return;
	}
	p->asked = MGMT_EV_PASSKEY;
	p->ask_deadline_us = now_us + ADAPTER_ASK_US;
	adapter_tell_of(a, ADAPTER_NOTICE_ASK_PASSKEY, &e->address, 0, "", now_us);
}

static void on_show(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	struct adapter_notice n = { .kind = ADAPTER_NOTICE_SHOW_PASSKEY,
		.text = "",
		.address = e->address,
		.number = e->notify.passkey,
		.code = e->notify.entered };

	if (e->notify.passkey <= MGMT_PASSKEY_MAX && admitted(a, &e->address, now_us))
		a->ops->notice(a, &n, now_us);
}

/* ---- keys ---- */

static void note_saving(struct adapter_pairing *p, int r, int64_t now_us)
{
	if (r < 0)
		p->failed_saving = true;
	else if (r > 0 && p->unsaved < UINT8_MAX)
		p->unsaved++;
	/* without an order nothing tells the end: it is when no more keys come */
	if (!p->ordered) {
		p->done = true;
		p->asked = 0;
		p->ask_deadline_us = now_us + SETTLE_US;
	}
}

static void on_ltk(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	const struct mgmt_ltk *k = &e->new_key.ltk;
	struct adapter_pairing *p = find_running(a, &k->address);
	int r = 0;

	if (!mgmt_ltk_valid(k) && e->new_key.store)
		return;
	/* legacy Just Works asks nobody; the kernel has taken the key, and is given ours again */
	if (!p && e->new_key.store && is_replacing(a, &k->address)) {
		(void)adapter_disconnect(a, &k->address, now_us);
		adapter_renew(a, now_us);
		adapter_tell_of(a, ADAPTER_NOTICE_PAIR_FAILED, &k->address, MGMT_REJECTED,
			"it paired anew without being asked to: its bond is kept as it was",
			now_us);
		return;
	}
	if (!p)
		p = add(a, &k->address, now_us);
	if (p) {
		p->authenticated |=
			k->type == MGMT_LTK_AUTHENTICATED || k->type == MGMT_LTK_P256_AUTHENTICATED;
		p->secure |= k->type >= MGMT_LTK_P256_UNAUTHENTICATED;
		p->bonding |= e->new_key.store;
	}
	adapter_bond_made(a, &k->address);
	if (e->new_key.store)
		r = a->ops->save_ltk(a, k, now_us);
	if (p)
		note_saving(p, r, now_us);
}

/* From here on the kernel calls the device by its identity. */
static void on_irk(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	const struct mgmt_irk *k = &e->new_key.irk.key;
	struct adapter_notice n = { .kind = ADAPTER_NOTICE_RESOLVED,
		.text = "",
		.address = k->address,
		.rpa = e->new_key.irk.rpa,
		.keep = e->new_key.store };
	struct adapter_pairing *p;
	int r = 0;

	if (!mgmt_irk_valid(k))
		return;
	p = find(a, &n.rpa);
	if (p && !find(a, &k->address))
		p->address = k->address;
	for (unsigned i = 0; i < a->link_count; i++)
		if (ble_address_equal(&a->links[i], &n.rpa))
			a->links[i] = k->address;
	p = find_running(a, &k->address);
	if (!p)
		p = add(a, &k->address, now_us);
	a->ops->notice(a, &n, now_us);
	if (e->new_key.store)
		r = a->ops->save_irk(a, k, now_us);
	if (p)
		note_saving(p, r, now_us);
}

void adapter_saved(struct adapter *a, const struct ble_address *who, int error, int64_t now_us)
{
	struct adapter_pairing *p = find_running(a, who);

	if (!p || p->unsaved == 0)
		return;
	p->unsaved--;
	p->failed_saving |= error < 0;
	if (p->ask_deadline_us == INT64_MAX)
		maybe_succeed(a, p, now_us);
}

/* ---- its end ---- */

bool adapter_pair_failed(
	struct adapter *a, const struct ble_address *who, uint8_t status, int64_t now_us)
{
	struct adapter_pairing *p = find(a, who);

	/* with its keys made it has not failed: they outlast the connection */
	if (!p || p->done)
		return false;
	/* what has not begun yet was not meant */
	if (!p->over && (!p->ordered || p->sent))
		fail(a, p, status, mgmt_status_words(status), now_us);
	return true;
}

void adapter_pair_reply(struct adapter *a, const struct mgmt_reply *r, int64_t now_us)
{
	struct adapter_pairing *p = NULL;
	struct ble_address who;

	if (mgmt_read_address(r, &who) == 0)
		p = find_running(a, &who);
	/* refused before it was looked at, or named by an address that is not ours: there is one */
	for (unsigned i = 0; !p && i < ADAPTER_PAIRINGS_MAX; i++)
		if (a->pairings[i].used && a->pairings[i].ordered && a->pairings[i].sent &&
			r->length < BLE_ADDRESS_SIZE + 1)
			p = &a->pairings[i];
	if (!p || !p->ordered)
		return;
	if (r->status != MGMT_SUCCESS && r->status != MGMT_ALREADY_PAIRED) {
		if (r->status == MGMT_BUSY)
			adapter_rival_sign(a, 1, now_us);
		fail(a, p, r->status, mgmt_status_words(r->status), now_us);
		return;
	}
	/* there are keys in the kernel: it did not even look for the device */
	p->already = r->status == MGMT_ALREADY_PAIRED;
	p->bonding |= p->already;
	p->done = true;
	p->asked = 0;
	/* keys may come behind the reply */
	p->ask_deadline_us = now_us + SETTLE_US;
	p->deadline_us = now_us + SAVE_US;
}

static void on_failed(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	if (adapter_pair_failed(a, &e->address, e->status, now_us))
		return;
	adapter_bond_failed(a, &e->address, now_us);
}

void adapter_pair_event(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	if (a->state != ADAPTER_UP)
		return;
	if (e->code == MGMT_EV_CONFIRM)
		on_confirm(a, e, now_us);
	else if (e->code == MGMT_EV_PASSKEY)
		on_passkey(a, e, now_us);
	else if (e->code == MGMT_EV_PASSKEY_NOTIFY)
		on_show(a, e, now_us);
	else if (e->code == MGMT_EV_NEW_LTK)
		on_ltk(a, e, now_us);
	else if (e->code == MGMT_EV_NEW_IRK)
		on_irk(a, e, now_us);
	else if (e->code == MGMT_EV_AUTH_FAILED)
		on_failed(a, e, now_us);
	else if (e->code == MGMT_EV_UNPAIRED) {
		/* by another program: our own is answered, not told */
		adapter_rival_sign(a, 2, now_us);
		adapter_tell_of(a, ADAPTER_NOTICE_UNPAIRED, &e->address, 0,
			"another program has removed its keys", now_us);
	}
}

void adapter_pair_down(struct adapter *a, int64_t now_us)
{
	for (unsigned i = 0; i < ADAPTER_PAIRINGS_MAX; i++) {
		struct adapter_pairing *p = &a->pairings[i];

		if (p->used && !p->over && p->done)
			succeed(a, p, now_us);
		else if (p->used && !p->over)
			fail(a, p, MGMT_NOT_POWERED, "the adapter went down", now_us);
		*p = (struct adapter_pairing){ 0 };
	}
}

int64_t adapter_pair_deadline(const struct adapter *a)
{
	int64_t at = INT64_MAX;

	for (unsigned i = 0; i < ADAPTER_PAIRINGS_MAX; i++) {
		const struct adapter_pairing *p = &a->pairings[i];

		if (!p->used)
			continue;
		if (p->ask_deadline_us < at)
			at = p->ask_deadline_us;
		if (p->deadline_us < at)
			at = p->deadline_us;
	}
	return at;
}

static void tick(struct adapter *a, struct adapter_pairing *p, int64_t now_us)
{
	if (p->over) {
		if (now_us >= p->deadline_us)
			*p = (struct adapter_pairing){ 0 };
		return;
	}
	if (now_us >= p->ask_deadline_us) {
		p->ask_deadline_us = INT64_MAX;
		if (p->asked != 0)
			call_off(a, p, MGMT_TIMEOUT, NOBODY, now_us);
		else
			maybe_succeed(a, p, now_us);
	}
	if (p->over || now_us < p->deadline_us)
		return;
	if (p->done) {
		p->failed_saving = true;
		succeed(a, p, now_us);
	} else {
		call_off(a, p, MGMT_TIMEOUT, mgmt_status_words(MGMT_TIMEOUT), now_us);
	}
}

void adapter_pair_tick(struct adapter *a, int64_t now_us)
{
	for (unsigned i = 0; i < ADAPTER_PAIRINGS_MAX; i++)
		if (a->pairings[i].used)
			tick(a, &a->pairings[i], now_us);
}
