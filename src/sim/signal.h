/*
 * Plausible courses of what is measured: bounded random walks that return to
 * their base, can be pulled elsewhere by an event of the scenario, and, for a
 * patient, lean on each other. Pure: the time is an argument, the chance a seed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/quantity.h"
#include "sim/rng.h"

/* Thousandths of the broker's unit, so that slow courses move below what the device resolves. */
struct walk {
	int64_t now, base, low, high, sigma;
	int64_t pull_from, pull_to;
	int64_t pull_start_ms, pull_over_ms, pull_end_ms; /* end 0: none */
};

#define SIGNAL_STEP_MS 1000
/* A jump of more steps than this (a day) starts anew from where the walk stands. */
#define SIGNAL_STEPS_MAX 86400

/* Where a quantity rests when a scenario says so, in thousandths. */
struct signal_base {
	bool given;
	int64_t milli;
};

/* One patient, or the surroundings of one device. */
struct signals {
	struct rng rng;
	int64_t at_ms;
	struct walk walks[_Q_MAX];
};

/* seed and part decide the whole course. */
void signals_init(struct signals *s, uint64_t seed, uint64_t part);
/* Other bases, of _Q_MAX; where one is out of the quantity's bounds, the bound. */
void signals_set_bases(struct signals *s, const struct signal_base *bases);
/* From at_ms on the quantity goes to milli within over_ms and stays for hold_ms; then it is free
 * again. */
void signals_pull(struct signals *s, enum quantity q, int64_t milli, int64_t at_ms, int64_t over_ms,
	int64_t hold_ms);
/* Runs the courses up to at_ms since the beginning; going back does nothing. */
void signals_advance(struct signals *s, int64_t at_ms);
/* The present value in steps of the quantity's decimals. */
int32_t signals_value(const struct signals *s, enum quantity q);
