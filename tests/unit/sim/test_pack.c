/* The simulator's SenML and log lines: bytes as RFC 8428 has them, values as the broker shows them.
 */
#include "sim/pack.h"
#include "sim/simlog.h"
#include "unit/unit.h"

static const struct sample samples[] = {
	{ .time_ms = INT64_C(1763695845123), .value = 76, .quantity = Q_HEART_RATE },
	{ .time_ms = INT64_C(1763695845123), .value = 97, .quantity = Q_SPO2 },
	{ .time_ms = INT64_C(1763695845124), .value = 120, .quantity = Q_BP_SYSTOLIC },
};

static void test_json(void **state)
{
	static const char want[] =
		"[{\"n\":\"heart-rate\",\"u\":\"beat/min\",\"v\":76,\"t\":1763695845.123},"
		"{\"n\":\"spo2\",\"u\":\"/\",\"v\":0.97,\"t\":1763695845.123},"
		"{\"n\":\"bp-systolic\",\"u\":\"Pa\",\"v\":15999,\"t\":1763695845.124}]";
	uint8_t buf[1024];
	ssize_t n = pack_encode(PACK_JSON, "dev", samples, 3, buf, sizeof(buf));

	assert_int_equal(n, strlen(want));
	assert_memory_equal(buf, want, strlen(want));
}

static void test_json_base(void **state)
{
	static const char want[] =
		"[{\"bn\":\"urn:dev:sim:dev:\",\"bt\":1763695845,\"n\":\"heart-rate\","
		"\"u\":\"beat/min\",\"v\":76,\"t\":0.123}]";
	uint8_t buf[1024];
	ssize_t n = pack_encode(PACK_JSON_BASE, "dev", samples, 1, buf, sizeof(buf));

	assert_int_equal(n, strlen(want));
	assert_memory_equal(buf, want, strlen(want));
}

static void test_cbor(void **state)
{
	/* [{0: "spo2", 1: "/", 2: 0.97, 6: 1763695845.123}] with doubles */
	static const uint8_t want[] = { 0x81, 0xa4, 0x00, 0x64, 's', 'p', 'o', '2', 0x01, 0x61, '/',
		0x02, 0xfb, 0x3f, 0xef, 0x0a, 0x3d, 0x70, 0xa3, 0xd7, 0x0a, 0x06, 0xfb, 0x41, 0xda,
		0x47, 0xf7, 0x39, 0x47, 0xdf, 0x3b };
	/* the same with base and decimal fractions: bn -2, bt -3, tag 4 */
	static const uint8_t want_base[] = { 0x81, 0xa6, 0x21, 0x70, 'u', 'r', 'n', ':', 'd', 'e',
		'v', ':', 's', 'i', 'm', ':', 'd', 'e', 'v', ':', 0x22, 0x1a, 0x69, 0x1f, 0xdc,
		0xe5, 0x00, 0x64, 's', 'p', 'o', '2', 0x01, 0x61, '/', 0x02, 0xc4, 0x82, 0x21, 0x18,
		0x61, 0x06, 0xc4, 0x82, 0x22, 0x18, 0x7b };
	uint8_t buf[1024];

	assert_int_equal(
		pack_encode(PACK_CBOR, "dev", samples + 1, 1, buf, sizeof(buf)), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
	assert_int_equal(pack_encode(PACK_CBOR_BASE, "dev", samples + 1, 1, buf, sizeof(buf)),
		sizeof(want_base));
	assert_memory_equal(buf, want_base, sizeof(want_base));
}

static void test_no_room(void **state)
{
	uint8_t buf[32];

	for (int f = 0; f < _PACK_FORMAT_MAX; f++)
		assert_true(
			pack_encode((enum pack_format)f, "dev", samples, 3, buf, sizeof(buf)) < 0);
}

static void test_pressure_comes_back(void **state)
{
	/* Pa as sent, divided and rounded to 0.1 mmHg, must be what the log says. */
	for (int32_t v = 20; v <= 300; v++) {
		const struct sample s = {
			.time_ms = 1763695845123, .value = v, .quantity = Q_BP_MEAN
		};
		uint8_t buf[256];
		ssize_t n = pack_encode(PACK_JSON, "d", &s, 1, buf, sizeof(buf) - 1);
		const char *at;
		long tenths;

		assert_true(n > 0);
		buf[n] = 0;
		at = strstr((char *)buf, "\"v\":");
		assert_non_null(at);
		tenths = (long)(strtod(at + 4, NULL) / 133.322387415 * 10 + 0.5);
		assert_int_equal(tenths, v * 10);
	}
}

static void test_lines(void **state)
{
	struct sample s = samples[1];
	char buf[512];

	assert_true(simlog_line(buf, sizeof(buf), "bed1", 7, &s, FATE_SENT, 1, NULL, NULL, 0) > 0);
	assert_string_equal(buf,
		"{\"device\":\"bed1\",\"metric\":\"spo2\",\"value\":97,"
		"\"time\":\"2025-11-21T03:30:45.123Z\",\"acknowledged\":false,\"pack\":7}\n");
	simlog_line(buf, sizeof(buf), "bed1", 7, &s, FATE_ACKNOWLEDGED, 2, NULL, NULL, 0);
	assert_non_null(strstr(buf, "\"acknowledged\":true,\"pack\":7,\"attempts\":2}"));
	simlog_line(buf, sizeof(buf), "bed1", 7, &s, FATE_REFUSED, 1, "4.00", "a \"b\"\n\xff", 7);
	assert_non_null(strstr(buf, "\"acknowledged\":false"));
	assert_non_null(strstr(buf, "\"refused\":\"4.00\",\"diagnostic\":\"a \\\"b\\\"??\"}\n"));
	s.sensor_off = true;
	simlog_line(buf, sizeof(buf), "bed1", 7, &s, FATE_SENT, 1, NULL, NULL, 0);
	assert_non_null(strstr(buf, "\"value\":null,\"validity\":\"sensor-off\""));
	s = (struct sample){ .value = 368, .quantity = Q_BODY_TEMPERATURE };
	pack_value_text(&s, buf, sizeof(buf));
	assert_string_equal(buf, "36.8");
	s = (struct sample){ .value = -205, .quantity = Q_AMBIENT_TEMPERATURE };
	pack_value_text(&s, buf, sizeof(buf));
	assert_string_equal(buf, "-20.5");
	s = (struct sample){ .value = 1, .quantity = Q_BUTTON };
	pack_value_text(&s, buf, sizeof(buf));
	assert_string_equal(buf, "\"double\"");
	assert_true(simlog_line(buf, 40, "bed1", 7, &s, FATE_SENT, 1, NULL, NULL, 0) < 0);
}

static void test_quantity_values(void **state)
{
	int32_t v = 0;

	assert_int_equal(quantity_parse(Q_BODY_TEMPERATURE, "36.9", &v), 0);
	assert_int_equal(v, 369);
	assert_int_equal(quantity_parse(Q_BODY_TEMPERATURE, "37", &v), 0);
	assert_int_equal(v, 370);
	assert_int_equal(quantity_parse(Q_AMBIENT_TEMPERATURE, "-4.50", &v), 0);
	assert_int_equal(v, -45);
	assert_int_equal(quantity_parse(Q_CONTACT, "true", &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(quantity_parse(Q_BUTTON, "long", &v), 0);
	assert_int_equal(v, 2);
	assert_true(quantity_parse(Q_SPO2, "97.5", &v) < 0);
	assert_true(quantity_parse(Q_SPO2, "", &v) < 0);
	assert_true(quantity_parse(Q_SPO2, "-", &v) < 0);
	assert_true(quantity_parse(Q_SPO2, "9x", &v) < 0);
	assert_true(quantity_parse(Q_SPO2, "99999999999999999999", &v) < 0);
	assert_true(quantity_parse(Q_BUTTON, "pressed", &v) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_base),
		cmocka_unit_test(test_cbor),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_pressure_comes_back),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_quantity_values),
	};

	return RUN_TESTS(tests);
}
