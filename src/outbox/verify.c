/*
 * See verify.h. It reads the rows itself instead of by auditrows.h, since it is
 * to see a column of another type, too.
 */
#include "outbox/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "audit/chain.h"
#include "outbox/schema.h"
#include "util/cleanup.h"

#define FAULTS_MAX 20 /* that are told one by one */
#define BUSY_MS 5000

WG_DEFINE_CLEANUP(sqlite3 *, sqlite3_close)
WG_DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize)

struct verify {
	sqlite3 *db;
	FILE *out;
	struct chain_walk walk;
	uint64_t count, first, faults;
};

static void fault(struct verify *v, uint64_t number, const char *what)
{
	if (v->faults++ < FAULTS_MAX)
		fprintf(v->out, "entry %" PRIu64 ": %s\n", number, what);
}

static int prepare(struct verify *v, sqlite3_stmt **ret, const char *sql)
{
	if (sqlite3_prepare_v2(v->db, sql, -1, ret, NULL) == SQLITE_OK)
		return 0;
	fprintf(v->out, "the audit trail cannot be read: %s\n", sqlite3_errmsg(v->db));
	return -EIO;
}

/* The pages that hold it, as SQLite sees them. */
static int check_pages(struct verify *v, const char *sql)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *st = NULL;
	int rc, r = prepare(v, &st, sql);

	if (r < 0)
		return r;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(st, 0);

		if (text && strcmp(text, "ok") == 0)
			continue;
		v->faults++;
		fprintf(v->out, "the database is damaged: %s\n", text ?: "?");
	}
	if (rc == SQLITE_DONE)
		return 0;
	fprintf(v->out, "the database is damaged: %s\n", sqlite3_errmsg(v->db));
	v->faults++;
	return 0;
}

/* The row of ends. Returns 0 or a negative errno. */
static int read_ends(struct verify *v, struct chain_walk *base, struct chain_walk *head)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *st = NULL;
	int r = prepare(v, &st, "SELECT base,base_hash,head,head_hash FROM chain WHERE id=1");

	if (r < 0)
		return r;
	*base = *head = (struct chain_walk){ 0 };
	if (sqlite3_step(st) != SQLITE_ROW || sqlite3_column_type(st, 0) != SQLITE_INTEGER ||
		sqlite3_column_type(st, 1) != SQLITE_TEXT ||
		sqlite3_column_type(st, 2) != SQLITE_INTEGER ||
		sqlite3_column_type(st, 3) != SQLITE_TEXT) {
		v->faults++;
		fputs("where the trail begins and ends is not noted any more\n", v->out);
		return 0;
	}
	base->number = (uint64_t)sqlite3_column_int64(st, 0);
	head->number = (uint64_t)sqlite3_column_int64(st, 2);
	(void)snprintf(base->hash, sizeof(base->hash), "%s", sqlite3_column_text(st, 1));
	(void)snprintf(head->hash, sizeof(head->hash), "%s", sqlite3_column_text(st, 3));
	/* Longer than a hash, or something where there is to be nothing. */
	if (sqlite3_column_bytes(st, 1) != (base->number ? CHAIN_HASH_MAX - 1 : 0) ||
		sqlite3_column_bytes(st, 3) != (head->number ? CHAIN_HASH_MAX - 1 : 0)) {
		v->faults++;
		fputs("where the trail begins and ends was changed\n", v->out);
	}
	return 0;
}

static void check_entry(struct verify *v, sqlite3_stmt *st)
{
	uint64_t number = (uint64_t)sqlite3_column_int64(st, 0), before = v->walk.number;
	/* As they are stored: reading them as text makes text of them. */
	bool texts = sqlite3_column_type(st, 1) == SQLITE_TEXT &&
		     sqlite3_column_type(st, 2) == SQLITE_TEXT;
	const char *entry = (const char *)sqlite3_column_text(st, 1);
	const char *hash = (const char *)sqlite3_column_text(st, 2);

	if (v->count++ == 0)
		v->first = number;
	if (!texts || !entry || !hash || sqlite3_column_bytes(st, 2) != CHAIN_HASH_MAX - 1) {
		fault(v, number, "it is no entry any more");
		(void)chain_step(&v->walk, number, "", 0, hash ?: "");
		return;
	}
	switch (chain_step(&v->walk, number, entry, (size_t)sqlite3_column_bytes(st, 1), hash)) {
	case CHAIN_WHOLE:
	case CHAIN_CUT:
		break;
	case CHAIN_MISSING:
		fault(v, number, "the one before it is missing");
		if (number > before + 2)
			fprintf(v->out, "  %" PRIu64 " to %" PRIu64 " are not there\n", before + 1,
				number - 1);
		break;
	case CHAIN_CHANGED:
		fault(v, number, "it, or the one before it, was changed");
		break;
	case CHAIN_NUMBERED:
		fault(v, number, "it says another number");
		break;
	}
}

static int check_entries(struct verify *v)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *st = NULL;
	int rc, r = prepare(v, &st, "SELECT number,entry,hash FROM audit ORDER BY number");

	if (r < 0)
		return r;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		check_entry(v, st);
	if (rc != SQLITE_DONE) {
		v->faults++;
		fprintf(v->out, "behind entry %" PRIu64 " it cannot be read: %s\n", v->walk.number,
			sqlite3_errmsg(v->db));
	}
	return 0;
}

static int check(struct verify *v)
{
	struct chain_walk base, head;
	int r = check_pages(v, "PRAGMA integrity_check(audit)");

	if (r == 0)
		r = check_pages(v, "PRAGMA integrity_check(chain)");
	if (r == 0)
		r = read_ends(v, &base, &head);
	if (r < 0)
		return r;
	chain_begin(&v->walk, base.number, base.hash);
	r = check_entries(v);
	if (r < 0)
		return r;
	if (v->walk.number < head.number) {
		v->faults++;
		fprintf(v->out, "the end is missing: entries up to %" PRIu64 " were written\n",
			head.number);
	} else if (chain_end(&v->walk, head.number, head.hash) != CHAIN_WHOLE) {
		v->faults++;
		fputs("the end is not the one that was noted\n", v->out);
	}
	if (v->faults > 0) {
		fprintf(v->out,
			"The audit trail is broken: %" PRIu64 " fault%s in %" PRIu64 " entr%s.\n",
			v->faults, v->faults == 1 ? "" : "s", v->count,
			v->count == 1 ? "y" : "ies");
		return VERIFY_BROKEN;
	}
	if (v->count == 0)
		fputs("The audit trail is empty.\n", v->out);
	else
		fprintf(v->out,
			"The audit trail is whole: entries %" PRIu64 " to %" PRIu64
			", the last hash is %s.\n",
			v->first, v->walk.number, v->walk.hash);
	return VERIFY_WHOLE;
}

int verify_audit(const char *path, FILE *out)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *st = NULL;
	struct verify v = { .out = out };
	int version;

	if (access(path, R_OK) < 0) {
		int r = -errno;

		fprintf(out, "%s: %s\n", path, strerror(-r));
		return r;
	}
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		fprintf(out, "%s: %s\n", path, db ? sqlite3_errmsg(db) : "out of memory");
		return -EIO;
	}
	v.db = db;
	(void)sqlite3_busy_timeout(db, BUSY_MS);
	/* One look at all of it, while the daemon goes on writing. */
	if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
		prepare(&v, &st, "PRAGMA user_version") < 0 || sqlite3_step(st) != SQLITE_ROW) {
		fprintf(out, "%s: %s\n", path, sqlite3_errmsg(db));
		return -EIO;
	}
	version = sqlite3_column_int(st, 0);
	if (version < 2 || version > schema_version(&schema_current)) {
		fprintf(out,
			"%s: it is of version %d, and has no audit trail that this program knows\n",
			path, version);
		return -EPROTONOSUPPORT;
	}
	return check(&v);
}
