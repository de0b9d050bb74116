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

static void test_the_last_keys_are_known(void **state)
{
	struct dedup *d = NULL;

	assert_int_equal(dedup_find(d, 7), 0);
	for (uint64_t i = 1; i <= 5000; i++) {
		assert_int_equal(dedup_find(d, mix(i)), 0);
		assert_int_equal(dedup_add(&d, mix(i), i), 0);
		for (uint64_t j = i > 40 ? i - 40 : 1; j <= i; j++)
			assert_int_equal(dedup_find(d, mix(j)), j);
	}
	for (uint64_t j = 1; j <= 5000 - DEDUP_MAX; j++)
		assert_int_equal(dedup_find(d, mix(j)), 0);
	for (uint64_t j = 5001 - DEDUP_MAX; j <= 5000; j++)
		assert_int_equal(dedup_find(d, mix(j)), j);
	dedup_free(d);
}

/* Keys that all want the same place of the index: removal must not break the chains. */
static void test_colliding_keys(void **state)
{
	struct dedup *d = NULL;

	for (uint64_t i = 1; i <= 3000; i++) {
		uint64_t key = (i << 32) | (i % 3);

		assert_int_equal(dedup_add(&d, key, i), 0);
		for (uint64_t j = i > 100 ? i - 100 : 1; j <= i; j++)
			assert_int_equal(dedup_find(d, (j << 32) | (j % 3)), j);
	}
	dedup_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_last_keys_are_known),
		cmocka_unit_test(test_colliding_keys),
	};

	return RUN_TESTS(tests);
}
