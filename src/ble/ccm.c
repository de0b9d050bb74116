/*
 * OpenSSL's CCM: the lengths of tag and nonce first, then the key, then how much
 * there is, then what is not sealed. See ccm.h.
 */
#include "ble/ccm.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define TAG_MAX 16

struct ccm {
	EVP_CIPHER_CTX *context;
	EVP_CIPHER *cipher;
};

int ccm_new(struct ccm **ret)
{
	_cleanup_(ccm_freep) struct ccm *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->context = EVP_CIPHER_CTX_new();
	if (!c->context)
		return -ENOMEM;
	c->cipher = EVP_CIPHER_fetch(NULL, "AES-128-CCM", NULL);
	if (!c->cipher)
		return -ENOTSUP;
	/* once: it allocates, which a new key and nonce do not */
	if (EVP_DecryptInit_ex2(c->context, c->cipher, NULL, NULL, NULL) != 1)
		return -ENOTSUP;
	*ret = TAKE_PTR(c);
	return 0;
}

struct ccm *ccm_free(struct ccm *c)
{
	if (!c)
		return NULL;
	EVP_CIPHER_CTX_free(c->context);
	EVP_CIPHER_free(c->cipher);
	free(c);
	return NULL;
}

int ccm_open(void *cipher, const uint8_t key[static ADVERT_KEY_SIZE], const uint8_t *nonce,
	size_t nonce_length, const uint8_t *associated, size_t associated_length,
	const uint8_t *sealed, size_t length, const uint8_t *tag, size_t tag_length, uint8_t *plain)
{
	struct ccm *c = cipher;
	EVP_CIPHER_CTX *x = c->context;
	uint8_t own_tag[TAG_MAX]; /* OpenSSL takes it without a const */
	int n;

	if (tag_length > sizeof(own_tag))
		return -EBADMSG;
	memcpy(own_tag, tag, tag_length);
	if (EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_length, NULL) != 1 ||
		EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, (int)tag_length, own_tag) != 1 ||
		EVP_DecryptInit_ex2(x, NULL, key, nonce, NULL) != 1 ||
		EVP_DecryptUpdate(x, NULL, &n, NULL, (int)length) != 1)
		return -EBADMSG;
	if (associated_length > 0 &&
		EVP_DecryptUpdate(x, NULL, &n, associated, (int)associated_length) != 1)
		return -EBADMSG;
	/* of CCM this alone says whether the tag fits */
	return EVP_DecryptUpdate(x, plain, &n, sealed, (int)length) == 1 ? 0 : -EBADMSG;
}
