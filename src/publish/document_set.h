/*
 * The documents by topic, and which of them is to be sent next: a hash table, a
 * list in the order in which they came, two queues of what is due at once, and a
 * heap of what is due later. Knows nothing of what stands in them. For
 * documents.c only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum document_state { DOCUMENT_SETTLED, DOCUMENT_DUE, DOCUMENT_IN_FLIGHT, DOCUMENT_GIVEN_UP };

struct device;

struct document {
	struct document *next, **at; /* in the list */
	struct document *next_same;  /* in the bucket */
	struct document *next_ready, **at_ready;
	size_t heap_at; /* 1: the first; 0: not in the heap */
	uint64_t id;
	struct device *device; /* NULL: another kind, or to be emptied */
	bool status;
	char *body;  /* of documents_put(); NULL: another kind, or to be emptied */
	size_t rest; /* where in topic its part below the prefix begins; 0: of an earlier run */
	enum document_state state;
	bool again; /* changed while in flight */
	int64_t sent_boot_us;
	int64_t not_before_boot_us;
	char topic[];
};

struct document_queue {
	struct document *first, **last;
};

struct document_set {
	struct document *first, **last;
	struct document **buckets;
	size_t size; /* buckets, a power of two */
	size_t count;
	struct document_queue ready[2]; /* alarms before all others */
	struct document **heap;         /* the earliest first; has room for all */
	size_t heap_count, heap_size;
	uint64_t ids;
};

/* Returns 0 or -ENOMEM. */
int document_set_init(struct document_set *s);
/* Frees all of them. */
void document_set_done(struct document_set *s);
struct document *document_set_find(const struct document_set *s, const char *topic);
/* That topic is not among them. NULL without memory. */
struct document *document_set_add(struct document_set *s, const char *topic);
/* Frees it. */
void document_set_remove(struct document_set *s, struct document *x);
/* To be sent at that time, or before if it was to be already; 0: at once. */
void document_set_due(struct document_set *s, struct document *x, int64_t boot_us);
/* In another state: it is not to be sent. */
void document_set_state(struct document_set *s, struct document *x, enum document_state state);
/* The next to send, NULL for none. */
struct document *document_set_next(struct document_set *s, int64_t boot_us);
/* When the next is due; 0: now, INT64_MAX: none is. */
int64_t document_set_when(const struct document_set *s);
