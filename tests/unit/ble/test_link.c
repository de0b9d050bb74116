/*
 * One connection from MTU to values: what is kept, what is discovered, what has
 * changed, what is malformed, what is told.
 */
#include "unit/ble/link_peer.h"

#include "ble/profiles/profiles.h"
#include "unit/unit.h"

static struct link_peer peer;

static void test_a_stream_is_found_subscribed_to_and_heard(void **state)
{
	struct decimal value;

	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	peer_connect(&peer, NULL);
	assert_true(peer.link.ready);
	assert_int_equal(peer.link.state, LINK_RUNNING);
	assert_int_equal(peer.link.att.mtu, 247);
	assert_int_equal(peer.changes & (LINK_CHANGED_TABLE | LINK_CHANGED_READY),
		LINK_CHANGED_TABLE | LINK_CHANGED_READY);
	peer_notify(&peer, HR_VALUE, "0048");
	assert_ptr_equal(peer.last_row, &profile_heart_rate);
	value = peer.last.number;
	assert_int_equal(value.mantissa, 72);
	assert_int_equal(peer.last.auth, AUTH_NONE); /* nothing encrypts the link */
	assert_int_equal(peer.token_count, 0);       /* a notification waits for nobody */
	assert_int_equal(peer.link.counters.readings, peer.readings);
	assert_int_equal(peer.faults, 0);
	assert_int_equal(peer.secure_calls, 0);
}

static void test_over_an_encrypted_link_readings_say_so(void **state)
{
	struct link_settings s;

	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	s = peer_settings(&peer);
	s.level = LINK_LEVEL_ENCRYPTED;
	s.bonded = true;
	peer_connect(&peer, &s);
	assert_true(peer.link.ready);
	assert_int_equal(peer.secure_calls, 0);
	peer_notify(&peer, HR_VALUE, "0048");
	assert_int_equal(peer.last.auth, AUTH_LINK);
}

static void test_facts_and_battery_are_told(void **state)
{
	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	peer_connect(&peer, NULL);
	assert_true(peer.changes & LINK_CHANGED_FACTS);
	assert_string_equal(peer.device.facts[FACT_MAKER], "ACME");
	assert_true(peer.changes & LINK_CHANGED_BATTERY);
	assert_int_equal(peer.link.battery_percent, 0x57);
	peer.changes = 0;
	peer_notify(&peer, BATTERY_VALUE, "57");
	assert_int_equal(peer.changes, 0); /* nothing new */
	peer_notify(&peer, BATTERY_VALUE, "56");
	assert_int_equal(peer.changes, LINK_CHANGED_BATTERY);
}

static struct gatt_table kept;

static void keep_table(void)
{
	peer_init(&peer, peer_belt, peer_belt_count);
	peer_connect(&peer, NULL);
	kept = peer.link.gatt.table;
	link_stop(&peer.link);
}

static void test_what_was_kept_spares_the_discovery(void **state)
{
	struct link_settings s;

	(void)state;
	keep_table();
	peer_init(&peer, peer_belt, peer_belt_count);
	s = peer_settings(&peer);
	s.cached = &kept;
	peer_connect(&peer, &s);
	assert_true(peer.link.ready);
	assert_int_equal(peer.asked[ATT_READ_BY_GROUP_TYPE_REQUEST], 0);
	assert_int_equal(peer.asked[ATT_FIND_INFORMATION_REQUEST], 0);
	assert_int_equal(peer.asked[ATT_READ_BY_TYPE_REQUEST], 1); /* the hash */
	assert_int_equal(peer.changes & LINK_CHANGED_TABLE, 0);
	peer_notify(&peer, HR_VALUE, "0048");
	assert_int_equal(peer.last.number.mantissa, 72);
}

static void test_a_stale_cache_is_thrown_away_when_the_hash_differs(void **state)
{
	struct link_settings s;

	(void)state;
	keep_table();
	/* after an update of its firmware the belt is a cuff */
	peer_init(&peer, peer_cuff, peer_cuff_count);
	peer.hash = 0x78;
	s = peer_settings(&peer);
	s.cached = &kept;
	peer_connect(&peer, &s);
	assert_true(peer.link.ready);
	assert_true(peer.changes & LINK_CHANGED_TABLE);
	assert_true(peer.asked[ATT_READ_BY_GROUP_TYPE_REQUEST] > 0);
	peer_indicate(&peer, BP_VALUE, "00 7800 5000 5D00");
	assert_ptr_equal(peer.last_row, &profile_blood_pressure);
}

static void test_service_changed_begins_anew_and_old_tokens_mean_nothing(void **state)
{
	unsigned before;

	(void)state;
	peer_init(&peer, peer_meter, peer_meter_count);
	peer.device.delete_stored = true;
	peer_connect(&peer, NULL);
	assert_true(peer.link.ready);
	/* a stored record, whose safety its profile waits for */
	peer_notify(&peer, GLUCOSE_VALUE, "02 0100 EA07 0B 15 0A 0000 5AB0 11");
	assert_int_equal(peer.token_count, 1);
	before = peer.asked[ATT_READ_BY_GROUP_TYPE_REQUEST];
	peer.changes = 0;
	peer_indicate(&peer, 0x03, "0100 FFFF");
	assert_int_equal(peer.confirmed, 1);
	assert_true(peer.asked[ATT_READ_BY_GROUP_TYPE_REQUEST] > before);
	assert_true(peer.changes & LINK_CHANGED_READY);
	assert_true(peer.link.ready);
	/* it asks for the records again; the first token is of a session that is over, and nothing
	 * of the second may be deleted for its sake */
	assert_int_equal(peer.link.unsafe, 0);
	peer_notify(&peer, GLUCOSE_VALUE, "02 0200 EA07 0B 15 0A 0000 5AB0 11");
	peer_indicate(&peer, RACP_VALUE, "06 00 01 01");
	assert_int_equal(peer.token_count, 2);
	peer.writes = 0;
	peer_safe(&peer, true);
	assert_false(peer.device.memory[PROFILE_glucose].known);
	assert_int_equal(peer.writes, 0);
	peer_safe(&peer, true);
	assert_true(peer.device.memory[PROFILE_glucose].known);
	assert_int_equal(peer.writes, 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
}

static void test_service_changed_while_an_indication_waits_is_not_taken_for_its_end(void **state)
{
	(void)state;
	peer_init(&peer, peer_cuff, peer_cuff_count);
	peer_connect(&peer, NULL);
	peer_indicate(&peer, BP_VALUE, "00 7800 5000 5D00");
	assert_int_equal(peer.confirmed, 0);
	peer_indicate(&peer, 0x03, "0100 FFFF");
	assert_int_equal(peer.confirmed, 0);
	assert_int_equal(peer.link.end, LINK_FLOODED);
}

static void test_malformed_values_are_counted_and_named(void **state)
{
	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	peer_connect(&peer, NULL);
	peer.values = 0;
	peer_notify(&peer, HR_VALUE, "01 48"); /* two octets promised */
	assert_int_equal(peer.faults, 1);
	assert_int_equal(peer.fault.outcome, PROFILE_E_MALFORMED);
	assert_int_equal(peer.fault.characteristic, 0x2a37);
	assert_ptr_equal(peer.fault.row, &profile_heart_rate);
	assert_int_equal(peer.link.counters.malformed, 1);
	peer_notify(&peer, 0x99, "48"); /* nobody's */
	assert_int_equal(peer.faults, 2);
	assert_int_equal(peer.fault.characteristic, 0);
	assert_null(peer.fault.row);
	assert_int_equal(peer.link.counters.unknown, 1);
	peer.values = 0; /* of the look whether the table has changed, which is taken once */
	peer_notify(&peer, 0x99, "48");
	assert_int_equal(peer.link.counters.unknown, 2);
	assert_int_equal(peer.values, 0);
	peer_notify(&peer, HR_VALUE, "0048"); /* and it goes on */
	assert_int_equal(peer.values, 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
}

static void test_a_device_without_anything_for_us(void **state)
{
	static const struct peer_attribute nothing[] = {
		PEER(0x01, 0x2800, "0018"),
		PEER(0x02, 0x2803, "020300002A"),
		PEER(0x03, 0x2a00, "41"),
	};

	(void)state;
	peer_init(&peer, nothing, 3);
	peer_connect(&peer, NULL);
	assert_int_equal(peer.link.end, LINK_NO_PROFILE);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_LOST);
	assert_int_equal(link_deadline(&peer.link), INT64_MAX);
}

static void test_a_device_that_refuses_what_is_needed(void **state)
{
	static const struct peer_attribute stubborn[] = {
		PEER(0x20, 0x2800, "0D18"),
		PEER(0x21, 0x2803, "102200372A"),
		PEER(0x22, 0x2a37, ""),
		PEER_REFUSES(0x23, 0x2902, "0000", 0, ATT_ERROR_WRITE_NOT_PERMITTED),
	};

	(void)state;
	peer_init(&peer, stubborn, 4);
	peer_connect(&peer, NULL);
	assert_int_equal(peer.notes[PROFILE_NOTE_REFUSED], 1);
	assert_int_equal(peer.link.end, LINK_REFUSED);
	assert_int_equal(peer.secure_calls, 0);
}

static void test_a_table_that_cannot_be_ends_the_link(void **state)
{
	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	peer.mute_to = ATT_READ_BY_GROUP_TYPE_REQUEST;
	peer_connect(&peer, NULL);
	peer_say(&peer, "11 06 2000 1000 0D18"); /* ends before it begins */
	assert_int_equal(peer.link.end, LINK_DISCOVERY);
	assert_string_equal(peer.link.detail, gatt_outcome_word(GATT_MALFORMED));
	assert_int_equal(link_slots_end(&peer.link), SLOTS_LOST);
}

static void test_a_device_that_asks_for_the_time_gets_it(void **state)
{
	size_t length;

	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	peer_connect(&peer, NULL);
	peer.knows_time = true;
	peer_say(&peer, "10 0100 FFFF 0028");
	assert_int_equal(peer.asked[ATT_READ_BY_GROUP_TYPE_RESPONSE], 1);
	assert_null(link_output(&peer.link, &length));
}

static void test_nothing_comes_of_a_link_that_is_over(void **state)
{
	size_t length;
	unsigned values;

	(void)state;
	peer_init(&peer, peer_belt, peer_belt_count);
	peer_connect(&peer, NULL);
	link_let_go(&peer.link, &peer.now);
	assert_int_equal(peer.link.end, LINK_LET_GO);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_GAVE_WAY);
	values = peer.values;
	peer_notify(&peer, HR_VALUE, "0048");
	peer_pass(&peer, 3600 * S);
	link_secured(&peer.link, LINK_LEVEL_ENCRYPTED, &peer.now);
	link_security_failed(&peer.link, &peer.now);
	link_let_go(&peer.link, &peer.now);
	link_safe(&peer.link, UINT64_MAX, true, &peer.now);
	assert_int_equal(peer.values, values);
	link_stop(&peer.link);
	assert_null(link_output(&peer.link, &length));
	assert_int_equal(peer.link.end, LINK_LET_GO);
}

static void test_all_ends_and_faults_have_words(void **state)
{
	(void)state;
	for (int e = LINK_GOES_ON; e < _LINK_END_MAX; e++)
		assert_true(strlen(link_end_text((enum link_end)e)) > 5);
	for (int f = PROFILE_E_MALFORMED; f <= PROFILE_E_UNKNOWN; f++)
		assert_true(strlen(link_fault_text(f)) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stream_is_found_subscribed_to_and_heard),
		cmocka_unit_test(test_over_an_encrypted_link_readings_say_so),
		cmocka_unit_test(test_facts_and_battery_are_told),
		cmocka_unit_test(test_what_was_kept_spares_the_discovery),
		cmocka_unit_test(test_a_stale_cache_is_thrown_away_when_the_hash_differs),
		cmocka_unit_test(test_service_changed_begins_anew_and_old_tokens_mean_nothing),
		cmocka_unit_test(
			test_service_changed_while_an_indication_waits_is_not_taken_for_its_end),
		cmocka_unit_test(test_malformed_values_are_counted_and_named),
		cmocka_unit_test(test_a_device_without_anything_for_us),
		cmocka_unit_test(test_a_device_that_refuses_what_is_needed),
		cmocka_unit_test(test_a_table_that_cannot_be_ends_the_link),
		cmocka_unit_test(test_a_device_that_asks_for_the_time_gets_it),
		cmocka_unit_test(test_nothing_comes_of_a_link_that_is_over),
		cmocka_unit_test(test_all_ends_and_faults_have_words),
	};

	return RUN_TESTS(tests);
}
