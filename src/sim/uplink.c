/*
 * libcoap 4.3.1's client behind uplink.h.
 *
 * Every coap_io_process() walks all sessions of its context, so that a thousand
 * devices share several contexts of a few sessions each. Sessions are never
 * released within libcoap's callbacks: what ends there is put on a list and
 * buried after the call.
 */
#include "sim/uplink.h"

#include <arpa/inet.h>
#include <coap3/coap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define SHARD_SESSIONS 32
#define SHARDS_MAX 512
#define TICK_US                                                                                    \
	200000 /* libcoap arms no timer for a handshake nobody answers: look now and then          \
		*/

#define BODY_PLAIN_MAX 1000 /* longer bodies go in blocks (RFC 7959) */
#define BLOCK_SZX 6         /* of 1024 bytes */
#define BLOCK_SIZE (16U << BLOCK_SZX)
#define TOKEN_LENGTH 6

struct shard {
	struct uplink_hub *hub;
	coap_context_t *context;
	sd_event_source *io;
	unsigned uplinks;
};

struct grave {
	SLIST_ENTRY(grave) entry;
	coap_session_t *session;
};

struct uplink_hub {
	sd_event *event;
	struct uplink_options options;
	struct shard shards[SHARDS_MAX];
	size_t shard_count;
	sd_event_source *tick;
	bool inside; /* libcoap is on the stack */
	SLIST_HEAD(, grave) graves;
	TAILQ_HEAD(, uplink) pending; /* of those with up or down to tell */
};

struct uplink {
	TAILQ_ENTRY(uplink) entry;
	struct uplink_hub *hub;
	struct shard *shard;
	char *identity;
	uint8_t key[64];
	size_t key_length;
	const struct uplink_events *events;
	void *userdata;
	coap_session_t *session;
	uint16_t generation; /* of sessions: an answer to an earlier one's token still counts */
	bool is_pending, tell_up;
	const char *tell_down;

	/* The one long pack on its way. */
	uint8_t *body;
	size_t body_length, body_sent;
	uint32_t body_number;
	unsigned body_format;
};

static void tell_later(struct uplink *u)
{
	if (u->is_pending)
		return;
	u->is_pending = true;
	TAILQ_INSERT_TAIL(&u->hub->pending, u, entry);
}

static void drop_body(struct uplink *u)
{
	free(u->body);
	u->body = NULL;
}

/* libcoap holds on to a session for as long as a message of it waits for its ACK: end those first.
 */
static void bury(coap_session_t *session)
{
	coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
	coap_session_release(session);
}

static void bury_all(struct uplink_hub *h)
{
	struct grave *g;

	while ((g = SLIST_FIRST(&h->graves))) {
		SLIST_REMOVE_HEAD(&h->graves, entry);
		bury(g->session);
		free(g);
	}
}

static void tell(struct uplink_hub *h)
{
	struct uplink *u;

	while ((u = TAILQ_FIRST(&h->pending))) {
		const char *down = u->tell_down;
		bool up = u->tell_up;

		TAILQ_REMOVE(&h->pending, u, entry);
		u->is_pending = u->tell_up = false;
		u->tell_down = NULL;
		if (down) {
			uplink_close(u);
			u->events->down(u->userdata, down);
		} else if (up) {
			u->events->up(u->userdata);
		}
	}
}

static void process(struct shard *s)
{
	s->hub->inside = true;
	coap_io_process(s->context, COAP_IO_NO_WAIT);
	s->hub->inside = false;
	bury_all(s->hub);
	tell(s->hub);
	bury_all(s->hub);
}

static int on_readable(sd_event_source *src, int fd, uint32_t revents, void *userdata)
{
	process(userdata);
	return 0;
}

static int on_tick(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct uplink_hub *h = userdata;

	for (size_t i = 0; i < h->shard_count; i++)
		process(&h->shards[i]);
	sd_event_source_set_time_relative(src, TICK_US);
	sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
	return 0;
}

/* Tokens: number of the pack and of the session, so that an answer always finds its pack. */
static void make_token(const struct uplink *u, uint32_t number, uint8_t token[static TOKEN_LENGTH])
{
	for (int i = 0; i < 4; i++)
		token[i] = (uint8_t)(number >> (24 - 8 * i));
	token[4] = (uint8_t)(u->generation >> 8);
	token[5] = (uint8_t)u->generation;
}

static bool read_token(const coap_pdu_t *pdu, uint32_t *ret_number)
{
	coap_bin_const_t token = coap_pdu_get_token(pdu);

	if (token.length != TOKEN_LENGTH)
		return false;
	*ret_number = (uint32_t)token.s[0] << 24 | (uint32_t)token.s[1] << 16 |
		      (uint32_t)token.s[2] << 8 | token.s[3];
	return true;
}

static int send_pdu(struct uplink *u, uint32_t number, unsigned content_format, const void *data,
	size_t length, int block, bool more, size_t whole)
{
	coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_POST, u->session);
	uint8_t token[TOKEN_LENGTH], value[4];
	size_t n;

	if (!pdu)
		return -ENOMEM;
	make_token(u, number, token);
	coap_add_token(pdu, sizeof(token), token);
	coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen("readings"), (const uint8_t *)"readings");
	n = coap_encode_var_safe(value, sizeof(value), content_format);
	coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, n, value);
	if (block >= 0) {
		n = coap_encode_var_safe(
			value, sizeof(value), (unsigned)block << 4 | (more ? 8U : 0U) | BLOCK_SZX);
		coap_add_option(pdu, COAP_OPTION_BLOCK1, n, value);
		n = coap_encode_var_safe(value, sizeof(value), (unsigned)whole);
		if (!block)
			coap_add_option(pdu, COAP_OPTION_SIZE1, n, value);
	}
	if (!coap_add_data(pdu, length, data)) {
		coap_delete_pdu(pdu);
		return -EMSGSIZE;
	}
	return coap_send(u->session, pdu) == COAP_INVALID_MID ? -EIO : 0;
}

static int send_block(struct uplink *u)
{
	size_t left = u->body_length - u->body_sent, n = left < BLOCK_SIZE ? left : BLOCK_SIZE;

	return send_pdu(u, u->body_number, u->body_format, u->body + u->body_sent, n,
		(int)(u->body_sent / BLOCK_SIZE), n < left, u->body_length);
}

int uplink_send(
	struct uplink *u, uint32_t number, unsigned content_format, const void *body, size_t length)
{
	bool inside = u->hub->inside;
	int r;

	if (!u->session)
		return -ENOTCONN;
	if (u->body)
		return -EBUSY;
	/* What libcoap calls back meanwhile is told by the return value or later. */
	u->hub->inside = true;
	if (length <= BODY_PLAIN_MAX) {
		r = send_pdu(u, number, content_format, body, length, -1, false, length);
	} else {
		u->body = malloc(length);
		if (!u->body) {
			u->hub->inside = inside;
			return -ENOMEM;
		}
		memcpy(u->body, body, length);
		u->body_length = length;
		u->body_sent = 0;
		u->body_number = number;
		u->body_format = content_format;
		r = send_block(u);
		if (r < 0)
			drop_body(u);
	}
	u->hub->inside = inside;
	return r;
}

static int answer_code(const coap_pdu_t *pdu)
{
	coap_pdu_code_t code = coap_pdu_get_code(pdu);

	return (int)(code >> 5) * 100 + (int)(code & 31);
}

static int max_age(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t i;
	coap_opt_t *o = coap_check_option(pdu, COAP_OPTION_MAXAGE, &i);

	return o ? (int)(coap_decode_var_bytes(coap_opt_value(o), coap_opt_length(o)) & 0xffffff)
		 : -1;
}

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
	const coap_pdu_t *received, const coap_mid_t mid)
{
	struct uplink *u = coap_session_get_app_data(session);
	const uint8_t *data = NULL;
	uint32_t number;
	size_t length = 0;
	int code = answer_code(received);

	if (!u || session != u->session || !read_token(received, &number))
		return COAP_RESPONSE_OK;

	if (code == 231 && u->body && number == u->body_number) {
		u->body_sent += BLOCK_SIZE;
		if (u->body_sent >= u->body_length || send_block(u) < 0) {
			drop_body(u);
			u->events->failed(u->userdata, number, "cannot send a block", false);
		}
		return COAP_RESPONSE_OK;
	}
	if (u->body && number == u->body_number)
		drop_body(u);
	if (code == 231)
		return COAP_RESPONSE_OK;
	coap_get_data(received, &length, &data);
	u->events->answer(u->userdata, number, code, max_age(received), (const char *)data, length);
	return COAP_RESPONSE_OK;
}

static const char *nack_text(coap_nack_reason_t reason)
{
	switch (reason) {
	case COAP_NACK_TOO_MANY_RETRIES:
		return "no acknowledgement";
	case COAP_NACK_NOT_DELIVERABLE:
		return "not deliverable";
	case COAP_NACK_RST:
		return "reset";
	case COAP_NACK_TLS_FAILED:
		return "DTLS failed";
	case COAP_NACK_ICMP_ISSUE:
		return "unreachable";
	}
	return "lost";
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
	const coap_nack_reason_t reason, const coap_mid_t mid)
{
	struct uplink *u = coap_session_get_app_data(session);
	uint32_t number;

	if (!u || session != u->session)
		return;
	if (reason != COAP_NACK_RST) {
		u->tell_down = nack_text(reason);
		tell_later(u);
		return;
	}
	if (!sent || !read_token(sent, &number))
		return;
	if (u->body && number == u->body_number)
		drop_body(u);
	u->events->failed(u->userdata, number, nack_text(reason), false);
}

static int on_event(coap_session_t *session, const coap_event_t event)
{
	struct uplink *u = coap_session_get_app_data(session);

	if (!u || session != u->session)
		return 0;
	if (event == COAP_EVENT_DTLS_CONNECTED)
		u->tell_up = true;
	else if (event == COAP_EVENT_DTLS_CLOSED)
		u->tell_down = "closed by the gateway";
	else if (event == COAP_EVENT_DTLS_ERROR)
		u->tell_down = "DTLS error";
	else
		return 0;
	tell_later(u);
	return 0;
}

static int shard_new(struct uplink_hub *h, struct shard *s)
{
	int r;

	s->hub = h;
	s->context = coap_new_context(NULL);
	if (!s->context)
		return -ENOMEM;
	coap_register_response_handler(s->context, on_response);
	coap_register_nack_handler(s->context, on_nack);
	coap_register_event_handler(s->context, on_event);
	r = sd_event_add_io(
		h->event, &s->io, coap_context_get_coap_fd(s->context), EPOLLIN, on_readable, s);
	if (r < 0)
		coap_free_context(s->context);
	return r;
}

int uplink_hub_new(struct uplink_hub **ret, sd_event *e, const struct uplink_options *o)
{
	_cleanup_(uplink_hub_freep) struct uplink_hub *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	TAILQ_INIT(&h->pending);
	SLIST_INIT(&h->graves);
	coap_startup();
	h->event = sd_event_ref(e);
	h->options = *o;
	coap_set_log_level(o->verbose ? LOG_DEBUG : LOG_EMERG);
	coap_dtls_set_log_level(o->verbose ? LOG_DEBUG : LOG_EMERG);
	r = sd_event_add_time_relative(e, &h->tick, CLOCK_BOOTTIME, TICK_US, 1000, on_tick, h);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(h);
	return 0;
}

struct uplink_hub *uplink_hub_free(struct uplink_hub *h)
{
	if (!h)
		return NULL;
	bury_all(h);
	sd_event_source_disable_unref(h->tick);
	for (size_t i = 0; i < h->shard_count; i++) {
		sd_event_source_disable_unref(h->shards[i].io);
		coap_free_context(h->shards[i].context);
	}
	sd_event_unref(h->event);
	coap_cleanup();
	free(h);
	return NULL;
}

static int find_shard(struct uplink_hub *h, struct shard **ret)
{
	struct shard *s = h->shard_count ? &h->shards[h->shard_count - 1] : NULL;
	int r;

	if (!s || s->uplinks >= SHARD_SESSIONS) {
		if (h->shard_count == SHARDS_MAX)
			return -ENOBUFS;
		s = &h->shards[h->shard_count];
		r = shard_new(h, s);
		if (r < 0)
			return r;
		h->shard_count++;
	}
	s->uplinks++;
	*ret = s;
	return 0;
}

int uplink_new(struct uplink **ret, struct uplink_hub *h, const char *identity, const uint8_t *key,
	size_t key_length, const struct uplink_events *events, void *userdata)
{
	_cleanup_(uplink_freep) struct uplink *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	if (key_length > sizeof(u->key))
		return -EINVAL;
	u->hub = h;
	memcpy(u->key, key, key_length);
	u->key_length = key_length;
	u->events = events;
	u->userdata = userdata;
	u->identity = strdup(identity);
	if (!u->identity)
		return -ENOMEM;
	r = find_shard(h, &u->shard);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(u);
	return 0;
}

struct uplink *uplink_free(struct uplink *u)
{
	if (!u)
		return NULL;
	uplink_close(u);
	explicit_bzero(u->key, sizeof(u->key));
	free(u->identity);
	free(u);
	return NULL;
}

static coap_session_t *new_session(struct uplink *u, const coap_address_t *to)
{
	coap_dtls_cpsk_t psk = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.psk_info = {
			.identity = { strlen(u->identity), (const uint8_t *)u->identity },
			.key = { u->key_length, u->key },
		},
	};

	if (!u->hub->options.secure)
		return coap_new_client_session(u->shard->context, NULL, to, COAP_PROTO_UDP);
	return coap_new_client_session_psk2(u->shard->context, NULL, to, COAP_PROTO_DTLS, &psk);
}

int uplink_open(struct uplink *u, const struct sockaddr *to, socklen_t length)
{
	const struct uplink_options *o = &u->hub->options;
	coap_address_t address;

	uplink_close(u);
	coap_address_init(&address);
	if (length > sizeof(address.addr))
		return -EINVAL;
	memcpy(&address.addr, to, length);
	address.size = length;
	u->session = new_session(u, &address);
	if (!u->session)
		return -EIO;
	u->generation++;
	coap_session_set_app_data(u->session, u);
	coap_session_set_ack_timeout(
		u->session, (coap_fixed_point_t){ (uint16_t)(o->ack_timeout_ms / 1000),
				    (uint16_t)(o->ack_timeout_ms % 1000) });
	coap_session_set_max_retransmit(u->session, (uint16_t)o->max_retransmit);
	coap_session_set_nstart(u->session, (uint16_t)o->in_flight);
	if (!o->secure) {
		u->tell_up = true;
		tell_later(u);
		sd_event_source_set_time_relative(u->hub->tick, 0);
		sd_event_source_set_enabled(u->hub->tick, SD_EVENT_ONESHOT);
	}
	return 0;
}

void uplink_close(struct uplink *u)
{
	struct grave *g;

	drop_body(u);
	if (u->is_pending)
		TAILQ_REMOVE(&u->hub->pending, u, entry);
	u->is_pending = u->tell_up = false;
	u->tell_down = NULL;
	if (!u->session)
		return;
	coap_session_set_app_data(u->session, NULL);
	g = u->hub->inside ? malloc(sizeof(*g)) : NULL;
	if (g) {
		g->session = u->session;
		SLIST_INSERT_HEAD(&u->hub->graves, g, entry);
	} else if (!u->hub->inside) {
		bury(u->session);
	} /* else there is no memory for a grave: libcoap ends it with its context */
	u->session = NULL;
}

bool uplink_busy(const struct uplink *u)
{
	return u->body;
}

uint16_t uplink_local_port(const struct uplink *u)
{
	const coap_address_t *a = u->session ? coap_session_get_addr_local(u->session) : NULL;

	return a ? coap_address_get_port(a) : 0;
}
