/*
 * Arithmetic and text of struct decimal. 128-bit integers carry the
 * intermediate results; what does not fit is -ERANGE, never a wrapped number.
 */
#include "util/decimal.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __int128 wide;

static const int64_t power10[] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
	10000000000000000,
	100000000000000000,
	1000000000000000000,
};
#define POWER_MAX 18

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static int digits_of(uint64_t v)
{
	int n = 1;

	while (n <= POWER_MAX && v >= (uint64_t)power10[n])
		n++;
	return n;
}

/* How many characters the plain form takes. */
static int plain_length(struct decimal d)
{
	int digits = digits_of(magnitude(d.mantissa));
	int sign = d.mantissa < 0 ? 1 : 0;

	if (d.exponent >= 0)
		return sign + digits + d.exponent;
	if (digits > -d.exponent)
		return sign + digits + 1;
	return sign + 2 - d.exponent;
}

bool decimal_plain(struct decimal d)
{
	return plain_length(d) <= DECIMAL_TEXT_MAX;
}

int decimal_from_parts(struct decimal *ret, int64_t mantissa, int64_t exponent)
{
	struct decimal d = { .mantissa = mantissa };

	if (mantissa == 0 && exponent > 0)
		exponent = 0;
	if (exponent < -DECIMAL_TEXT_MAX || exponent > DECIMAL_TEXT_MAX)
		return -ERANGE;
	d.exponent = (int8_t)exponent;
	if (!decimal_plain(d))
		return -ERANGE;
	*ret = d;
	return 0;
}

/* v as the shortest of 15, 16 or 17 digits, by the C library. */
static int from_double_by_text(struct decimal *ret, double v)
{
	char buf[32];
	int64_t mantissa = 0;
	const char *p = buf;
	long exponent;
	int places = 0;
	bool point = false;

	for (int precision = 14; precision <= 16; precision++) {
		snprintf(buf, sizeof(buf), "%.*e", precision, v);
		if (strtod(buf, NULL) == v)
			break;
	}

	if (*p == '-')
		p++;
	for (; *p != 'e'; p++) {
		if (*p < '0' || *p > '9') {
			point = true; /* whatever the locale's point is */
			continue;
		}
		mantissa = mantissa * 10 + (*p - '0');
		if (point)
			places++;
	}
	exponent = strtol(p + 1, NULL, 10) - places;

	while (mantissa != 0 && mantissa % 10 == 0) {
		mantissa /= 10;
		exponent++;
	}
	/* 200 is {200, 0}, as an integer on the wire would be */
	while (exponent > 0 && mantissa < power10[POWER_MAX - 1]) {
		mantissa *= 10;
		exponent--;
	}
	return decimal_from_parts(ret, v < 0 ? -mantissa : mantissa, exponent);
}

int decimal_from_double(struct decimal *ret, double v)
{
	if (!isfinite(v))
		return -EINVAL;

	/* Below 2^53 and 10^22 both sides of the division are exact and it rounds once, as reading
	 * the text would: the first number of places that gives v back is the shortest. */
	for (int places = 0; places <= 9; places++) {
		double scaled = v * (double)power10[places];
		double whole;

		if (fabs(scaled) > 9007199254740992.0 || fabs(v) > 1e15)
			break;
		whole = (double)(int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
		if (whole / (double)power10[places] == v) {
			*ret = (struct decimal){ .mantissa = (int64_t)whole,
				.exponent = (int8_t)-places };
			return 0;
		}
	}
	return from_double_by_text(ret, v);
}

int decimal_from_float(struct decimal *ret, float v, int bits)
{
	int exponent;
	double half_step;

	assert(bits == 24 || bits == 11);
	if (!isfinite(v))
		return -EINVAL;
	if (v == 0) {
		*ret = (struct decimal){ 0 };
		return 0;
	}

	/* v is a multiple of the step; what lies nearer than half of it reads back as v. Below a
	 * power of two the step is half as large. */
	if (frexp(fabs((double)v), &exponent) == 0.5)
		exponent--;
	if (bits == 11 && exponent < -13)
		exponent = -13; /* binary16's subnormal numbers */
	half_step = ldexp(0.5, exponent - bits);

	for (int places = 0; places <= 9; places++) {
		double scaled = (double)v * (double)power10[places];
		double whole;

		if (fabs(scaled) > 1e15)
			break;
		whole = (double)(int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
		if (fabs(whole / (double)power10[places] - (double)v) < half_step) {
			*ret = (struct decimal){ .mantissa = (int64_t)whole,
				.exponent = (int8_t)-places };
			return 0;
		}
	}
	return decimal_from_double(ret, (double)v);
}

int decimal_from_text(struct decimal *ret, const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	bool negative = false, point = false, any = false;
	uint64_t mantissa = 0;
	int64_t exponent = 0;

	if (p < end && *p == '-') {
		negative = true;
		p++;
	}
	for (; p < end; p++) {
		if (*p == '.' && !point && any) {
			point = true;
			any = false;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		any = true;
		if (mantissa > (uint64_t)(INT64_MAX - 9) / 10)
			return -ERANGE;
		mantissa = mantissa * 10 + (uint64_t)(*p - '0');
		if (point)
			exponent--;
	}
	if (!any)
		return -EINVAL;
	if (exponent < -DECIMAL_TEXT_MAX)
		return -ERANGE;

	if (p < end && (*p == 'e' || *p == 'E')) {
		bool down = false;
		int64_t e = 0;

		p++;
		if (p < end && (*p == '+' || *p == '-'))
			down = *p++ == '-';
		if (p == end)
			return -EINVAL;
		for (; p < end && *p >= '0' && *p <= '9'; p++)
			e = e < 1000 ? e * 10 + (*p - '0') : e;
		exponent += down ? -e : e;
	}
	if (p != end)
		return -EINVAL;

	return decimal_from_parts(ret, negative ? -(int64_t)mantissa : (int64_t)mantissa, exponent);
}

ssize_t decimal_format(char *buf, size_t size, struct decimal d)
{
	char digits[24], *first = digits + sizeof(digits), *at = buf;
	uint64_t v = magnitude(d.mantissa);
	int length = plain_length(d), count, whole;

	if (length > DECIMAL_TEXT_MAX)
		return -ERANGE;
	if ((size_t)length >= size)
		return -ENOBUFS;

	do {
		*--first = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	count = (int)(digits + sizeof(digits) - first);

	if (d.mantissa < 0)
		*at++ = '-';
	if (d.exponent >= 0) {
		memcpy(at, first, (size_t)count);
		memset(at + count, '0', (size_t)d.exponent);
		at += count + d.exponent;
	} else if (count > -d.exponent) {
		whole = count + d.exponent;
		memcpy(at, first, (size_t)whole);
		at += whole;
		*at++ = '.';
		memcpy(at, first + whole, (size_t)-d.exponent);
		at += -d.exponent;
	} else {
		*at++ = '0';
		*at++ = '.';
		memset(at, '0', (size_t)(-d.exponent - count));
		at += -d.exponent - count;
		memcpy(at, first, (size_t)count);
		at += count;
	}
	*at = 0;
	return at - buf;
}

/* v * 10^n. False when it does not fit. */
static bool shift_up(wide *v, int n)
{
	for (; n > 0 && *v != 0; n -= POWER_MAX)
		if (__builtin_mul_overflow(*v, (wide)power10[n < POWER_MAX ? n : POWER_MAX], v))
			return false;
	return true;
}

static int narrow(struct decimal *ret, wide v, int exponent)
{
	if (v < INT64_MIN || v > INT64_MAX)
		return -ERANGE;
	return decimal_from_parts(ret, (int64_t)v, exponent);
}

int decimal_add(struct decimal *ret, struct decimal a, struct decimal b)
{
	int exponent = a.exponent < b.exponent ? a.exponent : b.exponent;
	wide x = a.mantissa, y = b.mantissa, sum;

	if (!shift_up(&x, a.exponent - exponent) || !shift_up(&y, b.exponent - exponent) ||
		__builtin_add_overflow(x, y, &sum))
		return -ERANGE;
	return narrow(ret, sum, exponent);
}

int decimal_negate(struct decimal *ret, struct decimal a)
{
	if (a.mantissa == INT64_MIN)
		return -ERANGE;
	*ret = (struct decimal){ .mantissa = -a.mantissa, .exponent = a.exponent };
	return 0;
}

int decimal_scale(struct decimal *ret, struct decimal d, int64_t num, int64_t den, unsigned places)
{
	const int64_t limit = power10[12];
	wide n, q, rest, divisor = den;
	int shift = d.exponent + (int)places;

	assert(num > 0 && num < limit && den > 0 && den < limit && places <= POWER_MAX);

	n = (wide)d.mantissa * num; /* below 2^103 */
	if (shift > 0) {
		if (!shift_up(&n, shift))
			return -ERANGE;
	} else if (!shift_up(&divisor, -shift)) {
		/* The divisor is beyond 2^127 and so more than twice |n|. */
		return decimal_from_parts(ret, 0, -(int)places);
	}

	q = n / divisor;
	rest = n % divisor;
	if (rest < 0)
		rest = -rest;
	if (rest >= divisor - rest)
		q += n < 0 ? -1 : 1;
	return narrow(ret, q, -(int)places);
}

int decimal_round(struct decimal *ret, struct decimal d, unsigned places)
{
	if (d.exponent >= -(int)places) {
		*ret = d;
		return 0;
	}
	return decimal_scale(ret, d, 1, 1, places);
}

struct decimal decimal_normalise(struct decimal d)
{
	if (d.mantissa == 0)
		return (struct decimal){ 0 };
	while (d.mantissa % 10 == 0 && d.exponent < INT8_MAX) {
		d.mantissa /= 10;
		d.exponent++;
	}
	return d;
}

struct decimal decimal_trim(struct decimal d)
{
	while (d.exponent < 0 && d.mantissa % 10 == 0) {
		d.mantissa /= 10;
		d.exponent++;
	}
	return d;
}

int decimal_compare(struct decimal a, struct decimal b)
{
	int sign_a = a.mantissa > 0 ? 1 : a.mantissa < 0 ? -1 : 0;
	int sign_b = b.mantissa > 0 ? 1 : b.mantissa < 0 ? -1 : 0;
	int size_a, size_b, exponent;
	wide x = a.mantissa, y = b.mantissa;

	if (sign_a != sign_b || sign_a == 0)
		return (sign_a > sign_b) - (sign_a < sign_b);

	/* Where the first digit stands decides, unless it is the same place; then the two differ by
	 * at most 18 in exponent and the shift fits. */
	size_a = digits_of(magnitude(a.mantissa)) + a.exponent;
	size_b = digits_of(magnitude(b.mantissa)) + b.exponent;
	if (size_a != size_b)
		return size_a > size_b ? sign_a : -sign_a;
	exponent = a.exponent < b.exponent ? a.exponent : b.exponent;
	shift_up(&x, a.exponent - exponent);
	shift_up(&y, b.exponent - exponent);
	return (x > y) - (x < y);
}

int decimal_to_micro(int64_t *ret, struct decimal d)
{
	wide v = d.mantissa;
	int shift = d.exponent + 6;

	if (!shift_up(&v, shift))
		return -ERANGE;
	for (; shift < 0 && v != 0; shift++)
		v /= 10;
	if (v < INT64_MIN || v > INT64_MAX)
		return -ERANGE;
	*ret = (int64_t)v;
	return 0;
}

double decimal_to_double(struct decimal d)
{
	char buf[40];

	snprintf(buf, sizeof(buf), "%llde%d", (long long)d.mantissa, d.exponent);
	return strtod(buf, NULL);
}
