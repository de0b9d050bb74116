/*
 * A recording, played back: values by quantity and time from a CSV file, each
 * held until the next. Two kinds are known by their first line: charted vitals
 * (charttime,itemid,value, with items.csv beside it saying what an itemid is)
 * and a temperature logger (time_utc,temp_c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/quantity.h"
#include "util/cleanup.h"

struct replay;

#define REPLAY_POINTS_MAX 1000000

/* Reads the file. On failure returns a negative errno with a sentence in why (of why_size bytes).
 */
int replay_new(struct replay **ret, const char *path, char *why, size_t why_size);
struct replay *replay_free(struct replay *r);
WG_DEFINE_CLEANUP(struct replay *, replay_free)

/* The value that held at_ms after the first point of the recording, in the quantity's steps. False:
 * none was recorded up to then. */
bool replay_value(const struct replay *r, enum quantity q, int64_t at_ms, int32_t *ret);
/* Whether the recording has the quantity at all. */
bool replay_has(const struct replay *r, enum quantity q);
