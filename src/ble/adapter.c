/*
 * One adapter's life: see adapter.h. The steps of bringing it up are in
 * adapter_steps.c, the scan's watchdog and the active scan in adapter_scan.c,
 * pairing in adapter_pair.c, bonds in adapter_bond.c.
 */
#include "ble/adapter_private.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RIVAL_POINTS 2
#define RIVAL_WINDOW_US (600 * ADAPTER_S)
#define RENEW_AFTER_US (2 * ADAPTER_S) /* a program that starts does much at once */
#define RENEW_EVERY_US (10 * ADAPTER_S)
#define RIVAL_TELL_US (3600 * ADAPTER_S)
#define ERROR_WAIT_US (2 * ADAPTER_S) /* the kernel resets the controller of itself */

void adapter_init(struct adapter *a, const struct adapter_ops *ops, const char *select,
	const struct ble_address *preferred)
{
	*a = (struct adapter){ .ops = ops,
		.index = MGMT_INDEX_NONE,
		.lost_us = INT64_MAX,
		.retry_us = INT64_MAX,
		.hold_us = INT64_MIN,
		.cycled_us = INT64_MIN,
		.discover_sent_us = INT64_MIN,
		.rival_told_us = INT64_MIN,
		.renew_us = INT64_MAX,
		.renewed_us = INT64_MIN,
		.silence_us = INT64_MAX };
	(void)snprintf(a->select, sizeof(a->select), "%s", select);
	if (preferred)
		a->address = *preferred;
	adapter_forget_steps(a);
}

/* ---- telling ---- */

void adapter_tell(struct adapter *a, enum adapter_kind kind, const char *text, int64_t now_us)
{
	struct adapter_notice n = { .kind = kind, .text = text };

	a->ops->notice(a, &n, now_us);
}

void adapter_tell_of(struct adapter *a, enum adapter_kind kind, const struct ble_address *who,
	uint8_t code, const char *text, int64_t now_us)
{
	struct adapter_notice n = { .kind = kind, .text = text, .address = *who, .code = code };

	a->ops->notice(a, &n, now_us);
}

void adapter_problem(struct adapter *a, int64_t now_us, const char *format, ...)
{
	char words[ADAPTER_WORDS_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	a->troubled = true;
	if (strcmp(words, a->problem) == 0)
		return;
	memcpy(a->problem, words, sizeof(words));
	adapter_tell(a, ADAPTER_NOTICE_PROBLEM, a->problem, now_us);
}

void adapter_lose(struct adapter *a, const char *text, int64_t now_us)
{
	a->lost_us = INT64_MAX;
	if (a->lost)
		return;
	a->lost = true;
	adapter_tell(a, ADAPTER_NOTICE_LOST, text, now_us);
}

void adapter_recover(struct adapter *a, int64_t now_us)
{
	if (!a->lost || a->deaf || a->state != ADAPTER_UP)
		return;
	a->lost = false;
	adapter_tell(a, ADAPTER_NOTICE_RECOVERED, "", now_us);
}

static void tell_rival(struct adapter *a, int64_t now_us)
{
	char words[ADAPTER_WORDS_SIZE];

	a->rival = true;
	if (a->rival_told_us != INT64_MIN && now_us - a->rival_told_us < RIVAL_TELL_US)
		return;
	a->rival_told_us = now_us;
	(void)snprintf(words, sizeof(words),
		"another program uses hci%u, most likely bluetoothd: pairing and scanning fail now "
		"and then, and it powers the adapter off when it ends; "
		"systemctl disable --now bluetooth.service",
		a->index);
	adapter_tell(a, ADAPTER_NOTICE_RIVAL, words, now_us);
}

/* bluetoothd loads its own keys when it starts, in the place of ours, and no event tells. */
void adapter_renew(struct adapter *a, int64_t now_us)
{
	a->renew_us = now_us + RENEW_AFTER_US;
	if (a->renewed_us != INT64_MIN && a->renew_us < a->renewed_us + RENEW_EVERY_US)
		a->renew_us = a->renewed_us + RENEW_EVERY_US;
}

static void renew(struct adapter *a, int64_t now_us)
{
	a->renew_us = INT64_MAX;
	a->renewed_us = now_us;
	a->todo |= STEPS_SHARED;
}

void adapter_rival_sign(struct adapter *a, unsigned points, int64_t now_us)
{
	if (a->state == ADAPTER_UP)
		adapter_renew(a, now_us);
	if (a->rival_points == 0 || now_us - a->rival_first_us > RIVAL_WINDOW_US) {
		a->rival_points = 0;
		a->rival_first_us = now_us;
	}
	a->rival_points += points;
	if (a->rival_points < RIVAL_POINTS)
		return;
	a->rival_points = 0;
	tell_rival(a, now_us);
}

void adapter_note_rival(struct adapter *a, int64_t now_us)
{
	if (a->index != MGMT_INDEX_NONE)
		tell_rival(a, now_us);
}

/* ---- up and down ---- */

void adapter_forget_steps(struct adapter *a)
{
	a->todo = 0;
	a->waiting = 0;
	a->reply_deadline_us = INT64_MAX;
	a->hold_us = INT64_MIN;
	a->tries = 0;
}

static void watch_for_loss(struct adapter *a, int64_t now_us)
{
	if (!a->lost && a->lost_us == INT64_MAX)
		a->lost_us = now_us + ADAPTER_LOST_US;
}

/* Whatever held on to the controller has gone with it. Only what was up is told to be down, and of
 * what is up none but a power cycle begins anew. */
static void go_down(struct adapter *a, enum adapter_state to, const char *text, int64_t now_us)
{
	bool was_up = a->state == ADAPTER_UP;

	adapter_forget_steps(a);
	a->state = to;
	a->discovering = false;
	a->monitor = 0;
	a->order_count = 0;
	a->link_count = 0;
	a->retry_us = INT64_MAX;
	a->renew_us = INT64_MAX; /* bringing it up does all of it */
	watch_for_loss(a, now_us);
	if (!was_up)
		return;
	a->counters.downs++;
	if (now_us - a->up_us >= ADAPTER_STEADY_US)
		a->failures = 0;
	adapter_tell(a, ADAPTER_NOTICE_DOWN, text, now_us);
	adapter_pair_down(a, now_us);
}

void adapter_begin(struct adapter *a, bool cycle, int64_t now_us)
{
	go_down(a, ADAPTER_STARTING, "it is power cycled, as it hears nothing", now_us);
	/* a notice may have led to anything */
	if (a->state != ADAPTER_STARTING)
		return;
	a->troubled = false;
	a->keys_loaded = false;
	a->todo = STEPS_BRING_UP;
	if (cycle) {
		a->counters.power_cycles++;
		a->todo |= STEP_BIT(STEP_OFF);
	}
}

void adapter_is_up(struct adapter *a, int64_t now_us)
{
	char words[64];

	a->state = ADAPTER_UP;
	a->up_us = now_us;
	a->lost_us = INT64_MAX;
	if (!a->troubled)
		a->problem[0] = 0;
	(void)snprintf(words, sizeof(words), "hci%u", a->index);
	adapter_tell(a, ADAPTER_NOTICE_UP, words, now_us);
	adapter_recover(a, now_us);
	adapter_discovery_plan(a, now_us);
}

void adapter_rest(struct adapter *a, int64_t wait_us, int64_t now_us)
{
	go_down(a, ADAPTER_RESTING, a->problem, now_us);
	if (a->state != ADAPTER_RESTING)
		return;
	a->counters.failures++;
	if (wait_us == 0) {
		wait_us = ADAPTER_RETRY_MIN_US << (a->failures < 6 ? a->failures : 6);
		a->failures++;
	}
	if (wait_us > ADAPTER_RETRY_MAX_US)
		wait_us = ADAPTER_RETRY_MAX_US;
	a->retry_us = now_us + wait_us;
}

void adapter_attach(struct adapter *a, uint16_t index, const struct mgmt_info *info, int64_t now_us)
{
	a->index = index;
	a->address = info->address;
	a->supported = info->supported;
	a->settings = info->settings;
	a->failures = 0;
	a->heard_us = a->streak_us = INT64_MIN;
	a->cycled_us = INT64_MIN;
	a->stage = 0;
	a->deaf = false;
	adapter_begin(a, false, now_us);
}

void adapter_detach(struct adapter *a, bool off, const char *text, int64_t now_us)
{
	enum adapter_state to = off ? ADAPTER_OFF : ADAPTER_ABSENT;

	(void)snprintf(a->problem, sizeof(a->problem), "%s", text);
	a->index = MGMT_INDEX_NONE;
	a->settings = 0;
	a->cut = false;
	go_down(a, to, a->problem, now_us);
}

/* ---- what happens ---- */

static void on_settings(struct adapter *a, uint32_t settings, int64_t now_us)
{
	uint32_t gone = a->settings & ~settings;
	bool ours = a->waiting == MGMT_SET_POWERED;

	a->settings = settings;
	if (a->state == ADAPTER_RESTING) {
		/* whoever took it away has given it back */
		if ((settings & MGMT_POWERED) && a->retry_us > now_us + ADAPTER_RETRY_MIN_US)
			a->retry_us = now_us + ADAPTER_RETRY_MIN_US;
		return;
	}
	if (ours || (a->state != ADAPTER_STARTING && a->state != ADAPTER_UP))
		return;
	if (gone & (MGMT_POWERED | MGMT_LE)) {
		a->cut = true;
		adapter_problem(a, now_us, "hci%u was %s", a->index,
			gone & MGMT_POWERED ? "powered off by another program, by rfkill or by "
					      "being unplugged"
					    : "set not to use Low Energy by another program");
		adapter_rest(a, 0, now_us);
		return;
	}
	if (a->state != ADAPTER_UP || !(gone & (MGMT_BONDABLE | MGMT_SECURE_CONNECTIONS)))
		return;
	/* who changes these changes the IO capability as well, of which no event tells */
	adapter_rival_sign(a, 1, now_us);
	a->todo |= STEP_BIT(STEP_SECURE) | STEP_BIT(STEP_BONDABLE) | STEP_BIT(STEP_IO);
}

/* It is still there: somebody has switched it off. */
static void was_cut(struct adapter *a, int64_t now_us)
{
	if (a->cut)
		adapter_rival_sign(a, 1, now_us);
	a->cut = false;
}

static void on_error(struct adapter *a, uint8_t code, int64_t now_us)
{
	if (a->state != ADAPTER_STARTING && a->state != ADAPTER_UP)
		return;
	adapter_problem(a, now_us, "the hardware of hci%u reports error 0x%02X", a->index, code);
	adapter_rest(a, ERROR_WAIT_US, now_us);
}

static void on_connected(struct adapter *a, const struct ble_address *who, int64_t now_us)
{
	unsigned i = 0;

	while (i < a->link_count && !ble_address_equal(&a->links[i], who))
		i++;
	if (i == a->link_count && i < ADAPTER_LINKS_MAX)
		a->links[a->link_count++] = *who;
	adapter_tell_of(a, ADAPTER_NOTICE_CONNECTED, who, 0, "", now_us);
}

static void on_disconnected(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	for (unsigned i = 0; i < a->link_count; i++)
		if (ble_address_equal(&a->links[i], &e->address))
			a->links[i--] = a->links[--a->link_count];
	if (e->reason == MGMT_REASON_AUTH &&
		!adapter_pair_failed(a, &e->address, MGMT_AUTH_FAILED, now_us))
		adapter_bond_failed(a, &e->address, now_us);
	else if (e->reason != MGMT_REASON_AUTH)
		(void)adapter_pair_failed(a, &e->address, MGMT_DISCONNECTED, now_us);
	adapter_tell_of(a, ADAPTER_NOTICE_DISCONNECTED, &e->address, e->reason,
		mgmt_reason_words(e->reason), now_us);
}

static void on_reply(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	const struct mgmt_reply *r = &e->reply;

	/* an early word that it is being done */
	if (e->code == MGMT_EV_STATUS && r->status == MGMT_SUCCESS)
		return;
	if (a->waiting != 0 && r->op == a->waiting)
		adapter_step_reply(a, r, now_us);
	else if (r->op == MGMT_PAIR)
		adapter_pair_reply(a, r, now_us);
	else if (r->op == MGMT_UNPAIR)
		adapter_unpair_reply(a, r, now_us);
}

static void on_params(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	struct adapter_notice n = { .kind = ADAPTER_NOTICE_PARAMS,
		.text = "",
		.address = e->new_key.params.address,
		.params = e->new_key.params,
		.keep = e->new_key.store };

	if (mgmt_params_valid(&n.params))
		a->ops->notice(a, &n, now_us);
}

/* Somebody took our monitor away: with it goes the scan. */
static void on_monitor_removed(struct adapter *a, uint16_t monitor, int64_t now_us)
{
	if (a->state != ADAPTER_UP || (a->todo & STEPS_MONITOR) || a->monitor == 0 ||
		(monitor != a->monitor && monitor != 0))
		return;
	adapter_rival_sign(a, 1, now_us);
	a->todo |= STEPS_MONITOR;
}

void adapter_event(struct adapter *a, const struct mgmt_event *e, int64_t now_us)
{
	if (a->index == MGMT_INDEX_NONE || e->index != a->index)
		return;
	switch ((enum mgmt_event_code)e->code) {
	case MGMT_EV_COMPLETE:
	case MGMT_EV_STATUS:
		on_reply(a, e, now_us);
		break;
	case MGMT_EV_CONTROLLER_ERROR:
		on_error(a, e->error, now_us);
		break;
	case MGMT_EV_NEW_SETTINGS:
		on_settings(a, e->settings, now_us);
		break;
	case MGMT_EV_NAME_CHANGED:
		adapter_rival_sign(a, 1, now_us);
		break;
	case MGMT_EV_DEVICE_ADDED:
	case MGMT_EV_DEVICE_REMOVED:
		/* go to all but the one who did it, which is never us */
		adapter_rival_sign(a, RIVAL_POINTS, now_us);
		break;
	case MGMT_EV_FOUND:
	case MGMT_EV_MONITOR_FOUND:
		adapter_scan_report(a, &e->report, now_us);
		break;
	case MGMT_EV_DISCOVERING:
		adapter_discovering(a, e->discovering.on, now_us);
		break;
	case MGMT_EV_MONITOR_REMOVED:
		on_monitor_removed(a, e->monitor, now_us);
		break;
	case MGMT_EV_CONNECTED:
		on_connected(a, &e->address, now_us);
		break;
	case MGMT_EV_DISCONNECTED:
		on_disconnected(a, e, now_us);
		break;
	case MGMT_EV_CONNECT_FAILED:
		(void)adapter_pair_failed(a, &e->address, e->status, now_us);
		adapter_tell_of(a, ADAPTER_NOTICE_CONNECT_FAILED, &e->address, e->status,
			mgmt_status_words(e->status), now_us);
		break;
	case MGMT_EV_NEW_PARAMS:
		on_params(a, e, now_us);
		break;
	case MGMT_EV_NEW_LTK:
	case MGMT_EV_NEW_IRK:
	case MGMT_EV_NEW_CSRK:
	case MGMT_EV_CONFIRM:
	case MGMT_EV_PASSKEY:
	case MGMT_EV_PASSKEY_NOTIFY:
	case MGMT_EV_AUTH_FAILED:
	case MGMT_EV_UNPAIRED:
		adapter_pair_event(a, e, now_us);
		break;
	case MGMT_EV_INDEX_ADDED:
	case MGMT_EV_INDEX_REMOVED:
	case MGMT_EV_EXT_INDEX_ADDED:
	case MGMT_EV_EXT_INDEX_REMOVED:
	case MGMT_EV_MONITOR_LOST:
		break;
	}
}

/* ---- commands ---- */

int adapter_order(struct adapter *a, const struct adapter_order *order)
{
	if (a->state != ADAPTER_UP)
		return -ENETDOWN;
	if (a->order_count == ADAPTER_ORDERS_MAX)
		return -ENOBUFS;
	a->orders[(a->order_first + a->order_count++) % ADAPTER_ORDERS_MAX] = *order;
	return 0;
}

int adapter_disconnect(struct adapter *a, const struct ble_address *who, int64_t now_us)
{
	return adapter_order(a, &(struct adapter_order){ .op = MGMT_DISCONNECT, .address = *who });
}

void adapter_load_params(struct adapter *a, int64_t now_us)
{
	/* else they are loaded when it is brought up */
	if (a->state == ADAPTER_UP)
		a->todo |= STEP_BIT(STEP_PARAMS);
}

size_t adapter_output(struct adapter *a, uint8_t *to, size_t size, int64_t now_us)
{
	size_t n;

	assert(size >= MGMT_PACKET_MAX);
	while (a->order_count > 0) {
		const struct adapter_order *o = &a->orders[a->order_first];
		int r = mgmt_encode(&(struct mgmt_command){ .op = o->op,
					    .index = a->index,
					    .value = o->value,
					    .address = o->address,
					    .passkey = o->passkey },
			to, size);

		a->order_first = (a->order_first + 1) % ADAPTER_ORDERS_MAX;
		a->order_count--;
		if (r > 0) {
			a->counters.commands++;
			return (size_t)r;
		}
	}
	n = adapter_pair_output(a, to, size, now_us);
	if (n == 0)
		n = adapter_step_output(a, to, size, now_us);
	a->counters.commands += n > 0;
	return n;
}

/* ---- time ---- */

static int64_t sooner(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

int64_t adapter_deadline(const struct adapter *a)
{
	int64_t at = sooner(a->lost_us, a->retry_us);

	at = sooner(at, a->reply_deadline_us);
	if (a->hold_us != INT64_MIN)
		at = sooner(at, a->hold_us);
	if (a->state != ADAPTER_UP)
		return at;
	at = sooner(at, adapter_scan_deadline(a));
	at = sooner(at, adapter_discovery_deadline(a));
	at = sooner(at, a->renew_us);
	return sooner(at, adapter_pair_deadline(a));
}

static void no_reply(struct adapter *a, int64_t now_us)
{
	a->counters.timeouts++;
	adapter_problem(
		a, now_us, "hci%u does not answer: %s", a->index, mgmt_op_words(a->waiting));
	adapter_rest(a, 0, now_us);
}

void adapter_tick(struct adapter *a, int64_t now_us)
{
	if (a->hold_us != INT64_MIN && now_us >= a->hold_us)
		a->hold_us = INT64_MIN;
	if (now_us >= a->reply_deadline_us)
		no_reply(a, now_us);
	if (now_us >= a->retry_us) {
		was_cut(a, now_us);
		adapter_begin(a, false, now_us);
	}
	if (a->rival && now_us - a->rival_told_us > 2 * RIVAL_TELL_US)
		a->rival = false;
	if (now_us >= a->lost_us)
		adapter_lose(a, a->problem, now_us);
	if (a->state != ADAPTER_UP)
		return;
	if (now_us >= a->renew_us)
		renew(a, now_us);
	adapter_scan_tick(a, now_us);
	if (a->state != ADAPTER_UP)
		return;
	adapter_discovery_plan(a, now_us);
	adapter_pair_tick(a, now_us);
}

const char *adapter_state_word(enum adapter_state state)
{
	switch (state) {
	case ADAPTER_OFF:
		return "off";
	case ADAPTER_ABSENT:
		return "absent";
	case ADAPTER_STARTING:
		return "starting";
	case ADAPTER_UP:
		return "up";
	case ADAPTER_RESTING:
		return "resting";
	}
	return "unknown";
}

const char *adapter_kind_word(enum adapter_kind kind)
{
	static const char *const words[_ADAPTER_NOTICE_MAX] = {
		[ADAPTER_NOTICE_UP] = "up",
		[ADAPTER_NOTICE_DOWN] = "down",
		[ADAPTER_NOTICE_PROBLEM] = "problem",
		[ADAPTER_NOTICE_LOST] = "lost",
		[ADAPTER_NOTICE_RECOVERED] = "recovered",
		[ADAPTER_NOTICE_RIVAL] = "rival",
		[ADAPTER_NOTICE_SILENT] = "silent",
		[ADAPTER_NOTICE_HEARING] = "hearing",
		[ADAPTER_NOTICE_QUIET] = "quiet",
		[ADAPTER_NOTICE_CONNECTED] = "connected",
		[ADAPTER_NOTICE_DISCONNECTED] = "disconnected",
		[ADAPTER_NOTICE_CONNECT_FAILED] = "connect-failed",
		[ADAPTER_NOTICE_PARAMS] = "params",
		[ADAPTER_NOTICE_CONFIRM] = "confirm",
		[ADAPTER_NOTICE_ASK_PASSKEY] = "ask-passkey",
		[ADAPTER_NOTICE_SHOW_PASSKEY] = "show-passkey",
		[ADAPTER_NOTICE_PAIRED] = "paired",
		[ADAPTER_NOTICE_PAIR_FAILED] = "pair-failed",
		[ADAPTER_NOTICE_RESOLVED] = "resolved",
		[ADAPTER_NOTICE_UNPAIRED] = "unpaired",
		[ADAPTER_NOTICE_STALE] = "stale",
	};

	return kind < _ADAPTER_NOTICE_MAX ? words[kind] : "unknown";
}
