/*
 * The outbox's entries and the queues that they stand in; inner header of
 * outbox/. An entry stands in exactly one queue at a time.
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

struct outbox_entry {
	struct outbox_entry *previous, *next; /* in its queue */
	struct outbox_entry *hash_next;
	struct queue *queue;
	struct queue *home; /* where it was taken from, while in flight */
	struct receipt *receipt;
	struct further_receipt *further;
	int64_t not_before_boot_us;
	int64_t came_boot_us;
	unsigned mark;
	unsigned tries;
	struct message message;
};

struct queue {
	struct outbox_entry *first, *last;
	size_t length;
};

void queue_append(struct queue *q, struct outbox_entry *e);
/* Keeps the queue in the order of sequences; quick at both ends. */
void queue_insert(struct queue *q, struct outbox_entry *e);
void queue_remove(struct outbox_entry *e);
/* Moves all of from into q, both in the order of sequences. */
void queue_merge(struct queue *q, struct queue *from);
/* Sorts by sequence. */
void queue_sort(struct queue *q);
