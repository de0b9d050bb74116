/*
 * See quarantine.h.
 */
#include "outbox/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "outbox/database.h"

#define FILES_MAX 10000
#define NAME_BYTES 128

static const char *const parts[] = { "", "-wal", "-shm", "-journal" };

static bool is_free(int fd, const char *name)
{
	char part[NAME_BYTES + 8];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		(void)snprintf(part, sizeof(part), "%s%s", name, parts[i]);
		if (faccessat(fd, part, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return false;
	}
	return true;
}

int quarantine(const char *directory, const char *why, char *ret, size_t size)
{
	_cleanup_(closep) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char from[NAME_BYTES], to[NAME_BYTES + 8], name[NAME_BYTES];
	int n;

	if (fd < 0)
		return -errno;
	for (n = 1; n <= FILES_MAX; n++) {
		(void)snprintf(name, sizeof(name), "%s.%s-%d", DATABASE_NAME, why, n);
		if (is_free(fd, name))
			break;
	}
	if (n > FILES_MAX)
		return -EEXIST;
	/* The database first: a log that is left over by a power cut in between is found by the
	 * next start and goes the same way. */
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		(void)snprintf(from, sizeof(from), "%s%s", DATABASE_NAME, parts[i]);
		(void)snprintf(to, sizeof(to), "%s%s", name, parts[i]);
		if (renameat2(fd, from, fd, to, RENAME_NOREPLACE) < 0 && errno != ENOENT)
			return -errno;
	}
	if (fsync(fd) < 0)
		return -errno;
	(void)snprintf(ret, size, "%s", name);
	return 0;
}
