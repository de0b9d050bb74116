/*
 * Files, in their order, into a struct config. The lines are config/reader.c's,
 * the values config/record.c's, what they mean together config/check.c's.
 */
#include "config/read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/check.h"
#include "config/reader.h"
#include "config/record.h"
#include "config/suggest.h"

struct loader {
	struct config *c;
	struct config_problems *p;
	bool adopted; /* in devices.d */
	uint32_t file;
	struct config_section *section; /* the present one */
	bool capped[_GROUP_MAX];        /* too many were reported */
};

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
		suggestion_offer(&nearest, head, length, config_groups[i].name);
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
		const struct config_group *other = &config_groups[i];
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

/* Returns 0, whatever stood in the lines, or a negative errno. */
static int read_text(struct loader *l, const char *path, const void *data, size_t size)
{
	struct reader_events events = { .section = on_section, .assign = on_assign, .userdata = l };
	int r;

	r = config_record_file(l->c->record, path, &l->file);
	if (r == -E2BIG) {
		config_error(l->p, "%s: is one more than the %d files that are read", path,
			CONFIG_FILES_MAX);
		return CONFIG_E_INVALID;
	}
	return r < 0 ? r : reader_run(path, data, size, &events, l->p);
}

int config_load_file(const char *path, size_t max, char **ret, size_t *ret_size, char *ret_why)
{
	_cleanup_(closep) int fd = -1;
	_cleanup_(freep) char *data = NULL;
	struct stat st;
	size_t n = 0;

	/* O_NONBLOCK: a FIFO must not make us wait before we see that it is one. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(ret_why, 256, "cannot be read: %s", strerror(errno));
		return CONFIG_E_INVALID;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(ret_why, 256, "is %s; give a regular file",
			S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
		return CONFIG_E_INVALID;
	}

	data = malloc(max + 2);
	if (!data)
		return -ENOMEM;
	while (n <= max) {
		ssize_t got = read(fd, data + n, max + 1 - n);

		if (got < 0) {
			snprintf(ret_why, 256, "cannot be read: %s", strerror(errno));
			return CONFIG_E_INVALID;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n > max) {
		snprintf(ret_why, 256, "is larger than %zu KiB; no such file needs that",
			max / 1024);
		return CONFIG_E_INVALID;
	}
	data[n] = 0;
	*ret_size = n;
	*ret = TAKE_PTR(data);
	return 0;
}

/* Returns 0, CONFIG_E_INVALID when the file as such could not be read (which p says), or a negative
 * errno. */
static int read_file(struct loader *l, const char *path)
{
	_cleanup_(freep) char *data = NULL;
	char why[256];
	size_t size;
	int r;

	r = config_load_file(path, CONFIG_FILE_MAX, &data, &size, why);
	if (r < 0)
		return r;
	if (r > 0) {
		config_error(l->p, "%s: %s", path, why);
		return CONFIG_E_INVALID;
	}
	return read_text(l, path, data, size);
}

static int is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All of a directory that may be missing. */
static int read_directory(struct loader *l, const char *directory)
{
	struct dirent **entries = NULL;
	int n, r = 0;

	n = scandir(directory, &entries, is_conf, by_name);
	if (n < 0) {
		if (errno == ENOMEM)
			return -ENOMEM;
		if (errno != ENOENT)
			config_error(l->p, "%s: cannot be read: %s", directory, strerror(errno));
		return 0;
	}
	for (int i = 0; i < n; i++) {
		_cleanup_(freep) char *path = NULL;

		if (r >= 0 && asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0) {
			path = NULL;
			r = -ENOMEM;
		}
		if (r >= 0)
			r = read_file(l, path);
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : 0;
}

static int read_drop_ins(struct loader *l, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *directory = NULL;

	if (asprintf(&directory, "%.*sconf.d", slash ? (int)(slash + 1 - path) : 0, path) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	return read_directory(l, directory);
}

static int read_adopted(struct loader *l)
{
	_cleanup_(freep) char *directory = NULL;

	if (asprintf(&directory, "%s/devices.d", l->c->gateway.state_directory) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	l->adopted = true;
	return read_directory(l, directory);
}

static int set_state_directory(struct config *c, const struct config_options *o)
{
	const char *all = o->state_directory ?: secure_getenv("STATE_DIRECTORY");
	size_t n = all ? strcspn(all, ":") : 0;

	if (c->gateway.state_directory)
		return 0;
	/* systemd.exec(5): several directories are separated by colons. */
	c->gateway.state_directory =
		n > 0 && *all == '/' ? strndup(all, n) : strdup("/var/lib/wardgate");
	return c->gateway.state_directory ? 0 : -ENOMEM;
}

/* All that comes after the lines. */
static int complete(struct loader *l, const struct config_options *o, struct config **ret)
{
	struct check k = { .c = l->c, .o = o, .p = l->p };
	int r;

	r = config_fill_lists(l->c);
	if (r == 0)
		r = config_finish(&k);
	if (r == 0)
		r = config_check(&k);
	if (r == 0)
		r = config_problems_outcome(l->p);
	if (r == 0)
		*ret = TAKE_PTR(l->c);
	return r;
}

int config_read(const char *path, const struct config_options *options, struct config **ret,
	struct config_problems *problems)
{
	const struct config_options none = { 0 }, *o = options ?: &none;
	_cleanup_(config_unrefp) struct config *c = NULL;
	struct loader l = { .p = problems };
	int r;

	r = config_new(&c);
	if (r < 0)
		return r;
	l.c = c;
	r = read_file(&l, path);
	if (r == 0)
		r = read_drop_ins(&l, path);
	if (r == 0)
		r = set_state_directory(c, o);
	if (r == 0)
		r = read_adopted(&l);
	if (r == 0)
		r = complete(&l, o, ret);
	if (r == 0)
		TAKE_PTR(c);
	return r;
}

int config_read_bytes(const char *path, const void *data, size_t size,
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
	r = read_text(&l, path, data, size);
	if (r == 0)
		r = set_state_directory(c, o);
	if (r == 0)
		r = complete(&l, o, ret);
	if (r == 0)
		TAKE_PTR(c);
	return r;
}
