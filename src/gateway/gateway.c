/*
 * The heart. See gateway.h.
 */
#include "gateway/gateway_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "gateway/records.h"

#define LOG_MODULE "gateway"
#include "util/log.h"

/* --- the clock --- */

/* The shared memory has it at once; the file takes a while, and a kill may come sooner. */
static void epoch_changed(struct gateway *g)
{
	struct epoch e = g->self;

	gateway_fill_epoch(g, &e);
	if (g->recall)
		recall_keep(g->recall, &e, sizeof(e));
	if (g->on_epoch)
		g->on_epoch(g->on_epoch_userdata);
}

void gateway_note_stamp(struct gateway *g, uint64_t sequence, const struct stamp *now)
{
	if (now->state == CLOCK_UNSYNCHRONISED &&
		corrections_note(&g->corrections, g->self.counter, g->self.random, sequence,
			now->realtime_us - now->boot_us))
		epoch_changed(g);
}

/* The corrections are published for good: nothing is left to correct. */
static void forget_corrections(struct gateway *g)
{
	g->corrected_by = 0;
	g->corrections = (struct corrections){ 0 };
	epoch_changed(g);
}

static void on_correction_safe(enum receipt_outcome outcome, void *userdata)
{
	struct gateway *g = userdata;

	g->correction_safe = NULL;
	if (outcome == RECEIPT_SAFE)
		forget_corrections(g);
	/* Otherwise watch_correction() waits again. */
}

/* Waits for the record with the corrections to be safe; a restart before that repeats it. */
static void watch_correction(struct gateway *g, int64_t boot_us)
{
	struct ledger *l = &g->ledger;

	if (g->corrected_by == 0 || g->correction_safe)
		return;
	if (l->reserve(l->object, 0, true, boot_us) != 0 ||
		l->receipt(l->object, on_correction_safe, g, &g->correction_safe) != 0)
		return; /* the next look tries again */
	if (l->attach(l->object, NULL, g->corrected_by, g->correction_safe))
		return;
	receipt_cancel(TAKE_PTR(g->correction_safe));
	forget_corrections(g);
}

/* Publishes the clock's state and, once it is synchronised, what it was stamped wrong by before. */
static void record_clock(struct gateway *g, enum clock_state previous, int64_t step_us)
{
	enum clock_state state = clock_state(g->clock);
	struct stamp now = clock_now(g->clock);
	bool first = state == CLOCK_SYNCHRONISED && !g->synchronised;
	bool correct = state == CLOCK_SYNCHRONISED && g->corrections.count > 0 && !g->corrected_by;
	uint64_t sequence;
	int r;

	if (state == CLOCK_SYNCHRONISED) {
		g->synchronised = true;
		(void)corrections_close(&g->corrections);
	}
	r = gateway_record_clock(g, state, previous, step_us, correct ? &g->corrections : NULL,
		now.realtime_us - now.boot_us, &sequence);
	if (correct && r == 0)
		g->corrected_by = sequence;
	if (first)
		epoch_changed(g);
	watch_correction(g, now.boot_us);
}

static void on_clock_change(enum clock_state state, int64_t step_us, void *userdata)
{
	struct gateway *g = userdata;
	enum clock_state previous = g->last_state;

	log_notice("the clock changed", F_STR("STATE", clock_state_text(state)),
		F_STR("PREVIOUS", clock_state_text(previous)), F_INT("STEP_MS", step_us / 1000));
	g->last_state = state;
	record_clock(g, previous, step_us);
	if (g->on_clock)
		g->on_clock(state, g->on_clock_userdata);
}

/* What a run kept in shared memory, if that is newer than the file. */
static bool take_kept(const struct gateway *g, const struct epoch *previous, struct epoch *ret)
{
	struct corrections *c = &ret->corrections;
	bool same;

	if (recall_kept(g->recall, ret, sizeof(*ret)) != sizeof(*ret) ||
		c->count > CORRECTIONS_MAX || memcmp(ret->boot, g->boot, sizeof(g->boot)) != 0)
		return false;
	for (size_t i = 0; i < c->count; i++)
		if (!correction_is_sound(&c->spans[i]))
			return false;
	same = ret->counter == previous->counter && ret->random == previous->random;
	if (same ? previous->clean : ret->counter <= previous->counter)
		return false; /* its end, or a later run, is in the file */
	if (c->open && c->count > 0)
		c->spans[c->count - 1].last = 0;
	return true;
}

void gateway_take_over(struct gateway *g, const struct epoch *previous)
{
	struct epoch kept;

	if (take_kept(g, previous, &kept))
		previous = &kept;
	if (previous->boot[0] == 0 || strcmp(previous->boot, g->boot) != 0)
		return; /* of another boot: what it stamped stays as it is marked */
	g->corrections = previous->corrections;
	g->corrections.open = false;
	if (previous->synchronised) {
		clock_was_synchronised(g->clock);
		g->last_state = clock_state(g->clock);
		g->synchronised = true;
	}
	if (previous == &kept)
		epoch_changed(g);
	if (g->last_state == CLOCK_SYNCHRONISED && g->corrections.count > 0)
		record_clock(g, CLOCK_UNSYNCHRONISED, 0);
}

void gateway_fill_epoch(const struct gateway *g, struct epoch *e)
{
	memcpy(e->boot, g->boot, sizeof(e->boot));
	e->synchronised = g->synchronised;
	e->corrections = g->corrections;
}

void gateway_on_epoch(struct gateway *g, gateway_epoch_fn fn, void *userdata)
{
	g->on_epoch = fn;
	g->on_epoch_userdata = userdata;
}

/* --- life --- */

static int on_silence(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct gateway *g = userdata;
	int64_t now = boottime_us();
	int64_t next = registry_tick(g->registry, now);

	watch_correction(g, now);
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
	r = epoch_from_text(epoch, &g->self);
	if (r < 0)
		return r;
	g->epoch_count = 1;
	r = clock_boot_id(g->boot);
	if (r < 0) {
		log_warning("the kernel does not name this boot: stamps taken before the clock is "
			    "synchronised get no correction after a restart",
			F_ERR(r));
		g->boot[0] = 0;
	}
	r = clock_set_zone(c->gateway.time_zone);
	if (r < 0)
		return r;
	r = clock_new(&g->clock, e, on_clock_change, g);
	if (r < 0)
		return r;
	g->last_state = clock_state(g->clock);
	g->synchronised = g->last_state == CLOCK_SYNCHRONISED;
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
	receipt_cancel(g->correction_safe);
	sd_event_source_disable_unref(g->silence);
	clock_free(g->clock);
	registry_free(g->registry);
	for (unsigned i = 1; i < g->epoch_count; i++)
		label_unref(g->epochs[i]);
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

int gateway_append_record(
	struct gateway *g, uint64_t sequence, const char *topic, const char *body, int64_t owed)
{
	return g->ledger.record(g->ledger.object, sequence, topic, body, owed);
}

uint64_t gateway_next_sequence(struct gateway *g, const struct stamp *now)
{
	gateway_note_stamp(g, ++g->sequence, now);
	return g->sequence;
}

uint64_t gateway_sequence(const struct gateway *g)
{
	return g->sequence;
}

struct gateway_counters gateway_counters(const struct gateway *g)
{
	return g->counters;
}

void gateway_radio_set(struct gateway *g, enum gateway_radio_of of, enum gateway_radio c,
	bool there, const char *text)
{
	g->radios[c][of].known = true;
	g->radios[c][of].there = there;
	(void)snprintf(g->radios[c][of].text, GATEWAY_RADIO_TEXT, "%s", text ?: "");
}

int gateway_radio(const struct gateway *g, enum gateway_radio c, const char **ret_text)
{
	int there = -1;

	*ret_text = NULL;
	for (unsigned of = 0; of < _GATEWAY_RADIO_OF_MAX; of++) {
		if (!g->radios[c][of].known || there > 0)
			continue;
		there = g->radios[c][of].there;
		*ret_text = there && g->radios[c][of].text[0] ? g->radios[c][of].text : NULL;
	}
	return there;
}
