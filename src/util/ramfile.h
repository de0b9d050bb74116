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
/* One that is mapped as long as the gateway runs. */
struct ramfile_kind {
	const char *suffix; /* of its name: ".recall" */
	size_t size;
	/* Whether what an earlier run left can be used; identity as of ramfile_identify(). */
	bool (*is_good)(const void *file, const uint64_t identity[2]);
	/* Fills a new one, which is all zeros. Its last store makes it a good one. Returns 0 or a
	 * negative errno. */
	int (*fill)(void *file, const uint64_t identity[2]);
};
/* Maps the file of that kind, gateway and state directory, or makes it. directory: where it lies,
 * NULL: ramfile_directory(). One that is damaged, of another format, gateway or owner is replaced.
 * Only one process may have it mapped (the lock of the state directory sees to that). *ret is for
 * munmap(); the file stays. Returns 0 or a negative errno (-EOPNOTSUPP: no RAM file system; -EPERM
 * and the like: somebody else's file is in the way). */
int ramfile_map(const struct ramfile_kind *k, const char *directory, const char *state_directory,
	const char *gateway, void **ret);
/* The compiler moves no store across it: all that counts when a kill comes between two. */
#define ramfile_barrier() __asm__ volatile("" ::: "memory")

/* Whether it is a file of our own that nobody else can write or has a name for. */
bool ramfile_is_private(int fd, off_t *ret_size);
