/*
 * The table of profiles, and what several of them need: time stamps, keys,
 * results. Not for running them: session.h does.
 */
#pragma once

#include <assert.h>

#include "ble/profiles/quirks.h"
#include "codec/measure.h"
#include "util/cursor.h"
#include "wardgate/profile.h"

enum profile_id {
#define PROFILE(id) PROFILE_##id,
#include "ble/profiles/profiles.def"
#undef PROFILE
	_PROFILE_MAX
};

static_assert((int)_PROFILE_MAX <= PROFILES_MAX, "struct profile_device has a memory for each");

#define PROFILE(id) extern const struct ble_profile profile_##id;
#include "ble/profiles/profiles.def"
#undef PROFILE

/* The row of that number, NULL when there is none. */
const struct ble_profile *profile_row(unsigned id);

/* A measurement without values yet. Its readings are over an authenticated or at least a private
 * link: AUTH_LINK. */
struct measure profile_measure(const struct profile_call *c, const struct profile_value *v);

/* It was measured when the device's wall clock said that: sets the time, its source and, where it
 * cannot be relied on, FLAG_AMBIGUOUS_TIME. */
void profile_stamp(const struct profile_call *c, struct reading *like, int64_t wall_us);
/* The same with the Date Time field that comes next. Returns whether the device knew the time. */
bool profile_stamp_read(const struct profile_call *c, struct reading *like, struct cursor *cur);

/* The key of a measurement by its bytes. Without a time stamp in them, equal bytes within ten
 * minutes of the first are the same measurement. */
uint64_t profile_key(const struct profile_call *c, const struct profile_value *v, bool stamped);

/* What a decoder returns at its end: whether the cursor came out even, and whether all had room. */
int profile_done(const struct profile_call *c, const struct cursor *cur);

/* Asks for a write or for another read; false when the call has too many already. */
bool profile_write(
	const struct profile_call *c, uint16_t characteristic, const void *bytes, size_t length);
bool profile_read_again(const struct profile_call *c, uint16_t characteristic);
