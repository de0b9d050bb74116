/*
 * The resolver of SenML: what base fields, names, values and times of a record
 * come to (RFC 8428 sections 4.1 to 4.6). The decoders feed it.
 */
#include "codec/senml.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/senml_build.h"
#include "util/decimal.h"
#include "util/text.h"

#define VERSION_KNOWN 10
#define SECOND_US INT64_C(1000000)
#define RELATIVE_END_US                                                                            \
	(INT64_C(268435456) * SECOND_US)                /* 2^28 s: from there on time is absolute */
#define TIME_END_US (INT64_C(253402300800) * SECOND_US) /* the year 10000 */
#define UPDATE_TIME_MAX_US (INT64_C(31622400) * SECOND_US) /* a leap year */

/* RFC 8428 section 12.2, table 4 */
const struct senml_field_info senml_fields_table[_SENML_FIELD_MAX] = {
	[SENML_BVER] = { "bver", -1, SENML_TYPE_NUMBER },
	[SENML_BN] = { "bn", -2, SENML_TYPE_TEXT },
	[SENML_BT] = { "bt", -3, SENML_TYPE_NUMBER },
	[SENML_BU] = { "bu", -4, SENML_TYPE_TEXT },
	[SENML_BV] = { "bv", -5, SENML_TYPE_NUMBER },
	[SENML_BS] = { "bs", -6, SENML_TYPE_NUMBER },
	[SENML_N] = { "n", 0, SENML_TYPE_TEXT },
	[SENML_U] = { "u", 1, SENML_TYPE_TEXT },
	[SENML_V] = { "v", 2, SENML_TYPE_NUMBER },
	[SENML_VS] = { "vs", 3, SENML_TYPE_TEXT },
	[SENML_VB] = { "vb", 4, SENML_TYPE_BOOLEAN },
	[SENML_S] = { "s", 5, SENML_TYPE_NUMBER },
	[SENML_T] = { "t", 6, SENML_TYPE_NUMBER },
	[SENML_UT] = { "ut", 7, SENML_TYPE_NUMBER },
	[SENML_VD] = { "vd", 8, SENML_TYPE_DATA },
};

enum senml_field senml_field_by_label(const char *label, size_t n)
{
	if (n >= 1 && n <= 4)
		for (int f = 0; f < _SENML_FIELD_MAX; f++) {
			const char *known = senml_fields_table[f].label;

			if (known[0] == label[0] && strlen(known) == n &&
				memcmp(known, label, n) == 0)
				return (enum senml_field)f;
		}
	return _SENML_FIELD_MAX;
}

const char *senml_shown(char buf[SENML_SHOWN], const char *text, size_t n)
{
	const size_t most = SENML_SHOWN - 4;
	size_t i;

	for (i = 0; i < n && i < most; i++)
		buf[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	if (n > most) {
		memcpy(buf + i, "...", 3);
		i += 3;
	}
	buf[i] = 0;
	return buf;
}

static void say(struct senml_error *e, unsigned record, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void say(struct senml_error *e, unsigned record, const char *format, va_list args)
{
	struct text t = text_init(e->text, sizeof(e->text));

	e->record = record;
	if (record > 0)
		text_printf(&t, "record %u: ", record);
	vsnprintf(t.at, (size_t)(t.end - t.at), format, args);
}

int senml_refuse(struct senml_builder *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(b->error, (unsigned)b->pack.count + 1, format, args);
	va_end(args);
	return SENML_E_REFUSED;
}

int senml_refuse_whole(struct senml_builder *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(b->error, 0, format, args);
	va_end(args);
	return SENML_E_REFUSED;
}

void senml_pack_done(struct senml_pack *p)
{
	free(p->records);
	free(p->text);
	*p = (struct senml_pack){ 0 };
}

const char *senml_extension(const struct senml_record *r, const char *label)
{
	for (unsigned i = 0; i < r->extension_count; i++)
		if (strcmp(r->extensions[i].label, label) == 0)
			return r->extensions[i].text;
	return NULL;
}

int senml_build_init(
	struct senml_builder *b, size_t n, const struct senml_options *o, struct senml_error *error)
{
	*b = (struct senml_builder){ .options = o, .error = error };
	if (n > SENML_BODY_MAX)
		return senml_refuse_whole(
			b, "the body has %zu bytes; at most %d are taken", n, SENML_BODY_MAX);

	/* No text grows by more than this: the longest is a number in an extension, which becomes
	 * decimal digits, and takes as many bytes of label. */
	b->text_size = 6 * n + 64;
	b->pack.text = malloc(b->text_size);
	return b->pack.text ? 0 : -ENOMEM;
}

void senml_build_done(struct senml_builder *b)
{
	senml_pack_done(&b->pack);
}

int senml_build_begin(struct senml_builder *b)
{
	b->fields.present = 0;
	b->fields.extension_count = 0;
	if (b->pack.count == SENML_RECORDS_MAX)
		return senml_refuse(
			b, "one too many; a pack holds at most %d records", SENML_RECORDS_MAX);
	return 0;
}

int senml_build_mark(struct senml_builder *b, enum senml_field f)
{
	unsigned bit = 1u << f;

	if (b->fields.present & bit)
		return senml_refuse(b, "%s is there twice; each label stands once in a record",
			senml_fields_table[f].label);
	b->fields.present |= bit;
	return 0;
}

int senml_build_extension(struct senml_builder *b, struct senml_text label, unsigned *ret_index)
{
	char shown[SENML_SHOWN];
	struct senml_fields *f = &b->fields;

	*ret_index = SENML_EXTENSIONS_MAX;
	if (label.length > 0 && label.at[label.length - 1] == '_')
		return senml_refuse(b, "%s has to be understood, as its final _ says, but is not",
			senml_shown(shown, label.at, label.length));
	if (label.length < 2 || memcmp(label.at, "x-", 2) != 0)
		return 0;
	if (label.length > SENML_STRING_MAX)
		return senml_refuse(b, "a label has %zu bytes; at most %d are taken", label.length,
			SENML_STRING_MAX);

	for (unsigned i = 0; i < f->extension_count; i++)
		if (f->extensions[i].label.length == label.length &&
			memcmp(f->extensions[i].label.at, label.at, label.length) == 0)
			return senml_refuse(b,
				"%s is there twice; each label stands once in a record",
				senml_shown(shown, label.at, label.length));
	if (f->extension_count == SENML_EXTENSIONS_MAX)
		return senml_refuse(
			b, "too many x- labels; a record may have %d", SENML_EXTENSIONS_MAX);
	*ret_index = f->extension_count++;
	f->extensions[*ret_index].label = label;
	f->extensions[*ret_index].text = (struct senml_text){ .at = "" };
	return 0;
}

static bool has(const struct senml_builder *b, enum senml_field f)
{
	return (b->fields.present & 1u << f) != 0;
}

/* Keeps a text for as long as the pack. */
static const char *keep(struct senml_builder *b, struct senml_text text)
{
	char *at = b->pack.text + b->text_used;

	assert(b->text_size - b->text_used > text.length);
	memcpy(at, text.at, text.length);
	at[text.length] = 0;
	b->text_used += text.length + 1;
	return at;
}

/* A text field, kept. It must be short enough and must not hold a 0. */
static int take_text(struct senml_builder *b, enum senml_field f, const char **ret)
{
	const struct senml_text *t = &b->fields.texts[f];

	if (t->length > SENML_STRING_MAX)
		return senml_refuse(b, "%s has %zu bytes; at most %d are taken",
			senml_fields_table[f].label, t->length, SENML_STRING_MAX);
	if (t->length > 0 && memchr(t->at, 0, t->length))
		return senml_refuse(
			b, "%s holds a NUL character; leave it out", senml_fields_table[f].label);
	*ret = keep(b, *t);
	return 0;
}

/* A number field that has to be one. */
static int take_number(struct senml_builder *b, enum senml_field f, struct decimal *ret)
{
	if (b->fields.numbers[f].nan)
		return senml_refuse(
			b, "%s is not a number; leave it out", senml_fields_table[f].label);
	*ret = b->fields.numbers[f].decimal;
	return 0;
}

static int take_version(struct senml_builder *b)
{
	struct decimal version;
	int r;

	r = take_number(b, SENML_BVER, &version);
	if (r != 0)
		return r;
	version = decimal_normalise(version);
	if (version.exponent < 0 || version.mantissa < 1 ||
		decimal_compare(version, (struct decimal){ VERSION_KNOWN, 0 }) > 0)
		return senml_refuse(
			b, "bver is not a version that is known here; up to %d are", VERSION_KNOWN);
	if (b->has_version && decimal_compare(version, b->version) != 0)
		return senml_refuse(b, "bver differs from an earlier record's; a pack has one");
	b->has_version = true;
	b->version = version;
	return 0;
}

static int take_base_fields(struct senml_builder *b)
{
	int r = 0;

	if (has(b, SENML_BVER))
		r = take_version(b);
	if (r == 0 && has(b, SENML_BN)) {
		const struct senml_text *bn = &b->fields.texts[SENML_BN];

		if (bn->length > SENML_NAME_MAX)
			return senml_refuse(b, "bn has %zu bytes; at most %d are taken", bn->length,
				SENML_NAME_MAX);
		if (bn->length > 0)
			memcpy(b->base_name, bn->at, bn->length);
		b->base_name_length = bn->length;
	}
	if (r == 0 && has(b, SENML_BU))
		r = take_text(b, SENML_BU, &b->base_unit);
	if (r == 0 && has(b, SENML_BT)) {
		r = take_number(b, SENML_BT, &b->base_time);
		b->has_base_time = true;
	}
	if (r == 0 && has(b, SENML_BV)) {
		r = take_number(b, SENML_BV, &b->base_value);
		b->has_base_value = true;
	}
	return r;
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Section 4.5.1. */
static int resolve_name(struct senml_builder *b, struct senml_record *r)
{
	struct senml_text n = { .at = "" };
	size_t length = b->base_name_length;

	if (has(b, SENML_N))
		n = b->fields.texts[SENML_N];
	if (n.length > SENML_NAME_MAX - length)
		return senml_refuse(b, "the name has more than %d bytes", SENML_NAME_MAX);

	memcpy(r->name, b->base_name, length);
	memcpy(r->name + length, n.at, n.length);
	length += n.length;
	r->name[length] = 0;

	if (length == 0)
		return senml_refuse(b, "no name; give n, or bn in it or before it");
	for (size_t i = 0; i < length; i++)
		if (!is_alphanumeric(r->name[i]) &&
			(r->name[i] == 0 || !strchr("-:./_", r->name[i])))
			return senml_refuse(b, "the name has a character other than "
					       "A-Z a-z 0-9 - : . / _");
	if (!is_alphanumeric(r->name[0]))
		return senml_refuse(
			b, "the name begins with %c; a letter or digit would be right", r->name[0]);
	return 0;
}

static int resolve_number(struct senml_builder *b, struct senml_record *r)
{
	struct senml_number v = { 0 };

	if (has(b, SENML_V))
		v = b->fields.numbers[SENML_V];
	if (v.nan) {
		r->value = SENML_NOT_A_NUMBER;
		return 0;
	}
	r->value = SENML_NUMBER;
	r->number = v.decimal;
	if (b->has_base_value && decimal_add(&r->number, b->base_value, v.decimal) < 0)
		return senml_refuse(b, "bv and v add up to more digits than are taken");
	return 0;
}

/* Sections 4.3 and 4.5.4: one value, or none beside a sum. */
static int resolve_value(struct senml_builder *b, struct senml_record *r)
{
	unsigned values = b->fields.present &
			  (1u << SENML_V | 1u << SENML_VS | 1u << SENML_VB | 1u << SENML_VD);

	if ((values & (values - 1)) != 0)
		return senml_refuse(b, "more than one of v, vs, vb and vd; a record has one value");
	if (values == 1u << SENML_V)
		return resolve_number(b, r);
	if (values == 1u << SENML_VS) {
		r->value = SENML_STRING;
		return take_text(b, SENML_VS, &r->string);
	}
	if (values == 1u << SENML_VB) {
		r->value = SENML_BOOLEAN;
		r->boolean = b->fields.boolean;
		return 0;
	}
	if (values == 1u << SENML_VD) {
		r->value = SENML_DATA;
		return 0;
	}

	if (has(b, SENML_S)) {
		r->value = SENML_NONE;
		return 0;
	}
	if (b->has_base_value && (b->options->accept & SENML_ACCEPT_BARE_BASE_VALUE))
		return resolve_number(b, r);
	if (b->has_base_value)
		return senml_refuse(b, "bv without v; give v, 0 if bv is the value");
	return senml_refuse(b, "no value; give one of v, vs and vb");
}

/* Section 4.5.3. */
static int resolve_time(struct senml_builder *b, struct senml_record *r)
{
	struct decimal t = { 0 };
	int q;

	if (!has(b, SENML_T) && !b->has_base_time)
		return 0;
	if (has(b, SENML_T)) {
		q = take_number(b, SENML_T, &t);
		if (q != 0)
			return q;
	}
	if (b->has_base_time && decimal_add(&t, b->base_time, t) < 0)
		return senml_refuse(b, "bt and t add up to more digits than are taken");
	if (decimal_to_micro(&r->time_us, t) < 0 || r->time_us >= TIME_END_US)
		return senml_refuse(b, "the time is after the year 9999; it counts in seconds");
	if (r->time_us < -RELATIVE_END_US)
		return senml_refuse(b, "the time is more than 2^28 s ago; give seconds since 1970");
	r->absolute = r->time_us >= RELATIVE_END_US;
	return 0;
}

static int resolve_update_time(struct senml_builder *b, struct senml_record *r)
{
	struct decimal ut;
	int q;

	if (!has(b, SENML_UT))
		return 0;
	q = take_number(b, SENML_UT, &ut);
	if (q != 0)
		return q;
	if (decimal_to_micro(&r->update_time_us, ut) < 0 || r->update_time_us < 0 ||
		r->update_time_us > UPDATE_TIME_MAX_US)
		return senml_refuse(b, "ut is not between 0 s and a year");
	return 0;
}

static int resolve_extensions(struct senml_builder *b, struct senml_record *r)
{
	const struct senml_fields *f = &b->fields;

	for (unsigned i = 0; i < f->extension_count; i++) {
		struct senml_text text = f->extensions[i].text;
		char shown[SENML_SHOWN];

		if (text.length > SENML_STRING_MAX ||
			(text.length > 0 && memchr(text.at, 0, text.length)))
			return senml_refuse(b, "%s has more than %d bytes or a NUL in it",
				senml_shown(shown, f->extensions[i].label.at,
					f->extensions[i].label.length),
				SENML_STRING_MAX);
		r->extensions[i].label = keep(b, f->extensions[i].label);
		r->extensions[i].text = keep(b, text);
	}
	r->extension_count = f->extension_count;
	return 0;
}

/* Room for one more record, zeroed. */
static int next_record(struct senml_builder *b, struct senml_record **ret)
{
	if (b->pack.count == b->room) {
		size_t room = b->room > 0 ? 2 * b->room : 4;
		struct senml_record *more = realloc(b->pack.records, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		b->pack.records = more;
		b->room = room;
	}
	*ret = &b->pack.records[b->pack.count];
	memset(*ret, 0, sizeof(**ret));
	return 0;
}

int senml_build_end(struct senml_builder *b)
{
	struct senml_record *record;
	struct decimal sum;
	int r;

	r = next_record(b, &record);
	if (r == 0)
		r = take_base_fields(b);
	if (r == 0)
		r = resolve_name(b, record);
	if (r == 0)
		r = resolve_value(b, record);
	if (r == 0 && has(b, SENML_S))
		r = take_number(b, SENML_S, &sum);
	if (r == 0 && has(b, SENML_BS))
		r = take_number(b, SENML_BS, &sum);
	if (r == 0)
		r = resolve_time(b, record);
	if (r == 0)
		r = resolve_update_time(b, record);
	if (r == 0) {
		record->unit = b->base_unit;
		if (has(b, SENML_U))
			r = take_text(b, SENML_U, &record->unit);
	}
	if (r == 0)
		r = resolve_extensions(b, record);
	if (r == 0)
		b->pack.count++;
	return r;
}
