/*
 * Files of timelines: tests/vectors/alarms/README.md says what is in them.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/alarms/timeline.h"

struct file {
	const char *path;
	unsigned line, wrong;
	bool restarts;
	bool running;
	char name[128];
	struct timeline t;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What comes at one moment, sorted: after a restart the order within a moment may be another. */
static void sort(const char *text, char *ret, size_t size)
{
	char *copy = strdup(text), *at = copy, *pieces[64];
	size_t count = 0, n = 0;

	while (at && count < 64) {
		char *next = strstr(at, " | ");

		if (next)
			*next = 0;
		if (*at == '@')
			at = strchr(at, ' ') + 1;
		pieces[count++] = at;
		at = next ? next + 3 : NULL;
	}
	qsort(pieces, count, sizeof(pieces[0]), compare);
	for (size_t i = 0; i < count; i++)
		n += (size_t)snprintf(ret + n, size - n, " | %s", pieces[i]);
	free(copy);
}

static bool same(const struct file *f, const char *got, const char *expected)
{
	char a[4096], b[4096];

	if (!f->restarts)
		return strcmp(got, expected) == 0;
	sort(got, a, sizeof(a));
	sort(expected, b, sizeof(b));
	return strcmp(a, b) == 0;
}

static void check(struct file *f, const char *expected)
{
	const char *got = timeline_take(&f->t);

	if (same(f, got[0] ? got : "-", expected))
		return;
	printf("%s:%u: %s%s\n  expected: %s\n  got:      %s\n", f->path, f->line, f->name,
		f->restarts ? " (with restarts)" : "", expected, got[0] ? got : "-");
	f->wrong++;
}

static void row(struct file *f, char *line)
{
	char *event = strchr(line, '\t'), *expected = event ? strchr(event + 1, '\t') : NULL;

	if (!expected) {
		printf("%s:%u: no time, event and expectation\n", f->path, f->line);
		f->wrong++;
		return;
	}
	*event++ = 0;
	*expected++ = 0;
	timeline_advance(&f->t, TIMELINE_BOOT + timeline_duration(line));
	if (f->restarts && !timeline_restart(&f->t, 0)) {
		printf("%s:%u: %s: the restart before this row failed\n", f->path, f->line,
			f->name);
		f->wrong++;
	}
	if (!timeline_event(&f->t, event)) {
		printf("%s:%u: no event: %s\n", f->path, f->line, event);
		f->wrong++;
	}
	check(f, expected);
}

static void begin(struct file *f, const char *name)
{
	if (f->running)
		timeline_end(&f->t);
	snprintf(f->name, sizeof(f->name), "%s", name);
	timeline_begin(&f->t, strstr(name, "training") != NULL);
	f->running = true;
}

static void read_line(struct file *f, char *line)
{
	line[strcspn(line, "\n")] = 0;
	if (!line[0] || line[0] == '#')
		return;
	if (strncmp(line, "case\t", 5) == 0) {
		begin(f, line + 5);
	} else if (strncmp(line, "rule\t", 5) == 0) {
		if (!timeline_rule(&f->t, line + 5))
			check(f, "a rule that is taken");
	} else if (strncmp(line, "refused\t", 8) == 0) {
		/* refused<TAB>what is said<TAB>rule */
		char *rule = strchr(line + 8, '\t');

		*rule++ = 0;
		timeline_rule(&f->t, rule);
		f->t.config_count--;
		check(f, line + 8);
	} else if (strncmp(line, "change\t", 7) == 0) {
		/* change<TAB>expected<TAB>rule: the configuration with it in its namesake's place
		 */
		char *rule = strchr(line + 7, '\t');
		size_t n, i = 0;

		*rule++ = 0;
		n = strcspn(rule, "\t") + 1;
		while (i < f->t.config_count && strncmp(f->t.config[i], rule, n) != 0)
			i++;
		assert(i < f->t.config_count);
		snprintf(f->t.config[i], sizeof(f->t.config[i]), "%s", rule);
		timeline_apply_rules(&f->t);
		check(f, line + 7);
	} else if (strncmp(line, "drop\t", 5) == 0) {
		/* drop<TAB>rule<TAB>expected: the configuration without it */
		char *expected = strchr(line + 5, '\t');
		size_t kept = 0;

		*expected++ = 0;
		for (size_t i = 0; i < f->t.config_count; i++) {
			size_t n = strlen(line + 5);

			if (strncmp(f->t.config[i], line + 5, n) == 0 && f->t.config[i][n] == '\t')
				continue;
			if (kept != i)
				memcpy(f->t.config[kept], f->t.config[i], sizeof(f->t.config[0]));
			kept++;
		}
		f->t.config_count = kept;
		timeline_apply_rules(&f->t);
		check(f, expected);
	} else if (strncmp(line, "device\t", 7) == 0 || strncmp(line, "patient\t", 8) == 0) {
		for (char *c = line; *c; c++)
			*c = *c == '\t' ? ' ' : *c;
		if (!timeline_event(&f->t, line))
			f->wrong++;
		check(f, "-");
	} else {
		row(f, line);
	}
}

unsigned timeline_run_file(const char *path, bool with_restarts)
{
	struct file *f = calloc(1, sizeof(*f));
	FILE *in = fopen(path, "re");
	char line[4096];
	unsigned wrong;

	assert(f);
	f->path = path;
	f->restarts = with_restarts;
	if (!in) {
		printf("%s: %s\n", path, strerror(errno));
		free(f);
		return 1;
	}
	while (fgets(line, sizeof(line), in)) {
		f->line++;
		if (!f->running && strncmp(line, "case\t", 5) != 0 && line[0] != '#' &&
			line[0] != '\n')
			begin(f, "");
		read_line(f, line);
	}
	(void)fclose(in);
	if (f->running)
		timeline_end(&f->t);
	wrong = f->wrong;
	free(f);
	return wrong;
}
