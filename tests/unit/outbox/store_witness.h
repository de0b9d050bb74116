/*
 * What a test gave to the store and what the store confirmed, and the check of
 * a store that was opened again against it. What each row holds follows from
 * its position, so that nothing half written or invented goes unnoticed.
 */
#pragma once

#include "outbox/store.h"

#define WITNESS_IDS 4096
#define WITNESS_NAMES 64
#define WITNESS_GAPS 256
#define WITNESS_RUNS 16

enum witness_fate { WITNESS_NONE, WITNESS_GIVEN, WITNESS_WRITTEN };

struct witness_gap {
	struct store_owed owed;
	bool settled; /* its settling was given, confirmed or not */
};

struct witness {
	uint8_t fate[WITNESS_IDS]; /* by position, from 1 */
	uint8_t run[WITNESS_IDS];
	bool deleted[WITNESS_IDS]; /* its deletion was given, confirmed or not */
	bool aside[WITNESS_IDS];   /* confirmed */
	int64_t next;              /* position */
	uint32_t this_run;         /* from 1; also the name of its epoch */
	int64_t run_first[WITNESS_RUNS + 1];
	int64_t epoch_owed[WITNESS_RUNS + 1]; /* confirmed and not settled: its id */
	struct witness_gap gaps[WITNESS_GAPS];
	size_t gap_count;
	/* A store that may have lost rows for good reasons says so with this reason. */
	bool may_lose;
	bool far; /* it goes on at a position beyond what we remember; nothing more can be given */
	/* Of the check. */
	bool seen[WITNESS_IDS];
	uint64_t readings, events;
	uint64_t unexplained; /* written, not there, and in no gap */
	bool opened_fresh;
	char fault[400]; /* "" so far */
};

static inline bool witness_is_event(int64_t id)
{
	return id % 4 == 3;
}

uint64_t witness_mix(uint64_t x);
/* The names that rows up to that position refer to: 1 to what it returns. */
uint32_t witness_names_at(int64_t id);
void witness_name(struct store_name *name, uint32_t id);
void witness_row(const struct witness *w, struct store_row *row, int64_t id);
/* topic and body are allocated. */
void witness_event(const struct witness *w, struct store_event *event, int64_t id);

/* A run begins: positions after last. */
void witness_begin(struct witness *w, int64_t last);
/* Gives out the next position. */
int64_t witness_take(struct witness *w);
void witness_dropped(struct witness *w, const struct store_owed *owed, size_t count);
/* With the database went what it owed; its numbers begin anew. */
void witness_fresh(struct witness *w);

/* The check: what was opened, each row and event that comes, the end. The first thing that is wrong
 * is written to w->fault. */
void witness_check_opened(struct witness *w, const struct store_opened *opened);
void witness_check_row(struct witness *w, const struct store_row *row);
void witness_check_event(struct witness *w, const struct store_event *event);
void witness_check_end(struct witness *w, const struct store_figures *figures);
