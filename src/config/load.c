/*
 * What stands in the lines: sections are opened, keys looked up, and what is
 * unknown is told with what is nearest.
 */
#include "config/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/check.h"
#include "config/reader.h"
#include "config/suggest.h"

static struct config_origin origin_at(const struct loader *l, unsigned line)
{
	return (struct config_origin){ .file = l->file, .line = line };
}

static void complain_section(
	const struct loader *l, unsigned line, const char *head, const char *sentence)
{
	config_error(l->p, "%s:%u: [%s]: %s", l->c->record->files[l->file], line, head, sentence);
}

/* A head whose first word is no group's name. */
static void unknown_section(const struct loader *l, unsigned line, const char *head, size_t length)
{
	struct suggestion nearest = { 0 };
	char sentence[256];

	for (size_t i = 0; i < _GROUP_MAX; i++)
		suggestion_offer(
			&nearest, head, length, config_group((enum config_group_id)i)->name);
	if (nearest.best)
		snprintf(sentence, sizeof(sentence), "no such section; did you mean [%s%s]?",
			nearest.best, head + length);
	else
		snprintf(sentence, sizeof(sentence),
			"no such section; wardgated --print-config lists them all");
	complain_section(l, line, head, sentence);
}

/* An instance of g. Returns as reader_events.section. */
static int open_instance(struct loader *l, const struct config_group *g, const char *head,
	const char *name, unsigned line)
{
	struct config_section *s;
	struct config_why why;
	char sentence[256];
	int r;

	if (!*name) {
		snprintf(sentence, sizeof(sentence), "has no name; write e.g. [%s %s]", g->name,
			g->example);
		complain_section(l, line, head, sentence);
		return CONFIG_E_INVALID;
	}
	r = config_check_name(name, &why);
	if (r != 0) {
		snprintf(sentence, sizeof(sentence), "\"%s\" %.180s", name, why.text);
		complain_section(l, line, head, sentence);
		return CONFIG_E_INVALID;
	}

	s = config_section_find(l->c, g, name);
	if (s && l->adopted && !((struct config_device *)s->base)->adopted) {
		config_warning(l->p,
			"%s:%u: [%s]: %s:%u has this device too, which counts; remove one of the "
			"two",
			l->c->record->files[l->file], line, head,
			config_origin_path(l->c->record, s->origin), s->origin.line);
		return CONFIG_E_INVALID;
	}

	r = config_section_open(l->c, g, name, origin_at(l, line), &s);
	if (r == -E2BIG) {
		snprintf(sentence, sizeof(sentence),
			"is one more than the %zu [%s] sections that one gateway takes",
			g->instances_max, g->name);
		if (!l->capped[g->id])
			complain_section(l, line, head, sentence);
		l->capped[g->id] = true;
		return CONFIG_E_INVALID;
	}
	if (r < 0)
		return r;
	if (l->adopted)
		((struct config_device *)s->base)->adopted = true;
	l->section = s;
	return 0;
}

static int on_section(const char *head, unsigned line, void *userdata)
{
	struct loader *l = userdata;
	size_t length = strcspn(head, " ");
	const struct config_group *g = config_group_by_name(head, length);
	const char *name = head + length + strspn(head + length, " ");

	l->section = NULL;
	if (!g) {
		unknown_section(l, line, head, length);
		return CONFIG_E_INVALID;
	}
	if (l->adopted && g->id != GROUP_DEVICE) {
		complain_section(l, line, head,
			"does not belong into devices.d, which holds [Device] sections only; move "
			"it to wardgate.conf");
		return CONFIG_E_INVALID;
	}
	if (g->instance_size > 0)
		return open_instance(l, g, head, name, line);
	if (*name) {
		char sentence[128];

		snprintf(sentence, sizeof(sentence), "takes no name; write [%s]", g->name);
		complain_section(l, line, head, sentence);
		return CONFIG_E_INVALID;
	}
	l->section = config_single(l->c, g->id);
	if (l->section->origin.line == 0)
		l->section->origin = origin_at(l, line);
	return 0;
}

/* Groups other than g that have the key. "[BLE], [Zigbee] or [CoAP]" */
static bool elsewhere(const struct config_group *g, const char *key, char *buf, size_t size)
{
	size_t n = 0;

	*buf = 0;
	for (size_t i = 0; i < _GROUP_MAX; i++) {
		const struct config_group *other = config_group((enum config_group_id)i);
		const struct config_row *row = config_row_by_key(other, key);

		if (other == g || !row || n >= size)
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s[%s%s]", n ? " or " : "", other->name,
			other->instance_size ? " NAME" : "");
	}
	return n > 0;
}

static void unknown_key(const struct loader *l, const char *key, const char *value, unsigned line)
{
	const struct config_group *g = l->section->group;
	struct suggestion nearest = { 0 };
	char place[CONFIG_PLACE_MAX], where[128];

	config_place(place, l->c->record, l->section, key, value, origin_at(l, line));
	for (size_t i = 0; i < g->count; i++)
		suggestion_offer(&nearest, key, strlen(key), g->rows[i].key);

	if (nearest.best && nearest.distance == 0)
		config_error(l->p, "%s: is written %s", place, nearest.best);
	else if (elsewhere(g, key, where, sizeof(where)))
		config_error(
			l->p, "%s: no such setting here; it belongs in section %s", place, where);
	else if (nearest.best)
		config_error(l->p, "%s: no such setting; did you mean %s?", place, nearest.best);
	else
		config_error(l->p, "%s: no such setting; wardgated --print-config lists them all",
			place);
}

static int on_assign(const char *key, const char *value, unsigned line, void *userdata)
{
	struct loader *l = userdata;
	const struct config_row *row = config_row_by_key(l->section->group, key);

	if (!row) {
		unknown_key(l, key, value, line);
		return 0;
	}
	return config_assign(l->c, l->section, row, value, origin_at(l, line), l->p);
}

int loader_text(struct loader *l, const char *path, const void *data, size_t size)
{
	struct reader_events events = { .section = on_section, .assign = on_assign, .userdata = l };
	int r;

	r = config_record_file(l->c->record, path, &l->file);
	if (r == -E2BIG) {
		config_error(l->p, "%s: is one more than the %d files that are read", path,
			CONFIG_FILES_MAX);
		return 0;
	}
	return r < 0 ? r : reader_run(path, data, size, &events, l->p);
}

int loader_state_directory(struct loader *l, const struct config_options *o)
{
	struct config *c = l->c;
	const char *all = o->state_directory ?: secure_getenv("STATE_DIRECTORY");
	size_t n = all ? strcspn(all, ":") : 0;

	if (c->gateway.state_directory)
		return 0;
	/* systemd.exec(5): several directories are separated by colons. */
	c->gateway.state_directory =
		n > 0 && *all == '/' ? strndup(all, n) : strdup("/var/lib/wardgate");
	return c->gateway.state_directory ? 0 : -ENOMEM;
}

int loader_complete(struct loader *l, const struct config_options *o)
{
	struct check k = { .c = l->c, .o = o, .p = l->p };
	int r;

	r = config_fill_lists(l->c);
	if (r == 0)
		r = config_finish(&k);
	if (r == 0)
		r = config_check(&k);
	return r == 0 ? config_problems_outcome(l->p) : r;
}

int config_read_texts(const struct config_text *texts, size_t count,
	const struct config_options *options, struct config **ret, struct config_problems *problems)
{
	const struct config_options none = { 0 }, *o = options ?: &none;
	_cleanup_(config_unrefp) struct config *c = NULL;
	struct loader l = { .p = problems };
	int r;

	r = config_new(&c);
	if (r < 0)
		return r;
	l.c = c;
	for (size_t i = 0; r == 0 && i < count; i++) {
		l.adopted = texts[i].adopted;
		r = loader_text(&l, texts[i].path, texts[i].data, texts[i].size);
	}
	if (r == 0)
		r = loader_state_directory(&l, o);
	if (r == 0)
		r = loader_complete(&l, o);
	if (r == 0)
		*ret = TAKE_PTR(c);
	return r;
}

int config_read_bytes(const char *path, const void *data, size_t size,
	const struct config_options *options, struct config **ret, struct config_problems *problems)
{
	struct config_text text = { .path = path, .data = data, .size = size };

	return config_read_texts(&text, 1, options, ret, problems);
}
