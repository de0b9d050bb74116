/*
 * The two number formats of IEEE 11073-20601, SFLOAT of 16 bits and FLOAT of
 * 32: mantissa and exponent to the base of ten, and five words that are no
 * numbers. The digits stay as they came: 0xE0C8 is 2.00.
 */
#pragma once

#include <stdint.h>

#include "wardgate/decimal.h"

/* What a word is instead of a number. */
enum {
	_IEEE11073_E_NUMBER,
	IEEE11073_E_NAN,            /* not a number: nothing was measured */
	IEEE11073_E_NRES,           /* not at this resolution */
	IEEE11073_E_PLUS_INFINITY,  /* above what the device can say */
	IEEE11073_E_MINUS_INFINITY, /* below it */
	IEEE11073_E_RESERVED,
};

/* Both: return 0 with *ret, one of IEEE11073_E_*, or -ERANGE for a number that no device can mean,
 * since it has no plain form (util/decimal.h). */
int ieee11073_sfloat(struct decimal *ret, uint16_t word);
int ieee11073_float(struct decimal *ret, uint32_t word);
