/*
 * The store thread's mind: when the database is open, what a batch does to it,
 * and what follows from trouble. It keeps no thread and no lock (store.c does);
 * every call may block on the disk.
 */
#pragma once

#include "outbox/news.h"
#include "outbox/schema.h"

struct keeper;

/* Takes the news over. */
typedef void (*keeper_post_fn)(struct news *n, void *userdata);

/* The schema that databases are opened with; tests put in another one. */
extern const struct schema *keeper_schema;

int keeper_new(struct keeper **ret, const char *directory, keeper_post_fn post, void *userdata);
/* Closes the database, too. */
struct keeper *keeper_free(struct keeper *k);
WG_DEFINE_CLEANUP(struct keeper *, keeper_free)

void keeper_set_limits(struct keeper *k, const struct store_limits *limits);
/* Does what the batch says; ret is filled, with copies of the caller's to free. */
void keeper_batch(struct keeper *k, const struct store_batch *b, struct store_result *ret);
/* One piece of what can wait: opens what is closed, and so on. crowded: the loop has not yet taken
 * what it was told, so tell it no more. Returns when to call again (boot time; at once: 0). */
int64_t keeper_work(struct keeper *k, bool crowded);
/* Returns 0 or -ENOMEM. */
int keeper_scan(struct keeper *k, uint32_t epoch);
const struct store_figures *keeper_figures(const struct keeper *k);
