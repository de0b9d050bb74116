/*
 * What stands in outbox.db. See stored.h.
 */
#include "ctl/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "outbox/schema.h"
#include "util/cleanup.h"

/* A commit on a slow card takes a second; a recovery after a crash a few. */
#define BUSY_MS 5000

#define MAY_NOT "%s or a file beside it may not be read; run it as root or as the service's user"

WG_DEFINE_CLEANUP(sqlite3 *, sqlite3_close_v2)
WG_DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize)

static int explain(char *ret_why, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int explain(char *ret_why, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(ret_why, STORED_WHY_MAX, format, args);
	va_end(args);
	return error;
}

static int explain_sqlite(char *ret_why, const char *path, sqlite3 *db, int code)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return explain(ret_why, -ENOMEM, "out of memory");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return explain(ret_why, -EBUSY, "%s is locked by another program; try again", path);
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN: /* we have opened it ourselves: it is about the log */
		return explain(ret_why, -EACCES, MAY_NOT, path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return explain(ret_why, -EBADMSG,
			"%s is damaged: %s; wardgated puts it aside at its start and takes over "
			"what can be read",
			path, db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
	default:
		break;
	}
	return explain(ret_why, -EIO,
		"%s cannot be read: %s; look into the kernel's log for faults of the disk", path,
		db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

/* Whether the file is there, is ours to read, and how large it is with its log. */
static int look(const char *path, const char *log, struct stored *s, bool *ret_log, char *ret_why)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return explain(ret_why, -ENOENT,
			"%s is not there; wardgated makes it at its first start: is it running, "
			"and is StateDirectory= the same?",
			path);
	if (fd < 0 && errno == EACCES)
		return explain(ret_why, -EACCES, MAY_NOT, path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return explain(ret_why, -errno, "%s cannot be read: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return explain(ret_why, -EINVAL, "%s is no regular file", path);
	s->file_bytes = st.st_size;
	*ret_log = stat(log, &st) == 0;
	if (*ret_log)
		s->log_bytes = st.st_size;
	return 0;
}

/* A path as a URI of SQLite: what means something there is escaped. */
static char *make_uri(const char *path, const char *options)
{
	char *uri = NULL;
	size_t size;
	FILE *f = open_memstream(&uri, &size);

	if (!f)
		return NULL;
	fputs("file:", f);
	for (const char *p = path; *p; p++)
		if (strchr("%?#", *p))
			fprintf(f, "%%%02x", (unsigned)*p);
		else
			putc(*p, f);
	fputs(options, f);
	if (fclose(f) != 0) {
		free(uri);
		return NULL;
	}
	return uri;
}

static int open_with(sqlite3 **ret, const char *path, const char *options)
{
	_cleanup_(freep) char *uri = make_uri(path, options);
	int r;

	if (!uri)
		return SQLITE_NOMEM;
	r = sqlite3_open_v2(
		uri, ret, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (r == SQLITE_OK)
		(void)sqlite3_busy_timeout(*ret, BUSY_MS);
	/* The first look at the file: SQLite opens the log and its index only now. One snapshot
	 * for all that follows, so that counts and rows agree. */
	if (r == SQLITE_OK)
		r = sqlite3_exec(*ret, "BEGIN;SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
	return r;
}

/*
 * Without a log nobody has the database open, and all of it stands in the one file: "immutable"
 * keeps SQLite from making a log and its index. With a log its index is read but never written;
 * only where the log has lost its index (a copy of the two files alone) SQLite has to make one,
 * which it gives to the database's owner.
 */
static int open_database(sqlite3 **ret, const char *path, bool log, char *ret_why)
{
	int r = open_with(ret, path, log ? "?mode=ro&readonly_shm=1" : "?mode=ro&immutable=1");

	if (log && (r & 0xff) == SQLITE_CANTOPEN) {
		(void)sqlite3_close_v2(*ret);
		*ret = NULL;
		r = open_with(ret, path, "?mode=ro");
	}
	return r == SQLITE_OK ? 0 : explain_sqlite(ret_why, path, *ret, r);
}

/* The first row of a query, count integers; zeros when there is no row. Returns a code of SQLite.
 */
static int ask(sqlite3 *db, const char *sql, int64_t bound, int64_t *ret, size_t count)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *q = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

	memset(ret, 0, count * sizeof(*ret));
	if (r != SQLITE_OK)
		return r;
	if (sqlite3_bind_parameter_count(q) > 0)
		(void)sqlite3_bind_int64(q, 1, bound);
	r = sqlite3_step(q);
	if (r == SQLITE_ROW)
		for (size_t i = 0; i < count; i++)
			ret[i] = sqlite3_column_int64(q, (int)i);
	return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static uint64_t positive(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

static int read_numbers(sqlite3 *db, struct stored *s)
{
	int64_t n[3] = { 0 }, size;
	int r;

	r = ask(db, "PRAGMA page_size", 0, &size, 1);
	if (r == SQLITE_OK)
		r = ask(db, "PRAGMA page_count", 0, n, 1);
	if (r == SQLITE_OK)
		r = ask(db, "PRAGMA freelist_count", 0, n + 1, 1);
	if (r != SQLITE_OK)
		return r;
	s->pages_bytes = n[0] * size;
	s->used_bytes = (n[0] - n[1]) * size;

	/* Counted by who writes: to count them here would read the whole file. */
	r = ask(db, "SELECT readings,events,asides FROM ledger", 0, n, 3);
	if (r != SQLITE_OK)
		return r;
	s->readings = positive(n[0]);
	s->events = positive(n[1]);
	s->asides = positive(n[2]);

	r = ask(db,
		"SELECT sum(kind=1),sum(CASE WHEN kind=1 THEN coalesce(count,0) END),sum(kind=2) "
		"FROM owed",
		0, n, 3);
	s->owed_gaps = positive(n[0]);
	s->owed_numbers = positive(n[1]);
	s->owed_epochs = positive(n[2]);
	return r;
}

static int read_ends(sqlite3 *db, struct stored *s)
{
	int64_t n[3] = { 0 };
	int r;

	r = ask(db, "SELECT received FROM reading ORDER BY id LIMIT 1", 0, &s->oldest_ms, 1);
	if (r == SQLITE_OK)
		r = ask(db, "SELECT received FROM reading ORDER BY id DESC LIMIT 1", 0,
			&s->newest_ms, 1);
	if (r == SQLITE_OK)
		r = ask(db,
			"SELECT count(*),min(received),count(DISTINCT device) FROM "
			"(SELECT received,device FROM reading ORDER BY id DESC LIMIT ?1)",
			STORED_SAMPLE_MAX, n, 3);
	s->sample = positive(n[0]);
	s->sample_ms = n[1];
	s->sample_devices = positive(n[2]);
	return r;
}

static void copy_text(char *to, size_t size, sqlite3_stmt *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q, column);

	snprintf(to, size, "%s", text ? (const char *)text : "");
}

static int read_asides(sqlite3 *db, struct stored *s)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *q = NULL;
	int r = sqlite3_prepare_v2(db,
		"SELECT v.id,coalesce(v.device||' '||v.metric,v.topic),a.since,a.tries,a.reason "
		"FROM aside a JOIN set_aside v ON v.position=a.id ORDER BY a.id LIMIT ?1",
		-1, &q, NULL);

	if (r != SQLITE_OK)
		return r;
	s->aside = calloc(STORED_ASIDE_MAX, sizeof(*s->aside));
	if (!s->aside)
		return SQLITE_NOMEM;
	(void)sqlite3_bind_int64(q, 1, STORED_ASIDE_MAX);
	while ((r = sqlite3_step(q)) == SQLITE_ROW && s->aside_count < STORED_ASIDE_MAX) {
		struct stored_aside *a = &s->aside[s->aside_count++];

		copy_text(a->id, sizeof(a->id), q, 0);
		copy_text(a->what, sizeof(a->what), q, 1);
		a->since_ms = sqlite3_column_int64(q, 2);
		a->tries = positive(sqlite3_column_int64(q, 3));
		a->reason = (uint8_t)sqlite3_column_int64(q, 4);
	}
	return r == SQLITE_DONE ? SQLITE_OK : r;
}

/* Whether it is ours, and of a version that is known here. */
static int check_identity(sqlite3 *db, const char *path, char *ret_why)
{
	int64_t application = 0, version = 0;
	int r = ask(db, "PRAGMA application_id", 0, &application, 1);

	if (r == SQLITE_OK)
		r = ask(db, "PRAGMA user_version", 0, &version, 1);
	if (r != SQLITE_OK)
		return explain_sqlite(ret_why, path, db, r);
	if (application != SCHEMA_APPLICATION_ID)
		return explain(ret_why, -EBADMSG,
			"%s is no database of wardgate; is StateDirectory= right?", path);
	if (version != schema_version(&schema_current))
		return explain(ret_why, -EPROTO,
			"%s is of version %lld, and this wardgatectl reads version %d; use the one "
			"that came with the running wardgated",
			path, (long long)version, schema_version(&schema_current));
	return 0;
}

static int read_database(const char *path, bool log, struct stored *s, char *ret_why)
{
	_cleanup_(sqlite3_close_v2p) sqlite3 *db = NULL;
	int r = open_database(&db, path, log, ret_why);

	if (r == 0)
		r = check_identity(db, path, ret_why);
	if (r < 0)
		return r;
	r = read_numbers(db, s);
	if (r == SQLITE_OK)
		r = read_ends(db, s);
	if (r == SQLITE_OK)
		r = read_asides(db, s);
	return r == SQLITE_OK ? 0 : explain_sqlite(ret_why, path, db, r);
}

int stored_read(const char *path, struct stored *ret, char *ret_why)
{
	_cleanup_(freep) char *log_path = NULL;
	bool log;
	int r;

	if (asprintf(&log_path, "%s-wal", path) < 0) {
		log_path = NULL;
		return explain(ret_why, -ENOMEM, "out of memory");
	}
	for (int attempt = 0;; attempt++) {
		*ret = (struct stored){ 0 };
		r = look(path, log_path, ret, &log, ret_why);
		if (r == 0)
			r = read_database(path, log, ret, ret_why);
		if (r == 0)
			return 0;
		stored_done(ret);
		/* A daemon that started meanwhile makes an immutable file change under us. */
		if (r != -EBADMSG || log || attempt > 0)
			return r;
	}
}

void stored_done(struct stored *s)
{
	free(s->aside);
	*s = (struct stored){ 0 };
}
