/*
 * The simulator's reader of INI files: [Kind NAME] sections, Key=value lines,
 * comments on lines of their own. Says path:line for every problem and goes on,
 * so that one run shows them all. Not the daemon's reader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ini {
	const char *path;
	int line;
	unsigned problems;
	bool quiet; /* problems are counted and not said: another reading of the file has said them
		     */
};

#define INI_LINE_MAX 1024

/* Called for each section's head with key NULL, then for each of its keys. name is "" for [Kind].
 * Strings are valid only during the call. */
typedef void (*ini_fn)(struct ini *i, const char *kind, const char *name, const char *key,
	const char *value, void *userdata);

/* Returns 0 with the count of problems in i->problems, or a negative errno when the file cannot be
 * read. Of *i only quiet counts before. */
int ini_read(struct ini *i, const char *path, ini_fn fn, void *userdata);
/* Prints "path:line: sentence" on standard error and counts it. */
void ini_problem(struct ini *i, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "key=value: no such word; give a, b or c": next gives the words by their number, NULL past the
 * last. */
void ini_no_such_word(
	struct ini *i, const char *key, const char *value, const char *(*next)(size_t index));
/* Values, each 0 or -EINVAL. "250ms", "15s", "5min", "1h". */
int ini_duration(const char *text, int64_t *ret_ms);
int ini_number(const char *text, int64_t low, int64_t high, int64_t *ret);
/* "5%" or "0.5%", as thousandths. */
int ini_percent(const char *text, unsigned *ret_thousandths);

/* The same with a problem that names the key. A wrong number leaves *to alone; a text that is too
 * long is cut. */
void ini_wrong(struct ini *i, const char *key, const char *value, const char *right);
void ini_take_number(
	struct ini *i, const char *key, const char *value, int64_t low, int64_t high, int64_t *to);
/* False when it is none. */
bool ini_take_duration(struct ini *i, const char *key, const char *value, int64_t *to);
void ini_take_percent(struct ini *i, const char *key, const char *value, unsigned *to_thousandths);
void ini_take_text(struct ini *i, const char *key, const char *value, char *to, size_t size);

/* Says so when a section has no good name: a-z, 0-9 and -, at most so long. */
void ini_check_name(struct ini *i, const char *kind, const char *name, size_t max);
/* Room for one more in a list of the file's sections, zeroed; list points to the array. NULL when
 * there are max, which is said even by a quiet reader, or no memory: *ret_error is -E2BIG or
 * -ENOMEM then. */
void *ini_grow(struct ini *i, void *list, size_t *count, size_t max, size_t size, int *ret_error);
