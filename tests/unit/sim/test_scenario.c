/* Scenario files, key files and recordings: what is read, and what is refused with its line. */
#include "sim/psk.h"
#include "sim/replay.h"
#include "sim/scenario.h"
#include "spoken.h"

static int read_scenario(struct scenario **ret, const char *text)
{
	_cleanup_(halves_freep) struct halves *halves = NULL;
	const char *path = file(text);
	int r;

	hold_stderr();
	r = halves_read(&halves, path);
	if (r >= 0)
		r = scenario_read(ret, path, halves);
	free_stderr();
	unlink(path);
	return r;
}

static void test_good(void **state)
{
	struct scenario *s = NULL;

	assert_int_equal(
		read_scenario(&s, "# a ward\n"
				  "[Ward]\nSeed=9\nDuration=2min\nGateway=coaps://[::1]:5684\n"
				  "[Patient ada]\nspo2=93\nbody-temperature=37.5\n"
				  "[Device bed1]\nTransport=coap\nPatient=ada\nInterval=250ms\n"
				  "Format=cbor-base\nLoss=2.5%\n"
				  "[Device fridge]\nTransport=coap\nProfile=fridge\nIdentity=F-1\n"
				  "[Event late]\nAt=20s\nDevice=*\nFault=power-loss\n"
				  "[Event early]\nAt=1500ms\nPatient=ada\nMetric=spo2\nTo=82\n"
				  "Over=10s\nFor=1min\n"),
		0);
	assert_string_equal(said, "");
	assert_int_equal(s->seed, 9);
	assert_int_equal(s->duration_ms, 120000);
	assert_int_equal(s->device_count, 2);
	assert_int_equal(s->devices[0].interval_us, 250000);
	assert_int_equal(s->devices[0].patient, 0);
	assert_int_equal(s->devices[0].format, PACK_CBOR_BASE);
	assert_int_equal(s->devices[0].loss, 25);
	assert_string_equal(s->devices[0].identity, "bed1");
	assert_string_equal(s->devices[1].identity, "F-1");
	assert_int_equal(s->devices[1].interval_us, 5000000); /* the profile's */
	assert_true(s->devices[1].needs_radio);               /* its power will be lost */
	assert_int_equal(s->patients[0].bases[Q_SPO2].milli, 93000);
	assert_string_equal(s->events[0].name, "early"); /* by time */
	assert_int_equal(s->events[0].value, 82);
	assert_int_equal(s->events[0].for_ms, 60000);
	scenario_free(s);
}

static void test_problems(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "[Device d]\n", ":1: [Device d] has no Transport=" },
		{ "[Device d]\nTransport=zigbee\n", ":2: Transport=zigbee: wardsim plays no such" },
		{ "[Device d]\nTransport=smoke\n", "give coap or ble" },
		{ "[Device d]\nTransport=coap\n[Device d]\nTransport=ble\n",
			":3: [Device d] stands twice" },
		{ "[Device d]\nTransport=coap\n[Device d]\nTransport=coap\n",
			":3: [Device d] stands twice" },
		{ "[Device d]\nTransport=coap\nPatient=nobody\n", "there is no such [Patient]" },
		{ "[Device d]\nTransport=coap\nProfile=x\n", ":3: Profile=x: no such profile" },
		{ "[Device d]\nTransport=coap\nInterval=5\n", "not a duration" },
		{ "[Device d]\nTransport=coap\nInterval=0s\n", "above 0" },
		{ "[Device d]\nTransport=coap\nFormat=xml\n", "no such format" },
		{ "[Device d]\nTransport=coap\nLocalPort=70000\n", "0 to 65535" },
		{ "[Device d]\nTransport=coap\nLoss=200%\n", "not a percentage" },
		{ "[Device d]\nTransport=coap\nColour=red\n", "[Device] has no Colour=" },
		{ "[Device D]\nTransport=coap\n", "a name of a-z" },
		{ "[Device d]\nTransport=coap\nspo2=97.5\n", "not a value of this quantity" },
		{ "[Ward]\nSeed=1\n", "there is no [Device]" },
		{ "[Ward]\nSpeed=1\n", "[Ward] has no Speed=" },
		{ "[Bed 1]\n", "no such section" },
		{ "Key=1\n", "before any section" },
		{ "[Ward\n", "ends with ]" },
		{ "[Ward]\nrubbish\n", ":2: neither" },
		{ "[Event e]\nAt=1s\nDevice=d\nFault=loss\n", "there is no [Device d]" },
		{ "[Event e]\nAt=1s\nFault=loss\n", "wants Device=" },
		{ "[Event e]\nAt=1s\nDevice=*\nFault=loss\n", "Amount= with a percentage" },
		{ "[Event e]\nAt=1s\nDevice=*\nFault=flood\n", "no such fault" },
		{ "[Event e]\nAt=1s\nDevice=*\n", "wants Metric=" },
		{ "[Event e]\nAt=1s\nDevice=*\nMetric=mood\n", "no quantity" },
		{ "[Event e]\nAt=1s\nDevice=*\nMetric=spo2\nTo=low\n", "not a value of spo2" },
		{ "[Event e]\nAt=1s\nPatient=*\nFault=silence\n", "happens to a Device=" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct scenario *s = NULL;

		assert_true(read_scenario(&s, bad[i].text) < 0);
		assert_null(s);
		if (!strstr(said, bad[i].says))
			fail_msg("%s\nsaid: %s\nwant: %s", bad[i].text, said, bad[i].says);
	}
}

static void test_all_problems_in_one_pass(void **state)
{
	struct scenario *s = NULL;

	read_scenario(&s, "[Ward]\nSeed=x\nDrain=y\n[Device d]\nTransport=smoke\nLoss=z\n");
	assert_non_null(strstr(said, ":2: "));
	assert_non_null(strstr(said, ":3: "));
	assert_non_null(strstr(said, ":5: "));
	assert_non_null(strstr(said, ":6: "));
}

static void test_keys(void **state)
{
	struct psk_file *f = NULL;
	const char *path = file("# keys\nbed1:00ff\nurn:dev:x:Ab\n\n");

	assert_int_equal(psk_read(&f, path), 0);
	unlink(path);
	assert_int_equal(f->count, 2);
	assert_int_equal(psk_find(f, "bed1")->key_length, 2);
	assert_int_equal(psk_find(f, "bed1")->key[1], 0xff);
	assert_int_equal(psk_find(f, "urn:dev:x")->key[0], 0xab);
	assert_null(psk_find(f, "bed2"));
	psk_free(f);

	f = NULL;
	path = file("bed1:0\nbed2\n:00\nbed3:0g\n");
	hold_stderr();
	assert_true(psk_read(&f, path) < 0);
	free_stderr();
	unlink(path);
	assert_null(f);
	for (int line = 1; line <= 4; line++) {
		char want[24];

		snprintf(want, sizeof(want), ":%d: ", line);
		assert_non_null(strstr(said, want));
	}
}

static void test_replay(void **state)
{
	struct replay *r = NULL;
	const char *path =
		file("time_utc,temp_c\n2020-05-30 00:00:56,4.6\n2020-05-30 00:05:56,4.8\n");
	char why[256];
	int32_t v = 0;

	assert_int_equal(replay_new(&r, path, why, sizeof(why)), 0);
	unlink(path);
	assert_true(replay_has(r, Q_AMBIENT_TEMPERATURE));
	assert_false(replay_has(r, Q_SPO2));
	assert_true(replay_value(r, Q_AMBIENT_TEMPERATURE, 0, &v));
	assert_int_equal(v, 46);
	assert_true(replay_value(r, Q_AMBIENT_TEMPERATURE, 299999, &v));
	assert_int_equal(v, 46);
	assert_true(replay_value(r, Q_AMBIENT_TEMPERATURE, 9000000, &v));
	assert_int_equal(v, 48);
	assert_false(replay_value(r, Q_SPO2, 9000000, &v));
	replay_free(r);

	path = file("time_utc,temp_c\n2020-05-30,4.6\n");
	r = NULL;
	assert_true(replay_new(&r, path, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, ":2: "));
	unlink(path);
	path = file("a,b\n");
	assert_true(replay_new(&r, path, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "neither"));
	unlink(path);
	assert_true(replay_new(&r, "no-such-file", why, sizeof(why)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_all_problems_in_one_pass),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_replay),
	};

	return RUN_TESTS(tests);
}
