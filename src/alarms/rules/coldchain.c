/*
 * Type=coldchain: a fridge for vaccines or blood. Above and below have clocks
 * of their own, freezing alarms at once, an open door has its tolerance. Each
 * excursion is written down when it is over.
 *
 * A value counts until the next one comes: while nothing is measured the
 * clocks go on, because nobody knows that it got better.
 */
#include <errno.h>
#include <string.h>

#include "alarms/describe.h"
#include "alarms/mkt.h"
#include "alarms/type.h"
#include "util/cleanup.h"
#include "util/decimal.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

struct params {
	struct setting_number above, below, freeze, margin;
	int64_t above_for_us, warn_after_us, below_for_us, tolerance_us, mkt_every_us;
	const char *door;
};

struct state {
	uint8_t side; /* of the excursion that goes on; SIDE_NORMAL or 0: none */
	bool frozen;  /* it has been at or below Freeze= */
	bool alarmed;
	bool measured;    /* value is one */
	bool bound;       /* only the limit: the device could not tell how far beyond */
	int64_t start_us; /* boot */
	int64_t start_utc;
	int64_t clock_us;        /* how long it has lasted, but for what is tolerated */
	int64_t counted_us;      /* boot: up to when all is counted */
	int64_t tolerated_to_us; /* boot; from when it was set on */
	struct decimal value, extreme;
	struct mkt mkt; /* of the excursion */
	struct mkt period;
	int64_t period_us; /* boot: when it began */
};

#define DAY_US (INT64_C(86400) * 1000000)
#define P(field) offsetof(struct params, field)
static const struct rule_setting settings[] = {
	{ "Above", SETTING_NUMBER, P(above), "8", .example = "8",
		.help = "What is warmer than this is an excursion." },
	{ "AboveFor", SETTING_DURATION, P(above_for_us), "1h", 0, 30 * DAY_US, .example = "1h",
		.help = "How long it may be too warm before the alarm starts." },
	{ "WarnAfter", SETTING_DURATION, P(warn_after_us), "0", 0, 30 * DAY_US, .example = "30min",
		.help = "After this time a low-priority alarm warns; 0: none does." },
	{ "Below", SETTING_NUMBER, P(below), "2", .example = "2",
		.help = "What is colder than this is an excursion." },
	{ "BelowFor", SETTING_DURATION, P(below_for_us), "15min", 0, 30 * DAY_US,
		.example = "15min",
		.help = "How long it may be too cold before the alarm starts." },
	{ "Freeze", SETTING_NUMBER, P(freeze), "0", .example = "0",
		.help = "At or below this the alarm starts at once." },
	{ "Margin", SETTING_NUMBER, P(margin), "0", .example = "0.3",
		.help = "How far back within the limits an excursion is over." },
	{ "Door", SETTING_TEXT, P(door), "", .example = "fridge-1-door",
		.help = "The device that says whether the door is open (metric contact). Without "
			"one DoorTolerance= goes for each excursion upwards.",
		.names = SETTING_NAMES_DEVICES },
	{ "DoorTolerance", SETTING_DURATION, P(tolerance_us), "0", 0, DAY_US, .example = "3min",
		.help = "How long after the door was opened, and again after it was closed in "
			"time, the clock of warmth stands still." },
	{ "MktEvery", SETTING_DURATION, P(mkt_every_us), "24h", 3600000000, 30 * DAY_US,
		.example = "24h",
		.help = "How often the mean kinetic temperature of that time is published." },
};

#define S(name, kind, field) RULE_FIELD(struct state, name, kind, field)
static const struct rule_field fields[] = {
	S("side", FIELD_U8, side),
	S("frozen", FIELD_BOOL, frozen),
	S("alarmed", FIELD_BOOL, alarmed),
	S("measured", FIELD_BOOL, measured),
	S("bound", FIELD_BOOL, bound),
	S("start", FIELD_TIME, start_us),
	S("start_utc", FIELD_UTC, start_utc),
	S("clock", FIELD_I64, clock_us),
	S("counted", FIELD_TIME, counted_us),
	S("to", FIELD_TIME, tolerated_to_us),
	S("value", FIELD_DECIMAL, value),
	S("extreme", FIELD_DECIMAL, extreme),
	S("mkt", FIELD_I64, mkt.sum),
	S("mkt_weight", FIELD_I64, mkt.weight_us),
	S("period_mkt", FIELD_I64, period.sum),
	S("period_weight", FIELD_I64, period.weight_us),
	S("period", FIELD_TIME, period_us),
};

static int check_limits(struct rule_prepare *p, const struct params *own)
{
	const struct {
		bool wrong;
		const char *key, *sentence;
	} rows[] = {
		{ decimal_compare(own->below.value, own->above.value) >= 0, "Below",
			"is not below Above=; leave room between them" },
		{ decimal_compare(own->freeze.value, own->below.value) > 0, "Freeze",
			"is above Below=; give a lower temperature" },
		{ own->margin.value.mantissa < 0, "Margin", "is below 0; give 0 or more" },
		{ own->warn_after_us > own->above_for_us, "WarnAfter",
			"is longer than AboveFor=; give less, or 0" },
	};
	int e = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].wrong) {
			p->blame(p, rows[i].key, rows[i].sentence);
			e = -EINVAL;
		}
	return e;
}

static int prepare(struct rule_prepare *p)
{
	const struct params *own = p->params;

	if (strcmp(metric_info(p->metric)->unit, "Cel") != 0)
		return rule_refuse(p, "Metric", "is no temperature; give e.g. ambient-temperature");
	if (check_limits(p, own) < 0)
		return -EINVAL;
	if (own->door[0]) {
		p->listen_device = own->door;
		p->listen_metric = METRIC_CONTACT;
	}
	return 0;
}

/* How much of the time from a to b is tolerated. */
static int64_t tolerated(const struct state *s, int64_t a, int64_t b)
{
	int64_t to = s->tolerated_to_us < b ? s->tolerated_to_us : b;

	return to > a ? to - a : 0;
}

/* Counts the value that holds up to now. */
static void count(struct state *s, int64_t now_us)
{
	int64_t us = now_us - s->counted_us;

	if (s->measured) {
		mkt_add(&s->period, s->value, us);
		if (s->side > SIDE_NORMAL) {
			mkt_add(&s->mkt, s->value, us);
			s->clock_us += us;
			if (s->side == SIDE_ABOVE)
				s->clock_us -= tolerated(s, s->counted_us, now_us);
		}
	}
	s->counted_us = now_us;
}

static bool within(struct decimal v, struct decimal limit, struct decimal margin, int direction)
{
	margin.mantissa *= direction; /* it is 0 or more */
	return decimal_add(&limit, limit, margin) < 0 || decimal_compare(v, limit) * direction >= 0;
}

/* Where the value stands; one that is beyond no limit, with the margin on the way back. */
static enum rule_side side_of(const struct rule_call *c, const struct state *s)
{
	const struct params *p = c->params;
	struct decimal v = c->reading->number;

	if (c->extreme != SIDE_NORMAL)
		return c->extreme;
	if (decimal_compare(v, p->below.value) < 0)
		return SIDE_BELOW;
	if (decimal_compare(v, p->above.value) > 0)
		return SIDE_ABOVE;
	if (s && s->side == SIDE_BELOW && !within(v, p->below.value, p->margin.value, 1))
		return SIDE_BELOW;
	if (s && s->side == SIDE_ABOVE && !within(v, p->above.value, p->margin.value, -1))
		return SIDE_ABOVE;
	return SIDE_NORMAL;
}

static void write_down(const struct rule_call *c, const struct state *s, struct rule_verdict *v)
{
	v->has_excursion = s->clock_us > 0;
	v->excursion = (struct alarm_excursion){
		.below = s->side == SIDE_BELOW,
		.alarmed = s->alarmed,
		.start_us = s->start_utc,
		.end_us = c->utc_us,
		.duration_us = c->now_us - s->start_us,
		.extreme = s->extreme,
		.mkt = s->value,
	};
	(void)mkt_value(&s->mkt, &v->excursion.mkt);
}

/* What is beyond the device's range and has no number is at least beyond the limit. */
static struct decimal value_of(const struct rule_call *c)
{
	const struct params *p = c->params;

	if (c->reading->kind == VALUE_NUMBER)
		return c->reading->number;
	return c->extreme == SIDE_BELOW ? p->below.value : p->above.value;
}

static void begin(const struct rule_call *c, struct state *s, enum rule_side side)
{
	const struct params *p = c->params;

	s->side = (uint8_t)side;
	s->frozen = s->alarmed = false;
	s->start_us = c->now_us;
	s->start_utc = c->utc_us;
	s->clock_us = 0;
	s->mkt = (struct mkt){ 0 };
	s->extreme = value_of(c);
	if (!p->door[0] && side == SIDE_ABOVE) {
		s->tolerated_to_us = c->now_us + p->tolerance_us;
	}
}

static void take(const struct rule_call *c, struct state *s, struct rule_verdict *v)
{
	const struct params *p = c->params;
	enum rule_side side = side_of(c, s);
	struct decimal value = value_of(c);

	if (side != s->side) {
		if (s->side > SIDE_NORMAL)
			write_down(c, s, v);
		begin(c, s, side);
	}
	if (side == SIDE_BELOW ? decimal_compare(value, s->extreme) < 0
			       : decimal_compare(value, s->extreme) > 0)
		s->extreme = value;
	if (side == SIDE_BELOW &&
		(c->extreme == SIDE_BELOW || decimal_compare(value, p->freeze.value) <= 0))
		s->frozen = true;
	s->measured = true;
	s->bound = c->reading->kind != VALUE_NUMBER;
	s->value = value;
}

static void hear_door(const struct rule_call *c, struct state *s)
{
	const struct params *p = c->params;

	if (c->reading->kind != VALUE_BOOLEAN)
		return;
	if (!c->reading->boolean) {
		if (s->tolerated_to_us > c->now_us)
			return; /* opened again before the last time was over: no more is given */
		s->tolerated_to_us = c->now_us + p->tolerance_us;
	} else if (s->tolerated_to_us > c->now_us) {
		s->tolerated_to_us = c->now_us + p->tolerance_us;
	}
}

static void publish_mkt(const struct rule_call *c, struct state *s)
{
	const struct params *p = c->params;
	struct alarm_computed computed = { .metric = METRIC_MKT };

	if (!s->period_us)
		s->period_us = c->now_us;
	if (c->now_us - s->period_us < p->mkt_every_us)
		return;
	computed.complete = mkt_value(&s->period, &computed.value);
	s->period = (struct mkt){ 0 };
	s->period_us = c->now_us;
	c->publish(c, &computed);
}

/* When the clock reaches a time, if nothing changes. */
static int64_t reaches(const struct state *s, int64_t now_us, int64_t clock_us)
{
	int64_t at = now_us + clock_us - s->clock_us;

	return s->side == SIDE_ABOVE ? at + tolerated(s, now_us, RULE_NEVER) : at;
}

static void decide(const struct rule_call *c, struct state *s, struct rule_verdict *v)
{
	const struct params *p = c->params;
	int64_t due_us = s->side == SIDE_BELOW ? p->below_for_us : p->above_for_us;
	bool late = s->side > SIDE_NORMAL && s->clock_us >= due_us;
	bool warns = s->side == SIDE_ABOVE && p->warn_after_us && s->clock_us >= p->warn_after_us;

	v->side = SIDE_NORMAL;
	if (s->side <= SIDE_NORMAL)
		return;
	v->limits = (struct alarm_limits){ s->side == SIDE_BELOW, s->side == SIDE_ABOVE,
		p->below.value, p->above.value };
	if (late || s->frozen) {
		v->side = (enum rule_side)s->side;
		v->at_once = s->frozen;
		s->alarmed = true;
		return;
	}
	if (warns) {
		v->side = SIDE_ABOVE;
		v->priority = PRIORITY_LOW;
		s->alarmed = true;
	}
	if (!warns && s->side == SIDE_ABOVE && p->warn_after_us)
		due_us = p->warn_after_us;
	v->deadline_us = reaches(s, c->now_us, due_us);
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *s = c->state;

	count(s, c->now_us);
	if (c->cause == CAUSE_READING)
		take(c, s, v);
	else if (c->cause == CAUSE_INPUT)
		hear_door(c, s);
	if (!s->measured)
		return;
	v->has_number = !s->bound;
	v->number = s->value;
	publish_mkt(c, s);
	decide(c, s, v);
	if (c->cause == CAUSE_UNMEASURED)
		v->side = SIDE_UNKNOWN; /* the clocks go on */
	if (s->period_us + p->mkt_every_us < v->deadline_us)
		v->deadline_us = s->period_us + p->mkt_every_us;
}

static enum rule_side crosses(const struct rule_call *c)
{
	return side_of(c, NULL);
}

static void describe(const struct rule_call *c, const struct rule_verdict *v, struct text *t)
{
	const struct params *p = c->params;
	const struct state *s = c->state;
	bool below = v->side == SIDE_BELOW;
	bool back = c->gone || (below ? decimal_compare(v->number, p->below.value) >= 0
				      : decimal_compare(v->number, p->above.value) <= 0);
	bool freezes = below && decimal_compare(v->number, p->freeze.value) <= 0;

	describe_value(t, METRIC_AMBIENT_TEMPERATURE, v->number);
	if (!(freezes && s->frozen)) {
		text_str(t, back ? ", was" : ",");
		text_str(t, below ? " too cold" : " too warm");
	}
	if (s->frozen)
		text_str(t, freezes ? ", freezing" : ", was freezing");
	text_lit(t, ", limits ");
	text_decimal(t, p->below.value);
	text_lit(t, " to ");
	describe_value(t, METRIC_AMBIENT_TEMPERATURE, p->above.value);
}

static bool valid(const void *state)
{
	const struct state *s = state;

	return s->clock_us >= 0 && s->clock_us < INT64_MAX / 4 && s->side <= SIDE_ABOVE &&
	       mkt_valid(&s->mkt) && mkt_valid(&s->period);
}

const struct rule_type rule_coldchain = {
	.name = "coldchain",
	.help = "A fridge: too warm or too cold for too long, or freezing.",
	.flags = RULE_NUMBERS | RULE_TECHNICAL | RULE_LASTING | RULE_KEEPS,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.prepare = prepare,
	.judge = judge,
	.crosses = crosses,
	.describe = describe,
	.valid = valid,
};
