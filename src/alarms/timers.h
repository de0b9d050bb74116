/*
 * Deadlines: a binary heap of what is to be looked at next. It never calls
 * anybody and knows no clock; who owns a timer is told by its kind.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wardgate/rule.h"

enum timer_kind { TIMER_SUBJECT, TIMER_SENSOR, TIMER_BED, TIMER_GROUP };

struct alarm_timer {
	int64_t at_us;  /* boot-time clock */
	uint64_t order; /* of those due at the same time, the one armed first goes first */
	size_t index;   /* in the heap, from 1; 0: not armed */
	enum timer_kind kind;
};

struct timers {
	struct alarm_timer **heap; /* from 1 */
	size_t count, reserved, size;
	uint64_t order;
};

/* Makes sure that one more timer can be armed at any time. Returns 0 or -ENOMEM. */
int timers_reserve(struct timers *t);
/* Gives one such place back. */
void timers_unreserve(struct timers *t);
/* Arms, moves or, with RULE_NEVER, disarms. Never fails: its place was reserved. */
void timers_set(struct timers *t, struct alarm_timer *timer, int64_t at_us);
/* The one that is due first, NULL when none is armed. */
struct alarm_timer *timers_first(const struct timers *t);
void timers_done(struct timers *t);
