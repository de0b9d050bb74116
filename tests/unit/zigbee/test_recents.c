/*
 * What a device says again after the daemon was killed, as it has had no answer:
 * it has the key that it had, whatever half minute of the clock it is by then.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/ble/ram_place.h"
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"

#define HALF_MINUTE (30 * S)

static struct ram_place place;
static struct node_device *button, *contact, *fridge;

static void map(struct recents **ret)
{
	*ret = NULL;
	assert_int_equal(recents_new(ret, place.directory, place.state, "gw"), 0);
}

static void kill_and_start(void)
{
	recents_free(wing.recents);
	map(&wing.recents);
	node_ward_restart(&wing);
}

static int set_up(void **state)
{
	(void)state;
	ram_place_make(&place);
	node_ward_init(&wing);
	map(&wing.recents);
	node_ward_restart(&wing);
	button = node_settled(&node_button);
	contact = node_settled(&node_contact);
	fridge = node_settled(&node_fridge);
	node_ward_pass(&wing, 60 * S);
	wing.reading_count = 0;
	wing.verdict = NODES_TAKEN_WAITS;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	node_ward_done(&wing);
	recents_free(wing.recents);
	ram_place_leave(&place);
	return 0;
}

/* It says that; returns the key. 0: it is known, and not taken again. */
static uint64_t says(struct node_device *d, uint16_t cluster, const char *hex)
{
	unsigned before = wing.reading_count;

	node_says(&wing, d, 1, cluster, hex);
	return wing.reading_count > before ? wing.readings[before].source_key : 0;
}

static uint64_t press(const char *hex)
{
	return says(button, 0x0006, hex);
}

/* The clock stands two seconds before the end of a half minute; a kill and a start take one. */
static void near_the_end(void)
{
	wing.now.utc_us += HALF_MINUTE - wing.now.utc_us % HALF_MINUTE - 2 * S;
}

/* ---- over a kill ---- */

static void test_the_same_has_its_key_past_the_half_minute(void **state)
{
	static const struct {
		struct node_device **device;
		uint16_t cluster;
		const char *first, *again, *other;
	} rows[] = {
		{ &button, 0x0006, "01 55 02", "01 55 02", "01 56 02" },
		{ &button, 0x0006, "01 55 02", "01 55 02", "01 55 01" },
		/* what behind the status has changed meanwhile does not make it another */
		{ &contact, 0x0500, "09 20 00 0100 00 FF 0000", "09 20 00 0100 00 FF 0C00",
			"09 20 00 0000 00 FF 0C00" },
		{ &fridge, 0x0402, "08 BB 0A 00 00 29 92 01", "08 BB 0A 00 00 29 92 01",
			"08 BC 0A 00 00 29 92 01" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node_device *d = *rows[i].device;
		uint64_t first, other;

		node_ward_pass(&wing, HALF_MINUTE + S); /* of the row before nothing is known */
		near_the_end();
		first = says(d, rows[i].cluster, rows[i].first);
		assert_true(first != 0);
		kill_and_start();
		node_ward_pass(&wing, 5 * S);
		assert_true(says(d, rows[i].cluster, rows[i].again) == first);
		other = says(d, rows[i].cluster, rows[i].other);
		assert_true(other != 0 && other != first);
		/* and after another kill, both */
		kill_and_start();
		assert_true(says(d, rows[i].cluster, rows[i].again) == first);
		assert_true(says(d, rows[i].cluster, rows[i].other) == other);
	}
}

static void test_it_is_another_after_half_a_minute(void **state)
{
	uint64_t first, later;

	(void)state;
	wing.now.utc_us -= wing.now.utc_us % HALF_MINUTE;
	first = press("01 55 02");
	kill_and_start();
	node_ward_pass(&wing, HALF_MINUTE - 5 * S);
	assert_true(press("01 55 02") == first);
	node_ward_pass(&wing, 5 * S);
	later = press("01 55 02");
	assert_true(later != 0 && later != first);
	/* of the two the later one counts then */
	kill_and_start();
	assert_true(press("01 55 02") == later);
}

static void test_of_another_device_it_is_another(void **state)
{
	struct node_device *other = node_settled(&node_button);
	uint64_t first, others;

	(void)state;
	first = press("01 55 02");
	kill_and_start();
	near_the_end();
	others = says(other, 0x0006, "01 55 02");
	kill_and_start();
	node_ward_pass(&wing, 2 * S);
	assert_true(press("01 55 02") == first);
	assert_true(says(other, 0x0006, "01 55 02") == others);
}

static void test_a_new_battery_is_known_over_a_kill(void **state)
{
	uint64_t first, second;

	(void)state;
	button->counter = 3;
	first = press("01 00 02");
	assert_true(first != 0);
	button->counter = 1;
	node_announces(&wing, button);
	kill_and_start();
	second = press("01 00 02");
	assert_true(second != 0 && second != first);
	/* it has come back and counts on: the same */
	node_announces(&wing, button);
	kill_and_start();
	assert_true(press("01 00 02") == second);
	/* that it was said again since does not make it forgotten */
	button->counter = (uint8_t)(button->counter - 3);
	kill_and_start();
	assert_true(press("01 00 02") != second);
}

/* Whether that message left something in the file. */
static bool leaves(struct node_device *d, uint16_t cluster, const char *hex)
{
	struct cluster_device before = { 0 }, after = { 0 };

	recents_give(wing.recents, d->eui64, INT64_MAX, &before);
	assert_true(says(d, cluster, hex) != 0);
	recents_give(wing.recents, d->eui64, INT64_MAX, &after);
	return memcmp(before.recent, after.recent, sizeof(before.recent)) != 0;
}

static void test_who_wants_no_answer_costs_nothing(void **state)
{
	(void)state;
	assert_false(leaves(fridge, 0x0402, "18 0D 0A 00 00 29 92 01"));
	assert_false(leaves(button, 0x0006, "11 07 02"));
	assert_true(leaves(fridge, 0x0402, "08 0E 0A 00 00 29 92 01"));
	assert_true(leaves(button, 0x0006, "01 08 02"));
}

/* As before there was one: the half minute of the clock. */
static void test_without_a_file(void **state)
{
	uint64_t first;

	(void)state;
	wing.recents = recents_free(wing.recents);
	node_ward_restart(&wing);
	wing.now.utc_us -= wing.now.utc_us % HALF_MINUTE;
	first = press("01 55 02");
	node_ward_restart(&wing);
	assert_true(press("01 55 02") == first);
	near_the_end();
	first = press("01 56 02");
	node_ward_restart(&wing);
	node_ward_pass(&wing, 2 * S);
	assert_true(press("01 56 02") != first);
}

/* ---- the file ---- */

static struct cluster_recent some(uint64_t n)
{
	return (struct cluster_recent){ .hash = n, .key = ~n, .boot_us = 5, .counter = (uint8_t)n };
}

/* Whether exactly these of that device are kept, which are no more than it can be given. */
static bool has(const struct recents *r, uint64_t who, uint64_t from, uint64_t to)
{
	struct cluster_device d = { 0 };
	uint64_t n = 0;

	recents_give(r, who, 5, &d);
	for (size_t i = 0; i < CLUSTER_RECENT_MAX; i++) {
		const struct cluster_recent *c = &d.recent[i];

		if (c->hash == 0)
			continue;
		if (c->hash < from || c->hash >= to || c->key != ~c->hash || c->boot_us != 5 ||
			c->counter != (uint8_t)c->hash)
			return false;
		n++;
	}
	return n == to - from;
}

static void test_the_oldest_gives_way(void **state)
{
	struct recents *r;

	(void)state;
	map(&r);
	for (uint64_t n = 1; n <= 3 * RECENTS_MAX; n++) {
		struct cluster_recent c = some(n);

		/* each device has its eight, one after the other */
		recents_add(r, n / 8, &c);
	}
	recents_free(r);
	map(&r);
	assert_true(has(r, 3 * RECENTS_MAX / 8, 3 * RECENTS_MAX, 3 * RECENTS_MAX + 1));
	for (uint64_t who = 2 * RECENTS_MAX / 8 + 1; who < 3 * RECENTS_MAX / 8; who++)
		assert_true(has(r, who, who * 8, who * 8 + 8));
	assert_true(has(r, 2 * RECENTS_MAX / 8, 2 * RECENTS_MAX + 1, 2 * RECENTS_MAX + 8));
	assert_true(has(r, 2 * RECENTS_MAX / 8 - 1, 1, 1));
	recents_free(r);
}

static void test_what_is_from_the_future_is_nothing(void **state)
{
	struct cluster_device d = { 0 };
	struct cluster_recent c = some(1);

	(void)state;
	recents_add(wing.recents, 1, &c);
	recents_give(wing.recents, 1, 4, &d);
	assert_true(d.recent[0].hash == 0);
}

/* A byte of any of it is another, as a kill between two stores leaves it: whole, or nothing. */
static void test_what_is_not_whole_is_nothing(void **state)
{
	struct cluster_recent c = some(77);
	struct recents *r;
	char path[400];
	int fd;

	(void)state;
	map(&r);
	recents_add(r, 0x1234, &c);
	assert_true(has(r, 0x1234, 77, 78));
	ram_place_file(&place, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (off_t i = 0; i < 4096; i++) {
		uint8_t byte, other;

		assert_int_equal(pread(fd, &byte, 1, i), 1);
		other = (uint8_t)~byte;
		assert_int_equal(pwrite(fd, &other, 1, i), 1);
		assert_true(has(r, 0x1234, 77, 78) || has(r, 0x1234, 1, 1));
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
	}
	assert_true(has(r, 0x1234, 77, 78));
	close(fd);
	recents_free(r);
}

static void test_files_of_others(void **state)
{
	struct cluster_recent c = some(77);
	struct recents *r;
	char path[400];

	(void)state;
	recents_add(wing.recents, 1, &c);
	ram_place_file(&place, path);
	/* of a gateway with another name */
	assert_int_equal(recents_new(&r, place.directory, place.state, "other"), 0);
	assert_true(has(r, 1, 1, 1));
	recents_free(r);
	assert_int_equal(unlink(path), 0);
	map(&r);
	assert_true(has(r, 1, 1, 1));
	recents_add(r, 1, &c);
	recents_free(r);
	for (ram_place_file(&place, path); path[0]; ram_place_file(&place, path))
		assert_int_equal(unlink(path), 0);
	map(&r);
	recents_add(r, 1, &c);
	recents_free(r);
	ram_place_file(&place, path);
	/* readable by others, cut off, a directory: replaced, or done without */
	assert_int_equal(chmod(path, 0644), 0);
	map(&r);
	assert_true(has(r, 1, 1, 1));
	recents_add(r, 1, &c);
	recents_free(r);
	assert_int_equal(truncate(path, 100), 0);
	map(&r);
	assert_true(has(r, 1, 1, 1));
	recents_free(r);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(recents_new(&r, place.directory, place.state, "gw") < 0);
	assert_int_equal(rmdir(path), 0);
	/* without one: nothing, and none */
	recents_add(NULL, 1, &c);
	recents_started(NULL, 1, 5);
	assert_true(has(NULL, 1, 1, 1));
	assert_null(recents_free(NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_the_same_has_its_key_past_the_half_minute),
		TEST(test_it_is_another_after_half_a_minute),
		TEST(test_of_another_device_it_is_another),
		TEST(test_a_new_battery_is_known_over_a_kill),
		TEST(test_who_wants_no_answer_costs_nothing),
		TEST(test_without_a_file),
		TEST(test_the_oldest_gives_way),
		TEST(test_what_is_from_the_future_is_nothing),
		TEST(test_what_is_not_whole_is_nothing),
		TEST(test_files_of_others),
	};

	return RUN_TESTS(tests);
}
