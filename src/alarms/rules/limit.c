/*
 * Type=limit: a value below or above its limit. The simplest rule, and the
 * one to copy from: no settings of its own, no state.
 */
#include "alarms/type.h"
#include "util/decimal.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

/* What is beyond a limit is so whatever was before; only then what is not back far enough counts.
 */
static enum rule_side side_of(const struct rule_call *c)
{
	struct decimal v = c->reading->number;

	if (c->extreme != SIDE_NORMAL)
		return rule_extreme_side(c);
	if (c->limits.has_low && decimal_compare(v, c->limits.low) < 0)
		return SIDE_BELOW;
	if (c->limits.has_high && decimal_compare(v, c->limits.high) > 0)
		return SIDE_ABOVE;
	if (c->side == SIDE_BELOW && c->limits.has_low && decimal_compare(v, c->low_clear_at) < 0)
		return SIDE_BELOW;
	if (c->side == SIDE_ABOVE && c->limits.has_high && decimal_compare(v, c->high_clear_at) > 0)
		return SIDE_ABOVE;
	return SIDE_NORMAL;
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	if (c->reading)
		v->side = side_of(c);
}

const struct rule_type rule_limit = {
	.name = "limit",
	.help = "A value below or above its limit.",
	.flags = RULE_NUMBERS | RULE_LIMITS,
	.judge = judge,
	.crosses = side_of,
};
