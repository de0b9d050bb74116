/*
 * Bytes of a test as its author writes them: in hex digits, with spaces between
 * them wherever that is easier to read.
 */
#pragma once

#include "unit/unit.h"

#include "util/hex.h"

/* Returns how many there are; fails where they are more than size, or where a digit is none. */
static inline size_t unit_hex(const char *hex, uint8_t *to, size_t size)
{
	size_t n = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_true(n < size);
		assert_true(hex_read(hex++, &to[n++], 1));
	}
	return n;
}
