/*
 * Acknowledged means safe: when an indication is confirmed and when it is not,
 * when stored records are deleted, and values that come before their turn.
 */
#include "unit/ble/link_peer.h"

#include "ble/profiles/profiles.h"
#include "unit/unit.h"
#include "wardgate/ledger.h"

#define CUFF "00 7800 5000 5D00"
#define CUFF_2 "00 7900 5000 5D00"

static struct link_peer peer;

static void connect_cuff(void)
{
	peer_init(&peer, peer_cuff, peer_cuff_count);
	peer_connect(&peer, NULL);
	assert_true(peer.link.ready);
}

static void test_an_indication_is_confirmed_only_after_its_reading_is_safe(void **state)
{
	(void)state;
	connect_cuff();
	peer_indicate(&peer, BP_VALUE, CUFF);
	assert_int_equal(peer.last.number.mantissa, 120);
	assert_int_equal(peer.token_count, 1);
	assert_int_equal(peer.confirmed, 0);
	peer_pass(&peer, LEDGER_PATIENCE_US - 1);
	assert_int_equal(peer.confirmed, 0);
	peer_safe(&peer, true);
	assert_int_equal(peer.confirmed, 1);
	assert_int_equal(peer.link.counters.confirmed, 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
}

static void test_what_is_safe_already_is_confirmed_at_once(void **state)
{
	(void)state;
	connect_cuff();
	peer.verdict = LINK_TAKEN_SAFE;
	peer_indicate(&peer, BP_VALUE, CUFF);
	assert_int_equal(peer.confirmed, 1);
}

static void test_an_indication_without_readings_is_confirmed_at_once(void **state)
{
	(void)state;
	connect_cuff();
	peer_indicate(&peer, BP_VALUE, "00 78");
	assert_int_equal(peer.confirmed, 1);
	assert_int_equal(peer.link.counters.malformed, 1);
	peer_indicate(&peer, 0x99, "00"); /* nobody's */
	assert_int_equal(peer.confirmed, 2);
	assert_int_equal(peer.token_count, 0);
}

static void test_what_will_not_be_safe_is_never_confirmed(void **state)
{
	(void)state;
	connect_cuff();
	peer_indicate(&peer, BP_VALUE, CUFF);
	peer_safe(&peer, false);
	assert_int_equal(peer.link.end, LINK_NOT_SAFE);
	assert_int_equal(peer.confirmed, 0);
	assert_int_equal(peer.link.counters.not_safe, 1);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_LOST);
}

static void test_what_is_not_safe_in_time_is_never_confirmed(void **state)
{
	(void)state;
	connect_cuff();
	peer_indicate(&peer, BP_VALUE, CUFF);
	peer_pass(&peer, LEDGER_PATIENCE_US);
	assert_int_equal(peer.link.end, LINK_NOT_SAFE);
	assert_int_equal(peer.confirmed, 0);
	/* safe after all, but too late to say so */
	peer_safe(&peer, true);
	assert_int_equal(peer.confirmed, 0);
}

static void test_what_nothing_can_make_safe_drops_the_link_at_once(void **state)
{
	(void)state;
	connect_cuff();
	peer.verdict = LINK_TAKEN_NOT;
	peer_indicate(&peer, BP_VALUE, CUFF);
	assert_int_equal(peer.link.end, LINK_NOT_SAFE);
	assert_int_equal(peer.confirmed, 0);
	/* a notification asks for nothing */
	peer_init(&peer, peer_belt, peer_belt_count);
	peer.verdict = LINK_TAKEN_NOT;
	peer_connect(&peer, NULL);
	peer_notify(&peer, HR_VALUE, "0048");
	assert_int_equal(peer.link.end, LINK_GOES_ON);
}

static void test_indications_are_confirmed_in_their_order(void **state)
{
	uint64_t first;

	(void)state;
	connect_cuff();
	peer_indicate(&peer, BP_VALUE, CUFF);
	peer_indicate(&peer, BP_VALUE, CUFF_2);
	peer_indicate(&peer, BP_VALUE, "00"); /* no readings, but those before it wait */
	assert_int_equal(peer.token_count, 2);
	first = peer.tokens[0];
	peer.tokens[0] = peer.tokens[1];
	peer.tokens[1] = first;
	peer_safe(&peer, true); /* the second */
	assert_int_equal(peer.confirmed, 0);
	peer_safe(&peer, true);
	assert_int_equal(peer.confirmed, 3);
}

static void test_more_indications_than_a_device_may_send_drop_the_link(void **state)
{
	(void)state;
	connect_cuff();
	for (unsigned i = 0; i < ATT_UNCONFIRMED_MAX; i++)
		peer_indicate(&peer, BP_VALUE, CUFF);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_indicate(&peer, BP_VALUE, CUFF);
	assert_int_equal(peer.link.end, LINK_FLOODED);
	assert_int_equal(peer.confirmed, 0);
}

static void test_letting_go_waits_for_what_is_to_be_confirmed(void **state)
{
	(void)state;
	connect_cuff();
	peer_indicate(&peer, BP_VALUE, CUFF);
	link_let_go(&peer.link, &peer.now);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_safe(&peer, true);
	assert_int_equal(peer.confirmed, 1);
	assert_int_equal(peer.link.end, LINK_LET_GO);
}

/* ---- stored records ---- */

/* Record n of a meter, at some minute of a day. */
#define RECORD(n) "02 " n "00 EA07 0B 15 0A 0000 5AB0 11"
#define REPORTED "06 00 01 01"

static void connect_meter(void)
{
	peer_init(&peer, peer_meter, peer_meter_count);
	peer.device.delete_stored = true;
	peer_connect(&peer, NULL);
	assert_true(peer.link.ready);
	/* it was asked for its records */
	assert_memory_equal(peer.written, "\x25\x00\x01", 3);
	peer_notify(&peer, GLUCOSE_VALUE, RECORD("01"));
	peer_notify(&peer, GLUCOSE_VALUE, RECORD("02"));
	peer_indicate(&peer, RACP_VALUE, REPORTED);
	assert_int_equal(peer.confirmed, 1); /* that it is done says no reading */
	assert_int_equal(peer.token_count, 2);
	assert_int_equal(peer.link.unsafe, 2);
	peer.writes = 0;
}

static void test_stored_records_are_deleted_only_when_all_are_safe(void **state)
{
	(void)state;
	connect_meter();
	peer_pass(&peer, 15 * S); /* the link waits */
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_safe(&peer, true);
	assert_int_equal(peer.writes, 0);
	peer_safe(&peer, true);
	assert_int_equal(peer.writes, 1);
	/* delete, up to and with, by sequence number, 2 */
	assert_int_equal(peer.written_length, 7);
	assert_memory_equal(peer.written, "\x25\x00\x02\x02\x01\x02\x00", 7);
	assert_true(peer.changes & LINK_CHANGED_MEMORY);
	assert_int_equal(peer.device.memory[PROFILE_glucose].mark, 2);
	peer_indicate(&peer, RACP_VALUE, "06 00 02 01");
	assert_int_equal(peer.notes[PROFILE_NOTE_STORED_DELETED], 1);
	peer_pass(&peer, LINK_FINISHED_US);
	assert_int_equal(peer.link.end, LINK_DONE);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_SERVED);
}

static void test_stored_records_stay_when_one_is_not_safe(void **state)
{
	(void)state;
	connect_meter();
	peer_safe(&peer, true);
	peer_safe(&peer, false);
	assert_int_equal(peer.writes, 0);
	assert_int_equal(peer.notes[PROFILE_NOTE_STORED_KEPT], 1);
	assert_false(peer.device.memory[PROFILE_glucose].known);
	/* nothing is deleted on the way out either */
	peer_pass(&peer, 60 * S);
	assert_int_equal(peer.link.end, LINK_DONE);
	assert_int_equal(peer.writes, 0);
}

static void test_records_that_nothing_can_make_safe_stay_on_the_meter(void **state)
{
	(void)state;
	peer_init(&peer, peer_meter, peer_meter_count);
	peer.device.delete_stored = true;
	peer.verdict = LINK_TAKEN_NOT;
	peer_connect(&peer, NULL);
	peer.writes = 0;
	peer_notify(&peer, GLUCOSE_VALUE, RECORD("01"));
	peer_indicate(&peer, RACP_VALUE, REPORTED);
	assert_int_equal(peer.writes, 0);
	assert_int_equal(peer.link.unsafe, 0);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
}

static void test_records_that_are_safe_at_once_are_deleted_at_once(void **state)
{
	(void)state;
	peer_init(&peer, peer_meter, peer_meter_count);
	peer.device.delete_stored = true;
	peer.verdict = LINK_TAKEN_SAFE;
	peer_connect(&peer, NULL);
	peer.writes = 0;
	peer_notify(&peer, GLUCOSE_VALUE, RECORD("01"));
	assert_int_equal(peer.writes, 0);
	peer_indicate(&peer, RACP_VALUE, REPORTED);
	assert_int_equal(peer.writes, 1);
}

/* ---- before their turn ---- */

static void test_values_before_their_turn_wait_for_it(void **state)
{
	struct link_settings s;

	(void)state;
	peer_init(&peer, peer_cuff, peer_cuff_count);
	s = peer_settings(&peer);
	s.level = LINK_LEVEL_ENCRYPTED;
	s.bonded = true;
	/* it remembers that it was subscribed to, and speaks as soon as it is connected */
	peer.mute_to = ATT_READ_BY_TYPE_REQUEST;
	peer_connect(&peer, &s);
	assert_int_equal(peer.link.state, LINK_DISCOVERING);
	peer_indicate(&peer, BP_VALUE, CUFF);
	assert_int_equal(peer.values, 0);
	assert_int_equal(peer.confirmed, 0);
	peer.mute_to = 0;
	peer_say(&peer, "01 08 0100 0A"); /* no hash; and on it goes */
	assert_true(peer.link.ready);
	assert_int_equal(peer.values, 2); /* and the battery */
	assert_int_equal(peer.token_count, 1);
	assert_int_equal(peer.link.early_count, 0);
	assert_int_equal(peer.confirmed, 0);
	peer_safe(&peer, true);
	assert_int_equal(peer.confirmed, 1);
}

static void test_what_comes_in_its_turn_does_not_pass_what_came_before(void **state)
{
	(void)state;
	peer_init(&peer, peer_cuff, peer_cuff_count);
	peer.mute_to = ATT_READ_BY_TYPE_REQUEST;
	peer_connect(&peer, NULL);
	peer_indicate(&peer, BP_VALUE, CUFF);
	peer.mute_to = ATT_WRITE_REQUEST;
	peer.mute_at = BP_CCCD;
	peer_say(&peer, "01 08 0100 0A");
	assert_int_equal(peer.link.state, LINK_RUNNING);
	assert_int_equal(peer.link.early_count, 1);
	peer_indicate(&peer, BP_VALUE, CUFF_2);
	assert_int_equal(peer.token_count, 2);
	assert_int_equal(peer.last.number.mantissa, 121);
	peer_say(&peer, "13");
	assert_true(peer.link.ready);
	assert_int_equal(peer.token_count, 2);
}

static void test_early_notifications_leave_room_for_indications(void **state)
{
	(void)state;
	peer_init(&peer, peer_cuff, peer_cuff_count);
	peer.mute_to = ATT_READ_BY_TYPE_REQUEST;
	peer_connect(&peer, NULL);
	for (unsigned i = 0; i < 20; i++)
		peer_notify(&peer, BATTERY_VALUE, "30");
	assert_int_equal(peer.link.counters.early_lost, 16);
	assert_int_equal(peer.faults, 16); /* each of them is told of */
	assert_int_equal(peer.fault.outcome, PROFILE_E_OVERFLOW);
	for (unsigned i = 0; i < ATT_UNCONFIRMED_MAX; i++)
		peer_indicate(&peer, BP_VALUE, i % 2 ? CUFF : CUFF_2);
	assert_int_equal(peer.link.counters.early_lost, 16);
	assert_int_equal(peer.confirmed, 0);
	peer.mute_to = 0;
	peer.verdict = LINK_TAKEN_SAFE;
	peer_say(&peer, "01 08 0100 0A");
	assert_true(peer.link.ready);
	assert_int_equal(peer.confirmed, ATT_UNCONFIRMED_MAX);
	assert_int_equal(peer.link.counters.values, 4 + ATT_UNCONFIRMED_MAX);
}

static void test_what_comes_early_is_not_safe_for_ever(void **state)
{
	(void)state;
	peer_init(&peer, peer_cuff, peer_cuff_count);
	peer.mute_to = ATT_READ_BY_TYPE_REQUEST;
	peer_connect(&peer, NULL);
	peer_indicate(&peer, BP_VALUE, CUFF);
	peer_pass(&peer, LEDGER_PATIENCE_US);
	assert_int_equal(peer.link.end, LINK_NOT_SAFE);
	assert_int_equal(peer.confirmed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_indication_is_confirmed_only_after_its_reading_is_safe),
		cmocka_unit_test(test_what_is_safe_already_is_confirmed_at_once),
		cmocka_unit_test(test_an_indication_without_readings_is_confirmed_at_once),
		cmocka_unit_test(test_what_will_not_be_safe_is_never_confirmed),
		cmocka_unit_test(test_what_is_not_safe_in_time_is_never_confirmed),
		cmocka_unit_test(test_what_nothing_can_make_safe_drops_the_link_at_once),
		cmocka_unit_test(test_indications_are_confirmed_in_their_order),
		cmocka_unit_test(test_more_indications_than_a_device_may_send_drop_the_link),
		cmocka_unit_test(test_letting_go_waits_for_what_is_to_be_confirmed),
		cmocka_unit_test(test_stored_records_are_deleted_only_when_all_are_safe),
		cmocka_unit_test(test_stored_records_stay_when_one_is_not_safe),
		cmocka_unit_test(test_records_that_nothing_can_make_safe_stay_on_the_meter),
		cmocka_unit_test(test_records_that_are_safe_at_once_are_deleted_at_once),
		cmocka_unit_test(test_values_before_their_turn_wait_for_it),
		cmocka_unit_test(test_what_comes_in_its_turn_does_not_pass_what_came_before),
		cmocka_unit_test(test_early_notifications_leave_room_for_indications),
		cmocka_unit_test(test_what_comes_early_is_not_safe_for_ever),
	};

	return RUN_TESTS(tests);
}
