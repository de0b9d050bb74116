/*
 * SipHash-2-4 as Aumasson and Bernstein describe it ("SipHash: a fast
 * short-input PRF", section 2).
 */
#include "util/hash.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

const struct hash_key hash_key_fixed = { UINT64_C(0x7761726467617465),
	UINT64_C(0x736f757263656b79) };

int hash_key_random(struct hash_key *ret)
{
	struct hash_key key;
	ssize_t n;

	do
		n = getrandom(&key, sizeof(key), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n != sizeof(key))
		return -EIO; /* never so for 16 bytes (getrandom(2)) */
	*ret = key;
	return 0;
}

static inline uint64_t rotate(uint64_t v, int bits)
{
	return v << bits | v >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static inline uint64_t little(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t v[4] = { UINT64_C(0x736f6d6570736575) ^ key->k0,
		UINT64_C(0x646f72616e646f6d) ^ key->k1, UINT64_C(0x6c7967656e657261) ^ key->k0,
		UINT64_C(0x7465646279746573) ^ key->k1 };
	uint64_t last = (uint64_t)n << 56, word;

	for (; n >= 8; n -= 8, p += 8) {
		word = little(p, 8);
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	last |= little(p, n);
	v[3] ^= last;
	sip_round(v);
	sip_round(v);
	v[0] ^= last;

	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
