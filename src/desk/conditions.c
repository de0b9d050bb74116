/*
 * Technical conditions: what the gateway knows of its devices, the broker, the
 * disk and the clock, told to the engine as there or gone. What is not known yet
 * (in the first seconds of a run) changes nothing, so that what was restored goes
 * on. Sensor-off, out-of-range, low-battery and alarm-chatter are the engine's
 * own.
 */
#include <errno.h>
#include <stdlib.h>

#include "desk/private.h"
#include "gateway/registry.h"
#include "util/text.h"

#define SECOND INT64_C(1000000)
#define BROKER_US (10 * SECOND)     /* out of reach for so long */
#define NOBODY_US (5 * SECOND)      /* nobody heard anything for so long */
#define REFUSED_US (60 * SECOND)    /* quiet that ends it */
#define CLOCK_US (60 * SECOND)      /* not synchronised for so long */
#define HOLDOVER_US (3600 * SECOND) /* once it was */
#define CERTIFICATE_US (30 * 86400 * SECOND)
#define NEVER_US (600 * SECOND) /* a device that nothing is expected of */
#define FULL_US (10 * SECOND)   /* a store that is full now and then is full */
#define RADIO_US (60 * SECOND)
#define FLOOD_US (60 * SECOND) /* quiet that ends it */
#define UNPROVEN_US (120 * SECOND)
#define SILENT_AFTER 3 /* times what is expected of it, as the registry has it */

enum presence { GONE, THERE, NOT_KNOWN };

struct desk_watched {
	int64_t begun_us;     /* the run */
	int64_t connected_us; /* the last time that there was a session */
	int64_t unheard_us;   /* nobody heard a message, and none was heard since; 0: no such */
	int64_t refused_us;
	int64_t synchronised_us;
	int64_t full_us; /* the store said last that it was full; 0: never */
	bool broker_lost;
	struct publish_report report;
	char certificate[96];
};

static void tell(struct desk *d, enum alarm_condition c, const char *device, enum presence p,
	const char *text, const struct alarm_now *now)
{
	if (p == NOT_KNOWN)
		return;
	if (alarms_condition(d->engine, c, device, p == THERE, p == THERE ? text : NULL, now) ==
		-ENOMEM)
		log_error("no memory for a technical condition",
			F_STR("CONDITION", condition_info(c)->name));
}

/* ---- devices ---- */

/* Of one that was not heard in this run. */
static void judge_unheard(const struct desk_place *p, const struct device *device,
	const struct alarm_now *now, enum presence *silent, enum presence *never)
{
	int64_t expected = device_expected_us(device) ?: p->hint_us;
	int64_t due = p->added_us + (expected ? SILENT_AFTER * expected : NEVER_US);

	*silent = *never = NOT_KNOWN;
	if (p->heard) {
		*never = GONE;
		if (!expected)
			*silent = GONE;
		else if (due <= now->boot_us)
			*silent = THERE;
	} else {
		*silent = GONE;
		if (due <= now->boot_us)
			*never = THERE;
	}
}

static enum presence lately(int64_t at_us, int64_t for_us, const struct alarm_now *now)
{
	return at_us && now->boot_us - at_us < for_us ? THERE : GONE;
}

void desk_look_at(struct desk *d, struct device *device, const struct alarm_now *now)
{
	struct desk_place *p = desk_place_find(d, PIECE_DEVICE, device->name->text);
	enum presence is[_CONDITION_MAX] = { 0 };
	static const enum alarm_condition all[] = { CONDITION_DEVICE_SILENT, CONDITION_NEVER_HEARD,
		CONDITION_FLOOD, CONDITION_AUTH_FAILING, CONDITION_STALE_BOND };

	if (!p)
		return;
	if (device->state == DEVICE_NEVER_HEARD) {
		judge_unheard(
			p, device, now, &is[CONDITION_DEVICE_SILENT], &is[CONDITION_NEVER_HEARD]);
	} else {
		int64_t hint_us = device->hinted_every_us ?: p->hint_us;

		is[CONDITION_DEVICE_SILENT] = device->state == DEVICE_SILENT ? THERE : GONE;
		if (!p->heard || p->hint_us != hint_us) {
			p->heard = true;
			p->hint_us = hint_us;
			d->heard_changed = true;
			desk_wake(d);
		}
	}
	is[CONDITION_FLOOD] = lately(device->flooded_boot_us, FLOOD_US, now);
	is[CONDITION_AUTH_FAILING] = lately(device->unproven_boot_us, UNPROVEN_US, now);
	is[CONDITION_STALE_BOND] = device->bond_stale ? THERE : GONE;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		unsigned bit = 1u << all[i];

		/* Told already, as almost always. */
		if (is[all[i]] == NOT_KNOWN || (p->told & bit && !(p->raised & bit) == !is[all[i]]))
			continue;
		p->told |= bit;
		p->raised = is[all[i]] ? p->raised | bit : p->raised & ~bit;
		tell(d, all[i], device->name->text, is[all[i]], NULL, now);
	}
}

/* ---- the gateway ---- */

static void look_at_broker(struct desk *d, const struct alarm_now *now)
{
	struct desk_watched *w = d->watched;
	struct publish_report r;
	enum presence lost = NOT_KNOWN, nobody = NOT_KNOWN, refused = NOT_KNOWN;
	bool before = w->broker_lost;

	publish_report(d->parts.publish, &r);
	if (r.connected)
		w->connected_us = now->boot_us;
	if (r.connected || now->boot_us - w->connected_us >= BROKER_US) {
		lost = r.connected ? GONE : THERE;
		w->broker_lost = !r.connected;
	}
	if (r.heard > w->report.heard) {
		nobody = GONE;
		w->unheard_us = 0;
	} else if (r.nobody_listening > w->report.nobody_listening) {
		if (!w->unheard_us)
			w->unheard_us = now->boot_us;
		else if (now->boot_us - w->unheard_us >= NOBODY_US)
			nobody = THERE;
	}
	if (r.refused > w->report.refused) {
		w->refused_us = now->boot_us;
		refused = THERE;
	} else if (now->boot_us - w->refused_us >= REFUSED_US &&
		   r.published > w->report.published) {
		refused = GONE;
	}
	w->report = r;
	tell(d, CONDITION_BROKER_UNREACHABLE, NULL, lost, NULL, now);
	tell(d, CONDITION_NOBODY_LISTENING, NULL, nobody, NULL, now);
	tell(d, CONDITION_PUBLISH_REFUSED, NULL, refused, NULL, now);
	if (before != w->broker_lost) {
		d->signals_changed = true;
		desk_wake(d);
	}
}

static void look_at_radios(struct desk *d, const struct alarm_now *now)
{
	static const enum alarm_condition conditions[_GATEWAY_RADIO_MAX] = {
		[GATEWAY_ADAPTER_LOST] = CONDITION_ADAPTER_LOST,
		[GATEWAY_RADIO_RESET] = CONDITION_RADIO_RESET,
		[GATEWAY_NETWORK_MISMATCH] = CONDITION_NETWORK_MISMATCH,
	};

	for (unsigned i = 0; i < _GATEWAY_RADIO_MAX; i++) {
		const char *text;
		int there = gateway_radio(d->parts.gateway, (enum gateway_radio)i, &text);

		/* A driver that runs has said so by then; without it there is no such condition. */
		if (there >= 0 || now->boot_us - d->watched->begun_us >= RADIO_US)
			tell(d, conditions[i], NULL, there > 0 ? THERE : GONE, text, now);
	}
}

static void look_at_certificate(struct desk *d, const struct alarm_now *now)
{
	struct desk_watched *w = d->watched;
	int64_t expires_us = w->report.certificate_expires_us;
	struct text t = text_init(w->certificate, sizeof(w->certificate));
	enum presence p = NOT_KNOWN;

	if (expires_us) {
		p = expires_us - now->utc_us < CERTIFICATE_US ? THERE : GONE;
		text_str(&t, expires_us <= now->utc_us ? "a certificate expired at "
						       : "a certificate expires at ");
		text_time(&t, expires_us);
	} else if (w->report.connected) {
		p = GONE; /* a session without one */
	}
	if (text_done(&t) < 0)
		w->certificate[0] = 0;
	tell(d, CONDITION_CERTIFICATE_EXPIRING, NULL, p, w->certificate, now);
}

static void look_at_store(struct desk *d, const struct alarm_now *now)
{
	struct store_figures f = { .state = STORE_OPENING };
	const struct desk_watched *w = d->watched;
	bool full;

	if (d->parts.hooks.store)
		d->parts.hooks.store(&f, d->parts.hooks.userdata);
	if (f.state == STORE_OPENING)
		return;
	full = f.state == STORE_FULL || (w->full_us && now->boot_us - w->full_us < FULL_US);
	tell(d, CONDITION_STORE_FULL, NULL, full ? THERE : GONE, NULL, now);
	tell(d, CONDITION_STORE_FAILING, NULL, f.state == STORE_FAILING ? THERE : GONE, NULL, now);
}

void desk_store_changed(struct desk *d, enum store_state state)
{
	struct alarm_now now;

	if (state != STORE_FULL)
		return;
	desk_now(d, &now);
	d->watched->full_us = now.boot_us;
}

static void look_at_clock(struct desk *d, const struct alarm_now *now)
{
	struct desk_watched *w = d->watched;
	enum clock_state state = clock_state(gateway_clock(d->parts.gateway));
	int64_t patience = state == CLOCK_HOLDOVER ? HOLDOVER_US : CLOCK_US;
	enum presence p = NOT_KNOWN;

	if (state == CLOCK_SYNCHRONISED) {
		w->synchronised_us = now->boot_us;
		p = GONE;
	} else if (now->boot_us - w->synchronised_us >= patience) {
		p = THERE;
	}
	tell(d, CONDITION_CLOCK_UNSYNCHRONISED, NULL, p, NULL, now);
}

void desk_look(struct desk *d, const struct alarm_now *now)
{
	for (size_t i = 0; i < registry_count(d->registry); i++)
		desk_look_at(d, registry_at(d->registry, i), now);
	look_at_broker(d, now);
	look_at_radios(d, now);
	look_at_certificate(d, now);
	look_at_store(d, now);
	look_at_clock(d, now);
}

void desk_conditions_again(struct desk *d)
{
	FOR_EACH_PLACE(d, i, p)
	p->told = 0;
}

bool desk_broker_lost(const struct desk *d)
{
	return d->watched->broker_lost;
}

/* ---- told by others ---- */

void desk_condition(struct desk *d, enum alarm_condition condition, const char *device,
	bool present, const char *text)
{
	struct alarm_now now;

	desk_now(d, &now);
	tell(d, condition, device, present ? THERE : GONE, text, &now);
	desk_settle(d);
}

void desk_config_rejected(struct desk *d, const char *first_error)
{
	desk_condition(d, CONDITION_CONFIG_REJECTED, NULL, first_error, first_error);
}

int desk_conditions_new(struct desk *d)
{
	struct alarm_now now;

	d->watched = calloc(1, sizeof(*d->watched));
	if (!d->watched)
		return -ENOMEM;
	desk_now(d, &now);
	d->watched->begun_us = d->watched->connected_us = d->watched->synchronised_us = now.boot_us;
	publish_report(d->parts.publish, &d->watched->report);
	return 0;
}

void desk_conditions_free(struct desk *d)
{
	free(d->watched);
}
