/*
 * What the engine is called with, and what its sink is given: nobody in
 * particular, texts that change and go, numbers at the end of what a decimal
 * holds, the parts of a score.
 */
#include "unit/unit.h"

#include "alarms/alarms.h"
#include "alarms/private.h"
#include "unit/alarms/timeline.h"
#include "util/cleanup.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

static struct timeline t;
static char told[1024], texts[1024];

static void on_event(void *userdata, const struct alarm_event *e)
{
	size_t n = strlen(told), m = strlen(texts);

	(void)userdata;
	snprintf(told + n, sizeof(told) - n, "%s %s %s;", alarm_phase_text(e->phase), e->key,
		e->by ? e->by : "-");
	snprintf(texts + m, sizeof(texts) - m, "%s;", e->text);
}

static int set_up(void **state)
{
	(void)state;
	timeline_begin(&t, false);
	t.hook = on_event;
	told[0] = texts[0] = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	timeline_end(&t);
	return 0;
}

static void happen(const char *event)
{
	assert_true(timeline_event(&t, event));
}

static void wait_s(int64_t seconds)
{
	timeline_advance(&t, t.now.boot_us + seconds * ALARMS_SECOND);
}

static const char *take(char *what)
{
	static char copy[1024];

	memcpy(copy, what, sizeof(copy));
	what[0] = 0;
	return copy;
}

/* A command that comes without a name is obeyed. */
static void test_by_nobody(void **state)
{
	char why[ALARMS_WHY_MAX];

	(void)state;
	assert_true(timeline_rule(&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low"));
	happen("device ox 3");
	happen("ox spo2 85");
	assert_int_equal(alarms_acknowledge(t.a, "lo.ox", NULL, &t.now, why), 0);
	assert_int_equal(alarms_pause_bed(t.a, "3", ALARMS_PAUSE_AUDIO, 0, NULL, &t.now, why), 0);
	assert_string_equal(take(told), "start lo.ox -;update lo.ox -;update lo.ox -;");
}

/* A name that is longer than a label is cut, not refused. */
static void test_by_somebody_with_a_long_name(void **state)
{
	char why[ALARMS_WHY_MAX], by[400], wanted[LABEL_MAX + 1];

	(void)state;
	memset(by, 'n', sizeof(by) - 1);
	by[sizeof(by) - 1] = 0;
	memcpy(wanted, by, LABEL_MAX);
	wanted[LABEL_MAX] = 0;
	assert_true(timeline_rule(&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low"));
	happen("device ox 3");
	happen("ox spo2 85");
	assert_int_equal(alarms_acknowledge(t.a, "lo.ox", by, &t.now, why), 0);
	(void)take(told);
	alarms_continue(t.a, &t.now);
	assert_non_null(strstr(told, wanted));
	assert_null(strstr(told, by));
	assert_int_equal(alarms_order_scale2(t.a, "3", true, by, &t.now), 0);
}

/* Why the broker cannot be reached: the first reason at once, others every ten seconds, and the
 * standard one again. */
static void test_reasons_change(void **state)
{
	static const char *const why[] = { "no route", "refused", "no name", NULL };
	char long_text[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(why); i++) {
		assert_int_equal(alarms_condition(t.a, CONDITION_BROKER_UNREACHABLE, NULL, true,
					 why[i], &t.now),
			0);
		timeline_advance(&t, t.now.boot_us + ALARMS_SECOND);
	}
	assert_string_equal(take(texts), "no route;");
	timeline_advance(&t, TIMELINE_BOOT + 9 * ALARMS_SECOND);
	assert_string_equal(take(texts), "");
	timeline_advance(&t, TIMELINE_BOOT + 10 * ALARMS_SECOND);
	assert_string_equal(take(texts), "the broker cannot be reached;");
	timeline_advance(&t, TIMELINE_BOOT + 60 * ALARMS_SECOND);
	assert_string_equal(take(texts), "");
	/* as long as it may be; and of bytes that are no text, some */
	memset(long_text, 'x', sizeof(long_text));
	long_text[ALARM_TEXT_MAX] = 0;
	assert_int_equal(
		alarms_condition(t.a, CONDITION_BROKER_UNREACHABLE, NULL, true, long_text, &t.now),
		0);
	assert_int_equal(strlen(take(texts)), ALARM_TEXT_MAX + 1);
	timeline_advance(&t, t.now.boot_us + 60 * ALARMS_SECOND);
	memset(long_text, 0x80, ALARM_TEXT_MAX + 20);
	long_text[ALARM_TEXT_MAX + 20] = 0;
	assert_int_equal(
		alarms_condition(t.a, CONDITION_BROKER_UNREACHABLE, NULL, true, long_text, &t.now),
		0);
	assert_int_equal(strlen(take(texts)), ALARM_TEXT_MAX / 2 + 1);
	/* likewise of a device */
	happen("device ox 3");
	for (size_t i = 0; i < ARRAY_SIZE(why); i++) {
		assert_int_equal(
			alarms_condition(t.a, CONDITION_FLOOD, "ox", true, why[i], &t.now), 0);
		timeline_advance(&t, t.now.boot_us + ALARMS_SECOND);
	}
	assert_string_equal(take(texts), "no route;");
	timeline_advance(&t, t.now.boot_us + 10 * ALARMS_SECOND);
	assert_string_equal(take(texts), "the device sends more than is taken from it;");
}

/* A number as low as a decimal goes, as a device may send it in CBOR. */
static void test_the_lowest_number(void **state)
{
	struct reading r = { .metric = METRIC_LINK_QUALITY,
		.kind = VALUE_NUMBER,
		.number = { INT64_MIN, 0 },
		.time_us = TIMELINE_UTC,
		.received_us = TIMELINE_UTC };

	(void)state;
	assert_true(timeline_rule(
		&t, "far\tType=sustained\tMetric=link-quality\tBelow=5\tArea=100\tPriority=low"));
	assert_true(timeline_rule(
		&t, "lo\tType=limit\tMetric=link-quality\tBelow=5\tHysteresis=1\tPriority=low"));
	assert_true(timeline_rule(
		&t, "own\tType=deviation\tMetric=link-quality\tFall=5\tReadings=1\tPriority=low"));
	assert_true(timeline_rule(
		&t, "step\tType=rate\tMetric=link-quality\tFall=5\tWindow=1h\tPriority=low"));
	happen("device x");
	happen("x link-quality 50");
	assert_int_equal(label_new(&r.device, "x"), 0);
	assert_int_equal(alarms_reading(t.a, &r, &t.now), 0);
	label_unref(r.device);
	assert_string_equal(take(told), "start step.x -;start lo.x -;");
	timeline_advance(&t, t.now.boot_us + ALARMS_SECOND);
	assert_string_equal(take(told), "start far.x -;");
}

static struct {
	struct alarm_part parts[ALARM_PARTS_MAX];
	char by[ALARM_PARTS_MAX][16], device[ALARM_PARTS_MAX][16];
	size_t count;
	char rule[16], bed[16];
	int64_t time_us;
	uint16_t flags;
} computed;

static void on_computed(void *userdata, const struct alarm_computed *c)
{
	(void)userdata;
	computed.count = c->part_count;
	snprintf(computed.rule, sizeof(computed.rule), "%s", c->rule);
	snprintf(computed.bed, sizeof(computed.bed), "%s", c->bed);
	assert_null(c->device);
	computed.time_us = c->time_us;
	computed.flags = c->flags;
	for (size_t i = 0; i < c->part_count; i++) {
		computed.parts[i] = c->parts[i];
		snprintf(computed.by[i], sizeof(computed.by[i]), "%s",
			c->parts[i].by ? c->parts[i].by : "-");
		snprintf(computed.device[i], sizeof(computed.device[i]), "%s",
			c->parts[i].device ? c->parts[i].device : "-");
	}
}

static const struct alarm_part *part_of(enum metric m, size_t *ret)
{
	for (size_t i = 0; i < computed.count; i++)
		if (computed.parts[i].metric == m) {
			*ret = i;
			return &computed.parts[i];
		}
	fail_msg("no part of %s", metric_info(m)->name);
	return NULL;
}

/* Each input of a score with its value, its age, and who or what it is of. */
static void test_provenance(void **state)
{
	struct reading r = { .metric = METRIC_CONSCIOUSNESS,
		.kind = VALUE_WORD,
		.word = WORD_VOICE,
		.origin = ORIGIN_MANUAL,
		.flags = FLAG_TEST,
		.time_us = TIMELINE_UTC,
		.received_us = TIMELINE_UTC };
	const struct alarm_part *p;
	size_t i;

	(void)state;
	timeline_end(&t);
	timeline_begin(&t, true);
	t.a->sink.computed = on_computed;
	assert_true(timeline_rule(&t, "news\tType=score\tEvery=1s\tPriority=none"));
	happen("device mon 3");
	assert_int_equal(label_new(&r.bed, "3"), 0);
	assert_int_equal(label_new(&r.by, "nurse-a"), 0);
	assert_int_equal(alarms_reading(t.a, &r, &t.now), 0);
	label_unref(r.bed);
	label_unref(r.by);
	timeline_advance(&t, t.now.boot_us + 3 * ALARMS_SECOND);
	happen("mon oxygen-flow 2");
	timeline_advance(&t, t.now.boot_us + 2 * ALARMS_SECOND);
	happen("mon body-temperature 38.14");
	assert_int_equal(computed.count, 7);
	assert_string_equal(computed.rule, "news");
	assert_string_equal(computed.bed, "3");
	assert_true(computed.time_us == t.now.utc_us);
	assert_int_equal(computed.flags, FLAG_TEST);

	p = part_of(METRIC_CONSCIOUSNESS, &i);
	assert_int_equal(p->kind, VALUE_WORD);
	assert_int_equal(p->word, WORD_VOICE);
	assert_int_equal(p->points, 3);
	assert_true(p->age_us == 5 * ALARMS_SECOND);
	assert_int_equal(p->origin, ORIGIN_MANUAL);
	assert_string_equal(computed.by[i], "nurse-a");
	assert_string_equal(computed.device[i], "-");
	assert_false(p->missing || p->stale);

	/* what said that oxygen is given is named, not oxygen-therapy */
	p = part_of(METRIC_OXYGEN_FLOW, &i);
	assert_int_equal(p->kind, VALUE_BOOLEAN);
	assert_true(p->boolean);
	assert_int_equal(p->points, 2);
	assert_true(p->age_us == 2 * ALARMS_SECOND);
	assert_string_equal(computed.device[i], "mon");
	assert_string_equal(computed.by[i], "-");

	/* as it was scored: 38.1 */
	p = part_of(METRIC_BODY_TEMPERATURE, &i);
	assert_int_equal(p->kind, VALUE_NUMBER);
	assert_int_equal(p->number.mantissa, 381);
	assert_int_equal(p->number.exponent, -1);
	assert_int_equal(p->points, 1);
	assert_true(p->age_us == 0);
	assert_true(part_of(METRIC_SPO2, &i)->missing);
	assert_true(part_of(METRIC_PULSE_RATE, &i)->missing);
}

/* What had been due comes before what is done. */
static void test_what_was_due_goes_first(void **state)
{
	static const char *const doings[] = { "ack lo.ox a", "pause lo.ox audio 0 a",
		"pause-bed 3 audio 0 a", "reset lo.ox a", "condition low-battery ox yes",
		"condition broker-unreachable - yes", "mode technical", "device ox 4",
		"patient 3 p2", "remove-device ox", "remove-bed 3", "ox pulse-rate 70",
		"set-limits lo bed 3 low=80 by=a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(doings); i++) {
		timeline_end(&t);
		timeline_begin(&t, false);
		assert_true(timeline_rule(
			&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tFor=5s\tPriority=low"));
		happen("device ox 3");
		happen("patient 3 p1");
		happen("ox spo2 85");
		t.hook = on_event;
		told[0] = 0;
		t.now.boot_us += 6 * ALARMS_SECOND;
		t.now.utc_us += 6 * ALARMS_SECOND;
		happen(doings[i]);
		if (strncmp(told, "start lo.ox", 11) != 0)
			fail_msg("%s: %s", doings[i], told);
	}
	/* and before a reload */
	timeline_end(&t);
	timeline_begin(&t, false);
	assert_true(
		timeline_rule(&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tFor=5s\tPriority=low"));
	happen("device ox 3");
	happen("ox spo2 85");
	t.hook = on_event;
	told[0] = 0;
	t.now.boot_us += 6 * ALARMS_SECOND;
	t.config_count = 0;
	assert_true(timeline_rule(&t, "other\tType=limit\tMetric=spo2\tBelow=80\tPriority=low"));
	assert_string_equal(take(told), "start lo.ox -;end lo.ox -;");
}

/* Limits that change are told before they count, to a sink that may not call back. */
static bool limits_told;

static void on_limits(void *userdata, const struct limit_change *c)
{
	(void)userdata;
	assert_true(t.a->busy);
	assert_true(c->time_us == t.now.utc_us);
	assert_string_equal(c->rule, "lo");
	limits_told = true;
}

static void test_the_sink_is_busy(void **state)
{
	(void)state;
	assert_true(timeline_rule(&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low"));
	happen("device ox 3");
	t.a->sink.limits = on_limits;
	limits_told = false;
	happen("set-limits lo bed 3 low=88 by=dr");
	assert_true(limits_told);
	assert_false(t.a->busy);
}

/* An acknowledged alarm waits for nothing. */
static void test_no_deadline_stays(void **state)
{
	(void)state;
	assert_true(timeline_rule(
		&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low\tEscalateAfter=5min"));
	happen("device ox 3");
	assert_true(alarms_deadline(t.a) == RULE_NEVER);
	happen("ox spo2 85");
	assert_true(alarms_deadline(t.a) == t.now.boot_us + 300 * ALARMS_SECOND);
	happen("ack lo.ox a");
	assert_true(alarms_deadline(t.a) == RULE_NEVER);
	happen("pause lo.ox audio 30 a");
	assert_true(alarms_deadline(t.a) == t.now.boot_us + 30 * ALARMS_SECOND);
	happen("ox spo2 95");
	assert_true(alarms_deadline(t.a) == RULE_NEVER);
}

/* Nothing is looked at before it can have changed. */
static void test_deadlines_are_exact(void **state)
{
	(void)state;
	assert_true(timeline_rule(&t, "fridge\tType=coldchain\tMetric=ambient-temperature\t"
				      "AboveFor=10min\tDoorTolerance=3min\tPriority=medium"));
	assert_true(timeline_rule(
		&t, "hi\tType=sustained\tMetric=pulse-rate\tAbove=120\tArea=10\tPriority=low"));
	happen("device probe pharmacy");
	happen("probe ambient-temperature 9");
	assert_true(alarms_deadline(t.a) == t.now.boot_us + 13 * 60 * ALARMS_SECOND);
	happen("probe ambient-temperature 1");
	assert_true(alarms_deadline(t.a) == t.now.boot_us + 15 * 60 * ALARMS_SECOND);
	happen("device ox 3");
	happen("ox pulse-rate 125");
	assert_true(alarms_deadline(t.a) == t.now.boot_us + 120 * ALARMS_SECOND);
	/* for no longer than a value counts: it is not reached then */
	happen("ox pulse-rate 121");
	assert_true(alarms_deadline(t.a) == t.now.boot_us + 15 * 60 * ALARMS_SECOND);
}

/* An excursion of a microsecond can be saved and taken back. */
static void test_the_shortest_excursion(void **state)
{
	(void)state;
	assert_true(timeline_rule(
		&t, "fridge\tType=coldchain\tMetric=ambient-temperature\tPriority=medium"));
	happen("device probe pharmacy");
	happen("probe ambient-temperature 9");
	assert_true(timeline_restart(&t, 0));
	t.now.boot_us++;
	happen("probe ambient-temperature 9");
	assert_true(timeline_restart(&t, 0));
}

/* What was counted, for whoever watches the gateway. */
static void test_counters(void **state)
{
	struct alarms_counters c;

	(void)state;
	assert_true(timeline_rule(&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low"));
	happen("device ox 3");
	happen("device ox-b 4");
	happen("ox spo2 95");
	happen("ox spo2 85");
	happen("ox spo2 85 setting");
	happen("ox spo2 85 setting");
	happen("ox spo2 85 stored age=1h");
	happen("ox spo2 not-measured");
	alarms_counters(t.a, &c);
	assert_int_equal(c.devices, 2);
	assert_int_equal(c.beds, 2);
	assert_int_equal(c.active, 1);
	assert_int_equal(c.readings, 6);
	assert_int_equal(c.ignored, 2);
	assert_int_equal(c.late, 1);
	assert_int_equal(c.unmeasured, 1);
	assert_int_equal(c.refused, 0);
	assert_int_equal(c.events, 2);
	assert_int_equal(c.chatter, 0);
	assert_int_equal(c.subjects, _CONDITION_MAX - 1 + 1);
	happen("remove-device ox");
	happen("remove-bed 3");
	alarms_counters(t.a, &c);
	assert_int_equal(c.devices, 1);
	assert_int_equal(c.beds, 1);
	assert_int_equal(c.active, 0);
	assert_int_equal(c.subjects, _CONDITION_MAX - 1);
	for (unsigned i = 0; i < 6; i++) {
		happen("ox-b spo2 85");
		happen("ox-b spo2 95");
	}
	alarms_counters(t.a, &c);
	assert_int_equal(c.chatter, 1);
}

/* Whoever keeps the state sees by the revision that there is something to keep. */
static void test_the_revision_grows(void **state)
{
	static const char *const doings[] = { "device x -", "device x 9", "patient 9 p1",
		"patient 9 p1 a1", "patient 9 -", "scale2 9 yes", "scale2 9 no",
		"pause-bed 9 audio 0 a", "pause-bed 9 audio -1 a", "pause-bed 9 alarm-off 0 a",
		"set-limits lo bed 9 low=80 by=a", "set-limits lo bed 9 by=a", "remove-bed 9",
		"remove-device x", "ox spo2 85", "ox spo2 sensor-off", "ack lo.ox a",
		"pause lo.ox audio 0 a", "ox spo2 85", "ox spo2 95", "reset lo.ox a",
		"condition broker-unreachable - yes", "condition broker-unreachable - no",
		"condition device-silent ox yes", "condition device-silent ox no" };

	(void)state;
	assert_true(timeline_rule(
		&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tLatching=yes\tPriority=low"));
	happen("device ox 3");
	for (size_t i = 0; i < ARRAY_SIZE(doings); i++) {
		uint64_t before = alarms_revision(t.a);

		happen(doings[i]);
		if (alarms_revision(t.a) <= before)
			fail_msg("%s is not seen", doings[i]);
	}
}

/* What is over leaves nothing of itself in what is saved. */
static void test_nothing_stays_of_what_is_over(void **state)
{
	static const char *const traces[] = { "by=", "floor=", "value=", "side=", "inactivation=",
		"escalate=", "update=", "until=", "remind=", "ended_utc=" };
	char *text;
	size_t length;

	(void)state;
	assert_true(timeline_rule(
		&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low\tEscalateAfter=1min"));
	happen("device ox 3");
	happen("ox spo2 85");
	wait_s(70);
	happen("pause lo.ox audio-off 0 nurse");
	wait_s(61);
	happen("ack lo.ox nurse");
	happen("ox spo2 84");
	happen("ox spo2 95");
	assert_int_equal(alarms_save_piece(t.a, PIECE_DEVICE, "ox", false, &text, &length), 0);
	for (size_t i = 0; i < ARRAY_SIZE(traces); i++)
		if (strstr(text, traces[i]))
			fail_msg("%s", text);
	free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_by_nobody),
		TEST(test_by_somebody_with_a_long_name),
		TEST(test_reasons_change),
		TEST(test_the_lowest_number),
		TEST(test_provenance),
		TEST(test_what_was_due_goes_first),
		TEST(test_the_sink_is_busy),
		TEST(test_no_deadline_stays),
		TEST(test_deadlines_are_exact),
		TEST(test_the_shortest_excursion),
		TEST(test_counters),
		TEST(test_the_revision_grows),
		TEST(test_nothing_stays_of_what_is_over),
	};

	return RUN_TESTS(tests);
}
