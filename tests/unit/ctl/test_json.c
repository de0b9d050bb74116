/*
 * Parts of documents: digits as they were written, times, and what is no
 * document.
 */
#include "ctl/json.h"

#include "unit/unit.h"

static const char document[] = "{ \"a\" : 37.60,\"b\":{\"value\":1,\"x\":[1,{\"value\":2}]}, "
			       "\"t\":\"x,}\\\"\", \"value\" :-0.50 , \"w\":\"low\", \"n\":null}";

static void test_raw_members(void **state)
{
	static const struct {
		const char *name, *is;
	} rows[] = { { "a", "37.60" }, { "value", "-0.50" }, { "w", "low" }, { "n", "null" },
		{ "t", "\"x,}\\\"\"" }, { "b", "{\"value\":1,\"x\":[1,{\"value\":2}]}" } };
	char buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(json_raw(document, rows[i].name, buf, sizeof(buf)));
		assert_string_equal(buf, rows[i].is);
	}
	assert_false(json_raw(document, "x", buf, sizeof(buf)));
	assert_false(json_raw(document, "b", buf, 5));
}

/* Of one that is cut it may give what is whole; never more than is there. */
static void test_raw_of_cut_documents(void **state)
{
	for (size_t n = 0; n < sizeof(document); n++) {
		char *cut = strndup(document, n), buf[64];

		assert_non_null(cut);
		(void)json_raw(cut, "value", buf, sizeof(buf));
		(void)json_raw(cut, "n", buf, sizeof(buf));
		free(cut);
	}
}

static void test_times(void **state)
{
	_cleanup_(cJSON_Deletep) cJSON *o =
		json_object("{\"a\":\"2026-11-21T10:00:00.123Z\",\"b\":\"1970-01-01T00:00:01Z\","
			    "\"c\":\"x\",\"d\":1}");

	assert_int_equal(json_time(o, "a"), 1795255200123);
	assert_int_equal(json_time(o, "b"), 1000);
	assert_int_equal(json_time(o, "c"), -1);
	assert_int_equal(json_time(o, "d"), -1);
	assert_int_equal(json_time(o, "e"), -1);
}

static void test_no_documents(void **state)
{
	static const char *const texts[] = { "", "[]", "null", "{", "1", "{\"a\":1}}x" };

	for (size_t i = 0; i + 1 < ARRAY_SIZE(texts); i++)
		assert_null(json_object(texts[i]));
	assert_null(json_object(NULL));
	assert_string_equal(json_text(NULL, "a", "-"), "-");
	assert_int_equal(json_integer(NULL, "a", 7), 7);
	assert_false(json_true(NULL, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_members),
		cmocka_unit_test(test_raw_of_cut_documents),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_no_documents),
	};

	return RUN_TESTS(tests);
}
