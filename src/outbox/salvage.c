/*
 * See salvage.h.
 */
#include "outbox/salvage.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "outbox/auditrows.h"
#include "outbox/giveup.h"
#include "wardgate/reading.h"

#define PIECE 500
#define GAPS_MAX (PIECE + 2) /* of one piece */
#define FILE_MAX 64

/* Where positions go on when nobody can tell which the old file gave out: beyond what a gateway
 * gives out in its life. */
#define FAR (INT64_C(1) << 40)
#define PLAUSIBLE (INT64_C(1) << 56)

/* In the database: only append. */
enum phase { READINGS_UP, READINGS_DOWN, EVENTS_UP, EVENTS_DOWN, DONE };

struct salvage {
	struct database old;
	char file[FILE_MAX];
	enum phase phase;
	int64_t last; /* no position beyond it is believed */
	int64_t at;   /* where the next piece begins */
	/* The good rows next to the damage: the last one from below, the first one from above. */
	struct giveup_neighbour low, high;
	uint64_t holes;  /* rows since the last good one that were not good */
	uint32_t *names; /* ids, in order */
	size_t name_count;
};

struct salvage *salvage_free(struct salvage *s)
{
	if (!s)
		return NULL;
	database_close(&s->old, false);
	free(s->names);
	free(s);
	return NULL;
}

static int open_old(struct keeper *k, const char *file, struct salvage **ret)
{
	char path[DATABASE_PATH_MAX + FILE_MAX];
	struct salvage *s;
	struct stat st;
	int r;

	/* Beside an empty file SQLite deletes the log, which is to be kept. */
	(void)snprintf(path, sizeof(path), "%s/%s", k->directory, file);
	if (stat(path, &st) < 0)
		return -errno;
	if (st.st_size < DATABASE_PAGE)
		return -ENODATA;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	(void)snprintf(s->file, sizeof(s->file), "%s", file);
	r = database_open_damaged(&s->old, path);
	if (r < 0) {
		salvage_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

/* The names that can be believed. */
static int learn_names(struct salvage *s, struct store_name **ret, size_t *ret_count)
{
	struct store_name *names = NULL;
	size_t count = 0, skipped = 0;

	(void)rows_names(&s->old, &names, &count, &skipped);
	free(s->names);
	s->names = calloc(count ? count : 1, sizeof(*s->names));
	if (!s->names) {
		free(names);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		s->names[i] = names[i].id;
	s->name_count = count;
	*ret = names;
	*ret_count = count;
	return 0;
}

/* A name that was lost may since stand for something else: its rows with it are lost. */
static bool is_known(const struct salvage *s, uint32_t id)
{
	size_t low = 0, high = s->name_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->names[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return id == 0 || (low < s->name_count && s->names[low] == id);
}

static bool is_good(const struct salvage *s, const struct store_row *r)
{
	const uint32_t names[] = { r->epoch, r->device, r->bed, r->patient, r->association, r->by,
		r->metric, r->reason, r->site, r->method, r->sample, r->raw_unit,
		r->kind == VALUE_WORD ? (uint32_t)r->value : 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!is_known(s, names[i]))
			return false;
	return r->epoch && r->device && r->metric;
}

/* --- the beginning --- */

/* The highest position that the old file gave out, and what else its ledger says. */
static void find_end(struct keeper *k, struct salvage *s)
{
	struct ledger_row *l = &k->db.ledger, old = { 0 };
	int64_t reading = 0, event = 0;
	bool known = database_read_ledger(&s->old) == 0 && s->old.ledger.last < PLAUSIBLE;
	bool rows = database_number(&s->old, SQL_FIND_LAST_READING, &reading) == 0 &&
		    database_number(&s->old, SQL_FIND_LAST_EVENT, &event) == 0;

	if (known) {
		old = s->old.ledger;
		if (old.clock_s > database_clock(&k->db, keeper_now_s()) && old.clock_s < PLAUSIBLE)
			k->db.clock_base_s = old.clock_s - keeper_now_s();
	}
	if (old.owed > l->owed)
		l->owed = old.owed;
	if (reading > old.last && reading < PLAUSIBLE)
		old.last = reading;
	if (event > old.last && event < PLAUSIBLE)
		old.last = event;
	if (!known && !rows && !k->reported)
		old.last += FAR;
	if (old.last > l->last)
		l->last = old.last;
	s->last = l->last;
}

static bool is_owed(const struct salvage *s, const struct store_owed *o)
{
	if (o->kind == OWED_AUDIT)
		return true;
	return (o->kind == OWED_GAP || o->kind == OWED_EPOCH) && o->epoch && is_known(s, o->epoch);
}

static int take_owed(struct keeper *k, struct salvage *s)
{
	_cleanup_(freep) struct store_owed *owed = NULL;
	size_t count = 0;
	int r = 0;

	(void)rows_owed(&s->old, STORE_OWED_MAX, &owed, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (owed[i].id > 0 && owed[i].id < PLAUSIBLE && is_owed(s, &owed[i]))
			r = rows_add_owed(&k->db, &owed[i]);
	return r;
}

/* A set-aside message with the note that says so; without the message the note is of no use. */
static int take_aside(struct keeper *k, struct salvage *s, const struct store_aside *a)
{
	struct store_event event;
	struct store_row row;
	int64_t aged_s;
	int r;

	if (rows_reading_at(&s->old, a->id, &row, &aged_s) == 1) {
		bool good = is_good(s, &row);

		r = good ? rows_add_reading(&k->db, &row, aged_s) : 0;
		store_row_done(&row);
		if (!good)
			return 0;
	} else if (rows_event_at(&s->old, a->id, &event, &aged_s) == 1) {
		r = is_known(s, event.epoch) ? rows_add_event(&k->db, &event, aged_s) : 0;
		store_event_done(&event);
	} else {
		return 0;
	}
	return r < 0 ? r : rows_add_aside(&k->db, a);
}

static int take_asides(struct keeper *k, struct salvage *s)
{
	_cleanup_(freep) struct store_aside *asides = NULL;
	size_t count = 0;
	int r = 0;

	(void)rows_asides(&s->old, STORE_ASIDE_MAX, &asides, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = take_aside(k, s, &asides[i]);
	return r;
}

/* Notes in the open transaction where the salvage stands. */
static int note(struct keeper *k, const struct salvage *s)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(
		&k->db, s->phase == DONE ? SQL_END_SALVAGE : SQL_SAVE_SALVAGE, &r);

	if (!st)
		return r;
	if (s->phase != DONE) {
		sqlite3_bind_text(st, 1, s->file, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int64(st, 2, s->last);
		sqlite3_bind_int64(st, 3, s->phase);
		sqlite3_bind_int64(st, 4, s->low.id);
		sqlite3_bind_int64(st, 5, s->low.epoch);
		sqlite3_bind_int64(st, 6, (int64_t)s->low.sequence);
		sqlite3_bind_int64(st, 7, s->high.id);
		sqlite3_bind_int64(st, 8, s->high.epoch);
		sqlite3_bind_int64(st, 9, (int64_t)s->high.sequence);
	}
	return database_run(&k->db, st);
}

static int take_first(
	struct keeper *k, struct salvage *s, const struct store_name *names, size_t name_count)
{
	int r = database_begin(&k->db);

	for (size_t i = 0; r == 0 && i < name_count; i++)
		r = rows_add_name(&k->db, &names[i]);
	if (r == 0)
		r = take_owed(k, s);
	if (r == 0)
		r = take_asides(k, s);
	if (r == 0)
		r = auditrows_take(&k->db, &s->old);
	if (r == 0)
		r = note(k, s);
	if (r == 0)
		return database_commit(&k->db, keeper_now_s());
	database_rollback(&k->db);
	return r;
}

int salvage_begin(struct keeper *k, const char *file)
{
	_cleanup_(freep) struct store_name *names = NULL;
	struct salvage *s = NULL;
	size_t name_count = 0;
	int r = open_old(k, file, &s);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = learn_names(s, &names, &name_count);
	if (r == 0) {
		find_end(k, s);
		s->at = 1;
		/* Without names nobody could say of whom a row speaks. */
		if (name_count == 0)
			s->phase = DONE;
		r = take_first(k, s, names, name_count);
	}
	if (r < 0 || s->phase == DONE)
		salvage_free(s);
	else
		k->salvage = s;
	return r;
}

int salvage_resume(struct keeper *k)
{
	_cleanup_(freep) struct store_name *names = NULL;
	struct salvage *s = NULL;
	size_t name_count = 0;
	const unsigned char *file;
	int r = 0;
	sqlite3_stmt *st = database_statement(&k->db, SQL_READ_SALVAGE, &r);

	if (!st)
		return r;
	r = database_step(&k->db, st);
	if (r <= 0)
		return r;
	file = sqlite3_column_text(st, 0);
	/* A name without a path: nothing outside the state directory. */
	if (!file || strchr((const char *)file, '/') || open_old(k, (const char *)file, &s) < 0) {
		(void)sqlite3_reset(st);
		return 0;
	}
	s->last = sqlite3_column_int64(st, 1);
	s->phase = (enum phase)sqlite3_column_int64(st, 2);
	s->low = (struct giveup_neighbour){ sqlite3_column_int64(st, 3),
		(uint32_t)sqlite3_column_int64(st, 4), (uint64_t)sqlite3_column_int64(st, 5) };
	s->high = (struct giveup_neighbour){ sqlite3_column_int64(st, 6),
		(uint32_t)sqlite3_column_int64(st, 7), (uint64_t)sqlite3_column_int64(st, 8) };
	(void)sqlite3_reset(st);
	s->at = s->phase == READINGS_DOWN || s->phase == EVENTS_DOWN ? s->high.id - 1
								     : s->low.id + 1;
	r = learn_names(s, &names, &name_count);
	if (r < 0) {
		salvage_free(s);
		return r;
	}
	k->salvage = s;
	return 0;
}

void salvage_keys(struct salvage *s, struct store_key **ret, size_t *ret_count)
{
	int64_t below = INT64_MAX;

	(void)rows_keys(&s->old, STORE_KEYS_MAX, &below, ret, ret_count);
}

/* --- piece by piece --- */

struct piece {
	struct news *gaps, *salvaged;
	size_t rows;
	bool ended;   /* of the table, or the other end of what can be read */
	bool damaged; /* the file cannot be read any further this way */
};

static void add_gap(struct piece *p, const struct giveup_neighbour *before,
	const struct giveup_neighbour *after, uint64_t missing)
{
	p->gaps->dropped.count += giveup_between(
		before, after, missing, p->gaps->dropped.owed + p->gaps->dropped.count);
}

/* A good row: what was not good between it and the one before is owed. */
static void advance(struct salvage *s, struct piece *p, const struct giveup_neighbour *row)
{
	bool down = s->phase == READINGS_DOWN || s->phase == EVENTS_DOWN;

	if (s->holes > 0)
		add_gap(p, down ? row : &s->low, down ? &s->high : row, s->holes);
	s->holes = 0;
	*(down ? &s->high : &s->low) = *row;
	if (!p->salvaged->salvaged.from || row->id < p->salvaged->salvaged.from)
		p->salvaged->salvaged.from = row->id;
}

/* Takes the next row of the old file: 1, 0 at the end, or a negative errno of the new database. */
static int take_next(struct keeper *k, struct salvage *s, sqlite3_stmt *st, struct piece *p)
{
	bool events = s->phase >= EVENTS_UP,
	     down = s->phase == READINGS_DOWN || s->phase == EVENTS_DOWN;
	struct giveup_neighbour here;
	struct store_event event = { 0 };
	struct store_row row = { 0 };
	int64_t aged_s;
	bool good;
	int r = events ? rows_next_event(&s->old, st, &event, &aged_s)
		       : rows_next_reading(&s->old, st, &row, &aged_s);

	if (r == -ENOMEM)
		return r;
	if (r <= 0) {
		p->ended = r == 0;
		p->damaged = r < 0;
		return 0;
	}
	here = events ? (struct giveup_neighbour){ event.id, event.epoch, event.sequence }
		      : (struct giveup_neighbour){ row.id, row.epoch, row.sequence };
	good = r == 1 && (events ? event.epoch && is_known(s, event.epoch) : is_good(s, &row));
	r = 1;
	if (down && here.id <= s->low.id) {
		p->ended = true;
		r = 0;
	} else if (here.id < 1 || here.id > s->last || (down ? here.id > s->at : here.id < s->at)) {
		p->damaged = true;
		r = 0;
	} else if (!good) {
		s->holes++;
	} else {
		r = events ? rows_add_event(&k->db, &event, aged_s)
			   : rows_add_reading(&k->db, &row, aged_s);
		if (r == 0) {
			++*(events ? &p->salvaged->salvaged.events
				   : &p->salvaged->salvaged.readings);
			advance(s, p, &here);
			r = 1;
		}
	}
	if (r == 1)
		s->at = down ? here.id - 1 : here.id + 1;
	store_event_done(&event);
	store_row_done(&row);
	return r;
}

static void begin_table(struct salvage *s, enum phase phase)
{
	s->phase = phase;
	s->low = s->high = (struct giveup_neighbour){ 0 };
	s->at = 1;
	s->holes = 0;
}

/* After a piece that did not go through to its full count. */
static void turn(struct salvage *s, struct piece *p)
{
	const struct giveup_neighbour end = { .id = s->last + 1 };
	enum phase next = s->phase < EVENTS_UP ? EVENTS_UP : DONE;

	if (s->phase == READINGS_UP || s->phase == EVENTS_UP) {
		if (p->damaged) {
			s->phase++;
			s->high = end;
			s->at = s->last;
			s->holes = 0;
			return;
		}
		if (s->holes > 0)
			add_gap(p, &s->low, &end, s->holes);
	} else {
		add_gap(p, &s->low, &s->high, 0);
	}
	begin_table(s, next);
}

static int take_piece(struct keeper *k, struct salvage *s, struct piece *p)
{
	static const enum statement statements[] = {
		[READINGS_UP] = SQL_READ_READINGS,
		[READINGS_DOWN] = SQL_READ_READINGS_DOWN,
		[EVENTS_UP] = SQL_READ_EVENTS,
		[EVENTS_DOWN] = SQL_READ_EVENTS_DOWN,
	};
	sqlite3_stmt *st = NULL;
	int r = rows_read(&s->old, statements[s->phase], s->at, -1, &st);

	if (r == -ENOMEM)
		return r;
	/* Without a table there is nothing in it. */
	p->damaged = r < 0;
	while (r >= 0 && p->rows < PIECE) {
		r = take_next(k, s, st, p);
		if (r <= 0)
			break;
		p->rows++;
	}
	if (st)
		(void)sqlite3_reset(st);
	if (r < 0 && !p->damaged)
		return r;
	if (p->ended || p->damaged)
		turn(s, p);
	return 0;
}

static int write_piece(struct keeper *k, struct salvage *s, struct piece *p)
{
	int r = database_begin(&k->db);

	if (r == 0)
		r = take_piece(k, s, p);
	if (r == 0)
		r = giveup_owe(k, p->gaps->dropped.owed, p->gaps->dropped.count);
	if (r == 0)
		r = note(k, s);
	if (r == 0)
		return database_commit(&k->db, keeper_now_s());
	database_rollback(&k->db);
	return r;
}

static void tell(struct keeper *k, struct piece *p)
{
	if (p->gaps->dropped.count > 0)
		k->post(TAKE_PTR(p->gaps), k->userdata);
	if (p->salvaged->salvaged.readings + p->salvaged->salvaged.events > 0)
		k->post(TAKE_PTR(p->salvaged), k->userdata);
}

int salvage_step(struct keeper *k)
{
	struct piece p = { .gaps = giveup_news(GAPS_MAX * 2),
		.salvaged = calloc(1, sizeof(struct news)) };
	struct salvage *s = k->salvage;
	int r = -ENOMEM;

	if (p.gaps && p.salvaged) {
		p.salvaged->kind = NEWS_SALVAGED;
		r = write_piece(k, s, &p);
	}
	if (r == 0)
		tell(k, &p);
	news_free(p.gaps);
	news_free(p.salvaged);
	/* After a failure it goes on from what is noted, once the database is open again. */
	if (r < 0 || s->phase == DONE)
		k->salvage = salvage_free(s);
	return r;
}
