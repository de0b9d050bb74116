/*
 * A decimal number as the wire carried it: mantissa * 10^exponent. 37.60 is
 * {3760, -2} and stays so. Arithmetic lives in util/decimal.h.
 */
#pragma once

#include <stdint.h>

struct decimal {
	int64_t mantissa;
	int8_t exponent;
};
