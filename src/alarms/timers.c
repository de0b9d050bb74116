/*
 * The heap of deadlines: see timers.h.
 */
#include "alarms/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

int alarm_timers_reserve(struct alarm_timers *t)
{
	if (t->reserved + 1 >= t->size) {
		size_t size = t->size ? 2 * t->size : 64;
		struct alarm_timer **heap = reallocarray(t->heap, size, sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		t->heap = heap;
		t->size = size;
	}
	t->reserved++;
	return 0;
}

void alarm_timers_unreserve(struct alarm_timers *t)
{
	assert(t->reserved > t->count);
	t->reserved--;
}

static bool before(const struct alarm_timer *a, const struct alarm_timer *b)
{
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us;
	return a->rank != b->rank ? a->rank < b->rank : a->order < b->order;
}

static void put(struct alarm_timers *t, struct alarm_timer *timer, size_t i)
{
	t->heap[i] = timer;
	timer->index = i;
}

static void sift_up(struct alarm_timers *t, struct alarm_timer *timer, size_t i)
{
	for (; i > 1 && before(timer, t->heap[i / 2]); i /= 2)
		put(t, t->heap[i / 2], i);
	put(t, timer, i);
}

static void sift_down(struct alarm_timers *t, struct alarm_timer *timer, size_t i)
{
	for (;;) {
		size_t child = 2 * i;

		if (child > t->count)
			break;
		if (child < t->count && before(t->heap[child + 1], t->heap[child]))
			child++;
		if (!before(t->heap[child], timer))
			break;
		put(t, t->heap[child], i);
		i = child;
	}
	put(t, timer, i);
}

static void replace(struct alarm_timers *t, struct alarm_timer *timer, size_t i)
{
	if (i > 1 && before(timer, t->heap[i / 2]))
		sift_up(t, timer, i);
	else
		sift_down(t, timer, i);
}

void alarm_timers_set(struct alarm_timers *t, struct alarm_timer *timer, int64_t at_us)
{
	size_t i = timer->index;

	if (at_us == timer->at_us && i > 0)
		return;
	timer->at_us = at_us;
	timer->order = ++t->order;
	if (at_us == RULE_NEVER) {
		if (i > 0) {
			struct alarm_timer *last = t->heap[t->count--];

			timer->index = 0;
			if (last != timer)
				replace(t, last, i);
		}
	} else if (i > 0) {
		replace(t, timer, i);
	} else {
		assert(t->count < t->reserved);
		sift_up(t, timer, ++t->count);
	}
}

void alarm_timers_rank(struct alarm_timers *t, struct alarm_timer *timer, uint16_t rank)
{
	if (rank == timer->rank)
		return;
	timer->rank = rank;
	if (timer->index > 0)
		replace(t, timer, timer->index);
}

struct alarm_timer *alarm_timers_first(const struct alarm_timers *t)
{
	return t->count > 0 ? t->heap[1] : NULL;
}

void alarm_timers_done(struct alarm_timers *t)
{
	free(t->heap);
	*t = (struct alarm_timers){ 0 };
}
