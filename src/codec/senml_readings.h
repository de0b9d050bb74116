/*
 * What a resolved SenML record means to us: a reading of a metric, in its unit.
 *
 * The part of the name behind the last '/' or ':' is the metric, in any case,
 * '_' as good as '-', or one of the aliases in senml_readings.c; ".N" behind it
 * or x-instance tells like sensors apart. "temp" and "temperature" are the
 * body's, since a bedside device is meant; a fridge or room says
 * ambient-temperature. "door" and "window" are true when open, as devices send
 * them, and become contact, which is true when closed.
 *
 * "vs" holds the value of a metric that takes words, or a validity in place of
 * any value. Further x- labels: x-validity (beside v: questionable, invalid,
 * calibrating, or below-range and above-range, with v as the bound), x-reason,
 * x-site, x-method, x-sample, x-origin: a word each; x-flags: words; x-period:
 * seconds; x-group: records that share it form a group, instead of those that
 * share a time. Other x- labels are ignored.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/senml.h"
#include "wardgate/reading.h"

/* An absolute time may be ahead of the gateway's by so much. */
#define SENML_AHEAD_MAX_US (INT64_C(86400) * 1000000)

/*
 * Fills ret[0] to ret[p->count - 1], the driver's part but for auth. received_us is UTC;
 * received_good says whether it may be held against a device's time.
 *
 * Time: absolute ones are the device's (TIME_DEVICE) and give a source key; those relative to
 * reception, or absent, are the gateway's and give none. One that lies more than SENML_AHEAD_MAX_US
 * ahead is refused; one before the year 2000, of a clock that was never set, is flagged
 * FLAG_AMBIGUOUS_TIME.
 *
 * Returns 0 or SENML_E_REFUSED with *error.
 */
int senml_readings(const struct senml_pack *p, const struct senml_options *o, int64_t received_us,
	bool received_good, struct reading *ret, struct senml_error *error);

/* The metric that a name's last part means, METRIC_NONE when it is none. *ret_inverted: booleans
 * are to be turned. *ret_instance: N of ".N", else -1. */
enum metric senml_metric(const char *name, bool *ret_inverted, int *ret_instance);
