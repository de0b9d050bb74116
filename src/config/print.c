/*
 * --print-config.
 */
#include "config/print.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "config/reader.h"
#include "config/record.h"
#include "config/schema_rules.h"

/* A path is what somebody else chose: a line break in it would end our comment. */
static void print_origin(const struct config *c, struct config_origin o, FILE *f)
{
	if (o.line == 0) {
		fputs("# default\n", f);
		return;
	}
	fputs("# ", f);
	for (const char *p = config_origin_path(c->record, o); *p; p++)
		putc(iscntrl((unsigned char)*p) ? '?' : *p, f);
	fprintf(f, ":%u\n", o.line);
}

static void print_value(const struct config_row *row, const char *value, FILE *f)
{
	/* Only what comes from the environment can be as long as that. */
	if (strlen(row->key) + 1 + strlen(value) > READER_LINE_MAX)
		fputs("# too long to stand in a file: ", f);
	fprintf(f, "%s=%s\n", row->key, value);
}

static void print_row(const struct config *c, const struct config_section *s, size_t i, FILE *f)
{
	const struct config_row *row = &s->group->rows[i];
	const struct config_value *v = &s->values[i];
	const void *field = config_field(s, row);
	size_t count = row->type->count(row, field);
	char value[CONFIG_VALUE_MAX];

	if (count == 0 || (!v->given && !*row->standard && !row->standard_about)) {
		print_origin(c, v->origin, f);
		fprintf(f, "%s=\n", row->key);
		return;
	}
	for (size_t k = 0; k < count; k++) {
		struct config_origin o = k < v->item_count ? v->items[k] : v->origin;

		if (k == 0 || o.file != v->items[k - 1].file || o.line != v->items[k - 1].line)
			print_origin(c, o, f);
		row->type->format(row, field, k, value);
		print_value(row, value, f);
	}
}

/* Whether it goes with the others: keys of another transport or type would be refused when read
 * back.
 */
static bool belongs(const struct config_section *s, const struct config_row *row)
{
	if (s->group->id == GROUP_RULE)
		return config_rule_takes(s, row);
	return !row->transports ||
	       row->transports & 1u << ((const struct config_device *)s->base)->transport;
}

static void print_section(const struct config *c, const struct config_section *s, FILE *f)
{
	fprintf(f, "\n[%s%s%s]\n", s->group->name, s->name ? " " : "", s->name ?: "");
	for (size_t i = 0; i < s->group->count; i++)
		if (belongs(s, &s->group->rows[i]))
			print_row(c, s, i, f);
}

int config_print(const struct config *c, FILE *f)
{
	fputs("# The configuration in effect; above each value stands where it comes from.\n", f);
	for (size_t g = 0; g < _GROUP_MAX; g++)
		for (size_t i = 0; i < c->record->groups[g].count; i++)
			print_section(c, c->record->groups[g].at[i], f);
	return fflush(f) != 0 || ferror(f) ? -EIO : 0;
}
