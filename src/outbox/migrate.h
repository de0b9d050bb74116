/*
 * Brings an older outbox.db to the schema of this program, after a backup.
 */
#pragma once

#include "outbox/database.h"

/* version: that of the open database, 0 for an empty one, which needs no backup. Each step is one
 * transaction. The backup is <directory>/outbox.db.v<version>-backup; an older one of that version
 * gives way to it, so that a step which fails again and again does not fill the disk. Returns 0 or
 * a negative errno. */
int migrate(struct database *d, const char *directory, const struct schema *schema, int version);

/* Whether the tables of the open database are those of the schema, to the letter: a flipped bit in
 * their text, which SQLite keeps no sum of, can give columns another meaning or hide all rows.
 * Returns 0, -EUCLEAN when they are not, or another negative errno. */
int migrate_verify(struct database *d, const struct schema *schema);
