/*
 * Type=stuck: a sensor that says the same again and again. A living patient's
 * values move; a stuck one is a fault of the sensor, not a steady patient.
 */
#include "alarms/describe.h"
#include "util/decimal.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

struct params {
	int64_t after_us;
	uint32_t readings;
	struct setting_number within;
};

struct state {
	struct decimal low, high; /* of all values since */
	int64_t since_us;         /* boot; 0: nothing was measured yet */
	uint32_t count;
};

static const struct rule_setting settings[] = {
	{ "After", SETTING_DURATION, offsetof(struct params, after_us), "", 1000000,
		INT64_C(30) * 86400 * 1000000, .required = true, .example = "30min",
		.help = "How long the value may stay the same." },
	{ "Readings", SETTING_COUNT, offsetof(struct params, readings), "3", 2, 100000,
		.example = "10", .help = "How many readings must have said so at least." },
	{ "Within", SETTING_NUMBER, offsetof(struct params, within), "0", .example = "0.1",
		.help = "How far apart values may be and still count as the same." },
};

static const struct rule_field fields[] = {
	RULE_FIELD(struct state, "low", FIELD_DECIMAL, low),
	RULE_FIELD(struct state, "high", FIELD_DECIMAL, high),
	RULE_FIELD(struct state, "since", FIELD_TIME, since_us),
	RULE_FIELD(struct state, "count", FIELD_U32, count),
};

static bool fits(const struct params *p, const struct state *s, struct decimal v)
{
	struct decimal low = decimal_compare(v, s->low) < 0 ? v : s->low;
	struct decimal high = decimal_compare(v, s->high) > 0 ? v : s->high;
	struct decimal reach;

	return decimal_add(&reach, low, p->within.value) == 0 && decimal_compare(high, reach) <= 0;
}

static void restart(struct state *s, const struct rule_call *c)
{
	s->low = s->high = c->reading->number;
	s->since_us = c->now_us;
	s->count = 1;
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *s = c->state;

	if (c->cause == CAUSE_UNMEASURED) {
		*s = (struct state){ 0 }; /* what comes next is a new series */
		return;
	}
	if (c->cause != CAUSE_READING || c->extreme != SIDE_NORMAL)
		return; /* at the end of its range a sensor repeats the bound */
	if (s->count == 0 || !fits(p, s, c->reading->number)) {
		restart(s, c);
	} else {
		s->count += s->count < UINT32_MAX;
		if (decimal_compare(c->reading->number, s->low) < 0)
			s->low = c->reading->number;
		if (decimal_compare(c->reading->number, s->high) > 0)
			s->high = c->reading->number;
	}
	v->side = s->count >= p->readings && c->now_us - s->since_us >= p->after_us ? SIDE_PRESENT
										    : SIDE_NORMAL;
}

static void describe(const struct rule_call *c, const struct rule_verdict *v, struct text *t)
{
	const struct params *p = c->params;

	text_str(t, c->gone ? "The value had not moved for " : "The value has not moved for ");
	describe_duration(t, p->after_us);
	(void)v;
}

static bool valid(const void *state)
{
	const struct state *s = state;

	return decimal_compare(s->low, s->high) <= 0;
}

const struct rule_type rule_stuck = {
	.name = "stuck",
	.help = "A value that does not move any more.",
	.flags = RULE_NUMBERS | RULE_TECHNICAL | RULE_KEEPS,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.judge = judge,
	.describe = describe,
	.valid = valid,
};
