/*
 * Tables: alignment, what gives way on a narrow terminal, and what may never
 * reach it.
 */
#include "ctl/table.h"

#include "unit/unit.h"

static const struct table_column columns[] = {
	{ .title = "NAME", .shrink = true },
	{ .title = "N", .right = true },
	{ .title = "WHY", .shrink = true },
};

static char *printed(const char *const rows[][3], size_t count, unsigned width, unsigned indent)
{
	_cleanup_(table_freep) struct table *t = NULL;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(table_new(&t, columns, ARRAY_SIZE(columns)), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(table_row(t, rows[i]), 0);
	table_print(t, f, width, indent);
	assert_int_equal(fclose(f), 0);
	return text;
}

#define EXPECT(rows, width, indent, text)                                                          \
	do {                                                                                       \
		_cleanup_(freep) char *_is = printed((rows), ARRAY_SIZE(rows), (width), (indent)); \
		assert_string_equal(_is, (text));                                                  \
	} while (0)

static void test_columns_are_aligned(void **state)
{
	static const char *const rows[][3] = {
		{ "bed3", "7", "not authorised" },
		{ "fridge-vaccines", "1200", "" },
		{ "é", NULL, "x" },
	};

	EXPECT(rows, 0, 2,
		"  NAME                N  WHY\n"
		"  bed3                7  not authorised\n"
		"  fridge-vaccines  1200  \n"
		"  é                      x\n");
}

static void test_the_widest_gives_way(void **state)
{
	static const char *const rows[][3] = {
		{ "fridge-vaccines", "1200", "not authorised" },
		{ "bed3", "7", "x" },
	};

	EXPECT(rows, 26, 0,
		"NAME          N  WHY\n"
		"fridge-v…  1200  not auth…\n"
		"bed3          7  x\n");
}

/* Then it is wider than the terminal: cut to nothing it would tell nothing. */
static void test_no_column_vanishes(void **state)
{
	static const char *const rows[][3] = { { "fridge", "1200", "refused" } };

	EXPECT(rows, 1, 0, "NAME     N  WHY\nfri…  1200  ref…\n");
}

static void test_nothing_commands_the_terminal(void **state)
{
	static const char *const rows[][3] = {
		{ "a\033[2Jb", "\r1\n",
			"\xc2\x9b"
			"2J \xff\xc3" },
	};

	EXPECT(rows, 0, 0, "NAME      N  WHY\na?[2Jb  ?1?  ??2J ??\n");
}

static void test_a_long_cell_is_cut(void **state)
{
	static char longest[1000];
	const char *const rows[][3] = { { longest, "1", "" } };
	_cleanup_(freep) char *text = NULL;

	/* two bytes each, so that the limit falls between them */
	for (size_t i = 0; i + 2 < sizeof(longest); i += 2)
		memcpy(longest + i, "é", 2);
	text = printed(rows, 1, 0, 0);
	assert_true(strlen(text) < 2 * TABLE_CELL_MAX);
	assert_null(strchr(text, '?'));
}

static void test_many_rows(void **state)
{
	static const char *const row[3] = { "a", "1", "b" };
	_cleanup_(table_freep) struct table *t = NULL;

	assert_int_equal(table_new(&t, columns, ARRAY_SIZE(columns)), 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(table_row(t, row), 0);
	assert_null(table_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_are_aligned),
		cmocka_unit_test(test_the_widest_gives_way),
		cmocka_unit_test(test_no_column_vanishes),
		cmocka_unit_test(test_nothing_commands_the_terminal),
		cmocka_unit_test(test_a_long_cell_is_cut),
		cmocka_unit_test(test_many_rows),
	};

	return RUN_TESTS(tests);
}
