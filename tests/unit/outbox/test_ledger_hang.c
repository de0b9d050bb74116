/*
 * The ledger with a disk that hangs, is slow, or dead: what is in memory waits
 * for what lies on the disk as long as that can be read, and no longer.
 */
#include "outbox/ledger_disk.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "gateway/clock.h"
#include "unit/outbox/cutvfs.h"
#include "unit/outbox/store_script.h"
#include "unit/outbox/warped_clock.h"

#include "unit/unit.h"

#define SECOND INT64_C(1000000)
#define INTERVAL_US 20000
#define FIFO "epoch.new" /* what a state file is written to first */

struct run {
	sd_event *event;
	struct outbox *outbox;
	struct ledger ledger;
	struct ledger_disk *disk;
	uint64_t sequence;
	int saved;
	bool ready, ticked, woken;
};

static char directory[64];

static int set_up(void **state)
{
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

static void on_ready(void *userdata)
{
	((struct run *)userdata)->ready = true;
}

static void on_saved(enum store_file file, int result, void *userdata)
{
	((struct run *)userdata)->saved++;
}

/* A publisher that looks only when it is told to. */
static void on_wake(void *userdata)
{
	struct run *r = userdata;

	r->woken |= outbox_next(r->outbox) != NULL;
}

static int64_t monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

/* Turns the loop until the condition holds. Short: the kernel does not know of the warp. */
#define UNTIL(r, condition)                                                                        \
	do {                                                                                       \
		int64_t _limit = monotonic_us() + 30 * SECOND;                                     \
		while (!(condition)) {                                                             \
			assert_true(monotonic_us() < _limit);                                      \
			assert_true(sd_event_run((r)->event, 1000) >= 0);                          \
		}                                                                                  \
	} while (0)

static void begin(struct run *r)
{
	struct outbox_limits limits = { .messages = 100, .tries = 3, .aside = 10 };
	struct store_limits store_limits = { INT64_C(1) << 30, 0, INT64_C(86400) * SECOND };
	struct ledger_disk_hooks hooks = { .ready = on_ready, .saved = on_saved, .userdata = r };
	int holder;

	script_empty_directory(directory);
	cutvfs_reset(&(struct cutvfs_disk){ .seed = 1, .sector = 4096 });
	memset(r, 0, sizeof(*r));
	assert_true(sd_event_new(&r->event) >= 0);
	assert_int_equal(outbox_new(&r->outbox, &limits), 0);
	outbox_set_now(r->outbox, boottime_us());
	r->ledger = outbox_ledger(r->outbox);
	assert_int_equal(ledger_disk_new(&r->disk, r->event, r->outbox, directory, "1-0000000a",
				 &store_limits, INTERVAL_US, &hooks, &holder),
		0);
	UNTIL(r, r->ready);
}

static void put(struct run *r, int count)
{
	for (int i = 0; i < count; i++) {
		struct reading reading = { .sequence = ++r->sequence,
			.device_sequence = r->sequence,
			.metric = METRIC_SPO2,
			.received_us = INT64_C(1764000000000000),
			.received_boot_us = boottime_us() };

		assert_int_equal(label_new(&reading.device, "bed3-oximeter"), 0);
		assert_int_equal(r->ledger.reserve(r->outbox, 1, true, boottime_us()), 0);
		r->ledger.append(r->outbox, &reading, NULL);
		label_unref(reading.device);
	}
	r->ledger.flush(r->outbox);
}

static void store_all(struct run *r)
{
	UNTIL(r, !outbox_lacking(r->outbox) && ledger_disk_idle(r->disk));
}

static void end(struct run *r)
{
	store_all(r); /* a batch that the thread has would stay */
	ledger_disk_free(r->disk, boottime_us() + 30 * SECOND);
	outbox_free(r->outbox);
	sd_event_unref(r->event);
}

static int on_ticked(sd_event_source *source, uint64_t usec, void *userdata)
{
	((struct run *)userdata)->ticked = true;
	return 0;
}

/* The ledger's timer, which is armed, came: it is due earlier, and goes first. */
static void tick(struct run *r)
{
	sd_event_source *source = NULL;

	r->ticked = false;
	assert_true(sd_event_add_time(r->event, &source, CLOCK_BOOTTIME,
			    (uint64_t)(boottime_us() + INTERVAL_US), 1, on_ticked, r) >= 0);
	assert_true(sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE) >= 0);
	UNTIL(r, r->ticked);
	sd_event_source_unref(source);
}

/* A commit that hangs, with readings that come meanwhile, so that it is looked at. */
static void hang(struct run *r)
{
	cutvfs_hold_syncs(true);
	put(r, 1);
	UNTIL(r, !outbox_lacking(r->outbox));
	cutvfs_await_held();
	put(r, 1);
	tick(r);
}

static void sleep_s(long s)
{
	atomic_fetch_add(&script_warp_s, s);
}

/* What the broker gets, as text; it confirms at once. */
static const char *send_until(struct run *r, size_t count)
{
	static char text[256];
	struct outbox_entry *e;

	text[0] = 0;
	while (count > 0) {
		size_t n = strlen(text);

		UNTIL(r, (e = outbox_next(r->outbox)));
		snprintf(text + n, sizeof(text) - n, "%d ", (int)outbox_entry_message(e)->sequence);
		outbox_sent(r->outbox, e);
		outbox_confirmed(r->outbox, e);
		count--;
	}
	return text;
}

static void test_memory_does_not_wait_for_what_hangs(void **state)
{
	struct run r;

	begin(&r);
	put(&r, 2);
	store_all(&r);
	hang(&r);
	outbox_connected(r.outbox, 10);
	sleep_s(4);
	tick(&r);
	assert_null(outbox_next(r.outbox));
	sleep_s(2);
	assert_string_equal(send_until(&r, 2), "3 4 ");
	assert_null(outbox_next(r.outbox));
	cutvfs_hold_syncs(false);
	assert_string_equal(send_until(&r, 2), "1 2 ");
	end(&r);
}

static void test_a_hang_that_is_over_is_forgotten(void **state)
{
	struct run r;

	begin(&r);
	hang(&r);
	sleep_s(6);
	tick(&r);
	cutvfs_hold_syncs(false);
	store_all(&r);
	assert_int_equal(outbox_counters(r.outbox).depth, 0);
	put(&r, 2);
	outbox_connected(r.outbox, 10);
	assert_string_equal(send_until(&r, 4), "1 2 3 4 ");
	end(&r);
}

/* Slow is not hanging: a batch of 4 s that waited 4 s for a state file's. */
static void test_what_is_slow_is_waited_for(void **state)
{
	char path[96];
	struct run r;
	int fd;

	begin(&r);
	put(&r, 2);
	store_all(&r);
	snprintf(path, sizeof(path), "%s/" FIFO, directory);
	hang(&r);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(store_save(ledger_disk_store(r.disk), STORE_EPOCH, "1", 1), 0);
	cutvfs_hold_syncs(false);
	/* The commit ends, the file is begun, and what came last waits behind that. */
	UNTIL(&r, outbox_counters(r.outbox).depth == 1 && !outbox_lacking(r.outbox));
	cutvfs_hold_syncs(true);
	outbox_connected(r.outbox, 10);
	sleep_s(4);
	tick(&r);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* lets the thread go on */
	assert_true(fd >= 0);
	cutvfs_await_held();
	sleep_s(4);
	tick(&r);
	assert_null(outbox_next(r.outbox));
	cutvfs_hold_syncs(false);
	assert_string_equal(send_until(&r, 4), "1 2 3 4 ");
	UNTIL(&r, r.saved > 0);
	close(fd);
	end(&r);
}

static void test_memory_does_not_wait_for_a_dead_disk(void **state)
{
	const struct cutvfs_fault dead = { CUTVFS_ANY, 1, 1, SQLITE_IOERR, false };
	struct run r;

	begin(&r);
	put(&r, 2);
	store_all(&r);
	cutvfs_set_fault(&dead);
	put(&r, 1);
	UNTIL(&r, store_figures(ledger_disk_store(r.disk)).state == STORE_FAILING);
	UNTIL(&r, outbox_lacking(r.outbox));
	outbox_set_wake(r.outbox, on_wake, &r);
	outbox_connected(r.outbox, 10);
	UNTIL(&r, r.woken);
	assert_string_equal(send_until(&r, 1), "3 ");
	assert_null(outbox_next(r.outbox));
	cutvfs_clear_fault();
	sleep_s(60);
	assert_string_equal(send_until(&r, 2), "1 2 ");
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_does_not_wait_for_what_hangs),
		cmocka_unit_test(test_a_hang_that_is_over_is_forgotten),
		cmocka_unit_test(test_what_is_slow_is_waited_for),
		cmocka_unit_test(test_memory_does_not_wait_for_a_dead_disk),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, set_up, tear_down);
}
