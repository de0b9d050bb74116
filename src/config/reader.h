/*
 * One file's text into sections and assignments: counts lines, refuses what
 * libinih would let pass or misread, and gives libinih the rest. Knows lines,
 * not settings; touches no file.
 */
#pragma once

#include <stddef.h>

#include "config/problems.h"

#define READER_LINE_MAX 199   /* bytes of a Key=value line, libinih's limit */
#define READER_SECTION_MAX 49 /* bytes between [ and ], likewise */

struct reader_events {
	/* A section begins: what stands between [ and ]. Returns 0, CONFIG_E_INVALID when the lines
	 * up to the next section are to be passed over, or a negative errno. */
	int (*section)(const char *name, unsigned line, void *userdata);
	/* One assignment, blanks around both stripped. Returns 0 or a negative errno. */
	int (*assign)(const char *key, const char *value, unsigned line, void *userdata);
	void *userdata;
};

/* Reads all of data; what is wrong goes to p with path in front. Returns 0, or the negative errno
 * that an event gave, or -ENOMEM. */
int reader_run(const char *path, const void *data, size_t size, const struct reader_events *events,
	struct config_problems *p);
