/*
 * See files.h.
 */
#include "control/files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/file.h"

int files_write(const char *path, const char *text, size_t length, mode_t mode)
{
	_cleanup_(closep) int directory_fd = file_open_directory_of(path);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char temporary[NAME_MAX + 1];
	int r;

	if (directory_fd < 0)
		return directory_fd;
	r = file_replace(directory_fd, name, text, length, mode);
	/* A key that did not find its place is not to lie about. */
	if (r < 0 && snprintf(temporary, sizeof(temporary), "%s" FILE_NEW, name) <
			     (int)sizeof(temporary))
		(void)unlinkat(directory_fd, temporary, 0);
	return r;
}

int files_remove(const char *path)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : -errno;
	return file_sync_directory_of(path);
}
