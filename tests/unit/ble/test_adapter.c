/*
 * An adapter by scripts of packets: how it is found and brought up, what takes it
 * down, how it comes back, and in which words that is told.
 */
#include "unit/ble/stage.h"

#include "unit/unit.h"
#include "util/cleanup.h"

static void test_brought_up_in_its_order_keys_before_power(void **state)
{
	struct stage *s = stage_new("auto");

	stage_controllers(s, "0", "80 00 00 00");
	assert_int_equal(s->router.revision, 22);
	assert_int_equal(s->adapters[0].state, ADAPTER_STARTING);
	stage_bring_up(s, 0);
	assert_int_equal(s->adapters[0].state, ADAPTER_UP);
	assert_true(s->adapters[0].keys_loaded);
	assert_int_equal(s->adapters[0].monitor, 5);
	stage_expect(s, "");
	stage_told(s, "up");
	stage_free(s);
}

static void test_keys_of_devices_are_loaded_and_bad_ones_left_out(void **state)
{
	struct stage *s = stage_new("auto");

	s->ltks[0] = (struct mgmt_ltk){ .address = { 2, { 1, 0, 0, 0xEE, 0xFF, 0xC0 } },
		.type = MGMT_LTK_P256_UNAUTHENTICATED,
		.size = 16 };
	s->ltks[1] = s->ltks[0];
	s->ltks[1].address.octets[5] = 0x40; /* resolvable: the kernel would refuse them all */
	s->ltk_count = 2;
	s->irks[0] = (struct mgmt_irk){ .address = s->ltks[0].address, .value = { 9 } };
	s->irks[1].address = s->ltks[0].address; /* no key */
	s->irk_count = 2;
	s->params[0] = (struct mgmt_params){ s->ltks[0].address, 24, 40, 0, 400 };
	s->params[1] = (struct mgmt_params){ s->ltks[0].address, 40, 24, 0, 400 };
	s->param_count = 2;
	stage_controllers(s, "0", "D0 0A 00 00");
	stage_asks(s, 0, STAGE_SETTINGS_ALL, "D0 0A 00 00");
	/* what is set already is not set again; the IO capability cannot be read */
	stage_expect(s, "set IO capability 03");
	stage_ok(s, MGMT_SET_IO_CAPABILITY, 0, "");
	stage_expect(s,
		"load long-term keys 01 00 " STAGE_DEVICE " 02 00 10 00 00 00 00 00 00 00 00 00 00"
		" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	stage_ok(s, MGMT_LOAD_LTKS, 0, "");
	stage_expect(s, "load identity resolving keys 01 00 " STAGE_DEVICE
			" 09 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	stage_ok(s, MGMT_LOAD_IRKS, 0, "");
	stage_expect(
		s, "load connection parameters 01 00 " STAGE_DEVICE " 18 00 28 00 00 00 90 01");
	stage_ok(s, MGMT_LOAD_PARAMS, 0, "");
	stage_expect(s, "set powered 01");
	stage_free(s);
}

static void test_one_that_is_on_already_is_not_switched_off(void **state)
{
	struct stage *s = stage_new("auto");

	stage_controllers(s, "0", "D1 0A 00 00");
	stage_asks(s, 0, STAGE_SETTINGS_ALL, "D1 0A 00 00");
	stage_renewed(s);
	stage_expect(s, "remove advertisement monitor 00 00");
	/* there was none: older kernels call that an error */
	stage_refuse(s, MGMT_REMOVE_MONITOR, 0, MGMT_INVALID_PARAMETERS);
	stage_expect(s, "add advertisement monitor");
	stage_ok(s, MGMT_ADD_MONITOR, 0, "01 00");
	stage_told(s, "up");
	stage_free(s);
}

static void test_a_controller_of_low_energy_alone(void **state)
{
	struct stage *s = stage_new("auto");

	stage_expect(s, "read version; read controller list");
	stage_ok(s, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE, "01 00 00 00");
	stage_expect(s, "read controller information");
	/* neither BR/EDR nor Secure Simple Pairing */
	stage_info(s, 0, "13 0A 00 00", "00 02 00 00");
	stage_asks(s, 0, "13 0A 00 00", "00 02 00 00");
	stage_expect(s, "set secure connections 01");
	/* an early word that it is being done is no answer yet */
	stage_event(s, MGMT_EV_STATUS, 0, "2D 00 00");
	stage_expect(s, "");
	stage_refuse(s, MGMT_SET_SECURE_CONNECTIONS, 0, MGMT_NOT_SUPPORTED);
	/* it can do without */
	stage_expect(s, "set bondable 01");
	stage_free(s);
}

static void test_permission_denied_names_the_capability(void **state)
{
	struct stage *s = stage_new("auto");

	stage_controllers(s, "0", "80 00 00 00");
	stage_asks(s, 0, STAGE_SETTINGS_ALL, "80 00 00 00");
	stage_expect(s, "set low energy 01");
	stage_refuse(s, MGMT_SET_LE, 0, MGMT_PERMISSION_DENIED);
	stage_told(s, "problem");
	stage_text(s, "CAP_NET_ADMIN");
	assert_int_equal(s->adapters[0].state, ADAPTER_RESTING);
	stage_pass(s, 30 * STAGE_S);
	stage_told(s, "lost");
	stage_text(s, "CAP_NET_ADMIN");
	stage_expect(s, "");
	stage_pass(s, 31 * STAGE_S);
	/* tried again, and not told again */
	stage_asks(s, 0, STAGE_SETTINGS_ALL, "80 00 00 00");
	stage_expect(s, "set low energy 01");
	stage_refuse(s, MGMT_SET_LE, 0, MGMT_PERMISSION_DENIED);
	stage_told(s, "");
	stage_free(s);
}

static void test_what_refuses_power_is_named(void **state)
{
	static const struct {
		uint8_t status;
		const char *text;
	} rows[] = { { MGMT_RFKILLED, "rfkill unblock bluetooth" },
		{ MGMT_FAILED, "rfkill unblock bluetooth" },
		{ MGMT_TIMEOUT, "set powered: timed out" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct stage *s = stage_new("auto");

		stage_controllers(s, "0", "D0 0A 00 00");
		stage_asks(s, 0, STAGE_SETTINGS_ALL, "D0 0A 00 00");
		while (s->adapters[0].state == ADAPTER_STARTING) {
			uint16_t op;

			(void)stage_command(s);
			op = s->adapters[0].waiting;
			if (op == MGMT_SET_POWERED)
				stage_refuse(s, op, 0, rows[i].status);
			else
				stage_ok(s, op, 0, "");
		}
		stage_told(s, "problem");
		stage_text(s, rows[i].text);
		stage_free(s);
	}
}

static void test_a_kernel_without_monitors_is_named(void **state)
{
	struct stage *s = stage_up();

	s->adapters[0].todo = 0;
	stage_event(s, MGMT_EV_MONITOR_REMOVED, 0, "05 00");
	stage_expect(s, "remove advertisement monitor 00 00");
	stage_ok(s, MGMT_REMOVE_MONITOR, 0, "00 00");
	stage_expect(s, "add advertisement monitor");
	stage_refuse(s, MGMT_ADD_MONITOR, 0, MGMT_UNKNOWN_COMMAND);
	stage_told(s, "problem down");
	stage_text(s, "Linux 5.10");
	stage_free(s);
}

static void test_busy_is_tried_again_and_then_named(void **state)
{
	struct stage *s = stage_new("auto");
	unsigned tries = 0;

	stage_controllers(s, "0", "80 00 00 00");
	stage_asks(s, 0, STAGE_SETTINGS_ALL, "80 00 00 00");
	while (s->adapters[0].state == ADAPTER_STARTING) {
		stage_expect(s, "set low energy 01");
		stage_expect(s, "");
		stage_refuse(s, MGMT_SET_LE, 0, MGMT_BUSY);
		stage_expect(s, ""); /* not at once */
		if (s->adapters[0].state == ADAPTER_STARTING)
			stage_pass(s, 20 * STAGE_S);
		tries++;
	}
	assert_int_equal(tries, 7);
	stage_told(s, "lost rival problem");
	stage_text(s, "bluetooth.service");
	stage_free(s);
}

static void test_silence_of_the_kernel_is_no_end(void **state)
{
	struct stage *s = stage_new("auto");

	stage_controllers(s, "0", "80 00 00 00");
	stage_expect(s, "read controller information");
	stage_pass(s, ADAPTER_REPLY_US);
	stage_told(s, "problem lost");
	stage_text(s, "does not answer: read controller information");
	assert_int_equal(s->adapters[0].counters.timeouts, 1);
	stage_pass(s, ADAPTER_RETRY_MIN_US);
	stage_bring_up(s, 0);
	stage_told(s, "up recovered");
	/* a reply that comes too late changes nothing */
	stage_refuse(s, MGMT_READ_INFO, 0, MGMT_FAILED);
	assert_int_equal(s->adapters[0].state, ADAPTER_UP);
	stage_free(s);
}

static void test_powered_off_by_others_it_is_powered_on_again(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_NEW_SETTINGS, 0, "D0 0A 00 00");
	stage_told(s, "problem down");
	stage_text(s, "powered off by another program");
	assert_int_equal(s->adapters[0].state, ADAPTER_RESTING);
	stage_expect(s, "");
	stage_pass(s, ADAPTER_RETRY_MIN_US);
	stage_bring_up(s, 0);
	stage_told(s, "up"); /* before it was called lost */
	stage_expect(s, "");
	assert_int_equal(s->adapters[0].problem[0], 0);
	stage_free(s);
}

static void test_an_unplugged_one_is_no_sign_of_another_program(void **state)
{
	struct stage *s = stage_up();

	for (unsigned i = 0; i < 4; i++) {
		/* in this order by the kernel */
		stage_event(s, MGMT_EV_NEW_SETTINGS, 0, "D0 0A 00 00");
		stage_told(s, "problem down");
		stage_text(s, "being unplugged");
		stage_event(s, MGMT_EV_INDEX_REMOVED, 0, "");
		stage_event(s, MGMT_EV_INDEX_ADDED, 0, "");
		stage_asks(s, 0, STAGE_SETTINGS_ALL, "80 00 00 00");
		stage_bring_up(s, 0);
		stage_told(s, "up");
	}
	assert_false(s->adapters[0].rival);
	stage_free(s);
}

static void test_powered_off_again_and_again_the_waits_grow(void **state)
{
	struct stage *s = stage_up();
	int64_t last_us = 0;

	for (unsigned i = 0; i < 8; i++) {
		int64_t began_us = s->now_us;

		stage_event(s, MGMT_EV_NEW_SETTINGS, 0, "D0 0A 00 00");
		assert_int_equal(s->adapters[0].state, ADAPTER_RESTING);
		while (s->adapters[0].state == ADAPTER_RESTING)
			stage_pass(s, STAGE_S);
		assert_true(s->now_us - began_us >= last_us);
		assert_true(s->now_us - began_us <= ADAPTER_RETRY_MAX_US + STAGE_S);
		last_us = s->now_us - began_us;
		stage_bring_up(s, 0);
	}
	assert_true(last_us >= ADAPTER_RETRY_MAX_US);
	assert_true(s->adapters[0].rival);
	/* once it has held for a while, all begins anew */
	stage_pass(s, 3 * ADAPTER_STEADY_US);
	stage_event(s, MGMT_EV_NEW_SETTINGS, 0, "D0 0A 00 00");
	stage_pass(s, ADAPTER_RETRY_MIN_US);
	assert_int_equal(s->adapters[0].state, ADAPTER_STARTING);
	stage_free(s);
}

static void test_a_hardware_error_is_waited_for_and_survived(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_CONTROLLER_ERROR, 0, "2A");
	stage_told(s, "problem down");
	stage_text(s, "0x2A");
	stage_pass(s, 2 * STAGE_S);
	stage_bring_up(s, 0);
	stage_told(s, "up");
	stage_free(s);
}

static void test_unplugged_and_replugged_under_another_number(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_INDEX_REMOVED, 0, "");
	stage_told(s, "down");
	stage_text(s, "hci0 was unplugged");
	stage_pass(s, ADAPTER_LOST_US);
	stage_told(s, "lost");
	stage_event(s, MGMT_EV_INDEX_ADDED, 1, "");
	stage_expect(s, "read controller information");
	/* another controller: it had one before, and that one may come back */
	stage_info(s, 1, STAGE_SETTINGS_ALL, "80 00 00 00");
	assert_int_equal(s->adapters[0].state, ADAPTER_ABSENT);
	stage_pass(s, ADAPTER_ROUTER_PREFER_US);
	assert_int_equal(s->adapters[0].index, 1);
	stage_bring_up(s, 1);
	stage_told(s, "up recovered");
	stage_free(s);
}

static void test_the_same_adapter_comes_back_at_once(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_EXT_INDEX_REMOVED, 0, "00 01");
	stage_event(s, MGMT_EV_EXT_INDEX_ADDED, 0, "00 01");
	stage_asks(s, 0, STAGE_SETTINGS_ALL, "80 00 00 00");
	assert_int_equal(s->adapters[0].index, 0);
	stage_bring_up(s, 0);
	stage_told(s, "down up");
	stage_free(s);
}

static void test_the_socket_goes_and_comes(void **state)
{
	struct stage *s = stage_up();

	adapter_router_stop(&s->router, "the management socket is gone", s->now_us);
	stage_told(s, "down");
	assert_int_equal(s->adapters[0].state, ADAPTER_OFF);
	stage_expect(s, "");
	stage_event(s, MGMT_EV_INDEX_ADDED, 0, "");
	stage_expect(s, "");
	adapter_router_start(&s->router, s->now_us);
	stage_controllers(s, "0", "80 00 00 00");
	stage_bring_up(s, 0);
	stage_told(s, "up");
	stage_free(s);
}

static void test_settings_changed_under_us_are_set_again(void **state)
{
	struct stage *s = stage_up();

	/* bondable and Secure Connections are gone */
	stage_event(s, MGMT_EV_NEW_SETTINGS, 0, "C1 02 00 00");
	assert_int_equal(s->adapters[0].state, ADAPTER_UP);
	stage_expect(s, "set secure connections 01");
	stage_ok(s, MGMT_SET_SECURE_CONNECTIONS, 0, "C1 0A 00 00");
	stage_expect(s, "set bondable 01");
	stage_ok(s, MGMT_SET_BONDABLE, 0, "D1 0A 00 00");
	stage_expect(s, "set IO capability 03");
	stage_ok(s, MGMT_SET_IO_CAPABILITY, 0, "");
	stage_expect(s, "");
	stage_told(s, "");
	/* once may be anything; twice is another program */
	stage_event(s, MGMT_EV_NEW_SETTINGS, 0, "C1 0A 00 00");
	stage_told(s, "rival");
	stage_text(s, "bluetooth.service");
	stage_free(s);
}

/* What bluetoothd does when it starts: ours are gone then, and nothing tells. */
static void test_keys_are_loaded_again_after_another_program_started(void **state)
{
	struct stage *s = stage_up();

	stage_event(s, MGMT_EV_DEVICE_REMOVED, 0, "00 00 00 00 00 00 00");
	stage_told(s, "rival");
	stage_expect(s, "");
	stage_event(s, MGMT_EV_NAME_CHANGED, 0, "");
	stage_pass(s, 2 * STAGE_S);
	stage_renewed(s);
	stage_expect(s, "");
	/* not again and again */
	stage_event(s, MGMT_EV_NAME_CHANGED, 0, "");
	stage_pass(s, 9 * STAGE_S);
	stage_expect(s, "");
	stage_pass(s, STAGE_S);
	stage_expect(s, "set IO capability 03");
	assert_int_equal(s->adapters[0].state, ADAPTER_UP);
	stage_free(s);
}

static void test_a_running_bluetoothd_is_named_once_an_hour(void **state)
{
	struct stage *s = stage_up();

	/* it adds a device, it discovers, it calls the adapter something */
	stage_event(s, MGMT_EV_DEVICE_ADDED, 0, STAGE_DEVICE " 01");
	stage_told(s, "rival");
	stage_event(s, MGMT_EV_DISCOVERING, 0, "07 01");
	stage_event(s, MGMT_EV_NAME_CHANGED, 0, "");
	stage_event(s, MGMT_EV_NAME_CHANGED, 0, "");
	adapter_note_rival(&s->adapters[0], s->now_us);
	stage_told(s, "");
	assert_true(adapter_can_connect(&s->adapters[0]));
	s->now_us += 3700 * STAGE_S;
	adapter_note_rival(&s->adapters[0], s->now_us);
	stage_told(s, "rival");
	stage_free(s);
}

static void test_keys_that_the_kernel_refuses_do_not_stop_the_scan(void **state)
{
	struct stage *s = stage_new("auto");

	stage_controllers(s, "0", "D1 0A 00 00");
	stage_asks(s, 0, STAGE_SETTINGS_ALL, "D1 0A 00 00");
	stage_expect(s, "set IO capability 03");
	stage_ok(s, MGMT_SET_IO_CAPABILITY, 0, "");
	stage_expect(s, "load long-term keys 00 00");
	stage_refuse(s, MGMT_LOAD_LTKS, 0, MGMT_INVALID_PARAMETERS);
	stage_told(s, "problem");
	stage_text(s, "load long-term keys: invalid parameters");
	stage_expect(s, "load identity resolving keys 00 00");
	stage_ok(s, MGMT_LOAD_IRKS, 0, "");
	(void)stage_command(s);
	stage_ok(s, MGMT_LOAD_PARAMS, 0, "");
	(void)stage_command(s);
	stage_ok(s, MGMT_REMOVE_MONITOR, 0, "00 00");
	(void)stage_command(s);
	stage_ok(s, MGMT_ADD_MONITOR, 0, "01 00");
	stage_told(s, "up");
	assert_false(s->adapters[0].keys_loaded);
	assert_true(strlen(s->adapters[0].problem) > 0);
	stage_free(s);
}

static void test_words(void **state)
{
	for (unsigned i = 0; i < _ADAPTER_NOTICE_MAX; i++)
		assert_string_not_equal(adapter_kind_word((enum adapter_kind)i), "unknown");
	assert_string_equal(adapter_kind_word(_ADAPTER_NOTICE_MAX), "unknown");
	assert_string_equal(adapter_state_word(ADAPTER_RESTING), "resting");
	assert_string_equal(adapter_state_word(ADAPTER_OFF), "off");
	assert_string_equal(adapter_state_word((enum adapter_state)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_brought_up_in_its_order_keys_before_power),
		cmocka_unit_test(test_keys_of_devices_are_loaded_and_bad_ones_left_out),
		cmocka_unit_test(test_one_that_is_on_already_is_not_switched_off),
		cmocka_unit_test(test_a_controller_of_low_energy_alone),
		cmocka_unit_test(test_permission_denied_names_the_capability),
		cmocka_unit_test(test_what_refuses_power_is_named),
		cmocka_unit_test(test_a_kernel_without_monitors_is_named),
		cmocka_unit_test(test_busy_is_tried_again_and_then_named),
		cmocka_unit_test(test_silence_of_the_kernel_is_no_end),
		cmocka_unit_test(test_powered_off_by_others_it_is_powered_on_again),
		cmocka_unit_test(test_powered_off_again_and_again_the_waits_grow),
		cmocka_unit_test(test_a_hardware_error_is_waited_for_and_survived),
		cmocka_unit_test(test_unplugged_and_replugged_under_another_number),
		cmocka_unit_test(test_the_same_adapter_comes_back_at_once),
		cmocka_unit_test(test_the_socket_goes_and_comes),
		cmocka_unit_test(test_settings_changed_under_us_are_set_again),
		cmocka_unit_test(test_an_unplugged_one_is_no_sign_of_another_program),
		cmocka_unit_test(test_keys_are_loaded_again_after_another_program_started),
		cmocka_unit_test(test_a_running_bluetoothd_is_named_once_an_hour),
		cmocka_unit_test(test_keys_that_the_kernel_refuses_do_not_stop_the_scan),
		cmocka_unit_test(test_words),
	};

	return RUN_TESTS(tests);
}
