/*
 * Arguments of the verbs about alarms: what each takes, in which words it
 * refuses the rest, and which may come from afar.
 */
#include <errno.h>
#include <string.h>

#include "control/arguments.h"
#include "control/control_private.h"
#include "control/verbs.h"
#include "unit/unit.h"

static void test_arguments(void **state)
{
	static const struct {
		const struct command_row *row;
		const char *json, *why; /* why NULL: it is right */
	} cases[] = {
		{ &verb_alarms, "{}", NULL },
		{ &verb_alarms, "{\"bed\":\"3\"}",
			"\"bed\" is no argument of alarms, which takes none; leave it out" },
		{ &verb_acknowledge, "{\"alarm\":\"ward7-gw1:12-9f3a21c4:a81\"}", NULL },
		{ &verb_acknowledge, "{\"alarm\":\"spo2-low.bed3-oximeter.1\"}", NULL },
		{ &verb_acknowledge, "{}",
			"acknowledge needs \"alarm\"; give e.g. "
			"\"alarm\":\"ward7-gw1:12-9f3a21c4:a81\"" },
		{ &verb_acknowledge, "{\"alarm\":\"\"}",
			"\"alarm\" is \"\"; give a text of 1 to 160 bytes without control "
			"characters" },
		{ &verb_acknowledge, "{\"alarm\":\"a\\u001b[2J\"}",
			"\"alarm\" is \"a\\u001b[2J\"; give a text of 1 to 160 bytes without "
			"control characters" },
		{ &verb_acknowledge, "{\"alarm\":7}",
			"\"alarm\" is 7; give a text of 1 to 160 bytes without control "
			"characters" },
		{ &verb_reset, "{\"alarm\":\"a.b\"}", NULL },
		{ &verb_reset, "{\"alarm\":\"a.b\",\"bed\":\"3\"}",
			"\"bed\" is no argument of reset; it takes: alarm" },
		{ &verb_pause, "{\"alarm\":\"a.b\"}", NULL },
		{ &verb_pause, "{\"bed\":\"3\",\"seconds\":-1,\"kind\":\"audio-off\"}", NULL },
		{ &verb_pause, "{\"bed\":\"3\",\"seconds\":43200,\"kind\":\"alarm-off\"}", NULL },
		{ &verb_pause, "{\"bed\":\"3\",\"seconds\":43201}",
			"\"seconds\" is 43201; give a whole number from -1 to 43200" },
		{ &verb_pause, "{\"bed\":\"3\",\"seconds\":-2}",
			"\"seconds\" is -2; give a whole number from -1 to 43200" },
		{ &verb_pause, "{\"bed\":\"3\",\"seconds\":1.5}",
			"\"seconds\" is 1.5; give a whole number from -1 to 43200" },
		{ &verb_pause, "{\"bed\":\"3\",\"kind\":\"off\"}",
			"\"kind\" is \"off\"; give one of: audio alarm audio-off alarm-off" },
		{ &verb_pause, "{\"bed\":\"a b\"}", "\"bed\": \"a b\" " },
		{ &verb_limits, "{}", NULL },
		{ &verb_limits, "{\"bed\":\"3\"}", NULL },
		{ &verb_limits, "{\"bde\":\"3\"}",
			"\"bde\" is no argument of limits; did you mean \"bed\"?" },
		{ &verb_set_limit, "{\"rule\":\"x\"}", NULL },
		{ &verb_set_limit,
			"{\"rule\":\"x\",\"bed\":\"3\",\"level\":\"patient\",\"below\":88.5,"
			"\"above\":-1}",
			NULL },
		{ &verb_set_limit, "{\"bed\":\"3\"}",
			"set-limit needs \"rule\"; give e.g. \"rule\":\"spo2-low\"" },
		{ &verb_set_limit, "{\"rule\":\"x\",\"level\":\"rule\"}",
			"\"level\" is \"rule\"; give one of: ward bed patient" },
		{ &verb_set_limit, "{\"rule\":\"x\",\"below\":\"88\"}",
			"\"below\" is \"88\"; give e.g. \"below\":90" },
		{ &verb_set_limit, "{\"rule\":\"x\",\"above\":null}",
			"\"above\" is null; give e.g. \"above\":130" },
		{ &verb_set_limit, "{\"rule\":\"X!\"}", "\"rule\": \"X!\" " },
		{ &verb_set_spo2_scale, "{\"bed\":\"3\",\"scale\":2}", NULL },
		{ &verb_set_spo2_scale, "{\"bed\":\"3\"}",
			"set-spo2-scale needs \"scale\"; give e.g. \"scale\":2" },
		{ &verb_set_spo2_scale, "{\"bed\":\"3\",\"scale\":3}",
			"\"scale\" is 3; give a whole number from 1 to 2" },
		{ &verb_observe, "{\"bed\":\"3\",\"metric\":\"pain\",\"value\":3}", NULL },
		{ &verb_observe,
			"{\"bed\":\"3\",\"metric\":\"consciousness\",\"value\":\"alert\","
			"\"time\":\"2026-11-21T10:00:00Z\"}",
			NULL },
		{ &verb_observe, "{\"bed\":\"3\",\"metric\":\"oxygen-therapy\",\"value\":true}",
			NULL },
		{ &verb_observe, "{\"bed\":\"3\",\"metric\":\"pain\"}",
			"observe needs \"value\"; give e.g. \"value\":3" },
		{ &verb_observe, "{\"bed\":\"3\",\"metric\":\"pain\",\"value\":null}",
			"\"value\" is null; give e.g. \"value\":3" },
		{ &verb_observe, "{\"bed\":\"3\",\"metric\":\"pain\",\"value\":[3]}",
			"\"value\" is [3]; give e.g. \"value\":3" },
		{ &verb_observe,
			"{\"bed\":\"3\",\"metric\":\"pain\",\"value\":3,\"time\":\"10:00\"}",
			"\"time\" is \"10:00\"; give a time such as 2026-11-21T10:00:00Z" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cJSON *object = cJSON_Parse(cases[i].json);
		char why[COMMAND_SENTENCE_MAX] = "";
		int r;

		assert_non_null(object);
		r = arguments_check(cases[i].row, object, why);
		assert_int_equal(r, cases[i].why ? -EINVAL : 0);
		/* what a name may be is config/'s to say */
		if (cases[i].why && strncmp(why, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("%s: %s", cases[i].json, why);
		cJSON_Delete(object);
	}
}

/* What changes something is audited; what only looks is for this machine. */
static void test_what_may_come_from_afar(void **state)
{
	static const struct command_row *const afar[] = { &verb_acknowledge, &verb_pause,
		&verb_reset, &verb_set_limit, &verb_set_spo2_scale, &verb_observe };

	for (size_t i = 0; i < ARRAY_SIZE(afar); i++) {
		assert_true(afar[i]->afar);
		assert_false(afar[i]->reads);
	}
	assert_true(verb_alarms.reads && !verb_alarms.afar);
	assert_true(verb_limits.reads && !verb_limits.afar);
}

static void test_every_verb_stands_in_the_table_once(void **state)
{
	static const char *const verbs[] = { "alarms", "acknowledge", "pause", "reset", "set-limit",
		"limits", "observe", "set-spo2-scale" };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		unsigned found = 0;

		for (size_t k = 0; control_rows[k]; k++)
			found += strcmp(control_rows[k]->verb, verbs[i]) == 0 &&
				 control_rows[k]->run;
		assert_int_equal(found, 1);
	}
	for (size_t i = 0; control_rows[i]; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(control_rows[i]->verb, control_rows[k]->verb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_what_may_come_from_afar),
		cmocka_unit_test(test_every_verb_stands_in_the_table_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
