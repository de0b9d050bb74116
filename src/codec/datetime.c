/*
 * Dates of the proleptic Gregorian calendar. See datetime.h.
 */
#include "codec/datetime.h"

#include <stdbool.h>

#define DAY_S 86400

/* Days from 1970-01-01; the year begins in March, so that the leap day is its last. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t datetime_wall(int year, int month, int day, int hour, int minute, int second)
{
	return ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60000000 +
	       (int64_t)second * 1000000;
}

static bool leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool date_exists(int year, int month, int day)
{
	static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (year < 1582 || year > 9999 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= lengths[month - 1] + (month == 2 && leap(year));
}

int datetime_read(struct cursor *c, int64_t *ret_wall_us)
{
	int year = cursor_le16(c), month = cursor_u8(c), day = cursor_u8(c);
	int hour = cursor_u8(c), minute = cursor_u8(c), second = cursor_u8(c);

	if (hour > 23 || minute > 59 || second > 59)
		return DATETIME_E_IMPOSSIBLE;
	if (year == 0 || month == 0 || day == 0)
		return DATETIME_E_UNKNOWN;
	if (!date_exists(year, month, day))
		return DATETIME_E_IMPOSSIBLE;
	*ret_wall_us = datetime_wall(year, month, day, hour, minute, second);
	return 0;
}

int datetime_read_current(struct cursor *c, int64_t *ret_wall_us, uint8_t *ret_reason)
{
	int r = datetime_read(c, ret_wall_us);
	int64_t fraction;

	cursor_skip(c, 1);
	fraction = cursor_u8(c);
	*ret_reason = cursor_u8(c);
	if (r == 0)
		*ret_wall_us += fraction * 1000000 / 256;
	return r;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void datetime_write(uint8_t ret[static DATETIME_SIZE], int64_t wall_us)
{
	int64_t seconds = floor_div(wall_us, 1000000);
	int64_t days = floor_div(seconds, DAY_S), of_day = seconds - days * DAY_S;
	int64_t z = days + 719468;
	int64_t era = floor_div(z, 146097), of_era = z - era * 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * of_year + 2) / 153;
	int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
	int64_t year = year_of_era + era * 400 + (month <= 2);

	ret[0] = (uint8_t)year;
	ret[1] = (uint8_t)(year >> 8);
	ret[2] = (uint8_t)month;
	ret[3] = (uint8_t)(of_year - (153 * march_month + 2) / 5 + 1);
	ret[4] = (uint8_t)(of_day / 3600);
	ret[5] = (uint8_t)(of_day / 60 % 60);
	ret[6] = (uint8_t)(of_day % 60);
}

void datetime_write_current(uint8_t ret[static CURRENT_TIME_SIZE], int64_t wall_us, uint8_t reason)
{
	int64_t seconds = floor_div(wall_us, 1000000), days = floor_div(seconds, DAY_S);
	int64_t weekday = (days % 7 + 7 + 3) % 7; /* 1970-01-01 was a Thursday; 0 is Monday */

	datetime_write(ret, wall_us);
	ret[7] = (uint8_t)(weekday + 1);
	ret[8] = (uint8_t)((wall_us - seconds * 1000000) * 256 / 1000000);
	ret[9] = reason;
}
