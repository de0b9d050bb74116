/*
 * The tables of metrics and words: each is found by its name and by no other,
 * codes are well formed, LOINC's check digits are right.
 */
#include "unit/unit.h"
#include "util/cleanup.h"
#include "wardgate/metric.h"
#include "wardgate/reading.h"

static void test_every_metric_by_name(void **state)
{
	(void)state;
	assert_string_equal(metric_info(METRIC_NONE)->name, "none");
	assert_string_equal(metric_info(_METRIC_MAX)->name, "none");
	assert_string_equal(metric_info((enum metric)9999)->name, "none");
	for (int m = METRIC_NONE + 1; m < _METRIC_MAX; m++) {
		const struct metric_info *info = metric_info((enum metric)m);
		size_t n = strlen(info->name);

		assert_true(n > 0 && n <= 31);
		assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz0123456789-"), n);
		assert_non_null(info->unit);
		assert_int_equal(metric_by_name(info->name, n), m);
		assert_int_not_equal(metric_by_name(info->name, n - 1), m);
	}
	assert_int_equal(metric_by_name("none", 4), METRIC_NONE);
	assert_int_equal(metric_by_name("", 0), METRIC_NONE);
	assert_int_equal(metric_by_name("spo2\0x", 6), METRIC_NONE);
	assert_int_equal(metric_by_name("spo2 and more", 4), METRIC_SPO2);
	assert_int_equal(metric_by_name("a-name-much-longer-than-any-metric-has", 38), METRIC_NONE);
	assert_true(_METRIC_MAX <= 256); /* struct reading keeps it in a byte */
}

static void test_contract_has_all(void **state)
{
	static const char *const names[] = { "heart-rate", "pulse-rate", "spo2", "perfusion-index",
		"respiratory-rate", "body-temperature", "skin-temperature", "core-temperature",
		"bp-systolic", "bp-diastolic", "bp-mean", "cuff-pressure", "rr-interval", "glucose",
		"glucose-trend", "etco2", "fio2", "oxygen-flow", "oxygen-therapy", "oxygen-device",
		"consciousness", "gcs", "pain", "news2", "weight", "height", "bmi", "body-fat",
		"muscle-mass", "impedance", "energy", "urine-output", "ambient-temperature", "mkt",
		"humidity", "pressure", "ambient-co2", "pm2-5", "voc", "illuminance", "battery",
		"battery-voltage", "voltage", "current", "power", "signal-strength", "link-quality",
		"contact", "motion", "occupancy", "presence", "button", "nurse-call", "emergency",
		"bed-exit", "fall", "water-leak", "smoke", "tamper", "acceleration", "counter" };
	/* Behind them stands what came later; what the contract names is never taken out. */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (metric_by_name(names[i], strlen(names[i])) == METRIC_NONE)
			fail_msg("%s is missing", names[i]);
	assert_int_equal(ARRAY_SIZE(names), METRIC_COUNTER);
}

static void test_kinds_are_complete(void **state)
{
	(void)state;
	for (int m = METRIC_NONE + 1; m < _METRIC_MAX; m++) {
		const struct metric_info *info = metric_info((enum metric)m);

		if (info->kind == METRIC_BOOLEAN)
			assert_true(strncmp(info->note, "true: ", 6) == 0);
		if (info->kind != METRIC_NUMBER)
			assert_string_equal(info->unit, "");
		assert_int_equal(info->kind == METRIC_WORD, info->words != NULL);
	}
}

static void test_every_word_by_text(void **state)
{
	(void)state;
	assert_string_equal(word_text(WORD_NONE), "");
	assert_string_equal(word_text((enum word)9999), "");
	for (int w = WORD_NONE + 1; w < _WORD_MAX; w++) {
		const char *text = word_text((enum word)w);

		assert_true(strlen(text) > 0 && strlen(text) <= 31);
		assert_null(strchr(text, ' '));
		assert_int_equal(word_by_text(text, strlen(text)), w); /* so no text stands twice */
	}
	assert_int_equal(word_by_text("", 0), WORD_NONE);
	assert_int_equal(word_by_text("no such word", 12), WORD_NONE);
}

/* Every word that a metric lists is in the table, and is taken by that metric alone. */
static void test_words_of_metrics(void **state)
{
	(void)state;
	for (int m = METRIC_NONE + 1; m < _METRIC_MAX; m++) {
		const char *p = metric_info((enum metric)m)->words;

		while (p && *p != 0) {
			size_t n = strcspn(p, " ");
			enum word w = word_by_text(p, n);

			assert_int_not_equal(w, WORD_NONE);
			assert_true(metric_takes_word((enum metric)m, w));
			p += n + (p[n] != 0);
		}
	}
	assert_true(metric_takes_word(METRIC_BUTTON, WORD_DOUBLE));
	assert_false(metric_takes_word(METRIC_BUTTON, WORD_ALERT));
	assert_false(metric_takes_word(METRIC_BUTTON, WORD_NONE));
	assert_false(metric_takes_word(METRIC_SPO2, WORD_ALERT));
}

/* LOINC's last digit by Luhn's method over the others. */
static bool loinc_good(const char *code, size_t n)
{
	int sum = 0;

	if (n < 3 || n > 8 || code[n - 2] != '-')
		return false;
	for (size_t i = 0; i < n - 2; i++) {
		int digit = code[n - 3 - i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		if (i % 2 == 0)
			digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return (10 - sum % 10) % 10 == code[n - 1] - '0';
}

static void check_codes(const char *name, struct metric_codes c)
{
	const char *p = c.loinc ? c.loinc : "";

	while (*p != 0) {
		size_t n = strcspn(p, " ");

		if (!loinc_good(p, n))
			fail_msg("%s: LOINC %.*s has a wrong check digit", name, (int)n, p);
		p += n + (p[n] != 0);
	}
	/* partitions 1 and 2 for what is measured, 4 for units */
	if (c.mdc != 0)
		assert_in_range(c.mdc, 1 << 16, (3 << 16) - 1);
	if (c.mdc_unit != 0)
		assert_in_range(c.mdc_unit, 4 << 16, (5 << 16) - 1);
}

static void test_codes(void **state)
{
	(void)state;
	assert_true(loinc_good("8867-4", 6));
	assert_false(loinc_good("3150-6", 6)); /* often seen for FiO2, and wrong */
	assert_false(loinc_good("8876-4", 6));
	for (int m = METRIC_NONE; m < _METRIC_MAX; m++)
		for (int w = WORD_NONE; w < _WORD_MAX; w++) {
			const char *name = metric_info((enum metric)m)->name;

			check_codes(name, metric_codes((enum metric)m, (enum word)w, WORD_NONE));
			check_codes(name, metric_codes((enum metric)m, WORD_NONE, (enum word)w));
		}
}

static void test_codes_by_site_and_method(void **state)
{
	struct metric_codes c;

	(void)state;
	c = metric_codes(METRIC_SPO2, WORD_FINGER, WORD_NONE);
	assert_int_equal(c.mdc, 150456);
	assert_int_equal(c.mdc_unit, 262688);
	assert_string_equal(c.loinc, "2708-6 59408-5");
	assert_int_equal(metric_codes(METRIC_BODY_TEMPERATURE, WORD_NONE, WORD_NONE).mdc, 150364);
	assert_int_equal(metric_codes(METRIC_BODY_TEMPERATURE, WORD_MOUTH, WORD_NONE).mdc, 188424);
	assert_int_equal(
		metric_codes(METRIC_BODY_TEMPERATURE, WORD_AXILLA, WORD_INFRARED).mdc, 188452);
	assert_int_equal(metric_codes(METRIC_BODY_TEMPERATURE, WORD_RECTUM, WORD_NONE).mdc, 188420);
	assert_int_equal(metric_codes(METRIC_BODY_TEMPERATURE, WORD_FRIDGE, WORD_NONE).mdc, 150364);
	assert_int_equal(metric_codes(METRIC_PULSE_RATE, WORD_FINGER, WORD_OXIMETRY).mdc, 149530);
	assert_int_equal(
		metric_codes(METRIC_RESPIRATORY_RATE, WORD_NONE, WORD_CAPNOGRAPHY).mdc, 151594);
	assert_int_equal(metric_codes(METRIC_BP_MEAN, WORD_NONE, WORD_ARTERIAL).mdc, 150039);
	assert_int_equal(metric_codes(METRIC_NONE, WORD_NONE, WORD_NONE).mdc, 0);
}

static void test_names_of_a_reading(void **state)
{
	(void)state;
	for (int v = 0; v < _VALIDITY_MAX; v++) {
		const char *text = validity_text((enum validity)v);

		assert_int_equal(validity_by_text(text, strlen(text)), v);
	}
	assert_null(validity_text(_VALIDITY_MAX));
	assert_null(validity_text((enum validity) - 1));
	assert_int_equal(validity_by_text("vali", 4), -1);
	for (int f = 1; f < _FLAG_END; f <<= 1) {
		const char *text = reading_flag_text((enum reading_flag)f);

		assert_non_null(text);
		assert_int_equal(reading_flag_by_text(text, strlen(text)), f);
	}
	assert_null(reading_flag_text((enum reading_flag)(FLAG_DEMO | FLAG_TEST)));
	assert_int_equal(reading_flag_by_text("dem", 3), 0);
	assert_string_equal(time_source_text(TIME_DEVICE_CORRECTED), "device-corrected");
	assert_string_equal(clock_state_text(CLOCK_HOLDOVER), "holdover");
	assert_string_equal(origin_text(ORIGIN_MANUAL), "manual");
	assert_string_equal(auth_text(AUTH_LINK), "link");
	assert_null(auth_text(_AUTH_MAX));
}

static void test_labels_are_counted(void **state)
{
	struct reading a = { 0 }, b;

	(void)state;
	assert_int_equal(label_new(&a.device, "bed3-oximeter"), 0);
	assert_int_equal(label_new(&a.bed, "3"), 0);
	b = a;
	reading_hold(&b);
	assert_int_equal(a.device->refs, 2);
	reading_release(&a);
	assert_null(a.device);
	assert_string_equal(b.device->text, "bed3-oximeter");
	assert_int_equal(b.bed->refs, 1);
	reading_release(&b);
	reading_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_metric_by_name),
		cmocka_unit_test(test_contract_has_all),
		cmocka_unit_test(test_kinds_are_complete),
		cmocka_unit_test(test_every_word_by_text),
		cmocka_unit_test(test_words_of_metrics),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_codes_by_site_and_method),
		cmocka_unit_test(test_names_of_a_reading),
		cmocka_unit_test(test_labels_are_counted),
	};

	return RUN_TESTS(tests);
}
