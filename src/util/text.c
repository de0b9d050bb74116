/*
 * The bounded writer's longer functions: numbers, times and JSON strings.
 * Those for numbers and times stand on the way of every reading, hence no
 * printf and no calendar of the C library in them.
 */
#include "util/text.h"

#include <stdarg.h>
#include <stdlib.h>

#include "util/cleanup.h"
#include "util/decimal.h"

static const char pairs[] = "0001020304050607080910111213141516171819"
			    "2021222324252627282930313233343536373839"
			    "4041424344454647484950515253545556575859"
			    "6061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

void text_printf(struct text *t, const char *format, ...)
{
	size_t room = (size_t)(t->end - t->at);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room) {
		t->overflow = true;
		return;
	}
	t->at += n;
}

void text_u64(struct text *t, uint64_t v)
{
	char buf[20], *p = buf + sizeof(buf);

	while (v >= 100) {
		p -= 2;
		memcpy(p, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		p -= 2;
		memcpy(p, pairs + v * 2, 2);
	} else {
		*--p = (char)('0' + v);
	}
	text_bytes(t, p, (size_t)(buf + sizeof(buf) - p));
}

void text_i64(struct text *t, int64_t v)
{
	if (v < 0) {
		text_char(t, '-');
		text_u64(t, 0 - (uint64_t)v);
	} else {
		text_u64(t, (uint64_t)v);
	}
}

void text_hex32(struct text *t, uint32_t v)
{
	char buf[8];

	for (int i = 7; i >= 0; i--, v >>= 4)
		buf[i] = "0123456789abcdef"[v & 15];
	text_bytes(t, buf, sizeof(buf));
}

void text_decimal(struct text *t, struct decimal d)
{
	ssize_t n = decimal_format(t->at, (size_t)(t->end - t->at), d);

	if (n < 0)
		t->overflow = true;
	else
		t->at += n;
}

/* Gregorian calendar from days since 1970-01-01, counted in years that begin on 1 March of the
 * 400-year cycle, so that the leap day comes last. */
static void put_date(char *p, int64_t days)
{
	uint32_t day = (uint32_t)(days + 719468); /* since 0000-03-01 */
	uint32_t era = day / 146097;
	uint32_t of_era = day % 146097;
	uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint32_t shifted = (5 * of_year + 2) / 153; /* month, March is 0 */
	uint32_t month = shifted < 10 ? shifted + 3 : shifted - 9;

	year += era * 400 + (month <= 2);
	memcpy(p, pairs + year / 100 * 2, 2);
	memcpy(p + 2, pairs + year % 100 * 2, 2);
	p[4] = '-';
	memcpy(p + 5, pairs + month * 2, 2);
	p[7] = '-';
	memcpy(p + 8, pairs + (of_year - (153 * shifted + 2) / 5 + 1) * 2, 2);
}

/* "2026-11-21T10:00:00", and the milliseconds that are left. */
static uint32_t put_time(char *p, int64_t us)
{
	/* 0001-01-01 to 9999-12-31: what lies beyond is shown as the border, since a year has four
	 * digits in RFC 3339 */
	const int64_t day_us = INT64_C(86400000000);
	const int64_t first = -719162 * day_us, last = 2932897 * day_us - 1;
	int64_t days, of_day;
	uint32_t s;

	if (us < first)
		us = first;
	if (us > last)
		us = last;
	days = us / day_us;
	of_day = us % day_us;
	if (of_day < 0) {
		of_day += day_us;
		days--;
	}
	s = (uint32_t)(of_day / 1000000);
	put_date(p, days);
	p[10] = 'T';
	memcpy(p + 11, pairs + s / 3600 * 2, 2);
	p[13] = ':';
	memcpy(p + 14, pairs + s / 60 % 60 * 2, 2);
	p[16] = ':';
	memcpy(p + 17, pairs + s % 60 * 2, 2);
	return (uint32_t)(of_day % 1000000) / 1000;
}

void text_time(struct text *t, int64_t utc_us)
{
	char buf[24];
	uint32_t ms = put_time(buf, utc_us);

	buf[19] = '.';
	buf[20] = (char)('0' + ms / 100);
	memcpy(buf + 21, pairs + ms % 100 * 2, 2);
	buf[23] = 'Z';
	text_bytes(t, buf, sizeof(buf));
}

void text_local_time(struct text *t, int64_t wall_us)
{
	char buf[19];

	put_time(buf, wall_us);
	text_bytes(t, buf, sizeof(buf));
}

/* Length of the well-formed UTF-8 sequence at s (Unicode 15 table 3-7), or 0 with the length of the
 * ill-formed part in *ret_bad. */
static size_t utf8_length(const unsigned char *s, size_t n, size_t *ret_bad)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t want;

	*ret_bad = 1;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		want = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		want = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		want = 4;
	else
		return 0;

	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f; /* no surrogates */
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;

	for (size_t i = 1; i < want; i++) {
		if (i >= n || s[i] < low || s[i] > high) {
			*ret_bad = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return want;
}

bool text_fits(const char *pattern, const char *text)
{
	size_t n = strlen(pattern);

	if (n > 0 && pattern[n - 1] == '*')
		return strncmp(pattern, text, n - 1) == 0;
	return strcmp(pattern, text) == 0;
}

bool text_utf8_valid(const char *s, size_t n)
{
	const unsigned char *at = (const unsigned char *)s, *end = at + n;
	size_t length, bad;

	for (; at < end; at += length) {
		length = utf8_length(at, (size_t)(end - at), &bad);
		if (length == 0)
			return false;
	}
	return true;
}

static void put_escape(struct text *t, unsigned char c)
{
	char buf[6] = { '\\', 'u', '0', '0' };

	switch (c) {
	case '"':
		text_lit(t, "\\\"");
		break;
	case '\\':
		text_lit(t, "\\\\");
		break;
	case '\n':
		text_lit(t, "\\n");
		break;
	case '\r':
		text_lit(t, "\\r");
		break;
	case '\t':
		text_lit(t, "\\t");
		break;
	default:
		buf[4] = "0123456789abcdef"[c >> 4];
		buf[5] = "0123456789abcdef"[c & 15];
		text_bytes(t, buf, sizeof(buf));
		break;
	}
}

void text_json_string(struct text *t, const char *s, size_t n)
{
	const unsigned char *at = (const unsigned char *)s, *end = at + n, *plain = at;

	text_char(t, '"');
	while (at < end) {
		size_t bad, length;

		if (*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\') {
			at++;
			continue;
		}
		length = utf8_length(at, (size_t)(end - at), &bad);
		if (length > 1) {
			at += length;
			continue;
		}
		text_bytes(t, plain, (size_t)(at - plain));
		if (length == 1) {
			put_escape(t, *at);
			at++;
		} else {
			text_lit(t, "\xef\xbf\xbd");
			at += bad;
		}
		plain = at;
	}
	text_bytes(t, plain, (size_t)(at - plain));
	text_char(t, '"');
}

void text_print_json(FILE *f, const char *text)
{
	size_t length = strlen(text);
	size_t size = length * 6 + 3; /* each byte becomes six at most */
	_cleanup_(freep) char *buf = malloc(size);
	struct text t;

	if (!buf) {
		fputs("null", f);
		return;
	}
	t = text_init(buf, size);
	text_json_string(&t, text, length);
	fputs(text_done(&t) < 0 ? "null" : buf, f);
}
