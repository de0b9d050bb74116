/*
 * Puts an archive's files in place: all of them, or none.
 */
#pragma once

#include <stdbool.h>

#include "ctl/archive.h"

enum install_state {
	INSTALL_NEW,     /* nothing is there */
	INSTALL_SAME,    /* the same bytes are there */
	INSTALL_REPLACE, /* others are there */
	INSTALL_EXTRA,   /* not of the archive, and would be read beside it: set aside */
};

struct install_step {
	enum install_state state;
	char *path;                      /* owned */
	const struct archive_file *file; /* NULL: EXTRA */
	char *temporary, *before;        /* owned; NULL: not made */
	bool done;
};

struct install {
	struct install_step *steps;
	size_t count, room;
	char *state_directory; /* owned */
};

/* What would happen. Looks only. Returns 0, or the exit status after a line. The archive outlives
 * it; in is zero-initialised. */
int install_plan(struct install *in, const struct archive *a, const char *config_path,
	const char *state_directory);
/* Does it. Returns 0, or the exit status after a line; then all is as before. */
int install_run(struct install *in);
void install_done(struct install *in);
