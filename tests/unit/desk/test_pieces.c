/*
 * The engine's state in pieces says the same as the whole, and its marks change
 * when it does: with onsets, alarms and what people do, not with values.
 */
#include <stdlib.h>

#include "alarms/alarms.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "wardgate/reading.h"

static struct alarm_now now = { .boot_us = 1000000, .utc_us = INT64_C(1795255200000000) };

static struct ruleset *rules(void)
{
	static const struct rule_item low[] = { { "Type", "limit", false },
		{ "Metric", "spo2", false }, { "Below", "90", false }, { "For", "15s", false },
		{ "Priority", "medium", false } };
	static const struct rule_item rate[] = { { "Type", "rate", false },
		{ "Metric", "spo2", false }, { "Fall", "50", false }, { "Window", "1min", false },
		{ "Priority", "medium", false } };
	static const struct rule_item cold[] = { { "Type", "coldchain", false },
		{ "Metric", "ambient-temperature", false }, { "Devices", "fridge", false },
		{ "Unit", "Cel", false }, { "Priority", "medium", false } };
	static const struct rule_settings all[] = { { "cold", cold, 5 }, { "low", low, 5 },
		{ "rate", rate, 5 } };
	struct ruleset *s;

	assert_int_equal(ruleset_new(&s, all, 3, NULL, NULL), 0);
	return s;
}

static struct alarms *engine(void)
{
	struct alarms_options options = { .epoch = "1-00000001" };
	struct alarms *a;

	assert_int_equal(alarms_new(&a, &options), 0);
	assert_int_equal(alarms_set_rules(a, rules(), &now), 0);
	assert_int_equal(alarms_device(a, "oximeter", "3", &now), 0);
	assert_int_equal(alarms_device(a, "fridge", NULL, &now), 0);
	return a;
}

static void say(struct alarms *a, const char *device, enum metric m, int value, int after_s)
{
	struct reading r = { .metric = (uint8_t)m, .kind = VALUE_NUMBER, .number = { value, 0 } };

	now.boot_us += after_s * ALARMS_SECOND;
	now.utc_us += after_s * ALARMS_SECOND;
	r.time_us = r.received_us = now.utc_us;
	r.received_boot_us = now.boot_us;
	assert_int_equal(label_new(&r.device, device), 0);
	assert_int_equal(alarms_reading(a, &r, &now), 0);
	label_unref(r.device);
}

static char *piece(const struct alarms *a, enum alarms_piece kind, const char *name, bool lasting)
{
	char *text;
	size_t n;

	assert_int_equal(alarms_save_piece(a, kind, name, lasting, &text, &n), 0);
	assert_int_equal(strlen(text), n);
	return text;
}

static char *joined(const struct alarms *a, bool lasting, size_t *ret_length)
{
	_cleanup_(freep) char *bed = piece(a, PIECE_BED, "3", lasting),
			      *one = piece(a, PIECE_DEVICE, "oximeter", lasting),
			      *two = piece(a, PIECE_DEVICE, "fridge", lasting),
			      *gateway = piece(a, PIECE_GATEWAY, "gateway", lasting);
	char all[16384], *ret;
	int n = snprintf(all, sizeof(all), "%s%s%s%s", bed, one, two, gateway);

	assert_in_range(n, 1, sizeof(all) - 1);
	assert_int_equal(alarms_save_joined(all, (size_t)n, &now, &ret, ret_length), 0);
	return ret;
}

/* All that a whole state says but for its first and last line, in any order. */
static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(const struct alarms *a)
{
	_cleanup_(freep) char *text = NULL;
	char *lines[200], *save = NULL, *ret = calloc(1, 16384);
	size_t n, count = 0;

	assert_non_null(ret);
	assert_int_equal(alarms_save(a, &now, &text, &n), 0);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		lines[count++] = l;
	assert_in_range(count, 3, 199);
	qsort(lines + 1, count - 2, sizeof(*lines), compare_lines);
	for (size_t i = 1; i < count - 1; i++)
		(void)snprintf(ret + strlen(ret), 16384 - strlen(ret), "%s\n", lines[i]);
	return ret;
}

static void story(struct alarms *a)
{
	struct alarm_limits limits = { .has_low = true, .low = { 88, 0 } };
	char why[ALARMS_WHY_MAX];

	say(a, "oximeter", METRIC_SPO2, 95, 1);
	say(a, "oximeter", METRIC_SPO2, 80, 1);
	say(a, "oximeter", METRIC_SPO2, 80, 16);
	say(a, "fridge", METRIC_AMBIENT_TEMPERATURE, 12, 1);
	assert_int_equal(alarms_condition(a, CONDITION_STORE_FULL, NULL, true, NULL, &now), 0);
	assert_int_equal(alarms_condition(a, CONDITION_LOW_BATTERY, "fridge", true, NULL, &now), 0);
	assert_int_equal(alarms_acknowledge(a, "low.oximeter", "n", &now, why), 0);
	assert_int_equal(alarms_pause_bed(a, "3", ALARMS_PAUSE_AUDIO, 0, "n", &now, why), 0);
	assert_int_equal(alarms_set_limits(a, "low", LIMIT_BED, "3", &limits, "n", &now, why), 0);
}

static void test_the_same_as_the_whole(void **state)
{
	_cleanup_(alarms_freep) struct alarms *a = engine(), *b = engine();
	_cleanup_(freep) char *text = NULL, *of_a = NULL, *of_b = NULL;
	char why[ALARMS_WHY_MAX];
	size_t n;

	story(a);
	text = joined(a, false, &n);
	if (alarms_restore(b, text, n, 0, &now, why) != 0)
		fail_msg("%s", why);
	of_a = sorted(a);
	of_b = sorted(b);
	assert_string_equal(of_a, of_b);
}

static void test_what_lasts(void **state)
{
	_cleanup_(alarms_freep) struct alarms *a = engine(), *b = engine();
	_cleanup_(freep) char *text = NULL, *none = NULL, *alarm = NULL, *clocks = NULL;
	struct alarms_counters c;
	char why[ALARMS_WHY_MAX];
	size_t n;

	say(a, "oximeter", METRIC_SPO2, 80, 1); /* an onset does not last */
	none = piece(a, PIECE_DEVICE, "oximeter", true);
	assert_string_equal(none, "");
	story(a);
	alarm = piece(a, PIECE_DEVICE, "oximeter", true);
	assert_non_null(strstr(alarm, "name=low"));
	assert_null(strstr(alarm, "name=rate"));
	clocks = piece(a, PIECE_DEVICE, "fridge", true);
	assert_non_null(strstr(clocks, "name=cold"));
	text = joined(a, true, &n);
	if (alarms_restore(b, text, n, -1, &now, why) != 0)
		fail_msg("%s", why);
	alarms_counters(b, &c);
	assert_int_equal(c.active, 3);
	free(none);
	none = piece(a, PIECE_DEVICE, "nobody", false);
	assert_string_equal(none, "");
}

static struct alarms_mark mark_of(const struct alarms *a, enum alarms_piece kind, const char *name)
{
	struct alarms_mark m;

	alarms_mark(a, kind, name, &m);
	return m;
}

static void test_marks(void **state)
{
	_cleanup_(alarms_freep) struct alarms *a = engine();
	struct alarms_mark m, x, bed;
	char why[ALARMS_WHY_MAX];

	say(a, "oximeter", METRIC_SPO2, 95, 1);
	m = mark_of(a, PIECE_DEVICE, "oximeter");
	say(a, "oximeter", METRIC_SPO2, 96, 1);
	x = mark_of(a, PIECE_DEVICE, "oximeter");
	assert_true(x.life == m.life && x.lasting == m.lasting && !x.running);
	say(a, "oximeter", METRIC_SPO2, 80, 1);
	m = mark_of(a, PIECE_DEVICE, "oximeter"); /* an onset */
	assert_true(x.life != m.life && x.lasting == m.lasting);
	say(a, "oximeter", METRIC_SPO2, 80, 16);
	x = mark_of(a, PIECE_DEVICE, "oximeter"); /* an alarm */
	assert_true(x.life != m.life && x.lasting != m.lasting);
	assert_int_equal(alarms_acknowledge(a, "low.oximeter", "n", &now, why), 0);
	m = mark_of(a, PIECE_DEVICE, "oximeter");
	assert_true(x.lasting != m.lasting);
	bed = mark_of(a, PIECE_BED, "3");
	assert_int_equal(alarms_pause_bed(a, "3", ALARMS_OFF_ALARM, 0, "n", &now, why), 0);
	x = mark_of(a, PIECE_BED, "3");
	assert_true(x.lasting != bed.lasting);
	m = mark_of(a, PIECE_GATEWAY, "gateway");
	assert_int_equal(alarms_condition(a, CONDITION_STORE_FULL, NULL, true, NULL, &now), 0);
	x = mark_of(a, PIECE_GATEWAY, "gateway");
	assert_true(x.lasting != m.lasting);
	say(a, "fridge", METRIC_AMBIENT_TEMPERATURE, 5, 1);
	m = mark_of(a, PIECE_DEVICE, "fridge");
	assert_false(m.running);
	say(a, "fridge", METRIC_AMBIENT_TEMPERATURE, 12, 1);
	x = mark_of(a, PIECE_DEVICE, "fridge"); /* an excursion begins */
	assert_true(x.running && x.lasting != m.lasting);
	say(a, "fridge", METRIC_AMBIENT_TEMPERATURE, 12, 60);
	m = mark_of(a, PIECE_DEVICE, "fridge"); /* and goes on: its sums are no news that last */
	assert_true(x.state != m.state && x.lasting == m.lasting);
	m = mark_of(a, PIECE_DEVICE, "nobody");
	assert_true(m.life == 0 && m.lasting == 0 && m.state == 0);
}

static void test_mode(void **state)
{
	_cleanup_(alarms_freep) struct alarms *a = engine();
	struct alarms_counters c;

	story(a);
	alarms_mode(a, false, false, &now);
	alarms_counters(a, &c);
	assert_int_equal(c.active, 1); /* the rule's alone */
	assert_int_equal(alarms_condition(a, CONDITION_STORE_FULL, NULL, true, NULL, &now), 0);
	say(a, "fridge", METRIC_BATTERY, 3, 1);
	alarms_counters(a, &c);
	assert_int_equal(c.active, 1);
	alarms_mode(a, false, true, &now);
	say(a, "fridge", METRIC_BATTERY, 3, 1);
	alarms_counters(a, &c);
	assert_int_equal(c.active, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_as_the_whole),
		cmocka_unit_test(test_what_lasts),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
