/*
 * Preloaded into the daemon by tests: makes the disk below one directory slow or
 * broken, by a small file that the test rewrites while the daemon runs. What
 * lies elsewhere, and sockets, stay as they are.
 *
 * A mapping that is written to (SQLite's -shm) is out of its reach.
 *
 * File: struct control. Without WARDGATE_DISK and WARDGATE_DISK_BELOW in the
 * environment it does nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "fdpath.h"

struct control {
	int32_t sync_delay_ms; /* of fsync(2) and fdatasync(2); ends early when it is lowered */
	int32_t sync_error;    /* errno of them, after the delay; 0: none */
	int32_t write_error;   /* of write(2) and its kin, ftruncate(2), rename(2) */
	int32_t open_error;    /* of open(2) to write or create */
	int32_t read_error;
	int32_t unused;
	int64_t syncs, slowed, writes, failed; /* counted here */
};

static volatile struct control *control;
static char below[PATH_MAX];
static size_t below_length;

__attribute__((constructor)) static void open_control(void)
{
	const char *path = getenv("WARDGATE_DISK"), *directory = getenv("WARDGATE_DISK_BELOW");
	int fd;
	void *p;

	if (!path || !directory || !realpath(directory, below))
		return;
	below_length = strlen(below);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		control = p;
}

static int is_below(const char *path)
{
	return !strncmp(path, below, below_length) &&
	       (path[below_length] == '/' || path[below_length] == 0);
}

static int ours(int fd)
{
	char path[PATH_MAX];

	return control && path_of(fd, path) && is_below(path);
}

static int ours_at(int fd, const char *path)
{
	return control && path && (path[0] == '/' ? is_below(path) : fd != AT_FDCWD && ours(fd));
}

static void count(volatile int64_t *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_SEQ_CST);
}

static int fail(int error)
{
	count(&control->failed);
	errno = error;
	return -1;
}

/* Waits in short steps, so that the test can let go of a disk that hangs. */
static void dawdle(void)
{
	const struct timespec step = { .tv_nsec = 5 * 1000 * 1000 };

	if (control->sync_delay_ms > 0)
		count(&control->slowed);
	for (int32_t waited = 0; waited < control->sync_delay_ms; waited += 5)
		nanosleep(&step, NULL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* clang-format off */
#define SYNC(name)                                                \
	int name(int fd)                                          \
	{                                                         \
		static __typeof__(&name) real;                    \
		if (!real)                                        \
			real = REAL(name);                        \
		if (ours(fd)) {                                   \
			count(&control->syncs);                   \
			dawdle();                                 \
			if (control->sync_error)                  \
				return fail(control->sync_error); \
		}                                                 \
		return real(fd);                                  \
	}

SYNC(fsync)
SYNC(fdatasync)

/* type name(int fd, ...): control->error decides; a socket costs nothing while all is well. */
#define GUARD(type, name, error, parameters, arguments)            \
	type name parameters                                       \
	{                                                          \
		static __typeof__(&name) real;                     \
		if (!real)                                         \
			real = REAL(name);                         \
		if (control && control->error && ours(fd))         \
			return fail(control->error);               \
		return real arguments;                             \
	}

#define GUARD_WRITE(type, name, parameters, arguments)             \
	type name parameters                                       \
	{                                                          \
		static __typeof__(&name) real;                     \
		if (!real)                                         \
			real = REAL(name);                         \
		if (ours(fd)) {                                    \
			count(&control->writes);                   \
			if (control->write_error)                  \
				return fail(control->write_error); \
		}                                                  \
		return real arguments;                             \
	}

GUARD_WRITE(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at))
GUARD_WRITE(ssize_t, pwrite64, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at))
GUARD(ssize_t, write, write_error, (int fd, const void *p, size_t n), (fd, p, n))
GUARD(int, ftruncate, write_error, (int fd, off_t n), (fd, n))
GUARD(int, ftruncate64, write_error, (int fd, off64_t n), (fd, n))
GUARD(ssize_t, read, read_error, (int fd, void *p, size_t n), (fd, p, n))
GUARD(ssize_t, pread, read_error, (int fd, void *p, size_t n, off_t at), (fd, p, n, at))
GUARD(ssize_t, pread64, read_error, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at))

#define OPEN(name, parameters, arguments, directory)                                    \
	int name parameters                                                             \
	{                                                                               \
		static __typeof__(&name) real;                                          \
		mode_t mode = 0;                                                        \
		if (flags & (O_CREAT | O_TMPFILE)) {                                    \
			va_list ap;                                                     \
			va_start(ap, flags);                                            \
			mode = va_arg(ap, mode_t);                                      \
			va_end(ap);                                                     \
		}                                                                       \
		if (!real)                                                              \
			real = REAL(name);                                              \
		if (control && control->open_error && (flags & (O_ACCMODE | O_CREAT)) && \
			ours_at(directory, path))                                       \
			return fail(control->open_error);                               \
		return real arguments;                                                  \
	}

OPEN(open, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
OPEN(openat, (int fd, const char *path, int flags, ...), (fd, path, flags, mode), fd)
OPEN(openat64, (int fd, const char *path, int flags, ...), (fd, path, flags, mode), fd)
/* clang-format on */

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	static __typeof__(&renameat) real;
	if (!real)
		real = REAL(renameat);
	if (control && control->write_error && ours_at(to_fd, to))
		return fail(control->write_error);
	return real(from_fd, from, to_fd, to);
}

int rename(const char *from, const char *to)
{
	static __typeof__(&rename) real;
	if (!real)
		real = REAL(rename);
	if (control && control->write_error && ours_at(AT_FDCWD, to))
		return fail(control->write_error);
	return real(from, to);
}
