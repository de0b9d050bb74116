/*
 * What one transaction needs while the store thread has it, and what waits for
 * the next: positions to delete, owed records that are told. Inner header of
 * ledger_disk.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/row.h"

#define BATCH_MAX 5000 /* messages written in one transaction */
#define BATCH_ASIDES_MAX 1000
#define BATCH_AUDITS_MAX 64

struct outbox_entry;

struct batch {
	bool busy;                     /* with the thread */
	int64_t since_us;              /* boot time at which it was given */
	bool wrote;                    /* it has what was taken from the outbox */
	struct outbox_entry **entries; /* scratch, BATCH_MAX */
	struct store_row *rows;
	size_t row_count;
	struct store_event *events; /* texts are ours */
	size_t event_count;
	struct store_aside *asides;
	size_t aside_count;
	struct store_audit audits[BATCH_AUDITS_MAX]; /* entries are ours */
	size_t audit_count;
	struct store_name *names;
	uint32_t names_next, own_epoch;
	size_t rows_wanted, events_wanted;
};

/* Room for the largest batch; kept. Returns 0 or -ENOMEM. */
int batch_room(struct batch *b);
/* Empties it for the next; the room stays, but not when it was large. */
void batch_done(struct batch *b);
void batch_free(struct batch *b);

struct pending {
	bool tick;  /* the timer came while a batch was under way */
	bool check; /* the limits are to be looked at */
	/* Positions in the database that are over. */
	int64_t *gone;
	size_t gone_count, gone_room;
	bool gone_sorted;
	struct store_range *ranges; /* those with the thread */
	size_t range_count;
	int64_t *settled; /* ids of owed records */
	size_t settled_count, settled_room;
	size_t settled_taken_count; /* the first of them are with the thread */
	int64_t *retried;           /* ids of messages that are not set aside any more */
	size_t retried_count, retried_room;
	size_t retried_taken_count; /* likewise */
};

/* Return 0 or -ENOMEM. */
int pending_gone(struct pending *p, int64_t id);
int pending_settled(struct pending *p, int64_t owed);
int pending_retried(struct pending *p, int64_t id);
/* Whether that position is over, and the thread has not been told. */
bool pending_is_gone(struct pending *p, int64_t id);
bool pending_any(const struct pending *p);
size_t pending_count(const struct pending *p);
/* Gives all that is there to a batch: ranges, and the first settled_taken_count of settled.
 * Returns 0 or -ENOMEM. */
int pending_take(struct pending *p);
/* Those retried, as rows of a batch: at most count. Returns how many. */
size_t pending_take_retried(struct pending *p, struct store_aside *ret, size_t count);
/* The batch was written. */
void pending_forget(struct pending *p);
/* It was not: all goes into the next. */
void pending_return(struct pending *p);
void pending_free(struct pending *p);
