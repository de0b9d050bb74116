/*
 * What a batch does: one transaction, and one look at what waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/auditrows.h"
#include "outbox/giveup.h"
#include "outbox/keeper_private.h"

#define READ_MAX 10000                   /* rows of one look */
#define DAMAGED_MAX 64                   /* damaged rows that one look deals with */
#define READ_BYTES_MAX (4 * 1024 * 1024) /* of the events' texts, likewise */

/* This run's epoch is owed from its first transaction on. */
static int add_own_epoch(struct keeper *k, uint32_t epoch, int64_t *ret_id)
{
	struct store_owed o = { .kind = OWED_EPOCH, .epoch = epoch };
	int r = 0;
	sqlite3_stmt *st = database_statement(&k->db, SQL_FIND_OWED_EPOCH, &r);

	if (!st)
		return r;
	sqlite3_bind_int64(st, 1, epoch);
	r = database_step(&k->db, st);
	if (r > 0) {
		*ret_id = sqlite3_column_int64(st, 0);
		(void)sqlite3_reset(st);
		return 0;
	}
	if (r == 0)
		r = rows_add_owed(&k->db, &o);
	*ret_id = o.id;
	return r;
}

static int write_audits(struct keeper *k, const struct store_batch *b, int64_t *ret_owed)
{
	int r = 0;

	*ret_owed = 0;
	for (size_t i = 0; r == 0 && i < b->audit_count; i++) {
		int64_t owed = 0;

		r = auditrows_add(&k->db, &b->audits[i], &owed);
		if (!*ret_owed)
			*ret_owed = owed;
	}
	return r;
}

static int write_rows(struct keeper *k, const struct store_batch *b, int64_t *own_owed)
{
	struct database *d = &k->db;
	int64_t aged_s = database_clock(d, keeper_now_s());
	int r = 0;

	if (k->names_unused) {
		sqlite3_stmt *st = database_statement(d, SQL_CLEAR_NAMES, &r);

		if (st)
			r = database_run(d, st);
	}
	for (size_t i = 0; r == 0 && i < b->name_count; i++)
		r = rows_add_name(d, &b->names[i]);
	if (r == 0 && b->own_epoch && !*own_owed)
		r = add_own_epoch(k, b->own_epoch, own_owed);
	for (size_t i = 0; r == 0 && i < b->row_count; i++)
		r = rows_add_reading(d, &b->rows[i], aged_s);
	for (size_t i = 0; r == 0 && i < b->event_count; i++)
		r = rows_add_event(d, &b->events[i], aged_s);
	for (size_t i = 0; r == 0 && i < b->aside_count; i++)
		r = rows_add_aside(d, &b->asides[i]);
	for (size_t i = 0; r == 0 && i < b->delete_count; i++)
		r = rows_delete(d, &b->deletes[i]);
	for (size_t i = 0; r == 0 && i < b->settled_count; i++)
		r = rows_settle(d, b->settled[i]);
	return r;
}

int transact_write(struct keeper *k, const struct store_batch *b, int64_t *ret_audit_owed)
{
	int64_t own_owed = k->own_owed;
	int r = database_begin(&k->db);

	if (r < 0)
		return r;
	r = write_rows(k, b, &own_owed);
	if (r == 0)
		r = write_audits(k, b, ret_audit_owed);
	if (r == 0)
		r = database_commit(&k->db, keeper_now_s());
	else
		database_rollback(&k->db);
	if (r < 0)
		return r;
	k->names_unused = false;
	k->own_owed = own_owed;
	return 0;
}

/* Rows that one look found damaged. */
struct damage {
	struct giveup_row rows[DAMAGED_MAX];
	size_t count;
};

static int read_rows(struct keeper *k, const struct store_batch *b, struct store_result *ret,
	struct damage *damage)
{
	size_t wanted = b->rows_wanted < READ_MAX ? b->rows_wanted : READ_MAX;
	struct store_row *rows = malloc(wanted * sizeof(*rows));
	sqlite3_stmt *st = NULL;
	size_t n = 0;
	int r;

	ret->rows = rows;
	if (!rows)
		return -ENOMEM;
	r = rows_read(&k->db, SQL_READ_READINGS, b->rows_from, -1, &st);
	while (r >= 0 && n < wanted && damage->count < DAMAGED_MAX) {
		r = rows_next_reading(&k->db, st, &rows[n], NULL);
		if (r == 0)
			ret->rows_end = true;
		if (r <= 0)
			break;
		if (r == 1)
			n++;
		else
			damage->rows[damage->count++] = (struct giveup_row){ rows[n].id,
				rows[n].epoch, rows[n].sequence, false };
	}
	if (r > 0 && n == wanted) {
		r = database_step(&k->db, st);
		ret->rows_end = r == 0;
	}
	if (r > 0)
		(void)sqlite3_reset(st);
	ret->row_count = n;
	return r < 0 ? r : 0;
}

static int read_events(struct keeper *k, const struct store_batch *b, struct store_result *ret,
	struct damage *damage)
{
	size_t wanted = b->events_wanted < READ_MAX ? b->events_wanted : READ_MAX, n = 0, bytes = 0;
	sqlite3_stmt *st = NULL;
	int r;

	ret->events = malloc(wanted * sizeof(*ret->events));
	if (!ret->events)
		return -ENOMEM;
	r = rows_read(&k->db, SQL_READ_EVENTS, b->events_from, -1, &st);
	while (r >= 0 && n < wanted && bytes < READ_BYTES_MAX && damage->count < DAMAGED_MAX) {
		struct store_event *e = &ret->events[n];

		r = rows_next_event(&k->db, st, e, NULL);
		if (r == 0)
			ret->events_end = true;
		if (r <= 0)
			break;
		if (r == 1) {
			n++;
			bytes += strlen(e->topic) + strlen(e->body);
			ret->event_count = n;
		} else {
			damage->rows[damage->count++] =
				(struct giveup_row){ e->id, e->epoch, e->sequence, true };
		}
	}
	if (r > 0 && n == wanted) {
		r = database_step(&k->db, st);
		ret->events_end = r == 0;
	}
	if (r > 0)
		(void)sqlite3_reset(st);
	return r < 0 ? r : 0;
}

static void forget_read(struct store_result *ret)
{
	for (size_t i = 0; i < ret->event_count; i++)
		store_event_done(&ret->events[i]);
	for (size_t i = 0; i < ret->row_count; i++)
		store_row_done((struct store_row *)&ret->rows[i]);
	ret->row_count = ret->event_count = 0;
	ret->rows_end = ret->events_end = false;
}

int transact_read(struct keeper *k, const struct store_batch *b, struct store_result *ret)
{
	struct damage damage = { .count = 0 };
	int r = 0;

	if (b->rows_wanted > 0)
		r = read_rows(k, b, ret, &damage);
	if (r == 0 && b->events_wanted > 0)
		r = read_events(k, b, ret, &damage);
	if (r == 0 && damage.count > 0)
		r = giveup_damaged(k, damage.rows, damage.count);
	/* Half of what was asked for is nothing: who asks again gets all of it. */
	if (r < 0)
		forget_read(ret);
	ret->loaded = r == 0;
	return r;
}
