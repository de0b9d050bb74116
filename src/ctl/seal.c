/*
 * Bytes locked by a passphrase. See seal.h.
 */
#include "ctl/seal.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <string.h>

#include "util/cleanup.h"

#define MAGIC "wardgate-backup\n"
#define MAGIC_SIZE 16
#define TAG 16
#define LENGTH 4
#define LAST 0x80000000u
#define SCRYPT_R 8
#define SCRYPT_P 1
#define MEMORY_MAX (UINT64_C(1100) * 1024 * 1024)

enum {
	AT_VERSION = 16,
	AT_DERIVATION,
	AT_LOG_N,
	AT_R,
	AT_P,
	AT_CIPHER,
	AT_LOG_PIECE,
	AT_ZERO,
	AT_SALT,
	AT_CHECK = 56,
	AT_DIGEST = 72
};

WG_DEFINE_CLEANUP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free)

void seal_wipe(uint8_t *data, size_t n)
{
	if (data)
		OPENSSL_cleanse(data, n);
	free(data);
}

static void put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void digest(const uint8_t *header, uint8_t ret[8])
{
	uint8_t whole[SHA256_DIGEST_LENGTH];

	SHA256(header, AT_DIGEST, whole);
	memcpy(ret, whole, 8);
}

/* The key, and what tells that the passphrase is right. */
static int derive(const uint8_t *header, const char *passphrase, uint8_t key[32], uint8_t check[16])
{
	uint8_t made[64], whole[SHA256_DIGEST_LENGTH];
	int r = EVP_PBE_scrypt(passphrase, strlen(passphrase), header + AT_SALT, 32,
		UINT64_C(1) << header[AT_LOG_N], header[AT_R], header[AT_P], MEMORY_MAX, made,
		sizeof(made));

	ERR_clear_error();
	/* The rest was looked at before: it is the memory. */
	if (r != 1)
		return -ENOMEM;
	memcpy(key, made, 32);
	SHA256(made + 32, 32, whole);
	memcpy(check, whole, 16);
	OPENSSL_cleanse(made, sizeof(made));
	return 0;
}

static void make_nonce(uint64_t number, uint8_t nonce[12])
{
	memset(nonce, 0, 4);
	put_u32(nonce + 4, (uint32_t)(number >> 32));
	put_u32(nonce + 8, (uint32_t)number);
}

/* --- locking --- */

/* length: with the mark of the last one. out: length, bytes, tag. */
static int lock_piece(EVP_CIPHER_CTX *c, const uint8_t *key, const uint8_t *header, uint64_t number,
	const uint8_t *data, uint32_t length, uint8_t *out)
{
	uint8_t nonce[12];
	int size = (int)(length & ~LAST), done;

	make_nonce(number, nonce);
	put_u32(out, length);
	if (EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
		EVP_EncryptUpdate(c, NULL, &done, header, SEAL_HEADER) != 1 ||
		EVP_EncryptUpdate(c, NULL, &done, out, LENGTH) != 1 ||
		(size > 0 && EVP_EncryptUpdate(c, out + LENGTH, &done, data, size) != 1) ||
		EVP_EncryptFinal_ex(c, out + LENGTH + size, &done) != 1 ||
		EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, out + LENGTH + size) != 1)
		return -EIO;
	return 0;
}

int seal(const void *data, size_t n, const char *passphrase, unsigned log_n, uint8_t **ret,
	size_t *ret_size)
{
	_cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t pieces = n > 0 ? (n + SEAL_PIECE - 1) / SEAL_PIECE : 1;
	size_t size = SEAL_HEADER + n + pieces * (LENGTH + TAG);
	_cleanup_(freep) uint8_t *out = NULL;
	const uint8_t *from = data;
	uint8_t key[32], *at;
	int r;

	assert(log_n >= 1 && log_n <= SEAL_LOG_N_MAX);
	if (n > SEAL_PLAIN_MAX)
		return -EFBIG;
	out = calloc(1, size);
	if (!c || !out)
		return -ENOMEM;
	memcpy(out, MAGIC, MAGIC_SIZE);
	out[AT_VERSION] = out[AT_DERIVATION] = out[AT_CIPHER] = 1;
	out[AT_LOG_N] = (uint8_t)log_n;
	out[AT_R] = SCRYPT_R;
	out[AT_P] = SCRYPT_P;
	out[AT_LOG_PIECE] = 16;
	if (RAND_bytes(out + AT_SALT, 32) != 1)
		return -EIO;
	r = derive(out, passphrase, key, out + AT_CHECK);
	digest(out, out + AT_DIGEST);
	at = out + SEAL_HEADER;
	for (size_t i = 0; r == 0 && i < pieces; i++) {
		size_t left = n - i * SEAL_PIECE;
		uint32_t length = i + 1 < pieces ? SEAL_PIECE : (uint32_t)left | LAST;

		r = lock_piece(c, key, out, i, from + i * SEAL_PIECE, length, at);
		at += LENGTH + (length & ~LAST) + TAG;
	}
	OPENSSL_cleanse(key, sizeof(key));
	ERR_clear_error();
	if (r < 0)
		return r;
	*ret = TAKE_PTR(out);
	*ret_size = size;
	return 0;
}

/* --- opening --- */

static int judge_header(const uint8_t *h, size_t n, unsigned log_n_max)
{
	uint8_t wanted[8];

	if (n < MAGIC_SIZE || memcmp(h, MAGIC, MAGIC_SIZE) != 0)
		return SEAL_NOT_OURS;
	if (n < SEAL_HEADER)
		return SEAL_CUT;
	digest(h, wanted);
	if (memcmp(wanted, h + AT_DIGEST, 8) != 0)
		return SEAL_HEADER_WRONG;
	if (h[AT_VERSION] != 1 || h[AT_DERIVATION] != 1 || h[AT_CIPHER] != 1 ||
		h[AT_LOG_PIECE] != 16 || h[AT_ZERO] != 0)
		return SEAL_NEWER;
	if (h[AT_LOG_N] < 1 || h[AT_LOG_N] > log_n_max || h[AT_R] != SCRYPT_R ||
		h[AT_P] != SCRYPT_P)
		return SEAL_NEWER;
	return SEAL_GOOD;
}

static bool open_piece(EVP_CIPHER_CTX *c, const uint8_t *key, const uint8_t *header,
	uint64_t number, const uint8_t *piece, size_t size, uint8_t *out)
{
	uint8_t nonce[12], tag[TAG];
	int done;

	make_nonce(number, nonce);
	memcpy(tag, piece + LENGTH + size, TAG);
	return EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &done, header, SEAL_HEADER) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &done, piece, LENGTH) == 1 &&
	       (size == 0 || EVP_DecryptUpdate(c, out, &done, piece + LENGTH, (int)size) == 1) &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
	       EVP_DecryptFinal_ex(c, out + size, &done) == 1;
}

/* out has room for all that data could hold. */
static int open_pieces(const uint8_t *key, const uint8_t *header, const uint8_t *data, size_t n,
	uint8_t *out, size_t *ret_size)
{
	_cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t made = 0;

	if (!c)
		return -ENOMEM;
	for (uint64_t number = 0;; number++) {
		uint32_t length;
		size_t size;

		if (n < LENGTH)
			return SEAL_CUT;
		length = get_u32(data);
		size = length & ~LAST;
		if (size > SEAL_PIECE || (!(length & LAST) && size != SEAL_PIECE))
			return SEAL_DAMAGED;
		if (n < LENGTH + size + TAG)
			return SEAL_CUT;
		if (!open_piece(c, key, header, number, data, size, out + made))
			return SEAL_DAMAGED;
		data += LENGTH + size + TAG;
		n -= LENGTH + size + TAG;
		made += size;
		if (length & LAST)
			break;
	}
	*ret_size = made;
	return n == 0 ? SEAL_GOOD : SEAL_DAMAGED;
}

int seal_open(const uint8_t *data, size_t n, const char *passphrase, unsigned log_n_max,
	uint8_t **ret, size_t *ret_size)
{
	uint8_t key[32], check[16], *out;
	size_t size = 0;
	int r = judge_header(data, n, log_n_max);

	if (r != SEAL_GOOD)
		return r;
	if (n > SEAL_PLAIN_MAX + SEAL_PLAIN_MAX / 1024)
		return SEAL_NEWER;
	r = derive(data, passphrase, key, check);
	if (r < 0)
		return r;
	if (CRYPTO_memcmp(check, data + AT_CHECK, sizeof(check)) != 0) {
		OPENSSL_cleanse(key, sizeof(key));
		return SEAL_WRONG;
	}
	out = malloc(n);
	if (!out) {
		OPENSSL_cleanse(key, sizeof(key));
		return -ENOMEM;
	}
	r = open_pieces(key, data, data + SEAL_HEADER, n - SEAL_HEADER, out, &size);
	OPENSSL_cleanse(key, sizeof(key));
	ERR_clear_error();
	if (r != SEAL_GOOD) {
		seal_wipe(out, n);
		return r;
	}
	*ret = out;
	*ret_size = size;
	return SEAL_GOOD;
}
