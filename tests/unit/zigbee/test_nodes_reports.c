/*
 * What is to be expected of a device by what it reports, is asked for and how it
 * sleeps; devices that do not report what they said they would.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"

#define MINUTE (60 * S)
#define REFUSED 0x8c

static const struct node *told(const struct node_device *d)
{
	return node_of(&wing, d);
}

static bool said(enum metric metric)
{
	for (unsigned i = 0; i < wing.reading_count; i++)
		if (wing.readings[i].metric == metric)
			return true;
	return false;
}

/* One that sleeps is asked when it listens; when that is depends on its check-ins alone. */
static void test_the_longest_silence_of_each_sort(void **state)
{
	static const struct {
		const struct node_kind *kind;
		uint8_t configure, bind;
		int64_t every_us;
	} rows[] = {
		{ &node_fridge, 0, 0, 5 * MINUTE },
		{ &node_fridge, REFUSED, 0, 60 * MINUTE },
		/* its zone every 15 minutes, check-ins every ten */
		{ &node_contact, 0, 0, 10 * MINUTE },
		{ &node_contact, REFUSED, 0, 10 * MINUTE },
		{ &node_contact, 0, 0x84, 15 * MINUTE },
		{ &node_contact, REFUSED, 0x84, 60 * MINUTE },
		{ &node_plug, 0, 0, 5 * MINUTE },
		{ &node_plug, REFUSED, 0, 5 * MINUTE },
		{ &node_button, 0, 0, 360 * MINUTE },
		{ &node_button, REFUSED, 0, 360 * MINUTE },
		{ &node_lumi, 0, 0, 60 * MINUTE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node_device *d;

		node_ward_tear_down(state);
		node_ward_set_up(state);
		d = node_ward_add(&wing, rows[i].kind, true);
		d->configure_status = rows[i].configure;
		d->bind_status = rows[i].bind;
		node_joins(&wing, d);
		assert_true(node_ward_interview(&wing, d, MINUTE));
		print_message("row %zu: %lld s\n", i, (long long)(told(d)->expect_us / S));
		assert_true(told(d)->expect_us == rows[i].every_us);
		node_ward_restart(&wing);
		assert_true(told(d)->expect_us == rows[i].every_us);
	}
}

static void test_a_button_that_checks_in_is_there(void **state)
{
	struct node_device *d = node_settled(&node_contact);
	char hex[] = "09 00 00";

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		hex[4] = (char)('0' + i % 10);
		node_ward_pass(&wing, 10 * MINUTE);
		wing.alive = 0;
		node_says(&wing, d, 1, 0x0020, hex);
		assert_int_equal(wing.alive, 1);
		assert_false(told(d)->silent);
	}
	node_ward_pass(&wing, 30 * MINUTE - 1);
	assert_false(told(d)->silent);
	node_ward_pass(&wing, 1);
	assert_true(told(d)->silent);
}

/* It lets its check-ins be set, and makes none. */
static void test_who_does_not_check_in_is_not_gone(void **state)
{
	struct node_device *d = node_settled(&node_contact);
	char hex[] = "18 00 0A 02 00 19 00 00";

	(void)state;
	assert_true(told(d)->expect_us == 10 * MINUTE);
	for (unsigned i = 0; i < 5; i++) {
		hex[4] = (char)('0' + i);
		node_ward_pass(&wing, 14 * MINUTE);
		node_says(&wing, d, 1, 0x0500, hex);
	}
	assert_int_equal(wing.notes[NODES_NOTE_NOT_REPORTING], 1);
	assert_true(wing.expected_us == 15 * MINUTE);
	/* it does after all */
	node_says(&wing, d, 1, 0x0020, "09 77 00");
	node_ward_pass(&wing, MINUTE);
	assert_true(told(d)->expect_us == 10 * MINUTE);
}

/* What it agrees to at first is no promise: it reports as it says when it is asked. */
static void test_nothing_is_promised_before_it_was_checked(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	d->max_s = 3600;
	d->deaf_to = 0x0402;
	d->deaf_command = 0x08;
	node_joins(&wing, d);
	node_ward_pass(&wing, 10 * S);
	assert_non_null(node_reports(d, 1, 0x0402, 0));
	wing.reading_count = 0;
	node_says(&wing, d, 1, 0x0402, "18 01 0A 00 00 29 D0 07");
	assert_int_equal(wing.reading_count, 1);
	assert_true(wing.readings[0].expect_us == 0);
	d->deaf_to = WARD_NONE;
	assert_true(node_ward_interview(&wing, d, MINUTE));
	wing.reading_count = 0;
	node_says(&wing, d, 1, 0x0402, "18 02 0A 00 00 29 D0 07");
	assert_true(wing.readings[0].expect_us == 60 * MINUTE);
}

/* It says one thing and not the other, though it has taken both. */
static void test_what_is_not_reported_is_noticed_and_asked_for(void **state)
{
	struct node_device *d = node_settled(&node_pair);
	unsigned reads = d->asked_zcl[0x00], minutes = 0;

	(void)state;
	while (wing.notes[NODES_NOTE_NOT_REPORTING] == 0 && minutes++ < 30) {
		node_says(&wing, d, 3, 0x0402, "18 01 0A 00 00 29 D0 07");
		node_ward_pass(&wing, MINUTE);
	}
	/* twice the longest interval, and not at the first look */
	assert_in_range(minutes, 10, 15);
	assert_int_equal(wing.nodes.counters.unreported, 1);
	assert_int_equal(interview_asked_for(&told(d)->interview), 1);
	for (unsigned i = 0; i < 11; i++) {
		wing.reading_count = 0;
		node_says(&wing, d, 3, 0x0402, "18 02 0A 00 00 29 D0 07");
		node_ward_pass(&wing, MINUTE);
	}
	assert_in_range(d->asked_zcl[0x00] - reads, 2, 3);
	/* it does after all */
	node_says(&wing, d, 7, 0x0402, "18 03 0A 00 00 29 D0 07");
	assert_int_equal(interview_asked_for(&told(d)->interview), 0);
	assert_int_equal(wing.notes[NODES_NOTE_NOT_REPORTING], 1);
}

/* One that sleeps, and is heard once an hour: that is what is expected of it from then on. */
static void test_who_reports_less_than_it_said_is_not_gone(void **state)
{
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	d->awake_us = 0;
	assert_true(told(d)->expect_us == 5 * MINUTE);
	for (unsigned i = 0; i < 6; i++) {
		node_ward_pass(&wing, 55 * MINUTE);
		node_says(&wing, d, 1, 0x0001, "18 04 0A 21 00 20 C8");
		node_ward_pass(&wing, 5 * MINUTE);
	}
	assert_int_equal(wing.notes[NODES_NOTE_NOT_REPORTING], 2);
	assert_true(wing.expected_us == 60 * MINUTE);
	assert_true(told(d)->expect_us == 60 * MINUTE);
}

static void test_an_absence_is_no_missing_report(void **state)
{
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	node_says(&wing, d, 1, 0x0402, "18 01 0A 00 00 29 D0 07");
	node_says(&wing, d, 1, 0x0405, "18 02 0A 00 00 21 D0 07");
	node_ward_pass(&wing, 24 * 60 * MINUTE);
	assert_true(told(d)->silent);
	node_says(&wing, d, 1, 0x0402, "18 01 0A 00 00 29 D0 07");
	node_ward_pass(&wing, MINUTE);
	node_says(&wing, d, 1, 0x0402, "18 02 0A 00 00 29 D0 07");
	node_says(&wing, d, 1, 0x0405, "18 03 0A 00 00 21 D0 07");
	node_says(&wing, d, 1, 0x0001, "18 04 0A 21 00 20 C8");
	for (unsigned i = 0; i < 3; i++) {
		node_ward_pass(&wing, MINUTE);
		node_says(&wing, d, 1, 0x0402, "18 05 0A 00 00 29 D0 07");
	}
	assert_int_equal(wing.notes[NODES_NOTE_NOT_REPORTING], 0);
}

/* A door that was opened while the radio was away: asked as soon as it listens. */
static void test_a_sleeper_is_asked_when_it_is_heard_after_the_radio_was_away(void **state)
{
	struct node_device *d = node_settled(&node_contact), *e = node_settled(&node_lumi);

	(void)state;
	node_ward_pass(&wing, 5 * MINUTE);
	d->awake_us = e->awake_us = 0;
	node_ward_radio_away(&wing, MINUTE);
	node_ward_pass(&wing, MINUTE);
	wing.reading_count = 0;
	node_says(&wing, d, 1, 0x0020, "09 77 00");
	node_ward_pass(&wing, 2 * S);
	while (wing.reading_count > 0 &&
		wing.readings[wing.reading_count - 1].metric != METRIC_CONTACT)
		wing.reading_count--;
	assert_true(wing.reading_count > 0);
	/* one that sets up nothing hardly ever listens */
	e->asked = 0;
	node_says(&wing, e, 1, 0x0402, "18 01 0A 00 00 29 D0 07");
	node_ward_pass(&wing, 2 * S);
	assert_int_equal(e->asked, 0);
}

/* It is asked whether it is there, and not ten minutes later. */
static void test_a_router_after_the_radio_was_away(void **state)
{
	static const struct node_has has[] = {
		{ 1, 0x0104, 0x0008, { 0x0000, 0x0003, WARD_NONE }, { WARD_NONE } },
	};
	static const struct node_attribute attributes[] = {
		{ 0x0000, 0x0000, 0x20, "03" },
		{ 0x0000, 0x0004, 0x42, "0141" },
		{ 0x0000, 0x0005, 0x42, "0142" },
		{ 0x0000, 0x0007, 0x30, "01" },
	};
	static const struct node_kind router = { 1, 0x8e, 0x1189, has, ARRAY_SIZE(has), attributes,
		ARRAY_SIZE(attributes) };
	struct node_device *d = node_settled(&router);

	nodes_down(&wing.nodes);
	node_ward_pass(&wing, 5 * S);
	d->asked = 0;
	nodes_up(&wing.nodes, &wing.now);
	assert_true(told(d)->stale);
	node_ward_pass(&wing, 5 * S);
	assert_int_equal(d->asked, 1);
	assert_false(told(d)->stale);
}

/* It answers when it listens, and that is not each time that it is heard. */
static void test_a_sleeper_that_did_not_listen_is_asked_again(void **state)
{
	struct node_device *d = node_settled(&node_contact);
	char hex[] = "09 00 00";

	(void)state;
	node_ward_pass(&wing, 5 * MINUTE);
	d->awake_us = 0;
	node_ward_radio_away(&wing, MINUTE);
	node_ward_pass(&wing, MINUTE);
	d->lose = 2;
	node_says(&wing, d, 1, 0x0020, hex);
	node_ward_pass(&wing, MINUTE);
	wing.reading_count = 0;
	hex[4] = '1';
	node_says(&wing, d, 1, 0x0020, hex);
	node_ward_pass(&wing, 5 * S);
	assert_true(said(METRIC_CONTACT));
	/* then it is known */
	d->asked = 0;
	node_ward_pass(&wing, 5 * MINUTE);
	hex[4] = '2';
	node_says(&wing, d, 1, 0x0020, hex);
	node_ward_pass(&wing, 5 * S);
	assert_int_equal(d->asked_zcl[0x00] > 0, true);
	assert_int_equal(d->asked, 1); /* the answer to its check-in */
}

/* One that hears a single request each time gets on, and does not begin anew each time. */
static void test_what_happened_is_asked_for_piece_by_piece(void **state)
{
	struct node_device *d = node_settled(&node_contact);
	char hex[] = "09 00 00";
	unsigned wakes = 0;

	(void)state;
	node_ward_pass(&wing, 5 * MINUTE);
	d->awake_us = 0;
	node_ward_radio_away(&wing, MINUTE);
	for (; wakes < 6 && !said(METRIC_CONTACT); wakes++) {
		node_ward_pass(&wing, 2 * MINUTE);
		wing.reading_count = 0;
		d->hears = 2; /* the answer to its check-in, and one more */
		hex[4] = (char)('0' + wakes);
		node_says(&wing, d, 1, 0x0020, hex);
		node_ward_pass(&wing, MINUTE);
	}
	assert_true(said(METRIC_CONTACT));
}

/* Whatever else is still asked of it. */
static void test_values_are_read_again_also_of_who_misses_something(void **state)
{
	(void)state;
	for (int restarts = 0; restarts < 2; restarts++) {
		struct node_device *d;

		node_ward_tear_down(state);
		node_ward_set_up(state);
		d = node_ward_add(&wing, &node_plug, true);
		d->deaf_to = 0x0021;
		node_joins(&wing, d);
		node_chatters(&wing, d, 300);
		assert_true(interview_has_missed(&told(d)->interview));
		if (restarts) {
			node_ward_restart(&wing);
		} else {
			/* it is asked for what is missing when the radio goes away */
			node_ward_pass(&wing, told(d)->redo_us - wing.now.boot_us + S);
			node_ward_radio_away(&wing, 5 * S);
		}
		wing.reading_count = 0;
		node_ward_pass(&wing, 5 * MINUTE);
		print_message("restarts %d\n", restarts);
		assert_true(said(METRIC_SWITCH));
		assert_true(said(METRIC_POWER));
	}
}

/* It announces itself while it is asked for something: that answer is none to what is asked next.
 */
static void test_all_is_read_though_a_poll_is_under_way(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);

	(void)state;
	d->configure_status = REFUSED;
	d->configure_id = 0x050b;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, MINUTE));
	node_ward_pass(&wing, MINUTE);
	/* the request waits on its way */
	d->awake_us = 0;
	d->listens_us = 10 * S;
	while (!told(d)->asking || !told(d)->asked_poll)
		node_ward_pass(&wing, S / 20);
	assert_int_equal(told(d)->asked_cluster, 0x0b04);
	wing.reading_count = 0;
	node_announces(&wing, d);
	node_ward_pass(&wing, 5 * S);
	assert_true(said(METRIC_POWER));
	assert_true(said(METRIC_SWITCH));
}

/* Its name was changed: for the nodes it goes and comes. */
static void test_who_is_configured_anew_is_asked_as_before(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true),
			   *e = node_settled(&node_button);

	(void)state;
	d->configure_status = REFUSED;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, MINUTE));
	nodes_unconfigure(&wing.nodes, d->eui64);
	nodes_unconfigure(&wing.nodes, e->eui64);
	node_ward_pass(&wing, MINUTE);
	wing.ready = 0;
	assert_int_equal(nodes_configure(&wing.nodes, d->eui64, d, &wing.now), 0);
	assert_int_equal(nodes_configure(&wing.nodes, e->eui64, e, &wing.now), 0);
	node_ward_pass(&wing, S);
	/* how often it is to be heard */
	assert_int_equal(wing.ready, 2);
	wing.reading_count = 0;
	node_ward_pass(&wing, 11 * MINUTE);
	assert_true(said(METRIC_SWITCH));
	assert_true(said(METRIC_POWER));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_ward_set_up, node_ward_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_the_longest_silence_of_each_sort),
		TEST(test_a_button_that_checks_in_is_there),
		TEST(test_who_does_not_check_in_is_not_gone),
		TEST(test_nothing_is_promised_before_it_was_checked),
		TEST(test_what_is_not_reported_is_noticed_and_asked_for),
		TEST(test_who_reports_less_than_it_said_is_not_gone),
		TEST(test_an_absence_is_no_missing_report),
		TEST(test_a_sleeper_is_asked_when_it_is_heard_after_the_radio_was_away),
		TEST(test_a_router_after_the_radio_was_away),
		TEST(test_a_sleeper_that_did_not_listen_is_asked_again),
		TEST(test_what_happened_is_asked_for_piece_by_piece),
		TEST(test_values_are_read_again_also_of_who_misses_something),
		TEST(test_all_is_read_though_a_poll_is_under_way),
		TEST(test_who_is_configured_anew_is_asked_as_before),
	};

	return RUN_TESTS(tests);
}
