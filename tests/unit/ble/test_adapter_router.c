/*
 * Which controller is whose: by address, by name, or any; several adapters on
 * one stream; and packets that are nobody's.
 */
#include "unit/ble/stage.h"

#include <errno.h>

#include "unit/unit.h"

static void test_by_address_by_name_and_the_rest_for_auto(void **state)
{
	struct stage *s = stage_new("auto hci2 00:AA:01:00:00:01");

	stage_controllers(s, "012", "80 00 00 00");
	assert_int_equal(s->adapters[0].index, 0);
	assert_int_equal(s->adapters[1].index, 2);
	assert_int_equal(s->adapters[2].index, 1);
	assert_int_equal(s->adapters[2].address.octets[0], 1);
	stage_free(s);

	/* even when the one that any would do for is known first */
	s = stage_new("auto hci0");
	stage_controllers(s, "01", "80 00 00 00");
	assert_int_equal(s->adapters[0].index, 1);
	assert_int_equal(s->adapters[1].index, 0);
	stage_free(s);
}

static void test_one_that_is_not_there_is_named_and_waited_for(void **state)
{
	struct stage *s = stage_new("00:AA:01:00:00:07");

	stage_controllers(s, "0", "80 00 00 00");
	assert_int_equal(s->adapters[0].state, ADAPTER_ABSENT);
	stage_pass(s, ADAPTER_LOST_US);
	stage_told(s, "lost");
	stage_text(s, "Bluetooth adapter 00:AA:01:00:00:07 was not found; Adapter=auto takes any");
	stage_event(s, MGMT_EV_INDEX_ADDED, 7, "");
	stage_asks(s, 7, STAGE_SETTINGS_ALL, "80 00 00 00");
	assert_int_equal(s->adapters[0].index, 7);
	stage_bring_up(s, 7);
	stage_told(s, "up recovered");
	stage_free(s);

	s = stage_new("auto");
	stage_expect(s, "read version; read controller list");
	stage_ok(s, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, "00 00");
	stage_pass(s, ADAPTER_LOST_US);
	stage_told(s, "lost");
	stage_text(s, "no Bluetooth Low Energy adapter was found");
	/* in case that an event was lost: the list again */
	stage_pass(s, ADAPTER_ROUTER_LIST_US);
	stage_expect(s, "read controller list");
	stage_ok(s, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, "01 00 00 00");
	stage_expect(s, "read controller information");
	stage_free(s);
}

static void test_auto_takes_none_without_low_energy_or_address(void **state)
{
	struct stage *s = stage_new("auto");

	stage_expect(s, "read version; read controller list");
	stage_ok(s, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, "02 00 00 00 01 00");
	stage_expect(s, "read controller information; read controller information");
	stage_info(s, 0, "FF BC 01 00", "80 00 00 00");
	assert_int_equal(s->adapters[0].state, ADAPTER_ABSENT);
	stage_info(s, 1, STAGE_SETTINGS_ALL, "80 00 00 00");
	assert_int_equal(s->adapters[0].index, 1);
	stage_free(s);

	/* named, it is taken, and what is wrong is said */
	s = stage_new("hci0");
	stage_expect(s, "read version; read controller list");
	stage_ok(s, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, "01 00 00 00");
	stage_asks(s, 0, "FF BC 01 00", "80 00 00 00");
	stage_asks(s, 0, "FF BC 01 00", "80 00 00 00");
	stage_told(s, "problem");
	stage_text(s, "hci0 is no Bluetooth Low Energy adapter");
	stage_free(s);
}

static void test_auto_waits_for_the_one_it_made_its_bonds_with(void **state)
{
	struct stage *s = stage_new("auto");

	s->adapters[0].address =
		(struct ble_address){ BLE_ADDRESS_PUBLIC, { 1, 0, 0, 1, 0xAA, 0 } };
	stage_controllers(s, "012", "80 00 00 00");
	assert_int_equal(s->adapters[0].index, 1);
	stage_free(s);

	s = stage_new("auto");
	s->adapters[0].address =
		(struct ble_address){ BLE_ADDRESS_PUBLIC, { 9, 0, 0, 1, 0xAA, 0 } };
	stage_controllers(s, "02", "80 00 00 00");
	assert_int_equal(s->adapters[0].state, ADAPTER_ABSENT);
	stage_pass(s, ADAPTER_ROUTER_PREFER_US - 1);
	assert_int_equal(s->adapters[0].state, ADAPTER_ABSENT);
	stage_pass(s, 1);
	assert_int_equal(s->adapters[0].index, 0);
	stage_free(s);
}

static void test_two_adapters_on_one_stream_do_not_meet(void **state)
{
	struct stage *s = stage_new("hci0 hci1");

	stage_controllers(s, "01", "D1 0A 00 00");
	/* they take turns */
	stage_expect(s, "read controller information@hci0; read controller information@hci1");
	stage_info(s, 1, STAGE_SETTINGS_ALL, "D1 0A 00 00");
	stage_info(s, 0, STAGE_SETTINGS_ALL, "D1 0A 00 00");
	for (unsigned i = 0; i < 12 && (s->adapters[0].state == ADAPTER_STARTING ||
					       s->adapters[1].state == ADAPTER_STARTING);
		i++) {
		while (*stage_command(s))
			;
		for (uint16_t hci = 0; hci < 2; hci++)
			if (s->adapters[hci].waiting)
				stage_ok(s, s->adapters[hci].waiting, hci,
					s->adapters[hci].waiting == MGMT_ADD_MONITOR ? "01 00"
										     : "");
	}
	assert_int_equal(s->adapters[0].state, ADAPTER_UP);
	assert_int_equal(s->adapters[1].state, ADAPTER_UP);
	s->log[0] = 0;
	stage_event(s, MGMT_EV_FOUND, 1, STAGE_DEVICE " C4 00 00 00 00 00 00");
	assert_int_equal(s->adapters[0].counters.reports, 0);
	assert_int_equal(s->adapters[1].counters.reports, 1);
	stage_event(s, MGMT_EV_NEW_SETTINGS, 1, "D0 0A 00 00");
	stage_told(s, "problem@1 down@1");
	stage_event(s, MGMT_EV_INDEX_REMOVED, 0, "");
	stage_told(s, "down@0");
	stage_free(s);
}

static void test_a_controller_that_went_unheard_is_found_out(void **state)
{
	struct stage *s = stage_up();

	adapter_discover(&s->adapters[0], s->now_us + 10 * STAGE_S, s->now_us);
	stage_expect(s, "start discovery 06");
	stage_refuse(s, MGMT_START_DISCOVERY, 0, MGMT_INVALID_INDEX);
	stage_told(s, "problem down");
	stage_text(s, "no such controller");
	stage_expect(s, "read controller list");
	stage_ok(s, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, "01 00 03 00");
	assert_int_equal(s->adapters[0].state, ADAPTER_ABSENT);
	stage_expect(s, "read controller information");
	stage_free(s);
}

static void test_questions_without_an_answer_are_asked_again(void **state)
{
	struct stage *s = stage_new("auto");

	stage_expect(s, "read version; read controller list");
	stage_expect(s, "");
	stage_pass(s, ADAPTER_ROUTER_REPLY_US);
	stage_expect(s, "read controller list");
	stage_ok(s, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, "01 00 00 00");
	stage_expect(s, "read controller information");
	stage_refuse(s, MGMT_READ_INFO, 0, MGMT_FAILED);
	stage_expect(s, "");
	stage_pass(s, ADAPTER_ROUTER_REPLY_US);
	stage_expect(s, "read controller information");
	stage_pass(s, ADAPTER_ROUTER_REPLY_US);
	stage_expect(s, "read controller information");
	stage_free(s);
}

static void test_packets_of_nobody_change_nothing(void **state)
{
	struct stage *s = stage_up();

	adapter_router_receive(&s->router, (const uint8_t *)"\x12", 1, s->now_us);
	adapter_router_receive(&s->router, (const uint8_t *)"\x06\0\0\0\x04\0\x01", 7, s->now_us);
	assert_int_equal(s->router.bad_packets, 2);
	stage_event(s, 0x0031, 0, "00");
	stage_event(s, MGMT_EV_NEW_SETTINGS, MGMT_INDEX_NONE, "00 00 00 00");
	stage_event(s, MGMT_EV_INDEX_ADDED, MGMT_INDEX_NONE, "");
	stage_event(s, MGMT_EV_EXT_INDEX_ADDED, 4, "01 01"); /* unconfigured */
	stage_event(s, MGMT_EV_INDEX_ADDED, 0, "");          /* known */
	stage_event(s, MGMT_EV_INDEX_REMOVED, 9, "");
	stage_told(s, "");
	stage_expect(s, "");
	assert_int_equal(s->adapters[0].state, ADAPTER_UP);
	stage_free(s);
}

static void test_limits(void **state)
{
	struct stage *s = stage_new("auto auto auto auto auto auto auto auto");
	struct adapter one_more;

	assert_int_equal(adapter_router_add(&s->router, &one_more), -ENOSPC);
	for (uint16_t i = 0; i < 2 * CONTROLLERS_MAX; i++)
		stage_event(s, MGMT_EV_INDEX_ADDED, i, "");
	for (uint16_t i = 0; i < CONTROLLERS_MAX; i++)
		assert_true(s->router.controllers[i].used);
	stage_free(s);

	s = stage_up();
	for (unsigned i = 0; i < ADAPTER_ORDERS_MAX; i++)
		assert_int_equal(adapter_disconnect(&s->adapters[0],
					 &(struct ble_address){ 1, { 1 } }, s->now_us),
			0);
	assert_int_equal(
		adapter_disconnect(&s->adapters[0], &(struct ble_address){ 1, { 1 } }, s->now_us),
		-ENOBUFS);
	stage_expect(s, "disconnect 01 00 00 00 00 00 01");
	for (unsigned i = 0; i < 200; i++) {
		char hex[64];

		(void)snprintf(hex, sizeof(hex), "%02X 00 00 EE FF C0 02 08 00 00 00 00 00", i);
		stage_event(s, MGMT_EV_CONNECTED, 0, hex);
	}
	assert_int_equal(s->adapters[0].link_count, ADAPTER_LINKS_MAX);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_address_by_name_and_the_rest_for_auto),
		cmocka_unit_test(test_one_that_is_not_there_is_named_and_waited_for),
		cmocka_unit_test(test_auto_takes_none_without_low_energy_or_address),
		cmocka_unit_test(test_auto_waits_for_the_one_it_made_its_bonds_with),
		cmocka_unit_test(test_two_adapters_on_one_stream_do_not_meet),
		cmocka_unit_test(test_a_controller_that_went_unheard_is_found_out),
		cmocka_unit_test(test_questions_without_an_answer_are_asked_again),
		cmocka_unit_test(test_packets_of_nobody_change_nothing),
		cmocka_unit_test(test_limits),
	};

	return RUN_TESTS(tests);
}
