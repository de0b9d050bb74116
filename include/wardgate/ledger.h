/*
 * The ledger as the gateway sees it: what takes a reading and tells when it is
 * safe. outbox/ implements it; main.c introduces the two.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label;
struct reading;

/* Numbers first to last, both included. */
struct store_range {
	uint64_t first, last;
};

#define LEDGER_PATIENCE_US (20 * INT64_C(1000000))

enum receipt_outcome { RECEIPT_SAFE, RECEIPT_NOT_SAFE };
typedef void (*receipt_fn)(enum receipt_outcome outcome, void *userdata);

/* Waits until every reading of a submission is safe. */
struct receipt;

/* The waiting ends without a call; NULL is fine. */
void receipt_cancel(struct receipt *r);

enum { _LEDGER_E_OK, LEDGER_E_NO_ROOM };

struct ledger {
	void *object;
	/* Makes sure that the next count appends succeed. boot_us is the time, for all that
	 * follows. waits: the device keeps what it is not told to be safe, and can be refused;
	 * otherwise the oldest in memory give way, each leaving a gap. Returns 0, LEDGER_E_NO_ROOM
	 * or -ENOMEM; then nothing changed. */
	int (*reserve)(void *object, size_t count, bool waits, int64_t boot_us);
	/* Makes a receipt with a deadline; it is called once all that it was attached to are safe.
	 */
	int (*receipt)(void *object, receipt_fn done, void *userdata, struct receipt **ret);
	/* Takes a copy (with references of its own) into a reserved place; receipt may be NULL. */
	void (*append)(void *object, const struct reading *r, struct receipt *receipt);
	/* Lets the receipt wait for an earlier reading as well: epoch as in struct reading. True:
	 * it waits; false: that reading is safe already. */
	bool (*attach)(void *object, const struct label *epoch, uint64_t sequence,
		struct receipt *receipt);
	/* Takes a gap, epoch or clock record, an audit entry: topic below the prefix and a JSON
	 * body, both copied. A record always finds a place. owed: what the record makes good, from
	 * the ledger's calls; 0: nothing. */
	int (*record)(
		void *object, uint64_t sequence, const char *topic, const char *body, int64_t owed);
	/* A submission is complete: send what can be sent. */
	void (*flush)(void *object);
};
