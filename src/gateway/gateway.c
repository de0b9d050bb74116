/*
 * The heart. See gateway.h.
 */
#include "gateway/gateway.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "gateway/dedup.h"
#include "gateway/records.h"

#define LOG_MODULE "gateway"
#include "util/log.h"

struct gateway {
	struct registry *registry;
	struct clock *clock;
	sd_event_source *silence;
	struct ledger ledger;
	char *name;
	char *epoch;
	bool training;
	uint64_t sequence;
	struct gateway_counters counters;
	gateway_clock_fn on_clock;
	void *on_clock_userdata;
	enum clock_state last_state;
};

static void on_clock_change(enum clock_state state, int64_t step_us, void *userdata)
{
	struct gateway *g = userdata;

	log_notice("the clock changed", F_STR("STATE", clock_state_text(state)),
		F_STR("PREVIOUS", clock_state_text(g->last_state)),
		F_INT("STEP_MS", step_us / 1000));
	gateway_record_clock(g, state, g->last_state, step_us);
	g->last_state = state;
	if (g->on_clock)
		g->on_clock(state, g->on_clock_userdata);
}

static int on_silence(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct gateway *g = userdata;
	int64_t now = boottime_us();
	int64_t next = registry_tick(g->registry, now);

	/* A device that was just heard for the first time has no deadline yet: look once a second.
	 */
	if (next > now + 1000000)
		next = now + 1000000;
	(void)sd_event_source_set_time(s, (uint64_t)next);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

int gateway_new(struct gateway **ret, sd_event *e, struct config *c, const char *epoch)
{
	_cleanup_(gateway_freep) struct gateway *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	g->name = strdup(c->gateway.name);
	g->epoch = strdup(epoch);
	if (!g->name || !g->epoch)
		return -ENOMEM;
	r = clock_set_zone(c->gateway.time_zone);
	if (r < 0)
		return r;
	r = clock_new(&g->clock, e, on_clock_change, g);
	if (r < 0)
		return r;
	g->last_state = clock_state(g->clock);
	r = registry_new(&g->registry);
	if (r < 0)
		return r;
	r = sd_event_add_time(e, &g->silence, CLOCK_BOOTTIME, 0, 100000, on_silence, g);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(g->silence, "silence");
	*ret = TAKE_PTR(g);
	return 0;
}

struct gateway *gateway_free(struct gateway *g)
{
	if (!g)
		return NULL;
	sd_event_source_disable_unref(g->silence);
	clock_free(g->clock);
	registry_free(g->registry);
	free(g->name);
	free(g->epoch);
	free(g);
	return NULL;
}

int gateway_apply(struct gateway *g, struct config *c)
{
	g->training = c->gateway.mode == MODE_TRAINING;
	return registry_apply(g->registry, c);
}

void gateway_set_ledger(struct gateway *g, const struct ledger *l)
{
	g->ledger = *l;
}

/* How many of them did not come before. */
static size_t count_new(const struct device *d, const struct reading *readings, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (!readings[i].source_key || !dedup_find(d->dedup, readings[i].source_key))
			n++;
	return n;
}

/* What one submission needs while it is taken in. */
struct intake {
	struct device *device;
	struct stamp now;
	struct receipt *receipt;
	uint64_t group_first[UINT8_MAX + 1]; /* by group_index: sequence of the first reading */
	bool waits;                          /* something of it is not safe yet */
};

static void stamp_reading(struct gateway *g, struct intake *in, struct reading *r)
{
	r->received_us = in->now.realtime_us;
	r->received_boot_us = in->now.boot_us;
	r->clock = in->now.state;
	if (!r->time_us) {
		r->time_us = in->now.realtime_us;
		r->time_source = TIME_GATEWAY;
	}
	if (g->training)
		r->flags |= FLAG_DEMO;
	r->sequence = ++g->sequence;
	r->device_sequence = ++in->device->device_sequence;
	if (r->group_index) {
		uint64_t *first = &in->group_first[r->group_index];

		if (!*first)
			*first = r->sequence;
		r->group = *first;
	}
	r->device = in->device->name; /* borrowed: the ledger takes references of its own */
	r->bed = in->device->bed;
}

/* Whole percent, rounded down; -1 for what is no percentage. */
static int battery_percent(struct decimal d)
{
	int64_t v = d.mantissa;

	for (int e = d.exponent; e < 0 && v; e++)
		v /= 10;
	for (int e = d.exponent; e > 0 && v > 0 && v <= 100; e--)
		v *= 10;
	return v >= 0 && v <= 100 ? (int)v : -1;
}

static void remember(struct intake *in, const struct reading *r)
{
	struct dedup *dedup = in->device->dedup;

	if (dedup_add(&dedup, r->source_key, r->sequence) < 0)
		log_debug("no memory to recognise a repetition",
			F_STR("WARDGATE_DEVICE", in->device->name->text));
	in->device->dedup = dedup;
}

static void take(struct gateway *g, struct intake *in, const struct reading *from)
{
	uint64_t earlier = from->source_key ? dedup_find(in->device->dedup, from->source_key) : 0;
	struct reading r = *from;

	if (earlier) {
		g->counters.duplicates++;
		if (in->receipt && g->ledger.attach(g->ledger.object, NULL, earlier, in->receipt))
			in->waits = true;
		return;
	}
	stamp_reading(g, in, &r);
	g->ledger.append(g->ledger.object, &r, in->receipt);
	registry_hint(in->device, r.expect_us);
	in->waits = true;
	g->counters.readings++;
	if (r.source_key)
		remember(in, &r);
	if (r.metric == METRIC_BATTERY && r.kind == VALUE_NUMBER && r.instance == 0)
		registry_set_battery(g->registry, in->device, battery_percent(r.number));
}

int gateway_submit(struct gateway *g, struct device *d, const struct reading *readings,
	size_t count, receipt_fn done, void *userdata, struct receipt **ret)
{
	struct intake in = { .device = d, .now = clock_now(g->clock) };
	struct ledger *l = &g->ledger;
	int r;

	assert(count <= SUBMISSION_MAX);
	registry_heard(g->registry, d, in.now.realtime_us, in.now.boot_us);
	r = l->reserve(l->object, count_new(d, readings, count), done, in.now.boot_us);
	if (r == 0 && done)
		r = l->receipt(l->object, done, userdata, &in.receipt);
	if (r != 0) {
		g->counters.refused++;
		return r == LEDGER_E_NO_ROOM ? GATEWAY_E_NO_ROOM : r;
	}
	for (size_t i = 0; i < count; i++)
		take(g, &in, &readings[i]);
	l->flush(l->object);
	if (!in.waits) {
		receipt_cancel(in.receipt);
		return GATEWAY_E_SAFE;
	}
	if (ret)
		*ret = in.receipt;
	return 0;
}

void gateway_on_clock(struct gateway *g, gateway_clock_fn fn, void *userdata)
{
	g->on_clock = fn;
	g->on_clock_userdata = userdata;
}

struct registry *gateway_registry(struct gateway *g)
{
	return g->registry;
}

struct clock *gateway_clock(struct gateway *g)
{
	return g->clock;
}

const char *gateway_name(const struct gateway *g)
{
	return g->name;
}

const char *gateway_epoch(const struct gateway *g)
{
	return g->epoch;
}

int gateway_append_record(struct gateway *g, uint64_t sequence, const char *topic, const char *body)
{
	return g->ledger.record(g->ledger.object, sequence, topic, body, 0);
}

uint64_t gateway_next_sequence(struct gateway *g)
{
	return ++g->sequence;
}

uint64_t gateway_sequence(const struct gateway *g)
{
	return g->sequence;
}

struct gateway_counters gateway_counters(const struct gateway *g)
{
	return g->counters;
}
