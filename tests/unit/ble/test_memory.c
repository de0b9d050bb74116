/*
 * What the Bluetooth driver remembers over a restart: on its way to the disk,
 * and which counter of a sealed broadcast counts, that on the disk or that in
 * RAM.
 */
#include "ble/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ble/driver_private.h"
#include "unit/ble/ram_place.h"
#include "unit/unit.h"
#include "util/checked.h"

/* Later than anything that is due, and not never. */
#define FAR_US (INT64_MAX / 2)

struct memory_world {
	sd_event *event;
	struct config config;
	struct ble ble;
	struct peer peer;
	char written[4096];
	unsigned writings;
	int result;
};

static int on_keep(enum gateway_file file, const char *text, size_t length, void *userdata)
{
	struct memory_world *w = userdata;

	assert_int_equal(file, GATEWAY_BLE);
	assert_true(length < sizeof(w->written));
	memcpy(w->written, text, length);
	w->written[length] = 0;
	w->writings++;
	return w->result;
}

static void begin(struct memory_world *w)
{
	*w = (struct memory_world){ .config = { .refs = 1, .gateway.name = (char *)"gw" } };
	assert_true(sd_event_new(&w->event) >= 0);
	assert_int_equal(gateway_new(&w->ble.gateway, w->event, &w->config, "1-00000001"), 0);
	gateway_set_keeper(w->ble.gateway, on_keep, w);
	w->ble.settling = true; /* it has no adapters */
	w->ble.config = &w->config;
	w->peer = (struct peer){ .ble = &w->ble,
		.identity = { BLE_ADDRESS_PUBLIC, { 7, 1, 0, 0x38, 0xc1, 0xa4 } },
		.advert = { .counter_known = true, .counter = 1000 } };
	w->ble.peers[hash_bytes(&hash_key_fixed, w->peer.identity.octets, BLE_ADDRESS_SIZE) &
		     (PEER_BUCKETS - 1)] = &w->peer;
}

static void end(struct memory_world *w)
{
	gateway_free(w->ble.gateway);
	sd_event_unref(w->event);
}

static void test_a_stop_meets_a_writing_that_is_under_way(void **state)
{
	struct memory_world w;

	begin(&w);
	memory_changed(&w.ble);
	memory_due(&w.ble, FAR_US);
	assert_non_null(strstr(w.written, "\ncounter 1016"));
	w.peer.advert.counter = 1003;
	w.ble.quiet = true;
	memory_finish(&w.ble);
	assert_int_equal(w.writings, 2);
	assert_non_null(strstr(w.written, "\ncounter 1003"));
	/* both are said to be on the disk, and nobody asked */
	gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
	gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
	/* what a device says of its records meanwhile does not put the counter ahead again */
	memory_changed(&w.ble);
	memory_due(&w.ble, FAR_US);
	assert_int_equal(w.writings, 3);
	assert_non_null(strstr(w.written, "\ncounter 1003"));
	end(&w);
}

static void test_one_writing_at_a_time_while_it_runs(void **state)
{
	struct memory_world w;

	begin(&w);
	memory_changed(&w.ble);
	memory_due(&w.ble, FAR_US);
	memory_changed(&w.ble);
	assert_true(memory_deadline(&w.ble) == INT64_MAX);
	memory_due(&w.ble, FAR_US);
	assert_int_equal(w.writings, 1);
	gateway_kept(w.ble.gateway, GATEWAY_BLE, -EIO);
	assert_true(memory_deadline(&w.ble) < INT64_MAX);
	memory_due(&w.ble, FAR_US);
	assert_int_equal(w.writings, 2);
	end(&w);
}

/* ---- after a restart ---- */

enum disk { NO_FILE, DAMAGED, BY_SAME_RUNS, BY_OTHERS, BY_AN_OLD_VERSION };

#define NOTHING -1

/* saved: what is written ahead, and what it was then; ram: what is there. */
static const struct recall_row {
	enum disk disk;
	int64_t saved, exact, ram, expected;
} recall_rows[] = {
	/* after a kill: exactly what was taken, whether the disk is ahead of it or behind */
	{ BY_SAME_RUNS, 116, 100, 100, 100 },
	{ BY_SAME_RUNS, 116, 100, 107, 107 },
	{ BY_SAME_RUNS, 116, 100, 116, 116 },
	{ BY_SAME_RUNS, 116, 100, 5000, 5000 },
	{ BY_SAME_RUNS, UINT32_MAX, UINT32_MAX - 4, UINT32_MAX - 3, UINT32_MAX - 3 },
	/* after a clean stop */
	{ BY_SAME_RUNS, 100, 100, 100, 100 },
	/* a device that was new when the file was last written */
	{ BY_SAME_RUNS, NOTHING, NOTHING, 3, 3 },
	{ BY_SAME_RUNS, NOTHING, NOTHING, 0, 0 },
	/* more devices than the file in RAM has room for, or an entry that is damaged */
	{ BY_SAME_RUNS, 116, 100, NOTHING, 116 },
	/* an older file in RAM than was there when the disk was written */
	{ BY_SAME_RUNS, 116, 100, 99, 116 },
	/* after a power cut, and another kill: the higher */
	{ BY_OTHERS, 116, 100, NOTHING, 116 },
	{ BY_OTHERS, 116, 100, 107, 116 },
	{ BY_OTHERS, 116, 100, 116, 116 },
	{ BY_OTHERS, 116, 100, 117, 117 },
	{ BY_OTHERS, NOTHING, NOTHING, 7, 7 },
	/* by a version that knew nothing of RAM */
	{ BY_AN_OLD_VERSION, 116, NOTHING, 107, 116 },
	{ BY_AN_OLD_VERSION, 116, NOTHING, 120, 120 },
	{ BY_AN_OLD_VERSION, 116, NOTHING, NOTHING, 116 },
	/* never lower than what is known to have been taken, whatever became of the file */
	{ NO_FILE, NOTHING, NOTHING, 107, 107 },
	{ NO_FILE, NOTHING, NOTHING, NOTHING, NOTHING },
	{ DAMAGED, 116, 100, 107, 107 },
	{ DAMAGED, 116, 100, NOTHING, NOTHING },
};

static void put_on_disk(struct memory_world *w, const struct recall_row *row, uint64_t tie)
{
	char text[256], line[CHECKED_LINE_MAX];
	struct text t = text_init(text, sizeof(text));

	if (row->disk == NO_FILE)
		return;
	text_str(&t, "wardgate-ble 1\n");
	if (row->disk != BY_AN_OLD_VERSION)
		text_printf(&t, "tie %016" PRIx64 "\n", row->disk == BY_OTHERS ? tie ^ 1 : tie);
	text_str(&t, "device A4:C1:38:00:01:07 public\n");
	if (row->saved != NOTHING && row->exact != NOTHING)
		text_printf(&t, "counter %" PRId64 " %" PRId64 "\n", row->saved, row->exact);
	else if (row->saved != NOTHING)
		text_printf(&t, "counter %" PRId64 "\n", row->saved);
	text_str(&t, checked_line("sum", text, (size_t)(t.at - t.start), line));
	if (row->disk == DAMAGED)
		text[20] ^= 1;
	assert_int_equal(memory_read(&w->ble, text, (size_t)(t.at - t.start)),
		row->disk == DAMAGED ? -EBADMSG : 0);
}

static void test_which_counter_counts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(recall_rows); i++) {
		const struct recall_row *row = &recall_rows[i];
		struct memory_world w;
		struct ram_place p;
		unsigned at = 0;
		uint32_t got;

		ram_place_make(&p);
		begin(&w);
		w.peer.advert = (struct advert_device){ 0 };
		w.ble.counters = ram_place_counters(&p);
		if (row->ram != NOTHING)
			counters_set(
				w.ble.counters, w.peer.identity.octets, (uint32_t)row->ram, &at);
		put_on_disk(&w, row, counters_tie(w.ble.counters));
		memory_recall(&w.ble);
		if (w.peer.advert.counter_known != (row->expected != NOTHING) ||
			(row->expected != NOTHING && w.peer.advert.counter != row->expected))
			fail_msg("row %zu: %u %" PRIu32, i, w.peer.advert.counter_known,
				w.peer.advert.counter);
		/* and so it is, when the next kill comes */
		assert_int_equal(counters_find(w.ble.counters, w.peer.identity.octets, &got),
			row->expected != NOTHING);
		if (row->expected != NOTHING)
			assert_int_equal(got, row->expected);
		counters_free(w.ble.counters);
		end(&w);
		ram_place_leave(&p);
	}
}

/* All that the last run said, read by the next. */
static void restart(struct memory_world *w)
{
	w->peer.advert = (struct advert_device){ 0 };
	w->peer.saved_counter = w->peer.saved_exact = w->peer.advanced = 0;
	w->peer.counter_place = 0;
	w->ble.quiet = false;
	w->ble.tie = 0;
	gateway_kept(w->ble.gateway, GATEWAY_BLE, 0);
	if (w->writings > 0)
		assert_int_equal(memory_read(&w->ble, w->written, strlen(w->written)), 0);
	memory_recall(&w->ble);
}

static void hear(struct memory_world *w, uint32_t counter)
{
	uint32_t before = w->peer.advert.counter;

	w->peer.advert.counter_known = true;
	w->peer.advert.counter = counter;
	memory_counted(&w->peer, before);
}

/* Many runs that end in any way, at any time: never lower than what was taken, and exactly that
 * but after a power cut. */
static void test_runs_that_end_in_any_way(void **state)
{
	unsigned seed = (unsigned)boottime_us();
	struct memory_world w;
	struct ram_place p;
	uint32_t taken = 0;
	char path[400];

	print_message("seed %u\n", seed);
	ram_place_make(&p);
	begin(&w);
	w.peer.advert = (struct advert_device){ 0 };
	w.ble.counters = ram_place_counters(&p);
	memory_recall(&w.ble);
	for (unsigned run = 0; run < 2000; run++) {
		unsigned steps = (unsigned)rand_r(&seed) % 60;
		bool ram = w.ble.counters;

		for (unsigned i = 0; i < steps; i++) {
			taken = w.peer.advert.counter + 1 + (rand_r(&seed) % 50 == 0 ? 1000 : 0);
			hear(&w, taken);
			/* what cannot wait is written at once */
			if (w.peer.saved_counter <= taken || rand_r(&seed) % 20 == 0) {
				gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
				assert_true(w.ble.memory_dirty || w.peer.saved_counter > taken);
				memory_changed(&w.ble);
				memory_due(&w.ble, FAR_US);
			}
		}
		switch (rand_r(&seed) % 5) {
		case 0: /* a power cut */
			counters_free(w.ble.counters);
			w.ble.counters = NULL;
			ram_place_file(&p, path);
			if (path[0])
				assert_int_equal(unlink(path), 0);
			w.ble.counters = ram_place_counters(&p);
			restart(&w);
			assert_true(w.peer.advert.counter >= taken);
			break;
		case 1: /* the next run has no RAM */
			counters_free(w.ble.counters);
			w.ble.counters = NULL;
			restart(&w);
			assert_true(w.peer.advert.counter >= taken);
			/* it says so on the disk at once */
			gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
			memory_due(&w.ble, FAR_US);
			break;
		case 2: /* a clean stop */
			w.ble.quiet = true;
			memory_finish(&w.ble);
			gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
			counters_free(w.ble.counters);
			w.ble.counters = ram_place_counters(&p);
			restart(&w);
			assert_true(w.peer.advert.counter >= taken);
			if (ram)
				assert_true(w.peer.advert.counter == taken ||
					    (steps == 0 && w.peer.advert.counter >= taken));
			break;
		default: /* kill -9 */
			counters_free(w.ble.counters);
			w.ble.counters = ram_place_counters(&p);
			restart(&w);
			assert_true(w.peer.advert.counter >= taken);
			if (ram && steps > 0)
				assert_int_equal(w.peer.advert.counter, taken);
			break;
		}
	}
	counters_free(w.ble.counters);
	end(&w);
	ram_place_leave(&p);
}

/* ---- how far ahead ---- */

static void test_a_fast_device_is_reserved_further_ahead(void **state)
{
	struct memory_world w;

	begin(&w);
	w.peer.advert = (struct advert_device){ 0 };
	for (uint32_t i = 1; i <= 300; i++)
		hear(&w, i);
	memory_due(&w.ble, FAR_US);
	assert_non_null(strstr(w.written, "\ncounter 900 300\n"));
	gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
	/* halfway it is time to write again, and not earlier */
	for (uint32_t i = 301; i < 600; i++) {
		hear(&w, i);
		assert_false(w.ble.memory_dirty);
	}
	hear(&w, 600);
	assert_true(w.ble.memory_dirty);
	memory_due(&w.ble, FAR_US);
	gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
	/* one that was away has not become fast */
	hear(&w, 1000600);
	assert_true(w.ble.memory_dirty && w.ble.memory_due_us <= boottime_us() + 1000000);
	memory_due(&w.ble, FAR_US);
	assert_non_null(strstr(w.written, "\ncounter 1000616 1000600\n"));
	end(&w);
}

static void test_a_counter_at_its_end_stays_there(void **state)
{
	struct memory_world w;

	begin(&w);
	w.peer.advert.counter = UINT32_MAX - 3;
	memory_changed(&w.ble);
	memory_due(&w.ble, FAR_US);
	assert_non_null(strstr(w.written, "\ncounter 4294967295 4294967292\n"));
	end(&w);
}

/* ---- the file in RAM ---- */

static void test_as_many_as_there_is_room_for(void **state)
{
	struct ram_place p;
	struct counters *c;
	unsigned at[COUNTERS_MAX + 1] = { 0 };
	uint8_t who[BLE_ADDRESS_SIZE];
	uint32_t got;

	ram_place_make(&p);
	c = ram_place_counters(&p);
	for (uint32_t i = 0; i <= COUNTERS_MAX; i++)
		counters_set(c, ram_place_nth(i, who), i * 7, &at[i]);
	for (uint32_t i = 0; i <= COUNTERS_MAX; i++)
		counters_set(c, ram_place_nth(i, who), i * 7 + 1, &at[i]);
	counters_free(c);
	c = ram_place_counters(&p);
	for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
		assert_true(counters_find(c, ram_place_nth(i, who), &got));
		assert_int_equal(got, i * 7 + 1);
	}
	assert_false(counters_find(c, ram_place_nth(COUNTERS_MAX, who), &got));
	/* one goes, another has its place, and who has an old place in mind does no harm */
	counters_drop(c, ram_place_nth(5, who));
	assert_false(counters_find(c, ram_place_nth(5, who), &got));
	counters_set(c, ram_place_nth(COUNTERS_MAX, who), 77, &at[COUNTERS_MAX]);
	counters_set(c, ram_place_nth(5, who), 78, &at[5]);
	assert_false(counters_find(c, ram_place_nth(5, who), &got));
	assert_true(counters_find(c, ram_place_nth(COUNTERS_MAX, who), &got));
	assert_int_equal(got, 77);
	counters_free(c);
	ram_place_leave(&p);
}

static void test_nothing_without_a_file(void **state)
{
	uint8_t who[BLE_ADDRESS_SIZE];
	unsigned at = 0;
	uint32_t got;

	assert_true(counters_tie(NULL) == 0);
	counters_set(NULL, ram_place_nth(1, who), 1, &at);
	counters_drop(NULL, ram_place_nth(1, who));
	assert_false(counters_find(NULL, ram_place_nth(1, who), &got));
	assert_null(counters_free(NULL));
}

/* Each byte in turn, in each of two ways: never another number than the one that was there, and no
 * exact one once the file is another. */
static void test_a_damaged_file_has_no_wrong_numbers(void **state)
{
	struct ram_place p;
	uint8_t who[BLE_ADDRESS_SIZE];
	unsigned at = 0;
	char path[400];
	uint64_t tie;
	struct counters *c;

	ram_place_make(&p);
	c = ram_place_counters(&p);
	tie = counters_tie(c);
	counters_set(c, ram_place_nth(9, who), 1000, &at);
	counters_free(c);
	ram_place_file(&p, path);
	for (off_t i = 0; i < 96; i++) { /* the header and the entry */
		int fd = open(path, O_RDWR | O_CLOEXEC);
		uint32_t got = 1000;
		uint8_t byte, other;

		assert_int_equal(pread(fd, &byte, 1, i), 1);
		other = (uint8_t)(byte ^ (i & 1 ? 0xff : 0x01));
		assert_int_equal(pwrite(fd, &other, 1, i), 1);
		close(fd);
		c = ram_place_counters(&p);
		if (counters_find(c, ram_place_nth(9, who), &got))
			assert_int_equal(got, 1000);
		if (counters_tie(c) != tie || !counters_find(c, ram_place_nth(9, who), &got)) {
			/* replaced, or not to be believed: as it was */
			counters_free(c);
			fd = open(path, O_RDWR | O_CLOEXEC);
			if (pread(fd, &got, 1, i) == 1 && (uint8_t)got == other)
				assert_int_equal(pwrite(fd, &byte, 1, i), 1);
			close(fd);
			assert_int_equal(unlink(path), 0);
			c = ram_place_counters(&p);
			tie = counters_tie(c);
			at = 0;
			counters_set(c, ram_place_nth(9, who), 1000, &at);
		}
		counters_free(c);
	}
	ram_place_leave(&p);
}

static void test_files_of_others(void **state)
{
	struct ram_place p;
	uint8_t who[BLE_ADDRESS_SIZE];
	struct counters *c, *other;
	char path[400];
	unsigned at = 0;
	uint32_t got;

	ram_place_make(&p);
	c = ram_place_counters(&p);
	counters_set(c, ram_place_nth(1, who), 5, &at);
	counters_free(c);
	ram_place_file(&p, path);
	/* readable by others, cut off, a directory: replaced, or done without */
	assert_int_equal(chmod(path, 0644), 0);
	c = ram_place_counters(&p);
	assert_false(counters_find(c, ram_place_nth(1, who), &got));
	counters_free(c);
	assert_int_equal(truncate(path, 100), 0);
	counters_free(ram_place_counters(&p));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(counters_new(&other, p.directory, p.state, "gw") < 0);
	assert_int_equal(rmdir(path), 0);
	/* another gateway on this machine */
	assert_int_equal(counters_new(&other, p.directory, p.state, "gw2"), 0);
	c = ram_place_counters(&p);
	assert_true(counters_tie(c) != counters_tie(other));
	counters_free(c);
	counters_free(other);
	ram_place_file(&p, path);
	assert_int_equal(unlink(path), 0);
	ram_place_leave(&p);
}

static void test_who_goes_begins_anew(void **state)
{
	struct memory_world w;
	struct ram_place p;
	uint8_t who[BLE_ADDRESS_SIZE];
	unsigned at = 0;
	uint32_t got;

	ram_place_make(&p);
	begin(&w);
	w.ble.counters = ram_place_counters(&p);
	hear(&w, 1001);
	counters_set(w.ble.counters, ram_place_nth(3, who), 9, &at);
	/* in this run */
	memory_forget(&w.peer);
	assert_false(counters_find(w.ble.counters, w.peer.identity.octets, &got));
	assert_true(w.ble.memory_dirty);
	/* while none ran */
	memory_recall(&w.ble);
	assert_false(counters_find(w.ble.counters, ram_place_nth(3, who), &got));
	counters_free(w.ble.counters);
	end(&w);
	ram_place_leave(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stop_meets_a_writing_that_is_under_way),
		cmocka_unit_test(test_one_writing_at_a_time_while_it_runs),
		cmocka_unit_test(test_which_counter_counts),
		cmocka_unit_test(test_runs_that_end_in_any_way),
		cmocka_unit_test(test_a_fast_device_is_reserved_further_ahead),
		cmocka_unit_test(test_a_counter_at_its_end_stays_there),
		cmocka_unit_test(test_as_many_as_there_is_room_for),
		cmocka_unit_test(test_nothing_without_a_file),
		cmocka_unit_test(test_a_damaged_file_has_no_wrong_numbers),
		cmocka_unit_test(test_files_of_others),
		cmocka_unit_test(test_who_goes_begins_anew),
	};

	return RUN_TESTS(tests);
}
