/*
 * Type=deviation: how far a value is from the patient's own mean over a long
 * time. What alarms is kept out of the mean, or a slow decline would become the
 * new normal. Until enough was heard nothing is judged.
 */
#include "alarms/describe.h"
#include "alarms/type.h"
#include "util/decimal.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

#define SHARE 24 /* of the window in one part */
#define PARTS (SHARE + 2)
#define PLACES 3                     /* of the sums */
#define VALUE_MAX (INT64_C(1) << 40) /* in thousandths */

struct params {
	struct setting_number rise, fall;
	bool percent;
	int64_t window_us;
	uint32_t readings;
};

struct part {
	int64_t start_us; /* boot; 0: empty */
	int64_t sum;      /* thousandths */
	uint32_t count;
};

struct state {
	struct part parts[PARTS];
	uint8_t newest;
};

static const struct rule_setting settings[] = {
	{ "Rise", SETTING_NUMBER, offsetof(struct params, rise), "", .example = "30",
		.help = "A value by more than this above the mean alarms." },
	{ "Fall", SETTING_NUMBER, offsetof(struct params, fall), "", .example = "30",
		.help = "A value by more than this below the mean alarms." },
	{ "Percent", SETTING_SWITCH, offsetof(struct params, percent), "no",
		.help = "Whether Rise= and Fall= are per cent of the mean." },
	{ "Window", SETTING_DURATION, offsetof(struct params, window_us), "24h", 60000000,
		INT64_C(30) * 86400 * 1000000, .example = "24h",
		.help = "The time over which the mean is taken." },
	{ "Readings", SETTING_COUNT, offsetof(struct params, readings), "20", 1, 1000000,
		.example = "20", .help = "How many readings there must be before any is judged." },
};

#define EACH .count = PARTS, .stride = sizeof(struct part)
static const struct rule_field fields[] = {
	RULE_FIELD(struct state, "newest", FIELD_U8, newest),
	{ "start", FIELD_TIME, offsetof(struct state, parts[0].start_us), EACH },
	{ "sum", FIELD_I64, offsetof(struct state, parts[0].sum), EACH },
	{ "count", FIELD_U32, offsetof(struct state, parts[0].count), EACH },
};

/* As thousandths of a per cent. */
static bool read_percent(struct setting_number *by)
{
	return !by->given || (decimal_scale(&by->value, by->value, 1, 1, PLACES) == 0 &&
				     by->value.mantissa > 0 && by->value.mantissa <= 1000 * 1000);
}

static int prepare(struct rule_prepare *p)
{
	struct params *own = p->params;
	int e = rule_check_moves(p, &own->rise, &own->fall, "30", "how far it may go");

	if (e == 0 && own->percent && (!read_percent(&own->rise) || !read_percent(&own->fall)))
		return rule_refuse(p, own->rise.given ? "Rise" : "Fall",
			"is no percentage; give 0.001 to 1000");
	return e;
}

static void note(const struct params *p, struct state *s, int64_t now_us, int64_t v)
{
	struct part *x = &s->parts[s->newest];

	if (x->start_us == 0 || now_us - x->start_us >= p->window_us / SHARE) {
		s->newest = (uint8_t)((s->newest + 1) % PARTS);
		x = &s->parts[s->newest];
		*x = (struct part){ .start_us = now_us };
	}
	if (x->count < UINT32_MAX / 1024) {
		x->sum += v;
		x->count++;
	}
}

/* Of what is within the window. False: too little was heard. */
static bool mean(const struct params *p, const struct state *s, int64_t now_us, struct decimal *ret)
{
	int64_t oldest = now_us - p->window_us - p->window_us / SHARE, count = 0;
	__int128 sum = 0;

	for (unsigned i = 0; i < PARTS; i++)
		if (s->parts[i].start_us != 0 && s->parts[i].start_us >= oldest) {
			sum += s->parts[i].sum;
			count += s->parts[i].count;
		}
	if (count == 0 || count < p->readings)
		return false;
	*ret = (struct decimal){ (int64_t)(sum / count), -PLACES };
	return true;
}

/* How far from the mean is allowed, in the metric's unit. False: as far as it likes. */
static bool reach(const struct params *p, struct decimal base, const struct setting_number *by,
	struct decimal *ret)
{
	if (!by->given)
		return false;
	*ret = by->value;
	if (!p->percent)
		return true;
	if (base.mantissa < 0)
		base.mantissa = -base.mantissa;
	/* prepare() has seen that it is a whole number of thousandths of a per cent */
	return decimal_scale(ret, base, by->value.mantissa, 100000, PLACES) == 0;
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *s = c->state;
	struct decimal base, by, value;
	bool known;

	if (c->cause != CAUSE_READING)
		return;
	known = mean(p, s, c->now_us, &base);
	if (c->extreme != SIDE_NORMAL) {
		if (known && (c->extreme == SIDE_BELOW ? p->fall.given : p->rise.given))
			v->side = c->extreme;
		return;
	}
	if (decimal_scale(&value, c->reading->number, 1, 1, PLACES) < 0 ||
		value.mantissa > VALUE_MAX || value.mantissa < -VALUE_MAX)
		return;
	if (known) {
		v->side = SIDE_NORMAL;
		if (reach(p, base, &p->rise, &by)) {
			v->limits.has_high = decimal_add(&v->limits.high, base, by) == 0;
			if (v->limits.has_high && decimal_compare(value, v->limits.high) > 0)
				v->side = SIDE_ABOVE;
		}
		if (reach(p, base, &p->fall, &by)) {
			by.mantissa = -by.mantissa; /* it is above 0 */
			v->limits.has_low = decimal_add(&v->limits.low, base, by) == 0;
			if (v->limits.has_low && decimal_compare(value, v->limits.low) < 0)
				v->side = SIDE_BELOW;
		}
	}
	if (!known || v->side == SIDE_NORMAL)
		note(p, s, c->now_us, value.mantissa);
}

static void describe(const struct rule_call *c, const struct rule_verdict *v, struct text *t)
{
	text_decimal(t, v->number);
	text_str(t, c->gone ? ", was far " : ", far ");
	text_str(t, v->side == SIDE_BELOW ? "below" : "above");
	text_lit(t, " the patient's own mean (limit ");
	text_decimal(t, decimal_trim(v->side == SIDE_BELOW ? v->limits.low : v->limits.high));
	text_char(t, ')');
}

static bool valid(const void *state)
{
	const struct state *s = state;

	for (unsigned i = 0; i < PARTS; i++) {
		const struct part *x = &s->parts[i];

		if (x->count > UINT32_MAX / 1024 || x->sum > VALUE_MAX * (int64_t)x->count ||
			x->sum < -VALUE_MAX * (int64_t)x->count)
			return false;
	}
	return s->newest < PARTS;
}

const struct rule_type rule_deviation = {
	.name = "deviation",
	.help = "A value far from the patient's own mean.",
	.flags = RULE_NUMBERS,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.prepare = prepare,
	.judge = judge,
	.describe = describe,
	.valid = valid,
};
