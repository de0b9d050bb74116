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
}

/* Why the broker cannot be reached: the first reason at once, others every ten seconds, and the
 * standard one again. */
static void test_reasons_change(void **state)
{
	static const char *const why[] = { "no route", "refused", "no name", NULL };

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

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_by_nobody),
		TEST(test_by_somebody_with_a_long_name),
		TEST(test_reasons_change),
		TEST(test_the_lowest_number),
		TEST(test_provenance),
	};

	return RUN_TESTS(tests);
}
