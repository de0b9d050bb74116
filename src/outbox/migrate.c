/*
 * See migrate.h.
 */
#include "outbox/migrate.h"

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

static int make_backup(struct database *d, const char *directory, int version)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *st = NULL;
	char path[DATABASE_PATH_MAX + 32], final[DATABASE_PATH_MAX + 32];
	int r, rc, fd;

	(void)snprintf(final, sizeof(final), "%s.v%d-backup", d->path, version);
	(void)snprintf(path, sizeof(path), "%s.backup.new", d->path);
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

static int step_to(struct database *d, const struct migration *m)
{
	char mark[128];
	int r = database_exec(d, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	(void)snprintf(mark, sizeof(mark), "PRAGMA application_id=%d;PRAGMA user_version=%d;COMMIT",
		SCHEMA_APPLICATION_ID, m->version);
	r = database_exec(d, m->sql);
	if (r == 0)
		r = database_exec(d, mark);
	if (r < 0)
		(void)database_exec(d, "ROLLBACK");
	return r;
}

int migrate(struct database *d, const char *directory, const struct schema *schema, int version)
{
	int r = version > 0 ? make_backup(d, directory, version) : 0;

	for (size_t i = 0; r == 0 && i < schema->count; i++)
		if (schema->migrations[i].version > version)
			r = step_to(d, &schema->migrations[i]);
	return r;
}
