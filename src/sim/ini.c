/* INI lines and values; see ini.h. */
#include "sim/ini.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

void ini_problem(struct ini *i, const char *format, ...)
{
	va_list ap;

	i->problems++;
	if (i->quiet)
		return;
	fprintf(stderr, "%s:%d: ", i->path, i->line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void ini_no_such_word(
	struct ini *i, const char *key, const char *value, const char *(*next)(size_t index))
{
	char words[1024];
	size_t n = 0;

	words[0] = 0;
	for (size_t k = 0; next(k) && n < sizeof(words); k++)
		n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s",
			!k            ? ""
			: next(k + 1) ? ", "
				      : " or ",
			next(k));
	ini_problem(i, "%s=%s: no such word; give %s", key, value, words);
}

static char *trim(char *s)
{
	size_t n;

	while (*s == ' ' || *s == '\t')
		s++;
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		s[--n] = 0;
	return s;
}

/* "[Kind NAME]" into its parts. */
static void read_head(
	struct ini *i, char *line, char kind[static INI_LINE_MAX], char name[static INI_LINE_MAX])
{
	size_t n = strlen(line);
	char *space;

	kind[0] = name[0] = 0;
	if (line[n - 1] != ']') {
		ini_problem(i, "a section's head ends with ]");
		return;
	}
	line[n - 1] = 0;
	line = trim(line + 1);
	space = strpbrk(line, " \t");
	if (space) {
		*space = 0;
		snprintf(name, INI_LINE_MAX, "%s", trim(space + 1));
	}
	snprintf(kind, INI_LINE_MAX, "%s", line);
}

int ini_read(struct ini *i, const char *path, ini_fn fn, void *userdata)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "re");
	char line[INI_LINE_MAX], kind[INI_LINE_MAX] = "", name[INI_LINE_MAX] = "";

	*i = (struct ini){ .path = path, .quiet = i->quiet };
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		bool whole = strchr(line, '\n') || feof(f);
		char *at = trim(line), *equals;

		i->line++;
		if (!whole)
			ini_problem(i, "longer than %d bytes", INI_LINE_MAX - 2);
		if (!strchr("#;", *at) && line[0] != at[0])
			ini_problem(i, "indented: start the line at the margin");
		if (!*at || *at == '#' || *at == ';')
			continue;
		if (*at == '[') {
			read_head(i, at, kind, name);
			if (*kind)
				fn(i, kind, name, NULL, NULL, userdata);
			continue;
		}
		equals = strchr(at, '=');
		if (!equals) {
			ini_problem(i, "neither [Section] nor Key=value: %.40s", at);
			continue;
		}
		*equals = 0;
		if (*kind)
			fn(i, kind, name, trim(at), trim(equals + 1), userdata);
		else
			ini_problem(i, "%s= stands before any section", trim(at));
	}
	return ferror(f) ? -EIO : 0;
}

int ini_duration(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *suffix;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 } };
	char *end;
	double v = strtod(text, &end);

	if (end == text || !isdigit((unsigned char)*text))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		v *= (double)units[i].ms;
		if (!(v <= 1e12))
			return -EINVAL;
		*ret_ms = (int64_t)(v + 0.5);
		return 0;
	}
	return -EINVAL;
}

int ini_number(const char *text, int64_t low, int64_t high, int64_t *ret)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end || errno || v < low || v > high)
		return -EINVAL;
	*ret = v;
	return 0;
}

int ini_percent(const char *text, unsigned *ret_thousandths)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(v >= 0 && v <= 100))
		return -EINVAL;
	*ret_thousandths = (unsigned)(v * 10 + 0.5);
	return 0;
}

void ini_wrong(struct ini *i, const char *key, const char *value, const char *right)
{
	ini_problem(i, "%s=%s: %s", key, value, right);
}

void ini_take_number(
	struct ini *i, const char *key, const char *value, int64_t low, int64_t high, int64_t *to)
{
	if (ini_number(value, low, high, to) < 0)
		ini_problem(i, "%s=%s: not a whole number of %lld to %lld", key, value,
			(long long)low, (long long)high);
}

bool ini_take_duration(struct ini *i, const char *key, const char *value, int64_t *to)
{
	if (ini_duration(value, to) == 0)
		return true;
	ini_wrong(i, key, value, "not a duration; give for instance 250ms, 15s, 5min or 1h");
	return false;
}

void ini_take_percent(struct ini *i, const char *key, const char *value, unsigned *to_thousandths)
{
	if (ini_percent(value, to_thousandths) < 0)
		ini_wrong(i, key, value, "not a percentage; give for instance 5%");
}

void ini_take_text(struct ini *i, const char *key, const char *value, char *to, size_t size)
{
	if (snprintf(to, size, "%s", value) >= (int)size)
		ini_wrong(i, key, value, "too long");
}

void ini_check_name(struct ini *i, const char *kind, const char *name, size_t max)
{
	if (!*name || strlen(name) > max ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name))
		ini_problem(i, "[%s %s]: a name of a-z, 0-9 and - is wanted, at most %zu long",
			kind, name, max);
}

void *ini_grow(struct ini *i, void *list, size_t *count, size_t max, size_t size, int *ret_error)
{
	char **at = list, *p;

	if (*count >= max) {
		i->quiet = false;
		ini_problem(i, "more than %zu of these", max);
		*ret_error = -E2BIG;
		return NULL;
	}
	p = reallocarray(*at, *count + 1, size);
	if (!p) {
		*ret_error = -ENOMEM;
		return NULL;
	}
	*at = p;
	memset(p + *count * size, 0, size);
	return p + (*count)++ * size;
}
