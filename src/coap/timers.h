/*
 * Deadlines of many sessions under one: a binary heap. Setting a deadline
 * costs O(log n), and later ones are not moved back at once but when they come
 * up, so that a busy session does not move its timer with each request. It
 * owns no event source: timers_next() says when to call timers_run().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct timer;
struct timers;

/* Returns when to call again (boot time), INT64_MAX for never. May set and drop any timer; having
 * dropped t itself (its memory may be gone), it returns INT64_MAX. */
typedef int64_t (*timer_fn)(struct timer *t, int64_t now_us);

/* Embedded in its owner; all zero but for fn at first. */
struct timer {
	timer_fn fn;
	int64_t at_us;
	size_t place; /* 1 and up while it is set */
};

struct timers {
	struct timer **heap;
	size_t count, size;
};

/* Forgets all; the owners' memory is theirs. */
void timers_done(struct timers *ts);
/* Calls t at at_us or before: an earlier deadline that is set already stays. Returns 0 or -ENOMEM.
 */
int timers_set(struct timers *ts, struct timer *t, int64_t at_us);
/* Takes it out; it need not be in. */
void timers_drop(struct timers *ts, struct timer *t);
/* INT64_MAX when there is none. */
int64_t timers_next(const struct timers *ts);
/* Calls those that are due, at most limit of them (a bounded batch per turn of the loop). */
void timers_run(struct timers *ts, int64_t now_us, size_t limit);
