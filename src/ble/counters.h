/*
 * What a kill must not take from the Bluetooth driver, in a file in RAM
 * (util/ramfile.h): it outlives the process, and costs the card nothing. That is
 * the counters of sealed broadcasts exactly as they were taken last, and when
 * what carries no time was first heard: said again after the kill, it has to
 * have the key that it had. A power cut ends the file; then, of the counters,
 * what ble/memory.h has written ahead counts. Which of the two is right is
 * decided there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ble/address.h"
#include "util/cleanup.h"
#include "wardgate/decoded.h"

#define COUNTERS_MAX 1024     /* devices; of more, what is written ahead counts after a kill, too */
#define COUNTERS_HEARD_MAX 10 /* of each */

struct counters;

/* Maps the file, or makes it; see ramfile_map(). Returns 0 or a negative errno; a caller can go on
 * without: NULL has none, and takes none. */
int counters_new(struct counters **ret, const char *directory, const char *state_directory,
	const char *gateway);
/* The file stays, for the next run. */
struct counters *counters_free(struct counters *c);
WG_DEFINE_CLEANUP(struct counters *, counters_free)

/* A random number of the file, never 0, as long as it is the same one; 0 of NULL. */
uint64_t counters_tie(const struct counters *c);
/* Whether it has that device's; its type does not matter. */
bool counters_find(
	const struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE], uint32_t *ret);
/* Keeps it. A kill at any moment leaves this or the one before. *place is the caller's, 0 at first:
 * where it is. */
void counters_set(struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE],
	uint32_t counter, unsigned *place);
/* The same of one thing heard, in the i-th place of COUNTERS_HEARD_MAX. There are none: all zeros.
 * A kill at any moment leaves this, the one before, or none. */
struct heard counters_heard(
	const struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE], unsigned i);
void counters_set_heard(struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE],
	unsigned i, const struct heard *heard, unsigned *place);
void counters_drop(struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE]);
/* Drops all devices but those of which known says so. */
void counters_drop_others(struct counters *c,
	bool (*known)(const uint8_t octets[static BLE_ADDRESS_SIZE], void *userdata),
	void *userdata);
