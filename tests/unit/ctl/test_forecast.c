/*
 * How long what comes fits: the limits, the rate, and what is said when there
 * is too little to tell by.
 */
#include "ctl/forecast.h"

#include "unit/unit.h"

#define M (INT64_C(1) << 20)
#define G (INT64_C(1) << 30)
#define DAY INT64_C(86400)
#define LOG (16 * M) /* what MaxSize= keeps for the log */
#define NOW INT64_C(1795255200000)

static const struct forecast_bounds roomy = {
	.max_size = G,
	.keep_free = 512 * M,
	.max_age_us = 30 * DAY * 1000000,
	.free_bytes = 64 * G,
	.devices = 20,
	.now_ms = NOW,
};

/* 100 readings/s of 10 devices, 100 bytes each. */
static const struct stored usual = {
	.readings = 1000000,
	.file_bytes = 120000000,
	.log_bytes = 0,
	.pages_bytes = 120000000,
	.used_bytes = 100000000,
	.sample = 10000,
	.sample_ms = NOW - 100000,
	.sample_devices = 10,
};

static struct forecast of(const struct stored *s, const struct forecast_bounds *b)
{
	struct forecast f;

	forecast(s, b, &f);
	return f;
}

static void test_usual(void **state)
{
	struct forecast f = of(&usual, &roomy);

	assert_int_equal(f.limit_bytes, G);
	assert_false(f.by_keep_free);
	assert_false(f.full);
	assert_true(f.measured);
	assert_float_equal(f.bytes_per_reading, 100, 1e-9);
	assert_float_equal(f.rate, 100, 1e-9);
	/* what is left of 1G, at 10,000 bytes a second */
	assert_int_equal(f.full_s, (G - LOG - 100000000) / 10000);
	assert_int_equal(f.ward_devices, 20);
	assert_true(f.ward_measured);
	assert_float_equal(f.ward_each, 10, 1e-9);
	assert_int_equal(f.ward_s, (G - LOG) / 20000);
	assert_false(f.ward_by_age);
}

static void test_nothing_stored(void **state)
{
	static const struct stored none = {
		.file_bytes = 40960, .pages_bytes = 40960, .used_bytes = 40960
	};
	struct forecast f = of(&none, &roomy);

	assert_false(f.measured);
	assert_float_equal(f.bytes_per_reading, FORECAST_BYTES, 1e-9);
	assert_float_equal(f.rate, 0, 1e-9);
	assert_int_equal(f.full_s, -1);
	/* each device once a second */
	assert_false(f.ward_measured);
	assert_int_equal(f.ward_s, (G - LOG) / FORECAST_BYTES / 20);
}

static void test_nothing_known_at_all(void **state)
{
	static const struct stored none = { 0 };
	struct forecast_bounds b = roomy;
	struct forecast f;

	b.devices = 0;
	b.free_bytes = -1;
	f = of(&none, &b);
	assert_int_equal(f.limit_bytes, G);
	assert_int_equal(f.ward_s, -1);
	assert_int_equal(f.full_s, -1);
}

/* The judgement is outbox/limits.c's and tested there: here, that it is asked. */
static void test_little_disk(void **state)
{
	struct forecast_bounds b = roomy;
	struct forecast f;

	b.free_bytes = 600 * M;
	f = of(&usual, &b);
	assert_true(f.by_keep_free);
	assert_true(f.limit_bytes < 120000000 + 600 * M);
	assert_false(f.full);
	/* Below KeepFree= the pages that are there are still used. */
	b.free_bytes = 100 * M;
	f = of(&usual, &b);
	assert_true(f.by_keep_free);
	assert_false(f.full);
	assert_int_equal(f.full_s, 20000000 / 10000);
}

static void test_at_max_size(void **state)
{
	struct stored s = usual;
	struct forecast f;

	s.used_bytes = s.pages_bytes = s.file_bytes = G;
	f = of(&s, &roomy);
	assert_true(f.full);
	assert_int_equal(f.full_s, 0);
}

/* Nothing came since: the rate is over the whole time. */
static void test_the_rate_falls_when_nothing_comes(void **state)
{
	struct stored s = usual;

	s.sample_ms = NOW - 10000000;
	assert_float_equal(of(&s, &roomy).rate, 1, 1e-9);
}

static void test_a_clock_set_back_tells_nothing(void **state)
{
	struct stored s = usual;
	struct forecast f;

	s.sample_ms = NOW + 1;
	f = of(&s, &roomy);
	assert_float_equal(f.rate, 0, 1e-9);
	assert_int_equal(f.full_s, -1);
	assert_false(f.ward_measured);
}

static void test_too_few_to_tell(void **state)
{
	struct stored s = usual;

	s.readings = s.sample = FORECAST_SAMPLE_MIN - 1;
	assert_float_equal(of(&s, &roomy).rate, 0, 1e-9);
	assert_false(of(&s, &roomy).measured);
}

static void test_age_ends_a_quiet_ward(void **state)
{
	struct stored s = usual;
	struct forecast f;

	s.sample_ms = NOW - 1000000000;
	f = of(&s, &roomy);
	assert_true(f.ward_by_age);
	assert_int_equal(f.ward_s, 30 * DAY);
	assert_true(f.full_s > 30 * DAY);
}

static void test_devices_heard_when_none_is_configured(void **state)
{
	struct forecast_bounds b = roomy;

	b.devices = 0;
	assert_int_equal(of(&usual, &b).ward_devices, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_nothing_stored),
		cmocka_unit_test(test_nothing_known_at_all),
		cmocka_unit_test(test_little_disk),
		cmocka_unit_test(test_at_max_size),
		cmocka_unit_test(test_the_rate_falls_when_nothing_comes),
		cmocka_unit_test(test_a_clock_set_back_tells_nothing),
		cmocka_unit_test(test_too_few_to_tell),
		cmocka_unit_test(test_age_ends_a_quiet_ward),
		cmocka_unit_test(test_devices_heard_when_none_is_configured),
	};

	return RUN_TESTS(tests);
}
