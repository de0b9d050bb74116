/*
 * The payload "json": exact texts, and that they are JSON.
 */
#include <cjson/cJSON.h>

#include "publish/payloads/payloads.h"
#include "unit/unit.h"
#include "wardgate/reading.h"

static const struct payload_context context = { "ward7-gw1", "12-9f3a21c4" };

/* 2026-11-21T10:00:00.123Z */
#define AT INT64_C(1795255200123000)

static struct reading basic(void)
{
	static struct label *device, *bed;
	struct reading r = {
		.metric = METRIC_SPO2,
		.kind = VALUE_NUMBER,
		.number = { 97, 0 },
		.time_us = AT,
		.received_us = AT + 27000,
		.sequence = 34567,
	};

	if (!device) {
		assert_int_equal(label_new(&device, "bed3-oximeter"), 0);
		assert_int_equal(label_new(&bed, "3"), 0);
	}
	r.device = device;
	r.bed = bed;
	return r;
}

static void expect(const struct reading *r, const char *text)
{
	const struct payload_format *f = payload_by_name("json");
	char buf[PAYLOAD_MAX];
	ssize_t n;
	cJSON *object;

	assert_non_null(f);
	n = f->reading(buf, sizeof(buf), r, &context);
	assert_true(n > 0);
	assert_string_equal(buf, text);
	assert_int_equal((size_t)n, strlen(text));
	object = cJSON_Parse(buf);
	assert_non_null(object);
	assert_true(cJSON_IsObject(object));
	cJSON_Delete(object);
}

#define HEAD "{\"id\":\"ward7-gw1:12-9f3a21c4:34567\",\"device\":\"bed3-oximeter\","
#define TIMES                                                                                      \
	",\"time\":\"2026-11-21T10:00:00.123Z\",\"received\":\"2026-11-21T10:00:00.150Z\","        \
	"\"clock\":\"synchronised\",\"bed\":\"3\","
#define SPO2_CODES                                                                                 \
	"\"codes\":{\"mdc\":150456,\"mdc_unit\":262688,\"loinc\":[\"2708-6\",\"59408-5\"]}"

static void test_the_contracts_example(void **state)
{
	struct reading r = basic();

	expect(&r,
		HEAD "\"metric\":\"spo2\",\"value\":97,\"unit\":\"%\",\"validity\":\"valid\"" TIMES
			SPO2_CODES "}");
}

static void test_no_value_no_bed(void **state)
{
	struct reading r = basic();

	r.kind = VALUE_NONE;
	r.validity = VALIDITY_SENSOR_OFF;
	r.reason = WORD_NO_CONTACT;
	r.bed = NULL;
	r.clock = CLOCK_UNSYNCHRONISED;
	expect(&r, HEAD
		"\"metric\":\"spo2\",\"value\":null,\"unit\":\"%\",\"validity\":\"sensor-off\","
		"\"time\":\"2026-11-21T10:00:00.123Z\",\"received\":\"2026-11-21T10:00:00.150Z\","
		"\"clock\":\"unsynchronised\",\"bed\":\"-\"," SPO2_CODES
		",\"reason\":\"no-contact\"}");
}

static void test_digits_stay(void **state)
{
	struct reading r = basic();

	r.number = (struct decimal){ 9760, -2 };
	r.validity = VALIDITY_BELOW_RANGE;
	expect(&r, HEAD "\"metric\":\"spo2\",\"value\":97.60,\"unit\":\"%\","
			"\"validity\":\"below-range\"" TIMES SPO2_CODES ",\"comparator\":\"<\"}");
	r.validity = VALIDITY_ABOVE_RANGE;
	expect(&r, HEAD "\"metric\":\"spo2\",\"value\":97.60,\"unit\":\"%\","
			"\"validity\":\"above-range\"" TIMES SPO2_CODES ",\"comparator\":\">\"}");
}

static void test_booleans_and_words(void **state)
{
	struct reading r = basic();

	r.metric = METRIC_CONTACT;
	r.kind = VALUE_BOOLEAN;
	r.boolean = true;
	expect(&r, HEAD "\"metric\":\"contact\",\"value\":true,\"validity\":\"valid\"" TIMES
			"\"codes\":{}}");
	r.boolean = false;
	expect(&r, HEAD "\"metric\":\"contact\",\"value\":false,\"validity\":\"valid\"" TIMES
			"\"codes\":{}}");
	r.metric = METRIC_CONSCIOUSNESS;
	r.kind = VALUE_WORD;
	r.word = (uint16_t)word_by_text("voice", 5);
	assert_int_not_equal(r.word, WORD_NONE);
	expect(&r,
		HEAD "\"metric\":\"consciousness\",\"value\":\"voice\",\"validity\":\"valid\"" TIMES
		     "\"codes\":{}}");
}

static void test_everything_else(void **state)
{
	struct reading r = basic();
	struct label *patient, *association, *by;

	assert_int_equal(label_new(&patient, "p\"1"), 0);
	assert_int_equal(label_new(&association, "uncertain"), 0);
	assert_int_equal(label_new(&by, "Jos\xc3\xa9"), 0);
	r.flags = FLAG_DEMO | FLAG_STORED;
	r.backfill = true;
	r.origin = ORIGIN_MANUAL;
	r.auth = AUTH_DEVICE;
	r.time_source = TIME_DEVICE_CORRECTED;
	r.device_time_us = AT;
	r.period_ms = 1500;
	r.site = WORD_FINGER;
	r.raw = (struct decimal){ 1599, -2 };
	r.raw_unit = (uint16_t)word_by_text("kPa", 3);
	assert_int_not_equal(r.raw_unit, WORD_NONE);
	r.instance = 2;
	r.device_sequence = 7;
	r.source_key = UINT64_C(0x0123456789abcdef);
	r.group = 34566;
	r.patient = patient;
	r.association = association;
	r.by = by;
	expect(&r, HEAD
		"\"metric\":\"spo2\",\"value\":97,\"unit\":\"%\",\"validity\":\"valid\"" TIMES
			SPO2_CODES ",\"flags\":[\"demo\",\"stored\"],\"backfill\":true,"
		"\"origin\":\"manual\",\"auth\":\"device\","
		"\"time_source\":\"device-corrected\",\"device_time\":\"2026-11-21T10:00:00\","
		"\"period\":1.5,\"site\":\"finger\",\"raw\":{\"value\":15.99,\"unit\":\"kPa\"},"
		"\"instance\":2,\"device_sequence\":7,\"source_key\":\"0123456789abcdef\","
		"\"group\":\"12-9f3a21c4:34566\",\"patient\":\"p\\\"1\","
		"\"association\":\"uncertain\",\"by\":\"Jos\xc3\xa9\"}");
	label_unref(patient);
	label_unref(association);
	label_unref(by);
}

static void test_codes_follow_site_and_method(void **state)
{
	struct reading r = basic();

	r.metric = METRIC_BP_SYSTOLIC;
	r.number = (struct decimal){ 120, 0 };
	r.method = WORD_CUFF;
	expect(&r, HEAD "\"metric\":\"bp-systolic\",\"value\":120,\"unit\":\"mm[Hg]\","
			"\"validity\":\"valid\"" TIMES
			"\"codes\":{\"mdc\":150301,\"mdc_unit\":266016,\"loinc\":[\"8480-6\"]},"
			"\"method\":\"cuff\"}");
}

/* Each metric's constant part has to fit its place. */
static void test_every_metric(void **state)
{
	for (int m = METRIC_NONE + 1; m < _METRIC_MAX; m++) {
		struct reading r = basic();
		char buf[PAYLOAD_MAX];
		cJSON *object;

		r.metric = (uint8_t)m;
		r.kind = VALUE_NONE;
		assert_true(payload_by_name("json")->reading(buf, sizeof(buf), &r, &context) > 0);
		object = cJSON_Parse(buf);
		assert_non_null(object);
		assert_string_equal(cJSON_GetObjectItem(object, "metric")->valuestring,
			metric_info((enum metric)m)->name);
		cJSON_Delete(object);
	}
}

static void test_small_buffer(void **state)
{
	struct reading r = basic();
	char buf[PAYLOAD_MAX];
	ssize_t whole = payload_by_name("json")->reading(buf, sizeof(buf), &r, &context);

	for (size_t size = 1; size <= (size_t)whole; size++)
		assert_true(payload_by_name("json")->reading(buf, size, &r, &context) < 0);
	assert_int_equal(
		payload_by_name("json")->reading(buf, (size_t)whole + 1, &r, &context), whole);
}

static void test_the_table(void **state)
{
	assert_null(payload_by_name("yaml"));
	assert_string_equal(payload_by_name("json")->name, "json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_contracts_example),
		cmocka_unit_test(test_no_value_no_bed),
		cmocka_unit_test(test_digits_stay),
		cmocka_unit_test(test_booleans_and_words),
		cmocka_unit_test(test_everything_else),
		cmocka_unit_test(test_codes_follow_site_and_method),
		cmocka_unit_test(test_every_metric),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_the_table),
	};

	return RUN_TESTS(tests);
}
