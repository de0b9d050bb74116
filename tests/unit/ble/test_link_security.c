/*
 * Security as it is asked for: paired and gone on, refused, not wanted, too
 * slow, and what was refused just before the link was encrypted.
 */
#include "unit/ble/link_peer.h"

#include "unit/unit.h"
#include "util/cleanup.h"

static struct link_peer peer;

/* A belt that wants that level before it is subscribed to. */
static void init_guarded(uint8_t level)
{
	static struct peer_attribute guarded[32];

	for (size_t i = 0; i < peer_belt_count; i++) {
		guarded[i] = peer_belt[i];
		if (guarded[i].handle == HR_CCCD)
			guarded[i].level = level;
	}
	peer_init(&peer, guarded, peer_belt_count);
}

static void test_insufficient_authentication_pairs_and_goes_on(void **state)
{
	(void)state;
	init_guarded(LINK_LEVEL_ENCRYPTED);
	peer_connect(&peer, NULL);
	assert_false(peer.link.ready);
	assert_int_equal(peer.secure_calls, 1);
	assert_int_equal(peer.wanted_level, LINK_LEVEL_ENCRYPTED);
	peer_pass(&peer, 20 * S); /* somebody types a passkey */
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	assert_true(peer.link.ready);
	assert_int_equal(peer.secure_calls, 1);
	peer_notify(&peer, HR_VALUE, "0048");
	assert_int_equal(peer.last.number.mantissa, 72);
	assert_int_equal(peer.last.auth, AUTH_LINK);
}

static void test_a_device_that_wants_more_is_asked_for_more_once(void **state)
{
	(void)state;
	init_guarded(LINK_LEVEL_AUTHENTICATED);
	peer_connect(&peer, NULL);
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	assert_false(peer.link.ready);
	assert_int_equal(peer.secure_calls, 2);
	assert_int_equal(peer.wanted_level, LINK_LEVEL_AUTHENTICATED);
	/* less than was asked for is not enough */
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	assert_false(peer.link.ready);
	peer_secured(&peer, LINK_LEVEL_AUTHENTICATED);
	assert_true(peer.link.ready);
	assert_int_equal(peer.secure_calls, 2);
}

static void test_a_device_that_is_never_content_is_given_up(void **state)
{
	(void)state;
	init_guarded(LINK_LEVEL_AUTHENTICATED + 1);
	peer_connect(&peer, NULL);
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	peer_secured(&peer, LINK_LEVEL_AUTHENTICATED);
	assert_int_equal(peer.secure_calls, 2);
	assert_int_equal(peer.link.end, LINK_REFUSED);
	assert_string_equal(peer.link.detail, att_error_words(ATT_ERROR_AUTHENTICATION));
}

static void test_pairing_that_fails_leaves_what_can_be_had_without(void **state)
{
	(void)state;
	init_guarded(LINK_LEVEL_ENCRYPTED);
	peer_connect(&peer, NULL);
	link_security_failed(&peer.link, &peer.now);
	peer_talk(&peer);
	assert_int_equal(peer.notes[PROFILE_NOTE_REFUSED], 1);
	/* the heart rate was all that somebody waits for */
	assert_int_equal(peer.link.end, LINK_REFUSED);
	assert_int_equal(peer.secure_calls, 1);
}

static void test_where_security_is_not_wanted_it_is_not_asked_for(void **state)
{
	struct link_settings s;

	(void)state;
	init_guarded(LINK_LEVEL_ENCRYPTED);
	s = peer_settings(&peer);
	s.never_secure = true;
	peer_connect(&peer, &s);
	assert_int_equal(peer.secure_calls, 0);
	assert_int_equal(peer.link.end, LINK_REFUSED);
}

static void test_where_there_is_none_to_be_had_the_refusal_counts(void **state)
{
	(void)state;
	init_guarded(LINK_LEVEL_ENCRYPTED);
	peer.refuses_security = true;
	peer_connect(&peer, NULL);
	assert_int_equal(peer.secure_calls, 1);
	assert_int_equal(peer.link.end, LINK_REFUSED);
}

static void test_a_bonded_device_is_encrypted_before_anything_is_read(void **state)
{
	struct link_settings s;

	(void)state;
	init_guarded(LINK_LEVEL_ENCRYPTED);
	s = peer_settings(&peer);
	s.bonded = true;
	peer_connect(&peer, &s);
	assert_int_equal(peer.secure_calls, 1);
	assert_int_equal(peer.link.state, LINK_SECURING);
	assert_int_equal(peer.asked[ATT_EXCHANGE_MTU_REQUEST], 1);
	assert_int_equal(peer.asked[ATT_READ_BY_TYPE_REQUEST], 0);
	assert_int_equal(peer.asked[ATT_READ_BY_GROUP_TYPE_REQUEST], 0);
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	assert_true(peer.link.ready);
	assert_int_equal(peer.secure_calls, 1);
}

static void test_a_bond_that_does_not_hold_ends_the_link(void **state)
{
	struct link_settings s;

	(void)state;
	init_guarded(LINK_LEVEL_NONE);
	s = peer_settings(&peer);
	s.bonded = true;
	peer_connect(&peer, &s);
	link_security_failed(&peer.link, &peer.now);
	assert_int_equal(peer.link.end, LINK_SECURITY);
	assert_int_equal(link_slots_end(&peer.link), SLOTS_LOST);
	/* nor is it read without, where that cannot even be asked for */
	init_guarded(LINK_LEVEL_NONE);
	peer.refuses_security = true;
	s = peer_settings(&peer);
	s.secure_first = true;
	peer_connect(&peer, &s);
	assert_int_equal(peer.link.end, LINK_SECURITY);
	assert_int_equal(peer.asked[ATT_READ_BY_GROUP_TYPE_REQUEST], 0);
}

static void test_security_that_takes_too_long_ends_the_link(void **state)
{
	(void)state;
	init_guarded(LINK_LEVEL_ENCRYPTED);
	peer_connect(&peer, NULL);
	peer_pass(&peer, LINK_SECURITY_US - 1);
	assert_int_equal(peer.link.end, LINK_GOES_ON);
	peer_pass(&peer, 1);
	assert_int_equal(peer.link.end, LINK_SECURITY);
}

static void test_what_was_refused_before_the_link_was_encrypted_is_repeated(void **state)
{
	(void)state;
	/* the device encrypts the link of itself while our request is under way */
	init_guarded(LINK_LEVEL_NONE);
	peer.mute_to = ATT_WRITE_REQUEST;
	peer.mute_at = HR_CCCD;
	peer_connect(&peer, NULL);
	assert_int_equal(peer.link.state, LINK_RUNNING);
	assert_false(peer.link.ready);
	peer.mute_to = 0;
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	assert_false(peer.link.ready);
	peer_say(&peer, "01 12 2300 05");
	assert_int_equal(peer.secure_calls, 0);
	assert_true(peer.link.ready);
}

static void test_a_table_that_wants_security_gets_it(void **state)
{
	(void)state;
	init_guarded(LINK_LEVEL_NONE);
	peer.mute_to = ATT_READ_BY_GROUP_TYPE_REQUEST;
	peer_connect(&peer, NULL);
	peer.mute_to = 0;
	peer_say(&peer, "01 10 0100 0F");
	assert_int_equal(peer.link.state, LINK_SECURING);
	assert_int_equal(peer.secure_calls, 1);
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	assert_true(peer.link.ready);
	/* or not: then nothing is known of it */
	init_guarded(LINK_LEVEL_NONE);
	peer.mute_to = ATT_READ_BY_GROUP_TYPE_REQUEST;
	peer_connect(&peer, NULL);
	peer_say(&peer, "01 10 0100 0F");
	link_security_failed(&peer.link, &peer.now);
	assert_int_equal(peer.link.end, LINK_SECURITY);
	assert_string_equal(peer.link.detail, att_error_words(ATT_ERROR_ENCRYPTION));
}

static void test_values_go_on_while_security_is_waited_for(void **state)
{
	(void)state;
	init_guarded(LINK_LEVEL_ENCRYPTED);
	peer_connect(&peer, NULL);
	assert_true(peer.link.action_waits);
	peer.values = 0;
	peer_notify(&peer, HR_VALUE, "0048"); /* though it was not subscribed to */
	assert_int_equal(peer.values, 1);
	assert_int_equal(peer.last.auth, AUTH_NONE);
	peer_secured(&peer, LINK_LEVEL_ENCRYPTED);
	assert_true(peer.link.ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_insufficient_authentication_pairs_and_goes_on),
		cmocka_unit_test(test_a_device_that_wants_more_is_asked_for_more_once),
		cmocka_unit_test(test_a_device_that_is_never_content_is_given_up),
		cmocka_unit_test(test_pairing_that_fails_leaves_what_can_be_had_without),
		cmocka_unit_test(test_where_security_is_not_wanted_it_is_not_asked_for),
		cmocka_unit_test(test_where_there_is_none_to_be_had_the_refusal_counts),
		cmocka_unit_test(test_a_bonded_device_is_encrypted_before_anything_is_read),
		cmocka_unit_test(test_a_bond_that_does_not_hold_ends_the_link),
		cmocka_unit_test(test_security_that_takes_too_long_ends_the_link),
		cmocka_unit_test(test_what_was_refused_before_the_link_was_encrypted_is_repeated),
		cmocka_unit_test(test_a_table_that_wants_security_gets_it),
		cmocka_unit_test(test_values_go_on_while_security_is_waited_for),
	};

	return RUN_TESTS(tests);
}
