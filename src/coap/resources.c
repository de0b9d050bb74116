/*
 * What the CoAP server serves: POST /readings, GET /time and
 * GET /.well-known/core. See server.h for how the parts stand.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coap/server.h"
#include "codec/senml_readings.h"
#include "util/log.h"
#include "util/text.h"

#define LOG_MODULE "coap"

#define READINGS_FORMATS "110 112 50 60"
#define BLOCK_EXPONENT_MAX 6 /* 1024 bytes */

/* Spreads retransmissions (RFC 7252 section 4.2), no more: Knuth's generator will do. */
static uint16_t random16(struct server *s)
{
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint16_t)(s->random >> 48);
}

static void answer(struct client *c, struct exchange *x, const struct pdu_response *r)
{
	struct server *s = c->server;

	if (PDU_CODE_CLASS(r->code) == 2)
		s->accepted += r->code != PDU_CONTINUE;
	else
		s->refused++;
	messages_answer(&c->messages, x, r, random16(s), s->now_us);
	client_arm(c);
}

/* An answer with a sentence for people (RFC 7252 section 5.5.2). */
static void answer_text(
	struct client *c, struct exchange *x, struct pdu_response r, const char *sentence)
{
	r.payload = sentence;
	r.payload_length = strlen(sentence);
	if (r.payload_length > PDU_RESPONSE_MAX / 2)
		r.payload_length = PDU_RESPONSE_MAX / 2;
	answer(c, x, &r);
}

static void answer_error(struct client *c, struct exchange *x, uint8_t code, const char *sentence)
{
	answer_text(c, x, (struct pdu_response){ .code = code }, sentence);
}

static void answer_later(
	struct client *c, struct exchange *x, uint8_t code, uint32_t seconds, const char *sentence)
{
	answer_text(c, x,
		(struct pdu_response){ .code = code, .has_max_age = true, .max_age = seconds },
		sentence);
}

/* --- contents --- */

/* A small content, or the block of it that was asked for (RFC 7959 section 2.4). */
static void answer_content(struct client *c, struct exchange *x, const struct pdu_request *q,
	uint16_t format, const char *content, size_t length)
{
	struct pdu_response r = { .code = PDU_CONTENT, .has_format = true, .format = format };
	size_t from, size;
	uint32_t exponent;

	if (q->has_accept && q->accept != format) {
		answer_error(c, x, PDU_NOT_ACCEPTABLE, "this is served in one format only");
		return;
	}
	r.payload = content;
	r.payload_length = length;
	if (format == PDU_FORMAT_TEXT) {
		r.has_max_age = true; /* the time is not to be cached */
		r.max_age = 0;
	}
	if (q->has_block2) {
		exponent = PDU_BLOCK_EXPONENT(q->block2);
		if (exponent > BLOCK_EXPONENT_MAX) {
			answer_error(c, x, PDU_BAD_REQUEST, "Block2: size exponent 7 is reserved");
			return;
		}
		size = (size_t)16 << exponent;
		from = PDU_BLOCK_NUMBER(q->block2) * size;
		if (from >= length) {
			answer_error(c, x, PDU_BAD_REQUEST, "Block2: past the end");
			return;
		}
		r.payload = content + from;
		r.payload_length = length - from < size ? length - from : size;
		r.has_block2 = true;
		r.block2 = PDU_BLOCK_NUMBER(q->block2) << 4 |
			   (uint32_t)(from + r.payload_length < length) << 3 | exponent;
	}
	answer(c, x, &r);
}

static void get_time(struct client *c, struct exchange *x, const struct pdu_request *q)
{
	struct stamp now = clock_now(gateway_clock(c->server->gateway));
	char buf[40];
	struct text t = text_init(buf, sizeof(buf));
	ssize_t n;

	/* A device that has no clock would take a wrong one for right. */
	if (now.state == CLOCK_UNSYNCHRONISED) {
		answer_later(c, x, PDU_UNAVAILABLE, RETRY_SECONDS,
			"the gateway's own clock is not synchronised");
		return;
	}
	text_time(&t, now.realtime_us);
	n = text_done(&t);
	assert(n > 0);
	answer_content(c, x, q, PDU_FORMAT_TEXT, buf, (size_t)n);
}

static const struct link {
	const char *href, *rt, *text;
} links[] = {
	{ "/readings", "wardgate.readings",
		"</readings>;rt=\"wardgate.readings\";ct=\"" READINGS_FORMATS "\"" },
	{ "/time", "wardgate.time", "</time>;rt=\"wardgate.time\";ct=0" },
};

/* RFC 6690 section 4.1: the whole value, or its beginning when the filter ends in '*'. */
static bool filter_fits(const struct pdu_option *query, const char *name, const char *value)
{
	const char *q = (const char *)query->value;
	size_t n = query->length, name_length = strlen(name), length = strlen(value);

	if (n < name_length || memcmp(q, name, name_length) != 0)
		return false;
	q += name_length;
	n -= name_length;
	if (n > 0 && q[n - 1] == '*')
		return n - 1 <= length && memcmp(q, value, n - 1) == 0;
	return n == length && memcmp(q, value, n) == 0;
}

static bool link_is_wanted(const struct link *l, const struct pdu *p)
{
	struct pdu_walk walk = pdu_walk(p);
	struct pdu_option o;

	while (pdu_next(&walk, &o)) {
		if (o.number == PDU_OPTION_URI_QUERY && !filter_fits(&o, "rt=", l->rt) &&
			!filter_fits(&o, "href=", l->href))
			return false;
	}
	return true;
}

static void get_core(
	struct client *c, struct exchange *x, const struct pdu_request *q, const struct pdu *p)
{
	char buf[512];
	struct text t = text_init(buf, sizeof(buf));
	ssize_t n;

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		if (!link_is_wanted(&links[i], p))
			continue;
		if (t.at != t.start)
			text_char(&t, ',');
		text_str(&t, links[i].text);
	}
	n = text_done(&t);
	assert(n >= 0);
	answer_content(c, x, q, PDU_FORMAT_LINK, buf, (size_t)n);
}

/* --- readings --- */

static struct pdu_response posted_response(const struct posted *p, uint8_t code)
{
	return (struct pdu_response){
		.code = code, .has_block1 = p->has_block1, .block1 = p->block1
	};
}

/* What cannot be taken now, and when to try again. */
static void answer_busy(struct client *c, const struct posted *p, const char *sentence)
{
	struct pdu_response r = posted_response(p, PDU_UNAVAILABLE);

	r.has_max_age = true;
	r.max_age = RETRY_SECONDS;
	answer_text(c, p->exchange, r, sentence);
}

/* The answer to a POST that waits; take_p is over. */
static void conclude(struct posted *take_p, enum receipt_outcome outcome, const char *sentence)
{
	struct posted p = *take_p;
	struct pdu_response changed = posted_response(&p, PDU_CHANGED);

	free(take_p);
	if (outcome == RECEIPT_SAFE)
		answer(p.client, p.exchange, &changed);
	else
		answer_busy(p.client, &p, sentence);
}

static void on_receipt(enum receipt_outcome outcome, void *userdata)
{
	struct posted *p = userdata;

	p->client->server->now_us = boottime_us();
	p->receipt = NULL;
	conclude(p, outcome, "nothing could make the readings safe in time");
}

void resources_turn_away(struct posted *p, const char *sentence)
{
	receipt_cancel(p->receipt);
	conclude(p, RECEIPT_NOT_SAFE, sentence);
}

void resources_abandon(struct posted *p)
{
	receipt_cancel(p->receipt);
	free(p);
}

/* The codec's sentence names the record. */
static void answer_refused_pack(
	struct client *c, const struct posted *p, const struct senml_error *e)
{
	answer_text(c, p->exchange, posted_response(p, PDU_BAD_REQUEST), e->text);
}

/* From a body to readings. Returns 0 with *ret_count, SENML_E_REFUSED, or a negative errno. */
static int read_pack(struct client *c, uint16_t format, const uint8_t *body, size_t length,
	size_t *ret_count, struct senml_error *error)
{
	struct server *s = c->server;
	const struct senml_options *o = client_senml_options(c);
	struct stamp now = clock_now(gateway_clock(s->gateway));
	struct senml_pack pack = { 0 };
	int r;

	if (format == PDU_FORMAT_SENML_JSON || format == PDU_FORMAT_JSON)
		r = senml_decode_json(body, length, o, &pack, error);
	else
		r = senml_decode_cbor(body, length, o, &pack, error);
	if (r != 0)
		return r;

	assert(pack.count <= SUBMISSION_MAX);
	r = senml_readings(
		&pack, o, now.realtime_us, now.state != CLOCK_UNSYNCHRONISED, s->readings, error);
	if (r == 0) {
		for (size_t i = 0; i < pack.count; i++)
			s->readings[i].auth = c->session ? AUTH_LINK : AUTH_NONE;
		*ret_count = pack.count;
	}
	senml_pack_done(&pack);
	return r;
}

/* A whole body, in pieces or not. */
static void take_body(struct client *c, struct device *d, const struct posted *request,
	uint16_t format, const uint8_t *body, size_t length)
{
	struct server *s = c->server;
	struct senml_error error = { 0 };
	struct posted *p;
	size_t count = 0;
	int r;

	r = read_pack(c, format, body, length, &count, &error);
	if (r == SENML_E_REFUSED) {
		answer_refused_pack(c, request, &error);
		return;
	}
	p = r == 0 ? malloc(sizeof(*p)) : NULL;
	if (!p) {
		answer_busy(c, request, "the gateway is out of memory");
		return;
	}

	*p = *request;
	r = gateway_submit(s->gateway, d, s->readings, count, on_receipt, p, &p->receipt);
	if (r == 0) {
		exchange_set_userdata(p->exchange, p);
		client_arm(c);
		return;
	}
	free(p);
	if (r == GATEWAY_E_SAFE) {
		struct pdu_response changed = posted_response(request, PDU_CHANGED);

		answer(c, request->exchange, &changed);
	} else if (r == GATEWAY_E_NO_ROOM) {
		answer_busy(c, request, "nothing can make the readings safe at present");
	} else {
		log_error("readings could not be taken in",
			F_STR("WARDGATE_DEVICE", label_text(d->name, "")), F_ERR(r));
		answer_busy(c, request, "the gateway could not take the readings in");
	}
}

/* One block of a body that comes in several (RFC 7959 section 2.5). */
static void take_block(struct client *c, struct device *d, struct posted *request,
	const struct pdu_request *q, const struct pdu *p)
{
	struct server *s = c->server;
	const struct block_part part = {
		.block1 = q->block1,
		.format = q->format,
		.has_size1 = q->has_size1,
		.size1 = q->size1,
		.payload = p->payload,
		.length = p->payload_length,
	};
	struct pdu_response r;
	const uint8_t *body = NULL;
	size_t length = 0;

	request->has_block1 = true;
	request->block1 = q->block1;
	switch (block_receive(&s->blocks, &c->body, &part, s->now_us, &body, &length)) {
	case _BLOCK_WHOLE:
		take_body(c, d, request, q->format, body ?: (const uint8_t *)"", length);
		block_drop(&s->blocks, &c->body);
		break;
	case BLOCK_CONTINUE:
		(void)timers_set(&s->timers, &s->block_timer, s->now_us + BLOCK_LIFETIME_US);
		r = posted_response(request, PDU_CONTINUE);
		answer(c, request->exchange, &r);
		break;
	case BLOCK_BAD:
		answer_error(c, request->exchange, PDU_BAD_REQUEST,
			"Block1: the payload is not of the size that the option says");
		break;
	case BLOCK_INCOMPLETE:
		answer_text(c, request->exchange, posted_response(request, PDU_INCOMPLETE),
			"Block1: a block before this one is missing, begin again with block 0");
		break;
	case BLOCK_TOO_LARGE:
		r = posted_response(request, PDU_TOO_LARGE);
		r.size1 = BLOCK_BODY_MAX;
		answer(c, request->exchange, &r);
		break;
	default:
		answer_busy(c, request, "too many packs are coming in at once");
		break;
	}
}

static bool is_format_known(uint16_t format)
{
	return format == PDU_FORMAT_SENML_JSON || format == PDU_FORMAT_SENML_CBOR ||
	       format == PDU_FORMAT_JSON || format == PDU_FORMAT_CBOR;
}

static void post_readings(
	struct client *c, struct exchange *x, const struct pdu_request *q, const struct pdu *p)
{
	struct posted request = { .client = c, .exchange = x };
	struct device *d = client_device(c);

	if (!d) {
		answer_error(c, x, PDU_FORBIDDEN,
			"the identity is known, but no [Device] section has it as its Address=");
		return;
	}
	if (c->server->quiesced) {
		answer_busy(c, &request, "the gateway is about to stop");
		return;
	}
	if (!q->has_format || !is_format_known(q->format)) {
		answer_error(c, x, PDU_UNSUPPORTED_FORMAT,
			q->has_format
				? "Content-Format must be one of " READINGS_FORMATS
				: "Content-Format is missing; it must be one of " READINGS_FORMATS);
		return;
	}
	if (q->has_block1)
		take_block(c, d, &request, q, p);
	else
		take_body(c, d, &request, q->format, p->payload ?: (const uint8_t *)"",
			p->payload_length);
}

static const struct resource {
	const char *path;
	uint8_t method;
} resources[] = {
	{ "readings", PDU_POST },
	{ "time", PDU_GET },
	{ ".well-known/core", PDU_GET },
};

static const struct resource *find_resource(const struct pdu_request *q)
{
	for (size_t i = 0; q->path_known && i < ARRAY_SIZE(resources); i++) {
		if (strcmp(resources[i].path, q->path) == 0)
			return &resources[i];
	}
	return NULL;
}

static void answer_bad_option(
	struct client *c, struct exchange *x, const struct pdu *p, const struct pdu_request *q)
{
	char sentence[80];

	/* Section 5.4.1: in a non-confirmable request it is passed over. */
	if (p->type != PDU_CON) {
		messages_ignore(&c->messages, x);
		return;
	}
	if (q->proxy) {
		answer_error(c, x, PDU_NO_PROXY, "this is not a proxy");
		return;
	}
	snprintf(sentence, sizeof(sentence), "option %u is not understood here", q->bad_option);
	answer_error(c, x, PDU_BAD_OPTION, sentence);
}

/* What a request takes of its device's rate. The blocks of a body after the first count by their
 * size, a kilobyte for one request: a device sends them as fast as they are answered, and the body
 * as a whole is bounded. */
static int64_t cost_of(const struct pdu_request *q, const struct pdu *p)
{
	size_t length = p->payload_length;

	if (!q->has_block1 || PDU_BLOCK_NUMBER(q->block1) == 0 || length >= 1024)
		return OWNER_REQUEST_COST;
	return OWNER_REQUEST_COST * (int64_t)(length < 64 ? 64 : length) / 1024;
}

void resources_request(struct client *c, struct exchange *x, const struct pdu *p)
{
	const struct resource *resource;
	struct pdu_request q;
	int r;

	r = pdu_request(p, &q);
	if (!owner_take_tokens(c->owner, c->server, cost_of(&q, p))) {
		c->server->limited++;
		if (c->owner->device)
			c->owner->device->flooded_boot_us = c->server->now_us;
		answer_later(c, x, PDU_TOO_MANY, 1, "more requests than Rate= allows");
		return;
	}
	if (r == PDU_REQUEST_BAD_OPTION) {
		answer_bad_option(c, x, p, &q);
		return;
	}

	resource = find_resource(&q);
	if (!resource)
		answer_error(c, x, PDU_NOT_FOUND, "there is no such resource");
	else if (resource->method != p->code)
		answer_error(c, x, PDU_NOT_ALLOWED, p->code == PDU_GET ? "POST to it" : "GET it");
	else if (resource == &resources[0])
		post_readings(c, x, &q, p);
	else if (resource == &resources[1])
		get_time(c, x, &q);
	else
		get_core(c, x, &q, p);
}
