/*
 * What must hold whatever comes: random rules, readings, people, restarts and
 * waiting, from a seed that is printed. ALARMS_SEED=n repeats one,
 * ALARMS_RUNS=n tries more.
 */
#include "unit/unit.h"

#include <stdlib.h>

#include "unit/alarms/timeline.h"

#define ALARMS_KEPT 4096

/* One alarm as a consumer would follow it. */
struct followed {
	char key[ALARM_KEY_MAX + 1];
	char epoch[32];
	uint64_t number;
	uint32_t step;
	enum alarm_priority priority;
	bool live, said_again;
};

struct world {
	struct timeline t;
	struct followed alarms[ALARMS_KEPT];
	size_t count;
	uint64_t random;
	bool continuing;
	unsigned long events, starts;
	uint64_t last_number;
};

static uint64_t next(struct world *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

static unsigned below(struct world *w, unsigned n)
{
	return (unsigned)(next(w) >> 20) % n;
}

static struct followed *find_key(struct world *w, const char *key)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->alarms[i].live && strcmp(w->alarms[i].key, key) == 0)
			return &w->alarms[i];
	return NULL;
}

static void on_start(struct world *w, const struct alarm_event *e, struct followed *f)
{
	if (f)
		fail_msg("%s starts while it is there", e->key);
	assert_int_equal(e->step, 1);
	assert_int_equal(e->state, ALARM_ACTIVE);
	assert_true(e->number > w->last_number);
	w->last_number = e->number;
	/* over ones give their place away */
	for (f = w->alarms; f < w->alarms + w->count && f->live; f++)
		;
	if (f == w->alarms + w->count) {
		assert_true(w->count < ALARMS_KEPT);
		w->count++;
	}
	*f = (struct followed){
		.number = e->number, .step = 1, .priority = e->priority, .live = true
	};
	snprintf(f->key, sizeof(f->key), "%s", e->key);
	snprintf(f->epoch, sizeof(f->epoch), "%s", e->epoch);
	w->starts++;
}

static void on_event(void *userdata, const struct alarm_event *e)
{
	struct world *w = userdata;
	struct followed *f = find_key(w, e->key);

	w->events++;
	assert_true(e->text[0] != 0);
	assert_true(e->priority > PRIORITY_NONE && e->priority <= PRIORITY_HIGH);
	assert_true(e->time_us == w->t.now.utc_us);
	assert_true(e->onset_us <= e->time_us && e->detected_us <= e->time_us);
	if (e->transient) {
		assert_int_equal(e->state, ALARM_INACTIVE);
		assert_int_equal(e->kind, ALARM_ADVISORY);
		assert_true(e->number > w->last_number);
		w->last_number = e->number;
		return;
	}
	assert_false(e->stale && e->value_kind != 0);
	if (e->phase == PHASE_START) {
		on_start(w, e, f);
		return;
	}
	if (!f)
		fail_msg("%s: %s of what is not there", e->key, alarm_phase_text(e->phase));
	assert_true(f->number == e->number);
	assert_string_equal(f->epoch, e->epoch);
	if (e->step != f->step + 1)
		fail_msg("%s: step %u after %u", e->key, e->step, f->step);
	f->step = e->step;
	if (e->priority != f->priority)
		assert_int_equal(e->previous_priority, f->priority);
	else
		assert_int_equal(e->previous_priority, PRIORITY_NONE);
	if (e->phase == PHASE_ESCALATE)
		assert_true(e->priority > f->priority);
	if (e->phase == PHASE_DEESCALATE)
		assert_true(e->priority < f->priority);
	f->priority = e->priority;
	f->live = e->state != ALARM_INACTIVE;
	assert_int_equal(f->live, e->phase != PHASE_END && e->phase != PHASE_RESET);
	f->said_again = w->continuing;
	if (e->inactivated_until_us) /* a pause that would be over is none */
		assert_true(e->inactivated_until_us > e->time_us);
}

static const char *const rules[] = {
	"lo\tType=limit\tMetric=spo2\tBelow=90\tClearAt=92\tFor=10s\tPriority=medium",
	"lo-now\tType=limit\tMetric=spo2\tBelow=85\tPriority=high\tLatching=yes\tEscalateAfter="
	"1min",
	"hr\tType=limit\tMetric=pulse-rate\tBelow=50\tAbove=120\tHysteresis=5\tSamples=3\tClearFor="
	"20s"
	"\tPriority=low\tEscalateAfter=30s",
	"bands\tType=bands\tMetric=pulse-rate\tBands=<55:low <45:medium >110:medium "
	">125:high\tMargin=2"
	"\tPriority=low\tLatching=no",
	"jump\tType=rate\tMetric=pulse-rate\tRise=30\tFall=30\tWindow=2min\tPriority=low",
	"own\tType=deviation\tMetric=pulse-rate\tRise=40\tFall=30\tWindow=1h\tReadings=5\tPriority="
	"low",
	"gone\tType=absent\tMetric=spo2\tAfter=1min\tPriority=low",
	"stuck\tType=stuck\tMetric=pulse-rate\tAfter=20s\tReadings=3\tWithin=3\tPriority=low",
	"call\tType=event\tMetric=nurse-call\tPriority=medium\tLatching=yes",
	"button\tType=event\tMetric=button\tWords=single long\tHold=5s\tPriority=medium",
	"area\tType=sustained\tMetric=spo2\tBelow=92\tArea=2\tPriority=medium",
	"bed-lo\tType=limit\tMetric=spo2\tBelow=88\tScope=bed\tFor=5s\tPriority=none",
	"both\tType=combination\tRules=bed-lo hr\tWithin=1min\tPriority=high\tLatching=no",
	"any\tType=combination\tRules=bed-lo jump\tMatch=any\tPriority=low",
	"score\tType=score\tAtLeast=5\tSingle=3\tPriority=medium\tEvery=10s\tMaxAge=2min",
	"news\tType=limit\tMetric=news2\tAbove=3\tPriority=low",
	"fridge\tType=coldchain\tMetric=ambient-temperature\tAboveFor=2min\tWarnAfter="
	"1min\tBelowFor=30s"
	"\tMktEvery=1h\tPriority=medium",
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static void read_something(struct world *w, char *event, size_t size)
{
	static const char *const words[] = { "not-measured", "sensor-off", "invalid", "calibrating",
		"below-range", "above-range" };
	static const char *const flags[] = { "", "", "", "", "", "", "", "", " questionable",
		" stored age=1h", " backfill", " age=90s", " demo", " episodic", " age=20s" };
	const char *flag = flags[below(w, sizeof(flags) / sizeof(flags[0]))];
	unsigned device = below(w, 12);
	char value[32];

	switch (below(w, 9)) {
	case 0:
	case 1:
	case 2:
		snprintf(value, sizeof(value), "spo2 %u", 80 + below(w, 20));
		break;
	case 3:
	case 4:
		snprintf(value, sizeof(value), "pulse-rate %u", 35 + below(w, 100));
		break;
	case 5:
		snprintf(value, sizeof(value), "ambient-temperature %u.%u", below(w, 12),
			below(w, 10));
		break;
	case 6:
		snprintf(value, sizeof(value), "nurse-call %s", below(w, 2) ? "yes" : "no");
		break;
	case 7:
		snprintf(value, sizeof(value), "button %s", below(w, 2) ? "single" : "double");
		break;
	default:
		snprintf(value, sizeof(value), "%s %s", below(w, 2) ? "spo2" : "pulse-rate",
			words[below(w, 6)]);
		break;
	}
	if (below(w, 15) == 0)
		snprintf(event, size, "bed-%u respiratory-rate %u manual", below(w, 5),
			5 + below(w, 30));
	else
		snprintf(event, size, "d%u %s%s", device, value, flag);
}

static const char *some_key(struct world *w)
{
	struct followed *f;

	if (w->count == 0)
		return "nothing.here";
	f = &w->alarms[below(w, (unsigned)w->count)];
	return f->key;
}

static void do_something(struct world *w, char *event, size_t size)
{
	static const char *const kinds[] = { "audio", "alarm", "audio-off", "alarm-off" };
	const char *kind = kinds[below(w, 4)], *yes = below(w, 2) ? "yes" : "no";

	switch (below(w, 12)) {
	case 0:
		snprintf(event, size, "ack %s a", some_key(w));
		break;
	case 1:
		snprintf(event, size, "pause %s %s %d a", some_key(w), kind,
			(int)below(w, 400) - 50);
		break;
	case 2:
		snprintf(event, size, "pause-bed %u %s %d a", below(w, 5), kind,
			(int)below(w, 400) - 50);
		break;
	case 3:
		snprintf(event, size, "reset %s a", some_key(w));
		break;
	case 4:
		snprintf(event, size, "set-limits %s bed %u low=%u by=a", below(w, 2) ? "lo" : "hr",
			below(w, 5), 40 + below(w, 60));
		break;
	case 5:
		snprintf(event, size, "set-limits lo patient %u by=a", below(w, 5));
		break;
	case 6:
		snprintf(event, size, "patient %u %s", below(w, 5),
			below(w, 3) ? (below(w, 2) ? "p1" : "p2") : "-");
		break;
	case 7:
		snprintf(event, size, "condition %s d%u %s",
			below(w, 3) ? "device-silent" : "stale-bond", below(w, 12), yes);
		break;
	case 8:
		snprintf(event, size, "condition broker-unreachable - %s", yes);
		break;
	case 9:
		snprintf(event, size, "device d%u %u", below(w, 12), below(w, 5));
		break;
	case 10:
		snprintf(event, size, "scale2 %u %s", below(w, 5), yes);
		break;
	default:
		snprintf(event, size, "device d%u", below(w, 12));
		break;
	}
}

/* All that is said to be there is there, and nothing else. */
static void check_continue(struct world *w)
{
	struct alarms_counters counters;
	size_t live = 0;

	for (size_t i = 0; i < w->count; i++)
		w->alarms[i].said_again = false;
	w->continuing = true;
	alarms_continue(w->t.a, &w->t.now);
	w->continuing = false;
	for (size_t i = 0; i < w->count; i++) {
		if (w->alarms[i].live && !w->alarms[i].said_again)
			fail_msg("%s is not there any more", w->alarms[i].key);
		live += w->alarms[i].live;
	}
	alarms_counters(w->t.a, &counters);
	assert_int_equal(counters.active, live);
	assert_true(counters.subjects < 2000);
}

static void step(struct world *w)
{
	unsigned what = below(w, 100);
	char event[256] = "wait";
	unsigned long before;

	if (what < 80)
		read_something(w, event, sizeof(event));
	else if (what < 90)
		do_something(w, event, sizeof(event));
	else if (what < 91)
		snprintf(event, sizeof(event), "restart");
	timeline_advance(
		&w->t, w->t.now.boot_us + (int64_t)below(w, what < 95 ? 2000000 : 60000000));
	/* nothing comes without a cause */
	before = w->events;
	alarms_tick(w->t.a, &w->t.now);
	assert_true(w->events == before);
	assert_true(timeline_event(&w->t, event));
	assert_true(alarms_deadline(w->t.a) > w->t.now.boot_us);
	assert_null(strstr(timeline_take(&w->t), "outcome=-"));
}

static void run(uint64_t seed, unsigned steps)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	timeline_begin(&w->t, below(w, 4) == 0);
	w->t.hook = on_event;
	w->t.hook_data = w;
	for (size_t i = 0; i < RULES; i++)
		assert_true(timeline_rule(&w->t, rules[i]));
	for (unsigned d = 0; d < 12; d++) {
		char event[64];

		snprintf(event, sizeof(event), "device d%u %u", d, d % 5);
		assert_true(timeline_event(&w->t, event));
	}
	for (unsigned i = 0; i < steps; i++) {
		step(w);
		if (i % 100 == 0)
			check_continue(w);
	}
	check_continue(w);
	/* the devices go: so does every alarm of theirs */
	for (unsigned d = 0; d < 12; d++) {
		char event[64];

		snprintf(event, sizeof(event), "remove-device d%u", d);
		assert_true(timeline_event(&w->t, event));
	}
	for (unsigned b = 0; b < 5; b++) {
		char event[64];

		snprintf(event, sizeof(event), "remove-bed %u", b);
		assert_true(timeline_event(&w->t, event));
	}
	assert_true(timeline_event(&w->t, "condition broker-unreachable - no"));
	timeline_advance(&w->t, w->t.now.boot_us + INT64_C(86400000000));
	check_continue(w);
	for (size_t i = 0; i < w->count; i++)
		if (w->alarms[i].live)
			fail_msg("%s is still there", w->alarms[i].key);
	assert_true(w->starts > 0);
	timeline_end(&w->t);
	free(w);
}

static void test_random_timelines(void **state)
{
	const char *seed = getenv("ALARMS_SEED"), *runs = getenv("ALARMS_RUNS");
	unsigned first = seed ? (unsigned)strtoul(seed, NULL, 10) : 1;
	unsigned count = runs ? (unsigned)strtoul(runs, NULL, 10) : seed ? 1 : 40;

	(void)state;
	for (unsigned i = 0; i < count; i++) {
		print_message("seed %u\n", first + i);
		run(first + i, 1500);
	}
}

/* Thirty patients for a day, a reading of each every five seconds. */
static void test_ward_day(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char event[128];

	(void)state;
	assert_non_null(w);
	w->random = 20261121;
	timeline_begin(&w->t, false);
	w->t.hook = on_event;
	w->t.hook_data = w;
	for (size_t i = 0; i < RULES; i++)
		assert_true(timeline_rule(&w->t, rules[i]));
	for (unsigned d = 0; d < 30; d++) {
		snprintf(event, sizeof(event), "device d%u %u", d, d);
		assert_true(timeline_event(&w->t, event));
	}
	for (unsigned s = 0; s < 86400; s += 5)
		for (unsigned d = 0; d < 30; d++) {
			bool bad = (s / 600 + d) % 50 == 0;

			timeline_advance(&w->t, TIMELINE_BOOT + (int64_t)s * 1000000 + d * 1000);
			snprintf(event, sizeof(event), "d%u spo2 %u", d,
				(bad ? 82 : 94) + below(w, 4));
			assert_true(timeline_event(&w->t, event));
			(void)timeline_take(&w->t);
		}
	check_continue(w);
	print_message("%lu events of %lu alarms\n", w->events, w->starts);
	assert_true(w->starts > 100);
	timeline_end(&w->t);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_timelines),
		cmocka_unit_test(test_ward_day),
	};

	return RUN_TESTS(tests);
}
