/*
 * Resolving private addresses: the specification's own sample data, and what
 * the cache saves and what it must not hide.
 */
#include "ble/rpa.h"

#include <errno.h>

#include "unit/unit.h"
#include "util/cleanup.h"

/* Core Vol 3 Part H, appendix D.7: IRK ec0234a3 57c8ad05 341010a6 0a397d9b, prand 708194, hash
 * 0dfbaa; here in the order of the wire. */
static const uint8_t sample_key[RPA_KEY_SIZE] = { 0x9b, 0x7d, 0x39, 0x0a, 0xa6, 0x10, 0x10, 0x34,
	0x05, 0xad, 0xc8, 0x57, 0xa3, 0x34, 0x02, 0xec };
static const struct ble_address sample = { BLE_ADDRESS_RANDOM,
	{ 0xaa, 0xfb, 0x0d, 0x94, 0x81, 0x70 } };
static const struct ble_address someone = { BLE_ADDRESS_PUBLIC, { 1, 2, 3, 4, 5, 6 } };

/* An address of that key; n chooses among its many. */
static struct ble_address address_of(const uint8_t *key, uint32_t n)
{
	struct ble_address a = { BLE_ADDRESS_RANDOM,
		{ 0, 0, 0, (uint8_t)n, (uint8_t)(n >> 8), 0x40 | ((n >> 16) & 0x3f) } };

	assert_int_equal(rpa_ah(key, a.octets + 3, a.octets), 0);
	return a;
}

static void test_ah_gives_what_the_specification_says(void **state)
{
	static const uint8_t prand[] = { 0x94, 0x81, 0x70 }, expected[] = { 0xaa, 0xfb, 0x0d };
	uint8_t hash[RPA_HASH_SIZE];

	(void)state;
	assert_int_equal(rpa_ah(sample_key, prand, hash), 0);
	assert_memory_equal(hash, expected, sizeof(hash));
}

static void test_the_sample_address_is_resolved_to_its_identity(void **state)
{
	_cleanup_(rpa_freep) struct rpa *r = NULL;
	struct ble_address who = { 0 }, other = sample;

	(void)state;
	assert_int_equal(rpa_new(&r), 0);
	assert_false(rpa_resolve(r, &sample, &who)); /* nobody is known */
	assert_int_equal(rpa_set(r, &someone, sample_key), 0);
	assert_true(rpa_resolve(r, &sample, &who));
	assert_true(ble_address_equal(&who, &someone));
	/* one bit of the hash, and it is of nobody */
	other.octets[0] ^= 1;
	assert_false(rpa_resolve(r, &other, &who));
	/* one bit of the type, and it is not resolvable at all */
	other = sample;
	other.octets[5] |= 0x80;
	assert_false(rpa_resolve(r, &other, &who));
	other = sample;
	other.type = BLE_ADDRESS_PUBLIC;
	assert_false(rpa_resolve(r, &other, &who));
}

static void test_an_address_heard_again_costs_no_aes(void **state)
{
	_cleanup_(rpa_freep) struct rpa *r = NULL;
	static const uint8_t stranger_key[RPA_KEY_SIZE] = { 7 };
	struct ble_address stranger, who;
	uint64_t before;

	(void)state;
	assert_int_equal(rpa_new(&r), 0);
	assert_int_equal(rpa_set(r, &someone, sample_key), 0);
	stranger = address_of(stranger_key, 12345);
	assert_true(rpa_resolve(r, &sample, &who));
	assert_false(rpa_resolve(r, &stranger, &who));
	before = rpa_hashes(r);
	assert_int_equal(before, 2);
	for (unsigned i = 0; i < 2000; i++) {
		assert_true(rpa_resolve(r, &sample, &who));
		assert_false(rpa_resolve(r, &stranger, &who));
	}
	assert_int_equal(rpa_hashes(r), before);
}

static void test_what_a_key_made_known_is_known_at_once(void **state)
{
	_cleanup_(rpa_freep) struct rpa *r = NULL;
	static const uint8_t key[2][RPA_KEY_SIZE] = { { 1 }, { 2 } };
	const struct ble_address other = { BLE_ADDRESS_RANDOM, { 9, 9, 9, 9, 9, 0xc9 } };
	struct ble_address a = address_of(key[0], 1), b = address_of(key[1], 1), who;

	(void)state;
	assert_int_equal(rpa_new(&r), 0);
	assert_int_equal(rpa_set(r, &someone, key[0]), 0);
	assert_true(rpa_resolve(r, &a, &who));
	assert_false(rpa_resolve(r, &b, &who)); /* and that is remembered */
	assert_int_equal(rpa_set(r, &other, key[1]), 0);
	assert_true(rpa_resolve(r, &b, &who));
	assert_true(ble_address_equal(&who, &other));
	/* a new key of the same identity: the old one's addresses are of nobody */
	assert_int_equal(rpa_set(r, &someone, key[1]), 0);
	assert_false(rpa_resolve(r, &a, &who));
	rpa_forget(r, &someone);
	rpa_forget(r, &someone);
	assert_true(rpa_resolve(r, &b, &who));
	rpa_forget(r, &other);
	assert_false(rpa_resolve(r, &b, &who));
}

static void test_more_addresses_than_the_cache_has_room_for(void **state)
{
	_cleanup_(rpa_freep) struct rpa *r = NULL;
	struct ble_address heard, who;

	(void)state;
	assert_int_equal(rpa_new(&r), 0);
	assert_int_equal(rpa_set(r, &someone, sample_key), 0);
	for (uint32_t n = 0; n < 5 * RPA_CACHE_MAX; n++) {
		heard = (struct ble_address){ BLE_ADDRESS_RANDOM,
			{ (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), 1, 2, 0x43 } };
		(void)rpa_resolve(r, &heard, &who);
		/* the one that is heard between strangers keeps its place */
		assert_true(rpa_resolve(r, &sample, &who));
		assert_true(ble_address_equal(&who, &someone));
	}
	assert_int_equal(rpa_hashes(r), 5 * RPA_CACHE_MAX + 1);
}

static void test_as_many_keys_as_there_may_be(void **state)
{
	_cleanup_(rpa_freep) struct rpa *r = NULL;
	uint8_t key[RPA_KEY_SIZE] = { 0 };
	struct ble_address identity = { BLE_ADDRESS_PUBLIC, { 0 } }, heard, who;

	(void)state;
	assert_int_equal(rpa_new(&r), 0);
	for (unsigned i = 0; i < RPA_IDENTITIES_MAX; i++) {
		identity.octets[0] = (uint8_t)i;
		identity.octets[1] = key[0] = (uint8_t)(i + 1);
		assert_int_equal(rpa_set(r, &identity, key), 0);
	}
	/* the last one */
	heard = address_of(key, 77);
	assert_true(rpa_resolve(r, &heard, &who));
	assert_true(ble_address_equal(&who, &identity));
	identity.octets[5] = 1;
	assert_int_equal(rpa_set(r, &identity, key), -ENOSPC);
	/* one that is known may still change */
	assert_int_equal(rpa_set(r, &who, sample_key), 0);
	assert_true(rpa_resolve(r, &sample, &identity));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ah_gives_what_the_specification_says),
		cmocka_unit_test(test_the_sample_address_is_resolved_to_its_identity),
		cmocka_unit_test(test_an_address_heard_again_costs_no_aes),
		cmocka_unit_test(test_what_a_key_made_known_is_known_at_once),
		cmocka_unit_test(test_more_addresses_than_the_cache_has_room_for),
		cmocka_unit_test(test_as_many_keys_as_there_may_be),
	};

	return RUN_TESTS(tests);
}
