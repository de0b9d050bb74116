/*
 * What entries say, read back by another's JSON parser.
 */
#include <cjson/cJSON.h>
#include <errno.h>

#include "audit/entry.h"
#include "control/commands.h"
#include "publish/refusals.h"
#include "unit/unit.h"
#include "wardgate/alarm.h"

#define TIME INT64_C(1795255200123000) /* 2026-11-21T10:00:00.123Z */

static cJSON *parse(const char *members, ssize_t length)
{
	char text[ENTRY_MEMBERS_MAX + 60];
	cJSON *o;

	assert_true(length > 0 && length <= ENTRY_MEMBERS_MAX);
	assert_int_equal(strlen(members), length);
	snprintf(text, sizeof(text), "{\"number\":18446744073709551615,%s}", members);
	assert_true(strlen(text) <= GATEWAY_ENTRY_MAX);
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p >= 0x20);
	o = cJSON_Parse(text);
	assert_non_null(o);
	return o;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsString(m) ? m->valuestring : NULL;
}

static const struct command_audit command = {
	.time_us = TIME,
	.way = COMMAND_BY_MQTT,
	.origin = "hospital/a/ward7/gateways/ward7-gw1/commands/acknowledge",
	.by = "nurse \"7\"\n",
	.verb = "acknowledge",
	.request = "r-1",
	.arguments = "{\"alarm\":\"ward7-gw1:12-9f3a21c4:a81\"}",
	.outcome = COMMAND_NOT_FOUND,
	.error = "there is no such alarm now",
};

static void test_a_command(void **state)
{
	char buf[ENTRY_MEMBERS_MAX + 1];
	cJSON *o = parse(buf, entry_command(buf, sizeof(buf), &command));

	assert_string_equal(text_of(o, "kind"), "command");
	assert_string_equal(text_of(o, "time"), "2026-11-21T10:00:00.123Z");
	assert_string_equal(text_of(o, "way"), "mqtt");
	assert_string_equal(text_of(o, "origin"), command.origin);
	assert_string_equal(text_of(o, "by"), command.by);
	assert_string_equal(text_of(o, "verb"), "acknowledge");
	assert_string_equal(text_of(o, "request"), "r-1");
	assert_string_equal(text_of(o, "outcome"), "NotFound");
	assert_string_equal(text_of(o, "error"), command.error);
	assert_string_equal(
		text_of(cJSON_GetObjectItem(o, "arguments"), "alarm"), "ward7-gw1:12-9f3a21c4:a81");
	cJSON_Delete(o);
}

/* All that a command can hold fits, each byte at its worst. */
static void test_the_largest(void **state)
{
	static char arguments[5000], text[3000];
	char buf[ENTRY_MEMBERS_MAX + 1];
	struct command_audit a = command;
	cJSON *o;

	memset(text, '\\', sizeof(text) - 1);
	memset(arguments, ' ', sizeof(arguments) - 1);
	arguments[0] = '{';
	arguments[sizeof(arguments) - 2] = '}';
	a.arguments = arguments;
	a.error = text;
	o = parse(buf, entry_command(buf, sizeof(buf), &a));
	assert_null(cJSON_GetObjectItem(o, "arguments"));
	assert_int_equal(cJSON_GetObjectItem(o, "arguments_bytes")->valueint, 4999);
	assert_true(strlen(text_of(o, "error")) > 0);
	cJSON_Delete(o);

	/* What fits in no way is no entry. */
	assert_int_equal(entry_command(buf, 100, &command), -ENOBUFS);
}

static void test_the_others(void **state)
{
	const struct publish_refusals refusals = { .why = REFUSAL_RATE,
		.count = 117,
		.first_us = TIME - 5000000,
		.last_us = TIME,
		.verbs = "pause acknowledge ..." };
	const struct limit_change change = { .rule = "spo2-low",
		.level = LIMIT_BED,
		.bed = "3",
		.by = "doctor",
		.time_us = TIME,
		.before = { .has_low = true, .low = { 90, 0 } },
		.now = { .has_low = true, .low = { 885, -1 }, .has_high = true, .high = { 99, 0 } },
		.why = "set" };
	char buf[ENTRY_MEMBERS_MAX + 1];
	cJSON *o = parse(buf, entry_refused(buf, sizeof(buf), &refusals));

	assert_string_equal(text_of(o, "kind"), "refused");
	assert_int_equal(cJSON_GetObjectItem(o, "count")->valueint, 117);
	assert_string_equal(text_of(o, "first"), "2026-11-21T09:59:55.123Z");
	assert_string_equal(text_of(o, "why"), "rate");
	assert_string_equal(text_of(o, "verbs"), refusals.verbs);
	cJSON_Delete(o);

	o = parse(buf, entry_limits(buf, sizeof(buf), &change));
	assert_string_equal(text_of(o, "kind"), "limits");
	assert_string_equal(text_of(o, "level"), "bed");
	assert_int_equal(
		cJSON_GetObjectItem(cJSON_GetObjectItem(o, "before"), "low")->valueint, 90);
	assert_true(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "now"), "low")->valuedouble == 88.5);
	assert_int_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "now"), "high")->valueint, 99);
	assert_null(text_of(o, "patient"));
	cJSON_Delete(o);

	o = parse(buf, entry_reload(buf, sizeof(buf), TIME, 2));
	assert_string_equal(text_of(o, "outcome"), "Configuration");
	cJSON_Delete(o);
	o = parse(buf, entry_reload(buf, sizeof(buf), TIME, 0));
	assert_string_equal(text_of(o, "outcome"), "Done");
	cJSON_Delete(o);
	o = parse(buf, entry_lost(buf, sizeof(buf), TIME, 3));
	assert_int_equal(cJSON_GetObjectItem(o, "count")->valueint, 3);
	cJSON_Delete(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_command),
		cmocka_unit_test(test_the_largest),
		cmocka_unit_test(test_the_others),
	};

	return RUN_TESTS(tests);
}
