/*
 * Names, and readings to rows and back: what comes back from the disk is
 * published with the same words as the live one, but for "backfill".
 */
#include <errno.h>

#include "outbox/names.h"
#include "outbox/rowform.h"
#include "publish/payloads/payloads.h"
#include "unit/unit.h"
#include "wardgate/payload.h"

static struct label *make_label(const char *text)
{
	struct label *l;

	assert_int_equal(label_new(&l, text), 0);
	return l;
}

static void test_numbers_are_given_once(void **state)
{
	_cleanup_(names_freep) struct names *n = NULL;
	struct label *a = make_label("bed3"), *same = make_label("bed3"), *b = make_label("bed4");
	uint32_t id;

	assert_int_equal(names_new(&n, "7-0000abcd"), 0);
	id = names_of_label(n, a);
	assert_int_not_equal(id, 0);
	assert_int_equal(names_of_label(n, a), id);
	assert_int_equal(names_of_label(n, same), id);
	assert_int_not_equal(names_of_label(n, b), id);
	assert_int_equal(names_of_label(n, NULL), 0);
	assert_string_equal(names_label(n, id)->text, "bed3");
	assert_null(names_label(n, 0));
	assert_null(names_label(n, 1000));
	assert_int_equal(names_of_word(n, WORD_NONE), 0);
	assert_int_equal(names_metric(n, names_of_metric(n, METRIC_SPO2)), METRIC_SPO2);
	assert_int_equal(
		names_word(n, names_of_word(n, WORD_MOTION_ARTEFACT)), WORD_MOTION_ARTEFACT);
	assert_int_equal(names_metric(n, id), METRIC_NONE);
	assert_int_equal(names_word(n, id), WORD_NONE);
	label_unref(a);
	label_unref(same);
	label_unref(b);
}

static void test_this_run_is_no_epoch(void **state)
{
	_cleanup_(names_freep) struct names *n = NULL;
	struct label *other = make_label("6-0000ffff");

	assert_int_equal(names_new(&n, "7-0000abcd"), 0);
	assert_null(names_epoch(n, names_of_epoch(n, NULL)));
	assert_string_equal(names_label(n, names_of_epoch(n, NULL))->text, "7-0000abcd");
	assert_string_equal(names_epoch(n, names_of_epoch(n, other))->text, "6-0000ffff");
	label_unref(other);
}

static void test_what_the_database_knows_keeps_its_numbers(void **state)
{
	static const struct store_name known[] = { { 5, "bed3" }, { 9, "spo2" }, { 0, "none" },
		{ NAMES_MAX, "far" }, { 9, "again" }, { 6, "" } };
	_cleanup_(names_freep) struct names *n = NULL;
	_cleanup_(freep) struct store_name *unsaved = NULL;
	struct label *bed = make_label("bed3"), *fresh = make_label("bed5");

	assert_int_equal(names_new(&n, "7-0000abcd"), 0);
	assert_int_equal(names_learn(n, known, ARRAY_SIZE(known)), 0);
	assert_int_equal(names_of_label(n, bed), 5);
	assert_int_equal(names_of_metric(n, METRIC_SPO2), 9);
	assert_int_equal(names_unsaved(n, &unsaved), 0);
	assert_int_equal(names_of_label(n, fresh), 10);
	assert_int_equal(names_unsaved(n, &unsaved), 1);
	assert_int_equal(unsaved[0].id, 10);
	assert_string_equal(unsaved[0].text, "bed5");
	names_saved(n, names_next(n));
	free(unsaved);
	assert_int_equal(names_unsaved(n, &unsaved), 0);
	names_forget_saved(n);
	assert_int_equal(names_unsaved(n, &unsaved), 3);
	label_unref(bed);
	label_unref(fresh);
}

static void test_many_names(void **state)
{
	_cleanup_(names_freep) struct names *n = NULL;
	char text[32];

	assert_int_equal(names_new(&n, "7-0000abcd"), 0);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			struct label *l;

			snprintf(text, sizeof(text), "name-%d", i);
			l = make_label(text);
			assert_int_equal(names_of_label(n, l), i + 1);
			label_unref(l);
		}
}

static const char *payload(const struct reading *r)
{
	static char buf[2][PAYLOAD_MAX];
	static int turn;
	struct payload_context context = { "gw1", "7-0000abcd" };
	char *p = buf[turn ^= 1];
	ssize_t n = payload_by_name("json")->reading(p, PAYLOAD_MAX, r, &context);

	assert_true(n > 0);
	p[n] = 0;
	return p;
}

/* Through a row, with other names than those that gave the row. */
static void check_round_trip(const struct reading *r)
{
	_cleanup_(names_freep) struct names *n = NULL, *later = NULL;
	_cleanup_(freep) struct store_name *unsaved = NULL;
	struct reading waited = *r;
	struct store_row row;
	struct message m;
	ssize_t count;

	assert_int_equal(names_new(&n, "7-0000abcd"), 0);
	assert_int_equal(names_new(&later, "7-0000abcd"), 0);
	assert_int_equal(row_from_reading(&row, n, r), 0);
	count = names_unsaved(n, &unsaved);
	assert_true(count > 0);
	assert_int_equal(names_learn(later, unsaved, (size_t)count), 0);
	assert_int_equal(row_to_message(&m, later, &row), 0);
	waited.backfill = true;
	assert_string_equal(payload(&m.reading), payload(&waited));
	assert_true(m.backfill);
	message_release(&m);
}

static void test_a_reading_comes_back_as_it_was(void **state)
{
	struct label *device = make_label("bed3-oximeter"), *bed = make_label("3"),
		     *patient = make_label("p-1"), *association = make_label("a-9"),
		     *by = make_label("nurse"), *epoch = make_label("3-00001111");
	struct reading r = {
		.number = { 3760, -2 },
		.time_us = INT64_C(1764000000123456),
		.received_us = INT64_C(1764000000150999),
		.received_boot_us = 5000,
		.source_key = UINT64_C(0xfedcba9876543210),
		.metric = METRIC_BODY_TEMPERATURE,
		.kind = VALUE_NUMBER,
		.sequence = 34567,
		.device_sequence = 12,
		.device = device,
		.bed = bed,
	};

	check_round_trip(&r);
	r.epoch = epoch;
	r.patient = patient;
	r.association = association;
	r.by = by;
	r.raw = (struct decimal){ 1599, -2 };
	r.raw_unit = WORD_UNIT_KPA;
	r.device_time_us = INT64_C(1763999000000000);
	r.period_ms = 8000;
	r.flags = FLAG_STORED | FLAG_TEST;
	r.instance = 2;
	r.validity = VALIDITY_QUESTIONABLE;
	r.time_source = TIME_DEVICE_CORRECTED;
	r.origin = ORIGIN_MANUAL;
	r.auth = AUTH_DEVICE;
	r.reason = WORD_MOTION_ARTEFACT;
	r.clock = CLOCK_UNSYNCHRONISED;
	r.group = 34565;
	check_round_trip(&r);
	r.kind = VALUE_NONE;
	r.number = (struct decimal){ 0 };
	r.validity = VALIDITY_SENSOR_OFF;
	check_round_trip(&r);
	r.number = (struct decimal){ INT64_MIN + 1, 100 };
	r.kind = VALUE_BOOLEAN;
	r.boolean = true;
	r.metric = METRIC_CONTACT;
	check_round_trip(&r);
	r.kind = VALUE_WORD;
	r.word = WORD_MOTION_ARTEFACT;
	r.time_us = -1; /* just before 1970 */
	check_round_trip(&r);
	label_unref(device);
	label_unref(bed);
	label_unref(patient);
	label_unref(association);
	label_unref(by);
	label_unref(epoch);
}

static void test_what_is_not_understood_is_refused(void **state)
{
	_cleanup_(names_freep) struct names *n = NULL;
	struct label *device = make_label("d");
	struct reading r = { .kind = VALUE_NUMBER, .metric = METRIC_SPO2, .device = device };
	struct store_row good, row;
	struct message m;

	assert_int_equal(names_new(&n, "7-0000abcd"), 0);
	assert_int_equal(row_from_reading(&good, n, &r), 0);
	assert_int_equal(row_to_message(&m, n, &good), 0);
	message_release(&m);
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		row = good;                                                                        \
		change;                                                                            \
		assert_int_equal(row_to_message(&m, n, &row), -EBADMSG);                           \
	} while (0)
	REFUSED(row.device = 0);
	REFUSED(row.device = 77);
	REFUSED(row.epoch = 0);
	REFUSED(row.metric = good.device);
	REFUSED(row.bed = 77);
	REFUSED(row.reason = good.device);
	REFUSED(row.kind = 9);
	REFUSED(row.validity = _VALIDITY_MAX);
	REFUSED(row.time_source = _TIME_SOURCE_MAX);
	REFUSED(row.origin = _ORIGIN_MAX);
	REFUSED(row.auth = _AUTH_MAX);
	REFUSED(row.clock = _CLOCK_STATE_MAX);
	REFUSED(row.kind = VALUE_WORD; row.value = good.device);
	REFUSED(row.kind = VALUE_WORD; row.value = INT64_MAX);
	label_unref(device);
}

static void test_events_come_back(void **state)
{
	struct message m = {
		.kind = MESSAGE_ALARM, .sequence = 4, .topic = (char *)"a/b", .body = (char *)"{}"
	};
	_cleanup_(names_freep) struct names *n = NULL;
	struct store_event event;
	struct message back;

	assert_int_equal(names_new(&n, "7-0000abcd"), 0);
	assert_int_equal(row_from_event(&event, n, &m), 0);
	assert_int_equal(row_to_event_message(&back, n, &event), 0);
	assert_string_equal(back.topic, "a/b");
	assert_string_equal(back.body, "{}");
	assert_int_equal(back.kind, MESSAGE_ALARM);
	assert_null(event.topic);
	message_release(&back);
	assert_int_equal(row_from_event(&event, n, &m), 0);
	event.kind = 77;
	assert_int_equal(row_to_event_message(&back, n, &event), -EBADMSG);
	free(event.topic);
	free(event.body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_given_once),
		cmocka_unit_test(test_this_run_is_no_epoch),
		cmocka_unit_test(test_what_the_database_knows_keeps_its_numbers),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_a_reading_comes_back_as_it_was),
		cmocka_unit_test(test_what_is_not_understood_is_refused),
		cmocka_unit_test(test_events_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
