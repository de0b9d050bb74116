/*
 * Heads and records of ZCL frames (ZCL revision 8, 2.4 and 2.5). See zcl.h.
 */
#include "zigbee/zcl.h"

#include <string.h>

#define CONTROL_TYPE 0x03
#define UNKNOWN_DIRECTION 1 /* of a reporting configuration: we report, they have a timeout */

int zcl_read_frame(struct zcl_frame *ret, const uint8_t *bytes, size_t length)
{
	struct cursor c = cursor_init(bytes, length);
	struct zcl_header *h = &ret->header;

	*ret = (struct zcl_frame){ 0 };
	h->control = cursor_u8(&c);
	if (h->control & ZCL_OF_MAKER)
		h->maker = cursor_le16(&c);
	h->sequence = cursor_u8(&c);
	h->command = cursor_u8(&c);
	if (c.failed || (h->control & CONTROL_TYPE) > ZCL_OF_CLUSTER)
		return -EBADMSG;
	ret->length = cursor_remaining(&c);
	ret->payload = c.at;
	return 0;
}

bool zcl_wants_default(const struct zcl_frame *f, bool unicast, uint8_t status)
{
	if (!unicast || zcl_is_general(f, ZCL_DEFAULT_RESPONSE))
		return false;
	return status != ZCL_SUCCESS || !(f->header.control & ZCL_NO_DEFAULT);
}

/* ---- records ---- */

struct zcl_records zcl_records(const struct zcl_frame *f)
{
	struct zcl_records r = { .cursor = cursor_init(f->payload, f->length),
		.command = f->header.command,
		.first = true };

	if (f->header.control & ZCL_OF_CLUSTER)
		r.cursor = cursor_init(NULL, 0);
	return r;
}

static int value_of(struct zcl_records *r, struct zcl_record *ret)
{
	int e = zcl_read_typed(&r->cursor, &ret->value);

	ret->type = ret->value.type;
	ret->has_value = e == 0;
	return e;
}

/* What a configuration says behind direction and attribute. */
static int reporting_of(struct zcl_records *r, struct zcl_record *ret)
{
	struct cursor *c = &r->cursor;

	if (ret->direction == UNKNOWN_DIRECTION) {
		ret->max_s = cursor_le16(c);
		return 0;
	}
	ret->type = cursor_u8(c);
	ret->min_s = cursor_le16(c);
	ret->max_s = cursor_le16(c);
	if (c->failed)
		return 0;
	if (zcl_form_of(ret->type) == ZCL_FORM_NONE)
		return ZCL_E_TYPE;
	ret->has_value = zcl_type_is_analog(ret->type);
	return ret->has_value ? zcl_read_value(c, ret->type, &ret->value) : 0;
}

/* A status, and only where it is none of success what it is about; "all went well" is a status
 * alone (2.5.6, 2.5.8.1). */
static int status_of(struct zcl_records *r, struct zcl_record *ret)
{
	struct cursor *c = &r->cursor;

	ret->status = cursor_u8(c);
	if (r->first && !c->failed && cursor_remaining(c) == 0) {
		ret->whole = true;
		return 0;
	}
	if (r->command == ZCL_CONFIGURE_RESPONSE)
		ret->direction = cursor_u8(c);
	ret->attribute = cursor_le16(c);
	return 0;
}

static int record_of(struct zcl_records *r, struct zcl_record *ret)
{
	struct cursor *c = &r->cursor;

	switch (r->command) {
	case ZCL_READ:
		ret->attribute = cursor_le16(c);
		return 0;
	case ZCL_READ_RESPONSE:
		ret->attribute = cursor_le16(c);
		ret->status = cursor_u8(c);
		return c->failed || ret->status != ZCL_SUCCESS ? 0 : value_of(r, ret);
	case ZCL_WRITE:
	case ZCL_WRITE_UNDIVIDED:
	case ZCL_WRITE_QUIET:
	case ZCL_REPORT:
		ret->attribute = cursor_le16(c);
		return c->failed ? 0 : value_of(r, ret);
	case ZCL_WRITE_RESPONSE:
	case ZCL_CONFIGURE_RESPONSE:
		return status_of(r, ret);
	case ZCL_CONFIGURE:
		ret->direction = cursor_u8(c);
		ret->attribute = cursor_le16(c);
		return reporting_of(r, ret);
	case ZCL_READ_REPORTING:
		ret->direction = cursor_u8(c);
		ret->attribute = cursor_le16(c);
		return 0;
	case ZCL_READ_REPORTING_RESPONSE:
		ret->status = cursor_u8(c);
		ret->direction = cursor_u8(c);
		ret->attribute = cursor_le16(c);
		return ret->status != ZCL_SUCCESS ? 0 : reporting_of(r, ret);
	case ZCL_DEFAULT_RESPONSE:
		ret->attribute = cursor_u8(c);
		ret->status = cursor_u8(c);
		break;
	case ZCL_DISCOVER:
		ret->attribute = cursor_le16(c);
		ret->count = cursor_u8(c);
		break;
	case ZCL_DISCOVER_RESPONSE:
		ret->attribute = cursor_le16(c);
		ret->type = cursor_u8(c);
		return 0;
	default:
		c->at = c->end;
		return ZCL_E_END;
	}
	if (!c->failed)
		c->at = c->end; /* only one, whatever stands behind it */
	return 0;
}

int zcl_next(struct zcl_records *r, struct zcl_record *ret)
{
	struct cursor *c = &r->cursor;
	uint8_t last = 0;
	int e;

	*ret = (struct zcl_record){ 0 };
	if (c->failed)
		return ZCL_E_END; /* whose end was told */
	if (cursor_remaining(c) == 0)
		return ZCL_E_END;
	if (r->command == ZCL_DISCOVER_RESPONSE && r->first) {
		last = cursor_u8(c);
		if (cursor_remaining(c) == 0)
			return ZCL_E_END;
		r->first = false;
		*ret = (struct zcl_record){ .whole = last };
	}
	e = record_of(r, ret);
	r->first = false;
	if (e == 0 && c->failed)
		e = ZCL_E_CUT;
	if (e != 0) {
		c->at = c->end;
		c->failed = true;
	}
	return e;
}

/* ---- writing ---- */

void zcl_put_bytes(struct zcl_writer *w, const void *bytes, size_t length)
{
	if ((size_t)(w->end - w->at) < length) {
		w->overflow = true;
		return;
	}
	if (length > 0)
		memcpy(w->at, bytes, length);
	w->at += length;
}

void zcl_put(struct zcl_writer *w, uint64_t word, size_t size)
{
	uint8_t bytes[sizeof(word)];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(word >> 8 * i);
	zcl_put_bytes(w, bytes, size);
}

struct zcl_writer zcl_begin(void *to, size_t size, const struct zcl_header *h)
{
	struct zcl_writer w = {
		.start = to, .at = to, .end = (uint8_t *)to + size, .command = h->command
	};

	zcl_put(&w, (h->control & ~ZCL_OF_MAKER) | (h->maker != 0 ? ZCL_OF_MAKER : 0), 1);
	if (h->maker != 0)
		zcl_put(&w, h->maker, 2);
	zcl_put(&w, h->sequence, 1);
	zcl_put(&w, h->command, 1);
	return w;
}

struct zcl_writer zcl_ask(void *to, size_t size, uint8_t control, uint16_t maker, uint8_t command)
{
	return zcl_begin(to, size,
		&(struct zcl_header){
			.control = control | ZCL_NO_DEFAULT, .command = command, .maker = maker });
}

struct zcl_writer zcl_answer(
	void *to, size_t size, const struct zcl_frame *f, uint8_t control, uint8_t command)
{
	uint8_t side = f->header.control & ZCL_FROM_SERVER ? 0 : ZCL_FROM_SERVER;

	return zcl_begin(to, size,
		&(struct zcl_header){ .control = control | side | ZCL_NO_DEFAULT,
			.sequence = f->header.sequence,
			.command = command,
			.maker = f->header.maker });
}

static void put_reporting(struct zcl_writer *w, const struct zcl_record *r)
{
	if (r->direction == UNKNOWN_DIRECTION) {
		zcl_put(w, r->max_s, 2);
		return;
	}
	zcl_put(w, r->type, 1);
	zcl_put(w, r->min_s, 2);
	zcl_put(w, r->max_s, 2);
	if (zcl_type_is_analog(r->type))
		zcl_put_value(w, &r->value);
}

static void put_status(struct zcl_writer *w, const struct zcl_record *r)
{
	zcl_put(w, r->status, 1);
	if (r->whole)
		return;
	if (w->command == ZCL_CONFIGURE_RESPONSE)
		zcl_put(w, r->direction, 1);
	zcl_put(w, r->attribute, 2);
}

void zcl_put_record(struct zcl_writer *w, const struct zcl_record *r)
{
	switch (w->command) {
	case ZCL_READ:
		zcl_put(w, r->attribute, 2);
		break;
	case ZCL_READ_RESPONSE:
		zcl_put(w, r->attribute, 2);
		zcl_put(w, r->status, 1);
		if (r->status == ZCL_SUCCESS)
			zcl_put_typed(w, &r->value);
		break;
	case ZCL_WRITE:
	case ZCL_WRITE_UNDIVIDED:
	case ZCL_WRITE_QUIET:
	case ZCL_REPORT:
		zcl_put(w, r->attribute, 2);
		zcl_put_typed(w, &r->value);
		break;
	case ZCL_WRITE_RESPONSE:
	case ZCL_CONFIGURE_RESPONSE:
		put_status(w, r);
		break;
	case ZCL_READ_REPORTING_RESPONSE:
		zcl_put(w, r->status, 1);
		/* fall through */
	case ZCL_CONFIGURE:
	case ZCL_READ_REPORTING:
		zcl_put(w, r->direction, 1);
		zcl_put(w, r->attribute, 2);
		if (w->command != ZCL_READ_REPORTING && r->status == ZCL_SUCCESS)
			put_reporting(w, r);
		break;
	case ZCL_DEFAULT_RESPONSE:
		zcl_put(w, r->attribute, 1);
		zcl_put(w, r->status, 1);
		break;
	case ZCL_DISCOVER:
		zcl_put(w, r->attribute, 2);
		zcl_put(w, r->count, 1);
		break;
	case ZCL_DISCOVER_RESPONSE:
		zcl_put(w, r->attribute, 2);
		zcl_put(w, r->type, 1);
		break;
	default: /* of a command without records */
		w->overflow = true;
		break;
	}
}

ssize_t zcl_end(const struct zcl_writer *w)
{
	return w->overflow ? -ENOBUFS : w->at - w->start;
}

void zcl_set_sequence(uint8_t *frame, size_t length, uint8_t sequence)
{
	size_t at = length > 0 && frame[0] & ZCL_OF_MAKER ? 3 : 1;

	if (at < length)
		frame[at] = sequence;
}

ssize_t zcl_default_response(void *to, size_t size, const struct zcl_frame *f, uint8_t status)
{
	struct zcl_writer w = zcl_answer(to, size, f, 0, ZCL_DEFAULT_RESPONSE);

	zcl_put_record(
		&w, &(struct zcl_record){ .attribute = f->header.command, .status = status });
	return zcl_end(&w);
}
