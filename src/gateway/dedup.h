/*
 * Recognises what a device says again: the last source keys of one device and
 * the sequence numbers that they were given. Bounded: the oldest key gives way.
 */
#pragma once

#include <stdint.h>

#define DEDUP_MAX 1024 /* keys of one device */

struct dedup;

/* The sequence that the key was given, 0 when it is new. d NULL: nothing is known yet. */
uint64_t dedup_find(const struct dedup *d, uint64_t key);
/* Remembers a new key (not 0). Grows *ret as needed. Returns 0 or -ENOMEM. */
int dedup_add(struct dedup **ret, uint64_t key, uint64_t sequence);
struct dedup *dedup_free(struct dedup *d);
