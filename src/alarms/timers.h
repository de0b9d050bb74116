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
	int64_t at_us; /* boot-time clock */
	/* Of those due at the same time, the lower rank goes first, then the one armed first. */
	uint16_t rank;
	uint64_t order;
	size_t index; /* in the heap, from 1; 0: not armed */
	enum timer_kind kind;
};

struct alarm_timers {
	struct alarm_timer **heap; /* from 1 */
	size_t count, reserved, size;
	uint64_t order;
};

/* Makes sure that one more timer can be armed at any time. Returns 0 or -ENOMEM. */
int alarm_timers_reserve(struct alarm_timers *t);
/* Gives one such place back. */
void alarm_timers_unreserve(struct alarm_timers *t);
/* Arms, moves or, with RULE_NEVER, disarms. Never fails: its place was reserved. */
void alarm_timers_set(struct alarm_timers *t, struct alarm_timer *timer, int64_t at_us);
/* Sets its rank, armed or not. */
void alarm_timers_rank(struct alarm_timers *t, struct alarm_timer *timer, uint16_t rank);
/* The one that is due first, NULL when none is armed. */
struct alarm_timer *alarm_timers_first(const struct alarm_timers *t);
void alarm_timers_done(struct alarm_timers *t);
