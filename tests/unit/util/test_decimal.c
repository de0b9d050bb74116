/*
 * Decimals: the shortest form of a double, digits kept from text, rounding,
 * and every limit from both sides.
 */
#include "util/decimal.h"

#include <errno.h>
#include <math.h>

#include "unit/unit.h"
#include "util/cleanup.h"

static const char *plain(struct decimal d)
{
	static char buf[DECIMAL_TEXT_MAX + 1];

	assert_true(decimal_format(buf, sizeof(buf), d) > 0);
	return buf;
}

static void test_shortest_of_double(void **state)
{
	static const struct {
		double v;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 200, "200" },
		{ 37.6, "37.6" },
		{ 36.8, "36.8" },
		{ 0.1, "0.1" },
		{ 0.97, "0.97" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 120.1, "120.1" },
		{ -38.25, "-38.25" },
		{ 1276020076.001, "1276020076.001" },
		{ 1716200000.123456, "1716200000.123456" },
		{ 15998.6864898, "15998.6864898" },
		{ 0.1234567891234, "0.1234567891234" },
		{ 123456789012345680.0, "123456789012345680" },
		{ 9007199254740993.0, "9007199254740992" },
		{ 1e15, "1000000000000000" },
		{ 1e20, "100000000000000000000" },
		{ 1e-20, "0.00000000000000000001" },
		{ 5e-10, "0.0000000005" },
		{ 2.5e-9, "0.0000000025" },
		{ 1e39, "1000000000000000000000000000000000000000" },
		{ 8e-8, "0.00000008" },
	};
	struct decimal d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(decimal_from_double(&d, rows[i].v), 0);
		assert_string_equal(plain(d), rows[i].text);
		assert_true(strtod(rows[i].text, NULL) == rows[i].v);
	}
	assert_int_equal(decimal_from_double(&d, (double)NAN), -EINVAL);
	assert_int_equal(decimal_from_double(&d, (double)INFINITY), -EINVAL);
	assert_int_equal(decimal_from_double(&d, 1e40), -ERANGE);
	assert_int_equal(decimal_from_double(&d, 1e-40), -ERANGE);
	assert_int_equal(decimal_from_double(&d, 1.7976931348623157e308), -ERANGE);
	assert_int_equal(decimal_from_double(&d, 5e-324), -ERANGE);
}

/* Against the C library: reads back the same, and no shorter one does. */
static void test_double_against_printf(void **state)
{
	uint64_t seed = 88172645463325252u;
	struct decimal d;
	char text[320];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		double v;
		int precision = 1;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		v = (double)(int64_t)(seed >> 11) / pow(10, (double)(seed % 17));
		if (i % 3 == 0)
			v = (double)(int64_t)(seed % 2000001 - 1000000) /
			    pow(10, (double)(seed % 7));

		assert_int_equal(decimal_from_double(&d, v), 0);
		assert_true(strtod(plain(d), NULL) == v);
		do
			snprintf(text, sizeof(text), "%.*g", precision++, v);
		while (strtod(text, NULL) != v);
		/* as many digits as the shortest has */
		d = decimal_normalise(d);
		snprintf(text, sizeof(text), "%lld",
			(long long)(d.mantissa < 0 ? -d.mantissa : d.mantissa));
		assert_true((int)strlen(text) <= precision - 1);
	}
}

static void test_short_floats(void **state)
{
	struct decimal d;

	(void)state;
	assert_int_equal(decimal_from_float(&d, 36.6f, 24), 0);
	assert_string_equal(plain(d), "36.6");
	assert_int_equal(decimal_from_float(&d, 16777216.0f, 24), 0);
	assert_string_equal(plain(d), "16777216");
	assert_int_equal(decimal_from_float(&d, 1716200000.0f, 24), 0);
	assert_true(strtof(plain(d), NULL) == 1716200000.0f);
	assert_int_equal(decimal_from_float(&d, 0.1f, 24), 0);
	assert_string_equal(plain(d), "0.1");
	assert_int_equal(decimal_from_float(&d, -0.0f, 24), 0);
	assert_string_equal(plain(d), "0");
	assert_int_equal(decimal_from_float(&d, 1e-45f, 24), -ERANGE);
	assert_int_equal(decimal_from_float(&d, INFINITY, 24), -EINVAL);

	/* binary16: 0x3bc3, 0x5090, 0x509a, 0x5620, 0x0001 */
	assert_int_equal(decimal_from_float(&d, 0.97021484375f, 11), 0);
	assert_string_equal(plain(d), "0.97");
	assert_int_equal(decimal_from_float(&d, 36.5f, 11), 0);
	assert_string_equal(plain(d), "36.5");
	assert_int_equal(decimal_from_float(&d, 36.8125f, 11), 0);
	assert_string_equal(plain(d), "36.8");
	assert_int_equal(decimal_from_float(&d, 98.0f, 11), 0);
	assert_string_equal(plain(d), "98");
	assert_int_equal(decimal_from_float(&d, 5.9604644775390625e-8f, 11), 0);
	assert_string_equal(plain(d), "0.00000006");
	assert_int_equal(decimal_from_float(&d, 65504.0f, 11), 0);
	assert_true(fabs(decimal_to_double(d) - 65504) < 16);
}

static void test_binary32_reads_back(void **state)
{
	uint64_t seed = 1234567;
	struct decimal d;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		float v;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v = (float)((double)(int32_t)(seed >> 32) / pow(10, (double)(seed % 10)));
		if (decimal_from_float(&d, v, 24) == 0)
			assert_true(strtof(plain(d), NULL) == v);
	}
}

static void test_text_keeps_digits(void **state)
{
	static const struct {
		const char *text;
		int64_t mantissa;
		int exponent;
	} good[] = {
		{ "37.60", 3760, -2 },
		{ "0", 0, 0 },
		{ "-0.50", -50, -2 },
		{ "200", 200, 0 },
		{ "12e1", 12, 1 },
		{ "1.5E+2", 15, 1 },
		{ "15e-1", 15, -1 },
		{ "0e99", 0, 0 },
		{ "9223372036854775799", INT64_C(9223372036854775799), 0 },
	};
	static const char *const bad[] = { "", "-", ".", ".5", "5.", "1e", "1e+", "1 ", " 1", "+1",
		"1.2.3", "0x1", "nan", "1e1.5", "--1" };
	struct decimal d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(decimal_from_text(&d, good[i].text, strlen(good[i].text)), 0);
		assert_true(d.mantissa == good[i].mantissa);
		assert_int_equal(d.exponent, good[i].exponent);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(decimal_from_text(&d, bad[i], strlen(bad[i])), -EINVAL);
	assert_int_equal(decimal_from_text(&d, "12345678901234567890", 20), -ERANGE);
	assert_int_equal(decimal_from_text(&d, "1e40", 4), -ERANGE);
	assert_int_equal(decimal_from_text(&d, "1e-99999999999999999999", 23), -ERANGE);
	/* the length counts, not a final 0 */
	assert_int_equal(decimal_from_text(&d, "12.5", 2), 0);
	assert_true(d.mantissa == 12);
}

static void test_plain_limit(void **state)
{
	struct decimal d;
	char buf[DECIMAL_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(decimal_from_parts(&d, 1, 39), 0);
	assert_int_equal(strlen(plain(d)), 40);
	assert_int_equal(decimal_from_parts(&d, -1, 39), -ERANGE);
	assert_int_equal(decimal_from_parts(&d, 1, 40), -ERANGE);
	assert_int_equal(decimal_from_parts(&d, 1, -38), 0);
	assert_int_equal(strlen(plain(d)), 40);
	assert_int_equal(decimal_from_parts(&d, 1, -39), -ERANGE);
	assert_int_equal(decimal_from_parts(&d, 1, INT64_MAX), -ERANGE);
	assert_int_equal(decimal_from_parts(&d, 1, INT64_MIN), -ERANGE);
	assert_int_equal(decimal_from_parts(&d, INT64_MIN, 0), 0);
	assert_string_equal(plain(d), "-9223372036854775808");
	assert_int_equal(decimal_from_parts(&d, 0, 1000), 0);
	assert_string_equal(plain(d), "0");
	assert_int_equal(decimal_from_parts(&d, 0, -2), 0);
	assert_string_equal(plain(d), "0.00");

	assert_int_equal(decimal_format(buf, sizeof(buf), (struct decimal){ 1, 127 }), -ERANGE);
	assert_int_equal(decimal_format(buf, sizeof(buf), (struct decimal){ 1, -128 }), -ERANGE);
	assert_int_equal(decimal_format(buf, 5, (struct decimal){ 3760, -2 }), -ENOBUFS);
	assert_int_equal(decimal_format(buf, 6, (struct decimal){ 3760, -2 }), 5);
	assert_int_equal(decimal_format(buf, 0, (struct decimal){ 1, 0 }), -ENOBUFS);
	assert_string_equal(plain((struct decimal){ -5, -3 }), "-0.005");
	assert_string_equal(plain((struct decimal){ 2, 2 }), "200");
}

static void test_add(void **state)
{
	struct decimal d;

	(void)state;
	assert_int_equal(
		decimal_add(&d, (struct decimal){ 31015, -2 }, (struct decimal){ -27315, -2 }), 0);
	assert_string_equal(plain(d), "37.00");
	assert_int_equal(decimal_add(&d, (struct decimal){ 1, 2 }, (struct decimal){ 5, -1 }), 0);
	assert_string_equal(plain(d), "100.5");
	assert_int_equal(
		decimal_add(&d, (struct decimal){ INT64_MAX, 0 }, (struct decimal){ 1, 0 }),
		-ERANGE);
	assert_int_equal(
		decimal_add(&d, (struct decimal){ 1, 20 }, (struct decimal){ 1, -20 }), -ERANGE);
	assert_int_equal(
		decimal_add(&d, (struct decimal){ 1, 127 }, (struct decimal){ 1, -128 }), -ERANGE);
	assert_int_equal(decimal_add(&d, (struct decimal){ 0, 127 }, (struct decimal){ 7, 0 }), 0);
	assert_string_equal(plain(d), "7");
	assert_int_equal(decimal_negate(&d, (struct decimal){ INT64_MIN, 0 }), -ERANGE);
	assert_int_equal(decimal_negate(&d, (struct decimal){ 5, -1 }), 0);
	assert_string_equal(plain(d), "-0.5");
}

static void test_scale_rounds_half_away(void **state)
{
	static const struct {
		struct decimal d;
		int64_t num, den;
		unsigned places;
		const char *text;
	} rows[] = {
		{ { 15999, 0 }, 1000000000, 133322387415, 1, "120.0" },
		{ { 10666, 0 }, 1000000000, 133322387415, 1, "80.0" },
		{ { 1599868648, -5 }, 1000000000, 133322387415, 1, "120.0" },
		{ { 16, 0 }, 200000000000, 26664477483, 1, "120.0" },
		{ { 1599, -2 }, 200000000000, 26664477483, 1, "119.9" },
		{ { 154, 0 }, 45359237, 100000000, 2, "69.85" },
		{ { 25, -2 }, 1, 1, 1, "0.3" },
		{ { -25, -2 }, 1, 1, 1, "-0.3" },
		{ { 24999, -5 }, 1, 1, 1, "0.2" },
		{ { 1, 0 }, 1, 2, 0, "1" },
		{ { -1, 0 }, 1, 2, 0, "-1" },
		{ { 1, 0 }, 1, 3, 3, "0.333" },
		{ { 2, 0 }, 1, 3, 3, "0.667" },
		{ { 1, -38 }, 999999999999, 1, 1, "0.0" },
		{ { INT64_MAX, -128 }, 999999999999, 1, 1, "0.0" },
		{ { 5, 10 }, 1, 1, 2, "50000000000.00" },
	};
	struct decimal d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(
			decimal_scale(&d, rows[i].d, rows[i].num, rows[i].den, rows[i].places), 0);
		assert_string_equal(plain(d), rows[i].text);
	}
	assert_int_equal(decimal_scale(&d, (struct decimal){ INT64_MAX, 0 }, 10, 1, 0), -ERANGE);
	assert_int_equal(decimal_scale(&d, (struct decimal){ INT64_MIN, 0 }, 10, 1, 0), -ERANGE);
	assert_int_equal(decimal_scale(&d, (struct decimal){ 1, 127 }, 1, 1, 1), -ERANGE);
	assert_int_equal(decimal_round(&d, (struct decimal){ 976, -1 }, 2), 0);
	assert_string_equal(plain(d), "97.6");
	assert_int_equal(decimal_round(&d, (struct decimal){ 97021, -3 }, 1), 0);
	assert_string_equal(plain(d), "97.0");
}

static void test_compare(void **state)
{
	static const struct {
		struct decimal a, b;
		int order;
	} rows[] = {
		{ { 376, -1 }, { 3760, -2 }, 0 },
		{ { 0, 5 }, { 0, -5 }, 0 },
		{ { 1, 0 }, { -1, 0 }, 1 },
		{ { -2, 0 }, { -1, 0 }, -1 },
		{ { 9, 0 }, { 1, 1 }, -1 },
		{ { 1, 127 }, { INT64_MAX, 100 }, 1 },
		{ { 1, -128 }, { 0, 0 }, 1 },
		{ { -1, -128 }, { 0, 0 }, -1 },
		{ { INT64_MIN, 0 }, { INT64_MAX, 0 }, -1 },
		{ { INT64_MIN, 0 }, { INT64_MIN, 1 }, 1 },
		{ { 901, -1 }, { 90, 0 }, 1 },
		{ { 8999, -2 }, { 90, 0 }, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(decimal_compare(rows[i].a, rows[i].b), rows[i].order);
		assert_int_equal(decimal_compare(rows[i].b, rows[i].a), -rows[i].order);
	}
}

static void test_normalise_and_trim(void **state)
{
	struct decimal d = decimal_normalise((struct decimal){ 200, 0 });

	(void)state;
	assert_true(d.mantissa == 2 && d.exponent == 2);
	d = decimal_normalise((struct decimal){ 0, -3 });
	assert_true(d.mantissa == 0 && d.exponent == 0);
	d = decimal_normalise((struct decimal){ 10, 127 });
	assert_true(d.mantissa == 10 && d.exponent == 127);
	assert_string_equal(plain(decimal_trim((struct decimal){ 3760, -2 })), "37.6");
	assert_string_equal(plain(decimal_trim((struct decimal){ 200, 0 })), "200");
	assert_string_equal(plain(decimal_trim((struct decimal){ 0, -3 })), "0");
}

static void test_to_micro(void **state)
{
	int64_t us;

	(void)state;
	assert_int_equal(decimal_to_micro(&us, (struct decimal){ 1276020076001, -3 }), 0);
	assert_true(us == INT64_C(1276020076001000));
	assert_int_equal(decimal_to_micro(&us, (struct decimal){ -19999999, -7 }), 0);
	assert_true(us == -1999999);
	assert_int_equal(decimal_to_micro(&us, (struct decimal){ 1, 13 }), -ERANGE);
	assert_int_equal(decimal_to_micro(&us, (struct decimal){ 1, 127 }), -ERANGE);
	assert_int_equal(decimal_to_micro(&us, (struct decimal){ INT64_MAX, -128 }), 0);
	assert_true(us == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shortest_of_double),
		cmocka_unit_test(test_double_against_printf),
		cmocka_unit_test(test_short_floats),
		cmocka_unit_test(test_binary32_reads_back),
		cmocka_unit_test(test_text_keeps_digits),
		cmocka_unit_test(test_plain_limit),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_scale_rounds_half_away),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_normalise_and_trim),
		cmocka_unit_test(test_to_micro),
	};

	return RUN_TESTS(tests);
}
