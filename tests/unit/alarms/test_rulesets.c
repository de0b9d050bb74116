/*
 * Sets of rules, where a timeline cannot say it: texts that are too long, faults
 * of several rules at once, which settings a type takes, kinds of alarms.
 */
#include "unit/unit.h"

#include "alarms/ruleset_private.h"
#include "util/cleanup.h"

static char faults[4096];

static void on_fault(void *userdata, size_t rule, const char *key, const char *sentence)
{
	size_t n = strlen(faults);

	(void)userdata;
	snprintf(faults + n, sizeof(faults) - n, "%zu %s %s\n", rule, key ? key : "-", sentence);
}

/* What is said of the set; "": it was taken. */
static const char *said(const struct rule_settings *rules, size_t count)
{
	struct ruleset *set = NULL;
	int e;

	faults[0] = 0;
	e = ruleset_new(&set, rules, count, on_fault, NULL);
	assert_int_equal(e, faults[0] ? RULESET_E_FAULTY : 0);
	ruleset_free(set);
	return faults;
}

static void test_texts_are_short(void **state)
{
	static char text[RULE_LIST_MAX + 2];
	const struct rule_item items[] = { { "Type", "limit", false }, { "Metric", "spo2", false },
		{ "Below", "90", false }, { "Priority", "low", false }, { "Beds", text, false },
		{ "Unit", "%", false } };
	const struct rule_item unit[] = { { "Type", "limit", false }, { "Metric", "spo2", false },
		{ "Below", "90", false }, { "Priority", "low", false }, { "Unit", text, false } };
	const struct rule_settings rule = { "a", items, 6 }, other = { "a", unit, 5 };

	(void)state;
	memset(text, 'b', sizeof(text) - 1);
	assert_string_equal(said(&rule, 1), "0 Beds is too long\n");
	/* and nothing follows from what could not be read */
	assert_string_equal(said(&other, 1), "0 Unit is too long\n");
	text[RULE_LIST_MAX] = 0;
	assert_string_equal(said(&rule, 1), "");
}

/* Names of devices that are longer than any can be meet nobody's. */
static void test_long_names_meet_nobody(void **state)
{
	static char name[300];
	const struct rule_item low[] = { { "Type", "limit", false },
		{ "Metric", "pulse-rate", false }, { "Above", "120", false },
		{ "Priority", "low", false }, { "Devices", name, false } };
	const struct rule_item medium[] = { { "Type", "limit", false },
		{ "Metric", "pulse-rate", false }, { "Above", "120", false },
		{ "Priority", "medium", false }, { "Devices", name, false } };
	const struct rule_settings rules[] = { { "a", low, 5 }, { "b", medium, 5 } };

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	assert_string_equal(said(rules, 2), "");
	name[RULE_WHY_MAX - 1] = 0;
	assert_non_null(strstr(said(rules, 2), "1 Priority contradicts [Rule a]"));
}

/* Each faulty rule is blamed for its own; no other is blamed for what it says. */
static void test_faults_of_several(void **state)
{
	static const struct rule_item bad[] = { { "Type", "limit", false },
		{ "Metric", "pulse-rate", false }, { "Above", "120", false },
		{ "For", "long", false }, { "Priority", "low", false } };
	static const struct rule_item good[] = { { "Type", "limit", false },
		{ "Metric", "pulse-rate", false }, { "Above", "120", false },
		{ "Priority", "medium", false } };
	static const struct rule_item worse[] = { { "Type", "limit", false },
		{ "Metric", "pulse-rate", false }, { "Above", "120", false },
		{ "Samples", "0", false }, { "Priority", "high", false },
		{ "Latching", "no", false } };
	const struct rule_settings rules[] = { { "bad", bad, 5 }, { "good", good, 4 },
		{ "worse", worse, 6 } };

	(void)state;
	/* a good one behind a bad one does not make the set a good one */
	assert_string_equal(said(rules, 2),
		"0 For is no duration; give a number and a unit (ms, s, min, h, d), e.g. 15s\n");
	assert_string_equal(said(rules, 3),
		"0 For is no duration; give a number and a unit (ms, s, min, h, d), e.g. 15s\n"
		"2 Samples is out of range; give 1 to 1000\n");
}

/* A rule that combines others. */
#define COMBINES(name, list)                                                                       \
	static const struct rule_item name[] = { { "Type", "combination", false },                 \
		{ "Rules", list, false }, { "Priority", "low", false } }

/* A loop is found wherever it is, and a way that joins again is none. */
static void test_loops(void **state)
{
	static const struct rule_item lo[] = { { "Type", "limit", false },
		{ "Metric", "spo2", false }, { "Below", "90", false },
		{ "Priority", "none", false } };
	COMBINES(to_x, "x lo");
	COMBINES(to_y, "y lo");
	COMBINES(to_both, "x y");
	COMBINES(to_lo, "lo lo");
	COMBINES(to_a, "lo a");
	/* not through the first rule that is looked at */
	const struct rule_settings aside[] = { { "a", to_x, 3 }, { "x", to_y, 3 }, { "y", to_x, 3 },
		{ "lo", lo, 4 } };
	/* behind a rule that was as deep and is done */
	const struct rule_settings second[] = { { "a", to_both, 3 }, { "x", to_lo, 3 },
		{ "y", to_a, 3 }, { "lo", lo, 4 } };
	const struct rule_settings none[] = { { "a", to_both, 3 }, { "x", to_lo, 3 },
		{ "y", to_x, 3 }, { "lo", lo, 4 } };

	(void)state;
	assert_string_equal(said(aside, 4),
		"2 Rules closes a loop: x is made of this rule; take one of them out\n");
	assert_string_equal(said(second, 4),
		"2 Rules closes a loop: a is made of this rule; take one of them out\n");
	assert_string_equal(said(none, 4), "");
}

static void test_which_settings_a_type_takes(void **state)
{
	static const struct {
		const char *type, *key;
		bool takes;
	} rows[] = {
		{ "limit", "Metric", true },
		{ "combination", "Metric", false },
		{ "limit", "Below", true },
		{ "limit", "Above", true },
		{ "limit", "ClearAt", true },
		{ "limit", "Hysteresis", true },
		{ "stuck", "Below", false },
		{ "stuck", "Hysteresis", false },
		{ "sustained", "Above", true },
		/* its own of the same name */
		{ "coldchain", "Above", true },
		{ "coldchain", "ClearAt", false },
		{ "stuck", "After", true },
		{ "limit", "After", false },
		{ "stuck", "Priority", true },
		{ "stuck", "Beds", true },
		{ "stuck", "Colour", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct rule_type *type = rule_type_by_name(rows[i].type);
		const struct rule_setting *s = rule_type_setting(type, rows[i].key);

		if ((s != NULL) != rows[i].takes)
			fail_msg("Type=%s %s=", rows[i].type, rows[i].key);
		if (s)
			assert_string_equal(s->key, rows[i].key);
	}
	/* in degrees, and with a standard of its own */
	assert_string_equal(
		rule_type_setting(rule_type_by_name("coldchain"), "Above")->standard, "8");
}

/* Of whom an alarm on a metric is, unless the rule says otherwise. */
static void test_kinds(void **state)
{
	(void)state;
	for (enum metric m = METRIC_NONE + 1; m < _METRIC_MAX; m++) {
		enum alarm_kind wanted = m <= METRIC_NEWS2 ? ALARM_PHYSIOLOGICAL : ALARM_TECHNICAL;

		switch ((int)m) {
		case METRIC_BUTTON:
		case METRIC_NURSE_CALL:
		case METRIC_EMERGENCY:
		case METRIC_BED_EXIT:
		case METRIC_FALL:
			wanted = ALARM_ADVISORY;
			break;
		}
		if (metric_alarm_kind(m) != wanted)
			fail_msg("%s: %s", metric_info(m)->name,
				alarm_kind_text(metric_alarm_kind(m)));
	}
	assert_int_equal(metric_alarm_kind(METRIC_HEART_RATE), ALARM_PHYSIOLOGICAL);
	assert_int_equal(metric_alarm_kind(METRIC_NEWS2), ALARM_PHYSIOLOGICAL);
	assert_int_equal(metric_alarm_kind(METRIC_AMBIENT_TEMPERATURE), ALARM_TECHNICAL);
	assert_int_equal(metric_alarm_kind(METRIC_BATTERY), ALARM_TECHNICAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_short),
		cmocka_unit_test(test_long_names_meet_nobody),
		cmocka_unit_test(test_faults_of_several),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_which_settings_a_type_takes),
		cmocka_unit_test(test_kinds),
	};

	return RUN_TESTS(tests);
}
