/*
 * A disk that is full, fails or is read-only from any operation on, and then
 * is well again: the store says so, refuses batches whole, goes on by itself,
 * and has what it reported as written. A slow disk holds up nobody but the
 * store's thread. A few operations; all of them with WARDGATE_LONG in the
 * environment.
 */
#include "unit/outbox/cutvfs.h"
#include "unit/outbox/store_script.h"
#include "unit/outbox/warped_clock.h"

#include <sqlite3.h>

#include "unit/unit.h"

#define BATCHES 12

static char directory[64];
static bool longer;
static struct witness w;

static int set_up(void **state)
{
	longer = getenv("WARDGATE_LONG") != NULL;
	script_make_directory(directory);
	cutvfs_install();
	return 0;
}

static int tear_down(void **state)
{
	cutvfs_remove();
	script_remove_directory(directory);
	return 0;
}

static void begin(uint64_t seed)
{
	w = (struct witness){ .next = 1 };
	script_empty_directory(directory);
	cutvfs_reset(&(struct cutvfs_disk){ .seed = seed, .sector = 4096 });
}

/* The fault stays until the store has said that it fails. */
static void mend(struct script *c)
{
	cutvfs_clear_fault();
	cutvfs_set_read_only(false);
}

/* One life with that fault. Returns whether it came to bear. */
static bool live(const struct cutvfs_fault *fault)
{
	struct script c = { .on_trouble = mend };
	bool bit;

	cutvfs_set_fault(fault);
	if (script_start(&c, &w, directory))
		(void)script_run(&c, BATCHES);
	bit = cutvfs_refused() > 0;
	if (c.failing == 0 && c.errors > 0 && !w.fault[0])
		snprintf(w.fault, sizeof(w.fault), "a batch failed, but the store did not");
	if (!cutvfs_is_cut() && !script_is_well(&c) && !w.fault[0])
		snprintf(w.fault, sizeof(w.fault), "the store is not well again");
	script_stop(&c);
	cutvfs_clear_fault();
	return bit;
}

/* That fault from the nth such operation on, for every n that a run has. */
static void fail_from_everywhere(unsigned calls, int error, uint32_t every)
{
	uint32_t tried = 0;

	for (uint32_t n = 1;; n += longer ? 1 : 1 + n / 3) {
		const struct cutvfs_fault fault = { calls, n, every, error, n % 2 == 1 };

		begin(n);
		if (!live(&fault))
			break;
		tried++;
		if (!w.fault[0])
			script_check(&w, directory);
		if (w.fault[0])
			fail_msg("calls %u, from %u, every %u, error %d: %s", calls, n, every,
				error, w.fault);
	}
	assert_true(tried > 3);
}

static void test_full(void **state)
{
	fail_from_everywhere(CUTVFS_WRITE, SQLITE_FULL, 1);
}

static void test_write_fails(void **state)
{
	fail_from_everywhere(CUTVFS_WRITE, SQLITE_IOERR_WRITE, 1);
	fail_from_everywhere(CUTVFS_WRITE, SQLITE_IOERR_WRITE, 0);
}

static void test_sync_fails(void **state)
{
	fail_from_everywhere(CUTVFS_SYNC, SQLITE_IOERR_FSYNC, 1);
	fail_from_everywhere(CUTVFS_SYNC, SQLITE_IOERR_FSYNC, 0);
}

static void test_read_fails(void **state)
{
	fail_from_everywhere(CUTVFS_READ, SQLITE_IOERR_READ, 1);
	fail_from_everywhere(CUTVFS_READ, SQLITE_IOERR_READ, 0);
}

static void test_anything_fails_once(void **state)
{
	fail_from_everywhere(CUTVFS_ANY, SQLITE_IOERR, 0);
}

/* A sync that failed and a power cut later. */
static void test_power_cut_after_a_failed_sync(void **state)
{
	uint64_t seeds = longer ? 600 : 25;
	uint32_t both = 0;

	for (uint64_t seed = 1; seed <= seeds; seed++) {
		uint64_t x = witness_mix(seed);
		const struct cutvfs_fault fault = { CUTVFS_SYNC, 1 + (uint32_t)(x % 30), 0,
			SQLITE_IOERR_FSYNC, true };

		begin(x);
		cutvfs_cut_at_sync(fault.from + 1 + (uint32_t)(x / 64 % 12), CUTVFS_BEFORE);
		both += live(&fault) && cutvfs_is_cut();
		if (cutvfs_is_cut())
			cutvfs_power_on();
		if (!w.fault[0])
			script_check(&w, directory);
		if (w.fault[0])
			fail_msg("seed %d, sync %u: %s", (int)seed, fault.from, w.fault);
	}
	assert_true(both > seeds / 3);
}

static void test_read_only(void **state)
{
	for (int batches = 0; batches <= 8; batches += 4) {
		struct script c = { 0 };
		int before;

		begin(1);
		assert_true(script_start(&c, &w, directory));
		assert_true(script_run(&c, batches));
		before = c.errors;
		cutvfs_set_read_only(true);
		c.on_trouble = mend;
		assert_true(script_run(&c, BATCHES));
		assert_true(c.errors > before);
		assert_true(c.failing > 0);
		assert_true(script_is_well(&c));
		script_stop(&c);
		script_check(&w, directory);
		assert_string_equal(w.fault, "");
	}
}

/* Read-only, full or dead at the start, and well later: without a restart. */
static void test_bad_at_the_start(void **state)
{
	static const struct cutvfs_fault faults[] = {
		{ CUTVFS_WRITE, 1, 1, SQLITE_FULL, false },
		{ CUTVFS_OPEN, 1, 1, SQLITE_CANTOPEN, false },
		{ CUTVFS_ANY, 1, 1, SQLITE_IOERR, false },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		begin(i);
		assert_true(live(&faults[i]));
		assert_string_equal(w.fault, "");
		/* Again, on what is there. */
		assert_true(live(&faults[i]));
		assert_string_equal(w.fault, "");
		script_check(&w, directory);
		assert_string_equal(w.fault, "");
	}
}

/* The loop goes on while a commit takes its time, and the batch is reported when it is over. */
static void test_a_slow_disk_holds_up_nobody(void **state)
{
	struct store_batch batch = { .own_epoch = 1 };
	struct script c = { 0 };

	begin(1);
	assert_true(script_start(&c, &w, directory));
	assert_true(script_run(&c, 2));
	cutvfs_hold_syncs(true);
	c.done = 0;
	batch.names = &(struct store_name){ .id = WITNESS_NAMES };
	witness_name((struct store_name *)batch.names, WITNESS_NAMES);
	batch.name_count = 1;
	store_submit(c.s, &batch);
	cutvfs_await_held();
	assert_true(store_busy(c.s));
	for (int i = 0; i < 100; i++) {
		assert_int_equal(store_save(c.s, STORE_EPOCH, "later", 5), 0);
		store_ping(c.s);
		(void)store_figures(c.s);
		assert_true(sd_event_run(c.e, 0) >= 0);
	}
	assert_int_equal(c.done, 0);
	cutvfs_hold_syncs(false);
	while (c.done == 0)
		script_turn(&c);
	assert_int_equal(c.error, 0);
	assert_true(script_run(&c, 2));
	script_stop(&c);
	script_check(&w, directory);
	assert_string_equal(w.fault, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_sync_fails),
		cmocka_unit_test(test_read_fails),
		cmocka_unit_test(test_anything_fails_once),
		cmocka_unit_test(test_power_cut_after_a_failed_sync),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_bad_at_the_start),
		cmocka_unit_test(test_a_slow_disk_holds_up_nobody),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, set_up, tear_down);
}
