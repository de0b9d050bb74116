/*
 * The connection to outbox.db. See database.h.
 */
#include "outbox/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/migrate.h"
#include "outbox/statements.h"

#define BUSY_MS 1000
#define FRAME_BYTES (DATABASE_PAGE + 24) /* of the log */
#define JOURNAL_LIMIT "8388608"

const char *store_vfs;

int database_error(struct database *d, int rc)
{
	int e;

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_CANTOPEN:
		e = d->db ? sqlite3_system_errno(d->db) : 0;
		return e > 0 ? -e : -EIO;
	default:
		return -EIO;
	}
}

int database_exec(struct database *d, const char *sql)
{
	return database_error(d, sqlite3_exec(d->db, sql, NULL, NULL, NULL));
}

sqlite3_stmt *database_statement(struct database *d, enum statement which, int *ret_error)
{
	sqlite3_stmt **st = &d->statements[which];
	int rc;

	if (*st)
		return *st;
	rc = sqlite3_prepare_v3(
		d->db, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	/* SQL that does not fit the tables: they are not as this program made them. */
	*ret_error = rc == SQLITE_ERROR ? -EUCLEAN : database_error(d, rc);
	return *st;
}

int database_run(struct database *d, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st), r = database_error(d, rc);

	(void)sqlite3_reset(st);
	return r;
}

int database_step(struct database *d, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st), r;

	if (rc == SQLITE_ROW)
		return 1;
	r = database_error(d, rc);
	(void)sqlite3_reset(st);
	return r;
}

int database_number(struct database *d, enum statement which, int64_t *ret)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(d, which, &r);

	if (!st)
		return r;
	*ret = 0;
	r = database_step(d, st);
	if (r > 0) {
		*ret = sqlite3_column_int64(st, 0);
		(void)sqlite3_reset(st);
	}
	return r < 0 ? r : 0;
}

static int run_simple(struct database *d, enum statement which)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(d, which, &r);

	return st ? database_run(d, st) : r;
}

int database_begin(struct database *d)
{
	int r = run_simple(d, SQL_BEGIN);

	d->before = d->ledger;
	d->in_transaction = r == 0;
	return r;
}

void database_rollback(struct database *d)
{
	if (d->in_transaction && !sqlite3_get_autocommit(d->db))
		(void)run_simple(d, SQL_ROLLBACK);
	d->in_transaction = false;
	d->ledger = d->before;
}

static int save_ledger(struct database *d, int64_t boot_s)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_SAVE_LEDGER, &r);
	struct ledger_row *l = &d->ledger;

	if (!st)
		return r;
	l->clock_s = database_clock(d, boot_s);
	l->uptime_s = boot_s;
	memcpy(l->boot, d->boot, sizeof(l->boot));
	sqlite3_bind_int64(st, 1, (int64_t)l->readings);
	sqlite3_bind_int64(st, 2, (int64_t)l->events);
	sqlite3_bind_int64(st, 3, (int64_t)l->asides);
	sqlite3_bind_int64(st, 4, l->last);
	sqlite3_bind_int64(st, 5, l->owed);
	sqlite3_bind_int64(st, 6, l->clock_s);
	sqlite3_bind_text(st, 7, l->boot, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 8, l->uptime_s);
	return database_run(d, st);
}

int database_commit(struct database *d, int64_t boot_s)
{
	int r = save_ledger(d, boot_s);

	if (r == 0)
		r = run_simple(d, SQL_COMMIT);
	if (r < 0) {
		database_rollback(d);
		return r;
	}
	d->in_transaction = false;
	return 0;
}

int64_t database_clock(const struct database *d, int64_t boot_s)
{
	return d->clock_base_s + boot_s;
}

static void read_boot_id(char ret[static 40])
{
	_cleanup_(fclosep) FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(ret, 40, f))
		ret[0] = 0;
	ret[strcspn(ret, "\n")] = 0;
}

/* Where the own clock stands: see database_clock(). A clock in the file that runs ahead of what
 * its own boot allows cannot be: then it goes on from there all the same. */
static void set_clock(struct database *d)
{
	const struct ledger_row *l = &d->ledger;

	read_boot_id(d->boot);
	d->clock_base_s = l->clock_s;
	if (d->boot[0] && strcmp(d->boot, l->boot) == 0)
		d->clock_base_s -= l->uptime_s;
}

int database_read_ledger(struct database *d)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *st = NULL;
	struct ledger_row *l = &d->ledger;
	const unsigned char *boot;
	int rc = sqlite3_prepare_v2(d->db,
		"SELECT readings,events,asides,last,owed,clock,boot,uptime FROM ledger WHERE id=1",
		-1, &st, NULL);

	if (rc == SQLITE_ERROR)
		return -EUCLEAN;
	if (rc != SQLITE_OK)
		return database_error(d, rc);
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? -EUCLEAN : database_error(d, rc);
	*l = (struct ledger_row){
		.readings = (uint64_t)sqlite3_column_int64(st, 0),
		.events = (uint64_t)sqlite3_column_int64(st, 1),
		.asides = (uint64_t)sqlite3_column_int64(st, 2),
		.last = sqlite3_column_int64(st, 3),
		.owed = sqlite3_column_int64(st, 4),
		.clock_s = sqlite3_column_int64(st, 5),
		.uptime_s = sqlite3_column_int64(st, 7),
	};
	boot = sqlite3_column_text(st, 6);
	(void)snprintf(l->boot, sizeof(l->boot), "%s", boot ? (const char *)boot : "");
	if ((int64_t)l->readings < 0 || (int64_t)l->events < 0 || l->last < 0 || l->owed < 0)
		return -EUCLEAN;
	return 0;
}

static int on_commit(void *userdata, sqlite3 *db, const char *name, int frames)
{
	((struct database *)userdata)->wal_bytes = (int64_t)frames * FRAME_BYTES;
	return SQLITE_OK;
}

/* A missing file is made here and not by SQLite, for its mode and for the directory's sync. */
static int make_file(const struct database *d, const char *directory)
{
	_cleanup_(closep) int fd = -1, directory_fd = -1;
	char wal[DATABASE_PATH_MAX + 8];
	struct stat st = { 0 }, log = { 0 };
	int r = stat(d->path, &st) < 0 ? -errno : 0;

	if (r == 0 && st.st_size > 0)
		return DATABASE_OPEN;
	/* A log without its database must not be taken for the new one's, nor be deleted, as SQLite
	 * does beside an empty one. */
	(void)snprintf(wal, sizeof(wal), "%s-wal", d->path);
	if ((r == 0 || r == -ENOENT) && stat(wal, &log) == 0 && (r < 0 || log.st_size > 0))
		return DATABASE_CORRUPT;
	if (r == 0)
		return DATABASE_OPEN;
	fd = open(d->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || directory_fd < 0 || fsync(fd) < 0 || fsync(directory_fd) < 0)
		return -errno;
	return DATABASE_OPEN;
}

/* Of a statement that is right in any database: one of a format that SQLite does not know. */
static int read_error(struct database *d, int rc)
{
	return (rc & 0xff) == SQLITE_ERROR ? -EUCLEAN : database_error(d, rc);
}

static int connect_to(struct database *d, bool damaged)
{
	struct stat st;
	int rc = sqlite3_open_v2(d->path, &d->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, store_vfs);

	if (rc != SQLITE_OK)
		return database_error(d, rc);
	if (stat(d->path, &st) < 0)
		return -errno;
	d->device = st.st_dev;
	d->inode = st.st_ino;
	sqlite3_busy_timeout(d->db, BUSY_MS);
	/* With a schema that may be written SQLite reads a file that was cut short, too. */
	if (damaged)
		sqlite3_db_config(d->db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* Until all is known to be well: a file that is not to be used is left as it is. */
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	/* secure_delete: Debian's SQLite would write every freed page once more. */
	rc = sqlite3_exec(d->db,
		"PRAGMA temp_store=MEMORY;PRAGMA mmap_size=0;PRAGMA cache_size=-2000;"
		"PRAGMA cell_size_check=ON;PRAGMA foreign_keys=OFF;"
		"PRAGMA secure_delete=FAST;PRAGMA locking_mode=NORMAL",
		NULL, NULL, NULL);
	return read_error(d, rc);
}

static int pragma_number(struct database *d, const char *sql, int64_t *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(d->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		return read_error(d, rc) ?: -EIO;
	*ret = sqlite3_column_int64(st, 0);
	return 0;
}

/* Whose file it is. *ret_version: 0 for an empty one. */
static int judge(struct database *d, const struct schema *schema, int *ret_version)
{
	int64_t application, version, objects;
	int r = pragma_number(d, "PRAGMA application_id", &application);

	if (r == 0)
		r = pragma_number(d, "PRAGMA user_version", &version);
	if (r == 0)
		r = pragma_number(d, "SELECT count(*) FROM sqlite_schema", &objects);
	if (r < 0)
		return r == -EUCLEAN ? DATABASE_CORRUPT : r;
	*ret_version = (int)version;
	if (application == 0 && version == 0 && objects == 0)
		return DATABASE_FRESH;
	if (application != SCHEMA_APPLICATION_ID)
		return DATABASE_FOREIGN;
	if (version > schema_version(schema))
		return DATABASE_NEWER;
	return version < 1 || objects == 0 ? DATABASE_CORRUPT : DATABASE_OPEN;
}

/* A write version in its header that is too high makes a file read-only, too (SQLite's file format,
 * 1.3.3). Asked through SQLite: to close a descriptor of our own would let go its locks. */
static bool is_version_known(struct database *d)
{
	sqlite3_file *f = NULL;
	unsigned char version = 0;

	return sqlite3_file_control(d->db, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK ||
	       f->pMethods->xRead(f, &version, 1, 18) != SQLITE_OK || version <= 2;
}

static int set_up(struct database *d, const char *directory, const struct schema *schema,
	int outcome, int version)
{
	int r;

	if (sqlite3_db_readonly(d->db, "main") == 1)
		return is_version_known(d) ? -EROFS : -EUCLEAN;
	if (outcome == DATABASE_FRESH) {
		/* Before the first page is written. */
		r = database_exec(d, "PRAGMA page_size=4096;PRAGMA auto_vacuum=INCREMENTAL");
		if (r < 0)
			return r;
	}
	r = database_exec(d, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
			     "PRAGMA wal_autocheckpoint=0;"
			     "PRAGMA journal_size_limit=" JOURNAL_LIMIT);
	if (r == 0 && version < schema_version(schema))
		r = migrate(d, directory, schema, version);
	if (r == 0)
		r = migrate_verify(d, schema);
	if (r == 0)
		r = database_read_ledger(d);
	return r;
}

/* What a run that was killed left in the log. */
static void find_log(struct database *d)
{
	char wal[DATABASE_PATH_MAX + 8];
	struct stat st;

	(void)snprintf(wal, sizeof(wal), "%s-wal", d->path);
	d->wal_bytes = stat(wal, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int connect_anew(struct database *d, const char *directory)
{
	int r;

	database_close(d, false);
	*d = (struct database){ 0 };
	if (snprintf(d->path, sizeof(d->path), "%s/%s", directory, DATABASE_NAME) >=
		(int)sizeof(d->path))
		return -ENAMETOOLONG;
	r = make_file(d, directory);
	if (r != DATABASE_OPEN)
		return r;
	r = connect_to(d, false);
	if (r < 0)
		database_close(d, false);
	return r;
}

int database_open(struct database *d, const char *directory, const struct schema *schema,
	int64_t boot_s, int *ret_version)
{
	int r, outcome, version = 0;

	r = database_is_in_place(d) ? 0 : connect_anew(d, directory);
	if (r > 0)
		return r;
	outcome = r < 0 ? r : judge(d, schema, &version);
	if (outcome == DATABASE_OPEN || outcome == DATABASE_FRESH) {
		r = set_up(d, directory, schema, outcome, version);
		if (r < 0)
			outcome = r;
	}
	if (outcome == -EUCLEAN)
		outcome = DATABASE_CORRUPT;
	/* SQLite opens to read what it cannot open to write, and such a connection stays so. */
	if (outcome > DATABASE_FRESH ||
		(outcome < 0 && d->db && sqlite3_db_readonly(d->db, "main") == 1))
		database_close(d, false);
	if (outcome != DATABASE_OPEN && outcome != DATABASE_FRESH) {
		*ret_version = version;
		return outcome;
	}
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_wal_hook(d->db, on_commit, d);
	set_clock(d);
	find_log(d);
	return outcome;
}

int database_open_damaged(struct database *d, const char *path)
{
	int r;

	*d = (struct database){ 0 };
	if (snprintf(d->path, sizeof(d->path), "%s", path) >= (int)sizeof(d->path))
		return -ENAMETOOLONG;
	r = connect_to(d, true);
	if (r == 0)
		r = database_exec(d, "PRAGMA query_only=ON");
	if (r < 0)
		database_close(d, false);
	return r;
}

bool database_is_in_place(const struct database *d)
{
	struct stat st;

	return d->db && stat(d->path, &st) == 0 && st.st_dev == d->device && st.st_ino == d->inode;
}

void database_close(struct database *d, bool clean)
{
	if (!d->db)
		return;
	for (int i = 0; i < _STATEMENT_MAX; i++) {
		(void)sqlite3_finalize(d->statements[i]);
		d->statements[i] = NULL;
	}
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, clean ? 0 : 1, NULL);
	(void)sqlite3_close_v2(d->db);
	d->db = NULL;
}

static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

int64_t database_files(const struct database *d)
{
	char wal[DATABASE_PATH_MAX + 8];

	(void)snprintf(wal, sizeof(wal), "%s-wal", d->path);
	return size_of(d->path) + size_of(wal);
}

int database_sizes(struct database *d, int64_t *ret_file, int64_t *ret_used)
{
	int64_t pages, unused;
	int r = database_number(d, SQL_PAGE_COUNT, &pages);

	if (r == 0)
		r = database_number(d, SQL_FREE_COUNT, &unused);
	if (r < 0)
		return r;
	*ret_file = pages * DATABASE_PAGE;
	*ret_used = (pages - unused) * DATABASE_PAGE;
	return 0;
}

int database_checkpoint(struct database *d, int mode)
{
	int frames = 0, done = 0;
	int rc = sqlite3_wal_checkpoint_v2(d->db, "main", mode, &frames, &done);

	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return 0;
	if (rc != SQLITE_OK)
		return database_error(d, rc);
	if (frames >= 0 && frames == done)
		d->wal_bytes = 0;
	return 0;
}

int database_vacuum(struct database *d, unsigned pages)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%u)", pages);
	return database_exec(d, sql);
}
