/*
 * NEWS2 and the mean kinetic temperature against tables that
 * tests/tools/make-news2-vectors.py has worked out by itself.
 */
#include "unit/unit.h"

#include "alarms/mkt.h"
#include "unit/alarms/timeline.h"
#include "util/decimal.h"

enum { NAME, SCALE, RR, SPO2, OXYGEN, SBP, PULSE, MIND, TEMP, POINTS, TOTAL = POINTS + 7, COLUMNS };

static unsigned split(char *line, char **columns)
{
	unsigned n = 0;
	char *at = line;

	line[strcspn(line, "\n")] = 0;
	while (at && n < COLUMNS) {
		char *next = strchr(at, '\t');

		if (next)
			*next++ = 0;
		columns[n++] = at;
		at = next;
	}
	return n;
}

static void observe(struct timeline *t, const char *metric, const char *value)
{
	char event[128];

	if (strcmp(value, "-") == 0)
		return;
	snprintf(event, sizeof(event), "bed-3 %s %s manual", metric, value);
	assert_true(timeline_event(t, event));
}

/* The points of each input in the chart's order, as the vectors have them. */
static void wanted_parts(char **c, char *ret, size_t size)
{
	static const char *const names[] = { "respiratory-rate", "spo2", "oxygen-therapy",
		"bp-systolic", "pulse-rate", "consciousness", "body-temperature" };
	size_t n = 0;

	for (unsigned i = 0; i < 7; i++) {
		bool missing = c[POINTS + i][0] == '?';

		n += (size_t)snprintf(ret + n, size - n, "%s%s=%s%s", i ? " " : "", names[i],
			missing ? "?" : "", missing ? "0" : c[POINTS + i]);
	}
}

static void check_row(char **c)
{
	struct timeline *t = calloc(1, sizeof(*t));
	char parts[512], total[64];
	const char *out, *last = NULL;

	assert_non_null(t);
	timeline_begin(t, false);
	/* each change is given out at once, so that the last one stands for all inputs */
	assert_true(timeline_rule(t, "score\tType=score\tPriority=none\tEvery=1s"));
	assert_int_equal(alarms_device(t->a, "ox", "3", &t->now), 0);
	assert_int_equal(
		alarms_order_scale2(t->a, "3", strcmp(c[SCALE], "2") == 0, "dr-x", &t->now), 0);
	observe(t, "respiratory-rate", c[RR]);
	observe(t, "spo2", c[SPO2]);
	observe(t, "oxygen-therapy", c[OXYGEN]);
	observe(t, "bp-systolic", c[SBP]);
	observe(t, "pulse-rate", c[PULSE]);
	observe(t, "consciousness", c[MIND]);
	observe(t, "body-temperature", c[TEMP]);
	timeline_advance(t, TIMELINE_BOOT + 10000000);
	out = timeline_take(t);
	for (const char *at = out; (at = strstr(at, "computed news2 3 ")); at++)
		last = at + strlen("computed news2 3 ");
	assert_non_null(last);
	snprintf(total, sizeof(total), "%.*s", (int)strcspn(last, " "), last);
	if (c[TOTAL][0] == '>') {
		if (strncmp(total, "incomplete", 10) != 0 || strcmp(total + 10, c[TOTAL]) != 0)
			fail_msg("%s: wanted incomplete%s, got %s", c[NAME], c[TOTAL], total);
	} else if (strcmp(total, c[TOTAL]) != 0) {
		fail_msg("%s: wanted %s, got %s", c[NAME], c[TOTAL], total);
	}
	wanted_parts(c, parts, sizeof(parts));
	if (strcmp(parts, t->parts) != 0)
		fail_msg("%s: wanted %s, got %s", c[NAME], parts, t->parts);
	timeline_end(t);
	free(t);
}

static void test_news2(void **state)
{
	FILE *f = fopen("tests/vectors/alarms_news2.tsv", "re");
	char line[1024], *columns[COLUMNS];
	unsigned rows = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		assert_int_equal(split(line, columns), COLUMNS);
		check_row(columns);
		rows++;
	}
	(void)fclose(f);
	assert_true(rows > 600);
}

static void test_mkt(void **state)
{
	FILE *f = fopen("tests/vectors/alarms_mkt.tsv", "re");
	char line[4096], text[64];
	unsigned rows = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *columns[COLUMNS], *at;
		struct mkt m = { 0 };
		struct decimal v;

		if (line[0] == '#')
			continue;
		assert_int_equal(split(line, columns), 3);
		assert_false(mkt_value(&m, &v));
		assert_true(mkt_valid(&m));
		for (at = columns[1]; *at;) {
			int64_t seconds = strtoll(at, &at, 10);
			size_t n = strcspn(++at, " ");

			assert_int_equal(decimal_from_text(&v, at, n), 0);
			mkt_add(&m, v, seconds * 1000000);
			assert_true(mkt_valid(&m));
			at += n + (at[n] == ' ');
		}
		assert_true(mkt_value(&m, &v));
		assert_true(decimal_format(text, sizeof(text), v) > 0);
		if (strcmp(text, columns[2]) != 0)
			fail_msg("%s: wanted %s, got %s", columns[0], columns[2], text);
		rows++;
	}
	(void)fclose(f);
	assert_true(rows > 60);
}

/* What cannot have come about by adding, and what is not added. */
static void test_mkt_refuses(void **state)
{
	struct mkt m = { 0 }, before;
	double nan = __builtin_nan("");

	(void)state;
	mkt_add(&m, (struct decimal){ 201, 0 }, 1000000);
	mkt_add(&m, (struct decimal){ -201, 0 }, 1000000);
	mkt_add(&m, (struct decimal){ 5, 0 }, 0);
	mkt_add(&m, (struct decimal){ 5, 0 }, -1);
	assert_int_equal(m.weight_us, 0);
	mkt_add(&m, (struct decimal){ 5, 0 }, 1000000);
	before = m;
	mkt_add(&m, (struct decimal){ 5, 0 }, INT64_MAX);
	assert_memory_equal(&m, &before, sizeof(m));
	m.weight_us = -1;
	assert_false(mkt_valid(&m));
	m = before;
	m.weight_us = 1;
	assert_true(mkt_valid(&before));
	memcpy(&m.sum, &nan, sizeof(nan));
	assert_false(mkt_valid(&m));
	m.sum = 0;
	assert_false(mkt_valid(&m));
	m.weight_us = INT64_MAX / 2;
	assert_false(mkt_valid(&m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_news2),
		cmocka_unit_test(test_mkt),
		cmocka_unit_test(test_mkt_refuses),
	};

	return RUN_TESTS(tests);
}
