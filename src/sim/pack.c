/* SenML in four dialects, and the log's words for values; see pack.h. */
#include "sim/pack.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/text.h"

/* A number as it travels: mantissa / 10^decimals. */
struct wire {
	int64_t mantissa;
	unsigned decimals;
};

static const char *const formats[_PACK_FORMAT_MAX] = {
	[PACK_JSON] = "json",
	[PACK_CBOR] = "cbor",
	[PACK_JSON_BASE] = "json-base",
	[PACK_CBOR_BASE] = "cbor-base",
};

enum pack_format pack_format_by_text(const char *text)
{
	int f;

	for (f = 0; f < _PACK_FORMAT_MAX; f++)
		if (!strcmp(formats[f], text))
			break;
	return (enum pack_format)f;
}

static bool is_json(enum pack_format f)
{
	return f == PACK_JSON || f == PACK_JSON_BASE;
}

static bool has_base(enum pack_format f)
{
	return f == PACK_JSON_BASE || f == PACK_CBOR_BASE;
}

unsigned pack_content_format(enum pack_format f)
{
	return is_json(f) ? CONTENT_SENML_JSON : CONTENT_SENML_CBOR;
}

/* 1 mmHg is 133.322387415 Pa. A whole Pa is 0.0075 mmHg, so that the way back, rounded to 0.1 mmHg,
 * gives the value that we began with. */
static int64_t pascal(int64_t mmhg)
{
	return (mmhg * INT64_C(133322387415) + INT64_C(500000000)) / INT64_C(1000000000);
}

static struct wire to_wire(const struct sample *s)
{
	const struct quantity_info *info = quantity_info(s->quantity);

	switch (info->wire) {
	case WIRE_RATIO:
		return (struct wire){ s->value, info->decimals + 2U };
	case WIRE_PASCAL:
		return (struct wire){ pascal(s->value), 0 };
	case WIRE_SAME:
		break;
	}
	return (struct wire){ s->value, info->decimals };
}

static void put_decimal(struct text *t, struct wire w)
{
	char digits[24];
	uint64_t m = w.mantissa < 0 ? -(uint64_t)w.mantissa : (uint64_t)w.mantissa;
	int n;

	while (w.decimals && m % 10 == 0) {
		m /= 10;
		w.decimals--;
	}
	n = snprintf(digits, sizeof(digits), "%0*llu", (int)w.decimals + 1, (unsigned long long)m);
	if (w.mantissa < 0)
		text_char(t, '-');
	text_bytes(t, digits, (size_t)n - w.decimals);
	if (!w.decimals)
		return;
	text_char(t, '.');
	text_bytes(t, digits + n - w.decimals, w.decimals);
}

/* The time of one record, whole or without the base's seconds. */
static struct wire record_time(const struct sample *s, int64_t base_ms)
{
	return (struct wire){ s->time_ms - base_ms, 3 };
}

static void json_member(struct text *t, bool *first, const char *label)
{
	if (!*first)
		text_char(t, ',');
	*first = false;
	text_char(t, '"');
	text_str(t, label);
	text_lit(t, "\":");
}

static void json_string(struct text *t, bool *first, const char *label, const char *value)
{
	json_member(t, first, label);
	text_char(t, '"');
	text_str(t, value);
	text_char(t, '"');
}

static void json_value(struct text *t, bool *first, const struct sample *s)
{
	const struct quantity_info *info = quantity_info(s->quantity);

	if (s->sensor_off) {
		json_string(t, first, "vs", "sensor-off");
		return;
	}
	switch (info->kind) {
	case QUANTITY_NUMBER:
		json_member(t, first, "v");
		put_decimal(t, to_wire(s));
		break;
	case QUANTITY_BOOLEAN:
		json_member(t, first, "vb");
		text_str(t, s->value ? "true" : "false");
		break;
	case QUANTITY_WORD:
		json_string(t, first, "vs", quantity_word(s->quantity, s->value));
		break;
	}
}

static void json_record(
	struct text *t, const struct sample *s, const char *base, int64_t base_ms, bool opens)
{
	const struct quantity_info *info = quantity_info(s->quantity);
	bool first = true;

	text_char(t, '{');
	if (opens && base_ms) {
		json_member(t, &first, "bn");
		text_char(t, '"');
		text_lit(t, "urn:dev:sim:");
		text_str(t, base);
		text_lit(t, ":\"");
		json_member(t, &first, "bt");
		put_decimal(t, (struct wire){ base_ms, 3 });
	}
	json_string(t, &first, "n", info->name);
	if (info->unit && !s->sensor_off)
		json_string(t, &first, "u", info->unit);
	json_value(t, &first, s);
	json_member(t, &first, "t");
	put_decimal(t, record_time(s, base_ms));
	text_char(t, '}');
}

/* RFC 8949 section 3: the head of an item. */
static void cbor_head(struct text *t, unsigned major, uint64_t n)
{
	unsigned bytes = n < 24            ? 0
			 : n <= UINT8_MAX  ? 1
			 : n <= UINT16_MAX ? 2
			 : n <= UINT32_MAX ? 4
					   : 8;
	unsigned extra = bytes == 0   ? (unsigned)n
			 : bytes == 1 ? 24
			 : bytes == 2 ? 25
			 : bytes == 4 ? 26
				      : 27;

	text_char(t, (char)(major << 5 | extra));
	while (bytes--)
		text_char(t, (char)(n >> (8 * bytes)));
}

static void cbor_int(struct text *t, int64_t v)
{
	if (v < 0)
		cbor_head(t, 1, (uint64_t)(-(v + 1)));
	else
		cbor_head(t, 0, (uint64_t)v);
}

static void cbor_string(struct text *t, const char *s)
{
	cbor_head(t, 3, strlen(s));
	text_str(t, s);
}

static void cbor_number(struct text *t, struct wire w, bool fraction)
{
	double v;
	uint64_t bits;

	while (w.decimals && w.mantissa % 10 == 0) {
		w.mantissa /= 10;
		w.decimals--;
	}
	if (!w.decimals) {
		cbor_int(t, w.mantissa);
		return;
	}
	if (fraction) { /* tag 4: [exponent, mantissa] */
		cbor_head(t, 6, 4);
		cbor_head(t, 4, 2);
		cbor_int(t, -(int64_t)w.decimals);
		cbor_int(t, w.mantissa);
		return;
	}
	v = (double)w.mantissa / pow(10, w.decimals); /* both exact: correctly rounded */
	memcpy(&bits, &v, sizeof(bits));
	text_char(t, (char)0xfb);
	for (int i = 56; i >= 0; i -= 8)
		text_char(t, (char)(bits >> i));
}

/* Labels of RFC 8428 table 4. */
enum {
	CBOR_BN = -2,
	CBOR_BT = -3,
	CBOR_N = 0,
	CBOR_U = 1,
	CBOR_V = 2,
	CBOR_VS = 3,
	CBOR_VB = 4,
	CBOR_T = 6
};

static void cbor_value(struct text *t, const struct sample *s, bool fraction)
{
	const struct quantity_info *info = quantity_info(s->quantity);

	if (s->sensor_off) {
		cbor_int(t, CBOR_VS);
		cbor_string(t, "sensor-off");
		return;
	}
	switch (info->kind) {
	case QUANTITY_NUMBER:
		cbor_int(t, CBOR_V);
		cbor_number(t, to_wire(s), fraction);
		break;
	case QUANTITY_BOOLEAN:
		cbor_int(t, CBOR_VB);
		cbor_head(t, 7, s->value ? 21 : 20);
		break;
	case QUANTITY_WORD:
		cbor_int(t, CBOR_VS);
		cbor_string(t, quantity_word(s->quantity, s->value));
		break;
	}
}

static void cbor_record(
	struct text *t, const struct sample *s, const char *base, int64_t base_ms, bool opens)
{
	const struct quantity_info *info = quantity_info(s->quantity);
	bool with_base = opens && base_ms, with_unit = info->unit && !s->sensor_off;

	cbor_head(t, 5, 3U + 2U * with_base + with_unit);
	if (with_base) {
		cbor_int(t, CBOR_BN);
		cbor_head(t, 3, strlen("urn:dev:sim::") + strlen(base));
		text_lit(t, "urn:dev:sim:");
		text_str(t, base);
		text_char(t, ':');
		cbor_int(t, CBOR_BT);
		cbor_number(t, (struct wire){ base_ms, 3 }, true);
	}
	cbor_int(t, CBOR_N);
	cbor_string(t, info->name);
	if (with_unit) {
		cbor_int(t, CBOR_U);
		cbor_string(t, info->unit);
	}
	cbor_value(t, s, base_ms != 0);
	cbor_int(t, CBOR_T);
	cbor_number(t, record_time(s, base_ms), base_ms != 0);
}

ssize_t pack_encode(enum pack_format f, const char *device, const struct sample *samples,
	size_t count, uint8_t *buf, size_t size)
{
	struct text t = text_init(buf, size);
	int64_t base_ms = has_base(f) && count ? samples[0].time_ms / 1000 * 1000 : 0;

	if (is_json(f))
		text_char(&t, '[');
	else
		cbor_head(&t, 4, count);
	for (size_t i = 0; i < count; i++) {
		if (!is_json(f)) {
			cbor_record(&t, &samples[i], device, base_ms, i == 0);
			continue;
		}
		if (i)
			text_char(&t, ',');
		json_record(&t, &samples[i], device, base_ms, i == 0);
	}
	if (is_json(f))
		text_char(&t, ']');
	return text_done(&t) < 0 ? -ENOBUFS : t.at - t.start;
}

static const struct {
	const char *text, *body;
} faults[_PACK_FAULT_MAX] = {
	[PACK_FAULT_TRUNCATED] = { "truncated",
		"[{\"n\":\"heart-rate\",\"u\":\"beat/min\",\"v\":7" },
	[PACK_FAULT_NO_NAME] = { "no-name", "[{\"u\":\"beat/min\",\"v\":71}]" },
	[PACK_FAULT_TWO_VALUES] = { "two-values",
		"[{\"n\":\"heart-rate\",\"u\":\"beat/min\",\"v\":71,\"vs\":\"seventy-one\"}]" },
	[PACK_FAULT_VERSION] = { "version",
		"[{\"bver\":99,\"n\":\"heart-rate\",\"u\":\"beat/min\",\"v\":71}]" },
	[PACK_FAULT_NAME_CHARACTER] = { "name-character",
		"[{\"n\":\"+/heart-rate\",\"u\":\"beat/min\",\"v\":71}]" },
	[PACK_FAULT_UNKNOWN_FIELD] = { "unknown-field",
		"[{\"n\":\"heart-rate\",\"u\":\"beat/min\",\"v\":71,\"x_\":1}]" },
	[PACK_FAULT_NOT_SENML] = { "not-senml", "{\"heart-rate\":71}" },
};

const char *pack_fault_text(enum pack_fault f)
{
	return faults[f].text;
}

const char *pack_faulty(enum pack_fault f)
{
	return faults[f].body;
}

ssize_t pack_value_text(const struct sample *s, char *buf, size_t size)
{
	const struct quantity_info *info = quantity_info(s->quantity);
	struct text t = text_init(buf, size);

	if (s->sensor_off) {
		text_lit(&t, "null");
		return text_done(&t) < 0 ? -ENOBUFS : t.at - t.start;
	}
	switch (info->kind) {
	case QUANTITY_NUMBER:
		put_decimal(&t, (struct wire){ s->value, info->decimals });
		break;
	case QUANTITY_BOOLEAN:
		text_str(&t, s->value ? "true" : "false");
		break;
	case QUANTITY_WORD:
		text_char(&t, '"');
		text_str(&t, quantity_word(s->quantity, s->value));
		text_char(&t, '"');
		break;
	}
	return text_done(&t) < 0 ? -ENOBUFS : t.at - t.start;
}

void pack_time_text(int64_t time_ms, char buf[static 25])
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm); /* fails for years beyond an int only */
	snprintf(buf, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		(unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		(unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		(unsigned)tm.tm_sec % 100, (unsigned)(time_ms % 1000) % 1000);
}
