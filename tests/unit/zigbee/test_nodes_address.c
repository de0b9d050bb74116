/*
 * Who has which short address: moving, swapping, conflicts, and those who do not say
 * who they are.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"

#include <errno.h>

#define REPORT "18 01 0A 00 00 29 D0 07" /* 20.00 Cel */

static struct node_ward ward;

static int set_up(void **state)
{
	(void)state;
	node_ward_init(&ward);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	node_ward_done(&ward);
	return 0;
}

/* A device that is there and through with its interview. */
static struct node_device *settled(const struct node_kind *kind)
{
	struct node_device *d = node_ward_add(&ward, kind, true);

	node_joins(&ward, d);
	assert_true(node_ward_interview(&ward, d, 60 * S));
	ward.reading_count = 0;
	return d;
}

/* Who the last reading was of. */
static uint64_t last_reader(void)
{
	return ward.reading_count > 0 ? ward.reading_of[ward.reading_count - 1] : 0;
}

/* ---- addresses ---- */

static void test_whatever_says_an_address_is_believed(void **state)
{
	struct node_device *d = settled(&node_plug);

	(void)state;
	assert_int_equal(node_of(&ward, d)->node, 0x1001);
	d->node = 0x2002;
	node_announces(&ward, d);
	assert_int_equal(node_of(&ward, d)->node, 0x2002);
	nodes_joined(&ward.nodes, d->eui64, 0x2003, NODES_REJOINED, &ward.now);
	assert_int_equal(node_of(&ward, d)->node, 0x2003);
	nodes_paired(&ward.nodes, d->eui64, 0x2004, &ward.now);
	assert_int_equal(node_of(&ward, d)->node, 0x2004);
	ward.says_eui64 = true;
	d->node = 0x2005;
	node_says(&ward, d, 1, 0x0402, REPORT);
	assert_int_equal(node_of(&ward, d)->node, 0x2005);
	assert_true(last_reader() == d->eui64);
	assert_null(nodes_by_node(&ward.nodes, 0x2004));
	assert_ptr_equal(nodes_by_node(&ward.nodes, 0x2005), node_of(&ward, d));
	assert_true(ward.changes & NODES_CHANGED_ADDRESS);
	assert_int_equal(ward.nodes.counters.moved, 4);
}

static void test_a_sender_nobody_knows_is_asked_who_it_is(void **state)
{
	struct node_device *d = settled(&node_fridge);

	(void)state;
	d->node = 0x3003; /* and says nothing of it */
	node_says(&ward, d, 1, 0x0402, REPORT);
	node_says(&ward, d, 1, 0x0402, "18 02 0A 00 00 29 D1 07");
	assert_int_equal(ward.reading_count, 0);
	assert_int_equal(ward.nodes.counters.parked, 2);
	node_ward_pass(&ward, 1 * S);
	/* both are had, in their order, and it was asked once */
	assert_int_equal(ward.reading_count, 2);
	assert_int_equal(ward.readings[0].number.mantissa, 2000);
	assert_int_equal(ward.readings[1].number.mantissa, 2001);
	assert_true(last_reader() == d->eui64);
	assert_int_equal(node_of(&ward, d)->node, 0x3003);
	assert_int_equal(d->asked_zdo[0x0001], 1);
	assert_int_equal(ward.nodes.counters.unparked, 2);
}

static void test_who_does_not_say_who_it_is_is_not_heard(void **state)
{
	struct node_device *d = settled(&node_fridge);
	unsigned sent = ward.sent;

	(void)state;
	d->node = 0x3003;
	d->deaf_to = 0x0001;
	for (unsigned i = 0; i < 12; i++)
		node_says(&ward, d, 1, 0x0402, REPORT);
	assert_int_equal(ward.nodes.counters.parked, 8);
	assert_int_equal(ward.nodes.counters.unattributed, 4);
	/* it is asked four times, not all at once */
	node_ward_pass(&ward, S / 10);
	assert_int_equal(ward.sent - sent, 1);
	node_ward_pass(&ward, 30 * S);
	assert_int_equal(ward.sent - sent, 4);
	node_ward_pass(&ward, 100 * S);
	assert_int_equal(ward.reading_count, 0);
	assert_int_equal(ward.nodes.counters.unattributed, 12);
	/* but is asked again when it says more */
	d->deaf_to = WARD_NONE;
	node_says(&ward, d, 1, 0x0402, REPORT);
	node_ward_pass(&ward, 1 * S);
	assert_int_equal(ward.reading_count, 1);
}

static void test_two_devices_swap_their_addresses(void **state)
{
	(void)state;
	/* both announce it, one after the other; or the second one is found out */
	for (int announced = 0; announced < 2; announced++) {
		struct node_device *a, *b;
		uint16_t node;

		node_ward_done(&ward);
		node_ward_init(&ward);
		a = settled(&node_plug);
		b = settled(&node_fridge);
		node = a->node;
		a->node = b->node;
		b->node = node;
		node_announces(&ward, b);
		assert_int_equal(node_of(&ward, a)->node, ZIGBEE_NODE_NONE);
		assert_int_equal(node_of(&ward, b)->node, b->node);
		if (announced)
			node_announces(&ward, a);
		node_says(&ward, a, 1, 0x0006, "18 31 0A 00 00 10 00");
		node_ward_pass(&ward, 5 * S);
		assert_int_equal(node_of(&ward, a)->node, a->node);
		ward.reading_count = 0;
		node_says(&ward, a, 1, 0x0006, "18 32 0A 00 00 10 01");
		assert_true(last_reader() == a->eui64);
		node_says(&ward, b, 1, 0x0402, REPORT);
		assert_true(last_reader() == b->eui64);
		assert_int_equal(ward.nodes.count, 2);
	}
}

static void test_who_lost_its_address_is_looked_for(void **state)
{
	struct node_device *a = settled(&node_plug), *b = settled(&node_fridge);

	(void)state;
	b->node = a->node;
	a->node = 0x4444;
	node_announces(&ward, b);
	assert_int_equal(node_of(&ward, a)->node, ZIGBEE_NODE_NONE);
	assert_true(node_of(&ward, a)->joined);
	node_ward_pass(&ward, 30 * S);
	assert_true(ward.broadcasts >= 1);
	assert_int_equal(node_of(&ward, a)->node, 0x4444);
	assert_true(a->asked_zdo[0x0000] >= 1);
}

static void test_who_is_not_reached_is_looked_for(void **state)
{
	struct node_device *d = settled(&node_plug);

	(void)state;
	d->node = 0x5555; /* nobody heard that */
	node_ward_pass(&ward, 4 * NODES_PROBE_US);
	assert_int_equal(node_of(&ward, d)->node, 0x5555);
}

static void test_who_was_only_away_is_not_looked_for_any_more(void **state)
{
	struct node_device *d = settled(&node_plug);
	unsigned broadcasts;

	(void)state;
	d->gone = true;
	node_ward_pass(&ward, 4 * NODES_PROBE_US);
	assert_true(ward.broadcasts > 0);
	d->gone = false;
	node_says(&ward, d, 1, 0x0006, "18 31 0A 00 00 10 00");
	broadcasts = ward.broadcasts;
	node_ward_pass(&ward, 4 * 3600 * S);
	assert_int_equal(ward.broadcasts, broadcasts);
}

static void test_a_conflict_deletes_nobody_and_confuses_nobody(void **state)
{
	struct node_device *a = settled(&node_fridge), *b = settled(&node_fridge);
	uint16_t node = a->node;

	(void)state;
	b->node = node; /* both have it */
	nodes_conflict(&ward.nodes, node, &ward.now);
	assert_true(node_of(&ward, a)->doubtful);
	assert_int_equal(ward.notes[NODES_NOTE_CONFLICT], 1);
	/* whose is it? A fridge's value under another fridge's name is worse than none */
	node_says(&ward, b, 1, 0x0402, REPORT);
	node_says(&ward, a, 1, 0x0402, REPORT);
	assert_int_equal(ward.reading_count, 0);
	assert_int_equal(ward.nodes.counters.ambiguous, 2);
	/* one of them moves, and says so */
	b->node = 0x6006;
	node_announces(&ward, b);
	node_ward_pass(&ward, 5 * S);
	assert_false(node_of(&ward, a)->doubtful);
	assert_int_equal(node_of(&ward, a)->node, node);
	node_says(&ward, a, 1, 0x0402, "18 05 0A 00 00 29 D0 07");
	assert_true(last_reader() == a->eui64);
	node_says(&ward, b, 1, 0x0402, "18 05 0A 00 00 29 D0 07");
	assert_true(last_reader() == b->eui64);
	assert_int_equal(ward.nodes.count, 2);
	/* a conflict over nobody's address */
	nodes_conflict(&ward.nodes, 0x7777, &ward.now);
	assert_int_equal(ward.nodes.counters.conflicts, 2);
}

static void test_a_conflict_that_nobody_solves_ends_by_itself(void **state)
{
	struct node_device *d = settled(&node_fridge);

	(void)state;
	d->deaf_to = 0x0001;
	nodes_conflict(&ward.nodes, d->node, &ward.now);
	node_ward_pass(&ward, NODES_CONFLICT_US - 1);
	node_says(&ward, d, 1, 0x0402, REPORT);
	assert_int_equal(ward.reading_count, 0);
	node_ward_pass(&ward, 1);
	node_says(&ward, d, 1, 0x0402, REPORT);
	assert_int_equal(ward.reading_count, 1);
	/* with the name in the message there is no doubt */
	nodes_conflict(&ward.nodes, d->node, &ward.now);
	ward.says_eui64 = true;
	node_says(&ward, d, 1, 0x0402, "18 09 0A 00 00 29 D0 07");
	assert_int_equal(ward.reading_count, 2);
	assert_false(node_of(&ward, d)->doubtful);
}

static void test_answers_that_nobody_asked_for_move_nobody(void **state)
{
	struct node_device *d = settled(&node_fridge);
	uint8_t bytes[] = { 1, 0, 0x01, 0, 0, 0, 0, 0x8d, 0x15, 0, 0x99, 0x99 };
	struct zigbee_heard h = { .node = 0x9999, .bytes = bytes, .length = sizeof(bytes) };

	(void)state;
	assert_true(d->eui64 == UINT64_C(0x00158d0000000001));
	for (unsigned sequence = 0; sequence < 256; sequence++)
		for (h.cluster = 0x8000; h.cluster <= 0x8001; h.cluster++) {
			bytes[0] = (uint8_t)sequence;
			nodes_heard(&ward.nodes, &h, &ward.now);
		}
	assert_int_equal(node_of(&ward, d)->node, 0x1001);
}

static void test_who_announces_another_is_not_believed(void **state)
{
	struct node_device *d = settled(&node_fridge);
	uint8_t bytes[] = { 1, 0x66, 0x66, 0x01, 0, 0, 0, 0, 0x8d, 0x15, 0, 0x80 };
	const struct zigbee_heard h = { .node = 0x6666,
		.eui64 = d->eui64 + 100,
		.cluster = 0x0013,
		.broadcast = true,
		.bytes = bytes,
		.length = sizeof(bytes) };

	(void)state;
	nodes_heard(&ward.nodes, &h, &ward.now);
	assert_int_equal(node_of(&ward, d)->node, 0x1001);
}

static void test_addresses_that_are_none(void **state)
{
	static const uint16_t none[] = { 0x0000, 0xfff8, 0xfffc, 0xffff };
	struct node_device *d = settled(&node_fridge);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		nodes_paired(&ward.nodes, d->eui64, none[i], &ward.now);
		nodes_joined(&ward.nodes, d->eui64, none[i], NODES_REJOINED, &ward.now);
		assert_int_equal(node_of(&ward, d)->node, 0x1001);
		d->node = none[i];
		node_announces(&ward, d);
		node_says(&ward, d, 1, 0x0402, REPORT);
	}
	assert_int_equal(ward.reading_count, 0);
	nodes_joined(&ward.nodes, 0, 0x1234, NODES_JOINED, &ward.now);
	nodes_joined(&ward.nodes, UINT64_MAX, 0x1234, NODES_JOINED, &ward.now);
	nodes_joined(&ward.nodes, WARD_EUI64, 0x1234, NODES_JOINED, &ward.now);
	assert_int_equal(ward.nodes.count, 1);
	assert_int_equal(nodes_configure(&ward.nodes, 0, NULL, &ward.now), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_whatever_says_an_address_is_believed),
		TEST(test_a_sender_nobody_knows_is_asked_who_it_is),
		TEST(test_who_does_not_say_who_it_is_is_not_heard),
		TEST(test_two_devices_swap_their_addresses),
		TEST(test_who_lost_its_address_is_looked_for),
		TEST(test_who_is_not_reached_is_looked_for),
		TEST(test_who_was_only_away_is_not_looked_for_any_more),
		TEST(test_a_conflict_deletes_nobody_and_confuses_nobody),
		TEST(test_a_conflict_that_nobody_solves_ends_by_itself),
		TEST(test_answers_that_nobody_asked_for_move_nobody),
		TEST(test_who_announces_another_is_not_believed),
		TEST(test_addresses_that_are_none),
	};

	return RUN_TESTS(tests);
}
