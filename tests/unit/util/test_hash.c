/*
 * SipHash-2-4 against the vectors of its authors (key 00..0f, message 00 01
 * 02 ...), lengths around the word.
 */
#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/hash.h"

static void test_authors_vectors(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} rows[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0x74f839c593dc67fd) },
		{ 7, UINT64_C(0xab0200f58b01d137) },
		{ 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
		{ 63, UINT64_C(0x958a324ceb064572) },
	};
	const struct hash_key key = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	unsigned char message[64];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (unsigned char)i;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true(hash_bytes(&key, message, rows[i].n) == rows[i].hash);
	assert_true(hash_bytes(&key, NULL, 0) == rows[0].hash);
}

static void test_random_keys_differ(void **state)
{
	struct hash_key a, b;

	(void)state;
	assert_int_equal(hash_key_random(&a), 0);
	assert_int_equal(hash_key_random(&b), 0);
	assert_true(a.k0 != b.k0 && a.k1 != b.k1);
	assert_true(hash_bytes(&a, "x", 1) != hash_bytes(&b, "x", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authors_vectors),
		cmocka_unit_test(test_random_keys_differ),
	};

	return RUN_TESTS(tests);
}
