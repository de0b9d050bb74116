/*
 * The numbers in the database mean what tests/vectors/numbers.tsv says, and
 * each number that the code can write has its row there. From the top of the
 * tree.
 */
#include "outbox/outbox.h"
#include "outbox/row.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "wardgate/reading.h"

#define VECTORS "tests/vectors/numbers.tsv"
/* Ends of the columns, as struct store_row and its like have them. */
#define BYTE (UINT8_MAX + 1)
#define FLAGS (UINT16_MAX + 1)

static const char *kind_word(unsigned n)
{
	switch ((enum value_kind)n) {
	case VALUE_NONE:
		return "none";
	case VALUE_NUMBER:
		return "number";
	case VALUE_BOOLEAN:
		return "boolean";
	case VALUE_WORD:
		return "word";
	}
	return NULL;
}

static const char *validity_word(unsigned n)
{
	return validity_text((enum validity)n);
}

static const char *time_source_word(unsigned n)
{
	return time_source_text((enum time_source)n);
}

static const char *clock_word(unsigned n)
{
	return clock_state_text((enum clock_state)n);
}

static const char *origin_word(unsigned n)
{
	return origin_text((enum origin)n);
}

static const char *auth_word(unsigned n)
{
	return auth_text((enum auth)n);
}

static const char *flag_word(unsigned n)
{
	return reading_flag_text((enum reading_flag)n);
}

/* Readings have a table of their own, so that their kind stands nowhere. */
static const char *message_word(unsigned n)
{
	switch ((enum message_kind)n) {
	case MESSAGE_READING:
		break;
	case MESSAGE_RECORD:
		return "record";
	case MESSAGE_ALARM:
		return "alarm";
	}
	return NULL;
}

static const char *owed_word(unsigned n)
{
	switch ((enum store_owed_kind)n) {
	case OWED_GAP:
		return "gap";
	case OWED_EPOCH:
		return "epoch";
	case OWED_AUDIT:
		return "audit";
	}
	return NULL;
}

static const struct {
	const char *name;
	const char *(*word)(unsigned n); /* NULL beyond what the code knows */
	unsigned end;                    /* what its column takes */
} enums[] = {
	{ "kind", kind_word, BYTE },
	{ "validity", validity_word, BYTE },
	{ "time_source", time_source_word, BYTE },
	{ "clock", clock_word, BYTE },
	{ "origin", origin_word, BYTE },
	{ "auth", auth_word, BYTE },
	{ "flag", flag_word, FLAGS },
	{ "message", message_word, BYTE },
	{ "owed", owed_word, BYTE },
};

#define NUMBERS_MAX (UINT16_MAX + 1)

/* What the file says: a word per enum and number. */
static char *rows[ARRAY_SIZE(enums)][NUMBERS_MAX];

static size_t enum_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(enums); i++)
		if (strcmp(enums[i].name, name) == 0)
			break;
	return i;
}

static int read_rows(void **state)
{
	_cleanup_(fclosep) FILE *f = fopen(VECTORS, "re");
	char line[256], name[32], word[64];
	unsigned n;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		size_t e;

		if (*line == '#')
			continue;
		if (sscanf(line, "%31[^\t]\t%u\t%63[^\t\n]", name, &n, word) != 3)
			fail_msg("%s: not three columns: %s", VECTORS, line);
		e = enum_by_name(name);
		if (e == ARRAY_SIZE(enums) || n >= NUMBERS_MAX)
			fail_msg("%s: an enum or number that the test does not know: %s", VECTORS,
				line);
		if (rows[e][n])
			fail_msg("%s: twice: %s", VECTORS, line);
		rows[e][n] = strdup(word);
	}
	return 0;
}

static int free_rows(void **state)
{
	for (size_t e = 0; e < ARRAY_SIZE(enums); e++)
		for (unsigned n = 0; n < NUMBERS_MAX; n++)
			free(rows[e][n]);
	return 0;
}

static void test_what_is_on_disk_keeps_its_meaning(void **state)
{
	for (size_t e = 0; e < ARRAY_SIZE(enums); e++) {
		unsigned count = 0;

		for (unsigned n = 0; n < NUMBERS_MAX; n++) {
			const char *word = rows[e][n] ? enums[e].word(n) : NULL;

			if (!rows[e][n])
				continue;
			count++;
			if (!word || strcmp(word, rows[e][n]) != 0)
				fail_msg("%s %u is \"%s\" on disk and \"%s\" in the code",
					enums[e].name, n, rows[e][n], word ?: "unknown");
		}
		assert_true(count > 0);
	}
}

static void test_what_is_written_has_its_row(void **state)
{
	for (size_t e = 0; e < ARRAY_SIZE(enums); e++)
		for (unsigned n = 0; n < NUMBERS_MAX; n++) {
			const char *word = enums[e].word(n);

			if (word && !rows[e][n])
				fail_msg("%s %u (%s) is not in %s; add it", enums[e].name, n, word,
					VECTORS);
		}
}

static void test_numbers_fit_their_columns(void **state)
{
	for (size_t e = 0; e < ARRAY_SIZE(enums); e++)
		for (unsigned n = enums[e].end; n < 2 * NUMBERS_MAX; n++)
			assert_null(enums[e].word(n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_on_disk_keeps_its_meaning),
		cmocka_unit_test(test_what_is_written_has_its_row),
		cmocka_unit_test(test_numbers_fit_their_columns),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, read_rows, free_rows);
}
