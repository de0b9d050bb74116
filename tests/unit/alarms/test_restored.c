/*
 * How a restored engine goes on: after other settings, with alarms that nothing
 * holds, at the end of what its counters take.
 */
#include "unit/unit.h"

#include "alarms/alarms.h"
#include "unit/alarms/timeline.h"
#include "unit/alarms/ward.h"
#include "util/cleanup.h"

/* Restores the state with one change and lets some time go by. Returns what came out. */
static const char *after(
	struct ward *w, const char *from, const char *to, int64_t seconds, const char *event)
{
	size_t length;
	char *text = ward_edited(w, from, to, &length), why[ALARMS_WHY_MAX] = "";
	struct timeline *t = &w->fresh;

	timeline_end(t);
	ward_configure(t);
	if (alarms_restore(t->a, text, length, 0, &t->now, why) != 0)
		fail_msg("%s", why);
	free(text);
	(void)timeline_take(t);
	timeline_advance(t, t->now.boot_us + seconds * ALARMS_SECOND);
	if (event)
		assert_true(timeline_event(t, event));
	return timeline_take(t);
}

#define OF_HI "name=hi\tkey=hi.ox\tdevice=ox\tmetric=pulse-rate\tinstance=0\ttype=limit\t"
#define OF_STUCK "name=stuck\tkey=stuck.ox\tdevice=ox\tmetric=pulse-rate\tinstance=0\ttype=stuck\t"
#define OF_FRIDGE                                                                                  \
	"name=fridge\tkey=fridge.probe\tdevice=probe\tmetric=ambient-temperature\tinstance=0\t"    \
	"type=coldchain\t"
#define OF_GONE "name=gone\tkey=gone.ox\tdevice=ox\tmetric=spo2\tinstance=0\ttype=absent\t"

/* What was measured for other settings begins no alarm; who waited for silence waits anew. */
static void test_other_settings(void **state)
{
	struct ward *w = *state;

	assert_non_null(strstr(after(w, OF_HI "of=", OF_HI "of=", 11, NULL), "@10s start hi.ox"));
	assert_null(strstr(after(w, OF_HI "of=", OF_HI "of=1", 11, NULL), "hi.ox"));
	assert_null(strstr(after(w, OF_HI "of=", OF_HI "off=", 11, NULL), "hi.ox"));
	assert_null(strstr(after(w, OF_STUCK "of=", OF_STUCK "of=1", 11, NULL), "stuck.ox"));
	/* the clock of an excursion is no matter of settings */
	assert_non_null(strstr(
		after(w, OF_FRIDGE "of=", OF_FRIDGE "of=1", 3601, NULL), "start fridge.probe"));
	assert_non_null(
		strstr(after(w, OF_GONE "of=", OF_GONE "of=1", 3601, NULL), " start gone.ox"));
}

/* What had lasted for a while and waits for its delay waits anew under its other settings. */
static void test_other_settings_of_a_delay(void **state)
{
	struct ward *w = *state;
	char *text, why[ALARMS_WHY_MAX];
	struct timeline *t = &w->fresh;

	timeline_end(t);
	timeline_begin(t, false);
	assert_true(
		timeline_rule(t, "x\tType=absent\tMetric=spo2\tAfter=1s\tFor=1min\tPriority=low"));
	assert_true(timeline_event(t, "device ox 3"));
	assert_true(timeline_event(t, "ox spo2 95"));
	timeline_advance(t, t->now.boot_us + 30 * ALARMS_SECOND);
	text = timeline_saved(t);
	timeline_end(t);
	timeline_begin(t, false);
	assert_true(
		timeline_rule(t, "x\tType=absent\tMetric=spo2\tAfter=1s\tFor=2min\tPriority=low"));
	assert_true(timeline_event(t, "device ox 3"));
	t->now.boot_us += 30 * ALARMS_SECOND;
	assert_int_equal(alarms_restore(t->a, text, strlen(text), 0, &t->now, why), 0);
	timeline_advance(t, t->now.boot_us + 119 * ALARMS_SECOND);
	assert_string_equal(timeline_take(t), "");
	timeline_advance(t, t->now.boot_us + 2 * ALARMS_SECOND);
	assert_non_null(strstr(timeline_take(t), "start x.ox low"));
	free(text);
}

/* Who has acknowledged it, or whose condition is over, is not told of it more urgently. */
static void test_nothing_escalates_that_should_not(void **state)
{
	struct ward *w = *state;
	static const char temp[] = "\tlife=1\tside=3\tverdict_priority=1\thas_high=1\thigh=39^0";

	assert_non_null(strstr(after(w, "escalate=1300000000", "escalate=1300000000", 301, NULL),
		"@300s escalate temp.bed-3 medium"));
	assert_null(strstr(
		after(w, "escalate=1300000000", "inactivation=16\tescalate=1300000000", 301, NULL),
		"temp.bed-3 medium"));
	assert_null(
		strstr(after(w, temp, "\tlife=3\tside=3\tverdict_priority=1\thas_high=1\thigh=39^0",
			       301, NULL),
			"temp.bed-3 medium"));
}

/* A run that is to have no technical conditions ends those of the one before; one that is to have
 * them again begins those that it finds. */
static void test_technical_conditions_of_another_mode(void **state)
{
	struct ward *w = *state;
	char *text, why[ALARMS_WHY_MAX];
	struct timeline *t = &w->fresh;
	const char *out;

	for (unsigned technical = 0; technical < 2; technical++) {
		timeline_end(t);
		timeline_begin(t, false);
		assert_true(timeline_event(t, "device ox 3"));
		alarms_mode(t->a, false, !technical, &t->now);
		assert_true(timeline_event(t, "ox spo2 sensor-off"));
		assert_true(timeline_event(t, "condition broker-unreachable - yes"));
		timeline_advance(t, t->now.boot_us + 16 * ALARMS_SECOND);
		text = timeline_saved(t);
		timeline_end(t);
		timeline_begin(t, false);
		assert_true(timeline_event(t, "device ox 3"));
		alarms_mode(t->a, false, technical, &t->now);
		t->now.boot_us += 20 * ALARMS_SECOND;
		assert_int_equal(alarms_restore(t->a, text, strlen(text), 0, &t->now, why), 0);
		free(text);
		out = timeline_take(t);
		assert_non_null(strstr(
			out, technical ? "start sensor-off.ox low" : "end sensor-off.ox low"));
		assert_true(
			technical || strstr(out, "end broker-unreachable.gateway medium") != NULL);
		alarms_continue(t->a, &t->now);
		assert_string_equal(
			timeline_take(t), technical ? "continue sensor-off.ox low" : "");
		assert_true(timeline_event(t, "ox spo2 97"));
		assert_string_equal(timeline_take(t), technical ? "end sensor-off.ox low" : "");
	}
}

/* Nor is a new alarm what some other had been. */
static void test_a_new_alarm_is_new(void **state)
{
	struct ward *w = *state;
	const char *out = after(w, "pending=1\tonset=1000000000",
		"pending=1\tinactivation=17\tuntil=2000000000\tremind=1900000000\tfloor=3\tby=ghost"
		"\tended_utc=5\tstep=7\tonset=1000000000",
		11, NULL);

	assert_non_null(strstr(out, "start hi.ox medium 130"));
	assert_null(strstr(out, "ghost"));
	assert_null(strstr(out, "[audio-paused]"));
	assert_null(strstr(strstr(out, "start hi.ox"), "acknowledged"));
	timeline_advance(&w->fresh, w->fresh.now.boot_us + 2000 * ALARMS_SECOND);
	assert_null(strstr(timeline_take(&w->fresh), "hi.ox"));
}

/* A name that is empty is none of the next field's. */
static void test_an_empty_name(void **state)
{
	struct ward *w = *state;
	char *text;

	(void)after(w, "patient=p-1", "patient=", 1, NULL);
	text = timeline_saved(&w->fresh);
	assert_non_null(strstr(text, "\tpatient=\tassociation=a-1\tby=nurse\t"));
	free(text);
}

static enum alarm_kind kinds[4];
static unsigned kind_count;

static void on_gone(void *userdata, const struct alarm_event *e)
{
	(void)userdata;
	assert_int_equal(e->reason, ALARM_REASON_DEVICE_REMOVED);
	assert_true(kind_count < ARRAY_SIZE(kinds));
	kinds[kind_count++] = e->kind;
}

/* What ends with its device is still what it was: somebody sorts by it. */
static void test_kinds_of_what_is_gone(void **state)
{
	static const struct {
		const char *from, *to;
		enum alarm_kind kind;
	} rows[] = {
		{ "key=lo.ox\tdevice=ox", "key=lo.ox\tdevice=oy", ALARM_PHYSIOLOGICAL },
		{ "key=low-battery.ox\tdevice=ox", "key=low-battery.ox\tdevice=oy",
			ALARM_TECHNICAL },
		{ "key=call.cord\tdevice=cord", "key=call.cord\tdevice=core", ALARM_ADVISORY },
	};
	struct ward *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t length;
		char *text = ward_edited(w, rows[i].from, rows[i].to, &length);
		char why[ALARMS_WHY_MAX];
		struct alarms_counters counters;

		timeline_end(&w->fresh);
		ward_configure(&w->fresh);
		w->fresh.hook = on_gone;
		kind_count = 0;
		assert_int_equal(
			alarms_restore(w->fresh.a, text, length, 0, &w->fresh.now, why), 0);
		assert_int_equal(kind_count, 1);
		assert_int_equal(kinds[0], rows[i].kind);
		alarms_counters(w->fresh.a, &counters);
		assert_int_equal(counters.events, 1);
		free(text);
	}
}

/* An alarm that no condition holds goes on and ends with the next one. */
static void test_a_condition_that_is_not_there(void **state)
{
	struct ward *w = *state;

	assert_string_equal(
		after(w, "life=1\tpresent=1\tside=4\tverdict_priority=1",
			"life=1\tside=4\tverdict_priority=1", 1, "condition low-battery ox yes"),
		"");
	assert_true(timeline_event(&w->fresh, "condition low-battery ox no"));
	assert_non_null(strstr(timeline_take(&w->fresh), "end low-battery.ox"));
}

/* More sensors than a device may have: those beyond are left out, their alarms end. */
static void test_too_many_sensors(void **state)
{
	struct ward *w = *state;
	char to[8192], why[ALARMS_WHY_MAX], *text;
	size_t n = 0, length;

	for (unsigned i = 1; i <= ALARMS_SENSORS_MAX + 1; i++)
		n += (size_t)snprintf(to + n, sizeof(to) - n,
			"sensor\tdevice=ox\tmetric=skin-temperature\tinstance=%u\n", i);
	snprintf(to + n, sizeof(to) - n,
		"subject\tname=hi\tkey=hi.ox.40\tdevice=ox\tmetric=pulse-rate\tinstance=40"
		"\ttype=limit\tis=physiological\tlife=1\tside=3\tpriority=2\tstep=1\n"
		"sensor\tdevice=cord\tmetric=button");
	text = ward_edited(w, "sensor\tdevice=cord\tmetric=button", to, &length);
	assert_int_equal(alarms_restore(w->fresh.a, text, length, 0, &w->fresh.now, why), 0);
	assert_non_null(
		strstr(timeline_take(&w->fresh), "end hi.ox.40 medium reason=rule-changed"));
	free(text);
}

/* A mean over more readings than its counter takes: it stays as it is. */
static void test_a_full_counter(void **state)
{
	struct ward *w = *state;
	char *text;

	(void)after(w, "sum=0,210000\tcount=0,2", "sum=0,335544240000\tcount=0,4194303", 1,
		"ox pulse-rate 80");
	text = timeline_saved(&w->fresh);
	assert_non_null(strstr(text, "sum=0,335544240000\tcount=0,4194303"));
	free(text);
	(void)after(w, "sum=0,210000\tcount=0,2", "sum=0,335544160000\tcount=0,4194302", 1,
		"ox pulse-rate 80");
	text = timeline_saved(&w->fresh);
	assert_non_null(strstr(text, "sum=0,335544240000\tcount=0,4194303"));
	free(text);
}

/* In a new boot the clock may have begun at the very moment of an onset: that is not "never". */
static void test_the_moment_of_the_boot(void **state)
{
	struct ward *w = *state;
	char why[ALARMS_WHY_MAX], *text;
	size_t length;

	text = ward_edited(w, "side=2\tverdict_priority=3\thas_low=1\tlow=88^0\tonset=1000000000",
		"side=2\tverdict_priority=3\thas_low=1\tlow=88^0\tonset=995000000", &length);
	w->fresh.now.boot_us = 5 * ALARMS_SECOND;
	assert_int_equal(alarms_restore(w->fresh.a, text, length, 0, &w->fresh.now, why), 0);
	free(text);
	text = timeline_saved(&w->fresh);
	assert_non_null(strstr(text, "\tlow=88^0\tonset=-1\t"));
	free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, ward_set_up, ward_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_other_settings),
		TEST(test_other_settings_of_a_delay),
		TEST(test_nothing_escalates_that_should_not),
		TEST(test_technical_conditions_of_another_mode),
		TEST(test_a_new_alarm_is_new),
		TEST(test_an_empty_name),
		TEST(test_kinds_of_what_is_gone),
		TEST(test_a_condition_that_is_not_there),
		TEST(test_too_many_sensors),
		TEST(test_a_full_counter),
		TEST(test_the_moment_of_the_boot),
	};

	return RUN_TESTS(tests);
}
