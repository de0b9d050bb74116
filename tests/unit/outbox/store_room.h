/*
 * For tests of the store: a store on a directory of its own, with everything
 * that it says written down, and rows to give to it.
 */
#pragma once

#include "outbox/store.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit/unit.h"

#define ROOM_OWED_MAX 4096
#define ROOM_RANGES_MAX 8192

struct room {
	char directory[64];
	struct store_limits limits;
	sd_event *e;
	struct store *s;
	/* What the hooks said, in total. */
	int opened, done, dropped, changed, salvaged, scanned;
	/* The last of each, copied. */
	bool fresh;
	int64_t last, salvaged_from;
	size_t name_count, owed_count, aside_count, key_count, aside_row_count, aside_event_count;
	struct store_name names[64];
	struct store_owed owed[ROOM_OWED_MAX]; /* of opened and, behind it, dropped */
	struct store_aside asides[16];
	struct store_row aside_rows[16];
	struct store_key keys[STORE_KEYS_MAX];
	char aside_topic[64];
	struct store_figures figures;
	struct store_result result; /* rows point to the following */
	struct store_row rows[10000];
	struct store_event events[1000]; /* texts taken */
	uint64_t salvaged_readings, salvaged_events;
	struct store_range ranges[ROOM_RANGES_MAX];
	size_t range_count;
	bool scan_done;
	struct store_chain chain;
	struct store_audit audits[16]; /* entries are in the texts */
	char audit_texts[16][100];
	size_t audit_count;
	char detail[200]; /* of the last row that has one */
};

static inline void room_opened(const struct store_opened *o, void *userdata)
{
	struct room *m = userdata;

	m->opened++;
	m->fresh = o->fresh;
	m->last = o->last;
	m->name_count = o->name_count;
	for (size_t i = 0; i < o->name_count && i < 64; i++)
		m->names[i] = o->names[i];
	m->owed_count = o->owed_count;
	if (o->owed_count)
		memcpy(m->owed, o->owed, o->owed_count * sizeof(*o->owed));
	m->aside_count = o->aside_count;
	for (size_t i = 0; i < o->aside_count && i < 16; i++)
		m->asides[i] = o->asides[i];
	m->aside_row_count = o->aside_row_count;
	for (size_t i = 0; i < o->aside_row_count && i < 16; i++)
		m->aside_rows[i] = o->aside_rows[i];
	m->aside_event_count = o->aside_event_count;
	if (o->aside_event_count)
		snprintf(m->aside_topic, sizeof(m->aside_topic), "%s", o->aside_events[0].topic);
	m->chain = o->chain;
	m->audit_count = o->audit_count;
	for (size_t i = 0; i < o->audit_count && i < 16; i++) {
		m->audits[i] = o->audits[i];
		m->audits[i].entry = m->audit_texts[i];
		snprintf(m->audit_texts[i], sizeof(m->audit_texts[i]), "%s", o->audits[i].entry);
	}
	m->key_count = o->key_count;
	if (o->key_count)
		memcpy(m->keys, o->keys, o->key_count * sizeof(*o->keys));
}

static inline void room_forget_events(struct room *m)
{
	for (size_t i = 0; i < m->result.event_count; i++) {
		free(m->events[i].topic);
		free(m->events[i].body);
	}
	m->result.event_count = 0;
}

static inline void room_done(const struct store_result *r, void *userdata)
{
	struct room *m = userdata;

	m->done++;
	room_forget_events(m);
	m->result = *r;
	m->result.rows = m->rows;
	m->result.events = m->events;
	assert_true(r->row_count <= sizeof(m->rows) / sizeof(m->rows[0]));
	if (r->row_count)
		memcpy(m->rows, r->rows, r->row_count * sizeof(*r->rows));
	for (size_t i = 0; i < r->row_count; i++) {
		if (m->rows[i].detail)
			snprintf(m->detail, sizeof(m->detail), "%s", m->rows[i].detail);
		m->rows[i].detail = NULL; /* the news' own */
	}
	assert_true(r->event_count <= sizeof(m->events) / sizeof(m->events[0]));
	for (size_t i = 0; i < r->event_count; i++) {
		m->events[i] = r->events[i];
		r->events[i].topic = r->events[i].body = NULL;
	}
}

static inline void room_dropped(const struct store_owed *owed, size_t count, void *userdata)
{
	struct room *m = userdata;

	m->dropped++;
	assert_true(m->owed_count + count <= ROOM_OWED_MAX);
	memcpy(m->owed + m->owed_count, owed, count * sizeof(*owed));
	m->owed_count += count;
}

static inline void room_salvaged(int64_t from, uint64_t readings, uint64_t events, void *userdata)
{
	struct room *m = userdata;

	m->salvaged++;
	if (from && (!m->salvaged_from || from < m->salvaged_from))
		m->salvaged_from = from;
	m->salvaged_readings += readings;
	m->salvaged_events += events;
}

static inline void room_scanned(
	uint32_t epoch, const struct store_range *ranges, size_t count, bool last, void *userdata)
{
	struct room *m = userdata;

	m->scanned++;
	assert_true(count <= STORE_RANGES_MAX);
	assert_true(m->range_count + count <= ROOM_RANGES_MAX);
	if (count)
		memcpy(m->ranges + m->range_count, ranges, count * sizeof(*ranges));
	m->range_count += count;
	m->scan_done = last;
}

static inline void room_changed(const struct store_figures *f, void *userdata)
{
	struct room *m = userdata;

	m->changed++;
	m->figures = *f;
}

static inline int64_t room_soon(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * INT64_C(1000000) + 60000000;
}

/* Starts the store on the room's directory; waits until it is open unless told not to. */
static inline void room_start_only(struct room *m)
{
	struct store_hooks hooks = { .opened = room_opened,
		.done = room_done,
		.dropped = room_dropped,
		.salvaged = room_salvaged,
		.scanned = room_scanned,
		.changed = room_changed,
		.userdata = m };
	int holder;

	m->opened = m->done = m->dropped = m->changed = m->salvaged = m->scanned = 0;
	m->owed_count = m->range_count = 0;
	m->salvaged_from = 0;
	m->salvaged_readings = m->salvaged_events = 0;
	m->scan_done = false;
	assert_int_equal(store_new(&m->s, m->e, m->directory, &m->limits, &hooks, &holder), 0);
}

/* One turn of the loop; the test fails when nothing happens for a long time. */
static inline void room_turn(struct room *m)
{
	assert_true(sd_event_run(m->e, 60000000) > 0);
}

static inline void room_start(struct room *m)
{
	room_start_only(m);
	while (!m->opened || !m->changed)
		room_turn(m);
}

static inline void room_stop(struct room *m)
{
	m->s = store_free(m->s, room_soon());
}

static inline struct room *room_new(void)
{
	struct room *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	memcpy(m->directory, "/tmp/wardgate-XXXXXX", sizeof("/tmp/wardgate-XXXXXX"));
	assert_non_null(mkdtemp(m->directory));
	m->limits = (struct store_limits){ INT64_C(1) << 30, 0, INT64_C(86400000000) * 30 };
	assert_int_equal(sd_event_new(&m->e), 0);
	return m;
}

static inline void room_free(struct room *m)
{
	char path[400];
	struct dirent *entry;
	DIR *d;

	if (m->s)
		room_stop(m);
	room_forget_events(m);
	sd_event_unref(m->e);
	d = opendir(m->directory);
	while ((entry = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", m->directory, entry->d_name);
		(void)unlink(path);
	}
	closedir(d);
	(void)rmdir(m->directory);
	free(m);
}

/* Gives a batch and waits for its result. */
static inline void room_batch(struct room *m, const struct store_batch *b)
{
	int before = m->done;

	store_submit(m->s, b);
	while (m->done == before)
		room_turn(m);
}

static inline struct store_row room_row(int64_t id)
{
	return (struct store_row){
		.id = id,
		.sequence = (uint64_t)id,
		.device_sequence = (uint64_t)id / 8 + 1,
		.source_key = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)id,
		.value = 970 + id % 50,
		.exponent = -1,
		.received_ms = INT64_C(1790000000000) + id,
		.time_ms = INT64_C(1790000000000) + id - 120,
		.epoch = 1,
		.device = 2,
		.bed = 3,
		.metric = 4,
		.kind = 1,
	};
}

/* Writes rows first to last, all in one batch. */
static inline void room_fill(struct room *m, int64_t first, int64_t last)
{
	size_t n = (size_t)(last - first + 1);
	struct store_row *rows = calloc(n, sizeof(*rows));
	struct store_batch b = { .rows = rows, .row_count = n };

	for (size_t i = 0; i < n; i++)
		rows[i] = room_row(first + (int64_t)i);
	room_batch(m, &b);
	free(rows);
}

static inline void room_path(const struct room *m, const char *name, char ret[static 200])
{
	snprintf(ret, 200, "%s/%s", m->directory, name);
}

/* Asks the file with a connection of its own for one text; "" for none. */
static inline void room_ask(const struct room *m, const char *sql, char ret[static 200])
{
	char path[200];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	const unsigned char *text;

	room_path(m, "outbox.db", path);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), 0);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	ret[0] = 0;
	if (sqlite3_step(st) == SQLITE_ROW) {
		text = sqlite3_column_text(st, 0);
		snprintf(ret, 200, "%s", text ? (const char *)text : "NULL");
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
}

static inline int64_t room_number(const struct room *m, const char *sql)
{
	char text[200];

	room_ask(m, sql, text);
	return strtoll(text, NULL, 10);
}
