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
	char buf[EPOCH_FILE_MAX], text[EPOCH_TEXT_MAX];
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

static void test_text_round_trip(void **state)
{
	static const struct {
		const char *text;
		uint64_t counter;
		uint32_t random;
		int error;
	} rows[] = {
		{ "12-9f3a21c4", 12, 0x9f3a21c4, 0 },
		{ "1-00000000", 1, 0, 0 },
		{ "4611686018427387903-ffffffff", 4611686018427387903, 0xffffffff, 0 },
		{ "", 0, 0, -EINVAL },
		{ "12", 0, 0, -EINVAL },
		{ "12-", 0, 0, -EINVAL },
		{ "12-9f3a21c", 0, 0, -EINVAL },
		{ "12-9f3a21c44", 0, 0, -EINVAL },
		{ "12-9F3A21C4", 0, 0, -EINVAL },
		{ "12-0x3a21c4", 0, 0, -EINVAL },
		{ " 12-9f3a21c4", 0, 0, -EINVAL },
		{ "-12-9f3a21c4", 0, 0, -EINVAL },
		{ "+1-9f3a21c4", 0, 0, -EINVAL },
		{ "99999999999999999999-9f3a21c4", 0, 0, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[EPOCH_TEXT_MAX];
		struct epoch e;

		assert_int_equal(epoch_from_text(rows[i].text, &e), rows[i].error);
		if (rows[i].error)
			continue;
		assert_int_equal(e.counter, rows[i].counter);
		assert_int_equal(e.random, rows[i].random);
		epoch_text(&e, text);
		assert_string_equal(text, rows[i].text);
	}
}

/* --- what was stamped before the clock was synchronised --- */

#define BOOT "12345678-9abc-def0-1234-56789abcdef0"
#define HEAD "counter=12\nrandom=9f3a21c4\nclean=no\npublished=no\nlast=0\n"

static struct epoch with_spans(void)
{
	struct epoch e = { .counter = 12, .random = 0x9f3a21c4, .boot = BOOT };

	e.corrections = (struct corrections){ .count = 2,
		.open = true,
		.spans = { { 11, 1, 5, 0, -70, 80 }, { 12, 0x9f3a21c4, 1, 9, 1000, 1000 } } };
	return e;
}

static void test_spans_round_trip(void **state)
{
	struct epoch e = with_spans(), back;
	char buf[EPOCH_FILE_MAX];
	size_t n = epoch_format(&e, buf, sizeof(buf));

	/* The open one has no end: it is not written again for each number. */
	assert_string_equal(buf, HEAD "boot=" BOOT "\nsynchronised=no\n"
				      "stamps=11-00000001 5 - -70 80\n"
				      "stamps=12-9f3a21c4 1 - 1000 1000\n");
	assert_int_equal(epoch_parse(buf, n, &back), 0);
	assert_string_equal(back.boot, BOOT);
	assert_false(back.synchronised);
	assert_int_equal(back.corrections.count, 2);
	assert_false(back.corrections.open);
	assert_memory_equal(&back.corrections.spans[0], &e.corrections.spans[0],
		sizeof(e.corrections.spans[0]));
	assert_int_equal(back.corrections.spans[1].first, 1);
	assert_int_equal(back.corrections.spans[1].last, 0);

	e.clean = true;
	e.synchronised = true;
	n = epoch_format(&e, buf, sizeof(buf));
	assert_non_null(strstr(buf, "stamps=12-9f3a21c4 1 9 1000 1000\n"));
	assert_int_equal(epoch_parse(buf, n, &back), 0);
	assert_int_equal(back.corrections.spans[1].last, 9);
	assert_true(back.synchronised);
	e.clean = false;
	e.corrections.open = false;
	(void)epoch_format(&e, buf, sizeof(buf));
	assert_non_null(strstr(buf, "stamps=12-9f3a21c4 1 9 1000 1000\n"));
}

/* A run that is killed before it has told how the one before ended hands that on. */
static void test_clean_end_outlives_kills(void **state)
{
	struct epoch e = { .counter = 12, .random = 0x9f3a21c4, .clean = true, .last = 400 }, back;
	struct epoch_ended ended;
	char buf[EPOCH_FILE_MAX];

	assert_true(epoch_ended_cleanly(&e, "12-9f3a21c4", &ended));
	assert_int_equal(ended.last, 400);
	assert_false(ended.published);
	for (uint32_t run = 1; run < 4; run++) {
		e = epoch_next(&e, run);
		assert_int_equal(
			epoch_parse(buf, epoch_format(&e, buf, sizeof(buf)), &back), 0);
		assert_true(epoch_ended_cleanly(&back, "12-9f3a21c4", &ended));
		assert_int_equal(ended.last, 400);
		assert_false(epoch_ended_cleanly(&back, "12-9f3a21c5", &ended));
		assert_false(epoch_ended_cleanly(&back, "13-00000001", &ended));
		assert_false(epoch_ended_cleanly(&back, "", &ended));
	}
	e.clean = e.published = true;
	e.last = 7;
	e = epoch_next(&e, 9);
	assert_true(epoch_ended_cleanly(&e, "15-00000003", &ended));
	assert_true(ended.published);
	assert_int_equal(ended.last, 7);
	assert_false(epoch_ended_cleanly(&e, "12-9f3a21c4", &ended));
	e = epoch_next(NULL, 9);
	assert_false(epoch_ended_cleanly(&e, "0-00000000", &ended));
}

/* What cannot be is as if it were not there. */
static void test_ended_makes_no_sense(void **state)
{
	static const char *const rows[] = { "ended=", "ended=12", "ended=12-9f3a21c4 yes",
		"ended=12-9f3a21c4 yes x", "ended=12-9f3a21c4 yes 1 2" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct epoch_ended ended;
		struct epoch back;
		char buf[256];
		int n = snprintf(buf, sizeof(buf), HEAD "%s\n", rows[i]);

		assert_int_equal(epoch_parse(buf, (size_t)n, &back), 0);
		assert_false(epoch_ended_cleanly(&back, "12-9f3a21c4", &ended));
	}
}

static void test_the_longest_text_fits(void **state)
{
	struct epoch e = { .counter = UINT64_MAX / 2 - 1,
		.random = UINT32_MAX,
		.boot = BOOT,
		.last = UINT64_MAX,
		.ended = { UINT64_MAX / 2, UINT32_MAX, true, UINT64_MAX / 2 } };
	char buf[EPOCH_FILE_MAX];
	struct epoch back;
	size_t n;

	e.corrections.count = CORRECTIONS_MAX;
	for (size_t i = 0; i < CORRECTIONS_MAX; i++)
		e.corrections.spans[i] = (struct correction_span){ UINT64_MAX / 2, UINT32_MAX,
			UINT64_MAX / 2, UINT64_MAX / 2, -INT64_MAX / 8, INT64_MAX / 8 };
	n = epoch_format(&e, buf, sizeof(buf));
	assert_in_range(n, 1000, sizeof(buf) - 1);
	assert_int_equal(epoch_parse(buf, n, &back), 0);
	assert_int_equal(back.corrections.count, CORRECTIONS_MAX);
	assert_memory_equal(
		back.corrections.spans, e.corrections.spans, sizeof(e.corrections.spans));
	assert_int_equal(epoch_format(&e, buf, 100), 0);
}

/* What is wrong of the spans costs the spans, not the epoch. */
static void test_spans_that_make_no_sense(void **state)
{
	static const struct {
		const char *tail;
		size_t count;
	} rows[] = {
		{ "", 0 },
		{ "stamps=1-00000001 1 2 3 4\n", 0 }, /* of which boot? */
		{ "boot=yesterday\nstamps=1-00000001 1 2 3 4\n", 0 },
		{ "boot=" BOOT "\nstamps=1-00000001 1 2 3 4\n", 1 },
		{ "boot=" BOOT "\nstamps=1-00000001 1 2 3 4", 1 },
		{ "boot=" BOOT "\nmore=to come\nstamps=1-00000001 1 - 3 4\n", 1 },
		{ "boot=" BOOT "\nstamps=1-00000001 0 2 3 4\n", 0 },
		{ "boot=" BOOT "\nstamps=1-00000001 3 2 3 4\n", 0 },
		{ "boot=" BOOT "\nstamps=1-00000001 1 2 4 3\n", 0 },
		{ "boot=" BOOT "\nstamps=1-00000001 1 0 3 4\n", 0 },
		{ "boot=" BOOT "\nstamps=1-00000001 1 -2 3 4\n", 0 },
		{ "boot=" BOOT "\nstamps=1-00000001 1 2 3\n", 0 },
		{ "boot=" BOOT "\nstamps=1-00000001 1 2 3 4 5\n", 0 },
		{ "boot=" BOOT "\nstamps=1-00000001 1 2 -9223372036854775807 4\n", 0 },
		{ "boot=" BOOT "\nstamps=x\nstamps=1-00000001 1 2 3 4\n", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024];
		struct epoch e;

		(void)snprintf(text, sizeof(text), HEAD "%s", rows[i].tail);
		assert_int_equal(epoch_parse(text, strlen(text), &e), 0);
		assert_int_equal(e.counter, 12);
		assert_int_equal(e.corrections.count, rows[i].count);
	}
}

static void test_more_spans_than_there_can_be(void **state)
{
	char text[EPOCH_FILE_MAX];
	struct epoch e;
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), HEAD "boot=" BOOT "\n");
	for (int i = 0; i < CORRECTIONS_MAX + 5; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "stamps=1-00000001 1 2 3 4\n");
	assert_int_equal(epoch_parse(text, n, &e), 0);
	assert_int_equal(e.corrections.count, CORRECTIONS_MAX);
}

static void test_the_next_run_keeps_them(void **state)
{
	struct epoch e = with_spans(), next;

	e.clean = e.published = true;
	e.last = 77;
	next = epoch_next(&e, 5);
	assert_int_equal(next.counter, 13);
	assert_int_equal(next.random, 5);
	assert_false(next.clean);
	assert_false(next.published);
	assert_int_equal(next.last, 0);
	assert_string_equal(next.boot, BOOT);
	assert_int_equal(next.corrections.count, 2);
	assert_false(next.corrections.open);
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
		cmocka_unit_test(test_text_round_trip),
		cmocka_unit_test(test_spans_round_trip),
		cmocka_unit_test(test_clean_end_outlives_kills),
		cmocka_unit_test(test_ended_makes_no_sense),
		cmocka_unit_test(test_the_longest_text_fits),
		cmocka_unit_test(test_spans_that_make_no_sense),
		cmocka_unit_test(test_more_spans_than_there_can_be),
		cmocka_unit_test(test_the_next_run_keeps_them),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_damaged_files),
	};

	return RUN_TESTS(tests);
}
