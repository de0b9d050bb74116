/*
 * The scan of an adapter: the watchdog of the monitor that listens all the time,
 * and the active scan that runs only while it is asked for. See adapter.h.
 *
 * Silence is suspicious where there was life before, or where some is expected.
 * First the monitor is added anew; that costs nothing. Then the adapter is power
 * cycled, which ends all connections: while there are any and nothing is
 * expected, silence may well be that everybody is connected, and nobody is cut
 * off for it.
 */
#include "ble/adapter_private.h"

#include <stdio.h>

enum stage { HEARING, RESTARTED, CYCLED, DEAF };

#define OURS_US (15 * ADAPTER_S) /* a scan that began so long after our command is ours */

/* Whether there was enough life on the air for its end to be a sign. */
static bool lively(const struct adapter *a)
{
	return a->heard_us != INT64_MIN && a->heard_us - a->streak_us >= ADAPTER_STREAK_US;
}

static bool silence_counts(const struct adapter *a)
{
	return a->expected > 0 || lively(a);
}

/* Silence from quiet_us on is one at silence_us. */
static void watch(struct adapter *a, int64_t wait_us, int64_t now_us)
{
	a->quiet_us = now_us;
	a->silence_us = now_us + wait_us;
}

void adapter_scan_begun(struct adapter *a, int64_t now_us)
{
	static const int64_t waits_us[] = {
		[HEARING] = ADAPTER_SILENT_US,
		[RESTARTED] = ADAPTER_RESTARTED_US,
		[CYCLED] = ADAPTER_CYCLED_US,
		[DEAF] = ADAPTER_DEAF_RETRY_US,
	};

	watch(a, waits_us[a->stage], now_us);
}

static void hears_again(struct adapter *a, int64_t now_us)
{
	a->stage = HEARING;
	if (a->deaf) {
		a->deaf = false;
		a->problem[0] = 0;
	}
	adapter_tell(a, ADAPTER_NOTICE_HEARING, "", now_us);
	adapter_recover(a, now_us);
}

void adapter_scan_report(struct adapter *a, const struct mgmt_report *r, int64_t now_us)
{
	/* what another program's inquiry finds is no LE device */
	if (r->address.type != BLE_ADDRESS_PUBLIC && r->address.type != BLE_ADDRESS_RANDOM)
		return;
	a->counters.reports++;
	if (a->heard_us == INT64_MIN || now_us - a->heard_us > ADAPTER_STREAK_GAP_US)
		a->streak_us = now_us;
	a->heard_us = now_us;
	if (a->stage != HEARING) {
		hears_again(a, now_us);
		watch(a, ADAPTER_SILENT_US, now_us);
	}
	a->ops->report(a, r, now_us);
}

void adapter_expect(struct adapter *a, unsigned devices, int64_t now_us)
{
	/* its silence counts from here on */
	if (a->expected == 0 && devices > 0 && a->stage == HEARING && a->state == ADAPTER_UP)
		watch(a, ADAPTER_SILENT_US, now_us);
	a->expected = devices;
}

int64_t adapter_scan_deadline(const struct adapter *a)
{
	return a->silence_us;
}

static void restart_scan(struct adapter *a)
{
	a->counters.scan_restarts++;
	a->todo |= STEPS_MONITOR;
	a->silence_us = INT64_MAX; /* until it has begun */
}

static bool may_cycle(const struct adapter *a, int64_t now_us)
{
	if (a->cycled_us != INT64_MIN && now_us - a->cycled_us < ADAPTER_CYCLE_EVERY_US)
		return false;
	return a->link_count == 0 || a->expected > 0;
}

static void tell_silent(struct adapter *a, const char *what, int64_t now_us)
{
	char words[ADAPTER_WORDS_SIZE];
	int64_t since_us = a->heard_us != INT64_MIN ? a->heard_us : a->up_us;

	(void)snprintf(words, sizeof(words), "hci%u has heard nothing for %u s: %s", a->index,
		(unsigned)((now_us - since_us) / ADAPTER_S), what);
	adapter_tell(a, ADAPTER_NOTICE_SILENT, words, now_us);
}

static void is_deaf(struct adapter *a, int64_t now_us)
{
	a->stage = DEAF;
	a->deaf = true;
	adapter_problem(a, now_us,
		"hci%u hears no advertisement, and neither a new scan nor a power cycle has "
		"helped; unplug and replug it, or look at its antenna and firmware",
		a->index);
	adapter_lose(a, a->problem, now_us);
	restart_scan(a);
}

static void silent(struct adapter *a, int64_t now_us)
{
	switch ((enum stage)a->stage) {
	case HEARING:
		a->stage = RESTARTED;
		tell_silent(a, "the scan is restarted", now_us);
		restart_scan(a);
		break;
	case RESTARTED:
		if (may_cycle(a, now_us)) {
			a->stage = CYCLED;
			a->cycled_us = now_us;
			tell_silent(a, "the adapter is power cycled", now_us);
			adapter_begin(a, true, now_us);
		} else if (a->link_count > 0 && a->expected == 0) {
			/* all may be connected: the scan is new, and nothing else speaks against
			 * it */
			a->stage = HEARING;
			a->heard_us = a->streak_us = INT64_MIN;
			watch(a, ADAPTER_SILENT_US, now_us);
		} else {
			is_deaf(a, now_us);
		}
		break;
	case CYCLED:
		is_deaf(a, now_us);
		break;
	case DEAF:
		if (may_cycle(a, now_us)) {
			a->cycled_us = now_us;
			tell_silent(a, "the adapter is power cycled", now_us);
			adapter_begin(a, true, now_us);
		} else {
			restart_scan(a);
		}
		break;
	}
}

void adapter_scan_tick(struct adapter *a, int64_t now_us)
{
	int64_t due_us = a->heard_us + ADAPTER_SILENT_US;

	if (now_us < a->silence_us)
		return;
	/* reports move the deadline only here: they are many */
	if (a->stage == HEARING && a->heard_us != INT64_MIN && a->heard_us >= a->quiet_us &&
		due_us > now_us) {
		a->silence_us = due_us;
		return;
	}
	if (a->stage == HEARING && !silence_counts(a)) {
		a->silence_us = now_us + ADAPTER_SILENT_US;
		return;
	}
	silent(a, now_us);
}

/* ---- the active scan ---- */

static bool wanted(const struct adapter *a, int64_t now_us)
{
	return a->state == ADAPTER_UP && now_us < a->discover_until_us && a->holds == 0 &&
	       !adapter_pairing_ordered(a);
}

static bool starting(const struct adapter *a)
{
	return a->waiting == MGMT_START_DISCOVERY;
}

void adapter_discovery_plan(struct adapter *a, int64_t now_us)
{
	const uint32_t bits = STEP_BIT(STEP_DISCOVER) | STEP_BIT(STEP_STOP);

	if (now_us >= a->discover_until_us)
		a->discover_until_us = 0;
	if (a->state != ADAPTER_UP)
		return;
	if (!starting(a) && a->waiting != MGMT_STOP_DISCOVERY)
		a->todo &= ~bits;
	if (wanted(a, now_us)) {
		if (!a->discovering && !starting(a) && now_us >= a->discover_next_us)
			a->todo |= STEP_BIT(STEP_DISCOVER);
	} else if (a->discovering && a->waiting != MGMT_STOP_DISCOVERY) {
		a->todo |= STEP_BIT(STEP_STOP);
	}
}

static void tell_quiet(struct adapter *a, int64_t now_us)
{
	if (adapter_can_connect(a) && !wanted(a, now_us))
		adapter_tell(a, ADAPTER_NOTICE_QUIET, "", now_us);
}

void adapter_discovery_refused(struct adapter *a, int64_t now_us)
{
	a->discover_next_us = now_us + 2 * ADAPTER_DISCOVERY_GAP_US;
	adapter_discovery_plan(a, now_us);
	tell_quiet(a, now_us);
}

/* The state, by a reply or an event. */
void adapter_discovery_is(struct adapter *a, bool on, int64_t now_us)
{
	bool was = a->discovering;

	a->discovering = on;
	if (on && !was) {
		a->counters.discoveries++;
		a->discover_next_us = now_us + ADAPTER_DISCOVERY_GAP_US;
	}
	adapter_discovery_plan(a, now_us);
	if (was && !on)
		tell_quiet(a, now_us);
}

void adapter_discovering(struct adapter *a, bool on, int64_t now_us)
{
	bool ours = a->discover_sent_us != INT64_MIN && now_us - a->discover_sent_us < OURS_US;

	if (a->state != ADAPTER_UP)
		return;
	if (on && !ours) {
		adapter_rival_sign(a, 2, now_us);
		return;
	}
	adapter_discovery_is(a, on, now_us);
}

int64_t adapter_discovery_deadline(const struct adapter *a)
{
	int64_t at = a->discover_until_us;

	if (at == 0)
		return INT64_MAX;
	/* the next one, when it may begin */
	if (!a->discovering && !starting(a) && a->holds == 0 && !adapter_pairing_ordered(a) &&
		!(a->todo & STEP_BIT(STEP_DISCOVER)) && a->discover_next_us < at)
		at = a->discover_next_us;
	return at;
}

void adapter_discover(struct adapter *a, int64_t until_us, int64_t now_us)
{
	a->discover_until_us = until_us > now_us ? until_us : 0;
	adapter_discovery_plan(a, now_us);
}

void adapter_hold(struct adapter *a, int64_t now_us)
{
	a->holds++;
	adapter_discovery_plan(a, now_us);
}

void adapter_release(struct adapter *a, int64_t now_us)
{
	if (a->holds > 0)
		a->holds--;
	adapter_discovery_plan(a, now_us);
}

bool adapter_can_connect(const struct adapter *a)
{
	return a->state == ADAPTER_UP && !a->discovering && !starting(a);
}
