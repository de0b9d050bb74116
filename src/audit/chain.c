/*
 * See chain.h.
 */
#include "audit/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

WG_DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

const char chain_zeros[CHAIN_HASH_MAX] =
	"0000000000000000000000000000000000000000000000000000000000000000";

int chain_hash(const char *previous, const char *entry, size_t length, char ret[CHAIN_HASH_MAX])
{
	static const char digits[] = "0123456789abcdef";
	_cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) ||
		!EVP_DigestUpdate(ctx, previous, strlen(previous)) ||
		!EVP_DigestUpdate(ctx, entry, length) || !EVP_DigestFinal_ex(ctx, hash, &size) ||
		size * 2 + 1 != CHAIN_HASH_MAX)
		return -EIO;
	for (unsigned i = 0; i < size; i++) {
		ret[2 * i] = digits[hash[i] >> 4];
		ret[2 * i + 1] = digits[hash[i] & 15];
	}
	ret[2 * size] = 0;
	return 0;
}

static void set(struct chain_walk *w, uint64_t number, const char *hash)
{
	w->number = number;
	(void)snprintf(w->hash, sizeof(w->hash), "%s", hash);
}

void chain_begin(struct chain_walk *w, uint64_t number, const char *hash)
{
	set(w, number, number > 0 ? hash : chain_zeros);
}

/* {"number":12,... */
static bool says(const char *entry, size_t length, uint64_t number)
{
	char begin[40];
	int n = snprintf(begin, sizeof(begin), "{\"number\":%" PRIu64 ",", number);

	return length > (size_t)n && memcmp(entry, begin, (size_t)n) == 0;
}

enum chain_fault chain_step(
	struct chain_walk *w, uint64_t number, const char *entry, size_t length, const char *hash)
{
	bool follows = number == w->number + 1;
	char expected[CHAIN_HASH_MAX] = "";
	bool same =
		chain_hash(w->hash, entry, length, expected) == 0 && strcmp(expected, hash) == 0;

	set(w, number, hash);
	if (!follows)
		return CHAIN_MISSING;
	if (!same)
		return CHAIN_CHANGED;
	return says(entry, length, number) ? CHAIN_WHOLE : CHAIN_NUMBERED;
}

enum chain_fault chain_end(const struct chain_walk *w, uint64_t number, const char *hash)
{
	return w->number == number && (number == 0 || strcmp(w->hash, hash) == 0) ? CHAIN_WHOLE
										  : CHAIN_CUT;
}
