/*
 * The ledger's way to the disk, on the loop's side: every half CommitInterval
 * it gives the store thread what is due, tells the outbox what is stored, and
 * reads back what waits once there is room for it. Which messages, the outbox
 * says (outbox.h); how they are kept, the store (store.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "gateway/gateway.h"
#include "outbox/outbox.h"
#include "outbox/store.h"
#include "util/cleanup.h"

struct ledger_disk;

struct ledger_disk_hooks {
	/* What consumers are owed, as gateway.h has it; strings are borrowed. How the epoch ended
	 * is the callee's to fill in: end->clean is false. */
	void (*gap)(const struct gap *gap, void *userdata);
	void (*epoch)(const struct epoch_end *end, void *userdata);
	/* A reading with that source key stands in the database since an earlier run. */
	void (*known)(const char *device, uint64_t source_key, const char *epoch, uint64_t sequence,
		void *userdata);
	/* The database was opened for the first time in this run: what it owes is known. */
	void (*opened)(void *userdata);
	/* It was opened, or turned out not to open, or takes its time. Once. */
	void (*ready)(void *userdata);
	/* How the store does changed. */
	void (*changed)(const struct store_figures *figures, void *userdata);
	/* The audit trail. chain: the database was opened, and its trail ends so; audits, only at
	 * the first opening of a run, as in store.h (entries may be taken). audits: fills in at
	 * most so many entries to be written, which become the caller's, and returns how many.
	 * audited: how that ended, 0 or a negative errno; owed as in store.h. */
	void (*chain)(const struct store_chain *end, struct store_audit *audits, size_t count,
		void *userdata);
	size_t (*audits)(struct store_audit *ret, size_t count, void *userdata);
	void (*audited)(int error, int64_t owed, void *userdata);
	/* A state file was written: see store.h. */
	void (*saved)(enum store_file file, int result, void *userdata);
	void *userdata;
};

/* Locks the state directory and begins to open the database; epoch is this run's. Errors as
 * store_new(). The outbox must outlive it. */
int ledger_disk_new(struct ledger_disk **ret, sd_event *e, struct outbox *o, const char *directory,
	const char *epoch, const struct store_limits *limits, int64_t commit_interval_us,
	const struct ledger_disk_hooks *hooks, int *ret_holder);
/* Waits for the thread until the boot time until_us at most. */
struct ledger_disk *ledger_disk_free(struct ledger_disk *d, int64_t until_us);

/* Settings of [Store] changed. */
void ledger_disk_adjust(
	struct ledger_disk *d, const struct store_limits *limits, int64_t commit_interval_us);
/* The broker came, went, or took something: reads back if there is room. Cheap. */
void ledger_disk_pump(struct ledger_disk *d);
/* There is something for the audit trail: hooks.audits is called as soon as the thread can write.
 */
void ledger_disk_audit(struct ledger_disk *d);
/* From now on everything is written at once, without waiting for the broker. */
void ledger_disk_hurry(struct ledger_disk *d);
/* The owed record of this run's epoch; 0 while the database does not have it. */
int64_t ledger_disk_own_owed(const struct ledger_disk *d);
/* Whether the database owes consumers the end of that epoch and will have it told. */
bool ledger_disk_owes_epoch(const struct ledger_disk *d, const char *epoch);

/* That owed record needs no telling any more. */
void ledger_disk_settle(struct ledger_disk *d, int64_t owed);
/* Nothing is with the thread or waits for it. */
bool ledger_disk_idle(const struct ledger_disk *d);

/* The store, for state files and figures. */
struct store *ledger_disk_store(struct ledger_disk *d);
