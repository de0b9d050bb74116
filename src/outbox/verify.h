/*
 * Checks the audit trail in a database: every entry, every hash, and both ends.
 * For people at a terminal, with the daemon running or not; changes nothing.
 */
#pragma once

#include <stdio.h>

enum {
	VERIFY_WHOLE = 0,
	VERIFY_BROKEN, /* told on out */
};

/* Writes what it found to out: each fault, and a summary. Returns as above, or a negative errno
 * with a sentence on out when the database cannot be read at all: -ENOENT when there is none. */
int verify_audit(const char *path, FILE *out);
