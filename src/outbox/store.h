/*
 * The store thread: owns the state directory, so that no write to a slow or
 * dead disk ever holds up the loop. It keeps the database of messages
 * (outbox.db, SQLite) and small state files (epoch, retained topics), each
 * written whole and atomically. By message only; nothing is shared.
 *
 * What is written, and when, is the caller's (ledger_disk.h). The limits of
 * size, age and free space, and what becomes of a damaged, foreign or newer
 * file or of a failing disk, are decided here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "outbox/row.h"
#include "util/cleanup.h"

struct store;

#define STORE_FILE_MAX (8 * 1024 * 1024) /* bytes of one state file */
#define STORE_ASIDE_MAX 1000             /* set-aside messages that are read back at start */
#define STORE_KEYS_MAX 4096              /* source keys that are read back at start */
#define STORE_KEYS_FIRST 512             /* of these: so many newest with hooks.opened */
#define STORE_OWED_MAX 4096              /* owed records, likewise; others come at the next start */
#define STORE_RANGES_MAX 1000            /* of one scan; more make further calls */
#define STORE_AUDITS_RECENT 200 /* entries of the audit trail that are read back at start */
#define STORE_AUDITS_KEPT 10000 /* entries of it that are kept at least */

enum store_file {
	STORE_EPOCH,
	STORE_RETAINED,
	STORE_ALARMS,
	STORE_BONDS, /* keeps its former generation beside it */
	STORE_BLE,
	STORE_ZIGBEE_NETWORK, /* as STORE_BONDS */
	STORE_ZIGBEE,
	_STORE_FILE_MAX
};

/* How the database does. */
enum store_state {
	STORE_OPENING, /* nothing is known yet */
	STORE_GOOD,
	STORE_FULL,    /* at a limit: the oldest give way to the newest */
	STORE_FAILING, /* nothing can be stored at present; tried again with a back-off */
	_STORE_STATE_MAX
};

struct store_limits {
	int64_t max_size;   /* bytes of the database, its write-ahead log included */
	int64_t keep_free;  /* bytes of the file system left to others */
	int64_t max_age_us; /* of a reading, in time that the kernel ran */
};

struct store_figures {
	enum store_state state;
	char problem[200];          /* one sentence with its remedy, "" when well */
	uint64_t readings, events;  /* rows */
	int64_t file_bytes;         /* database and write-ahead log */
	int64_t used_bytes;         /* of pages that hold something */
	int64_t unused_bytes;       /* of pages that hold nothing and are used again */
	int64_t limit_bytes;        /* what the limits allow at present */
	int64_t oldest_received_ms; /* UTC; 0: nothing is stored */
	uint64_t dropped;           /* messages given up for a limit or damage, since the start */
	bool salvaging;             /* what can be read of a damaged file is still coming back */
	char notice[200]; /* what became of a file that was set aside, since the start; "" */
};

/* The database was opened: at start, and again after a failure. */
struct store_opened {
	bool fresh;   /* a new file: nothing that was stored earlier in this run is in it */
	int64_t last; /* the highest position ever given out, 0: none */
	struct store_chain chain; /* the end of the audit trail */
	/* Only at the first opening of a run; afterwards the counts are 0. */
	const struct store_name *names;
	size_t name_count;
	const struct store_owed *owed; /* what earlier runs left owing, without this one's epoch */
	size_t owed_count;
	const struct store_aside *asides; /* their messages, in the order of asides, follow */
	size_t aside_count;
	const struct store_row *aside_rows; /* those of asides that are readings */
	size_t aside_row_count;
	struct store_event *aside_events; /* the others; texts may be taken (set to NULL) */
	size_t aside_event_count;
	const struct store_key *keys; /* of the newest stored readings; more by hooks.keys */
	size_t key_count;
	/* The newest entries of the audit trail, and all whose records are owed, in order; entries
	 * may be taken (set to NULL). */
	struct store_audit *audits;
	size_t audit_count;
};

/* One transaction, and then one look at what waits. Arrays are borrowed until the result. */
struct store_batch {
	/* Written: all or nothing, in this order. A row that is there already stays. */
	const struct store_name *names;
	size_t name_count;
	const struct store_row *rows;
	size_t row_count;
	const struct store_event *events;
	size_t event_count;
	const struct store_aside *asides;
	size_t aside_count;
	const struct store_range *deletes; /* positions of what was delivered or given up */
	size_t delete_count;
	const int64_t *settled; /* ids of owed records that are stored with this, or delivered */
	size_t settled_count;
	const struct store_audit *audits;
	size_t audit_count;
	uint32_t own_epoch; /* name: this run's epoch becomes owed if it is not; 0: nothing */
	/* Read afterwards: at most so many readings and events from these positions on. 0: none. */
	int64_t rows_from, events_from;
	size_t rows_wanted, events_wanted;
};

struct store_result {
	int error;          /* of writing, 0 or a negative errno: nothing was written */
	int64_t own_owed;   /* id of this run's owed epoch, once it is written; 0 */
	int64_t audit_owed; /* id of the first audit's owed record; the others' follow without holes
			     */
	bool loaded;        /* what was asked for was read (else: a failure, try again) */
	/* Ends of the tables reached: nothing lies behind what came. */
	bool rows_end, events_end;
	const struct store_row *rows; /* in order of position; damaged ones are dropped */
	size_t row_count;
	struct store_event *events; /* texts may be taken (set to NULL) */
	size_t event_count;
};

/* The thread's news, all called on the loop. */
struct store_hooks {
	/* How the write of a state file ended: 0 or a negative errno. */
	void (*saved)(enum store_file file, int result, void *userdata);
	/* From here on batches are written. */
	void (*opened)(const struct store_opened *opened, void *userdata);
	/* Further keys of stored readings, older and older, at once after hooks.opened: a start
	 * does not wait for all of them. */
	void (*keys)(const struct store_key *keys, size_t count, void *userdata);
	/* A batch is done; the next may be given. */
	void (*done)(const struct store_result *result, void *userdata);
	/* Rows up to this position were dropped for a limit, or turned out damaged, or came back by
	 * salvage: owed says which numbers; from: the lowest position that salvage brought, 0 none.
	 */
	void (*dropped)(const struct store_owed *owed, size_t count, void *userdata);
	void (*salvaged)(int64_t from, uint64_t readings, uint64_t events, void *userdata);
	/* Numbers of an epoch that are stored, in order; the last call for it says so. */
	void (*scanned)(uint32_t epoch, const struct store_range *ranges, size_t count, bool last,
		void *userdata);
	/* The state or the problem changed. */
	void (*changed)(const struct store_figures *figures, void *userdata);
	void *userdata;
};

/* Locks directory (made if missing) and starts the thread, which opens the database at once.
 * Returns 0, -EBUSY when another process holds the directory (*ret_holder is its pid, 0 unknown),
 * or a negative errno. */
int store_new(struct store **ret, sd_event *e, const char *directory,
	const struct store_limits *limits, const struct store_hooks *hooks, int *ret_holder);
/* Waits for the thread at most until boot time until_us; a thread that hangs is left behind. */
struct store *store_free(struct store *s, int64_t until_us);
void store_set_limits(struct store *s, const struct store_limits *limits);

/* Gives one batch to the thread: hooks.done follows, also when the database is not open (-EAGAIN).
 * One at a time. */
void store_submit(struct store *s, const struct store_batch *batch);
/* Has the numbers of that epoch looked up, in the background; hooks.scanned follows. */
int store_scan(struct store *s, uint32_t epoch);
/* As of the last batch or change. Cheap. */
struct store_figures store_figures(const struct store *s);
/* "opening", "ok", "full", "failing" */
const char *store_state_text(enum store_state state);

/* Reads a state file at start, before the loop runs; blocks. *ret is to be freed and ends with a 0.
 * Returns its length, -ENOENT or another negative errno, as file_load() does. */
ssize_t store_load(const char *directory, enum store_file file, char **ret);

/* Keeps a state file that cannot be used under another name; blocks. Returns 0 or a negative errno.
 */
int store_set_aside(const char *directory, enum store_file file);

/* Has the file written; a later text for the same file replaces one that was not begun. Returns 0,
 * -EFBIG or -ENOMEM. */
int store_save(struct store *s, enum store_file file, const char *text, size_t length);
/* Asks the thread for a sign of life; store_answered_us() tells when the last one came. */
void store_ping(struct store *s);
int64_t store_answered_us(const struct store *s);
/* Whether something given to store_save() or store_submit() is not on disk yet. */
bool store_busy(const struct store *s);
