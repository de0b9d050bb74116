/*
 * The desk's life, its deadlines, and the readings that it is shown. See desk.h.
 *
 * One turn of the loop: readings and deadlines go to the engine at once; what it
 * says is kept against a kill (keep.c) and appended to the outbox within the same
 * call; states, computed values and the rest follow in `after`, which runs before
 * any peer is served again.
 */
#include "desk/desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "desk/private.h"
#include "gateway/registry.h"
#include "gateway/tap.h"
#include "outbox/outbox.h"

/* Above all that peers can keep ready, and above signals. */
#define PRIORITY_DEADLINE (-20)
#define PRIORITY_AFTER (-15)
#define SECOND UINT64_C(1000000)

/* ---- places ---- */

size_t desk_bucket(const char *name)
{
	return hash_bytes(&hash_key_fixed, name, strlen(name)) & (DESK_TABLE - 1);
}

struct desk_place *desk_place_find(const struct desk *d, enum alarms_piece kind, const char *name)
{
	struct desk_place *p = d->places[desk_bucket(name)];

	while (p && (p->kind != kind || strcmp(p->name, name) != 0))
		p = p->next;
	return p;
}

struct desk_place *desk_place_get(struct desk *d, enum alarms_piece kind, const char *name)
{
	struct desk_place *p = desk_place_find(d, kind, name);
	size_t n = strlen(name) + 1, at = desk_bucket(name);

	if (p)
		return p;
	p = calloc(1, sizeof(*p) + n);
	if (!p)
		return NULL;
	p->kind = kind;
	memcpy(p->name, name, n);
	p->next = d->places[at];
	d->places[at] = p;
	return p;
}

/* ---- turns ---- */

void desk_wake(struct desk *d)
{
	(void)sd_event_source_set_enabled(d->after, SD_EVENT_ONESHOT);
}

static void arm(struct desk *d)
{
	int64_t at = alarms_deadline(d->engine);

	if (at == d->armed_us)
		return;
	d->armed_us = at;
	if (at == RULE_NEVER) {
		(void)sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(d->timer, (uint64_t)at);
	(void)sd_event_source_set_enabled(d->timer, SD_EVENT_ONESHOT);
}

void desk_settle(struct desk *d)
{
	desk_keep_urgent(d);
	arm(d);
	if (d->appended)
		desk_wake(d);
}

static int on_deadline(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct desk *d = userdata;
	struct alarm_now now;

	d->armed_us = 0; /* it is off now, whatever comes next */
	desk_now(d, &now);
	alarms_tick(d->engine, &now);
	desk_settle(d);
	return 0;
}

static void do_after(struct desk *d)
{
	struct ledger ledger = outbox_ledger(d->parts.outbox);

	if (d->heard_changed) {
		d->heard_changed = false;
		desk_keep_heard(d);
	}
	if (d->appended) {
		d->appended = false;
		ledger.flush(ledger.object);
	}
	desk_submit_computed(d);
	desk_tell_signals(d);
	desk_keep_due(d);
}

static int on_after(sd_event_source *s, void *userdata)
{
	do_after(userdata);
	return 0;
}

static int on_later(sd_event_source *s, uint64_t usec, void *userdata)
{
	desk_publish_states(userdata);
	return 0;
}

static int on_second(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct desk *d = userdata;
	struct alarm_now now;

	if (d->finished)
		return 0;
	desk_now(d, &now);
	desk_look(d, &now);
	desk_keep_alive(d, &now);
	desk_settle(d);
	(void)sd_event_source_set_time_relative(s, SECOND);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

/* ---- readings ---- */

static void touch(struct desk *d, enum alarms_piece kind, const struct label *name)
{
	struct desk_place *p = name ? desk_place_find(d, kind, name->text) : NULL;

	if (p && !p->is_waiting)
		desk_touch(d, p, false);
}

static void on_reading(const struct reading *r, void *userdata)
{
	struct desk *d = userdata;
	struct reading charted;
	struct alarm_now now = { r->received_boot_us, r->received_us };
	int e;

	/* A device's news came after the submission began. */
	if (now.boot_us < d->latest_us)
		now.boot_us = d->latest_us;

	if (d->submitting)
		return; /* the engine has judged it as it made it */
	if (d->charting) {
		charted = *r;
		charted.device = NULL;
		r = &charted;
	}
	e = alarms_reading(d->engine, r, &now);
	if (e == -ENOMEM)
		log_error("a reading was not judged: out of memory");
	touch(d, PIECE_DEVICE, r->device);
	touch(d, PIECE_BED, r->bed);
	desk_settle(d);
}

/* ---- for others ---- */

struct alarms *desk_engine(struct desk *d)
{
	return d->engine;
}

void desk_now(const struct desk *d, struct alarm_now *ret)
{
	struct stamp now = clock_now(gateway_clock(d->parts.gateway));

	*ret = (struct alarm_now){ .boot_us = now.boot_us, .utc_us = now.realtime_us };
}

void desk_changed(struct desk *d)
{
	desk_touch(d, d->gateway_place, true);
	FOR_EACH_PLACE(d, i, p)
	if (p->kind == PIECE_BED)
		desk_touch(d, p, true);
	desk_settle(d);
	desk_wake(d);
}

void desk_finish(struct desk *d)
{
	do_after(d);
	desk_publish_states(d);
	d->finished = true;
	gateway_untap(d->parts.gateway, on_reading, d);
	(void)sd_event_source_set_enabled(d->second, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
	desk_keep_all(d);
}

/* ---- life ---- */

static int add_sources(struct desk *d)
{
	sd_event *e = d->parts.event;
	int r;

	r = sd_event_add_time(e, &d->timer, CLOCK_BOOTTIME, 0, 1, on_deadline, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(d->timer, PRIORITY_DEADLINE);
	if (r >= 0)
		r = sd_event_add_defer(e, &d->after, on_after, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->after, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_priority(d->after, PRIORITY_AFTER);
	if (r >= 0)
		r = sd_event_add_time(e, &d->later, CLOCK_BOOTTIME, 0, 1000, on_later, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->later, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(
			e, &d->second, CLOCK_BOOTTIME, SECOND, 100000, on_second, d);
	return r < 0 ? r : 0;
}

static void on_limits(void *userdata, const struct limit_change *c)
{
	struct desk *d = userdata;

	desk_touch(d, d->gateway_place, true);
	if (d->parts.hooks.limits)
		d->parts.hooks.limits(c, d->parts.hooks.userdata);
}

int desk_new(struct desk **ret, const struct desk_parts *parts)
{
	_cleanup_(desk_freep) struct desk *d = calloc(1, sizeof(*d));
	struct alarms_options options = {
		.epoch = gateway_epoch(parts->gateway),
		.sink = { .event = desk_on_event,
			.computed = desk_on_computed,
			.limits = on_limits,
			.userdata = d },
	};
	int r;

	if (!d)
		return -ENOMEM;
	d->parts = *parts;
	d->registry = gateway_registry(parts->gateway);
	d->computed = calloc(DESK_COMPUTED_MAX, sizeof(*d->computed));
	d->gateway_place = desk_place_get(d, PIECE_GATEWAY, "gateway");
	if (!d->computed || !d->gateway_place)
		return -ENOMEM;
	r = alarms_new(&d->engine, &options);
	if (r == 0)
		r = add_sources(d);
	if (r == 0)
		r = desk_keep_new(d);
	if (r == 0)
		r = desk_conditions_new(d);
	if (r == 0)
		r = gateway_tap(parts->gateway, on_reading, d);
	if (r < 0)
		return r;
	r = registry_listen(d->registry, desk_on_device, d);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

struct desk *desk_free(struct desk *d)
{
	if (!d)
		return NULL;
	gateway_untap(d->parts.gateway, on_reading, d);
	sd_event_source_disable_unref(d->timer);
	sd_event_source_disable_unref(d->after);
	sd_event_source_disable_unref(d->later);
	sd_event_source_disable_unref(d->second);
	desk_keep_free(d);
	alarms_free(d->engine);
	desk_conditions_free(d);
	desk_values_free(d);
	desk_alarms_free(d);
	FOR_EACH_PLACE(d, i, p)
	{
		free(p->lasting);
		free(p);
	}
	config_unref(d->config);
	free(d);
	return NULL;
}
