/*
 * What earlier runs already gave a number: so that a device which repeats a
 * value after the gateway was killed meets the id that the value has, and the
 * same value never goes out under two. A ring of source keys in shared memory
 * (a file on a RAM file system): it survives the process and costs the card
 * nothing; a power cut ends it, and then the keys of the newest stored readings
 * (recall_add_stored) take its place. Within one run gateway/dedup.h decides.
 *
 * systemd removes a service's runtime directory when the service stops, also
 * before it restarts it, unless RuntimeDirectoryPreserve= says restart or yes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "wardgate/label.h"

struct recall;

#define RECALL_MAX 32768 /* keys in the ring, more than the ledger's memory holds unsafe */
#define RECALL_NOTE_MAX 1400
#define RECALL_STORED_MAX 4096 /* keys of stored readings */

struct recalled {
	struct label *epoch; /* borrowed until the next call of recall_find(); NULL: this run */
	uint64_t sequence, device_sequence; /* device_sequence 0: not known */
	bool stored; /* was on stable storage when this run began: nothing is to be taken again */
};

/* Opens the ring for the gateway of that name and state directory, or makes it. directory: where
 * it lies, NULL: $RUNTIME_DIRECTORY, else /dev/shm, whichever is RAM. A file that is damaged, of
 * another format, gateway or owner is replaced. epoch: this run's text. Only one process may have
 * it open (the lock of the state directory sees to that). Returns 0 or a negative errno
 * (-EOPNOTSUPP: no RAM file system; -EPERM and the like: somebody else's file is in the way); a
 * caller can go on without. */
int recall_new(struct recall **ret, const char *directory, const char *state_directory,
	const char *gateway, const char *epoch);
/* The file stays, for the next run. */
struct recall *recall_free(struct recall *r);
WG_DEFINE_CLEANUP(struct recall *, recall_free)

/* Whether that value of that device has a number: 1 with *ret filled, 0 when it has none (r NULL:
 * never), or -ENOMEM. */
int recall_find(struct recall *r, const char *device, uint64_t source_key, struct recalled *ret);
/* This run gives it that number. epoch: NULL for this run's, or as it was found. A kill at any
 * moment leaves the whole entry or none. */
void recall_add(struct recall *r, const char *device, uint64_t source_key,
	const struct label *epoch, uint64_t sequence, uint64_t device_sequence);
/* It stood in the database when this run began. Returns 0, -ENOBUFS beyond RECALL_STORED_MAX,
 * -EINVAL when epoch is none, -ENOMEM. */
int recall_add_stored(struct recall *r, const char *device, uint64_t source_key, const char *epoch,
	uint64_t sequence);

/* Keeps a few bytes for the next run beside the ring, in the place of those kept before. A kill at
 * any moment leaves these or those. size: up to RECALL_NOTE_MAX. */
void recall_keep(struct recall *r, const void *note, size_t size);
/* Copies what was kept last, by whichever run, into ret. Returns its size, 0 when there is nothing
 * or it is larger than size. r NULL: nothing. */
size_t recall_kept(const struct recall *r, void *ret, size_t size);
