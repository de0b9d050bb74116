/*
 * See migrate.h.
 */
#include "outbox/migrate.h"

#include <errno.h>
#include <stdio.h>

#include "outbox/copy.h"
#include "outbox/statements.h"

static int make_backup(struct database *d, const char *directory, int version)
{
	char final[DATABASE_PATH_MAX + 32];

	(void)snprintf(final, sizeof(final), "%s.v%d-backup", d->path, version);
	return copy_database(d, directory, final);
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

/* Whether the database has each table of the model, made by the same words. */
static int compare(struct database *d, sqlite3 *model)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *expected = NULL, *found = NULL;
	int r, rc = sqlite3_prepare_v2(model,
		       "SELECT name,sql FROM sqlite_schema WHERE type='table'", -1, &expected,
		       NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(d->db,
			"SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?1 AND sql=?2", -1,
			&found, NULL);
	if (rc != SQLITE_OK)
		return database_error(d, rc);
	while ((rc = sqlite3_step(expected)) == SQLITE_ROW) {
		sqlite3_bind_value(found, 1, sqlite3_column_value(expected, 0));
		sqlite3_bind_value(found, 2, sqlite3_column_value(expected, 1));
		rc = sqlite3_step(found);
		r = rc == SQLITE_DONE ? -EUCLEAN : database_error(d, rc);
		(void)sqlite3_reset(found);
		if (r < 0)
			return r;
	}
	return database_error(d, rc);
}

int migrate_verify(struct database *d, const struct schema *schema)
{
	sqlite3 *model = NULL;
	int r, rc = sqlite3_open(":memory:", &model);

	for (size_t i = 0; rc == SQLITE_OK && i < schema->count; i++)
		rc = sqlite3_exec(model, schema->migrations[i].sql, NULL, NULL, NULL);
	r = rc == SQLITE_OK ? compare(d, model) : rc == SQLITE_NOMEM ? -ENOMEM : -EINVAL;
	(void)sqlite3_close(model);
	return r;
}
