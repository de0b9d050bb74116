/*
 * pair, unpair and discover with a driver that does what a test wants: each
 * question and its answers, each end in its words, and what becomes of a
 * dialogue that nobody goes on with.
 */
#include <errno.h>

#include "asking.h"
#include "radio.h"

/* --- a world --- */

#define ASKERS 3

struct world {
	sd_event *event;
	struct config config;
	struct config_device devices[3];
	struct radio radio;
	struct control control;
	char told[ASKERS][8192];
	char audited[256];
};

static void on_audit(const struct command_audit *a, void *userdata)
{
	struct world *w = (struct world *)((char *)userdata - offsetof(struct world, control));

	snprintf(w->audited, sizeof(w->audited), "%s %s", a->verb, a->arguments);
}

static void begin(struct world *w)
{
	*w = (struct world){
		.config = { .refs = 1,
			.gateway = { .name = (char *)"gw" },
			.ble = { .enabled = true },
			.devices = w->devices,
			.device_count = 3 },
		.devices = { { .name = (char *)"bed3",
				     .transport = TRANSPORT_BLE,
				     .address = (char *)"C0:FF:EE:00:00:01" },
			{ .name = (char *)"bed4",
				.transport = TRANSPORT_COAP,
				.address = (char *)"ox-9" },
			{ .name = (char *)"bed5",
				.transport = TRANSPORT_BLE,
				.address = (char *)"C0:FF:EE:00:00:05",
				.bonding = BONDING_NO } },
		.radio = { .there = true },
	};
	w->control = (struct control){ .parts = { .hooks = { .look = on_look,
							  .pairing = on_pairing,
							  .userdata = &w->radio } },
		.config = &w->config };
	asking_begin(&w->control, &w->event, on_audit);
}

static void end(struct world *w)
{
	pairing_abandon(&w->control);
	assert_null(w->control.pair_run);
	asking_end(&w->control, w->event);
}

static void on_answer(const struct commands_answer *a, void *userdata)
{
	char *told = userdata;

	assert_string_equal(told, "");
	snprintf(told, sizeof(((struct world *)NULL)->told[0]), "%s %s",
		command_outcome_text(a->outcome), a->error ?: a->result ?: "-");
}

/* One of some who ask at the same time; "" while it waits. */
static const char *ask_as(struct world *w, unsigned who, const char *verb, const char *json)
{
	w->told[who][0] = 0;
	anna_asks(w->control.commands, verb, json, on_answer, w->told[who]);
	return w->told[who];
}

static const char *ask(struct world *w, const char *verb, const char *json)
{
	return ask_as(w, 0, verb, json);
}

#define PAIR "{\"device\":\"bed3\"}"
#define ANSWER(n, a) "{\"device\":\"bed3\",\"pairing\":" n ",\"answer\":\"" a "\"}"
#define STEP(n, s) "Done {\"device\":\"bed3\",\"pairing\":" n ",\"step\":\"" s "\""

/* --- who can be paired --- */

static void test_without_bluetooth(void **state)
{
	struct world w;

	begin(&w);
	w.radio.there = false;
	w.config.ble.enabled = false;
	assert_string_equal(ask(&w, "pair", PAIR),
		"Refused Bluetooth is not enabled; set Enabled=yes in [BLE], and reload");
	assert_string_equal(ask(&w, "unpair", PAIR),
		"Refused Bluetooth is not enabled; set Enabled=yes in [BLE], and reload");
	w.config.ble.enabled = true;
	assert_string_equal(ask(&w, "pair", PAIR),
		"Failed Bluetooth is enabled and does not run; wardgatectl status and the log say "
		"why");
	/* others can be discovered all the same, and forgotten */
	w.control.parts.hooks.look = NULL;
	w.control.parts.hooks.pairing = NULL;
	assert_string_equal(ask(&w, "discover", "{}"), "Done {\"seconds\":10,\"unknown\":[]}");
	pairing_forget(&w.control, "bed3");
	assert_null(strstr(ask(&w, "device", PAIR), "bond"));
	end(&w);
}

static void test_who_is_refused(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "pair", "{\"device\":\"bed9\"}"),
		"NotFound there is no device bed9; wardgatectl devices lists them, and wardgatectl "
		"adopt takes one in");
	assert_string_equal(ask(&w, "pair", "{\"device\":\"bed4\"}"),
		"Refused bed4 is linked by coap; only Bluetooth devices (Transport=ble) are "
		"paired");
	assert_string_equal(ask(&w, "unpair", "{\"device\":\"bed4\"}"),
		"Refused bed4 is linked by coap; only Bluetooth devices (Transport=ble) are "
		"paired");
	assert_string_equal(ask(&w, "pair", "{\"device\":\"bed5\"}"),
		"Refused bed5 is never to be paired, as Bonding=no in its section says; set "
		"Bonding=auto there, and reload");
	assert_string_equal(ask(&w, "pair", "{\"device\":\"bed3\",\"address\":\"here\"}"),
		"InvalidArgument \"address\" is no Bluetooth address; give six pairs of hex "
		"digits, e.g. C0:FF:EE:00:00:01");
	assert_string_equal(ask(&w, "pair", "{\"device\":\"bed3\",\"answer\":\"yes\"}"),
		"InvalidArgument \"answer\" needs \"pairing\", the number of the pairing that "
		"asked");
	assert_string_equal(ask(&w, "pair", "{\"device\":\"bed3\",\"pairing\":1}"),
		"InvalidArgument \"pairing\" needs \"answer\": yes, no, six digits, wait or "
		"cancel");
	assert_string_equal(ask(&w, "pair", ANSWER("1", "yes")),
		"NotFound that pairing is not under way any more; begin with pair without "
		"\"answer\"");
	w.radio.begin = -EBUSY;
	assert_string_equal(ask(&w, "pair", PAIR),
		"Busy another device is being paired; try again in a moment");
	w.radio.begin = -ENODEV;
	assert_string_equal(ask(&w, "pair", PAIR),
		"Failed there is no Bluetooth adapter that can be used; wardgatectl doctor says "
		"what would help");
	w.radio.begin = -EIO;
	assert_string_equal(
		ask(&w, "pair", PAIR), "Failed pairing bed3 cannot begin: Input/output error");
	assert_int_equal(w.radio.begun, 0);
	end(&w);
}

/* --- the dialogue --- */

static void test_just_works(void **state)
{
	int64_t before = boottime_us();
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "pair", PAIR), "");
	assert_string_equal(w.radio.device, "bed3");
	assert_string_equal(w.radio.address, "-");
	assert_in_range(w.radio.until_us, before + 60000000, boottime_us() + 60000000);
	w.radio.result = (struct pairing_result){ .secure_connections = true,
		.identity = "C0:FF:EE:00:00:01" };
	radio_ends(&w.radio, PAIRING_BONDED);
	assert_string_equal(w.told[0],
		STEP("1", "done") ",\"secure_connections\":true,\"authenticated\":false,"
				  "\"identity\":\"C0:FF:EE:00:00:01\"}");
	/* and another one, heard by an address that changes */
	assert_string_equal(
		ask(&w, "pair",
			"{\"device\":\"bed3\",\"address\":\"4a:00:00:00:00:01\",\"seconds\":5}"),
		"");
	assert_string_equal(w.radio.address, "4A:00:00:00:00:01");
	radio_ends(&w.radio, PAIRING_BONDED);
	assert_non_null(strstr(w.told[0], "\"pairing\":2,\"step\":\"done\""));
	end(&w);
}

static void test_a_number_to_compare(void **state)
{
	struct world w;

	begin(&w);
	ask(&w, "pair", PAIR);
	radio_asks(&w.radio, PAIRING_COMPARE, 1234);
	assert_string_equal(w.told[0], STEP("1", "compare") ",\"number\":\"001234\"}");
	/* asked again, it is told again */
	assert_string_equal(ask(&w, "pair", ANSWER("1", "wait")),
		STEP("1", "compare") ",\"number\":\"001234\"}");
	assert_string_equal(ask(&w, "pair", ANSWER("1", "maybe")),
		"InvalidArgument \"answer\": give \"yes\" if bed3 shows 001234, else \"no\"");
	assert_string_equal(ask(&w, "pair", ANSWER("2", "yes")),
		"NotFound that pairing is not under way any more; begin with pair without "
		"\"answer\"");
	assert_string_equal(w.radio.answered, "");
	assert_string_equal(ask(&w, "pair", ANSWER("1", "yes")), "");
	assert_string_equal(w.radio.answered, "yes 000000");
	/* the answer is nobody else's business */
	w.radio.result.authenticated = true;
	radio_ends(&w.radio, PAIRING_BONDED);
	assert_string_equal(
		w.audited, "pair {\"device\":\"bed3\",\"pairing\":1,\"answer\":\"***\"}");
	assert_string_equal(w.told[0],
		STEP("1", "done") ",\"secure_connections\":false,\"authenticated\":true}");

	/* no: the driver ends it from within the answer */
	ask(&w, "pair", PAIR);
	radio_asks(&w.radio, PAIRING_COMPARE, 999999);
	w.radio.ends_at_once = true;
	w.radio.result.outcome = PAIRING_MISMATCH;
	assert_string_equal(ask(&w, "pair", ANSWER("2", "no")),
		"Refused the numbers of bed3 and of the gateway are not the same, so that nothing "
		"was kept; try again, and read the number off this very device");
	assert_string_equal(w.radio.answered, "no 000000");
	assert_null(w.control.pair_run);
	end(&w);
}

static void test_a_passkey_to_enter(void **state)
{
	static const char *const wrong[] = { ANSWER("1", "yes"), ANSWER("1", "12345"),
		ANSWER("1", "1234567"), ANSWER("1", "12 3456"), ANSWER("1", "12345x") };
	struct world w;

	begin(&w);
	ask(&w, "pair", PAIR);
	radio_asks(&w.radio, PAIRING_ENTER, 0);
	assert_string_equal(w.told[0], STEP("1", "enter") "}");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_string_equal(ask(&w, "pair", wrong[i]),
			"InvalidArgument \"answer\": give the six digits that bed3 shows or has on "
			"its label, or \"no\"");
	assert_string_equal(w.radio.answered, "");
	assert_string_equal(ask(&w, "pair", ANSWER("1", "012 345")), "");
	assert_string_equal(w.radio.answered, "yes 012345");
	radio_ends(&w.radio, PAIRING_BONDED);
	ask(&w, "pair", PAIR);
	radio_asks(&w.radio, PAIRING_ENTER, 0);
	assert_string_equal(ask(&w, "pair", ANSWER("2", "no")), "");
	assert_string_equal(w.radio.answered, "no 000000");
	end(&w);
}

static void test_a_passkey_to_show(void **state)
{
	struct world w;

	begin(&w);
	ask(&w, "pair", PAIR);
	radio_asks(&w.radio, PAIRING_SHOW, 42);
	assert_string_equal(w.told[0], STEP("1", "show") ",\"number\":\"000042\"}");
	assert_string_equal(ask(&w, "pair", ANSWER("1", "yes")),
		"InvalidArgument bed3 asks nothing now; give \"wait\" to wait for what comes next, "
		"or \"cancel\"");
	assert_string_equal(ask(&w, "pair", ANSWER("1", "wait")), "");
	assert_string_equal(ask_as(&w, 1, "pair", ANSWER("1", "wait")),
		"Busy somebody waits for bed3 already; give \"cancel\" to end it");
	/* somebody mistyped it at the device: another one */
	radio_asks(&w.radio, PAIRING_SHOW, 43);
	assert_string_equal(w.told[0], STEP("1", "show") ",\"number\":\"000043\"}");
	/* what comes while nobody waits is told to the next one who does */
	radio_asks(&w.radio, PAIRING_SHOW, 44);
	assert_string_equal(
		ask(&w, "pair", ANSWER("1", "wait")), STEP("1", "show") ",\"number\":\"000044\"}");
	radio_ends(&w.radio, PAIRING_BONDED);
	assert_string_equal(ask(&w, "pair", ANSWER("1", "wait")),
		STEP("1", "done") ",\"secure_connections\":false,\"authenticated\":false}");
	assert_null(w.control.pair_run);
	end(&w);
}

static void test_each_end_in_its_words(void **state)
{
	static const struct {
		enum pairing_outcome outcome;
		const char *told;
	} rows[] = {
		{ PAIRING_NOT_HEARD,
			"Failed bed3 was not heard for 60 s (0x3E); switch it on or wake it, put "
			"it into pairing mode as its manual says, bring it near, and try again" },
		{ PAIRING_UNREACHABLE,
			"Failed bed3 was heard, but the connection did not hold (0x3E); bring it "
			"near, see that no phone or other gateway is connected to it, and try "
			"again" },
		{ PAIRING_REFUSED,
			"Refused bed3 does not pair (0x3E); put it into pairing mode as its manual "
			"says, have it forget whom it was paired with before, and try again" },
		{ PAIRING_TIMED_OUT, "Failed the time was over before bed3 was paired (0x3E); try "
				     "again, and answer within 30 s" },
		{ PAIRING_TOO_WEAK,
			"Refused bed3 offers less protection than is asked for (0x3E), so that "
			"nothing was kept; is its firmware the newest one?" },
		{ PAIRING_OTHER_IDENTITY,
			"Refused the device that was paired is really C0:FF:EE:00:00:99, and bed3 "
			"is configured as C0:FF:EE:00:00:01; give Address=C0:FF:EE:00:00:99 in its "
			"section (adopted: forget it, and adopt it with that address): the bond is "
			"kept" },
		{ PAIRING_NOT_KEPT, "Failed the bond of bed3 could not be written to the state "
				    "directory (0x3E); see that the disk has room, and try again" },
		{ PAIRING_NO_ADAPTER,
			"Failed there is no Bluetooth adapter that can be used (0x3E); wardgatectl "
			"doctor says what would help" },
		{ PAIRING_TAKEN,
			"Failed another program (bluetoothd) uses the adapter and was faster "
			"(0x3E); systemctl disable --now bluetooth, and try again" },
		{ PAIRING_ENDED, "Failed the pairing of bed3 was ended (0x3E): Bluetooth was "
				 "switched off, or the device left the configuration" },
		{ PAIRING_FAILED, "Failed bed3 could not be paired (0x3E); try again, and see the "
				  "log if it stays so" },
	};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(ask(&w, "pair", PAIR), "");
		w.radio.result = (struct pairing_result){ .identity = "C0:FF:EE:00:00:99",
			.detail = "0x3E" };
		radio_ends(&w.radio, rows[i].outcome);
		assert_string_equal(w.told[0], rows[i].told);
		assert_null(w.control.pair_run);
	}
	end(&w);
}

/* --- one at a time, and its end --- */

static void test_one_at_a_time(void **state)
{
	struct world w;

	begin(&w);
	ask(&w, "pair", PAIR);
	assert_string_equal(ask_as(&w, 1, "pair", PAIR),
		"Busy bed3 is being paired; wait until that is over, or end it: wardgatectl pair "
		"bed3 --cancel");
	assert_string_equal(
		ask_as(&w, 1, "unpair", PAIR), "Busy bed3 is being paired; end that first");
	assert_string_equal(w.told[0], "");
	/* whoever cancels ends it for the one who waits, too */
	assert_string_equal(
		ask_as(&w, 1, "pair", ANSWER("1", "cancel")), STEP("1", "cancelled") "}");
	assert_string_equal(w.told[0], "Failed the pairing of bed3 was cancelled");
	assert_int_equal(w.radio.cancelled, 1);
	assert_string_equal(ask(&w, "pair", PAIR), "");
	/* without its number, too, but not that of another device */
	assert_string_equal(ask_as(&w, 1, "pair", "{\"device\":\"bed5\",\"answer\":\"cancel\"}"),
		"NotFound that pairing is not under way any more; begin with pair without "
		"\"answer\"");
	assert_string_equal(ask_as(&w, 1, "pair", "{\"device\":\"bed3\",\"answer\":\"cancel\"}"),
		STEP("2", "cancelled") "}");
	assert_string_equal(ask(&w, "pair", PAIR), "");
	assert_int_equal(w.radio.begun, 3);
	end(&w);
	assert_int_equal(w.radio.cancelled, 3);
	/* the table of commands answers whoever waits at the end */
	assert_string_equal(w.told[0], "Failed the gateway is stopping; ask again when it is back");
}

static void test_nobody_goes_on(void **state)
{
	struct world w;

	begin(&w);
	ask(&w, "pair", PAIR);
	radio_asks(&w.radio, PAIRING_COMPARE, 7);
	pairing_tick(&w.control, boottime_us() + 59000000);
	assert_int_equal(w.radio.cancelled, 0);
	pairing_tick(&w.control, boottime_us() + 61000000);
	assert_int_equal(w.radio.cancelled, 1);
	pairing_tick(&w.control, boottime_us() + 62000000);
	assert_int_equal(w.radio.cancelled, 1);
	/* how it ended is told to the one who comes late, once */
	assert_string_equal(ask(&w, "pair", ANSWER("1", "yes")),
		"Failed the time was over before bed3 was paired; try again, and answer within 30 "
		"s");
	assert_string_equal(ask(&w, "pair", ANSWER("1", "yes")),
		"NotFound that pairing is not under way any more; begin with pair without "
		"\"answer\"");
	/* or to nobody: the next one begins */
	ask(&w, "pair", PAIR);
	radio_asks(&w.radio, PAIRING_ENTER, 0);
	radio_ends(&w.radio, PAIRING_UNREACHABLE);
	assert_string_equal(ask(&w, "pair", PAIR), "");
	/* while it is listened for, or a passkey is shown, there is nothing to answer */
	pairing_tick(&w.control, boottime_us() + 3600000000);
	radio_asks(&w.radio, PAIRING_SHOW, 7);
	pairing_tick(&w.control, boottime_us() + 3600000000);
	assert_int_equal(w.radio.cancelled, 1);
	radio_ends(&w.radio, PAIRING_ENDED);
	end(&w);
	assert_int_equal(w.radio.cancelled, 1);
}

/* --- the rest --- */

static void test_unpair(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "unpair", PAIR), "Done -");
	assert_string_equal(w.radio.unpaired, "bed3");
	w.radio.unpair = -ENOENT;
	assert_string_equal(ask(&w, "unpair", PAIR), "NotFound bed3 is not paired");
	w.radio.unpair = -ENOSPC;
	assert_string_equal(ask(&w, "unpair", PAIR),
		"Failed the bond cannot be removed: No space left on device");
	w.radio.unpair_waits = true;
	assert_string_equal(ask(&w, "unpair", PAIR), "");
	w.radio.unpair_done(0, w.radio.unpair_userdata);
	assert_string_equal(w.told[0], "Done -");
	/* a device that is forgotten takes its bond along; nobody waits for that */
	w.radio.unpaired[0] = 0;
	pairing_forget(&w.control, "bed4");
	pairing_forget(&w.control, "bed9");
	assert_string_equal(w.radio.unpaired, "");
	pairing_forget(&w.control, "bed3");
	assert_string_equal(w.radio.unpaired, "bed3");
	assert_null(w.radio.unpair_done);
	end(&w);
}

static void test_what_is_told_of_bond_and_link(void **state)
{
	struct world w;

	begin(&w);
	assert_non_null(strstr(ask(&w, "device", PAIR),
		",\"bond\":{\"state\":\"none\"},\"link\":{\"state\":\"not-heard\"}}"));
	w.radio.bond = (struct pairing_bond){ PAIRING_BOND_STALE, true, false };
	assert_non_null(strstr(ask(&w, "device", PAIR),
		",\"bond\":{\"state\":\"stale\",\"secure_connections\":true,"
		"\"authenticated\":false},\"link\":"));
	w.radio.link = (struct pairing_link){ PAIRING_LINK_CONNECTED, -61, 1 };
	assert_non_null(strstr(ask(&w, "device", PAIR),
		",\"link\":{\"state\":\"connected\",\"signal\":-61,\"heard_ms_ago\":"));
	assert_null(strstr(ask(&w, "device", "{\"device\":\"bed4\"}"), "bond"));
	end(&w);
}

static void test_discover(void **state)
{
	int64_t before = boottime_us();
	struct registry *registry;
	struct world w;

	begin(&w);
	registry = gateway_registry(w.control.parts.gateway);
	registry_heard_unknown(registry, TRANSPORT_BLE, "C0:FF:EE:00:00:77", "blood pressure",
		"UA-651 \"BLE\"", -61, INT64_C(1795255200000000));
	assert_string_equal(ask(&w, "discover", "{\"seconds\":30}"),
		"Done {\"seconds\":30,\"unknown\":[{\"transport\":\"ble\","
		"\"address\":\"C0:FF:EE:00:00:77\",\"kind\":\"blood pressure\","
		"\"name\":\"UA-651 \\\"BLE\\\"\",\"signal\":-61,"
		"\"first_heard\":\"2026-11-21T10:00:00.000Z\","
		"\"last_heard\":\"2026-11-21T10:00:00.000Z\",\"times\":1}]}");
	assert_in_range(w.radio.look_until_us, before + 30000000, boottime_us() + 30000000);
	/* only a look at who was heard */
	w.radio.look_until_us = 0;
	assert_non_null(strstr(ask(&w, "discover", "{\"seconds\":0}"), "UA-651"));
	assert_int_equal(w.radio.look_until_us, 0);
	assert_non_null(strstr(ask(&w, "unknown", "{}"), "Done {\"unknown\":[{\"transport\""));
	/* the last one first, though the clock was set back */
	registry_heard_unknown(registry, TRANSPORT_COAP, "later", NULL, NULL, 0, 1000);
	assert_true(strstr(ask(&w, "unknown", "{}"), "later") < strstr(w.told[0], "UA-651"));
	assert_string_equal(ask(&w, "discover", "{\"seconds\":301}"),
		"InvalidArgument \"seconds\" is 301; give a whole number from 0 to 300");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_bluetooth),
		cmocka_unit_test(test_who_is_refused),
		cmocka_unit_test(test_just_works),
		cmocka_unit_test(test_a_number_to_compare),
		cmocka_unit_test(test_a_passkey_to_enter),
		cmocka_unit_test(test_a_passkey_to_show),
		cmocka_unit_test(test_each_end_in_its_words),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_nobody_goes_on),
		cmocka_unit_test(test_unpair),
		cmocka_unit_test(test_what_is_told_of_bond_and_link),
		cmocka_unit_test(test_discover),
	};

	return RUN_TESTS(tests);
}
