/*
 * Runs tests/vectors/ble/<row>.tsv for each row of profiles.def and adverts.def:
 * a row without a file fails. From the top of the tree.
 */
#include "ble/adverts/adverts.h"
#include "ble/profiles/profiles.h"
#include "unit/ble/script.h"
#include "unit/codec/vector_file.h"
#include "unit/unit.h"
#include "util/cleanup.h"

static bool play_advert(const char *row, char *steps, char *ret, size_t size)
{
	(void)row; /* which one it is the advertisement says */
	return script_advert(steps, ret, size);
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
		bad += vector_file_run("ble", rows[i], script_profile);
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
		bad += vector_file_run("ble", rows[i], play_advert);
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
