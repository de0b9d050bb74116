/*
 * Install codes: see installcode.h.
 */
#include "zigbee/installcode.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
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

/* Bytes of a text; *ret_length counts also those for which there was no room. */
static int read_text(const char *text, uint8_t code[static INSTALLCODE_MAX], size_t *ret_length)
{
	size_t n = 0;

	memset(code, 0, INSTALLCODE_MAX);
	for (; *text; text++) {
		int digit = hex_digit(*text);

		if (strchr(" :-", *text))
			continue;
		if (digit < 0)
			return INSTALLCODE_E_DIGIT;
		if (n == 2 * INSTALLCODE_MAX)
			return INSTALLCODE_E_LENGTH;
		code[n / 2] |= (uint8_t)(n % 2 == 0 ? digit << 4 : digit);
		n++;
	}
	*ret_length = n / 2;
	return n % 2 == 0 ? 0 : INSTALLCODE_E_LENGTH;
}

int installcode_key(const char *text, uint8_t ret_key[static INSTALLCODE_KEY_SIZE])
{
	uint8_t code[INSTALLCODE_MAX];
	size_t n = 0;
	int r = read_text(text, code, &n);

	if (r == 0)
		r = installcode_key_of(code, n, ret_key);
	OPENSSL_cleanse(code, sizeof(code));
	return r;
}

/* What the check of these digits would be tells a mistake in the check itself from one before it.
 */
static void check_words(const char *text, char *buf, size_t size)
{
	uint8_t code[INSTALLCODE_MAX];
	uint16_t check = 0;
	size_t n = 0;

	if (read_text(text, code, &n) == 0 && n > CHECK)
		check = (uint16_t)(crc16_mcrf4xx(code, n - CHECK) ^ 0xffff);
	(void)snprintf(buf, size,
		"has %02X%02X at its end; to the digits before belongs %02X%02X or %02X%02X, so "
		"that one of them is mistyped",
		n > CHECK ? code[n - 2] : 0, n > CHECK ? code[n - 1] : 0, check & 0xff, check >> 8,
		check >> 8, check & 0xff);
	OPENSSL_cleanse(code, sizeof(code));
}

const char *installcode_words(const char *text, int outcome, char *buf, size_t size)
{
	switch (outcome) {
	case 0:
		return "is right";
	case INSTALLCODE_E_DIGIT:
		return "has something else in it than hex digits; give it as it is printed, "
		       "without "
		       "the device's address";
	case INSTALLCODE_E_LENGTH:
		return "has neither 16, 20, 28 nor 36 hex digits; the last four of them are its "
		       "check, and belong to it";
	case INSTALLCODE_E_CHECK:
		check_words(text, buf, size);
		return buf;
	default:
		return "cannot be used: no memory is left";
	}
}
