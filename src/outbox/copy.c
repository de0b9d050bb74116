/*
 * See copy.h.
 */
#include "outbox/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "outbox/statements.h"

static int sync_path(const char *path, int flags)
{
	_cleanup_(closep) int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int copy_database(struct database *d, const char *directory, const char *final)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *st = NULL;
	char path[DATABASE_PATH_MAX + 64];
	int r, rc, fd;

	(void)snprintf(path, sizeof(path), "%s.new", final);
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	/* For its mode; SQLite takes an empty file for none. */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	(void)close(fd);
	rc = sqlite3_prepare_v2(d->db, "VACUUM INTO ?1", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	r = database_error(d, rc);
	if (r == 0)
		r = sync_path(path, O_RDWR);
	if (r == 0 && rename(path, final) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(path);
		return r;
	}
	return sync_path(directory, O_RDONLY | O_DIRECTORY);
}
