/*
 * The bounded writer: every function at the buffer's end, times against the C
 * library's calendar, JSON strings that are no UTF-8.
 */
#include "util/text.h"

#include <errno.h>
#include <time.h>

#include "unit/unit.h"
#include "util/cleanup.h"

static char buf[256];

static const char *done(struct text *t)
{
	assert_true(text_done(t) >= 0);
	return buf;
}

static void test_numbers(void **state)
{
	static const struct {
		uint64_t v;
		const char *text;
	} rows[] = { { 0, "0" }, { 9, "9" }, { 10, "10" }, { 99, "99" }, { 100, "100" },
		{ 101, "101" }, { 12345, "12345" }, { UINT64_MAX, "18446744073709551615" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text t = text_init(buf, sizeof(buf));

		text_u64(&t, rows[i].v);
		assert_string_equal(done(&t), rows[i].text);
	}
	{
		struct text t = text_init(buf, sizeof(buf));

		text_i64(&t, INT64_MIN);
		text_char(&t, ' ');
		text_i64(&t, -7);
		text_char(&t, ' ');
		text_hex32(&t, 0x009f3a21);
		text_char(&t, ' ');
		text_decimal(&t, (struct decimal){ 3760, -2 });
		text_printf(&t, " %s", "end");
		assert_string_equal(done(&t), "-9223372036854775808 -7 009f3a21 37.60 end");
	}
}

static void test_times_against_libc(void **state)
{
	static const int64_t seconds[] = { 0, -1, 951782399, 951782400, 951868800, 4102444800,
		1732183200, -2208988800, 68169600, 1709164800, 1709251199, 253402300799,
		-62135596800 };

	(void)state;
	for (int64_t i = 0; i < 200000; i++) {
		int64_t s = i < (int64_t)ARRAY_SIZE(seconds) ? seconds[i] : -5000000000 + i * 51234;
		struct text t = text_init(buf, sizeof(buf));
		time_t at = (time_t)s;
		struct tm tm;
		char expected[96];

		gmtime_r(&at, &tm);
		snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			tm.tm_sec, (int)(i % 1000));
		text_time(&t, s * 1000000 + i % 1000 * 1000 + 999);
		assert_string_equal(done(&t), expected);
	}
}

static void test_times_beyond_four_digits(void **state)
{
	struct text t = text_init(buf, sizeof(buf));

	(void)state;
	text_time(&t, INT64_MAX);
	text_char(&t, ' ');
	text_time(&t, INT64_MIN);
	text_char(&t, ' ');
	text_local_time(&t, INT64_C(1782209839) * 1000000);
	assert_string_equal(done(&t), "9999-12-31T23:59:59.999Z 0001-01-01T00:00:00.000Z "
				      "2026-06-23T10:17:19");
}

static void test_json_strings(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
		{ "", 0, "\"\"" },
		{ "plain", 5, "\"plain\"" },
		{ "a\"b\\c", 5, "\"a\\\"b\\\\c\"" },
		{ "\n\r\t\x01\x1f", 5, "\"\\n\\r\\t\\u0001\\u001f\"" },
		{ "\0x", 2, "\"\\u0000x\"" },
		{ "\x7f", 1, "\"\\u007f\"" },
		{ "caf\xc3\xa9", 5, "\"caf\xc3\xa9\"" },
		{ "\xe2\x82\xac", 3, "\"\xe2\x82\xac\"" },
		{ "\xf0\x9f\x8f\xa5", 4, "\"\xf0\x9f\x8f\xa5\"" },
		/* each ill-formed part becomes one U+FFFD */
		{ "a\xff"
		  "b",
			3,
			"\"a\xef\xbf\xbd"
			"b\"" },
		{ "\xc3", 1, "\"\xef\xbf\xbd\"" },
		{ "\xe2\x82", 2, "\"\xef\xbf\xbd\"" },
		{ "\xe2\x82x", 3, "\"\xef\xbf\xbdx\"" },
		{ "\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xe0\x9f\xbf", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text t = text_init(buf, sizeof(buf));

		text_json_string(&t, rows[i].in, rows[i].n);
		assert_string_equal(done(&t), rows[i].out);
		assert_int_equal(text_utf8_valid(rows[i].in, rows[i].n), i < 9);
	}
}

/* Whatever is written, a buffer one byte too small is left alone behind its end and the error
 * sticks. */
static void test_overflow_sticks(void **state)
{
	(void)state;
	for (size_t size = 0; size < 80; size++) {
		struct text t = text_init(buf, size);
		ssize_t n;

		memset(buf, '#', sizeof(buf));
		text_u64(&t, 1234567);
		text_time(&t, 0);
		text_decimal(&t, (struct decimal){ -3760, -2 });
		text_json_string(&t, "a\"\xff", 3);
		text_printf(&t, "%d", 12345);
		text_i64(&t, -12);
		n = text_done(&t);
		assert_int_equal(buf[size], '#');
		if (size > 53)
			assert_int_equal(n, 53);
		else
			assert_int_equal(n, -ENOBUFS);
	}
}

static void test_decimal_without_plain_form(void **state)
{
	struct text t = text_init(buf, sizeof(buf));

	(void)state;
	text_decimal(&t, (struct decimal){ 1, 100 });
	assert_int_equal(text_done(&t), -ENOBUFS);
}

static void test_fits(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "ab", "ab", true },
		{ "ab", "abc", false },
		{ "abc", "ab", false },
		{ "*", "", true },
		{ "*", "a", true },
		{ "ab*", "ab", true },
		{ "ab*", "abc", true },
		{ "ab*", "a", false },
		{ "a*c", "abc", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (text_fits(rows[i].pattern, rows[i].text) != rows[i].fits)
			fail_msg("%s fits %s", rows[i].pattern, rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_times_against_libc),
		cmocka_unit_test(test_times_beyond_four_digits),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_overflow_sticks),
		cmocka_unit_test(test_decimal_without_plain_form),
		cmocka_unit_test(test_fits),
	};

	return RUN_TESTS(tests);
}
