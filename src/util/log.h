/*
 * Logging: one sentence in plain words and structured fields, to the journal
 * when standard error is connected to it, else to standard error as
 * "<priority>module: sentence FIELD=value". Never a patient reference or a
 * vital value at info or above.
 *
 * A file defines LOG_MODULE before it includes this header.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

struct log_field {
	const char *name; /* journal field: upper case, no leading underscore; NULL ends the list */
	const char *str;  /* NULL: number counts */
	int64_t number;
	int error; /* negative errno: str is its text */
};

#define F_STR(n, v) ((struct log_field){ .name = (n), .str = (v) ?: "" })
#define F_INT(n, v) ((struct log_field){ .name = (n), .number = (int64_t)(v) })
/* A negative errno, under the field ERRNO. */
#define F_ERR(e) ((struct log_field){ .name = "ERRNO", .error = (e) })

/* Writes one entry. Thread-safe. priority as in syslog(3). sentence is not a format string. */
void log_write(
	int priority, const char *module, const char *sentence, const struct log_field *fields);
/* Entries above this priority are dropped; LOG_INFO at start. */
void log_set_level(int priority);
bool log_enabled(int priority);

#define LOG_FIELDS_END ((struct log_field){ 0 })

/* The list opens with an empty field, so that it may have no other. */
#define log_emit(priority, sentence, ...)                                                          \
	do {                                                                                       \
		if (log_enabled(priority))                                                         \
			log_write((priority), LOG_MODULE, (sentence),                              \
				(const struct log_field[]){                                        \
					LOG_FIELDS_END, ##__VA_ARGS__, LOG_FIELDS_END } +          \
					1);                                                        \
	} while (0)

#define log_debug(...) log_emit(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_emit(LOG_INFO, __VA_ARGS__)
#define log_notice(...) log_emit(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_emit(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_emit(LOG_ERR, __VA_ARGS__)
