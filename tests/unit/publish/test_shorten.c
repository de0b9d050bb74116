/*
 * Documents with lists of devices, made shorter.
 */
#include "publish/shorten.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/text.h"

#define HEAD "{\"id\":\"gw:1:7\",\"text\":\"\\\",\\\"devices\\\":[\""
#define TAIL ",\"onset\":\"2026\"}"

/* What comes of it: how many devices, and how many it says are left out; -1: none can be. */
static int shorten(const char *body, size_t max, int *left_out)
{
	_cleanup_(freep) char *text = NULL;
	ssize_t n = shorten_devices(&text, body, strlen(body), max);
	cJSON *object, *list, *left;
	int count;

	if (n < 0) {
		assert_int_equal(n, -EMSGSIZE);
		return -1;
	}
	assert_int_equal(n, strlen(text));
	assert_in_range(n, 1, max);
	object = cJSON_Parse(text);
	assert_non_null(object);
	assert_string_equal(cJSON_GetObjectItem(object, "onset")->valuestring, "2026");
	assert_string_equal(cJSON_GetObjectItem(object, "text")->valuestring, "\",\"devices\":[");
	list = cJSON_GetObjectItem(object, "devices");
	left = cJSON_GetObjectItem(object, "devices_left_out");
	count = cJSON_GetArraySize(list);
	for (int i = 0; i < count; i++)
		assert_int_equal(cJSON_GetArrayItem(list, i)->valuestring[1], '0' + i % 10);
	*left_out = left ? left->valueint : 0;
	cJSON_Delete(object);
	return count;
}

static void write_body(char *buf, size_t size, int devices, const char *more)
{
	struct text t = text_init(buf, size);

	text_lit(&t, HEAD ",\"devices\":[");
	for (int i = 0; i < devices; i++)
		text_printf(&t, "%s\"d%d\"", i ? "," : "", i % 10);
	text_printf(&t, "]%s" TAIL, more);
	assert_true(text_done(&t) > 0);
}

static void test_every_length(void **state)
{
	static const struct {
		const char *more;
		int before;
	} cases[] = { { "", 0 }, { ",\"devices_left_out\":12", 12 } };
	char body[1024];
	int last = 0, left;

	for (size_t c = 0; c < 2; c++) {
		write_body(body, sizeof(body), 60, cases[c].more);
		last = -1;
		for (size_t max = 0; max < strlen(body) + 60; max++) {
			int n = shorten(body, max, &left);

			assert_true(n >= last);
			if (n >= 0)
				assert_int_equal(left, 60 - n + cases[c].before);
			last = n;
		}
		assert_int_equal(last, 60);
	}
}

static void test_others(void **state)
{
	static const char *const bodies[] = { "", "{}", HEAD TAIL, HEAD ",\"devices\":[",
		HEAD ",\"devices\":[\"a", HEAD ",\"devices\":[\"a\"", HEAD ",\"devices\":[\"a\",",
		HEAD ",\"devices\":[1]}" };
	int left;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		assert_int_equal(shorten(bodies[i], 1000, &left), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_others),
	};

	return RUN_TESTS(tests);
}
