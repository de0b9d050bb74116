/*
 * [Device NAME]: what is told of wrong ones, word for word, and
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
		{ BASE DEVICE "Transport=coap\nAddress=x\nUnits=body-temperature:parsec\n",
			"t.conf:14: [Device d] Units=body-temperature:parsec: names no unit of "
			"body-temperature; give Cel or K" },
		{ BASE DEVICE "Transport=coap\nAddress=x\nUnits=contact:V\n",
			"t.conf:14: [Device d] Units=contact:V: names a unit, and contact has "
			"none; leave it out" },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices),
		cmocka_unit_test(a_device_as_the_rooms_see_it),
	};

	return RUN_TESTS(tests);
}
