/*
 * The judgement of the kernel's clock, and wall clocks without a zone.
 */
#include "gateway/clock.h"

#include <errno.h>
#include <sys/timex.h>

#include "unit/unit.h"

#define UTC(s) ((int64_t)(s)*1000000)

static void test_judgement(void **state)
{
	static const struct {
		int result, status;
		int64_t maxerror;
		bool was;
		enum clock_state expected;
	} rows[] = {
		{ TIME_OK, STA_PLL, 1000, false, CLOCK_SYNCHRONISED },
		{ TIME_OK, STA_PLL, 999999, false, CLOCK_SYNCHRONISED },
		{ TIME_OK, STA_PLL, 1000000, false, CLOCK_UNSYNCHRONISED },
		{ TIME_OK, STA_PLL, 1000000, true, CLOCK_HOLDOVER },
		{ TIME_ERROR, STA_PLL, 1000, false, CLOCK_UNSYNCHRONISED },
		{ TIME_ERROR, STA_UNSYNC, 16000000, true, CLOCK_HOLDOVER },
		{ TIME_OK, STA_UNSYNC, 1000, false, CLOCK_UNSYNCHRONISED },
		{ TIME_INS, STA_PLL | STA_INS, 1000, true, CLOCK_SYNCHRONISED },
		{ -1, 0, 0, false, CLOCK_UNSYNCHRONISED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			clock_judge(rows[i].result, rows[i].status, rows[i].maxerror, rows[i].was),
			rows[i].expected);
}

/* Expected values from date(1) and the tz database, not from our own arithmetic. */
static void test_wall_clock_in_a_zone(void **state)
{
	static const struct {
		const char *zone;
		int64_t wall, utc;
		bool ambiguous;
	} rows[] = {
		{ "Europe/London", 1774774800, 1774771200, false }, /* 2026-03-29 09:00 BST */
		{ "Europe/London", 1768471200, 1768471200, false }, /* 2026-01-15 10:00 GMT */
		{ "Europe/London", 1784109600, 1784106000, false }, /* 2026-07-15 10:00 BST */
		{ "Europe/London", 1774747800, 1774747800,
			true }, /* 2026-03-29 01:30: does not occur */
		{ "Europe/London", 1792891800, 1792888200,
			true }, /* 2026-10-25 01:30: occurs twice */
		{ "Europe/London", 1792895400, 1792895400, false }, /* 2026-10-25 02:30 GMT */
		{ "Asia/Kolkata", 1784109600, 1784089800, false },  /* +05:30 */
		{ "America/New_York", 1793496600, 1793511000,
			true }, /* 2026-11-01 01:30, first: EDT */
		{ "UTC", 1784109600, 1784109600, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ambiguous;
		int64_t utc;

		assert_int_equal(clock_set_zone(rows[i].zone), 0);
		utc = clock_local_to_utc(UTC(rows[i].wall), &ambiguous);
		assert_int_equal(utc, UTC(rows[i].utc));
		assert_int_equal(ambiguous, rows[i].ambiguous);
	}
}

static void test_no_such_zone(void **state)
{
	assert_int_equal(clock_set_zone("Europe/Lundun"), -ENOENT);
	assert_int_equal(clock_set_zone("../../etc/passwd"), -ENOENT);
	assert_int_equal(clock_set_zone("/etc/passwd"), -ENOENT);
}

static void test_now_is_now(void **state)
{
	int64_t a = boottime_us(), b = boottime_us();

	assert_true(b >= a);
	assert_true(realtime_us() > UTC(1750000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judgement),
		cmocka_unit_test(test_wall_clock_in_a_zone),
		cmocka_unit_test(test_no_such_zone),
		cmocka_unit_test(test_now_is_now),
	};

	return RUN_TESTS(tests);
}
