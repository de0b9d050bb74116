/*
 * Who is behind a resolvable private address (Core Vol 3 Part H 2.2.2, Vol 6
 * Part B 1.3.2.3): devices with privacy change theirs every few minutes, and
 * only who has their identity resolving key knows them again. What an address
 * came to is remembered, nobody included, so that an advertisement costs no AES
 * unless its address is new. Keys are kept by ble/bonds.h; here they live in
 * OpenSSL's contexts, which wipe them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/address.h"
#include "util/cleanup.h"

#define RPA_KEY_SIZE 16
#define RPA_HASH_SIZE 3
#define RPA_IDENTITIES_MAX 256
#define RPA_CACHE_MAX 4096 /* addresses; whichever was not heard for longest gives way */

struct rpa;

/* Returns 0, -ENOMEM, -ENOTSUP when OpenSSL does not offer AES, or what getrandom() says. */
int rpa_new(struct rpa **ret);
struct rpa *rpa_free(struct rpa *r);
WG_DEFINE_CLEANUP(struct rpa *, rpa_free)

/* The key of an identity, in the order of the wire; a second one replaces the first. The key is not
 * kept beyond OpenSSL. Returns 0, -ENOMEM, or -ENOSPC at RPA_IDENTITIES_MAX. */
int rpa_set(
	struct rpa *r, const struct ble_address *identity, const uint8_t key[static RPA_KEY_SIZE]);
void rpa_forget(struct rpa *r, const struct ble_address *identity);

/* Whose address that is. False: it is not resolvable, or of nobody who is known; *ret_identity is
 * left alone then. */
bool rpa_resolve(struct rpa *r, const struct ble_address *heard, struct ble_address *ret_identity);
/* Blocks of AES so far. */
uint64_t rpa_hashes(const struct rpa *r);

/* The function ah of Core Vol 3 Part H 2.2.2, for once; all in the order of the wire: prand is
 * octets 3 to 5 of an address, the hash its octets 0 to 2. Returns 0, -ENOMEM or -ENOTSUP. */
int rpa_ah(const uint8_t key[static RPA_KEY_SIZE], const uint8_t prand[static RPA_HASH_SIZE],
	uint8_t ret[static RPA_HASH_SIZE]);
