/*
 * Pulse Oximeter 0x1822 (PLXS 1.0): spot checks, which the device indicates and
 * may store, and continuous values. The two characteristics have different flag
 * bits. Demonstration and test data carry their flag to every output.
 */
#include "ble/profiles/racp.h"

#include "codec/datetime.h"
#include "util/cleanup.h"

#define SPOT_CHECK 0x2a5e
#define CONTINUOUS 0x2a5f
#define FEATURES 0x2a60

#define SUPPORTS_STORAGE 0x0004

#define SPOT_TIME 0x01
#define SPOT_MEASUREMENT_STATUS 0x02
#define SPOT_SENSOR_STATUS 0x04
#define SPOT_AMPLITUDE 0x08
#define SPOT_CLOCK_NOT_SET 0x10

#define CONTINUOUS_FAST 0x01
#define CONTINUOUS_SLOW 0x02
#define CONTINUOUS_MEASUREMENT_STATUS 0x04
#define CONTINUOUS_SENSOR_STATUS 0x08
#define CONTINUOUS_AMPLITUDE 0x10

/* Instances of the second and third pair of a continuous value. */
#define FAST 1
#define SLOW 2

struct plx_state {
	struct racp racp;
	bool stores;
	uint8_t rounds;
};

static const struct profile_characteristic plx_characteristics[] = {
	{ FEATURES, PROFILE_USE_READ },
	{ SPOT_CHECK, PROFILE_USE_SUBSCRIBE },
	{ CONTINUOUS, PROFILE_USE_SUBSCRIBE },
	{ RACP_CHARACTERISTIC, PROFILE_USE_SUBSCRIBE | PROFILE_USE_WRITE },
};

/* PLXS 3.1.1.4; bits 5, 7 and 8 (ongoing, validated, fully qualified) say that it is a plain one */
static const struct quality_bit measurement_status[] = {
	{ 1 << 6, { VALIDITY_VALID, WORD_NONE, FLAG_EARLY_ESTIMATE } },
	{ 1 << 9, { VALIDITY_VALID, WORD_NONE, FLAG_STORED } },
	{ 1 << 10, { VALIDITY_VALID, WORD_NONE, FLAG_DEMO } },
	{ 1 << 11, { VALIDITY_VALID, WORD_NONE, FLAG_TEST } },
	{ 1 << 12, { VALIDITY_CALIBRATING, WORD_NONE, 0 } },
	{ 1 << 13, { VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE, 0 } },
	{ 1 << 14, { VALIDITY_QUESTIONABLE, WORD_NONE, 0 } },
	{ 1 << 15, { VALIDITY_INVALID, WORD_NONE, 0 } },
};

/* PLXS 3.1.1.5 */
static const struct quality_bit sensor_status[] = {
	{ 1 << 0, { VALIDITY_QUESTIONABLE, WORD_HELD, 0 } },
	{ 1 << 1, { VALIDITY_INVALID, WORD_MALFUNCTION, 0 } },
	{ 1 << 2, { VALIDITY_QUESTIONABLE, WORD_ERRATIC, 0 } },
	{ 1 << 3, { VALIDITY_INVALID, WORD_WEAK_SIGNAL, 0 } },
	{ 1 << 4, { VALIDITY_QUESTIONABLE, WORD_WEAK_SIGNAL, 0 } },
	{ 1 << 5, { VALIDITY_QUESTIONABLE, WORD_LOW_PERFUSION, 0 } },
	{ 1 << 6, { VALIDITY_QUESTIONABLE, WORD_ERRATIC, FLAG_ARTEFACT } },
	{ 1 << 7, { VALIDITY_INVALID, WORD_NON_PULSATILE, 0 } },
	{ 1 << 8, { VALIDITY_QUESTIONABLE, WORD_QUESTIONABLE_PULSE, 0 } },
	{ 1 << 9, { VALIDITY_QUESTIONABLE, WORD_WARMING_UP, 0 } },
	{ 1 << 10, { VALIDITY_QUESTIONABLE, WORD_INTERFERENCE, FLAG_ARTEFACT } },
	{ 1 << 11, { VALIDITY_SENSOR_OFF, WORD_NO_CONTACT, 0 } },
	{ 1 << 12, { VALIDITY_QUESTIONABLE, WORD_UNKNOWN_SENSOR, 0 } },
	{ 1 << 13, { VALIDITY_SENSOR_OFF, WORD_DISPLACED, 0 } },
	{ 1 << 14, { VALIDITY_INVALID, WORD_MALFUNCTION, 0 } },
	{ 1 << 15, { VALIDITY_SENSOR_OFF, WORD_DISCONNECTED, 0 } },
};

static int heard_features(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct plx_state *s = c->state;
	uint16_t supports = cursor_le16(&cur);

	if (cur.failed)
		return PROFILE_E_MALFORMED;
	s->stores = supports & SUPPORTS_STORAGE;
	return 0;
}

static void take_status(struct cursor *cur, struct measure *m, bool measurement, bool sensor)
{
	if (measurement)
		m->quality = quality_worse(
			m->quality, quality_of_bits(measurement_status,
					    ARRAY_SIZE(measurement_status), cursor_le16(cur)));
	if (sensor)
		m->quality = quality_worse(
			m->quality, quality_of_bits(sensor_status, ARRAY_SIZE(sensor_status),
					    cursor_le24(cur)));
}

struct pair {
	uint16_t saturation, rate;
};

static struct pair take_pair(struct cursor *cur)
{
	struct pair p = { .saturation = cursor_le16(cur) };

	p.rate = cursor_le16(cur);
	return p;
}

static void add_pair(const struct measure *m, struct pair p)
{
	measure_sfloat(m, METRIC_SPO2, p.saturation, NULL);
	measure_sfloat(m, METRIC_PULSE_RATE, p.rate, NULL);
}

static int heard_spot(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	struct plx_state *s = c->state;
	uint16_t amplitude = 0;
	bool stamped = false;
	uint8_t flags;
	struct pair p;

	flags = cursor_u8(&cur);
	p = take_pair(&cur);
	if (flags & SPOT_TIME && flags & SPOT_CLOCK_NOT_SET) {
		int64_t wall_us;

		/* it counts from anywhere; its stamps still tell records apart */
		stamped = datetime_read(&cur, &wall_us) == 0;
		m.like.flags |= FLAG_AMBIGUOUS_TIME;
	} else if (flags & SPOT_TIME) {
		stamped = profile_stamp_read(c, &m.like, &cur);
	}
	take_status(&cur, &m, flags & SPOT_MEASUREMENT_STATUS, flags & SPOT_SENSOR_STATUS);
	if (flags & SPOT_AMPLITUDE)
		amplitude = cursor_le16(&cur);
	if (cursor_done(&cur) < 0) {
		racp_unreadable(c, &s->racp);
		return PROFILE_E_MALFORMED;
	}
	m.like.flags |= FLAG_EPISODIC;
	if (s->racp.doing == RACP_REPORTING)
		m.like.flags |= FLAG_STORED;
	m.like.method = WORD_OXIMETRY;
	m.like.group_index = 1;
	m.key = profile_key(c, v, stamped);
	racp_record(c, &s->racp, 0);
	add_pair(&m, p);
	if (flags & SPOT_AMPLITUDE)
		measure_sfloat(&m, METRIC_PERFUSION_INDEX, amplitude, NULL);
	return 0;
}

static int heard_continuous(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	uint8_t flags = cursor_u8(&cur);
	struct pair normal = take_pair(&cur), fast = { 0 }, slow = { 0 };
	uint16_t amplitude = 0;

	if (flags & CONTINUOUS_FAST)
		fast = take_pair(&cur);
	if (flags & CONTINUOUS_SLOW)
		slow = take_pair(&cur);
	take_status(
		&cur, &m, flags & CONTINUOUS_MEASUREMENT_STATUS, flags & CONTINUOUS_SENSOR_STATUS);
	if (flags & CONTINUOUS_AMPLITUDE)
		amplitude = cursor_le16(&cur);
	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	m.like.method = WORD_OXIMETRY;
	m.like.group_index = 1;
	add_pair(&m, normal);
	if (flags & CONTINUOUS_AMPLITUDE)
		measure_sfloat(&m, METRIC_PERFUSION_INDEX, amplitude, NULL);
	if (flags & CONTINUOUS_FAST) {
		m.like.instance = FAST;
		add_pair(&m, fast);
	}
	if (flags & CONTINUOUS_SLOW) {
		m.like.instance = SLOW;
		add_pair(&m, slow);
	}
	return 0;
}

/* ---- stored spot checks: the service knows "all" only ---- */

#define ROUNDS_MAX 3 /* of reading them again because more have come meanwhile */

static int plx_ready(const struct profile_call *c)
{
	struct plx_state *s = c->state;

	if (s->stores)
		racp_report_all(c, &s->racp);
	return 0;
}

/* All that was reported is safe: deleted only if the device has not one more by now. */
static void all_safe(const struct profile_call *c)
{
	struct plx_state *s = c->state;

	if (c->device->delete_stored && s->racp.received > 0 && s->racp.doing == RACP_IDLE)
		racp_count(c, &s->racp);
}

static int plx_counted(const struct profile_call *c, uint16_t count)
{
	struct plx_state *s = c->state;

	if (count == s->racp.received && racp_all_safe(&s->racp))
		racp_delete_all(c, &s->racp);
	else if (count > 0 && s->rounds++ < ROUNDS_MAX)
		racp_report_all(c, &s->racp);
	else
		c->out->note = PROFILE_NOTE_STORED_KEPT;
	return 0;
}

static int plx_event(const struct profile_call *c, enum racp_event e, uint16_t count)
{
	struct plx_state *s = c->state;

	if (e == RACP_COUNTED)
		return plx_counted(c, count);
	if (e == RACP_REPORTED && racp_all_safe(&s->racp))
		all_safe(c);
	if (e == RACP_DELETED)
		s->racp.received = 0;
	return racp_told(c, e);
}

static int plx_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct plx_state *s = c->state;
	uint16_t count = 0;
	enum racp_event e;

	switch (v->characteristic) {
	case FEATURES:
		return heard_features(c, v);
	case SPOT_CHECK:
		return heard_spot(c, v);
	case CONTINUOUS:
		return heard_continuous(c, v);
	case RACP_CHARACTERISTIC:
		e = racp_heard(c, &s->racp, v, &count);
		return plx_event(c, e, count);
	default:
		return PROFILE_E_UNKNOWN;
	}
}

static int plx_wrote(const struct profile_call *c, uint16_t characteristic, uint8_t att_error)
{
	struct plx_state *s = c->state;

	return plx_event(c, racp_wrote(c, &s->racp, att_error), 0);
}

static int plx_safe(const struct profile_call *c, uint32_t cookie, bool is_safe)
{
	struct plx_state *s = c->state;

	if (racp_safe(&s->racp, is_safe))
		all_safe(c);
	return 0;
}

static int plx_tick(const struct profile_call *c)
{
	struct plx_state *s = c->state;

	return plx_event(c, racp_tick(c, &s->racp), 0);
}

const struct ble_profile profile_oximeter = {
	.name = "oximeter",
	.service = 0x1822,
	.manner = PROFILE_STREAM,
	.characteristics = plx_characteristics,
	.characteristic_count = ARRAY_SIZE(plx_characteristics),
	.state_size = sizeof(struct plx_state),
	.ready = plx_ready,
	.heard = plx_heard,
	.wrote = plx_wrote,
	.safe = plx_safe,
	.tick = plx_tick,
};
