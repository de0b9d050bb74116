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
