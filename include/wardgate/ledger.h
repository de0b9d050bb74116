/*
 * The ledger as the gateway sees it: what takes a reading and tells when it is
 * safe. outbox/ implements it; main.c introduces the two.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reading;

#define LEDGER_PATIENCE_US (20 * INT64_C(1000000))

enum receipt_outcome { RECEIPT_SAFE, RECEIPT_NOT_SAFE };
typedef void (*receipt_fn)(enum receipt_outcome outcome, void *userdata);

/* Waits until every reading of a submission is safe. */
struct receipt;

/* The waiting ends without a call; NULL is fine. */
void receipt_cancel(struct receipt *r);

struct ledger {
	void *object;
	/* Whether count more would be taken now. */
	bool (*has_room)(void *object, size_t count);
	/* Makes a receipt with a deadline; it is called once all that it was attached to are safe. */
	int (*receipt)(void *object, receipt_fn done, void *userdata, struct receipt **ret);
	/* Takes a copy (with references of its own); receipt may be NULL. */
	int (*append)(void *object, const struct reading *r, struct receipt *receipt);
	/* Lets the receipt wait for an earlier reading as well. True: it waits; false: that reading is
	 * safe already. */
	bool (*attach)(void *object, uint64_t sequence, struct receipt *receipt);
	/* Takes a gap, epoch or clock record, an audit entry: topic below the prefix and a JSON body,
	 * both copied. A record always finds a place. */
	int (*record)(void *object, uint64_t sequence, const char *topic, const char *body);
	/* A submission is complete: send what can be sent. */
	void (*flush)(void *object);
};
