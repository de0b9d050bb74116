/*
 * Inside of the DTLS termination: what dtls.c (handshakes, records) and
 * dtls_table.c (who there is) share. Nobody else includes it.
 */
#pragma once

#include "coap/dtls.h"
#include "coap/dtls_bio.h"
#include "util/hash.h"

#define DTLS_RANDOM_LENGTH 32
#define DTLS_PLAIN_MAX 16384

/* Content types of records */
enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };

/* All that is known of an address: at most a session and a handshake beside it. */
struct dtls_peer {
	struct dtls_peer *next;
	struct udp_address address;
	struct dtls_session *live, *pending;
};

struct dtls_session {
	struct dtls *dtls;
	struct dtls_peer *peer; /* NULL: it listens */
	SSL *ssl;
	struct dtls_pipe pipe;
	struct udp_address address;
	struct timer timer;
	struct dtls_session *next,
		*previous; /* of the same kind: live or half open, oldest first */
	int64_t began_us;
	char *identity; /* claimed until established */
	void *userdata;
	int warm; /* its place in the ring, -1: none */
	bool live, has_key, broken, reported;
	uint8_t random[DTLS_RANDOM_LENGTH]; /* of its ClientHello */
};

struct dtls_session_list {
	struct dtls_session *first, *last;
	size_t count;
};

struct dtls {
	const struct dtls_ops *ops;
	void *userdata;
	struct timers *timers;
	SSL_CTX *ctx;
	struct dtls_session *listener;
	struct dtls_cookies cookies;
	struct dtls_counters counters;
	int64_t now_us; /* of the datagram or timer in work, for callbacks of OpenSSL */

	struct hash_key hash_key;
	struct dtls_peer **buckets;
	size_t bucket_count, peer_count;
	struct dtls_session_list live, half_open;
	struct dtls_session *warm[DTLS_WARM_MAX];
	unsigned warm_next;
	uint8_t plain[DTLS_PLAIN_MAX];
};

/* An address that has a session or a handshake, NULL otherwise. */
struct dtls_peer *dtls_peer_find(const struct dtls *d, const struct udp_address *a);
/* The same, made when it is not there; NULL when there is no memory. */
struct dtls_peer *dtls_peer_get(struct dtls *d, const struct udp_address *a);
void dtls_peer_drop_if_unused(struct dtls *d, struct dtls_peer *p);
/* Returns 0, -ENOMEM or the negative errno of the system's randomness. */
int dtls_table_init(struct dtls *d);

void dtls_list_append(struct dtls_session_list *l, struct dtls_session *s);
void dtls_list_remove(struct dtls_session_list *l, struct dtls_session *s);

/* A session that listens. NULL when there is no memory. */
struct dtls_session *dtls_session_new(struct dtls *d, timer_fn fn);
/* Frees one that is in no list and known to no peer. NULL is fine. */
void dtls_session_free(struct dtls_session *s);
/* Gives it OpenSSL's buffers, which must be there before a write. Returns false when there is no
 * memory. */
bool dtls_session_warm_up(struct dtls_session *s);
