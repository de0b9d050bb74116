/*
 * The interview of devices that get lost, sleep, move and join anew; of a radio and a
 * daemon that go away: it goes on where it stopped.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"

/* ---- lost and late ---- */

/* Each request is lost a few times, at every place of the interview. */
static void test_requests_and_answers_get_lost(void **state)
{
	(void)state;
	for (unsigned place = 0; place < 24; place++)
		for (unsigned lost = 1; lost <= 5; lost += 2) {
			struct node_device *d;

			node_ward_done(&wing);
			node_ward_init(&wing);
			d = node_ward_add(&wing, place % 2 ? &node_plug : &node_contact, true);
			node_joins(&wing, d);
			while (d->asked < place &&
				!interview_is_over(&node_of(&wing, d)->interview, false))
				node_ward_pass(&wing, S / 20);
			if (lost & 2)
				d->lose_answers = lost;
			else
				d->lose = lost;
			if (!node_ward_interview(&wing, d, 900 * S))
				fail_msg("place %u, %u lost: not over", place, lost);
			assert_int_equal(wing.notes[NODES_NOTE_NO_ANSWER], 0);
			assert_true(d->reporting_count > 0);
			assert_true(d->enrolled || d->kind == &node_plug);
		}
}

static void test_the_first_requests_fail(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);

	(void)state;
	d->lose = 5;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 120 * S));
	assert_int_equal(wing.notes[NODES_NOTE_NO_ANSWER], 0);
	assert_int_equal(wing.notes[NODES_NOTE_STALLED], 0);
}

/* Whatever it is deaf to is left out after six tries, if it is there at all. */
static void test_what_it_is_deaf_to_is_left_out(void **state)
{
	static const struct {
		uint16_t cluster;
		uint8_t command;
		enum interview_step step;
	} deaf[] = {
		{ 0x0002, 0xff, INTERVIEW_NODE },
		{ 0x0005, 0xff, INTERVIEW_ENDPOINTS },
		{ 0x0004, 0xff, INTERVIEW_SIMPLE },
		{ 0x0000, 0x00, INTERVIEW_FACTS },
		{ 0x0021, 0xff, INTERVIEW_BIND },
		{ 0x0b04, 0x00, INTERVIEW_VALUES },
		{ 0x0b04, 0x06, INTERVIEW_REPORTING },
		{ 0x0b04, 0x08, INTERVIEW_CHECK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(deaf); i++) {
		struct node_device *d;
		unsigned tries;

		print_message("deaf to the %s\n", interview_step_text(deaf[i].step));
		node_ward_done(&wing);
		node_ward_init(&wing);
		d = node_ward_add(&wing, &node_plug, true);
		d->deaf_to = deaf[i].cluster;
		d->deaf_command = deaf[i].command;
		node_joins(&wing, d);
		node_chatters(&wing, d, 300);
		assert_true(interview_is_over(&node_of(&wing, d)->interview, false));
		assert_true(wing.notes[NODES_NOTE_NO_ANSWER] >= 1);
		assert_int_equal(wing.last_step, deaf[i].step);
		assert_true(interview_has_missed(&node_of(&wing, d)->interview));
		/* and asked again later, when it can be had */
		d->deaf_to = WARD_NONE;
		tries = d->asked;
		node_ward_pass(&wing, 3700 * S);
		assert_true(d->asked > tries);
		assert_false(interview_has_missed(&node_of(&wing, d)->interview));
		assert_non_null(node_reports(d, 1, 0x0b04, 0x050b));
	}
}

static void test_who_is_not_there_is_left_in_peace(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);
	unsigned sent;

	(void)state;
	node_joins(&wing, d);
	d->gone = true;
	node_ward_pass(&wing, 1200 * S);
	assert_true(wing.notes[NODES_NOTE_STALLED] >= 1);
	assert_int_equal(wing.notes[NODES_NOTE_NO_ANSWER], 0);
	sent = wing.sent;
	node_ward_pass(&wing, 6000 * S);
	assert_true(wing.sent - sent < 150);
	/* and goes on when it is back */
	d->gone = false;
	node_announces(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_non_null(node_reports(d, 1, 0x0b04, 0x050b));
}

static void test_a_radio_that_takes_nothing_costs_no_tries(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);

	(void)state;
	wing.radio_full = true;
	node_joins(&wing, d);
	node_ward_pass(&wing, 300 * S);
	assert_int_equal(d->asked, 0);
	wing.radio_full = false;
	assert_true(node_ward_interview(&wing, d, 30 * S));
	assert_int_equal(wing.notes[NODES_NOTE_NO_ANSWER] + wing.notes[NODES_NOTE_STALLED], 0);
}

/* ---- asleep ---- */

static void test_a_sleeper_is_interviewed_as_it_wakes(void **state)
{
	static const struct node_kind *const kinds[] = { &node_fridge, &node_contact,
		&node_button };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct node_device *d = node_ward_add(&wing, kinds[i], true);
		unsigned wakes = 0;

		/* it listens for half a second every minute */
		d->awake_us = 0;
		d->listens_us = S / 2;
		node_joins(&wing, d);
		d->lose = 3;
		for (; wakes < 60 && !interview_is_over(&node_of(&wing, d)->interview, false);
			wakes++) {
			node_ward_pass(&wing, 60 * S);
			node_says(&wing, d, 1, 0x0001, "18 01 0A 21 00 20 C8");
			wing.reading_count = 0;
		}
		assert_true(interview_is_over(&node_of(&wing, d)->interview, false));
		assert_true(d->reporting_count > 0);
		assert_true(d->enrolled || kinds[i] != &node_contact);
		assert_int_equal(wing.notes[NODES_NOTE_NO_ANSWER], 0);
	}
}

static void test_a_sleeper_that_checks_in_is_kept_awake(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_contact, true);

	(void)state;
	d->awake_us = 0;
	d->listens_us = S / 10;
	node_joins(&wing, d);
	node_ward_pass(&wing, 120 * S);
	assert_false(interview_is_over(&node_of(&wing, d)->interview, false));
	/* it says so, and is asked to listen on for ten seconds */
	d->listens_us = 10 * S;
	node_says(&wing, d, 1, 0x0020, "09 77 00");
	node_ward_pass(&wing, 1 * S);
	assert_int_equal(d->check_ins, 1);
	assert_memory_equal(d->check_in_answer, "\x01\x28\x00", 3);
	assert_true(node_ward_interview(&wing, d, 10 * S));
	/* then there is nothing to stay awake for */
	node_ward_pass(&wing, 60 * S);
	node_says(&wing, d, 1, 0x0020, "09 78 00");
	node_ward_pass(&wing, 1 * S);
	assert_int_equal(d->check_ins, 2);
	assert_int_equal(d->check_in_answer[0], 0);
}

static void test_readings_are_taken_while_it_is_interviewed(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	d->deaf_to = 0x0002;
	node_joins(&wing, d);
	node_says(&wing, d, 1, 0x0402, "18 01 0A 00 00 29 92 01");
	assert_int_equal(wing.reading_count, 1);
	assert_int_equal(wing.readings[0].metric, METRIC_AMBIENT_TEMPERATURE);
	assert_int_equal(wing.readings[0].number.mantissa, 402);
}

/* ---- rejoining, restarting ---- */

/* In a new ward, a device in the middle of its interview. */
static struct node_device *asked_so_often(unsigned times)
{
	struct node_device *d;

	node_ward_done(&wing);
	node_ward_init(&wing);
	d = node_ward_add(&wing, &node_contact, true);
	node_joins(&wing, d);
	while (d->asked < times && !interview_is_over(&node_of(&wing, d)->interview, false))
		node_ward_pass(&wing, S / 20);
	return d;
}

static void test_it_goes_on_where_a_restart_cut_it(void **state)
{
	unsigned whole;
	struct node_device *d = node_ward_add(&wing, &node_contact, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	whole = d->asked;
	for (unsigned place = 0; place <= whole; place++) {
		unsigned nodes_asked, simples;

		d = asked_so_often(place);
		nodes_asked = d->asked_zdo[0x0002];
		simples = d->asked_zdo[0x0004];
		node_ward_restart(&wing);
		if (!node_ward_interview(&wing, d, 60 * S))
			fail_msg("cut at %u: not over", place);
		/* what was known is not asked again, but for what was under way */
		assert_true(d->asked_zdo[0x0002] <= nodes_asked + 1 && d->asked_zdo[0x0002] <= 2);
		assert_true(d->asked_zdo[0x0004] <= simples + 1);
		assert_true(d->asked <= whole + 6);
		assert_true(d->enrolled);
		assert_string_equal(node_of(&wing, d)->interview.device.facts[FACT_MODEL], "DOOR");
	}
}

static void test_a_restart_needs_no_interview(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);
	unsigned asked;

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	asked = d->asked;
	node_ward_restart(&wing);
	assert_int_equal(node_of(&wing, d)->node, d->node);
	assert_true(node_of(&wing, d)->joined);
	assert_true(interview_is_over(&node_of(&wing, d)->interview, false));
	node_ward_pass(&wing, 300 * S);
	assert_int_equal(d->asked, asked);
	wing.reading_count = 0;
	node_says(&wing, d, 1, 0x0402, "18 01 0A 00 00 29 92 01");
	assert_int_equal(wing.reading_count, 1);
	assert_true(wing.readings[0].expect_us > 0);
}

static void test_it_goes_on_under_another_address_after_a_rejoin(void **state)
{
	struct node_device *d;

	(void)state;
	for (unsigned place = 0; place < 20; place++) {
		d = asked_so_often(place);
		d->node = 0x7788;
		if (place % 2)
			nodes_joined(&wing.nodes, d->eui64, d->node, NODES_REJOINED, &wing.now);
		node_announces(&wing, d);
		if (!node_ward_interview(&wing, d, 60 * S))
			fail_msg("moved at %u: not over", place);
		assert_true(d->asked_zdo[0x0002] <= 2);
		assert_true(d->enrolled);
		assert_int_equal(wing.nodes.flying, 0);
	}
}

static void test_who_joins_anew_is_interviewed_anew(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_contact, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	/* reset by a person */
	d->enrolled = d->zone_owned = false;
	d->reporting_count = d->bound = 0;
	node_joins(&wing, d);
	assert_false(interview_is_over(&node_of(&wing, d)->interview, false));
	assert_false(node_of(&wing, d)->polling); /* what it has is not known yet */
	/* but nobody forgets what it is called */
	assert_string_equal(node_of(&wing, d)->interview.device.facts[FACT_MODEL], "DOOR");
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_true(d->enrolled);
	assert_true(d->bound > 0 && d->reporting_count > 0);
	assert_int_equal(wing.ready, 2);
}

static void test_the_radio_goes_away_in_the_middle(void **state)
{
	struct node_device *d;

	(void)state;
	for (unsigned place = 0; place < 20; place++) {
		d = asked_so_often(place);
		nodes_down(&wing.nodes);
		wing.send_count = 0;
		assert_int_equal(wing.nodes.flying, 0);
		node_ward_pass(&wing, 30 * S);
		assert_int_equal(wing.send_count, 0);
		nodes_up(&wing.nodes, &wing.now);
		if (!node_ward_interview(&wing, d, 60 * S))
			fail_msg("away at %u: not over", place);
		assert_true(d->enrolled);
		assert_int_equal(wing.notes[NODES_NOTE_NO_ANSWER], 0);
	}
}

/* ---- hostile answers ---- */

static void test_answers_of_others_and_to_other_questions_are_none(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true),
			   *e = node_ward_add(&wing, &node_fridge, true);
	const struct zigbee_send *s = &wing.sends[0].send;
	struct zigbee_heard h = { .cluster = 0x8002, .lqi = 1 };
	uint8_t bytes[] = { 0, 0, 0x01, 0x10, 0x01, 0x40, 0x8e, 0x99, 0x99, 0, 0, 0, 0, 0, 0, 0,
		0 };

	(void)state;
	node_joins(&wing, d);
	nodes_joined(&wing.nodes, e->eui64, e->node, NODES_REJOINED, &wing.now);
	wing.now.boot_us += 2 * S;
	nodes_tick(&wing.nodes, &wing.now);
	while (wing.send_count > 0 && s->node != d->node)
		s++;
	assert_int_equal(s->cluster, 0x0002);
	bytes[0] = wing.sends[s - &wing.sends[0].send].bytes[0];
	h.bytes = bytes;
	h.length = sizeof(bytes);
	bytes[0] ^= 1; /* another number */
	h.node = d->node;
	nodes_heard(&wing.nodes, &h, &wing.now);
	assert_false(node_of(&wing, d)->interview.known & INTERVIEW_HAS_NODE);
	bytes[0] ^= 1;
	h.cluster = 0x8005; /* another question */
	nodes_heard(&wing.nodes, &h, &wing.now);
	assert_false(node_of(&wing, d)->interview.known & INTERVIEW_HAS_NODE);
	h.cluster = 0x8002;
	nodes_heard(&wing.nodes, &h, &wing.now);
	assert_true(node_of(&wing, d)->interview.known & INTERVIEW_HAS_NODE);
	assert_int_equal(node_of(&wing, d)->interview.maker, 0x9999);
	/* and once more: it is not the answer to what is asked now */
	nodes_heard(&wing.nodes, &h, &wing.now);
	assert_int_equal(node_of(&wing, d)->interview.endpoint_count, 0);
}

static void test_what_became_of_an_older_request_is_of_no_interest(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);
	uint32_t first;

	(void)state;
	d->deaf_to = 0x0005;
	node_joins(&wing, d);
	wing.now.boot_us += 2 * S;
	nodes_tick(&wing.nodes, &wing.now);
	assert_int_equal(wing.send_count, 1);
	first = wing.sends[0].send.ticket;
	node_ward_pass(&wing, S / 10);
	assert_int_equal(node_of(&wing, d)->interview.step, INTERVIEW_ENDPOINTS);
	assert_true(node_of(&wing, d)->asking);
	nodes_sent(&wing.nodes, first, ZIGBEE_UNDELIVERED, &wing.now);
	nodes_sent(&wing.nodes, first, ZIGBEE_NOT_SENT, &wing.now);
	assert_true(node_of(&wing, d)->asking);
	assert_int_equal(node_of(&wing, d)->tries, 0);
	nodes_sent(&wing.nodes, first + 1, ZIGBEE_UNDELIVERED, &wing.now);
	assert_false(node_of(&wing, d)->asking);
	assert_int_equal(node_of(&wing, d)->tries, 1);
}

static void test_a_late_answer_to_an_earlier_try_counts(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);
	uint8_t number;

	(void)state;
	d->lose_answers = 100;
	node_joins(&wing, d);
	wing.now.boot_us += 2 * S;
	nodes_tick(&wing.nodes, &wing.now);
	number = wing.sends[0].bytes[0];
	node_ward_pass(&wing, NODES_ANSWER_US);
	for (unsigned i = 0; i < 30 && wing.send_count == 0; i++) {
		wing.now.boot_us += S / 10;
		nodes_tick(&wing.nodes, &wing.now);
	}
	/* the same request has the same number, so that whichever is answered will do */
	assert_int_equal(wing.send_count, 1);
	assert_int_equal(wing.sends[0].bytes[0], number);
	d->lose_answers = 0;
	node_ward_pass(&wing, S / 10);
	assert_true(node_of(&wing, d)->interview.known & INTERVIEW_HAS_NODE);
	assert_true(node_of(&wing, d)->asked_sequence != number);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_ward_set_up, node_ward_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_requests_and_answers_get_lost),
		TEST(test_the_first_requests_fail),
		TEST(test_what_it_is_deaf_to_is_left_out),
		TEST(test_who_is_not_there_is_left_in_peace),
		TEST(test_a_radio_that_takes_nothing_costs_no_tries),
		TEST(test_a_sleeper_is_interviewed_as_it_wakes),
		TEST(test_a_sleeper_that_checks_in_is_kept_awake),
		TEST(test_readings_are_taken_while_it_is_interviewed),
		TEST(test_it_goes_on_where_a_restart_cut_it),
		TEST(test_a_restart_needs_no_interview),
		TEST(test_it_goes_on_under_another_address_after_a_rejoin),
		TEST(test_who_joins_anew_is_interviewed_anew),
		TEST(test_the_radio_goes_away_in_the_middle),
		TEST(test_answers_of_others_and_to_other_questions_are_none),
		TEST(test_what_became_of_an_older_request_is_of_no_interest),
		TEST(test_a_late_answer_to_an_earlier_try_counts),
	};

	return RUN_TESTS(tests);
}
