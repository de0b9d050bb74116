/*
 * Fields of a saved state's lines: see restore.h.
 */
#include "alarms/restore.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/decimal.h"

int restore_bad(struct reader *k, const char *format, ...)
{
	va_list ap;
	int n = snprintf(
		k->why, ALARMS_WHY_MAX, "the saved alarms are damaged in line %u: ", k->line);

	va_start(ap, format);
	vsnprintf(k->why + n, ALARMS_WHY_MAX - (size_t)n, format, ap);
	va_end(ap);
	return ALARMS_E_REFUSED;
}

/* ---- lines and fields ---- */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %XX in place. */
static bool unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '%') {
			if (hex(s[1]) < 0 || hex(s[2]) < 0)
				return false;
			*to = (char)(hex(s[1]) << 4 | hex(s[2]));
			if (*to++ == 0)
				return false;
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
	return true;
}

int restore_split(struct reader *k, char *line)
{
	char *at = strchr(line, '\t');

	k->word = line;
	k->count = 0;
	while (at) {
		char *equals;

		*at++ = 0;
		equals = strchr(at, '=');
		if (!equals || k->count == SAVE_FIELDS_MAX)
			return restore_bad(k, "a field without a value, or too many fields");
		*equals = 0;
		k->pairs[k->count++] = (struct pair){ at, equals + 1 };
		at = strchr(equals + 1, '\t');
	}
	for (size_t i = 0; i < k->count; i++)
		if (!unescape(k->pairs[i].value))
			return restore_bad(k, "a character that is written wrongly");
	return 0;
}

const char *restore_get(const struct reader *k, const char *name)
{
	for (size_t i = 0; i < k->count; i++)
		if (strcmp(k->pairs[i].name, name) == 0)
			return k->pairs[i].value;
	return NULL;
}

bool restore_number(const char **at, int64_t *ret)
{
	char *end;

	if (!((**at >= '0' && **at <= '9') || **at == '-'))
		return false;
	errno = 0;
	*ret = strtoll(*at, &end, 10);
	if (errno != 0 || end == *at)
		return false;
	*at = end;
	return true;
}

bool restore_decimal(const char **at, struct decimal *ret)
{
	int64_t mantissa, exponent;

	if (!restore_number(at, &mantissa) || *(*at)++ != '^' || !restore_number(at, &exponent))
		return false;
	return decimal_from_parts(ret, mantissa, exponent) == 0;
}

/* One value to `to`, which holds as much as its kind needs. */
static bool read_value(const struct reader *k, enum field_kind kind, const char **at, void *to)
{
	static const int64_t most[] = { [FIELD_BOOL] = 1,
		[FIELD_U8] = UINT8_MAX,
		[FIELD_U16] = UINT16_MAX,
		[FIELD_U32] = UINT32_MAX,
		[FIELD_I64] = INT64_MAX,
		[FIELD_TIME] = RULE_NEVER,
		[FIELD_UTC] = TIME_LIMIT };
	struct decimal d = { 0 };
	int64_t v;

	if (kind == FIELD_DECIMAL) {
		if (!restore_decimal(at, &d))
			return false;
		memcpy(to, &d, sizeof(d));
		return true;
	}
	if (!restore_number(at, &v) || v > most[kind])
		return false;
	if (kind == FIELD_TIME && v != 0) { /* RULE_NEVER is not written */
		if (v > TIME_LIMIT || v < -TIME_LIMIT)
			return false;
		v += k->shift_us;
		v = v ? v : -1;
	} else if (v < 0 && kind != FIELD_I64 && (kind != FIELD_UTC || v < -TIME_LIMIT)) {
		return false;
	}
	memcpy(to, &v, save_field_size(kind)); /* little-endian; see the assertion below */
	return true;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fields are copied by their low bytes");

static bool read_list(
	const struct reader *k, const struct rule_field *f, const char *text, char *to)
{
	size_t n = f->count, stride = f->stride ?: save_field_size(f->kind);

	for (size_t i = 0; i < n; i++) {
		if (!read_value(k, f->kind, &text, to + i * stride))
			return false;
		if (*text == 0)
			return true;
		if (*text++ != ',')
			return false;
	}
	return false;
}

int restore_rows(struct reader *k, const struct rule_field *rows, size_t count, void *base)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = restore_get(k, rows[i].name);

		if (text && !read_list(k, &rows[i], text, (char *)base + rows[i].offset))
			return restore_bad(k, "%s is not what it could be", rows[i].name);
	}
	return 0;
}

int restore_label(struct reader *k, const char *name, struct label **l)
{
	const char *text = restore_get(k, name);
	struct label *fresh;
	int e;

	if (!text)
		return 0;
	if (strlen(text) > LABEL_MAX)
		return restore_bad(k, "%s is too long", name);
	if (!k->apply)
		return 0;
	e = label_new(&fresh, text);
	if (e < 0)
		return e;
	label_unref(*l);
	*l = fresh;
	return 0;
}

int restore_metric(struct reader *k, enum metric *ret)
{
	const char *text = restore_get(k, "metric");

	*ret = text ? metric_by_name(text, strlen(text)) : METRIC_NONE;
	return *ret == METRIC_NONE ? restore_bad(k, "a metric that there is not") : 0;
}

int restore_word(struct reader *k, const char *name, uint16_t *ret)
{
	const char *text = restore_get(k, name);

	if (!text)
		return 0;
	*ret = (uint16_t)word_by_text(text, strlen(text));
	return *ret == WORD_NONE ? restore_bad(k, "a word that there is not") : 0;
}

int restore_instance(struct reader *k, unsigned *ret)
{
	const char *text = restore_get(k, "instance");
	int64_t v;

	if (!text || !restore_number(&text, &v) || *text || v < 0 || v > UINT8_MAX)
		return restore_bad(k, "an instance that is none");
	*ret = (unsigned)v;
	return 0;
}
