/*
 * AES-128-CCM for sealed advertisements, by OpenSSL: the one function that
 * ble/adverts is given because it may not name a library. Not for links, whose
 * encryption is the controller's.
 */
#pragma once

#include "util/cleanup.h"
#include "wardgate/advert.h"

/* Contexts that are used again for each frame, so that nothing is allocated for one. Not for two
 * threads at once. */
struct ccm;

/* Returns 0, -ENOMEM, or -ENOTSUP when OpenSSL does not offer the cipher. */
int ccm_new(struct ccm **ret);
struct ccm *ccm_free(struct ccm *c);
WG_DEFINE_CLEANUP(struct ccm *, ccm_free)

/* As advert_open_fn says; cipher is a struct ccm. */
int ccm_open(void *cipher, const uint8_t key[static ADVERT_KEY_SIZE], const uint8_t *nonce,
	size_t nonce_length, const uint8_t *associated, size_t associated_length,
	const uint8_t *sealed, size_t length, const uint8_t *tag, size_t tag_length,
	uint8_t *plain);
