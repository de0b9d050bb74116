/*
 * SenML in JSON (RFC 8428 section 5), read by cJSON. A scan of our own goes
 * first and refuses what cJSON lets pass: broken UTF-8, control characters and
 * \u0000 in strings (it would end the string there), deep nesting.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "codec/senml_build.h"
#include "util/decimal.h"
#include "util/text.h"

struct scan {
	unsigned depth;
	bool string;
};

/* One character; p may be looked at up to end. Returns how many were used, 0 for a fault with
 * *ret_fault. */
static size_t scan_step(struct scan *s, const char *p, const char *end, const char **ret_fault)
{
	if ((unsigned char)*p < 0x20 && (s->string || !strchr("\t\n\r", *p) || *p == 0)) {
		*ret_fault = "a control character; write \\u00XX for it";
		return 0;
	}
	if (*p == '"') {
		s->string = !s->string;
		return 1;
	}
	if (s->string) {
		if (*p == '\\' && end - p >= 6 && memcmp(p + 1, "u0000", 5) == 0) {
			*ret_fault = "\\u0000, which no text here holds";
			return 0;
		}
		return *p == '\\' && end - p >= 2 ? 2 : 1;
	}
	if ((*p == '[' || *p == '{') && ++s->depth > SENML_DEPTH_MAX) {
		*ret_fault = "arrays and objects nested too deep";
		return 0;
	}
	if ((*p == ']' || *p == '}') && s->depth > 0)
		s->depth--;
	return 1;
}

static int scan_body(struct senml_builder *b, const char *body, size_t n)
{
	struct scan s = { 0 };
	const char *p = body, *end = n > 0 ? body + n : body,
		   *fault; /* body may be NULL when empty */

	if (n > 0 && !text_utf8_valid(body, n))
		return senml_refuse_whole(b, "the body is not UTF-8");
	while (p < end) {
		size_t used = scan_step(&s, p, end, &fault);

		if (used == 0)
			return senml_refuse_whole(b, "at byte %zu: %s", (size_t)(p - body), fault);
		p += used;
	}
	return 0;
}

static int put_number(struct senml_builder *b, enum senml_field f, const cJSON *item)
{
	const char *label = senml_fields_table[f].label;
	struct senml_number *number = &b->fields.numbers[f];

	if (!cJSON_IsNumber(item))
		return senml_refuse(b, "%s is not a number", label);
	number->nan = false;
	if (decimal_from_double(&number->decimal, item->valuedouble) < 0)
		return senml_refuse(
			b, "%s is too large or too small to be written without an exponent", label);
	return 0;
}

static bool is_base64url(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
		       strlen(s) &&
	       strlen(s) % 4 != 1;
}

static int put_field(struct senml_builder *b, enum senml_field f, const cJSON *item)
{
	const char *label = senml_fields_table[f].label;

	switch (senml_fields_table[f].type) {
	case SENML_TYPE_NUMBER:
		return put_number(b, f, item);
	case SENML_TYPE_TEXT:
		if (!cJSON_IsString(item))
			return senml_refuse(b, "%s is not a string", label);
		b->fields.texts[f] =
			(struct senml_text){ item->valuestring, strlen(item->valuestring) };
		return 0;
	case SENML_TYPE_BOOLEAN:
		if (!cJSON_IsBool(item))
			return senml_refuse(b, "%s is neither true nor false", label);
		b->fields.boolean = cJSON_IsTrue(item);
		return 0;
	case SENML_TYPE_DATA:
		if (!cJSON_IsString(item) || !is_base64url(item->valuestring))
			return senml_refuse(
				b, "%s is not a string in base64url without padding", label);
		return 0;
	}
	return 0;
}

static int put_extension(struct senml_builder *b, const cJSON *item)
{
	struct senml_text label = { item->string, strlen(item->string) }, *text;
	struct decimal d;
	char shown[SENML_SHOWN];
	unsigned index;
	ssize_t n;
	int r;

	r = senml_build_extension(b, label, &index);
	if (r != 0 || index == SENML_EXTENSIONS_MAX)
		return r;

	text = &b->fields.extensions[index].text;
	if (cJSON_IsString(item)) {
		*text = (struct senml_text){ item->valuestring, strlen(item->valuestring) };
		return 0;
	}
	if (cJSON_IsBool(item)) {
		*text = cJSON_IsTrue(item) ? (struct senml_text){ "true", 4 }
					   : (struct senml_text){ "false", 5 };
		return 0;
	}
	if (cJSON_IsNumber(item) && decimal_from_double(&d, item->valuedouble) == 0) {
		char *buf = b->fields.extensions[index].number;

		n = decimal_format(buf, sizeof(b->fields.extensions[index].number), d);
		*text = (struct senml_text){ buf, n > 0 ? (size_t)n : 0 };
		return 0;
	}
	return senml_refuse(b, "%s is neither a string, a number nor a boolean",
		senml_shown(shown, label.at, label.length));
}

static int read_record(struct senml_builder *b, const cJSON *object)
{
	const cJSON *item;
	int r;

	r = senml_build_begin(b);
	if (r != 0)
		return r;
	if (!cJSON_IsObject(object))
		return senml_refuse(b, "not an object");

	cJSON_ArrayForEach(item, object)
	{
		enum senml_field f = senml_field_by_label(item->string, strlen(item->string));

		if (f == _SENML_FIELD_MAX) {
			r = put_extension(b, item);
		} else {
			r = senml_build_mark(b, f);
			if (r == 0)
				r = put_field(b, f, item);
		}
		if (r != 0)
			return r;
	}
	return senml_build_end(b);
}

static int read_pack(struct senml_builder *b, const cJSON *array)
{
	const cJSON *object;
	int r;

	if (!cJSON_IsArray(array))
		return senml_refuse_whole(b, "not an array; a pack is an array of records");
	if (!array->child)
		return senml_refuse_whole(b, "no record in the pack");
	cJSON_ArrayForEach(object, array)
	{
		r = read_record(b, object);
		if (r != 0)
			return r;
	}
	return 0;
}

static int parse(struct senml_builder *b, const char *body, size_t n, cJSON **ret)
{
	const char *end = NULL;
	size_t at;

	errno = 0;
	*ret = cJSON_ParseWithLengthOpts(body, n, &end, 0);
	if (!*ret && errno == ENOMEM)
		return -ENOMEM; /* cJSON itself does not tell */
	at = end ? (size_t)(end - body) : 0;
	if (!*ret)
		return senml_refuse_whole(b, "not JSON: fault near byte %zu", at);
	while (at < n && strchr(" \t\r\n", body[at]))
		at++;
	if (at < n)
		return senml_refuse_whole(b, "something follows the array, at byte %zu", at);
	return 0;
}

int senml_decode_json(const void *body, size_t n, const struct senml_options *o,
	struct senml_pack *ret, struct senml_error *error)
{
	struct senml_builder b;
	cJSON *json = NULL;
	int r;

	r = senml_build_init(&b, n, o, error);
	if (r == 0)
		r = scan_body(&b, body, n);
	if (r == 0)
		r = parse(&b, body, n, &json);
	if (r == 0)
		r = read_pack(&b, json);
	cJSON_Delete(json);
	if (r == 0) {
		*ret = b.pack;
		b.pack = (struct senml_pack){ 0 };
	}
	senml_build_done(&b);
	return r;
}
