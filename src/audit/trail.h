/*
 * The audit trail on the loop: gives entries their number and hash, has them
 * written (outbox/ledger_disk.h), and publishes each as a record once it is on
 * the disk, so that no number is ever published that a kill could give out
 * again. With a disk that fails an entry is published after PATIENCE without
 * it, and written later. Not for what entries say (entry.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/row.h"
#include "util/cleanup.h"

struct trail;

#define TRAIL_WAITING_MAX 256 /* entries that are not on the disk yet */
#define TRAIL_RECENT_MAX 200  /* entries that are kept to be shown */
#define TRAIL_PATIENCE_US INT64_C(2000000)

struct trail_hooks {
	/* hooks.audits of the ledger may be called: there is something to be written. */
	void (*write)(void *userdata);
	/* Publishes one; a->owed as in gateway.h. */
	void (*publish)(const struct store_audit *a, int64_t owed, void *userdata);
	void *userdata;
};

int trail_new(struct trail **ret, const struct trail_hooks *hooks);
struct trail *trail_free(struct trail *t);
WG_DEFINE_CLEANUP(struct trail *, trail_free)

/* Adds an entry: members of a JSON object, without braces, at most ENTRY_MEMBERS_MAX bytes. One
 * that finds no room, or no memory, is counted, and an entry says how many. */
void trail_add(struct trail *t, const char *members, int64_t boot_us, int64_t utc_us);

/* The hooks of ledger_disk.h. */
void trail_opened(
	struct trail *t, const struct store_chain *end, struct store_audit *audits, size_t count);
size_t trail_take(struct trail *t, struct store_audit *ret, size_t count);
void trail_written(struct trail *t, int error, int64_t owed);

/* To be called once a second or more often. */
void trail_tick(struct trail *t, int64_t boot_us);
/* Nothing waits for the disk or for being published. */
bool trail_idle(const struct trail *t);

/* The newest entries that are kept, oldest first: the i-th, NULL behind the last. */
const char *trail_recent(const struct trail *t, size_t i);
