/*
 * What a backup holds. See archive.h.
 */
#include "ctl/archive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/seal.h"
#include "util/cleanup.h"
#include "util/text.h"

#define LINE_MAX_ 1400
#define FIRST "wardgate-archive 1"

static const char *const places[_PLACE_MAX] = {
	[PLACE_CONFIG] = "config",
	[PLACE_STATE] = "state",
	[PLACE_PATH] = "path",
};

const char *archive_place_text(enum archive_place p)
{
	return places[p];
}

static void file_done(struct archive_file *f)
{
	seal_wipe(f->data, f->size);
	free(f->name);
	*f = (struct archive_file){ 0 };
}

void archive_done(struct archive *a)
{
	for (size_t i = 0; i < a->count; i++)
		file_done(&a->files[i]);
	free(a->files);
	*a = (struct archive){ 0 };
}

/* --- what may stand in it --- */

/* No way out of its place: no empty, "." or ".." parts, no control characters. */
static bool name_is_good(enum archive_place place, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > ARCHIVE_NAME_MAX || (place == PLACE_PATH) != (*name == '/') ||
		!text_utf8_valid(name, n))
		return false;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	for (const char *part = name + (*name == '/'); part; part = strchr(part, '/')) {
		size_t length;

		part += *part == '/' && part != name;
		length = strcspn(part, "/");
		if (length == 0 || (length == 1 && part[0] == '.') ||
			(length == 2 && part[0] == '.' && part[1] == '.') || length > 255)
			return false;
	}
	return true;
}

static bool owner_is_good(const char *owner)
{
	size_t n =
		strspn(owner, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return n > 0 && n <= ARCHIVE_OWNER_MAX && owner[n] == 0;
}

const struct archive_file *archive_find(
	const struct archive *a, enum archive_place place, const char *name)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->files[i].place == place && strcmp(a->files[i].name, name) == 0)
			return &a->files[i];
	return NULL;
}

int archive_add(struct archive *a, struct archive_file *take_file)
{
	struct archive_file *f = take_file;

	if (!name_is_good(f->place, f->name) || !owner_is_good(f->owner) ||
		!owner_is_good(f->group) || (f->mode & ~(mode_t)0777) ||
		archive_find(a, f->place, f->name))
		return -EINVAL;
	if (a->count == ARCHIVE_FILES_MAX || f->size > ARCHIVE_FILE_MAX ||
		a->bytes + f->size > ARCHIVE_SIZE_MAX)
		return -EFBIG;
	if (a->count == a->room) {
		struct archive_file *grown =
			reallocarray(a->files, a->room * 2 + 32, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		a->files = grown;
		a->room = a->room * 2 + 32;
	}
	a->files[a->count++] = *f;
	a->bytes += f->size;
	*f = (struct archive_file){ 0 };
	return 0;
}

/* --- writing --- */

int archive_write(const struct archive *a, uint8_t **ret, size_t *ret_size)
{
	/* One buffer, so that no copies of keys are left behind by one that grows. */
	size_t size = a->bytes + LINE_MAX_ * (a->count + 5), at;
	uint8_t *data = malloc(size);

	if (!data)
		return -ENOMEM;
	at = (size_t)snprintf((char *)data, size, FIRST "\ngateway %s\nmade %s\nby %s\n",
		a->gateway, a->made, a->by);
	for (size_t i = 0; i < a->count; i++) {
		const struct archive_file *f = &a->files[i];

		at += (size_t)snprintf((char *)data + at, size - at, "file %s %04o %s:%s %zu %s\n",
			places[f->place], (unsigned)f->mode, f->owner, f->group, f->size, f->name);
		if (f->size > 0)
			memcpy(data + at, f->data, f->size);
		at += f->size;
		data[at++] = '\n';
	}
	at += (size_t)snprintf((char *)data + at, size - at, "end %zu\n", a->count);
	*ret = data;
	*ret_size = at;
	return 0;
}

/* --- reading --- */

struct reader {
	const uint8_t *at, *end;
	char line[LINE_MAX_]; /* the present one, without its end */
	unsigned number;
	char *why;
};

static int bad(struct reader *r, const char *what)
{
	snprintf(r->why, ARCHIVE_WHY_MAX, "line %u: %s", r->number, what);
	return -EBADMSG;
}

static int next_line(struct reader *r)
{
	size_t left = (size_t)(r->end - r->at);
	const uint8_t *end = left > 0 ? memchr(r->at, '\n', left) : NULL;
	size_t n = end ? (size_t)(end - r->at) : 0;

	r->number++;
	if (!end)
		return bad(r, "it ends too early");
	if (n >= sizeof(r->line) || memchr(r->at, 0, n))
		return bad(r, "that is no line of an archive");
	memcpy(r->line, r->at, n);
	r->line[n] = 0;
	r->at = end + 1;
	return 0;
}

/* A line "KEY VALUE". */
static int read_value(struct reader *r, const char *key, char *buf, size_t size)
{
	size_t n = strlen(key);
	int e = next_line(r);

	if (e < 0)
		return e;
	if (strncmp(r->line, key, n) != 0 || r->line[n] != ' ' || strlen(r->line + n + 1) >= size)
		return bad(r, "that is not what stands there in an archive");
	for (const char *p = r->line + n + 1; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			return bad(r, "there are characters in it that do not belong there");
	memcpy(buf, r->line + n + 1, strlen(r->line + n + 1) + 1);
	return 0;
}

/* The word at *at, which ends with the separator; *at goes behind it. */
static char *word(char **at, char separator)
{
	char *begin = *at, *end = strchr(begin, separator);

	if (!end)
		return NULL;
	*end = 0;
	*at = end + 1;
	return begin;
}

static bool number(const char *text, int base, uint64_t max, uint64_t *ret)
{
	const char *digits = base == 8 ? "01234567" : "0123456789";
	size_t n = strspn(text, digits);

	if (n == 0 || n > 9 || text[n])
		return false;
	*ret = strtoull(text, NULL, base);
	return *ret <= max;
}

/* "config 0640 root:wardgate 812 wardgate.conf" */
static bool parse_file(char *text, struct archive_file *f, const char **ret_name)
{
	const char *place = word(&text, ' '), *mode = word(&text, ' ');
	const char *owner = mode ? word(&text, ':') : NULL,
		   *group = owner ? word(&text, ' ') : NULL;
	const char *size = group ? word(&text, ' ') : NULL;
	uint64_t m, s;
	size_t i = 0;

	if (!size || !number(mode, 8, 0777, &m) || !number(size, 10, ARCHIVE_FILE_MAX, &s) ||
		strlen(owner) > ARCHIVE_OWNER_MAX || strlen(group) > ARCHIVE_OWNER_MAX)
		return false;
	while (i < _PLACE_MAX && strcmp(place, places[i]) != 0)
		i++;
	if (i == _PLACE_MAX)
		return false;
	f->place = (enum archive_place)i;
	f->mode = (mode_t)m;
	f->size = (size_t)s;
	snprintf(f->owner, sizeof(f->owner), "%s", owner);
	snprintf(f->group, sizeof(f->group), "%s", group);
	*ret_name = text;
	return true;
}

static int read_file(struct reader *r, struct archive *a)
{
	struct archive_file f = { 0 };
	const char *name;
	int e;

	if (!parse_file(r->line + strlen("file "), &f, &name))
		return bad(r, "that is no description of a file");
	if ((size_t)(r->end - r->at) < f.size + 1)
		return bad(r, "the file ends too early");
	if (r->at[f.size] != '\n')
		return bad(r, "the file is longer than it says");
	f.name = strdup(name);
	f.data = malloc(f.size ?: 1);
	if (!f.name || !f.data) {
		f.size = 0;
		file_done(&f);
		return -ENOMEM;
	}
	memcpy(f.data, r->at, f.size);
	r->at += f.size + 1;
	e = archive_add(a, &f);
	file_done(&f);
	if (e == -ENOMEM)
		return e;
	return e < 0 ? bad(r, e == -EFBIG ? "there is too much in it"
					  : "its name, owner or mode is none that may be, or it is "
					    "there twice")
		     : 0;
}

static int read_files(struct reader *r, struct archive *a)
{
	for (;;) {
		uint64_t count;
		int e = next_line(r);

		if (e < 0)
			return e;
		if (strncmp(r->line, "file ", 5) == 0) {
			e = read_file(r, a);
			if (e < 0)
				return e;
			continue;
		}
		if (strncmp(r->line, "end ", 4) != 0 ||
			!number(r->line + 4, 10, ARCHIVE_FILES_MAX, &count) || count != a->count)
			return bad(r, "neither a file nor the end");
		if (r->at != r->end)
			return bad(r, "something stands behind the end");
		if (a->count == 0 || a->files[0].place != PLACE_CONFIG)
			return bad(r, "it does not begin with the configuration");
		return 0;
	}
}

int archive_read(const uint8_t *data, size_t n, struct archive *ret, char why[ARCHIVE_WHY_MAX])
{
	struct reader r = { .at = data, .end = data + n, .why = why };
	int e = next_line(&r);

	if (e == 0 && strcmp(r.line, FIRST) != 0)
		e = bad(&r, "this is no archive, or one of a later version");
	if (e == 0)
		e = read_value(&r, "gateway", ret->gateway, sizeof(ret->gateway));
	if (e == 0)
		e = read_value(&r, "made", ret->made, sizeof(ret->made));
	if (e == 0)
		e = read_value(&r, "by", ret->by, sizeof(ret->by));
	if (e == 0)
		e = read_files(&r, ret);
	explicit_bzero(r.line, sizeof(r.line));
	if (e < 0)
		archive_done(ret);
	return e;
}
