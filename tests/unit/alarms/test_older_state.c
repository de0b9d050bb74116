/*
 * States as former engines wrote them: what they say in other words goes on.
 */
#include "unit/unit.h"

#include "alarms/alarms.h"
#include "unit/alarms/timeline.h"

#define SUBJECT                                                                                    \
	"subject\tname=lo\tkey=lo.ox\tdevice=ox\tmetric=spo2\tinstance=0\ttype=limit\tof=0\t"      \
	"is=physiological"
#define CHATTER "condition\tname=alarm-chatter\tkey=alarm-chatter.ox\tdevice=ox\tis=technical"
#define ALARM                                                                                      \
	"\tpriority=1\ttold_priority=1\tnumber=7\tstep=2\tonset_utc=1795255200000000"              \
	"\tdetected_utc=1795255200000000\tepoch=11-00000000\ttold=999000000"

static struct timeline *begin(const char *rule, const char *lines)
{
	struct timeline *t = calloc(1, sizeof(*t));
	char why[ALARMS_WHY_MAX] = "", *text;
	size_t length;

	assert_non_null(t);
	timeline_begin(t, false);
	assert_true(timeline_rule(t, rule));
	assert_true(timeline_event(t, "device ox 3"));
	assert_int_equal(alarms_save_joined(lines, strlen(lines), &t->now, &text, &length), 0);
	assert_int_equal(alarms_restore(t->a, text, length, 0, &t->now, why), 0);
	free(text);
	return t;
}

static void end(struct timeline *t)
{
	timeline_end(t);
	free(t);
}

static void step(struct timeline *t, int64_t seconds, const char *event, const char *expected)
{
	timeline_advance(t, TIMELINE_BOOT + seconds * ALARMS_SECOND);
	assert_true(timeline_event(t, event));
	assert_string_equal(timeline_take(t), expected);
}

/* How many starts there were since a time, instead of when each was. */
static void test_starts_counted_from_one_time(void **state)
{
	struct timeline *t = begin("lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low",
		SUBJECT "\tstarts=5\tstarts_at=900000000\n");

	(void)state;
	assert_string_equal(timeline_take(t), "");
	step(t, 1, "ox spo2 85", "start lo.ox low 85");
	step(t, 2, "ox spo2 95", "start alarm-chatter.ox low");
	end(t);
	/* they are too long ago */
	t = begin("lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low",
		SUBJECT "\tstarts=5\tstarts_at=400000000\n");
	step(t, 1, "ox spo2 85", "start lo.ox low 85");
	step(t, 2, "ox spo2 95", "end lo.ox low 95");
	end(t);
}

/* alarm-chatter outlived what was held; now it ends with that. */
static void test_nothing_is_held(void **state)
{
	struct timeline *t = begin("lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low",
		SUBJECT "\tstarts=6\tstarts_at=900000000\tchatters=1\n" CHATTER
			"\tlife=1\tpresent=1\tside=4\tverdict_priority=1" ALARM "\n");

	(void)state;
	assert_string_equal(timeline_take(t), "end alarm-chatter.ox low");
	end(t);
}

static void test_held(void **state)
{
	struct timeline *t = begin("lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=low",
		SUBJECT "\tlife=2\theld=1\tside=2\tverdict_priority=1\tclear=999000000\tstarts=6"
			"\tstarts_at=900000000\tchatters=1" ALARM "\n" CHATTER
			"\tlife=1\tpresent=1\tside=4\tverdict_priority=1" ALARM "\n");

	(void)state;
	assert_string_equal(timeline_take(t), "");
	step(t, 300, "wait", "@299s end lo.ox low | end alarm-chatter.ox low");
	end(t);
}

/* What was about to alarm stood where the alarm stands. */
static void test_onset_in_the_alarms_place(void **state)
{
	static const char rule[] = "lo\tType=limit\tMetric=spo2\tBelow=90\tFor=15s\tPriority=low";
	char lines[512];
	struct timeline *t = begin(rule, SUBJECT "\n");
	size_t length;
	char *text, *of;

	(void)state;
	/* an onset is gone on with only if the rule has not changed */
	assert_true(timeline_event(t, "ox spo2 85"));
	assert_int_equal(alarms_save(t->a, &t->now, &text, &length), 0);
	of = strstr(text, "\tof=");
	assert_non_null(of);
	of[strcspn(of + 1, "\t") + 1] = 0;
	end(t);
	snprintf(lines, sizeof(lines),
		"subject\tname=lo\tkey=lo.ox\tdevice=ox\tmetric=spo2\tinstance=0\ttype=limit%s"
		"\tis=physiological\tpending=1\tside=2\tverdict_priority=1\thas_low=1\tlow=90^0"
		"\tonset=990000000\tsamples=1\tvalue=84^0\tkind=1\treading=7"
		"\treading_epoch=11-00000000\tonset_utc=1795255199000000\n",
		of);
	free(text);
	t = begin(rule, lines);
	assert_string_equal(timeline_take(t), "");
	step(t, 6, "wait", "@5s start lo.ox low 84");
	assert_string_equal(t->text, "SpO2 84 % below 90 %");
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_counted_from_one_time),
		cmocka_unit_test(test_nothing_is_held),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_onset_in_the_alarms_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
