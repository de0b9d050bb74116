/*
 * State files: small texts in the state directory, each written whole. Their
 * names and how they come to the disk; who writes when is store.c's.
 */
#pragma once

#include "outbox/store.h"

/* The old or the new text, never half of one (util/file.h). Returns 0 or a negative errno. Blocks.
 */
int statefile_write(int directory_fd, enum store_file file, const char *text, size_t length);
