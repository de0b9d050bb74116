/*
 * What the vectors of SenML do not reach: the tables of units and aliases as a
 * whole, source keys, the gateway's clock, errors as sentences, memory.
 */
#include "codec/senml.h"

#include <errno.h>

#include "codec/senml_readings.h"
#include "codec/senml_units.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/decimal.h"

#define NOW (INT64_C(1716300000) * 1000000)

static const struct senml_options strict;

/* The first reading of a pack that has to be good. */
static struct reading first(const char *json, bool received_good)
{
	struct senml_pack pack;
	struct senml_error error;
	struct reading readings[SENML_RECORDS_MAX];

	if (senml_decode_json(json, strlen(json), &strict, &pack, &error) != 0 ||
		senml_readings(&pack, &strict, NOW, received_good, readings, &error) != 0)
		fail_msg("%s: %s", json, error.text);
	senml_pack_done(&pack);
	return readings[0];
}

static void test_every_number_has_units(void **state)
{
	char expected[64];

	(void)state;
	for (int m = METRIC_NONE + 1; m < _METRIC_MAX; m++) {
		const struct metric_info *info = metric_info((enum metric)m);

		senml_units_expected((enum metric)m, expected, sizeof(expected));
		if (info->kind != METRIC_NUMBER) {
			assert_string_equal(expected, "");
			assert_false(senml_unit_optional((enum metric)m));
			continue;
		}
		if (expected[0] == 0)
			fail_msg("%s has no unit that SenML knows", info->name);
		assert_false(senml_unit_known((enum metric)m, "parsec"));
		assert_int_equal(senml_unit_optional((enum metric)m),
			info->unit[0] == 0 || strcmp(info->unit, "{score}") == 0);
	}
	assert_string_equal(
		senml_units_expected(METRIC_BP_MEAN, expected, sizeof(expected)), "Pa or hPa");
	assert_string_equal(senml_units_expected(METRIC_BP_MEAN, expected, 4), "");
	assert_string_equal(senml_units_expected(METRIC_NONE, expected, sizeof(expected)), "");
	assert_false(senml_unit_known(METRIC_NONE, "V"));
	assert_false(senml_unit_known(_METRIC_MAX, "V"));
	assert_true(senml_unit_known(METRIC_GLUCOSE, "mg/dL"));
}

/* Each conversion at a value whose result is common knowledge. */
static void test_conversions(void **state)
{
	static const struct {
		enum metric metric;
		const char *unit, *in, *out;
		enum word raw;
	} rows[] = {
		{ METRIC_HEART_RATE, "1/s", "1.2", "72.00", WORD_UNIT_PER_S },
		{ METRIC_RESPIRATORY_RATE, "Hz", "0.25", "15.00", WORD_UNIT_HZ },
		{ METRIC_SPO2, "/1000", "975", "97.5", WORD_UNIT_PER_1000 },
		{ METRIC_SPO2, "/100", "97", "97", WORD_NONE },
		{ METRIC_BODY_TEMPERATURE, "degF", "100.4", "38.00", WORD_UNIT_DEGF },
		{ METRIC_BODY_TEMPERATURE, "degF", "-40", "-40.00", WORD_UNIT_DEGF },
		{ METRIC_BODY_TEMPERATURE, "K", "310.15", "37.00", WORD_UNIT_K },
		{ METRIC_BP_SYSTOLIC, "kPa", "16", "120.0", WORD_UNIT_KPA },
		{ METRIC_BP_SYSTOLIC, "Pa", "15998.69", "120.0", WORD_UNIT_PA },
		{ METRIC_BP_DIASTOLIC, "Pa", "10665.79", "80.0", WORD_UNIT_PA },
		{ METRIC_PRESSURE, "kPa", "101.325", "1013.25", WORD_UNIT_KPA },
		{ METRIC_GLUCOSE, "mg/dL", "90", "5.00", WORD_UNIT_MG_PER_DL },
		{ METRIC_GLUCOSE, "mol/m3", "5.5", "5.5", WORD_NONE },
		{ METRIC_WEIGHT, "g", "70500", "70.500", WORD_UNIT_G },
		{ METRIC_HEIGHT, "in", "72", "182.9", WORD_UNIT_IN },
		{ METRIC_HEIGHT, "mm", "1825", "182.5", WORD_UNIT_MM },
		{ METRIC_ENERGY, "kcal", "100", "418.4", WORD_UNIT_KCAL },
		{ METRIC_URINE_OUTPUT, "l", "0.25", "250", WORD_UNIT_L },
		{ METRIC_URINE_OUTPUT, "m3", "0.00025", "250", WORD_UNIT_M3 },
		{ METRIC_OXYGEN_FLOW, "l/s", "0.05", "3.00", WORD_UNIT_L_PER_S },
		{ METRIC_OXYGEN_FLOW, "m3/s", "0.00005", "3.00", WORD_UNIT_M3_PER_S },
		{ METRIC_AMBIENT_CO2, "/", "0.0008", "800", WORD_UNIT_RATIO },
		{ METRIC_PM2_5, "kg/m3", "0.000000012", "12", WORD_UNIT_KG_PER_M3 },
		{ METRIC_BATTERY_VOLTAGE, "mV", "2977", "2.977", WORD_UNIT_MV },
		{ METRIC_CURRENT, "mA", "12", "0.012", WORD_UNIT_MA },
		{ METRIC_POWER, "kW", "1.5", "1500", WORD_UNIT_KW },
		{ METRIC_POWER, "mW", "1500", "1.500", WORD_UNIT_MW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct decimal d;
		enum word raw;
		char buf[DECIMAL_TEXT_MAX + 1];

		assert_int_equal(decimal_from_text(&d, rows[i].in, strlen(rows[i].in)), 0);
		assert_int_equal(senml_unit_convert(
					 rows[i].metric, rows[i].unit, &strict, true, d, &d, &raw),
			0);
		/* a shift to the left may leave a positive exponent, which prints the same */
		assert_true(decimal_format(buf, sizeof(buf), d) > 0);
		assert_string_equal(buf, rows[i].out);
		assert_int_equal(raw, rows[i].raw);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		enum metric metric;
		bool inverted;
		int instance;
	} rows[] = {
		{ "hr", METRIC_HEART_RATE, false, -1 },
		{ "HR", METRIC_HEART_RATE, false, -1 },
		{ "bed3/monitor/heart_rate", METRIC_HEART_RATE, false, -1 },
		{ "urn:dev:ow:1:Temp", METRIC_BODY_TEMPERATURE, false, -1 },
		{ "a/b:c/spo2", METRIC_SPO2, false, -1 },
		{ "spo2.0", METRIC_SPO2, false, 0 },
		{ "spo2.255", METRIC_SPO2, false, 255 },
		{ "air-temperature", METRIC_AMBIENT_TEMPERATURE, false, -1 },
		{ "window.2", METRIC_CONTACT, true, 2 },
		{ "window", METRIC_CONTACT, true, -1 },
		{ "pm2.5", METRIC_PM2_5, false, -1 },
		{ "pm2.5.1", METRIC_PM2_5, false, 1 },
		{ "", METRIC_NONE, false, -1 },
		{ "none", METRIC_NONE, false, -1 },
		{ "windo", METRIC_NONE, false, -1 },
		{ "windows", METRIC_NONE, false, -1 },
		{ "spo2/", METRIC_NONE, false, -1 },
		{ "hr.", METRIC_NONE, false, -1 },
		{ "hr.1000", METRIC_NONE, false, -1 },
		{ ".1", METRIC_NONE, false, 1 },
		{ "hr.01", METRIC_HEART_RATE, false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool inverted;
		int instance;

		assert_int_equal(senml_metric(rows[i].name, &inverted, &instance), rows[i].metric);
		assert_int_equal(inverted, rows[i].inverted);
		if (rows[i].metric != METRIC_NONE)
			assert_int_equal(instance, rows[i].instance);
	}
}

/* Each of these is a different measurement, but for the last, which is the first once more. */
static void test_source_keys(void **state)
{
	static const char *const packs[] = {
		"[{\"n\":\"hr\",\"u\":\"1/min\",\"v\":72.5,\"t\":1716200000}]",
		"[{\"n\":\"pr\",\"u\":\"1/min\",\"v\":72.5,\"t\":1716200000}]",
		"[{\"n\":\"hr.1\",\"u\":\"1/min\",\"v\":72.5,\"t\":1716200000}]",
		"[{\"n\":\"hr\",\"u\":\"1/min\",\"v\":72.6,\"t\":1716200000}]",
		"[{\"n\":\"hr\",\"u\":\"1/min\",\"v\":725,\"t\":1716200000}]",
		"[{\"n\":\"hr\",\"u\":\"1/min\",\"v\":72.5,\"t\":1716200000.001}]",
		"[{\"n\":\"hr\",\"vs\":\"sensor-off\",\"t\":1716200000}]",
		"[{\"n\":\"hr\",\"vs\":\"not-measured\",\"t\":1716200000}]",
		"[{\"n\":\"motion\",\"vb\":true,\"t\":1716200000}]",
		"[{\"n\":\"motion\",\"vb\":false,\"t\":1716200000}]",
		"[{\"n\":\"button\",\"vs\":\"single\",\"t\":1716200000}]",
		"[{\"n\":\"button\",\"vs\":\"double\",\"t\":1716200000}]",
		"[{\"bn\":\"elsewhere/\",\"bt\":1716200000,\"n\":\"HR\",\"u\":\"beat/"
		"min\",\"v\":72.50,"
		"\"x-site\":\"finger\"}]",
	};
	uint64_t keys[ARRAY_SIZE(packs)];
	const size_t last = ARRAY_SIZE(packs) - 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packs); i++) {
		keys[i] = first(packs[i], true).source_key;
		assert_true(keys[i] != 0);
		for (size_t j = 0; j < i; j++)
			assert_int_equal(keys[i] == keys[j], i == last && j == 0);
	}
	/* published, and so the same in every release */
	assert_true(keys[0] == UINT64_C(0xa395e8cfed053799));
	assert_true(first("[{\"n\":\"hr\",\"u\":\"1/min\",\"v\":72.5}]", true).source_key == 0);
	assert_true(
		first("[{\"n\":\"hr\",\"u\":\"1/min\",\"v\":72.5,\"t\":-3}]", true).source_key ==
		0);
}

/* A gateway whose own clock is not good cannot hold it against a device's. */
static void test_ahead_of_a_bad_clock(void **state)
{
	const char *json = "[{\"n\":\"gcs\",\"v\":3,\"t\":1800000000}]";
	struct senml_pack pack;
	struct senml_error error;
	struct reading r;

	(void)state;
	assert_true(first(json, false).time_us == INT64_C(1800000000000000));
	assert_int_equal(senml_decode_json(json, strlen(json), &strict, &pack, &error), 0);
	assert_int_equal(senml_readings(&pack, &strict, NOW, true, &r, &error), SENML_E_REFUSED);
	assert_int_equal(error.record, 1);
	/* a day is just fine */
	assert_int_equal(senml_readings(&pack, &strict,
				 INT64_C(1800000000000000) - SENML_AHEAD_MAX_US, true, &r, &error),
		0);
	senml_pack_done(&pack);
	senml_pack_done(&pack);
}

static void test_body_too_large(void **state)
{
	size_t n = SENML_BODY_MAX + 1;
	char *body = malloc(n);
	struct senml_pack pack;
	struct senml_error error;

	(void)state;
	assert_non_null(body);
	memset(body, ' ', n);
	memcpy(body, "[{\"n\":\"a\",\"v\":1}]", 17);
	assert_int_equal(senml_decode_json(body, n, &strict, &pack, &error), SENML_E_REFUSED);
	assert_string_equal(error.text, "the body has 65537 bytes; at most 65536 are taken");
	assert_int_equal(error.record, 0);
	assert_int_equal(senml_decode_json(body, n - 1, &strict, &pack, &error), 0);
	assert_int_equal(pack.count, 1);
	senml_pack_done(&pack);
	free(body);
}

/* Texts that grow most on their way into the pack: short numbers with many digits. */
static void test_longest_texts(void **state)
{
	static const unsigned char fractions[] = { 0x81, 0xa4, 0x00, 0x61, 'a', 0x02, 0x01, 0x62,
		'x', '-', 0xc4, 0x82, 0x18, 0x26, 0x01, 0x63, 'x', '-', 'a', 0xc4, 0x82, 0x18, 0x26,
		0x01 };
	struct senml_pack pack;
	struct senml_error error;

	(void)state;
	assert_int_equal(
		senml_decode_cbor(fractions, sizeof(fractions), &strict, &pack, &error), 0);
	assert_string_equal(senml_extension(&pack.records[0], "x-a"),
		"100000000000000000000000000000000000000");
	assert_null(senml_extension(&pack.records[0], "x-b"));
	senml_pack_done(&pack);
}

/* What a peer sent shows up in a sentence, but never as control characters. */
static void test_errors_are_printable(void **state)
{
	static const char *const packs[] = {
		"[{\"n\":\"hr\",\"u\":\"\\u001b[2J\\n\",\"v\":1}]",
		"[{\"n\":\"hr\",\"v\":1,\"\\u0007\xc3\xa9_\":1}]",
		"[{\"n\":\"button\",\"vs\":\"\\u0007 a text longer than is shown of it\"}]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packs); i++) {
		struct senml_pack pack = { 0 };
		struct senml_error error;
		struct reading r;
		int q = senml_decode_json(packs[i], strlen(packs[i]), &strict, &pack, &error);

		if (q == 0)
			q = senml_readings(&pack, &strict, NOW, true, &r, &error);
		assert_int_equal(q, SENML_E_REFUSED);
		for (const char *p = error.text; *p != 0; p++)
			assert_in_range(*p, 0x20, 0x7e);
		senml_pack_done(&pack);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number_has_units),
		cmocka_unit_test(test_conversions),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_source_keys),
		cmocka_unit_test(test_ahead_of_a_bad_clock),
		cmocka_unit_test(test_body_too_large),
		cmocka_unit_test(test_longest_texts),
		cmocka_unit_test(test_errors_are_printable),
	};

	return RUN_TESTS(tests);
}
