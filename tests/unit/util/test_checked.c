/*
 * The line of a checksum at the end of a text.
 */
#include "util/checked.h"

#include "unit/unit.h"

static void test_a_text_says_that_it_is_whole(void **state)
{
	char line[CHECKED_LINE_MAX], buffer[64];
	struct text t = text_init(buffer, sizeof(buffer));
	size_t length;

	text_str(&t, "head 1\nbody\n");
	checked_seal(&t, "check");
	/* What stands in files that are there already. */
	assert_string_equal(
		checked_line("check", "head 1\nbody\n", 12, line), "check 375fc37e40e31bc9\n");
	length = (size_t)(t.at - t.start);
	assert_int_equal(length, 12 + strlen(line));
	assert_memory_equal(buffer + 12, line, strlen(line));
	assert_int_equal(checked_body(buffer, length, "check"), 12);
	assert_int_equal(checked_body(buffer, length, "sum"), 0);
	for (size_t i = 0; i < length; i++) {
		assert_int_equal(checked_body(buffer, i, "check"), 0);
		buffer[i] ^= 1;
		assert_int_equal(checked_body(buffer, length, "check"), 0);
		buffer[i] ^= 1;
	}
}

static void test_nothing_is_not_whole(void **state)
{
	char line[CHECKED_LINE_MAX], small[20];
	struct text t = text_init(small, sizeof(small));

	(void)checked_line("sum", NULL, 0, line);
	assert_int_equal(checked_body(line, strlen(line), "sum"), 0);
	assert_int_equal(checked_body(line, 0, "sum"), 0);
	checked_seal(&t, "sum");
	assert_true(t.overflow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_text_says_that_it_is_whole),
		cmocka_unit_test(test_nothing_is_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
