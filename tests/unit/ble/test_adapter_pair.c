/*
 * Pairing through an adapter: every dialogue to its end, good or bad, keys safe
 * before anybody hears "paired", and bonds that the device no longer knows.
 */
#include "unit/ble/stage.h"

#include <errno.h>

#include "unit/unit.h"

#define OTHER "23 00 00 01 AA 00 01"
#define VALUE " 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F"
/* type, central, size, diversifier, random number, value */
#define JUST_WORKS " 02 00 10 00 00 00 00 00 00 00 00 00 00" VALUE
#define AUTHENTICATED " 03 00 10 00 00 00 00 00 00 00 00 00 00" VALUE
#define LEGACY " 01 01 10 34 12 01 02 03 04 05 06 07 08" VALUE

static const struct ble_address device = { BLE_ADDRESS_RANDOM, { 1, 0, 0, 0xEE, 0xFF, 0xC0 } };

/* Ordered, and the command is out. */
static struct stage *pairing(uint8_t io)
{
	struct stage *s = stage_up();
	char words[64];

	assert_int_equal(adapter_pair(&s->adapters[0], &device, io, s->now_us), 0);
	(void)snprintf(words, sizeof(words), "pair device " STAGE_DEVICE " %02X", io);
	stage_expect(s, words);
	return s;
}

static void end_well(struct stage *s, const char *ltk, const char *told)
{
	char hex[256];

	(void)snprintf(hex, sizeof(hex), "01 " STAGE_DEVICE "%s", ltk);
	stage_event(s, MGMT_EV_NEW_LTK, 0, hex);
	stage_ok(s, MGMT_PAIR, 0, STAGE_DEVICE);
	stage_told(s, "");
	stage_pass(s, STAGE_S);
	stage_told(s, told);
}

static void test_just_works_asks_nobody(void **state)
{
	struct stage *s = pairing(MGMT_IO_NONE);

	stage_event(s, MGMT_EV_CONFIRM, 0, STAGE_DEVICE " 01 00 00 00 00");
	stage_expect(s, "user confirmation reply " STAGE_DEVICE);
	stage_ok(s, MGMT_CONFIRM, 0, STAGE_DEVICE);
	stage_told(s, "");
	end_well(s, JUST_WORKS, "paired=kept+sc");
	assert_int_equal(s->saved_ltks, 1);
	stage_free(s);
}

static void test_numbers_are_compared_by_people(void **state)
{
	struct stage *s = pairing(MGMT_IO_KEYBOARD_DISPLAY);
	struct adapter *a = &s->adapters[0];

	assert_int_equal(adapter_answer(a, &device, true, 0, s->now_us), -ENOENT);
	stage_event(s, MGMT_EV_CONFIRM, 0, STAGE_DEVICE " 00 39 30 00 00");
	stage_told(s, "confirm=012345");
	stage_expect(s, "");
	stage_pass(s, 20 * STAGE_S);
	assert_int_equal(adapter_answer(a, &device, true, 0, s->now_us), 0);
	stage_expect(s, "user confirmation reply " STAGE_DEVICE);
	assert_int_equal(adapter_answer(a, &device, true, 0, s->now_us), -ENOENT);
	end_well(s, AUTHENTICATED, "paired=kept+auth+sc");
	stage_free(s);

	s = pairing(MGMT_IO_KEYBOARD_DISPLAY);
	stage_event(s, MGMT_EV_CONFIRM, 0, STAGE_DEVICE " 00 39 30 00 00");
	assert_int_equal(adapter_answer(&s->adapters[0], &device, false, 0, s->now_us), 0);
	stage_told(s, "confirm=012345 pair-failed");
	stage_expect(s, "user confirmation negative reply " STAGE_DEVICE);
	/* the kernel tells it as well: known already */
	stage_refuse(s, MGMT_PAIR, 0, MGMT_AUTH_FAILED);
	stage_event(s, MGMT_EV_AUTH_FAILED, 0, STAGE_DEVICE " 05");
	stage_told(s, "");
	stage_free(s);
}

static void test_a_passkey_is_typed_in(void **state)
{
	struct stage *s = pairing(MGMT_IO_KEYBOARD_DISPLAY);
	struct adapter *a = &s->adapters[0];

	stage_event(s, MGMT_EV_PASSKEY, 0, STAGE_DEVICE);
	stage_told(s, "ask-passkey");
	assert_int_equal(adapter_answer(a, &device, true, 1000000, s->now_us), -EINVAL);
	assert_int_equal(adapter_answer(a, &device, true, 123456, s->now_us), 0);
	stage_expect(s, "user passkey reply " STAGE_DEVICE " 40 E2 01 00");
	end_well(s, LEGACY, "paired=kept+auth");
	stage_free(s);
}

static void test_a_passkey_is_shown_with_its_progress(void **state)
{
	struct stage *s = pairing(MGMT_IO_KEYBOARD_DISPLAY);

	stage_event(s, MGMT_EV_PASSKEY_NOTIFY, 0, STAGE_DEVICE " 07 00 00 00 00");
	stage_event(s, MGMT_EV_PASSKEY_NOTIFY, 0, STAGE_DEVICE " 07 00 00 00 03");
	stage_told(s, "show-passkey=000007 show-passkey=000007");
	stage_event(s, MGMT_EV_PASSKEY_NOTIFY, 0, STAGE_DEVICE " 40 42 0F 00 00"); /* 1000000 */
	stage_told(s, "");
	end_well(s, AUTHENTICATED, "paired=kept+auth+sc");
	stage_free(s);
}

static void test_nobody_answers(void **state)
{
	static const uint16_t events[] = { MGMT_EV_CONFIRM, MGMT_EV_PASSKEY };
	static const char *const replies[] = {
		"user confirmation negative reply " STAGE_DEVICE,
		"user passkey negative reply " STAGE_DEVICE,
	};

	for (size_t i = 0; i < 2; i++) {
		struct stage *s = pairing(MGMT_IO_KEYBOARD_DISPLAY);

		stage_event(
			s, events[i], 0, i == 0 ? STAGE_DEVICE " 00 39 30 00 00" : STAGE_DEVICE);
		s->log[0] = 0;
		stage_pass(s, ADAPTER_ASK_US - 1);
		stage_told(s, "");
		stage_pass(s, 1);
		stage_told(s, "pair-failed");
		stage_text(s, "nobody answered in time");
		stage_expect(s, replies[i]);
		assert_int_equal(
			adapter_answer(&s->adapters[0], &device, true, 1, s->now_us), -ENOENT);
		stage_free(s);
	}
}

static void test_a_pairing_that_does_not_end_is_ended(void **state)
{
	struct stage *s = pairing(MGMT_IO_NONE);
	struct adapter *a = &s->adapters[0];

	assert_int_equal(adapter_pair(a, &device, MGMT_IO_NONE, s->now_us), -EALREADY);
	stage_pass(s, ADAPTER_PAIR_US);
	stage_told(s, "pair-failed");
	stage_text(s, "timed out");
	stage_expect(s, "cancel pair device " STAGE_DEVICE);
	stage_refuse(s, MGMT_PAIR, 0, MGMT_CANCELLED);
	stage_told(s, "");

	assert_int_equal(adapter_pair(a, &device, MGMT_IO_NONE, s->now_us), 0);
	stage_expect(s, "pair device " STAGE_DEVICE " 03");
	adapter_cancel_pair(a, &device, s->now_us);
	stage_told(s, "pair-failed");
	stage_expect(s, "cancel pair device " STAGE_DEVICE);
	adapter_cancel_pair(a, &device, s->now_us);
	stage_told(s, "");
	stage_free(s);
}

static void test_failures_are_told_once(void **state)
{
	struct stage *s = pairing(MGMT_IO_NONE);

	stage_event(s, MGMT_EV_COMPLETE, 0, "19 00 04 " STAGE_DEVICE);
	stage_told(s, "pair-failed");
	stage_text(s, "could not connect");
	stage_event(s, MGMT_EV_AUTH_FAILED, 0, STAGE_DEVICE " 05");
	stage_event(s, MGMT_EV_DISCONNECTED, 0, STAGE_DEVICE " 04");
	stage_told(s, "disconnected");
	stage_free(s);

	/* the device goes away in the middle */
	s = pairing(MGMT_IO_NONE);
	stage_event(s, MGMT_EV_DISCONNECTED, 0, STAGE_DEVICE " 03");
	stage_event(s, MGMT_EV_COMPLETE, 0, "19 00 0E " STAGE_DEVICE);
	stage_told(s, "pair-failed disconnected");
	stage_free(s);

	/* the adapter does */
	s = pairing(MGMT_IO_NONE);
	stage_event(s, MGMT_EV_NEW_SETTINGS, 0, "D0 0A 00 00");
	stage_told(s, "problem down pair-failed");
	assert_int_equal(
		adapter_pair(&s->adapters[0], &device, MGMT_IO_NONE, s->now_us), -ENETDOWN);
	stage_free(s);
}

static void test_paired_is_told_only_when_the_keys_are_safe(void **state)
{
	struct stage *s = pairing(MGMT_IO_NONE);
	struct adapter *a = &s->adapters[0];

	s->saving = 1;
	stage_event(s, MGMT_EV_NEW_IRK, 0, "01 00 00 00 00 00 00 " STAGE_DEVICE VALUE);
	stage_event(s, MGMT_EV_NEW_LTK, 0, "01 " STAGE_DEVICE JUST_WORKS);
	stage_ok(s, MGMT_PAIR, 0, STAGE_DEVICE);
	stage_told(s, "resolved");
	stage_pass(s, 5 * STAGE_S);
	adapter_saved(a, &device, 0, s->now_us);
	stage_told(s, "");
	adapter_saved(a, &device, 0, s->now_us);
	stage_told(s, "paired=kept+sc");
	assert_int_equal(s->saved_ltks + s->saved_irks, 2);
	stage_free(s);

	s = pairing(MGMT_IO_NONE);
	s->saving = -ENOSPC;
	end_well(s, JUST_WORKS, "paired=lost+sc");
	stage_text(s, "could not be saved");
	stage_free(s);

	/* the disk never answers */
	s = pairing(MGMT_IO_NONE);
	s->saving = 1;
	stage_event(s, MGMT_EV_NEW_LTK, 0, "01 " STAGE_DEVICE JUST_WORKS);
	stage_ok(s, MGMT_PAIR, 0, STAGE_DEVICE);
	stage_pass(s, 30 * STAGE_S);
	stage_told(s, "paired=lost+sc");
	stage_free(s);
}

static void test_what_ends_after_the_keys_are_made_is_no_failure(void **state)
{
	struct stage *s = pairing(MGMT_IO_NONE);

	/* the kernel drops a link that no socket holds */
	stage_event(s, MGMT_EV_STATUS, 0, "19 00 00"); /* an early word, no answer */
	stage_event(s, MGMT_EV_NEW_LTK, 0, "01 " STAGE_DEVICE JUST_WORKS);
	stage_ok(s, MGMT_PAIR, 0, STAGE_DEVICE);
	stage_event(s, MGMT_EV_DISCONNECTED, 0, STAGE_DEVICE " 02");
	stage_told(s, "disconnected");
	stage_pass(s, STAGE_S);
	stage_told(s, "paired=kept+sc");
	stage_free(s);
}

static void test_what_is_paired_already_is_said_to_be(void **state)
{
	struct stage *s = pairing(MGMT_IO_NONE);

	stage_event(s, MGMT_EV_COMPLETE, 0, "19 00 13 " STAGE_DEVICE);
	stage_pass(s, STAGE_S);
	stage_told(s, "paired=kept");
	stage_text(s, "paired already");
	stage_free(s);
}

static void test_a_device_that_does_not_bond_is_not_kept(void **state)
{
	struct stage *s = pairing(MGMT_IO_NONE);

	stage_event(s, MGMT_EV_NEW_LTK, 0, "00 " STAGE_DEVICE JUST_WORKS);
	stage_ok(s, MGMT_PAIR, 0, STAGE_DEVICE);
	stage_pass(s, STAGE_S);
	stage_told(s, "paired=lost+sc");
	stage_text(s, "does not bond");
	assert_int_equal(s->saved_ltks, 0);
	stage_free(s);
}

static void test_security_asked_by_a_socket_is_the_same_dialogue(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_CONFIRM, 0, STAGE_DEVICE " 01 00 00 00 00");
	stage_expect(s, "user confirmation reply " STAGE_DEVICE);
	stage_event(s, MGMT_EV_NEW_CSRK, 0, "01 " STAGE_DEVICE " 01" VALUE);
	stage_event(s, MGMT_EV_NEW_LTK, 0, "01 " STAGE_DEVICE JUST_WORKS);
	stage_told(s, "");
	stage_pass(s, STAGE_S);
	stage_told(s, "paired=kept+sc");
	stage_free(s);

	/* without a word before the key: the kernel answers Just Works by itself */
	s = stage_up();
	stage_event(s, MGMT_EV_NEW_LTK, 0, "01 " STAGE_DEVICE LEGACY);
	stage_event(s, MGMT_EV_NEW_LTK, 0, "01 " STAGE_DEVICE LEGACY);
	stage_pass(s, STAGE_S);
	stage_told(s, "paired=kept+auth");
	assert_int_equal(s->saved_ltks, 2);
	/* or it fails without one */
	stage_event(s, MGMT_EV_AUTH_FAILED, 0, OTHER " 05");
	stage_told(s, "pair-failed");
	stage_free(s);
}

static void test_strangers_are_refused(void **state)
{
	struct stage *s = stage_up();

	s->may_bond = false;
	stage_event(s, MGMT_EV_CONFIRM, 0, OTHER " 01 00 00 00 00");
	stage_expect(s, "user confirmation negative reply " OTHER);
	stage_event(s, MGMT_EV_PASSKEY, 0, OTHER);
	stage_expect(s, "user passkey negative reply " OTHER);
	stage_event(s, MGMT_EV_PASSKEY_NOTIFY, 0, OTHER " 07 00 00 00 00");
	stage_told(s, "");
	stage_free(s);
}

static void test_a_private_address_becomes_the_identity(void **state)
{
	struct stage *s = stage_up();
	struct ble_address rpa = { BLE_ADDRESS_RANDOM, { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66 } };

	stage_event(s, MGMT_EV_CONNECTED, 0, "11 22 33 44 55 66 02 08 00 00 00 00 00");
	assert_int_equal(adapter_pair(&s->adapters[0], &rpa, MGMT_IO_NONE, s->now_us), 0);
	stage_expect(s, "pair device 11 22 33 44 55 66 02 03");
	stage_event(s, MGMT_EV_NEW_IRK, 0, "01 11 22 33 44 55 66 " STAGE_DEVICE VALUE);
	stage_told(s, "connected resolved");
	end_well(s, JUST_WORKS, "paired=kept+sc");
	stage_event(s, MGMT_EV_DISCONNECTED, 0, STAGE_DEVICE " 03");
	assert_int_equal(s->adapters[0].link_count, 0);
	stage_free(s);
}

static void test_the_active_scan_makes_way_for_pairing(void **state)
{
	struct stage *s = stage_up();
	struct adapter *a = &s->adapters[0];

	adapter_discover(a, s->now_us + 100 * STAGE_S, s->now_us);
	stage_expect(s, "start discovery 06");
	stage_ok(s, MGMT_START_DISCOVERY, 0, "06");
	assert_int_equal(adapter_pair(a, &device, MGMT_IO_NONE, s->now_us), 0);
	stage_expect(s, "stop discovery 06");
	stage_expect(s, "");
	stage_ok(s, MGMT_STOP_DISCOVERY, 0, "06");
	stage_told(s, "quiet");
	stage_expect(s, "pair device " STAGE_DEVICE " 03");
	end_well(s, JUST_WORKS, "paired=kept+sc");
	stage_expect(s, "start discovery 06");
	stage_free(s);
}

static void test_as_many_at_once_as_there_is_room_for(void **state)
{
	struct stage *s = stage_up();
	struct ble_address who = device;

	for (unsigned i = 0; i < ADAPTER_PAIRINGS_MAX; i++) {
		who.octets[0] = (uint8_t)i;
		assert_int_equal(adapter_pair(&s->adapters[0], &who, MGMT_IO_NONE, s->now_us), 0);
	}
	who.octets[0] = 99;
	assert_int_equal(adapter_pair(&s->adapters[0], &who, MGMT_IO_NONE, s->now_us), -EBUSY);
	adapter_cancel_pair(&s->adapters[0],
		&(struct ble_address){ 2, { 0, 0, 0, 0xEE, 0xFF, 0xC0 } }, s->now_us);
	assert_int_equal(adapter_pair(&s->adapters[0], &who, MGMT_IO_NONE, s->now_us), 0);
	who.type = BLE_ADDRESS_ANY;
	assert_int_equal(adapter_pair(&s->adapters[0], &who, MGMT_IO_NONE, s->now_us), -EINVAL);
	stage_free(s);
}

/* ---- stale bonds ---- */

static void lost_its_key(struct stage *s)
{
	stage_event(s, MGMT_EV_AUTH_FAILED, 0, STAGE_DEVICE " 05");
	stage_event(s, MGMT_EV_DISCONNECTED, 0, STAGE_DEVICE " 04");
}

static void test_a_stale_bond_is_told_once(void **state)
{
	struct stage *s = stage_up();

	s->bonded = true;
	lost_its_key(s);
	stage_told(s, "stale disconnected");
	assert_true(adapter_is_stale(&s->adapters[0], &device));
	stage_expect(s, "");
	for (unsigned i = 0; i < 5; i++) {
		stage_pass(s, 100 * STAGE_S);
		lost_its_key(s);
	}
	stage_told(s, "disconnected disconnected disconnected disconnected disconnected");
	stage_expect(s, "");
	/* somebody has unpaired and paired it */
	assert_int_equal(adapter_unpair(&s->adapters[0], &device, s->now_us), 0);
	stage_expect(s, "unpair device " STAGE_DEVICE " 01");
	stage_ok(s, MGMT_UNPAIR, 0, STAGE_DEVICE);
	stage_told(s, "unpaired");
	assert_false(adapter_is_stale(&s->adapters[0], &device));
	stage_free(s);
}

static void test_a_stale_bond_is_renewed_where_that_is_allowed_but_not_for_ever(void **state)
{
	struct stage *s = stage_up();

	s->bonded = s->may_rebond = true;
	lost_its_key(s);
	stage_told(s, "disconnected");
	stage_expect(s, "unpair device " STAGE_DEVICE " 01");
	stage_expect(s, "");
	stage_ok(s, MGMT_UNPAIR, 0, STAGE_DEVICE);
	stage_told(s, "unpaired");
	/* paired anew, and lost again: that is no device that was reset */
	stage_pass(s, 5 * STAGE_S);
	stage_event(s, MGMT_EV_NEW_LTK, 0, "01 " STAGE_DEVICE JUST_WORKS);
	stage_pass(s, 20 * STAGE_S);
	stage_told(s, "paired=kept+sc");
	lost_its_key(s);
	stage_told(s, "stale disconnected");
	stage_expect(s, "");
	/* a good pairing ends that */
	stage_event(s, MGMT_EV_NEW_LTK, 0, "01 " STAGE_DEVICE JUST_WORKS);
	assert_false(adapter_is_stale(&s->adapters[0], &device));
	stage_pass(s, ADAPTER_REBOND_EVERY_US);
	s->log[0] = 0;
	lost_its_key(s);
	stage_expect(s, "unpair device " STAGE_DEVICE " 01");
	stage_event(s, MGMT_EV_COMPLETE, 0, "1B 00 0A " STAGE_DEVICE);
	stage_told(s, "disconnected stale");
	stage_text(s, "cannot be removed");
	stage_free(s);
}

static void test_an_answer_to_unpair_that_never_comes_is_not_waited_for(void **state)
{
	struct stage *s = stage_up();

	s->bonded = s->may_rebond = true;
	lost_its_key(s);
	stage_expect(s, "unpair device " STAGE_DEVICE " 01");
	stage_pass(s, 10 * STAGE_S);
	lost_its_key(s);
	stage_told(s, "disconnected stale disconnected");
	stage_free(s);
}

static void test_more_stale_bonds_than_are_remembered(void **state)
{
	struct stage *s = stage_up();

	s->bonded = true;
	for (unsigned i = 0; i < 3 * ADAPTER_STALE_MAX; i++) {
		char hex[64];

		(void)snprintf(hex, sizeof(hex), "%02X 00 00 EE FF C0 02 05", i);
		stage_event(s, MGMT_EV_AUTH_FAILED, 0, hex);
		stage_told(s, "stale");
	}
	stage_free(s);
}

/* Somebody in its name, or the kernel without our key: in either case not by itself. */
static void test_a_bonded_device_does_not_pair_anew_by_itself(void **state)
{
	struct stage *s = stage_up();

	s->bonded = true;
	stage_event(s, MGMT_EV_CONFIRM, 0, STAGE_DEVICE " 01 00 00 00 00");
	stage_expect(s, "user confirmation negative reply " STAGE_DEVICE);
	stage_event(s, MGMT_EV_PASSKEY, 0, STAGE_DEVICE);
	stage_expect(s, "user passkey negative reply " STAGE_DEVICE);
	/* legacy Just Works does not ask */
	stage_event(s, MGMT_EV_NEW_LTK, 0,
		"01 " STAGE_DEVICE " 00 01 10 34 12 01 02 03 04 05 06 07 08 "
		"00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F");
	stage_told(s, "pair-failed");
	assert_int_equal(s->saved_ltks, 0);
	stage_expect(s, "disconnect " STAGE_DEVICE);
	/* the kernel is given back the keys that are ours */
	stage_pass(s, 2 * STAGE_S);
	stage_renewed(s);
	stage_told(s, "");
	stage_free(s);
}

static void test_keys_that_others_remove_are_told(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_UNPAIRED, 0, STAGE_DEVICE);
	stage_told(s, "rival unpaired");
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_just_works_asks_nobody),
		cmocka_unit_test(test_numbers_are_compared_by_people),
		cmocka_unit_test(test_a_passkey_is_typed_in),
		cmocka_unit_test(test_a_passkey_is_shown_with_its_progress),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_a_pairing_that_does_not_end_is_ended),
		cmocka_unit_test(test_failures_are_told_once),
		cmocka_unit_test(test_paired_is_told_only_when_the_keys_are_safe),
		cmocka_unit_test(test_what_ends_after_the_keys_are_made_is_no_failure),
		cmocka_unit_test(test_what_is_paired_already_is_said_to_be),
		cmocka_unit_test(test_a_device_that_does_not_bond_is_not_kept),
		cmocka_unit_test(test_security_asked_by_a_socket_is_the_same_dialogue),
		cmocka_unit_test(test_strangers_are_refused),
		cmocka_unit_test(test_a_private_address_becomes_the_identity),
		cmocka_unit_test(test_the_active_scan_makes_way_for_pairing),
		cmocka_unit_test(test_as_many_at_once_as_there_is_room_for),
		cmocka_unit_test(test_a_stale_bond_is_told_once),
		cmocka_unit_test(
			test_a_stale_bond_is_renewed_where_that_is_allowed_but_not_for_ever),
		cmocka_unit_test(test_an_answer_to_unpair_that_never_comes_is_not_waited_for),
		cmocka_unit_test(test_more_stale_bonds_than_are_remembered),
		cmocka_unit_test(test_a_bonded_device_does_not_pair_anew_by_itself),
		cmocka_unit_test(test_keys_that_others_remove_are_told),
	};

	return RUN_TESTS(tests);
}
