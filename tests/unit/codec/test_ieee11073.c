/*
 * SFLOAT and FLOAT: the published words with their digits, the special values
 * of both, and what no device can mean.
 */
#include "codec/ieee11073.h"

#include <errno.h>

#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/decimal.h"

static const struct {
	uint32_t word;
	const char *text; /* NULL: outcome */
	int outcome;
} sfloats[] = {
	{ 0x0002, "2", 0 },
	{ 0xf014, "2.0", 0 },
	{ 0xe0c8, "2.00", 0 },
	{ 0x1002, "20", 0 },
	{ 0x2002, "200", 0 },
	{ 0x00c8, "200", 0 },
	{ 0x04d2, "1234", 0 },
	{ 0x0b2e, "-1234", 0 },
	{ 0x8062, "0.00000098", 0 }, /* the exponent is not biased */
	{ 0xb063, "0.00099", 0 },
	{ 0xc037, "0.0055", 0 },
	{ 0x7fff, "-10000000", 0 },
	{ 0x0803, "-2045", 0 },
	{ 0x17ff, "20470", 0 }, /* NaN's mantissa, but not its word */
	{ 0x07ff, NULL, IEEE11073_E_NAN },
	{ 0x0800, NULL, IEEE11073_E_NRES },
	{ 0x07fe, NULL, IEEE11073_E_PLUS_INFINITY },
	{ 0x0802, NULL, IEEE11073_E_MINUS_INFINITY },
	{ 0x0801, NULL, IEEE11073_E_RESERVED },
}, floats[] = {
	{ 0xff000014, "2.0", 0 },
	{ 0xfe0000c8, "2.00", 0 },
	{ 0x00fffb2e, "-1234", 0 },
	{ 0x02000002, "200", 0 },
	{ 0xfe000eb0, "37.60", 0 },
	{ 0xff00016c, "36.4", 0 },
	{ 0x7b387520, NULL, -ERANGE }, /* 3.7e129 */
	{ 0x80000001, NULL, -ERANGE },
	{ 0x007fffff, NULL, IEEE11073_E_NAN },
	{ 0x00800000, NULL, IEEE11073_E_NRES },
	{ 0x007ffffe, NULL, IEEE11073_E_PLUS_INFINITY },
	{ 0x00800002, NULL, IEEE11073_E_MINUS_INFINITY },
	{ 0x00800001, NULL, IEEE11073_E_RESERVED },
	{ 0x00800003, "-8388605", 0 },
};

static void check(const char *text, int outcome, int r, struct decimal d)
{
	char buf[DECIMAL_TEXT_MAX + 1];

	assert_int_equal(r, outcome);
	if (!text)
		return;
	assert_true(decimal_format(buf, sizeof(buf), d) > 0);
	assert_string_equal(buf, text);
}

static void test_sfloat(void **state)
{
	struct decimal d = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sfloats); i++) {
		int r = ieee11073_sfloat(&d, (uint16_t)sfloats[i].word);

		check(sfloats[i].text, sfloats[i].outcome, r, d);
	}
}

static void test_float(void **state)
{
	struct decimal d = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(floats); i++) {
		int r = ieee11073_float(&d, floats[i].word);

		check(floats[i].text, floats[i].outcome, r, d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sfloat),
		cmocka_unit_test(test_float),
	};

	return RUN_TESTS(tests);
}
