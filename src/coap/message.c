/*
 * CoAP's message layer. See message.h.
 */
#include "coap/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum exchange_state {
	EXCHANGE_HELD,     /* CON: no acknowledgement yet */
	EXCHANGE_ACKED,    /* CON: acknowledged, the answer is still to come */
	EXCHANGE_NON,      /* NON: the answer is still to come */
	EXCHANGE_SEPARATE, /* our confirmable answer waits for its acknowledgement */
	EXCHANGE_OVER,     /* remembered to know duplicates */
};

struct exchange {
	struct exchange *next, *previous;
	int64_t began_us;
	int64_t deadline_us; /* HELD: of the acknowledgement; SEPARATE: of the next try */
	int64_t timeout_us;  /* SEPARATE: the present one, doubled each time */
	uint8_t *answer;     /* as sent, to be sent again */
	size_t answer_length;
	void *userdata;
	uint16_t id, answer_id;
	uint8_t state; /* enum exchange_state */
	bool confirmable;
	uint8_t tries;
	uint8_t token_length;
	uint8_t token[PDU_TOKEN_MAX];
};

void messages_init(struct messages *m, const struct message_ops *ops,
	struct message_counters *counters, uint16_t first_id)
{
	*m = (struct messages){ .ops = ops, .counters = counters, .next_id = first_id };
}

static void append(struct messages *m, struct exchange *x)
{
	x->previous = m->last;
	x->next = NULL;
	if (m->last)
		m->last->next = x;
	else
		m->first = x;
	m->last = x;
	m->count++;
}

static void detach(struct messages *m, struct exchange *x)
{
	if (x->previous)
		x->previous->next = x->next;
	else
		m->first = x->next;
	if (x->next)
		x->next->previous = x->previous;
	else
		m->last = x->previous;
	m->count--;
}

static bool is_waiting(const struct exchange *x)
{
	return x->state == EXCHANGE_HELD || x->state == EXCHANGE_ACKED || x->state == EXCHANGE_NON;
}

void messages_clear(struct messages *m)
{
	struct exchange *x;

	while ((x = m->first)) {
		detach(m, x);
		if (is_waiting(x))
			m->ops->abandoned(m, x);
		free(x->answer);
		free(x);
	}
}

static void send_empty(struct messages *m, enum pdu_type type, uint16_t id)
{
	uint8_t buf[4];

	pdu_write_empty(buf, type, id);
	m->ops->send(m, buf, sizeof(buf));
}

static int64_t lifetime(const struct exchange *x)
{
	return x->confirmable ? MESSAGE_EXCHANGE_LIFETIME_US : MESSAGE_NON_LIFETIME_US;
}

/* The exchange of that message id, while it counts. */
static struct exchange *find(struct messages *m, uint16_t id, int64_t now_us)
{
	for (struct exchange *x = m->last; x; x = x->previous) {
		if (x->id != id)
			continue;
		if (x->state != EXCHANGE_OVER || now_us - x->began_us < lifetime(x))
			return x;
		/* the id came round again: this is another message */
		detach(m, x);
		free(x->answer);
		free(x);
		return NULL;
	}
	return NULL;
}

/* A place for a new exchange: at the limit the oldest that is over gives way. */
static struct exchange *place(struct messages *m)
{
	struct exchange *x;

	if (m->count < MESSAGE_EXCHANGES_MAX) {
		x = calloc(1, sizeof(*x));
		if (!x)
			m->counters->no_memory++;
		return x;
	}
	for (x = m->first; x && x->state != EXCHANGE_OVER; x = x->next)
		;
	if (!x) {
		m->counters->crowded++;
		return NULL;
	}
	detach(m, x);
	free(x->answer);
	*x = (struct exchange){ 0 };
	return x;
}

/* RFC 7252 section 4.2: the same message again is acknowledged again, and not acted upon. */
static void repeat(struct messages *m, struct exchange *x)
{
	m->counters->duplicates++;
	switch ((enum exchange_state)x->state) {
	case EXCHANGE_HELD: /* the acknowledgement is on its way */
	case EXCHANGE_NON:
		break;
	case EXCHANGE_ACKED:
	case EXCHANGE_SEPARATE:
		send_empty(m, PDU_ACK, x->id);
		break;
	case EXCHANGE_OVER:
		if (!x->confirmable)
			break;
		if (x->answer)
			m->ops->send(m, x->answer, x->answer_length);
		else
			send_empty(m, PDU_ACK, x->id);
		break;
	}
}

static void receive_request(struct messages *m, const struct pdu *p, int64_t now_us)
{
	struct exchange *x = find(m, p->id, now_us);

	if (x) {
		repeat(m, x);
		return;
	}

	x = place(m);
	if (!x)
		return; /* counted; the peer will try again */

	x->began_us = now_us;
	x->id = p->id;
	x->confirmable = p->type == PDU_CON;
	x->state = x->confirmable ? EXCHANGE_HELD : EXCHANGE_NON;
	x->deadline_us = now_us + MESSAGE_HOLD_US;
	x->token_length = p->token_length;
	memcpy(x->token, p->token, sizeof(x->token));
	append(m, x);
	m->ops->request(m, x, p, now_us);
}

/* An acknowledgement or a reset, matched by message id (section 4.2). */
static void receive_reply(struct messages *m, const struct pdu *p)
{
	for (struct exchange *x = m->first; x; x = x->next) {
		if (x->state != EXCHANGE_SEPARATE || x->answer_id != p->id)
			continue;
		if (p->type == PDU_RST)
			m->counters->resets++;
		x->state = EXCHANGE_OVER;
		free(x->answer);
		x->answer = NULL;
		return;
	}
	m->counters->unexpected++;
}

/* Sections 4.2 and 4.3: what cannot be dealt with is reset if confirmable, else passed over. */
static void reject(struct messages *m, const struct pdu *p)
{
	if (p->type == PDU_CON)
		send_empty(m, PDU_RST, p->id);
}

void messages_receive(struct messages *m, const uint8_t *bytes, size_t length, int64_t now_us)
{
	struct pdu p;
	int r;

	r = pdu_parse(bytes, length, &p);
	if (r == PDU_E_FOREIGN) {
		m->counters->foreign++;
		return;
	}
	if (r == PDU_E_FORMAT) {
		m->counters->malformed++;
		reject(m, &p);
		return;
	}

	if (p.code == PDU_EMPTY) {
		if (p.type == PDU_ACK || p.type == PDU_RST)
			receive_reply(m, &p);
		else
			reject(m, &p); /* a ping */
		return;
	}

	if (PDU_CODE_CLASS(p.code) == 0 && (p.type == PDU_CON || p.type == PDU_NON)) {
		receive_request(m, &p, now_us);
		return;
	}
	m->counters->unexpected++;
	reject(m, &p);
}

void messages_answer(struct messages *m, struct exchange *x, const struct pdu_response *r,
	uint16_t random, int64_t now_us)
{
	uint8_t buf[PDU_RESPONSE_MAX];
	enum pdu_type type = PDU_NON;
	uint16_t id;
	ssize_t n;

	assert(is_waiting(x));
	x->userdata = NULL;

	if (x->state == EXCHANGE_HELD) {
		type = PDU_ACK;
		id = x->id;
	} else {
		if (x->state == EXCHANGE_ACKED)
			type = PDU_CON;
		id = m->next_id++;
	}

	n = pdu_write(buf, sizeof(buf), type, id, x->token, x->token_length, r);
	assert(n >= 0); /* answers are ours, and short */

	if (type != PDU_NON) {
		x->answer = malloc((size_t)n);
		if (x->answer) {
			memcpy(x->answer, buf, (size_t)n);
			x->answer_length = (size_t)n;
		} else {
			m->counters->no_memory++; /* then it goes once */
		}
	}

	x->state = EXCHANGE_OVER;
	if (type == PDU_CON) {
		m->counters->separate++;
		if (x->answer) {
			x->state = EXCHANGE_SEPARATE;
			x->answer_id = id;
			x->timeout_us = MESSAGE_ACK_TIMEOUT_US +
					MESSAGE_ACK_TIMEOUT_US / 2 * random / UINT16_MAX;
			x->deadline_us = now_us + x->timeout_us;
		}
	}
	m->ops->send(m, buf, (size_t)n);
}

void messages_ignore(struct messages *m, struct exchange *x)
{
	x->state = EXCHANGE_OVER;
	x->confirmable = false;
	m->counters->unexpected++;
}

static void on_deadline(struct messages *m, struct exchange *x, int64_t now_us)
{
	if (x->state == EXCHANGE_HELD) {
		x->state = EXCHANGE_ACKED;
		send_empty(m, PDU_ACK, x->id);
		return;
	}

	if (x->tries == MESSAGE_MAX_RETRANSMIT) {
		m->counters->given_up++;
		x->state = EXCHANGE_OVER;
		free(x->answer);
		x->answer = NULL;
		return;
	}
	x->tries++;
	x->timeout_us *= 2;
	x->deadline_us = now_us + x->timeout_us;
	m->counters->retransmitted++;
	m->ops->send(m, x->answer, x->answer_length);
}

static bool has_deadline(const struct exchange *x)
{
	return x->state == EXCHANGE_HELD || x->state == EXCHANGE_SEPARATE;
}

int64_t messages_tick(struct messages *m, int64_t now_us)
{
	for (struct exchange *x = m->first; x; x = x->next) {
		if (has_deadline(x) && x->deadline_us <= now_us)
			on_deadline(m, x, now_us);
	}
	return messages_deadline(m);
}

int64_t messages_deadline(const struct messages *m)
{
	int64_t first = INT64_MAX;

	for (const struct exchange *x = m->first; x; x = x->next) {
		if (has_deadline(x) && x->deadline_us < first)
			first = x->deadline_us;
	}
	return first;
}

void exchange_set_userdata(struct exchange *x, void *userdata)
{
	x->userdata = userdata;
}

void *exchange_userdata(const struct exchange *x)
{
	return x->userdata;
}

struct exchange *messages_waiting(struct messages *m, const struct exchange *after)
{
	struct exchange *x = after ? after->next : m->first;

	while (x && !is_waiting(x))
		x = x->next;
	return x;
}
