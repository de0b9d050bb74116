/*
 * Who there is: the table of addresses, and the making, warming and freeing of
 * their sessions. See dtls_internal.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "coap/dtls_internal.h"

#define BUCKETS_FIRST 64

static size_t bucket_of(const struct dtls *d, const struct udp_address *a)
{
	return hash_bytes(&d->hash_key, a, sizeof(*a)) & (d->bucket_count - 1);
}

struct dtls_peer *dtls_peer_find(const struct dtls *d, const struct udp_address *a)
{
	struct dtls_peer *p = d->buckets[bucket_of(d, a)];

	while (p && memcmp(&p->address, a, sizeof(*a)) != 0)
		p = p->next;
	return p;
}

/* Twice as many buckets. Without memory the chains grow longer, that is all. */
static void buckets_grow(struct dtls *d)
{
	struct dtls_peer **old = d->buckets, **buckets;
	size_t count = d->bucket_count;

	buckets = calloc(2 * count, sizeof(*buckets));
	if (!buckets)
		return;
	d->buckets = buckets;
	d->bucket_count = 2 * count;
	for (size_t i = 0; i < count; i++) {
		struct dtls_peer *next;

		for (struct dtls_peer *p = old[i]; p; p = next) {
			size_t b = bucket_of(d, &p->address);

			next = p->next;
			p->next = buckets[b];
			buckets[b] = p;
		}
	}
	free(old);
}

struct dtls_peer *dtls_peer_get(struct dtls *d, const struct udp_address *a)
{
	struct dtls_peer *p = dtls_peer_find(d, a);
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

void dtls_peer_drop_if_unused(struct dtls *d, struct dtls_peer *p)
{
	struct dtls_peer **at = &d->buckets[bucket_of(d, &p->address)];

	if (p->live || p->pending)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	d->peer_count--;
	free(p);
}

void dtls_list_append(struct dtls_session_list *l, struct dtls_session *s)
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

void dtls_list_remove(struct dtls_session_list *l, struct dtls_session *s)
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

void dtls_session_free(struct dtls_session *s)
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

struct dtls_session *dtls_session_new(struct dtls *d, timer_fn fn)
{
	struct dtls_session *s;
	BIO *bio;

	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->dtls = d;
	s->warm = -1;
	s->timer.fn = fn;
	s->pipe.out = pipe_out;
	s->ssl = SSL_new(d->ctx);
	bio = dtls_bio_new(&s->pipe);
	if (!s->ssl || !bio) {
		BIO_free(bio);
		dtls_session_free(s);
		return NULL;
	}
	SSL_set_bio(s->ssl, bio, bio);
	SSL_set_app_data(s->ssl, s);
	SSL_set_mtu(s->ssl, DTLS_MTU);
	SSL_set_accept_state(s->ssl);
	return s;
}

/* OpenSSL's buffers (18 KB) are kept by the sessions that spoke last, so that a thousand sessions
 * that post every minute do not hold them. They must be there before a write. */
bool dtls_session_warm_up(struct dtls_session *s)
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

int dtls_table_init(struct dtls *d)
{
	d->buckets = calloc(BUCKETS_FIRST, sizeof(*d->buckets));
	if (!d->buckets)
		return -ENOMEM;
	d->bucket_count = BUCKETS_FIRST;
	return hash_key_random(&d->hash_key);
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
