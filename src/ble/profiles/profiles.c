/*
 * The rows of the profiles, and their common parts. See profiles.h.
 */
#include "ble/profiles/profiles.h"

#include <string.h>

#include "codec/datetime.h"
#include "util/cleanup.h"
#include "util/hash.h"

#define SECOND_US INT64_C(1000000)
/* A stamp later than now by more than this was not of a clock that agrees with ours. */
#define FUTURE_US (60 * SECOND_US)
/* What says that it is older than this is of a clock that lost its date rather than of a memory. */
#define PAST_US (366 * 24 * 3600 * SECOND_US)
/* Between setting a clock and reading it back. */
#define SETTING_US (5 * SECOND_US)
#define REPEAT_US (600 * SECOND_US)

static const struct ble_profile *const profiles[_PROFILE_MAX] = {
#define PROFILE(id) &profile_##id,
#include "ble/profiles/profiles.def"
#undef PROFILE
};

const struct ble_profile *profile_row(unsigned id)
{
	return id < _PROFILE_MAX ? profiles[id] : NULL;
}

const char *profile_note_text(enum profile_note n)
{
	static const char *const texts[_PROFILE_NOTE_MAX] = {
		[PROFILE_NOTE_NONE] = "",
		[PROFILE_NOTE_MISSING] = "a characteristic that is needed is not there",
		[PROFILE_NOTE_REFUSED] = "a characteristic that is needed was refused",
		[PROFILE_NOTE_STORED_DONE] = "its stored records were read",
		[PROFILE_NOTE_STORED_DELETED] = "its stored records were deleted",
		[PROFILE_NOTE_STORED_KEPT] = "its stored records stay: not all of them are safe",
		[PROFILE_NOTE_STORED_REFUSED] = "it does not offer to report its records like that",
		[PROFILE_NOTE_STORED_FAILED] = "it could not report its records",
		[PROFILE_NOTE_STORED_ABORTED] = "reporting its records was aborted",
		[PROFILE_NOTE_STORED_BUSY] = "another one reads its records",
		[PROFILE_NOTE_STORED_TIMEOUT] = "it fell silent while it reported its records",
		[PROFILE_NOTE_CLOCK_SET] = "its clock was put right",
		[PROFILE_NOTE_CLOCK_NOT_TAKEN] = "its clock did not take the time",
		[PROFILE_NOTE_NEW_SESSION] = "a sensor session began",
	};

	return (unsigned)n < _PROFILE_NOTE_MAX ? texts[n] : "";
}

struct measure profile_measure(const struct profile_call *c, const struct profile_value *v)
{
	return (struct measure){ .out = c->out->readings,
		.like = { .instance = v->instance, .auth = AUTH_LINK } };
}

/* ---- time ---- */

static int64_t between(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* Of a clock that was set within this connection: a stamp is of before or of after. */
static int64_t stamp_around_setting(const struct device_clock *k, const struct decode_time *now,
	int64_t wall_us, bool *ret_ambiguous)
{
	int64_t before = wall_us - k->former_us, after = wall_us - k->offset_us;
	bool may_be_before = before <= k->set_at_utc_us + SETTING_US;
	bool may_be_after = after >= k->set_at_utc_us - SETTING_US;

	*ret_ambiguous = may_be_before == may_be_after && between(before, after) > SETTING_US;
	if (may_be_before && may_be_after)
		return between(after, now->utc_us) <= FUTURE_US ? after : before;
	return may_be_after ? after : before;
}

void profile_stamp(const struct profile_call *c, struct reading *like, int64_t wall_us)
{
	const struct profile_device *d = c->device;
	bool ambiguous = false;
	int64_t utc_us;

	like->device_time_us = wall_us;
	if (d->quirks & QUIRK_NO_CLOCK) {
		like->flags |= FLAG_AMBIGUOUS_TIME;
		return;
	}
	if (d->clock.known && d->clock.set)
		utc_us = stamp_around_setting(&d->clock, &c->now, wall_us, &ambiguous);
	else if (d->clock.known)
		utc_us = wall_us - d->clock.offset_us;
	else if (d->quirks & QUIRK_CLOCK_IS_UTC || !d->zone)
		utc_us = wall_us;
	else
		utc_us = d->zone(wall_us, &ambiguous);
	if (utc_us > c->now.utc_us + FUTURE_US || utc_us < c->now.utc_us - PAST_US) {
		/* device_time says what it said; the gateway's clock says when it came */
		like->flags |= FLAG_AMBIGUOUS_TIME;
		return;
	}
	like->time_us = utc_us;
	like->time_source = d->clock.known ? TIME_DEVICE_CORRECTED : TIME_DEVICE;
	if (ambiguous)
		like->flags |= FLAG_AMBIGUOUS_TIME;
}

bool profile_stamp_read(const struct profile_call *c, struct reading *like, struct cursor *cur)
{
	int64_t wall_us;

	if (datetime_read(cur, &wall_us) == 0) {
		profile_stamp(c, like, wall_us);
		return true;
	}
	like->flags |= FLAG_AMBIGUOUS_TIME;
	return false;
}

/* ---- keys ---- */

uint64_t profile_key(const struct profile_call *c, const struct profile_value *v, bool stamped)
{
	struct profile_device *d = c->device;
	struct heard *oldest = &d->repeats[0];
	uint64_t hash = measure_key(v->bytes, v->length, v->characteristic, v->instance);

	if (stamped)
		return hash;
	for (size_t i = 0; i < PROFILE_REPEATS_MAX; i++) {
		struct heard *h = &d->repeats[i];

		if (h->hash == hash && c->now.boot_us - h->boot_us <= REPEAT_US)
			return measure_key(NULL, 0, hash, (uint64_t)h->utc_us);
		if (h->boot_us < oldest->boot_us)
			oldest = h;
	}
	*oldest = (struct heard){ hash, c->now.boot_us, c->now.utc_us };
	return measure_key(NULL, 0, hash, (uint64_t)c->now.utc_us);
}

/* ---- results ---- */

int profile_done(const struct profile_call *c, const struct cursor *cur)
{
	if (cursor_done(cur) < 0) {
		c->out->readings->count = 0;
		return PROFILE_E_MALFORMED;
	}
	return c->out->readings->overflow ? PROFILE_E_OVERFLOW : 0;
}

static struct profile_request *next_request(const struct profile_call *c)
{
	struct profile_result *out = c->out;

	if (out->request_count == PROFILE_REQUESTS_MAX)
		return NULL;
	out->requests[out->request_count] = (struct profile_request){ 0 };
	return &out->requests[out->request_count++];
}

bool profile_write(
	const struct profile_call *c, uint16_t characteristic, const void *bytes, size_t length)
{
	struct profile_request *r = length <= PROFILE_WRITE_MAX ? next_request(c) : NULL;

	if (!r)
		return false;
	r->kind = PROFILE_WRITE;
	r->characteristic = characteristic;
	r->length = (uint8_t)length;
	memcpy(r->bytes, bytes, length);
	return true;
}

bool profile_read_again(const struct profile_call *c, uint16_t characteristic)
{
	struct profile_request *r = next_request(c);

	if (!r)
		return false;
	r->kind = PROFILE_READ_AGAIN;
	r->characteristic = characteristic;
	return true;
}
