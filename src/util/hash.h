/*
 * A keyed 64-bit hash, SipHash-2-4: for tables that peers fill (with a random
 * key) and for keys that name a measurement wherever it is heard (with the
 * fixed one). Not for signatures.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* The same in every gateway and release: two gateways that hear one measurement name it alike. */
extern const struct hash_key hash_key_fixed;

/* A key that no peer can guess. Returns 0 or a negative errno. */
int hash_key_random(struct hash_key *ret);

/* data may be NULL when n is 0. */
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t n);
