/*
 * Install codes: see installcode.h.
 */
#include "zigbee/installcode.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "codec/crc16.h"
#include "util/hex.h"

#define BLOCK INSTALLCODE_KEY_SIZE
#define CHECK 2

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

int installcode_key_of(
	const uint8_t *code, size_t length, uint8_t ret_key[static INSTALLCODE_KEY_SIZE])
{
	uint8_t ordered[INSTALLCODE_MAX];
	size_t body = length - CHECK;
	uint16_t check, high_first;
	int r;

	if (length != 8 && length != 10 && length != 14 && length != 18)
		return INSTALLCODE_E_LENGTH;
	check = (uint16_t)(crc16_mcrf4xx(code, body) ^ 0xffff); /* CRC-16/X-25 */
	high_first = (uint16_t)(check << 8 | check >> 8);
	if ((code[body] | code[body + 1] << 8) != check &&
		(code[body] | code[body + 1] << 8) != high_first)
		return INSTALLCODE_E_CHECK;
	/* hashed is always the order of the specification, whatever was printed */
	memcpy(ordered, code, body);
	ordered[body] = (uint8_t)check;
	ordered[body + 1] = (uint8_t)(check >> 8);
	r = installcode_hash(ordered, length, ret_key);
	OPENSSL_cleanse(ordered, sizeof(ordered));
	return r;
}

int installcode_key(const char *text, uint8_t ret_key[static INSTALLCODE_KEY_SIZE])
{
	uint8_t code[INSTALLCODE_MAX] = { 0 };
	size_t n = 0;
	int r = 0;

	for (; *text && r == 0; text++) {
		int digit = hex_digit(*text);

		if (strchr(" :-", *text))
			continue;
		if (digit < 0)
			r = INSTALLCODE_E_DIGIT;
		else if (n == 2 * sizeof(code))
			r = INSTALLCODE_E_LENGTH;
		else
			code[n / 2] |= (uint8_t)(n % 2 == 0 ? digit << 4 : digit);
		n++;
	}
	if (r == 0 && n % 2 != 0)
		r = INSTALLCODE_E_LENGTH;
	if (r == 0)
		r = installcode_key_of(code, n / 2, ret_key);
	OPENSSL_cleanse(code, sizeof(code));
	return r;
}

const char *installcode_words(int outcome)
{
	switch (outcome) {
	case 0:
		return "it is right";
	case INSTALLCODE_E_DIGIT:
		return "it has something else in it than hex digits";
	case INSTALLCODE_E_LENGTH:
		return "it has neither 16, 20, 28 nor 36 hex digits";
	case INSTALLCODE_E_CHECK:
		return "its last four digits do not fit the others: it is mistyped";
	default:
		return "no memory is left";
	}
}
