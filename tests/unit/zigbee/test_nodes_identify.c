/*
 * A device is asked to show itself: by the command of the specification, at the
 * endpoint that has it, and only where that can be.
 */
#include <errno.h>

#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"

#define IDENTIFY 0x0003

static struct node_ward ward;

static const struct node_has lamp_endpoints[] = {
	{ 1, 0x0104, 0x0302, { 0x0000, 0x0402, WARD_NONE }, { IDENTIFY, WARD_NONE } },
	{ 7, 0x0104, 0x0302, { IDENTIFY, 0x0402, WARD_NONE }, { WARD_NONE } },
};
static const struct node_attribute lamp_attributes[] = {
	{ 0x0402, 0, 0x29, "d007" },
};
static const struct node_kind lamp = {
	.type = 1,
	.capability = 0x8e,
	.maker = 0x1049,
	.endpoints = lamp_endpoints,
	.endpoint_count = 2,
	.attributes = lamp_attributes,
	.attribute_count = 1,
};

static int set_up(void **state)
{
	node_ward_init(&ward);
	return 0;
}

static int tear_down(void **state)
{
	node_ward_done(&ward);
	return 0;
}

/* The last message of that cluster that waits on its way; NULL: none. */
static const struct ward_sent *sent(void)
{
	for (unsigned i = ward.send_count; i-- > 0;)
		if (ward.sends[i].send.cluster == IDENTIFY)
			return &ward.sends[i];
	return NULL;
}

static void test_it_blinks(void **state)
{
	struct node_device *d = node_ward_add(&ward, &lamp, true);
	const struct ward_sent *s;

	node_joins(&ward, d);
	assert_true(node_ward_interview(&ward, d, 60 * S));
	assert_int_equal(nodes_identify(&ward.nodes, d->eui64, 600, &ward.now), 0);
	s = sent();
	assert_non_null(s);
	/* where the device has it, not where it asks others for it */
	assert_int_equal(s->send.destination_endpoint, 7);
	assert_int_equal(s->send.profile, 0x0104);
	assert_int_equal(s->send.node, d->node);
	assert_int_equal(s->send.length, 5);
	assert_int_equal(s->bytes[0] & 0x0b, 0x01); /* of the cluster, from the client */
	assert_memory_equal(s->bytes + 2, "\x00\x58\x02", 3);
	/* it was found */
	assert_int_equal(nodes_identify(&ward.nodes, d->eui64, 0, &ward.now), 0);
	assert_memory_equal(sent()->bytes + 2, "\x00\x00\x00", 3);
}

/* Its parent keeps the command for some seconds, and is given it three times. */
static void test_a_sleeper_blinks_if_it_wakes_soon(void **state)
{
	static struct node_kind sleeper;

	for (int64_t after = 0; after < 24 * S; after += 4 * S) {
		struct node_device *d;

		node_ward_done(&ward);
		node_ward_init(&ward);
		sleeper = lamp;
		sleeper.type = 2;
		sleeper.capability = 0x80;
		d = node_ward_add(&ward, &sleeper, true);
		node_joins(&ward, d);
		assert_true(node_ward_interview(&ward, d, 60 * S));
		node_ward_pass(&ward, 60 * S);
		d->awake_us = 0;
		assert_int_equal(nodes_identify(&ward.nodes, d->eui64, 60, &ward.now), 0);
		node_ward_pass(&ward, after);
		assert_int_equal(d->identify_s, 0);
		node_says(&ward, d, 7, 0x0402, "18 70 0A 00 00 29 D0 07");
		node_ward_pass(&ward, 2 * S);
		if (d->identify_s != 60)
			fail_msg("woken after %d s: no command", (int)(after / S));
		node_ward_pass(&ward, 60 * S);
		assert_int_equal(d->identifies, 1);
	}
}

static void test_it_cannot(void **state)
{
	struct node_device *d = node_ward_add(&ward, &node_plug, true);
	struct node_device *e = node_ward_add(&ward, &lamp, true);

	assert_int_equal(nodes_identify(&ward.nodes, 0x77, 5, &ward.now), -ENOENT);
	assert_int_equal(nodes_identify(&ward.nodes, d->eui64, 5, &ward.now), -ENOENT);
	node_joins(&ward, d);
	assert_true(node_ward_interview(&ward, d, 60 * S));
	assert_int_equal(nodes_identify(&ward.nodes, d->eui64, 5, &ward.now), -ENOTSUP);
	node_joins(&ward, e);
	assert_true(node_ward_interview(&ward, e, 60 * S));
	nodes_down(&ward.nodes);
	assert_int_equal(nodes_identify(&ward.nodes, e->eui64, 5, &ward.now), -EHOSTUNREACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_blinks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_sleeper_blinks_if_it_wakes_soon, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_it_cannot, set_up, tear_down),
	};

	return RUN_TESTS(tests);
}
