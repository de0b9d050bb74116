/*
 * Bluetooth's Date Time (7 bytes) and Current Time (10): the wall clock of a
 * device, without a zone. A wall clock is microseconds as if it were UTC; what
 * UTC it was is for whoever knows the zone or the clock's offset.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cursor.h"

#define DATETIME_SIZE 7
#define CURRENT_TIME_SIZE 10

enum {
	_DATETIME_E_KNOWN,
	DATETIME_E_UNKNOWN,    /* year, month or day is 0: the clock was never set */
	DATETIME_E_IMPOSSIBLE, /* no such date or time */
};

/* Microseconds since 1970 of a date and time of day that exist. */
int64_t datetime_wall(int year, int month, int day, int hour, int minute, int second);

/* Reads 7 bytes. Returns 0 with *ret_wall_us or one of DATETIME_E_*; a short read shows in the
 * cursor. */
int datetime_read(struct cursor *c, int64_t *ret_wall_us);
/* The same of 10 bytes: with the day of the week (not looked at), 256ths of a second, and the
 * reason of the last adjustment. */
int datetime_read_current(struct cursor *c, int64_t *ret_wall_us, uint8_t *ret_reason);

/* The years 1582 to 9999 that the format has. */
void datetime_write(uint8_t ret[static DATETIME_SIZE], int64_t wall_us);
void datetime_write_current(uint8_t ret[static CURRENT_TIME_SIZE], int64_t wall_us, uint8_t reason);
