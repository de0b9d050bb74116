/*
 * Whether the settings of rules make sense: each rule by itself, then all of
 * them together. Every fault is a sentence that says what would be right.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/ruleset_private.h"
#include "util/decimal.h"

/* What values of a metric can be, by its unit. */
struct range {
	const char *unit;
	int16_t low, high;
	bool several; /* readings of it come in other units as well */
};

static const struct range ranges[] = {
	{ "%", 0, 100, false },
	{ "/min", 0, 500, false },
	{ "mm[Hg]", 0, 400, true },
	{ "Cel", -200, 200, true },
	{ "mmol/L", 0, 100, true },
	{ "mmol/L/min", -20, 20, true },
	{ "kg", 0, 700, true },
	{ "cm", 0, 300, true },
	{ "hPa", -1000, 2000, true },
	{ "{score}", 0, 100, false },
	{ "L/min", 0, 200, false },
};

static const struct range *range_of(enum metric m)
{
	const char *unit = metric_info(m)->unit;

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (strcmp(ranges[i].unit, unit) == 0)
			return &ranges[i];
	return NULL;
}

bool metric_has_units(enum metric m)
{
	const struct range *r = range_of(m);

	return r && r->several;
}

enum alarm_kind metric_alarm_kind(enum metric m)
{
	if (m <= METRIC_NEWS2)
		return ALARM_PHYSIOLOGICAL;
	if (m >= METRIC_BUTTON && m <= METRIC_FALL)
		return ALARM_ADVISORY;
	return ALARM_TECHNICAL;
}

static void write_decimal(char *buf, size_t size, struct decimal d)
{
	ssize_t n = decimal_format(buf, size, d);

	assert(n > 0); /* every decimal was made by decimal_from_parts() or has fewer digits */
	(void)n;
}

int limits_check(enum metric metric, const struct alarm_limits *limits, char *why)
{
	const struct metric_info *info = metric_info(metric);
	const struct range *range = range_of(metric);
	char low[DECIMAL_TEXT_MAX + 1], high[DECIMAL_TEXT_MAX + 1];

	write_decimal(low, sizeof(low), limits->low);
	write_decimal(high, sizeof(high), limits->high);
	if (limits->has_low && limits->has_high && decimal_compare(limits->low, limits->high) > 0) {
		snprintf(why, RULE_WHY_MAX,
			"cannot be: the lower limit %s is above the upper limit %s, so that every "
			"value would alarm; leave room between them",
			low, high);
		return -EINVAL;
	}
	if (!range)
		return 0;
	if ((limits->has_low &&
		    (decimal_compare(limits->low, (struct decimal){ range->low, 0 }) <= 0 ||
			    decimal_compare(limits->low, (struct decimal){ range->high, 0 }) >
				    0)) ||
		(limits->has_high &&
			(decimal_compare(limits->high, (struct decimal){ range->high, 0 }) >= 0 ||
				decimal_compare(limits->high, (struct decimal){ range->low, 0 }) <
					0))) {
		snprintf(why, RULE_WHY_MAX,
			"is an impossible limit: %s is from %d to %d %s, so that no value or every "
			"value would be beyond it",
			info->name, range->low, range->high, info->unit);
		return -EINVAL;
	}
	return 0;
}

/* Whether the bit of that shared setting is set. */
static bool has(uint64_t bits, const char *key)
{
	const struct rule_setting *row = rule_common_setting(key);

	return bits >> (row - rule_common_settings) & 1;
}

/* Whether there is a metric for the type, or none where none has to be. */
static bool check_metric(struct ruleset_check *k, struct rule *r, uint64_t bad)
{
	const struct metric_info *info = metric_info(r->common.metric);
	unsigned flags = r->type->flags;

	if (has(bad, "Metric"))
		return false;
	if (flags & RULE_NO_METRIC) {
		if (r->common.metric != METRIC_NONE)
			ruleset_blame(
				k, r, "Metric", "is not for Type=%s; leave it out", r->type->name);
		return r->common.metric == METRIC_NONE;
	}
	if (r->common.metric == METRIC_NONE) {
		if (!(flags & RULE_METRIC_OPTIONAL))
			ruleset_blame(k, r, "Metric", "is missing; give e.g. Metric=spo2");
		return flags & RULE_METRIC_OPTIONAL;
	}
	if (!has(bad, "Unit") && r->common.unit[0] && strcmp(r->common.unit, info->unit) != 0)
		ruleset_blame(k, r, "Unit",
			info->unit[0]
				? "is not the unit of %s; write the limits in %s and give Unit=%s"
				: "is no unit of %s, which has none; leave it out",
			info->name, info->unit, info->unit);
	if ((info->kind == METRIC_NUMBER && !(flags & RULE_NUMBERS)) ||
		(info->kind == METRIC_BOOLEAN && !(flags & RULE_SWITCHES)) ||
		(info->kind == METRIC_WORD && !(flags & RULE_WORDS))) {
		ruleset_blame(k, r, "Metric",
			"is of a kind that Type=%s cannot judge; give another metric or type",
			r->type->name);
		return false;
	}
	return true;
}

/* How far from its limit an alarm clears; ClearAt= or Hysteresis=. */
static void check_margins(struct ruleset_check *k, struct rule *r)
{
	const struct rule_common *c = &r->common;
	struct decimal margin = { 0 };
	bool both = c->below.given && c->above.given;

	if (c->clear_at.given && c->hysteresis.given) {
		ruleset_blame(k, r, "Hysteresis", "says the same as ClearAt=; give one of them");
		return;
	}
	if (c->hysteresis.given) {
		margin = c->hysteresis.value;
	} else if (c->clear_at.given) {
		if (both) {
			ruleset_blame(k, r, "ClearAt",
				"is ambiguous with both Below= and Above=; give Hysteresis= "
				"instead");
			return;
		}
		struct decimal good = c->below.given ? c->clear_at.value : c->above.value;
		struct decimal bad = c->below.given ? c->below.value : c->clear_at.value;

		bad.mantissa = -bad.mantissa; /* read from text, it is not the lowest there is */
		if (decimal_add(&margin, good, bad) < 0) {
			ruleset_blame(k, r, "ClearAt", "has too many digits");
			return;
		}
	}
	if (margin.mantissa < 0) {
		ruleset_blame(k, r, c->hysteresis.given ? "Hysteresis" : "ClearAt",
			"is on the bad side of the limit, where the alarm would never rest; give "
			"the limit itself or a value on its good side");
		return;
	}
	r->low_margin = r->high_margin = margin;
}

static void check_limits(struct ruleset_check *k, struct rule *r, bool metric, uint64_t bad)
{
	const struct rule_common *c = &r->common;
	char why[RULE_WHY_MAX];

	if (!(r->type->flags & RULE_LIMITS)) {
		const struct {
			const char *key;
			bool given;
		} keys[] = { { "Below", c->below.given }, { "Above", c->above.given },
			{ "ClearAt", c->clear_at.given }, { "Hysteresis", c->hysteresis.given } };

		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (keys[i].given)
				ruleset_blame(k, r, keys[i].key, "is not for Type=%s; leave it out",
					r->type->name);
		return;
	}
	if (has(bad, "Below") || has(bad, "Above"))
		return;
	r->limits = (struct alarm_limits){ c->below.given, c->above.given, c->below.value,
		c->above.value };
	if (!c->below.given && !c->above.given) {
		ruleset_blame(k, r, "Type", "needs Below= or Above=; give e.g. Below=90");
		return;
	}
	if (limits_check(metric ? c->metric : METRIC_NONE, &r->limits, why) < 0)
		ruleset_blame(k, r, c->below.given ? "Below" : "Above", "%s", why);
	else if (!has(bad, "ClearAt") && !has(bad, "Hysteresis"))
		check_margins(k, r);
}

void ruleset_check_high(
	struct ruleset_check *k, struct rule *r, uint64_t given, enum alarm_priority highest)
{
	const struct rule_common *c = &r->common;
	bool said = c->priority == PRIORITY_HIGH;
	const char *key = said ? "Priority" : "Type", *how = said ? "" : "can rise to high, which ";

	if (highest == PRIORITY_HIGH && !has(given, "Latching"))
		ruleset_blame(k, r, key,
			"%sneeds Latching=yes or Latching=no: whether a high-priority alarm stays "
			"after its cause is gone must be said",
			how);
	if (highest == PRIORITY_HIGH && metric_has_units(c->metric) && !has(given, "Unit"))
		ruleset_blame(k, r, key,
			"%sneeds Unit=: %s comes in several units, and the limits must say theirs; "
			"give Unit=%s",
			how, metric_info(c->metric)->name, metric_info(c->metric)->unit);
}

bool ruleset_check_rule(struct ruleset_check *k, struct rule *r, uint64_t given, uint64_t bad)
{
	struct rule_common *c = &r->common;
	bool metric;

	r->by_bed = c->scope == SCOPE_BED || r->type->flags & RULE_BED;
	if (c->kind > 0)
		r->kind = (enum alarm_kind)(c->kind - 1);
	else if (r->type->flags & RULE_TECHNICAL)
		r->kind = ALARM_TECHNICAL;
	else
		r->kind = c->metric == METRIC_NONE ? ALARM_PHYSIOLOGICAL
						   : metric_alarm_kind(c->metric);
	metric = check_metric(k, r, bad);
	check_limits(k, r, metric, bad);
	if (has(given, "Priority") && !has(bad, "Priority") && c->priority == PRIORITY_NONE &&
		c->escalate_after_us > 0)
		ruleset_blame(k, r, "EscalateAfter",
			"cannot raise Priority=none; give a priority or leave it out");
	return metric;
}

/* ---- all of them ---- */

static bool lists_meet(const char *a, const char *b)
{
	const char *word;
	size_t n;

	if (strcmp(a, "*") == 0 || strcmp(b, "*") == 0)
		return true;
	for (unsigned i = 0; (n = setting_word(a, i, &word)) > 0; i++) {
		char name[RULE_WHY_MAX];

		if (n < sizeof(name)) {
			memcpy(name, word, n);
			name[n] = 0;
			if (list_names(b, name))
				return true;
		}
	}
	return false;
}

static bool same_limit(bool has_a, struct decimal a, bool has_b, struct decimal b)
{
	return has_a == has_b && (!has_a || decimal_compare(a, b) == 0);
}

/* Whether they judge a reading in common. Last, since lists take time to compare. */
static bool pair_meets(const struct rule *a, const struct rule *b)
{
	return lists_meet(a->common.beds, b->common.beds) &&
	       lists_meet(a->common.devices, b->common.devices);
}

/* One alarm for two rules that differ in no limit is noise, unless delays tell them apart. */
static bool same_but_priority(const struct rule *r, const struct rule *other)
{
	const struct alarm_limits *a = &r->limits, *b = &other->limits;
	const struct rule_common *c = &r->common, *d = &other->common;

	return same_limit(a->has_low, a->low, b->has_low, b->low) &&
	       same_limit(a->has_high, a->high, b->has_high, b->high) && c->for_us == d->for_us &&
	       c->samples == d->samples && c->priority != d->priority &&
	       c->priority != PRIORITY_NONE && d->priority != PRIORITY_NONE;
}

static bool leaves_no_room(const struct alarm_limits *a, const struct alarm_limits *b)
{
	return (a->has_low && b->has_high && decimal_compare(a->low, b->high) > 0) ||
	       (a->has_high && b->has_low && decimal_compare(b->low, a->high) > 0);
}

/* Two rules with limits on the same metric of the same subjects. */
static void check_pair(struct ruleset_check *k, struct rule *r, const struct rule *other)
{
	if (r->faulty || other->faulty || !(r->type->flags & other->type->flags & RULE_LIMITS) ||
		r->type != other->type || r->common.metric != other->common.metric)
		return;
	if (r->fingerprint == other->fingerprint)
		ruleset_blame(k, r, "Type",
			"and all else is the same as in [Rule %s]; leave one of them out",
			other->name);
	else if (same_but_priority(r, other) && pair_meets(r, other))
		ruleset_blame(k, r, "Priority",
			"contradicts [Rule %s], which gives the same limits another priority; "
			"leave one of them out",
			other->name);
	else if (leaves_no_room(&r->limits, &other->limits) && pair_meets(r, other))
		ruleset_blame(k, r, r->limits.has_low ? "Below" : "Above",
			"contradicts [Rule %s]: between their limits every value would alarm; "
			"leave room between them",
			other->name);
}

/* Looks up Rules=. Returns 0 or -ENOMEM. */
static int link_members(struct ruleset_check *k, struct rule *r)
{
	const char *word;
	size_t n;

	for (unsigned i = 0; (n = setting_word(r->members, i, &word)) > 0; i++) {
		char name[RULE_NAME_MAX + 1] = "";
		struct dependent *more;
		struct rule *m;

		if (n <= RULE_NAME_MAX)
			memcpy(name, word, n);
		m = ruleset_find(k->set, name);
		if (!m) {
			ruleset_blame(k, r, "Rules",
				"names %.*s, of which there is no [Rule] section",
				(int)(n < 64 ? n : 64), word);
			continue;
		}
		more = reallocarray(m->dependents, m->dependent_count + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		m->dependents = more;
		more[m->dependent_count++] = (struct dependent){ (uint16_t)r->index, (uint16_t)i };
		r->member[r->member_count++] = (uint16_t)m->index;
	}
	return 0;
}

/* All that it is made of is done already. */
static void set_height(const struct ruleset *set, struct rule *r)
{
	for (unsigned i = 0; i < r->member_count; i++) {
		unsigned above = set->rules[r->member[i]].height + 1u;

		if (above > r->height)
			r->height = (uint16_t)above;
	}
}

/* Marks: 0 not seen, 1 on the way, 2 done. A rule on the way that is met again closes a loop. The
 * way is kept in an array: as deep as there are rules, it is no matter for the stack. */
static void find_loops(struct ruleset_check *k, uint8_t *marks, uint16_t *way, uint8_t *at)
{
	for (size_t i = 0; i < k->set->count; i++) {
		size_t depth = 0;

		if (marks[i])
			continue;
		marks[i] = 1;
		at[0] = 0;
		way[depth++] = (uint16_t)i;
		while (depth > 0) {
			struct rule *r = &k->set->rules[way[depth - 1]];
			uint16_t next;

			if (at[depth - 1] == r->member_count) {
				marks[r->index] = 2;
				set_height(k->set, r);
				depth--;
				continue;
			}
			next = r->member[at[depth - 1]++];
			if (marks[next] == 1) {
				ruleset_blame(k, r, "Rules",
					"closes a loop: %s is made of this rule; take one of them "
					"out",
					k->set->rules[next].name);
			} else if (marks[next] == 0) {
				marks[next] = 1;
				at[depth] = 0;
				way[depth++] = next;
			}
		}
	}
}

static int check_loops(struct ruleset_check *k)
{
	size_t n = k->set->count ?: 1;
	_cleanup_(freep) uint8_t *marks = calloc(n, 1);
	_cleanup_(freep) uint8_t *at = calloc(n, 1);
	_cleanup_(freep) uint16_t *way = calloc(n, sizeof(*way));

	if (!marks || !at || !way)
		return -ENOMEM;
	find_loops(k, marks, way, at);
	return 0;
}

/* A rule whose own result is among its inputs would feed itself. */
static void check_computed(struct ruleset_check *k, struct rule *r)
{
	for (size_t i = 0; i < k->set->count; i++) {
		const struct rule *other = &k->set->rules[i];
		enum metric m = other->computes;

		if (m != METRIC_NONE && r->inputs[m / 64] >> (m % 64) & 1)
			ruleset_blame(k, r, "Metric",
				"%s is worked out by [Rule %s] and may not be an input here",
				metric_info(m)->name, other->name);
	}
}

int ruleset_check_all(struct ruleset_check *k)
{
	for (size_t i = 0; i < k->set->count; i++) {
		struct rule *r = &k->set->rules[i];

		for (size_t j = 0; j < i; j++) {
			if (strcmp(r->name, k->set->rules[j].name) == 0)
				ruleset_blame(k, r, NULL, "is there twice; give another name");
			check_pair(k, r, &k->set->rules[j]);
		}
		check_computed(k, r);
		if (r->members) {
			int e = link_members(k, r);

			if (e < 0)
				return e;
		}
	}
	return check_loops(k);
}
