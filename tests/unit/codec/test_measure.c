/*
 * How findings of quality combine, what becomes of numbers that cannot be, and
 * that a key names one value of one measurement.
 */
#include "codec/measure.h"

#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/decimal.h"

static struct decoded out;

static struct measure measure(uint64_t key)
{
	memset(&out, 0, sizeof(out));
	return (struct measure){ .out = &out, .key = key };
}

static const struct quality off = { VALIDITY_SENSOR_OFF, WORD_NO_CONTACT, 0 };
static const struct quality invalid = { VALIDITY_INVALID, WORD_MALFUNCTION, FLAG_TEST };
static const struct quality none = { VALIDITY_NOT_MEASURED, WORD_NAN, 0 };
static const struct quality doubt = { VALIDITY_QUESTIONABLE, WORD_LOW_PERFUSION, FLAG_DEMO };
static const struct quality below = { VALIDITY_BELOW_RANGE, WORD_NONE, 0 };

static void check(
	struct quality a, struct quality b, unsigned validity, unsigned reason, unsigned flags)
{
	struct quality q = quality_worse(a, b), r = quality_worse(b, a);

	assert_int_equal(q.validity, validity);
	assert_int_equal(q.reason, reason);
	assert_int_equal(q.flags, flags);
	assert_int_equal(r.validity, validity);
	assert_int_equal(r.reason, reason);
	assert_int_equal(r.flags, flags);
}

static void test_the_worse_counts_with_the_flags_of_both(void **state)
{
	(void)state;
	check(off, invalid, VALIDITY_SENSOR_OFF, WORD_NO_CONTACT, FLAG_TEST);
	check(invalid, doubt, VALIDITY_INVALID, WORD_MALFUNCTION, FLAG_TEST | FLAG_DEMO);
	check(doubt, below, VALIDITY_BELOW_RANGE, WORD_LOW_PERFUSION, FLAG_DEMO);
	check(none, below, VALIDITY_NOT_MEASURED, WORD_NAN, 0);
}

static void test_nan_gives_way_to_what_says_why(void **state)
{
	(void)state;
	check(none, doubt, VALIDITY_NOT_MEASURED, WORD_LOW_PERFUSION, FLAG_DEMO);
}

static void test_no_number_where_nothing_was_measured(void **state)
{
	struct measure m = measure(0);

	(void)state;
	m.quality = off;
	measure_scaled(&m, METRIC_HEART_RATE, 255, 0);
	assert_int_equal(out.list[0].kind, VALUE_NONE);
	assert_int_equal(out.list[0].number.mantissa, 0);
	m.quality = invalid; /* but what the device calls invalid is shown as that */
	measure_scaled(&m, METRIC_HEART_RATE, 255, 0);
	assert_int_equal(out.list[1].kind, VALUE_NUMBER);
	assert_int_equal(out.list[1].validity, VALIDITY_INVALID);
	m.quality = off;
	measure_boolean(&m, METRIC_CONTACT, true);
	assert_int_equal(out.list[2].kind, VALUE_NONE);
	measure_word(&m, METRIC_BUTTON, WORD_SINGLE);
	assert_int_equal(out.list[3].kind, VALUE_NONE);
}

static void test_conversions(void **state)
{
	static const struct {
		const struct conversion *conversion;
		struct decimal from, to;
	} rows[] = {
		{ &convert_kpa_to_mmhg, { 160, -1 }, { 1200, -1 } },
		{ &convert_fahrenheit, { 986, -1 }, { 3700, -2 } },
		{ &convert_lb_to_kg, { 16500, -2 }, { 7484, -2 } },
		{ &convert_mg_per_dl_to_mmol, { 90, 0 }, { 500, -2 } },
		{ &convert_kg_per_l_to_mmol, { 90, -5 }, { 500, -2 } },
		{ &convert_mol_per_l_to_mmol, { 55, -4 }, { 55, -1 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct measure m = measure(0);

		measure_number(&m, METRIC_COUNTER, rows[i].from, rows[i].conversion);
		assert_int_equal(out.list[0].number.mantissa, rows[i].to.mantissa);
		assert_int_equal(out.list[0].number.exponent, rows[i].to.exponent);
		assert_int_equal(out.list[0].raw.mantissa, rows[i].from.mantissa);
		assert_int_equal(out.list[0].raw_unit, rows[i].conversion->raw_unit);
	}
}

static void test_a_conversion_that_does_not_fit(void **state)
{
	struct measure m = measure(0);

	(void)state;
	measure_number(&m, METRIC_COUNTER, (struct decimal){ INT64_MAX, 0 }, &convert_kpa_to_mmhg);
	assert_int_equal(out.list[0].kind, VALUE_NONE);
	assert_int_equal(out.list[0].validity, VALIDITY_INVALID);
	assert_int_equal(out.list[0].reason, WORD_IMPLAUSIBLE);
}

static void test_keys_name_a_value(void **state)
{
	struct measure m = measure(42);

	(void)state;
	measure_scaled(&m, METRIC_SPO2, 97, 0);
	measure_scaled(&m, METRIC_PULSE_RATE, 97, 0);
	measure_scaled(&m, METRIC_RR_INTERVAL, 800, 0);
	measure_scaled(&m, METRIC_RR_INTERVAL, 800, 0); /* another beat */
	m.like.instance = 1;
	measure_scaled(&m, METRIC_SPO2, 97, 0);
	m.key = 43;
	measure_scaled(&m, METRIC_SPO2, 97, 0);
	for (size_t i = 0; i < out.count; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(out.list[i].source_key, out.list[j].source_key);
	{
		uint64_t first = out.list[0].source_key;

		m = measure(42);
		measure_scaled(&m, METRIC_SPO2, 97, 0);
		assert_int_equal(out.list[0].source_key, first);
	}
}

static void test_a_full_list_says_so(void **state)
{
	struct measure m = measure(0);

	(void)state;
	for (size_t i = 0; i < DECODED_MAX; i++)
		measure_scaled(&m, METRIC_SPO2, 97, 0);
	assert_false(out.overflow);
	measure_scaled(&m, METRIC_SPO2, 97, 0);
	measure_none(&m, METRIC_SPO2, VALIDITY_NOT_MEASURED, WORD_NAN);
	measure_boolean(&m, METRIC_CONTACT, true);
	measure_word(&m, METRIC_BUTTON, WORD_SINGLE);
	assert_true(out.overflow);
	assert_int_equal(out.count, DECODED_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_worse_counts_with_the_flags_of_both),
		cmocka_unit_test(test_nan_gives_way_to_what_says_why),
		cmocka_unit_test(test_no_number_where_nothing_was_measured),
		cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_a_conversion_that_does_not_fit),
		cmocka_unit_test(test_keys_name_a_value),
		cmocka_unit_test(test_a_full_list_says_so),
	};

	return RUN_TESTS(tests);
}
