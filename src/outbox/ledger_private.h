/*
 * What ledger_disk.c (what is written, and when) and ledger_back.c (what comes
 * back from the store) share. For these two files only.
 */
#pragma once

#include "outbox/ledger_batch.h"
#include "outbox/ledger_disk.h"
#include "outbox/names.h"

#define LOG_MODULE "ledger"
#include "util/log.h"

struct ledger_disk {
	struct outbox *outbox;
	struct store *store;
	struct names *names;
	struct ledger_disk_hooks hooks;
	sd_event_source *tick, *check, *patience;
	int64_t half_us;
	int64_t base; /* position in the database - position in the outbox */
	int64_t own_owed;
	bool own_epoch_told; /* written, or being so */
	bool opened, was_opened, ready, hurry;
	bool troubled; /* the store said last that it fails, or is full */
	bool armed;
	struct batch batch; /* the one with the thread */
	struct pending pending;
	struct store_owed *epochs; /* of earlier runs, still to be told */
	size_t epoch_count;
	char notice[sizeof(((struct store_figures *)0)->notice)]; /* the last one that was logged */
};

static inline int64_t to_disk(const struct ledger_disk *d, int64_t position)
{
	return position - OUTBOX_FIRST_POSITION + d->base;
}

static inline int64_t from_disk(const struct ledger_disk *d, int64_t id)
{
	return id - d->base + OUTBOX_FIRST_POSITION;
}

/* ledger_disk.c */
void ledger_disk_become_ready(struct ledger_disk *d);
/* Writes what is due, if write, and reads back what there is room for. */
void ledger_disk_submit(struct ledger_disk *d, bool write);
/* Notes how much waits on the disk alone. */
void ledger_disk_note(struct ledger_disk *d);
/* See to it that the timer comes. */
void ledger_disk_arm(struct ledger_disk *d);

/* ledger_back.c: hooks of the store, and what on_done() needs of it. */
void ledger_back_loaded(struct ledger_disk *d, const struct store_result *result);
void ledger_back_opened(const struct store_opened *opened, void *userdata);
void ledger_back_keys(const struct store_key *keys, size_t count, void *userdata);
void ledger_back_dropped(const struct store_owed *owed, size_t count, void *userdata);
void ledger_back_salvaged(int64_t from, uint64_t readings, uint64_t events, void *userdata);
void ledger_back_scanned(
	uint32_t epoch, const struct store_range *ranges, size_t count, bool last, void *userdata);
void ledger_back_changed(const struct store_figures *figures, void *userdata);
