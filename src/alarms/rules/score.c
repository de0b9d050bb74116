/*
 * Type=score: an early warning score over what is known at a bed. The table is
 * data: NEWS2 stands in score_table.c as text, a site's own in Points=. A
 * missing or stale input makes the score incomplete; it never counts as 0.
 */
#include "alarms/rules/score_table.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "alarms/describe.h"
#include "alarms/type.h"
#include "util/decimal.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

enum { TABLE_NEWS2, TABLE_OWN };

struct params {
	int table;
	const char *points;
	int64_t max_age_us, charted_us, every_us;
	uint32_t at_least, single;
	enum metric metric;
	struct score_table rows;
};

struct state {
	int64_t told_us; /* boot: the last that was published; 0: none */
	bool complete;   /* as it was published */
	int64_t total;
	uint32_t fingerprint; /* of its parts' points */
	int64_t number;       /* now: what the alarm stands on */
	bool known;           /* all of it */
};

static const char *const tables[] = { "news2", "own", NULL };

#define P(field) offsetof(struct params, field)
static const struct rule_setting settings[] = {
	{ "Table", SETTING_CHOICE, P(table), "news2", .words = tables, .example = "news2",
		.help = "The score: news2, or own with the table in Points=." },
	{ "Points", SETTING_TEXT, P(points), "",
		.example = "pulse-rate|heart-rate:..50=1,51..100=0,101..=2",
		.help = "A table of one's own, one word for each input: "
			"METRIC[|METRIC][/PLACES][@CONDITION]:VALUE=POINTS,... The VALUE of a "
			"number is FROM..TO, both included, open where one is left out, after "
			"rounding to PLACES (0); of a switch it is yes or no, of a word each of "
			"the metric's. Conditions are air, oxygen, scale1 and scale2, joined by "
			"+.",
		.list = true },
	{ "AtLeast", SETTING_COUNT, P(at_least), "0", 0, 100, .example = "5",
		.help = "A total of this or more alarms; 0: none does." },
	{ "Single", SETTING_COUNT, P(single), "0", 0, 100, .example = "3",
		.help = "This many points of one input alone alarm; 0: none do." },
	{ "MaxAge", SETTING_DURATION, P(max_age_us), "1h", 1000000, INT64_C(86400) * 1000000,
		.example = "1h", .help = "How old a measured input may be." },
	{ "ChartedMaxAge", SETTING_DURATION, P(charted_us), "12h", 1000000,
		INT64_C(172800) * 1000000, .example = "12h",
		.help = "How old an input may be that a person has charted." },
	{ "Every", SETTING_DURATION, P(every_us), "1min", 1000000, INT64_C(86400) * 1000000,
		.example = "1min", .help = "How often it is published at most, unless it rises." },
};

#define S(name, kind, field) RULE_FIELD(struct state, name, kind, field)
static const struct rule_field fields[] = {
	S("told", FIELD_TIME, told_us),
	S("complete", FIELD_BOOL, complete),
	S("total", FIELD_I64, total),
	S("parts", FIELD_U32, fingerprint),
	S("number", FIELD_I64, number),
	S("known", FIELD_BOOL, known),
};

static int prepare(struct rule_prepare *p)
{
	struct params *own = p->params;
	const char *text = own->table == TABLE_NEWS2 ? score_news2 : own->points;

	if ((own->table == TABLE_OWN) != (own->points[0] != 0))
		return rule_refuse(p, "Points", "%s",
			own->table == TABLE_OWN ? "is missing; Table=own needs it"
						: "goes with Table=own only; leave it out");
	p->why_key = "Points";
	if (score_table_read(&own->rows, text, p->why) < 0)
		return -EINVAL;
	own->metric =
		p->metric == METRIC_NONE && own->table == TABLE_NEWS2 ? METRIC_NEWS2 : p->metric;
	p->computes = own->metric;
	score_table_metrics(&own->rows, p->input_metrics);
	return 0;
}

/* ---- one score ---- */

struct score {
	int total; /* of the parts that are known */
	int most;  /* points of one part */
	bool complete;
	unsigned known;
	uint16_t flags;
	uint32_t fingerprint;
	int64_t deadline_us; /* when the next input gets stale */
};

static int64_t max_age(const struct params *p, const struct rule_input *in)
{
	return in->origin == ORIGIN_MANUAL ? p->charted_us : p->max_age_us;
}

static bool is_stale(const struct params *p, const struct rule_input *in, int64_t now_us)
{
	return now_us - in->heard_us >= max_age(p, in);
}

/* The newest of the metrics that would do; NULL: there is none. */
static const struct rule_input *find_input(const struct rule_call *c, const struct score_row *row)
{
	const struct rule_input *found = NULL;

	for (unsigned i = 0; i < row->metric_count; i++) {
		const struct rule_input *in = &c->inputs[row->metrics[i]];

		if (in->metric != METRIC_NONE && (!found || in->heard_us > found->heard_us))
			found = in;
	}
	return found;
}

static void add_part(const struct rule_call *c, const struct score_row *row, unsigned conditions,
	struct score *s, struct alarm_part *part)
{
	const struct params *p = c->params;
	struct rule_input oxygen;
	const struct rule_input *in = row->oxygen
					      ? score_oxygen(c->inputs, &oxygen) ? &oxygen : NULL
					      : find_input(c, row);

	*part = (struct alarm_part){ .metric = row->metrics[0], .missing = true };
	if (!in)
		return;
	part->metric = in->metric;
	part->kind = in->kind;
	part->boolean = in->boolean;
	part->word = in->word;
	part->number = in->number;
	part->age_us = c->now_us - in->heard_us;
	part->origin = in->origin;
	part->device = in->device ? in->device->text : NULL;
	part->by = in->by ? in->by->text : NULL;
	part->stale = is_stale(p, in, c->now_us);
	part->missing = !score_row_points(&p->rows, row, conditions, in, part);
	s->flags |= in->flags & (FLAG_DEMO | FLAG_TEST);
	if (part->stale || part->missing)
		return;
	s->known++;
	s->total += part->points;
	if (part->points > s->most)
		s->most = part->points;
	if (in->heard_us + max_age(p, in) < s->deadline_us)
		s->deadline_us = in->heard_us + max_age(p, in);
}

static struct score work_out(const struct rule_call *c, struct alarm_computed *ret)
{
	const struct params *p = c->params;
	struct score s = { .complete = true, .deadline_us = RULE_NEVER };
	unsigned conditions = c->scale2 ? SCORE_SCALE2 : SCORE_SCALE1;
	struct rule_input oxygen;

	if (score_oxygen(c->inputs, &oxygen) && !is_stale(p, &oxygen, c->now_us))
		conditions |= oxygen.boolean ? SCORE_OXYGEN : SCORE_AIR;
	for (unsigned i = 0; i < p->rows.count; i++) {
		const struct score_row *row = &p->rows.rows[i];
		struct alarm_part *part = &ret->parts[ret->part_count];

		if (row->variant_of != i)
			continue; /* reached through the first of its kind */
		add_part(c, row, conditions, &s, part);
		if (part->missing || part->stale)
			s.complete = false;
		s.fingerprint = s.fingerprint * 31 +
				(uint32_t)(part->missing || part->stale ? 101 : part->points);
		ret->part_count++;
	}
	return s;
}

static void publish(const struct rule_call *c, struct state *st, const struct score *s,
	struct alarm_computed *computed)
{
	const struct params *p = c->params;

	st->told_us = c->now_us;
	st->complete = s->complete;
	st->total = s->total;
	st->fingerprint = s->fingerprint;
	computed->metric = p->metric;
	computed->complete = s->complete;
	computed->value = computed->minimum = (struct decimal){ s->total, 0 };
	computed->flags = s->flags;
	c->publish(c, computed);
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct params *p = c->params;
	struct state *st = c->state;
	struct alarm_computed computed = { .metric = METRIC_NONE };
	bool rises, changed;
	struct score s;

	assert(c->inputs); /* a table has at least one row, and that a metric */
	s = work_out(c, &computed);
	if (s.known == 0 && !st->told_us)
		return; /* nothing is known of anybody here */
	v->deadline_us = s.deadline_us;
	changed =
		st->told_us == 0 || s.complete != st->complete || s.fingerprint != st->fingerprint;
	rises = st->told_us == 0 || s.total > st->total || (st->complete && !s.complete);
	if (rises ||
		((changed || c->cause == CAUSE_INPUT) && c->now_us - st->told_us >= p->every_us))
		publish(c, st, &s, &computed);
	else if (changed && st->told_us + p->every_us < v->deadline_us)
		v->deadline_us = st->told_us + p->every_us;
	st->number = s.total;
	st->known = s.complete;
	v->has_number = true;
	v->number = (struct decimal){ s.total, 0 };
	if ((p->at_least && s.total >= (int)p->at_least) || (p->single && s.most >= (int)p->single))
		v->side = SIDE_ABOVE;
	else
		v->side = s.complete || (!p->at_least && !p->single) ? SIDE_NORMAL : SIDE_UNKNOWN;
}

static void describe(const struct rule_call *c, const struct rule_verdict *v, struct text *t)
{
	const struct params *p = c->params;
	const struct state *st = c->state;

	if (p->metric == METRIC_NONE)
		text_lit(t, "Score");
	else
		describe_metric(t, p->metric);
	text_str(t, st->known ? " is " : " is incomplete and at least ");
	text_decimal(t, v->number);
	if (!c->gone && p->single &&
		(!p->at_least ||
			decimal_compare(v->number, (struct decimal){ p->at_least, 0 }) < 0))
		text_printf(t, ", %u or more of them for one input", p->single);
}

static bool valid(const void *state)
{
	const struct state *s = state;

	return s->total >= 0 && s->total < 10000 && s->number >= 0 && s->number < 10000;
}

const struct rule_type rule_score = {
	.name = "score",
	.help = "An early warning score over what is known at a bed.",
	.flags = RULE_NUMBERS | RULE_BED | RULE_METRIC_OPTIONAL | RULE_COMPUTES,
	RULE_SETTINGS(settings, struct params),
	RULE_FIELDS(fields, struct state),
	.prepare = prepare,
	.judge = judge,
	.describe = describe,
	.valid = valid,
};
