/*
 * Keys of install codes: see installcode.h.
 */
#include "zigbee/installcode.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK INSTALLCODE_KEY_SIZE

/* One block with a key of its own (FIPS 197). */
static int encrypt(EVP_CIPHER_CTX *context, const uint8_t *key, const uint8_t *in, uint8_t *out)
{
	int n;

	return EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
			       EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
			       EVP_EncryptUpdate(context, out, &n, in, BLOCK) == 1
		       ? 0
		       : -ENOMEM;
}

int installcode_hash(const uint8_t *bytes, size_t length, uint8_t ret[static INSTALLCODE_KEY_SIZE])
{
	/* padded to whole blocks: a bit that is 1, and the length in bits at the end, of two bytes
	 */
	uint8_t padded[INSTALLCODE_HASHED_MAX + 3] = { 0 }, hash[BLOCK] = { 0 }, out[BLOCK];
	size_t total = (length + 3 + BLOCK - 1) / BLOCK * BLOCK;
	EVP_CIPHER_CTX *context;
	int r = 0;

	if (length > INSTALLCODE_HASHED_MAX)
		return -EMSGSIZE;
	context = EVP_CIPHER_CTX_new();
	if (!context)
		return -ENOMEM;
	if (length > 0)
		memcpy(padded, bytes, length);
	padded[length] = 0x80;
	padded[total - 2] = (uint8_t)(length * 8 >> 8);
	padded[total - 1] = (uint8_t)(length * 8);
	for (size_t at = 0; at < total && r == 0; at += BLOCK) {
		r = encrypt(context, hash, padded + at, out);
		for (size_t i = 0; i < BLOCK; i++)
			hash[i] = out[i] ^ padded[at + i];
	}
	memcpy(ret, hash, BLOCK);
	EVP_CIPHER_CTX_free(context);
	OPENSSL_cleanse(padded, sizeof(padded));
	OPENSSL_cleanse(hash, sizeof(hash));
	OPENSSL_cleanse(out, sizeof(out));
	return r;
}

/* Hashed is always the order of the specification, whatever was printed. */
int installcode_key_of(
	const uint8_t *code, size_t length, uint8_t ret_key[static INSTALLCODE_KEY_SIZE])
{
	uint8_t ordered[INSTALLCODE_MAX];
	int r;

	if (length > sizeof(ordered))
		return INSTALLCODE_E_LENGTH;
	memcpy(ordered, code, length);
	r = installcode_order(ordered, length);
	if (r == 0)
		r = installcode_hash(ordered, length, ret_key);
	OPENSSL_cleanse(ordered, sizeof(ordered));
	return r;
}

int installcode_key(const char *text, uint8_t ret_key[static INSTALLCODE_KEY_SIZE])
{
	uint8_t code[INSTALLCODE_MAX];
	size_t length = 0;
	int r = installcode_read(text, code, &length);

	if (r == 0)
		r = installcode_hash(code, length, ret_key);
	OPENSSL_cleanse(code, sizeof(code));
	return r;
}
