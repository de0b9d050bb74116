/*
 * Sections, values and their origins: made, assigned, freed.
 */
#include "config/record.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/reader.h"

#define SHOWN_MAX 120 /* bytes of a value in a message */

/* Where the name of an instance stands in what it fills, for the rooms. */
static char **instance_name(enum config_group_id group, void *base)
{
	if (group == GROUP_DEVICE)
		return &((struct config_device *)base)->name;
	return group == GROUP_TAG ? &((struct config_tag *)base)->name : NULL;
}

static struct config_section *section_free(struct config_section *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->group->count; i++) {
		if (s->base)
			s->group->rows[i].type->clear(config_field(s, &s->group->rows[i]));
		free(s->values[i].items);
	}
	if (s->base && instance_name(s->group->id, s->base))
		free(*instance_name(s->group->id, s->base));
	if (s->own_base)
		free(s->base);
	free(s->name);
	free(s);
	return NULL;
}
WG_DEFINE_CLEANUP(struct config_section *, section_free)

static int section_new(struct config_section **ret, const struct config_group *g, void *base,
	const char *name, struct config_origin origin)
{
	_cleanup_(section_freep) struct config_section *s = NULL;
	int r;

	s = calloc(1, sizeof(*s) + g->count * sizeof(s->values[0]));
	if (!s)
		return -ENOMEM;
	s->group = g;
	s->origin = origin;
	s->own_base = !base;
	s->base = base ?: calloc(1, g->instance_size);
	if (!s->base)
		return -ENOMEM;
	if (name) {
		s->name = strdup(name);
		if (!s->name)
			return -ENOMEM;
	}
	if (name && instance_name(g->id, s->base)) {
		char **copy = instance_name(g->id, s->base);

		*copy = strdup(name);
		if (!*copy)
			return -ENOMEM;
	}
	for (size_t i = 0; i < g->count; i++) {
		r = config_set_default(s, &g->rows[i], g->rows[i].standard);
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(s);
	return 0;
}

/* Puts s at i. */
static int sections_insert(struct config_sections *l, size_t i, struct config_section *s)
{
	struct config_section **grown;

	if ((l->count & (l->count - 1)) == 0) { /* a power of two: the room is used up */
		grown = reallocarray(
			l->at, l->count ? l->count * 2 : 1, sizeof(struct config_section *));
		if (!grown)
			return -ENOMEM;
		l->at = grown;
	}
	memmove(l->at + i + 1, l->at + i, (l->count - i) * sizeof(struct config_section *));
	l->at[i] = s;
	l->count++;
	return 0;
}

int config_new(struct config **ret)
{
	_cleanup_(config_unrefp) struct config *c = NULL;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->refs = 1;
	c->record = calloc(1, sizeof(*c->record));
	if (!c->record)
		return -ENOMEM;

	for (size_t i = 0; i < _GROUP_MAX; i++) {
		const struct config_group *g = config_group((enum config_group_id)i);
		_cleanup_(section_freep) struct config_section *s = NULL;
		int r;

		if (g->instance_size > 0)
			continue;
		r = section_new(&s, g, c, NULL, (struct config_origin){ 0 });
		if (r < 0)
			return r;
		r = sections_insert(&c->record->groups[i], 0, s);
		if (r < 0)
			return r;
		TAKE_PTR(s);
	}
	*ret = TAKE_PTR(c);
	return 0;
}

struct config *config_ref(struct config *c)
{
	if (c)
		c->refs++;
	return c;
}

static void record_free(struct config_record *r)
{
	if (!r)
		return;
	for (size_t g = 0; g < _GROUP_MAX; g++) {
		for (size_t i = 0; i < r->groups[g].count; i++)
			section_free(r->groups[g].at[i]);
		free(r->groups[g].at);
	}
	for (size_t i = 0; i < r->file_count; i++)
		free(r->files[i]);
	free(r->files);
	free(r);
}

struct config *config_unref(struct config *c)
{
	if (!c || --c->refs > 0)
		return NULL;

	/* The sections own what the rows' fields point to, also those of c->devices and
	 * c->tags. */
	record_free(c->record);
	free(c->devices);
	free(c->tags);
	for (size_t i = 0; i < c->rule_count; i++) {
		for (size_t k = 0; k < c->rules[i].count; k++) {
			free(c->rules[i].items[k].key);
			free(c->rules[i].items[k].value);
			free(c->rules[i].items[k].origin);
		}
		free(c->rules[i].items);
		free(c->rules[i].name);
	}
	free(c->rules);
	free(c->mqtt.topic_prefix);
	free(c);
	return NULL;
}

int config_record_file(struct config_record *r, const char *path, uint32_t *ret)
{
	char **grown, *copy;

	if (r->file_count >= CONFIG_FILES_MAX)
		return -E2BIG;
	copy = strdup(path);
	grown = reallocarray(r->files, r->file_count + 1, sizeof(*grown));
	if (grown)
		r->files = grown;
	if (!copy || !grown) {
		free(copy);
		return -ENOMEM;
	}
	*ret = (uint32_t)r->file_count;
	r->files[r->file_count++] = copy;
	return 0;
}

const char *config_origin_path(const struct config_record *r, struct config_origin o)
{
	return o.file < r->file_count ? r->files[o.file] : "";
}

struct config_section *config_single(const struct config *c, enum config_group_id id)
{
	return c->record->groups[id].at[0];
}

/* Where name is, or would be. */
static size_t search(const struct config_sections *l, const char *name, bool *ret_found)
{
	size_t low = 0, high = l->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, l->at[middle]->name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct config_section *config_section_find(
	const struct config *c, const struct config_group *g, const char *name)
{
	const struct config_sections *l = &c->record->groups[g->id];
	bool found;
	size_t i = search(l, name, &found);

	return found ? l->at[i] : NULL;
}

int config_section_open(struct config *c, const struct config_group *g, const char *name,
	struct config_origin origin, struct config_section **ret)
{
	struct config_sections *l = &c->record->groups[g->id];
	_cleanup_(section_freep) struct config_section *s = NULL;
	bool found;
	size_t i = search(l, name, &found);
	int r;

	if (found) {
		*ret = l->at[i];
		return 0;
	}
	if (l->count >= g->instances_max)
		return -E2BIG;
	r = section_new(&s, g, NULL, name, origin);
	if (r < 0)
		return r;
	r = sections_insert(l, i, s);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

void config_section_drop(struct config *c, struct config_section *s)
{
	struct config_sections *l = &c->record->groups[s->group->id];
	bool found;
	size_t i = search(l, s->name, &found);

	if (!found)
		return;
	/* sections_insert() grows at powers of two: room beyond the count is never counted on. */
	memmove(l->at + i, l->at + i + 1, (l->count - i - 1) * sizeof(struct config_section *));
	l->count--;
	section_free(s);
}

bool config_key_is_secret(const char *key)
{
	static const char *const words[] = { "pass", "secret", "psk", "pin", "code", "token",
		"credential", "privatekey", "bindkey", "networkkey", "sharedkey", "linkkey",
		"apikey", "auth" };
	size_t n = strlen(key);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(key, words[i]))
			return true;
	return n >= 3 && strcasecmp(key + n - 3, "key") == 0;
}

/* Whether the key is one that people put user:password@host into. */
static bool key_is_host(const char *key)
{
	static const char *const words[] = { "broker", "host", "server", "uri", "url" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(key, words[i]))
			return true;
	return false;
}

/* A value fit for a message: cut, and without what may be a secret. */
static void shown(char *buf, size_t size, const char *key, const char *value)
{
	const char *at = strrchr(value, '@');

	if (config_key_is_secret(key) && *value && *value != '/' &&
		strncmp(value, "credential:", 11) != 0)
		snprintf(buf, size, "***");
	else if (at && (key_is_host(key) || strstr(value, "://")))
		snprintf(buf, size, "***%.*s", SHOWN_MAX, at);
	else if (strlen(value) > SHOWN_MAX)
		snprintf(buf, size, "%.*s...", (int)config_utf8_span(value, SHOWN_MAX), value);
	else
		snprintf(buf, size, "%s", value);
}

void config_place(char *buf, const struct config_record *r, const struct config_section *s,
	const char *key, const char *value, struct config_origin origin)
{
	char line[16] = "", text[2 * SHOWN_MAX + 32] = "";

	if (origin.line > 0)
		snprintf(line, sizeof(line), ":%u", origin.line);
	if (key && value)
		shown(text, sizeof(text), key, value);
	snprintf(buf, CONFIG_PLACE_MAX, "%s%s: [%s%s%s]%s%s%s%s", config_origin_path(r, origin),
		line, s->group->name, s->name ? " " : "", s->name ?: "", key ? " " : "", key ?: "",
		key && value ? "=" : "", text);
}

void config_format_all(const struct config_section *s, const struct config_row *row, char *buf)
{
	const void *field = config_field(s, row);
	size_t count = row->type->count(row, field), used = 0;
	char item[CONFIG_VALUE_MAX];

	*buf = 0;
	for (size_t i = 0; i < count; i++) {
		int n;

		row->type->format(row, field, i, item);
		n = snprintf(buf + used, CONFIG_VALUE_MAX - used, "%s%s", i ? " " : "", item);
		used += (size_t)n;
		if (used >= CONFIG_VALUE_MAX)
			break;
	}
}

static int note_items(struct config_value *v, size_t count, struct config_origin origin)
{
	struct config_origin *grown;

	if (count <= v->item_count) {
		v->item_count = count;
		return 0;
	}
	grown = reallocarray(v->items, count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	v->items = grown;
	while (v->item_count < count)
		v->items[v->item_count++] = origin;
	return 0;
}

/* Says what is wrong with a value. */
static void refuse(struct config *c, struct config_section *s, const struct config_row *row,
	const char *value, struct config_origin origin, const char *sentence,
	struct config_problems *p)
{
	char place[CONFIG_PLACE_MAX];

	config_value(s, row)->bad = true;
	config_place(place, c->record, s, row->key, value, origin);
	config_error(p, "%s: %s", place, sentence);
}

static int assign_list(struct config *c, struct config_section *s, const struct config_row *row,
	const char *value, struct config_origin origin, struct config_problems *p)
{
	struct config_value *v = config_value(s, row);
	void *field = config_field(s, row);
	char item[READER_LINE_MAX + 1];
	struct config_why why;
	size_t n;

	if (!*value || v->origin.line == 0) {
		row->type->clear(field);
		v->item_count = 0;
	}
	v->origin = origin;
	for (; *value; value += n + strspn(value + n, " ")) {
		int r;

		/* A line of the reader fits; others who assign give single items. */
		n = strcspn(value, " ");
		snprintf(item, sizeof(item), "%.*s", (int)n, value);
		if (item[strlen(item) - 1] == ',')
			r = config_refuse(&why, "ends with a comma; separate items with blanks");
		else
			r = row->type->parse(row, item, field, &why);
		if (r < 0)
			return r;
		if (r > 0)
			refuse(c, s, row, item, origin, why.text, p);
	}
	return note_items(v, row->type->count(row, field), origin);
}

static int assign_plain(struct config *c, struct config_section *s, const struct config_row *row,
	const char *value, struct config_origin origin, struct config_problems *p)
{
	struct config_value *v = config_value(s, row);
	void *field = config_field(s, row);
	struct config_origin before = v->origin;
	struct config_why why;
	int r;

	v->origin = origin;
	if (before.line > 0 && before.file == origin.file) {
		r = config_refuse(
			&why, "is set again; line %u has it, keep one of the two", before.line);
	} else if (!*value) {
		row->type->clear(field);
		r = row->flags & ROW_EMPTY_IS_NONE ? 0 : config_set_default(s, row, row->standard);
	} else {
		r = row->type->parse(row, value, field, &why);
	}
	if (r > 0)
		refuse(c, s, row, value, origin, why.text, p);
	return r < 0 ? r : 0;
}

int config_assign(struct config *c, struct config_section *s, const struct config_row *row,
	const char *value, struct config_origin origin, struct config_problems *p)
{
	config_value(s, row)->given = *value;
	return (row->type->list ? assign_list : assign_plain)(c, s, row, value, origin, p);
}

int config_set_default(struct config_section *s, const struct config_row *row, const char *standard)
{
	struct config_value *v = config_value(s, row);
	void *field = config_field(s, row);
	char item[CONFIG_VALUE_MAX];
	struct config_why why;

	while (*standard) {
		size_t n = row->type->list ? strcspn(standard, " ") : strlen(standard);
		int r;

		snprintf(item, sizeof(item), "%.*s", (int)n, standard);
		r = row->type->parse(row, item, field, &why);
		if (r != 0)
			return r < 0 ? r : -EINVAL;
		standard += n + strspn(standard + n, " ");
	}
	return row->type->list ? note_items(v, row->type->count(row, field), v->origin) : 0;
}

int config_fill_lists(struct config *c)
{
	for (size_t g = 0; g < _GROUP_MAX; g++)
		for (size_t i = 0; i < c->record->groups[g].count; i++) {
			struct config_section *s = c->record->groups[g].at[i];

			for (size_t k = 0; k < s->group->count; k++) {
				const struct config_row *row = &s->group->rows[k];
				int r;

				if (!row->type->list || s->values[k].bad ||
					row->type->count(row, config_field(s, row)) > 0)
					continue;
				r = config_set_default(s, row, row->standard);
				if (r < 0)
					return r;
			}
		}
	return 0;
}

const struct config_device *config_device_find(const struct config *c, const char *name)
{
	size_t low = 0, high = c->device_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int r = strcmp(name, c->devices[middle].name);

		if (r == 0)
			return &c->devices[middle];
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
