/*
 * Small files, written whole or not at all. Blocks. Inner header of control/.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Temporary name, sync, rename, sync of the directory. Returns 0 or a negative errno. */
int files_write(const char *path, const char *text, size_t length, mode_t mode);
/* Removes it and syncs the directory; one that is not there is fine. */
int files_remove(const char *path);
