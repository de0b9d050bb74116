/*
 * Tags: entered, still there, left; groups; a table that is full.
 */
#include "ble/adverts/tags.h"

#include <errno.h>

#include "unit/unit.h"
#include "util/cleanup.h"

#define SECOND INT64_C(1000000)

static const struct hash_key key = { 7, 9 };

static const struct tag_group groups[] = {
	{ .kind = TAG_IBEACON,
		.length = 2,
		.prefix = { 0xe2, 0xc5 },
		.enter_dbm = -75,
		.leave_dbm = -85,
		.away_us = 30 * SECOND,
		.report_every_us = 60 * SECOND },
	{ .kind = TAG_ADDRESS,
		.length = 3,
		.prefix = { 0xc0, 0xff, 0xee },
		.enter_dbm = -90,
		.leave_dbm = -100,
		.away_us = 10 * SECOND },
};

static struct tags *start(void)
{
	struct tags *t = NULL;

	assert_int_equal(tags_new(&t, groups, ARRAY_SIZE(groups), &key), 0);
	return t;
}

static enum tag_event_kind hear(
	struct tags *t, uint32_t who, int dbm, int64_t at, struct tag_event *e)
{
	const uint8_t address[] = { 0xc0, 0xff, 0xee, (uint8_t)(who >> 16), (uint8_t)(who >> 8),
		(uint8_t)who };

	assert_true(tags_heard(t, address, NULL, (int8_t)dbm, at, e));
	return (enum tag_event_kind)e->kind;
}

static void test_it_comes_and_goes_without_a_word(void **state)
{
	_cleanup_(tags_freep) struct tags *t = start();
	struct tag_event e;

	(void)state;
	assert_int_equal(tags_deadline(t), INT64_MAX);
	assert_int_equal(hear(t, 1, -95, 0, &e), TAG_NOTHING); /* too far */
	assert_int_equal(tags_deadline(t), INT64_MAX);
	assert_int_equal(hear(t, 1, -40, 1 * SECOND, &e), TAG_ENTERED);
	assert_int_equal(e.group, 1);
	assert_int_equal(e.identity.kind, TAG_ADDRESS);
	assert_int_equal(hear(t, 1, -40, 5 * SECOND, &e), TAG_NOTHING);
	assert_int_equal(tags_deadline(t), 15 * SECOND);
	tags_tick(t, 15 * SECOND - 1, &e);
	assert_int_equal(e.kind, TAG_NOTHING);
	tags_tick(t, 15 * SECOND, &e);
	assert_int_equal(e.kind, TAG_LEFT);
	assert_int_equal(e.last_heard_us, 5 * SECOND);
	assert_int_equal(tags_deadline(t), INT64_MAX);
	/* long after, the old strength counts no more */
	assert_int_equal(hear(t, 1, -95, 60 * SECOND, &e), TAG_NOTHING);
	assert_int_equal(hear(t, 1, -60, 61 * SECOND, &e), TAG_ENTERED);
}

static void test_it_fades(void **state)
{
	_cleanup_(tags_freep) struct tags *t = start();
	struct tag_event e;
	int64_t at = 0;
	int steps = 0;

	(void)state;
	assert_int_equal(hear(t, 1, -50, at, &e), TAG_ENTERED);
	/* one weak one among strong ones is no leaving */
	assert_int_equal(hear(t, 1, -120, at += SECOND, &e), TAG_NOTHING);
	while (hear(t, 1, -120, at += SECOND, &e) == TAG_NOTHING)
		assert_true(++steps < 20);
	assert_int_equal(e.kind, TAG_LEFT);
	assert_in_range(steps, 2, 10);
	assert_int_equal(tags_deadline(t), INT64_MAX);
}

static void test_who_names_itself_is_taken_by_that(void **state)
{
	_cleanup_(tags_freep) struct tags *t = start();
	const uint8_t changing[] = { 0x41, 2, 3, 4, 5, 6 }, other[] = { 0x42, 2, 3, 4, 5, 6 };
	struct tag_identity beacon = {
		.kind = TAG_IBEACON, .length = 20, .bytes = { 0xe2, 0xc5, 1 }, .measured_dbm = -59
	};
	struct tag_event e;

	(void)state;
	assert_true(tags_heard(t, changing, &beacon, -60, 0, &e));
	assert_int_equal(e.kind, TAG_ENTERED);
	assert_int_equal(e.group, 0);
	/* from another address, and with another strength at its reference */
	beacon.measured_dbm = -40;
	assert_true(tags_heard(t, other, &beacon, -60, SECOND, &e));
	assert_int_equal(e.kind, TAG_NOTHING);
	assert_int_equal(tags_count(t), 1);
	assert_true(tags_heard(t, other, &beacon, -60, 60 * SECOND, &e));
	assert_int_equal(e.kind, TAG_STILL_THERE);
	assert_int_equal(e.dbm, -60);
	/* of no group */
	beacon.bytes[0] = 0;
	assert_false(tags_heard(t, other, &beacon, -60, SECOND, &e));
	assert_false(tags_heard(t, other, NULL, -60, SECOND, &e));
	assert_int_equal(tags_count(t), 1);
}

static void test_the_first_to_be_missed_is_the_first_to_leave(void **state)
{
	_cleanup_(tags_freep) struct tags *t = start();
	struct tag_event e;

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(hear(t, i, -50, i * SECOND, &e), TAG_ENTERED);
	assert_int_equal(hear(t, 0, -50, 5 * SECOND, &e), TAG_NOTHING); /* to the end */
	for (uint32_t i = 1; i <= 5; i++) {
		assert_int_equal(tags_deadline(t), (i + 10) * SECOND);
		tags_tick(t, 100 * SECOND, &e);
		assert_int_equal(e.kind, TAG_LEFT);
		assert_int_equal(e.identity.bytes[5], i % 5);
	}
	tags_tick(t, 100 * SECOND, &e);
	assert_int_equal(e.kind, TAG_NOTHING);
}

static void test_a_crowd_drives_nobody_out(void **state)
{
	_cleanup_(tags_freep) struct tags *t = start();
	struct tag_event e;

	(void)state;
	for (uint32_t i = 0; i < TAGS_MAX; i++)
		assert_int_equal(hear(t, i, -50, 0, &e), TAG_ENTERED);
	assert_int_equal(hear(t, TAGS_MAX, -50, SECOND, &e), TAG_NOTHING);
	assert_int_equal(tags_refused(t), 1);
	assert_int_equal(tags_count(t), TAGS_MAX);
	/* those that have left give their places up, the one that left first before others */
	for (int i = 0; i < 100; i++)
		tags_tick(t, 10 * SECOND, &e);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(hear(t, 100000 + i, -50, 11 * SECOND, &e), TAG_ENTERED);
	assert_int_equal(tags_refused(t), 1);
	assert_int_equal(hear(t, TAGS_MAX + 7, -50, 11 * SECOND, &e), TAG_NOTHING);
	assert_int_equal(tags_refused(t), 2);
	/* and the others are still known */
	assert_int_equal(hear(t, TAGS_MAX - 1, -50, 11 * SECOND, &e), TAG_NOTHING);
	assert_int_equal(tags_refused(t), 2);
}

static void test_one_tag_by_its_whole_address(void **state)
{
	static const struct tag_group one = { .kind = TAG_ADDRESS,
		.length = 6,
		.prefix = { 0xc0, 0xff, 0xee, 0, 0, 5 },
		.enter_dbm = -80,
		.leave_dbm = -80,
		.away_us = 10 * SECOND };
	const uint8_t other[] = { 0xc0, 0xff, 0xee, 0, 0, 6 };
	_cleanup_(tags_freep) struct tags *t = NULL;
	struct tag_event e;

	(void)state;
	assert_int_equal(tags_new(&t, &one, 1, &key), 0);
	assert_false(tags_heard(t, other, NULL, -40, 0, &e));
	assert_int_equal(hear(t, 5, -80, 0, &e), TAG_ENTERED);
	assert_int_equal(hear(t, 5, -80, SECOND, &e), TAG_NOTHING); /* as weak as it may be */
	assert_int_equal(hear(t, 5, -90, 2 * SECOND, &e), TAG_LEFT);
}

/* Places change hands many times over; whoever has one is found there, and once. */
static void test_crowds_come_and_go(void **state)
{
	_cleanup_(tags_freep) struct tags *t = start();
	struct tag_event e;
	int64_t at = 0;

	(void)state;
	for (uint32_t round = 0; round < 4; round++, at += 100 * SECOND) {
		for (uint32_t i = 0; i < TAGS_MAX; i++)
			assert_int_equal(hear(t, round * 3000 + i, -50, at, &e), TAG_ENTERED);
		for (uint32_t i = 0; i < TAGS_MAX; i++)
			assert_int_equal(hear(t, round * 3000 + i, -50, at + 1, &e), TAG_NOTHING);
		assert_int_equal(tags_count(t), TAGS_MAX);
		for (uint32_t i = 0; i < TAGS_MAX; i++) {
			tags_tick(t, at + 11 * SECOND, &e);
			assert_int_equal(e.kind, TAG_LEFT);
		}
		tags_tick(t, at + 11 * SECOND, &e);
		assert_int_equal(e.kind, TAG_NOTHING);
	}
	assert_int_equal(tags_refused(t), 0);
}

/* All places but one are taken: who passes by has it until the next one does, also after many have
 * been where it was. */
static void test_passers_by_share_one_place(void **state)
{
	_cleanup_(tags_freep) struct tags *t = start();
	struct tag_event e;

	(void)state;
	for (uint32_t i = 0; i < TAGS_MAX - 1; i++)
		assert_int_equal(hear(t, i, -50, 0, &e), TAG_ENTERED);
	for (uint32_t i = 0; i < 50000; i++)
		assert_int_equal(hear(t, 100000 + i, -95, SECOND, &e), TAG_NOTHING); /* far */
	assert_int_equal(tags_refused(t), 0);
	for (uint32_t i = 0; i < TAGS_MAX - 1; i++)
		assert_int_equal(hear(t, i, -50, 2 * SECOND, &e), TAG_NOTHING); /* still there */
}

static void test_too_many_groups(void **state)
{
	static const struct tag_group many[TAG_GROUPS_MAX + 1];
	struct tags *t;

	(void)state;
	assert_int_equal(tags_new(&t, many, TAG_GROUPS_MAX + 1, &key), -EINVAL);
	assert_int_equal(tags_new(&t, many, TAG_GROUPS_MAX, &key), 0);
	tags_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_comes_and_goes_without_a_word),
		cmocka_unit_test(test_it_fades),
		cmocka_unit_test(test_who_names_itself_is_taken_by_that),
		cmocka_unit_test(test_the_first_to_be_missed_is_the_first_to_leave),
		cmocka_unit_test(test_a_crowd_drives_nobody_out),
		cmocka_unit_test(test_one_tag_by_its_whole_address),
		cmocka_unit_test(test_crowds_come_and_go),
		cmocka_unit_test(test_passers_by_share_one_place),
		cmocka_unit_test(test_too_many_groups),
	};

	return RUN_TESTS(tests);
}
