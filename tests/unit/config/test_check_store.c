/*
 * [Store] against the file system below the state directory: what cannot fit
 * is a warning, never an error.
 */
#include "config_test.h"

static const struct config_options with_files = { .host_name = "host",
	.state_directory = "/var/lib/wardgate" };

/* CAFile= is there on every machine; what it holds nobody asks here. */
#define ON_DISK BASE "CAFile=/etc/passwd\n"

static struct outcome read_on_disk(const char *text)
{
	struct outcome o = { 0 };

	o.result = config_read_bytes(
		"t.conf", text, strlen(text), &with_files, &o.config, &o.problems);
	if (o.result != 0)
		print_all(&o);
	assert_int_equal(o.result, 0);
	return o;
}

static void test_more_than_the_disk_has_is_doubted(void **state)
{
	struct outcome o = read_on_disk(ON_DISK "[Store]\nMaxSize=16T\nKeepFree=16T\n");

	assert_int_equal(o.problems.warning_count, 1);
	assert_non_null(strstr(o.problems.warnings[0],
		"t.conf:9: [Store] MaxSize=16T: 16T and KeepFree=16T together are more than the "));
	assert_non_null(strstr(o.problems.warnings[0], "that holds /var/lib/wardgate"));
	outcome_done(&o);
}

/* The directory is made at the first start: what counts then is what stands above it. */
static void test_a_directory_to_come_is_judged_by_its_parent(void **state)
{
	struct outcome o = read_on_disk(ON_DISK "[Store]\nMaxSize=16T\nKeepFree=16T\n"
						"[Gateway]\nStateDirectory=/nowhere/at/all\n");

	assert_int_equal(o.problems.warning_count, 1);
	assert_non_null(strstr(o.problems.warnings[0], "that holds /nowhere/at/all"));
	outcome_done(&o);
}

static void test_what_fits_is_not_mentioned(void **state)
{
	struct outcome o = read_on_disk(ON_DISK "[Store]\nMaxSize=1M\nKeepFree=0\n");

	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);
}

/* Where files are not to be looked at, disks are not either. */
static void test_bytes_alone_touch_no_disk(void **state)
{
	struct outcome o = read_good(ON_DISK "[Store]\nMaxSize=16T\nKeepFree=16T\n");

	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_than_the_disk_has_is_doubted),
		cmocka_unit_test(test_a_directory_to_come_is_judged_by_its_parent),
		cmocka_unit_test(test_what_fits_is_not_mentioned),
		cmocka_unit_test(test_bytes_alone_touch_no_disk),
	};

	return RUN_TESTS(tests);
}
