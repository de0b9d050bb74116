/*
 * Durations, sizes, whole numbers and decimals.
 */
#include "config/parse.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/problems.h"

#define DECIMAL_DIGITS_MAX 15

static const struct {
	const char *unit;
	int64_t us;
} durations[] = {
	/* The largest first, for config_format_duration(). */
	{ "d", INT64_C(86400000000) },
	{ "h", INT64_C(3600000000) },
	{ "min", INT64_C(60000000) },
	{ "s", INT64_C(1000000) },
	{ "ms", INT64_C(1000) },
};

static const char size_units[] = "KMGT";

int config_refuse(struct config_why *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why->text, sizeof(why->text), format, ap);
	va_end(ap);
	return CONFIG_E_INVALID;
}

/* Digits at *at into *ret. Returns how many, or -1 when the number does not fit. */
static int take_digits(const char **at, uint64_t *ret)
{
	bool fits = true;
	uint64_t v = 0;
	int n = 0;

	for (; isdigit((unsigned char)**at); (*at)++, n++)
		fits = fits && !__builtin_mul_overflow(v, (uint64_t)10, &v) &&
		       !__builtin_add_overflow(v, (uint64_t)(**at - '0'), &v);
	*ret = v;
	return fits ? n : -1;
}

static int duration_unit(const char *text, size_t length, int64_t *ret_us)
{
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		if (strlen(durations[i].unit) == length &&
			memcmp(durations[i].unit, text, length) == 0) {
			*ret_us = durations[i].us;
			return 0;
		}
	return -1;
}

int config_parse_duration(const char *text, int64_t *ret_us, struct config_why *why)
{
	const char *at = text;
	int64_t sum = 0;

	if (strcmp(text, "0") == 0) {
		*ret_us = 0;
		return 0;
	}

	do {
		uint64_t number;
		int64_t unit_us, part;
		size_t length;
		int n = take_digits(&at, &number);

		if (n == 0)
			return config_refuse(why, "is no duration; give a number and a unit (ms, "
						  "s, min, h or d), e.g. 10s");
		for (length = 0; isalpha((unsigned char)at[length]); length++)
			;
		if (length == 0 && *at == '.')
			return config_refuse(why, "has a fraction; give a whole number of a "
						  "smaller unit, e.g. 1500ms");
		if (length == 0)
			return config_refuse(why, "has no unit; give ms, s, min, h or d, e.g. 10s");
		if (duration_unit(at, length, &unit_us) < 0) {
			if (length == 1 && *at == 'm')
				return config_refuse(why,
					"has the unit \"m\"; minutes are \"min\", milliseconds "
					"\"ms\"");
			return config_refuse(why,
				"has the unknown unit \"%.*s\"; give ms, s, min, h or d, e.g. 10s",
				(int)(length < 16 ? length : 16), at);
		}
		if (n < 0 || number > INT64_MAX ||
			__builtin_mul_overflow((int64_t)number, unit_us, &part) ||
			__builtin_add_overflow(sum, part, &sum))
			return config_refuse(why, "is far too long; no duration needs more than "
						  "some thousand days");
		at += length;
		while (*at == ' ')
			at++;
	} while (*at);

	*ret_us = sum;
	return 0;
}

void config_format_duration(int64_t us, char *buf, size_t size)
{
	for (size_t i = 0; us > 0 && i < ARRAY_SIZE(durations); i++)
		if (us % durations[i].us == 0) {
			snprintf(buf, size, "%" PRId64 "%s", us / durations[i].us,
				durations[i].unit);
			return;
		}
	snprintf(buf, size, "0");
}

int config_parse_size(const char *text, uint64_t *ret, struct config_why *why)
{
	const char *at = text, *unit;
	uint64_t number;
	int n = take_digits(&at, &number);

	if (n == 0)
		return config_refuse(why, "is no size; give a number of bytes or of K, M, G or T, "
					  "e.g. 512M");

	unit = *at ? strchr(size_units, toupper((unsigned char)*at)) : NULL;
	if (*at && (!unit || at[1]))
		return config_refuse(why,
			"has the unknown unit \"%.16s\"; give K, M, G or T (powers of 1024), e.g. "
			"512M",
			at);

	for (ptrdiff_t i = unit ? unit - size_units : -1; n > 0 && i >= 0; i--)
		if (__builtin_mul_overflow(number, (uint64_t)1024, &number))
			n = -1;
	if (n < 0)
		return config_refuse(why, "is too large for any disk; give e.g. 1G");

	*ret = number;
	return 0;
}

void config_format_size(uint64_t bytes, char *buf, size_t size)
{
	int unit = -1;

	while (bytes > 0 && bytes % 1024 == 0 && unit + 1 < (int)strlen(size_units)) {
		bytes /= 1024;
		unit++;
	}
	snprintf(buf, size, "%" PRIu64 "%.*s", bytes, unit >= 0 ? 1 : 0,
		unit >= 0 ? size_units + unit : "");
}

int config_parse_unsigned(const char *text, uint64_t *ret, struct config_why *why)
{
	const char *at = text;
	uint64_t number;
	int n = take_digits(&at, &number);

	if (n == 0 || *at)
		return config_refuse(why, "is no whole number");
	if (n < 0)
		return config_refuse(why, "is far too large");
	*ret = number;
	return 0;
}

int config_parse_decimal(const char *text, struct decimal *ret, struct config_why *why)
{
	const char *at = text;
	bool negative = *at == '-', point = false;
	int digits = 0, decimals = 0;
	int64_t mantissa = 0;

	for (at += negative; isdigit((unsigned char)*at) || (*at == '.' && !point); at++) {
		if (*at == '.') {
			point = true;
			continue;
		}
		if (digits == DECIMAL_DIGITS_MAX)
			return config_refuse(why, "has more than %d digits", DECIMAL_DIGITS_MAX);
		mantissa = mantissa * 10 + (*at - '0');
		digits++;
		decimals += point;
	}
	if (*at || digits == 0 || (point && decimals == 0))
		return config_refuse(why, "is no number; give e.g. 90 or 37.5");

	ret->mantissa = negative ? -mantissa : mantissa;
	ret->exponent = (int8_t)-decimals;
	return 0;
}
