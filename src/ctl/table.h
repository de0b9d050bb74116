/*
 * Tables for people: columns as wide as what stands in them, cut so that a row
 * fits the terminal. Cells may hold what came from outside: control characters
 * and broken UTF-8 never reach the terminal. Not for programs, which want
 * --json.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "util/cleanup.h"

#define TABLE_COLUMNS_MAX 12
#define TABLE_CELL_MAX 240 /* bytes of a cell; the rest is cut */

struct table_column {
	const char *title;
	bool right;  /* numbers */
	bool shrink; /* gives way when the terminal is too narrow; the widest such first */
};

struct table;

/* columns are borrowed. Returns 0 or -ENOMEM. */
int table_new(struct table **ret, const struct table_column *columns, size_t count);
struct table *table_free(struct table *t);
WG_DEFINE_CLEANUP(struct table *, table_free)
/* Adds a row, one text for each column, copied; NULL: empty. Returns 0 or -ENOMEM. */
int table_row(struct table *t, const char *const *cells);
/* width: columns of the terminal, 0: as wide as it takes. indent: blanks before each row. */
void table_print(const struct table *t, FILE *f, unsigned width, unsigned indent);
