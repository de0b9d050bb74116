/*
 * Who has which short address: moving, swapping, conflicts, and those who do not say
 * who they are.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"

#include <errno.h>

#define REPORT "18 01 0A 00 00 29 D0 07" /* 20.00 Cel */

/* Who the last reading was of. */
static uint64_t last_reader(void)
{
	return wing.reading_count > 0 ? wing.reading_of[wing.reading_count - 1] : 0;
}

/* ---- addresses ---- */

static void test_whatever_says_an_address_is_believed(void **state)
{
	struct node_device *d = node_settled(&node_plug);

	(void)state;
	assert_int_equal(node_of(&wing, d)->node, 0x1001);
	d->node = 0x2002;
	node_announces(&wing, d);
	assert_int_equal(node_of(&wing, d)->node, 0x2002);
	nodes_joined(&wing.nodes, d->eui64, 0x2003, NODES_REJOINED, &wing.now);
	assert_int_equal(node_of(&wing, d)->node, 0x2003);
	nodes_paired(&wing.nodes, d->eui64, 0x2004, &wing.now);
	assert_int_equal(node_of(&wing, d)->node, 0x2004);
	wing.says_eui64 = true;
	d->node = 0x2005;
	node_says(&wing, d, 1, 0x0402, REPORT);
	assert_int_equal(node_of(&wing, d)->node, 0x2005);
	assert_true(last_reader() == d->eui64);
	assert_null(nodes_by_node(&wing.nodes, 0x2004));
	assert_ptr_equal(nodes_by_node(&wing.nodes, 0x2005), node_of(&wing, d));
	assert_true(wing.changes & NODES_CHANGED_ADDRESS);
	assert_int_equal(wing.nodes.counters.moved, 4);
}

static void test_a_sender_nobody_knows_is_asked_who_it_is(void **state)
{
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	d->node = 0x3003; /* and says nothing of it */
	node_says(&wing, d, 1, 0x0402, REPORT);
	node_says(&wing, d, 1, 0x0402, "18 02 0A 00 00 29 D1 07");
	assert_int_equal(wing.reading_count, 0);
	assert_int_equal(wing.nodes.counters.parked, 2);
	node_ward_pass(&wing, 1 * S);
	/* both are had, in their order, and it was asked once */
	assert_int_equal(wing.reading_count, 2);
	assert_int_equal(wing.readings[0].number.mantissa, 2000);
	assert_int_equal(wing.readings[1].number.mantissa, 2001);
	assert_true(last_reader() == d->eui64);
	assert_int_equal(node_of(&wing, d)->node, 0x3003);
	assert_int_equal(d->asked_zdo[0x0001], 1);
	assert_int_equal(wing.nodes.counters.unparked, 2);
}

static void test_who_does_not_say_who_it_is_is_not_heard(void **state)
{
	struct node_device *d = node_settled(&node_fridge);
	unsigned sent = wing.sent;

	(void)state;
	d->node = 0x3003;
	d->deaf_to = 0x0001;
	for (unsigned i = 0; i < 12; i++)
		node_says(&wing, d, 1, 0x0402, REPORT);
	assert_int_equal(wing.nodes.counters.parked, 8);
	assert_int_equal(wing.nodes.counters.unattributed, 4);
	/* it is asked four times, not all at once */
	node_ward_pass(&wing, S / 10);
	assert_int_equal(wing.sent - sent, 1);
	node_ward_pass(&wing, 30 * S);
	assert_int_equal(wing.sent - sent, 4);
	node_ward_pass(&wing, 100 * S);
	assert_int_equal(wing.reading_count, 0);
	assert_int_equal(wing.nodes.counters.unattributed, 12);
	/* but is asked again when it says more */
	d->deaf_to = WARD_NONE;
	node_says(&wing, d, 1, 0x0402, REPORT);
	node_ward_pass(&wing, 1 * S);
	assert_int_equal(wing.reading_count, 1);
}

static void test_two_devices_swap_their_addresses(void **state)
{
	(void)state;
	/* both announce it, one after the other; or the second one is found out */
	for (int announced = 0; announced < 2; announced++) {
		struct node_device *a, *b;
		uint16_t node;

		node_ward_done(&wing);
		node_ward_init(&wing);
		a = node_settled(&node_plug);
		b = node_settled(&node_fridge);
		node = a->node;
		a->node = b->node;
		b->node = node;
		node_announces(&wing, b);
		assert_int_equal(node_of(&wing, a)->node, ZIGBEE_NODE_NONE);
		assert_int_equal(node_of(&wing, b)->node, b->node);
		if (announced)
			node_announces(&wing, a);
		node_says(&wing, a, 1, 0x0006, "18 31 0A 00 00 10 00");
		node_ward_pass(&wing, 5 * S);
		assert_int_equal(node_of(&wing, a)->node, a->node);
		wing.reading_count = 0;
		node_says(&wing, a, 1, 0x0006, "18 32 0A 00 00 10 01");
		assert_true(last_reader() == a->eui64);
		node_says(&wing, b, 1, 0x0402, REPORT);
		assert_true(last_reader() == b->eui64);
		assert_int_equal(wing.nodes.count, 2);
	}
}

static void test_who_lost_its_address_is_looked_for(void **state)
{
	struct node_device *a = node_settled(&node_plug), *b = node_settled(&node_fridge);

	(void)state;
	b->node = a->node;
	a->node = 0x4444;
	node_announces(&wing, b);
	assert_int_equal(node_of(&wing, a)->node, ZIGBEE_NODE_NONE);
	assert_true(node_of(&wing, a)->joined);
	node_ward_pass(&wing, 30 * S);
	assert_true(wing.broadcasts >= 1);
	assert_int_equal(node_of(&wing, a)->node, 0x4444);
	assert_true(a->asked_zdo[0x0000] >= 1);
}

static void test_who_is_not_reached_is_looked_for(void **state)
{
	struct node_device *d = node_settled(&node_plug);

	(void)state;
	d->node = 0x5555; /* nobody heard that */
	node_ward_pass(&wing, 4 * NODES_PROBE_US);
	assert_int_equal(node_of(&wing, d)->node, 0x5555);
}

static void test_who_was_only_away_is_not_looked_for_any_more(void **state)
{
	struct node_device *d = node_settled(&node_plug);
	unsigned broadcasts;

	(void)state;
	d->gone = true;
	node_ward_pass(&wing, 4 * NODES_PROBE_US);
	assert_true(wing.broadcasts > 0);
	d->gone = false;
	node_says(&wing, d, 1, 0x0006, "18 31 0A 00 00 10 00");
	broadcasts = wing.broadcasts;
	node_ward_pass(&wing, 4 * 3600 * S);
	assert_int_equal(wing.broadcasts, broadcasts);
}

/* It joined, and the gateway was killed before that was kept; a router says nothing by itself. */
static void test_who_is_not_known_to_have_joined_is_looked_for(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true),
			   *gone = node_ward_add(&wing, &node_plug, true);
	unsigned before = wing.broadcasts;

	(void)state;
	gone->gone = true;
	for (unsigned i = 0; i < 2; i++) {
		nodes_down(&wing.nodes);
		wing.nodes.looked = i > 0; /* as at the start, and then not any more */
		nodes_up(&wing.nodes, &wing.now);
		node_ward_pass(&wing, 100 * S);
	}
	assert_true(node_of(&wing, d)->joined);
	assert_true(node_of(&wing, d)->told_ready);
	assert_false(node_of(&wing, gone)->joined);
	assert_int_equal(wing.broadcasts, before + 3);
	assert_true(node_of(&wing, gone)->seek_us == INT64_MAX);
}

static void test_a_conflict_deletes_nobody_and_confuses_nobody(void **state)
{
	struct node_device *a = node_settled(&node_fridge), *b = node_settled(&node_fridge);
	uint16_t node = a->node;

	(void)state;
	b->node = node; /* both have it */
	nodes_conflict(&wing.nodes, node, &wing.now);
	assert_true(node_of(&wing, a)->doubtful);
	assert_int_equal(wing.notes[NODES_NOTE_CONFLICT], 1);
	/* whose is it? A fridge's value under another fridge's name is worse than none */
	node_says(&wing, b, 1, 0x0402, REPORT);
	node_says(&wing, a, 1, 0x0402, REPORT);
	assert_int_equal(wing.reading_count, 0);
	assert_int_equal(wing.nodes.counters.ambiguous, 2);
	/* one of them moves, and says so */
	b->node = 0x6006;
	node_announces(&wing, b);
	node_ward_pass(&wing, 5 * S);
	assert_false(node_of(&wing, a)->doubtful);
	assert_int_equal(node_of(&wing, a)->node, node);
	node_says(&wing, a, 1, 0x0402, "18 05 0A 00 00 29 D0 07");
	assert_true(last_reader() == a->eui64);
	node_says(&wing, b, 1, 0x0402, "18 05 0A 00 00 29 D0 07");
	assert_true(last_reader() == b->eui64);
	assert_int_equal(wing.nodes.count, 2);
	/* a conflict over nobody's address */
	nodes_conflict(&wing.nodes, 0x7777, &wing.now);
	assert_int_equal(wing.nodes.counters.conflicts, 2);
}

static void test_a_conflict_that_nobody_solves_ends_by_itself(void **state)
{
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	d->deaf_to = 0x0001;
	nodes_conflict(&wing.nodes, d->node, &wing.now);
	node_ward_pass(&wing, NODES_CONFLICT_US - 1);
	node_says(&wing, d, 1, 0x0402, REPORT);
	assert_int_equal(wing.reading_count, 0);
	node_ward_pass(&wing, 1);
	node_says(&wing, d, 1, 0x0402, REPORT);
	assert_int_equal(wing.reading_count, 1);
	/* with the name in the message there is no doubt */
	nodes_conflict(&wing.nodes, d->node, &wing.now);
	wing.says_eui64 = true;
	node_says(&wing, d, 1, 0x0402, "18 09 0A 00 00 29 D0 07");
	assert_int_equal(wing.reading_count, 2);
	assert_false(node_of(&wing, d)->doubtful);
}

static void test_answers_that_nobody_asked_for_move_nobody(void **state)
{
	struct node_device *d = node_settled(&node_fridge);
	uint8_t bytes[] = { 1, 0, 0x01, 0, 0, 0, 0, 0x8d, 0x15, 0, 0x99, 0x99 };
	struct zigbee_heard h = { .node = 0x9999, .bytes = bytes, .length = sizeof(bytes) };

	(void)state;
	assert_true(d->eui64 == UINT64_C(0x00158d0000000001));
	for (unsigned sequence = 0; sequence < 256; sequence++)
		for (h.cluster = 0x8000; h.cluster <= 0x8001; h.cluster++) {
			bytes[0] = (uint8_t)sequence;
			nodes_heard(&wing.nodes, &h, &wing.now);
		}
	assert_int_equal(node_of(&wing, d)->node, 0x1001);
}

static void test_who_announces_another_is_not_believed(void **state)
{
	struct node_device *d = node_settled(&node_fridge);
	uint8_t bytes[] = { 1, 0x66, 0x66, 0x01, 0, 0, 0, 0, 0x8d, 0x15, 0, 0x80 };
	const struct zigbee_heard h = { .node = 0x6666,
		.eui64 = d->eui64 + 100,
		.cluster = 0x0013,
		.broadcast = true,
		.bytes = bytes,
		.length = sizeof(bytes) };

	(void)state;
	nodes_heard(&wing.nodes, &h, &wing.now);
	assert_int_equal(node_of(&wing, d)->node, 0x1001);
}

static void test_addresses_that_are_none(void **state)
{
	static const uint16_t none[] = { 0x0000, 0xfff8, 0xfffc, 0xffff };
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		nodes_paired(&wing.nodes, d->eui64, none[i], &wing.now);
		nodes_joined(&wing.nodes, d->eui64, none[i], NODES_REJOINED, &wing.now);
		assert_int_equal(node_of(&wing, d)->node, 0x1001);
		d->node = none[i];
		node_announces(&wing, d);
		node_says(&wing, d, 1, 0x0402, REPORT);
	}
	assert_int_equal(wing.reading_count, 0);
	nodes_joined(&wing.nodes, 0, 0x1234, NODES_JOINED, &wing.now);
	nodes_joined(&wing.nodes, UINT64_MAX, 0x1234, NODES_JOINED, &wing.now);
	nodes_joined(&wing.nodes, WARD_EUI64, 0x1234, NODES_JOINED, &wing.now);
	assert_int_equal(wing.nodes.count, 1);
	assert_int_equal(nodes_configure(&wing.nodes, 0, NULL, &wing.now), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_ward_set_up, node_ward_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_whatever_says_an_address_is_believed),
		TEST(test_a_sender_nobody_knows_is_asked_who_it_is),
		TEST(test_who_does_not_say_who_it_is_is_not_heard),
		TEST(test_two_devices_swap_their_addresses),
		TEST(test_who_lost_its_address_is_looked_for),
		TEST(test_who_is_not_reached_is_looked_for),
		TEST(test_who_was_only_away_is_not_looked_for_any_more),
		TEST(test_who_is_not_known_to_have_joined_is_looked_for),
		TEST(test_a_conflict_deletes_nobody_and_confuses_nobody),
		TEST(test_a_conflict_that_nobody_solves_ends_by_itself),
		TEST(test_answers_that_nobody_asked_for_move_nobody),
		TEST(test_who_announces_another_is_not_believed),
		TEST(test_addresses_that_are_none),
	};

	return RUN_TESTS(tests);
}
