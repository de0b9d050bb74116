/*
 * See auditrows.h.
 */
#include "outbox/auditrows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/rows.h"
#include "outbox/store.h"

#define TAKE_MAX (2 * STORE_AUDITS_KEPT + 1)

void store_audit_done(struct store_audit *a)
{
	free(a->entry);
	a->entry = NULL;
}

static void copy_hash(char to[STORE_HASH_MAX], const void *from)
{
	(void)snprintf(to, STORE_HASH_MAX, "%s", from ? (const char *)from : "");
}

/* --- the chain's ends --- */

int auditrows_chain(struct database *d, struct auditrows_chain *ret)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_READ_CHAIN, &r);

	*ret = (struct auditrows_chain){ 0 };
	if (!st)
		return r;
	r = database_step(d, st);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	ret->base.number = (uint64_t)sqlite3_column_int64(st, 0);
	copy_hash(ret->base.hash, sqlite3_column_text(st, 1));
	ret->head.number = (uint64_t)sqlite3_column_int64(st, 2);
	copy_hash(ret->head.hash, sqlite3_column_text(st, 3));
	(void)sqlite3_reset(st);
	return ret->base.number <= ret->head.number && ret->head.number <= INT64_MAX ? 0 : -EUCLEAN;
}

static int save_chain(struct database *d, const struct auditrows_chain *c)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_SAVE_CHAIN, &r);

	if (!st)
		return r;
	sqlite3_bind_int64(st, 1, (int64_t)c->base.number);
	sqlite3_bind_text(st, 2, c->base.hash, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, (int64_t)c->head.number);
	sqlite3_bind_text(st, 4, c->head.hash, -1, SQLITE_STATIC);
	r = database_run(d, st);
	sqlite3_clear_bindings(st);
	return r;
}

/* --- reading --- */

/* The next entry: 1, 0 at the end, or a negative errno. */
static int next(struct database *d, sqlite3_stmt *st, struct store_audit *a)
{
	int r = database_step(d, st);
	const char *entry;

	if (r <= 0)
		return r;
	*a = (struct store_audit){ .number = (uint64_t)sqlite3_column_int64(st, 0) };
	entry = (const char *)sqlite3_column_text(st, 1);
	a->entry = strdup(entry ? entry : "");
	copy_hash(a->hash, sqlite3_column_text(st, 2));
	if (a->entry)
		return 1;
	(void)sqlite3_reset(st);
	return -ENOMEM;
}

int auditrows_read(struct database *d, uint64_t from, size_t limit, struct store_audit **ret,
	size_t *ret_count)
{
	sqlite3_stmt *st = NULL;
	struct store_audit *list = NULL;
	size_t n = 0;
	int r = rows_read(d, SQL_READ_AUDIT, (int64_t)from, (int64_t)limit, &st);

	while (r >= 0) {
		if ((n & (n - 1)) == 0) {
			struct store_audit *more = realloc(list, (n ? n * 2 : 1) * sizeof(*list));

			if (!more) {
				(void)sqlite3_reset(st);
				r = -ENOMEM;
				break;
			}
			list = more;
		}
		r = next(d, st, &list[n]);
		if (r <= 0)
			break;
		if (n > 0 && list[n].number == list[n - 1].number + 1)
			copy_hash(list[n].previous, list[n - 1].hash);
		n++;
	}
	*ret = list;
	*ret_count = n;
	return r;
}

int auditrows_recent(struct database *d, const struct store_owed *owed, size_t owed_count,
	struct store_audit **ret, size_t *ret_count)
{
	struct auditrows_chain c;
	uint64_t from;
	int r = auditrows_chain(d, &c);

	if (r < 0 || c.head.number == 0)
		return r;
	from = c.head.number > STORE_AUDITS_RECENT ? c.head.number - STORE_AUDITS_RECENT : 0;
	for (size_t i = 0; i < owed_count; i++)
		if (owed[i].kind == OWED_AUDIT && owed[i].first <= from)
			from = owed[i].first - (owed[i].first > 0);
	r = auditrows_read(d, from, TAKE_MAX, ret, ret_count);
	if (r == 0 && *ret_count > 0 && (*ret)[0].number == c.base.number + 1)
		copy_hash((*ret)[0].previous, c.base.hash);
	for (size_t i = 0; r == 0 && i < *ret_count; i++)
		for (size_t k = 0; k < owed_count; k++)
			if (owed[k].kind == OWED_AUDIT && owed[k].first == (*ret)[i].number)
				(*ret)[i].owed = owed[k].id;
	return r;
}

/* --- writing --- */

static int insert(struct database *d, const struct store_audit *a)
{
	int r = 0;
	sqlite3_stmt *st = database_statement(d, SQL_ADD_AUDIT, &r);

	if (!st)
		return r;
	sqlite3_bind_int64(st, 1, (int64_t)a->number);
	sqlite3_bind_text(st, 2, a->entry, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, a->hash, -1, SQLITE_STATIC);
	r = database_run(d, st);
	sqlite3_clear_bindings(st);
	return r;
}

/* The oldest go, half of them at once. */
static int forget_oldest(struct database *d, struct auditrows_chain *c)
{
	struct store_audit *last = NULL;
	uint64_t upto = c->head.number - STORE_AUDITS_KEPT;
	size_t count = 0;
	sqlite3_stmt *st;
	int r = auditrows_read(d, upto, 1, &last, &count);

	/* Without it the rest could not be joined to anything. */
	if (r == 0 && count == 1 && last[0].number == upto) {
		c->base.number = upto;
		copy_hash(c->base.hash, last[0].hash);
		st = database_statement(d, SQL_DELETE_AUDITS, &r);
		if (st) {
			sqlite3_bind_int64(st, 1, (int64_t)upto);
			r = database_run(d, st);
		}
	}
	for (size_t i = 0; i < count; i++)
		store_audit_done(&last[i]);
	free(last);
	return r;
}

int auditrows_add(struct database *d, const struct store_audit *a, int64_t *ret_owed)
{
	struct store_owed owed = { .kind = OWED_AUDIT, .first = a->number, .last = a->number };
	struct auditrows_chain c;
	int r = auditrows_chain(d, &c);

	if (r == 0)
		r = insert(d, a);
	if (r < 0)
		return r;
	if (c.head.number == 0 && a->number > 1) {
		/* A new file in the middle of a run: the trail goes on. */
		c.base.number = a->number - 1;
		copy_hash(c.base.hash, a->previous);
	}
	if (a->number > c.head.number) {
		c.head.number = a->number;
		copy_hash(c.head.hash, a->hash);
	}
	if (c.head.number - c.base.number > 2 * (uint64_t)STORE_AUDITS_KEPT)
		r = forget_oldest(d, &c);
	if (r == 0)
		r = save_chain(d, &c);
	if (r == 0 && a->owe) {
		r = rows_add_owed(d, &owed);
		*ret_owed = owed.id;
	}
	return r;
}

int auditrows_take(struct database *d, struct database *old)
{
	struct auditrows_chain c;
	struct store_audit *list = NULL;
	size_t count = 0;
	int r = 0;

	(void)auditrows_read(old, 0, TAKE_MAX, &list, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (list[i].number > 0 && list[i].number <= INT64_MAX)
			r = insert(d, &list[i]);
	/* Ends that cannot be read are what the rows say: a first entry that is not number 1 then
	 * shows as a break, as it should. */
	if (auditrows_chain(old, &c) < 0) {
		c = (struct auditrows_chain){ 0 };
		if (count > 0) {
			c.head.number = list[count - 1].number;
			copy_hash(c.head.hash, list[count - 1].hash);
		}
	}
	if (r == 0)
		r = save_chain(d, &c);
	for (size_t i = 0; i < count; i++)
		store_audit_done(&list[i]);
	free(list);
	return r;
}
