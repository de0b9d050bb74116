/*
 * Who speaks to the CoAP server: its peers, the identities behind them, how
 * many and how often they may. See server.h.
 */
#include <assert.h>
#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "coap/server.h"
#include "config/config.h"
#include "util/log.h"

#define LOG_MODULE "coap"

/* Refused handshakes are many when somebody tries: one warning in so long, with the count. */
#define WARN_EVERY_US (10 * INT64_C(1000000))

_Static_assert((int)ACCEPT_PERCENT == (int)SENML_ACCEPT_PERCENT &&
		       (int)ACCEPT_MMHG == (int)SENML_ACCEPT_MMHG &&
		       (int)ACCEPT_BARE_BASE_VALUE == (int)SENML_ACCEPT_BARE_BASE_VALUE &&
		       (int)ACCEPT_TEXT_LABELS == (int)SENML_ACCEPT_TEXT_LABELS,
	"the bits of Accept= are the codec's");

/* --- two lists, each in the order of last use --- */

static void list_add(struct client_list *l, struct client *c, size_t links_at)
{
#define LINKS(x) ((struct client_links *)((char *)(x) + links_at))
	LINKS(c)->next = NULL;
	LINKS(c)->previous = l->last;
	if (l->last)
		LINKS(l->last)->next = c;
	else
		l->first = c;
	l->last = c;
	l->count++;
}

static void list_remove(struct client_list *l, struct client *c, size_t links_at)
{
	struct client_links *links = LINKS(c);

	if (links->previous)
		LINKS(links->previous)->next = links->next;
	else
		l->first = links->next;
	if (links->next)
		LINKS(links->next)->previous = links->previous;
	else
		l->last = links->previous;
	*links = (struct client_links){ 0 };
	l->count--;
#undef LINKS
}

#define ALL offsetof(struct client, all)
#define OWN offsetof(struct client, own)

static struct client_list *list_of_kind(struct client *c)
{
	return c->session ? &c->server->sessions : &c->server->plain_clients;
}

/* It was heard: it gives way last. */
static void touch(struct client *c)
{
	if (c->all.next) {
		list_remove(list_of_kind(c), c, ALL);
		list_add(list_of_kind(c), c, ALL);
	}
	if (c->own.next) {
		list_remove(&c->owner->clients, c, OWN);
		list_add(&c->owner->clients, c, OWN);
	}
}

/* --- owners --- */

static void owner_free(struct owner *o)
{
	if (!o)
		return;
	free(o->identity);
	free(o->units);
	free(o->unit_text);
	free(o);
}

static struct owner *owner_new(struct server *s, const char *identity)
{
	struct owner *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->identity = strdup(identity);
	if (!o->identity) {
		free(o);
		return NULL;
	}
	o->tokens = s->config->coap.burst * OWNER_REQUEST_COST;
	o->filled_us = s->now_us;
	return o;
}

static void stranger_remove(struct server *s, struct owner *o)
{
	struct owner **at = &s->strangers;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	o->next = NULL;
}

/* The owner of an identity, made when it is not there. NULL when there is no memory. */
static struct owner *owner_get(struct server *s, const char *identity)
{
	struct device *d = registry_find(gateway_registry(s->gateway), TRANSPORT_COAP, identity);
	struct owner *o;

	if (d && d->driver_data)
		return d->driver_data;
	for (o = s->strangers; o && !d; o = o->next) {
		if (strcmp(o->identity, identity) == 0)
			return o;
	}
	o = owner_new(s, identity);
	if (!o)
		return NULL;
	if (d) {
		d->driver_data = o;
		o->device = d;
	} else {
		o->next = s->strangers;
		s->strangers = o;
	}
	return o;
}

/* A stranger's owner goes with its last client. */
static void owner_drop_if_unused(struct server *s, struct owner *o)
{
	if (o->device || o->clients.first)
		return;
	stranger_remove(s, o);
	owner_free(o);
}

bool owner_take_tokens(struct owner *o, const struct server *s, int64_t cost)
{
	int64_t full = s->config->coap.burst * OWNER_REQUEST_COST;
	int64_t since = s->now_us - o->filled_us;
	int64_t rate = s->config->coap.rate;

	/* after a long silence it is full; and the product stays small */
	if (since > full / rate)
		o->tokens = full;
	else if (since > 0)
		o->tokens += since * rate;
	if (o->tokens > full)
		o->tokens = full;
	o->filled_us = s->now_us;
	if (o->tokens < cost)
		return false;
	o->tokens -= cost;
	return true;
}

/* Its clients go over to another. */
static void owner_move_clients(struct owner *from, struct owner *to)
{
	struct client *c;

	while ((c = from->clients.first)) {
		list_remove(&from->clients, c, OWN);
		list_add(&to->clients, c, OWN);
		c->owner = to;
	}
}

struct device *client_device(struct client *c)
{
	struct server *s = c->server;
	struct owner *stranger = c->owner, *o;

	if (stranger->device)
		return stranger->device;
	o = owner_get(s, stranger->identity);
	if (o && o->device) {
		owner_move_clients(stranger, o);
		owner_drop_if_unused(s, stranger);
		return o->device;
	}
	registry_heard_unknown(gateway_registry(s->gateway), TRANSPORT_COAP, stranger->identity,
		NULL, NULL, 0, realtime_us());
	return NULL;
}

/* Units= of a device: "metric:unit" each, which the configuration has checked. Copied, since the
 * configuration may go. */
static int units_make(struct owner *o, const struct config_list *list)
{
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < list->count; i++)
		size += strlen(list->items[i]) + 1;
	o->units = calloc(list->count + 1, sizeof(*o->units));
	o->unit_text = at = malloc(size);
	if (!o->units || !at)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		const char *colon = strchr(list->items[i], ':');
		enum metric m;

		if (!colon)
			continue;
		m = metric_by_name(list->items[i], (size_t)(colon - list->items[i]));
		if (m == METRIC_NONE)
			continue;
		size = strlen(colon + 1) + 1;
		memcpy(at, colon + 1, size);
		o->units[o->senml.unit_count++] = (struct senml_unit){ .metric = m, .unit = at };
		at += size;
	}
	o->senml.units = o->units;
	return 0;
}

const struct senml_options *client_senml_options(struct client *c)
{
	struct owner *o = c->owner;
	const struct config_device *cd;

	if (o->config == c->server->config)
		return &o->senml;
	free(o->units);
	free(o->unit_text);
	o->units = NULL;
	o->unit_text = NULL;
	o->senml = (struct senml_options){ 0 };
	o->config = c->server->config;
	cd = o->device ? config_device_find(o->config, label_text(o->device->name, "")) : NULL;
	if (cd) {
		o->senml.accept = cd->accept;
		if (units_make(o, &cd->units) < 0) {
			o->senml.unit_count = 0;
			o->config = NULL; /* again with the next pack */
		}
	}
	return &o->senml;
}

/* --- clients --- */

static void on_send(struct messages *m, const uint8_t *bytes, size_t length)
{
	struct client *c = client_of(m);

	if (c->session)
		dtls_send(c->session, bytes, length);
	else if (c->server->plain)
		(void)udp_send(c->server->plain, &c->address, bytes, length);
}

static void on_request(struct messages *m, struct exchange *x, const struct pdu *p, int64_t now_us)
{
	resources_request(client_of(m), x, p);
}

static void on_abandoned(struct messages *m, struct exchange *x)
{
	struct posted *p = exchange_userdata(x);

	if (p)
		resources_abandon(p);
}

static const struct message_ops message_ops = {
	.send = on_send,
	.request = on_request,
	.abandoned = on_abandoned,
};

static int64_t on_client_timer(struct timer *t, int64_t now_us)
{
	struct client *c = (struct client *)((char *)t - offsetof(struct client, timer));

	return messages_tick(&c->messages, now_us);
}

void client_arm(struct client *c)
{
	(void)timers_set(&c->server->timers, &c->timer, messages_deadline(&c->messages));
	server_arm(c->server);
}

static struct client *client_new(struct server *s, const char *identity,
	struct dtls_session *session, const struct udp_address *a)
{
	struct client *c = calloc(1, sizeof(*c));
	uint16_t first_id = 0;

	if (!c)
		return NULL;
	c->owner = owner_get(s, identity);
	if (!c->owner) {
		free(c);
		return NULL;
	}
	(void)RAND_bytes((unsigned char *)&first_id, sizeof(first_id));
	messages_init(&c->messages, &message_ops, &s->messages, first_id);
	c->server = s;
	c->session = session;
	c->address = *a;
	c->timer.fn = on_client_timer;
	list_add(list_of_kind(c), c, ALL);
	list_add(&c->owner->clients, c, OWN);
	return c;
}

static void client_free(struct client *c)
{
	struct server *s = c->server;

	messages_clear(&c->messages);
	block_drop(&s->blocks, &c->body);
	timers_drop(&s->timers, &c->timer);
	list_remove(list_of_kind(c), c, ALL);
	list_remove(&c->owner->clients, c, OWN);
	owner_drop_if_unused(s, c->owner);
	free(c);
}

/* --- without DTLS --- */

static struct client *plain_client(struct server *s, const struct udp_address *a)
{
	char identity[sizeof(PLAIN_IDENTITY_PREFIX) + UDP_ADDRESS_TEXT_MAX] = PLAIN_IDENTITY_PREFIX;

	for (struct client *c = s->plain_clients.last; c; c = c->all.previous) {
		if (memcmp(&c->address, a, sizeof(*a)) == 0)
			return c;
	}
	if (s->plain_clients.count >= PLAIN_CLIENTS_MAX) {
		s->evicted++;
		client_free(s->plain_clients.first);
	}
	udp_address_text(identity + strlen(identity), a, false);
	return client_new(s, identity, NULL, a);
}

void clients_plain_datagram(
	void *userdata, const struct udp_address *a, uint8_t *bytes, size_t length)
{
	struct server *s = userdata;
	struct client *c = plain_client(s, a);

	if (!c) {
		s->messages.no_memory++;
		return;
	}
	touch(c);
	messages_receive(&c->messages, bytes, length, s->now_us);
}

void clients_drop_plain(struct server *s)
{
	while (s->plain_clients.first)
		client_free(s->plain_clients.first);
}

/* --- DTLS sessions --- */

static void on_session_send(
	void *userdata, const struct udp_address *a, const uint8_t *bytes, size_t length)
{
	struct server *s = userdata;

	if (s->secure) /* none while it cannot be opened */
		(void)udp_send(s->secure, a, bytes, length);
}

static const uint8_t *on_key(void *userdata, const char *identity, size_t *ret_length)
{
	struct server *s = userdata;

	return psk_keys_find(&s->keys, identity, ret_length);
}

/* The quietest of a list but c itself. */
static struct client *quietest(const struct client_list *l, const struct client *c, bool own)
{
	struct client *q = l->first;

	while (q && (q == c || !q->session))
		q = own ? q->own.next : q->all.next;
	return q;
}

static void evict(struct server *s, struct client *c)
{
	s->evicted++;
	log_debug("a session gave way to a newer one at the limit",
		F_STR("IDENTITY", c->owner->identity));
	dtls_end(c->session, DTLS_END_EVICTED);
}

/* [CoAP] MaxDeviceSessions= and MaxSessions=. There is no other end of a session but these and the
 * peer's: one that posts once a day keeps it. */
static void make_room(struct client *c)
{
	struct server *s = c->server;
	const struct config *config = s->config;
	struct client *q;

	while (c->owner->clients.count > config->coap.max_device_sessions &&
		(q = quietest(&c->owner->clients, c, true)))
		evict(s, q);
	while (s->sessions.count > config->coap.max_sessions) {
		q = quietest(&c->owner->clients, c, true);
		if (!q)
			q = quietest(&s->sessions, c, false);
		if (!q)
			break;
		evict(s, q);
	}
}

static bool on_established(void *userdata, struct dtls_session *session, int64_t now_us)
{
	struct server *s = userdata;
	struct client *c;

	c = client_new(s, dtls_session_identity(session), session, dtls_session_address(session));
	if (!c) {
		s->messages.no_memory++;
		return false;
	}
	dtls_session_set_userdata(session, c);
	make_room(c);
	log_debug("a device opened a session", F_STR("IDENTITY", c->owner->identity));
	return true;
}

static void on_received(
	void *userdata, struct dtls_session *session, uint8_t *bytes, size_t length, int64_t now_us)
{
	struct client *c = dtls_session_userdata(session);

	touch(c);
	messages_receive(&c->messages, bytes, length, now_us);
}

static void on_ended(void *userdata, struct dtls_session *session, enum dtls_end why)
{
	struct client *c = dtls_session_userdata(session);

	if (c)
		client_free(c);
}

static void on_refused(
	void *userdata, const struct udp_address *a, const char *identity, const char *reason)
{
	struct server *s = userdata;
	struct device *d =
		identity ? registry_find(gateway_registry(s->gateway), TRANSPORT_COAP, identity)
			 : NULL;
	char address[UDP_ADDRESS_TEXT_MAX];

	if (d)
		d->unproven_boot_us = s->now_us;
	if (s->warned_us != 0 && s->now_us - s->warned_us < WARN_EVERY_US) {
		s->unwarned++;
		return;
	}
	udp_address_text(address, a, true);
	log_warning("a device could not prove who it is", F_STR("ADDRESS", &address[0]),
		F_STR("IDENTITY", identity), F_STR("REASON", reason),
		F_INT("MORE_BEFORE", s->unwarned));
	s->warned_us = s->now_us;
	s->unwarned = 0;
}

const struct dtls_ops clients_dtls_ops = {
	.send = on_session_send,
	.key = on_key,
	.established = on_established,
	.received = on_received,
	.ended = on_ended,
	.refused = on_refused,
};

/* --- devices --- */

void clients_forget_device(struct server *s, struct device *d)
{
	struct owner *o = d->driver_data;

	if (!o)
		return;
	for (struct client *c = o->clients.first; c; c = c->own.next) {
		struct exchange *x = NULL, *next = messages_waiting(&c->messages, NULL);

		while ((x = next)) {
			struct posted *p = exchange_userdata(x);

			next = messages_waiting(&c->messages, x);
			if (p)
				resources_turn_away(p, "the device is not configured any more");
		}
	}
	d->driver_data = NULL;
	o->device = NULL;
	o->config = NULL;
	o->next = s->strangers;
	s->strangers = o;
	owner_drop_if_unused(s, o);
}

void clients_done(struct server *s)
{
	struct registry *r = gateway_registry(s->gateway);
	struct device *d;

	for (size_t i = 0; (d = registry_at(r, i)); i++) {
		if (d->transport != TRANSPORT_COAP)
			continue;
		owner_free(d->driver_data);
		d->driver_data = NULL;
	}
	assert(!s->strangers);
}
