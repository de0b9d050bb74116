/*
 * An alarm's document in words, and the table of alarms on every terminal.
 */
#include "ctl/alarm_text.h"

#include "ctl/json.h"
#include "ctl/term.h"
#include "unit/unit.h"

#define NOW INT64_C(1795255200000) /* 2026-11-21T10:00:00Z */

static void test_states(void **state)
{
	static const struct {
		const char *document, *words;
	} cases[] = {
		{ "{\"state\":\"active\",\"inactivation\":[\"enabled\"]}", "active" },
		{ "{\"state\":\"active\",\"inactivation\":[\"enabled\"],\"stale\":true}",
			"active, no value" },
		{ "{\"state\":\"active\",\"inactivation\":[\"alert-acknowledged\"]}",
			"acknowledged" },
		{ "{\"state\":\"active\",\"inactivation\":[\"audio-paused\"],"
		  "\"inactivated_until\":\"2026-11-21T10:01:40.000Z\"}",
			"audio paused for 1 min 40 s" },
		{ "{\"state\":\"active\",\"inactivation\":[\"alarm-off\",\"alert-acknowledged\"],"
		  "\"inactivated_until\":\"2026-11-21T12:00:00.000Z\"}",
			"off for 2 h, acknowledged" },
		/* its time has just passed */
		{ "{\"state\":\"active\",\"inactivation\":[\"audio-off\"],"
		  "\"inactivated_until\":\"2026-11-21T09:59:59.000Z\"}",
			"audio off" },
		{ "{\"state\":\"latched\",\"inactivation\":[\"enabled\"]}", "latched" },
		{ "{\"state\":\"latched\",\"inactivation\":[\"alarm-paused\"]}",
			"latched, paused" },
		{ "{\"state\":\"inactive\",\"inactivation\":[\"enabled\"]}", "over" },
		{ "{\"state\":\"active\",\"inactivation\":[\"new-word\",7]}", "new-word" },
		{ "{\"inactivation\":7}", "?" },
		{ "{}", "?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cJSON_Deletep) cJSON *o = json_object(cases[i].document);
		char buf[160], small[9];

		assert_non_null(o);
		alarm_state_words(o, NOW, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].words);
		alarm_state_words(o, NOW, small, sizeof(small));
		assert_memory_equal(small, buf, strlen(small));
	}
}

static cJSON *some(void)
{
	cJSON *list = cJSON_Parse(
		"[{\"key\":\"spo2-low.bed3-oximeter\",\"priority\":\"high\",\"bed\":\"3\","
		"\"state\":"
		"\"active\",\"inactivation\":[\"enabled\"],\"onset\":\"2026-11-21T09:57:57.000Z\","
		"\"text\":\"SpO2 86 % below 90 %\"},"
		"{\"key\":\"low-battery.bed4-t\",\"priority\":\"low\",\"bed\":\"4\",\"state\":"
		"\"active\",\"inactivation\":[\"alert-acknowledged\"],\"by\":\"anna\\u001b[2J\","
		"\"onset\":\"2026-11-21T08:00:00.000Z\",\"text\":\"Its battery \\u001b[2J is "
		"low\"},"
		"{}]");

	assert_non_null(list);
	return list;
}

static char *table(const cJSON *list, unsigned width, bool colours)
{
	const cJSON *alarms[8];
	size_t count = 0, size;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (const cJSON *item = list->child; item; item = item->next)
		alarms[count++] = item;
	assert_int_equal(alarm_print_table(alarms, count, f, width, colours, NOW), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void test_a_wide_table(void **state)
{
	_cleanup_(cJSON_Deletep) cJSON *list = some();
	_cleanup_(freep) char *text = table(list, 0, false);

	assert_string_equal(text,
		"PRIORITY  BED      SINCE  STATE         BY        ALARM                   TEXT\n"
		"high      3    2 min 3 s  active                  spo2-low.bed3-oximeter  SpO2 86 "
		"% "
		"below 90 %\n"
		"low       4          2 h  acknowledged  anna?[2J  low-battery.bed4-t      Its "
		"battery ?[2J is low\n"
		"?         -            ?  ?                       ?                       ?\n");
}

static void test_a_narrow_table(void **state)
{
	_cleanup_(cJSON_Deletep) cJSON *list = some();
	_cleanup_(freep) char *text = table(list, 80, true);

	assert_non_null(strstr(text, "\033[1;31mhigh      3    2 min 3 s  active"));
	assert_non_null(strstr(text, "\n          SpO2 86 % below 90 %\n"));
	/* acknowledged: without a colour */
	assert_non_null(strstr(text, "\nlow       4"));
	assert_non_null(strstr(text, "\n          Its battery ?[2J is low\n"));
}

static void test_it_fits(void **state)
{
	_cleanup_(cJSON_Deletep) cJSON *list = some();

	for (unsigned width = 60; width < 160; width++) {
		_cleanup_(freep) char *text = table(list, width, false);

		char *rest = NULL;

		for (char *line = strtok_r(text, "\n", &rest); line;
			line = strtok_r(NULL, "\n", &rest))
			assert_true(term_columns(line) <= width);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_a_wide_table),
		cmocka_unit_test(test_a_narrow_table),
		cmocka_unit_test(test_it_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
