/*
 * What was kept of a device: when it is believed, and what becomes of it when
 * the device's table changes.
 */
#include "att_belt.h"
#include "unit/unit.h"

#include <errno.h>

#define HASH_ASKED "08 01 00 FF FF 2A 2B"
#define NO_HASH "01 08 01 00 0A"
#define NO_SERVICES "01 10 01 00 0A"

static struct gatt_table kept;

/* What a belt left behind; then a new connection. */
static void keep_belt(struct host *h, bool has_hash, bool tells_changes)
{
	host_init(h);
	belt_discover(h);
	kept = h->gatt.table;
	kept.has_hash = has_hash;
	if (!tells_changes) { /* as if it had no GATT service */
		memmove(kept.services, kept.services + 1, 2 * sizeof(kept.services[0]));
		kept.service_count = 2;
		memmove(kept.attributes, kept.attributes + 2, 3 * sizeof(kept.attributes[0]));
		memmove(kept.cccds, kept.cccds + 2, 3 * sizeof(kept.cccds[0]));
		kept.count = 3;
	}
	host_init(h);
}

static void start(struct host *h, bool bonded)
{
	assert_int_equal(gatt_start(&h->gatt, &kept, bonded, h->now_us), 0);
}

static void test_an_equal_hash_saves_the_discovery(void **state)
{
	struct host *h = *state;

	keep_belt(h, true, true);
	start(h, false);
	host_talk(h, HASH_ASKED, "09 12 06 00 " BELT_HASH);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_AS_CACHED);
	belt_expect_table(&h->gatt.table);
	host_expect(h, "");
}

static void test_another_hash_discovers_anew(void **state)
{
	struct host *h = *state;

	keep_belt(h, true, true);
	start(h, true);
	host_talk(h, HASH_ASKED, "09 12 06 00 " OTHER_HASH);
	assert_int_equal(h->gatt.table.count, 0);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_FOUND);
	assert_int_equal(h->gatt.table.hash[0], 0xFF);
	belt_expect_table(&h->gatt.table);
}

/* One that has a hash now and had none, or the other way round, is not what it was. */
static void test_a_hash_that_came_or_went_discovers_anew(void **state)
{
	static const char *const answers[] = { NO_HASH, "09 12 06 00 " BELT_HASH,
		"09 12 06 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		"09 11 06 00 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE",
		"09 12 06 00 " BELT_HASH " 00", "09" };
	struct host *h = *state;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		keep_belt(h, i != 1, true);
		start(h, true);
		host_talk(h, HASH_ASKED, answers[i]);
		assert_int_equal(h->gatt.table.count, 0);
		assert_int_equal(h->gatt.table.has_hash, i == 1);
		host_expect(h, "10 01 00 FF FF 00 28");
	}
}

static void test_without_a_hash_the_services_are_compared(void **state)
{
	struct host *h = *state;

	keep_belt(h, false, true);
	start(h, true);
	host_talk(h, HASH_ASKED, NO_HASH);
	belt_services(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_AS_CACHED);
	belt_expect_table(&h->gatt.table);
	host_expect(h, "");
}

static void test_without_a_hash_a_stranger_with_service_changed_is_not_believed(void **state)
{
	struct host *h = *state;

	keep_belt(h, false, true);
	start(h, false);
	host_talk(h, HASH_ASKED, NO_HASH);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_FOUND);
}

static void test_without_service_changed_the_services_are_compared(void **state)
{
	struct host *h = *state;

	keep_belt(h, false, false);
	start(h, false);
	host_talk(h, HASH_ASKED, NO_HASH);
	host_talk(h, "10 01 00 FF FF 00 28", "11 06 10 00 16 00 0D 18 40 00 43 00 0F 18");
	assert_int_equal(h->discovered, 0);
	host_talk(h, "10 44 00 FF FF 00 28", "01 10 44 00 0A");
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_AS_CACHED);
	assert_int_equal(h->gatt.table.count, 3);
	host_expect(h, "");
}

static void test_other_services_discover_anew(void **state)
{
	static const char *const pages[] = {
		"11 06 10 00 17 00 0D 18 40 00 43 00 0F 18",                   /* another end */
		"11 06 0F 00 16 00 0D 18 40 00 43 00 0F 18",                   /* another start */
		"11 06 10 00 16 00 22 18 40 00 43 00 0F 18",                   /* another UUID */
		"11 06 10 00 16 00 0D 18",                                     /* one less */
		"11 06 10 00 16 00 0D 18 40 00 43 00 0F 18 44 00 48 00 22 18", /* one more */
		"01 10 01 00 0A",                                              /* none */
	};
	struct host *h = *state;

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		size_t length;

		keep_belt(h, false, false);
		start(h, false);
		host_talk(h, HASH_ASKED, NO_HASH);
		host_talk(h, "10 01 00 FF FF 00 28", pages[i]);
		assert_int_equal(h->discovered, 0);
		if (i == 3)
			host_talk(h, "10 17 00 FF FF 00 28", "01 10 17 00 0A");
		assert_int_equal(h->gatt.table.count, 0);
		/* from the first handle again */
		host_expect(h, "10 01 00 FF FF 00 28");
		assert_null(att_output(&h->att, &length));
	}
}

/* ---- Service Changed ---- */

static void change(struct host *h)
{
	host_give(h, "1D 03 00 01 00 FF FF");
	assert_int_equal(h->heard, 0);
}

static void test_a_change_is_confirmed_and_discovers_anew(void **state)
{
	struct host *h = *state;

	belt_discover(h);
	change(h);
	assert_int_equal(h->gatt.table.count, 0);
	assert_int_equal(
		gatt_perform(&h->gatt, &(struct session_action){ .handle = 0x15 }, 0), -EBUSY);
	host_expect(h, "1E");
	host_talk(h, HASH_ASKED, "09 12 06 00 " OTHER_HASH);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_FOUND);
	assert_int_equal(h->gatt.table.hash[0], 0xFF);
}

static void test_a_change_forgets_the_action_under_way(void **state)
{
	struct host *h = *state;

	belt_discover(h);
	assert_int_equal(
		gatt_perform(&h->gatt, &(struct session_action){ .handle = 0x15 }, h->now_us), 0);
	host_expect(h, "0A 15 00");
	change(h);
	host_expect(h, "1E");
	host_expect(h, ""); /* one request at a time, whatever has changed */
	host_give(h, "0B 01");
	assert_int_equal(h->performed, 0);
	host_talk(h, HASH_ASKED, "09 12 06 00 " BELT_HASH);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(
		gatt_perform(&h->gatt, &(struct session_action){ .handle = 0x15 }, h->now_us), 0);
	host_talk(h, "0A 15 00", "0B 01");
	assert_int_equal(h->performed, 1);
}

static void test_a_change_of_what_was_as_kept_discovers_anew(void **state)
{
	struct host *h = *state;

	keep_belt(h, true, true);
	start(h, true);
	host_talk(h, HASH_ASKED, "09 12 06 00 " BELT_HASH);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_AS_CACHED);
	h->discovered = 0;
	change(h);
	host_expect(h, "1E");
	host_talk(h, HASH_ASKED, NO_HASH);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_FOUND);
	/* what is found now is believed again */
	kept = h->gatt.table;
	h->discovered = 0;
	start(h, true);
	host_talk(h, HASH_ASKED, NO_HASH);
	belt_services(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_AS_CACHED);
}

static void test_a_change_that_cannot_be_looked_into_is_the_end(void **state)
{
	struct host *h = *state;

	belt_discover(h);
	for (unsigned i = 0; i < ATT_QUEUE_MAX; i++)
		assert_int_equal(att_read(&h->att, 1, host_answered, h, h->now_us), 0);
	change(h);
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_UNSTABLE);
}

static void test_a_change_in_the_middle_of_discovery_begins_it_again(void **state)
{
	struct host *h = *state;

	keep_belt(h, false, true);
	start(h, true);
	host_expect(h, HASH_ASKED);
	change(h); /* as a device does that remembers the subscription */
	host_expect(h, "1E");
	host_give(h, NO_HASH);
	/* and what was kept counts for nothing */
	host_talk(h, HASH_ASKED, NO_HASH);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_FOUND);
}

static void test_a_notified_change_counts_too(void **state)
{
	struct host *h = *state;

	belt_discover(h);
	host_give(h, "1B 03 00");
	assert_int_equal(h->heard, 0);
	host_expect(h, HASH_ASKED);
}

static void test_a_change_does_not_confirm_what_came_before_it(void **state)
{
	struct host *h = *state;

	belt_discover(h);
	host_give(h, "1D 12 00 01"); /* a value that is not safe yet */
	assert_int_equal(h->heard, 1);
	host_give(h, "1D 03 00 01 00 FF FF");
	host_expect(h, HASH_ASKED);
	host_expect(h, "");
	assert_int_equal(h->att.unconfirmed, 2);
}

static void test_a_table_that_never_rests_is_given_up(void **state)
{
	struct host *h = *state;

	keep_belt(h, true, true);
	for (unsigned i = 0; i < GATT_STARTS_MAX; i++) {
		start(h, true);
		change(h);
		host_expect(h, "1E");
		host_talk(h, HASH_ASKED, NO_HASH); /* of the first start: swallowed */
		host_talk(h, HASH_ASKED, NO_HASH);
		host_talk(h, "10 01 00 FF FF 00 28", NO_SERVICES);
		assert_int_equal(h->discovered, 1);
		h->discovered = 0;
	}
	start(h, true);
	change(h);
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_UNSTABLE);
	assert_int_equal(gatt_deadline(&h->gatt), INT64_MAX);
}

static void test_a_change_told_before_the_table_is_known_is_not_overlooked(void **state)
{
	struct host *h = *state;

	keep_belt(h, false, true);
	host_give(h, "1D 03 00 01 00 FF FF");
	assert_int_equal(h->heard, 1); /* for the owner, who confirms it */
	start(h, true);
	host_talk(h, HASH_ASKED, NO_HASH);
	assert_int_equal(h->gatt.table.count, 0);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_FOUND);
	/* a hash says all that there is to say, and a measurement says nothing of the table */
	keep_belt(h, true, true);
	host_give(h, "1D 03 00 01 00 FF FF");
	start(h, true);
	host_talk(h, HASH_ASKED, "09 12 06 00 " BELT_HASH);
	belt_subscribe(h);
	keep_belt(h, false, true);
	host_give(h, "1D 12 00 00 72 01 00 FF");
	start(h, true);
	host_talk(h, HASH_ASKED, NO_HASH);
	belt_services(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_AS_CACHED);
}

static void test_service_changed_refused_for_security_is_subscribed_to_later(void **state)
{
	struct host *h = *state;

	keep_belt(h, true, true);
	start(h, false);
	host_talk(h, HASH_ASKED, "09 12 06 00 " BELT_HASH);
	host_talk(h, "12 04 00 02 00", "01 12 04 00 05");
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_AS_CACHED);
	/* another one is granted: so would be this */
	assert_int_equal(
		gatt_perform(&h->gatt,
			&(struct session_action){ .kind = SESSION_NOTIFY, .handle = 0x12 }, 0),
		0);
	host_talk(h, "12 13 00 01 00", "13");
	assert_int_equal(h->performed, 1);
	host_talk(h, "12 04 00 02 00", "13");
	host_expect(h, "");
	assert_int_equal(h->performed, 1);
	/* once */
	assert_int_equal(
		gatt_perform(&h->gatt,
			&(struct session_action){ .kind = SESSION_NOTIFY, .handle = 0x42 }, 0),
		0);
	host_talk(h, "12 43 00 01 00", "13");
	host_expect(h, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(test_an_equal_hash_saves_the_discovery),
		WITH_HOST(test_another_hash_discovers_anew),
		WITH_HOST(test_a_hash_that_came_or_went_discovers_anew),
		WITH_HOST(test_without_a_hash_the_services_are_compared),
		WITH_HOST(test_without_a_hash_a_stranger_with_service_changed_is_not_believed),
		WITH_HOST(test_without_service_changed_the_services_are_compared),
		WITH_HOST(test_other_services_discover_anew),
		WITH_HOST(test_a_change_is_confirmed_and_discovers_anew),
		WITH_HOST(test_a_change_forgets_the_action_under_way),
		WITH_HOST(test_a_change_of_what_was_as_kept_discovers_anew),
		WITH_HOST(test_a_change_that_cannot_be_looked_into_is_the_end),
		WITH_HOST(test_a_change_in_the_middle_of_discovery_begins_it_again),
		WITH_HOST(test_a_notified_change_counts_too),
		WITH_HOST(test_a_change_does_not_confirm_what_came_before_it),
		WITH_HOST(test_a_table_that_never_rests_is_given_up),
		WITH_HOST(test_a_change_told_before_the_table_is_known_is_not_overlooked),
		WITH_HOST(test_service_changed_refused_for_security_is_subscribed_to_later),
	};

	return RUN_TESTS(tests);
}
