/*
 * Cipher suites, certificates and cookies. See dtls_context.h.
 */
#include "coap/dtls_context.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

/*
 * CCM_8 is what constrained devices speak (RFC 7252 section 9.1.3.1); among the rest the client
 * chooses. Newer OpenSSL counts its tag of 64 bits below level 1, so the level is 0 here and the
 * list closed: nothing weaker is named in it.
 */
#define SUITES_PSK                                                                                 \
	"ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256:PSK-AES128-CCM8:PSK-AES256-CCM8:" \
	"PSK-AES128-CCM:PSK-AES256-CCM:PSK-AES128-GCM-SHA256:PSK-AES256-GCM-SHA384:"               \
	"PSK-CHACHA20-POLY1305:PSK-AES128-CBC-SHA256"
#define SUITES_CERTIFICATE                                                                         \
	":ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-GCM-SHA256:"           \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"                             \
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"
#define LEVEL ":@SECLEVEL=0"
/* What the level would otherwise have kept out of certificates. */
#define SIGNATURES                                                                                 \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:" \
	"RSA+SHA384"
#define RSA_BITS_MIN 2048
#define EC_BITS_MIN 224
#define CHAIN_DEPTH_MAX 4
/* Of the handshake's messages; also what a half-open session may make OpenSSL put aside. */
#define CERTIFICATES_MAX 8192

static int fail(char problem[DTLS_PROBLEM_MAX], const char *what, const char *path)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(e);

	snprintf(problem, DTLS_PROBLEM_MAX, "%s %s: %s", what, path,
		reason ? reason : "it does not fit");
	ERR_clear_error();
	return -EINVAL;
}

/* A key with a pass phrase is refused: nobody is there to type it. */
static int no_pass_phrase(char *buf, int size, int writing, void *userdata)
{
	return 0;
}

/* The strength of each certificate in the chain, since the security level does not look. */
static int verify_strength(int ok, X509_STORE_CTX *store)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	EVP_PKEY *key = certificate ? X509_get0_pubkey(certificate) : NULL;
	int bits = key ? EVP_PKEY_get_bits(key) : 0;
	bool rsa = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;

	if (ok && bits < (rsa ? RSA_BITS_MIN : EC_BITS_MIN)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_EE_KEY_TOO_SMALL);
		return 0;
	}
	return ok;
}

static int load_certificates(
	SSL_CTX *ctx, const struct dtls_credentials *c, char problem[DTLS_PROBLEM_MAX])
{
	STACK_OF(X509_NAME) * names;

	SSL_CTX_set_default_passwd_cb(ctx, no_pass_phrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, c->certificate_file) != 1)
		return fail(problem, "the certificate cannot be read from", c->certificate_file);
	if (!c->private_key_file ||
		SSL_CTX_use_PrivateKey_file(ctx, c->private_key_file, SSL_FILETYPE_PEM) != 1)
		return fail(problem, "the private key cannot be read from",
			c->private_key_file ? c->private_key_file : "nowhere");
	if (SSL_CTX_check_private_key(ctx) != 1)
		return fail(problem, "the private key is not the certificate's in",
			c->private_key_file);
	if (!c->ca_file || SSL_CTX_load_verify_locations(ctx, c->ca_file, NULL) != 1)
		return fail(problem, "the devices' authority cannot be read from",
			c->ca_file ? c->ca_file : "nowhere");
	names = SSL_load_client_CA_file(c->ca_file);
	if (!names)
		return fail(problem, "the devices' authority cannot be read from", c->ca_file);
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH_MAX);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verify_strength);
	return 0;
}

int dtls_context_new(
	SSL_CTX **ret, const struct dtls_credentials *c, char problem[DTLS_PROBLEM_MAX])
{
	const char *suites =
		c->certificate_file ? SUITES_PSK SUITES_CERTIFICATE LEVEL : SUITES_PSK LEVEL;
	SSL_CTX *ctx;
	int r = 0;

	ERR_clear_error();
	ctx = SSL_CTX_new(DTLS_server_method());
	if (!ctx)
		return -ENOMEM;

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
					 SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(ctx, CERTIFICATES_MAX);
	SSL_CTX_set_max_send_fragment(ctx, 2048);
	if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
		SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
		SSL_CTX_set_cipher_list(ctx, suites) != 1 ||
		SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) != 1 ||
		SSL_CTX_set1_client_sigalgs_list(ctx, SIGNATURES) != 1)
		r = fail(problem, "OpenSSL refuses", "DTLS 1.2");
	if (r == 0 && c->certificate_file)
		r = load_certificates(ctx, c, problem);
	if (r < 0) {
		SSL_CTX_free(ctx);
		return r;
	}
	*ret = ctx;
	return 0;
}

static bool rotate(struct dtls_cookies *c, int64_t now_us)
{
	if (c->made && now_us - c->changed_us < DTLS_COOKIE_LIFETIME_US)
		return true;
	/* of two secrets that are both too old, neither may stay */
	if (!c->made || now_us - c->changed_us >= 2 * DTLS_COOKIE_LIFETIME_US) {
		if (RAND_bytes(c->secret[1], sizeof(c->secret[1])) != 1)
			return false;
	} else {
		memcpy(c->secret[1], c->secret[0], sizeof(c->secret[1]));
	}
	if (RAND_bytes(c->secret[0], sizeof(c->secret[0])) != 1)
		return false;
	c->changed_us = now_us;
	c->made = true;
	return true;
}

static bool sign(
	const uint8_t secret[32], const struct udp_address *a, uint8_t ret[DTLS_COOKIE_LENGTH])
{
	unsigned length = 0;

	return HMAC(EVP_sha256(), secret, 32, (const uint8_t *)a, sizeof(*a), ret, &length) &&
	       length == DTLS_COOKIE_LENGTH;
}

bool dtls_cookie_make(struct dtls_cookies *c, const struct udp_address *a, int64_t now_us,
	uint8_t ret[DTLS_COOKIE_LENGTH])
{
	return rotate(c, now_us) && sign(c->secret[0], a, ret);
}

bool dtls_cookie_check(struct dtls_cookies *c, const struct udp_address *a, int64_t now_us,
	const void *cookie, size_t length)
{
	uint8_t want[DTLS_COOKIE_LENGTH];

	if (length != sizeof(want) || !rotate(c, now_us))
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (sign(c->secret[i], a, want) && CRYPTO_memcmp(want, cookie, length) == 0)
			return true;
	}
	return false;
}
