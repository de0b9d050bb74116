/*
 * What is kept of devices over a restart: that it comes back as it was, and that
 * nothing in it is trusted.
 */
#include "unit/unit.h"
#include "unit/zigbee/node_ward.h"
#include "util/cleanup.h"
#include "util/hash.h"

#include <errno.h>
#include <inttypes.h>

/* A text with that body and the sum that it has to have. */
static int read_text(const char *rows, const char *body)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "wardgate-nodes 1 %s\n%s", rows, body);

	assert_true(n > 0 && n < (int)sizeof(text) - 30);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "sum %016" PRIx64 "\n",
		hash_bytes(&hash_key_fixed, text, (size_t)n));
	return nodes_read(&wing.nodes, text, (size_t)n, &wing.now);
}

static const char *our_rows(void)
{
	static char rows[9];

	(void)snprintf(rows, sizeof(rows), "%08" PRIx32, interview_rows());
	return rows;
}

static void test_all_comes_back_as_it_was(void **state)
{
	static const struct node_kind *const kinds[] = { &node_fridge, &node_contact, &node_plug,
		&node_button, &node_lumi, &node_pair };
	struct node_device *d[ARRAY_SIZE(kinds)];
	struct interview before[ARRAY_SIZE(kinds)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		d[i] = node_settled(kinds[i]);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		before[i] = node_of(&wing, d[i])->interview;
		memset(before[i].device.recent, 0, sizeof(before[i].device.recent));
		for (size_t k = 0; k < before[i].cluster_count; k++)
			before[i].clusters[k].spoke_us = 0; /* of that run */
	}
	node_ward_restart(&wing);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct interview *now = &node_of(&wing, d[i])->interview, *then = &before[i];

		assert_int_equal(now->type, then->type);
		assert_int_equal(now->capability, then->capability);
		assert_int_equal(now->maker, then->maker);
		assert_int_equal(now->known, then->known);
		assert_int_equal(now->missed, then->missed);
		assert_int_equal(now->endpoint_count, then->endpoint_count);
		assert_memory_equal(now->endpoints, then->endpoints, sizeof(now->endpoints));
		assert_int_equal(now->cluster_count, then->cluster_count);
		assert_memory_equal(now->clusters, then->clusters,
			then->cluster_count * sizeof(now->clusters[0]));
		for (unsigned k = 0; k < _FACT_MAX; k++)
			assert_string_equal(now->device.facts[k], then->device.facts[k]);
		assert_int_equal(now->device.quirks, then->device.quirks);
		assert_int_equal(now->device.supply, then->device.supply);
		assert_true(now->device.our_eui64 == WARD_EUI64);
		assert_int_equal(now->device.memory_count, then->device.memory_count);
		assert_memory_equal(now->device.memories, then->device.memories,
			then->device.memory_count * sizeof(now->device.memories[0]));
		assert_true(interview_is_over(now, false));
	}
}

static void test_damage_is_noticed_wherever_it_is(void **state)
{
	struct node_device *d = node_settled(&node_contact);
	size_t length;
	char *text;

	(void)state;
	assert_int_equal(nodes_write(&wing.nodes, &text, &length), 0);
	nodes_forget(&wing.nodes, d->eui64);
	for (size_t i = 0; i < length; i++) {
		text[i] ^= 0x01;
		assert_int_equal(nodes_read(&wing.nodes, text, length, &wing.now), -EBADMSG);
		text[i] ^= 0x01;
		assert_int_equal(nodes_read(&wing.nodes, text, i, &wing.now), -EBADMSG);
	}
	assert_int_equal(wing.nodes.count, 0);
	assert_int_equal(nodes_read(&wing.nodes, text, length, &wing.now), 0);
	assert_int_equal(wing.nodes.count, 1);
	free(text);
}

static void test_devices_that_are_not_configured_come_back_as_strangers(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_fridge, false);
	unsigned asked;

	(void)state;
	node_joins(&wing, d);
	node_ward_pass(&wing, 30 * S);
	asked = d->asked;
	node_ward_restart(&wing);
	assert_false(node_of(&wing, d)->configured);
	assert_string_equal(node_of(&wing, d)->interview.device.facts[FACT_MODEL], "TH01");
	node_ward_pass(&wing, 600 * S);
	assert_int_equal(d->asked, asked);
}

static void test_who_has_left_is_not_kept(void **state)
{
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	nodes_left(&wing.nodes, d->eui64, &wing.now);
	node_ward_restart(&wing);
	assert_false(node_of(&wing, d)->joined);
	assert_int_equal(node_of(&wing, d)->interview.cluster_count, 0);
}

static void test_what_was_missed_is_asked_for_after_a_restart(void **state)
{
	struct node_device *d = node_ward_add(&wing, &node_plug, true);

	(void)state;
	d->deaf_to = 0x0b04;
	d->deaf_command = 0x06;
	node_joins(&wing, d);
	node_chatters(&wing, d, 100);
	assert_true(interview_has_missed(&node_of(&wing, d)->interview));
	d->deaf_to = WARD_NONE;
	node_ward_restart(&wing);
	node_ward_pass(&wing, 5 * S);
	assert_false(interview_has_missed(&node_of(&wing, d)->interview));
	assert_non_null(node_reports(d, 1, 0x0b04, 0x050b));
}

static void test_other_rows_are_set_up_and_nobody_is_enrolled_anew(void **state)
{
	struct node_device *d = node_settled(&node_contact);
	struct node_ward *w = &wing;
	size_t length, at;
	unsigned writes = d->asked_zcl[0x02], simples = d->asked_zdo[0x0004];
	char *text, *sum;

	(void)state;
	assert_int_equal(nodes_write(&w->nodes, &text, &length), 0);
	at = sizeof("wardgate-nodes 1 ") - 1;
	text[at] = text[at] == '0' ? '1' : '0';
	sum = text + length - 21;
	assert_memory_equal(sum, "sum ", 4);
	(void)snprintf(sum, 21, "sum %016" PRIx64,
		hash_bytes(&hash_key_fixed, text, (size_t)(sum - text)));
	text[length - 1] = '\n';
	nodes_forget(&w->nodes, d->eui64);
	assert_int_equal(nodes_configure(&w->nodes, d->eui64, NULL, &w->now), 0);
	assert_int_equal(nodes_read(&w->nodes, text, length, &w->now), 0);
	free(text);
	d->reporting_count = 0;
	assert_true(node_ward_interview(w, d, 60 * S));
	assert_int_equal(d->asked_zdo[0x0004], simples + 1);
	assert_int_equal(d->asked_zdo[0x0002], 1);
	assert_true(d->reporting_count > 0);
	/* what another row begins with may be new; the zone stays as it is */
	assert_true(d->asked_zcl[0x02] <= writes);
}

static void test_what_is_not_ours_is_gone_past(void **state)
{
	(void)state;
	assert_int_equal(nodes_configure(&wing.nodes, 0x11, NULL, &wing.now), 0);
	assert_int_equal(
		read_text(our_rows(),
			"nonsense\n"
			"in 0402 0 1f 0 0 0 300\n" /* of no device */
			"node 0000000000000011 2222\n"
			"is 2 80 1234 7 0\n"
			"is 9 80 1234 7 0\n"
			"is 2 80 1234 7 0 1\n"
			"is 2 80 1234 ff 0\n"
			"supply 2\n"
			"supply 9\n"
			"fact 0 ACME\n"
			"fact 1  spaces \n"
			"fact 7 none\n"
			"fact 2 \n"
			"fact 2 bell\x07\n"
			"fact 2 half\xc3\n"
			"fact 3 0123456789012345678901234567890123456789012345678901234567"
			"8901234\n"
			"in 0402 0 1f 0 0 0 300\n" /* before its endpoint */
			"endpoint 1 0104 0302 1 0\n"
			"endpoint 0 0104 0302 1 0\n"
			"endpoint 241 0104 0302 1 0\n"
			"endpoint 2 0104 0302 2 0\n"
			"in 0402 0 1f 0 0 0 300\n"
			"in 0402 1 1f 0 0 0 300\n"
			"in 0402 0 ff 0 0 0 300\n"
			"in 0402 0 1f 0 0 0 99999\n"
			"in 0402 0 1f 0 0 0\n"
			"in 7777 0 1f 0 0 0 300\n" /* a row of another release */
			"memory 0500 1 22 1 0 0 0 0 0 -5\n"
			"memory 0500 1 22 1 0 0 0 0\n"
			"memory 0500 1 22 1 0 0 0 0 0 0 0\n"
			"memory 0500 1 99999999999 1 0 0 0 0 0 0\n"
			"memory 0500 999 22 1 0 0 0 0 0 0\n"
			"a line that is longer than any of ours can be, by far and away, so "
			"that nobody can think that it might be a piece of one of them, or "
			"of two\n"
			"node 11\n"
			"in 0402 0 1f 0 0 0 300\n"
			"node 0000000000000000 0001\n"
			"node ffffffffffffffff 0001\n"
			"node 0000000000000012 0000\n"
			"node 0000000000000013 2222\n"),
		0);
	{
		const struct node *node = nodes_find(&wing.nodes, 0x11);

		assert_non_null(node);
		assert_int_equal(node->node, 0x2222);
		assert_int_equal(node->interview.known, 7);
		assert_string_equal(node->interview.device.facts[0], "ACME");
		assert_string_equal(node->interview.device.facts[1], " spaces ");
		assert_string_equal(node->interview.device.facts[2], "");
		assert_string_equal(node->interview.device.facts[3], "");
		assert_int_equal(node->interview.endpoint_count, 1);
		assert_int_equal(node->interview.cluster_count, 1);
		assert_int_equal(node->interview.device.memory_count, 1);
		assert_int_equal(node->interview.device.memories[0].words[7], -5);
	}
	assert_int_equal(wing.nodes.count, 3);
	/* the second with that address has none */
	assert_int_equal(nodes_find(&wing.nodes, 0x13)->node, ZIGBEE_NODE_NONE);
	assert_int_equal(nodes_find(&wing.nodes, 0x12)->node, ZIGBEE_NODE_NONE);
}

/* Numbers of a cluster's that it would never have kept. */
static void test_memories_that_cannot_be(void **state)
{
	static const int32_t words[] = { INT32_MIN, -1, 70000, INT32_MAX };
	static const uint16_t clusters[] = { 0x0006, 0x0020, 0x0403, 0x0500, 0x0b04 };
	char body[2048];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct node_device *d;
		int n;

		node_ward_tear_down(state);
		node_ward_set_up(state);
		d = node_ward_add(&wing, &node_plug, true);
		n = snprintf(body, sizeof(body),
			"node 00158d0000000001 1001\nis 1 8e 1234 f 0\nfact 1 lumi.sensor_switch\n"
			"endpoint 1 0104 0302 1 0\nin 0020 0 1f 0 0 0 0\nin 0b04 0 1f 0 0 0 300\n");
		for (size_t k = 0; k < ARRAY_SIZE(clusters); k++) {
			n += snprintf(
				body + n, sizeof(body) - (size_t)n, "memory %04x 1", clusters[k]);
			for (unsigned w = 0; w < CLUSTER_WORDS_MAX; w++)
				n += snprintf(body + n, sizeof(body) - (size_t)n, " %d", words[i]);
			n += snprintf(body + n, sizeof(body) - (size_t)n, "\n");
		}
		assert_int_equal(read_text(our_rows(), body), 0);
		print_message("%d\n", words[i]);
		assert_int_equal(node_of(&wing, d)->interview.device.memory_count, 5);
		assert_true(node_of(&wing, d)->expect_us == 300 * S);
		node_says(&wing, d, 1, 0x0b04, "18 01 0A 0B 05 29 05 00");
		assert_int_equal(wing.reading_count, 1);
		assert_int_equal(wing.readings[0].validity, VALIDITY_QUESTIONABLE);
		node_says(&wing, d, 1, 0x0403, "18 02 0A 10 00 29 05 00");
		assert_int_equal(wing.reading_count, 1);
		node_says(&wing, d, 1, 0x0500, "18 03 01 01 00 00 31 15 00");
		node_says(&wing, d, 1, 0x0500, "09 04 00 01 00 00 00 00 00");
		wing.reading_count = 0;
		node_says(&wing, d, 1, 0x0006, "18 05 0A 00 00 10 01");
		assert_int_equal(wing.reading_count, 1);
		assert_int_equal(wing.readings[0].word, WORD_SINGLE);
	}
}

/* The clock of another run is none: what is said now is no echo of what was said then, and a
 * button that is let go was not held since. */
static void test_another_run_has_another_clock(void **state)
{
	static const struct node_attribute attributes[] = {
		{ 0x0000, 0x0004, 0x42, "044C554D49" },
		{ 0x0000, 0x0005, 0x42, "126C756D692E73656E736F725F737769746368" },
	};
	static const struct node_has has[] = {
		{ 1, 0x0104, 0x0402, { 0x0000, 0x0006, WARD_NONE }, { WARD_NONE } },
	};
	static const struct node_kind button = { 2, 0x80, 0x115f, has, ARRAY_SIZE(has), attributes,
		ARRAY_SIZE(attributes) };
	struct node_device *d = node_settled(&node_contact), *e = node_settled(&button);

	(void)state;
	node_says(&wing, d, 1, 0x0500, "19 11 00 01 00 00 01 00 00");
	node_says(&wing, e, 1, 0x0006, "18 11 0A 00 00 10 00");
	/* the unit was without power for a day, and has been up as long as it was then */
	wing.now.boot_us += 2 * S;
	wing.now.utc_us += 86400 * S;
	node_ward_restart(&wing);
	wing.reading_count = 0;
	node_says(&wing, d, 1, 0x0500, "18 12 0A 02 00 19 01 00");
	assert_true(wing.reading_count > 0);
	wing.reading_count = 0;
	node_says(&wing, e, 1, 0x0006, "18 12 0A 00 00 10 01");
	assert_int_equal(wing.reading_count, 1);
	assert_int_equal(wing.readings[0].word, WORD_SINGLE);
}

static void test_who_was_heard_since_knows_better(void **state)
{
	struct node_device *d = node_settled(&node_fridge);

	(void)state;
	assert_int_equal(
		read_text(our_rows(), "node 00158d0000000001 7777\nis 1 8e 9999 f 0\n"), 0);
	assert_int_equal(node_of(&wing, d)->node, 0x1001);
	assert_int_equal(node_of(&wing, d)->interview.maker, 0x1286);
}

static void test_more_than_there_is_room_for(void **state)
{
	char body[4096];
	size_t n = 0;

	(void)state;
	n = (size_t)snprintf(body, sizeof(body), "node 0000000000000011 2222\nis 2 80 1234 7 0\n");
	for (unsigned i = 1; i < 20; i++)
		n += (size_t)snprintf(body + n, sizeof(body) - n, "endpoint %u 0104 0302 1 0\n", i);
	for (unsigned i = 0; i < 60; i++)
		n += (size_t)snprintf(
			body + n, sizeof(body) - n, "in 0402 %u 1f 0 0 0 300\n", i % 8);
	for (unsigned i = 0; i < 20; i++)
		n += (size_t)snprintf(
			body + n, sizeof(body) - n, "memory 0500 %u 1 1 1 1 1 1 1 1\n", i);
	assert_int_equal(read_text(our_rows(), body), 0);
	{
		const struct interview *i = &nodes_find(&wing.nodes, 0x11)->interview;

		assert_int_equal(i->endpoint_count, INTERVIEW_ENDPOINTS_MAX);
		assert_int_equal(i->cluster_count, INTERVIEW_CLUSTERS_MAX);
		assert_int_equal(i->device.memory_count, CLUSTER_MEMORIES_MAX);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_ward_set_up, node_ward_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_all_comes_back_as_it_was),
		TEST(test_damage_is_noticed_wherever_it_is),
		TEST(test_devices_that_are_not_configured_come_back_as_strangers),
		TEST(test_who_has_left_is_not_kept),
		TEST(test_what_was_missed_is_asked_for_after_a_restart),
		TEST(test_other_rows_are_set_up_and_nobody_is_enrolled_anew),
		TEST(test_what_is_not_ours_is_gone_past),
		TEST(test_memories_that_cannot_be),
		TEST(test_another_run_has_another_clock),
		TEST(test_who_was_heard_since_knows_better),
		TEST(test_more_than_there_is_room_for),
	};

	return RUN_TESTS(tests);
}
