/*
 * Every timeline of tests/vectors/alarms, once as it stands and once with a
 * restart between all rows: the same must come out. One file per rule type,
 * and some on what goes for all of them.
 */
#include "unit/unit.h"

#include <dirent.h>

#include "unit/alarms/timeline.h"

#define DIRECTORY "tests/vectors/alarms"

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_tsv(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".tsv") == 0;
}

static unsigned run_all(bool with_restarts)
{
	struct dirent **names;
	int count = scandir(DIRECTORY, &names, is_tsv, by_name);
	const char *only = getenv("TIMELINE");
	unsigned wrong = 0;

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		char path[512];

		snprintf(path, sizeof(path), DIRECTORY "/%s", names[i]->d_name);
		if (!only || strstr(path, only))
			wrong += timeline_run_file(path, with_restarts);
		free(names[i]);
	}
	free(names);
	return wrong;
}

static void test_timelines(void **state)
{
	(void)state;
	assert_int_equal(run_all(false), 0);
}

static void test_timelines_with_restarts(void **state)
{
	(void)state;
	assert_int_equal(run_all(true), 0);
}

/* A rule type without a timeline is not tested. */
static void test_each_type_has_one(void **state)
{
	const struct rule_type *type;

	(void)state;
	for (size_t i = 0; (type = rule_type_at(i)); i++) {
		char path[256];
		FILE *f;

		snprintf(path, sizeof(path), DIRECTORY "/%s.tsv", type->name);
		f = fopen(path, "re");
		if (!f)
			fail_msg("no %s", path);
		(void)fclose(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timelines),
		cmocka_unit_test(test_timelines_with_restarts),
		cmocka_unit_test(test_each_type_has_one),
	};

	return RUN_TESTS(tests);
}
