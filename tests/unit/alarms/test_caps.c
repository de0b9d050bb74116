/*
 * How much there may be of everything: what is beyond a cap is refused and
 * counted, what is within is found again, and goes again.
 */
#include "unit/unit.h"

#include "alarms/alarms.h"
#include "util/cleanup.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

static const struct alarms_options options = { .epoch = "1-00000000" };
static const struct alarm_now now = { 1000, INT64_C(1795255200150000) };

static struct alarms *engine(const struct rule_settings *rules, size_t count)
{
	struct ruleset *set = NULL;
	struct alarms *a = NULL;

	assert_int_equal(alarms_new(&a, &options), 0);
	assert_int_equal(ruleset_new(&set, rules, count, NULL, NULL), 0);
	assert_int_equal(alarms_set_rules(a, set, &now), 0);
	return a;
}

static struct alarms_counters counters(const struct alarms *a)
{
	struct alarms_counters ret;

	alarms_counters(a, &ret);
	return ret;
}

static const char *name(const char *before, unsigned n)
{
	static char buf[32];

	snprintf(buf, sizeof(buf), "%s%u", before, n);
	return buf;
}

static const struct rule_item spo2[] = { { "Type", "limit", false }, { "Metric", "spo2", false },
	{ "Below", "90", false }, { "Priority", "low", false } };
static const struct rule_settings one = { "lo", spo2, 4 };

/* Thousands of names share their buckets: each is found, and gone when it is removed. */
static void test_each_goes_and_the_others_stay(void **state)
{
	struct alarms *a = engine(&one, 1);

	(void)state;
	for (unsigned i = 0; i < ALARMS_DEVICES_MAX; i++)
		assert_int_equal(alarms_device(a, name("d", i), NULL, &now), 0);
	for (unsigned i = 0; i < ALARMS_BEDS_MAX; i++)
		assert_int_equal(alarms_patient(a, name("b", i), "p", NULL, &now), 0);
	for (unsigned i = 0; i < ALARMS_DEVICES_MAX; i += 2)
		alarms_device_remove(a, name("d", i), &now);
	for (unsigned i = 0; i < ALARMS_BEDS_MAX; i += 2)
		alarms_bed_remove(a, name("b", i), &now);
	assert_int_equal(counters(a).devices, ALARMS_DEVICES_MAX / 2);
	assert_int_equal(counters(a).beds, ALARMS_BEDS_MAX / 2);
	for (unsigned i = 0; i < ALARMS_DEVICES_MAX; i++)
		assert_int_equal(
			alarms_condition(a, CONDITION_LOW_BATTERY, name("d", i), true, NULL, &now),
			i % 2 ? 0 : ALARMS_E_UNKNOWN);
	assert_int_equal(counters(a).active, 1); /* of the gateway, for all of them */
	alarms_free(a);
}

/* Rules times sensors: those beyond the cap are not judged, and it is counted. */
static void test_subjects_are_capped(void **state)
{
	static char limits[64][4], names[64][8];
	static struct rule_item items[64][4];
	static struct rule_settings rules[64];
	struct reading r = { .metric = METRIC_SPO2,
		.kind = VALUE_NUMBER,
		.number = { 97, 0 },
		.time_us = INT64_C(1795255200150000),
		.received_us = INT64_C(1795255200150000) };
	struct alarms *a, *b;
	char why[ALARMS_WHY_MAX], *text;
	size_t length;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		snprintf(limits[i], sizeof(limits[i]), "%u", 20 + i);
		snprintf(names[i], sizeof(names[i]), "r%u", i);
		memcpy(items[i], spo2, sizeof(spo2));
		items[i][2].value = limits[i];
		rules[i] = (struct rule_settings){ names[i], items[i], 4 };
	}
	a = engine(rules, 64);
	for (unsigned i = 0; i < ALARMS_SUBJECTS_MAX / 64; i++) {
		assert_int_equal(alarms_device(a, name("d", i), NULL, &now), 0);
		assert_int_equal(label_new(&r.device, name("d", i)), 0);
		assert_int_equal(alarms_reading(a, &r, &now), 0);
		label_unref(r.device);
	}
	/* the gateway's own conditions had their places before */
	assert_int_equal(counters(a).subjects, ALARMS_SUBJECTS_MAX);
	assert_int_equal(counters(a).refused, _CONDITION_MAX - 1);
	assert_int_equal(
		alarms_condition(a, CONDITION_LOW_BATTERY, "d0", true, NULL, &now), ALARMS_E_FULL);

	/* what was saved of others finds no place, and that is all */
	b = engine(&one, 1);
	assert_int_equal(alarms_device(b, "d0", NULL, &now), 0);
	assert_int_equal(alarms_condition(b, CONDITION_LOW_BATTERY, "d0", true, NULL, &now), 0);
	assert_int_equal(alarms_save(b, &now, &text, &length), 0);
	assert_int_equal(alarms_restore(a, text, length, 0, &now, why), 0);
	assert_int_equal(counters(a).active, 0);
	free(text);
	alarms_free(a);
	alarms_free(b);
}

static void test_limits_are_capped(void **state)
{
	static const struct rule_item rate[] = { { "Type", "limit", false },
		{ "Metric", "pulse-rate", false }, { "Below", "50", false },
		{ "Priority", "low", false } };
	const struct rule_settings rules[] = { one, { "hr", rate, 4 } };
	const struct alarm_limits low = { .has_low = true, .low = { 40, 0 } }, none = { 0 };
	struct alarms *a = engine(rules, 2);
	char why[ALARMS_WHY_MAX];

	(void)state;
	for (unsigned i = 0; i < ALARMS_OVERRIDES_MAX / 2; i++) {
		assert_int_equal(alarms_patient(a, name("b", i), "p", NULL, &now), 0);
		assert_int_equal(
			alarms_set_limits(a, "lo", LIMIT_BED, name("b", i), &low, "n", &now, why),
			0);
		assert_int_equal(
			alarms_set_limits(a, "hr", LIMIT_BED, name("b", i), &low, "n", &now, why),
			0);
	}
	assert_int_equal(
		alarms_set_limits(a, "lo", LIMIT_WARD, NULL, &low, "n", &now, why), ALARMS_E_FULL);
	assert_string_equal(why, "there are too many limits of beds and patients");
	/* another value for one of them needs no place, one taken back makes one */
	assert_int_equal(alarms_set_limits(a, "lo", LIMIT_BED, "b0", &low, "m", &now, why), 0);
	assert_int_equal(alarms_set_limits(a, "lo", LIMIT_BED, "b0", &none, "m", &now, why), 0);
	assert_int_equal(alarms_set_limits(a, "lo", LIMIT_WARD, NULL, &low, "n", &now, why), 0);
	alarms_free(a);
}

/* A state with more beds than there may be: those that are configured have their places. */
static void test_saved_beds_are_capped(void **state)
{
	struct alarms *a = engine(&one, 1), *b = engine(&one, 1);
	char why[ALARMS_WHY_MAX], *text;
	size_t length;

	(void)state;
	assert_int_equal(alarms_patient(b, "more", "p", NULL, &now), 0);
	assert_int_equal(alarms_save(b, &now, &text, &length), 0);
	for (unsigned i = 0; i < ALARMS_BEDS_MAX; i++)
		assert_int_equal(alarms_patient(a, name("b", i), "p", NULL, &now), 0);
	assert_int_equal(alarms_restore(a, text, length, 0, &now, why), 0);
	assert_int_equal(counters(a).beds, ALARMS_BEDS_MAX);
	free(text);
	alarms_free(a);
	alarms_free(b);
}

/* Charted values of a bed are capped as well; no device floods the gateway by them. */
static void test_charted_values_are_capped(void **state)
{
	struct reading r = { .metric = METRIC_SPO2,
		.kind = VALUE_NUMBER,
		.number = { 97, 0 },
		.origin = ORIGIN_MANUAL };
	struct alarms *a = engine(&one, 1);

	(void)state;
	assert_int_equal(label_new(&r.bed, "3"), 0);
	for (unsigned i = 0; i < ALARMS_BED_SENSORS_MAX; i++) {
		r.instance = (uint8_t)i;
		assert_int_equal(alarms_reading(a, &r, &now), 0);
	}
	r.instance++;
	assert_int_equal(alarms_reading(a, &r, &now), ALARMS_E_FULL);
	assert_int_equal(counters(a).refused, 1);
	assert_int_equal(counters(a).active, 0);
	label_unref(r.bed);
	/* and what is nobody's is not taken */
	r.bed = NULL;
	assert_int_equal(alarms_reading(a, &r, &now), ALARMS_E_UNKNOWN);
	alarms_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_goes_and_the_others_stay),
		cmocka_unit_test(test_subjects_are_capped),
		cmocka_unit_test(test_limits_are_capped),
		cmocka_unit_test(test_saved_beds_are_capped),
		cmocka_unit_test(test_charted_values_are_capped),
	};

	return RUN_TESTS(tests);
}
