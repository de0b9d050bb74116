/*
 * The checks' common means, and those that are about every section.
 */
#include "config/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct config_origin origin_of(struct config_section *s, const struct config_row *row)
{
	struct config_value *v = config_value(s, row);

	return v->origin.line > 0 ? v->origin : s->origin;
}

__attribute__((format(printf, 7, 0))) static void say(struct check *k, bool error,
	struct config_section *s, const char *key, const char *value, struct config_origin origin,
	const char *format, va_list ap)
{
	char place[CONFIG_PLACE_MAX], sentence[1024];

	vsnprintf(sentence, sizeof(sentence), format, ap);
	config_place(place, k->c->record, s, key, value, origin);
	if (error)
		config_error(k->p, "%s: %s", place, sentence);
	else
		config_warning(k->p, "%s: %s", place, sentence);
}

/* The value as a message shows it: what a file sets, or NULL. */
static const char *shown(struct config_section *s, const struct config_row *row, char *buf)
{
	if (!config_value(s, row)->given)
		return NULL;
	config_format_all(s, row, buf);
	return buf;
}

__attribute__((format(printf, 5, 0))) static void say_setting(struct check *k, bool error,
	struct config_section *s, const char *key, const char *format, va_list ap)
{
	const struct config_row *row = config_row_by_key(s->group, key);
	char value[CONFIG_VALUE_MAX];

	if (!config_value(s, row)->bad)
		say(k, error, s, key, shown(s, row, value), origin_of(s, row), format, ap);
}

void config_blame(
	struct check *k, struct config_section *s, const char *key, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_setting(k, true, s, key, format, ap);
	va_end(ap);
}

void config_doubt(
	struct check *k, struct config_section *s, const char *key, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_setting(k, false, s, key, format, ap);
	va_end(ap);
}

__attribute__((format(printf, 6, 0))) static void say_item(struct check *k, bool error,
	struct config_section *s, const char *key, size_t item, const char *format, va_list ap)
{
	const struct config_row *row = config_row_by_key(s->group, key);
	struct config_value *v = config_value(s, row);
	char value[CONFIG_VALUE_MAX];

	row->type->format(row, config_field(s, row), item, value);
	say(k, error, s, key, value, item < v->item_count ? v->items[item] : origin_of(s, row),
		format, ap);
}

void config_blame_item(struct check *k, struct config_section *s, const char *key, size_t item,
	const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_item(k, true, s, key, item, format, ap);
	va_end(ap);
}

void config_doubt_item(struct check *k, struct config_section *s, const char *key, size_t item,
	const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_item(k, false, s, key, item, format, ap);
	va_end(ap);
}

bool config_is_given(struct config_section *s, const char *key)
{
	return config_value(s, config_row_by_key(s->group, key))->given;
}

void config_where(
	const struct check *k, struct config_section *s, const char *key, char *buf, size_t size)
{
	struct config_origin o = origin_of(s, config_row_by_key(s->group, key));

	snprintf(buf, size, "%s:%u", config_origin_path(k->c->record, o), o.line);
}

int config_check_file(struct check *k, struct config_section *s, const char *key)
{
	const struct config_row *row = config_row_by_key(s->group, key);
	const char *value = *(char **)config_field(s, row);
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	struct stat st;
	int r;

	if (k->o->bytes_only || !value || config_value(s, row)->bad)
		return 0;
	r = config_secret_path(value, &path);
	if (r == -ENXIO) {
		config_doubt(k, s, key,
			"cannot be checked here: only the service itself has "
			"$CREDENTIALS_DIRECTORY");
		return 0;
	}
	if (r < 0)
		return r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		config_blame(k, s, key, "%s cannot be read: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		config_blame(k, s, key, "%s is %s; give a regular file", path,
			S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
	else if (st.st_size == 0)
		config_blame(k, s, key, "%s is empty", path);
	else if ((row->flags & ROW_PRIVATE_FILE) && (st.st_mode & S_IRWXO))
		config_doubt(k, s, key,
			"%s has mode %04o, so that every user can read it; chmod 0640 %s", path,
			st.st_mode & 07777, path);
	return 0;
}

/* Required keys that no file has. */
static void check_required(struct check *k, struct config_section *s)
{
	for (size_t i = 0; i < s->group->count; i++) {
		const struct config_row *row = &s->group->rows[i];

		if ((row->flags & ROW_REQUIRED) && !s->values[i].given)
			config_blame(k, s, row->key, "is missing; give e.g. %s=%s", row->key,
				row->example);
	}
}

int config_check(struct check *k)
{
	int r;

	for (size_t g = 0; g < _GROUP_MAX; g++)
		for (size_t i = 0; i < k->c->record->groups[g].count; i++)
			check_required(k, k->c->record->groups[g].at[i]);

	r = config_check_mqtt(k);
	if (r == 0)
		r = config_check_store(k);
	if (r == 0)
		r = config_check_drivers(k);
	if (r == 0)
		r = config_check_annunciator(k);
	if (r == 0)
		r = config_check_devices(k);
	config_check_tags(k);
	if (r == 0)
		r = config_check_rules(k);
	return r;
}
