/*
 * Files on a RAM file system, which outlive the process and cost the card
 * nothing: where they lie, how one gateway's are told from another's, and
 * whether one is ours alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Into ret: the first directory of $RUNTIME_DIRECTORY, else /dev/shm, whichever is RAM. Returns 0
 * or -EOPNOTSUPP. */
int ramfile_directory(char *ret, size_t size);
/* Two hashes of the gateway's name and the state directory's real path. Returns 0 or a negative
 * errno. */
int ramfile_identify(const char *state_directory, const char *gateway, uint64_t ret[2]);
/* Whether it is a file of our own that nobody else can write or has a name for. */
bool ramfile_is_private(int fd, off_t *ret_size);
