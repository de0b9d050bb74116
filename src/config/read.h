/*
 * Reads and checks the whole configuration: the main file, the drop-ins beside
 * it and the devices adopted through the daemon. Never logs, never exits; what
 * is wrong comes back as lines of text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/problems.h"

#define CONFIG_FILE_MAX (1024 * 1024) /* bytes of one file */

struct config_text;

/* All may be zero. */
struct config_options {
	const char *const *payloads;  /* what Payloads= may name, NULL-terminated; NULL: "json" */
	const char *host_name;        /* NULL: the machine's */
	const char *state_directory;  /* NULL: the first of $STATE_DIRECTORY */
	const char *serial_directory; /* NULL: /dev/serial/by-id */
	const struct config_text *extra; /* read after the files; NULL: none */
	bool bytes_only; /* do not look whether files, zones and ports that are named exist */
};

/*
 * Reads path, then the *.conf of conf.d beside it in name order, then those of
 * <StateDirectory>/devices.d. Returns 0 with *ret owned by the caller; CONFIG_E_INVALID when
 * problems has errors, all that there are, one line each: "path:line: [Section] Key=value: what is
 * wrong; what would be right"; or -ENOMEM. Warnings may come with any of them. options may be NULL.
 */
int config_read(const char *path, const struct config_options *options, struct config **ret,
	struct config_problems *problems);

/* A file's text; path is for messages. */
struct config_text {
	const char *path;
	const void *data;
	size_t size;
	bool adopted; /* it is one of devices.d */
};

/* The same from texts, in this order, those of devices.d last. */
int config_read_texts(const struct config_text *texts, size_t count,
	const struct config_options *options, struct config **ret,
	struct config_problems *problems);
/* The same from one. */
int config_read_bytes(const char *path, const void *data, size_t size,
	const struct config_options *options, struct config **ret,
	struct config_problems *problems);

/* The file's bytes (with a 0 behind them) and size, or a sentence in ret_why (256 bytes) and
 * CONFIG_E_INVALID, or -ENOMEM. For what is read as configuration is: regular files, at most max.
 */
int config_load_file(const char *path, size_t max, char **ret, size_t *ret_size, char *ret_why);
