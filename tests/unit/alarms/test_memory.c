/*
 * Memory that runs out: every allocation of a ward's life fails in turn. What
 * is asked for is then refused with -ENOMEM or goes on without; nothing
 * crashes, and the next try does it.
 */
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>

#include "alarms/alarms.h"
#include "unit/alarms/timeline.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#ifndef SANITIZED
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t m);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

/* Allocations until one fails; 0: none does. */
static unsigned long countdown;
static bool failed;

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	failed = true;
	return true;
}

/* Blocks that are not freed. */
static long blocks;

static void *counted(void *p)
{
	blocks += p != NULL;
	return p;
}

void *malloc(size_t n)
{
	return fails() ? NULL : counted(__libc_malloc(n));
}

void *calloc(size_t n, size_t m)
{
	return fails() ? NULL : counted(__libc_calloc(n, m));
}

void *realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	return p ? __libc_realloc(p, n) : counted(__libc_malloc(n));
}

void free(void *p)
{
	blocks -= p != NULL;
	__libc_free(p);
}

static const struct rule_item limit[] = { { "Type", "limit", false }, { "Metric", "spo2", false },
	{ "Below", "90", false }, { "For", "5s", false }, { "Latching", "yes", false },
	{ "Priority", "low", false } };
static const struct rule_item fast[] = { { "Type", "limit", false },
	{ "Metric", "pulse-rate", false }, { "Above", "120", false },
	{ "Priority", "low", false } };
static const struct rule_item both[] = { { "Type", "combination", false },
	{ "Rules", "lo hi", false }, { "Priority", "low", false } };
static const struct rule_item score[] = { { "Type", "score", false },
	{ "Priority", "none", false } };
static const struct rule_item gone[] = { { "Type", "absent", false }, { "Metric", "spo2", false },
	{ "After", "1min", false }, { "Devices", "ox", false }, { "Priority", "low", false } };
/* One call; what it says must be 0 or -ENOMEM, and only if something failed. */
static bool went(int e)
{
	assert_true(e == 0 || (e == -ENOMEM && failed));
	return e == 0;
}

static bool say(struct alarms *a, struct label *device, enum metric m, int64_t v,
	const struct alarm_now *now)
{
	struct reading r = { .metric = (uint8_t)m,
		.kind = VALUE_NUMBER,
		.number = { v, 0 },
		.device = device,
		.time_us = now->utc_us,
		.received_us = now->utc_us };

	return went(alarms_reading(a, &r, now));
}

/* A value that somebody has charted at the bed. */
static bool chart(struct alarms *a, enum metric m, int64_t v, const struct alarm_now *now)
{
	struct reading r = { .metric = (uint8_t)m,
		.kind = VALUE_NUMBER,
		.number = { v, 0 },
		.origin = ORIGIN_MANUAL,
		.time_us = now->utc_us,
		.received_us = now->utc_us };
	bool ok;

	if (!went(label_new(&r.bed, "4")))
		return false;
	ok = went(label_new(&r.by, "nurse")) && went(alarms_reading(a, &r, now));
	label_unref(r.bed);
	label_unref(r.by);
	return ok;
}

static const struct alarms_options options = { .epoch = "1-00000000" };
static const struct rule_item fever[] = { { "Type", "limit", false },
	{ "Metric", "body-temperature", false }, { "Above", "39", false },
	{ "Priority", "low", false } };
static const struct rule_item bed[] = { { "Type", "limit", false }, { "Metric", "etco2", false },
	{ "Above", "60", false }, { "Scope", "bed", false }, { "Beds", "3", false },
	{ "Priority", "low", false } };
static const struct rule_item lower[] = { { "Type", "limit", false }, { "Metric", "spo2", false },
	{ "Below", "80", false }, { "Priority", "low", false } };
static const struct rule_item hotter[] = { { "Type", "limit", false },
	{ "Metric", "body-temperature", false }, { "Above", "41", false },
	{ "Priority", "low", false } };
static const struct rule_settings all[] = { { "lo", limit, 6 }, { "hi", fast, 4 },
	{ "both", both, 3 }, { "score", score, 2 }, { "gone", gone, 5 }, { "fever", fever, 4 },
	{ "bed", bed, 6 }, { "lower", lower, 4 }, { "hotter", hotter, 4 } };

static bool rules_are(struct alarms *a, const struct rule_settings *which, size_t count,
	const struct alarm_now *now)
{
	struct ruleset *set = NULL;

	return went(ruleset_new(&set, which, count, NULL, NULL)) &&
	       went(alarms_set_rules(a, set, now));
}

/* Into an engine with the configuration; what has failed leaves one that works. */
static void restore(const struct alarms *a, const struct alarm_now *now, bool with_rules)
{
	char why[ALARMS_WHY_MAX], *text = NULL;
	struct alarms *b = NULL;
	size_t length;

	if (!went(alarms_save(a, now, &text, &length)))
		return;
	if (went(alarms_new(&b, &options)) && (!with_rules || rules_are(b, all, 9, now)) &&
		went(alarms_device(b, "ox", "3", now)) &&
		!went(alarms_restore(b, text, length, 0, now, why))) {
		struct alarms_counters counters;

		alarms_counters(b, &counters);
		assert_int_equal(counters.devices, 1);
		alarms_tick(b, now);
		alarms_continue(b, now);
	}
	alarms_free(b);
	free(text);
}

/* A state that lacks the line of a sensor: its alarm makes one. */
static void without_sensor(const char *piece, const struct alarm_now *now)
{
	const char *from = strstr(piece, "\nsubject\tname=lo\t") + 1, *to = strchr(from, '\n') + 1;
	char why[ALARMS_WHY_MAX], *text;
	struct alarms *b = NULL;
	size_t n;

	if (!went(alarms_save_joined(from, (size_t)(to - from), now, &text, &n)))
		return;
	if (went(alarms_new(&b, &options)) && rules_are(b, all, 4, now) &&
		went(alarms_device(b, "ox", "3", now)) &&
		went(alarms_restore(b, text, n, 0, now, why)))
		assert_int_equal(alarms_acknowledge(b, "lo.ox", "nurse", now, why), 0);
	alarms_free(b);
	free(text);
}

/* The state in pieces, as the desk keeps it. */
static void keep(const struct alarms *a, const struct alarm_now *now)
{
	char *one = NULL, *two = NULL, *whole = NULL;
	size_t n;

	if (went(alarms_save_piece(a, PIECE_DEVICE, "ox", false, &one, &n)) &&
		went(alarms_save_joined(one, n, now, &whole, &n)))
		assert_non_null(strstr(whole, "name=lo"));
	if (went(alarms_save_piece(a, PIECE_BED, "nowhere", true, &two, &n)))
		assert_string_equal(two, "");
	if (whole)
		without_sensor(one, now);
	free(one);
	free(two);
	free(whole);
}

/* Many devices: the heap of deadlines and the list of members grow. */
static void storm(struct alarms *a, struct alarm_now *now)
{
	unsigned there = 0;

	for (unsigned i = 0; i < 70; i++) {
		char name[16];

		snprintf(name, sizeof(name), "d%u", i);
		if (went(alarms_device(a, name, NULL, now)))
			there += went(alarms_condition(
				a, CONDITION_DEVICE_SILENT, name, true, NULL, now));
	}
	now->boot_us += 3 * ALARMS_SECOND;
	alarms_tick(a, now);
	assert_true(there >= 68);
}

static void live(struct alarms *a, struct label *ox, bool short_life, struct alarm_now *now)
{
	const struct alarm_limits low = { .has_low = true, .low = { 88, 0 } },
				  high = { .has_high = true, .high = { 40, 0 } };
	char why[ALARMS_WHY_MAX];
	struct ruleset *set = NULL;

	if (!went(ruleset_new(&set, all, 6, NULL, NULL)))
		return;
	(void)went(alarms_set_rules(a, set, now));
	if (!went(alarms_device(a, "ox", "3", now)) && !went(alarms_device(a, "ox", "3", now)))
		return;
	(void)went(alarms_patient(a, "3", "p", "a", now));
	(void)went(alarms_order_scale2(a, "3", true, "dr", now));
	(void)say(a, ox, METRIC_SPO2, 85, now);
	/* the next reading makes what was missing */
	assert_true(say(a, ox, METRIC_SPO2, 85, now) || say(a, ox, METRIC_SPO2, 85, now));
	now->boot_us += 6 * ALARMS_SECOND;
	assert_int_equal(alarms_acknowledge(a, "lo.ox", "nurse", now, why), 0);
	(void)say(a, ox, METRIC_PULSE_RATE, 130, now);
	(void)chart(a, METRIC_BODY_TEMPERATURE, 40, now);
	(void)went(alarms_set_limits(a, "lo", LIMIT_BED, "3", &low, "dr", now, why));
	(void)went(alarms_set_limits(a, "fever", LIMIT_WARD, NULL, &high, "dr", now, why));
	(void)went(alarms_condition(a, CONDITION_LOW_BATTERY, "ox", true, "low", now));
	(void)went(alarms_condition(a, CONDITION_BROKER_UNREACHABLE, NULL, true, "none", now));
	/* a reload with more rules: what was there is not lost by it */
	set = NULL;
	if (went(ruleset_new(&set, all, 9, NULL, NULL))) {
		(void)went(alarms_set_rules(a, set, now));
		/* what memory lacked for is made with the next reading, at the latest */
		(void)say(a, ox, METRIC_SPO2, 75, now);
		assert_true(say(a, ox, METRIC_SPO2, 75, now) || say(a, ox, METRIC_SPO2, 75, now));
		assert_int_equal(alarms_acknowledge(a, "lower.ox", "nurse", now, why), 0);
		(void)chart(a, METRIC_BODY_TEMPERATURE, 42, now);
		assert_true(chart(a, METRIC_BODY_TEMPERATURE, 42, now) ||
			    chart(a, METRIC_BODY_TEMPERATURE, 42, now));
		assert_int_equal(alarms_acknowledge(a, "hotter.bed-4", "nurse", now, why), 0);
	}
	if (short_life)
		return;
	now->boot_us += 70 * ALARMS_SECOND;
	alarms_tick(a, now);
	assert_int_equal(alarms_acknowledge(a, "lo.ox", "nurse", now, why), 0);
	/* and who was waited for from the start is missed */
	assert_int_equal(alarms_acknowledge(a, "gone.ox", "nurse", now, why), 0);
	/* latched, and on its way back */
	(void)say(a, ox, METRIC_SPO2, 95, now);
	(void)alarms_acknowledge(a, "lo.ox", "nurse", now, why);
	(void)say(a, ox, METRIC_SPO2, 85, now);
	restore(a, now, true);
	restore(a, now, false);
	keep(a, now);
	storm(a, now);
}

/* One life with the n-th allocation failing, or none. Returns whether one failed. */
static bool one_life(unsigned long n, unsigned others)
{
	struct alarm_now now = { 1000000000, INT64_C(1795255200000000) };
	struct alarms *a = NULL;
	struct label *ox;
	long before = blocks;

	assert_int_equal(label_new(&ox, "ox"), 0);
	countdown = 0;
	failed = false;
	if (others > 0) {
		assert_int_equal(alarms_new(&a, &options), 0);
		for (unsigned i = 0; i < others; i++) {
			char name[16];

			snprintf(name, sizeof(name), "o%u", i);
			assert_int_equal(alarms_device(a, name, NULL, &now), 0);
			assert_int_equal(
				alarms_condition(a, CONDITION_FLOOD, name, true, NULL, &now), 0);
		}
		countdown = n;
		live(a, ox, true, &now);
	} else {
		countdown = n;
		if (went(alarms_new(&a, &options)))
			live(a, ox, false, &now);
	}
	countdown = 0;
	alarms_free(a);
	label_unref(ox);
	assert_int_equal(blocks, before); /* all of it was freed */
	return failed;
}

static void test_each_allocation_fails(void **state)
{
	unsigned long n = 0;

	(void)state;
	while (one_life(++n, 0))
		;
	print_message("%lu allocations\n", n - 1);
	assert_true(n > 50);
}

/* The heap of deadlines grows wherever it happens to be full. */
static void test_growth_fails_anywhere(void **state)
{
	(void)state;
	for (unsigned others = 1; others < 24; others++)
		for (unsigned long n = 1; one_life(n, others); n++)
			;
}

static int is_tsv(const struct dirent *d)
{
	return strstr(d->d_name, ".tsv") != NULL;
}

/* Nor does anything stay behind of what the timelines do. */
static void test_timelines_leave_nothing(void **state)
{
	struct dirent **names;
	int count = scandir("tests/vectors/alarms", &names, is_tsv, alphasort);

	(void)state;
	assert_true(count > 0);
	countdown = 0;
	for (int i = 0; i < count; i++) {
		char path[512];
		long before = blocks;

		snprintf(path, sizeof(path), "tests/vectors/alarms/%s", names[i]->d_name);
		assert_int_equal(timeline_run_file(path, true), 0);
		if (blocks != before)
			fail_msg("%s leaves %ld blocks", path, blocks - before);
		free(names[i]);
	}
	free(names);
}
#else
static void test_without_memory(void **state)
{
	(void)state;
	print_message("the sanitizer has an allocator of its own; the plain build runs this\n");
	skip();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef SANITIZED
		cmocka_unit_test(test_each_allocation_fails),
		cmocka_unit_test(test_growth_fails_anywhere),
		cmocka_unit_test(test_timelines_leave_nothing),
#else
		cmocka_unit_test(test_without_memory),
#endif
	};

	return RUN_TESTS(tests);
}
