/*
 * For tests of what wardsim reads: a file with a text, and what is said of it on
 * standard error. For one test program each.
 */
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "unit/unit.h"

#define HELD 4096

/* A file with that text; the path is good until the next call. */
static inline const char *file(const char *text)
{
	static char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/wardsim-test-XXXXXX", getenv("TMPDIR") ?: P_tmpdir);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

/* Runs what prints on standard error and keeps that. */
static char said[HELD];
static int saved_stderr, held;

static inline void hold_stderr(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/wardsim-test-XXXXXX", getenv("TMPDIR") ?: P_tmpdir);
	held = mkstemp(path);
	assert_true(held >= 0);
	unlink(path);
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	dup2(held, STDERR_FILENO);
}

static inline void free_stderr(void)
{
	ssize_t n;

	fflush(stderr);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	lseek(held, 0, SEEK_SET);
	n = read(held, said, sizeof(said) - 1);
	said[n > 0 ? n : 0] = 0;
	close(held);
}
