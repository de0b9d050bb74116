/*
 * Type=absent: nothing was measured for too long. It waits from the first
 * reading on, and from the start where Devices= or Beds= names its subject.
 */
#include "alarms/describe.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

struct params {
	int64_t after_us;
};

struct state {
	int64_t last_us; /* boot: the last measurement; 0: it does not wait yet */
};

static const struct rule_setting settings[] = {
	{ "After", SETTING_DURATION, offsetof(struct params, after_us), "", 1000000,
		INT64_C(30) * 86400 * 1000000, .required = true, .example = "10min",
		.help = "How long nothing may be measured." },
};

static const struct rule_field fields[] = {
	RULE_FIELD(struct state, "last", FIELD_TIME, last_us),
};

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *s = c->state;

	if (c->cause == CAUSE_READING || c->cause == CAUSE_START)
		s->last_us = c->now_us;
	if (!s->last_us)
		return;
	if (c->now_us - s->last_us >= p->after_us) {
		v->side = SIDE_PRESENT;
	} else {
		v->side = SIDE_NORMAL;
		v->deadline_us = s->last_us + p->after_us;
	}
}

static void describe(const struct rule_call *c, const struct rule_verdict *v, struct text *t)
{
	const struct params *p = c->params;

	(void)v;
	text_str(t, c->gone ? "Nothing had been measured for " : "Nothing measured for ");
	describe_duration(t, p->after_us);
}

const struct rule_type rule_absent = {
	.name = "absent",
	.help = "Nothing was measured for too long.",
	.flags = RULE_NUMBERS | RULE_SWITCHES | RULE_WORDS | RULE_FROM_START | RULE_TECHNICAL |
		 RULE_KEEPS,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.judge = judge,
	.describe = describe,
};
