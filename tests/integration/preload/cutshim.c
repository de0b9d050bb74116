/*
 * Preloaded into the daemon by tests: ends it as kill -9 does at the Nth call
 * that changes files of a certain name in one directory, before that call or
 * behind it. What a disk loses that was not synced is the unit tests'
 * (tests/unit/outbox/test_power_cut*.c).
 *
 * WARDGATE_CUT_BELOW: the directory. WARDGATE_CUT_NAME: what the names begin
 * with. WARDGATE_CUT_AT: N, from 1. WARDGATE_CUT_AFTER: 1 for behind the call.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "fdpath.h"

static char below[PATH_MAX];
static const char *name;
static long left = -1;
static int after;
static int begun; /* one of the files was touched: the directory's sync counts */

__attribute__((constructor)) static void begin(void)
{
	const char *directory = getenv("WARDGATE_CUT_BELOW"), *at = getenv("WARDGATE_CUT_AT"),
		   *how = getenv("WARDGATE_CUT_AFTER");

	name = getenv("WARDGATE_CUT_NAME");
	if (!directory || !name || !at || !realpath(directory, below))
		return;
	left = strtol(at, NULL, 10);
	after = how && *how == '1';
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static int is_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strncmp(slash ? slash + 1 : path, name, strlen(name));
}

static int is_file(int fd)
{
	char path[PATH_MAX];

	if (left < 0 || !path_of(fd, path))
		return 0;
	if (!strcmp(path, below))
		return begun;
	return !strncmp(path, below, strlen(below)) && is_name(path);
}

/* Whether this is the call. */
static int counts(int ours)
{
	if (!ours || left <= 0)
		return 0;
	__atomic_store_n(&begun, 1, __ATOMIC_SEQ_CST);
	if (__atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST) != 0)
		return 0;
	if (!after)
		die();
	return 1;
}

#define REAL(f) ((__typeof__(&f))dlsym(RTLD_NEXT, #f))

/* clang-format off */
#define CALL(type, f, ours, parameters, arguments)      \
	type f parameters                               \
	{                                               \
		static __typeof__(&f) real;             \
		int last = counts(left >= 0 && (ours)); \
		type r;                                 \
		if (!real)                              \
			real = REAL(f);                 \
		r = real arguments;                     \
		if (last)                               \
			die();                          \
		return r;                               \
	}

CALL(ssize_t, write, is_file(fd), (int fd, const void *p, size_t n), (fd, p, n))
CALL(int, fsync, is_file(fd), (int fd), (fd))
CALL(int, fchmod, is_file(fd), (int fd, mode_t mode), (fd, mode))
CALL(int, renameat, is_name(to), (int from_fd, const char *from, int to_fd, const char *to),
	(from_fd, from, to_fd, to))
CALL(int, unlinkat, is_name(path), (int fd, const char *path, int flags), (fd, path, flags))
CALL(int, linkat, is_name(to),
	(int from_fd, const char *from, int to_fd, const char *to, int flags),
	(from_fd, from, to_fd, to, flags))
/* clang-format on */

int openat(int fd, const char *path, int flags, ...)
{
	static __typeof__(&openat) real;
	mode_t mode = 0;
	int last, r;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	last = counts(left >= 0 && flags & O_CREAT && is_name(path));
	if (!real)
		real = REAL(openat);
	r = real(fd, path, flags, mode);
	if (last)
		die();
	return r;
}
