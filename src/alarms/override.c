/*
 * Limits: those of the rule, of the ward, of the bed and of the patient, in this
 * order; the last that gives a side counts for that side.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/private.h"
#include "util/decimal.h"

static const struct alarm_limits nothing;

struct in_force {
	struct alarm_limits limits;
	const struct limit_override *low, *high; /* NULL: the rule's own */
};

static struct limit_override *find(
	const struct rule *r, enum limit_level level, const struct bed_place *b)
{
	struct limit_override *o = r->overrides;

	while (o && (o->level != level || o->bed != b))
		o = o->next;
	return o;
}

static void take(struct in_force *f, const struct limit_override *o)
{
	if (!o)
		return;
	if (o->limits.has_low) {
		f->limits.has_low = true;
		f->limits.low = o->limits.low;
		f->low = o;
	}
	if (o->limits.has_high) {
		f->limits.has_high = true;
		f->limits.high = o->limits.high;
		f->high = o;
	}
}

static struct in_force in_force(const struct rule *r, const struct bed_place *b)
{
	struct in_force f = { .limits = r->limits };

	take(&f, find(r, LIMIT_WARD, NULL));
	if (b) {
		take(&f, find(r, LIMIT_BED, b));
		take(&f, find(r, LIMIT_PATIENT, b));
	}
	return f;
}

void subject_limits(struct alarms *a, struct subject *s)
{
	struct decimal margin = s->rule->high_margin;

	if (s->limits_generation == a->generation)
		return;
	s->limits_generation = a->generation;
	s->limits = s->rule->overrides ? in_force(s->rule, subject_bed(s)).limits : s->rule->limits;
	/* A sum that has too many digits is no limit that anybody has set; then it clears at the
	 * limit itself. */
	if (decimal_add(&s->low_clear_at, s->limits.low, s->rule->low_margin) < 0)
		s->low_clear_at = s->limits.low;
	margin.mantissa = -margin.mantissa; /* it is 0 or more */
	if (decimal_add(&s->high_clear_at, s->limits.high, margin) < 0)
		s->high_clear_at = s->limits.high;
}

void limits_changed(
	struct alarms *a, struct rule *r, const struct bed_place *b, const struct alarm_now *now)
{
	if (!(r->type->flags & RULE_LIMITS))
		return;
	for (struct subject *s = r->subjects; s; s = s->next_of_kind)
		if (!b || subject_bed(s) == b)
			subject_relimit(a, s, now);
}

void override_free(struct alarms *a, struct limit_override *o)
{
	label_unref(o->by);
	free(o);
	a->override_count--;
}

static void tell(struct alarms *a, const struct rule *r, enum limit_level level,
	const struct bed_place *b, const struct alarm_limits *before,
	const struct alarm_limits *limits, const char *by, const char *why,
	const struct alarm_now *now)
{
	struct limit_change c = { .rule = r->name,
		.level = level,
		.bed = b ? b->name->text : NULL,
		.patient = level == LIMIT_PATIENT ? b->patient->text : NULL,
		.by = by,
		.time_us = now->utc_us,
		.before = *before,
		.now = *limits,
		.why = why };

	if (!a->sink.limits)
		return;
	a->busy = true;
	a->sink.limits(a->sink.userdata, &c);
	a->busy = false;
}

void override_tell_gone(struct alarms *a, const char *rule, enum limit_level level, const char *bed,
	const struct alarm_limits *limits, const struct alarm_now *now)
{
	struct limit_change c = { .rule = rule,
		.level = level,
		.bed = bed,
		.time_us = now->utc_us,
		.before = *limits,
		.why = "its rule or bed is gone" };

	if (a->sink.limits)
		a->sink.limits(a->sink.userdata, &c);
}

/* Leaves of *at what is in keep, which may be nothing. */
static void cut(struct alarms *a, const struct rule *r, struct limit_override **at,
	const struct alarm_limits *keep, const char *why, const struct alarm_now *now)
{
	struct limit_override *o = *at;

	tell(a, r, o->level, o->bed, &o->limits, keep, NULL, why, now);
	o->limits = *keep;
	a->generation++;
	a->revision++;
	if (keep->has_low || keep->has_high)
		return;
	*at = o->next;
	override_free(a, o);
}

void overrides_drop(struct alarms *a, const struct bed_place *b, bool patient_only, const char *why,
	const struct alarm_now *now)
{
	for (size_t i = 0; a->rules && i < a->rules->count; i++) {
		struct rule *r = &a->rules->rules[i];
		struct limit_override **at = &r->overrides;
		bool any = false;

		while (*at) {
			if ((*at)->bed != b || (patient_only && (*at)->level != LIMIT_PATIENT)) {
				at = &(*at)->next;
				continue;
			}
			cut(a, r, at, &nothing, why, now);
			any = true;
		}
		if (any)
			limits_changed(a, r, b, now);
	}
}

void overrides_take(
	struct alarms *a, struct rule *r, struct rule *former, const struct alarm_now *now)
{
	struct limit_override *list = former->overrides;

	former->overrides = NULL;
	while (list) {
		struct limit_override *o = list;

		list = o->next;
		if (r) {
			o->next = r->overrides;
			r->overrides = o;
		} else {
			o->next = NULL;
			cut(a, former, &o, &nothing, "rule removed", now);
		}
	}
}

/* What the rule has a place for. */
static struct alarm_limits fitting(const struct rule *r, const struct limit_override *o)
{
	struct alarm_limits l = o->limits;

	if (o->bed && !list_has(r->common.beds, o->bed->name->text))
		return nothing;
	if (!r->limits.has_low) {
		l.has_low = false;
		l.low = nothing.low;
	}
	if (!r->limits.has_high) {
		l.has_high = false;
		l.high = nothing.high;
	}
	return l;
}

/* Whether the limits contradict each other with those of its level and of the ones above. */
static bool contradicts(const struct rule *r, const struct limit_override *o)
{
	struct in_force f = { .limits = r->limits };
	char why[ALARMS_WHY_MAX];

	for (enum limit_level l = LIMIT_WARD; l <= o->level; l++)
		take(&f, find(r, l, l == LIMIT_WARD ? NULL : o->bed));
	return limits_check(r->common.metric, &f.limits, why) < 0;
}

void overrides_check(struct alarms *a, struct rule *r, const struct alarm_now *now)
{
	struct limit_override **at = &r->overrides, *o;

	while ((o = *at)) {
		struct alarm_limits keep = fitting(r, o);

		if (keep.has_low != o->limits.has_low || keep.has_high != o->limits.has_high)
			cut(a, r, at, &keep, "rule changed", now);
		if (*at == o)
			at = &o->next;
	}
	for (enum limit_level l = LIMIT_WARD; l <= LIMIT_PATIENT; l++)
		for (at = &r->overrides; (o = *at);) {
			if (o->level == l && contradicts(r, o))
				cut(a, r, at, &nothing, "rule changed", now);
			else
				at = &o->next;
		}
}

int override_put(struct alarms *a, struct rule *r, enum limit_level level, struct bed_place *b,
	const struct alarm_limits *limits, const char *by, int64_t since_us,
	struct alarm_limits *ret_before)
{
	struct limit_override *o = find(r, level, b), **at = &r->overrides;
	char name[LABEL_MAX + 1];
	struct label *l = NULL;

	*ret_before = o ? o->limits : (struct alarm_limits){ 0 };
	a->generation++;
	a->revision++;
	if (!limits->has_low && !limits->has_high) {
		while (o && *at != o)
			at = &(*at)->next;
		if (o) {
			*at = o->next;
			override_free(a, o);
		}
		return 0;
	}
	if (!o && a->override_count >= ALARMS_OVERRIDES_MAX)
		return ALARMS_E_FULL;
	if (by) {
		snprintf(name, sizeof(name), "%s", by);
		if (label_new(&l, name) < 0)
			return -ENOMEM;
	}
	if (!o) {
		o = calloc(1, sizeof(*o));
		if (!o) {
			label_unref(l);
			return -ENOMEM;
		}
		o->level = level;
		o->bed = b;
		o->next = r->overrides;
		r->overrides = o;
		a->override_count++;
	}
	label_unref(o->by);
	o->by = l;
	o->limits = *limits;
	o->since_us = since_us;
	return 0;
}

/* What would be in force at b (NULL: where nothing else is set) with the new limits on their level.
 */
static int check_at(const struct rule *r, const struct limit_override *fresh,
	const struct bed_place *b, char *why)
{
	struct in_force f = { .limits = r->limits };

	take(&f, fresh->level == LIMIT_WARD ? fresh : find(r, LIMIT_WARD, NULL));
	if (b) {
		take(&f, fresh->level == LIMIT_BED ? fresh : find(r, LIMIT_BED, b));
		take(&f, fresh->level == LIMIT_PATIENT ? fresh : find(r, LIMIT_PATIENT, b));
	}
	return limits_check(r->common.metric, &f.limits, why) < 0 ? ALARMS_E_REFUSED : 0;
}

/* Is every combination in force possible? A change for the ward shows at all beds. */
static int check_all(const struct rule *r, const struct limit_override *fresh,
	const struct bed_place *b, char *why)
{
	int e = check_at(r, fresh, b, why);

	if (fresh->level != LIMIT_WARD)
		return e;
	for (const struct limit_override *o = r->overrides; o && e == 0; o = o->next) {
		e = o->bed ? check_at(r, fresh, o->bed, why) : 0;
		if (e != 0) {
			size_t n = strlen(why);

			snprintf(why + n, ALARMS_WHY_MAX - n, " (bed %s)", o->bed->name->text);
		}
	}
	return e;
}

static int refuse(char *why, int outcome, const char *format, const char *word)
{
	snprintf(why, ALARMS_WHY_MAX, "%s%s", format, word);
	return outcome;
}

int alarms_set_limits(struct alarms *a, const char *rule, enum limit_level level, const char *bed,
	const struct alarm_limits *limits, const char *by, const struct alarm_now *now, char *why)
{
	struct rule *r = a->rules ? ruleset_find(a->rules, rule) : NULL;
	struct bed_place *b = bed ? bed_find(a, bed) : NULL;
	struct limit_override fresh = { .level = level, .limits = *limits };
	struct alarm_limits before;
	int e;

	alarms_tick(a, now);
	if (!r)
		return refuse(why, ALARMS_E_UNKNOWN, "there is no such rule", "");
	if (!(r->type->flags & RULE_LIMITS))
		return refuse(why, ALARMS_E_REFUSED,
			"there are no limits in a rule with Type=", r->type->name);
	if ((level == LIMIT_BED || level == LIMIT_PATIENT) != (bed != NULL) || level == LIMIT_RULE)
		return refuse(why, ALARMS_E_REFUSED,
			"a bed goes with the limits of a bed or of its patient, and only with "
			"these",
			"");
	if (bed && !b)
		return refuse(why, ALARMS_E_UNKNOWN, "there is no such bed", "");
	if (b && !list_has(r->common.beds, bed))
		return refuse(why, ALARMS_E_REFUSED, "the rule is not for that bed", "");
	if (level == LIMIT_PATIENT && !b->patient)
		return refuse(why, ALARMS_E_REFUSED, "no patient is known at that bed", "");
	if ((limits->has_low && !r->limits.has_low) || (limits->has_high && !r->limits.has_high))
		return refuse(why, ALARMS_E_REFUSED, "the rule has no ",
			limits->has_low && !r->limits.has_low ? "lower limit" : "upper limit");
	e = check_all(r, &fresh, b, why);
	if (e == 0)
		e = override_put(a, r, level, b, limits, by, now->utc_us, &before);
	if (e == ALARMS_E_FULL)
		return refuse(why, e, "there are too many limits of beds and patients", "");
	if (e != 0)
		return e;
	tell(a, r, level, b, &before, limits, by,
		limits->has_low || limits->has_high ? "set" : "cleared", now);
	limits_changed(a, r, b, now);
	return 0;
}

static struct limit_source source(const struct limit_override *o)
{
	if (!o)
		return (struct limit_source){ .level = LIMIT_RULE };
	return (struct limit_source){
		.level = o->level, .by = o->by ? o->by->text : NULL, .since_us = o->since_us
	};
}

void alarms_limits(const struct alarms *a, const char *bed, alarms_limits_fn fn, void *userdata)
{
	const struct bed_place *b = bed ? bed_find(a, bed) : NULL;

	for (size_t i = 0; a->rules && i < a->rules->count; i++) {
		const struct rule *r = &a->rules->rules[i];
		struct in_force f = in_force(r, b);
		struct limit_source low = source(f.low), high = source(f.high);

		if (!(r->type->flags & RULE_LIMITS) || (bed && !list_has(r->common.beds, bed)))
			continue;
		fn(userdata, r->name, r->common.metric, &f.limits, &low, &high);
	}
}
