/*
 * The bearer: one request of ours under way, one answer to the device, and the
 * confirmations we owe. Three sources of PDUs with a place each, so nothing a
 * device does makes anything grow. See att.h.
 */
#include "ble/att.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "util/cursor.h"

#define COMMAND_BIT 0x40
#define UUID_SIZE 16

/* What att_output() gave. */
enum { NOTHING, A_CONFIRMATION, A_RESPONSE, A_REQUEST };

static const uint8_t confirmation[] = { ATT_CONFIRMATION };

void att_init(struct att *a, const struct att_ops *ops, void *context, uint16_t own_mtu)
{
	assert(ops && own_mtu >= ATT_MTU_MIN && own_mtu <= ATT_MTU_MAX);
	memset(a, 0, sizeof(*a));
	a->ops = ops;
	a->context = context;
	a->mtu = ATT_MTU_MIN;
	a->own_mtu = own_mtu;
	a->deadline_us = INT64_MAX;
	a->up = true;
}

void att_stop(struct att *a)
{
	a->up = false;
	a->count = 0;
	a->request_due = false;
	a->response_length = 0;
	a->unconfirmed = a->confirmations_due = 0;
	a->chosen = NOTHING;
	a->deadline_us = INT64_MAX;
}

static void go_down(struct att *a, enum att_reason reason, int64_t now_us)
{
	att_stop(a);
	a->ops->down(a, reason, now_us);
}

/* ---- requests of ours ---- */

static struct att_request *request_at(struct att *a, unsigned i)
{
	return &a->queue[(a->first + i) % ATT_QUEUE_MAX];
}

/* The first in the queue goes next. Its time runs from here on, not from the write: a socket that
 * takes nothing is as dead as a device that answers nothing. */
static void begin(struct att *a, int64_t now_us)
{
	a->request_due = a->count > 0;
	a->deadline_us = a->count > 0 ? now_us + ATT_TIMEOUT_US : INT64_MAX;
}

static void le16(struct att_request *q, uint16_t v)
{
	q->pdu[q->length++] = (uint8_t)v;
	q->pdu[q->length++] = (uint8_t)(v >> 8);
}

static int open_request(struct att *a, uint8_t opcode, att_answer_fn answer, void *context,
	struct att_request **ret)
{
	struct att_request *q;

	if (!a->up)
		return -ENOTCONN;
	if (a->count == ATT_QUEUE_MAX)
		return -ENOBUFS;
	q = request_at(a, a->count);
	*q = (struct att_request){ .answer = answer, .context = context };
	q->pdu[q->length++] = opcode;
	*ret = q;
	return 0;
}

static int close_request(struct att *a, int64_t now_us)
{
	a->count++;
	if (a->count == 1)
		begin(a, now_us);
	return 0;
}

int att_exchange_mtu(struct att *a, att_answer_fn answer, void *context, int64_t now_us)
{
	struct att_request *q;
	int r = open_request(a, ATT_EXCHANGE_MTU_REQUEST, answer, context, &q);

	if (r < 0)
		return r;
	le16(q, a->own_mtu);
	return close_request(a, now_us);
}

int att_read(struct att *a, uint16_t handle, att_answer_fn answer, void *context, int64_t now_us)
{
	struct att_request *q;
	int r = open_request(a, ATT_READ_REQUEST, answer, context, &q);

	if (r < 0)
		return r;
	le16(q, handle);
	return close_request(a, now_us);
}

int att_read_blob(struct att *a, uint16_t handle, uint16_t offset, att_answer_fn answer,
	void *context, int64_t now_us)
{
	struct att_request *q;
	int r = open_request(a, ATT_READ_BLOB_REQUEST, answer, context, &q);

	if (r < 0)
		return r;
	le16(q, handle);
	le16(q, offset);
	return close_request(a, now_us);
}

int att_write(struct att *a, uint16_t handle, const uint8_t *bytes, size_t length,
	att_answer_fn answer, void *context, int64_t now_us)
{
	struct att_request *q;
	int r;

	if (length > ATT_REQUEST_MAX - 3)
		return -EMSGSIZE;
	r = open_request(a, ATT_WRITE_REQUEST, answer, context, &q);
	if (r < 0)
		return r;
	le16(q, handle);
	if (length > 0)
		memcpy(q->pdu + q->length, bytes, length);
	q->length = (uint8_t)(q->length + length);
	return close_request(a, now_us);
}

int att_find(struct att *a, uint8_t opcode, uint16_t start, uint16_t end, uint16_t type,
	att_answer_fn answer, void *context, int64_t now_us)
{
	struct att_request *q;
	int r = open_request(a, opcode, answer, context, &q);

	if (r < 0)
		return r;
	le16(q, start);
	le16(q, end);
	if (opcode != ATT_FIND_INFORMATION_REQUEST)
		le16(q, type);
	return close_request(a, now_us);
}

void att_cancel(struct att *a, const void *context)
{
	unsigned kept = 1;

	if (a->count == 0)
		return;
	/* The first may have left: its answer will come. */
	if (request_at(a, 0)->context == context)
		request_at(a, 0)->answer = NULL;
	for (unsigned i = 1; i < a->count; i++)
		if (request_at(a, i)->context != context)
			*request_at(a, kept++) = *request_at(a, i);
	a->count = kept;
}

bool att_busy(const struct att *a)
{
	return a->count > 0;
}

/* ---- what comes ---- */

static void use_mtu(struct att *a, uint16_t theirs)
{
	a->mtu = theirs < a->own_mtu ? theirs : a->own_mtu;
	if (a->mtu < ATT_MTU_MIN) /* Core Vol 3 Part F 3.4.2: the least that there is */
		a->mtu = ATT_MTU_MIN;
}

static void complete(struct att *a, struct att_answer answer, int64_t now_us)
{
	const struct att_request q = *request_at(a, 0);

	a->first = (a->first + 1) % ATT_QUEUE_MAX;
	a->count--;
	begin(a, now_us);
	if (q.pdu[0] == ATT_EXCHANGE_MTU_REQUEST && answer.error == 0) {
		struct cursor c = cursor_init(answer.bytes, answer.length);
		uint16_t theirs = cursor_le16(&c);

		if (cursor_done(&c) < 0)
			answer = (struct att_answer){ .error = ATT_ERROR_INVALID_PDU };
		else
			use_mtu(a, theirs);
	}
	if (answer.error != 0)
		a->counters.errors++;
	else
		a->counters.answers++;
	if (q.answer)
		q.answer(q.context, &answer, now_us);
}

/* Whether a request of that opcode has left and is not answered. What answers nothing is counted
 * and forgotten: the time for the right answer runs on. */
static bool awaited(struct att *a, uint8_t request)
{
	if (a->count > 0 && !a->request_due && request_at(a, 0)->pdu[0] == request)
		return true;
	a->counters.unexpected++;
	return false;
}

static void on_error(struct att *a, struct cursor *c, int64_t now_us)
{
	uint8_t request = cursor_u8(c), error;

	cursor_skip(c, 2);
	error = cursor_u8(c);
	if (cursor_done(c) < 0) {
		a->counters.malformed++;
		return;
	}
	if (!awaited(a, request))
		return;
	/* An error that says that there was none is not to be taken for success. */
	complete(a, (struct att_answer){ .error = error ? error : ATT_ERROR_UNLIKELY }, now_us);
}

static void on_value(struct att *a, struct cursor *c, bool indicated, int64_t now_us)
{
	uint16_t handle = cursor_le16(c);
	size_t length = cursor_remaining(c);

	if (c->failed || handle == 0) {
		a->counters.malformed++;
		return;
	}
	if (indicated) {
		if (a->unconfirmed + a->confirmations_due == ATT_UNCONFIRMED_MAX) {
			go_down(a, ATT_DOWN_UNCONFIRMED, now_us);
			return;
		}
		a->unconfirmed++;
		a->counters.indications++;
	} else {
		a->counters.notifications++;
	}
	a->ops->heard(a, handle, indicated, cursor_bytes(c, length), length, now_us);
}

static bool time_of(void *context, struct att_server_time *ret)
{
	struct att *a = context;

	return a->ops->time && a->ops->time(a, ret);
}

static void on_request(struct att *a, const uint8_t *pdu, size_t length)
{
	if (a->response_length > 0) { /* its former request has not been answered */
		a->counters.unexpected++;
		return;
	}
	a->counters.asked++;
	a->response_length = att_server_answer(pdu, length, a->own_mtu, time_of, a, a->response);
	if (a->response[0] == ATT_EXCHANGE_MTU_RESPONSE)
		use_mtu(a, (uint16_t)(pdu[1] | pdu[2] << 8));
}

static bool is_response(uint8_t opcode)
{
	switch (opcode) {
	case ATT_EXCHANGE_MTU_RESPONSE:
	case ATT_FIND_INFORMATION_RESPONSE:
	case ATT_FIND_BY_TYPE_VALUE_RESPONSE:
	case ATT_READ_BY_TYPE_RESPONSE:
	case ATT_READ_RESPONSE:
	case ATT_READ_BLOB_RESPONSE:
	case ATT_READ_BY_GROUP_TYPE_RESPONSE:
	case ATT_WRITE_RESPONSE:
	case 0x0F: /* Read Multiple, Prepare Write, Execute Write, Read Multiple Variable */
	case 0x17:
	case 0x19:
	case 0x21:
		return true;
	default:
		return false;
	}
}

void att_receive(struct att *a, const uint8_t *pdu, size_t length, int64_t now_us)
{
	struct cursor c = cursor_init(pdu, length);
	uint8_t opcode = cursor_u8(&c);

	if (!a->up)
		return;
	if (length == 0) {
		a->counters.malformed++;
	} else if (opcode == ATT_ERROR_RESPONSE) {
		on_error(a, &c, now_us);
	} else if (is_response(opcode)) {
		if (awaited(a, (uint8_t)(opcode - 1)))
			complete(a, (struct att_answer){ .bytes = pdu + 1, .length = length - 1 },
				now_us);
	} else if (opcode == ATT_NOTIFICATION || opcode == ATT_INDICATION) {
		on_value(a, &c, opcode == ATT_INDICATION, now_us);
	} else if (opcode == ATT_CONFIRMATION) {
		a->counters.unexpected++; /* we indicate nothing */
	} else if (opcode & COMMAND_BIT || opcode == 0x23) {
		a->counters.ignored++; /* or several values in one, which we never ask for */
	} else {
		on_request(a, pdu, length);
	}
}

int att_confirm(struct att *a)
{
	if (a->unconfirmed == 0)
		return -ENOENT;
	a->unconfirmed--;
	a->confirmations_due++;
	return 0;
}

/* ---- what goes ---- */

const uint8_t *att_output(struct att *a, size_t *ret_length)
{
	if (a->chosen == NOTHING) {
		if (a->confirmations_due > 0)
			a->chosen = A_CONFIRMATION;
		else if (a->response_length > 0)
			a->chosen = A_RESPONSE;
		else if (a->request_due)
			a->chosen = A_REQUEST;
	}
	switch (a->chosen) {
	case A_CONFIRMATION:
		*ret_length = sizeof(confirmation);
		return confirmation;
	case A_RESPONSE:
		*ret_length = a->response_length;
		return a->response;
	case A_REQUEST:
		*ret_length = request_at(a, 0)->length;
		return request_at(a, 0)->pdu;
	default:
		*ret_length = 0;
		return NULL;
	}
}

void att_sent(struct att *a)
{
	switch (a->chosen) {
	case A_CONFIRMATION:
		a->confirmations_due--;
		a->counters.confirmations++;
		break;
	case A_RESPONSE:
		a->response_length = 0;
		break;
	case A_REQUEST:
		a->request_due = false;
		a->counters.requests++;
		break;
	default:
		break;
	}
	a->chosen = NOTHING;
}

int64_t att_deadline(const struct att *a)
{
	return a->deadline_us;
}

void att_tick(struct att *a, int64_t now_us)
{
	if (a->up && a->count > 0 && now_us >= a->deadline_us)
		go_down(a, ATT_DOWN_TIMEOUT, now_us);
}

uint16_t att_uuid(const uint8_t *bytes, size_t length)
{
	static const uint8_t base[UUID_SIZE - 4] = { 0xFB, 0x34, 0x9B, 0x5F, 0x80, 0x00, 0x00, 0x80,
		0x00, 0x10, 0x00, 0x00 };

	if (length == 2)
		return (uint16_t)(bytes[0] | bytes[1] << 8);
	if (length != UUID_SIZE || memcmp(bytes, base, sizeof(base)) != 0 || bytes[14] != 0 ||
		bytes[15] != 0)
		return 0;
	return (uint16_t)(bytes[12] | bytes[13] << 8);
}
