/*
 * Commands that are refused unseen: the first is told at once, a flood is summed
 * up once a minute.
 */
#include <stdio.h>
#include <string.h>

#include "publish/refusals.h"
#include "unit/unit.h"
#include "util/cleanup.h"

#define SECOND INT64_C(1000000)
#define UTC (INT64_C(1800000000) * SECOND)

/* What was told: "rate 3 120..125 pause reset" with the times in seconds. */
static char said[16][400];
static unsigned said_count;

static void on_told(const struct publish_refusals *r, void *userdata)
{
	assert_ptr_equal(userdata, said);
	assert_true(said_count < ARRAY_SIZE(said));
	(void)snprintf(said[said_count++], sizeof(said[0]), "%s %d %d..%d %s", refusal_text(r->why),
		(int)r->count, (int)((r->first_us - UTC) / SECOND),
		(int)((r->last_us - UTC) / SECOND), r->verbs);
}

static struct refusals make(void)
{
	said_count = 0;
	return (struct refusals){ .tell = on_told, .userdata = said };
}

/* At that second since boot. */
static void note(struct refusals *r, enum refusal why, const char *verb, int s)
{
	refusals_note(r, why, verb, UTC + s * SECOND, s * SECOND);
}

static void test_one(void **state)
{
	struct refusals r = make();

	assert_int_equal(refusals_next(&r), INT64_MAX);
	note(&r, REFUSAL_MALFORMED, "pause", 7);
	assert_int_equal(said_count, 1);
	assert_string_equal(said[0], "malformed 1 7..7 pause");
	/* nothing is left to tell */
	assert_int_equal(refusals_next(&r), INT64_MAX);
	refusals_tick(&r, 1000 * SECOND);
	refusals_flush(&r);
	assert_int_equal(said_count, 1);
	/* and after a minute of rest the next one is a first one again */
	note(&r, REFUSAL_MALFORMED, "reset", 67);
	assert_int_equal(said_count, 2);
	assert_string_equal(said[1], "malformed 1 67..67 reset");
}

static void test_a_flood(void **state)
{
	struct refusals r = make();

	for (int s = 100; s < 160; s++)
		for (int i = 0; i < 1000; i++)
			note(&r, REFUSAL_RATE, i % 2 ? "pause" : "reset", s);
	assert_int_equal(said_count, 1);
	assert_int_equal(refusals_next(&r), 160 * SECOND);
	refusals_tick(&r, 159 * SECOND);
	assert_int_equal(said_count, 1);
	refusals_tick(&r, 160 * SECOND);
	assert_int_equal(said_count, 2);
	assert_string_equal(said[0], "rate 1 100..100 reset");
	assert_string_equal(said[1], "rate 59999 100..159 pause reset");
	/* it goes on: still once a minute */
	note(&r, REFUSAL_RATE, "pause", 161);
	assert_int_equal(said_count, 2);
	assert_int_equal(refusals_next(&r), 220 * SECOND);
	/* of one that comes late no minute is told twice */
	note(&r, REFUSAL_RATE, "pause", 230);
	assert_int_equal(said_count, 3);
	assert_string_equal(said[2], "rate 2 161..230 pause");
	assert_int_equal(refusals_next(&r), INT64_MAX);
}

static void test_kinds_are_apart(void **state)
{
	struct refusals r = make();

	note(&r, REFUSAL_RATE, "pause", 10);
	note(&r, REFUSAL_RESPONSE_TOPIC, "pause", 20);
	note(&r, REFUSAL_RATE, "pause", 30);
	note(&r, REFUSAL_RESPONSE_TOPIC, "reset", 31);
	assert_int_equal(said_count, 2);
	assert_int_equal(refusals_next(&r), 70 * SECOND);
	refusals_tick(&r, 70 * SECOND);
	assert_int_equal(said_count, 3);
	assert_string_equal(said[2], "rate 1 30..30 pause");
	assert_int_equal(refusals_next(&r), 80 * SECOND);
	/* at the end what is left */
	refusals_flush(&r);
	assert_int_equal(said_count, 4);
	assert_string_equal(said[3], "response-topic 1 31..31 reset");
}

static void test_verbs(void **state)
{
	char long_one[REFUSALS_VERB_MAX + 2], expected[400];
	struct refusals r = make();
	char text[REFUSALS_VERB_MAX + 1];

	note(&r, REFUSAL_RATE, "a", 1);
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = 0;
	note(&r, REFUSAL_RATE, long_one, 2);
	note(&r, REFUSAL_RATE, "", 3);
	note(&r, REFUSAL_RATE, "a b", 4);
	note(&r, REFUSAL_RATE, "\"\n", 5);
	note(&r, REFUSAL_RATE, "pauses", 6);
	note(&r, REFUSAL_RATE, "pause", 7);
	note(&r, REFUSAL_RATE, "pause", 8);
	refusals_flush(&r);
	assert_string_equal(said[1], "rate 7 2..8 ? pauses pause");

	/* the longest there can be */
	(void)snprintf(expected, sizeof(expected), "rate 20 100..119");
	for (int i = 0; i < 20; i++) {
		memset(text, 'a' + i, sizeof(text) - 1);
		text[sizeof(text) - 1] = 0;
		note(&r, REFUSAL_RATE, text, 100 + i);
		if (i == 0) {
			/* told at once */
			(void)snprintf(expected, sizeof(expected), "rate 19 101..119");
			continue;
		}
		if (i <= REFUSALS_VERBS_MAX) {
			(void)strncat(expected, " ", sizeof(expected) - strlen(expected) - 1);
			(void)strncat(expected, text, sizeof(expected) - strlen(expected) - 1);
		}
	}
	(void)strncat(expected, " ...", sizeof(expected) - strlen(expected) - 1);
	refusals_flush(&r);
	assert_string_equal(said[said_count - 1], expected);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_a_flood),
		cmocka_unit_test(test_kinds_are_apart),
		cmocka_unit_test(test_verbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
