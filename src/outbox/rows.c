/*
 * See rows.h. Columns are bound only where they differ from their default,
 * since most of a row is at it.
 */
#include "outbox/rows.h"

#include "outbox/rowcheck.h"
#include "outbox/statements.h"

static void bind(sqlite3_stmt *st, int column, int64_t v)
{
	if (v != 0)
		sqlite3_bind_int64(st, column + 1, v);
}

static bool bind_more(sqlite3_stmt *st, const struct store_row *r)
{
	if (!(r->time_source | r->device_time_ms | r->origin | r->auth | r->instance | r->reason |
		    r->period_ms | r->site | r->method | r->sample | r->raw_unit | r->by | r->raw |
		    r->raw_exponent))
		return false;
	bind(st, C_TIME_SOURCE, r->time_source);
	bind(st, C_DEVICE_TIME, r->device_time_ms);
	bind(st, C_ORIGIN, r->origin);
	bind(st, C_AUTH, r->auth);
	bind(st, C_INSTANCE, r->instance);
	bind(st, C_REASON, r->reason);
	bind(st, C_PERIOD, r->period_ms);
	bind(st, C_SITE, r->site);
	bind(st, C_METHOD, r->method);
	bind(st, C_SAMPLE, r->sample);
	bind(st, C_RAW, r->raw);
	bind(st, C_RAW_EXPONENT, r->raw_exponent);
	bind(st, C_RAW_UNIT, r->raw_unit);
	bind(st, C_BY, r->by);
	return true;
}

static void count(struct database *d, uint64_t *rows, int64_t id)
{
	if (sqlite3_changes(d->db) > 0)
		++*rows;
	if (id > d->ledger.last)
		d->ledger.last = id;
}

static int add_detail(struct database *d, const struct store_row *r)
{
	int e = 0;
	sqlite3_stmt *st = database_statement(d, SQL_ADD_DETAIL, &e);

	if (!st)
		return e;
	sqlite3_bind_int64(st, 1, r->id);
	sqlite3_bind_text(st, 2, r->detail, -1, SQLITE_STATIC);
	e = database_run(d, st);
	sqlite3_clear_bindings(st);
	d->has_details = true;
	return e;
}

int rows_add_reading(struct database *d, const struct store_row *r, int64_t aged_s)
{
	int e = 0;
	sqlite3_stmt *st = database_statement(d, SQL_ADD_READING, &e);

	if (!st)
		return e;
	sqlite3_clear_bindings(st);
	sqlite3_bind_int64(st, C_ID + 1, r->id);
	bind(st, C_EPOCH, r->epoch);
	bind(st, C_SEQUENCE, (int64_t)r->sequence);
	bind(st, C_DEVICE, r->device);
	bind(st, C_DEVICE_SEQUENCE, (int64_t)r->device_sequence);
	bind(st, C_BED, r->bed);
	bind(st, C_PATIENT, r->patient);
	bind(st, C_ASSOCIATION, r->association);
	bind(st, C_METRIC, r->metric);
	bind(st, C_KIND, r->kind);
	bind(st, C_VALUE, r->value);
	bind(st, C_EXPONENT, r->exponent);
	bind(st, C_VALIDITY, r->validity);
	bind(st, C_CLOCK, r->clock);
	bind(st, C_RECEIVED, r->received_ms);
	bind(st, C_TIME, (int64_t)((uint64_t)r->time_ms - (uint64_t)r->received_ms));
	if (r->group)
		sqlite3_bind_int64(st, C_GROUP + 1, (int64_t)(r->sequence - r->group));
	bind(st, C_SOURCE_KEY, (int64_t)r->source_key);
	bind(st, C_FLAGS, r->flags);
	bind(st, C_AGED, aged_s);
	bind(st, C_CHECK, rowcheck_reading(r, aged_s));
	bind(st, C_MORE, (bind_more(st, r) ? ROW_HAS_MORE : 0) | (r->detail ? ROW_HAS_DETAIL : 0));
	e = database_run(d, st);
	if (e == 0)
		count(d, &d->ledger.readings, r->id);
	return e == 0 && r->detail ? add_detail(d, r) : e;
}

int rows_add_event(struct database *d, const struct store_event *v, int64_t aged_s)
{
	int e = 0;
	sqlite3_stmt *st = database_statement(d, SQL_ADD_EVENT, &e);

	if (!st)
		return e;
	sqlite3_bind_int64(st, 1, v->id);
	sqlite3_bind_int64(st, 2, v->epoch);
	sqlite3_bind_int64(st, 3, (int64_t)v->sequence);
	sqlite3_bind_int(st, 4, v->kind);
	sqlite3_bind_int64(st, 5, aged_s);
	sqlite3_bind_int64(st, 6, rowcheck_event(v, aged_s));
	sqlite3_bind_text(st, 7, v->topic, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 8, v->body, -1, SQLITE_STATIC);
	e = database_run(d, st);
	sqlite3_clear_bindings(st);
	if (e == 0)
		count(d, &d->ledger.events, v->id);
	return e;
}

int rows_add_name(struct database *d, const struct store_name *n)
{
	int e = 0;
	sqlite3_stmt *st = database_statement(d, SQL_ADD_NAME, &e);

	if (!st)
		return e;
	sqlite3_bind_int64(st, 1, n->id);
	sqlite3_bind_text(st, 2, n->text, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, rowcheck_name(n->id, n->text));
	e = database_run(d, st);
	sqlite3_clear_bindings(st);
	return e;
}

static int delete_range(
	struct database *d, enum statement which, int64_t first, int64_t last, uint64_t *rows)
{
	int e = 0;
	sqlite3_stmt *st = database_statement(d, which, &e);
	uint64_t n;

	if (!st)
		return e;
	sqlite3_bind_int64(st, 1, first);
	sqlite3_bind_int64(st, 2, last);
	e = database_run(d, st);
	if (e < 0)
		return e;
	n = (uint64_t)sqlite3_changes64(d->db);
	*rows -= n < *rows ? n : *rows;
	return 0;
}

int rows_add_aside(struct database *d, const struct store_aside *a)
{
	int e = 0;
	sqlite3_stmt *st;

	if (a->reason == 0)
		return delete_range(d, SQL_DELETE_ASIDES, a->id, a->id, &d->ledger.asides);
	st = database_statement(d, SQL_ADD_ASIDE, &e);
	if (!st)
		return e;
	sqlite3_bind_int64(st, 1, a->id);
	sqlite3_bind_int64(st, 2, a->since_ms);
	sqlite3_bind_int64(st, 3, a->tries);
	sqlite3_bind_int(st, 4, a->reason);
	e = database_run(d, st);
	if (e == 0)
		count(d, &d->ledger.asides, 0);
	return e;
}

int rows_add_owed(struct database *d, struct store_owed *o)
{
	int e = 0;
	sqlite3_stmt *st = database_statement(d, SQL_ADD_OWED, &e);

	if (!st)
		return e;
	/* Never an id a second time: the loop may still have the first one to settle. */
	if (o->id == 0)
		o->id = d->ledger.owed + 1;
	if (o->id > d->ledger.owed)
		d->ledger.owed = o->id;
	sqlite3_bind_int64(st, 1, o->id);
	sqlite3_bind_int(st, 2, o->kind);
	sqlite3_bind_int64(st, 3, o->epoch);
	sqlite3_bind_int64(st, 4, (int64_t)o->first);
	sqlite3_bind_int64(st, 5, (int64_t)o->last);
	sqlite3_bind_int64(st, 6, (int64_t)o->count);
	sqlite3_bind_text(st, 7, o->reason, -1, SQLITE_STATIC);
	e = database_run(d, st);
	sqlite3_clear_bindings(st);
	return e;
}

int rows_delete_readings(struct database *d, int64_t first, int64_t last)
{
	uint64_t uncounted = 0;
	int e = delete_range(d, SQL_DELETE_READINGS, first, last, &d->ledger.readings);

	if (e == 0 && d->has_details)
		e = delete_range(d, SQL_DELETE_DETAILS, first, last, &uncounted);
	return e;
}

int rows_delete_reading_asides(struct database *d, int64_t first, int64_t last)
{
	return delete_range(d, SQL_DELETE_READING_ASIDES, first, last, &d->ledger.asides);
}

int rows_delete_events(struct database *d, int64_t first, int64_t last)
{
	return delete_range(d, SQL_DELETE_EVENTS, first, last, &d->ledger.events);
}

int rows_delete(struct database *d, const struct store_range *p)
{
	int64_t first = (int64_t)p->first, last = (int64_t)p->last;
	int e = rows_delete_readings(d, first, last);

	if (e == 0 && d->ledger.events > 0)
		e = rows_delete_events(d, first, last);
	if (e == 0 && d->ledger.asides > 0)
		e = delete_range(d, SQL_DELETE_ASIDES, first, last, &d->ledger.asides);
	return e;
}

int rows_settle(struct database *d, int64_t owed_id)
{
	int e = 0;
	sqlite3_stmt *st = database_statement(d, SQL_DELETE_OWED, &e);

	if (!st)
		return e;
	sqlite3_bind_int64(st, 1, owed_id);
	return database_run(d, st);
}
