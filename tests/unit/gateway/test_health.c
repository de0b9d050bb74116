/*
 * When the store thread counts as hanging.
 */
#include "gateway/health.h"

#include "unit/unit.h"

#define SECOND INT64_C(1000000)

static void test_silence(void **state)
{
	/* Looks in order: the time, and when the last answer came. */
	static const struct {
		int64_t now, answered;
		bool silent;
	} rows[] = {
		{ 1000, 999, false },
		{ 1005, 1000, false },
		{ 1010, 1005, false },
		{ 1015, 1005, false },
		{ 1020, 1005, false },
		{ 1025, 1005, false },
		{ 1030, 1005, false },
		{ 1035, 1005, false },
		{ 1040, 1005, false }, /* 30 s since it was found to have answered */
		{ 1045, 1005, true },
		{ 1050, 1005, true },
		{ 1055, 1051, false },
		{ 1060, 1055, false },
		/* Eight hours of suspend: no sign of a disk that hangs. */
		{ 29860, 1055, false },
		{ 29865, 29860, false },
		/* But one that hung before and still does is found. */
		{ 29870, 29860, false },
		{ 58670, 29860, false },
		{ 58675, 29860, false },
		{ 58680, 29860, false },
		{ 58685, 29860, false },
		{ 58690, 29860, true },
	};
	struct health_silence s = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			health_is_silent(&s, rows[i].now * SECOND, rows[i].answered * SECOND),
			rows[i].silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence),
	};

	return RUN_TESTS(tests);
}
