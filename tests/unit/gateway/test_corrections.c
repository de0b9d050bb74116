/*
 * Spans of numbers under one difference of the clocks, against a model that
 * remembers each number.
 */
#include "gateway/corrections.h"

#include "unit/unit.h"

#define MS INT64_C(1000)
#define SECOND INT64_C(1000000)

static void test_a_step_begins_a_span(void **state)
{
	struct corrections c = { 0 };
	int64_t offset;

	assert_false(corrections_close(&c));
	assert_true(corrections_note(&c, 1, 2, 10, 5 * SECOND));
	assert_false(corrections_note(&c, 1, 2, 11, 5 * SECOND + 900));
	assert_false(corrections_note(&c, 1, 2, 12, 5 * SECOND - 900));
	assert_true(corrections_note(&c, 1, 2, 13, 9 * SECOND));
	assert_false(corrections_note(&c, 1, 2, 14, 9 * SECOND));
	assert_int_equal(c.count, 2);
	assert_int_equal(c.spans[0].first, 10);
	assert_int_equal(c.spans[0].last, 12);
	assert_int_equal(c.spans[1].first, 13);
	assert_int_equal(c.spans[1].last, 14);
	assert_int_equal(correction_add_ms(&c.spans[0], 20 * SECOND), 15000);
	assert_int_equal(correction_add_ms(&c.spans[1], 2 * SECOND), -7000);
	assert_int_equal(correction_error_ms(&c.spans[0]), 0);
	assert_true(corrections_find(&c, 1, 2, 12, &offset));
	assert_int_equal(offset, 5 * SECOND);
	assert_true(corrections_find(&c, 1, 2, 13, &offset));
	assert_int_equal(offset, 9 * SECOND);
	assert_false(corrections_find(&c, 1, 2, 15, &offset));
	assert_false(corrections_find(&c, 1, 3, 12, &offset));
	assert_false(corrections_find(&c, 2, 2, 12, &offset));
	assert_true(corrections_close(&c));
	assert_false(corrections_close(&c));
	/* Another epoch, and the same one after a pause, have spans of their own. */
	assert_true(corrections_note(&c, 1, 2, 20, 9 * SECOND));
	assert_true(corrections_note(&c, 2, 2, 1, 9 * SECOND));
	assert_int_equal(c.count, 4);
}

/* A drift within the tolerance does not add up unseen. */
static void test_small_steps_add_up(void **state)
{
	struct corrections c = { 0 };

	for (uint64_t i = 0; i < 10; i++)
		(void)corrections_note(&c, 1, 2, i + 1, (int64_t)i * 400);
	/* 0 400 800 | 1200 1600 2000 | ... */
	assert_int_equal(c.count, 4);
	assert_int_equal(c.spans[1].first, 4);
	assert_int_equal(c.spans[1].low_us, 1200);
}

static void test_an_open_end_reaches_far(void **state)
{
	struct corrections c = { .count = 1, .spans = { { 1, 2, 10, 0, 5, 5 } } };
	int64_t offset;

	assert_true(corrections_find(&c, 1, 2, UINT64_MAX, &offset));
	assert_false(corrections_find(&c, 1, 2, 9, &offset));
}

static void test_the_closest_neighbours_are_joined(void **state)
{
	struct corrections c = { 0 };
	int64_t offset;

	for (uint64_t i = 0; i < CORRECTIONS_MAX; i++)
		assert_true(corrections_note(
			&c, 1, 2, i + 1, (int64_t)i * SECOND + (i == 8 ? -700 * MS : 0)));
	/* Spans 7 and 8 are 300 ms apart, all others more. */
	assert_true(corrections_note(&c, 1, 2, 100, 100 * SECOND));
	assert_int_equal(c.count, CORRECTIONS_MAX);
	assert_int_equal(c.spans[7].first, 8);
	assert_int_equal(c.spans[7].last, 9);
	assert_int_equal(c.spans[7].low_us, 7 * SECOND);
	assert_int_equal(c.spans[7].high_us, 7300 * MS);
	assert_int_equal(correction_error_ms(&c.spans[7]), 150);
	assert_int_equal(correction_add_ms(&c.spans[7], 0), -7150);
	assert_true(corrections_find(&c, 1, 2, 9, &offset));
	assert_int_equal(offset, 7150 * MS);
	assert_int_equal(c.spans[CORRECTIONS_MAX - 1].first, 100);
	assert_true(c.open);
	assert_false(corrections_note(&c, 1, 2, 101, 100 * SECOND));
}

static void test_so_many_epochs_the_oldest_goes(void **state)
{
	struct corrections c = { 0 };
	int64_t offset;

	for (uint64_t i = 1; i <= CORRECTIONS_MAX + 3; i++)
		assert_true(corrections_note(&c, i, 2, 1, 5));
	assert_int_equal(c.count, CORRECTIONS_MAX);
	assert_false(corrections_find(&c, 3, 2, 1, &offset));
	assert_true(corrections_find(&c, 4, 2, 1, &offset));
}

/* Whatever happens, what a correction says of a number is right within the error that it states. */
static void test_against_each_number(void **state)
{
	unsigned seed = getenv("SEED") ? (unsigned)strtoul(getenv("SEED"), NULL, 10) : 20261121;
	uint64_t x = seed;

	print_message("SEED=%u\n", seed);
	for (int round = 0; round < 300; round++) {
		static struct {
			uint64_t counter;
			int64_t offset;
		} numbers[2000];
		struct corrections c = { 0 };
		uint64_t counter = 1;
		int64_t offset = 0;
		unsigned told = 0;

		for (uint64_t i = 0; i < 2000; i++) {
			x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			if (x >> 57 == 0)
				offset += (int64_t)(x >> 20) % (3600 * SECOND);
			if ((x >> 40) % 700 == 0)
				counter++;
			numbers[i].counter = counter;
			numbers[i].offset = offset + (int64_t)(x >> 33) % 500 - 250;
			(void)corrections_note(&c, counter, 7, i + 1, numbers[i].offset);
			assert_in_range(c.count, 1, CORRECTIONS_MAX);
		}
		for (uint64_t i = 0; i < 2000; i++) {
			const struct correction_span *s = NULL;

			for (size_t k = 0; k < c.count; k++)
				if (c.spans[k].counter == numbers[i].counter &&
					i + 1 >= c.spans[k].first && i + 1 <= c.spans[k].last) {
					assert_null(s);
					s = &c.spans[k];
				}
			if (!s)
				continue;
			told++;
			assert_true(correction_is_sound(s));
			assert_in_range(correction_add_ms(s, 0) * MS + numbers[i].offset +
						(correction_error_ms(s) + 2) * MS,
				0, 2 * (correction_error_ms(s) + 2) * MS);
		}
		/* As long as there are no more epochs than places, none is left out. */
		if (counter < CORRECTIONS_MAX)
			assert_int_equal(told, 2000);
	}
}

static void test_clocks_beyond_reason(void **state)
{
	struct corrections c = { 0 };

	(void)corrections_note(&c, 1, 2, 1, INT64_MIN);
	(void)corrections_note(&c, 1, 2, 2, INT64_MAX);
	for (uint64_t i = 0; i < 40; i++)
		(void)corrections_note(&c, 1, 2, i + 3, i % 2 ? INT64_MIN : INT64_MAX);
	for (size_t i = 0; i < c.count; i++) {
		(void)correction_add_ms(&c.spans[i], INT64_MAX);
		(void)correction_add_ms(&c.spans[i], INT64_MIN);
		assert_true(correction_error_ms(&c.spans[i]) >= 0);
		assert_true(correction_is_sound(&c.spans[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_step_begins_a_span),
		cmocka_unit_test(test_small_steps_add_up),
		cmocka_unit_test(test_an_open_end_reaches_far),
		cmocka_unit_test(test_the_closest_neighbours_are_joined),
		cmocka_unit_test(test_so_many_epochs_the_oldest_goes),
		cmocka_unit_test(test_against_each_number),
		cmocka_unit_test(test_clocks_beyond_reason),
	};

	return RUN_TESTS(tests);
}
