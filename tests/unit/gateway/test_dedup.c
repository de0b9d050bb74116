/*
 * The table of source keys against a plain model of it.
 */
#include "gateway/dedup.h"

#include "unit/unit.h"

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x9E3779B97F4A7C15);
	return x ^ (x >> 29);
}

/* The sequence, 0 when the key is not known. */
static uint64_t find(const struct dedup *d, uint64_t key)
{
	struct dedup_value v;

	return dedup_find(d, key, &v) ? v.sequence : 0;
}

static void add(struct dedup **d, uint64_t key, uint64_t sequence)
{
	const struct dedup_value v = { .sequence = sequence };

	assert_int_equal(dedup_add(d, key, &v, DEDUP_MAX), 0);
}

static void last_keys_are_known(uint32_t max)
{
	struct dedup *d = NULL;

	assert_int_equal(find(d, 7), 0);
	for (uint64_t i = 1; i <= 5000; i++) {
		const struct dedup_value v = { .sequence = i };

		assert_int_equal(find(d, mix(i)), 0);
		assert_int_equal(dedup_add(&d, mix(i), &v, max), 0);
		for (uint64_t j = i > DEDUP_MIN ? i - DEDUP_MIN + 1 : 1; j <= i; j++)
			assert_int_equal(find(d, mix(j)), j);
	}
	for (uint64_t j = 1; j <= 5000 - max; j++)
		assert_int_equal(find(d, mix(j)), 0);
	for (uint64_t j = 5001 - max; j <= 5000; j++)
		assert_int_equal(find(d, mix(j)), j);
	dedup_free(d);
}

static void test_the_last_keys_are_known(void **state)
{
	for (uint32_t max = DEDUP_MIN; max <= DEDUP_MAX; max *= 2)
		last_keys_are_known(max);
}

/* Keys that all want the same place of the index: removal must not break the chains. */
static void test_colliding_keys(void **state)
{
	struct dedup *d = NULL;

	for (uint64_t i = 1; i <= 3000; i++) {
		uint64_t key = (i << 32) | (i % 3);

		add(&d, key, i);
		for (uint64_t j = i > 100 ? i - 100 : 1; j <= i; j++)
			assert_int_equal(find(d, (j << 32) | (j % 3)), j);
	}
	dedup_free(d);
}

static void test_values_come_back(void **state)
{
	static const struct dedup_value rows[] = {
		{ 1, 0, false },
		{ 1, 255, false },
		{ (UINT64_C(1) << 55) - 1, 0, true },
		{ (UINT64_C(1) << 55) - 1, 255, true },
		{ 34567, 7, false },
	};
	struct dedup *d = NULL;
	struct dedup_value v;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(dedup_add(&d, i + 1, &rows[i], DEDUP_MAX), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(dedup_find(d, i + 1, &v));
		assert_int_equal(v.sequence, rows[i].sequence);
		assert_int_equal(v.epoch, rows[i].epoch);
		assert_int_equal(v.lost, rows[i].lost);
	}
	dedup_free(d);
}

static void test_a_key_given_again_takes_no_second_place(void **state)
{
	const struct dedup_value again = { .sequence = 9, .epoch = 3 };
	struct dedup *d = NULL;
	struct dedup_value v;

	add(&d, 5, 1);
	for (uint64_t i = 0; i < 3 * DEDUP_MAX; i++)
		assert_int_equal(dedup_add(&d, 5, &again, DEDUP_MAX), 0);
	for (uint64_t i = 0; i < DEDUP_MAX - 1; i++)
		add(&d, 100 + i, i + 10);
	assert_true(dedup_find(d, 5, &v));
	assert_int_equal(v.sequence, 9);
	assert_int_equal(v.epoch, 3);
	add(&d, 99, 8);
	assert_false(dedup_find(d, 5, &v));
	assert_int_equal(find(d, 99), 8);
	dedup_free(d);
}

static void test_lost(void **state)
{
	const struct dedup_value old = { .sequence = 4, .epoch = 2 };
	struct dedup *d = NULL;
	struct dedup_value v;

	dedup_lost(d, 5, 2, 4);
	assert_int_equal(dedup_add(&d, 5, &old, DEDUP_MAX), 0);
	dedup_lost(d, 6, 2, 4);
	dedup_lost(d, 5, 0, 4); /* of another epoch */
	dedup_lost(d, 5, 2, 3); /* of another number */
	assert_true(dedup_find(d, 5, &v));
	assert_false(v.lost);
	dedup_lost(d, 5, 2, 4);
	assert_true(dedup_find(d, 5, &v));
	assert_true(v.lost);
	assert_int_equal(v.sequence, 4);
	assert_int_equal(v.epoch, 2);
	assert_int_equal(dedup_add(&d, 5, &old, DEDUP_MAX), 0);
	assert_true(dedup_find(d, 5, &v));
	assert_false(v.lost);
	dedup_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_last_keys_are_known),
		cmocka_unit_test(test_colliding_keys),
		cmocka_unit_test(test_values_come_back),
		cmocka_unit_test(test_a_key_given_again_takes_no_second_place),
		cmocka_unit_test(test_lost),
	};

	return RUN_TESTS(tests);
}
