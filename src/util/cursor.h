/*
 * A bounds-checked reader of bytes from outside. An error sticks: reads past
 * the end give 0, and cursor_done() says so once. It knows no format.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *at, *end;
	bool failed;
};

/* p must outlive the cursor. p may be NULL when n is 0. */
static inline struct cursor cursor_init(const void *p, size_t n)
{
	const uint8_t *at = p;

	return (struct cursor){ .at = at, .end = n > 0 ? at + n : at };
}

static inline size_t cursor_remaining(const struct cursor *c)
{
	return c->at == c->end ? 0 : (size_t)(c->end - c->at);
}

/* n bytes in place, valid as long as the buffer; NULL (and the error sticks) when there are fewer.
 */
static inline const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
	const uint8_t *p = c->at;

	if (c->failed || cursor_remaining(c) < n) {
		c->failed = true;
		c->at = c->end;
		return NULL;
	}
	if (n > 0)
		c->at += n;
	return p;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_bytes(c, n);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 1);

	return p ? p[0] : 0;
}

/* n bytes, at most 8, least significant first. */
static inline uint64_t cursor_le(struct cursor *c, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);
	uint64_t v = 0;

	if (!p)
		return 0;
	for (size_t i = n; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

/* n bytes, at most 8, most significant first. */
static inline uint64_t cursor_be(struct cursor *c, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);
	uint64_t v = 0;

	if (!p)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static inline uint16_t cursor_le16(struct cursor *c)
{
	return (uint16_t)cursor_le(c, 2);
}

static inline uint32_t cursor_le24(struct cursor *c)
{
	return (uint32_t)cursor_le(c, 3);
}

static inline uint32_t cursor_le32(struct cursor *c)
{
	return (uint32_t)cursor_le(c, 4);
}

static inline uint64_t cursor_le64(struct cursor *c)
{
	return cursor_le(c, 8);
}

static inline uint16_t cursor_be16(struct cursor *c)
{
	return (uint16_t)cursor_be(c, 2);
}

static inline uint32_t cursor_be32(struct cursor *c)
{
	return (uint32_t)cursor_be(c, 4);
}

/* Copies n bytes out; zeroes them when there are fewer. */
static inline void cursor_copy(struct cursor *c, void *to, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);

	if (n == 0)
		return;
	if (p)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

/* 0, or -EBADMSG when a read went past the end or bytes are left over. */
static inline int cursor_done(const struct cursor *c)
{
	return c->failed || c->at != c->end ? -EBADMSG : 0;
}
