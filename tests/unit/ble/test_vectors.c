/*
 * Runs tests/vectors/ble/<row>.tsv for each row of profiles.def and adverts.def:
 * a row without a file fails. From the top of the tree.
 */
#include "ble/adverts/adverts.h"
#include "ble/profiles/profiles.h"
#include "unit/ble/script.h"
#include "unit/unit.h"
#include "util/cleanup.h"

#define COLUMNS 4 /* name, where from, steps, expected */

static char shown[65536];

static bool run_line(const char *row, bool advert, char *line)
{
	char *column[COLUMNS], *rest = line;

	for (int i = 0; i < COLUMNS; i++)
		column[i] = strsep(&rest, "\t");
	if (!column[COLUMNS - 1]) {
		print_error("%s: %s: too few columns\n", row, column[0]);
		return false;
	}
	shown[0] = 0;
	if (!(advert ? script_advert(column[2], shown, sizeof(shown))
		     : script_profile(row, column[2], shown, sizeof(shown)))) {
		print_error("%s: %s\n", row, column[0]);
		return false;
	}
	if (strcmp(shown, column[3]) == 0)
		return true;
	print_error("%s: %s\n  expected %s\n  got      %s\n", row, column[0], column[3], shown);
	return false;
}

static unsigned run_file(const char *row, bool advert)
{
	char path[128], *line = NULL;
	unsigned ran = 0, bad = 0;
	size_t room = 0;
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof(path), "tests/vectors/ble/%s.tsv", row);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s: cannot be opened; run this from the top of the tree", path);
	while ((n = getline(&line, &room, f)) > 0) {
		line[n - 1] = 0;
		if (line[0] == '#')
			continue;
		ran++;
		bad += !run_line(row, advert, line);
	}
	free(line);
	fclose(f);
	if (ran < 3)
		fail_msg("%s: %u vectors are no test", path, ran);
	return bad;
}

static void test_profiles(void **state)
{
	static const char *const rows[] = {
#define PROFILE(id) #id,
#include "ble/profiles/profiles.def"
#undef PROFILE
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		bad += run_file(rows[i], false);
	if (bad > 0)
		fail_msg("%u vectors of profiles", bad);
}

static void test_adverts(void **state)
{
	static const char *const rows[] = {
#define ADVERT(id) #id,
#include "ble/adverts/adverts.def"
#undef ADVERT
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		bad += run_file(rows[i], true);
	if (bad > 0)
		fail_msg("%u vectors of advertisements", bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_adverts),
	};

	return RUN_TESTS(tests);
}
