/*
 * Recognises what a device says again: the last source keys of one device and
 * the numbers that they were given. Bounded: the oldest key gives way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DEDUP_MAX 1024 /* keys of one device, a power of two */
#define DEDUP_MIN 32
#define DEDUP_EPOCHS_MAX 256 /* epochs that numbers can be of, with this run's */

struct dedup;

struct dedup_value {
	uint64_t sequence; /* below 2^55 */
	uint8_t epoch;     /* the caller's number of the epoch; 0: this run */
	bool lost;         /* given up since: it has its number, but is with the device alone */
};

/* Whether the key is known; d NULL: nothing is known yet. */
bool dedup_find(const struct dedup *d, uint64_t key, struct dedup_value *ret);
/* Remembers a key (not 0), or what is new about it. Grows *ret as needed, up to max keys: a power
 * of two from DEDUP_MIN to DEDUP_MAX. Returns 0 or -ENOMEM. */
int dedup_add(struct dedup **ret, uint64_t key, const struct dedup_value *v, uint32_t max);
/* The message with that number was given up; nothing happens when the key does not have it. */
void dedup_lost(struct dedup *d, uint64_t key, uint8_t epoch, uint64_t sequence);
struct dedup *dedup_free(struct dedup *d);
