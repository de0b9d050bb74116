/*
 * DTLS 1.2 for many peers over one socket, the server's side, on OpenSSL:
 * which datagram belongs to whom, handshakes, and what must not end a session.
 * It owns no socket: datagrams come in with both addresses and go out through
 * the ops. Limits on established sessions are the owner's (server.h), on
 * half-open ones they are here. CoAP is no matter of it.
 *
 * Why this and not libcoap's server: a device that lost power comes back on the
 * same address and port with a new ClientHello. libcoap (4.3.1 to 4.3.5) hands
 * it to the old session's TLS object, which drops it, and each try keeps the
 * old session alive: the device is locked out. To end the old session by a
 * ping first would let one forged ClientHello end that of a device that sleeps.
 * libcoap also walks all sessions for each datagram, and exports no way to put
 * a datagram in. What RFC 6347 section 4.2.8 asks for is done here:
 *
 *  - a ClientHello in epoch 0 always goes to the cookie exchange, which keeps
 *    no state (section 4.2.1), whether its address has a session or not;
 *  - once the cookie has come back, a second handshake runs beside the session,
 *    and takes its place only when it has succeeded;
 *  - other records of epoch 0 reach only that handshake, never the session: no
 *    forged alert or handshake message can touch it;
 *  - records of epoch 1 go to the session, and those that it cannot decipher to
 *    the handshake, once that one has come to its ChangeCipherSpec.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coap/dtls_context.h"
#include "coap/timers.h"
#include "coap/udp.h"
#include "util/cleanup.h"

#define DTLS_IDENTITY_MAX 128
/* Handshakes under way: of all addresses, and of one. The oldest gives way. */
#define DTLS_HALF_OPEN_MAX 256
#define DTLS_HALF_OPEN_ADDRESS_MAX 64
#define DTLS_HANDSHAKE_MAX_US (30 * INT64_C(1000000))
/* Payload of one datagram, so that it passes over any IPv6 link unfragmented. */
#define DTLS_MTU 1232
/* Sessions that keep OpenSSL's buffers between records. */
#define DTLS_WARM_MAX 128

struct dtls;
struct dtls_session;

enum dtls_end {
	DTLS_END_CLOSED,   /* by the peer */
	DTLS_END_REPLACED, /* the peer came back with a new handshake */
	DTLS_END_EVICTED,  /* it had been quiet for longest and another needed its place */
	DTLS_END_KEY,      /* its key was changed or taken away */
	DTLS_END_FAILED,
	DTLS_END_STOPPED,
};

struct dtls_ops {
	void (*send)(
		void *userdata, const struct udp_address *a, const uint8_t *bytes, size_t length);
	/* The key of an identity, NULL when there is none. Valid until the next call. */
	const uint8_t *(*key)(void *userdata, const char *identity, size_t *ret_length);
	/* A handshake succeeded. Other sessions may be ended during the call. Returns false to have
	 * it ended at once; ended() is not called then. */
	bool (*established)(void *userdata, struct dtls_session *s, int64_t now_us);
	/* bytes are the callee's during the call. The session itself must not be ended in it. */
	void (*received)(void *userdata, struct dtls_session *s, uint8_t *bytes, size_t length,
		int64_t now_us);
	/* Of an established session; it is freed after the call. */
	void (*ended)(void *userdata, struct dtls_session *s, enum dtls_end why);
	/* A handshake came to nothing; identity is NULL when none was claimed. */
	void (*refused)(void *userdata, const struct udp_address *a, const char *identity,
		const char *reason);
};

struct dtls_counters {
	uint64_t established, replaced;
	uint64_t refused;      /* handshakes that failed */
	uint64_t abandoned;    /* handshakes that came to no end */
	uint64_t displaced;    /* half-open handshakes that gave way at a limit */
	uint64_t hellos;       /* ClientHellos answered with a cookie */
	uint64_t repeated;     /* ClientHellos of a handshake that is under way */
	uint64_t malformed;    /* not DTLS, or cut short */
	uint64_t stray;        /* records of no session or handshake */
	uint64_t undeciphered; /* records that a session could not authenticate */
	uint64_t no_memory;
};

/* Timers are used for handshakes. ctx is taken over. */
int dtls_new(struct dtls **ret, const struct dtls_ops *ops, void *userdata, struct timers *timers,
	SSL_CTX *take_ctx);
/* Ends all sessions with DTLS_END_STOPPED. */
struct dtls *dtls_free(struct dtls *d);
WG_DEFINE_CLEANUP(struct dtls *, dtls_free)
/* New handshakes use another context from now on; ctx is taken over. */
int dtls_set_context(struct dtls *d, SSL_CTX *take_ctx);

void dtls_receive(
	struct dtls *d, const struct udp_address *a, uint8_t *bytes, size_t length, int64_t now_us);
/* Sends bytes in one record. A session that fails is ended later, never in this call. */
void dtls_send(struct dtls_session *s, const uint8_t *bytes, size_t length);
/* Ends an established session, telling the peer unless it was replaced; ended() is called. */
void dtls_end(struct dtls_session *s, enum dtls_end why);
/* Gives up handshakes of which doomed says so; identity is what the peer claims. */
void dtls_give_up(
	struct dtls *d, bool (*doomed)(void *userdata, const char *identity), void *userdata);

/* The PSK identity or the certificate's common name. */
const char *dtls_session_identity(const struct dtls_session *s);
/* Whether it came with a key, not a certificate. */
bool dtls_session_has_key(const struct dtls_session *s);
const struct udp_address *dtls_session_address(const struct dtls_session *s);
void dtls_session_set_userdata(struct dtls_session *s, void *userdata);
void *dtls_session_userdata(const struct dtls_session *s);

size_t dtls_half_open(const struct dtls *d);
const struct dtls_counters *dtls_counters(const struct dtls *d);
