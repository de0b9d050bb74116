/*
 * See asides.h.
 */
#include "ctl/asides.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/human.h"
#include "ctl/table.h"
#include "ctl/term.h"

struct asides {
	struct table *table;
	uint64_t shown;
};

int asides_new(struct asides **ret)
{
	static const struct table_column columns[] = {
		{ .title = "ID", .shrink = true },
		{ .title = "WHAT", .shrink = true },
		{ .title = "SINCE" },
		{ .title = "TRIES", .right = true },
		{ .title = "WHY", .shrink = true },
	};
	_cleanup_(asides_freep) struct asides *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	r = table_new(&a->table, columns, ARRAY_SIZE(columns));
	if (r < 0)
		return r;
	*ret = TAKE_PTR(a);
	return 0;
}

struct asides *asides_free(struct asides *a)
{
	if (!a)
		return NULL;
	table_free(a->table);
	free(a);
	return NULL;
}

int asides_add(struct asides *a, const struct aside_line *line)
{
	char since[HUMAN_MAX] = "", tries[24], why[200];
	const char *cells[] = { line->id, line->what, since, tries, why };

	if (a->shown == ASIDES_SHOWN)
		return 0;
	a->shown++;
	if (line->since_ms >= 0)
		human_time(since, line->since_ms);
	snprintf(tries, sizeof(tries), "%" PRIu64, line->tries);
	snprintf(why, sizeof(why), "0x%02x %s", line->reason_code, line->reason);
	return table_row(a->table, cells);
}

void asides_print(const struct asides *a, uint64_t all)
{
	puts("\nSet aside:");
	table_print(a->table, stdout, term_width(stdout), 2);
	if (all > a->shown)
		printf("  and %" PRIu64 " more; --json lists up to %d\n", all - a->shown,
			ASIDES_LISTED);
}
