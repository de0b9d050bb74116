/*
 * SenML in CBOR (RFC 8428 section 6), read head by head with libcbor's
 * streaming decoder: no length in the input makes us allocate. Numbers may be
 * integers, floats of any size or decimal fractions (RFC 8949 section 3.4.4);
 * lengths are definite, as content format 112 has them.
 */
#include <cbor.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "codec/senml_build.h"
#include "util/decimal.h"
#include "util/text.h"

enum token_kind {
	TOKEN_UNSIGNED, /* number */
	TOKEN_NEGATIVE, /* -1 - number */
	TOKEN_BYTES,
	TOKEN_TEXT,
	TOKEN_ARRAY, /* number: items */
	TOKEN_MAP,   /* number: pairs */
	TOKEN_TAG,   /* number */
	TOKEN_FLOAT, /* real, bits */
	TOKEN_BOOLEAN,
	TOKEN_NULL,
	TOKEN_INDEFINITE, /* array, map or string without a length */
	TOKEN_BREAK,
};

struct token {
	enum token_kind kind;
	uint64_t number;
	double real;
	int bits; /* of the float's significand */
	bool boolean;
	struct senml_text text;
};

struct decoder {
	struct senml_builder b;
	const unsigned char *at, *end;
	const unsigned char *start;
};

static void set_number(void *context, enum token_kind kind, uint64_t number)
{
	struct token *t = context;

	t->kind = kind;
	t->number = number;
}

static void on_uint8(void *context, uint8_t v)
{
	set_number(context, TOKEN_UNSIGNED, v);
}

static void on_uint16(void *context, uint16_t v)
{
	set_number(context, TOKEN_UNSIGNED, v);
}

static void on_uint32(void *context, uint32_t v)
{
	set_number(context, TOKEN_UNSIGNED, v);
}

static void on_uint64(void *context, uint64_t v)
{
	set_number(context, TOKEN_UNSIGNED, v);
}

static void on_negint8(void *context, uint8_t v)
{
	set_number(context, TOKEN_NEGATIVE, v);
}

static void on_negint16(void *context, uint16_t v)
{
	set_number(context, TOKEN_NEGATIVE, v);
}

static void on_negint32(void *context, uint32_t v)
{
	set_number(context, TOKEN_NEGATIVE, v);
}

static void on_negint64(void *context, uint64_t v)
{
	set_number(context, TOKEN_NEGATIVE, v);
}

static void on_bytes(void *context, cbor_data data, size_t n)
{
	struct token *t = context;

	t->kind = TOKEN_BYTES;
	t->text = (struct senml_text){ (const char *)data, n };
}

static void on_text(void *context, cbor_data data, size_t n)
{
	struct token *t = context;

	t->kind = TOKEN_TEXT;
	t->text = (struct senml_text){ (const char *)data, n };
}

static void on_array(void *context, size_t n)
{
	set_number(context, TOKEN_ARRAY, n);
}

static void on_map(void *context, size_t n)
{
	set_number(context, TOKEN_MAP, n);
}

static void on_tag(void *context, uint64_t v)
{
	set_number(context, TOKEN_TAG, v);
}

static void set_real(void *context, double v, int bits)
{
	struct token *t = context;

	t->kind = TOKEN_FLOAT;
	t->real = v;
	t->bits = bits;
}

static void on_half(void *context, float v)
{
	set_real(context, (double)v, 11);
}

static void on_single(void *context, float v)
{
	set_real(context, (double)v, 24);
}

static void on_double(void *context, double v)
{
	set_real(context, v, 53);
}

static void on_boolean(void *context, bool v)
{
	struct token *t = context;

	t->kind = TOKEN_BOOLEAN;
	t->boolean = v;
}

static void on_null(void *context)
{
	set_number(context, TOKEN_NULL, 0);
}

static void on_indefinite(void *context)
{
	set_number(context, TOKEN_INDEFINITE, 0);
}

static void on_break(void *context)
{
	set_number(context, TOKEN_BREAK, 0);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8,
	.uint16 = on_uint16,
	.uint32 = on_uint32,
	.uint64 = on_uint64,
	.negint8 = on_negint8,
	.negint16 = on_negint16,
	.negint32 = on_negint32,
	.negint64 = on_negint64,
	.byte_string_start = on_indefinite,
	.byte_string = on_bytes,
	.string = on_text,
	.string_start = on_indefinite,
	.indef_array_start = on_indefinite,
	.array_start = on_array,
	.indef_map_start = on_indefinite,
	.map_start = on_map,
	.tag = on_tag,
	.float2 = on_half,
	.float4 = on_single,
	.float8 = on_double,
	.undefined = on_null,
	.null = on_null,
	.boolean = on_boolean,
	.indef_break = on_break,
};

/* The next head, with its text or bytes. */
static int next_token(struct decoder *d, struct token *ret)
{
	struct cbor_decoder_result result;

	*ret = (struct token){ 0 };
	if (d->at == d->end)
		return senml_refuse_whole(&d->b, "the body ends within the pack");
	result = cbor_stream_decode(d->at, (size_t)(d->end - d->at), &callbacks, ret);
	switch (result.status) {
	case CBOR_DECODER_FINISHED:
		break;
	case CBOR_DECODER_NEDATA:
		return senml_refuse_whole(&d->b, "the body ends within the pack");
	case CBOR_DECODER_ERROR:
	default:
		return senml_refuse_whole(
			&d->b, "not CBOR: fault at byte %zu", (size_t)(d->at - d->start));
	}
	if (ret->kind == TOKEN_INDEFINITE || ret->kind == TOKEN_BREAK)
		return senml_refuse_whole(&d->b,
			"at byte %zu: an indefinite length; "
			"content format 112 has definite ones",
			(size_t)(d->at - d->start));
	if (ret->kind == TOKEN_TEXT && !text_utf8_valid(ret->text.at, ret->text.length))
		return senml_refuse_whole(
			&d->b, "at byte %zu: a text that is not UTF-8", (size_t)(d->at - d->start));
	d->at += result.read;
	return 0;
}

/* Passes over the rest of a value whose first token was t. */
static int skip_value(struct decoder *d, struct token t, unsigned depth)
{
	uint64_t items = 0;

	if (depth > SENML_DEPTH_MAX)
		return senml_refuse_whole(&d->b, "arrays, maps and tags nested too deep");
	if (t.kind == TOKEN_ARRAY)
		items = t.number;
	else if (t.kind == TOKEN_MAP)
		items = t.number > UINT64_MAX / 2 ? UINT64_MAX : 2 * t.number;
	else if (t.kind == TOKEN_TAG)
		items = 1;

	/* Each item takes a byte at least, so that the body's end ends this too. */
	for (; items > 0; items--) {
		struct token item;
		int r = next_token(d, &item);

		if (r == 0)
			r = skip_value(d, item, depth + 1);
		if (r != 0)
			return r;
	}
	return 0;
}

static bool integer_of(const struct token *t, int64_t *ret)
{
	if ((t->kind != TOKEN_UNSIGNED && t->kind != TOKEN_NEGATIVE) || t->number > INT64_MAX)
		return false;
	*ret = t->kind == TOKEN_UNSIGNED ? (int64_t)t->number : -1 - (int64_t)t->number;
	return true;
}

/* The two integers of a decimal fraction; its tag has been read. */
static int read_fraction(struct decoder *d, const char *label, struct decimal *ret)
{
	struct token array, exponent, mantissa;
	int64_t e, m;
	int r;

	r = next_token(d, &array);
	if (r != 0)
		return r;
	if (array.kind != TOKEN_ARRAY || array.number != 2)
		return senml_refuse(
			&d->b, "%s: a decimal fraction is an array of two integers", label);
	r = next_token(d, &exponent);
	if (r == 0)
		r = next_token(d, &mantissa);
	if (r != 0)
		return r;
	if (!integer_of(&exponent, &e) || !integer_of(&mantissa, &m))
		return senml_refuse(
			&d->b, "%s: a decimal fraction is two integers of 64 bits", label);
	if (decimal_from_parts(ret, m, e) < 0)
		return senml_refuse(&d->b,
			"%s is too large or too small to be written "
			"without an exponent",
			label);
	return 0;
}

static int read_float(
	struct decoder *d, const char *label, const struct token *t, struct senml_number *ret)
{
	int r;

	if (isnan(t->real)) {
		ret->nan = true;
		return 0;
	}
	if (isinf(t->real))
		return senml_refuse(
			&d->b, "%s is infinite; say so with vs, below-range or above-range", label);
	if (t->bits == 53)
		r = decimal_from_double(&ret->decimal, t->real);
	else
		r = decimal_from_float(&ret->decimal, (float)t->real, t->bits);
	if (r < 0)
		return senml_refuse(&d->b,
			"%s is too large or too small to be written "
			"without an exponent",
			label);
	return 0;
}

/* A number whose first token is t. Returns 0 with *ret_number false when it is none. */
static int read_number(struct decoder *d, const char *label, const struct token *t,
	struct senml_number *ret, bool *ret_number)
{
	int64_t v;

	*ret = (struct senml_number){ 0 };
	*ret_number = true;
	if (t->kind == TOKEN_FLOAT)
		return read_float(d, label, t, ret);
	if (t->kind == TOKEN_TAG && t->number == 4)
		return read_fraction(d, label, &ret->decimal);
	if (t->kind == TOKEN_UNSIGNED || t->kind == TOKEN_NEGATIVE) {
		if (!integer_of(t, &v))
			return senml_refuse(&d->b, "%s is an integer of more than 63 bits", label);
		ret->decimal = (struct decimal){ .mantissa = v };
		return 0;
	}
	*ret_number = false;
	return 0;
}

static int read_field(struct decoder *d, enum senml_field f)
{
	const char *label = senml_fields_table[f].label;
	struct senml_builder *b = &d->b;
	struct token t;
	bool number;
	int r;

	r = senml_build_mark(b, f);
	if (r == 0)
		r = next_token(d, &t);
	if (r != 0)
		return r;

	switch (senml_fields_table[f].type) {
	case SENML_TYPE_NUMBER:
		r = read_number(d, label, &t, &b->fields.numbers[f], &number);
		if (r == 0 && !number)
			r = senml_refuse(b, "%s is not a number", label);
		return r;
	case SENML_TYPE_TEXT:
		if (t.kind != TOKEN_TEXT)
			return senml_refuse(b, "%s is not a text string", label);
		b->fields.texts[f] = t.text;
		return 0;
	case SENML_TYPE_BOOLEAN:
		if (t.kind != TOKEN_BOOLEAN)
			return senml_refuse(b, "%s is neither true nor false", label);
		b->fields.boolean = t.boolean;
		return 0;
	case SENML_TYPE_DATA:
		if (t.kind != TOKEN_BYTES)
			return senml_refuse(b, "%s is not a byte string", label);
		return 0;
	}
	return 0;
}

static int read_extension(struct decoder *d, struct senml_text label)
{
	struct senml_builder *b = &d->b;
	struct senml_number number;
	struct senml_text *text;
	char shown[SENML_SHOWN], *buf;
	struct token t;
	unsigned index;
	bool is_number;
	ssize_t n;
	int r;

	r = senml_build_extension(b, label, &index);
	if (r == 0)
		r = next_token(d, &t);
	if (r != 0)
		return r;
	if (index == SENML_EXTENSIONS_MAX)
		return skip_value(d, t, 1);

	text = &b->fields.extensions[index].text;
	senml_shown(shown, label.at, label.length);
	if (t.kind == TOKEN_TEXT) {
		*text = t.text;
		return 0;
	}
	if (t.kind == TOKEN_BOOLEAN) {
		*text = t.boolean ? (struct senml_text){ "true", 4 }
				  : (struct senml_text){ "false", 5 };
		return 0;
	}
	r = read_number(d, shown, &t, &number, &is_number);
	if (r != 0)
		return r;
	if (!is_number || number.nan)
		return senml_refuse(b, "%s is neither a text, a number nor a boolean", shown);
	buf = b->fields.extensions[index].number;
	n = decimal_format(buf, sizeof(b->fields.extensions[index].number), number.decimal);
	*text = (struct senml_text){ buf, n > 0 ? (size_t)n : 0 };
	return 0;
}

/* A pair whose key is a text: an extension, or one of the RFC's labels spelt out. */
static int read_text_label(struct decoder *d, struct senml_text label)
{
	enum senml_field f = senml_field_by_label(label.at, label.length);

	if (f == _SENML_FIELD_MAX)
		return read_extension(d, label);
	if (!(d->b.options->accept & SENML_ACCEPT_TEXT_LABELS))
		return senml_refuse(&d->b,
			"the label \"%s\" is a text; in CBOR it is the integer %d",
			senml_fields_table[f].label, senml_fields_table[f].number);
	return read_field(d, f);
}

static int read_pair(struct decoder *d)
{
	struct token key, value;
	int64_t number;
	int r;

	r = next_token(d, &key);
	if (r != 0)
		return r;
	if (key.kind == TOKEN_TEXT)
		return read_text_label(d, key.text);
	if (!integer_of(&key, &number))
		return senml_refuse(&d->b, "a label is neither an integer nor a text");
	for (int f = 0; f < _SENML_FIELD_MAX; f++)
		if (senml_fields_table[f].number == number)
			return read_field(d, (enum senml_field)f);

	/* a label registered since: it may be ignored, as one that must not be ends with _ */
	r = next_token(d, &value);
	return r == 0 ? skip_value(d, value, 1) : r;
}

static int read_record(struct decoder *d)
{
	struct token map;
	int r;

	r = senml_build_begin(&d->b);
	if (r == 0)
		r = next_token(d, &map);
	if (r != 0)
		return r;
	if (map.kind != TOKEN_MAP)
		return senml_refuse(&d->b, "not a map");
	for (uint64_t i = 0; i < map.number; i++) {
		r = read_pair(d);
		if (r != 0)
			return r;
	}
	return senml_build_end(&d->b);
}

static int read_pack(struct decoder *d)
{
	struct token array;
	int r;

	r = next_token(d, &array);
	if (r != 0)
		return r;
	if (array.kind != TOKEN_ARRAY)
		return senml_refuse_whole(&d->b, "not an array; a pack is an array of records");
	if (array.number == 0)
		return senml_refuse_whole(&d->b, "no record in the pack");
	for (uint64_t i = 0; i < array.number; i++) {
		r = read_record(d);
		if (r != 0)
			return r;
	}
	if (d->at != d->end)
		return senml_refuse_whole(&d->b, "something follows the array, at byte %zu",
			(size_t)(d->at - d->start));
	return 0;
}

int senml_decode_cbor(const void *body, size_t n, const struct senml_options *o,
	struct senml_pack *ret, struct senml_error *error)
{
	struct decoder d = { .at = body, .start = body };
	int r;

	d.end = n > 0 ? d.at + n : d.at;
	r = senml_build_init(&d.b, n, o, error);
	if (r == 0)
		r = read_pack(&d);
	if (r == 0) {
		*ret = d.b.pack;
		d.b.pack = (struct senml_pack){ 0 };
	}
	senml_build_done(&d.b);
	return r;
}
