/*
 * The judgement over size, free space and age.
 */
#include "outbox/limits.h"

#include "unit/unit.h"

#define MB (INT64_C(1024) * 1024)
#define GB (1024 * MB)
#define DAY INT64_C(86400)

static const struct store_limits usual = { GB, 512 * MB, 30 * DAY * 1000000 };

static struct limits_view view_of(int64_t pages, int64_t used, int64_t free)
{
	return (struct limits_view){
		.pages_bytes = pages,
		.used_bytes = used,
		.file_bytes = pages,
		.log_bytes = 16 * MB,
		.free_bytes = free,
	};
}

static void test_size(void **state)
{
	struct limits_view v = view_of(900 * MB, 900 * MB, 100 * GB);
	struct limits_verdict r = limits_judge(&usual, &v);

	assert_int_equal(r.drop, LIMITS_NONE);
	assert_true(r.relaxed);
	assert_int_equal(r.limit_bytes, GB);
	/* The log's share is kept out of what the pages may take. */
	v.pages_bytes = v.used_bytes = GB - 16 * MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_NONE);
	assert_false(limits_judge(&usual, &v).relaxed);
	v.coming_bytes = 1;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_SIZE);
	/* Unused pages are room. */
	v.used_bytes -= MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_NONE);
	/* No limit at all. */
	v.used_bytes = v.pages_bytes = 50 * GB;
	assert_int_equal(limits_judge(&(struct store_limits){ 0, 0, 0 }, &v).drop, LIMITS_NONE);
}

static void test_free_space(void **state)
{
	struct limits_view v = view_of(100 * MB, 100 * MB, 600 * MB);

	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_NONE);
	assert_true(limits_judge(&usual, &v).limit_bytes < 205 * MB);
	/* Below KeepFree= the file does not grow, and does not have to shrink. */
	v.free_bytes = 200 * MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_NONE);
	v.coming_bytes = MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_FREE_SPACE);
	v.used_bytes -= MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_NONE);
	/* What waits in the log will be taken of the free space, too. */
	v = view_of(100 * MB, 100 * MB, 600 * MB);
	v.file_bytes = 0;
	v.coming_bytes = MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_FREE_SPACE);
}

static void test_some_is_always_used(void **state)
{
	/* 300 MB free of the 512 that are to be kept. */
	struct limits_view v = view_of(10 * MB, 10 * MB, 300 * MB);

	v.coming_bytes = 5 * MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_NONE);
	v.coming_bytes = 7 * MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_FREE_SPACE);
	/* But no more than there is. */
	v.coming_bytes = 5 * MB;
	v.free_bytes = 4 * MB;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_FREE_SPACE);
	v.free_bytes = 300 * MB;
	v.refused = true;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_FREE_SPACE);
}

static void test_age(void **state)
{
	struct limits_view v = view_of(MB, MB, 100 * GB);

	v.oldest_age_s = 28 * DAY;
	assert_true(limits_judge(&usual, &v).relaxed);
	v.oldest_age_s = 30 * DAY;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_NONE);
	assert_false(limits_judge(&usual, &v).relaxed);
	v.oldest_age_s++;
	assert_int_equal(limits_judge(&usual, &v).drop, LIMITS_AGE);
}

static void test_words(void **state)
{
	assert_string_equal(limits_reason_text(LIMITS_SIZE), "size");
	assert_string_equal(limits_reason_text(LIMITS_FREE_SPACE), "free-space");
	assert_string_equal(limits_reason_text(LIMITS_AGE), "age");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_free_space),
		cmocka_unit_test(test_some_is_always_used),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_words),
	};

	return RUN_TESTS(tests);
}
