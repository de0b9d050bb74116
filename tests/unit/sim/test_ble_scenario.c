/* Scenarios of wardsim ble: what is read, and what is refused, with its line and what would be
 * right. */
#include <errno.h>

#include "sim/ble_kinds.h"
#include "sim/ble_scenario.h"
#include "spoken.h"

static int read_scenario(struct sble_scenario **ret, const char *text)
{
	const char *path = file(text);
	int r;

	hold_stderr();
	r = sble_scenario_read(ret, path, NULL);
	free_stderr();
	unlink(path);
	return r;
}

#define CUFF "[Device cuff]\nKind=cuff\nAddress=C0:FF:EE:00:00:01\n" /* three lines */

static void test_every_key(void **state)
{
	struct sble_scenario *s = NULL;
	const struct sble_device_config *d;
	const struct sble_event_config *e;

	assert_int_equal(
		read_scenario(&s, "[Ward]\nLog=sent\nSeed=9\nDuration=2min\nSpeed=30\n"
				  "[Adapter hci2]\nAddress=00:1A:7D:DA:71:13\nPowered=yes\n"
				  "Connections=3\nReports=found\nResolves=no\nPresent=no\n"
				  "[Patient ada]\nspo2=93\nReplay=stay.csv\nSpeed=60\n"
				  "[Device meter]\nTransport=ble\nKind=meter\n"
				  "Address=00:FF:EE:00:00:01\nAddressType=public\nPrivate=yes\n"
				  "RotateEvery=15min\nIRK=000102030405060708090A0B0C0D0E0F\n"
				  "Patient=ada\nInterval=90s\nAdvertise=150ms\nMeasure=no\n"
				  "Window=20s\nSecurity=mitm\nPairing=passkey-display\n"
				  "Passkey=42\nStored=7\nClock=write\nClockOffset=-90s\n"
				  "AsksTime=yes\nVariant=mmol offset\nName=M\nManufacturer=A\n"
				  "Model=B\nSerial=C\nFirmware=D\nRssi=-71\nHeardBy=hci2\n"
				  "Connectable=yes\nMtu=185\nVendor=yes\nLog=no\nglucose=6.25\n"
				  "[Event later]\nAt=20s\nAdapter=hci2\nDo=unplug\nFor=5s\n"
				  "[Event sooner]\nAt=1500ms\nPatient=ada\nMetric=spo2\nTo=82\n"
				  "Over=10s\nFor=1min\n"
				  "[Event rule]\nWhen=discovery\nNth=3\nTimes=2\nDevice=meter\n"
				  "Do=att-error\nAmount=0x11\n"),
		0);
	assert_string_equal(said, "");
	assert_string_equal(s->log, "sent");
	assert_int_equal(s->seed, 9);
	assert_int_equal(s->duration_ms, 120000);
	assert_int_equal(s->speed, 30);
	assert_int_equal(s->adapter_count, 1);
	assert_int_equal(s->adapters[0].index, 2);
	assert_int_equal(s->adapters[0].connections, 3);
	assert_true(s->adapters[0].powered && s->adapters[0].found_only);
	assert_true(s->adapters[0].does_not_resolve && s->adapters[0].absent);
	d = &s->devices[0];
	assert_string_equal(d->kind->name, "meter");
	assert_int_equal(d->address.type, SBLE_PUBLIC);
	assert_true(d->private_address && d->has_irk && d->events_only && d->asks_time);
	assert_true(d->vendor && d->unlogged && !d->unconnectable);
	assert_int_equal(d->irk[15], 0x0f);
	assert_int_equal(d->rotate_ms, 900000);
	assert_int_equal(d->interval_ms, 90000);
	assert_int_equal(d->advertise_ms, 150);
	assert_int_equal(d->window_ms, 20000);
	assert_int_equal(d->security, SBLE_AUTHENTICATED);
	assert_int_equal(d->pairing, SBLE_PASSKEY_DISPLAY);
	assert_int_equal(d->passkey, 42);
	assert_int_equal(d->stored, 7);
	assert_int_equal(d->clock, SBLE_CLOCK_WRITE);
	assert_int_equal(d->clock_offset_ms, -90000);
	assert_int_equal(d->rssi, -71);
	assert_int_equal(d->heard, 1);
	assert_int_equal(d->mtu, 185);
	assert_int_equal(d->body_bases[SBLE_GLUCOSE].milli, 6250);
	assert_int_equal(d->patient, 0);
	assert_int_equal(s->patients[0].bases[Q_SPO2].milli, 93000);
	assert_string_equal(s->patients[0].replay, "stay.csv");
	assert_int_equal(s->patients[0].speed, 60);
	e = s->events; /* rules, then by time */
	assert_string_equal(e[0].name, "rule");
	assert_true(e[0].by_rule && e[0].when == SBLE_WHEN_DISCOVERY);
	assert_int_equal(e[0].nth, 3);
	assert_int_equal(e[0].times, 2);
	assert_string_equal(e[1].name, "sooner");
	assert_int_equal(e[1].milli, 82000);
	assert_string_equal(e[2].name, "later");
	assert_int_equal(e[2].action, SBLE_DO_UNPLUG);
	sble_scenario_free(s);
}

static void test_what_is_left_out_has_a_default(void **state)
{
	struct sble_scenario *s = NULL;

	assert_int_equal(read_scenario(&s, CUFF), 0);
	assert_int_equal(s->adapter_count, 1);
	assert_int_equal(s->adapters[0].connections, 20);
	assert_int_equal(s->devices[0].address.type, SBLE_RANDOM);
	assert_int_equal(s->devices[0].interval_ms, 60000); /* the kind's */
	assert_int_equal(s->devices[0].advertise_ms, 200);
	assert_int_equal(s->devices[0].window_ms, 30000);
	assert_int_equal(s->devices[0].heard, UINT32_MAX);
	assert_int_equal(s->devices[0].patient, SIZE_MAX);
	sble_scenario_free(s);
}

/* Each line of the table of kinds and of actions is what a scenario may say. */
static void test_every_kind_variant_and_action(void **state)
{
	const struct sble_kind *k;
	char text[512];

	for (size_t i = 0; (k = sble_kind_at(i)); i++) {
		struct sble_scenario *s = NULL;

		snprintf(text, sizeof(text),
			"[Device d]\nKind=%s\nAddress=C0:FF:EE:00:00:01\nVariant=%s\n%s", k->name,
			k->variants, k->sealed ? "BindKey=000102030405060708090A0B0C0D0E0F\n" : "");
		if (read_scenario(&s, text) < 0)
			fail_msg("%s said: %s", text, said);
		sble_scenario_free(s);
	}
	for (enum sble_action a = SBLE_DO_CHANGE + 1; a < _SBLE_DO_MAX; a++) {
		struct sble_scenario *s = NULL;

		snprintf(text, sizeof(text), CUFF "[Event e]\n%s\nDo=%s\n%s",
			a >= SBLE_DO_POWER_OFF ? "Adapter=hci0" : "Device=cuff",
			sble_action_text(a), a == SBLE_DO_STATUS ? "Amount=motion\n" : "");
		if (read_scenario(&s, text) < 0)
			fail_msg("%s said: %s", text, said);
		sble_scenario_free(s);
	}
}

static void test_problems(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "[Ward]\nGateway=x\n", ":2: [Ward] has no Gateway=; Log, Seed, Duration, Speed" },
		{ "[Ward]\nSpeed=0\n", ":2: Speed=0: not a whole number of 1 to 10000" },
		{ "[Ward]\nDuration=60\n",
			":2: Duration=60: not a duration; give for instance 250ms" },
		{ "[Room 1]\n",
			":1: [Room]: no such section; Ward, Adapter, Patient, Device, Event" },
		{ "[Adapter hci8]\n", ":1: [Adapter hci8]: hci0 to hci7" },
		{ "[Adapter hci0]\n[Adapter hci0]\n", ":2: [Adapter hci0] stands twice" },
		{ "[Adapter hci0]\nReports=all\n",
			":2: Reports=all: no such word; give monitor or found" },
		{ "[Adapter hci0]\nSpeed=1\n", ":2: [Adapter] has no Speed=; Address, Powered," },
		{ "[Adapter hci0]\nConnections=65\n",
			":2: Connections=65: not a whole number of 0 to 64" },
		{ "[Patient ada]\nmood=1\n",
			":2: [Patient] has no mood=; Replay, Speed, or a vital such as spo2" },
		{ "[Device D]\n",
			":1: [Device D]: a name of a-z, 0-9 and - is wanted, at most 63" },
		{ "[Device d]\n", ":1: [Device d] has no Kind=; give heart-rate, for instance" },
		{ "[Device d]\nKind=strap\n",
			":2: Kind=strap: no such word; give heart-rate, thermometer, oximeter, " },
		{ "[Device d]\nKind=cuff\n",
			":1: [Device d] has no Address=; give C0:FF:EE:00:00:01" },
		{ "[Device d]\nKind=cuff\nAddress=4A:00:00:00:00:01\nAddressType=random\n",
			":1: [Device d] Address=: an identity is wanted" },
		{ "[Device d]\nKind=cuff\nAddress=1\n",
			":3: Address=1: not an address such as C0:FF:EE:00:00:01" },
		{ CUFF "[Device b]\nKind=room\nAddress=C0:FF:EE:00:00:01\n",
			":4: [Device b] Address=: it is [Device cuff]'s; give another" },
		{ CUFF CUFF, ":4: [Device cuff] stands twice" },
		{ CUFF "Transport=coap\n", ":4: Transport=coap: wardsim ble plays ble alone" },
		{ CUFF "Colour=red\n", ":4: [Device] has no Colour=; Transport, Kind, Address," },
		{ CUFF "Security=high\n",
			":4: Security=high: no such word; give none, encrypt or mitm" },
		{ CUFF "Pairing=nfc\n",
			"no such word; give just-works, passkey-display, passkey-entry or" },
		{ CUFF "Clock=set\n", "no such word; give none, read or write" },
		{ CUFF "AddressType=?\n", "no such word; give public or random" },
		{ CUFF "Passkey=1000000\n", "not a whole number of 0 to 999999" },
		{ CUFF "Private=maybe\n", ":4: Private=maybe: give yes or no" },
		{ CUFF "RotateEvery=1min\n",
			":1: [Device cuff] RotateEvery= goes with Private=yes" },
		{ CUFF "Interval=0s\n", ":4: Interval=0s: must be above 0" },
		{ CUFF "IRK=00\n", ":4: IRK=00: not a key: 32 hex digits" },
		{ CUFF "Patient=bo\n", ":1: [Device cuff] Patient=bo: there is no such [Patient]" },
		{ CUFF "HeardBy=hci1\n", ":1: [Device cuff] HeardBy=: there is no [Adapter hci1]" },
		{ CUFF "Variant=kpa rr\n", ":1: [Device cuff] Variant=rr: cuff has kpa no-mean "
					   "no-pulse no-time user" },
		{ CUFF "Stored=5\n",
			":1: [Device cuff] Stored=: cuff keeps no records; meter and cgm do" },
		{ CUFF "BindKey=000102030405060708090A0B0C0D0E0F\n",
			"cuff does not seal what it sends" },
		{ CUFF "spo2=97.5\n", ":4: spo2=97.5: not a value of this quantity" },
		{ "[Device d]\nKind=pvvx-sealed\nAddress=A4:C1:38:00:00:01\n",
			":1: [Device d] has no BindKey=; pvvx-sealed wants 32 hex digits" },
		{ "[Device d]\nKind=atc\nAddress=A4:C1:38:00:00:01\nSecurity=encrypt\n",
			":1: [Device d] atc broadcasts, nobody connects to it" },
		{ "[Device d]\nKind=atc\nAddress=A4:C1:38:00:00:01\nVariant=kpa\n",
			"atc has none" },
		{ "[Event e]\nDo=measure\n", ":1: [Event e] wants Device=, Adapter= or Patient=" },
		{ "[Event e]\nDevice=d\nDo=measure\n", ":1: [Event e]: there is no d" },
		{ "[Event e]\nDevice=*\nDo=explode\n",
			":3: Do=explode: no such word; give measure, inflate," },
		{ "[Event e]\nDevice=*\n", "give Metric= and To=, or Do=" },
		{ "[Event e]\nDevice=*\nMetric=spo2\nTo=low\n",
			":1: [Event e] Metric=spo2 To=low: not a" },
		{ "[Event e]\nDevice=*\nDo=unplug\n",
			":1: [Event e] Do=unplug happens to an Adapter=" },
		{ "[Event e]\nAdapter=*\nDo=measure\n",
			":1: [Event e] Do=measure happens to a Device=" },
		{ "[Event e]\nPatient=*\nDo=measure\n",
			":1: [Event e] Do=measure happens to a Device=" },
		{ "[Event e]\nAdapter=*\nWhen=connect\nDo=unplug\n",
			"When= counts what a Device= does" },
		{ "[Event e]\nDevice=*\nWhen=lunch\nDo=measure\n",
			":3: When=lunch: no such word; give connect, discovery, read, write, "
			"subscribe," },
		{ "[Event e]\nDevice=*\nDo=status\n", ":1: Amount=: no such word; give ongoing," },
		{ "[Event e]\nDevice=*\nDo=status\nAmount=bad\n", "no such word; give ongoing," },
		{ "[Event e]\nDevice=*\nDo=special\nAmount=zero\n",
			"no such word; give nan, nres, plus-infinity, minus-infinity or reserved" },
		{ "[Event e]\nDevice=*\nDo=drop\nAmount=5\n",
			"Amount=5: give a percentage, such as 20%" },
		{ "[Event e]\nDevice=*\nDo=delay\nAmount=-1s\n",
			"Amount=-1s: give a duration, such as" },
		{ "[Event e]\nDevice=*\nDo=malformed\nAmount=x\n",
			"Amount=x: give a whole number of 1" },
		{ "[Event e]\nDevice=*\nDo=att-error\nAmount=300\n",
			"Amount=300: give a code, such as 0x0e" },
		{ "[Event e]\nAdapter=*\nDo=scan-silent\nAmount=1\n",
			"give restart, power or replug" },
		{ "[Event e]\nDevice=*\nDo=reboot\nAmount=1\n",
			"Amount=1: give none: it goes with" },
		{ "[Event e]\nFault=loss\n",
			":2: [Event] has no Fault=; At, When, Nth, Times, Device," },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sble_scenario *s = NULL;

		assert_int_equal(read_scenario(&s, bad[i].text), -EBADMSG);
		assert_null(s);
		if (!strstr(said, bad[i].says))
			fail_msg("%s\nsaid: %s\nwant: %s", bad[i].text, said, bad[i].says);
	}
}

static void test_what_there_may_be_is_capped(void **state)
{
	struct sble_scenario *s = NULL;
	char text[8192];
	size_t n = 0;

	for (int i = 0; i <= SBLE_RULES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? "" : CUFF,
			"[Event e]\nDevice=cuff\nWhen=connect\nDo=disconnect\n");
	assert_int_equal(read_scenario(&s, text), -EBADMSG);
	assert_non_null(strstr(said, ":260: [Event e] is more than the 64 that may have When="));
	n = 0;
	for (int i = 0; i <= SBLE_ADAPTERS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "[Adapter hci0]\n");
	assert_int_equal(read_scenario(&s, text), -EBADMSG);
	assert_non_null(strstr(said, ":9: more than 8 of these"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_what_is_left_out_has_a_default),
		cmocka_unit_test(test_every_kind_variant_and_action),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_what_there_may_be_is_capped),
	};

	return RUN_TESTS(tests);
}
