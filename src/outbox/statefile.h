/*
 * State files: small texts in the state directory, each written whole. Their
 * names and how they come to the disk; who writes when is store.c's.
 */
#pragma once

#include "outbox/store.h"

/* Temporary name, sync, rename, sync of the directory: the old or the new text, never half of one.
 * Returns 0 or a negative errno. Blocks. */
int statefile_write(int directory_fd, enum store_file file, const char *text, size_t length);
