/*
 * Files that are whole or not there at all: what lasts across a power cut was
 * synced, and so was the directory that names it. All of it blocks; not for the
 * loop.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define FILE_NEW ".new" /* behind the name, while a file is written */

/* Writes all of it, however often it is interrupted. Returns 0 or a negative errno. */
int file_write_all(int fd, const void *data, size_t n);
/* Reads all of a regular file, never through a link and never waiting for one that is none. path is
 * taken from the directory, or as it is with AT_FDCWD. *ret is to be freed and ends with a 0, which
 * does not count; nothing of the file stays in memory after a failure. Returns the length, -ENOENT,
 * -ELOOP for a link, -EISDIR or -EINVAL for something else that is no file, -EFBIG beyond max, or
 * another negative errno. */
ssize_t file_load(int directory_fd, const char *path, size_t max, char **ret);
/* Writes name in the directory: a file of the name with FILE_NEW, sync, rename, sync of the
 * directory. So the old or the new content is there, never half of one. The temporary file stays
 * after a failure; the next writing takes it. Returns 0, -ENAMETOOLONG or a negative errno. */
int file_replace(int directory_fd, const char *name, const void *data, size_t n, mode_t mode);
/* Gives the file a second name, the one of its former generation, before it is replaced: at no
 * moment there is neither. Without the file the former one stays what it is. On a file system
 * without second names nothing is kept. Returns 0 or a negative errno. */
int file_keep_former(int directory_fd, const char *name, const char *former);
/* Opens the directory that path lies in. Returns a descriptor or a negative errno. */
int file_open_directory_of(const char *path);
/* What was made, renamed or removed in the directory of path lasts. Returns 0 or a negative errno.
 */
int file_sync_directory_of(const char *path);
