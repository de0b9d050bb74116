/*
 * The connection to outbox.db: opening and making it, its schema, transactions,
 * its log, and what SQLite's errors mean. Not for what the rows say (rows.h)
 * nor for what to do about trouble (keeper.c). Store thread only.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "outbox/schema.h"
#include "util/cleanup.h"

#define DATABASE_PAGE 4096
#define DATABASE_PATH_MAX 4096

/* The VFS that SQLite is to use; NULL: its own. Tests put one in that fails or forgets. */
extern const char *store_vfs;

enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVE_LEDGER,
	SQL_PAGE_COUNT,
	SQL_FREE_COUNT,
	SQL_ADD_NAME,
	SQL_ADD_READING,
	SQL_ADD_EVENT,
	SQL_ADD_ASIDE,
	SQL_ADD_OWED,
	SQL_DELETE_READINGS,
	SQL_DELETE_EVENTS,
	SQL_DELETE_ASIDES,
	SQL_DELETE_READING_ASIDES,
	SQL_DELETE_OWED,
	SQL_CLEAR_NAMES,
	SQL_READ_READINGS,
	SQL_READ_MORE,
	SQL_READ_READINGS_DOWN,
	SQL_READ_EVENTS,
	SQL_READ_EVENTS_DOWN,
	SQL_READ_NAMES,
	SQL_READ_OWED,
	SQL_READ_ASIDES,
	SQL_FIND_OWED_EPOCH,
	SQL_FIND_KEYS,
	SQL_FIND_LAST_READING,
	SQL_FIND_LAST_EVENT,
	SQL_FIND_OLDEST,
	SQL_FIND_OLDEST_AGED,
	SQL_FIND_READING_BEFORE,
	SQL_FIND_READING_AFTER,
	SQL_FIND_EVENT_BEFORE,
	SQL_FIND_EVENT_AFTER,
	SQL_SCAN_READINGS,
	SQL_SCAN_EVENTS,
	SQL_READ_SALVAGE,
	SQL_SAVE_SALVAGE,
	SQL_END_SALVAGE,
	SQL_ADD_DETAIL,
	SQL_READ_DETAIL,
	SQL_DELETE_DETAILS,
	SQL_HAS_DETAILS,
	SQL_ADD_AUDIT,
	SQL_READ_AUDIT,
	SQL_DELETE_AUDITS,
	SQL_READ_CHAIN,
	SQL_SAVE_CHAIN,
	_STATEMENT_MAX
};

/* The one row of the table ledger, kept in memory. */
struct ledger_row {
	uint64_t readings, events, asides; /* rows */
	int64_t last;                      /* highest position given out */
	int64_t owed;                      /* highest id of an owed record ever */
	int64_t clock_s;                   /* own clock, see database_clock() */
	int64_t uptime_s;                  /* CLOCK_BOOTTIME when that was so */
	char boot[40];                     /* in which boot */
};

struct database {
	sqlite3 *db;
	sqlite3_stmt *statements[_STATEMENT_MAX];
	char path[DATABASE_PATH_MAX];
	struct ledger_row ledger, before; /* before: as of the last commit */
	int64_t clock_base_s;             /* own clock at CLOCK_BOOTTIME 0 of this boot */
	char boot[40];
	int64_t wal_bytes; /* of frames that a checkpoint has not put away */
	bool in_transaction;
	bool has_details; /* the table detail has rows, or had some in this run */
	dev_t device;     /* of the file that is open */
	ino_t inode;
};

/* Outcomes of database_open(). */
enum {
	DATABASE_OPEN = 0,
	DATABASE_FRESH,   /* made, or empty as one is that was just made */
	DATABASE_CORRUPT, /* the file and what belongs to it is of no use here */
	DATABASE_FOREIGN, /* likewise: another program's */
	DATABASE_NEWER,   /* likewise: of a later version, *ret_version */
};

/* Opens <directory>/outbox.db, makes it when it is missing or empty, and brings it to the version
 * of schema (a backup of the older one is made first). A good database of that version is not
 * written to. boot_s: CLOCK_BOOTTIME. Returns an outcome above or a negative errno. After an errno
 * the connection stays, for this to be called again or database_close(); it starts as zeros. */
int database_open(struct database *d, const char *directory, const struct schema *schema,
	int64_t boot_s, int *ret_version);
/* Opens another file of ours only to read from it: damaged ones, too, without a change to them. */
int database_open_damaged(struct database *d, const char *path);
/* Bytes of the database and its log as they lie on the disk. */
int64_t database_files(const struct database *d);
/* Whether the open file is still the one of that name. */
bool database_is_in_place(const struct database *d);
/* Closes. clean: what is in the log goes into the database; else the files stay as they are. */
void database_close(struct database *d, bool clean);

/* What a result of SQLite means as a negative errno; 0 for SQLITE_OK, ROW and DONE. -EUCLEAN: the
 * file is damaged. */
int database_error(struct database *d, int rc);

/* A prepared statement, reset and without bindings. NULL: no memory or no such table; *ret_error
 * says why. */
sqlite3_stmt *database_statement(struct database *d, enum statement which, int *ret_error);
/* Runs a statement that gives no rows, and resets it. 0 or a negative errno. */
int database_run(struct database *d, sqlite3_stmt *st);
/* Steps a statement that gives rows: 1 for a row, 0 at the end (it is reset then), or a negative
 * errno (likewise). */
int database_step(struct database *d, sqlite3_stmt *st);
/* Runs SQL text without results. */
int database_exec(struct database *d, const char *sql);
/* A single number; 0 when there is no row. */
int database_number(struct database *d, enum statement which, int64_t *ret);

/* Reads the ledger's row into d->ledger; database_open() has done so. -EUCLEAN: it is not there. */
int database_read_ledger(struct database *d);

/* A transaction: begin takes the write lock, commit writes the ledger's row with it. After a failed
 * begin or commit nothing of it is there. */
int database_begin(struct database *d);
int database_commit(struct database *d, int64_t boot_s);
void database_rollback(struct database *d);

/*
 * The ledger's own clock, for MaxAge, in seconds: counts while the kernel runs,
 * for as long as we know of it. It goes on by CLOCK_BOOTTIME within a boot, and
 * in another boot from the last value that was committed. No step of the wall
 * clock changes it. The time that the machine was off is not counted: only a
 * wall clock could tell it, and one that comes up years wrong would then throw
 * readings away that nobody has seen. Rows may live longer than MaxAge for it,
 * never shorter.
 */
int64_t database_clock(const struct database *d, int64_t boot_s);

/* Bytes of all pages, and of those in use. */
int database_sizes(struct database *d, int64_t *ret_file, int64_t *ret_used);
/* Puts the log into the database. mode: SQLITE_CHECKPOINT_... Others that read may keep it from
 * doing all of it, which is no error. */
int database_checkpoint(struct database *d, int mode);
/* Gives free pages back to the file system, at most so many. */
int database_vacuum(struct database *d, unsigned pages);
