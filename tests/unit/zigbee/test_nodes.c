/*
 * Who is there and who is not: leaving, silence, a radio that was away, strangers,
 * caps; what is asked of us.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"

#include <errno.h>

#define REPORT "18 01 0A 00 00 29 D0 07" /* 20.00 Cel */

/* Who the last reading was of. */
static uint64_t last_reader(void)
{
	return wing.reading_count > 0 ? wing.reading_of[wing.reading_count - 1] : 0;
}

/* ---- there and not there ---- */

static void test_that_it_is_there_is_told_once(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(wing.presents, 1);
	nodes_joined(&wing.nodes, d->eui64, d->node, NODES_REJOINED, &wing.now);
	assert_int_equal(wing.presents, 1);
	/* reset by a person it has joined anew */
	node_joins(&wing, d);
	assert_int_equal(wing.presents, 2);
	nodes_left(&wing.nodes, d->eui64, &wing.now);
	assert_int_equal(wing.presents, 3);
	assert_false(wing.there);
	nodes_joined(&wing.nodes, d->eui64, d->node, NODES_REJOINED, &wing.now);
	assert_int_equal(wing.presents, 4);
	assert_true(wing.there);
	/* or the radio says first that it has come back */
	nodes_left(&wing.nodes, d->eui64, &wing.now);
	nodes_paired(&wing.nodes, d->eui64, d->node, &wing.now);
	assert_int_equal(wing.presents, 6);
	assert_true(wing.there);
}

static void test_who_leaves_is_not_forgotten(void **state)
{
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	wing.changes = 0;
	nodes_left(&wing.nodes, d->eui64, &wing.now);
	assert_false(node_of(&wing, d)->joined);
	assert_int_equal(node_of(&wing, d)->node, ZIGBEE_NODE_NONE);
	assert_true(wing.changes & NODES_CHANGED_PRESENT);
	node_ward_pass(&wing, 7200 * S);
	assert_false(node_of(&wing, d)->silent);
	assert_string_equal(node_of(&wing, d)->interview.device.facts[FACT_MODEL], "TH01");
	node_joins(&wing, d);
	assert_true(node_of(&wing, d)->joined);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	/* who was never here leaves nothing */
	nodes_left(&wing.nodes, 0x77, &wing.now);
	assert_int_equal(wing.nodes.count, 1);
}

static void test_silence_is_told_within_three_intervals(void **state)
{
	struct node_device *d = node_settled(&node_fridge);
	int64_t every = node_of(&wing, d)->expect_us;

	(void)state;
	assert_true(every > 0);
	node_says(&wing, d, 1, 0x0402, REPORT);
	wing.changes = 0;
	node_ward_pass(&wing, 3 * every - 1);
	assert_false(node_of(&wing, d)->silent);
	node_ward_pass(&wing, 1);
	assert_true(node_of(&wing, d)->silent);
	assert_true(wing.changes & NODES_CHANGED_PRESENT);
	wing.changes = 0;
	node_says(&wing, d, 1, 0x0402, "18 02 0A 00 00 29 D0 07");
	assert_false(node_of(&wing, d)->silent);
	assert_true(wing.changes & NODES_CHANGED_PRESENT);
}

static void test_silence_of_the_radio_is_not_the_devices(void **state)
{
	struct node_device *d = node_settled(&node_fridge);
	int64_t every = node_of(&wing, d)->expect_us;

	(void)state;
	nodes_down(&wing.nodes);
	node_ward_pass(&wing, 10 * every);
	assert_false(node_of(&wing, d)->silent);
	nodes_up(&wing.nodes, &wing.now);
	assert_true(node_of(&wing, d)->stale);
	node_ward_pass(&wing, 3 * every - 1);
	assert_false(node_of(&wing, d)->silent);
	node_ward_pass(&wing, 1);
	assert_true(node_of(&wing, d)->silent);
}

static void test_who_hears_always_is_asked_before_it_counts_as_silent(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);

	(void)state;
	d->configure_default = true;
	d->configure_status = 0xc3; /* it has nothing to be reported or asked for */
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(interview_expect_us(&node_of(&wing, d)->interview), 0);
	assert_true(node_of(&wing, d)->expect_us == NODES_PROBE_US);
	node_ward_pass(&wing, 20 * NODES_PROBE_US);
	assert_false(node_of(&wing, d)->silent);
	d->gone = true;
	node_ward_pass(&wing, 3 * NODES_PROBE_US + 30 * S);
	assert_true(node_of(&wing, d)->silent);
}

static void test_after_the_radio_was_away_values_are_read_again(void **state)
{
	struct node_device *d = node_settled(&node_plug), *e = node_settled(&node_fridge);
	unsigned asked = e->asked;

	(void)state;
	wing.reading_count = 0;
	node_ward_radio_away(&wing, 5 * S);
	node_ward_pass(&wing, 3 * S);
	assert_true(wing.reading_count >= 2);
	for (unsigned i = 0; i < wing.reading_count; i++)
		assert_true(wing.reading_of[i] == d->eui64);
	/* those that sleep are left alone, and known to be of before */
	assert_int_equal(e->asked, asked);
	assert_true(node_of(&wing, e)->stale);
	assert_false(node_of(&wing, d)->stale);
	/* told twice it is not done twice */
	nodes_up(&wing.nodes, &wing.now);
	wing.reading_count = 0;
	node_ward_pass(&wing, 3 * S);
	assert_int_equal(wing.reading_count, 0);
}

static void test_a_device_is_told_to_leave(void **state)
{
	struct node_device *d = node_settled(&node_plug), *e = node_settled(&node_fridge);

	(void)state;
	assert_int_equal(nodes_dismiss(&wing.nodes, 0x77, &wing.now), -ENOENT);
	assert_int_equal(nodes_dismiss(&wing.nodes, d->eui64, &wing.now), 0);
	node_ward_pass(&wing, 1 * S);
	assert_true(d->left);
	nodes_left(&wing.nodes, d->eui64, &wing.now);
	assert_int_equal(nodes_dismiss(&wing.nodes, d->eui64, &wing.now), -EHOSTUNREACH);
	/* one that sleeps, when it listens */
	e->awake_us = 0;
	e->listens_us = S;
	node_ward_pass(&wing, 60 * S);
	assert_int_equal(nodes_dismiss(&wing.nodes, e->eui64, &wing.now), 0);
	node_ward_pass(&wing, 60 * S);
	assert_false(e->left);
	node_says(&wing, e, 1, 0x0402, REPORT);
	node_ward_pass(&wing, 1 * S);
	assert_true(e->left);
}

/* ---- strangers ---- */

static void test_a_stranger_gives_its_name_and_nothing_else(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, false);

	(void)state;
	node_joins(&wing, d);
	node_ward_pass(&wing, 30 * S);
	assert_true(wing.strangers > 0);
	assert_true(wing.last_stranger == d->eui64);
	assert_string_equal(node_of(&wing, d)->interview.device.facts[FACT_MODEL], "TH01");
	assert_string_equal(node_of(&wing, d)->interview.device.facts[FACT_MAKER], "eWeLink");
	assert_int_equal(d->asked_zdo[0x0004], 0);
	assert_int_equal(d->bound, 0);
	assert_int_equal(d->asked_zcl[0x06], 0);
	node_says(&wing, d, 1, 0x0402, "00 21 0A 00 00 29 D0 07");
	assert_int_equal(wing.reading_count, 0);
	assert_int_equal(wing.nodes.counters.unknown, 3);
	/* it is answered, so that it does not shout */
	node_ward_pass(&wing, 1 * S);
	assert_int_equal(d->defaults, 1);
	assert_int_equal(wing.changes, 0);
}

static void test_a_stranger_becomes_one_of_ours(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, false);

	(void)state;
	node_joins(&wing, d);
	node_ward_pass(&wing, 30 * S);
	assert_int_equal(nodes_configure(&wing.nodes, d->eui64, d, &wing.now), 0);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(d->asked_zdo[0x0002], 1);
	assert_true(d->bound > 0);
	node_says(&wing, d, 1, 0x0402, REPORT);
	assert_true(last_reader() == d->eui64);
	/* and a stranger again */
	nodes_unconfigure(&wing.nodes, d->eui64);
	assert_false(node_of(&wing, d)->configured);
	wing.reading_count = 0;
	node_says(&wing, d, 1, 0x0402, "18 02 0A 00 00 29 D0 07");
	assert_int_equal(wing.reading_count, 0);
	nodes_forget(&wing.nodes, d->eui64);
	assert_null(node_of(&wing, d));
}

static void test_strangers_crowd_nobody_out(void **state)
{
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		wing.now.boot_us += 1000;
		nodes_joined(&wing.nodes, UINT64_C(0xdead00000000) + i, (uint16_t)(0x8000 + i),
			NODES_JOINED, &wing.now);
	}
	assert_int_equal(wing.nodes.count, 1 + NODES_UNKNOWN_MAX);
	assert_int_equal(wing.nodes.counters.evicted, 1000 - NODES_UNKNOWN_MAX);
	assert_non_null(nodes_find(&wing.nodes, UINT64_C(0xdead00000000) + 999));
	assert_null(nodes_find(&wing.nodes, UINT64_C(0xdead00000000)));
	assert_non_null(node_of(&wing, d));
	node_says(&wing, d, 1, 0x0402, REPORT);
	assert_true(last_reader() == d->eui64);
}

static void test_there_is_an_end_to_devices(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES_MAX; i++)
		assert_int_equal(nodes_configure(&wing.nodes, 0x1000 + i, NULL, &wing.now), 0);
	assert_int_equal(nodes_configure(&wing.nodes, 0x9999, NULL, &wing.now), -ENOSPC);
	assert_int_equal(nodes_configure(&wing.nodes, 0x1000, NULL, &wing.now), 0);
	for (unsigned i = 0; i < NODES_MAX; i++)
		assert_non_null(nodes_find(&wing.nodes, 0x1000 + i));
	for (unsigned i = 0; i < NODES_MAX; i++)
		nodes_joined(&wing.nodes, 0x1000 + i, (uint16_t)(1 + i), NODES_REJOINED, &wing.now);
	for (unsigned i = 0; i < NODES_MAX; i++)
		assert_int_equal(nodes_by_node(&wing.nodes, (uint16_t)(1 + i))->eui64, 0x1000 + i);
	/* who was never here goes with its configuration */
	nodes_left(&wing.nodes, 0x1000, &wing.now);
	nodes_unconfigure(&wing.nodes, 0x1000);
	assert_null(nodes_find(&wing.nodes, 0x1000));
	assert_non_null(nodes_at(&wing.nodes, NODES_MAX - 2));
	assert_null(nodes_at(&wing.nodes, NODES_MAX - 1));
}

static void test_many_are_interviewed_few_at_a_time(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WARD_DEVICES_MAX; i++) {
		struct node_device *d =
			node_ward_add(&wing, i % 2 ? &node_plug : &node_fridge, true);

		/* half of them sleep, and keep no place from the others */
		if (i % 2 == 0)
			d->awake_us = 0;
		nodes_joined(&wing.nodes, d->eui64, d->node, NODES_JOINED, &wing.now);
		interview_capability(&node_of(&wing, d)->interview, d->kind->capability);
	}
	/* those that slept are known to */
	for (unsigned i = 0; i < WARD_DEVICES_MAX; i++)
		node_of(&wing, &wing.devices[i])->awake_us = 0;
	node_ward_pass(&wing, 15 * S);
	for (unsigned i = 1; i < WARD_DEVICES_MAX; i += 2)
		assert_true(interview_is_over(&node_of(&wing, &wing.devices[i])->interview, false));
	for (unsigned i = 0; i < WARD_DEVICES_MAX; i += 2) {
		wing.devices[i].awake_us = INT64_MAX;
		node_announces(&wing, &wing.devices[i]);
	}
	for (unsigned i = 0; i < WARD_DEVICES_MAX; i++)
		assert_true(node_ward_interview(&wing, &wing.devices[i], 120 * S));
}

/* ---- what is asked of us ---- */

static void test_who_asks_us_is_answered_if_the_radio_leaves_that_to_us(void **state)
{
	struct node_device *d = node_settled(&node_plug);
	const uint8_t bytes[] = { 0x42, 0x00, 0x00 };
	const struct zigbee_heard h = {
		.node = d->node, .cluster = 0x0005, .bytes = bytes, .length = sizeof(bytes)
	};

	(void)state;
	nodes_heard(&wing.nodes, &h, &wing.now);
	assert_int_equal(wing.send_count, 0);
	wing.nodes.settings.answers_zdo = true;
	wing.nodes.settings.self.endpoint = 1;
	nodes_heard(&wing.nodes, &h, &wing.now);
	assert_int_equal(wing.send_count, 1);
	assert_int_equal(wing.sends[0].send.cluster, 0x8005);
	assert_int_equal(wing.sends[0].send.node, d->node);
	assert_memory_equal(wing.sends[0].bytes, "\x42\x00\x00\x00\x01\x01", 6);
	wing.send_count = 0;
}

static void test_our_own_broadcasts_are_nobodys(void **state)
{
	const uint8_t bytes[] = { 1, 0, 0, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x8e };
	struct zigbee_heard h = { .node = 0,
		.cluster = 0x0013,
		.broadcast = true,
		.bytes = bytes,
		.length = sizeof(bytes) };

	(void)state;
	nodes_heard(&wing.nodes, &h, &wing.now);
	h.node = 0x1234;
	h.eui64 = WARD_EUI64;
	nodes_heard(&wing.nodes, &h, &wing.now);
	assert_int_equal(wing.nodes.count, 0);
	assert_int_equal(wing.nodes.counters.heard, 0);
}

static void test_who_does_not_leave_is_told_six_times(void **state)
{
	struct node_device *d = node_settled(&node_plug);

	(void)state;
	d->deaf_to = 0x0034;
	d->gone = true;
	wing.radio_full = true;
	assert_int_equal(nodes_dismiss(&wing.nodes, d->eui64, &wing.now), 0);
	node_ward_pass(&wing, 30 * S);
	assert_int_equal(node_of(&wing, d)->dismissals, 6);
	wing.radio_full = false;
	node_ward_pass(&wing, 60 * S);
	assert_int_equal(node_of(&wing, d)->dismissals, 0);
}

static void test_after_a_restart_and_a_reset_values_are_read_again(void **state)
{
	struct node_device *d = node_settled(&node_plug);

	(void)state;
	node_ward_restart(&wing);
	wing.reading_count = 0;
	node_ward_radio_away(&wing, 61 * S);
	node_ward_pass(&wing, 3 * S);
	assert_true(wing.reading_count >= 2);
	assert_true(last_reader() == d->eui64);
	assert_true(wing.nodes.counters.heard > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_ward_set_up, node_ward_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_that_it_is_there_is_told_once),
		TEST(test_who_leaves_is_not_forgotten),
		TEST(test_silence_is_told_within_three_intervals),
		TEST(test_silence_of_the_radio_is_not_the_devices),
		TEST(test_who_hears_always_is_asked_before_it_counts_as_silent),
		TEST(test_after_the_radio_was_away_values_are_read_again),
		TEST(test_a_device_is_told_to_leave),
		TEST(test_a_stranger_gives_its_name_and_nothing_else),
		TEST(test_a_stranger_becomes_one_of_ours),
		TEST(test_strangers_crowd_nobody_out),
		TEST(test_there_is_an_end_to_devices),
		TEST(test_many_are_interviewed_few_at_a_time),
		TEST(test_who_asks_us_is_answered_if_the_radio_leaves_that_to_us),
		TEST(test_our_own_broadcasts_are_nobodys),
		TEST(test_who_does_not_leave_is_told_six_times),
		TEST(test_after_a_restart_and_a_reset_values_are_read_again),
	};

	return RUN_TESTS(tests);
}
