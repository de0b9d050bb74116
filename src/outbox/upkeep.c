/*
 * See upkeep.h. A checkpoint on a memory card takes long, and whoever commits
 * waits for it: so it is made when no batch waits, and in between only to keep
 * the log bounded.
 */
#include "outbox/upkeep.h"

#include "gateway/clock.h"
#include "outbox/limits.h"

#define QUIET_US INT64_C(2000000) /* without a commit: idle */
#define VACUUM_FROM                                                                                \
	(INT64_C(16) * 1024 * 1024) /* of unused pages; less is not worth the writes               \
				     */
#define VACUUM_PAGES 1024           /* in one step */
#define TRUNCATE_FROM (INT64_C(1) * 1024 * 1024)

/* The longest log: 16 MB, less when MaxSize= is small. */
static int64_t log_max(const struct keeper *k)
{
	int64_t quarter = k->limits.max_size / 4;

	return quarter > 0 && quarter < LIMITS_LOG ? quarter : LIMITS_LOG;
}

static bool is_vacuum_due(const struct keeper *k)
{
	const struct store_figures *f = &k->figures;

	return f->state == STORE_GOOD && f->unused_bytes > VACUUM_FROM + k->unused_kept &&
	       f->unused_bytes > f->used_bytes;
}

/* Others that read may keep it from doing all: then not again before the log has grown further. */
static int checkpoint(struct keeper *k, int mode)
{
	int r = database_checkpoint(&k->db, mode);

	k->log_kept = k->db.wal_bytes;
	return r;
}

int upkeep_after_commit(struct keeper *k)
{
	int64_t log = k->db.wal_bytes;

	k->committed_us = boottime_us();
	if (log > TRUNCATE_FROM)
		k->log_long = true;
	if (log < k->log_kept)
		k->log_kept = 0;
	return log > log_max(k) && log > k->log_kept + log_max(k) / 16
		       ? checkpoint(k, SQLITE_CHECKPOINT_PASSIVE)
		       : 0;
}

/* The file itself becomes shorter by a checkpoint only. */
static int give_back(struct keeper *k)
{
	int64_t before = k->figures.unused_bytes;
	int r = database_vacuum(&k->db, VACUUM_PAGES);

	if (r == 0)
		r = keeper_measure(k);
	if (r == 0 && k->figures.unused_bytes == before)
		k->unused_kept = before; /* there is nothing to be had; do not try for ever */
	if (r == 0 && !is_vacuum_due(k))
		r = checkpoint(k, SQLITE_CHECKPOINT_TRUNCATE);
	return r;
}

int upkeep_idle(struct keeper *k, int64_t *ret_next_us)
{
	int64_t log = k->db.wal_bytes, quiet_us = k->committed_us + QUIET_US;
	bool drained = k->db.ledger.readings + k->db.ledger.events == 0;
	bool vacuum = is_vacuum_due(k);

	*ret_next_us = 0;
	if (log > log_max(k) / 4 && log > k->log_kept + log_max(k) / 16)
		return checkpoint(k, SQLITE_CHECKPOINT_PASSIVE);
	*ret_next_us = INT64_MAX;
	if (!vacuum && !(drained && k->log_long))
		return 0;
	if (boottime_us() < quiet_us) {
		*ret_next_us = quiet_us;
		return 0;
	}
	if (vacuum) {
		*ret_next_us = 0;
		return give_back(k);
	}
	k->log_long = false;
	return checkpoint(k, SQLITE_CHECKPOINT_TRUNCATE);
}
