/*
 * A binary heap of deadlines. See timers.h.
 */
#include "coap/timers.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE_FIRST 64

void timers_done(struct timers *ts)
{
	for (size_t i = 0; i < ts->count; i++)
		ts->heap[i]->place = 0;
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

static void put_at(struct timers *ts, size_t i, struct timer *t)
{
	ts->heap[i] = t;
	t->place = i + 1;
}

static void sift_up(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	while (i > 0 && ts->heap[(i - 1) / 2]->at_us > t->at_us) {
		put_at(ts, i, ts->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put_at(ts, i, t);
}

static void sift_down(struct timers *ts, size_t i)
{
	struct timer *t = ts->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= ts->count)
			break;
		if (child + 1 < ts->count && ts->heap[child + 1]->at_us < ts->heap[child]->at_us)
			child++;
		if (ts->heap[child]->at_us >= t->at_us)
			break;
		put_at(ts, i, ts->heap[child]);
		i = child;
	}
	put_at(ts, i, t);
}

int timers_set(struct timers *ts, struct timer *t, int64_t at_us)
{
	if (at_us == INT64_MAX)
		return 0;
	if (t->place > 0) {
		if (at_us < t->at_us) {
			t->at_us = at_us;
			sift_up(ts, t->place - 1);
		}
		return 0;
	}
	if (ts->count == ts->size) {
		size_t size = ts->size > 0 ? 2 * ts->size : SIZE_FIRST;
		struct timer **heap = reallocarray(ts->heap, size, sizeof(*heap));

		if (!heap)
			return -ENOMEM;
		ts->heap = heap;
		ts->size = size;
	}
	t->at_us = at_us;
	put_at(ts, ts->count++, t);
	sift_up(ts, ts->count - 1);
	return 0;
}

void timers_drop(struct timers *ts, struct timer *t)
{
	size_t i = t->place;
	struct timer *moved;

	if (i == 0)
		return;
	i--;
	t->place = 0;
	moved = ts->heap[--ts->count];
	if (moved == t)
		return;
	put_at(ts, i, moved);
	sift_up(ts, i);
	sift_down(ts, moved->place - 1);
}

int64_t timers_next(const struct timers *ts)
{
	return ts->count > 0 ? ts->heap[0]->at_us : INT64_MAX;
}

void timers_run(struct timers *ts, int64_t now_us, size_t limit)
{
	while (limit-- > 0 && ts->count > 0 && ts->heap[0]->at_us <= now_us) {
		struct timer *t = ts->heap[0];
		int64_t again;

		timers_drop(ts, t);
		again = t->fn(t, now_us);
		if (again != INT64_MAX)
			(void)timers_set(ts, t, again); /* its place is still there */
	}
}
