/*
 * Gets a database that is of no use here out of the way: renamed, never
 * deleted, never over another file.
 */
#pragma once

#include <stddef.h>

/* Renames <directory>/outbox.db with its -wal and -shm to outbox.db.<why>-<number>, the first
 * number that is free, and syncs the directory. *ret: the new name, without the directory. Returns
 * 0 or a negative errno. */
int quarantine(const char *directory, const char *why, char *ret, size_t size);
