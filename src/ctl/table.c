/*
 * Tables for people. See table.h.
 */
#include "ctl/table.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "ctl/term.h"

#define GAP 2        /* blanks between columns */
#define SHRUNK_MIN 4 /* columns that a cell keeps, the mark of what is cut included */

struct table {
	const struct table_column *columns;
	size_t column_count;
	char **cells; /* row by row */
	size_t count, room;
};

int table_new(struct table **ret, const struct table_column *columns, size_t count)
{
	struct table *t = calloc(1, sizeof(*t));

	assert(count > 0 && count <= TABLE_COLUMNS_MAX);
	if (!t)
		return -ENOMEM;
	*t = (struct table){ .columns = columns, .column_count = count };
	*ret = t;
	return 0;
}

struct table *table_free(struct table *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
	return NULL;
}

/* What may go to a terminal; each byte that may not becomes a question mark. */
static char *clean(const char *text)
{
	char *copy = malloc(TABLE_CELL_MAX + 1);
	size_t n = 0;

	if (!copy)
		return NULL;
	while (*text) {
		size_t bytes = term_character(text);

		if (n + (bytes ?: 1) > TABLE_CELL_MAX)
			break;
		if (bytes)
			memcpy(copy + n, text, bytes);
		else
			copy[n] = '?';
		n += bytes ?: 1;
		text += bytes ?: 1;
	}
	copy[n] = 0;
	return copy;
}

int table_row(struct table *t, const char *const *cells)
{
	if (t->count + t->column_count > t->room) {
		size_t room = (t->room ?: 16 * t->column_count) * 2;
		char **grown = reallocarray(t->cells, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->cells = grown;
		t->room = room;
	}
	for (size_t i = 0; i < t->column_count; i++) {
		char *copy = clean(cells[i] ?: "");

		if (!copy) {
			while (i-- > 0)
				free(t->cells[t->count + i]);
			return -ENOMEM;
		}
		t->cells[t->count + i] = copy;
	}
	t->count += t->column_count;
	return 0;
}

/* Takes from the widest of the columns that may shrink until all fit, or nothing more can be taken.
 */
static void fit(const struct table *t, size_t *widths, size_t all, size_t width)
{
	while (all > width) {
		size_t widest = t->column_count;

		for (size_t i = 0; i < t->column_count; i++)
			if (t->columns[i].shrink && widths[i] > SHRUNK_MIN &&
				(widest == t->column_count || widths[i] > widths[widest]))
				widest = i;
		if (widest == t->column_count)
			return;
		widths[widest]--;
		all--;
	}
}

static void put_blanks(FILE *f, size_t n)
{
	while (n-- > 0)
		putc(' ', f);
}

static void put_cell(FILE *f, const char *text, size_t width, bool right, bool last)
{
	size_t n = term_columns(text), shown = n > width ? width - 1 : n;
	const char *end = text;

	if (right && n < width)
		put_blanks(f, width - n);
	for (size_t i = 0; i < shown; i++)
		end += term_character(end) ?: 1;
	(void)fwrite(text, 1, (size_t)(end - text), f);
	if (shown < n)
		fputs("…", f);
	if (!right && n < width && !last)
		put_blanks(f, width - n);
	if (!last)
		put_blanks(f, GAP);
}

void table_print(const struct table *t, FILE *f, unsigned width, unsigned indent)
{
	size_t widths[TABLE_COLUMNS_MAX], all = indent + GAP * (t->column_count - 1);

	for (size_t i = 0; i < t->column_count; i++) {
		widths[i] = term_columns(t->columns[i].title);
		for (size_t j = i; j < t->count; j += t->column_count)
			if (term_columns(t->cells[j]) > widths[i])
				widths[i] = term_columns(t->cells[j]);
		all += widths[i];
	}
	if (width > 0)
		fit(t, widths, all, width);
	put_blanks(f, indent);
	for (size_t i = 0; i < t->column_count; i++)
		put_cell(f, t->columns[i].title, widths[i], t->columns[i].right,
			i == t->column_count - 1);
	putc('\n', f);
	for (size_t j = 0; j < t->count; j++) {
		size_t i = j % t->column_count;

		if (i == 0)
			put_blanks(f, indent);
		put_cell(f, t->cells[j], widths[i], t->columns[i].right, i == t->column_count - 1);
		if (i == t->column_count - 1)
			putc('\n', f);
	}
}
