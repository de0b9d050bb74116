/*
 * Type=combination: all or any of some other rules within a time, at one bed.
 * A member that alarmed within Within= still counts.
 */
#include "alarms/describe.h"
#include "alarms/ruleset.h"
#include "alarms/settings.h"
#include "alarms/type.h"
#include "wardgate/rule.h"

enum { MATCH_ALL, MATCH_ANY };

struct params {
	const char *rules;
	int match;
	int64_t within_us;
	unsigned count;
};

struct member {
	int64_t last_us; /* boot: when it last alarmed; 0: never */
	uint8_t side;    /* enum rule_side now */
};

struct state {
	struct member members[RULE_MEMBERS_MAX];
};

static const char *const matches[] = { "all", "any", NULL };

static const struct rule_setting settings[] = {
	{ "Rules", SETTING_TEXT, offsetof(struct params, rules), "", .required = true,
		.example = "spo2-low rr-high",
		.help = "The rules that are combined. Those with Priority=none say nothing by "
			"themselves.",
		.list = true, .names = SETTING_NAMES_RULES },
	{ "Match", SETTING_CHOICE, offsetof(struct params, match), "all", .words = matches,
		.example = "any", .help = "Whether all of them are needed, or any one." },
	{ "Within", SETTING_DURATION, offsetof(struct params, within_us), "0", 0,
		INT64_C(7) * 86400 * 1000000, .example = "5min",
		.help = "For how long a rule still counts after it was over." },
};

#define EACH .count = RULE_MEMBERS_MAX, .stride = sizeof(struct member)
static const struct rule_field fields[] = {
	{ "last", FIELD_TIME, offsetof(struct state, members[0].last_us), EACH },
	{ "side", FIELD_U8, offsetof(struct state, members[0].side), EACH },
};

static int prepare(struct rule_prepare *p)
{
	struct params *own = p->params;
	const char *word;

	while (setting_word(own->rules, own->count, &word) > 0)
		own->count++;
	if (own->count < 2 || own->count > RULE_MEMBERS_MAX)
		return rule_refuse(
			p, "Rules", "names %u rules; give 2 to %d", own->count, RULE_MEMBERS_MAX);
	p->members = own->rules;
	return 0;
}

/* Still within its time; then *deadline is when it no longer is. */
static bool lingers(
	const struct params *p, const struct member *m, int64_t now_us, int64_t *deadline)
{
	if (m->side == SIDE_PRESENT)
		return true;
	if (m->last_us == 0 || now_us - m->last_us >= p->within_us)
		return false;
	if (m->last_us + p->within_us < *deadline)
		*deadline = m->last_us + p->within_us;
	return true;
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *s = c->state;
	unsigned there = 0, unknown = 0;

	if (c->cause == CAUSE_MEMBER) {
		struct member *m = &s->members[c->member];

		if (m->side == SIDE_PRESENT && c->member_side != SIDE_PRESENT)
			m->last_us = c->now_us;
		m->side = (uint8_t)c->member_side;
	}
	for (unsigned i = 0; i < p->count; i++) {
		if (lingers(p, &s->members[i], c->now_us, &v->deadline_us))
			there++;
		else if (s->members[i].side == SIDE_UNKNOWN && s->members[i].last_us)
			unknown++;
	}
	if (p->match == MATCH_ALL ? there == p->count : there > 0)
		v->side = SIDE_PRESENT;
	else
		v->side = unknown && (p->match == MATCH_ANY || there + unknown == p->count)
				  ? SIDE_UNKNOWN
				  : SIDE_NORMAL;
}

static void describe(const struct rule_call *c, const struct rule_verdict *v, struct text *t)
{
	const struct params *p = c->params;

	(void)v;
	text_str(t, c->gone ? "No longer " : "");
	text_str(t, p->match == MATCH_ALL ? (c->gone ? "all of: " : "All of: ")
					  : (c->gone ? "any of: " : "Any of: "));
	text_str(t, p->rules);
	if (p->within_us) {
		text_lit(t, " within ");
		describe_duration(t, p->within_us);
	}
}

static bool valid(const void *state)
{
	const struct state *s = state;

	for (unsigned i = 0; i < RULE_MEMBERS_MAX; i++)
		if (s->members[i].side >= _SIDE_MAX)
			return false;
	return true;
}

const struct rule_type rule_combination = {
	.name = "combination",
	.help = "All or any of some other rules, at one bed.",
	.flags = RULE_NO_METRIC | RULE_BED,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.prepare = prepare,
	.judge = judge,
	.describe = describe,
	.valid = valid,
};
