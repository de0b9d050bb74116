/*
 * Numbers as people read them.
 */
#include "ctl/human.h"

#include "unit/unit.h"
#include "util/cleanup.h"

static void test_counts(void **state)
{
	char buf[HUMAN_MAX];

	assert_string_equal(human_count(buf, 0), "0");
	assert_string_equal(human_count(buf, 999), "999");
	assert_string_equal(human_count(buf, 1000), "1,000");
	assert_string_equal(human_count(buf, 5000000), "5,000,000");
	assert_string_equal(human_count(buf, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void test_sizes(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} rows[] = {
		{ -1, "0" },
		{ 0, "0" },
		{ 1023, "1023" },
		{ 1024, "1K" },
		{ 1536, "1.5K" },
		{ INT64_C(14) << 20, "14M" },
		{ (INT64_C(14) << 20) + 200000, "14.2M" },
		{ INT64_C(1) << 30, "1G" },
		{ (INT64_C(1) << 30) - 1, "1024M" },
		{ (INT64_C(300) << 30) + (INT64_C(1) << 29), "301G" },
		{ INT64_C(16) << 40, "16T" },
		{ INT64_MAX, "8388608T" },
	};
	char buf[HUMAN_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(human_size(buf, rows[i].bytes), rows[i].text);
}

static void test_durations(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{ -5, "0 s" },
		{ 0, "0 s" },
		{ 59, "59 s" },
		{ 60, "1 min" },
		{ 125, "2 min 5 s" },
		{ 7200, "2 h" },
		{ 7205, "2 h" },
		{ 7380, "2 h 3 min" },
		{ 30 * 86400, "30 d" },
		{ 3 * 86400 + 4 * 3600 + 59, "3 d 4 h" },
		{ INT64_C(1000) * 365 * 86400, "1000 y" },
	};
	char buf[HUMAN_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(human_duration(buf, rows[i].seconds), rows[i].text);
	assert_true(strlen(human_duration(buf, INT64_MAX)) < HUMAN_MAX);
}

static void test_times(void **state)
{
	char buf[HUMAN_MAX];

	assert_string_equal(human_time(buf, INT64_C(1795255200123)), "2026-11-21 10:00:00 UTC");
	assert_string_equal(human_time(buf, 0), "1970-01-01 00:00:00 UTC");
	/* From a disk that says anything. */
	assert_string_equal(human_time(buf, INT64_MIN), "1970-01-01 00:00:00 UTC");
	assert_string_equal(human_time(buf, INT64_MAX), "9999-12-31 23:59:59 UTC");
}

static void test_rates(void **state)
{
	char buf[HUMAN_MAX];

	assert_string_equal(human_rate(buf, 1234.4), "1,234");
	assert_string_equal(human_rate(buf, 10.2), "10");
	assert_string_equal(human_rate(buf, 1.54), "1.5");
	assert_string_equal(human_rate(buf, 0.0214), "0.021");
	assert_true(strlen(human_rate(buf, 1e300)) < HUMAN_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_rates),
	};

	return RUN_TESTS(tests);
}
