/*
 * A file that lines are collected for and written to in pieces: what the logs of
 * wardsim's commands have in common. What stands in a line is theirs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct lines {
	int fd; /* -1: no log */
	int error;
	size_t used;
	char at[262144];
};

/* path: "-" for standard output, NULL for none. again: what is in the file stays. Returns 0 or a
 * negative errno. */
int lines_open(struct lines *l, const char *path, bool again);
/* Writes what was collected; l->error has what went wrong, and then no more is written. */
void lines_flush(struct lines *l);
/* Does not flush. */
void lines_close(struct lines *l);
