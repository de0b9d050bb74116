/*
 * See store_witness.h.
 */
#include "unit/outbox/store_witness.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wardgate/reading.h"

#define fail(w, ...)                                                                               \
	do {                                                                                       \
		if (!(w)->fault[0])                                                                \
			snprintf((w)->fault, sizeof((w)->fault), __VA_ARGS__);                     \
	} while (0)

/* splitmix64 */
uint64_t witness_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint32_t witness_names_at(int64_t id)
{
	int64_t n = WITNESS_RUNS + 4 + id / 3;

	return n < WITNESS_NAMES ? (uint32_t)n : WITNESS_NAMES;
}

void witness_name(struct store_name *name, uint32_t id)
{
	name->id = id;
	snprintf(name->text, sizeof(name->text), "name-%u-%016" PRIx64, id, witness_mix(id));
}

/* One of the names that are known by then; now and then none. */
static uint32_t some_name(int64_t id, uint64_t salt)
{
	uint64_t x = witness_mix((uint64_t)id * 64 + salt);

	return x % 4 == 0 ? 0 : 1 + (uint32_t)(x / 4 % witness_names_at(id));
}

static uint64_t bits(int64_t id, uint64_t salt, int count)
{
	return witness_mix((uint64_t)id * 64 + salt) >> (64 - count);
}

static void fill_rare(struct store_row *row, int64_t id)
{
	row->reason = some_name(id, 20);
	row->site = some_name(id, 21);
	row->method = some_name(id, 22);
	row->sample = some_name(id, 23);
	row->by = some_name(id, 24);
	row->raw_unit = some_name(id, 25);
	if (row->raw_unit > 0) {
		row->raw = (int64_t)bits(id, 26, 64);
		row->raw_exponent = (int8_t)(bits(id, 27, 4) - 8);
	}
	row->device_time_ms = INT64_C(1790000000000) + (int64_t)bits(id, 28, 30);
	row->period_ms = (uint32_t)bits(id, 29, 32);
	row->time_source = (uint8_t)(bits(id, 30, 16) % _TIME_SOURCE_MAX);
	row->origin = (uint8_t)(bits(id, 31, 16) % _ORIGIN_MAX);
	row->auth = (uint8_t)(bits(id, 32, 16) % _AUTH_MAX);
	row->instance = (uint8_t)bits(id, 33, 8);
}

void witness_row(const struct witness *w, struct store_row *row, int64_t id)
{
	uint32_t run = w->run[id];

	*row = (struct store_row){ .id = id, .epoch = run };
	row->sequence = (uint64_t)(id - w->run_first[run] + 1);
	row->device_sequence = bits(id, 1, 20);
	row->group = bits(id, 2, 1) ? row->sequence : 0;
	row->source_key = bits(id, 3, 1) ? bits(id, 4, 64) : 0;
	row->kind = (uint8_t)bits(id, 5, 2);
	if (row->kind == VALUE_NUMBER) {
		row->value = (int64_t)bits(id, 6, 64) >> bits(id, 7, 6);
		row->exponent = (int8_t)(bits(id, 8, 4) - 8);
	} else if (row->kind == VALUE_BOOLEAN) {
		row->value = (int64_t)bits(id, 6, 1);
	} else if (row->kind == VALUE_WORD) {
		row->value = 1;
	}
	row->received_ms = INT64_C(1800000000000) + id * 250;
	row->time_ms = row->received_ms - (int64_t)bits(id, 9, 12);
	row->device = 1 + (uint32_t)bits(id, 10, 3);
	row->metric = 1 + (uint32_t)bits(id, 11, 3);
	row->bed = some_name(id, 12);
	row->patient = some_name(id, 13);
	row->association = some_name(id, 14);
	row->flags = (uint16_t)bits(id, 15, 9);
	row->validity = (uint8_t)bits(id, 16, 3);
	row->clock = (uint8_t)(bits(id, 17, 16) % _CLOCK_STATE_MAX);
	if (bits(id, 18, 1))
		fill_rare(row, id);
}

void witness_event(const struct witness *w, struct store_event *event, int64_t id)
{
	size_t length = 40 + (size_t)bits(id, 40, 12);
	uint32_t run = w->run[id];

	*event = (struct store_event){ .id = id, .epoch = run };
	event->sequence = (uint64_t)(id - w->run_first[run] + 1);
	event->kind = (uint8_t)(1 + bits(id, 41, 1)); /* a record or an alarm event */
	event->body = malloc(length + 1);
	if (asprintf(&event->topic, "beds/%" PRIu64 "/%" PRId64, bits(id, 42, 10), id) < 0 ||
		!event->body)
		abort();
	for (size_t i = 0; i < length; i++)
		event->body[i] = (char)('a' + witness_mix((uint64_t)id + i * 8192) % 26);
	event->body[length] = 0;
}

void witness_begin(struct witness *w, int64_t last)
{
	for (int64_t id = last + 1; id < WITNESS_IDS; id++) {
		if (w->fate[id] == WITNESS_WRITTEN && !w->may_lose)
			fail(w, "position %" PRId64 " was written, but the last is %" PRId64, id,
				last);
		w->fate[id] = WITNESS_NONE;
		w->deleted[id] = w->aside[id] = false;
	}
	w->far = w->may_lose && last > WITNESS_IDS - 256;
	if (w->far)
		return;
	if (last < 0 || last >= w->next)
		fail(w, "the last position is %" PRId64 "; %" PRId64 " was never given", last,
			w->next);
	w->this_run++;
	assert(w->this_run <= WITNESS_RUNS);
	w->next = last + 1;
	w->run_first[w->this_run] = w->next;
}

int64_t witness_take(struct witness *w)
{
	int64_t id = w->next++;

	assert(id < WITNESS_IDS);
	w->fate[id] = WITNESS_GIVEN;
	w->run[id] = (uint8_t)w->this_run;
	return id;
}

static struct witness_gap *find_gap(struct witness *w, int64_t id)
{
	for (size_t i = 0; i < w->gap_count; i++)
		if (w->gaps[i].owed.id == id)
			return &w->gaps[i];
	return NULL;
}

static bool is_sound(const struct store_owed *o)
{
	return o->kind == OWED_GAP && o->count > 0 && o->first <= o->last &&
	       o->last - o->first + 1 >= o->count;
}

static bool is_same(const struct store_owed *a, const struct store_owed *b)
{
	return a->first == b->first && a->last == b->last && a->count == b->count &&
	       a->epoch == b->epoch;
}

void witness_dropped(struct witness *w, const struct store_owed *owed, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct witness_gap *gap = find_gap(w, owed[i].id);

		if (!is_sound(&owed[i]) && !w->may_lose)
			fail(w, "gap %" PRId64 " makes no sense", owed[i].id);
		if (gap && !is_same(&gap->owed, &owed[i]) && !w->may_lose)
			fail(w, "gap %" PRId64 " is not what it was", owed[i].id);
		if (!gap) {
			assert(w->gap_count < WITNESS_GAPS);
			gap = &w->gaps[w->gap_count++];
			*gap = (struct witness_gap){ 0 };
		}
		gap->owed = owed[i];
	}
}

void witness_fresh(struct witness *w)
{
	/* They were told, but have no number any more. */
	for (size_t i = 0; i < w->gap_count; i++) {
		w->gaps[i].owed.id = 0;
		w->gaps[i].settled = true;
	}
	memset(w->epoch_owed, 0, sizeof(w->epoch_owed));
	memset(w->seen, 0, sizeof(w->seen));
	w->readings = w->events = 0;
}

/* ---- the check ---- */

static void check_names(struct witness *w, const struct store_opened *opened)
{
	bool known[WITNESS_NAMES + 1] = { false };
	struct store_name expected;
	uint32_t wanted = 0;

	for (size_t i = 0; i < opened->name_count; i++) {
		const struct store_name *n = &opened->names[i];

		if (n->id == 0 || n->id > WITNESS_NAMES) {
			fail(w, "name %u was never given", n->id);
			continue;
		}
		witness_name(&expected, n->id);
		if (strcmp(expected.text, n->text) != 0)
			fail(w, "name %u is \"%s\"", n->id, n->text);
		known[n->id] = true;
	}
	for (int64_t id = 1; id < w->next; id++)
		if (w->fate[id] == WITNESS_WRITTEN && !w->deleted[id])
			wanted = witness_names_at(id);
	for (uint32_t i = 1; i <= wanted && !w->may_lose; i++)
		if (!known[i])
			fail(w, "name %u was written and is not known", i);
}

static void check_owed(struct witness *w, const struct store_opened *opened)
{
	bool epochs[WITNESS_RUNS + 1] = { false };

	for (size_t i = 0; i < opened->owed_count; i++) {
		const struct store_owed *o = &opened->owed[i];

		if (o->epoch == 0 || o->epoch > WITNESS_RUNS) {
			if (!w->may_lose)
				fail(w, "owed %" PRId64 " is of epoch %u", o->id, o->epoch);
		} else if (o->kind == OWED_EPOCH)
			epochs[o->epoch] = true;
		else
			witness_dropped(w, o, 1);
	}
	for (uint32_t run = 1; run <= WITNESS_RUNS && !w->may_lose; run++)
		if (w->epoch_owed[run] > 0 && !epochs[run])
			fail(w, "epoch %u is not owed any more", run);
	for (size_t g = 0; g < w->gap_count && !w->may_lose; g++) {
		bool there = w->gaps[g].settled;

		for (size_t i = 0; i < opened->owed_count; i++)
			there |= opened->owed[i].id == w->gaps[g].owed.id;
		if (!there)
			fail(w, "gap %" PRId64 " is forgotten", w->gaps[g].owed.id);
	}
}

void witness_check_opened(struct witness *w, const struct store_opened *opened)
{
	memset(w->seen, 0, sizeof(w->seen));
	w->readings = w->events = 0;
	w->opened_fresh = opened->fresh;
	if (opened->fresh)
		witness_fresh(w);
	if (opened->fresh && !w->may_lose)
		for (int64_t id = 1; id < w->next; id++)
			if (w->fate[id] == WITNESS_WRITTEN)
				fail(w, "the database is fresh, but %" PRId64 " was written", id);
	check_names(w, opened);
	check_owed(w, opened);
	for (size_t i = 0; i < opened->aside_row_count; i++)
		witness_check_row(w, &opened->aside_rows[i]);
	for (size_t i = 0; i < opened->aside_event_count; i++)
		witness_check_event(w, &opened->aside_events[i]);
}

static bool see(struct witness *w, int64_t id, bool event)
{
	if (id <= 0 || id >= w->next || w->fate[id] == WITNESS_NONE ||
		witness_is_event(id) != event) {
		fail(w, "%s %" PRId64 " was never given", event ? "event" : "reading", id);
		return false;
	}
	if (!w->seen[id])
		++*(event ? &w->events : &w->readings);
	w->seen[id] = true;
	return true;
}

#define SAME(field)                                                                                \
	if (row->field != e.field)                                                                 \
	fail(w, #field " of %" PRId64 ": %lld in place of %lld", row->id, (long long)row->field,   \
		(long long)e.field)

void witness_check_row(struct witness *w, const struct store_row *row)
{
	struct store_row e;

	if (!see(w, row->id, false))
		return;
	witness_row(w, &e, row->id);
	SAME(sequence);
	SAME(device_sequence);
	SAME(group);
	SAME(source_key);
	SAME(value);
	SAME(raw);
	SAME(received_ms);
	SAME(time_ms);
	SAME(device_time_ms);
	SAME(epoch);
	SAME(device);
	SAME(bed);
	SAME(patient);
	SAME(association);
	SAME(by);
	SAME(metric);
	SAME(reason);
	SAME(site);
	SAME(method);
	SAME(sample);
	SAME(raw_unit);
	SAME(period_ms);
	SAME(flags);
	SAME(exponent);
	SAME(raw_exponent);
	SAME(kind);
	SAME(validity);
	SAME(time_source);
	SAME(origin);
	SAME(auth);
	SAME(clock);
	SAME(instance);
}

void witness_check_event(struct witness *w, const struct store_event *event)
{
	struct store_event e;

	if (!see(w, event->id, true))
		return;
	witness_event(w, &e, event->id);
	if (event->sequence != e.sequence || event->epoch != e.epoch || event->kind != e.kind)
		fail(w, "event %" PRId64 " has another number or kind", event->id);
	if (!event->topic || strcmp(event->topic, e.topic) != 0)
		fail(w, "the topic of event %" PRId64 " differs", event->id);
	if (!event->body || strcmp(event->body, e.body) != 0)
		fail(w, "the body of event %" PRId64 " differs", event->id);
	free(e.topic);
	free(e.body);
}

static bool in_a_gap(const struct witness *w, int64_t id)
{
	uint64_t sequence = (uint64_t)(id - w->run_first[w->run[id]] + 1);

	for (size_t i = 0; i < w->gap_count; i++) {
		const struct store_owed *o = &w->gaps[i].owed;

		if (o->epoch == w->run[id] && o->first <= sequence && sequence <= o->last)
			return true;
	}
	return false;
}

/* The gaps count neither less nor more than what can be missing. */
static void check_gaps(struct witness *w, uint32_t run)
{
	uint64_t counted = 0, least = 0, most = 0;

	for (size_t i = 0; i < w->gap_count; i++)
		if (w->gaps[i].owed.epoch == run)
			counted += w->gaps[i].owed.count;
	for (int64_t id = 1; id < w->next; id++) {
		if (w->fate[id] == WITNESS_NONE || w->run[id] != run || w->seen[id])
			continue;
		most++;
		least += w->fate[id] == WITNESS_WRITTEN && !w->deleted[id];
	}
	if (counted < least || counted > most)
		fail(w, "gaps of epoch %u count %" PRIu64 "; missing are %" PRIu64 " to %" PRIu64,
			run, counted, least, most);
}

void witness_check_end(struct witness *w, const struct store_figures *figures)
{
	w->unexplained = 0;
	for (int64_t id = 1; id < w->next; id++) {
		if (w->fate[id] != WITNESS_WRITTEN || w->deleted[id] || w->seen[id] ||
			in_a_gap(w, id))
			continue;
		w->unexplained++;
		if (!w->may_lose)
			fail(w, "%s %" PRId64 " of epoch %u was written and is lost",
				witness_is_event(id) ? "event" : "reading", id, w->run[id]);
	}
	for (uint32_t run = 1; run <= w->this_run && !w->may_lose; run++)
		check_gaps(w, run);
	if ((figures->readings != w->readings || figures->events != w->events))
		fail(w,
			"counted are %" PRIu64 " readings and %" PRIu64
			" events; there are %" PRIu64 " and %" PRIu64,
			figures->readings, figures->events, w->readings, w->events);
}
