/*
 * What devices say is neither lost nor doubled: presses and alarms that come again,
 * answers that wait until readings are safe, and what becomes of those that are not.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"
#include "wardgate/ledger.h"

static struct node_device *fridge, *contact, *button;

static void forget_told(void)
{
	wing.reading_count = wing.events = wing.changes = 0;
	wing.token_count = 0;
}

static int set_up(void **state)
{
	(void)state;
	node_ward_init(&wing);
	fridge = node_settled(&node_fridge);
	contact = node_settled(&node_contact);
	button = node_settled(&node_button);
	node_ward_pass(&wing, 60 * S);
	forget_told();
	return 0;
}

/* A notification that wants an answer, with the same number each time. */
static void door_opens(void)
{
	node_says(&wing, contact, 1, 0x0500, "09 20 00 0100 00 FF 0000");
}

/* One event for who took it the first time, as it comes under the same key; answered once safe. */
static void assert_same_event_twice(void)
{
	assert_int_equal(wing.events, 2);
	assert_true(
		wing.readings[0].source_key == wing.readings[wing.reading_count / 2].source_key);
	node_ward_safe(&wing, true);
	node_ward_pass(&wing, S);
	assert_int_equal(contact->defaults, 1);
}

/* ---- once ---- */

static void test_a_press_that_comes_again_is_one_press(void **state)
{
	(void)state;
	node_says(&wing, button, 1, 0x0006, "01 55 02");
	assert_int_equal(wing.reading_count, 1);
	assert_int_equal(wing.events, 1);
	assert_int_equal(wing.readings[0].metric, METRIC_BUTTON);
	for (unsigned i = 0; i < 3; i++) {
		node_ward_pass(&wing, S / 2);
		node_says(&wing, button, 1, 0x0006, "01 55 02");
	}
	assert_int_equal(wing.reading_count, 1);
	assert_int_equal(wing.nodes.counters.repeated, 3);
	/* the next one has another number */
	node_says(&wing, button, 1, 0x0006, "01 56 02");
	assert_int_equal(wing.reading_count, 2);
	assert_true(wing.readings[0].source_key != wing.readings[1].source_key);
}

static void test_numbers_are_of_a_device_an_endpoint_and_a_cluster(void **state)
{
	struct node_device *d = node_settled(&node_pair), *e = node_settled(&node_button);

	(void)state;
	forget_told();
	node_says(&wing, d, 3, 0x0402, "18 07 0A 00 00 29 D0 07");
	node_says(&wing, d, 7, 0x0402, "18 07 0A 00 00 29 D0 07");
	assert_int_equal(wing.reading_count, 2);
	node_says(&wing, button, 1, 0x0006, "01 07 02");
	node_says(&wing, e, 1, 0x0006, "01 07 02");
	node_says(&wing, button, 1, 0x0006, "01 07 02");
	assert_int_equal(wing.reading_count, 4);
	assert_int_equal(wing.nodes.counters.repeated, 1);
}

static void test_a_repeated_report_is_kept_apart_from_a_new_one(void **state)
{
	(void)state;
	node_says(&wing, fridge, 1, 0x0402, "18 0D 0A 00 00 29 92 01");
	node_says(&wing, fridge, 1, 0x0402, "18 0D 0A 00 00 29 92 01");
	assert_int_equal(wing.reading_count, 1);
	/* the same value again is a value */
	node_says(&wing, fridge, 1, 0x0402, "18 0E 0A 00 00 29 92 01");
	assert_int_equal(wing.reading_count, 2);
	/* and so it is under the same number when numbers have come round */
	node_ward_pass(&wing, 300 * S);
	node_says(&wing, fridge, 1, 0x0402, "18 0E 0A 00 00 29 92 01");
	assert_int_equal(wing.reading_count, 3);
}

static void test_all_256_numbers_in_turn(void **state)
{
	char hex[] = "01 00 02";
	const char digits[] = "0123456789ABCDEF";

	(void)state;
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 256; i++) {
			hex[3] = digits[i >> 4];
			hex[4] = digits[i & 15];
			node_says(&wing, button, 1, 0x0006, hex);
			node_says(&wing, button, 1, 0x0006, hex);
			assert_int_equal(wing.reading_count, 1);
			node_ward_pass(&wing, 0);
			forget_told();
		}
	assert_int_equal(wing.nodes.counters.repeated, 512);
}

static void test_a_new_battery_counts_from_the_beginning(void **state)
{
	(void)state;
	button->counter = 4;
	node_says(&wing, button, 1, 0x0006, "01 00 02");
	node_ward_pass(&wing, 5 * S);
	button->counter = 3;
	node_announces(&wing, button);
	node_says(&wing, button, 1, 0x0006, "01 00 02");
	assert_int_equal(wing.reading_count, 2);
	assert_true(wing.readings[0].source_key != wing.readings[1].source_key);
	node_says(&wing, button, 1, 0x0006, "01 00 02");
	assert_int_equal(wing.reading_count, 2);
	/* it comes back from elsewhere in the network, and counts on */
	nodes_joined(&wing.nodes, button->eui64, button->node, NODES_REJOINED, &wing.now);
	node_announces(&wing, button);
	node_says(&wing, button, 1, 0x0006, "01 00 02");
	assert_int_equal(wing.reading_count, 2);
	button->counter = (uint8_t)(button->counter + 16);
	node_announces(&wing, button);
	node_says(&wing, button, 1, 0x0006, "01 00 02");
	assert_int_equal(wing.reading_count, 3);
}

static void test_a_press_that_comes_again_after_a_restart(void **state)
{
	uint64_t key;

	(void)state;
	wing.now.utc_us -= wing.now.utc_us % (30 * S); /* a half minute begins */
	node_says(&wing, button, 1, 0x0006, "01 55 02");
	key = wing.readings[0].source_key;
	node_ward_restart(&wing);
	node_says(&wing, button, 1, 0x0006, "01 55 02");
	assert_int_equal(wing.reading_count, 2);
	assert_true(wing.readings[1].source_key == key);
	/* later it is another */
	node_ward_pass(&wing, 31 * S);
	node_says(&wing, button, 1, 0x0006, "01 55 02");
	assert_true(wing.readings[2].source_key != key);
}

static void test_an_alarm_says_what_it_is(void **state)
{
	(void)state;
	door_opens();
	assert_int_equal(wing.events, 1);
	assert_int_equal(wing.readings[0].metric, METRIC_CONTACT);
	assert_false(wing.readings[0].boolean);
	/* moments have no interval */
	assert_true(wing.readings[0].expect_us == 0);
}

static void test_a_sensor_that_has_failed(void **state)
{
	(void)state;
	node_says(&wing, fridge, 1, 0x0402, "18 0D 0A 00 00 29 00 80");
	assert_int_equal(wing.reading_count, 1);
	assert_int_equal(wing.readings[0].kind, VALUE_NONE);
}

/* ---- answered when safe ---- */

static void test_what_is_safe_at_once_is_answered_at_once(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_SAFE;
	node_says(&wing, fridge, 1, 0x0402, "08 BB 0A 00 00 29 92 01");
	node_ward_pass(&wing, 0);
	assert_int_equal(fridge->defaults, 1);
	assert_memory_equal(fridge->last_default, "\xbb\x0a\x00", 3);
	/* who wants none gets none */
	node_says(&wing, fridge, 1, 0x0402, "18 BC 0A 00 00 29 92 01");
	node_ward_pass(&wing, 0);
	assert_int_equal(fridge->defaults, 1);
}

static void test_an_answer_waits_until_the_readings_are_safe(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_WAITS;
	door_opens();
	node_ward_pass(&wing, S);
	assert_int_equal(contact->defaults, 0);
	assert_int_equal(wing.token_count, 1);
	/* said again meanwhile it is still one, and answered once */
	door_opens();
	assert_int_equal(wing.events, 1);
	node_ward_pass(&wing, S);
	assert_int_equal(contact->defaults, 0);
	node_ward_safe(&wing, true);
	node_ward_pass(&wing, S);
	assert_int_equal(contact->defaults, 1);
	assert_memory_equal(contact->last_default, "\x20\x00\x00", 3);
	/* said again after that the answer was lost: it is given again */
	door_opens();
	node_ward_pass(&wing, S);
	assert_int_equal(wing.events, 1);
	assert_int_equal(contact->defaults, 2);
}

static void test_what_is_not_safe_is_not_answered_and_comes_again(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_WAITS;
	door_opens();
	node_ward_safe(&wing, false);
	node_ward_pass(&wing, S);
	assert_int_equal(contact->defaults, 0);
	assert_int_equal(wing.notes[NODES_NOTE_NOT_SAFE], 1);
	door_opens();
	assert_same_event_twice();
}

static void test_nobody_waits_for_ever(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_WAITS;
	door_opens();
	node_ward_pass(&wing, LEDGER_PATIENCE_US + 2 * S);
	assert_int_equal(wing.notes[NODES_NOTE_NOT_SAFE], 1);
	assert_int_equal(wing.nodes.work_count, 0);
	/* too late */
	node_ward_safe(&wing, true);
	node_ward_pass(&wing, S);
	assert_int_equal(contact->defaults, 0);
}

static void test_what_nobody_takes_is_not_answered_and_comes_again(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_NOT;
	door_opens();
	node_ward_pass(&wing, S);
	assert_int_equal(contact->defaults, 0);
	assert_int_equal(wing.nodes.counters.not_safe, 1);
	wing.verdict = NODES_TAKEN_SAFE;
	door_opens();
	node_ward_pass(&wing, S);
	assert_int_equal(wing.events, 2);
	assert_int_equal(contact->defaults, 1);
}

static void test_a_broadcast_is_not_answered(void **state)
{
	const uint8_t bytes[] = { 0x01, 0x33, 0x02 };
	const struct zigbee_heard h = { .node = button->node,
		.profile = ZIGBEE_PROFILE_HOME,
		.cluster = 0x0006,
		.source_endpoint = 1,
		.destination_endpoint = 0xff,
		.group = 901,
		.broadcast = true,
		.bytes = bytes,
		.length = sizeof(bytes) };

	(void)state;
	nodes_heard(&wing.nodes, &h, &wing.now);
	node_ward_pass(&wing, S);
	assert_int_equal(wing.events, 1);
	assert_int_equal(button->defaults, 0);
}

static void test_what_is_not_known_is_answered_so(void **state)
{
	(void)state;
	node_says(&wing, fridge, 1, 0x0402, "01 44 77");
	node_ward_pass(&wing, S);
	assert_int_equal(fridge->defaults, 1);
	assert_memory_equal(fridge->last_default, "\x44\x77\x81", 3);
	node_says(&wing, fridge, 1, 0x0402, "18");
	node_says(&wing, fridge, 1, 0x0402, "18 44 0A 00");
	assert_int_equal(wing.nodes.counters.malformed, 2);
	assert_int_equal(wing.notes[NODES_NOTE_MALFORMED], 2);
	assert_int_equal(wing.reading_count, 0);
}

static void test_a_radio_that_is_full_answers_later(void **state)
{
	(void)state;
	wing.radio_full = true;
	node_says(&wing, fridge, 1, 0x0402, "08 BB 0A 00 00 29 92 01");
	node_ward_pass(&wing, 2 * S);
	assert_int_equal(fridge->defaults, 0);
	wing.radio_full = false;
	node_ward_pass(&wing, 2 * S);
	assert_int_equal(fridge->defaults, 1);
	/* but not for ever: nobody waits for it any more */
	wing.radio_full = true;
	node_says(&wing, fridge, 1, 0x0402, "08 BC 0A 00 00 29 92 01");
	node_ward_pass(&wing, 30 * S);
	assert_int_equal(wing.nodes.work_count, 0);
	assert_int_equal(wing.nodes.counters.work_lost, 1);
}

static void test_an_answer_waits_for_the_radio(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_WAITS;
	node_says(&wing, fridge, 1, 0x0402, "08 BB 0A 00 00 29 92 01");
	nodes_down(&wing.nodes);
	node_ward_safe(&wing, true);
	node_ward_pass(&wing, 7200 * S);
	assert_int_equal(fridge->defaults, 0);
	/* nothing is tried in vain meanwhile */
	assert_true(nodes_deadline(&wing.nodes) > wing.now.boot_us + 600 * S);
	nodes_up(&wing.nodes, &wing.now);
	node_ward_pass(&wing, S);
	assert_int_equal(fridge->defaults, 1);
	assert_int_equal(wing.nodes.work_count, 0);
}

/* ---- room ---- */

static void report(unsigned sequence)
{
	static const char digits[] = "0123456789ABCDEF";
	char hex[] = "08 00 0A 00 00 29 92 01";

	hex[3] = digits[sequence >> 4 & 15];
	hex[4] = digits[sequence & 15];
	node_says(&wing, fridge, 1, 0x0402, hex);
}

static void test_a_device_that_says_too_much_loses_no_values(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_WAITS;
	for (unsigned i = 0; i < NODES_WORK_EACH + 5; i++)
		report(i);
	assert_int_equal(wing.reading_count, NODES_WORK_EACH + 5);
	assert_int_equal(wing.token_count, NODES_WORK_EACH);
	assert_int_equal(wing.nodes.counters.work_lost, 5);
	/* those that could not wait are not answered, and taken again when they come again, under
	 * the keys that they had */
	while (wing.token_count > 0)
		node_ward_safe(&wing, true);
	node_ward_pass(&wing, S);
	assert_int_equal(fridge->defaults, NODES_WORK_EACH);
	assert_int_equal(wing.nodes.work_count, 0);
	report(NODES_WORK_EACH + 4);
	assert_int_equal(wing.token_count, 1);
	assert_true(wing.readings[NODES_WORK_EACH + 4].source_key ==
		    wing.readings[NODES_WORK_EACH + 5].source_key);
	report(0x00 + NODES_WORK_EACH - 1);
	assert_int_equal(wing.reading_count, NODES_WORK_EACH + 6);
}

static void test_tokens_of_who_is_gone_are_nobodys(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_WAITS;
	door_opens();
	node_says(&wing, fridge, 1, 0x0402, "08 BB 0A 00 00 29 92 01");
	nodes_forget(&wing.nodes, contact->eui64);
	node_ward_safe(&wing, true);
	node_ward_safe(&wing, true);
	node_ward_pass(&wing, S);
	assert_int_equal(contact->defaults, 0);
	assert_int_equal(fridge->defaults, 1);
	assert_int_equal(wing.nodes.work_count, 0);
	nodes_safe(&wing.nodes, 0, true, &wing.now);
	nodes_safe(&wing.nodes, UINT32_MAX, true, &wing.now);
	nodes_sent(&wing.nodes, UINT32_MAX, ZIGBEE_UNDELIVERED, &wing.now);
	nodes_sent(&wing.nodes, 0x80000001, ZIGBEE_UNDELIVERED, &wing.now);
	nodes_sent(&wing.nodes, 0x7fff0001, ZIGBEE_UNDELIVERED, &wing.now);
}

static void test_an_answer_waits_through_a_leave(void **state)
{
	(void)state;
	wing.verdict = NODES_TAKEN_WAITS;
	door_opens();
	nodes_left(&wing.nodes, contact->eui64, &wing.now);
	nodes_joined(&wing.nodes, contact->eui64, contact->node, NODES_REJOINED, &wing.now);
	node_ward_safe(&wing, true); /* of before it left */
	/* whether that was safe nobody here knows any more: it is handed on again */
	door_opens();
	assert_same_event_twice();
}

/* ---- facts ---- */

static void test_facts_and_batteries_are_told_when_they_change(void **state)
{
	(void)state;
	node_says(&wing, fridge, 1, 0x0001, "18 41 0A 21 00 20 64");
	assert_int_equal(node_of(&wing, fridge)->battery_percent, 50);
	assert_true(wing.changes & NODES_CHANGED_BATTERY);
	wing.changes = 0;
	node_says(&wing, fridge, 1, 0x0001, "18 42 0A 21 00 20 64");
	assert_int_equal(wing.changes, 0);
	node_says(&wing, fridge, 1, 0x0000, "18 43 0A 05 00 42 04 54 48 30 32");
	assert_string_equal(node_of(&wing, fridge)->interview.device.facts[FACT_MODEL], "TH02");
	assert_true(wing.changes & NODES_CHANGED_FACTS);
	assert_int_equal(node_of(&wing, fridge)->lqi, 200);
	assert_int_equal(node_of(&wing, fridge)->rssi, -60);
}

static void test_readings_promise_the_next_one(void **state)
{
	(void)state;
	node_says(&wing, fridge, 1, 0x0402, "18 0D 0A 00 00 29 92 01");
	assert_true(wing.readings[0].expect_us ==
		    interview_cluster_expect_us(&node_of(&wing, fridge)->interview, 0x0402, 1));
	assert_true(wing.readings[0].expect_us > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, node_ward_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_press_that_comes_again_is_one_press),
		TEST(test_numbers_are_of_a_device_an_endpoint_and_a_cluster),
		TEST(test_a_repeated_report_is_kept_apart_from_a_new_one),
		TEST(test_all_256_numbers_in_turn),
		TEST(test_a_new_battery_counts_from_the_beginning),
		TEST(test_a_press_that_comes_again_after_a_restart),
		TEST(test_an_alarm_says_what_it_is),
		TEST(test_a_sensor_that_has_failed),
		TEST(test_what_is_safe_at_once_is_answered_at_once),
		TEST(test_an_answer_waits_until_the_readings_are_safe),
		TEST(test_what_is_not_safe_is_not_answered_and_comes_again),
		TEST(test_nobody_waits_for_ever),
		TEST(test_what_nobody_takes_is_not_answered_and_comes_again),
		TEST(test_a_broadcast_is_not_answered),
		TEST(test_what_is_not_known_is_answered_so),
		TEST(test_a_radio_that_is_full_answers_later),
		TEST(test_an_answer_waits_for_the_radio),
		TEST(test_a_device_that_says_too_much_loses_no_values),
		TEST(test_tokens_of_who_is_gone_are_nobodys),
		TEST(test_an_answer_waits_through_a_leave),
		TEST(test_facts_and_batteries_are_told_when_they_change),
		TEST(test_readings_promise_the_next_one),
	};

	return RUN_TESTS(tests);
}
