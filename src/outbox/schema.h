/*
 * The tables and views of outbox.db, version by version. SQL only; database.c
 * runs it.
 */
#pragma once

#include <stddef.h>

#define DATABASE_NAME "outbox.db"
#define SCHEMA_APPLICATION_ID 0x77676f62 /* "wgob" */

/* Brings a database to this version from the one before. */
struct migration {
	int version;
	const char *sql;
};

/* From version 1, which makes everything, in rising order without holes. */
struct schema {
	const struct migration *migrations;
	size_t count;
};

/* What this program works with. */
extern const struct schema schema_current;

static inline int schema_version(const struct schema *s)
{
	return s->migrations[s->count - 1].version;
}
