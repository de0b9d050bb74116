/*
 * Install codes: see installcode.h.
 */
#include "codec/installcode.h"

#include <stdio.h>
#include <string.h>

#include "codec/crc16.h"
#include "util/hex.h"

#define CHECK 2

/* CRC-16/X-25 of what stands before the check. */
static uint16_t check_of(const uint8_t *code, size_t length)
{
	return (uint16_t)(crc16_mcrf4xx(code, length - CHECK) ^ 0xffff);
}

int installcode_order(uint8_t code[static INSTALLCODE_MAX], size_t length)
{
	uint8_t *end, low, high;
	uint16_t check;

	if (length != 8 && length != 10 && length != 14 && length != 18)
		return INSTALLCODE_E_LENGTH;
	end = code + length - CHECK;
	check = check_of(code, length);
	low = (uint8_t)check;
	high = (uint8_t)(check >> 8);
	if ((end[0] != low || end[1] != high) && (end[0] != high || end[1] != low))
		return INSTALLCODE_E_CHECK;
	end[0] = low;
	end[1] = high;
	return 0;
}

/* The bytes of a text, whatever they say. */
static int read_digits(const char *text, uint8_t code[static INSTALLCODE_MAX], size_t *ret_length)
{
	size_t n = 0;

	memset(code, 0, INSTALLCODE_MAX);
	for (; *text; text++) {
		int digit = hex_digit(*text);

		if (strchr(" :-", *text))
			continue;
		if (digit < 0)
			return INSTALLCODE_E_DIGIT;
		if (n == 2 * INSTALLCODE_MAX)
			return INSTALLCODE_E_LENGTH;
		code[n / 2] |= (uint8_t)(n % 2 == 0 ? digit << 4 : digit);
		n++;
	}
	*ret_length = n / 2;
	return n % 2 == 0 ? 0 : INSTALLCODE_E_LENGTH;
}

int installcode_read(const char *text, uint8_t ret_code[static INSTALLCODE_MAX], size_t *ret_length)
{
	int r = read_digits(text, ret_code, ret_length);

	return r == 0 ? installcode_order(ret_code, *ret_length) : r;
}

/* What the check of these digits would be tells a mistake in the check itself from one before it.
 */
static void check_words(const char *text, char *buf, size_t size)
{
	uint8_t code[INSTALLCODE_MAX];
	uint16_t check = 0;
	size_t n = 0;

	if (read_digits(text, code, &n) == 0 && n > CHECK)
		check = check_of(code, n);
	(void)snprintf(buf, size,
		"has %02X%02X at its end; to the digits before belongs %02X%02X or %02X%02X, so "
		"that one of them is mistyped",
		n > CHECK ? code[n - 2] : 0, n > CHECK ? code[n - 1] : 0, check & 0xff, check >> 8,
		check >> 8, check & 0xff);
	explicit_bzero(code, sizeof(code));
}

const char *installcode_words(const char *text, int outcome, char *buf, size_t size)
{
	switch (outcome) {
	case 0:
		return "is right";
	case INSTALLCODE_E_DIGIT:
		return "has something else in it than hex digits; give it as it is printed, "
		       "without the device's address";
	case INSTALLCODE_E_LENGTH:
		return "has neither 16, 20, 28 nor 36 hex digits; the last four of them are its "
		       "check, and belong to it";
	case INSTALLCODE_E_CHECK:
		check_words(text, buf, size);
		return buf;
	default:
		return "cannot be used: no memory is left";
	}
}
