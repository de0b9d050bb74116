/*
 * The JSON of events and of computed values: every member, what is left out, and
 * texts and lists that are larger than there is room for.
 */
#include <errno.h>

#include "desk/private.h"
#include "unit/unit.h"
#include "util/cleanup.h"

static const struct desk_context context = {
	.gateway = "gw", .epoch = "2-0000abcd", .sequence = 7, .clock = CLOCK_SYNCHRONISED
};

#define ONSET INT64_C(1795255200123000) /* 2026-11-21T10:00:00.123Z */

static struct alarm_event plain(void)
{
	return (struct alarm_event){ .key = "spo2-low.d",
		.epoch = "1-00000001",
		.number = 81,
		.step = 3,
		.rule = "spo2-low",
		.kind = ALARM_PHYSIOLOGICAL,
		.priority = PRIORITY_HIGH,
		.phase = PHASE_START,
		.state = ALARM_ACTIVE,
		.onset_us = ONSET,
		.detected_us = ONSET,
		.time_us = ONSET,
		.text = "SpO2 86 % below 90 %" };
}

static char *write_down(const struct alarm_event *e, const struct desk_context *c)
{
	static char buf[DESK_DOCUMENT];

	assert_true(desk_document(buf, sizeof(buf), e, c) > 0);
	return buf;
}

static void test_the_least(void **state)
{
	struct alarm_event e = plain();

	assert_string_equal(write_down(&e, &context),
		"{\"id\":\"gw:2-0000abcd:7\",\"alarm\":\"gw:1-00000001:a81\",\"step\":3,"
		"\"rule\":\"spo2-low\",\"kind\":\"physiological\",\"priority\":\"high\","
		"\"phase\":\"start\",\"state\":\"active\",\"inactivation\":[\"enabled\"],"
		"\"bed\":\"-\",\"onset\":\"2026-11-21T10:00:00.123Z\","
		"\"detected\":\"2026-11-21T10:00:00.123Z\",\"time\":\"2026-11-21T10:00:00.123Z\","
		"\"clock\":\"synchronised\",\"text\":\"SpO2 86 % below 90 %\"}");
}

static void test_all_of_it(void **state)
{
	const struct alarm_excursion excursion = { .below = true,
		.alarmed = true,
		.start_us = ONSET,
		.end_us = ONSET + 90500000,
		.duration_us = 90500000,
		.extreme = { -15, -1 },
		.mkt = { 123, -2 } };
	static const char *const members[] = { "a", "b" };
	struct alarm_event e = plain();
	struct desk_context c = context;
	const char *text;

	e.previous_priority = PRIORITY_LOW;
	e.reason = ALARM_REASON_NOT_ACKNOWLEDGED;
	e.inactivation = INACTIVATION_AUDIO_PAUSED | INACTIVATION_ACKNOWLEDGED;
	e.inactivated_until_us = ONSET + 120000000;
	e.by = "nurse \"A\"";
	e.bed = "3";
	e.device = "d";
	e.patient = "p-17";
	e.association = "as-1";
	e.metric = METRIC_SPO2;
	e.instance = 1;
	e.reading = 5;
	e.reading_epoch = "1-00000001";
	e.value_kind = VALUE_NUMBER;
	e.value = (struct decimal){ 860, -1 };
	e.validity = VALIDITY_QUESTIONABLE;
	e.flags = FLAG_TEST | FLAG_EPISODIC;
	e.limits = (struct alarm_limits){ true, true, { 90, 0 }, { 99, 0 } };
	e.mdc = 196670;
	e.ended_us = ONSET + 1000000;
	e.members = members;
	e.member_count = 2;
	e.excursion = &excursion;
	c.training = true;
	c.clock = CLOCK_HOLDOVER;
	text = write_down(&e, &c);
	assert_string_equal(text,
		"{\"id\":\"gw:2-0000abcd:7\",\"alarm\":\"gw:1-00000001:a81\",\"step\":3,"
		"\"rule\":\"spo2-low\",\"kind\":\"physiological\",\"priority\":\"high\","
		"\"previous_priority\":\"low\",\"phase\":\"start\",\"state\":\"active\","
		"\"inactivation\":[\"audio-paused\",\"alert-acknowledged\"],"
		"\"inactivated_until\":\"2026-11-21T10:02:00.123Z\",\"by\":\"nurse \\\"A\\\"\","
		"\"reason\":\"not-acknowledged\",\"bed\":\"3\",\"device\":\"d\","
		"\"patient\":\"p-17\",\"association\":\"as-1\",\"metric\":\"spo2\",\"instance\":1,"
		"\"reading\":\"gw:1-00000001:5\",\"value\":86.0,\"unit\":\"%\","
		"\"validity\":\"questionable\",\"limits\":{\"low\":90,\"high\":99},"
		"\"event\":{\"mdc\":196670},\"flags\":[\"test\",\"demo\"],"
		"\"excursion\":{\"side\":\"below\",\"alarmed\":true,"
		"\"start\":\"2026-11-21T10:00:00.123Z\",\"end\":\"2026-11-21T10:01:30.623Z\","
		"\"seconds\":90,\"extreme\":-1.5,\"mkt\":1.23},\"devices\":[\"a\",\"b\"],"
		"\"onset\":\"2026-11-21T10:00:00.123Z\",\"detected\":\"2026-11-21T10:00:00.123Z\","
		"\"ended\":\"2026-11-21T10:00:01.123Z\",\"time\":\"2026-11-21T10:00:00.123Z\","
		"\"clock\":\"holdover\",\"text\":\"SpO2 86 % below 90 %\"}");
}

static void test_a_value_that_is_not_known(void **state)
{
	struct alarm_event e = plain();
	const char *text;

	e.metric = METRIC_SPO2;
	e.stale = true;
	e.validity = VALIDITY_QUESTIONABLE;
	text = write_down(&e, &context);
	assert_non_null(strstr(text, "\"value\":null,\"unit\":\"%\",\"stale\":true"));
	assert_null(strstr(text, "validity"));
	e.validity = VALIDITY_BELOW_RANGE;
	assert_null(strstr(write_down(&e, &context), "validity"));
	e.stale = false;
	assert_non_null(strstr(write_down(&e, &context),
		"\"value\":null,\"unit\":\"%\",\"validity\":\"below-range\""));
	e.validity = VALIDITY_NOT_MEASURED;
	assert_null(strstr(write_down(&e, &context), "validity"));
	e.metric = METRIC_CONTACT;
	e.value_kind = VALUE_BOOLEAN;
	e.boolean = true;
	e.validity = VALIDITY_VALID;
	assert_non_null(strstr(write_down(&e, &context), "\"metric\":\"contact\",\"value\":true"));
}

/* All devices that there can be, and more than there is room for otherwise. */
static void test_all_devices(void **state)
{
	static char names[ALARMS_DEVICES_MAX][41];
	static const char *members[ALARMS_DEVICES_MAX];
	struct alarm_event e = plain();
	size_t size, told = 0;
	char *text;
	ssize_t n;

	for (size_t i = 0; i < ALARMS_DEVICES_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "device-with-a-name-that-is-forty-l%06zu", i);
		assert_int_equal(strlen(names[i]), 40);
		members[i] = names[i];
	}
	e.members = members;
	e.member_count = ALARMS_DEVICES_MAX;
	size = desk_document_size(&e);
	text = malloc(size);
	assert_non_null(text);
	n = desk_document(text, size, &e, &context);
	assert_in_range(n, ALARMS_DEVICES_MAX * 43, size - 1);
	for (const char *at = text; (at = strstr(at, "device-with")); at++) {
		assert_memory_equal(at, names[told], 40);
		told++;
	}
	assert_int_equal(told, ALARMS_DEVICES_MAX);
	assert_null(strstr(text, "left_out"));
	free(text);
	e.member_count = 0;
	assert_int_equal(desk_document_size(&e), DESK_DOCUMENT);
}

/* Without memory for more: as many as there is room for, and how many those are not. */
static void test_a_long_list(void **state)
{
	static char names[1000][40];
	static const char *members[1000];
	struct alarm_event e = plain();
	size_t told = 0;
	char *text, left[64];

	for (size_t i = 0; i < 1000; i++) {
		snprintf(names[i], sizeof(names[i]), "device-with-a-long-name-%zu", i);
		members[i] = names[i];
	}
	e.members = members;
	e.member_count = 1000;
	e.by = "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01";
	text = write_down(&e, &context);
	for (const char *at = text; (at = strstr(at, "device-with")); at++)
		told++;
	assert_in_range(told, 100, 999);
	snprintf(left, sizeof(left), "],\"devices_left_out\":%zu,", 1000 - told);
	assert_non_null(strstr(text, left));
	assert_int_equal(text[strlen(text) - 1], '}');
}

static void test_no_room(void **state)
{
	struct alarm_event e = plain();
	char buf[200];

	assert_int_equal(desk_document(buf, sizeof(buf), &e, &context), -ENOBUFS);
}

static void test_components(void **state)
{
	struct alarm_computed c = { .metric = METRIC_NEWS2,
		.complete = false,
		.minimum = { 5, 0 },
		.part_count = 3,
		.parts = {
			{ .metric = METRIC_SPO2,
				.kind = VALUE_NUMBER,
				.number = { 93, 0 },
				.points = 2,
				.age_us = 41500000,
				.device = "d" },
			{ .metric = METRIC_OXYGEN_THERAPY,
				.kind = VALUE_BOOLEAN,
				.stale = true,
				.age_us = 90000000,
				.origin = ORIGIN_MANUAL,
				.by = "n\"" },
			{ .metric = METRIC_CONSCIOUSNESS, .missing = true },
		} };
	char buf[DETAIL_MAX + 1];

	assert_true(desk_components(buf, sizeof(buf), &c) > 0);
	assert_string_equal(buf,
		"\"components\":[{\"metric\":\"spo2\",\"value\":93,\"points\":2,\"age_s\":41,"
		"\"device\":\"d\"},{\"metric\":\"oxygen-therapy\",\"value\":false,\"points\":null,"
		"\"stale\":true,\"age_s\":90,\"origin\":\"manual\",\"by\":\"n\\\"\"},"
		"{\"metric\":\"consciousness\",\"value\":null,\"points\":null,\"missing\":true}],"
		"\"minimum\":5");
	c.complete = true;
	c.part_count = 1;
	assert_true(desk_components(buf, sizeof(buf), &c) > 0);
	assert_null(strstr(buf, "minimum"));
}

static void test_many_components(void **state)
{
	struct alarm_computed c = { .metric = METRIC_NEWS2, .part_count = ALARM_PARTS_MAX };
	static const char device[] = "a-device-with-a-name-that-is-forty-long-";
	char buf[2 * DETAIL_MAX];
	struct detail *d;
	ssize_t n;

	for (size_t i = 0; i < ALARM_PARTS_MAX; i++)
		c.parts[i] = (struct alarm_part){ .metric = METRIC_RESPIRATORY_RATE,
			.kind = VALUE_NUMBER,
			.number = { 123456789, -3 },
			.points = -100,
			.age_us = INT64_C(86400000000000),
			.device = device };
	n = desk_components(buf, sizeof(buf), &c);
	assert_in_range(n, 1000, DETAIL_MAX);
	assert_non_null(strstr(buf, "],\"components_left_out\":"));
	assert_int_equal(detail_new(&d, buf, (size_t)n), 0);
	detail_unref(d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_least),
		cmocka_unit_test(test_all_of_it),
		cmocka_unit_test(test_a_value_that_is_not_known),
		cmocka_unit_test(test_all_devices),
		cmocka_unit_test(test_a_long_list),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_components),
		cmocka_unit_test(test_many_components),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
