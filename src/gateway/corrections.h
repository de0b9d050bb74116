/*
 * Which numbers were stamped while the clock was not yet synchronised, and by
 * how much those stamps are wrong once it is: spans of numbers that were
 * stamped under one difference between wall clock and boot-time clock. Pure;
 * when to note and when to publish is gateway.c's.
 *
 * The two clocks drift alike and are slewed alike; only a step moves the one
 * against the other. So within a span the difference is constant, and a stamp is
 * put right by the present difference minus the span's. A client that slews a
 * wrong clock into place takes the boot-time clock along: what was slewed is in no
 * correction.
 *
 * At most CORRECTIONS_MAX spans are kept. One more joins the two neighbours of one
 * epoch that differ least, and the correction of a joined span says how wrong it can
 * be. When no two neighbours are of one epoch (that many restarts in one boot before
 * the first synchronisation) the oldest span is given up: its readings stay marked
 * unsynchronised, and nothing wrong is said about them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORRECTIONS_MAX 16
#define CORRECTIONS_TOLERANCE_US 1000 /* the clocks are read one after the other */

struct correction_span {
	uint64_t counter; /* of the epoch, like random */
	uint32_t random;
	uint64_t first, last;    /* last 0: all from first on */
	int64_t low_us, high_us; /* wall clock - boot-time clock; they differ in a joined span */
};

struct corrections {
	struct correction_span spans[CORRECTIONS_MAX]; /* in order of time */
	size_t count;
	bool open;         /* the last one still grows */
	int64_t offset_us; /* of what is noted to it */
};

/* A number of that epoch was stamped while wall clock - boot-time clock was offset_us. Returns
 * whether a span began: worth saving. */
bool corrections_note(struct corrections *c, uint64_t counter, uint32_t random, uint64_t sequence,
	int64_t offset_us);
/* Nothing more belongs to the last span. Returns whether one was open. */
bool corrections_close(struct corrections *c);
/* The difference under which a number was stamped; false: it is in no span. */
bool corrections_find(const struct corrections *c, uint64_t counter, uint32_t random,
	uint64_t sequence, int64_t *ret_offset_us);
/* What is to be added to the stamps of a span now that the difference is offset_us, and how wrong
 * that can be, in milliseconds. */
int64_t correction_add_ms(const struct correction_span *s, int64_t offset_us);
int64_t correction_error_ms(const struct correction_span *s);
/* Whether a span that was read from a file makes sense. */
bool correction_is_sound(const struct correction_span *s);
