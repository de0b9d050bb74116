/*
 * One life of a store in a test: it is started on a directory, given the
 * batches of a short run, asked back for what it holds, and freed. A witness
 * remembers. Loop and hooks are here; what to do to the disk is the test's.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "outbox/store.h"
#include "unit/outbox/store_witness.h"

/* By how much the boot-time clock of a test that includes warped_clock.h is ahead: it leaps over
 * the back-off of a store that fails. */
extern atomic_long script_warp_s;

/* What the test is at, for a test that hangs. */
extern char script_about[128];

struct script {
	struct witness *w;
	sd_event *e;
	struct store *s; /* NULL: not started */
	const char *directory;
	bool opened;
	/* Called at each turn of the loop while the store says that it fails, or a batch ended with
	 * an error: takes the fault away. */
	void (*on_trouble)(struct script *c);
	int done;   /* results that came */
	int error;  /* of the last one */
	int errors; /* results with an error, but for "not open" */
	bool loaded, rows_end, events_end;
	int64_t rows_next, events_next; /* from where to read on */
	uint32_t again, asked;          /* how often reading began anew; when the batch was given */
	int64_t own_owed;               /* in the last result */
	enum store_state told;          /* by hooks.changed */
	uint32_t failing;               /* how often it was FAILING */
	int64_t idle;                   /* turns without news */
	uint32_t dropped, salvaged;     /* calls of these hooks */
	bool scanned;
	bool checking; /* what is opened and read is for the check */
};

/* Makes an empty directory under the one for temporary files; path: at least 64 bytes. */
void script_make_directory(char *path);
void script_empty_directory(const char *path);
void script_remove_directory(const char *path);

/* Starts the store and waits until it has opened. Returns whether it has: no, when the disk went
 * away meanwhile (script_gave_up). */
bool script_start(struct script *c, struct witness *w, const char *directory);
void script_stop(struct script *c);

/* The short run: every kind of thing that a batch can hold, a limit that drops, checkpoints.
 * Returns true when it came to its end; false at the first error while the power is cut. Other
 * errors are tried again, as the loop does. count: batches. */
bool script_run(struct script *c, int count);
/* One empty batch, for a result. False when the power is cut. */
bool script_ask(struct script *c);
/* Turns the loop once; aborts when nothing happens for long. */
void script_turn(struct script *c);

/* Neither opening nor failing. */
bool script_is_well(const struct script *c);

/* Opens what is there with a good disk, reads all of it and compares. Faults are in w->fault. */
void script_check(struct witness *w, const char *directory);
