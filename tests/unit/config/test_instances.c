/*
 * [Device NAME] and [Rule NAME]: what is told of wrong ones, word for word, and
 * what the rooms see of good ones.
 */
#include "config_test.h"

#define DEVICE "[CoAP]\nEnabled=yes\n[BLE]\nEnabled=yes\n[Device d]\n"

static void devices(void **state)
{
	static const char *const rows[][2] = {
		{ BASE DEVICE "Address=x\n",
			"t.conf:11: [Device d] Transport: is missing; give e.g. "
			"Transport=coap" },
		{ BASE DEVICE "Transport=coap\n", "t.conf:11: [Device d] Address: is missing; give "
						  "e.g. Address=bed3-oximeter-7741" },
		{ BASE DEVICE "Transport=\nAddress=x\n", "t.conf:12: [Device d] Transport: is "
							 "missing; give e.g. Transport=coap" },
		{ BASE DEVICE "Transport=wifi\nAddress=x\n",
			"t.conf:12: [Device d] Transport=wifi: is not known; give ble, zigbee or "
			"coap" },
		{ BASE DEVICE "Address=x\nTransport=ble\n",
			"t.conf:12: [Device d] Address=x: is no Bluetooth address; give six pairs "
			"of "
			"hex digits, e.g. C0:FF:EE:00:00:01" },
		{ BASE DEVICE "Transport=coap\nAddress=x\nUse=worn\nBed=3\n",
			"t.conf:15: [Device d] Bed=3: goes with Use=fixed only; a worn device "
			"follows "
			"its patient, a shared one its assignment" },
		{ BASE DEVICE "Transport=coap\nAddress=x\nBonding=yes\n",
			"t.conf:14: [Device d] Bonding=yes: is for Transport=ble, and this device "
			"has Transport=coap; leave it out" },
		{ BASE DEVICE "Transport=ble\nAddress=C0:FF:EE:00:00:01\nAccept=percent\n",
			"t.conf:14: [Device d] Accept=percent: is for Transport=coap, and this "
			"device has Transport=ble; leave it out" },
		{ BASE DEVICE "Transport=coap\nAddress=x\nUnits=temp\n",
			"t.conf:14: [Device d] Units=temp: is no METRIC:UNIT; give e.g. "
			"body-temperature:Cel" },
		{ BASE DEVICE "Transport=coap\nAddress=x\n[Device e]\nTransport=coap\nAddress=x\n",
			"t.conf:16: [Device e] Address=x: is the address of [Device d] too "
			"(t.conf:13); a device has one section" },
		/* The same address, spelt twice. */
		{ BASE DEVICE
			"Transport=ble\nAddress=C0:FF:EE:00:00:01\n[Device e]\nTransport=ble\n"
			"Address=c0:ff:ee:00:00:01\n",
			"t.conf:16: [Device e] Address=C0:FF:EE:00:00:01: is the address of "
			"[Device "
			"d] too (t.conf:13); a device has one section" },
		/* Sections of one name are one section. */
		{ BASE DEVICE "Transport=coap\nAddress=x\n[Device d]\nAddress=y\n",
			"t.conf:15: [Device d] Address=y: is set again; line 13 has it, keep one "
			"of "
			"the two" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);

	expect_warning(BASE "[Device d]\nTransport=coap\nAddress=x\n",
		"t.conf:8: [Device d] Transport=coap: is not enabled, so that nothing will be "
		"heard of the device; set Enabled=yes in [CoAP]");
}

static void a_device_as_the_rooms_see_it(void **state)
{
	struct outcome o = read_good(BASE "[CoAP]\nEnabled=yes\n[Device z]\nTransport=coap\n"
					  "Address=z z\n[Device a]\nTransport=coap\nAddress=a\n"
					  "Bed=3\nExpectEvery=5s\nUnits=body-temperature:Cel\n"
					  "Units=spo2:/\nAccept=percent text-labels\n");
	const struct config_device *d = o.config->devices;

	assert_int_equal(o.config->device_count, 2);
	assert_string_equal(d[0].name, "a");
	assert_int_equal(d[0].transport, TRANSPORT_COAP);
	assert_int_equal(d[0].use, USE_FIXED);
	assert_string_equal(d[0].bed, "3");
	assert_int_equal(d[0].expect_every_us, 5000000);
	assert_int_equal(d[0].units.count, 2);
	assert_string_equal(d[0].units.items[1], "spo2:/");
	assert_int_equal(d[0].accept, ACCEPT_PERCENT | ACCEPT_TEXT_LABELS);
	assert_false(d[0].adopted);
	assert_string_equal(d[1].name, "z");
	assert_string_equal(d[1].address, "z z");
	assert_null(d[1].bed);
	outcome_done(&o);
}

#define RULE "[Rule r]\nType=limit\nMetric=spo2\n"

static void rules(void **state)
{
	static const char *const rows[][2] = {
		{ BASE "[Rule r]\nMetric=spo2\nBelow=90\nPriority=low\n",
			"t.conf:7: [Rule r] Type: is missing; give e.g. Type=limit" },
		{ BASE "[Rule r]\nType=limits\nMetric=spo2\nBelow=90\nPriority=low\n",
			"t.conf:8: [Rule r] Type=limits: is not known; did you mean limit? "
			"(limit)" },
		{ BASE "[Rule r]\nType=limit\nMetric=sp02\nBelow=90\nPriority=low\n",
			"t.conf:9: [Rule r] Metric=sp02: names no metric that is known; did you "
			"mean "
			"spo2?" },
		{ BASE "[Rule r]\nType=limit\nMetric=contact\nBelow=90\nPriority=low\n",
			"t.conf:9: [Rule r] Metric=contact: has no numbers to compare with a "
			"limit; "
			"give another" },
		{ BASE RULE "Below=90\n", "t.conf:7: [Rule r] Priority: is missing; give e.g. "
					  "Priority=high" },
		{ BASE RULE "Below=90\nPriority=urgent\n",
			"t.conf:11: [Rule r] Priority=urgent: is not known; give high, medium or "
			"low" },
		{ BASE RULE "Below=90\nPriority=high\n",
			"t.conf:11: [Rule r] Priority=high: needs Latching=yes or Latching=no: "
			"whether "
			"a high-priority alarm stays after its cause is gone must be said" },
		{ BASE RULE "Priority=low\n", "t.conf:8: [Rule r] Type=limit: needs Below= or "
					      "Above=; give e.g. Below=90" },
		{ BASE RULE "Below=low\nPriority=low\n",
			"t.conf:10: [Rule r] Below=low: is no number; give e.g. 90 or 37.5" },
		{ BASE RULE "Below=90\nAbove=80\nPriority=low\n",
			"t.conf:10: [Rule r] Below=90: is not below Above=80, so that every value "
			"would alarm; give limits that leave room between them" },
		{ BASE RULE "Below=90\nClearAt=89.9\nPriority=low\n",
			"t.conf:11: [Rule r] ClearAt=89.9: is below Below=90, where the alarm "
			"would "
			"never rest; give 90 or more" },
		{ BASE RULE "Above=120\nClearAt=121\nPriority=low\n",
			"t.conf:11: [Rule r] ClearAt=121: is above Above=120, where the alarm "
			"would "
			"never rest; give 120 or less" },
		{ BASE RULE "Below=90\nAbove=120\nClearAt=100\nPriority=low\n",
			"t.conf:12: [Rule r] ClearAt=100: is ambiguous with both Below= and "
			"Above=; "
			"make two rules" },
		{ BASE RULE "Below=90\nFor=2d\nPriority=low\n",
			"t.conf:11: [Rule r] For=2d: is out of range; give 0 to 1d (default 0)" },
		{ BASE RULE "Below=90\nPriority=low\nLatching=maybe\n",
			"t.conf:12: [Rule r] Latching=maybe: is neither yes nor no; give one of "
			"the "
			"two" },
		{ BASE RULE "Below=90\nPriority=low\nBeds=3 *\n",
			"t.conf:12: [Rule r] Beds=*: means all; give it alone, or only names" },
		{ BASE RULE "Below=90\nPriority=low\nBeds=3 a/b\n",
			"t.conf:12: [Rule r] Beds=a/b: is no name of a bed, ward or site; give 1 "
			"to "
			"40 of A-Z, a-z, 0-9, ., _ and -, without blanks" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);

	expect_warning(BASE RULE "Below=90\nPriority=low\nDevices=ghost\n",
		"t.conf:12: [Rule r] Devices=ghost: names ghost, of which there is no [Device] "
		"section");
}

static void a_rule_as_the_rooms_see_it(void **state)
{
	static const char *const items[][3] = {
		{ "Type", "limit", "t.conf:8" },
		{ "Metric", "spo2", "t.conf:9" },
		{ "Below", "90.0", "t.conf:10" },
		{ "For", "90s", "t.conf:12" },
		{ "Priority", "high", "t.conf:13" },
		{ "Latching", "no", "t.conf:14" },
		{ "Beds", "3 4 5", "t.conf:15" },
		{ "Devices", "*", "default" },
	};
	struct outcome o = read_good(BASE RULE "Below=90.0\nBeds=3 4\nFor=1min 30s\nPriority=high\n"
					       "Latching=no\nBeds=5 3\n");
	const struct config_rule *r = o.config->rules;

	assert_int_equal(o.config->rule_count, 1);
	assert_string_equal(r->name, "r");
	assert_int_equal(r->count, ARRAY_SIZE(items));
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		assert_string_equal(r->items[i].key, items[i][0]);
		assert_string_equal(r->items[i].value, items[i][1]);
		assert_string_equal(r->items[i].origin, items[i][2]);
	}
	outcome_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices),
		cmocka_unit_test(a_device_as_the_rooms_see_it),
		cmocka_unit_test(rules),
		cmocka_unit_test(a_rule_as_the_rooms_see_it),
	};

	return RUN_TESTS(tests);
}
