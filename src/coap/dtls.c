/*
 * DTLS sessions of many peers: handshakes, and which record goes where. See
 * dtls.h.
 */
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "coap/dtls_internal.h"

#define RECORD_HEAD 13    /* RFC 6347 section 4.1 */
#define HANDSHAKE_HEAD 12 /* section 4.2.2 */
/* OpenSSL's handshake timers run on the wall clock; whatever that does, look again within this. */
#define LOOK_AGAIN_MAX_US (4 * INT64_C(1000000))
#define LOOK_AGAIN_MIN_US (10 * INT64_C(1000))

#define CLIENT_HELLO 1

struct record {
	uint8_t *bytes; /* with its head */
	size_t length;
	uint8_t type;
	uint16_t epoch;
};

/* --- sessions --- */

/* Gives up a handshake. */
static void pending_drop(struct dtls_session *s)
{
	struct dtls *d = s->dtls;
	struct dtls_peer *p = s->peer;

	dtls_list_remove(&d->half_open, s);
	p->pending = NULL;
	dtls_session_free(s);
	dtls_peer_drop_if_unused(d, p);
}

static void refused(struct dtls_session *s, const char *reason)
{
	s->dtls->counters.refused++;
	if (!s->reported)
		s->dtls->ops->refused(s->dtls->userdata, &s->address, s->identity, reason);
	s->reported = true;
}

static void session_end(struct dtls_session *s, enum dtls_end why, bool tell)
{
	struct dtls *d = s->dtls;
	struct dtls_peer *p = s->peer;

	if (why != DTLS_END_REPLACED && why != DTLS_END_FAILED && !s->broken &&
		dtls_session_warm_up(s)) {
		(void)SSL_shutdown(s->ssl);
		ERR_clear_error();
	}
	dtls_list_remove(&d->live, s);
	if (p->live == s)
		p->live = NULL;
	if (tell)
		d->ops->ended(d->userdata, s, why);
	dtls_session_free(s);
	dtls_peer_drop_if_unused(d, p);
}

void dtls_end(struct dtls_session *s, enum dtls_end why)
{
	assert(s->live);
	session_end(s, why, true);
}

/* --- handshakes --- */

/* The certificate's common name: the last one, printable, at most DTLS_IDENTITY_MAX bytes. */
static char *common_name(SSL *ssl)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	X509_NAME *subject = certificate ? X509_get_subject_name(certificate) : NULL;
	unsigned char *text = NULL;
	char *name = NULL;
	int at = -1, next, n;

	if (!subject)
		return NULL;
	while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		at = next;
	if (at < 0)
		return NULL;
	n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (n > 0 && n <= DTLS_IDENTITY_MAX && !memchr(text, 0, (size_t)n))
		name = strndup((const char *)text, (size_t)n);
	OPENSSL_free(text);
	return name;
}

static unsigned on_key_wanted(SSL *ssl, const char *identity, unsigned char *key, unsigned size)
{
	struct dtls_session *s = SSL_get_app_data(ssl);
	const uint8_t *known;
	size_t length = 0;

	free(s->identity);
	s->identity = strndup(identity, DTLS_IDENTITY_MAX);
	s->has_key = true;
	known = strlen(identity) <= DTLS_IDENTITY_MAX
			? s->dtls->ops->key(s->dtls->userdata, identity, &length)
			: NULL;
	if (!s->identity || !known || length > size) {
		refused(s, "no key for the identity");
		return 0;
	}
	memcpy(key, known, length);
	return (unsigned)length;
}

static int on_cookie_wanted(SSL *ssl, unsigned char *cookie, unsigned *ret_length)
{
	struct dtls_session *s = SSL_get_app_data(ssl);

	if (!dtls_cookie_make(&s->dtls->cookies, &s->address, s->dtls->now_us, cookie))
		return 0;
	*ret_length = DTLS_COOKIE_LENGTH;
	return 1;
}

static int on_cookie_shown(SSL *ssl, const unsigned char *cookie, unsigned length)
{
	struct dtls_session *s = SSL_get_app_data(ssl);

	return dtls_cookie_check(&s->dtls->cookies, &s->address, s->dtls->now_us, cookie, length);
}

/* When OpenSSL wants to send its flight again. */
static int64_t handshake_deadline(struct dtls_session *s, int64_t now_us)
{
	int64_t last = s->began_us + DTLS_HANDSHAKE_MAX_US, in = LOOK_AGAIN_MAX_US;
	struct timeval tv;

	if (DTLSv1_get_timeout(s->ssl, &tv))
		in = tv.tv_sec * INT64_C(1000000) + tv.tv_usec;
	if (in > LOOK_AGAIN_MAX_US)
		in = LOOK_AGAIN_MAX_US;
	if (in < LOOK_AGAIN_MIN_US)
		in = LOOK_AGAIN_MIN_US;
	return now_us + in < last ? now_us + in : last;
}

static void read_all(struct dtls_session *s, int64_t now_us);

/* The handshake succeeded: the session takes the place of the one before. */
static void promote(struct dtls_session *s, int64_t now_us)
{
	struct dtls *d = s->dtls;
	struct dtls_session *old = s->peer->live;

	if (!s->has_key) {
		free(s->identity);
		s->identity = common_name(s->ssl);
		if (!s->identity) {
			refused(s, "no common name in the certificate");
			pending_drop(s);
			return;
		}
	}

	timers_drop(d->timers, &s->timer);
	dtls_list_remove(&d->half_open, s);
	dtls_list_append(&d->live, s);
	s->peer->pending = NULL;
	s->peer->live = s;
	s->live = true;
	if (old) {
		d->counters.replaced++;
		session_end(old, DTLS_END_REPLACED, true);
	}
	d->counters.established++;
	if (!d->ops->established(d->userdata, s, now_us)) {
		session_end(s, DTLS_END_EVICTED, false);
		return;
	}
	/* Data may have overtaken the end of the handshake. */
	if (SSL_has_pending(s->ssl))
		read_all(s, now_us);
}

static void on_handshake_error(struct dtls_session *s)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	refused(s, reason ? reason : "the handshake failed");
	ERR_clear_error();
	pending_drop(s);
}

/* Goes on with a handshake; s may be gone afterwards. */
static void advance(struct dtls_session *s, int64_t now_us)
{
	int r, error;

	ERR_clear_error();
	r = SSL_accept(s->ssl);
	if (r == 1) {
		promote(s, now_us);
		return;
	}
	error = SSL_get_error(s->ssl, r);
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
		on_handshake_error(s);
		return;
	}
	if (timers_set(s->dtls->timers, &s->timer, handshake_deadline(s, now_us)) < 0) {
		s->dtls->counters.no_memory++;
		pending_drop(s);
	}
}

static int64_t on_timer(struct timer *t, int64_t now_us)
{
	struct dtls_session *s =
		(struct dtls_session *)((char *)t - offsetof(struct dtls_session, timer));
	struct dtls *d = s->dtls;

	d->now_us = now_us;
	if (s->live) {
		session_end(s, DTLS_END_FAILED, true);
		return INT64_MAX;
	}
	if (now_us - s->began_us >= DTLS_HANDSHAKE_MAX_US) {
		d->counters.abandoned++;
		pending_drop(s);
		return INT64_MAX;
	}
	ERR_clear_error();
	if (DTLSv1_handle_timeout(s->ssl) < 0) {
		on_handshake_error(s);
		return INT64_MAX;
	}
	return handshake_deadline(s, now_us);
}

/* Makes room for a handshake: first that address's own oldest gives way. */
static void half_open_limit(struct dtls *d, const struct udp_address *a)
{
	struct dtls_session *own = NULL;
	size_t count = 0;

	for (struct dtls_session *s = d->half_open.first; s; s = s->next) {
		if (memcmp(&s->address.peer, &a->peer, sizeof(a->peer)) != 0)
			continue;
		own = own ? own : s;
		count++;
	}
	if (count >= DTLS_HALF_OPEN_ADDRESS_MAX) {
		d->counters.displaced++;
		pending_drop(own);
	} else if (d->half_open.count >= DTLS_HALF_OPEN_MAX) {
		d->counters.displaced++;
		pending_drop(d->half_open.first);
	}
}

/* The listener has seen the cookie: it becomes that address's handshake. */
static void begin_handshake(struct dtls *d, const struct udp_address *a,
	const uint8_t random[DTLS_RANDOM_LENGTH], int64_t now_us)
{
	struct dtls_session *s = d->listener;
	struct dtls_peer *p = dtls_peer_find(d, a);

	d->listener = NULL;
	if (p && p->pending)
		pending_drop(p->pending);
	half_open_limit(d, a);
	p = dtls_peer_get(d, a);
	if (!p) {
		d->counters.no_memory++;
		dtls_session_free(s);
		return;
	}
	s->peer = p;
	s->began_us = now_us;
	memcpy(s->random, random, sizeof(s->random));
	p->pending = s;
	dtls_list_append(&d->half_open, s);
	advance(s, now_us);
}

static void receive_hello(
	struct dtls *d, const struct udp_address *a, const struct record *r, int64_t now_us)
{
	const uint8_t *random = r->bytes + RECORD_HEAD + HANDSHAKE_HEAD + 2;
	struct dtls_peer *p = dtls_peer_find(d, a);
	BIO_ADDR *unused;

	/* The same hello again: the timer sends the flight again. Another ServerHello with another
	 * random would only cross the first on its way. */
	if (p && p->pending && memcmp(p->pending->random, random, DTLS_RANDOM_LENGTH) == 0) {
		d->counters.repeated++;
		return;
	}

	if (!d->listener)
		d->listener = dtls_session_new(d, on_timer);
	unused = BIO_ADDR_new();
	if (!d->listener || !unused) {
		d->counters.no_memory++;
		BIO_ADDR_free(unused);
		return;
	}
	ERR_clear_error();
	d->listener->address = *a;
	d->listener->pipe.in = r->bytes;
	d->listener->pipe.in_length = r->length;
	d->counters.hellos++;
	if (DTLSv1_listen(d->listener->ssl, unused) > 0)
		begin_handshake(d, a, random, now_us);
	ERR_clear_error();
	BIO_ADDR_free(unused);
}

/* --- records --- */

/* Takes the next record off a datagram. */
static bool take_record(uint8_t **at, size_t *left, struct record *ret)
{
	uint8_t *b = *at;
	size_t length;

	if (*left < RECORD_HEAD)
		return false;
	length = RECORD_HEAD + ((size_t)b[11] << 8 | b[12]);
	/* DTLS 1.2, or 1.0 in the first ClientHello */
	if (*left < length || b[0] < CHANGE_CIPHER_SPEC || b[0] > APPLICATION_DATA ||
		b[1] != 0xfe || (b[2] != 0xfd && b[2] != 0xff))
		return false;
	*ret = (struct record){
		.bytes = b,
		.length = length,
		.type = b[0],
		.epoch = (uint16_t)(b[3] << 8 | b[4]),
	};
	*at += length;
	*left -= length;
	return true;
}

/* Whether it begins a ClientHello, and has its random. */
static bool is_hello(const struct record *r)
{
	const uint8_t *h = r->bytes + RECORD_HEAD;
	static const uint8_t no_offset[3];

	return r->epoch == 0 && r->type == HANDSHAKE &&
	       r->length >= RECORD_HEAD + HANDSHAKE_HEAD + 2 + DTLS_RANDOM_LENGTH &&
	       h[0] == CLIENT_HELLO && memcmp(h + 6, no_offset, sizeof(no_offset)) == 0;
}

/* What has been deciphered goes up. The session may be gone afterwards only if the peer closed it.
 */
static void read_all(struct dtls_session *s, int64_t now_us)
{
	struct dtls *d = s->dtls;
	int n, error;

	do {
		n = SSL_read(s->ssl, d->plain, sizeof(d->plain));
		if (n > 0)
			d->ops->received(d->userdata, s, d->plain, (size_t)n, now_us);
	} while (n > 0 && SSL_has_pending(s->ssl));
	if (n > 0)
		return;

	error = SSL_get_error(s->ssl, n);
	ERR_clear_error();
	if (error == SSL_ERROR_ZERO_RETURN) {
		session_end(s, DTLS_END_CLOSED, true);
	} else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
		s->broken = true;
		session_end(s, DTLS_END_FAILED, true);
	}
}

/* Returns true when the record was the session's own, as far as one can tell. */
static bool feed_live(struct dtls_session *s, const struct record *r, int64_t now_us)
{
	struct dtls *d = s->dtls;
	int n, error;

	if (!dtls_session_warm_up(s)) {
		d->counters.no_memory++;
		return true;
	}
	s->pipe.in = r->bytes;
	s->pipe.in_length = r->length;
	n = SSL_read(s->ssl, d->plain, sizeof(d->plain));
	if (n > 0) {
		d->ops->received(d->userdata, s, d->plain, (size_t)n, now_us);
		if (SSL_has_pending(s->ssl))
			read_all(s, now_us);
		return true;
	}

	error = SSL_get_error(s->ssl, n);
	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		if (r->type == APPLICATION_DATA)
			d->counters.undeciphered++;
		return false;
	}
	if (error != SSL_ERROR_ZERO_RETURN)
		s->broken = true;
	session_end(s, error == SSL_ERROR_ZERO_RETURN ? DTLS_END_CLOSED : DTLS_END_FAILED, true);
	return true;
}

/* Hands a record to a handshake. Enciphered ones only once it has the keys: OpenSSL would put those
 * that come before aside, a hundred of them at 17 KB each. Plain alerts are anybody's. */
static void feed_pending(struct dtls_session *s, const struct record *r, int64_t now_us)
{
	struct dtls *d = s->dtls;
	struct udp_address a = s->address;
	bool ciphered = r->epoch != 0, ready = SSL_get_state(s->ssl) == TLS_ST_SR_CHANGE;
	struct dtls_peer *p;

	if (ciphered ? !ready : r->type != HANDSHAKE && r->type != CHANGE_CIPHER_SPEC) {
		d->counters.stray++;
		return;
	}
	s->pipe.in = r->bytes;
	s->pipe.in_length = r->length;
	advance(s, now_us);

	if (!ciphered || r->type != HANDSHAKE)
		return;
	p = dtls_peer_find(d, &a);
	if (p && p->pending == s && SSL_get_state(s->ssl) == TLS_ST_SR_CHANGE && !s->reported)
		refused(s, "the key is not the one that belongs to the identity");
}

static void receive_record(
	struct dtls *d, const struct udp_address *a, const struct record *r, int64_t now_us)
{
	struct dtls_peer *p;

	if (is_hello(r)) {
		receive_hello(d, a, r, now_us);
		return;
	}
	p = dtls_peer_find(d, a);
	if (!p || r->epoch > 1) {
		d->counters.stray++;
		return;
	}
	if (r->epoch == 1 && p->live) {
		if (feed_live(p->live, r, now_us))
			return;
		p = dtls_peer_find(d, a);
		if (!p || !p->pending)
			return;
	}
	if (p->pending)
		feed_pending(p->pending, r, now_us);
	else
		d->counters.stray++;
}

void dtls_receive(
	struct dtls *d, const struct udp_address *a, uint8_t *bytes, size_t length, int64_t now_us)
{
	struct record r;

	d->now_us = now_us;
	while (length > 0) {
		if (!take_record(&bytes, &length, &r)) {
			d->counters.malformed++;
			return;
		}
		receive_record(d, a, &r, now_us);
	}
}

void dtls_send(struct dtls_session *s, const uint8_t *bytes, size_t length)
{
	if (s->broken)
		return;
	if (!dtls_session_warm_up(s)) {
		s->dtls->counters.no_memory++;
		return;
	}
	if (SSL_write(s->ssl, bytes, (int)length) <= 0) {
		s->broken = true;
		ERR_clear_error();
		(void)timers_set(s->dtls->timers, &s->timer, 0);
	}
}

/* --- making and unmaking --- */

int dtls_set_context(struct dtls *d, SSL_CTX *take_ctx)
{
	SSL_CTX_set_psk_server_callback(take_ctx, on_key_wanted);
	SSL_CTX_set_cookie_generate_cb(take_ctx, on_cookie_wanted);
	SSL_CTX_set_cookie_verify_cb(take_ctx, on_cookie_shown);
	SSL_CTX_free(d->ctx);
	d->ctx = take_ctx;
	dtls_session_free(d->listener);
	d->listener = NULL;
	return 0;
}

int dtls_new(struct dtls **ret, const struct dtls_ops *ops, void *userdata, struct timers *timers,
	SSL_CTX *take_ctx)
{
	struct dtls *d;

	int r = -ENOMEM;

	d = calloc(1, sizeof(*d));
	if (d)
		r = dtls_table_init(d);
	if (r < 0) {
		if (d)
			free(d->buckets);
		free(d);
		SSL_CTX_free(take_ctx);
		return r;
	}
	d->ops = ops;
	d->userdata = userdata;
	d->timers = timers;
	dtls_set_context(d, take_ctx);
	*ret = d;
	return 0;
}

struct dtls *dtls_free(struct dtls *d)
{
	if (!d)
		return NULL;
	while (d->half_open.first)
		pending_drop(d->half_open.first);
	while (d->live.first)
		session_end(d->live.first, DTLS_END_STOPPED, true);
	dtls_session_free(d->listener);
	SSL_CTX_free(d->ctx);
	free(d->buckets);
	free(d);
	return NULL;
}

void dtls_give_up(
	struct dtls *d, bool (*doomed)(void *userdata, const char *identity), void *userdata)
{
	struct dtls_session *next;

	for (struct dtls_session *s = d->half_open.first; s; s = next) {
		next = s->next;
		if (s->identity && doomed(userdata, s->identity)) {
			d->counters.abandoned++;
			pending_drop(s);
		}
	}
}
