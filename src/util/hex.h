/*
 * Bytes in hex digits, as keys, addresses and files have them. Either case is
 * read, lower case is written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/text.h"

/* -1: no hex digit. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads 2 * n digits. False when one is none; the rest of to is left alone then. */
static inline bool hex_read(const char *digits, uint8_t *to, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(digits[2 * i]), low;

		if (high < 0)
			return false;
		low = hex_digit(digits[2 * i + 1]);
		if (low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static inline void hex_write(struct text *t, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		text_char(t, digits[bytes[i] >> 4]);
		text_char(t, digits[bytes[i] & 15]);
	}
}
