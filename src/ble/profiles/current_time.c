/*
 * Current Time 0x1805 (CTS 1.1), the device as the server: how far its clock is
 * from ours, and, where it lets us and the configuration wants it, our time
 * written to it and read back. Serving the time to devices that ask is the
 * GATT server's, with datetime_write_current().
 */
#include "ble/profiles/profiles.h"

#include "codec/datetime.h"
#include "util/cleanup.h"

#define CURRENT_TIME 0x2a2b

/* Adjusted by hand or by an outside reference, CTS 3.1.1: we are the latter. */
#define REASON_REFERENCE 0x02
/* Closer than this it is right: a radio's round trip may take a second. */
#define RIGHT_US INT64_C(2000000)

struct cts_state {
	bool written;
	bool reading_back;
	bool had_former;
	int64_t former_us;
};

static const struct profile_characteristic cts_characteristics[] = {
	{ CURRENT_TIME, PROFILE_USE_READ | PROFILE_USE_WRITE },
};

/* Where the device's clock ought to be, less UTC. */
static int64_t wanted_offset(const struct profile_device *d)
{
	return d->quirks & QUIRK_CLOCK_IS_UTC ? 0 : d->zone_offset_us;
}

static bool right(const struct profile_device *d, int64_t offset_us)
{
	int64_t off = offset_us - wanted_offset(d);

	return off >= -RIGHT_US && off <= RIGHT_US;
}

static void set_clock(const struct profile_call *c)
{
	struct cts_state *s = c->state;
	uint8_t bytes[CURRENT_TIME_SIZE];

	if (!c->device->set_clock || s->written)
		return;
	datetime_write_current(bytes, c->now.utc_us + wanted_offset(c->device), REASON_REFERENCE);
	s->written = profile_write(c, CURRENT_TIME, bytes, sizeof(bytes));
}

static void read_back(const struct profile_call *c, bool known, int64_t offset_us)
{
	struct device_clock *k = &c->device->clock;
	struct cts_state *s = c->state;

	s->reading_back = false;
	c->out->note = known && right(c->device, offset_us) ? PROFILE_NOTE_CLOCK_SET
							    : PROFILE_NOTE_CLOCK_NOT_TAKEN;
	if (!known)
		return;
	k->set = s->had_former;
	k->former_us = s->former_us;
	k->set_at_utc_us = c->now.utc_us;
	k->known = true;
	k->offset_us = offset_us;
}

static int cts_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct device_clock *k = &c->device->clock;
	struct cts_state *s = c->state;
	int64_t wall_us = 0, offset_us;
	uint8_t reason;
	int r;

	if (v->characteristic != CURRENT_TIME)
		return PROFILE_E_UNKNOWN;
	r = datetime_read_current(&cur, &wall_us, &reason);
	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	offset_us = wall_us - c->now.utc_us;
	if (s->reading_back) {
		read_back(c, r == 0, offset_us);
		return 0;
	}
	if (r == 0) {
		k->known = true;
		k->offset_us = offset_us;
	}
	if (r != 0 || !right(c->device, offset_us))
		set_clock(c);
	return 0;
}

static int cts_wrote(const struct profile_call *c, uint16_t characteristic, uint8_t att_error)
{
	struct device_clock *k = &c->device->clock;
	struct cts_state *s = c->state;

	if (characteristic != CURRENT_TIME)
		return PROFILE_E_UNKNOWN;
	if (att_error != 0) {
		c->out->note = PROFILE_NOTE_CLOCK_NOT_TAKEN;
		return 0;
	}
	/* That a write was answered does not say that the clock was set: nothing is known of it
	 * until it was read back. */
	s->had_former = k->known;
	s->former_us = k->offset_us;
	k->known = false;
	s->reading_back = profile_read_again(c, CURRENT_TIME);
	return 0;
}

const struct ble_profile profile_current_time = {
	.name = "current-time",
	.service = 0x1805,
	.manner = PROFILE_PASSING,
	.characteristics = cts_characteristics,
	.characteristic_count = ARRAY_SIZE(cts_characteristics),
	.state_size = sizeof(struct cts_state),
	.heard = cts_heard,
	.wrote = cts_wrote,
};
