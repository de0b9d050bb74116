/* A binary heap of timers; see ble_timer.h. */
#include "sim/ble_timer.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

int sble_timers_init(struct sble_timers *s, size_t room)
{
	*s = (struct sble_timers){ .room = room };
	s->heap = calloc(room + 1, sizeof(struct sble_timer *));
	return s->heap ? 0 : -ENOMEM;
}

void sble_timers_done(struct sble_timers *s)
{
	free(s->heap);
	*s = (struct sble_timers){ 0 };
}

static bool before(const struct sble_timer *a, const struct sble_timer *b)
{
	return a->at_us < b->at_us || (a->at_us == b->at_us && a->order < b->order);
}

static void put(struct sble_timers *s, size_t place, struct sble_timer *t)
{
	s->heap[place - 1] = t;
	t->place = place;
}

static void rise(struct sble_timers *s, struct sble_timer *t)
{
	size_t place = t->place;

	while (place > 1 && before(t, s->heap[place / 2 - 1])) {
		put(s, place, s->heap[place / 2 - 1]);
		place /= 2;
	}
	put(s, place, t);
}

static void sink(struct sble_timers *s, struct sble_timer *t)
{
	size_t place = t->place, child;

	for (; (child = place * 2) <= s->count; place = child) {
		if (child < s->count && before(s->heap[child], s->heap[child - 1]))
			child++;
		if (before(t, s->heap[child - 1]))
			break;
		put(s, place, s->heap[child - 1]);
	}
	put(s, place, t);
}

void sble_timer_stop(struct sble_timers *s, struct sble_timer *t)
{
	struct sble_timer *last;

	if (!t->place)
		return;
	last = s->heap[--s->count];
	if (last != t) {
		put(s, t->place, last);
		rise(s, last);
		sink(s, last);
	}
	t->place = 0;
}

void sble_timer_arm(struct sble_timers *s, struct sble_timer *t, int64_t at_us)
{
	sble_timer_stop(s, t);
	assert(t->fn && s->count < s->room);
	t->at_us = at_us;
	t->order = s->next_order++;
	t->place = ++s->count;
	rise(s, t);
}

int64_t sble_timers_next(const struct sble_timers *s)
{
	return s->count ? s->heap[0]->at_us : INT64_MAX;
}

int sble_timers_run_one(struct sble_timers *s, int64_t now_us)
{
	struct sble_timer *t = s->count ? s->heap[0] : NULL;

	if (!t || t->at_us > now_us)
		return 0;
	sble_timer_stop(s, t);
	t->fn(t->arg);
	return 1;
}
