/*
 * What the readings of a decoder may never be, whatever it was given.
 */
#pragma once

#include <assert.h>

#include "util/decimal.h"
#include "wardgate/decoded.h"

/* What a reading may never be, whoever made it. */
static inline void check_readings(const struct decoded *readings, int64_t utc_us)
{
	assert(readings->count <= DECODED_MAX);
	for (size_t i = 0; i < readings->count; i++) {
		const struct reading *r = &readings->list[i];

		assert(r->metric > METRIC_NONE && r->metric < _METRIC_MAX);
		assert(r->validity < _VALIDITY_MAX && r->reason < _WORD_MAX);
		assert(r->flags < _FLAG_END && r->auth < _AUTH_MAX && r->origin < _ORIGIN_MAX);
		assert(r->kind == VALUE_NONE || (r->validity != VALIDITY_NOT_MEASURED &&
							r->validity != VALIDITY_SENSOR_OFF));
		assert(r->kind != VALUE_NONE || r->validity != VALIDITY_VALID);
		assert(r->kind != VALUE_NUMBER || decimal_plain(r->number));
		assert(r->kind != VALUE_WORD ||
			metric_takes_word((enum metric)r->metric, (enum word)r->word));
		assert(r->raw_unit == WORD_NONE || decimal_plain(r->raw));
		assert(r->time_us == 0 || r->time_us <= utc_us + INT64_C(3600000000) * 24);
		assert((r->time_us != 0) == (r->time_source != TIME_GATEWAY));
		assert(!r->bed && !r->patient && !r->detail && !r->device);
	}
}
