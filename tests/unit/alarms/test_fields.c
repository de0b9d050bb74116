/*
 * Every field of what the engine tells: of advisories, of the record of an
 * excursion, of conditions and their groups. test_engine.c has those of a plain
 * alarm.
 */
#include "unit/unit.h"

#include "alarms/alarms.h"
#include "alarms/private.h"
#include "unit/alarms/timeline.h"
#include "util/cleanup.h"
#include "wardgate/reading.h"

static struct timeline t;

static int set_up(void **state)
{
	(void)state;
	timeline_begin(&t, false);
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

static struct alarm_event last;
static char last_names[5][64], last_members[512];
static unsigned last_count;
static struct alarm_excursion last_excursion;

static void on_field(void *userdata, const struct alarm_event *e)
{
	const char *const names[] = { e->device, e->bed, e->patient, e->association, e->rule };

	size_t n = 0;

	(void)userdata;
	assert_true(t.a->busy); /* so that nobody calls back */
	last = *e;
	last_count++;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		snprintf(last_names[i], sizeof(last_names[i]), "%s", names[i] ? names[i] : "-");
	last_members[0] = 0;
	for (size_t i = 0; i < e->member_count; i++)
		n += (size_t)snprintf(
			last_members + n, sizeof(last_members) - n, "%s ", e->members[i]);
	if (e->excursion)
		last_excursion = *e->excursion;
}

static void watch(void)
{
	t.a->sink.event = on_field;
	last_count = 0;
}

static void wait_s(int64_t seconds)
{
	timeline_advance(&t, t.now.boot_us + seconds * ALARMS_SECOND);
}

#define NAMES(device, bed, patient, association, rule)                                             \
	do {                                                                                       \
		assert_string_equal(last_names[0], device);                                        \
		assert_string_equal(last_names[1], bed);                                           \
		assert_string_equal(last_names[2], patient);                                       \
		assert_string_equal(last_names[3], association);                                   \
		assert_string_equal(last_names[4], rule);                                          \
	} while (0)

/* A crossing that came late: an advisory of its own, that is over at once. */
static void test_fields_of_an_advisory(void **state)
{
	(void)state;
	assert_true(timeline_rule(&t,
		"hr\tType=limit\tMetric=pulse-rate\tBelow=50\tAbove=120\tPriority=high\t"
		"Latching=no"));
	happen("device ox 3");
	happen("patient 3 p-1 a-1");
	watch();
	happen("ox pulse-rate 45 stored age=1h instance=2");
	assert_int_equal(last_count, 1);
	NAMES("ox", "3", "p-1", "a-1", "hr");
	assert_int_equal(last.instance, 2);
	assert_int_equal(last.metric, METRIC_PULSE_RATE);
	assert_int_equal(last.number, 1);
	assert_int_equal(last.step, 1);
	assert_int_equal(last.phase, PHASE_START);
	assert_int_equal(last.state, ALARM_INACTIVE);
	assert_int_equal(last.kind, ALARM_ADVISORY);
	assert_int_equal(last.priority, PRIORITY_LOW);
	assert_int_equal(last.reason, ALARM_REASON_LATE);
	assert_true(last.transient);
	assert_true(last.onset_us == t.now.utc_us - 3600 * ALARMS_SECOND);
	assert_true(last.detected_us == t.now.utc_us && last.time_us == t.now.utc_us);
	assert_true(last.limits.has_low && last.limits.has_high);
	assert_int_equal(last.limits.low.mantissa, 50);
	assert_int_equal(last.mdc, 196670);
	assert_int_equal(last.value.mantissa, 45);
	assert_int_equal(last.flags, FLAG_STORED);
	assert_int_equal(last.reading, 1);
	happen("ox pulse-rate 130 stored age=1h");
	assert_int_equal(last.number, 2);
	assert_int_equal(last.mdc, 196648);
	assert_true(timeline_rule(&t, "b\tType=event\tMetric=button\tWords=single\tPriority=low"));
	happen("ox button single stored age=1h");
	assert_int_equal(last.mdc, 0);
	assert_int_equal(last.value_kind, VALUE_WORD);
	assert_int_equal(last.word, WORD_SINGLE);
	/* it leaves nothing behind: the next alarm has the next number */
	happen("ox pulse-rate 130");
	assert_int_equal(last.number, 4);
	assert_int_equal(last.mdc, 196648);
	assert_int_equal(last.kind, ALARM_PHYSIOLOGICAL);
	assert_false(last.transient);
	happen("ox button single");
	assert_int_equal(last.mdc, 0);
}

/* The record of an excursion, with both clocks. */
static void test_fields_of_an_excursion(void **state)
{
	int64_t began;

	(void)state;
	assert_true(timeline_rule(&t, "fridge\tType=coldchain\tMetric=ambient-"
				      "temperature\tAboveFor=1h\tPriority=medium"));
	happen("device probe pharmacy");
	watch();
	began = t.now.utc_us;
	happen("probe ambient-temperature 9");
	wait_s(600);
	/* the clock is set meanwhile */
	t.now.utc_us += 7200 * ALARMS_SECOND;
	happen("probe ambient-temperature 5");
	assert_int_equal(last_count, 1);
	NAMES("probe", "pharmacy", "-", "-", "fridge");
	assert_int_equal(last.number, 1);
	assert_int_equal(last.step, 1);
	assert_int_equal(last.state, ALARM_INACTIVE);
	assert_int_equal(last.kind, ALARM_ADVISORY);
	assert_true(last.transient);
	assert_true(last.onset_us == began && last.ended_us == t.now.utc_us);
	assert_true(last.detected_us == t.now.utc_us && last.time_us == t.now.utc_us);
	assert_false(last_excursion.below || last_excursion.alarmed);
	assert_true(last_excursion.start_us == began);
	assert_true(last_excursion.end_us == t.now.utc_us);
	assert_true(last_excursion.duration_us == 600 * ALARMS_SECOND);
	assert_int_equal(last_excursion.extreme.mantissa, 9);
	/* a colder one that alarmed */
	happen("probe ambient-temperature -1");
	happen("probe ambient-temperature 1");
	wait_s(1);
	happen("probe ambient-temperature 5");
	assert_true(last_excursion.below && last_excursion.alarmed);
	assert_int_equal(last_excursion.extreme.mantissa, -1);
}

/* Conditions of the gateway: when they began, and of a group, whose they are. */
static void test_fields_of_a_condition(void **state)
{
	char event[64];
	int64_t began;

	(void)state;
	watch();
	wait_s(5);
	happen("condition broker-unreachable - yes");
	NAMES("-", "-", "-", "-", "broker-unreachable");
	assert_int_equal(last.kind, ALARM_TECHNICAL);
	assert_int_equal(last.condition, CONDITION_BROKER_UNREACHABLE);
	assert_true(last.onset_us == t.now.utc_us && last.detected_us == t.now.utc_us);
	assert_int_equal(last.ended_us, 0);
	began = t.now.utc_us;
	wait_s(5);
	happen("condition broker-unreachable - no");
	assert_true(last.onset_us == began && last.ended_us == t.now.utc_us);
	wait_s(5);
	happen("condition broker-unreachable - yes");
	assert_true(last.onset_us == t.now.utc_us);

	for (unsigned i = 0; i < 9; i++) {
		snprintf(event, sizeof(event), "device d%u 3", i);
		happen(event);
		snprintf(event, sizeof(event), "condition device-silent d%u yes", i);
		happen(event);
	}
	began = t.now.utc_us;
	wait_s(2);
	assert_int_equal(last.member_count, 9);
	assert_string_equal(last_members, "d8 d7 d6 d5 d4 d3 d2 d1 d0 ");
	assert_true(last.onset_us == began + 2 * ALARMS_SECOND);

	/* one device's: since when, not since the alarm */
	happen("device x 3");
	happen("condition auth-failing x yes");
	began = t.now.utc_us;
	wait_s(2);
	NAMES("x", "3", "-", "-", "auth-failing");
	assert_true(last.onset_us == began);
	assert_true(last.detected_us == began + 2 * ALARMS_SECOND);
}

/* When an alarm's condition was over stays what is said of it, however it ends. */
static void test_when_it_was_over(void **state)
{
	int64_t over;

	(void)state;
	assert_true(timeline_rule(
		&t, "lo\tType=limit\tMetric=spo2\tBelow=90\tLatching=yes\tPriority=low"));
	happen("device ox 3");
	watch();
	happen("ox spo2 85");
	assert_int_equal(last.ended_us, 0);
	wait_s(10);
	happen("ox spo2 95");
	over = t.now.utc_us;
	assert_true(last.ended_us == over);
	wait_s(10);
	happen("reset lo.ox a");
	assert_true(last.ended_us == over && last.time_us == t.now.utc_us);
	happen("ox spo2 85");
	assert_int_equal(last.ended_us, 0);
	assert_int_equal(last.number, 2);
	happen("ox spo2 95");
	over = t.now.utc_us;
	wait_s(10);
	/* it comes back: it is over no more */
	happen("ox spo2 85");
	assert_int_equal(last.ended_us, 0);
	happen("ox spo2 95");
	over = t.now.utc_us;
	wait_s(10);
	happen("remove-device ox");
	assert_int_equal(last.phase, PHASE_END);
	assert_true(last.ended_us == over);
	happen("device ox 3");
	happen("ox spo2 85");
	wait_s(10);
	happen("remove-device ox");
	assert_true(last.ended_us == t.now.utc_us);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_fields_of_an_advisory),
		TEST(test_fields_of_an_excursion),
		TEST(test_fields_of_a_condition),
		TEST(test_when_it_was_over),
	};

	return RUN_TESTS(tests);
}
