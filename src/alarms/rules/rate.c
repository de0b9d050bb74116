/*
 * Type=rate: how much a value has risen or fallen within a window, from its
 * lowest or highest there. The window is kept in sixteenths: what is older than
 * it by less than one of them may still count.
 */
#include "alarms/describe.h"
#include "alarms/type.h"
#include "util/decimal.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

#define SHARE 16 /* of the window in one part */
#define PARTS (SHARE + 2)

struct params {
	struct setting_number rise, fall;
	int64_t window_us;
};

struct part {
	int64_t start_us; /* boot; 0: empty */
	struct decimal low, high;
};

struct state {
	struct part parts[PARTS];
	uint8_t newest;
};

static const struct rule_setting settings[] = {
	{ "Rise", SETTING_NUMBER, offsetof(struct params, rise), "", .example = "20",
		.help = "A rise by more than this within Window= alarms." },
	{ "Fall", SETTING_NUMBER, offsetof(struct params, fall), "", .example = "20",
		.help = "A fall by more than this within Window= alarms." },
	{ "Window", SETTING_DURATION, offsetof(struct params, window_us), "", 1000000,
		INT64_C(7) * 86400 * 1000000, .required = true, .example = "10min",
		.help = "The time within which the value changes." },
};

#define EACH .count = PARTS, .stride = sizeof(struct part)
static const struct rule_field fields[] = {
	RULE_FIELD(struct state, "newest", FIELD_U8, newest),
	{ "start", FIELD_TIME, offsetof(struct state, parts[0].start_us), EACH },
	{ "low", FIELD_DECIMAL, offsetof(struct state, parts[0].low), EACH },
	{ "high", FIELD_DECIMAL, offsetof(struct state, parts[0].high), EACH },
};

static int prepare(struct rule_prepare *p)
{
	const struct params *own = p->params;

	return rule_check_moves(p, &own->rise, &own->fall, "20", "how much it may change");
}

static void note(const struct params *p, struct state *s, int64_t now_us, struct decimal v)
{
	struct part *x = &s->parts[s->newest];

	if (x->start_us == 0 || now_us - x->start_us >= p->window_us / SHARE) {
		s->newest = (uint8_t)((s->newest + 1) % PARTS);
		s->parts[s->newest] = (struct part){ now_us, v, v };
		return;
	}
	if (decimal_compare(v, x->low) < 0)
		x->low = v;
	if (decimal_compare(v, x->high) > 0)
		x->high = v;
}

/* Whether the value has moved from `from` to v by more than the limit. */
static bool moved(struct decimal from, struct decimal to, const struct setting_number *limit)
{
	struct decimal reach;

	return limit->given && decimal_add(&reach, from, limit->value) == 0 &&
	       decimal_compare(to, reach) > 0;
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *s = c->state;
	struct decimal value;
	int64_t oldest;

	if (c->cause != CAUSE_READING)
		return;
	if (c->extreme != SIDE_NORMAL) {
		/* where it has gone is beyond what can be measured: as far as can be */
		if (c->extreme == SIDE_BELOW ? p->fall.given : p->rise.given)
			v->side = c->extreme;
		return;
	}
	value = c->reading->number;
	note(p, s, c->now_us, value);
	oldest = c->now_us - p->window_us - p->window_us / SHARE;
	v->side = SIDE_NORMAL;
	for (unsigned i = 0; i < PARTS; i++) {
		if (s->parts[i].start_us == 0 || s->parts[i].start_us < oldest)
			continue;
		if (moved(s->parts[i].low, value, &p->rise))
			v->side = SIDE_ABOVE;
		else if (moved(value, s->parts[i].high, &p->fall))
			v->side = SIDE_BELOW;
	}
}

static void describe(const struct rule_call *c, const struct rule_verdict *v, struct text *t)
{
	const struct params *p = c->params;

	text_lit(t, "Now ");
	text_decimal(t, v->number);
	text_str(t, c->gone ? ", had " : ", ");
	text_str(t, v->side == SIDE_ABOVE ? "risen by more than " : "fallen by more than ");
	text_decimal(t, v->side == SIDE_ABOVE ? p->rise.value : p->fall.value);
	text_lit(t, " within ");
	describe_duration(t, p->window_us);
}

static bool valid(const void *state)
{
	const struct state *s = state;

	for (unsigned i = 0; i < PARTS; i++)
		if (decimal_compare(s->parts[i].low, s->parts[i].high) > 0)
			return false;
	return s->newest < PARTS;
}

const struct rule_type rule_rate = {
	.name = "rate",
	.help = "A rise or fall of the value within a time.",
	.flags = RULE_NUMBERS,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.prepare = prepare,
	.judge = judge,
	.describe = describe,
	.valid = valid,
};
