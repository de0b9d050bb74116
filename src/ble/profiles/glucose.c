/*
 * Glucose 0x1808 (GLS 1.0) with context and stored records. Nothing arrives
 * until records are asked for. Asked for are those from the last safe one on; it
 * comes again first, and where it is another than the one remembered the meter
 * has begun anew and is asked for all. With DeleteStored= all are asked for, and
 * those up to the last are deleted once every one of them is safe.
 */
#include "ble/profiles/glucose_type.h"
#include "ble/profiles/racp.h"

#include "codec/datetime.h"
#include "util/cleanup.h"

#define MEASUREMENT 0x2a18
#define CONTEXT 0x2a34

#define FLAG_OFFSET 0x01
#define FLAG_CONCENTRATION 0x02
#define FLAG_MOLES 0x04
#define FLAG_STATUS 0x08

#define TYPE_CONTROL 10
#define LOCATION_CONTROL 4

#define MINUTE_US INT64_C(60000000)

struct glucose_state {
	struct racp racp;
	bool from_mark; /* the report begins at the last safe record */
	bool met;       /* and that one came, and is the one remembered */
	/* of the last measurement, for the context that follows it */
	bool has_last;
	uint8_t last_time_source;
	uint16_t last_sequence, last_flags, last_sample, last_site;
	int64_t last_time_us, last_device_time_us;
	uint64_t fingerprint; /* of the greatest record of this report */
};

static_assert(sizeof(struct glucose_state) <= PROFILE_STATE_MAX, "PROFILE_STATE_MAX");

static const struct profile_characteristic glucose_characteristics[] = {
	{ MEASUREMENT, PROFILE_USE_SUBSCRIBE | PROFILE_USE_NEEDED },
	{ CONTEXT, PROFILE_USE_SUBSCRIBE },
	{ RACP_CHARACTERISTIC, PROFILE_USE_SUBSCRIBE | PROFILE_USE_WRITE | PROFILE_USE_NEEDED },
};

/* GLS 3.1.1.8 */
static const struct quality_bit glucose_status[] = {
	{ 0x0001, { VALIDITY_VALID, WORD_LOW_BATTERY, 0 } },
	{ 0x0002, { VALIDITY_INVALID, WORD_MALFUNCTION, 0 } },
	{ 0x0004, { VALIDITY_INVALID, WORD_SAMPLE_ERROR, 0 } },
	{ 0x0008, { VALIDITY_INVALID, WORD_STRIP_ERROR, 0 } },
	{ 0x0010, { VALIDITY_INVALID, WORD_STRIP_ERROR, 0 } },
	{ 0x0020, { VALIDITY_ABOVE_RANGE, WORD_OUT_OF_RANGE, 0 } },
	{ 0x0040, { VALIDITY_BELOW_RANGE, WORD_OUT_OF_RANGE, 0 } },
	{ 0x0080, { VALIDITY_INVALID, WORD_TOO_HOT, 0 } },
	{ 0x0100, { VALIDITY_INVALID, WORD_TOO_COLD, 0 } },
	{ 0x0200, { VALIDITY_INVALID, WORD_SAMPLE_ERROR, 0 } },
	{ 0x0400, { VALIDITY_INVALID, WORD_MALFUNCTION, 0 } },
	{ 0x0800, { VALIDITY_VALID, WORD_NONE, FLAG_AMBIGUOUS_TIME } },
};

/* Which record it is: sequence numbers begin again after a reset, so the time belongs to it. */
static uint64_t fingerprint_of(uint16_t sequence, const uint8_t base_time[static DATETIME_SIZE])
{
	return measure_key(base_time, DATETIME_SIZE, MEASUREMENT, sequence);
}

struct glucose_record {
	uint8_t flags, type_location;
	uint16_t sequence, concentration, status;
	const uint8_t *base_time;
	int16_t offset_min;
};

static int read_record(const struct profile_value *v, struct glucose_record *ret)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct glucose_record g = { .flags = cursor_u8(&cur) };

	g.sequence = cursor_le16(&cur);
	g.base_time = cursor_bytes(&cur, DATETIME_SIZE);
	if (g.flags & FLAG_OFFSET)
		g.offset_min = (int16_t)cursor_le16(&cur);
	if (g.flags & FLAG_CONCENTRATION) {
		g.concentration = cursor_le16(&cur);
		g.type_location = cursor_u8(&cur);
	}
	if (g.flags & FLAG_STATUS)
		g.status = cursor_le16(&cur);
	*ret = g;
	return cursor_done(&cur);
}

static void stamp_record(
	const struct profile_call *c, const struct glucose_record *g, struct reading *like)
{
	struct cursor cur = cursor_init(g->base_time, DATETIME_SIZE);
	int64_t wall_us = 0;

	/* The offset is what the user has set the meter's clock forward or back. */
	if (datetime_read(&cur, &wall_us) == 0)
		profile_stamp(c, like, wall_us + g->offset_min * MINUTE_US);
	else
		like->flags |= FLAG_AMBIGUOUS_TIME;
}

static void remember_last(
	struct glucose_state *s, const struct glucose_record *g, const struct reading *like)
{
	s->has_last = true;
	s->last_sequence = g->sequence;
	s->last_time_us = like->time_us;
	s->last_device_time_us = like->device_time_us;
	s->last_time_source = like->time_source;
	s->last_flags = like->flags;
	s->last_sample = like->sample;
	s->last_site = like->site;
}

static int heard_measurement(const struct profile_call *c, const struct profile_value *v)
{
	const struct profile_memory *memory = &c->device->memory[c->id];
	struct measure m = profile_measure(c, v);
	struct glucose_state *s = c->state;
	struct glucose_record g;

	if (read_record(v, &g) < 0) {
		racp_unreadable(c, &s->racp);
		return PROFILE_E_MALFORMED;
	}
	m.key = fingerprint_of(g.sequence, g.base_time);
	if (!s->racp.any || g.sequence >= s->racp.last)
		s->fingerprint = m.key;
	stamp_record(c, &g, &m.like);
	m.like.flags |= FLAG_EPISODIC | FLAG_STORED;
	m.like.sample = (uint16_t)glucose_sample(g.type_location & 0x0f);
	m.like.site = (uint16_t)glucose_site(g.type_location >> 4);
	m.quality = quality_of_bits(glucose_status, ARRAY_SIZE(glucose_status), g.status);
	if (g.flags & FLAG_CONCENTRATION && ((g.type_location & 0x0f) == TYPE_CONTROL ||
						    g.type_location >> 4 == LOCATION_CONTROL))
		m.like.flags |= FLAG_CONTROL_SOLUTION;
	m.like.flags |= m.quality.flags;
	remember_last(s, &g, &m.like);
	if (s->from_mark && memory->known && g.sequence == (uint16_t)memory->mark &&
		m.key == memory->fingerprint) {
		s->met = true; /* safe since an earlier connection */
		s->racp.any = true;
		s->racp.last = g.sequence;
		return 0;
	}
	racp_record(c, &s->racp, g.sequence);
	if (g.flags & FLAG_CONCENTRATION)
		measure_sfloat(&m, METRIC_GLUCOSE, g.concentration,
			g.flags & FLAG_MOLES ? &convert_mol_per_l_to_mmol
					     : &convert_kg_per_l_to_mmol);
	else
		measure_none(&m, METRIC_GLUCOSE, VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE);
	return c->out->readings->overflow ? PROFILE_E_OVERFLOW : 0;
}

/* ---- context ---- */

#define CONTEXT_CARBOHYDRATE 0x01
#define CONTEXT_MEAL 0x02
#define CONTEXT_TESTER_HEALTH 0x04
#define CONTEXT_EXERCISE 0x08
#define CONTEXT_MEDICATION 0x10
#define CONTEXT_LITRES 0x20
#define CONTEXT_HBA1C 0x40
#define CONTEXT_EXTENDED 0x80

#define EXERCISE_OVERRUN 0xffff

static const struct conversion kg_to_g = { .raw_unit = WORD_UNIT_KG, .shift = 3 };
static const struct conversion kg_to_mg = { .raw_unit = WORD_UNIT_KG, .shift = 6 };
static const struct conversion l_to_ml = { .raw_unit = WORD_UNIT_L, .shift = 3 };

static const uint16_t meal_words[] = { WORD_NONE, WORD_BEFORE_MEAL, WORD_AFTER_MEAL, WORD_FASTING,
	WORD_CASUAL, WORD_BEDTIME };
static const uint16_t tester_words[] = { WORD_NONE, WORD_SELF, WORD_PROFESSIONAL, WORD_LABORATORY };
static const uint16_t health_words[] = { WORD_NONE, WORD_MINOR_ISSUES, WORD_MAJOR_ISSUES,
	WORD_MENSES, WORD_STRESS, WORD_NO_ISSUES };
static const uint16_t carbohydrate_words[] = { WORD_NONE, WORD_BREAKFAST, WORD_LUNCH, WORD_DINNER,
	WORD_SNACK, WORD_DRINK, WORD_SUPPER, WORD_BRUNCH };
static const uint16_t insulin_words[] = { WORD_NONE, WORD_RAPID_ACTING, WORD_SHORT_ACTING,
	WORD_INTERMEDIATE_ACTING, WORD_LONG_ACTING, WORD_PREMIXED };

/* A reserved code says nothing. */
static enum word word_of(const uint16_t *words, size_t count, uint8_t code)
{
	return code < count ? (enum word)words[code] : WORD_NONE;
}

#define WORD_OF(words, code) word_of((words), ARRAY_SIZE(words), (uint8_t)(code))

static void add_exercise(const struct measure *m, uint16_t seconds, uint8_t percent)
{
	struct measure of = *m;

	if (seconds == EXERCISE_OVERRUN) {
		of.quality = (struct quality){ VALIDITY_ABOVE_RANGE, WORD_OUT_OF_RANGE, 0 };
		seconds = EXERCISE_OVERRUN - 1;
	}
	measure_scaled(&of, METRIC_EXERCISE_DURATION, seconds, 0);
	measure_scaled(m, METRIC_EXERCISE_INTENSITY, percent, 0);
}

static void read_context(struct cursor *cur, uint8_t flags, const struct measure *m)
{
	struct measure of = *m;

	if (flags & CONTEXT_EXTENDED)
		cursor_skip(cur, 1);
	if (flags & CONTEXT_CARBOHYDRATE) {
		of.like.method = WORD_OF(carbohydrate_words, cursor_u8(cur));
		measure_sfloat(&of, METRIC_CARBOHYDRATE, cursor_le16(cur), &kg_to_g);
	}
	if (flags & CONTEXT_MEAL)
		measure_word(m, METRIC_MEAL, WORD_OF(meal_words, cursor_u8(cur)));
	if (flags & CONTEXT_TESTER_HEALTH) {
		unsigned both = cursor_u8(cur);

		measure_word(m, METRIC_TESTER, WORD_OF(tester_words, both & 0x0f));
		measure_word(m, METRIC_HEALTH, WORD_OF(health_words, both >> 4));
	}
	if (flags & CONTEXT_EXERCISE) {
		uint16_t seconds = cursor_le16(cur);

		add_exercise(m, seconds, cursor_u8(cur));
	}
	if (flags & CONTEXT_MEDICATION) {
		bool litres = flags & CONTEXT_LITRES;

		of.like.method = WORD_OF(insulin_words, cursor_u8(cur));
		measure_sfloat(&of, litres ? METRIC_MEDICATION_VOLUME : METRIC_MEDICATION,
			cursor_le16(cur), litres ? &l_to_ml : &kg_to_mg);
	}
	if (flags & CONTEXT_HBA1C)
		measure_sfloat(m, METRIC_HBA1C, cursor_le16(cur), NULL);
}

static int heard_context(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	struct glucose_state *s = c->state;
	uint8_t flags = cursor_u8(&cur);
	uint16_t sequence = cursor_le16(&cur);
	int r;

	m.like.flags = FLAG_EPISODIC | FLAG_STORED;
	m.like.origin = ORIGIN_MANUAL;
	m.like.group_index = 1;
	if (s->has_last && s->last_sequence == sequence) {
		m.like.time_us = s->last_time_us;
		m.like.device_time_us = s->last_device_time_us;
		m.like.time_source = s->last_time_source;
		m.like.flags |= s->last_flags;
	} else {
		m.like.flags |= FLAG_AMBIGUOUS_TIME;
	}
	/* by all its bytes and the time of the measurement that it belongs to */
	m.key = measure_key(v->bytes, v->length, CONTEXT, (uint64_t)m.like.device_time_us);
	read_context(&cur, flags, &m);
	r = profile_done(c, &cur);
	if (r == PROFILE_E_MALFORMED) {
		racp_unreadable(c, &s->racp);
		return r;
	}
	if (c->out->readings->count > 0)
		racp_record(c, &s->racp, sequence);
	return r;
}

/* ---- stored records ---- */

static void ask(const struct profile_call *c, bool all)
{
	const struct profile_device *d = c->device;
	const struct profile_memory *memory = &d->memory[c->id];
	struct glucose_state *s = c->state;

	s->from_mark =
		!all && memory->known && !d->delete_stored && !(d->quirks & QUIRK_RACP_ALL_ONLY);
	s->met = false;
	if (s->from_mark)
		racp_report_from(c, &s->racp, (uint16_t)memory->mark);
	else
		racp_report_all(c, &s->racp);
}

static int glucose_ready(const struct profile_call *c)
{
	ask(c, false);
	return 0;
}

/* All that the meter had is safe. */
static void all_safe(const struct profile_call *c)
{
	struct profile_memory *memory = &c->device->memory[c->id];
	struct glucose_state *s = c->state;

	if (!s->racp.any) {
		c->out->finished = true;
		return;
	}
	if (!memory->known || memory->mark != s->racp.last ||
		memory->fingerprint != s->fingerprint) {
		memory->known = true;
		memory->mark = s->racp.last;
		memory->fingerprint = s->fingerprint;
		c->out->memory_changed = true;
	}
	if (c->device->delete_stored && s->racp.received > 0)
		racp_delete_to(c, &s->racp, s->racp.last);
	else
		c->out->finished = true;
}

static int glucose_event(const struct profile_call *c, enum racp_event e)
{
	struct glucose_state *s = c->state;
	int r;

	/* it has no such filter, its numbers have begun again, or its memory was emptied */
	if (s->from_mark && (e == RACP_REFUSED || (e == RACP_REPORTED && !s->met))) {
		ask(c, true);
		return 0;
	}
	r = racp_told(c, e);
	if (e == RACP_REPORTED && racp_all_safe(&s->racp))
		all_safe(c);
	else if (e == RACP_REPORTED)
		c->out->finished = s->racp.pending == 0;
	else if (c->out->note != PROFILE_NOTE_NONE)
		c->out->finished = true;
	return r;
}

static int glucose_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct glucose_state *s = c->state;
	uint16_t count;

	switch (v->characteristic) {
	case MEASUREMENT:
		return heard_measurement(c, v);
	case CONTEXT:
		return heard_context(c, v);
	case RACP_CHARACTERISTIC:
		return glucose_event(c, racp_heard(c, &s->racp, v, &count));
	default:
		return PROFILE_E_UNKNOWN;
	}
}

static int glucose_wrote(const struct profile_call *c, uint16_t characteristic, uint8_t att_error)
{
	struct glucose_state *s = c->state;

	return glucose_event(c, racp_wrote(c, &s->racp, att_error));
}

static int glucose_safe(const struct profile_call *c, uint32_t cookie, bool is_safe)
{
	struct glucose_state *s = c->state;

	if (racp_safe(&s->racp, is_safe)) {
		all_safe(c);
	} else if (s->racp.broken && s->racp.complete && s->racp.pending == 0) {
		c->out->note = PROFILE_NOTE_STORED_KEPT;
		c->out->finished = true;
	}
	return 0;
}

static int glucose_tick(const struct profile_call *c)
{
	struct glucose_state *s = c->state;

	return glucose_event(c, racp_tick(c, &s->racp));
}

const struct ble_profile profile_glucose = {
	.name = "glucose",
	.service = 0x1808,
	.manner = PROFILE_EPISODIC,
	.characteristics = glucose_characteristics,
	.characteristic_count = ARRAY_SIZE(glucose_characteristics),
	.state_size = sizeof(struct glucose_state),
	.ready = glucose_ready,
	.heard = glucose_heard,
	.wrote = glucose_wrote,
	.safe = glucose_safe,
	.tick = glucose_tick,
};
