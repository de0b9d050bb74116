/*
 * A whole and compact copy of the open database under another name.
 */
#pragma once

#include "outbox/database.h"

/* Writes the copy to <final>.new, syncs it and renames it to final, which it replaces. No
 * transaction may be open. Returns 0 or a negative errno. Takes as long as the database is big. */
int copy_database(struct database *d, const char *directory, const char *final);
