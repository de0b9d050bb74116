/* One scenario with devices of both transports: each half takes what is its own, and says what is
 * wrong with it once. */
#include "sim/ble_kinds.h"
#include "sim/ble_scenario.h"
#include "sim/scenario.h"
#include "spoken.h"

struct ward {
	struct scenario *coap;
	struct sble_scenario *ble;
};

/* Returns whether both halves are good. */
static bool read_ward(struct ward *w, const char *text)
{
	_cleanup_(halves_freep) struct halves *halves = NULL;
	const char *path = file(text);
	int r, k = 0;

	*w = (struct ward){ 0 };
	hold_stderr();
	r = halves_read(&halves, path);
	if (r >= 0) {
		r = scenario_read(&w->coap, path, halves);
		k = sble_scenario_read(&w->ble, path, halves);
	}
	free_stderr();
	unlink(path);
	return r >= 0 && k >= 0;
}

static void forget(struct ward *w)
{
	scenario_free(w->coap);
	sble_scenario_free(w->ble);
}

#define BLE(name, n) "[Device " name "]\nTransport=ble\nKind=cuff\nAddress=C0:FF:EE:00:00:0" n "\n"

static void test_each_half_takes_its_own(void **state)
{
	struct ward w;

	assert_true(read_ward(&w,
		"[Ward]\nSeed=9\nGateway=coaps://[::1]:5684\nPSKFile=k\nDirectory=/run/"
		"air\nDrain=5s\n"
		"[Adapter hci1]\nConnections=3\n"
		"[Patient ada]\nspo2=93\n"
		"[Device monitor]\nTransport=coap\nPatient=ada\n"
		"[Device cuff]\nPatient=ada\nTransport=ble\nKind=cuff\nAddress=C0:FF:EE:00:00:01\n"
		"[Event a]\nAt=1s\nDevice=monitor\nFault=close\n"
		"[Event b]\nAt=2s\nDevice=cuff\nDo=disconnect\n"
		"[Event c]\nAt=3s\nAdapter=hci1\nDo=unplug\n"
		"[Event d]\nAt=4s\nPatient=ada\nMetric=spo2\nTo=80\n"
		"[Event e]\nAt=5s\nDevice=*\nDo=silence\n"
		"[Event f]\nAt=6s\nDevice=*\nFault=silence\n"));
	assert_string_equal(said, "");
	assert_string_equal(w.coap->directory, "/run/air");
	assert_int_equal(w.coap->device_count, 1);
	assert_string_equal(w.coap->devices[0].name, "monitor");
	assert_int_equal(w.coap->event_count, 3);
	assert_string_equal(w.coap->events[0].name, "a");
	assert_string_equal(w.coap->events[1].name, "d");
	assert_string_equal(w.coap->events[2].name, "f");
	assert_int_equal(w.ble->device_count, 1);
	assert_string_equal(w.ble->devices[0].kind->name, "cuff");
	assert_int_equal(w.ble->adapters[0].connections, 3);
	assert_int_equal(w.ble->event_count, 4);
	assert_string_equal(w.ble->events[0].name, "b");
	assert_string_equal(w.ble->events[1].name, "c");
	assert_string_equal(w.ble->events[2].name, "d");
	assert_string_equal(w.ble->events[3].name, "e");
	/* the same patient by the same number: the same course */
	assert_int_equal(w.ble->devices[0].patient, w.coap->devices[0].patient);
	assert_int_equal(w.ble->patients[0].bases[Q_SPO2].milli, 93000);
	forget(&w);
}

static void test_bluetooth_alone_wants_no_coap_device(void **state)
{
	struct ward w;

	assert_true(read_ward(&w, "[Ward]\nDirectory=/run/air\n" BLE("cuff", "1")));
	assert_int_equal(w.coap->device_count, 0);
	assert_int_equal(w.ble->device_count, 1);
	forget(&w);
}

static unsigned lines_said(void)
{
	unsigned n = 0;

	for (const char *at = said; *at; at++)
		n += *at == '\n';
	return n;
}

static void test_what_is_wrong_is_said_once(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ BLE("cuff", "1") "[Device cuff]\nTransport=coap\n",
			":5: [Device cuff] stands twice" },
		{ BLE("cuff", "1") "[Ward]\nSeed=x\n", ":6: Seed=x: not a whole number" },
		{ BLE("cuff", "1") "[Ward]\nSpeed=2\n", ":6: [Ward] has no Speed=" },
		{ BLE("cuff", "1") "[Patient ada]\nspo2=many\n", ":6: spo2=many: not a value" },
		{ BLE("cuff", "1") "[Patient ada]\nmood=1\n", ":6: [Patient] has no mood=" },
		{ BLE("cuff", "1") "[Room 1]\n", ":5: [Room]: no such section" },
		{ BLE("cuff", "1") "rubbish\n", ":5: neither" },
		{ BLE("cuff", "1") " Rssi=-60\n", ":5: indented" },
		{ BLE("cuff", "1") "[Event e]\nPatient=ada\nMetric=spo2\nTo=8\n",
			":5: [Event e]: there is no [Patient ada]" },
		{ BLE("cuff", "1") "[Event e]\nDevice=cuff\nFault=close\n",
			":7: [Event] has no Fault=" },
		{ BLE("cuff", "1") "[Device d]\nTransport=coap\n[Event e]\nDevice=d\nDo=measure\n",
			":9: [Event] has no Do=" },
		{ BLE("cuff", "1") "Profile=monitor\n", ":5: [Device] has no Profile=" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ward w;

		assert_false(read_ward(&w, bad[i].text));
		if (!strstr(said, bad[i].says))
			fail_msg("%s\nsaid: %s\nwant: %s", bad[i].text, said, bad[i].says);
		if (strstr(bad[i].says, "Fault=") || strstr(bad[i].says, "Do="))
			assert_true(lines_said() == 2); /* that, and what the event lacks now */
		else if (lines_said() != 1)
			fail_msg("%s\nsaid: %s\nwant one line", bad[i].text, said);
		forget(&w);
	}
}

static void test_all_that_is_wrong_is_said_at_once(void **state)
{
	struct ward w;

	assert_false(read_ward(
		&w, "[Device a]\nTransport=coap\nLoss=much\n" BLE("b", "1") "Rssi=loud\n"));
	assert_non_null(strstr(said, ":3: Loss=much"));
	assert_non_null(strstr(said, ":8: Rssi=loud"));
	forget(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_half_takes_its_own),
		cmocka_unit_test(test_bluetooth_alone_wants_no_coap_device),
		cmocka_unit_test(test_what_is_wrong_is_said_once),
		cmocka_unit_test(test_all_that_is_wrong_is_said_at_once),
	};

	return RUN_TESTS(tests);
}
