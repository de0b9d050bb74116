/*
 * What the files of the store thread's mind share. Inner header of keeper.c,
 * opening.c, transact.c and their neighbours.
 */
#pragma once

#include "outbox/database.h"
#include "outbox/keeper.h"
#include "outbox/rows.h"
#include "outbox/scan_state.h"

struct salvage;

struct keeper {
	struct database db;
	struct store_limits limits;
	struct store_figures figures;
	keeper_post_fn post;
	void *userdata;
	bool open;
	bool reported;       /* hooks.opened was called in this run */
	bool fresh;          /* the file was made since that call */
	bool names_unused;   /* no row refers to a name: they go with the first transaction */
	bool probe;          /* a write failed: the next opening has to show that one succeeds */
	bool damaged;        /* the file is to be set aside at the next opening */
	bool changed;        /* figures are to be told */
	bool drop_more;      /* a limit asks for more than one turn gave up */
	bool log_long;       /* the log has grown beyond what a drained database needs */
	int64_t unused_kept; /* unused bytes that a vacuum did not give back */
	int64_t log_kept;    /* of the log after the last checkpoint: others read it */
	int64_t judged_us, committed_us; /* boot time of the last look at the limits, and commit */
	int64_t retry_us;                /* boot time of the next opening */
	int64_t backoff_us;
	int64_t keys_below; /* source keys from below this position are still to be told */
	size_t keys_told;
	int64_t own_owed; /* id of this run's owed epoch, 0: not written */
	struct scan scan;
	struct salvage *salvage; /* NULL: nothing to bring back */
	char salvage_file[64];   /* set aside just now, to be looked into; "" */
	struct ledger_row known; /* of the database that was open before in this run */
	char directory[DATABASE_PATH_MAX];
};

/* opening.c */

/* Opens the database and tells so; sets what is of no use aside. Returns 0 or a negative errno, and
 * then the state is FAILING and k->retry_us says when to come again. */
int keeper_open(struct keeper *k);

/* Tells the next of the stored source keys. Returns 0 or a negative errno. */
int opening_more_keys(struct keeper *k);

/* keeper.c */

/* Something failed with that negative errno: says so, closes, and comes back later. */
void keeper_fail(struct keeper *k, int error);
void keeper_set_state(struct keeper *k, enum store_state state, const char *problem);
int64_t keeper_now_s(void);
/* Brings the figures up to date. Returns 0 or a negative errno. */
int keeper_measure(struct keeper *k);

/* transact.c */

int transact_write(struct keeper *k, const struct store_batch *b, int64_t *ret_audit_owed);
int transact_read(struct keeper *k, const struct store_batch *b, struct store_result *ret);
