/*
 * The store thread's mind. See keeper.h.
 */
#include "outbox/keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "outbox/giveup.h"
#include "outbox/keeper_private.h"
#include "outbox/salvage.h"
#include "outbox/scan.h"
#include "outbox/upkeep.h"

#define BACKOFF_MIN_US INT64_C(1000000)
#define BACKOFF_MAX_US INT64_C(30000000)
/* Limits are looked at again so often when nothing is written. */
#define JUDGE_US INT64_C(10000000)

#define ROW_BYTES 110          /* of a row in the file, rather more */
#define BATCH_BYTES (8 * 4096) /* of a batch besides */

int64_t keeper_now_s(void)
{
	return boottime_us() / 1000000;
}

int keeper_new(struct keeper **ret, const char *directory, keeper_post_fn post, void *userdata)
{
	struct keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return -ENOMEM;
	if (snprintf(k->directory, sizeof(k->directory), "%s", directory) >=
		(int)sizeof(k->directory) - 64) {
		free(k);
		return -ENAMETOOLONG;
	}
	k->post = post;
	k->userdata = userdata;
	k->backoff_us = BACKOFF_MIN_US;
	k->keys_below = INT64_MIN;
	*ret = k;
	return 0;
}

struct keeper *keeper_free(struct keeper *k)
{
	if (!k)
		return NULL;
	database_close(&k->db, k->open);
	scan_done(&k->scan);
	salvage_free(k->salvage);
	free(k);
	return NULL;
}

void keeper_set_limits(struct keeper *k, const struct store_limits *limits)
{
	k->limits = *limits;
}

const struct store_figures *keeper_figures(const struct keeper *k)
{
	return &k->figures;
}

void keeper_set_state(struct keeper *k, enum store_state state, const char *problem)
{
	if (k->figures.state == state && strcmp(k->figures.problem, problem) == 0)
		return;
	k->figures.state = state;
	if (problem != k->figures.problem)
		(void)snprintf(k->figures.problem, sizeof(k->figures.problem), "%s", problem);
	k->changed = true;
}

/* A sentence for people, with what to do. */
static void describe(int error, char *buf, size_t size)
{
	char text[96];

	switch (error) {
	case -ENOSPC:
	case -EDQUOT:
		(void)snprintf(buf, size,
			"The file system of the state directory is full; make room on it.");
		break;
	case -EROFS:
		(void)snprintf(buf, size,
			"The state directory is read-only; remount its file system for writing, "
			"and look into the kernel's log for why.");
		break;
	case -EBUSY:
		(void)snprintf(
			buf, size, "Another program holds %s locked; close it.", DATABASE_NAME);
		break;
	case -EACCES:
	case -EPERM:
		(void)snprintf(buf, size,
			"%s may not be written by this user; give the state directory back to it.",
			DATABASE_NAME);
		break;
	case -ENOMEM:
		(void)snprintf(buf, size,
			"There is no memory left to store anything; give the "
			"service or the machine more.");
		break;
	case -EIO:
		(void)snprintf(buf, size,
			"The disk fails to read or write %s; look into the kernel's log, and "
			"replace the disk or card if it goes on.",
			DATABASE_NAME);
		break;
	default:
		(void)snprintf(buf, size,
			"%s cannot be opened or written (%s); check the state "
			"directory.",
			DATABASE_NAME, strerror_r(-error, text, sizeof(text)));
		break;
	}
}

void keeper_fail(struct keeper *k, int error)
{
	char problem[sizeof(k->figures.problem)];

	/*
	 * The connection stays. A commit whose sync failed stands at the end of the log, and the
	 * kernel may have forgotten part of it while it still shows the whole. Only this connection
	 * knows that it is no part of the log, and writes over it; another would take it for
	 * written, put the next commits behind it, and lose them with it at a power cut.
	 */
	if (k->open) {
		database_rollback(&k->db);
		k->known = k->db.ledger;
		k->known.clock_s = database_clock(&k->db, keeper_now_s());
	}
	k->salvage = salvage_free(k->salvage);
	if (error == -EUCLEAN)
		database_close(&k->db, false);
	k->open = false;
	k->retry_us = boottime_us() + k->backoff_us;
	/* Damage is dealt with by opening again, and so is a file that somebody took away: at once,
	 * but for a machine that damages one after the other. */
	if (error == -EUCLEAN || error == -ESTALE)
		k->retry_us -= BACKOFF_MIN_US;
	k->backoff_us *= 2;
	if (k->backoff_us > BACKOFF_MAX_US)
		k->backoff_us = BACKOFF_MAX_US;
	k->damaged |= error == -EUCLEAN;
	if (error == -EUCLEAN || error == -ESTALE)
		return;
	k->probe = true;
	describe(error, problem, sizeof(problem));
	keeper_set_state(k, STORE_FAILING, problem);
}

int keeper_measure(struct keeper *k)
{
	struct store_figures *f = &k->figures;
	struct database *d = &k->db;
	int64_t pages;
	int r = database_sizes(d, &pages, &f->used_bytes);

	if (r < 0)
		return r;
	f->unused_bytes = pages - f->used_bytes;
	f->file_bytes = database_files(d);
	if (f->salvaging != (k->salvage != NULL))
		k->changed = true;
	f->salvaging = k->salvage != NULL;
	f->readings = d->ledger.readings;
	f->events = d->ledger.events;
	return database_number(d, SQL_FIND_OLDEST, &f->oldest_received_ms);
}

/* Nothing that changes what is stored. */
static bool is_empty(const struct store_batch *b)
{
	return b->name_count + b->row_count + b->event_count + b->aside_count + b->delete_count +
		       b->settled_count + b->audit_count ==
	       0;
}

/* About what the batch takes of the file, rather more. */
static int64_t estimate(const struct store_batch *b)
{
	int64_t bytes = (int64_t)(b->row_count * ROW_BYTES);

	for (size_t i = 0; i < b->event_count; i++)
		bytes += (int64_t)(ROW_BYTES + strlen(b->events[i].topic) +
				   strlen(b->events[i].body));
	for (size_t i = 0; i < b->audit_count; i++)
		bytes += (int64_t)(ROW_BYTES + strlen(b->audits[i].entry));
	return bytes > 0 ? bytes + BATCH_BYTES : 0;
}

static int judge(struct keeper *k, int64_t coming_bytes, bool refused)
{
	k->judged_us = boottime_us();
	return giveup_for_limits(k, coming_bytes, refused, &k->drop_more);
}

/* The file system has no room although the limits were kept, since others fill it, or by quota: the
 * log is put away, so that its place can be used again, and the oldest make room in the file. */
static int make_room(struct keeper *k, int64_t coming_bytes)
{
	int r = database_checkpoint(&k->db, SQLITE_CHECKPOINT_PASSIVE);

	return r < 0 ? r : judge(k, coming_bytes, true);
}

static int write_batch(struct keeper *k, const struct store_batch *b, int64_t *ret_audit_owed)
{
	int64_t coming = estimate(b);
	bool due = coming > 0 || boottime_us() >= k->judged_us + JUDGE_US;
	int r = due ? judge(k, coming, false) : 0;

	if (r == 0)
		r = transact_write(k, b, ret_audit_owed);
	if (r == -ENOSPC) {
		r = make_room(k, coming);
		if (r == 0)
			r = transact_write(k, b, ret_audit_owed);
	}
	return r < 0 ? r : 0;
}

void keeper_batch(struct keeper *k, const struct store_batch *b, struct store_result *ret)
{
	int r = 0;

	*ret = (struct store_result){ 0 };
	if (!k->open) {
		ret->error = -EAGAIN;
		return;
	}
	if (!is_empty(b)) {
		/* A commit to a file that somebody took away would be safe nowhere. */
		r = database_is_in_place(&k->db) ? write_batch(k, b, &ret->audit_owed) : -ESTALE;
		ret->error = r;
		if (r == 0) {
			k->backoff_us = BACKOFF_MIN_US;
			r = upkeep_after_commit(k);
		}
	} else if (boottime_us() >= k->judged_us + JUDGE_US) {
		r = database_is_in_place(&k->db) ? 0 : -ESTALE;
		if (r == 0)
			r = judge(k, 0, false);
	}
	if (r == 0)
		r = transact_read(k, b, ret);
	if (r == 0)
		r = keeper_measure(k);
	ret->own_owed = k->own_owed;
	if (r < 0)
		keeper_fail(k, r);
}

/* What can wait; k is open. */
static int work(struct keeper *k, bool crowded, int64_t *ret_next_us)
{
	int r = 0;

	*ret_next_us = 0;
	if (k->keys_below > INT64_MIN)
		return opening_more_keys(k);
	if (k->drop_more && !crowded) {
		r = judge(k, 0, false);
		return r < 0 ? r : keeper_measure(k);
	}
	if (k->salvage && !crowded) {
		r = salvage_step(k);
		if (r == 0)
			r = judge(k, 0, false);
		return r < 0 ? r : keeper_measure(k);
	}
	if (scan_is_wanted(&k->scan) && !crowded)
		return scan_step(k);
	return upkeep_idle(k, ret_next_us);
}

static void tell_change(struct keeper *k)
{
	struct news *n;

	if (!k->changed)
		return;
	n = calloc(1, sizeof(*n));
	if (!n)
		return;
	n->kind = NEWS_CHANGED;
	n->changed = k->figures;
	k->changed = false;
	k->post(n, k->userdata);
}

int64_t keeper_work(struct keeper *k, bool crowded)
{
	int64_t next_us;
	int r;

	if (!k->open) {
		if (boottime_us() >= k->retry_us) {
			r = keeper_open(k);
			if (r < 0)
				keeper_fail(k, r);
		}
		tell_change(k);
		return k->open ? 0 : k->retry_us;
	}
	r = work(k, crowded, &next_us);
	if (r < 0) {
		keeper_fail(k, r);
		next_us = k->retry_us;
	}
	tell_change(k);
	return next_us;
}

int keeper_scan(struct keeper *k, uint32_t epoch)
{
	return scan_want(&k->scan, epoch);
}
