/*
 * Archives: what may stand in one, and what is said of one that is none.
 */
#include "ctl/archive.h"
#include "ctl/seal.h"

#include <errno.h>

#include "unit/unit.h"
#include "util/cleanup.h"

static struct archive_file file(enum archive_place place, const char *name, const char *text)
{
	struct archive_file f = { .place = place,
		.mode = 0640,
		.owner = "root",
		.group = "wardgate",
		.size = strlen(text) };

	f.name = strdup(name);
	f.data = (uint8_t *)strdup(text);
	assert_non_null(f.name);
	assert_non_null(f.data);
	return f;
}

static int try_name(enum archive_place place, const char *name)
{
	struct archive a = { 0 };
	struct archive_file f = file(place, name, "");
	int r = archive_add(&a, &f);

	free(f.name);
	free(f.data);
	archive_done(&a);
	return r;
}

static void test_names_keep_to_their_place(void **state)
{
	static const char *const good[] = { "a", "a/b", ".hidden/..b", "a b", "é" };
	static const char *const bad[] = { "", ".", "..", "../a", "a/..", "a/../b", "a/./b", "a//b",
		"a/", "/a", "a\n", "a\x7f", "a\xff" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		char absolute[40];

		assert_int_equal(try_name(PLACE_STATE, good[i]), 0);
		snprintf(absolute, sizeof(absolute), "/%s", good[i]);
		assert_int_equal(try_name(PLACE_PATH, absolute), 0);
		assert_int_equal(try_name(PLACE_PATH, good[i]), -EINVAL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(try_name(PLACE_CONFIG, bad[i]), -EINVAL);
		assert_int_equal(try_name(PLACE_STATE, bad[i]), -EINVAL);
	}
	assert_int_equal(try_name(PLACE_PATH, "/"), -EINVAL);
	assert_int_equal(try_name(PLACE_PATH, "/a/../../b"), -EINVAL);
}

static void test_what_was_put_in_comes_out(void **state)
{
	struct archive a = { .gateway = "g", .made = "m", .by = "b" }, again = { 0 };
	struct archive_file files[] = { file(PLACE_CONFIG, "wardgate.conf", "[Gateway]\nend 1\n"),
		file(PLACE_STATE, "devices.d/x.conf", ""), file(PLACE_PATH, "/k", "\n\n") };
	char why[ARCHIVE_WHY_MAX];
	uint8_t *text = NULL;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(archive_add(&a, &files[i]), 0);
	assert_int_equal(archive_write(&a, &text, &n), 0);
	assert_int_equal(archive_read(text, n, &again, why), 0);
	assert_string_equal(again.gateway, "g");
	assert_int_equal(again.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(again.files[i].name, a.files[i].name);
		assert_string_equal(again.files[i].group, "wardgate");
		assert_int_equal(again.files[i].mode, 0640);
		assert_int_equal(again.files[i].size, a.files[i].size);
		assert_memory_equal(again.files[i].data, a.files[i].data, a.files[i].size);
	}
	archive_done(&again);
	/* cut anywhere it is none */
	for (size_t cut = 0; cut < n; cut++) {
		assert_int_equal(archive_read(text, cut, &again, why), -EBADMSG);
		assert_int_equal(strncmp(why, "line ", 5), 0);
		assert_int_equal(again.count, 0);
	}
	seal_wipe(text, n);
	archive_done(&a);
}

static void test_a_name_comes_once(void **state)
{
	struct archive a = { 0 };
	struct archive_file one = file(PLACE_STATE, "a", "1"), two = file(PLACE_STATE, "a", "2"),
			    other = file(PLACE_CONFIG, "a", "3");

	assert_int_equal(archive_add(&a, &one), 0);
	assert_int_equal(archive_add(&a, &two), -EINVAL);
	assert_int_equal(archive_add(&a, &other), 0);
	free(two.name);
	free(two.data);
	archive_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_keep_to_their_place),
		cmocka_unit_test(test_what_was_put_in_comes_out),
		cmocka_unit_test(test_a_name_comes_once),
	};

	return RUN_TESTS(tests);
}
