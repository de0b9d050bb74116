/*
 * What all DTLS sessions share: cipher suites, certificates, and the secret
 * behind the cookies. Which datagram belongs to which session is in dtls.h.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coap/udp.h"

/* Paths; all NULL for pre-shared keys only. Clients must then show a certificate that ca_file
 * signed, unless they come with a key. */
struct dtls_credentials {
	const char *certificate_file, *private_key_file, *ca_file;
};

#define DTLS_PROBLEM_MAX 256

/* Makes a context for DTLS 1.2 servers. Returns 0 with *ret for SSL_CTX_free(), or a negative errno
 * with a sentence in problem. */
int dtls_context_new(
	SSL_CTX **ret, const struct dtls_credentials *c, char problem[DTLS_PROBLEM_MAX]);

#define DTLS_COOKIE_LENGTH 32
/* A cookie is good for this long at least, and twice as long at most. */
#define DTLS_COOKIE_LIFETIME_US (60 * INT64_C(1000000))

/* HMAC-SHA256 over both addresses under a secret that changes (RFC 6347 section 4.2.1). */
struct dtls_cookies {
	uint8_t secret[2][32]; /* the present one and the one before */
	int64_t changed_us;
	bool made;
};

/* Returns false when there is no randomness or no memory. */
bool dtls_cookie_make(struct dtls_cookies *c, const struct udp_address *a, int64_t now_us,
	uint8_t ret[DTLS_COOKIE_LENGTH]);
bool dtls_cookie_check(struct dtls_cookies *c, const struct udp_address *a, int64_t now_us,
	const void *cookie, size_t length);
