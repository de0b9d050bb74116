/*
 * See file.h.
 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"

int file_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

/* Up to so many bytes. Returns how many there were, or a negative errno. */
static ssize_t read_up_to(int fd, char *to, size_t max)
{
	size_t n = 0;

	while (n < max) {
		ssize_t k = read(fd, to + n, max - n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (k == 0)
			break;
		n += (size_t)k;
	}
	return (ssize_t)n;
}

ssize_t file_load(int directory_fd, const char *path, size_t max, char **ret)
{
	_cleanup_(closep) int fd = openat(
		directory_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	char *bytes;
	size_t size;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if ((uintmax_t)st.st_size > max)
		return -EFBIG;
	size = (size_t)st.st_size;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	n = read_up_to(fd, bytes, size);
	if (n < 0) {
		wipe_free(bytes, size); /* it may hold keys */
		return n;
	}
	bytes[n] = 0;
	*ret = bytes;
	return n;
}

int file_replace(int directory_fd, const char *name, const void *data, size_t n, mode_t mode)
{
	_cleanup_(closep) int fd = -1;
	char temporary[NAME_MAX + 1];
	int r;

	if (snprintf(temporary, sizeof(temporary), "%s" FILE_NEW, name) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		mode);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, mode) < 0 ? -errno : file_write_all(fd, data, n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(directory_fd, temporary, directory_fd, name) < 0)
		r = -errno;
	if (r == 0 && fsync(directory_fd) < 0)
		r = -errno;
	return r;
}

int file_keep_former(int directory_fd, const char *name, const char *former)
{
	struct stat st;

	if (fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (unlinkat(directory_fd, former, 0) < 0 && errno != ENOENT)
		return -errno;
	if (linkat(directory_fd, name, directory_fd, former, 0) < 0 && errno != EPERM &&
		errno != EOPNOTSUPP)
		return -errno;
	return 0;
}

int file_open_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *directory =
		slash ? strndup(path, (size_t)(slash - path) ?: 1) : strdup(".");
	int fd;

	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int file_sync_directory_of(const char *path)
{
	_cleanup_(closep) int fd = file_open_directory_of(path);

	if (fd < 0)
		return fd;
	return fsync(fd) < 0 ? -errno : 0;
}
