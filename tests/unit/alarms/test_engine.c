/*
 * The engine's calls, where a timeline cannot say it: every field of an event,
 * caps, states that are refused, memory that runs out.
 */
#include "unit/unit.h"

#include <errno.h>

#include "alarms/alarms.h"
#include "alarms/private.h"
#include "unit/alarms/timeline.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

static struct alarm_event last;
static char last_text[ALARM_TEXT_MAX + 1], last_key[ALARM_KEY_MAX + 1], last_epoch[32];
static char last_names[4][64];
static unsigned events;

static void on_event(void *userdata, const struct alarm_event *e)
{
	const char *const names[] = { e->bed, e->device, e->patient, e->association };

	(void)userdata;
	events++;
	last = *e;
	snprintf(last_text, sizeof(last_text), "%s", e->text);
	snprintf(last_key, sizeof(last_key), "%s", e->key);
	snprintf(last_epoch, sizeof(last_epoch), "%s", e->epoch);
	for (unsigned i = 0; i < 4; i++)
		snprintf(last_names[i], sizeof(last_names[i]), "%s", names[i] ? names[i] : "-");
}

static struct ruleset *rules_of(const char *text)
{
	struct timeline *t = calloc(1, sizeof(*t));
	struct ruleset *s;

	assert_non_null(t);
	timeline_begin(t, false);
	assert_true(timeline_rule(t, text));
	/* the timeline has built it; it is taken out of its engine */
	s = t->a->rules;
	t->a->rules = NULL;
	timeline_end(t);
	free(t);
	return s;
}

static struct alarms *engine(const char *rule, const struct alarm_now *now)
{
	const struct alarms_options options = { .epoch = "12-9f3a21c4",
		.sink = { .event = on_event } };
	struct alarms *a = NULL;

	assert_int_equal(alarms_new(&a, &options), 0);
	assert_int_equal(alarms_set_rules(a, rules_of(rule), now), 0);
	assert_int_equal(alarms_device(a, "bed3-oximeter", "3", now), 0);
	events = 0;
	return a;
}

static int say(struct alarms *a, const char *device, enum metric metric, unsigned instance,
	int64_t value, const struct alarm_now *now)
{
	struct reading r = { .metric = (uint8_t)metric,
		.instance = (uint8_t)instance,
		.kind = VALUE_NUMBER,
		.number = { value, 0 },
		.sequence = 34569,
		.time_us = now->utc_us - 27000,
		.received_us = now->utc_us };
	int e;

	assert_int_equal(label_new(&r.device, device), 0);
	e = alarms_reading(a, &r, now);
	label_unref(r.device);
	return e;
}

static const char spo2_low[] = "spo2-low\tType=limit\tMetric=spo2\tBelow=90\tFor=15s\tPriority=high"
			       "\tLatching=no";

/* The example of the interface's documentation, field by field. */
static void test_event_has_all_fields(void **state)
{
	struct alarm_now now = { 1000, INT64_C(1795255200150000) };
	struct alarms *a = engine(spo2_low, &now);

	(void)state;
	assert_int_equal(alarms_patient(a, "3", "p-17", "a-4", &now), 0);
	assert_int_equal(say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now), 0);
	assert_int_equal(events, 0);
	assert_true(alarms_deadline(a) == now.boot_us + 15 * ALARMS_SECOND);
	now.boot_us += 15 * ALARMS_SECOND;
	now.utc_us += 15 * ALARMS_SECOND;
	alarms_tick(a, &now);
	assert_int_equal(events, 1);
	assert_string_equal(last_key, "spo2-low.bed3-oximeter");
	assert_string_equal(last_epoch, "12-9f3a21c4");
	assert_int_equal(last.number, 1);
	assert_int_equal(last.step, 1);
	assert_int_equal(last.kind, ALARM_PHYSIOLOGICAL);
	assert_int_equal(last.priority, PRIORITY_HIGH);
	assert_int_equal(last.previous_priority, PRIORITY_NONE);
	assert_int_equal(last.phase, PHASE_START);
	assert_int_equal(last.state, ALARM_ACTIVE);
	assert_int_equal(last.inactivation, 0);
	assert_int_equal(last.inactivated_until_us, 0);
	assert_null(last.by);
	assert_string_equal(last_names[0], "3");
	assert_string_equal(last_names[1], "bed3-oximeter");
	assert_string_equal(last_names[2], "p-17");
	assert_string_equal(last_names[3], "a-4");
	assert_int_equal(last.metric, METRIC_SPO2);
	assert_int_equal(last.reading, 34569);
	assert_null(last.reading_epoch);
	assert_int_equal(last.value_kind, VALUE_NUMBER);
	assert_int_equal(last.value.mantissa, 86);
	assert_false(last.stale);
	assert_true(last.limits.has_low && !last.limits.has_high);
	assert_int_equal(last.limits.low.mantissa, 90);
	assert_int_equal(last.mdc, 196670);
	assert_true(last.onset_us == INT64_C(1795255200123000));
	assert_true(last.detected_us == now.utc_us);
	assert_true(last.time_us == now.utc_us);
	assert_int_equal(last.ended_us, 0);
	assert_int_equal(last.reason, ALARM_REASON_NONE);
	assert_string_equal(last_text, "SpO2 86 % below 90 %");
	alarms_free(a);
}

static void test_pause_says_until_when(void **state)
{
	struct alarm_now now = { 1000, INT64_C(1795255200150000) };
	struct alarms *a = engine("x\tType=limit\tMetric=spo2\tBelow=90\tPriority=low", &now);
	char why[ALARMS_WHY_MAX];

	(void)state;
	assert_int_equal(say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now), 0);
	now.boot_us += 5 * ALARMS_SECOND;
	now.utc_us += 5 * ALARMS_SECOND;
	assert_int_equal(
		alarms_pause(a, "x.bed3-oximeter", ALARMS_PAUSE_AUDIO, 0, "n", &now, why), 0);
	assert_true(last.inactivated_until_us == now.utc_us + 120 * ALARMS_SECOND);
	/* the clock is set: the pause is as long as before */
	now.boot_us += 20 * ALARMS_SECOND;
	now.utc_us += 3600 * ALARMS_SECOND;
	alarms_continue(a, &now);
	assert_true(last.inactivated_until_us == now.utc_us + 100 * ALARMS_SECOND);
	assert_int_equal(last.phase, PHASE_CONTINUE);
	alarms_free(a);
}

/* A device that sends more sensors than are looked at: it is told, and the others go on. */
static void test_sensors_are_capped(void **state)
{
	struct alarm_now now = { 1000, INT64_C(1795255200150000) };
	struct alarms *a = engine("x\tType=limit\tMetric=spo2\tBelow=90\tPriority=low", &now);
	struct alarms_counters counters;

	(void)state;
	for (unsigned i = 0; i < ALARMS_SENSORS_MAX; i++)
		assert_int_equal(say(a, "bed3-oximeter", METRIC_HUMIDITY, i, 40, &now), 0);
	assert_int_equal(events, 0);
	assert_int_equal(say(a, "bed3-oximeter", METRIC_SPO2, 0, 40, &now), ALARMS_E_FULL);
	assert_int_equal(events, 1);
	assert_string_equal(last_key, "flood.bed3-oximeter");
	alarms_counters(a, &counters);
	assert_int_equal(counters.refused, 1);
	alarms_free(a);
}

static void test_devices_and_beds_are_capped(void **state)
{
	struct alarm_now now = { 1000, 0 };
	struct alarms *a = engine("x\tType=limit\tMetric=spo2\tBelow=90\tPriority=low", &now);
	struct alarms_counters counters;
	char name[32];

	(void)state;
	for (unsigned i = 1; i < ALARMS_DEVICES_MAX; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		assert_int_equal(alarms_device(a, name, NULL, &now), 0);
	}
	assert_int_equal(alarms_device(a, "more", NULL, &now), ALARMS_E_FULL);
	for (unsigned i = 1; i < ALARMS_BEDS_MAX; i++) {
		snprintf(name, sizeof(name), "b%u", i);
		assert_int_equal(alarms_patient(a, name, "p", NULL, &now), 0);
	}
	assert_int_equal(alarms_patient(a, "more", "p", NULL, &now), ALARMS_E_FULL);
	assert_int_equal(alarms_device(a, "d1", "more", &now), ALARMS_E_FULL);
	assert_int_equal(alarms_order_scale2(a, "more", true, "x", &now), ALARMS_E_FULL);
	alarms_counters(a, &counters);
	assert_int_equal(counters.refused, 4);
	alarms_free(a);
}

static void test_rules_are_capped(void **state)
{
	static struct rule_settings settings[RULES_MAX + 1];
	struct ruleset *s = NULL;

	(void)state;
	assert_int_equal(ruleset_new(&s, settings, RULES_MAX + 1, NULL, NULL), RULESET_E_FAULTY);
	assert_null(s);
}

/* ---- saved states ---- */

static char *save(const struct alarms *a, const struct alarm_now *now, size_t *length)
{
	char *text;

	assert_int_equal(alarms_save(a, now, &text, length), 0);
	return text;
}

/* Any one byte that is another, and any end that is missing: refused whole. */
static void test_damage_is_refused_whole(void **state)
{
	struct alarm_now now = { 1000000, INT64_C(1795255200150000) };
	struct alarms *a = engine(spo2_low, &now), *b;
	char why[ALARMS_WHY_MAX], *text, *before, *after;
	size_t length, before_length, after_length;

	(void)state;
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	text = save(a, &now, &length);
	b = engine(spo2_low, &now);
	before = save(b, &now, &before_length);
	for (size_t i = 0; i < length; i++) {
		text[i] ^= 1;
		why[0] = 0;
		assert_int_equal(alarms_restore(b, text, length, 0, &now, why), ALARMS_E_REFUSED);
		assert_true(why[0] != 0);
		text[i] ^= 1;
		assert_int_equal(alarms_restore(b, text, i, 0, &now, why), ALARMS_E_REFUSED);
	}
	assert_int_equal(
		alarms_restore(b, text, ALARMS_STATE_MAX + 1, 0, &now, why), ALARMS_E_REFUSED);
	after = save(b, &now, &after_length);
	assert_int_equal(before_length, after_length);
	assert_memory_equal(before, after, before_length);
	assert_int_equal(alarms_restore(b, text, length, 0, &now, why), 0);
	free(before);
	free(after);
	free(text);
	alarms_free(a);
	alarms_free(b);
}

/* After a power cut the boot-time clock begins anew; delays go on where they were. */
static void test_another_boot(void **state)
{
	struct alarm_now now = { 900 * ALARMS_SECOND, INT64_C(1795255200000000) };
	struct alarms *a = engine(spo2_low, &now), *b;
	char why[ALARMS_WHY_MAX], *text;
	size_t length;

	(void)state;
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	now.boot_us += 5 * ALARMS_SECOND;
	text = save(a, &now, &length);
	now.boot_us = 3 * ALARMS_SECOND; /* booted three seconds ago, saved eight seconds ago */
	b = engine(spo2_low, &now);
	assert_int_equal(alarms_restore(b, text, length, 8 * ALARMS_SECOND, &now, why), 0);
	assert_true(alarms_deadline(b) == 5 * ALARMS_SECOND);
	now.boot_us = 5 * ALARMS_SECOND;
	alarms_tick(b, &now);
	assert_int_equal(events, 1);
	assert_int_equal(last.phase, PHASE_START);
	free(text);
	alarms_free(a);
	alarms_free(b);
}

/* Alarms of rules, devices and beds that are no longer configured end with an event each. */
static void test_what_is_gone_is_told(void **state)
{
	struct alarm_now now = { 900 * ALARMS_SECOND, INT64_C(1795255200000000) };
	struct alarms *a = engine("x\tType=limit\tMetric=spo2\tBelow=90\tPriority=low", &now), *b;
	const struct alarms_options options = { .epoch = "13-00000000",
		.sink = { .event = on_event } };
	char why[ALARMS_WHY_MAX], *text;
	size_t length;

	(void)state;
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	assert_int_equal(alarms_condition(a, CONDITION_LOW_BATTERY, "bed3-oximeter", true,
				 "now\t10 % = low", &now),
		0);
	assert_string_equal(last_text, "now\t10 % = low");
	text = save(a, &now, &length);

	b = engine("y\tType=limit\tMetric=spo2\tBelow=90\tPriority=low", &now);
	assert_int_equal(alarms_restore(b, text, length, 0, &now, why), 0);
	assert_int_equal(events, 1);
	assert_string_equal(last_key, "x.bed3-oximeter");
	assert_string_equal(last_epoch, "12-9f3a21c4");
	assert_int_equal(last.number, 1);
	assert_int_equal(last.step, 2);
	assert_int_equal(last.phase, PHASE_END);
	assert_int_equal(last.state, ALARM_INACTIVE);
	assert_int_equal(last.reason, ALARM_REASON_RULE_REMOVED);
	alarms_continue(b, &now);
	assert_string_equal(last_text, "now\t10 % = low");
	alarms_free(b);

	assert_int_equal(alarms_new(&b, &options), 0);
	events = 0;
	assert_int_equal(alarms_restore(b, text, length, -1, &now, why), 0);
	assert_int_equal(events, 2);
	assert_int_equal(last.reason, ALARM_REASON_DEVICE_REMOVED);
	alarms_continue(b, &now);
	assert_int_equal(events, 2);
	alarms_free(b);
	free(text);
	alarms_free(a);
}

/* The loop was busy when the delay was over: the next reading does not make it undone. */
static void test_late_tick_undoes_nothing(void **state)
{
	struct alarm_now now = { 1000, INT64_C(1795255200150000) };
	struct alarms *a = engine(spo2_low, &now);
	char why[ALARMS_WHY_MAX];

	(void)state;
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	now.boot_us += 16 * ALARMS_SECOND;
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 95, &now);
	assert_int_equal(events, 2);
	assert_int_equal(last.phase, PHASE_END);
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	now.boot_us += 15 * ALARMS_SECOND;
	assert_int_equal(alarms_acknowledge(a, "spo2-low.bed3-oximeter", "n", &now, why), 0);
	assert_int_equal(events, 4);
	alarms_free(a);
}

/* The state says when it is worth saving. */
static void test_revision(void **state)
{
	struct alarm_now now = { 1000, INT64_C(1795255200150000) };
	struct alarms *a = engine(spo2_low, &now);
	uint64_t revision = alarms_revision(a);

	(void)state;
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 96, &now);
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 97, &now);
	assert_true(alarms_revision(a) == revision);
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	assert_true(alarms_revision(a) != revision);
	alarms_free(a);
}

/* ---- changed rules ---- */

static void test_alarm_goes_on_with_other_settings(void **state)
{
	struct alarm_now now = { 1000, INT64_C(1795255200150000) };
	struct alarms *a = engine("x\tType=limit\tMetric=spo2\tBelow=90\tPriority=low", &now);
	char why[ALARMS_WHY_MAX];

	(void)state;
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	assert_int_equal(alarms_acknowledge(a, "x.bed3-oximeter", "n", &now, why), 0);
	events = 0;
	assert_int_equal(
		alarms_set_rules(
			a, rules_of("x\tType=limit\tMetric=spo2\tBelow=88\tPriority=low"), &now),
		0);
	assert_int_equal(events, 1);
	now.boot_us += ALARMS_SECOND;
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	assert_int_equal(events, 1);
	assert_int_equal(last.phase, PHASE_UPDATE);
	assert_int_equal(last.inactivation, INACTIVATION_ACKNOWLEDGED);
	assert_int_equal(last.limits.low.mantissa, 88);
	/* another sort of rule under the same name is another alarm */
	assert_int_equal(
		alarms_set_rules(
			a, rules_of("x\tType=stuck\tMetric=spo2\tAfter=1h\tPriority=low"), &now),
		0);
	assert_int_equal(last.phase, PHASE_END);
	assert_int_equal(last.reason, ALARM_REASON_RULE_CHANGED);
	alarms_free(a);
}

/* Limits that people have set go on with the rule of that name, and end with it. */
static void test_limits_go_on_with_other_settings(void **state)
{
	struct alarm_now now = { 1000, INT64_C(1795255200150000) };
	struct alarms *a = engine("x\tType=limit\tMetric=spo2\tBelow=90\tPriority=low", &now);
	const struct alarm_limits low = { .has_low = true, .low = { 85, 0 } };
	char why[ALARMS_WHY_MAX];

	(void)state;
	assert_int_equal(alarms_set_limits(a, "x", LIMIT_BED, "3", &low, "n", &now, why), 0);
	assert_int_equal(
		alarms_set_rules(
			a, rules_of("x\tType=limit\tMetric=spo2\tBelow=91\tPriority=low"), &now),
		0);
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	assert_int_equal(events, 0);
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 84, &now);
	assert_int_equal(events, 1);
	assert_int_equal(
		alarms_set_rules(
			a, rules_of("y\tType=limit\tMetric=spo2\tBelow=91\tPriority=low"), &now),
		0);
	assert_int_equal(last.reason, ALARM_REASON_RULE_REMOVED);
	say(a, "bed3-oximeter", METRIC_SPO2, 0, 86, &now);
	assert_int_equal(last.phase, PHASE_START);
	alarms_free(a);
}

static char fault_text[512];

static void on_fault(void *userdata, size_t rule, const char *key, const char *sentence)
{
	size_t n = strlen(fault_text);

	(void)userdata;
	snprintf(fault_text + n, sizeof(fault_text) - n, "%zu %s %s;", rule, key, sentence);
}

/* Two that combine each other; a way that joins again is no loop. */
static void test_loop_of_two(void **state)
{
	static const struct rule_item lo[] = { { "Type", "limit", false },
		{ "Metric", "spo2", false }, { "Below", "90", false },
		{ "Priority", "low", false } };
	static const struct rule_item a[] = { { "Type", "combination", false },
		{ "Rules", "lo b", false }, { "Priority", "low", false } };
	static const struct rule_item b[] = { { "Type", "combination", false },
		{ "Rules", "a lo", false }, { "Priority", "low", false } };
	static const struct rule_item c[] = { { "Type", "combination", false },
		{ "Rules", "lo lo", false }, { "Priority", "low", false } };
	struct rule_settings rules[] = { { "a", a, 3 }, { "b", b, 3 }, { "lo", lo, 4 } };
	struct ruleset *s = NULL;

	(void)state;
	fault_text[0] = 0;
	assert_int_equal(ruleset_new(&s, rules, 3, on_fault, NULL), RULESET_E_FAULTY);
	assert_string_equal(
		fault_text, "1 Rules closes a loop: a is made of this rule; take one of them out;");
	rules[1] = (struct rule_settings){ "b", c, 3 };
	assert_int_equal(ruleset_new(&s, rules, 3, on_fault, NULL), 0);
	ruleset_free(s);
}

/* Defaults that nobody wrote are not what a rule must say. */
static void test_defaults_are_not_said(void **state)
{
	static const struct rule_item items[] = { { "Type", "limit", false },
		{ "Metric", "spo2", false }, { "Below", "90", false }, { "Above", "", true },
		{ "Priority", "high", false }, { "Latching", "no", true }, { "Bands", "", true } };
	const struct rule_settings rule = { "a", items, 7 };
	struct ruleset *s = NULL;

	(void)state;
	fault_text[0] = 0;
	assert_int_equal(ruleset_new(&s, &rule, 1, on_fault, NULL), RULESET_E_FAULTY);
	assert_non_null(strstr(fault_text, "needs Latching=yes"));
	assert_int_equal(ruleset_new(&s, &rule, 1, NULL, NULL), RULESET_E_FAULTY);
}

static void test_condition_says_why(void **state)
{
	struct alarm_now now = { 1000 * ALARMS_SECOND, INT64_C(1795255200150000) };
	struct alarms *a = engine("x\tType=limit\tMetric=spo2\tBelow=90\tPriority=low", &now);
	char text[400];

	(void)state;
	assert_int_equal(
		alarms_condition(a, CONDITION_BROKER_UNREACHABLE, NULL, true, "no route", &now), 0);
	assert_string_equal(last_text, "no route");
	now.boot_us += 20 * ALARMS_SECOND;
	/* another reason is told, the same one is not */
	assert_int_equal(
		alarms_condition(a, CONDITION_BROKER_UNREACHABLE, NULL, true, "refused", &now), 0);
	assert_int_equal(events, 2);
	assert_string_equal(last_text, "refused");
	assert_int_equal(
		alarms_condition(a, CONDITION_BROKER_UNREACHABLE, NULL, true, "refused", &now), 0);
	assert_int_equal(events, 2);
	assert_int_equal(alarms_condition(a, CONDITION_FLOOD, "bed3-oximeter", true, "a", &now), 0);
	now.boot_us += 20 * ALARMS_SECOND;
	assert_int_equal(alarms_condition(a, CONDITION_FLOOD, "bed3-oximeter", true, "b", &now), 0);
	assert_string_equal(last_text, "b");
	assert_int_equal(events, 4);
	/* a long one is cut at the end of a character */
	memset(text, 'x', sizeof(text));
	memcpy(text + ALARM_TEXT_MAX - 1, "\303\244", 2);
	text[sizeof(text) - 1] = 0;
	now.boot_us += 20 * ALARMS_SECOND;
	assert_int_equal(
		alarms_condition(a, CONDITION_FLOOD, "bed3-oximeter", true, text, &now), 0);
	assert_int_equal(strlen(last_text), ALARM_TEXT_MAX - 1);
	alarms_free(a);
}

static void test_epoch_is_short(void **state)
{
	const struct alarms_options options = { .epoch = "123456789-123456789-123456789-12" };
	struct alarms *a = NULL;

	(void)state;
	assert_int_equal(alarms_new(&a, &options), -EINVAL);
	assert_null(alarms_free(NULL));
	assert_null(ruleset_free(NULL));
}

/* ---- words ---- */

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(condition_info(CONDITION_NONE)->name, "none");
	assert_string_equal(condition_info(99)->name, "none");
	for (unsigned i = 1; i < _CONDITION_MAX; i++) {
		const struct condition_info *c = condition_info(i);

		assert_int_equal(condition_by_name(c->name), i);
		assert_true(c->what[0] && c->remedy[0] && c->priority > PRIORITY_NONE);
	}
	assert_int_equal(condition_by_name("none of them"), CONDITION_NONE);
	assert_null(alarm_priority_text(_PRIORITY_MAX));
	assert_null(alarm_kind_text(_ALARM_KIND_MAX));
	assert_null(alarm_phase_text(_PHASE_MAX));
	assert_null(alarm_state_text(_ALARM_STATE_MAX));
	assert_null(alarm_reason_text(_ALARM_REASON_MAX));
	assert_null(alarm_inactivation_text(_INACTIVATION_END));
	assert_null(alarm_inactivation_text(0));
	assert_null(limit_level_text(_LIMIT_LEVEL_MAX));
	for (unsigned i = 0; i < _ALARM_REASON_MAX; i++)
		assert_non_null(alarm_reason_text(i));
	assert_string_equal(
		alarm_inactivation_text(INACTIVATION_ACKNOWLEDGED), "alert-acknowledged");
	assert_string_equal(alarm_reason_text(ALARM_REASON_BROKEN), "broken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event_has_all_fields),
		cmocka_unit_test(test_pause_says_until_when),
		cmocka_unit_test(test_sensors_are_capped),
		cmocka_unit_test(test_devices_and_beds_are_capped),
		cmocka_unit_test(test_rules_are_capped),
		cmocka_unit_test(test_damage_is_refused_whole),
		cmocka_unit_test(test_another_boot),
		cmocka_unit_test(test_what_is_gone_is_told),
		cmocka_unit_test(test_late_tick_undoes_nothing),
		cmocka_unit_test(test_revision),
		cmocka_unit_test(test_alarm_goes_on_with_other_settings),
		cmocka_unit_test(test_limits_go_on_with_other_settings),
		cmocka_unit_test(test_loop_of_two),
		cmocka_unit_test(test_defaults_are_not_said),
		cmocka_unit_test(test_condition_says_why),
		cmocka_unit_test(test_epoch_is_short),
		cmocka_unit_test(test_words),
	};

	return RUN_TESTS(tests);
}
