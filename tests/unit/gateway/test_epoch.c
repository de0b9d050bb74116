/*
 * The epoch's state file: what is read back, and what is not believed.
 */
#include "gateway/epoch.h"

#include <errno.h>

#include "unit/unit.h"

static void test_round_trip(void **state)
{
	struct epoch e = { .counter = 12, .random = 0x9f3a21c4, .clean = true, .last = 34567 },
		     back;
	char buf[256], text[EPOCH_TEXT_MAX];
	size_t n = epoch_format(&e, buf, sizeof(buf));

	assert_string_equal(
		buf, "counter=12\nrandom=9f3a21c4\nclean=yes\npublished=no\nlast=34567\n");
	assert_int_equal(epoch_parse(buf, n, &back), 0);
	assert_int_equal(back.counter, 12);
	assert_int_equal(back.random, 0x9f3a21c4);
	assert_true(back.clean);
	assert_false(back.published);
	assert_int_equal(back.last, 34567);
	epoch_text(&back, text);
	assert_string_equal(text, "12-9f3a21c4");
}

static void test_next(void **state)
{
	struct epoch e = { .counter = 12, .random = 1 };
	char text[EPOCH_TEXT_MAX];

	e = epoch_next(&e, 0xa);
	epoch_text(&e, text);
	assert_string_equal(text, "13-0000000a");
	assert_false(e.clean);
	e = epoch_next(NULL, 0xffffffff);
	epoch_text(&e, text);
	assert_string_equal(text, "1-ffffffff");
}

static void test_damaged_files(void **state)
{
	static const char *const texts[] = {
		"",
		"counter=12\n",
		"counter=x\nrandom=9f3a21c4\nclean=yes\npublished=no\nlast=1\n",
		"counter=12\nrandom=9f3a21c4\nclean=yes\npublished=no\nlast=\n",
		"counter=18446744073709551615\nrandom=9f3a21c4\nclean=yes\npublished=no\nlast=1\n",
	};
	struct epoch e;
	char big[4096];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(epoch_parse(texts[i], strlen(texts[i]), &e), -EBADMSG);
	memset(big, 'a', sizeof(big));
	assert_int_equal(epoch_parse(big, sizeof(big), &e), -EBADMSG);
	memset(big, 0, 100);
	assert_int_equal(epoch_parse(big, 100, &e), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_damaged_files),
	};

	return RUN_TESTS(tests);
}
