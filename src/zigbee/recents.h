/*
 * What devices said last that wait for an answer, in a file in RAM
 * (util/ramfile.h): it outlives a kill of the process, and costs the card
 * nothing. Who has had no answer says the same again to the next run, which must
 * give it the key that it had. A power cut ends the file.
 */
#pragma once

#include <stdint.h>

#include "util/cleanup.h"
#include "wardgate/cluster.h"

/* Messages of all devices, a power of two: more than a radio hands over in the few seconds after
 * which a device says it again. */
#define RECENTS_MAX 1024

struct recents;

/* Maps the file, or makes it; see ramfile_map(). Returns 0 or a negative errno; a caller can go on
 * without: NULL has none, and takes none. */
int recents_new(struct recents **ret, const char *directory, const char *state_directory,
	const char *gateway);
/* The file stays, for the next run. */
struct recents *recents_free(struct recents *r);
WG_DEFINE_CLEANUP(struct recents *, recents_free)

/* Keeps it in the place of the oldest. A kill at any moment leaves it whole or not at all. */
void recents_add(struct recents *r, uint64_t eui64, const struct cluster_recent *recent);
/* cluster_started() of it. */
void recents_started(struct recents *r, uint64_t eui64, int64_t now_us);
/* Gives a device all that is kept of it. */
void recents_give(
	const struct recents *r, uint64_t eui64, int64_t now_us, struct cluster_device *d);
