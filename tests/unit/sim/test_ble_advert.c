/* Advertising formats of the simulated broadcasters against frames of real sensors and of the
 * formats' own descriptions. */
#include "unit/unit.h"

#include "sim/ble_advert.h"
#include "sim/ble_crypto.h"

static void expect(const struct octets *o, const char *hex)
{
	uint8_t right[64];
	size_t n = strlen(hex) / 2;

	assert_int_equal(sble_unhex(hex, right, n), 0);
	assert_int_equal(o->n, n);
	assert_memory_equal(o->at, right, n);
}

static struct sble_address address(const char *text)
{
	struct sble_address a;

	assert_int_equal(sble_address_parse(&a, text), 0);
	return a;
}

static void test_bthome_sealed_as_its_description_has_it(void **state)
{
	struct sble_address a = address("54:48:E6:8F:80:A5");
	struct octets objects = { 0 }, o = { 0 };
	uint8_t key[16];

	assert_int_equal(sble_unhex("231d39c1d7cc1ab1aee224cd096db932", key, 16), 0);
	sble_put_object(&objects, 0x02, 2506, 2);
	sble_put_object(&objects, 0x03, 5055, 2);
	sble_put_bthome(&o, &objects, key, &a, 0x33221100);
	expect(&o, "41A47266C95F730011223378237214");
}

static void test_bthome_plain(void **state)
{
	struct octets objects = { 0 }, o = { 0 };

	sble_put_object(&objects, 0x00, 46, 1);
	sble_put_object(&objects, 0x01, 100, 1);
	sble_put_object(&objects, 0x1e, 1, 1);
	sble_put_object(&objects, 0x2e, 52, 1);
	sble_put_object(&objects, 0x45, 278, 2);
	sble_put_bthome(&o, &objects, NULL, NULL, 0);
	expect(&o, "40002E01641E012E34451601");
}

static void test_pvvx_of_a_real_sensor(void **state)
{
	const struct sble_thermo t = { .address = address("A4:C1:38:02:83:F4"),
		.temperature = 1705,
		.humidity = 4457,
		.millivolts = 2998,
		.battery = 88,
		.counter = 247,
		.flags = 0x0d };
	struct octets o = { 0 };

	sble_put_pvvx(&o, &t);
	expect(&o, "F4830238C1A4A9066911B60B58F70D");
}

/* The flags within are not said by the source: of all that there can be, one makes its frame. */
static void test_pvvx_sealed_of_a_real_sensor(void **state)
{
	struct sble_thermo t = { .address = address("A4:C1:38:8D:18:B2"),
		.temperature = 2345,
		.humidity = 4173,
		.battery = 61,
		.counter = 17 };
	uint8_t key[16], right[11];
	int found = 0;

	assert_int_equal(sble_unhex("b9ea895fac7eea6d30532432a516f3a3", key, 16), 0);
	assert_int_equal(sble_unhex("11D603FBFA7B6DFB1E26FD", right, 11), 0);
	for (int flags = 0; flags < 256; flags++) {
		struct octets o = { 0 };

		t.flags = (uint8_t)flags;
		sble_put_pvvx_sealed(&o, &t, key);
		assert_int_equal(o.n, 11);
		found += !memcmp(o.at, right, 11);
	}
	assert_int_equal(found, 1);
}

static void test_atc_below_zero_most_significant_first(void **state)
{
	const struct sble_thermo t = { .address = address("A4:C1:38:8D:18:B2"),
		.temperature = -260,
		.humidity = 4500,
		.battery = 85,
		.millivolts = 2900,
		.counter = 7 };
	struct octets o = { 0 };

	sble_put_atc(&o, &t);
	expect(&o, "A4C1388D18B2FFE62D550B5407");
}

static void test_atc_sealed(void **state)
{
	const struct sble_thermo t = { .address = address("A4:C1:38:8D:18:B2"),
		.temperature = 2350,
		.humidity = 4550,
		.battery = 0x80 | 61, /* its switch is on: the highest bit */
		.counter = 18 };
	struct octets o = { 0 };
	uint8_t key[16];

	assert_int_equal(sble_unhex("b9ea895fac7eea6d30532432a516f3a3", key, 16), 0);
	sble_put_atc_sealed(&o, &t, key);
	expect(&o, "129F9840DAEF4605");
}

static const struct sble_ruuvi ruuvi = { .temperature = 4860,
	.humidity = 21396,
	.pressure = 100044,
	.acceleration = { 4, -4, 1036 },
	.millivolts = 2977,
	.tx_power = 4,
	.movements = 66,
	.sequence = 205 };

static void test_ruuvi_5_of_its_description(void **state)
{
	struct sble_ruuvi r = ruuvi;
	struct octets o = { 0 };

	r.address = address("CB:B8:33:4C:88:4F");
	sble_put_ruuvi5(&o, &r);
	expect(&o, "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F");
}

static void test_ruuvi_3_has_sign_and_magnitude(void **state)
{
	struct sble_ruuvi r = { .temperature = -338,
		.humidity = 35600,
		.pressure = 101744,
		.acceleration = { 122, 38, 976 },
		.millivolts = 2191 };
	struct octets o = { 0 };

	sble_put_ruuvi3(&o, &r);
	expect(&o, "03B28145CA20007A002603D0088F");
	r = (struct sble_ruuvi){ .temperature = 5260,
		.humidity = 8200,
		.pressure = 102766,
		.acceleration = { -1000, -1726, 714 },
		.millivolts = 2899 };
	o.n = 0;
	sble_put_ruuvi3(&o, &r);
	expect(&o, "03291A1ECE1EFC18F94202CA0B53");
}

/* As its description but for the light, which is not available here. */
static void test_ruuvi_6_splits_its_indices(void **state)
{
	struct sble_ruuvi r = { .address = address("CB:B8:33:4C:88:4F"),
		.temperature = 5900,
		.humidity = 22120,
		.pressure = 101102,
		.dust = 112,
		.co2 = 201,
		.voc = 10,
		.nox = 2,
		.sequence = 205 };
	struct octets o = { 0 };

	sble_put_ruuvi6(&o, &r);
	expect(&o, "06170C5668C79E007000C90501FFFFCD004C884F");
	r.voc = 501;
	r.nox = 3;
	r.calibrating = true;
	o.n = 0;
	sble_put_ruuvi6(&o, &r);
	expect(&o, "06170C5668C79E007000C9FA01FFFFCDC14C884F");
}

static void test_beacons(void **state)
{
	static const uint8_t id[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t uuid[16];
	struct octets o = { 0 };

	sble_put_eddystone_uid(&o, -25, id);
	expect(&o, "00E7000102030405060708090A0B0C0D0E0F0000");
	o.n = 0;
	sble_put_eddystone_tlm(&o, 2840, 6016, 42, 900);
	expect(&o, "20000B1817800000002A00000384");
	o.n = 0;
	sble_put_eddystone_tlm(&o, 2840, -320, 42, 900);
	expect(&o, "20000B18FEC00000002A00000384");
	o.n = 0;
	assert_int_equal(sble_unhex("E2C56DB5DFFB48D2B060D0F5A71096E0", uuid, 16), 0);
	sble_put_ibeacon(&o, uuid, 100, 0, -59);
	expect(&o, "0215E2C56DB5DFFB48D2B060D0F5A71096E000640000C5");
}

static void test_ad_structures(void **state)
{
	struct octets data = { .n = 2, .at = { 0xab, 0xcd } }, ad = { 0 };

	sble_put_service_data(&ad, 0x181a, &data);
	sble_put_manufacturer_data(&ad, 0x0499, &data);
	expect(&ad, "05161A18ABCD05FF9904ABCD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bthome_sealed_as_its_description_has_it),
		cmocka_unit_test(test_bthome_plain),
		cmocka_unit_test(test_pvvx_of_a_real_sensor),
		cmocka_unit_test(test_pvvx_sealed_of_a_real_sensor),
		cmocka_unit_test(test_atc_below_zero_most_significant_first),
		cmocka_unit_test(test_atc_sealed),
		cmocka_unit_test(test_ruuvi_5_of_its_description),
		cmocka_unit_test(test_ruuvi_3_has_sign_and_magnitude),
		cmocka_unit_test(test_ruuvi_6_splits_its_indices),
		cmocka_unit_test(test_beacons),
		cmocka_unit_test(test_ad_structures),
	};

	return RUN_TESTS(tests);
}
