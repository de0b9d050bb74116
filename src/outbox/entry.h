/*
 * The outbox's entries and the queues that they stand in; inner header of
 * outbox/. An entry stands in exactly one queue at a time, and besides, as long
 * as the disk does not have it, in one of two lists of those that it lacks.
 */
#pragma once

#include "outbox/outbox.h"
#include "outbox/receipt.h"

/* A second and further receipt of one entry: a re-sent pack waits for the first copy. */
struct further_receipt {
	struct further_receipt *next;
	struct receipt *receipt;
};

struct queue;
struct lack;

struct outbox_entry {
	struct outbox_entry *previous, *next; /* in its queue */
	struct outbox_entry *hash_next;
	struct queue *queue;
	struct queue *home; /* where it was taken from, while in flight */
	struct outbox_entry *lack_previous, *lack_next;
	struct lack *lack; /* fresh or being written; NULL: the disk has it */
	struct receipt *receipt;
	struct further_receipt *further;
	int64_t position; /* order of arrival, from 1; over all runs */
	int64_t not_before_boot_us;
	int64_t came_boot_us;
	int64_t sent_boot_us;  /* in flight */
	int64_t aside_boot_us; /* when it was set aside in this run */
	int64_t owed;          /* what a record makes good; 0: nothing, or seen to */
	unsigned mark;
	unsigned tries;
	uint8_t reason_code; /* why it is set aside */
	bool aside_told;     /* the disk knows that it is set aside */
	struct message message;
};

struct queue {
	struct outbox_entry *first, *last;
	size_t length;
};

void queue_append(struct queue *q, struct outbox_entry *e);
/* Keeps the queue in the order of positions; quick at both ends. */
void queue_insert(struct queue *q, struct outbox_entry *e);
void queue_remove(struct outbox_entry *e);
/* Moves all of from into q, both in the order of positions. */
void queue_merge(struct queue *q, struct queue *from);
/* Sorts by position. */
void queue_sort(struct queue *q);

/* What the disk lacks, in the order of arrival. */
struct lack {
	struct outbox_entry *first, *last;
	size_t length;
};

void lack_append(struct lack *l, struct outbox_entry *e);
void lack_remove(struct outbox_entry *e);
/* Puts all of from before those of l. */
void lack_return(struct lack *l, struct lack *from);
