/*
 * Many timers over one clock: a heap, in which timers of one time go off in the
 * order in which they were armed. Pure: whoever owns it asks when the next is
 * due. The timers lie within what they belong to.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sble_timer {
	int64_t at_us;
	uint64_t order;
	size_t place; /* in the heap, from 1; 0: not armed */
	void (*fn)(void *arg);
	void *arg;
};

struct sble_timers {
	struct sble_timer **heap;
	size_t count, room;
	uint64_t next_order;
};

/* Room for that many at once. Returns 0 or -ENOMEM. */
int sble_timers_init(struct sble_timers *s, size_t room);
void sble_timers_done(struct sble_timers *s);
/* Arms it, anew if it is armed. t->fn must be set. */
void sble_timer_arm(struct sble_timers *s, struct sble_timer *t, int64_t at_us);
void sble_timer_stop(struct sble_timers *s, struct sble_timer *t);
/* INT64_MAX: none. */
int64_t sble_timers_next(const struct sble_timers *s);
/* Calls one that is due at now_us, disarmed before. Returns 0 when none is. */
int sble_timers_run_one(struct sble_timers *s, int64_t now_us);
