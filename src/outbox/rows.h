/*
 * Rows of outbox.db and the structs of row.h: how one becomes the other, and
 * the check that tells a damaged row. Not for transactions. Store thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "outbox/database.h"
#include "outbox/row.h"

/* Bits of the column more. */
enum { ROW_HAS_MORE = 1, ROW_HAS_DETAIL = 2 };

enum { ROW_DAMAGED = 2 }; /* a row is there, but is not what was written */

/* Insert; a row with that id stays as it is. aged_s: the ledger's own clock. The counts and the
 * last position in d->ledger follow. Return 0 or a negative errno. */
int rows_add_name(struct database *d, const struct store_name *n);
int rows_add_reading(struct database *d, const struct store_row *r, int64_t aged_s);
int rows_add_event(struct database *d, const struct store_event *v, int64_t aged_s);
int rows_add_aside(struct database *d, const struct store_aside *a);
/* Gives o its id when it has none. */
int rows_add_owed(struct database *d, struct store_owed *o);

/* Delete by position or id; counts follow. */
int rows_delete(struct database *d, const struct store_range *p);
int rows_delete_readings(struct database *d, int64_t first, int64_t last);
/* What says of readings among them that they were set aside. */
int rows_delete_reading_asides(struct database *d, int64_t first, int64_t last);
int rows_delete_events(struct database *d, int64_t first, int64_t last);
int rows_settle(struct database *d, int64_t owed_id);

/* Begin reading from that position on, upwards or down; *ret is to be given to rows_next_...(). */
int rows_read(
	struct database *d, enum statement which, int64_t from, int64_t limit, sqlite3_stmt **ret);
/* The next row: 1, ROW_DAMAGED (with what it says, but for a detail), 0 at the end, or a negative
 * errno. What a row of 1 owns is the caller's to free: store_row_done(). */
int rows_next_reading(
	struct database *d, sqlite3_stmt *st, struct store_row *row, int64_t *ret_aged_s);
/* Texts are owned by the caller; NULL after ROW_DAMAGED. */
int rows_next_event(
	struct database *d, sqlite3_stmt *st, struct store_event *e, int64_t *ret_aged_s);
void store_event_done(struct store_event *e);

/* All of a small table, at most limit rows; *ret is to be freed, also after a failure: it holds
 * what came before. A damaged name is -EUCLEAN, or with skipped not NULL left out and counted
 * there. */
int rows_names(struct database *d, struct store_name **ret, size_t *ret_count, size_t *skipped);
int rows_owed(struct database *d, size_t limit, struct store_owed **ret, size_t *ret_count);
int rows_asides(struct database *d, size_t limit, struct store_aside **ret, size_t *ret_count);
/* Of the newest readings below position *below that have one; limit readings are looked at. *below
 * becomes the position of the oldest of them, or INT64_MIN when there are no more. */
int rows_keys(struct database *d, size_t limit, int64_t *below, struct store_key **ret,
	size_t *ret_count);
/* One row by position: 1, ROW_DAMAGED, 0 when there is none, or a negative errno. */
int rows_reading_at(struct database *d, int64_t id, struct store_row *ret, int64_t *ret_aged_s);
int rows_event_at(struct database *d, int64_t id, struct store_event *ret, int64_t *ret_aged_s);
