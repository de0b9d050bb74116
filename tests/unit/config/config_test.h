/*
 * Means of the configuration's tests: text in, problems out; and a directory
 * of files that is gone afterwards.
 */
#pragma once

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/read.h"
#include "unit/unit.h"

/* What every good configuration has; one line each, so that tests can count. */
#define BASE "[Gateway]\nName=gw\nSite=s\nWard=w\n[MQTT]\nBroker=mqtts://broker.example\n"
#define BASE_LINES 6

static const struct config_options bytes_only = {
	.host_name = "host", .state_directory = "/var/lib/wardgate", .bytes_only = true
};

struct outcome {
	int result;
	struct config *config;
	struct config_problems problems;
};

static inline struct outcome read_text(const char *text)
{
	struct outcome o = { 0 };

	o.result = config_read_bytes(
		"t.conf", text, strlen(text), &bytes_only, &o.config, &o.problems);
	return o;
}

static inline void outcome_done(struct outcome *o)
{
	config_problems_done(&o->problems);
	o->config = config_unref(o->config);
}

static inline void print_all(const struct outcome *o)
{
	for (size_t i = 0; i < o->problems.error_count; i++)
		print_message("error:   %s\n", o->problems.errors[i]);
	for (size_t i = 0; i < o->problems.warning_count; i++)
		print_message("warning: %s\n", o->problems.warnings[i]);
}

/* The text reads without an error. */
static inline struct outcome read_good(const char *text)
{
	struct outcome o = read_text(text);

	if (o.result != 0)
		print_all(&o);
	assert_int_equal(o.result, 0);
	assert_int_equal(o.problems.error_count, 0);
	return o;
}

/* The text has exactly this error, alone. */
static inline void expect_error(const char *text, const char *error)
{
	struct outcome o = read_text(text);

	if (o.problems.error_count != 1 || strcmp(o.problems.errors[0], error) != 0) {
		print_message("expected %s\n", error);
		print_all(&o);
	}
	assert_int_equal(o.result, CONFIG_E_INVALID);
	assert_null(o.config);
	assert_int_equal(o.problems.error_count, 1);
	assert_string_equal(o.problems.errors[0], error);
	outcome_done(&o);
}

/* The text is good but for exactly this warning. */
static inline void expect_warning(const char *text, const char *warning)
{
	struct outcome o = read_good(text);

	if (o.problems.warning_count != 1)
		print_all(&o);
	assert_int_equal(o.problems.warning_count, 1);
	assert_string_equal(o.problems.warnings[0], warning);
	outcome_done(&o);
}

/* A file of the tree. */
static inline char *load_whole(const char *path)
{
	char *data, why[256];
	size_t size;
	int r = config_load_file(path, CONFIG_FILE_MAX, &data, &size, why);

	if (r != 0)
		print_message("%s: %s (run from the top of the tree)\n", path, r > 0 ? why : "");
	assert_int_equal(r, 0);
	return data;
}

/* A directory of its own, as the state of a test. */
static inline int make_directory(void **state)
{
	char *path = strdup(P_tmpdir "/wardgate-config.XXXXXX");

	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	*state = path;
	return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static inline int remove_directory(void **state)
{
	nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

/* directory/name, in a buffer of its own. */
static inline char *path_in(const char *directory, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	return path;
}

/* With the directory that the name may begin with. */
static inline void write_file(
	const char *directory, const char *name, mode_t mode, const char *text)
{
	const char *slash = strrchr(name, '/');
	char *path, *parent;
	FILE *f;

	assert_true(
		asprintf(&parent, "%s/%.*s", directory, slash ? (int)(slash - name) : 0, name) > 0);
	assert_true(mkdir(parent, 0755) == 0 || errno == EEXIST);
	path = path_in(directory, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
	free(parent);
}
