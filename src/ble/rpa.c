/*
 * One AES context for each key, and a cache of four places for each hash of an
 * address. See rpa.h.
 */
#include "ble/rpa.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "util/hash.h"

#define WAYS 4
#define SETS (RPA_CACHE_MAX / WAYS)
#define BLOCK 16
#define NOBODY (-1)

struct identity {
	struct ble_address address;
	EVP_CIPHER_CTX *context;
};

/* What an address came to; of another generation than the present one: empty. */
struct entry {
	uint8_t octets[BLE_ADDRESS_SIZE];
	int16_t who;
	uint32_t generation, used;
};

struct rpa {
	EVP_CIPHER *cipher;
	struct hash_key key; /* so that nobody can choose addresses that fall into one set */
	struct identity list[RPA_IDENTITIES_MAX];
	size_t count;
	uint32_t generation, clock;
	uint64_t hashes;
	struct entry cache[SETS][WAYS];
};

/* ---- AES ---- */

/* OpenSSL takes the key as it is written, the most significant octet first. */
static EVP_CIPHER_CTX *context_new(EVP_CIPHER *cipher, const uint8_t key[static RPA_KEY_SIZE])
{
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	uint8_t written[RPA_KEY_SIZE];

	if (!x)
		return NULL;
	for (size_t i = 0; i < RPA_KEY_SIZE; i++)
		written[i] = key[RPA_KEY_SIZE - 1 - i];
	if (EVP_EncryptInit_ex2(x, cipher, written, NULL, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(x, 0) != 1) {
		EVP_CIPHER_CTX_free(x);
		x = NULL;
	}
	OPENSSL_cleanse(written, sizeof(written));
	return x;
}

/* ah(k, r) = e(k, 104 zero bits and r) mod 2^24 */
static bool ah(EVP_CIPHER_CTX *x, const uint8_t prand[static RPA_HASH_SIZE],
	uint8_t ret[static RPA_HASH_SIZE])
{
	uint8_t block[BLOCK] = { 0 }, out[2 * BLOCK];
	int n = 0;

	for (size_t i = 0; i < RPA_HASH_SIZE; i++)
		block[BLOCK - 1 - i] = prand[i];
	if (EVP_EncryptUpdate(x, out, &n, block, BLOCK) != 1 || n != BLOCK)
		return false;
	for (size_t i = 0; i < RPA_HASH_SIZE; i++)
		ret[i] = out[BLOCK - 1 - i];
	return true;
}

int rpa_ah(const uint8_t key[static RPA_KEY_SIZE], const uint8_t prand[static RPA_HASH_SIZE],
	uint8_t ret[static RPA_HASH_SIZE])
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	EVP_CIPHER_CTX *x;
	bool well;

	if (!cipher)
		return -ENOTSUP;
	x = context_new(cipher, key);
	well = x && ah(x, prand, ret);
	EVP_CIPHER_CTX_free(x);
	EVP_CIPHER_free(cipher);
	return well ? 0 : -ENOMEM;
}

/* ---- the table ---- */

int rpa_new(struct rpa **ret)
{
	_cleanup_(rpa_freep) struct rpa *r = calloc(1, sizeof(*r));
	int k;

	if (!r)
		return -ENOMEM;
	r->generation = 1; /* a cache of zeros is empty */
	k = hash_key_random(&r->key);
	if (k < 0)
		return k;
	r->cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	if (!r->cipher)
		return -ENOTSUP;
	*ret = TAKE_PTR(r);
	return 0;
}

struct rpa *rpa_free(struct rpa *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->count; i++)
		EVP_CIPHER_CTX_free(r->list[i].context);
	EVP_CIPHER_free(r->cipher);
	free(r);
	return NULL;
}

/* What was found out is of other keys now. */
static void forget_all(struct rpa *r)
{
	if (++r->generation != 0)
		return;
	memset(r->cache, 0, sizeof(r->cache));
	r->generation = 1;
}

static struct identity *find(struct rpa *r, const struct ble_address *identity)
{
	for (size_t i = 0; i < r->count; i++)
		if (ble_address_equal(&r->list[i].address, identity))
			return &r->list[i];
	return NULL;
}

int rpa_set(
	struct rpa *r, const struct ble_address *identity, const uint8_t key[static RPA_KEY_SIZE])
{
	struct identity *known = find(r, identity);
	EVP_CIPHER_CTX *x;

	if (!known && r->count == RPA_IDENTITIES_MAX)
		return -ENOSPC;
	x = context_new(r->cipher, key);
	if (!x)
		return -ENOMEM;
	if (known) {
		EVP_CIPHER_CTX_free(known->context);
		known->context = x;
	} else {
		r->list[r->count++] = (struct identity){ *identity, x };
	}
	forget_all(r);
	return 0;
}

void rpa_forget(struct rpa *r, const struct ble_address *identity)
{
	struct identity *known = find(r, identity);

	if (!known)
		return;
	EVP_CIPHER_CTX_free(known->context);
	*known = r->list[--r->count];
	forget_all(r);
}

static int16_t search(struct rpa *r, const struct ble_address *heard)
{
	uint8_t hash[RPA_HASH_SIZE];

	for (size_t i = 0; i < r->count; i++) {
		r->hashes++;
		if (ah(r->list[i].context, heard->octets + RPA_HASH_SIZE, hash) &&
			memcmp(hash, heard->octets, RPA_HASH_SIZE) == 0)
			return (int16_t)i;
	}
	return NOBODY;
}

/* The entry of an address, or the one that it may have: *ret_known says which. */
static struct entry *place(struct rpa *r, const struct ble_address *heard, bool *ret_known)
{
	size_t set = hash_bytes(&r->key, heard->octets, BLE_ADDRESS_SIZE) % SETS;
	struct entry *oldest = &r->cache[set][0];

	for (size_t i = 0; i < WAYS; i++) {
		struct entry *e = &r->cache[set][i];

		if (e->generation != r->generation) {
			oldest = e;
			continue;
		}
		if (memcmp(e->octets, heard->octets, BLE_ADDRESS_SIZE) == 0) {
			*ret_known = true;
			return e;
		}
		if (oldest->generation == r->generation &&
			r->clock - e->used > r->clock - oldest->used)
			oldest = e;
	}
	*ret_known = false;
	return oldest;
}

bool rpa_resolve(struct rpa *r, const struct ble_address *heard, struct ble_address *ret_identity)
{
	struct entry *e;
	bool known;

	if (r->count == 0 || !ble_address_is_resolvable(heard))
		return false;
	r->clock++;
	e = place(r, heard, &known);
	if (!known) {
		memcpy(e->octets, heard->octets, BLE_ADDRESS_SIZE);
		e->generation = r->generation;
		e->who = search(r, heard);
	}
	e->used = r->clock;
	if (e->who == NOBODY)
		return false;
	*ret_identity = r->list[e->who].address;
	return true;
}

uint64_t rpa_hashes(const struct rpa *r)
{
	return r->hashes;
}
