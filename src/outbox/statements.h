/*
 * The texts of the statements that are kept prepared. Inner header of the
 * store thread.
 */
#pragma once

#include "outbox/database.h"

/* Columns of a reading in the order of ADD_READING and READ_READINGS: first those that most rows
 * have, then "more" and what stands behind it. */
enum reading_column {
	C_ID,
	C_EPOCH,
	C_SEQUENCE,
	C_DEVICE,
	C_DEVICE_SEQUENCE,
	C_BED,
	C_PATIENT,
	C_ASSOCIATION,
	C_METRIC,
	C_KIND,
	C_VALUE,
	C_EXPONENT,
	C_VALIDITY,
	C_CLOCK,
	C_RECEIVED,
	C_TIME,
	C_GROUP,
	C_SOURCE_KEY,
	C_FLAGS,
	C_AGED,
	C_CHECK,
	C_MORE,
	C_TIME_SOURCE,
	C_DEVICE_TIME,
	C_ORIGIN,
	C_AUTH,
	C_INSTANCE,
	C_REASON,
	C_PERIOD,
	C_SITE,
	C_METHOD,
	C_SAMPLE,
	C_RAW,
	C_RAW_EXPONENT,
	C_RAW_UNIT,
	C_BY,
	_C_MAX
};

extern const char *const statement_sql[_STATEMENT_MAX];

static inline void sqlite3_finalizep(sqlite3_stmt **st)
{
	(void)sqlite3_finalize(*st);
}
