/*
 * Giving stored messages up: for a limit, or because they are damaged. What
 * goes leaves a record that is owed, in the same transaction. Inner header of
 * the store thread's mind.
 */
#pragma once

#include "outbox/keeper_private.h"

/* Looks at the limits and drops what they ask for, in a few chunks at most; *ret_more says that
 * there is more to drop. coming_bytes: about to be written. refused: the file system has just
 * refused to give more. Returns 0 or a negative errno. */
int giveup_for_limits(struct keeper *k, int64_t coming_bytes, bool refused, bool *ret_more);

struct giveup_row {
	int64_t id;
	uint32_t epoch; /* as the row says */
	uint64_t sequence;
	bool event;
};

/* Deletes rows that are not what was written. Returns 0 or a negative errno. */
int giveup_damaged(struct keeper *k, const struct giveup_row *rows, size_t count);

/* A position in the order of messages, with what stands there. id 0: beyond the end. */
struct giveup_neighbour {
	int64_t id;
	uint32_t epoch;
	uint64_t sequence;
};

/* The gaps that explain what is missing between two neighbours, at most 2. missing: how many are
 * known to be, 0: unknown. Positions count numbers, so that they bound a gap that is open to one
 * side. */
size_t giveup_between(const struct giveup_neighbour *a, const struct giveup_neighbour *b,
	uint64_t missing, struct store_owed ret[static 2]);

/* Adds the records to the open transaction. */
int giveup_owe(struct keeper *k, struct store_owed *owed, size_t count);
/* Tells the loop of them, once they are committed. n: from giveup_news(). */
struct news *giveup_news(size_t owed_max);
