/*
 * Values with their types (ZCL revision 8, 2.6.2). See zcl.h.
 */
#include <string.h>

#include "util/cleanup.h"
#include "util/decimal.h"
#include "util/text.h"
#include "zigbee/zcl.h"

enum extent { EXTENT_FIXED, EXTENT_SHORT, EXTENT_LONG, EXTENT_LIST, EXTENT_FIELDS };

#define NO_COUNT 0xffff /* of a long string, a list or a structure: no value */

/* Types one after another of one form: of the last, and how many bytes those take that are fixed.
 * step: by how much each is longer than the one before it. */
static const struct row {
	uint8_t first, last, form, extent, size, step;
	bool has_unknown; /* all bits set say "no value"; of signed ones the least number */
} rows[] = {
	{ 0x00, 0x00, ZCL_FORM_NONE, EXTENT_FIXED, 0, 0, false },
	{ 0x08, 0x0f, ZCL_FORM_BITS, EXTENT_FIXED, 1, 1, false },
	{ 0x10, 0x10, ZCL_FORM_BOOLEAN, EXTENT_FIXED, 1, 0, true },
	{ 0x18, 0x1f, ZCL_FORM_BITS, EXTENT_FIXED, 1, 1, false },
	{ 0x20, 0x27, ZCL_FORM_UNSIGNED, EXTENT_FIXED, 1, 1, true },
	{ 0x28, 0x2f, ZCL_FORM_SIGNED, EXTENT_FIXED, 1, 1, true },
	{ 0x30, 0x31, ZCL_FORM_ENUM, EXTENT_FIXED, 1, 1, true },
	{ 0x38, 0x38, ZCL_FORM_FLOAT, EXTENT_FIXED, 2, 0, false },
	{ 0x39, 0x39, ZCL_FORM_FLOAT, EXTENT_FIXED, 4, 0, false },
	{ 0x3a, 0x3a, ZCL_FORM_FLOAT, EXTENT_FIXED, 8, 0, false },
	{ 0x41, 0x41, ZCL_FORM_BYTES, EXTENT_SHORT, 0, 0, false },
	{ 0x42, 0x42, ZCL_FORM_TEXT, EXTENT_SHORT, 0, 0, false },
	{ 0x43, 0x43, ZCL_FORM_BYTES, EXTENT_LONG, 0, 0, false },
	{ 0x44, 0x44, ZCL_FORM_TEXT, EXTENT_LONG, 0, 0, false },
	{ 0x48, 0x48, ZCL_FORM_LIST, EXTENT_LIST, 0, 0, false },
	{ 0x4c, 0x4c, ZCL_FORM_FIELDS, EXTENT_FIELDS, 0, 0, false },
	{ 0x50, 0x51, ZCL_FORM_LIST, EXTENT_LIST, 0, 0, false },
	{ 0xe0, 0xe2, ZCL_FORM_TIME, EXTENT_FIXED, 4, 0, true },
	{ 0xe8, 0xe9, ZCL_FORM_ID, EXTENT_FIXED, 2, 0, true },
	{ 0xea, 0xea, ZCL_FORM_ID, EXTENT_FIXED, 4, 0, true },
	{ 0xf0, 0xf0, ZCL_FORM_ID, EXTENT_FIXED, 8, 0, true },
	{ 0xf1, 0xf1, ZCL_FORM_KEY, EXTENT_FIXED, 16, 0, false },
};

static const struct row *row_of(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (type >= rows[i].first && type <= rows[i].last)
			return &rows[i];
	return NULL;
}

static size_t size_of(const struct row *row, uint8_t type)
{
	return row->size + (size_t)row->step * (type - row->first);
}

size_t zcl_type_size(uint8_t type)
{
	const struct row *row = row_of(type);

	return row && row->extent == EXTENT_FIXED ? size_of(row, type) : 0;
}

bool zcl_type_is_analog(uint8_t type)
{
	const struct row *row = row_of(type);

	return row && (row->form == ZCL_FORM_UNSIGNED || row->form == ZCL_FORM_SIGNED ||
			      row->form == ZCL_FORM_FLOAT || row->form == ZCL_FORM_TIME);
}

enum zcl_form zcl_form_of(uint8_t type)
{
	const struct row *row = row_of(type);

	return row ? (enum zcl_form)row->form : ZCL_FORM_NONE;
}

/* ---- reading ---- */

static bool is_nan(uint64_t word, size_t size)
{
	unsigned exponent = size == 2 ? 5 : size == 4 ? 8 : 11;
	unsigned fraction = (unsigned)(8 * size) - 1 - exponent;
	uint64_t exponents = ((UINT64_C(1) << exponent) - 1) << fraction;

	return (word & exponents) == exponents && (word & ((UINT64_C(1) << fraction) - 1)) != 0;
}

static void set_word(struct zcl_value *v, const struct row *row, size_t size)
{
	uint64_t all = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
	uint64_t top = size > 0 ? UINT64_C(1) << (8 * size - 1) : 0;

	v->number = v->word > INT64_MAX ? INT64_MAX : (int64_t)v->word;
	if (row->form == ZCL_FORM_SIGNED) {
		v->number = (int64_t)(v->word & top ? v->word | ~all : v->word);
		v->unknown = v->word == top;
	} else if (row->form == ZCL_FORM_FLOAT) {
		v->unknown = is_nan(v->word, size);
	} else {
		v->unknown = row->has_unknown && v->word == all;
	}
}

static int read_value(struct cursor *c, uint8_t type, struct zcl_value *ret, unsigned depth);

static int read_elements(
	struct cursor *c, uint8_t type, unsigned count, struct zcl_value *ret, unsigned depth)
{
	const uint8_t *from = c->at;

	if (count == NO_COUNT) {
		ret->unknown = true;
		count = 0;
	}
	if (depth == ZCL_DEPTH_MAX)
		return ZCL_E_TYPE;
	for (unsigned i = 0; i < count; i++) {
		struct zcl_value inside;
		uint8_t of = type != ZCL_TYPE_NONE ? type : cursor_u8(c);
		int r;

		/* elements without bytes would let a few bytes stand for 65,534 of them */
		if (!c->failed && of == ZCL_TYPE_NONE)
			return ZCL_E_TYPE;
		r = c->failed ? ZCL_E_CUT : read_value(c, of, &inside, depth + 1);
		if (r != 0)
			return r;
	}
	ret->bytes = from;
	ret->length = (uint16_t)(c->at - from);
	return 0;
}

static int read_string(struct cursor *c, size_t width, struct zcl_value *ret)
{
	unsigned length = (unsigned)cursor_le(c, width);

	if (length == (width == 1 ? 0xffu : NO_COUNT)) {
		ret->unknown = true;
		length = 0;
	}
	if (!c->failed && cursor_remaining(c) < length) {
		/* what there is: some makers' lengths are wrong */
		ret->bytes = c->at;
		ret->length = (uint16_t)cursor_remaining(c);
		c->at = c->end;
		c->failed = true;
		return ZCL_E_CUT;
	}
	ret->bytes = cursor_bytes(c, length);
	ret->length = (uint16_t)length;
	return c->failed ? ZCL_E_CUT : 0;
}

static int read_value(struct cursor *c, uint8_t type, struct zcl_value *ret, unsigned depth)
{
	const struct row *row = row_of(type);
	uint8_t of = ZCL_TYPE_NONE;
	size_t size;

	*ret = (struct zcl_value){ .type = type };
	if (!row)
		return ZCL_E_TYPE;
	ret->form = row->form;
	switch ((enum extent)row->extent) {
	case EXTENT_SHORT:
		return read_string(c, 1, ret);
	case EXTENT_LONG:
		return read_string(c, 2, ret);
	case EXTENT_LIST:
		of = cursor_u8(c);
		ret->word = of;
		if (!c->failed && of == ZCL_TYPE_NONE)
			return ZCL_E_TYPE;
		/* fall through */
	case EXTENT_FIELDS:
		size = cursor_le16(c);
		if (c->failed)
			return ZCL_E_CUT;
		ret->number = size == NO_COUNT ? 0 : (int64_t)size;
		return read_elements(c, of, (unsigned)size, ret, depth);
	case EXTENT_FIXED:
		break;
	}
	size = size_of(row, type);
	if (size > sizeof(ret->word)) {
		ret->bytes = cursor_bytes(c, size);
		ret->length = (uint16_t)size;
	} else {
		ret->word = cursor_le(c, size);
		set_word(ret, row, size);
	}
	return c->failed ? ZCL_E_CUT : 0;
}

int zcl_read_value(struct cursor *c, uint8_t type, struct zcl_value *ret)
{
	return read_value(c, type, ret, 0);
}

int zcl_read_typed(struct cursor *c, struct zcl_value *ret)
{
	uint8_t type = cursor_u8(c);

	if (c->failed) {
		*ret = (struct zcl_value){ .type = ZCL_TYPE_NONE };
		return ZCL_E_CUT;
	}
	return read_value(c, type, ret, 0);
}

struct zcl_elements zcl_elements(const struct zcl_value *v)
{
	struct zcl_elements e = { .cursor = cursor_init(NULL, 0) };

	if (v->form != ZCL_FORM_LIST && v->form != ZCL_FORM_FIELDS)
		return e;
	e.cursor = cursor_init(v->bytes, v->length);
	e.type = v->form == ZCL_FORM_LIST ? (uint8_t)v->word : ZCL_TYPE_NONE;
	return e;
}

int zcl_next_element(struct zcl_elements *e, struct zcl_value *ret)
{
	if (cursor_remaining(&e->cursor) == 0)
		return ZCL_E_END;
	if (e->type == ZCL_TYPE_NONE)
		return zcl_read_typed(&e->cursor, ret);
	return zcl_read_value(&e->cursor, e->type, ret);
}

/* ---- what they say ---- */

/* IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
static float half_to_float(uint16_t word)
{
	unsigned exponent = word >> 10 & 0x1f, fraction = word & 0x3ff;
	float f = (float)fraction / 1024.0f;

	f = exponent == 0 ? f * 2.0f : f + 1.0f;
	for (; exponent > 15; exponent--)
		f *= 2.0f;
	for (; exponent < 15; exponent++)
		f /= 2.0f;
	return word & 0x8000 ? -f : f;
}

static int decimal_of_float(struct decimal *ret, const struct zcl_value *v)
{
	uint32_t word = (uint32_t)v->word;
	double wide;
	float f;

	if (v->type == ZCL_TYPE_DOUBLE) {
		memcpy(&wide, &v->word, sizeof(wide));
	} else if (v->type == ZCL_TYPE_SINGLE) {
		const union {
			uint32_t word;
			float number;
		} single = { word };

		wide = single.number;
	} else {
		f = half_to_float((uint16_t)word);
		wide = (word & 0x7fff) == 0x7c00 ? (double)__builtin_inff() : f;
		wide = word == 0xfc00 ? -(double)__builtin_inff() : wide;
	}
	if (wide == (double)__builtin_inff())
		return ZCL_E_PLUS_INFINITY;
	if (wide == -(double)__builtin_inff())
		return ZCL_E_MINUS_INFINITY;
	if (v->type == ZCL_TYPE_DOUBLE)
		return decimal_from_double(ret, wide);
	return decimal_from_float(ret, (float)wide, v->type == ZCL_TYPE_SINGLE ? 24 : 11);
}

int zcl_decimal(struct decimal *ret, const struct zcl_value *v)
{
	*ret = (struct decimal){ 0, 0 };
	switch ((enum zcl_form)v->form) {
	case ZCL_FORM_FLOAT:
		return v->unknown ? ZCL_E_NAN : decimal_of_float(ret, v);
	case ZCL_FORM_UNSIGNED:
	case ZCL_FORM_SIGNED:
	case ZCL_FORM_BITS:
	case ZCL_FORM_BOOLEAN:
	case ZCL_FORM_ENUM:
	case ZCL_FORM_TIME:
		if (v->unknown)
			return ZCL_E_NAN;
		if (v->form != ZCL_FORM_SIGNED && v->word > INT64_MAX)
			return -ERANGE;
		return decimal_from_parts(ret, v->number, 0);
	case ZCL_FORM_NONE:
	case ZCL_FORM_BYTES:
	case ZCL_FORM_TEXT:
	case ZCL_FORM_ID:
	case ZCL_FORM_KEY:
	case ZCL_FORM_LIST:
	case ZCL_FORM_FIELDS:
		break;
	}
	return ZCL_E_TYPE;
}

static bool is_padding(char c)
{
	return c == 0 || c == ' ';
}

size_t zcl_text(char *ret, size_t size, const struct zcl_value *v)
{
	const char *s = (const char *)v->bytes;
	size_t n = v->form == ZCL_FORM_TEXT && s ? v->length : 0;

	ret[0] = 0;
	while (n > 0 && is_padding(s[n - 1]))
		n--;
	while (n > 0 && is_padding(s[0])) {
		s++;
		n--;
	}
	/* what stands behind a NUL was left in the maker's buffer */
	if (n > 0 && memchr(s, 0, n))
		n = strnlen(s, n);
	if (n == 0 || !text_utf8_valid(s, n))
		return 0;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return 0;
	if (n >= size) /* back to the beginning of a character */
		for (n = size - 1; n > 0 && (s[n] & 0xc0) == 0x80; n--)
			;
	memcpy(ret, s, n);
	ret[n] = 0;
	return n;
}

/* ---- writing ---- */

struct zcl_value zcl_number(uint8_t type, int64_t number)
{
	const struct row *row = row_of(type);
	struct zcl_value v = { .type = type };
	size_t size = zcl_type_size(type);

	if (!row)
		return v;
	v.form = row->form;
	v.word = size < sizeof(v.word) ? (uint64_t)number & ((UINT64_C(1) << 8 * size) - 1)
				       : (uint64_t)number;
	set_word(&v, row, size);
	return v;
}

struct zcl_value zcl_bytes(uint8_t type, const void *bytes, size_t length)
{
	return (struct zcl_value){
		.type = type, .form = zcl_form_of(type), .bytes = bytes, .length = (uint16_t)length
	};
}

void zcl_put_value(struct zcl_writer *w, const struct zcl_value *v)
{
	const struct row *row = row_of(v->type);

	if (!row) {
		w->overflow = true;
		return;
	}
	switch ((enum extent)row->extent) {
	case EXTENT_FIXED:
		if (size_of(row, v->type) > sizeof(v->word))
			zcl_put_bytes(w, v->bytes, v->length);
		else
			zcl_put(w, v->word, size_of(row, v->type));
		return;
	case EXTENT_SHORT:
		zcl_put(w, v->unknown ? 0xff : v->length, 1);
		w->overflow = w->overflow || (!v->unknown && v->length > 0xfe);
		break;
	case EXTENT_LONG:
		zcl_put(w, v->unknown ? NO_COUNT : v->length, 2);
		break;
	case EXTENT_LIST:
		zcl_put(w, v->word, 1);
		/* fall through */
	case EXTENT_FIELDS:
		zcl_put(w, v->unknown ? NO_COUNT : (uint64_t)v->number, 2);
		break;
	}
	zcl_put_bytes(w, v->bytes, v->length);
}

void zcl_put_typed(struct zcl_writer *w, const struct zcl_value *v)
{
	zcl_put(w, v->type, 1);
	zcl_put_value(w, v);
}
