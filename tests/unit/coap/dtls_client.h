/*
 * A device's side of DTLS for tests: OpenSSL's client, fed and emptied by hand,
 * so that a test decides which datagram arrives, when and how often.
 */
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "coap/dtls_bio.h"
#include "coap/udp.h"

#define CLIENT_QUEUE 32

struct datagram {
	uint8_t bytes[2048];
	size_t length;
};

struct dtls_client {
	SSL_CTX *ctx;
	SSL *ssl;
	struct dtls_pipe pipe;
	struct udp_address address;
	char identity[64];
	uint8_t key[32];
	size_t key_length;
	/* From the server, and to it when hold is set, else out goes by send. */
	struct datagram in[CLIENT_QUEUE], out[CLIENT_QUEUE];
	size_t in_count, out_count;
	bool hold;
	void (*send)(struct dtls_client *c, const uint8_t *bytes, size_t length);
};

static unsigned client_key(SSL *ssl, const char *hint, char *identity, unsigned identity_size,
	unsigned char *key, unsigned key_size)
{
	struct dtls_client *c = SSL_get_app_data(ssl);

	if (c->key_length > key_size)
		return 0;
	snprintf(identity, identity_size, "%s", c->identity);
	memcpy(key, c->key, c->key_length);
	return (unsigned)c->key_length;
}

static void client_out(struct dtls_pipe *p, const uint8_t *bytes, size_t length)
{
	struct dtls_client *c =
		(struct dtls_client *)((char *)p - offsetof(struct dtls_client, pipe));

	if (!c->hold) {
		c->send(c, bytes, length);
		return;
	}
	assert_true(c->out_count < CLIENT_QUEUE && length <= sizeof(c->out[0].bytes));
	memcpy(c->out[c->out_count].bytes, bytes, length);
	c->out[c->out_count++].length = length;
}

/* A device at its start: a fresh TLS object, at the address it had before. */
static void client_boot(struct dtls_client *c, const char *suites)
{
	BIO *bio;

	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	c->in_count = c->out_count = 0;
	c->ctx = SSL_CTX_new(DTLS_client_method());
	assert_non_null(c->ctx);
	assert_int_equal(SSL_CTX_set_min_proto_version(c->ctx, DTLS1_2_VERSION), 1);
	assert_int_equal(SSL_CTX_set_cipher_list(c->ctx, suites), 1);
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_psk_client_callback(c->ctx, client_key);
	c->ssl = SSL_new(c->ctx);
	c->pipe = (struct dtls_pipe){ .out = client_out };
	bio = dtls_bio_new(&c->pipe);
	assert_non_null(bio);
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_app_data(c->ssl, c);
	SSL_set_mtu(c->ssl, 1200);
	SSL_set_connect_state(c->ssl);
}

static void client_done(struct dtls_client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	c->ssl = NULL;
	c->ctx = NULL;
}

static void client_deliver(struct dtls_client *c, const uint8_t *bytes, size_t length)
{
	assert_true(c->in_count < CLIENT_QUEUE && length <= sizeof(c->in[0].bytes));
	memcpy(c->in[c->in_count].bytes, bytes, length);
	c->in[c->in_count++].length = length;
}

static bool client_take(struct dtls_client *c, struct datagram *ret)
{
	if (c->in_count == 0)
		return false;
	*ret = c->in[0];
	memmove(c->in, c->in + 1, --c->in_count * sizeof(c->in[0]));
	return true;
}

/* Goes on with the handshake until nothing is left to read. Returns whether it is done. */
static bool client_handshake(struct dtls_client *c)
{
	struct datagram d;

	ERR_clear_error();
	(void)SSL_do_handshake(c->ssl);
	while (!SSL_is_init_finished(c->ssl) && client_take(c, &d)) {
		c->pipe.in = d.bytes;
		c->pipe.in_length = d.length;
		ERR_clear_error();
		(void)SSL_do_handshake(c->ssl);
	}
	return SSL_is_init_finished(c->ssl);
}

static void client_write(struct dtls_client *c, const void *bytes, size_t length)
{
	assert_int_equal(SSL_write(c->ssl, bytes, (int)length), (int)length);
}

/* The next thing the server said, -1 when it has said nothing. */
static int client_read(struct dtls_client *c, uint8_t *buf, size_t size)
{
	struct datagram d;
	int n;

	while (client_take(c, &d)) {
		c->pipe.in = d.bytes;
		c->pipe.in_length = d.length;
		ERR_clear_error();
		n = SSL_read(c->ssl, buf, (int)size);
		if (n > 0)
			return n;
	}
	return -1;
}

/* An IPv4 peer of that number, as the dual-stack socket shows it. */
static inline struct udp_address address(unsigned host, uint16_t port)
{
	struct udp_address a = { .peer_port = htons(port) };

	a.peer.s6_addr[10] = a.peer.s6_addr[11] = 0xff;
	a.peer.s6_addr[12] = 10;
	a.peer.s6_addr[14] = (uint8_t)(host >> 8);
	a.peer.s6_addr[15] = (uint8_t)host;
	a.local.s6_addr[15] = 1;
	return a;
}
