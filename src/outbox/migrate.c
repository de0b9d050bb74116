/*
 * See migrate.h.
 */
#include "outbox/migrate.h"

#include <stdio.h>

#include "outbox/copy.h"

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
