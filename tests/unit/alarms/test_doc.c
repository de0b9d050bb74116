/*
 * docs/alarms.md against the engine: its examples are rules that are taken, its
 * timeline is what happens, its tables say what the code has.
 */
#include "unit/unit.h"

#include "alarms/rules/score_table.h"
#include "unit/alarms/timeline.h"

#define DOC "docs/alarms.md"
#define CELLS 8
#define LINES_MAX 1000

static char *lines[LINES_MAX]; /* of the document, without their line breaks */
static unsigned line_count;

static int read_doc(void **state)
{
	FILE *f = fopen(DOC, "re");
	char line[2048];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		assert_true(line_count < LINES_MAX);
		lines[line_count] = strdup(line);
		assert_non_null(lines[line_count++]);
	}
	(void)fclose(f);
	return 0;
}

static int free_doc(void **state)
{
	(void)state;
	while (line_count > 0)
		free(lines[--line_count]);
	return 0;
}

/* The cells of a table's row, trimmed, "\|" as "|". 0: it is none. */
static unsigned cells(const char *line, char ret[CELLS][512])
{
	unsigned n = 0;
	size_t at = 0;

	if (line[0] != '|')
		return 0;
	for (line++; *line && n < CELLS; line++) {
		if (line[0] == '\\' && line[1] == '|') {
			line++;
		} else if (line[0] == '|') {
			while (at > 0 && ret[n][at - 1] == ' ')
				at--;
			ret[n++][at] = 0;
			at = 0;
			continue;
		} else if (line[0] == ' ' && at == 0) {
			continue;
		}
		assert_true(at < sizeof(ret[n]) - 1);
		ret[n][at++] = *line;
	}
	return n;
}

/* The first row behind the head that begins so. */
static unsigned table(const char *head)
{
	for (unsigned i = 0; i < line_count; i++)
		if (strncmp(lines[i], head, strlen(head)) == 0)
			return i + 2;
	fail_msg(DOC " has no table that begins with %s", head);
	return 0;
}

static bool doc_has(const char *text)
{
	for (unsigned i = 0; i < line_count; i++)
		if (strstr(lines[i], text))
			return true;
	return false;
}

static void assert_code(const char *word)
{
	char code[512], *at;

	snprintf(code, sizeof(code), "`%s`", word);
	at = strchr(code, '|'); /* as it stands in a table */
	if (at) {
		memmove(at + 1, at, strlen(at) + 1);
		*at = '\\';
	}
	if (!doc_has(code))
		fail_msg(DOC " does not have %s", code);
}

/* ---- examples ---- */

/* Adds the rules of the example whose first line is at i to the timeline; all of them are taken
 * together. Returns the line behind it. */
static unsigned take_example(struct timeline *t, unsigned i, bool *seen)
{
	char *rule = NULL;

	for (; strcmp(lines[i], "```") != 0; i++) {
		size_t n = strlen(lines[i]);

		if (strncmp(lines[i], "[Rule ", 6) == 0) {
			rule = t->config[t->config_count++];
			snprintf(rule, sizeof(t->config[0]), "%.*s", (int)(n - 7), lines[i] + 6);
		} else if (n > 0) {
			assert_non_null(rule);
			n = strlen(rule);
			snprintf(rule + n, sizeof(t->config[0]) - n, "\t%s", lines[i]);
		}
		for (unsigned k = 0; strncmp(lines[i], "Type=", 5) == 0 && rule_type_at(k); k++)
			if (strcmp(lines[i] + 5, rule_type_at(k)->name) == 0)
				seen[k] = true;
	}
	timeline_apply_rules(t);
	return i + 1;
}

static void test_examples(void **state)
{
	bool seen[64] = { false };
	unsigned examples = 0;

	(void)state;
	for (unsigned i = 0; i < line_count;) {
		struct timeline *t;
		const char *said;

		if (strcmp(lines[i++], "```ini") != 0)
			continue;
		t = calloc(1, sizeof(*t));
		assert_non_null(t);
		timeline_begin(t, false);
		i = take_example(t, i, seen);
		said = timeline_take(t);
		if (*said)
			fail_msg("the example above line %u: %s", i, said);
		examples++;
		timeline_end(t);
		free(t);
	}
	assert_true(examples > 0);
	for (unsigned k = 0; rule_type_at(k); k++)
		if (!seen[k])
			fail_msg("no example of Type=%s", rule_type_at(k)->name);
}

/* ---- the timeline ---- */

/* "`text`" -> "text" */
static const char *bare(char *cell)
{
	size_t n = strlen(cell);

	assert_true(n >= 2 && cell[0] == '`' && cell[n - 1] == '`');
	cell[n - 1] = 0;
	return cell + 1;
}

static void test_timeline(void **state)
{
	unsigned i = table("| at | what comes in"), example = i, rows = 0;
	struct timeline *t = calloc(1, sizeof(*t));
	bool seen[64] = { false };
	char c[CELLS][512];

	(void)state;
	assert_non_null(t);
	while (strcmp(lines[example], "```ini") != 0)
		assert_true(example-- > 0);
	timeline_begin(t, false);
	take_example(t, example + 1, seen);
	assert_true(timeline_event(t, "device ox 3"));
	for (; cells(lines[i], c) == 4; i++, rows++) {
		const char *event = bare(c[1]), *wanted = bare(c[2]), *got;

		timeline_advance(t, TIMELINE_BOOT + timeline_duration(c[0]));
		assert_true(timeline_event(t, event));
		got = timeline_take(t);
		if (strcmp(*got ? got : "-", wanted) != 0)
			fail_msg("at %s: wanted %s, got %s", c[0], wanted, got);
	}
	assert_true(rows >= 8);
	timeline_end(t);
	free(t);
}

/* ---- tables ---- */

static void test_conditions(void **state)
{
	unsigned i = table("| condition | of | priority |");
	char c[CELLS][512];

	(void)state;
	for (enum alarm_condition k = CONDITION_NONE + 1; k < _CONDITION_MAX; k++, i++) {
		const struct condition_info *info = condition_info(k);

		if (cells(lines[i], c) != 5)
			fail_msg("no row of %s", info->name);
		assert_string_equal(bare(c[0]), info->name);
		assert_string_equal(
			c[1], info->scope == CONDITION_SCOPE_DEVICE ? "device" : "gateway");
		assert_string_equal(c[2], alarm_priority_text(info->priority));
		assert_true(strlen(c[3]) > 0);
		assert_string_equal(c[4], info->remedy);
	}
	assert_int_equal(cells(lines[i], c), 0);
}

static void test_words(void **state)
{
	(void)state;
	for (unsigned k = 0; alarm_priority_text(k); k++)
		assert_code(alarm_priority_text(k));
	for (unsigned k = 0; alarm_kind_text(k); k++)
		assert_code(alarm_kind_text(k));
	for (unsigned k = 0; alarm_phase_text(k); k++)
		assert_code(alarm_phase_text(k));
	for (unsigned k = 0; alarm_state_text(k); k++)
		assert_code(alarm_state_text(k));
	for (unsigned k = ALARM_REASON_NONE + 1; alarm_reason_text(k); k++)
		assert_code(alarm_reason_text(k));
	for (unsigned f = 1; f < _INACTIVATION_END; f <<= 1)
		assert_code(alarm_inactivation_text(f));
}

static void test_fixed_times(void **state)
{
	static const struct {
		const char *name;
		int64_t us;
	} fixed[] = {
		{ "a pause, when no time is given", ALARMS_PAUSE_US },
		{ "the longest pause", ALARMS_PAUSE_MAX_US },
		{ "the longest off", ALARMS_OFF_MAX_US },
		{ "a reminder that signals are off", ALARMS_REMIND_US },
		{ "a reading is late when older than", ALARMS_LATE_US },
		{ "a delay stands still without measurement for", ALARMS_FREEZE_US },
		{ "chatter: starts are counted over", ALARMS_CHATTER_US },
		{ "chatter: held until quiet for", ALARMS_QUIET_US },
		{ "an interruption that changes nothing", ALARMS_AS_BEFORE_US },
		{ "a silence waits for its like", ALARMS_GATHER_US },
		{ "a storm: devices within", ALARMS_STORM_US },
	};
	unsigned i = table("| fixed in the gateway |");
	char c[CELLS][512], text[64];

	(void)state;
	for (unsigned k = 0; k < sizeof(fixed) / sizeof(fixed[0]); k++, i++) {
		size_t n = 0;

		assert_int_equal(cells(lines[i], c), 2);
		assert_string_equal(c[0], fixed[k].name);
		for (const char *at = c[1]; *at; at++) /* "2 min" -> "2min" */
			if (*at != ' ')
				text[n++] = *at;
		text[n] = 0;
		assert_int_equal(timeline_duration(text), fixed[k].us);
	}
	assert_int_equal(cells(lines[i], c), 0);
	snprintf(text, sizeof(text), "starts %d times within", ALARMS_CHATTER_MAX);
	assert_true(doc_has(text));
	snprintf(text, sizeof(text), "more than %d devices", ALARMS_STORM_MAX);
	assert_true(doc_has(text));
	snprintf(text, sizeof(text), "(%d or fewer are left", ALARMS_STORM_MAX / 2);
	assert_true(doc_has(text));
}

static void test_news2_table(void **state)
{
	char copy[2048], *save;
	unsigned words = 0;

	(void)state;
	snprintf(copy, sizeof(copy), "%s", score_news2);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save), words++)
		assert_code(w);
	assert_int_equal(words, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_fixed_times),
		cmocka_unit_test(test_news2_table),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, read_doc, free_doc);
}
