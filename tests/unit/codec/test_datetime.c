/*
 * Bluetooth's dates both ways, against the C library's calendar, and the CRC of
 * the health services against known sums.
 */
#include "codec/datetime.h"

#include <time.h>

#include "codec/crc16.h"
#include "unit/unit.h"
#include "util/cleanup.h"

static void test_every_day_of_the_format(void **state)
{
	const int64_t last = datetime_wall(9999, 12, 31, 23, 59, 59);

	(void)state;
	for (int64_t us = datetime_wall(1582, 1, 1, 0, 0, 0); us <= last;
		us += INT64_C(86399) * 1000000 * 3) {
		uint8_t bytes[CURRENT_TIME_SIZE];
		time_t t = (time_t)(us / 1000000 - (us % 1000000 < 0));
		struct cursor c;
		struct tm tm;
		int64_t wall_us = 0;
		uint8_t reason;

		assert_non_null(gmtime_r(&t, &tm));
		datetime_write_current(bytes, us, 2);
		assert_int_equal(bytes[0] | bytes[1] << 8, tm.tm_year + 1900);
		assert_int_equal(bytes[2], tm.tm_mon + 1);
		assert_int_equal(bytes[3], tm.tm_mday);
		assert_int_equal(bytes[4], tm.tm_hour);
		assert_int_equal(bytes[5], tm.tm_min);
		assert_int_equal(bytes[6], tm.tm_sec);
		assert_int_equal(bytes[7], tm.tm_wday == 0 ? 7 : tm.tm_wday);
		c = cursor_init(bytes, sizeof(bytes));
		assert_int_equal(datetime_read_current(&c, &wall_us, &reason), 0);
		assert_int_equal(wall_us, us);
		assert_int_equal(reason, 2);
		assert_int_equal(cursor_done(&c), 0);
	}
}

static int outcome(int year, int month, int day, int hour, int minute, int second)
{
	uint8_t b[DATETIME_SIZE] = { (uint8_t)year, (uint8_t)(year >> 8), (uint8_t)month,
		(uint8_t)day, (uint8_t)hour, (uint8_t)minute, (uint8_t)second };
	struct cursor c = cursor_init(b, sizeof(b));
	int64_t wall_us;

	return datetime_read(&c, &wall_us);
}

static void test_what_is_no_date(void **state)
{
	(void)state;
	assert_int_equal(outcome(2026, 11, 21, 10, 0, 0), 0);
	assert_int_equal(outcome(0, 11, 21, 10, 0, 0), DATETIME_E_UNKNOWN);
	assert_int_equal(outcome(2026, 0, 21, 10, 0, 0), DATETIME_E_UNKNOWN);
	assert_int_equal(outcome(2026, 11, 0, 10, 0, 0), DATETIME_E_UNKNOWN);
	assert_int_equal(outcome(2026, 13, 1, 0, 0, 0), DATETIME_E_IMPOSSIBLE);
	assert_int_equal(outcome(2026, 11, 31, 0, 0, 0), DATETIME_E_IMPOSSIBLE);
	assert_int_equal(outcome(2026, 2, 29, 0, 0, 0), DATETIME_E_IMPOSSIBLE);
	assert_int_equal(outcome(2100, 2, 29, 0, 0, 0), DATETIME_E_IMPOSSIBLE);
	assert_int_equal(outcome(2000, 2, 29, 0, 0, 0), 0);
	assert_int_equal(outcome(1581, 1, 1, 0, 0, 0), DATETIME_E_IMPOSSIBLE);
	assert_int_equal(outcome(10000, 1, 1, 0, 0, 0), DATETIME_E_IMPOSSIBLE);
	assert_int_equal(outcome(2026, 11, 21, 24, 0, 0), DATETIME_E_IMPOSSIBLE);
	assert_int_equal(outcome(2026, 11, 21, 0, 60, 0), DATETIME_E_IMPOSSIBLE);
	assert_int_equal(outcome(2026, 11, 21, 0, 0, 60), DATETIME_E_IMPOSSIBLE);
}

static void test_crc(void **state)
{
	static const uint8_t example[] = { 0x3e, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	(void)state;
	assert_int_equal(crc16_mcrf4xx((const uint8_t *)"123456789", 9), 0x6f91); /* the check */
	assert_int_equal(crc16_mcrf4xx(example, sizeof(example)), 0x2f01);        /* CGMS 3.11 */
	assert_int_equal(crc16_mcrf4xx(NULL, 0), 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_day_of_the_format),
		cmocka_unit_test(test_what_is_no_date),
		cmocka_unit_test(test_crc),
	};

	return RUN_TESTS(tests);
}
