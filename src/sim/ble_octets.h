/*
 * A bounded writer of the bytes that the simulated devices send. What does not
 * fit is a mistake of the simulator's own. Not for reading: util/cursor.h.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OCTETS_MAX 520 /* the longest attribute value (512), and a PDU's head */

struct octets {
	uint16_t n;
	uint8_t at[OCTETS_MAX];
};

static inline void octets_bytes(struct octets *o, const void *p, size_t n)
{
	assert(o->n + n <= OCTETS_MAX);
	if (n)
		memcpy(o->at + o->n, p, n);
	o->n = (uint16_t)(o->n + n);
}

static inline void octets_u8(struct octets *o, unsigned v)
{
	uint8_t b = (uint8_t)v;

	octets_bytes(o, &b, 1);
}

/* n bytes, least significant first; the two's complement of what is negative. */
static inline void octets_le(struct octets *o, uint64_t v, size_t n)
{
	for (; n--; v >>= 8)
		octets_u8(o, v & 0xff);
}

static inline void octets_be(struct octets *o, uint64_t v, size_t n)
{
	while (n--)
		octets_u8(o, v >> (n * 8) & 0xff);
}
