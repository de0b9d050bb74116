/* AES in the ways that Bluetooth uses it; see ble_crypto.h. */
#include "sim/ble_crypto.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "sim/rng.h"

/* OpenSSL fails here only when memory is out: the simulator then stops, it keeps nothing. */
static void sure(int done)
{
	if (done != 1)
		abort();
}

void sble_ah(const uint8_t irk[static 16], const uint8_t prand[static 3], uint8_t ret[static 3])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t block[16] = { 0 }, out[32];
	int n = 0;

	memcpy(block + 13, prand, 3);
	sure(c != NULL);
	sure(EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, irk, NULL));
	sure(EVP_EncryptUpdate(c, out, &n, block, sizeof(block)));
	EVP_CIPHER_CTX_free(c);
	memcpy(ret, out + 13, 3);
}

void sble_seal(const uint8_t key[static 16], const uint8_t *nonce, size_t nonce_n,
	const uint8_t *aad, size_t aad_n, const uint8_t *plain, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int k = 0;

	sure(c != NULL);
	sure(EVP_EncryptInit_ex(c, EVP_aes_128_ccm(), NULL, NULL, NULL));
	sure(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_n, NULL));
	sure(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 4, NULL));
	sure(EVP_EncryptInit_ex(c, NULL, NULL, key, nonce));
	sure(EVP_EncryptUpdate(c, NULL, &k, NULL, (int)n));
	if (aad_n)
		sure(EVP_EncryptUpdate(c, NULL, &k, aad, (int)aad_n));
	sure(EVP_EncryptUpdate(c, out, &k, plain, (int)n));
	sure(EVP_EncryptFinal_ex(c, out + k, &k));
	sure(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 4, out + n));
	EVP_CIPHER_CTX_free(c);
}

void sble_cmac(const uint8_t key[static 16], const uint8_t *p, size_t n, uint8_t ret[static 16])
{
	EVP_MAC *m = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *c = m ? EVP_MAC_CTX_new(m) : NULL;
	char cipher[] = "AES-128-CBC";
	OSSL_PARAM with[] = { OSSL_PARAM_construct_utf8_string("cipher", cipher, 0),
		OSSL_PARAM_construct_end() };
	size_t k = 0;

	sure(c != NULL);
	sure(EVP_MAC_init(c, key, 16, with));
	sure(EVP_MAC_update(c, p, n));
	sure(EVP_MAC_final(c, ret, &k, 16));
	EVP_MAC_CTX_free(c);
	EVP_MAC_free(m);
}

void sble_derive(uint64_t seed, const char *what, unsigned a, unsigned b, uint8_t *ret, size_t n)
{
	struct rng r = { seed };

	for (; *what; what++)
		r.state = rng_next(&r) ^ (uint8_t)*what;
	r.state = rng_next(&r) ^ ((uint64_t)a << 32 | b);
	for (size_t i = 0; i < n; i++)
		ret[i] = (uint8_t)(rng_next(&r) >> 24);
}

int sble_unhex(const char *text, uint8_t *ret, size_t n)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	if (strlen(text) != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < 2 * n; i++) {
		const char *d = strchr(digits, text[i]);

		if (!d)
			return -EINVAL;
		ret[i / 2] = (uint8_t)(ret[i / 2] << 4 | ((d - digits) & 15));
	}
	return 0;
}
