/*
 * Arithmetic and text of struct decimal. Exact but for decimal_scale(), which
 * rounds where its caller says. Not for floating point, which comes in through
 * one function only.
 *
 * A decimal is "plain" when it can be written without an exponent in at most
 * DECIMAL_TEXT_MAX characters. Every function below that makes one from outside
 * data gives a plain one or -ERANGE.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wardgate/decimal.h"

#define DECIMAL_TEXT_MAX 40 /* characters, sign and point counted */

/* Whether d can be written within the limit. */
bool decimal_plain(struct decimal d);

/* The shortest decimal that reads back as v. -EINVAL for NaN and infinities, -ERANGE when it would
 * not be plain. -0 becomes 0. */
int decimal_from_double(struct decimal *ret, double v);
/* The same for a number that the wire carried in a shorter form, of 24 (binary32) or 11 (binary16)
 * significant bits: the shortest decimal that reads back as v in that form. 36.6 sent as binary32
 * is 36.6 and not 36.599998474121094. */
int decimal_from_float(struct decimal *ret, float v, int bits);

/* Reads [-]digits[.digits][e[+-]digits] and keeps the digits as they stand: "37.60" has exponent
 * -2. text need not end with 0. -EINVAL when it is no such number, -ERANGE when it is not plain or
 * has more digits than the mantissa holds. */
int decimal_from_text(struct decimal *ret, const char *text, size_t n);

/* mantissa * 10^exponent; digits kept. -ERANGE when it is not plain. */
int decimal_from_parts(struct decimal *ret, int64_t mantissa, int64_t exponent);

/* Writes d without an exponent, digits kept, and a 0 that is not counted. Returns the length,
 * -ENOBUFS when size is too small, -ERANGE when d is not plain. */
ssize_t decimal_format(char *buf, size_t size, struct decimal d);

/* a + b, to the places of the finer one. -ERANGE when the sum does not fit. */
int decimal_add(struct decimal *ret, struct decimal a, struct decimal b);
/* a with its sign turned. -ERANGE for the one mantissa that has no opposite. */
int decimal_negate(struct decimal *ret, struct decimal a);

/* d * num / den, rounded half away from zero to places digits after the point (0 to 18), trailing
 * zeros kept. num and den are positive and below 10^12. -ERANGE when it does not fit. */
int decimal_scale(struct decimal *ret, struct decimal d, int64_t num, int64_t den, unsigned places);
/* d rounded half away from zero to places digits after the point; one with fewer stays as it is. */
int decimal_round(struct decimal *ret, struct decimal d, unsigned places);

/* The same number without zeros at the end of the mantissa; 0 has exponent 0. */
struct decimal decimal_normalise(struct decimal d);
/* d without zeros behind the point: 37.60 to 37.6, 200 stays 200. */
struct decimal decimal_trim(struct decimal d);

/* -1, 0 or 1 as a is less than, equal to or greater than b. Any two decimals. */
int decimal_compare(struct decimal a, struct decimal b);

/* d truncated toward zero to millionths, for times in seconds. -ERANGE when it does not fit. */
int decimal_to_micro(int64_t *ret, struct decimal d);

/* The nearest double; for tests and for simulators, never for a reading's way. */
double decimal_to_double(struct decimal d);
