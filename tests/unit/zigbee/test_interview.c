/*
 * The interview of devices that answer, and of those that refuse a part of it.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#include <errno.h>

static const struct interview_cluster *cluster_of(
	const struct node_device *d, uint16_t id, bool output)
{
	const struct interview *i = &node_of(&wing, d)->interview;

	for (unsigned k = 0; k < i->cluster_count; k++)
		if (i->clusters[k].id == id && i->clusters[k].output == output)
			return &i->clusters[k];
	return NULL;
}

static void test_a_fridge_is_known_bound_read_and_set_up(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);
	const struct interview *i;

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	i = &node_of(&wing, d)->interview;
	assert_int_equal(i->type, ZDO_END_DEVICE);
	assert_int_equal(i->maker, 0x1286);
	assert_string_equal(i->device.facts[FACT_MAKER], "eWeLink");
	assert_string_equal(i->device.facts[FACT_MODEL], "TH01");
	assert_int_equal(i->device.supply, CLUSTER_SUPPLY_BATTERY);
	assert_int_equal(d->asked_zdo[0x0002], 1);
	assert_int_equal(d->asked_zdo[0x0005], 1);
	assert_int_equal(d->asked_zdo[0x0004], 1);
	assert_true(d->bound >= 3);
	assert_true(d->bound_to == WARD_EUI64);
	assert_non_null(node_reports(d, 1, 0x0402, 0));
	assert_int_equal(node_reports(d, 1, 0x0402, 0)->type, 0x29);
	assert_non_null(node_reports(d, 1, 0x0405, 0));
	assert_non_null(node_reports(d, 1, 0x0001, 0x0021));
	assert_int_equal(wing.ready, 1);
	assert_int_equal(wing.notes[NODES_NOTE_NO_ANSWER], 0);
	/* the first reading came with it */
	assert_true(wing.reading_count >= 3);
	assert_int_equal(
		node_of(&wing, d)->expect_us, interview_expect_us(&node_of(&wing, d)->interview));
	assert_true(node_of(&wing, d)->expect_us > 0);
	assert_true(wing.changes & NODES_CHANGED_BATTERY);
	assert_int_equal(node_of(&wing, d)->battery_percent, 100);
}

/* ---- kinds ---- */

static void test_an_alarm_zone_is_enrolled_whichever_way_it_wants(void **state)
{
	(void)state;
	for (int asks = 0; asks < 2; asks++) {
		struct node_device *d = node_ward_add(&wing, &node_contact, true);

		d->zone_asks = asks;
		node_joins(&wing, d);
		assert_true(node_ward_interview(&wing, d, 60 * S));
		assert_true(d->zone_owned);
		assert_true(d->enrolled);
		assert_true(interview_zones_well(&node_of(&wing, d)->interview));
		assert_true(wing.zones > 0);
	}
	assert_int_equal(wing.notes[NODES_NOTE_NOT_ENROLLED], 0);
}

static void test_a_zone_that_is_never_enrolled_is_told_and_tried_again(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_contact, true);

	(void)state;
	d->zone_never = true;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 600 * S));
	assert_false(d->enrolled);
	assert_false(interview_zones_well(&node_of(&wing, d)->interview));
	assert_true(wing.notes[NODES_NOTE_NOT_ENROLLED] >= 1);
	assert_true(wing.changes & NODES_CHANGED_ZONE);
	/* the rest of it was set up all the same */
	assert_non_null(node_reports(d, 1, 0x0001, 0x0021));
	d->zone_never = false;
	node_ward_pass(&wing, 310 * S);
	assert_true(d->enrolled);
	assert_true(interview_zones_well(&node_of(&wing, d)->interview));
}

static void test_a_zone_that_has_forgotten_its_enrolment_is_enrolled_again(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_contact, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	node_ward_pass(&wing, 100 * S);
	d->enrolled = false; /* a new battery */
	nodes_joined(&wing.nodes, d->eui64, d->node, NODES_REJOINED, &wing.now);
	node_announces(&wing, d);
	node_ward_pass(&wing, 30 * S);
	assert_true(d->enrolled);
	assert_true(interview_is_over(&node_of(&wing, d)->interview, false));
}

static void test_a_button_is_bound_where_it_is_the_client(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_button, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_non_null(cluster_of(d, 0x0006, true));
	assert_true(cluster_of(d, 0x0006, true)->done & INTERVIEW_BOUND);
	assert_null(node_reports(d, 1, 0x0006, 0));
}

static void test_who_refuses_setting_up_is_not_set_up(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_lumi, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(d->bound, 0);
	assert_int_equal(d->asked_zcl[0x06], 0);
	assert_true(node_of(&wing, d)->interview.device.quirks & QUIRK_NO_SETUP);
}

static void test_two_endpoints_are_two_instances(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_pair, true);
	const struct interview *i;

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	i = &node_of(&wing, d)->interview;
	assert_int_equal(i->endpoint_count, 2); /* 242 is no application's */
	assert_int_equal(interview_instance(i, 0x0402, 3, false), 0);
	assert_int_equal(interview_instance(i, 0x0402, 7, false), 1);
	assert_int_equal(interview_instance(i, 0x0001, 7, false), 0);
	assert_true(interview_cluster_expect_us(i, 0x0402, 7) > 0);
	assert_true(interview_cluster_expect_us(i, 0x0500, 7) == 0);
	assert_true(interview_cluster_expect_us(i, 0x0402, 1) == 0);
	assert_int_equal(interview_profile(i, 7), ZIGBEE_PROFILE_HOME);
	assert_non_null(node_reports(d, 3, 0x0402, 0));
	assert_non_null(node_reports(d, 7, 0x0402, 0));
	node_says(&wing, d, 7, 0x0402, "18 01 0A 00 00 29 D0 07");
	assert_int_equal(wing.readings[wing.reading_count - 1].instance, 1);
}

/* A panel with two buttons, which has them as clients alone; one behind a lamp. */
static void test_buttons_of_two_endpoints_are_two_instances(void **state)
{
	static const struct node_has has[] = {
		{ 1, 0x0104, 0x0000, { 0x0000, 0x0006, WARD_NONE }, { WARD_NONE } },
		{ 2, 0x0104, 0x0000, { 0x0000, WARD_NONE }, { 0x0006, 0x0501, WARD_NONE } },
		{ 4, 0x0104, 0x0000, { 0x0000, WARD_NONE }, { 0x0006, 0x0501, WARD_NONE } },
	};
	static const struct node_kind panel = { 1, 0x8e, 0x1234, has, ARRAY_SIZE(has), NULL, 0 };
	static const struct {
		uint8_t endpoint, instance;
		uint16_t cluster;
		const char *hex;
	} rows[] = {
		{ 2, 0, 0x0006, "01 01 02" },
		{ 4, 1, 0x0006, "01 02 02" },
		{ 2, 0, 0x0501, "01 03 02" },
		{ 4, 1, 0x0501, "01 04 02" },
		{ 1, 0, 0x0006, "18 05 0A 00 00 10 01" },
		/* it has not said that it is a client, too */
		{ 1, 0, 0x0006, "01 06 02" },
	};
	struct node_device *d = node_ward_add(&wing, &panel, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		wing.reading_count = 0;
		node_says(&wing, d, rows[i].endpoint, rows[i].cluster, rows[i].hex);
		print_message("row %zu\n", i);
		assert_int_equal(wing.reading_count, 1);
		assert_int_equal(wing.readings[0].instance, rows[i].instance);
	}
}

static void test_a_mains_device_hears_always(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_false(interview_sleeps(&node_of(&wing, d)->interview));
	assert_int_equal(node_of(&wing, d)->interview.type, ZDO_ROUTER);
}

/* ---- refusals ---- */

static void test_refused_bindings_are_noted_and_gone_past(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	d->bind_status = 0x8c;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_true(wing.notes[NODES_NOTE_REFUSED] >= 3);
	assert_int_equal(wing.last_step, INTERVIEW_BIND);
	assert_int_equal(wing.last_detail, 0x8c);
	assert_true(cluster_of(d, 0x0402, false)->refused & INTERVIEW_BOUND);
	assert_non_null(node_reports(d, 1, 0x0402, 0));
}

static void test_what_is_not_reported_is_read_at_intervals(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);
	unsigned reads;

	(void)state;
	d->configure_status = 0x8c;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(d->reporting_count, 0);
	assert_int_equal(d->asked_zcl[0x08], 0); /* there is nothing to be checked */
	assert_true(interview_poll_us(&node_of(&wing, d)->interview) >= INTERVIEW_POLL_MIN_US);
	reads = d->asked_zcl[0x00];
	wing.reading_count = 0;
	node_ward_pass(&wing, interview_poll_us(&node_of(&wing, d)->interview) + 2 * S);
	assert_true(d->asked_zcl[0x00] > reads);
	assert_true(wing.reading_count > 0);
	reads = d->asked_zcl[0x00];
	node_ward_pass(&wing, interview_poll_us(&node_of(&wing, d)->interview) + 2 * S);
	assert_true(d->asked_zcl[0x00] > reads);
}

static void test_a_refusal_of_all_by_a_default_response(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	d->configure_default = true;
	d->configure_status = 0x82;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(d->reporting_count, 0);
	assert_true(cluster_of(d, 0x0402, false)->polled != 0);
	assert_true(cluster_of(d, 0x0402, false)->refused & INTERVIEW_CONFIGURED);
	assert_int_equal(wing.last_detail, 0x82);
}

static void test_one_attribute_of_several_is_refused(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);
	const struct interview_cluster *c;
	unsigned polled = 0;

	(void)state;
	d->configure_status = 0x8c;
	d->configure_id = 0x0508;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	c = cluster_of(d, 0x0b04, false);
	assert_false(c->refused & INTERVIEW_CONFIGURED);
	assert_non_null(node_reports(d, 1, 0x0b04, 0x050b));
	assert_null(node_reports(d, 1, 0x0b04, 0x0508));
	for (unsigned k = 0; k < cluster_electrical.attribute_count; k++)
		if (c->polled & 1u << k) {
			assert_int_equal(cluster_electrical.attributes[k].id, 0x0508);
			polled++;
		}
	assert_int_equal(polled, 1);
}

static void test_what_it_does_not_have_is_not_asked_for_again(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	d->configure_status = 0x86;
	d->configure_id = 0x0020;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(cluster_of(d, 0x0001, false)->polled, 0);
}

static void test_a_device_that_reports_more_seldom_is_expected_so(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_pair, true);

	(void)state;
	d->max_s = 7200;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(cluster_of(d, 0x0402, false)->max_s, 7200);
	assert_true(node_of(&wing, d)->expect_us == 7200 * S);
	/* it was told twice, and not for ever */
	assert_int_equal(d->asked_zcl[0x06], 4);
	assert_int_equal(d->asked_zcl[0x08], 4);
}

static void test_what_cannot_be_checked_counts_as_it_was_told(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_pair, true);

	(void)state;
	d->check_status = 0x82;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_true(cluster_of(d, 0x0402, false)->done & INTERVIEW_CHECKED);
	assert_true(node_of(&wing, d)->expect_us == cluster_expect_us(&cluster_temperature));
}

static void test_who_does_not_describe_itself_is_gone_past(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	d->node_status = 0x84;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_non_null(node_reports(d, 1, 0x0402, 0));
	assert_true(interview_sleeps(&node_of(&wing, d)->interview)); /* as it announced */
}

static void test_who_has_no_endpoints_is_through_at_once(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true),
			   *e = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	d->endpoints_status = 0x84;
	e->simple_status = 0x82;
	node_joins(&wing, d);
	node_joins(&wing, e);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_true(node_ward_interview(&wing, e, 60 * S));
	assert_int_equal(d->asked, 2);
	assert_int_equal(e->asked, 3);
	/* its values are taken all the same */
	wing.reading_count = 0;
	node_says(&wing, d, 1, 0x0402, "18 01 0A 00 00 29 D0 07");
	assert_int_equal(wing.reading_count, 1);
	assert_int_equal(wing.readings[0].number.mantissa, 2000);
}

/* It had only just begun, or had no room at that moment: nobody is set up with nothing for ever. */
static void test_who_had_no_endpoints_is_asked_again(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true),
			   *e = node_ward_add(&wing, &node_fridge, true),
			   *f = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	d->endpoints_status = 0x85;
	e->simple_status = 0x85;
	f->no_endpoints = true;
	for (unsigned i = 0; i < 3; i++) {
		node_joins(&wing, &wing.devices[i]);
		assert_true(node_ward_interview(&wing, &wing.devices[i], 60 * S));
		assert_int_equal(wing.devices[i].reporting_count, 0);
	}
	d->endpoints_status = e->simple_status = 0;
	f->no_endpoints = false;
	node_ward_pass(&wing, 3700 * S);
	for (unsigned i = 0; i < 3; i++) {
		print_message("device %u\n", i);
		assert_non_null(node_reports(&wing.devices[i], 1, 0x0402, 0));
	}
}

/* What nothing is done with keeps nothing out: the last of eight sockets is set up as the first. */
static void test_a_strip_of_many_sockets(void **state)
{
#define SOCKET(id)                                                                                 \
	{                                                                                          \
		id, 0x0104, 0x0051, { 0x0000, 0x0003, 0x0005, 0x0006, 0x0008, 0x0b04, WARD_NONE }, \
		{                                                                                  \
			0x0000, 0x0003, 0x0402, 0x0500, WARD_NONE                                  \
		}                                                                                  \
	}
	static const struct node_has has[] = { SOCKET(1), SOCKET(2), SOCKET(3), SOCKET(4),
		SOCKET(5), SOCKET(6), SOCKET(7), SOCKET(8) };
	static const struct node_attribute attributes[] = { { 0x0006, 0x0000, 0x10, "01" } };
	static const struct node_kind strip = { 1, 0x8e, 0x1234, has, ARRAY_SIZE(has), attributes,
		1 };
	struct node_device *d = node_ward_add(&wing, &strip, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 120 * S));
	for (unsigned i = 1; i <= 8; i++) {
		print_message("socket %u\n", i);
		assert_non_null(node_reports(d, (uint8_t)i, 0x0006, 0));
	}
}

/* The attribute that it reports most often says when it is silent. */
static void test_one_attribute_of_several_is_reported_more_seldom(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);

	(void)state;
	d->max_s = 7200;
	d->max_id = 0x0508;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(node_reports(d, 1, 0x0b04, 0x0508)->max_s, 7200);
	assert_int_equal(cluster_of(d, 0x0b04, false)->max_s, 300);
}

static void test_reporting_that_was_taken_and_is_not_there(void **state)
{
	(void)state;
	/* it has none after all: it is told once more, then asked for its values */
	for (int lacks = 0; lacks < 2; lacks++) {
		struct node_device *d = node_ward_add(&wing, &node_pair, true);

		d->forgets = lacks ? 0x86 : 0x8b;
		node_joins(&wing, d);
		assert_true(node_ward_interview(&wing, d, 60 * S));
		assert_int_equal(d->asked_zcl[0x06], lacks ? 2 : 4);
		/* not where there is no such attribute */
		assert_int_equal(cluster_of(d, 0x0402, false)->polled, lacks ? 0 : 1);
		/* and nothing is expected to come by itself */
		assert_int_equal(cluster_of(d, 0x0402, false)->max_s, 0);
		assert_true(wing.notes[NODES_NOTE_REFUSED] > 0);
		assert_int_equal(wing.last_step, INTERVIEW_CHECK);
		assert_int_equal(wing.last_detail, d->forgets);
	}
}

static void test_it_is_interviewed_again_when_somebody_wants_that(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, true);

	(void)state;
	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(nodes_interview(&wing.nodes, d->eui64, &wing.now), 0);
	assert_false(interview_is_over(&node_of(&wing, d)->interview, false));
	assert_true(node_ward_interview(&wing, d, 60 * S));
	assert_int_equal(d->asked_zdo[0x0002], 2);
	assert_int_equal(d->asked_zdo[0x0004], 2);
	assert_int_equal(wing.ready, 2);
	assert_int_equal(nodes_interview(&wing.nodes, 0x77, &wing.now), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_ward_set_up, node_ward_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_fridge_is_known_bound_read_and_set_up),
		TEST(test_an_alarm_zone_is_enrolled_whichever_way_it_wants),
		TEST(test_a_zone_that_is_never_enrolled_is_told_and_tried_again),
		TEST(test_a_zone_that_has_forgotten_its_enrolment_is_enrolled_again),
		TEST(test_a_button_is_bound_where_it_is_the_client),
		TEST(test_who_refuses_setting_up_is_not_set_up),
		TEST(test_two_endpoints_are_two_instances),
		TEST(test_buttons_of_two_endpoints_are_two_instances),
		TEST(test_a_mains_device_hears_always),
		TEST(test_refused_bindings_are_noted_and_gone_past),
		TEST(test_what_is_not_reported_is_read_at_intervals),
		TEST(test_a_refusal_of_all_by_a_default_response),
		TEST(test_one_attribute_of_several_is_refused),
		TEST(test_what_it_does_not_have_is_not_asked_for_again),
		TEST(test_a_device_that_reports_more_seldom_is_expected_so),
		TEST(test_what_cannot_be_checked_counts_as_it_was_told),
		TEST(test_who_does_not_describe_itself_is_gone_past),
		TEST(test_who_has_no_endpoints_is_through_at_once),
		TEST(test_who_had_no_endpoints_is_asked_again),
		TEST(test_a_strip_of_many_sockets),
		TEST(test_one_attribute_of_several_is_reported_more_seldom),
		TEST(test_reporting_that_was_taken_and_is_not_there),
		TEST(test_it_is_interviewed_again_when_somebody_wants_that),
	};

	return RUN_TESTS(tests);
}
