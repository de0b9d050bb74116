/*
 * Commands from afar: what is taken, what is refused and in which words.
 */
#include "publish/command.h"
#include "unit/unit.h"
#include "util/cleanup.h"

/* Parses text; returns the sentence of the refusal, "" when there is none. */
static const char *parse(const char *text, struct command *c)
{
	static char why[COMMAND_WHY_MAX];

	why[0] = 0;
	if (command_parse(c, text, strlen(text), why) < 0)
		assert_int_not_equal(why[0], 0);
	else
		assert_int_equal(why[0], 0);
	return why;
}

static void test_taken(void **state)
{
	struct command c;

	assert_string_equal(
		parse("{\"request\":\"r1\",\"by\":\"nurse\",\"alarm\":{\"x\":[1,{}]}}\n", &c), "");
	assert_string_equal(c.request, "r1");
	assert_string_equal(c.by, "nurse");
	assert_true(c.not_after_us == INT64_MAX);
	command_done(&c);
	assert_string_equal(
		parse("{\"request\":\"r\",\"by\":\"n\",\"not_after\":\"1970-01-01T00:00:01Z\"}",
			&c),
		"");
	assert_true(c.not_after_us == 1000000);
	command_done(&c);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "the command is empty" },
		{ "x", "the command is not JSON" },
		{ "{\"request\":", "the command is not JSON" },
		{ "[]", "the command is not a JSON object" },
		{ "{} {}", "the command has something behind its JSON object" },
		{ "[[[[[[[[[1]]]]]]]]]", "the command is nested too deeply" },
		{ "{}", "\"request\" has to be a text of 1 to 64 bytes" },
		{ "{\"request\":7,\"by\":\"n\"}", "\"request\" has to be a text of 1 to 64 bytes" },
		{ "{\"request\":\"\",\"by\":\"n\"}",
			"\"request\" has to be a text of 1 to 64 bytes" },
		{ "{\"request\":\"a\\u0007\",\"by\":\"n\"}",
			"\"request\" has to be a text of 1 to 64 bytes" },
		{ "{\"request\":\"r\"}", "\"by\" has to be a text of 1 to 64 bytes" },
		{ "{\"request\":\"r\",\"by\":\"n\",\"by\":\"m\"}",
			"the command has a key twice, or more than 32 keys" },
		{ "{\"request\":\"r\",\"by\":\"n\",\"not_after\":5}",
			"\"not_after\" has to be a time such as 2026-11-21T10:00:00Z" },
		{ "{\"request\":\"r\",\"by\":\"n\",\"not_after\":\"soon\"}",
			"\"not_after\" has to be a time such as 2026-11-21T10:00:00Z" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct command c;

		assert_string_equal(parse(rows[i].text, &c), rows[i].why);
		command_done(&c);
	}
}

static void test_sizes(void **state)
{
	char text[COMMAND_SIZE_MAX + 2], name[COMMAND_NAME_MAX + 2], why[COMMAND_WHY_MAX];
	struct command c;
	int n;

	memset(text, ' ', sizeof(text));
	n = snprintf(text, sizeof(text), "{\"request\":\"r\",\"by\":\"n\"}");
	text[n] = ' ';
	assert_int_equal(command_parse(&c, text, COMMAND_SIZE_MAX, why), 0);
	command_done(&c);
	assert_true(command_parse(&c, text, COMMAND_SIZE_MAX + 1, why) < 0);
	command_done(&c);
	text[5] = 0;
	assert_true(command_parse(&c, text, 30, why) < 0);
	assert_string_equal(why, "the command has a byte 0 in it");
	command_done(&c);

	memset(name, 'r', sizeof(name));
	name[COMMAND_NAME_MAX] = 0;
	snprintf(text, sizeof(text), "{\"request\":\"%s\",\"by\":\"n\"}", name);
	assert_string_equal(parse(text, &c), "");
	command_done(&c);
	snprintf(text, sizeof(text), "{\"request\":\"%sr\",\"by\":\"n\"}", name);
	assert_string_equal(parse(text, &c), "\"request\" has to be a text of 1 to 64 bytes");
	command_done(&c);
}

/* From nearby, the frame may be left out; what is there has to be right. */
static void test_local(void **state)
{
	char why[COMMAND_WHY_MAX];
	struct command c;

	assert_int_equal(command_parse_local(&c, "{\"bed\":\"3\"}", 11, why), 0);
	assert_string_equal(c.request, "");
	assert_string_equal(c.by, "");
	command_done(&c);
	assert_true(command_parse_local(&c, "{\"by\":7}", 8, why) < 0);
	assert_string_equal(why, "\"by\" has to be a text of 1 to 64 bytes");
	command_done(&c);
}

/* The answer names the request even if the rest is wrong. */
static void test_request_survives(void **state)
{
	struct command c;

	parse("{\"request\":\"r9\"}", &c);
	assert_string_equal(c.request, "r9");
	command_done(&c);
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:00.5z", 500000 },
		{ "1970-01-01T00:00:00.1234567Z", 123456 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1969-12-31T23:30:00-00:30", 0 },
		{ "2026-11-21T10:00:00.123Z", INT64_C(1795255200123000) },
	};
	static const char *const bad[] = { "", "1970", "1970-13-01T00:00:00Z",
		"1970-01-01 00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
		"1970-01-01T00:00:00", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+1:00",
		"1970-01-01T00:00:00+01:00x", "1970-01-01T00:00:00Zx", "x970-01-01T00:00:00Z",
		"1970-01-00T00:00:00Z", "1970-01-01T00:00:00+24:00" };
	int64_t us;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(command_time(good[i].text, &us), 0);
		assert_true(us == good[i].us);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(command_time(bad[i], &us) < 0);
}

static void test_admission(void **state)
{
	char *const allowed[] = { (char *)"pause", (char *)"reset" };
	struct command c = { .not_after_us = 1000 };
	char why[COMMAND_WHY_MAX];

	assert_true(command_admit(&c, "explode", COMMAND_UNKNOWN, allowed, 2, false, 0, why) < 0);
	assert_string_equal(why, "there is no command of that name");
	assert_true(command_admit(&c, "forget", COMMAND_EXISTS, allowed, 2, false, 0, why) < 0);
	assert_string_equal(
		why, "forget is not among the commands that this gateway obeys from afar");
	assert_true(command_admit(&c, "pause", COMMAND_NOT_YET, allowed, 2, true, 0, why) < 0);
	assert_string_equal(why, "a retained command is not obeyed");
	assert_true(command_admit(&c, "pause", COMMAND_NOT_YET, allowed, 2, false, 1001, why) < 0);
	assert_string_equal(why, "the command came after its not_after");
	assert_true(command_admit(&c, "pause", COMMAND_NOT_YET, allowed, 2, false, 1000, why) < 0);
	assert_string_equal(why, "this version cannot pause");
	assert_int_equal(
		command_admit(&c, "pause", COMMAND_EXISTS, allowed, 2, false, 1000, why), 0);
}

static void test_answers(void **state)
{
	char buf[200];

	assert_true(command_answer(buf, sizeof(buf), "r\"1", NULL, NULL) > 0);
	assert_string_equal(buf, "{\"request\":\"r\\\"1\",\"ok\":true}");
	assert_true(command_answer(buf, sizeof(buf), "", "no", NULL) > 0);
	assert_string_equal(buf, "{\"request\":null,\"ok\":false,\"error\":\"no\"}");
	assert_true(command_answer(buf, sizeof(buf), "r", NULL, "{\"n\":1}") > 0);
	assert_string_equal(buf, "{\"request\":\"r\",\"ok\":true,\"result\":{\"n\":1}}");
	assert_true(command_answer(buf, 10, "r", NULL, NULL) < 0);
}

static void test_response_topics(void **state)
{
	static const char *const good[] = { "replies/7", "p/gateways/gw1/responses", "p2/beds",
		"p/gateways/other/responses/7", "p/clients/x" };
	static const char *const bad[] = { "", "a/+", "#", "p/beds/3/x/spo2", "p/beds",
		"p/alarms/x", "p/gateways/gw1/status", "p/gateways/gw1/commands/reset",
		"p/gateways", "p/gateways/gw1", "p/senml/beds/3", "$SYS/x" };
	char long_one[COMMAND_RESPONSE_TOPIC_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(command_response_allowed(good[i], "p"));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(command_response_allowed(bad[i], "p"));
	memset(long_one, 'a', sizeof(long_one));
	long_one[COMMAND_RESPONSE_TOPIC_MAX + 1] = 0;
	assert_false(command_response_allowed(long_one, "p"));
	long_one[COMMAND_RESPONSE_TOPIC_MAX] = 0;
	assert_true(command_response_allowed(long_one, "p"));
}

static void test_rate(void **state)
{
	struct command_rate r = { 0 };
	int64_t now = 5000000;
	int taken = 0;

	for (int i = 0; i < 100; i++)
		taken += command_rate_take(&r, now);
	assert_int_equal(taken, COMMAND_RATE);
	assert_true(command_rate_take(&r, now + 100000));
	assert_false(command_rate_take(&r, now + 100000));
	taken = 0;
	for (int i = 0; i < 100; i++)
		taken += command_rate_take(&r, now + 3600000000);
	assert_int_equal(taken, COMMAND_RATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_request_survives),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_admission),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_response_topics),
		cmocka_unit_test(test_rate),
	};

	return RUN_TESTS(tests);
}
