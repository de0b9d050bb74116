/*
 * The scan of an adapter: what is heard and handed on, the watchdog of a scan
 * gone silent in its stages, and the active scan, which runs only while it is
 * asked for and never while somebody connects.
 */
#include "unit/ble/stage.h"

#include "unit/unit.h"

static void monitor_again(struct stage *s)
{
	stage_expect(s, "remove advertisement monitor 00 00");
	stage_ok(s, MGMT_REMOVE_MONITOR, 0, "00 00");
	stage_expect(s, "add advertisement monitor");
	stage_ok(s, MGMT_ADD_MONITOR, 0, "05 00");
}

/* One report every ten seconds. */
static void hear_for(struct stage *s, int64_t us)
{
	for (int64_t end_us = s->now_us + us; s->now_us < end_us;) {
		stage_advert(s);
		stage_pass(s, 10 * STAGE_S);
	}
}

static void power_cycle(struct stage *s)
{
	stage_asks(s, 0, STAGE_SETTINGS_ALL, "D1 0A 00 00");
	stage_expect(s, "set powered 00");
	/* our own: no other program's doing */
	stage_event(s, MGMT_EV_NEW_SETTINGS, 0, "D0 0A 00 00");
	stage_ok(s, MGMT_SET_POWERED, 0, "D0 0A 00 00");
	stage_renewed(s);
	stage_expect(s, "set powered 01");
	stage_ok(s, MGMT_SET_POWERED, 0, "D1 0A 00 00");
	monitor_again(s);
}

static void test_reports_of_both_kinds_are_handed_on(void **state)
{
	struct stage *s = stage_up();

	stage_advert(s);
	assert_int_equal(s->reports, 1);
	assert_int_equal(s->last.address.type, BLE_ADDRESS_RANDOM);
	assert_int_equal(s->last.rssi, -60);
	assert_int_equal(s->last.length, 3);
	stage_event(s, MGMT_EV_MONITOR_FOUND, 0,
		"05 00 " STAGE_DEVICE " C4 00 00 00 00 03 00 02 01 06");
	assert_int_equal(s->reports, 2);
	assert_int_equal(s->last.monitor, 5);
	/* BR/EDR, from another program's inquiry; and of another controller */
	stage_event(s, MGMT_EV_FOUND, 0, "01 00 00 EE FF C0 00 C4 00 00 00 00 00 00");
	stage_event(s, MGMT_EV_FOUND, 1, STAGE_DEVICE " C4 00 00 00 00 00 00");
	assert_int_equal(s->reports, 2);
	stage_told(s, "");
	stage_free(s);
}

static void test_an_empty_ward_is_no_silent_scan(void **state)
{
	struct stage *s = stage_up();

	stage_pass(s, 3600 * STAGE_S);
	stage_expect(s, "");
	stage_told(s, "");
	/* nor is one where hardly anything was heard */
	for (unsigned i = 0; i < 10; i++) {
		stage_advert(s);
		stage_pass(s, 170 * STAGE_S);
	}
	stage_pass(s, 3600 * STAGE_S);
	stage_expect(s, "");
	stage_told(s, "");
	stage_free(s);
}

static void test_silence_after_life_restarts_the_scan(void **state)
{
	struct stage *s = stage_up();

	hear_for(s, 400 * STAGE_S);
	stage_pass(s, 165 * STAGE_S);
	stage_told(s, "");
	stage_pass(s, 10 * STAGE_S);
	stage_told(s, "silent");
	stage_text(s, "hci0 has heard nothing for 180 s: the scan is restarted");
	monitor_again(s);
	stage_advert(s);
	stage_told(s, "hearing");
	assert_int_equal(s->adapters[0].counters.scan_restarts, 1);
	/* and all begins anew */
	hear_for(s, 400 * STAGE_S);
	stage_told(s, "");
	stage_free(s);
}

static void test_silence_that_lasts_power_cycles_and_then_is_reported(void **state)
{
	struct stage *s = stage_up();

	hear_for(s, 400 * STAGE_S);
	stage_pass(s, 180 * STAGE_S);
	stage_told(s, "silent");
	monitor_again(s);
	stage_pass(s, ADAPTER_RESTARTED_US);
	stage_told(s, "silent down");
	assert_int_equal(s->adapters[0].state, ADAPTER_STARTING);
	power_cycle(s);
	stage_told(s, "up");
	stage_pass(s, ADAPTER_CYCLED_US - STAGE_S);
	stage_told(s, "");
	stage_pass(s, STAGE_S);
	stage_told(s, "problem lost");
	stage_text(s, "neither a new scan nor a power cycle has helped");
	assert_true(s->adapters[0].deaf && s->adapters[0].lost);
	monitor_again(s);
	/* it goes on trying, quietly: the scan often, the power once an hour */
	for (unsigned i = 0; i < 5; i++) {
		stage_pass(s, ADAPTER_DEAF_RETRY_US);
		stage_told(s, "");
		monitor_again(s);
	}
	stage_pass(s, ADAPTER_DEAF_RETRY_US);
	stage_told(s, "silent down");
	power_cycle(s);
	stage_told(s, "up"); /* still not recovered */
	assert_int_equal(s->adapters[0].counters.power_cycles, 2);
	stage_advert(s);
	stage_told(s, "hearing recovered");
	assert_false(s->adapters[0].deaf || s->adapters[0].lost);
	assert_string_equal(s->adapters[0].problem, "");
	stage_free(s);
}

static void test_a_broadcaster_that_is_expected_makes_silence_count(void **state)
{
	struct stage *s = stage_up();

	stage_pass(s, 1000 * STAGE_S);
	adapter_expect(&s->adapters[0], 2, s->now_us);
	stage_pass(s, ADAPTER_SILENT_US - STAGE_S);
	stage_told(s, "");
	stage_pass(s, STAGE_S);
	stage_told(s, "silent");
	monitor_again(s);
	stage_free(s);

	s = stage_up();
	adapter_expect(&s->adapters[0], 1, s->now_us);
	stage_pass(s, ADAPTER_SILENT_US);
	stage_told(s, "silent");
	stage_free(s);
}

static void test_nobody_is_cut_off_because_all_are_connected(void **state)
{
	struct stage *s = stage_up();

	hear_for(s, 400 * STAGE_S);
	stage_event(s, MGMT_EV_CONNECTED, 0, STAGE_DEVICE " 08 00 00 00 00 00");
	stage_told(s, "connected");
	stage_pass(s, 200 * STAGE_S);
	stage_told(s, "silent");
	monitor_again(s);
	stage_pass(s, 4000 * STAGE_S);
	stage_told(s, "");
	stage_expect(s, "");
	assert_int_equal(s->adapters[0].state, ADAPTER_UP);
	stage_free(s);
}

static void test_a_power_cycle_is_made_for_an_expected_one_even_with_links(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_CONNECTED, 0, STAGE_DEVICE " 08 00 00 00 00 00");
	adapter_expect(&s->adapters[0], 1, s->now_us);
	stage_pass(s, ADAPTER_SILENT_US);
	monitor_again(s);
	stage_pass(s, ADAPTER_RESTARTED_US);
	stage_told(s, "connected silent silent down");
	power_cycle(s);
	stage_advert(s);
	stage_told(s, "up hearing");
	/* silent again within the hour: nobody is cut off a second time */
	stage_pass(s, ADAPTER_SILENT_US);
	monitor_again(s);
	stage_pass(s, ADAPTER_RESTARTED_US);
	stage_told(s, "silent problem lost");
	assert_int_equal(s->adapters[0].counters.power_cycles, 1);
	stage_free(s);
}

static void test_a_monitor_that_others_remove_is_added_again(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_MONITOR_REMOVED, 0, "09 00"); /* not ours */
	stage_expect(s, "");
	stage_event(s, MGMT_EV_MONITOR_REMOVED, 0, "05 00");
	monitor_again(s);
	stage_expect(s, "");
	stage_free(s);
}

/* ---- the active scan ---- */

static void test_active_only_while_it_is_asked_for_and_armed_again(void **state)
{
	struct stage *s = stage_up();
	struct adapter *a = &s->adapters[0];

	adapter_discover(a, s->now_us + 25 * STAGE_S, s->now_us);
	stage_expect(s, "start discovery 06");
	stage_event(s, MGMT_EV_DISCOVERING, 0, "06 01");
	stage_ok(s, MGMT_START_DISCOVERY, 0, "06");
	assert_true(a->discovering);
	for (unsigned i = 0; i < 2; i++) {
		/* the kernel ends it by itself */
		stage_pass(s, 10240 * INT64_C(1000));
		stage_event(s, MGMT_EV_DISCOVERING, 0, "06 00");
		stage_expect(s, "start discovery 06");
		stage_ok(s, MGMT_START_DISCOVERY, 0, "06");
		stage_event(s, MGMT_EV_DISCOVERING, 0, "06 01");
	}
	stage_pass(s, 5 * STAGE_S);
	stage_expect(s, "stop discovery 06");
	stage_ok(s, MGMT_STOP_DISCOVERY, 0, "06");
	stage_event(s, MGMT_EV_DISCOVERING, 0, "06 00");
	stage_told(s, "quiet");
	stage_pass(s, 60 * STAGE_S);
	stage_expect(s, "");
	assert_int_equal(a->counters.discoveries, 3);
	stage_free(s);
}

static void test_a_scan_that_ends_at_once_is_not_started_in_a_loop(void **state)
{
	struct stage *s = stage_up();
	unsigned started = 0;

	adapter_discover(&s->adapters[0], s->now_us + 10 * STAGE_S, s->now_us);
	for (int i = 0; i < 1000; i++) {
		if (*stage_command(s)) {
			stage_ok(s, MGMT_START_DISCOVERY, 0, "06");
			stage_event(s, MGMT_EV_DISCOVERING, 0, "06 00");
			started++;
		}
		stage_pass(s, 10 * INT64_C(1000));
	}
	assert_true(started >= 9 && started <= 11);
	stage_free(s);
}

static void test_it_ends_before_a_connection_is_made(void **state)
{
	struct stage *s = stage_up();
	struct adapter *a = &s->adapters[0];

	adapter_discover(a, s->now_us + 100 * STAGE_S, s->now_us);
	stage_expect(s, "start discovery 06");
	/* asked while the command is under way */
	adapter_hold(a, s->now_us);
	assert_false(adapter_can_connect(a));
	stage_expect(s, "");
	stage_ok(s, MGMT_START_DISCOVERY, 0, "06");
	stage_expect(s, "stop discovery 06");
	stage_ok(s, MGMT_STOP_DISCOVERY, 0, "06");
	stage_told(s, "quiet");
	assert_true(adapter_can_connect(a));
	stage_pass(s, 5 * STAGE_S);
	stage_expect(s, "");
	adapter_release(a, s->now_us);
	stage_expect(s, "start discovery 06");
	stage_free(s);
}

static void test_a_refused_scan_does_not_keep_anybody_waiting(void **state)
{
	struct stage *s = stage_up();
	struct adapter *a = &s->adapters[0];

	adapter_discover(a, s->now_us + 100 * STAGE_S, s->now_us);
	stage_expect(s, "start discovery 06");
	adapter_hold(a, s->now_us);
	stage_refuse(s, MGMT_START_DISCOVERY, 0, MGMT_BUSY);
	stage_told(s, "quiet");
	assert_true(adapter_can_connect(a));
	adapter_release(a, s->now_us);
	stage_expect(s, "");
	stage_pass(s, 2 * STAGE_S);
	/* who scans may have changed more */
	stage_renewed(s);
	stage_expect(s, "start discovery 06");
	/* busy twice: somebody else scans */
	stage_refuse(s, MGMT_START_DISCOVERY, 0, MGMT_BUSY);
	stage_told(s, "rival");
	stage_pass(s, 2 * STAGE_S);
	/* it had ended already when it was to be stopped */
	stage_expect(s, "start discovery 06");
	stage_ok(s, MGMT_START_DISCOVERY, 0, "06");
	adapter_discover(a, 0, s->now_us);
	stage_expect(s, "stop discovery 06");
	stage_refuse(s, MGMT_STOP_DISCOVERY, 0, MGMT_REJECTED);
	stage_told(s, "quiet");
	assert_true(adapter_can_connect(a));
	stage_free(s);
}

static void test_parameters_are_loaded_again_when_they_change(void **state)
{
	struct stage *s = stage_up();

	s->params[0] = (struct mgmt_params){ { 2, { 1, 0, 0, 0xEE, 0xFF, 0xC0 } }, 6, 12, 0, 100 };
	s->param_count = 1;
	adapter_load_params(&s->adapters[0], s->now_us);
	stage_expect(
		s, "load connection parameters 01 00 " STAGE_DEVICE " 06 00 0C 00 00 00 64 00");
	stage_ok(s, MGMT_LOAD_PARAMS, 0, "");
	stage_event(s, MGMT_EV_NEW_PARAMS, 0, "01 " STAGE_DEVICE " 18 00 28 00 00 00 90 01");
	stage_told(s, "params");
	stage_event(s, MGMT_EV_NEW_PARAMS, 0, "01 " STAGE_DEVICE " 01 00 28 00 00 00 90 01");
	stage_told(s, ""); /* none that may be loaded */
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports_of_both_kinds_are_handed_on),
		cmocka_unit_test(test_an_empty_ward_is_no_silent_scan),
		cmocka_unit_test(test_silence_after_life_restarts_the_scan),
		cmocka_unit_test(test_silence_that_lasts_power_cycles_and_then_is_reported),
		cmocka_unit_test(test_a_broadcaster_that_is_expected_makes_silence_count),
		cmocka_unit_test(test_nobody_is_cut_off_because_all_are_connected),
		cmocka_unit_test(test_a_power_cycle_is_made_for_an_expected_one_even_with_links),
		cmocka_unit_test(test_a_monitor_that_others_remove_is_added_again),
		cmocka_unit_test(test_active_only_while_it_is_asked_for_and_armed_again),
		cmocka_unit_test(test_a_scan_that_ends_at_once_is_not_started_in_a_loop),
		cmocka_unit_test(test_it_ends_before_a_connection_is_made),
		cmocka_unit_test(test_a_refused_scan_does_not_keep_anybody_waiting),
		cmocka_unit_test(test_parameters_are_loaded_again_when_they_change),
	};

	return RUN_TESTS(tests);
}
