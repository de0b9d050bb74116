/*
 * DTLS sessions of many peers. See dtls.h.
 */
#include "coap/dtls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "coap/dtls_bio.h"
#include "util/hash.h"

#define RECORD_HEAD 13    /* RFC 6347 section 4.1 */
#define HANDSHAKE_HEAD 12 /* section 4.2.2 */
#define RANDOM_LENGTH 32
#define PLAIN_MAX 16384
#define BUCKETS_FIRST 64
/* OpenSSL's handshake timers run on the wall clock; whatever that does, look again within this. */
#define LOOK_AGAIN_MAX_US (4 * INT64_C(1000000))
#define LOOK_AGAIN_MIN_US (10 * INT64_C(1000))

enum content { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };
#define CLIENT_HELLO 1

struct record {
	uint8_t *bytes; /* with its head */
	size_t length;
	uint8_t type;
	uint16_t epoch;
};

/* All that is known of an address: at most a session and a handshake beside it. */
struct peer {
	struct peer *next;
	struct udp_address address;
	struct dtls_session *live, *pending;
};

struct dtls_session {
	struct dtls *dtls;
	struct peer *peer; /* NULL: it listens */
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
	uint8_t random[RANDOM_LENGTH]; /* of its ClientHello */
};

struct session_list {
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
	struct peer **buckets;
	size_t bucket_count, peer_count;
	struct session_list live, half_open;
	struct dtls_session *warm[DTLS_WARM_MAX];
	unsigned warm_next;
	uint8_t plain[PLAIN_MAX];
};

/* --- the table of peers --- */

static size_t bucket_of(const struct dtls *d, const struct udp_address *a)
{
	return hash_bytes(&d->hash_key, a, sizeof(*a)) & (d->bucket_count - 1);
}

static struct peer *peer_find(const struct dtls *d, const struct udp_address *a)
{
	struct peer *p = d->buckets[bucket_of(d, a)];

	while (p && memcmp(&p->address, a, sizeof(*a)) != 0)
		p = p->next;
	return p;
}

/* Twice as many buckets. Without memory the chains grow longer, that is all. */
static void buckets_grow(struct dtls *d)
{
	struct peer **old = d->buckets, **buckets;
	size_t count = d->bucket_count;

	buckets = calloc(2 * count, sizeof(*buckets));
	if (!buckets)
		return;
	d->buckets = buckets;
	d->bucket_count = 2 * count;
	for (size_t i = 0; i < count; i++) {
		struct peer *next;

		for (struct peer *p = old[i]; p; p = next) {
			size_t b = bucket_of(d, &p->address);

			next = p->next;
			p->next = buckets[b];
			buckets[b] = p;
		}
	}
	free(old);
}

static struct peer *peer_get(struct dtls *d, const struct udp_address *a)
{
	struct peer *p = peer_find(d, a);
	size_t b;

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	if (d->peer_count >= d->bucket_count)
		buckets_grow(d);
	b = bucket_of(d, a);
	p->address = *a;
	p->next = d->buckets[b];
	d->buckets[b] = p;
	d->peer_count++;
	return p;
}

static void peer_drop_if_unused(struct dtls *d, struct peer *p)
{
	struct peer **at = &d->buckets[bucket_of(d, &p->address)];

	if (p->live || p->pending)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	d->peer_count--;
	free(p);
}

/* --- sessions --- */

static void list_append(struct session_list *l, struct dtls_session *s)
{
	s->next = NULL;
	s->previous = l->last;
	if (l->last)
		l->last->next = s;
	else
		l->first = s;
	l->last = s;
	l->count++;
}

static void list_remove(struct session_list *l, struct dtls_session *s)
{
	if (s->previous)
		s->previous->next = s->next;
	else
		l->first = s->next;
	if (s->next)
		s->next->previous = s->previous;
	else
		l->last = s->previous;
	s->next = s->previous = NULL;
	l->count--;
}

/* What OpenSSL writes. A handshake that runs beside a session must not speak to that session's peer
 * in alerts: they are in the clear, and anybody's. */
static void pipe_out(struct dtls_pipe *p, const uint8_t *bytes, size_t length)
{
	struct dtls_session *s =
		(struct dtls_session *)((char *)p - offsetof(struct dtls_session, pipe));

	if (!s->live && s->peer && s->peer->live && bytes[0] == ALERT)
		return;
	s->dtls->ops->send(s->dtls->userdata, &s->address, bytes, length);
}

/* Frees a session that is in no list and known to no peer. */
static void session_free(struct dtls_session *s)
{
	if (!s)
		return;
	timers_drop(s->dtls->timers, &s->timer);
	if (s->warm >= 0)
		s->dtls->warm[s->warm] = NULL;
	SSL_free(s->ssl);
	free(s->identity);
	free(s);
}

static int64_t on_timer(struct timer *t, int64_t now_us);

static struct dtls_session *session_new(struct dtls *d)
{
	struct dtls_session *s;
	BIO *bio;

	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->dtls = d;
	s->warm = -1;
	s->timer.fn = on_timer;
	s->pipe.out = pipe_out;
	s->ssl = SSL_new(d->ctx);
	bio = dtls_bio_new(&s->pipe);
	if (!s->ssl || !bio) {
		BIO_free(bio);
		session_free(s);
		return NULL;
	}
	SSL_set_bio(s->ssl, bio, bio);
	SSL_set_app_data(s->ssl, s);
	SSL_set_mtu(s->ssl, DTLS_MTU);
	SSL_set_accept_state(s->ssl);
	return s;
}

/* Gives up a handshake. */
static void pending_drop(struct dtls_session *s)
{
	struct dtls *d = s->dtls;
	struct peer *p = s->peer;

	list_remove(&d->half_open, s);
	p->pending = NULL;
	session_free(s);
	peer_drop_if_unused(d, p);
}

static void refused(struct dtls_session *s, const char *reason)
{
	s->dtls->counters.refused++;
	if (!s->reported)
		s->dtls->ops->refused(s->dtls->userdata, &s->address, s->identity, reason);
	s->reported = true;
}

/* OpenSSL's buffers (18 KB) are kept by the sessions that spoke last, so that a thousand sessions
 * that post every minute do not hold them. They must be there before a write. */
static bool warm_up(struct dtls_session *s)
{
	struct dtls *d = s->dtls;
	struct dtls_session *cold;

	if (s->warm >= 0)
		return true;
	cold = d->warm[d->warm_next];
	if (cold) {
		cold->warm = -1;
		(void)SSL_free_buffers(cold->ssl);
	}
	d->warm[d->warm_next] = NULL;
	if (SSL_alloc_buffers(s->ssl) != 1)
		return false;
	d->warm[d->warm_next] = s;
	s->warm = (int)d->warm_next;
	d->warm_next = (d->warm_next + 1) % DTLS_WARM_MAX;
	return true;
}

static void session_end(struct dtls_session *s, enum dtls_end why, bool tell)
{
	struct dtls *d = s->dtls;
	struct peer *p = s->peer;

	if (why != DTLS_END_REPLACED && why != DTLS_END_FAILED && !s->broken && warm_up(s)) {
		(void)SSL_shutdown(s->ssl);
		ERR_clear_error();
	}
	list_remove(&d->live, s);
	if (p->live == s)
		p->live = NULL;
	if (tell)
		d->ops->ended(d->userdata, s, why);
	session_free(s);
	peer_drop_if_unused(d, p);
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
	list_remove(&d->half_open, s);
	list_append(&d->live, s);
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
	const uint8_t random[RANDOM_LENGTH], int64_t now_us)
{
	struct dtls_session *s = d->listener;
	struct peer *p = peer_find(d, a);

	d->listener = NULL;
	if (p && p->pending)
		pending_drop(p->pending);
	half_open_limit(d, a);
	p = peer_get(d, a);
	if (!p) {
		d->counters.no_memory++;
		session_free(s);
		return;
	}
	s->peer = p;
	s->began_us = now_us;
	memcpy(s->random, random, sizeof(s->random));
	p->pending = s;
	list_append(&d->half_open, s);
	advance(s, now_us);
}

static void receive_hello(
	struct dtls *d, const struct udp_address *a, const struct record *r, int64_t now_us)
{
	const uint8_t *random = r->bytes + RECORD_HEAD + HANDSHAKE_HEAD + 2;
	struct peer *p = peer_find(d, a);
	BIO_ADDR *unused;

	/* The same hello again: the timer sends the flight again. Another ServerHello with another
	 * random would only cross the first on its way. */
	if (p && p->pending && memcmp(p->pending->random, random, RANDOM_LENGTH) == 0) {
		d->counters.repeated++;
		return;
	}

	if (!d->listener)
		d->listener = session_new(d);
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
	       r->length >= RECORD_HEAD + HANDSHAKE_HEAD + 2 + RANDOM_LENGTH &&
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

	if (!warm_up(s)) {
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
	struct peer *p;

	if (ciphered ? !ready : r->type != HANDSHAKE && r->type != CHANGE_CIPHER_SPEC) {
		d->counters.stray++;
		return;
	}
	s->pipe.in = r->bytes;
	s->pipe.in_length = r->length;
	advance(s, now_us);

	if (!ciphered || r->type != HANDSHAKE)
		return;
	p = peer_find(d, &a);
	if (p && p->pending == s && SSL_get_state(s->ssl) == TLS_ST_SR_CHANGE && !s->reported)
		refused(s, "the key is not the one that belongs to the identity");
}

static void receive_record(
	struct dtls *d, const struct udp_address *a, const struct record *r, int64_t now_us)
{
	struct peer *p;

	if (is_hello(r)) {
		receive_hello(d, a, r, now_us);
		return;
	}
	p = peer_find(d, a);
	if (!p || r->epoch > 1) {
		d->counters.stray++;
		return;
	}
	if (r->epoch == 1 && p->live) {
		if (feed_live(p->live, r, now_us))
			return;
		p = peer_find(d, a);
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
	if (!warm_up(s)) {
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
	session_free(d->listener);
	d->listener = NULL;
	return 0;
}

int dtls_new(struct dtls **ret, const struct dtls_ops *ops, void *userdata, struct timers *timers,
	SSL_CTX *take_ctx)
{
	struct dtls *d;

	d = calloc(1, sizeof(*d));
	if (d)
		d->buckets = calloc(BUCKETS_FIRST, sizeof(*d->buckets));
	if (!d || !d->buckets || hash_key_random(&d->hash_key) < 0) {
		if (d)
			free(d->buckets);
		free(d);
		SSL_CTX_free(take_ctx);
		return -ENOMEM;
	}
	d->bucket_count = BUCKETS_FIRST;
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
	session_free(d->listener);
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

const char *dtls_session_identity(const struct dtls_session *s)
{
	return s->identity;
}

bool dtls_session_has_key(const struct dtls_session *s)
{
	return s->has_key;
}

const struct udp_address *dtls_session_address(const struct dtls_session *s)
{
	return &s->address;
}

void dtls_session_set_userdata(struct dtls_session *s, void *userdata)
{
	s->userdata = userdata;
}

void *dtls_session_userdata(const struct dtls_session *s)
{
	return s->userdata;
}

size_t dtls_half_open(const struct dtls *d)
{
	return d->half_open.count;
}

const struct dtls_counters *dtls_counters(const struct dtls *d)
{
	return &d->counters;
}
