/*
 * A bounded writer of text into a caller's buffer, for payloads, topics and
 * sentences. It never writes past the end; overflow sticks and shows once, at
 * text_done().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "wardgate/decimal.h"

struct text {
	char *start, *at, *end;
	bool overflow;
};

static inline struct text text_init(void *buf, size_t size)
{
	return (struct text){ .start = buf, .at = buf, .end = (char *)buf + size };
}

static inline void text_bytes(struct text *t, const void *p, size_t n)
{
	if ((size_t)(t->end - t->at) < n) {
		t->overflow = true;
		return;
	}
	memcpy(t->at, p, n);
	t->at += n;
}

static inline void text_char(struct text *t, char c)
{
	text_bytes(t, &c, 1);
}

static inline void text_str(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

/* A literal, its length known to the compiler. */
#define text_lit(t, literal) text_bytes((t), "" literal, sizeof(literal) - 1)

/* printf-formatted; for what is not on the hot path. */
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_u64(struct text *t, uint64_t v);
void text_i64(struct text *t, int64_t v);
/* 8 lower-case hex digits. */
void text_hex32(struct text *t, uint32_t v);
/* Plain, never with an exponent: 37.60. See decimal_format() for the limits. */
void text_decimal(struct text *t, struct decimal d);
/* RFC 3339 UTC with milliseconds: 2026-11-21T10:00:00.123Z. */
void text_time(struct text *t, int64_t utc_us);
/* The same without milliseconds and zone, for a device's own wall clock. */
void text_local_time(struct text *t, int64_t wall_us);
/* A JSON string with its quotes; what is not UTF-8 becomes U+FFFD. */
void text_json_string(struct text *t, const char *s, size_t n);
/* The same of a whole text into a stream; "null" when out of memory. */
void text_print_json(FILE *f, const char *text);

/* Whether text is the pattern, whole or up to a '*' at the pattern's end. */
bool text_fits(const char *pattern, const char *text);

/* Whether n bytes are well-formed UTF-8. */
bool text_utf8_valid(const char *s, size_t n);

/* Ends with a 0 that is not counted. Returns the length, or -ENOBUFS. */
static inline ssize_t text_done(struct text *t)
{
	if (t->overflow || t->at == t->end)
		return -105; /* ENOBUFS */
	*t->at = 0;
	return t->at - t->start;
}
