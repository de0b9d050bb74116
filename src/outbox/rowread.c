/*
 * Reading rows back. See rows.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/rowcheck.h"
#include "outbox/rows.h"
#include "outbox/statements.h"
#include "wardgate/detail.h"

static int64_t i64(sqlite3_stmt *st, int column)
{
	return sqlite3_column_int64(st, column);
}

static uint32_t u32(sqlite3_stmt *st, int column)
{
	return (uint32_t)sqlite3_column_int64(st, column);
}

static uint8_t u8(sqlite3_stmt *st, int column)
{
	return (uint8_t)sqlite3_column_int64(st, column);
}

int rows_read(
	struct database *d, enum statement which, int64_t from, int64_t limit, sqlite3_stmt **ret)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(d, which, &r);

	if (!st)
		return r;
	sqlite3_bind_int64(st, 1, from);
	sqlite3_bind_int64(st, 2, limit);
	*ret = st;
	return 0;
}

/* The columns that few rows have. */
static int read_more(struct database *d, struct store_row *row)
{
	enum { FIRST = C_TIME_SOURCE };
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_READ_MORE, &r);

	if (!st)
		return r;
	sqlite3_bind_int64(st, 1, row->id);
	r = database_step(d, st);
	if (r <= 0)
		return r;
	row->time_source = u8(st, C_TIME_SOURCE - FIRST);
	row->device_time_ms = i64(st, C_DEVICE_TIME - FIRST);
	row->origin = u8(st, C_ORIGIN - FIRST);
	row->auth = u8(st, C_AUTH - FIRST);
	row->instance = u8(st, C_INSTANCE - FIRST);
	row->reason = u32(st, C_REASON - FIRST);
	row->period_ms = u32(st, C_PERIOD - FIRST);
	row->site = u32(st, C_SITE - FIRST);
	row->method = u32(st, C_METHOD - FIRST);
	row->sample = u32(st, C_SAMPLE - FIRST);
	row->raw = i64(st, C_RAW - FIRST);
	row->raw_exponent = (int8_t)i64(st, C_RAW_EXPONENT - FIRST);
	row->raw_unit = u32(st, C_RAW_UNIT - FIRST);
	row->by = u32(st, C_BY - FIRST);
	(void)sqlite3_reset(st);
	return 0;
}

void store_row_done(struct store_row *r)
{
	free(r->detail);
	r->detail = NULL;
}

static int read_detail(struct database *d, struct store_row *row)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_READ_DETAIL, &r);
	const char *text;

	if (!st)
		return r;
	sqlite3_bind_int64(st, 1, row->id);
	r = database_step(d, st);
	if (r <= 0)
		return r;
	text = (const char *)sqlite3_column_text(st, 0);
	row->detail = text && strlen(text) <= DETAIL_MAX ? strdup(text) : NULL;
	(void)sqlite3_reset(st);
	return 0;
}

/* What stands outside the columns that all rows have. */
static int read_rest(struct database *d, int64_t more, struct store_row *row)
{
	int r = more & ROW_HAS_MORE ? read_more(d, row) : 0;

	return r == 0 && (more & ROW_HAS_DETAIL) ? read_detail(d, row) : r;
}

int rows_next_reading(
	struct database *d, sqlite3_stmt *st, struct store_row *row, int64_t *ret_aged_s)
{
	int r = database_step(d, st);
	int64_t aged_s;
	int32_t check;

	if (r <= 0)
		return r;
	aged_s = i64(st, C_AGED);
	*row = (struct store_row){
		.id = i64(st, C_ID),
		.epoch = u32(st, C_EPOCH),
		.sequence = (uint64_t)i64(st, C_SEQUENCE),
		.device = u32(st, C_DEVICE),
		.device_sequence = (uint64_t)i64(st, C_DEVICE_SEQUENCE),
		.bed = u32(st, C_BED),
		.patient = u32(st, C_PATIENT),
		.association = u32(st, C_ASSOCIATION),
		.metric = u32(st, C_METRIC),
		.kind = u8(st, C_KIND),
		.value = i64(st, C_VALUE),
		.exponent = (int8_t)i64(st, C_EXPONENT),
		.validity = u8(st, C_VALIDITY),
		.clock = u8(st, C_CLOCK),
		.received_ms = i64(st, C_RECEIVED),
		.source_key = (uint64_t)i64(st, C_SOURCE_KEY),
		.flags = (uint16_t)i64(st, C_FLAGS),
	};
	row->time_ms = (int64_t)((uint64_t)row->received_ms + (uint64_t)i64(st, C_TIME));
	if (sqlite3_column_type(st, C_GROUP) != SQLITE_NULL)
		row->group = row->sequence - (uint64_t)i64(st, C_GROUP);
	check = (int32_t)i64(st, C_CHECK);
	r = read_rest(d, i64(st, C_MORE), row);
	if (r < 0) {
		(void)sqlite3_reset(st);
		return r;
	}
	if (ret_aged_s)
		*ret_aged_s = aged_s;
	if (check == rowcheck_reading(row, aged_s))
		return 1;
	store_row_done(row);
	return ROW_DAMAGED;
}

void store_event_done(struct store_event *e)
{
	free(e->topic);
	free(e->body);
	e->topic = e->body = NULL;
}

int rows_next_event(
	struct database *d, sqlite3_stmt *st, struct store_event *e, int64_t *ret_aged_s)
{
	int r = database_step(d, st);
	const char *topic, *body;
	int64_t aged_s;

	if (r <= 0)
		return r;
	*e = (struct store_event){
		.id = i64(st, 0),
		.epoch = u32(st, 1),
		.sequence = (uint64_t)i64(st, 2),
		.kind = u8(st, 3),
	};
	aged_s = i64(st, 4);
	if (ret_aged_s)
		*ret_aged_s = aged_s;
	topic = (const char *)sqlite3_column_text(st, 6);
	body = (const char *)sqlite3_column_text(st, 7);
	if (!topic || !body)
		return sqlite3_errcode(d->db) == SQLITE_NOMEM ? -ENOMEM : ROW_DAMAGED;
	e->topic = strdup(topic);
	e->body = strdup(body);
	if (!e->topic || !e->body) {
		store_event_done(e);
		(void)sqlite3_reset(st);
		return -ENOMEM;
	}
	if ((int32_t)i64(st, 5) == rowcheck_event(e, aged_s))
		return 1;
	store_event_done(e);
	return ROW_DAMAGED;
}

int rows_reading_at(struct database *d, int64_t id, struct store_row *ret, int64_t *ret_aged_s)
{
	sqlite3_stmt *st = NULL;
	int r = rows_read(d, SQL_READ_READINGS, id, 1, &st);

	if (r < 0)
		return r;
	r = rows_next_reading(d, st, ret, ret_aged_s);
	(void)sqlite3_reset(st);
	if (r <= 0 || ret->id == id)
		return r;
	if (r == 1)
		store_row_done(ret);
	return 0;
}

int rows_event_at(struct database *d, int64_t id, struct store_event *ret, int64_t *ret_aged_s)
{
	sqlite3_stmt *st = NULL;
	int r = rows_read(d, SQL_READ_EVENTS, id, 1, &st);

	if (r < 0)
		return r;
	r = rows_next_event(d, st, ret, ret_aged_s);
	(void)sqlite3_reset(st);
	if (r > 0 && ret->id != id) {
		store_event_done(ret);
		return 0;
	}
	return r;
}

/* Room for one more element in an array that doubles. */
static void *grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array; /* the last doubling reached beyond it */
	return realloc(array, (count ? count * 2 : 1) * size);
}

int rows_names(struct database *d, struct store_name **ret, size_t *ret_count, size_t *skipped)
{
	_cleanup_(freep) struct store_name *names = NULL;
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_READ_NAMES, &r);
	size_t n = 0;

	if (!st)
		return r;
	while ((r = database_step(d, st)) > 0) {
		const char *text = (const char *)sqlite3_column_text(st, 1);
		int64_t id = i64(st, 0);
		struct store_name *more;

		if (!text || id < 1 || id > UINT32_MAX || strlen(text) > LABEL_MAX ||
			(int32_t)i64(st, 2) != rowcheck_name((uint32_t)id, text)) {
			if (skipped) {
				++*skipped;
				continue;
			}
			(void)sqlite3_reset(st);
			r = -EUCLEAN;
			break;
		}
		more = grow(names, n, sizeof(*names));
		if (!more) {
			(void)sqlite3_reset(st);
			return -ENOMEM;
		}
		names = more;
		names[n].id = (uint32_t)id;
		memcpy(names[n++].text, text, strlen(text) + 1);
	}
	/* Of a damaged file, what came before the damage. */
	*ret = TAKE_PTR(names);
	*ret_count = n;
	return r;
}

int rows_owed(struct database *d, size_t limit, struct store_owed **ret, size_t *ret_count)
{
	_cleanup_(freep) struct store_owed *owed = NULL;
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_READ_OWED, &r);
	size_t n = 0;

	if (!st)
		return r;
	sqlite3_bind_int64(st, 1, (int64_t)limit);
	while ((r = database_step(d, st)) > 0) {
		struct store_owed *more = grow(owed, n, sizeof(*owed));
		const unsigned char *reason = sqlite3_column_text(st, 6);

		if (!more) {
			(void)sqlite3_reset(st);
			return -ENOMEM;
		}
		owed = more;
		owed[n] = (struct store_owed){
			.id = i64(st, 0),
			.kind = u8(st, 1),
			.epoch = u32(st, 2),
			.first = (uint64_t)i64(st, 3),
			.last = (uint64_t)i64(st, 4),
			.count = (uint64_t)i64(st, 5),
		};
		(void)snprintf(owed[n].reason, sizeof(owed[n].reason), "%s",
			reason ? (const char *)reason : "");
		n++;
	}
	*ret = TAKE_PTR(owed);
	*ret_count = n;
	return r;
}

int rows_asides(struct database *d, size_t limit, struct store_aside **ret, size_t *ret_count)
{
	_cleanup_(freep) struct store_aside *asides = NULL;
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_READ_ASIDES, &r);
	size_t n = 0;

	if (!st)
		return r;
	sqlite3_bind_int64(st, 1, (int64_t)limit);
	while ((r = database_step(d, st)) > 0) {
		struct store_aside *more = grow(asides, n, sizeof(*asides));

		if (!more) {
			(void)sqlite3_reset(st);
			return -ENOMEM;
		}
		asides = more;
		asides[n++] = (struct store_aside){
			.id = i64(st, 0),
			.since_ms = i64(st, 1),
			.tries = u32(st, 2),
			.reason = u8(st, 3),
		};
	}
	*ret = TAKE_PTR(asides);
	*ret_count = n;
	return r;
}

int rows_keys(
	struct database *d, size_t limit, int64_t *below, struct store_key **ret, size_t *ret_count)
{
	_cleanup_(freep) struct store_key *keys = NULL;
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_FIND_KEYS, &r);
	size_t n = 0, looked_at = 0;

	if (!st)
		return r;
	keys = malloc(limit * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	sqlite3_bind_int64(st, 1, (int64_t)limit);
	sqlite3_bind_int64(st, 2, *below);
	while ((r = database_step(d, st)) > 0) {
		struct store_key key = {
			.source_key = (uint64_t)i64(st, 0),
			.sequence = (uint64_t)i64(st, 1),
			.epoch = u32(st, 2),
			.device = u32(st, 3),
		};

		*below = i64(st, 4);
		if (looked_at++ < limit && key.source_key)
			keys[n++] = key;
	}
	if (looked_at < limit)
		*below = INT64_MIN;
	*ret = TAKE_PTR(keys);
	*ret_count = n;
	return r;
}
