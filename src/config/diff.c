/*
 * Comparing configurations: values are the same when they are written the same.
 */
#include "config/diff.h"

#include <errno.h>
#include <string.h>

#include "config/check.h"

static bool same_row(const struct config_section *a, const struct config_section *b,
	const struct config_row *row)
{
	const void *x = config_field(a, row), *y = config_field(b, row);
	size_t count = row->type->count(row, x);
	char s[CONFIG_VALUE_MAX], t[CONFIG_VALUE_MAX];

	if (count != row->type->count(row, y))
		return false;
	for (size_t i = 0; i < count; i++) {
		row->type->format(row, x, i, s);
		row->type->format(row, y, i, t);
		if (strcmp(s, t) != 0)
			return false;
	}
	return true;
}

static void diff_rows(const struct config_section *a, const struct config_section *b,
	config_change_fn fn, void *userdata)
{
	for (size_t i = 0; i < a->group->count; i++) {
		const struct config_row *row = &a->group->rows[i];
		struct config_change change = { .section = a->group->name,
			.name = a->name,
			.key = row->key,
			.session = row->apply == APPLY_SESSION,
			.restart = row->apply == APPLY_RESTART };

		if (!same_row(a, b, row))
			fn(&change, userdata);
	}
}

static void tell_section(const struct config_section *s, config_change_fn fn, void *userdata)
{
	struct config_change change = {
		.section = s->group->name, .name = s->name, .session = true
	};

	fn(&change, userdata);
}

/* Instances of one group, both in the order of names. */
static void diff_sections(const struct config_sections *a, const struct config_sections *b,
	config_change_fn fn, void *userdata)
{
	size_t i = 0, j = 0;

	while (i < a->count || j < b->count) {
		int order = i == a->count   ? 1
			    : j == b->count ? -1
					    : strcmp(a->at[i]->name ?: "", b->at[j]->name ?: "");

		if (order < 0)
			tell_section(a->at[i++], fn, userdata);
		else if (order > 0)
			tell_section(b->at[j++], fn, userdata);
		else
			diff_rows(a->at[i++], b->at[j++], fn, userdata);
	}
}

void config_diff(
	const struct config *a, const struct config *b, config_change_fn fn, void *userdata)
{
	for (size_t g = 0; g < _GROUP_MAX; g++)
		diff_sections(&a->record->groups[g], &b->record->groups[g], fn, userdata);
}

static void note_any(const struct config_change *change, void *userdata)
{
	*(bool *)userdata = true;
}

static void note_session(const struct config_change *change, void *userdata)
{
	if (change->session || change->restart)
		*(bool *)userdata = true;
}

bool config_same(const struct config *a, const struct config *b)
{
	bool differ = false;

	config_diff(a, b, note_any, &differ);
	return !differ;
}

bool config_same_session(const struct config *a, const struct config *b, const char *section)
{
	const struct config_group *g = config_group_by_name(section, strlen(section));
	bool differ = false;

	if (strcmp(section, "MQTT") == 0 &&
		(strcmp(a->mqtt.topic_prefix, b->mqtt.topic_prefix) != 0 ||
			strcmp(a->mqtt.client_id, b->mqtt.client_id) != 0 ||
			strcmp(a->gateway.name, b->gateway.name) != 0))
		return false;
	diff_sections(&a->record->groups[g->id], &b->record->groups[g->id], note_session, &differ);
	return !differ;
}

/* Puts the running value in place of the next one. */
static int keep_row(struct check *k, struct config_section *next,
	const struct config_section *running, const struct config_row *row)
{
	void *field = config_field(next, row);
	char value[CONFIG_VALUE_MAX];
	struct config_why why;
	int r;

	if (row->type->count(row, config_field(running, row)) == 0)
		return 0; /* the running one has none: nothing of the kind is in the schema */
	row->type->format(row, config_field(running, row), 0, value);
	config_doubt(
		k, next, row->key, "counts only after a restart; until then it stays %s", value);
	r = row->type->parse(row, value, field, &why);
	return r < 0 ? r : 0;
}

int config_keep_running(
	struct config *next, const struct config *running, struct config_problems *p)
{
	const struct config_options none = { 0 };
	struct check k = { .c = next, .o = &none, .p = p };

	for (size_t g = 0; g < _GROUP_MAX; g++) {
		struct config_section *s, *was;

		if (config_group((enum config_group_id)g)->instance_size > 0)
			continue;
		s = config_single(next, (enum config_group_id)g);
		was = config_single(running, (enum config_group_id)g);
		for (size_t i = 0; i < s->group->count; i++) {
			const struct config_row *row = &s->group->rows[i];
			int r = row->apply == APPLY_RESTART && !same_row(s, was, row)
					? keep_row(&k, s, was, row)
					: 0;

			if (r < 0)
				return r;
		}
	}
	return config_derive(next);
}
