/*
 * Parsers of single values, at and beyond their borders.
 */
#include "config/parse.h"

#include "config/problems.h"
#include "config/suggest.h"
#include "unit/unit.h"
#include "util/decimal.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "250ms", 250000 },
		{ "15s", 15000000 },
		{ "5min", 300000000 },
		{ "1h", INT64_C(3600000000) },
		{ "30d", INT64_C(2592000000000) },
		{ "1h 30min", INT64_C(5400000000) },
		{ "1min30s", 90000000 },
	};
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "is no duration; give a number and a unit (ms, s, min, h or d), e.g. 10s" },
		{ "soon", "is no duration; give a number and a unit (ms, s, min, h or d), e.g. "
			  "10s" },
		{ "-1s", "is no duration; give a number and a unit (ms, s, min, h or d), e.g. "
			 "10s" },
		{ "10", "has no unit; give ms, s, min, h or d, e.g. 10s" },
		{ "1.5s", "has a fraction; give a whole number of a smaller unit, e.g. 1500ms" },
		{ "5m", "has the unit \"m\"; minutes are \"min\", milliseconds \"ms\"" },
		{ "5sec", "has the unknown unit \"sec\"; give ms, s, min, h or d, e.g. 10s" },
		{ "99999999999999999999s", "is far too long; no duration needs more than some "
					   "thousand days" },
		{ "9223372036854775807d", "is far too long; no duration needs more than some "
					  "thousand days" },
		{ "106751991d 106751991d", "is far too long; no duration needs more than some "
					   "thousand days" },
	};
	struct config_why why;
	int64_t us;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(config_parse_duration(good[i].text, &us, &why), 0);
		assert_int_equal(us, good[i].us);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		us = 7;
		assert_int_equal(config_parse_duration(bad[i].text, &us, &why), CONFIG_E_INVALID);
		assert_string_equal(why.text, bad[i].why);
		assert_int_equal(us, 7);
	}
}

static void durations_are_written_shortest(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 250000, "250ms" },
		{ 10000000, "10s" },
		{ 90000000, "90s" },
		{ 300000000, "5min" },
		{ INT64_C(86400000000), "1d" },
		{ INT64_C(90000000000), "25h" },
	};
	char buf[32];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		config_format_duration(rows[i].us, buf, sizeof(buf));
		assert_string_equal(buf, rows[i].text);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		const char *again;
	} good[] = {
		{ "0", 0, "0" },
		{ "1000", 1000, "1000" },
		{ "64K", 65536, "64K" },
		{ "64k", 65536, "64K" },
		{ "1024K", 1 << 20, "1M" },
		{ "1G", 1 << 30, "1G" },
		{ "16T", UINT64_C(1) << 44, "16T" },
		{ "1536M", UINT64_C(1536) << 20, "1536M" },
	};
	static const char *const bad[] = { "", "G", "1GB", "1 G", "1X", "-1", "1.5G",
		"18446744073709551616", "18014398509481984K" };
	struct config_why why;
	uint64_t bytes;
	char buf[32];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(config_parse_size(good[i].text, &bytes, &why), 0);
		assert_int_equal(bytes, good[i].bytes);
		config_format_size(bytes, buf, sizeof(buf));
		assert_string_equal(buf, good[i].again);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(config_parse_size(bad[i], &bytes, &why), CONFIG_E_INVALID);
}

static void decimals(void **state)
{
	struct decimal a, b;
	struct config_why why;

	assert_int_equal(config_parse_decimal("-37.50", &a, &why), 0);
	assert_int_equal(a.mantissa, -3750);
	assert_int_equal(a.exponent, -2);
	assert_int_equal(config_parse_decimal("-37.5", &b, &why), 0);
	assert_int_equal(decimal_compare(a, b), 0);
	assert_int_equal(config_parse_decimal("999999999999999", &a, &why), 0);
	assert_int_equal(config_parse_decimal(".000000000000001", &b, &why), 0);
	assert_int_equal(decimal_compare(a, b), 1);
	assert_int_equal(decimal_compare(b, a), -1);

	static const char *const bad[] = { "", "-", ".", "1.", "1e5", "+1", "1,5", "1.2.3", "nan",
		"1234567890123456" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(config_parse_decimal(bad[i], &a, &why), CONFIG_E_INVALID);
}

#define FORTY "abcdefghijabcdefghijabcdefghijabcdefghij"

static void names(void **state)
{
	static const char *const good[] = { "a", "0", "bed3-oximeter", "a-", FORTY };
	static const char *const bad[] = { "", "-a", "Bed3", "bed 3", "bed_3", "bed.3", FORTY "k",
		"b\xc3\xa9" };
	char name[CONFIG_NAME_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(config_is_name(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(config_is_name(bad[i]));

	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "ward7", "ward7" },
		{ "Ward7.hospital.example", "ward7" },
		{ "my_host", "my-host" },
		{ "--x", "x" },
		{ "", "wardgate" },
		{ "...", "wardgate" },
		{ FORTY "klm", FORTY },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		config_sanitise_name(rows[i].text, name);
		assert_string_equal(name, rows[i].name);
		assert_true(config_is_name(name));
	}
}

static void places(void **state)
{
	static const char *const good[] = { "3", "A_1", "st-elsewhere", "7.2", "-", FORTY };
	static const char *const bad[] = { "", "a b", "a/b", "+", "#", FORTY "k", "\xc3\xa9" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(config_is_place(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(config_is_place(bad[i]));
}

static void brokers(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		bool tls;
	} good[] = {
		{ "mqtts://broker.example", "broker.example", 8883, true },
		{ "mqtt://broker", "broker", 1883, false },
		{ "mqtts://192.0.2.1:1234", "192.0.2.1", 1234, true },
		{ "mqtts://[2001:db8::1]", "2001:db8::1", 8883, true },
		{ "mqtt://[::1]:65535", "::1", 65535, false },
	};
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "broker:8883", "has no mqtts:// in front; give mqtts://broker:8883" },
		{ "ssl://a:1", "has a scheme that is not used here; give mqtts://a:1" },
		{ "tcp://a", "has a scheme that is not used here; give mqtt://a" },
		{ "wss://a", "has a scheme that is not spoken here; give mqtts://HOST:PORT" },
		{ "http://a", "has a scheme that is not spoken here; give mqtts://HOST:PORT" },
		{ "mqtts://u:p@a", "carries a user name; give it in Username= and its password in "
				   "the file that PasswordFile= names" },
		{ "mqtts://", "has no valid host; give e.g. mqtts://broker.hospital.example" },
		{ "mqtts://a..b", "has no valid host; give e.g. mqtts://broker.hospital.example" },
		{ "mqtts://a/b", "has no valid host; give e.g. mqtts://broker.hospital.example" },
		{ "mqtts://[::g]", "has no valid host; give e.g. mqtts://broker.hospital.example" },
		{ "mqtts://[::1", "has a [ without its ]; give e.g. [2001:db8::1]:8883" },
		{ "mqtts://::1", "holds an IPv6 address without brackets; give e.g. "
				 "[2001:db8::1]:8883" },
		{ "mqtts://[::1]x", "has something after the host; give HOST or HOST:PORT only" },
		{ "mqtts://a:", "has no valid port; give 1 to 65535 (usual is 8883)" },
		{ "mqtt://a:0", "has no valid port; give 1 to 65535 (usual is 1883)" },
		{ "mqtts://a:65536", "has no valid port; give 1 to 65535 (usual is 8883)" },
		{ "mqtts://a:1/x", "has no valid port; give 1 to 65535 (usual is 8883)" },
	};
	struct config_broker b;
	struct config_why why;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(config_parse_broker(good[i].text, &b, &why), 0);
		assert_string_equal(b.uri, good[i].text);
		assert_string_equal(b.host, good[i].host);
		assert_int_equal(b.port, good[i].port);
		assert_int_equal(b.tls, good[i].tls);
		config_broker_done(&b);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(config_parse_broker(bad[i].text, &b, &why), CONFIG_E_INVALID);
		assert_string_equal(why.text, bad[i].why);
	}
}

static void listen_addresses(void **state)
{
	static const struct {
		const char *text;
		bool loopback;
	} good[] = {
		{ "[::]:5684", false },
		{ "0.0.0.0:5684", false },
		{ "127.0.0.1:1", true },
		{ "127.9.9.9:65535", true },
		{ "[::1]:5683", true },
		{ "192.0.2.1:5684", false },
	};
	static const char *const bad[] = { "", "5684", ":5684", "localhost:5684", "*:5684", "[::]",
		"::1:5684", "[::]:0", "[::]:65536", "127.0.0.1", "127.0.0.1:", "127.0.0.256:1",
		"[127.0.0.1]:1", "[::]5684" };
	struct config_why why;
	bool loopback;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(config_check_listen(good[i].text, &loopback, &why), 0);
		assert_int_equal(loopback, good[i].loopback);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(config_check_listen(bad[i], NULL, &why), CONFIG_E_INVALID);
}

static void addresses_have_one_spelling(void **state)
{
	static const struct {
		enum transport transport;
		const char *text, *address; /* NULL: refused */
	} rows[] = {
		{ TRANSPORT_BLE, "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:01" },
		{ TRANSPORT_BLE, "c0:ff:ee:00:00:01", "C0:FF:EE:00:00:01" },
		{ TRANSPORT_BLE, "c0ffee000001", NULL },
		{ TRANSPORT_BLE, "C0:FF:EE:00:00", NULL },
		{ TRANSPORT_BLE, "C0:FF:EE:00:00:01:02", NULL },
		{ TRANSPORT_BLE, "C0:FF:EE:00:00:0g", NULL },
		{ TRANSPORT_ZIGBEE, "00:12:4B:00:01:02:03:04", "0x00124b0001020304" },
		{ TRANSPORT_ZIGBEE, "0x00124B0001020304", "0x00124b0001020304" },
		{ TRANSPORT_ZIGBEE, "0x00124b000102030", NULL },
		{ TRANSPORT_ZIGBEE, "00124b0001020304", NULL },
		{ TRANSPORT_COAP, "Bed 3: oximeter", "Bed 3: oximeter" },
		{ TRANSPORT_COAP, "\xc3\xa9", "\xc3\xa9" },
	};
	char address[DEVICE_ADDRESS_MAX + 1], long_one[DEVICE_ADDRESS_MAX + 2];
	struct config_why why;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = config_parse_address(rows[i].transport, rows[i].text, address, &why);

		assert_int_equal(r, rows[i].address ? 0 : CONFIG_E_INVALID);
		if (rows[i].address)
			assert_string_equal(address, rows[i].address);
	}
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = 0;
	assert_int_equal(
		config_parse_address(TRANSPORT_COAP, long_one, address, &why), CONFIG_E_INVALID);
	assert_int_equal(config_parse_address(TRANSPORT_COAP, long_one + 1, address, &why), 0);
	assert_int_equal(
		config_parse_address(_TRANSPORT_MAX, "x", address, &why), CONFIG_E_INVALID);
}

static void zones(void **state)
{
	static const char *const good[] = { "UTC", "Europe/London", "America/Argentina/Ushuaia",
		"Etc/GMT+3" };
	static const char *const bad[] = { "", "/etc/passwd", "../localtime", "Europe",
		"Europe/Lunden", "Europe/London ", "tzdata.zi" };
	struct config_why why;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(config_check_zone(good[i], true, &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(config_check_zone(bad[i], true, &why), CONFIG_E_INVALID);
}

static void prefixes(void **state)
{
	static const char *const good[] = { "a", "wardgate/{site}/{ward}", "{gateway}",
		"a/{site}-x" };
	static const char *const bad[] = { "/a", "a/", "a//b", "$SYS/x", "a/+/b", "a/#", "a b",
		"{bed}", "{site", "site}", "{}" };
	struct config_why why;
	char text[102];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(config_check_prefix(good[i], &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(config_check_prefix(bad[i], &why), CONFIG_E_INVALID);
	memset(text, 'x', 101);
	text[101] = 0;
	assert_int_equal(config_check_prefix(text, &why), CONFIG_E_INVALID);
	assert_int_equal(config_check_prefix(text + 1, &why), 0);
}

static void secrets(void **state)
{
	static const char *const good[] = { "/etc/wardgate/key", "credential:mqtt.password" };
	static const char *const bad[] = { "", "hunter2", "credential:", "credential:a/b",
		"credential:..", "Credential:a" };
	struct config_why why;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(config_check_secret(good[i], &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(config_check_secret(bad[i], &why), CONFIG_E_INVALID);
		assert_null(strstr(why.text, "hunter2"));
	}
}

static void buses_and_adapters(void **state)
{
	static const char *const buses[] = { "system", "session", "off", "unix:path=/run/bus",
		"unix:abstract=x,guid=00", "tcp:host=127.0.0.1,port=7000",
		"tcp:port=7000,family=ipv6,host=::1", "unix:path=/a;tcp:host=192.0.2.7,port=1" };
	static const char *const no_buses[] = { "", "System", "unix:", "unix:path", "/run/bus",
		/* what would have the loop ask a resolver, or wait for a program */
		"tcp:host=bus.hospital.example,port=7000", "tcp:host=localhost,port=7000",
		"tcp:port=7000", "tcp:host=,port=7000", "tcp:host=127.0.0.1",
		"tcp:", "tcp:host=127.0.0.1,port=dbus", "tcp:host=127.0.0.1,port=0",
		"tcp:host=%31,port=7000", "tcp:xhost=127.0.0.1,port=7000",
		"tcp:host=1000:1000:1000:1000:1000:1000:1000:1000:1000:1000:1000,port=7",
		"unix:path=/a;tcp:host=bus,port=1", "unix:path=/a;", "unixexec:path=/bin/x",
		"x-machine-unix:machine=x" };
	static const char *const adapters[] = { "auto", "hci0", "hci12", "C0:FF:EE:00:00:01",
		"sim:/run/sim" };
	static const char *const no_adapters[] = { "", "hci", "hci0x", "hci123456", "sim:", "sim:x",
		"C0:FF" };
	struct config_why why;

	for (size_t i = 0; i < ARRAY_SIZE(buses); i++)
		assert_int_equal(config_check_bus(buses[i], &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(no_buses); i++)
		assert_int_equal(config_check_bus(no_buses[i], &why), CONFIG_E_INVALID);
	for (size_t i = 0; i < ARRAY_SIZE(adapters); i++)
		assert_int_equal(config_check_adapter(adapters[i], &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(no_adapters); i++)
		assert_int_equal(config_check_adapter(no_adapters[i], &why), CONFIG_E_INVALID);
}

static void metrics_are_suggested(void **state)
{
	struct config_why why;

	assert_int_equal(config_check_metric("spo2", 4, &why), 0);
	assert_int_equal(config_check_metric("sp02", 4, &why), CONFIG_E_INVALID);
	assert_string_equal(why.text, "names no metric that is known; did you mean spo2?");
	assert_int_equal(config_check_metric("hart-rate", 9, &why), CONFIG_E_INVALID);
	assert_string_equal(why.text, "names no metric that is known; did you mean heart-rate?");
	assert_int_equal(config_check_metric("qqqqqqqqqqqqqqqq", 16, &why), CONFIG_E_INVALID);
	assert_string_equal(why.text, "names no metric that is known; give one of "
				      "wardgate.conf(5), METRICS, e.g. spo2");

	assert_int_equal(config_check_unit_pair("body-temperature:Cel", &why), 0);
	assert_int_equal(config_check_unit_pair("body-temperature", &why), CONFIG_E_INVALID);
	assert_int_equal(config_check_unit_pair("body-temperature:", &why), CONFIG_E_INVALID);
	assert_int_equal(config_check_unit_pair("bdy-temperature:Cel", &why), CONFIG_E_INVALID);
	assert_string_equal(why.text, "names no metric that is known; did you mean "
				      "body-temperature?");
}

static void utf8(void **state)
{
	static const struct {
		const char *text;
		size_t good;
	} rows[] = {
		{ "abc", 3 },
		{ "\xc3\xa9", 2 },
		{ "\xe2\x82\xac", 3 },
		{ "\xf0\x9f\x98\x80", 4 },
		{ "a\xc3", 1 },
		{ "a\xc0\x80", 1 },         /* overlong */
		{ "a\xe0\x80\x80", 1 },     /* overlong */
		{ "a\xf0\x80\x80\x80", 1 }, /* overlong */
		{ "a\xed\xa0\x80", 1 },     /* surrogate */
		{ "a\xf4\x90\x80\x80", 1 }, /* beyond U+10FFFF */
		{ "a\x80", 1 },
		{ "a\xff", 1 },
		{ "a\xe2\x82", 1 },
		{ "a\xe2\x28\xa1", 1 },
		{ "a\xe2\x82\x28", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
			config_utf8_span(rows[i].text, strlen(rows[i].text)), rows[i].good);
}

static void distances(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "abc", "abc", 0 },
		{ "abc", "ABC", 0 },
		{ "Brokr", "Broker", 1 },
		{ "Borker", "Broker", 1 },
		{ "Addres", "Address", 1 },
		{ "kitten", "sitting", 3 },
		{ "", "abc", 3 },
	};
	char long_one[66];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = strlen(rows[i].a), m = strlen(rows[i].b);

		assert_int_equal(edit_distance(rows[i].a, n, rows[i].b, m), rows[i].distance);
		assert_int_equal(edit_distance(rows[i].b, m, rows[i].a, n), rows[i].distance);
	}
	memset(long_one, 'x', sizeof(long_one));
	assert_int_equal(edit_distance(long_one, 65, "x", 1), SIZE_MAX);
	assert_int_equal(edit_distance(long_one, 64, "x", 1), 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(durations_are_written_shortest),
		cmocka_unit_test(sizes),
		cmocka_unit_test(decimals),
		cmocka_unit_test(names),
		cmocka_unit_test(places),
		cmocka_unit_test(brokers),
		cmocka_unit_test(listen_addresses),
		cmocka_unit_test(addresses_have_one_spelling),
		cmocka_unit_test(zones),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(secrets),
		cmocka_unit_test(buses_and_adapters),
		cmocka_unit_test(metrics_are_suggested),
		cmocka_unit_test(utf8),
		cmocka_unit_test(distances),
	};

	return RUN_TESTS(tests);
}
