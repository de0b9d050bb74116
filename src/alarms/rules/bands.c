/*
 * Type=bands: the further out, the more urgent. Bands= lists limits with their
 * priorities; the alarm's priority follows the value from band to band.
 */
#include <errno.h>
#include <string.h>

#include "alarms/ruleset.h"
#include "alarms/settings.h"
#include "alarms/type.h"
#include "util/decimal.h"
#include "wardgate/reading.h"
#include "wardgate/rule.h"

#define BANDS_MAX 8

struct band {
	bool below;
	struct decimal limit, clear_at;
	enum alarm_priority priority;
};

struct params {
	const char *list;
	struct setting_number margin;
	struct band bands[BANDS_MAX];
	unsigned count;
};

static const struct rule_setting settings[] = {
	{ "Bands", SETTING_TEXT, offsetof(struct params, list), "", .required = true,
		.example = "<90:medium <85:high",
		.help = "Limits with their priorities: <VALUE:PRIORITY for what is below, "
			">VALUE:PRIORITY for what is above.",
		.list = true },
	{ "Margin", SETTING_NUMBER, offsetof(struct params, margin), "", .example = "2",
		.help = "How far back on the good side of its limit a value leaves a band." },
};

static int refuse(struct rule_prepare *p, const char *sentence)
{
	return rule_refuse(p, "Bands", "%s", sentence);
}

/* "<90:medium" */
static int read_band(struct rule_prepare *p, const char *word, size_t n, struct band *b)
{
	static const struct {
		const char *text;
		enum alarm_priority priority;
	} priorities[] = { { "low", PRIORITY_LOW }, { "medium", PRIORITY_MEDIUM },
		{ "high", PRIORITY_HIGH } };
	const char *colon = memchr(word, ':', n);
	size_t rest = colon ? (size_t)(word + n - colon - 1) : 0;

	if (!colon || (word[0] != '<' && word[0] != '>') ||
		decimal_from_text(&b->limit, word + 1, (size_t)(colon - word - 1)) < 0 ||
		b->limit.exponent < -9 || b->limit.exponent > 9)
		return refuse(p, "holds what is no band; write e.g. <90:medium or >130:high");
	b->below = word[0] == '<';
	for (size_t i = 0; i < ARRAY_SIZE(priorities); i++)
		if (strlen(priorities[i].text) == rest &&
			memcmp(priorities[i].text, colon + 1, rest) == 0)
			b->priority = priorities[i].priority;
	return b->priority ? 0 : refuse(p, "holds an unknown priority; give low, medium or high");
}

/* Further out must be more urgent, and the sides must leave room between them. */
static int check_bands(struct rule_prepare *p, const struct params *own)
{
	for (unsigned i = 0; i < own->count; i++)
		for (unsigned j = 0; j < own->count; j++) {
			const struct band *a = &own->bands[i], *b = &own->bands[j];
			int order = decimal_compare(a->limit, b->limit);

			if (a->below && !b->below && order > 0)
				return refuse(p, "lets every value alarm: a lower limit is above "
						 "an upper one; leave room between them");
			if (i == j || a->below != b->below)
				continue;
			if (order == 0 ||
				(a->below ? order < 0 : order > 0) != (a->priority > b->priority))
				return refuse(p, "contradicts itself: what is further out must be "
						 "more urgent, and each limit stands once");
		}
	return 0;
}

static int prepare(struct rule_prepare *p)
{
	struct params *own = p->params;
	struct decimal margin = own->margin.value;
	const char *word;
	size_t n;

	if (margin.mantissa < 0) {
		p->blame(p, "Margin", "is below 0; give 0 or more");
		margin = (struct decimal){ 0 };
	}
	for (unsigned i = 0; (n = setting_word(own->list, i, &word)) > 0; i++) {
		struct alarm_limits limits = { 0 };
		struct decimal add = margin;
		struct band *b = &own->bands[i];

		if (i == BANDS_MAX)
			return refuse(p, "has too many bands; there may be 8");
		if (read_band(p, word, n, b) < 0)
			return -EINVAL;
		limits.has_low = b->below;
		limits.has_high = !b->below;
		limits.low = limits.high = b->limit;
		if (limits_check(p->metric, &limits, p->why) < 0) {
			p->why_key = "Bands";
			return -EINVAL;
		}
		if (!b->below)
			add.mantissa = -add.mantissa; /* it is 0 or more */
		if (decimal_add(&b->clear_at, b->limit, add) < 0)
			return refuse(p, "has too many digits");
		if (b->priority > p->highest)
			p->highest = b->priority;
		own->count = i + 1;
	}
	if (own->count == 0)
		return refuse(p, "is empty; give e.g. <90:medium <85:high");
	return check_bands(p, own);
}

static enum rule_side side_of(const struct band *b)
{
	return !b ? SIDE_NORMAL : b->below ? SIDE_BELOW : SIDE_ABOVE;
}

/* Whether the value lies in the band; held: one that the alarm is in is left at clear_at. */
static bool is_in(const struct rule_call *c, const struct band *b, bool held)
{
	bool inside = held && c->side == side_of(b) && c->priority >= b->priority;
	struct decimal limit = inside ? b->clear_at : b->limit;
	int order;

	if (c->extreme != SIDE_NORMAL)
		return c->extreme == side_of(b);
	order = decimal_compare(c->reading->number, limit);
	return b->below ? order < 0 : order > 0;
}

static const struct band *most_urgent(const struct rule_call *c, bool held)
{
	const struct params *p = c->params;
	const struct band *most = NULL;

	for (unsigned i = 0; i < p->count; i++)
		if (is_in(c, &p->bands[i], held) &&
			(!most || p->bands[i].priority > most->priority))
			most = &p->bands[i];
	return most;
}

/* What is beyond a limit of the other side is so, however little it is back from this one. */
static const struct band *find(const struct rule_call *c)
{
	const struct band *beyond = most_urgent(c, false);

	return beyond && side_of(beyond) != c->side ? beyond : most_urgent(c, true);
}

static enum rule_side crosses(const struct rule_call *c)
{
	return side_of(find(c));
}

static void judge(const struct rule_call *c, struct rule_verdict *v)
{
	const struct band *b;

	if (c->cause != CAUSE_READING)
		return;
	b = find(c);
	v->side = side_of(b);
	if (!b)
		return;
	v->priority = b->priority;
	v->limits = (struct alarm_limits){ b->below, !b->below, b->limit, b->limit };
}

const struct rule_type rule_bands = {
	.name = "bands",
	.help = "Several limits, each with its own priority: the further out, the more urgent.",
	.flags = RULE_NUMBERS,
	RULE_SETTINGS(settings, struct params),
	.prepare = prepare,
	.judge = judge,
	.crosses = crosses,
};
