/*
 * CoAP's message format, RFC 7252 section 3. See pdu.h for what it is not.
 */
#include "coap/pdu.h"

#include <errno.h>
#include <string.h>

#define VERSION 1
#define HEADER_LENGTH 4
#define PAYLOAD_MARKER 0xff

/* One part of an option's head: a nibble, or what follows for 13 and 14 (section 3.1). */
static bool extended(const uint8_t **at, size_t *left, unsigned nibble, uint32_t *ret)
{
	if (nibble < 13) {
		*ret = nibble;
		return true;
	}
	if (nibble == 13) {
		if (*left < 1)
			return false;
		*ret = 13u + **at;
		*at += 1;
		*left -= 1;
		return true;
	}
	if (nibble == 14) {
		if (*left < 2)
			return false;
		*ret = 269u + ((uint32_t)(*at)[0] << 8 | (*at)[1]);
		*at += 2;
		*left -= 2;
		return true;
	}
	return false; /* 15 is reserved */
}

/* Takes one option off. Returns 1, 0 at the end or the payload marker, -EBADMSG. */
static int take_option(struct pdu_walk *w, struct pdu_option *ret)
{
	uint32_t delta, length, number;
	uint8_t head;

	if (w->left == 0 || *w->at == PAYLOAD_MARKER)
		return 0;

	head = *w->at++;
	w->left--;
	if (!extended(&w->at, &w->left, head >> 4, &delta) ||
		!extended(&w->at, &w->left, head & 15, &length))
		return -EBADMSG;

	number = w->number + delta;
	if (number > UINT16_MAX || w->left < length)
		return -EBADMSG;

	*ret = (struct pdu_option){ .number = (uint16_t)number, .value = w->at, .length = length };
	w->number = (uint16_t)number;
	w->at += length;
	w->left -= length;
	return 1;
}

int pdu_parse(const void *datagram, size_t length, struct pdu *ret)
{
	const uint8_t *at = datagram;
	struct pdu_option option;
	struct pdu_walk walk;
	struct pdu p = { 0 };
	int r;

	if (length < HEADER_LENGTH || at[0] >> 6 != VERSION)
		return PDU_E_FOREIGN;

	p.type = at[0] >> 4 & 3;
	p.token_length = at[0] & 15;
	p.code = at[1];
	p.id = (uint16_t)(at[2] << 8 | at[3]);
	*ret = p;

	at += HEADER_LENGTH;
	length -= HEADER_LENGTH;

	/* An empty message is these four bytes and no more (section 4.1). */
	if (p.code == PDU_EMPTY)
		return p.token_length == 0 && length == 0 ? 0 : PDU_E_FORMAT;

	if (p.token_length > PDU_TOKEN_MAX || length < p.token_length)
		return PDU_E_FORMAT;
	memcpy(p.token, at, p.token_length);
	at += p.token_length;
	length -= p.token_length;

	walk = (struct pdu_walk){ .at = at, .left = length };
	while ((r = take_option(&walk, &option)) > 0)
		;
	if (r < 0)
		return PDU_E_FORMAT;

	p.options = at;
	p.options_length = (size_t)(walk.at - at);
	if (walk.left > 0) {
		/* The marker must be followed by something (section 3). */
		if (walk.left == 1)
			return PDU_E_FORMAT;
		p.payload = walk.at + 1;
		p.payload_length = walk.left - 1;
	}

	*ret = p;
	return 0;
}

struct pdu_walk pdu_walk(const struct pdu *p)
{
	return (struct pdu_walk){ .at = p->options, .left = p->options_length };
}

bool pdu_next(struct pdu_walk *w, struct pdu_option *ret)
{
	return take_option(w, ret) > 0;
}

/* Options that a request may carry and that we look at or may pass over (section 5.10). */
static const struct known {
	uint16_t number;
	uint16_t length_min, length_max;
	bool repeatable;
} known[] = {
	{ PDU_OPTION_URI_HOST, 1, 255, false },
	{ PDU_OPTION_URI_PORT, 0, 2, false },
	{ PDU_OPTION_URI_PATH, 0, 255, true },
	{ PDU_OPTION_CONTENT_FORMAT, 0, 2, false },
	{ PDU_OPTION_URI_QUERY, 0, 255, true },
	{ PDU_OPTION_ACCEPT, 0, 2, false },
	{ PDU_OPTION_BLOCK2, 0, 3, false },
	{ PDU_OPTION_BLOCK1, 0, 3, false },
	{ PDU_OPTION_SIZE1, 0, 4, false },
};

static bool is_known(const struct pdu_option *o, bool repeated)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].number == o->number)
			return o->length >= known[i].length_min &&
			       o->length <= known[i].length_max &&
			       (known[i].repeatable || !repeated);
	}
	return false;
}

/* At most four bytes, the most significant first (section 3.2). */
static uint32_t option_uint(const struct pdu_option *o)
{
	uint32_t v = 0;

	for (size_t i = 0; i < o->length; i++)
		v = v << 8 | o->value[i];
	return v;
}

/* Adds a segment. Our paths have none with a '/' or a 0 inside, so that joining loses nothing. */
static void add_segment(
	struct pdu_request *q, size_t *used, bool *first, const struct pdu_option *o)
{
	size_t need = o->length + (*first ? 0 : 1);

	if (need > PDU_PATH_MAX - *used || memchr(o->value, '/', o->length) ||
		memchr(o->value, 0, o->length)) {
		q->path_known = false;
		return;
	}
	if (!*first)
		q->path[(*used)++] = '/';
	memcpy(q->path + *used, o->value, o->length);
	*used += o->length;
	*first = false;
}

static void take_known(struct pdu_request *q, size_t *used, bool *first, const struct pdu_option *o)
{
	switch (o->number) {
	case PDU_OPTION_URI_PATH:
		add_segment(q, used, first, o);
		break;
	case PDU_OPTION_CONTENT_FORMAT:
		q->has_format = true;
		q->format = (uint16_t)option_uint(o);
		break;
	case PDU_OPTION_ACCEPT:
		q->has_accept = true;
		q->accept = (uint16_t)option_uint(o);
		break;
	case PDU_OPTION_BLOCK1:
		q->has_block1 = true;
		q->block1 = option_uint(o);
		break;
	case PDU_OPTION_BLOCK2:
		q->has_block2 = true;
		q->block2 = option_uint(o);
		break;
	case PDU_OPTION_SIZE1:
		q->has_size1 = true;
		q->size1 = option_uint(o);
		break;
	default: /* host, port and query: known, but not needed here */
		break;
	}
}

int pdu_request(const struct pdu *p, struct pdu_request *ret)
{
	struct pdu_walk walk = pdu_walk(p);
	struct pdu_request q = { .path_known = true };
	struct pdu_option o;
	uint16_t previous = 0;
	size_t used = 0;
	bool first = true;

	while (pdu_next(&walk, &o)) {
		bool repeated = o.number == previous;

		previous = o.number;
		if (is_known(&o, repeated)) {
			take_known(&q, &used, &first, &o);
		} else if (o.number & 1) {
			/* odd numbers are critical (section 5.4.6) */
			q.bad_option = o.number;
			q.proxy = o.number == PDU_OPTION_PROXY_URI ||
				  o.number == PDU_OPTION_PROXY_SCHEME;
			*ret = q;
			return PDU_REQUEST_BAD_OPTION;
		}
	}
	*ret = q;
	return 0;
}

struct writer {
	uint8_t *at, *end;
	uint16_t number;
	bool overflow;
};

static void put(struct writer *w, const void *bytes, size_t length)
{
	if ((size_t)(w->end - w->at) < length) {
		w->overflow = true;
		return;
	}
	if (length > 0)
		memcpy(w->at, bytes, length);
	w->at += length;
}

/* Options of ours are uints of at most four bytes, with numbers less than 269 apart. */
static void put_uint(struct writer *w, uint16_t number, uint32_t value)
{
	unsigned delta = (unsigned)(number - w->number);
	uint8_t head[2], bytes[4];
	size_t length = 0;

	for (int shift = 24; shift >= 0; shift -= 8) {
		uint8_t byte = (uint8_t)(value >> shift);

		if (byte != 0 || length > 0)
			bytes[length++] = byte;
	}
	w->number = number;
	if (delta < 13) {
		head[0] = (uint8_t)(delta << 4 | length);
		put(w, head, 1);
	} else {
		head[0] = (uint8_t)(13u << 4 | length);
		head[1] = (uint8_t)(delta - 13);
		put(w, head, 2);
	}
	put(w, bytes, length);
}

ssize_t pdu_write(uint8_t *buf, size_t size, enum pdu_type type, uint16_t id, const uint8_t *token,
	size_t token_length, const struct pdu_response *r)
{
	struct writer w = { .at = buf, .end = buf + size };
	const uint8_t header[HEADER_LENGTH] = {
		(uint8_t)(VERSION << 6 | (unsigned)type << 4 | token_length),
		r->code,
		(uint8_t)(id >> 8),
		(uint8_t)id,
	};

	put(&w, header, sizeof(header));
	put(&w, token, token_length);
	if (r->has_format)
		put_uint(&w, PDU_OPTION_CONTENT_FORMAT, r->format);
	if (r->has_max_age)
		put_uint(&w, PDU_OPTION_MAX_AGE, r->max_age);
	if (r->has_block2)
		put_uint(&w, PDU_OPTION_BLOCK2, r->block2);
	if (r->has_block1)
		put_uint(&w, PDU_OPTION_BLOCK1, r->block1);
	if (r->size1 > 0)
		put_uint(&w, PDU_OPTION_SIZE1, r->size1);
	if (r->payload_length > 0) {
		put(&w, &(const uint8_t){ PAYLOAD_MARKER }, 1);
		put(&w, r->payload, r->payload_length);
	}
	return w.overflow ? -ENOBUFS : w.at - buf;
}

void pdu_write_empty(uint8_t buf[4], enum pdu_type type, uint16_t id)
{
	buf[0] = (uint8_t)(VERSION << 6 | (unsigned)type << 4);
	buf[1] = PDU_EMPTY;
	buf[2] = (uint8_t)(id >> 8);
	buf[3] = (uint8_t)id;
}
