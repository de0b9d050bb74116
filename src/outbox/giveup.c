/*
 * See giveup.h.
 */
#include "outbox/giveup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "outbox/limits.h"

#define CHUNK 1000       /* readings in one transaction, or 1 % of them */
#define CHUNK_EVENTS 100 /* of events, which are longer */
#define CHUNK_MAX 20000  /* at most */
#define CHUNKS_MAX 8     /* before other work has its turn */
#define EPOCHS_MAX 32    /* in one chunk; where more come it ends */
#define DAMAGED_MAX 64

struct news *giveup_news(size_t owed_max)
{
	struct news *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = NEWS_DROPPED;
	n->dropped.owed = calloc(owed_max, sizeof(*n->dropped.owed));
	return n->dropped.owed ? n : news_free(n);
}

int giveup_owe(struct keeper *k, struct store_owed *owed, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = rows_add_owed(&k->db, &owed[i]);
	return r;
}

static void post_or_free(struct keeper *k, struct news *n)
{
	if (n->dropped.count > 0)
		k->post(n, k->userdata);
	else
		news_free(n);
}

/* --- limits --- */

/* The gap of an epoch, in a list that grows; NULL when the list is full. */
static struct store_owed *gap_of(struct news *n, uint32_t epoch, const char *reason)
{
	struct store_owed *o = n->dropped.owed;
	size_t i;

	for (i = 0; i < n->dropped.count; i++)
		if (o[i].epoch == epoch)
			return &o[i];
	if (i == EPOCHS_MAX)
		return NULL;
	o[i] = (struct store_owed){ .kind = OWED_GAP, .epoch = epoch };
	(void)snprintf(o[i].reason, sizeof(o[i].reason), "%s", reason);
	n->dropped.count++;
	return &o[i];
}

struct chunk {
	int64_t first, last; /* positions */
	uint64_t count;
};

/* The oldest of a table: at most limit, none from own clock aged_below on. */
static int find_chunk(struct keeper *k, bool events, uint64_t limit, int64_t aged_below,
	const char *reason, struct news *n, struct chunk *ret)
{
	sqlite3_stmt *st = NULL;
	int r = rows_read(&k->db, events ? SQL_SCAN_EVENTS : SQL_SCAN_READINGS, INT64_MIN,
		(int64_t)limit, &st);

	*ret = (struct chunk){ 0 };
	while (r >= 0 && (r = database_step(&k->db, st)) > 0) {
		uint64_t sequence = (uint64_t)sqlite3_column_int64(st, 2);
		struct store_owed *o;

		if (sqlite3_column_int64(st, 3) >= aged_below)
			break;
		o = gap_of(n, (uint32_t)sqlite3_column_int64(st, 1), reason);
		if (!o)
			break;
		if (o->count == 0 || sequence < o->first)
			o->first = sequence;
		if (sequence > o->last)
			o->last = sequence;
		o->count++;
		ret->last = sqlite3_column_int64(st, 0);
		if (ret->count++ == 0)
			ret->first = ret->last;
	}
	if (r > 0)
		(void)sqlite3_reset(st);
	return r < 0 ? r : 0;
}

static int delete_chunk(struct keeper *k, bool events, const struct chunk *c)
{
	struct store_range all = { (uint64_t)c->first, (uint64_t)c->last };
	int r = 0;

	/* No reading is left when events go. */
	if (events)
		return rows_delete(&k->db, &all);
	if (k->db.ledger.asides > 0)
		r = rows_delete_reading_asides(&k->db, c->first, c->last);
	return r < 0 ? r : rows_delete_readings(&k->db, c->first, c->last);
}

/* One chunk. *ret_count: how many went; 0: there is nothing to drop. */
static int drop_chunk(struct keeper *k, enum limits_reason reason, uint64_t *ret_count)
{
	const char *text = limits_reason_text(reason);
	struct database *d = &k->db;
	int64_t now_s = keeper_now_s(), aged_below = INT64_MAX;
	bool events = d->ledger.readings == 0;
	uint64_t rows = events ? d->ledger.events : d->ledger.readings;
	uint64_t least = events ? CHUNK_EVENTS : CHUNK,
		 limit = rows / 100 > least ? rows / 100 : least;
	struct chunk c = { 0 };
	struct news *n;
	int r;

	*ret_count = 0;
	if (reason == LIMITS_AGE) {
		aged_below = database_clock(d, now_s) - k->limits.max_age_us / 1000000;
		if (events)
			return 0;
	}
	n = giveup_news(EPOCHS_MAX);
	if (!n)
		return -ENOMEM;
	r = database_begin(d);
	if (r == 0)
		r = find_chunk(
			k, events, limit < CHUNK_MAX ? limit : CHUNK_MAX, aged_below, text, n, &c);
	if (r == 0 && c.count > 0)
		r = delete_chunk(k, events, &c);
	if (r == 0)
		r = giveup_owe(k, n->dropped.owed, n->dropped.count);
	if (r == 0 && c.count > 0)
		r = database_commit(d, now_s);
	else
		database_rollback(d);
	if (r < 0) {
		news_free(n);
		return r;
	}
	k->figures.dropped += c.count;
	*ret_count = c.count;
	post_or_free(k, n);
	return 0;
}

static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int view(struct keeper *k, int64_t coming_bytes, bool refused, struct limits_view *v)
{
	int64_t now_s = keeper_now_s(), aged_s = 0;
	char log[DATABASE_PATH_MAX + 8];
	struct statvfs fs;
	int r;

	*v = (struct limits_view){ .coming_bytes = coming_bytes, .refused = refused };
	(void)snprintf(log, sizeof(log), "%s-wal", k->db.path);
	v->file_bytes = size_of(k->db.path);
	v->log_bytes = size_of(log);
	v->free_bytes = INT64_MAX / 2; /* where nobody says, none is short */
	if (statvfs(k->directory, &fs) == 0)
		v->free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
	r = database_sizes(&k->db, &v->pages_bytes, &v->used_bytes);
	if (r == 0 && k->db.ledger.readings > 0) {
		r = database_number(&k->db, SQL_FIND_OLDEST_AGED, &aged_s);
		v->oldest_age_s = database_clock(&k->db, now_s) - aged_s;
	}
	return r;
}

static const char *problem_of(enum limits_reason reason)
{
	switch (reason) {
	case LIMITS_NONE:
		break;
	case LIMITS_SIZE:
		return "What waits has reached MaxSize= and the oldest readings give way; bring "
		       "the "
		       "broker back, or allow more.";
	case LIMITS_FREE_SPACE:
		return "The file system is down to KeepFree= and the oldest readings give way; "
		       "make "
		       "room on it, or bring the broker back.";
	case LIMITS_AGE:
		return "Readings have waited longer than MaxAge= and are given up; bring the "
		       "broker "
		       "back.";
	}
	return "";
}

int giveup_for_limits(struct keeper *k, int64_t coming_bytes, bool refused, bool *ret_more)
{
	struct limits_verdict verdict;
	struct limits_view v;
	uint64_t dropped = 0;
	bool any = false;
	int r;

	*ret_more = false;
	for (int i = 0;; i++) {
		r = view(k, coming_bytes, refused, &v);
		if (r < 0)
			return r;
		verdict = limits_judge(&k->limits, &v);
		k->figures.limit_bytes = verdict.limit_bytes;
		if (verdict.drop == LIMITS_NONE)
			break;
		if (i == CHUNKS_MAX) {
			*ret_more = true;
			break;
		}
		r = drop_chunk(k, verdict.drop, &dropped);
		if (r < 0)
			return r;
		if (dropped == 0)
			break; /* a limit below what an empty database takes */
		any = true;
		keeper_set_state(k, STORE_FULL, problem_of(verdict.drop));
	}
	/* Not in the same breath: who hears only of the last state is to hear of this one. */
	if (verdict.relaxed && !any && k->figures.state == STORE_FULL)
		keeper_set_state(k, STORE_GOOD, "");
	return 0;
}

/* --- damage --- */

size_t giveup_between(const struct giveup_neighbour *a, const struct giveup_neighbour *b,
	uint64_t missing, struct store_owed ret[static 2])
{
	uint64_t room = (uint64_t)(b->id - a->id - 1); /* numbers that fit between them */
	size_t n = 0;

	if (b->id - a->id < 2)
		return 0;
	if (a->epoch && a->epoch == b->epoch) {
		if (b->sequence <= a->sequence + 1)
			return 0;
		ret[n++] = (struct store_owed){
			.epoch = a->epoch, .first = a->sequence + 1, .last = b->sequence - 1
		};
	} else {
		if (a->epoch)
			ret[n++] = (struct store_owed){ .epoch = a->epoch,
				.first = a->sequence + 1,
				.last = a->sequence + room };
		if (b->epoch && b->sequence > 1)
			ret[n++] = (struct store_owed){ .epoch = b->epoch,
				.first = b->sequence > room ? b->sequence - room : 1,
				.last = b->sequence - 1 };
	}
	for (size_t i = 0; i < n; i++) {
		ret[i].kind = OWED_GAP;
		/* Which of the two sides they are on is not known. */
		ret[i].count = n == 1 ? missing : 0;
		(void)snprintf(ret[i].reason, sizeof(ret[i].reason), "damaged");
	}
	return n;
}

static int find_neighbour(
	struct keeper *k, enum statement which, int64_t id, struct giveup_neighbour *ret)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(&k->db, which, &r);

	if (!st)
		return r;
	*ret = (struct giveup_neighbour){ 0 };
	sqlite3_bind_int64(st, 1, id);
	r = database_step(&k->db, st);
	if (r <= 0)
		return r;
	ret->id = sqlite3_column_int64(st, 0);
	ret->epoch = (uint32_t)sqlite3_column_int64(st, 1);
	ret->sequence = (uint64_t)sqlite3_column_int64(st, 2);
	(void)sqlite3_reset(st);
	return 0;
}

/* The numbers that a damaged row may have had. What it says itself may be the damage, so its
 * neighbours are asked; only without two of the same run is it believed. */
static int explain(struct keeper *k, const struct giveup_row *row, struct store_owed *ret)
{
	struct giveup_neighbour a, b;
	struct store_owed found[2];
	int r = find_neighbour(
		k, row->event ? SQL_FIND_EVENT_BEFORE : SQL_FIND_READING_BEFORE, row->id, &a);

	if (r == 0)
		r = find_neighbour(
			k, row->event ? SQL_FIND_EVENT_AFTER : SQL_FIND_READING_AFTER, row->id, &b);
	if (r < 0)
		return r;
	if (a.id && b.id && a.epoch == b.epoch && giveup_between(&a, &b, 1, found) == 1) {
		*ret = found[0];
		return 0;
	}
	*ret = (struct store_owed){ .kind = OWED_GAP,
		.epoch = row->epoch,
		.first = row->sequence,
		.last = row->sequence,
		.count = 1,
		.reason = "damaged" };
	return 0;
}

int giveup_damaged(struct keeper *k, const struct giveup_row *rows, size_t count)
{
	struct news *n = giveup_news(count);
	int r;

	if (!n)
		return -ENOMEM;
	r = database_begin(&k->db);
	/* All of them first: none is to be another's neighbour. */
	for (size_t i = 0; r == 0 && i < count; i++)
		r = rows_delete(&k->db,
			&(struct store_range){ (uint64_t)rows[i].id, (uint64_t)rows[i].id });
	for (size_t i = 0; r == 0 && i < count; i++)
		r = explain(k, &rows[i], &n->dropped.owed[n->dropped.count++]);
	if (r == 0)
		r = giveup_owe(k, n->dropped.owed, n->dropped.count);
	if (r == 0)
		r = database_commit(&k->db, keeper_now_s());
	else
		database_rollback(&k->db);
	if (r < 0) {
		news_free(n);
		return r;
	}
	k->figures.dropped += count;
	post_or_free(k, n);
	return 0;
}
