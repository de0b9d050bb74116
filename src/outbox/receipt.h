/*
 * Receipts: who waits for which readings to be safe, and for how long. The
 * ledger's inner side of wardgate/ledger.h; drivers do not see it.
 */
#pragma once

#include <stdint.h>

#include "wardgate/ledger.h"

struct receipt {
	struct receipt *previous, *next; /* in order of deadline */
	struct receipt_list *list;       /* NULL: no longer waiting */
	receipt_fn done;
	void *userdata;
	int64_t deadline_boot_us;
	unsigned refs;    /* the waiter's and one for each message */
	unsigned pending; /* messages not yet safe */
};

struct receipt_list {
	struct receipt *first, *last;
};

/* A receipt with one reference, the waiter's. Deadlines must not decrease. */
int receipt_new(struct receipt **ret, struct receipt_list *list, receipt_fn done, void *userdata,
	int64_t deadline_boot_us);
/* A message will count towards it: takes a reference. */
struct receipt *receipt_attach(struct receipt *r);
/* That message is safe: the last one calls done(RECEIPT_SAFE). Drops the reference. */
void receipt_settle(struct receipt *r);
/* That message will never be safe: calls done(RECEIPT_NOT_SAFE) at once. Drops the reference. */
void receipt_fail(struct receipt *r);
/* Tells all whose deadline has come. Returns the next deadline, INT64_MAX for none. */
int64_t receipt_expire(struct receipt_list *list, int64_t boot_us);
