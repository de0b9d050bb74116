/*
 * What the simulated devices reckon with AES: the hash of private addresses,
 * sealed advertisements, the hash of an attribute database. Over OpenSSL.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The random address hash of Core Vol 3 Part H 2.2.2. irk as text has it, most significant byte
 * first; prand and hash likewise. */
void sble_ah(const uint8_t irk[static 16], const uint8_t prand[static 3], uint8_t ret[static 3]);
/* AES-CCM with a tag of 4 bytes behind the n bytes at out. nonce of 7 to 13 bytes. */
void sble_seal(const uint8_t key[static 16], const uint8_t *nonce, size_t nonce_n,
	const uint8_t *aad, size_t aad_n, const uint8_t *plain, size_t n, uint8_t *out);
/* AES-CMAC, RFC 4493. */
void sble_cmac(const uint8_t key[static 16], const uint8_t *p, size_t n, uint8_t ret[static 16]);
/* n bytes that follow from the seed, as keys of simulated devices do: nothing is secret here. */
void sble_derive(uint64_t seed, const char *what, unsigned a, unsigned b, uint8_t *ret, size_t n);
/* 2n hex digits. Returns 0 or -EINVAL. */
int sble_unhex(const char *text, uint8_t *ret, size_t n);
