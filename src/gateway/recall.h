/*
 * What earlier runs already gave a number: so that a device which repeats a
 * value after the gateway was killed meets the id that the value has, and the
 * same value never goes out under two. A ring of source keys in shared memory
 * (a file on a RAM file system): it survives the process and costs the card
 * nothing; a power cut ends it, and then the keys of the newest stored readings
 * (recall_add_stored) take its place. Within one run gateway/dedup.h decides.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "wardgate/label.h"

struct recall;

#define RECALL_MAX 32768 /* keys in the ring, more than the ledger's memory holds unsafe */

struct recalled {
	struct label *epoch; /* borrowed; NULL: this run */
	uint64_t sequence, device_sequence;
	bool stored; /* was on stable storage when this run began: nothing is to be taken again */
};

/* Opens the ring for the gateway of that name and state directory, or makes it. directory: where
 * it lies, NULL: $RUNTIME_DIRECTORY, else /dev/shm. A file that is damaged, of another format,
 * gateway or owner is replaced. epoch: this run's text. Returns 0 or a negative errno; a caller can
 * go on without. */
int recall_new(struct recall **ret, const char *directory, const char *state_directory,
	const char *gateway, const char *epoch);
struct recall *recall_free(struct recall *r);
WG_DEFINE_CLEANUP(struct recall *, recall_free)

/* Whether an earlier run numbered that value of that device; r NULL: no. */
bool recall_find(struct recall *r, const char *device, uint64_t source_key, struct recalled *ret);
/* This run numbered it. epoch: NULL for this run's, or as it was found. */
void recall_add(struct recall *r, const char *device, uint64_t source_key,
	const struct label *epoch, uint64_t sequence, uint64_t device_sequence);
/* It stood in the database when this run began. Returns 0 or -ENOMEM. */
int recall_add_stored(struct recall *r, const char *device, uint64_t source_key, const char *epoch,
	uint64_t sequence);
