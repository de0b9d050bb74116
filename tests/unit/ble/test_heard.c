/*
 * What carries no time and is said again after the daemon was killed: it has the
 * key that it had, whatever minute it is by then. The file in RAM that knows it,
 * and the driver's use of it.
 */
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "ble/driver_private.h"
#include "ble/memory.h"
#include "ble/profiles/profiles.h"
#include "unit/ble/ram_place.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000)

static const struct heard nothing;

static bool same(struct heard a, struct heard b)
{
	return a.hash == b.hash && a.boot_us == b.boot_us && a.utc_us == b.utc_us;
}

static struct heard some(uint64_t n)
{
	return (struct heard){ n * 0x9e3779b97f4a7c15, (int64_t)n, (int64_t)n * 1000 };
}

/* ---- the file ---- */

static void test_each_thing_has_its_place(void **state)
{
	struct ram_place p;
	uint8_t who[BLE_ADDRESS_SIZE];
	struct counters *c;
	unsigned at[3] = { 0 };

	ram_place_make(&p);
	c = ram_place_counters(&p);
	for (unsigned round = 1; round < 4; round++)
		for (unsigned i = 0; i < 3; i++)
			for (unsigned k = i; k < COUNTERS_HEARD_MAX; k++) {
				struct heard h = some(round * 1000 + i * 100 + k);

				counters_set_heard(c, ram_place_nth(i, who), k, &h, &at[i]);
			}
	counters_free(c);
	c = ram_place_counters(&p);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < COUNTERS_HEARD_MAX; k++)
			assert_true(same(counters_heard(c, ram_place_nth(i, who), k),
				k < i ? nothing : some(3000 + i * 100 + k)));
	assert_true(same(counters_heard(c, ram_place_nth(3, who), 0), nothing));
	counters_free(c);
	ram_place_leave(&p);
}

static void test_beside_a_counter(void **state)
{
	const struct heard h = some(1);
	struct ram_place p;
	uint8_t who[BLE_ADDRESS_SIZE];
	struct counters *c;
	unsigned at = 0, other = 0;
	uint32_t got;

	ram_place_make(&p);
	c = ram_place_counters(&p);
	ram_place_nth(1, who);
	counters_set_heard(c, who, 0, &h, &at);
	assert_false(counters_find(c, who, &got));
	counters_set(c, who, 77, &at);
	assert_true(counters_find(c, who, &got));
	assert_int_equal(got, 77);
	assert_true(same(counters_heard(c, who, 0), h));
	/* who goes and comes back, begins anew: its old counter is not there again */
	counters_drop(c, who);
	assert_true(same(counters_heard(c, who, 0), nothing));
	counters_set_heard(c, who, 1, &h, &at);
	assert_false(counters_find(c, who, &got));
	assert_true(same(counters_heard(c, who, 0), nothing));
	/* nor has another what was there */
	counters_drop(c, who);
	counters_set(c, ram_place_nth(2, who), 1, &other);
	assert_int_equal(at, other);
	assert_true(same(counters_heard(c, who, 1), nothing));
	counters_free(c);
	ram_place_leave(&p);
}

static void test_no_room_and_no_file(void **state)
{
	const struct heard h = some(1);
	struct ram_place p;
	uint8_t who[BLE_ADDRESS_SIZE];
	struct counters *c;

	ram_place_make(&p);
	c = ram_place_counters(&p);
	for (uint32_t i = 0; i <= COUNTERS_MAX; i++) {
		unsigned at = 0;

		counters_set_heard(c, ram_place_nth(i, who), 0, &h, &at);
	}
	assert_true(same(counters_heard(c, ram_place_nth(0, who), 0), h));
	assert_true(same(counters_heard(c, ram_place_nth(COUNTERS_MAX - 1, who), 0), h));
	assert_true(same(counters_heard(c, ram_place_nth(COUNTERS_MAX, who), 0), nothing));
	counters_free(c);
	ram_place_leave(&p);
	counters_set_heard(NULL, who, 0, &h, &(unsigned){ 0 });
	assert_true(same(counters_heard(NULL, who, 0), nothing));
}

/* A kill between any two stores leaves a record of which some bytes are the old ones. */
static void test_what_is_not_whole_is_nothing(void **state)
{
	const struct heard h = some(5);
	struct ram_place p;
	uint8_t who[BLE_ADDRESS_SIZE];
	unsigned at = 0, found = 0;
	char path[400];
	off_t size;
	int fd;

	ram_place_make(&p);
	ram_place_nth(1, who);
	struct counters *c = ram_place_counters(&p);

	counters_set_heard(c, who, 0, &h, &at);
	ram_place_file(&p, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	size = lseek(fd, 0, SEEK_END);
	assert_true(size > 0);
	for (off_t i = 56; i < 56 + 16 + 32;
		i++) { /* behind the header: the entry, its first record */
		uint8_t byte, other;

		assert_int_equal(pread(fd, &byte, 1, i), 1);
		other = (uint8_t)(byte ^ 0x10);
		assert_int_equal(pwrite(fd, &other, 1, i), 1);
		if (same(counters_heard(c, who, 0), h))
			found++; /* the counter's own byte */
		else
			assert_true(same(counters_heard(c, who, 0), nothing));
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
	}
	assert_int_equal(found, 8);
	assert_true(same(counters_heard(c, who, 0), h));
	(void)close(fd);
	counters_free(c);
	ram_place_leave(&p);
}

/* ---- the driver ---- */

struct world {
	struct config config;
	struct ble ble;
	struct peer peer;
	struct decode_time now;
	struct ram_place place;
};

static void begin(struct world *w)
{
	*w = (struct world){ .config = { .refs = 1, .gateway.name = (char *)"gw" },
		.now = { boottime_us() - 600 * SECOND, INT64_C(1795255259) * SECOND } };
	assert_int_equal(w->now.utc_us / SECOND % 60, 59);
	ram_place_make(&w->place);
	w->ble.config = &w->config;
	w->ble.counters = ram_place_counters(&w->place);
	w->peer = (struct peer){ .ble = &w->ble,
		.identity = { BLE_ADDRESS_PUBLIC, { 7, 1, 0, 0x38, 0xc1, 0xa4 } } };
	w->ble.peers[hash_bytes(&hash_key_fixed, w->peer.identity.octets, BLE_ADDRESS_SIZE) &
		     (PEER_BUCKETS - 1)] = &w->peer;
}

static void end(struct world *w)
{
	counters_free(w->ble.counters);
	ram_place_leave(&w->place);
}

/* A kill, and the next run a moment later, the next minute by the wall clock. */
static void kill_and_start(struct world *w)
{
	counters_free(w->ble.counters);
	w->ble.counters = ram_place_counters(&w->place);
	w->peer.advert = (struct advert_device){ 0 };
	w->peer.profile = (struct profile_device){ 0 };
	w->peer.counter_place = 0;
	memset(w->peer.saved_heard, 0, sizeof(w->peer.saved_heard));
	memory_recall(&w->ble);
	w->now.boot_us += 2 * SECOND;
	w->now.utc_us += 2 * SECOND;
}

/* Returns the key of its reading, 0: it is no news. */
static uint64_t broadcast(struct world *w, uint8_t packet)
{
	const uint8_t data[] = { 9, 0x16, 0xd2, 0xfc, 0x40, 0x00, packet, 0x02, 0x0a, 0x00 };
	static const uint8_t address[ADVERT_ADDRESS_SIZE] = { 0xa4, 0xc1, 0x38, 0, 1, 7 };
	struct decoded *out = &w->ble.scratch;
	struct advert_call c = {
		.address = address, .now = w->now, .device = &w->peer.advert, .out = out
	};
	struct advert_summary found;

	adverts_heard(&c, data, sizeof(data), &found);
	assert_int_equal(found.format, ADVERT_bthome);
	if (found.outcome == ADVERT_E_REPEATED)
		return 0;
	assert_int_equal(out->count, 1);
	memory_heard(&w->peer);
	return out->list[0].source_key;
}

static void test_a_broadcast_has_its_key_after_a_kill(void **state)
{
	struct world w;
	uint64_t first, second;

	begin(&w);
	first = broadcast(&w, 1);
	assert_true(first != 0);
	assert_true(broadcast(&w, 1) == 0);
	kill_and_start(&w);
	/* nobody knows whether the gateway still had it: it is told again, under its key */
	assert_true(broadcast(&w, 1) == first);
	assert_true(broadcast(&w, 1) == 0);
	second = broadcast(&w, 2);
	assert_true(second != 0 && second != first);
	kill_and_start(&w);
	kill_and_start(&w);
	assert_true(broadcast(&w, 2) == second);
	/* a minute after it was first heard it is a new one, as without a kill */
	w.now.boot_us += 56 * SECOND;
	w.now.utc_us += 56 * SECOND;
	kill_and_start(&w);
	assert_true(broadcast(&w, 2) != second);
	end(&w);
}

static uint64_t indication(struct world *w, const char *bytes)
{
	struct profile_call c = { .device = &w->peer.profile, .now = w->now };
	const struct profile_value v = { .characteristic = 0x2a35,
		.how = PROFILE_VALUE_INDICATED,
		.bytes = (const uint8_t *)bytes,
		.length = strlen(bytes) };
	uint64_t key = profile_key(&c, &v, false);

	memory_heard(&w->peer);
	return key;
}

static void test_a_measurement_without_a_stamp_has_its_key_after_a_kill(void **state)
{
	static const char *const values[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	uint64_t keys[ARRAY_SIZE(values)], later;
	struct world w;

	_Static_assert(ARRAY_SIZE(values) == PROFILE_REPEATS_MAX, "as many as there is room for");
	begin(&w);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		keys[i] = indication(&w, values[i]);
		w.now.boot_us += SECOND;
		w.now.utc_us += SECOND;
	}
	kill_and_start(&w);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_true(indication(&w, values[i]) == keys[i]);
	/* the oldest gives way, in whichever run it was heard */
	later = indication(&w, "i");
	kill_and_start(&w);
	assert_true(indication(&w, "i") == later);
	for (size_t i = 1; i < ARRAY_SIZE(values); i++)
		assert_true(indication(&w, values[i]) == keys[i]);
	assert_false(indication(&w, values[0]) == keys[0]);
	end(&w);
}

static void test_what_is_from_the_future_is_nothing(void **state)
{
	struct world w;
	const struct heard h = { 1, boottime_us() + 3600 * SECOND, 1 };

	begin(&w);
	counters_set_heard(w.ble.counters, w.peer.identity.octets, 0, &h, &w.peer.counter_place);
	kill_and_start(&w);
	assert_true(same(w.peer.advert.last[ADVERT_VALUES], nothing));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_thing_has_its_place),
		cmocka_unit_test(test_beside_a_counter),
		cmocka_unit_test(test_no_room_and_no_file),
		cmocka_unit_test(test_what_is_not_whole_is_nothing),
		cmocka_unit_test(test_a_broadcast_has_its_key_after_a_kill),
		cmocka_unit_test(test_a_measurement_without_a_stamp_has_its_key_after_a_kill),
		cmocka_unit_test(test_what_is_from_the_future_is_nothing),
	};

	return RUN_TESTS(tests);
}
