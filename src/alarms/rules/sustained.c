/*
 * Type=sustained: how far and how long a value is beyond its limit, taken
 * together: the area between the two. A little for long and much for a short
 * time weigh alike. Back within the limit the area is 0 again.
 */
#include "alarms/describe.h"
#include "alarms/type.h"
#include "util/decimal.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

#define PLACES 6        /* the area is counted in millionths ... */
#define MINUTE_MS 60000 /* ... times milliseconds */
#define AREA_MAX (INT64_MAX / 4)

struct params {
	struct setting_number area; /* unit times minutes */
	int64_t gap_us;
	int64_t threshold; /* as the area is counted */
};

struct state {
	struct decimal value;
	struct decimal beyond; /* how far the last value was, 0 or more */
	int64_t since_us;      /* boot: up to when the area is counted; 0: nothing is */
	int64_t heard_us;      /* boot: the last value */
	int64_t area;
	uint8_t side; /* enum rule_side of the area */
};

static const struct rule_setting settings[] = {
	{ "Area", SETTING_NUMBER, offsetof(struct params, area), "", .required = true,
		.example = "30",
		.help = "The area that alarms, in the metric's unit times minutes: 30 is 1 beyond "
			"the limit for half an hour, or 3 for ten minutes." },
	{ "Gap", SETTING_DURATION, offsetof(struct params, gap_us), "5min", 1000000,
		INT64_C(86400) * 1000000, .example = "5min",
		.help = "For how long a value counts when no other comes." },
};

static const struct rule_field fields[] = {
	RULE_FIELD(struct state, "value", FIELD_DECIMAL, value),
	RULE_FIELD(struct state, "beyond", FIELD_DECIMAL, beyond),
	RULE_FIELD(struct state, "since", FIELD_TIME, since_us),
	RULE_FIELD(struct state, "heard", FIELD_TIME, heard_us),
	RULE_FIELD(struct state, "area", FIELD_I64, area),
	RULE_FIELD(struct state, "side", FIELD_U8, side),
};

/* In millionths; what does not fit is as much as can be. */
static int64_t millionths(struct decimal d)
{
	int64_t v;

	return decimal_to_micro(&v, d) == 0 ? v : INT64_MAX;
}

static int prepare(struct rule_prepare *p)
{
	struct params *own = p->params;
	int64_t area = millionths(own->area.value);

	if (area <= 0 || area > AREA_MAX / MINUTE_MS)
		return rule_refuse(p, "Area", "is no area; give a number above 0, e.g. 30");
	own->threshold = area * MINUTE_MS;
	return 0;
}

/* Counts the last value up to now, or up to where it no longer counts. */
static void count(const struct params *p, struct state *s, int64_t now_us)
{
	int64_t end_us = now_us, ms, part, height = millionths(s->beyond);

	if (!s->since_us)
		return;
	if (end_us > s->heard_us + p->gap_us)
		end_us = s->heard_us + p->gap_us;
	ms = (end_us - s->since_us) / 1000;
	if (ms <= 0)
		return;
	s->since_us += ms * 1000;
	if (__builtin_mul_overflow(height, ms, &part) || part > AREA_MAX - s->area)
		s->area = AREA_MAX;
	else
		s->area += part;
}

/* a - b, which is above 0; as far as can be where no decimal holds it. */
static struct decimal distance(struct decimal a, struct decimal b)
{
	struct decimal d;

	if (decimal_negate(&b, b) < 0 || decimal_add(&d, a, b) < 0)
		return (struct decimal){ INT64_MAX, 0 };
	return d;
}

/* How far the value is beyond a limit; the side. */
static enum rule_side beyond(const struct rule_call *c, struct decimal v, struct decimal *ret)
{
	if (c->limits.has_low && decimal_compare(v, c->limits.low) < 0) {
		*ret = distance(c->limits.low, v);
		return SIDE_BELOW;
	}
	if (c->limits.has_high && decimal_compare(v, c->limits.high) > 0) {
		*ret = distance(v, c->limits.high);
		return SIDE_ABOVE;
	}
	return SIDE_NORMAL;
}

/* Within its limits again, or, once it has alarmed, back where it clears. */
static bool is_back(const struct rule_call *c, const struct state *s, struct decimal v)
{
	if (c->side == SIDE_BELOW && s->side == SIDE_BELOW)
		return decimal_compare(v, c->low_clear_at) >= 0;
	if (c->side == SIDE_ABOVE && s->side == SIDE_ABOVE)
		return decimal_compare(v, c->high_clear_at) <= 0;
	return true;
}

/* How far the value is beyond from now on; the area goes on as long as the side is the same. */
static void measure(const struct rule_call *c, struct state *s, struct decimal value)
{
	struct decimal far = { 0 };
	enum rule_side side = beyond(c, value, &far);

	if (side == SIDE_NORMAL && !is_back(c, s, value))
		side = (enum rule_side)s->side;
	if (side != s->side)
		s->area = 0;
	s->side = (uint8_t)side;
	s->value = value;
	s->beyond = far;
}

static void take(const struct rule_call *c, struct state *s)
{
	measure(c, s, c->reading->number);
	s->heard_us = c->now_us;
	s->since_us = c->now_us; /* count() has counted what came before */
}

/* When the area will be reached if the value stays. */
static int64_t due(const struct params *p, const struct state *s, int64_t now_us)
{
	int64_t height = millionths(s->beyond), us;

	if (height == 0 || __builtin_mul_overflow(
				   1 + (p->threshold - s->area - 1) / height, INT64_C(1000), &us))
		return RULE_NEVER;
	return us > s->heard_us + p->gap_us - now_us ? RULE_NEVER : now_us + us;
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *s = c->state;
	bool reached;

	count(p, s, c->now_us);
	if (c->cause == CAUSE_UNMEASURED) {
		s->since_us = 0; /* what is not measured adds nothing; what was counted stays */
		return;
	}
	if (c->reading && c->extreme != SIDE_NORMAL) {
		v->side = rule_extreme_side(c);
		if (v->side == SIDE_NORMAL) {
			s->side = SIDE_NORMAL;
			s->area = s->since_us = 0;
		}
		return;
	}
	if (c->cause == CAUSE_READING)
		take(c, s);
	else if (c->cause == CAUSE_LIMITS && (c->reading || s->since_us))
		measure(c, s, s->value);
	else if (c->cause == CAUSE_LIMITS)
		return; /* nothing stands on the last value, and it is known no longer */
	v->has_number = s->heard_us != 0;
	v->number = s->value;
	reached = s->side > SIDE_NORMAL && s->area >= p->threshold;
	v->side = reached ? (enum rule_side)s->side : SIDE_NORMAL;
	/* never: what is beyond counts from a moment on */
	if (!reached && s->side > SIDE_NORMAL && s->since_us)
		v->deadline_us = due(p, s, c->now_us);
}

static void describe(const struct rule_call *c, const struct rule_verdict *v, struct text *t)
{
	bool below = v->side == SIDE_BELOW;
	struct decimal limit = below ? v->limits.low : v->limits.high;
	int order = decimal_compare(v->number, limit);

	text_decimal(t, v->number);
	text_str(t, c->gone || (below ? order >= 0 : order <= 0) ? ", was" : ",");
	text_str(t, below ? " for long below " : " for long above ");
	text_decimal(t, limit);
}

static bool valid(const void *state)
{
	const struct state *s = state;

	return s->area >= 0 && s->area <= AREA_MAX && s->beyond.mantissa >= 0 &&
	       s->side <= SIDE_ABOVE;
}

const struct rule_type rule_sustained = {
	.name = "sustained",
	.help = "A value beyond its limit, by how far and how long together.",
	.flags = RULE_NUMBERS | RULE_LIMITS,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.prepare = prepare,
	.judge = judge,
	.describe = describe,
	.valid = valid,
};
