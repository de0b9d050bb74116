/*
 * Continuous Glucose Monitoring 0x181F (CGMS 1.0.2): live values and those that
 * were missed, which are asked for by their time offset within the sensor's
 * session. Values and control characteristics may carry an E2E-CRC. Which of the
 * three status octets a flag announces is disputed between the specification and
 * two makers: where it matters and no quirk decides, the worse reading of them
 * counts and says so.
 */
#include "ble/profiles/glucose_type.h"
#include "ble/profiles/racp.h"

#include "codec/crc16.h"
#include "codec/datetime.h"
#include "util/cleanup.h"

#define MEASUREMENT 0x2aa7
#define FEATURE 0x2aa8
#define STATUS 0x2aa9
#define SESSION_START 0x2aaa

#define FEATURE_CRC 0x001000

#define FLAG_TREND 0x01
#define FLAG_QUALITY 0x02
#define FLAG_OCTET_5 0x20
#define FLAG_OCTET_6 0x40
#define FLAG_OCTET_7 0x80
#define FLAG_OCTETS 0xe0

#define STATUS_STOPPED 0x000001

#define RECORD_MIN 6
#define MINUTE_US INT64_C(60000000)
#define QUARTER_US (15 * MINUTE_US)
#define APART_US (10 * MINUTE_US)
#define AGES_APART_MIN 5 /* of one session: two clocks over two weeks */
#define OLDEST_US (366 * 1440 * MINUTE_US)
#define ZONE_UNKNOWN (-128)
#define DST_UNKNOWN 255

struct cgm_state {
	struct racp racp;
	bool crc;       /* values end with one */
	bool has_start; /* the session's start is known, in UTC or as a wall clock */
	bool has_zone;  /* session_us is UTC; else it is the device's wall clock */
	bool asked_all;
	int64_t session_us;
	int64_t session_wall_us;
	uint64_t session; /* its fingerprint; 0: it is not known which one it is */
	uint16_t sample, site;
};

static_assert(sizeof(struct cgm_state) <= PROFILE_STATE_MAX, "PROFILE_STATE_MAX");

static const struct profile_characteristic cgm_characteristics[] = {
	{ FEATURE, PROFILE_USE_READ | PROFILE_USE_NEEDED },
	{ STATUS, PROFILE_USE_READ },
	{ SESSION_START, PROFILE_USE_READ },
	{ MEASUREMENT, PROFILE_USE_SUBSCRIBE | PROFILE_USE_NEEDED },
	{ RACP_CHARACTERISTIC, PROFILE_USE_SUBSCRIBE | PROFILE_USE_WRITE },
};

/* CGMS 3.1.1.5: status from bit 0, calibration and temperature from 8, warnings from 16. Warnings
 * of a patient's or a therapist's limits say nothing of the value's quality. */
static const struct quality_bit cgm_status[] = {
	{ STATUS_STOPPED, { VALIDITY_NOT_MEASURED, WORD_SESSION_STOPPED, 0 } },
	{ 0x000002, { VALIDITY_VALID, WORD_LOW_BATTERY, 0 } },
	{ 0x000004, { VALIDITY_INVALID, WORD_WRONG_SENSOR, 0 } },
	{ 0x000008, { VALIDITY_INVALID, WORD_MALFUNCTION, 0 } },
	{ 0x000020, { VALIDITY_INVALID, WORD_MALFUNCTION, 0 } },
	{ 0x000100, { VALIDITY_VALID, WORD_NONE, FLAG_AMBIGUOUS_TIME } },
	{ 0x000800, { VALIDITY_QUESTIONABLE, WORD_UNCALIBRATED, 0 } },
	{ 0x001000, { VALIDITY_INVALID, WORD_TOO_HOT, 0 } },
	{ 0x002000, { VALIDITY_INVALID, WORD_TOO_COLD, 0 } },
	{ 0x400000, { VALIDITY_BELOW_RANGE, WORD_OUT_OF_RANGE, 0 } },
	{ 0x800000, { VALIDITY_ABOVE_RANGE, WORD_OUT_OF_RANGE, 0 } },
};

/* few mmol */
static const struct conversion cgm_trend = {
	.raw_unit = WORD_UNIT_MG_PER_DL_MIN, .places = 3, .num = 10000, .den = 180156
};

/* Whether the last two bytes are the CRC of those before. */
static bool crc_right(const uint8_t *bytes, size_t n)
{
	return n > 2 && (bytes[n - 2] | bytes[n - 1] << 8) == crc16_mcrf4xx(bytes, n - 2);
}

static int heard_feature(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct cgm_state *s = c->state;
	uint32_t features = cursor_le24(&cur);
	uint8_t type_location = cursor_u8(&cur);
	uint16_t crc = cursor_le16(&cur);

	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	/* always there; 0xffff where CRCs are not in use */
	if (features & FEATURE_CRC && crc != crc16_mcrf4xx(v->bytes, v->length - 2))
		return PROFILE_E_CHECKSUM;
	s->crc = features & FEATURE_CRC;
	s->sample = (uint16_t)glucose_sample(type_location & 0x0f);
	s->site = (uint16_t)glucose_site(type_location >> 4);
	return 0;
}

/* The bytes without the CRC, or one of PROFILE_E_*. */
static int check(const struct profile_call *c, const struct profile_value *v, struct cursor *ret)
{
	const struct cgm_state *s = c->state;
	size_t n = v->length;

	if (s->crc) {
		if (n < 3)
			return PROFILE_E_MALFORMED;
		if (!crc_right(v->bytes, n))
			return PROFILE_E_CHECKSUM;
		n -= 2;
	}
	*ret = cursor_init(v->bytes, n);
	return 0;
}

/* A session whose start the device does not know, since nobody has told it the time, goes by its
 * age: what that came to for the first time names it, as long as it comes to about the same. */
static uint64_t session_of_age(const struct profile_call *c, uint16_t age_min)
{
	const struct profile_memory *memory = &c->device->memory[c->id];
	uint64_t began_min = (uint64_t)(c->now.utc_us / MINUTE_US) - age_min;
	bool same = memory->known && memory->fingerprint + AGES_APART_MIN >= began_min &&
		    memory->fingerprint <= began_min + AGES_APART_MIN;

	return same ? memory->fingerprint : began_min;
}

static int heard_status(const struct profile_call *c, const struct profile_value *v)
{
	struct cgm_state *s = c->state;
	struct measure m = profile_measure(c, v);
	uint16_t age_min;
	struct cursor cur;
	uint32_t status;
	int r = check(c, v, &cur);

	if (r != 0)
		return r;
	age_min = cursor_le16(&cur);
	status = cursor_le24(&cur);
	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	if (!(status & STATUS_STOPPED)) /* its age may have stopped as well */
		s->session = session_of_age(c, age_min);
	/* A sensor that has stopped sends nothing more: what it says now is all that is heard. */
	m.quality = quality_of_bits(cgm_status, ARRAY_SIZE(cgm_status), status & 0x00ffff);
	m.like.sample = s->sample;
	m.like.site = s->site;
	if (m.quality.validity == VALIDITY_NOT_MEASURED || m.quality.validity == VALIDITY_INVALID)
		measure_none(&m, METRIC_GLUCOSE, VALIDITY_NOT_MEASURED, WORD_NONE);
	return 0;
}

/* Date and time, zone in quarters of an hour, daylight saving in quarters, CRC. */
static int heard_session(const struct profile_call *c, const struct profile_value *v)
{
	struct cgm_state *s = c->state;
	int64_t wall_us = 0;
	struct cursor cur;
	int r = check(c, v, &cur), known;
	int8_t zone;
	uint8_t saving;

	if (r != 0)
		return r;
	known = datetime_read(&cur, &wall_us);
	zone = (int8_t)cursor_u8(&cur);
	saving = cursor_u8(&cur);
	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	s->has_start = known == 0;
	if (!s->has_start)
		return 0;
	s->session_wall_us = wall_us;
	s->has_zone = zone != ZONE_UNKNOWN;
	s->session_us = wall_us;
	if (s->has_zone)
		s->session_us -= (zone + (saving == DST_UNKNOWN ? 0 : saving)) * QUARTER_US;
	s->session = measure_key(v->bytes, DATETIME_SIZE, SESSION_START, 0);
	return 0;
}

/* ---- a record ---- */

static uint32_t take_octet(struct cursor *cur, uint8_t flags, uint8_t flag)
{
	return flags & flag ? cursor_u8(cur) : 0;
}

static struct quality judge(uint32_t status)
{
	return quality_of_bits(cgm_status, ARRAY_SIZE(cgm_status), status);
}

/* With all three octets both orders are the same, and with the middle one alone too. */
static struct quality quality_of_octets(
	const struct profile_call *c, uint8_t flags, struct cursor *cur)
{
	uint8_t first = flags & FLAG_OCTET_7, last = flags & FLAG_OCTET_5;
	struct cursor again = *cur;
	struct quality as_specified, status_first, worse;
	uint32_t status;

	/* flag 7: status; flag 5: warnings */
	status = take_octet(cur, flags, FLAG_OCTET_7);
	status |= take_octet(cur, flags, FLAG_OCTET_6) << 8;
	status |= take_octet(cur, flags, FLAG_OCTET_5) << 16;
	as_specified = judge(status);
	if (!first == !last || c->device->quirks & QUIRK_CGM_STATUS_LAST)
		return as_specified;
	/* flag 5: status; flag 7: warnings */
	status = take_octet(&again, flags, FLAG_OCTET_5);
	status |= take_octet(&again, flags, FLAG_OCTET_6) << 8;
	status |= take_octet(&again, flags, FLAG_OCTET_7) << 16;
	status_first = judge(status);
	if (c->device->quirks & QUIRK_CGM_STATUS_FIRST)
		return status_first;
	worse = quality_worse(as_specified, status_first);
	if (as_specified.validity == status_first.validity &&
		as_specified.reason == status_first.reason)
		return worse;
	/* a bound may as well be a plain value, and a stop a patient's limit */
	return (struct quality){ VALIDITY_QUESTIONABLE, WORD_AMBIGUOUS_STATUS, worse.flags };
}

static void stamp_record(
	const struct profile_call *c, struct measure *m, uint16_t offset_min, bool live)
{
	const struct cgm_state *s = c->state;
	int64_t since_us = offset_min * MINUTE_US, ahead_us;

	if (s->session != 0)
		m->key = measure_key(NULL, 0, s->session, offset_min);
	if (!s->has_start) {
		m->like.flags |= FLAG_AMBIGUOUS_TIME;
		return;
	}
	if (!s->has_zone) {
		profile_stamp(c, &m->like, s->session_wall_us + since_us);
		return;
	}
	m->like.device_time_us = s->session_wall_us + since_us;
	m->like.time_us = s->session_us + since_us;
	m->like.time_source = TIME_DEVICE;
	ahead_us = m->like.time_us - c->now.utc_us;
	/* What comes by itself is of now, whatever the sensor thinks that its session began. */
	if (ahead_us > APART_US || ahead_us < -(live ? APART_US : OLDEST_US)) {
		m->like.time_us = 0;
		m->like.time_source = TIME_GATEWAY;
		m->like.flags |= FLAG_AMBIGUOUS_TIME;
	}
}

static int read_one(
	const struct profile_call *c, const struct profile_value *v, const uint8_t *bytes, size_t n)
{
	struct cgm_state *s = c->state;
	struct measure m = profile_measure(c, v);
	struct cursor cur = cursor_init(bytes, s->crc ? n - 2 : n);
	bool live = s->racp.doing != RACP_REPORTING;
	uint16_t concentration, offset_min, trend = 0, quality = 0;
	uint8_t flags;

	if (s->crc && !crc_right(bytes, n))
		return PROFILE_E_CHECKSUM;
	cursor_skip(&cur, 1);
	flags = cursor_u8(&cur);
	concentration = cursor_le16(&cur);
	offset_min = cursor_le16(&cur);
	m.quality = quality_of_octets(c, flags, &cur);
	if (flags & FLAG_TREND)
		trend = cursor_le16(&cur);
	if (flags & FLAG_QUALITY)
		quality = cursor_le16(&cur);
	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	stamp_record(c, &m, offset_min, live);
	m.like.flags |= live ? 0 : FLAG_STORED;
	m.like.sample = s->sample;
	m.like.site = s->site;
	m.like.group_index = (uint8_t)(1 + c->out->readings->count % UINT8_MAX);
	racp_record(c, &s->racp, offset_min);
	measure_sfloat(&m, METRIC_GLUCOSE, concentration, &convert_mg_per_dl_to_mmol);
	if (flags & FLAG_TREND)
		measure_sfloat(&m, METRIC_GLUCOSE_TREND, trend, &cgm_trend);
	if (flags & FLAG_QUALITY) {
		m.quality = (struct quality){ VALIDITY_VALID, WORD_NONE, 0 };
		measure_sfloat(&m, METRIC_GLUCOSE_QUALITY, quality, NULL);
	}
	return 0;
}

/* Records follow one another, each behind its own length. What is whole counts, also before
 * something that is not. */
static int heard_measurement(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct cgm_state *s = c->state;
	size_t least = RECORD_MIN + (s->crc ? 2 : 0);
	uint32_t before = s->racp.pending;
	int worst = 0;

	do {
		size_t n = cursor_remaining(&cur) > 0 ? *cur.at : 0;
		const uint8_t *bytes = cursor_bytes(&cur, n >= least ? n : SIZE_MAX);
		int r = bytes ? read_one(c, v, bytes, n) : PROFILE_E_MALFORMED;

		if (r != 0) {
			racp_unreadable(c, &s->racp);
			worst = r;
		}
	} while (cursor_remaining(&cur) > 0);
	/* one submission, one answer: its records are safe together */
	if (s->racp.pending > before)
		s->racp.pending = before + 1;
	if (c->out->readings->overflow)
		return PROFILE_E_OVERFLOW;
	return worst;
}

/* ---- what was missed ---- */

static int cgm_ready(const struct profile_call *c)
{
	struct profile_memory *memory = &c->device->memory[c->id];
	struct cgm_state *s = c->state;
	bool same = s->session != 0 && memory->known && memory->fingerprint == s->session;

	if (s->session != 0 && !same) {
		c->out->note = PROFILE_NOTE_NEW_SESSION;
		*memory = (struct profile_memory){ .known = true, .fingerprint = s->session };
		c->out->memory_changed = true;
	}
	if (same && memory->mark < UINT16_MAX && !(c->device->quirks & QUIRK_RACP_ALL_ONLY) &&
		!c->device->delete_stored) {
		racp_report_from(c, &s->racp, (uint16_t)(memory->mark + 1));
	} else {
		s->asked_all = true;
		racp_report_all(c, &s->racp);
	}
	return 0;
}

static void all_safe(const struct profile_call *c)
{
	struct profile_memory *memory = &c->device->memory[c->id];
	struct cgm_state *s = c->state;

	if (s->session == 0 || !s->racp.any)
		return;
	if (memory->mark < s->racp.last) {
		memory->mark = s->racp.last;
		c->out->memory_changed = true;
	}
	if (c->device->delete_stored && s->racp.doing == RACP_IDLE && s->asked_all) {
		s->asked_all = false; /* once a connection */
		racp_delete_to(c, &s->racp, (uint16_t)memory->mark);
	}
}

static int cgm_event(const struct profile_call *c, enum racp_event e)
{
	struct cgm_state *s = c->state;

	if (e == RACP_REFUSED && !s->asked_all) {
		s->asked_all = true;
		racp_report_all(c, &s->racp);
		return 0;
	}
	if (e == RACP_REPORTED && racp_all_safe(&s->racp))
		all_safe(c);
	return racp_told(c, e); /* whatever it was, live values go on */
}

static int cgm_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cgm_state *s = c->state;
	uint16_t count;

	switch (v->characteristic) {
	case FEATURE:
		return heard_feature(c, v);
	case STATUS:
		return heard_status(c, v);
	case SESSION_START:
		return heard_session(c, v);
	case MEASUREMENT:
		return heard_measurement(c, v);
	case RACP_CHARACTERISTIC:
		return cgm_event(c, racp_heard(c, &s->racp, v, &count));
	default:
		return PROFILE_E_UNKNOWN;
	}
}

static int cgm_wrote(const struct profile_call *c, uint16_t characteristic, uint8_t att_error)
{
	struct cgm_state *s = c->state;

	return cgm_event(c, racp_wrote(c, &s->racp, att_error));
}

static int cgm_safe(const struct profile_call *c, uint32_t cookie, bool is_safe)
{
	struct cgm_state *s = c->state;

	if (racp_safe(&s->racp, is_safe))
		all_safe(c);
	else if (!is_safe && s->racp.complete)
		c->out->note = PROFILE_NOTE_STORED_KEPT;
	return 0;
}

static int cgm_tick(const struct profile_call *c)
{
	struct cgm_state *s = c->state;

	return cgm_event(c, racp_tick(c, &s->racp));
}

const struct ble_profile profile_cgm = {
	.name = "cgm",
	.service = 0x181f,
	.manner = PROFILE_STREAM,
	.characteristics = cgm_characteristics,
	.characteristic_count = ARRAY_SIZE(cgm_characteristics),
	.state_size = sizeof(struct cgm_state),
	.ready = cgm_ready,
	.heard = cgm_heard,
	.wrote = cgm_wrote,
	.safe = cgm_safe,
	.tick = cgm_tick,
};
