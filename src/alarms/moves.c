/*
 * Devices and patients that come, move and go, and rules that change: which
 * alarms end by it and which go on. The tables themselves are in places.c.
 */
#include <errno.h>
#include <string.h>

#include "alarms/private.h"

/* ---- devices ---- */

void device_unknown_at_bed(struct alarms *a, struct device_place *d, const struct alarm_now *now)
{
	for (struct subject *s = d->bed ? d->bed->subjects : NULL; s; s = s->next)
		for (const struct sensor *x = d->sensors; x; x = x->next)
			if (x->metric == s->rule->common.metric && rule_hears(s->rule, d->name) &&
				!(s->rule->type->flags & RULE_FROM_START))
				subject_unknown(a, s, now);
}

/* About the patient, or a call of the patient's; not about the place or the equipment. */
static bool is_of_patient(const struct subject *s)
{
	enum alarm_kind kind = subject_kind(s);

	return kind == ALARM_PHYSIOLOGICAL ||
	       (kind == ALARM_ADVISORY &&
		       metric_alarm_kind(s->rule->common.metric) != ALARM_TECHNICAL);
}

/* Its alarm ends with the stay. A call whose switch is still on is another one's from now on:
 * nobody would say it again. */
static void end_stay(
	struct alarms *a, struct subject *s, enum alarm_reason reason, const struct alarm_now *now)
{
	unsigned m = s->rule->common.metric;
	bool calls = subject_alarms(s) && s->rule->type->flags & RULE_KEEPS_ALARM &&
		     (m == METRIC_NURSE_CALL || m == METRIC_EMERGENCY || m == METRIC_FALL);

	subject_over(a, s, reason, NULL, now);
	if (!calls) {
		subject_clear(a, s);
		return;
	}
	s->judge_at_us = now->boot_us + 1;
	subject_arm(a, s);
}

static void move_sensor(
	struct alarms *a, struct sensor *x, const struct bed_place *to, const struct alarm_now *now)
{
	struct subject **at = &x->subjects;

	while (*at) {
		struct subject *s = *at;
		bool goes = !rule_matches(s->rule, x->device, to);

		if (goes || is_of_patient(s))
			end_stay(a, s, ALARM_REASON_DEVICE_MOVED, now);
		if (goes) {
			*at = s->next;
			subject_free(a, s);
		} else {
			s->limits_generation = 0;
			at = &s->next;
		}
	}
}

/* Its alarms, all technical, go on elsewhere, where there may be other limits and other rules. */
static void update_device(struct alarms *a, struct device_place *d, const struct bed_place *former,
	const struct alarm_now *now)
{
	for (struct sensor *x = d->sensors; x; x = x->next)
		for (struct subject *s = x->subjects; s; s = s->next) {
			member_tell(a, s->rule, former, now);
			subject_tell_member(a, s, now);
			subject_update(a, s, now);
			subject_relimit(a, s, now);
		}
	for (struct subject *s = d->conditions; s; s = s->next)
		subject_update(a, s, now);
}

int alarms_device(struct alarms *a, const char *name, const char *bed, const struct alarm_now *now)
{
	struct device_place *d = device_find(a, name);
	struct bed_place *b = NULL, *former;
	bool is_new = !d;
	int e = 0;

	alarms_tick(a, now);
	if (bed)
		e = bed_get(a, bed, now, &b);
	if (e != 0)
		return e;
	if (is_new)
		e = device_new(a, name, &d);
	if (e != 0)
		return e;
	if (!is_new && d->bed == b)
		return 0;
	a->revision++;
	if (!is_new) {
		device_unknown_at_bed(a, d, now);
		for (struct sensor *x = d->sensors; x; x = x->next)
			move_sensor(a, x, b, now);
	}
	former = d->bed;
	d->bed = b;
	update_device(a, d, former, now);
	e = device_fill(a, d, now);
	if (e < 0)
		a->incomplete = true;
	return e;
}

void alarms_device_remove(struct alarms *a, const char *name, const struct alarm_now *now)
{
	struct device_place *d = device_find(a, name), **at = &a->devices[place_bucket(name)];

	alarms_tick(a, now);
	if (!d)
		return;
	for (struct sensor *x = d->sensors; x; x = x->next)
		for (struct subject *s = x->subjects; s; s = s->next)
			subject_over(a, s, ALARM_REASON_DEVICE_REMOVED, NULL, now);
	for (struct subject *s = d->conditions; s; s = s->next)
		subject_over(a, s, ALARM_REASON_DEVICE_REMOVED, NULL, now);
	device_unknown_at_bed(a, d, now);
	sensors_free(a, &d->sensors);
	subjects_free(a, &d->conditions);
	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	label_unref(d->name);
	free(d);
	a->counters.devices--;
	a->revision++;
}

/* ---- beds ---- */

void alarms_bed_remove(struct alarms *a, const char *name, const struct alarm_now *now)
{
	struct bed_place *b = bed_find(a, name), **at = &a->beds[place_bucket(name)];

	alarms_tick(a, now);
	if (!b)
		return;
	FOR_EACH_DEVICE(a, i, d)
	{
		if (d->bed != b)
			continue;
		for (struct sensor *x = d->sensors; x; x = x->next)
			move_sensor(a, x, NULL, now);
		d->bed = NULL;
		update_device(a, d, NULL, now);
	}
	a->changing = true; /* nothing begins there any more */
	for (struct sensor *x = b->sensors; x; x = x->next)
		for (struct subject *s = x->subjects; s; s = s->next)
			subject_over(a, s, ALARM_REASON_BED_REMOVED, NULL, now);
	for (struct subject *s = b->subjects; s; s = s->next)
		subject_over(a, s, ALARM_REASON_BED_REMOVED, NULL, now);
	a->changing = false;
	overrides_drop(a, b, false, "bed removed", now);
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	bed_free(a, b);
	a->revision++;
}

void alarms_each_bed(
	const struct alarms *a, void (*fn)(const char *name, void *userdata), void *userdata)
{
	FOR_EACH_BED(a, i, b)
	fn(b->name->text, userdata);
}

/* ---- patients ---- */

static void discharge(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	s->limits_generation = 0;
	if (!is_of_patient(s))
		return;
	end_stay(a, s, ALARM_REASON_DISCHARGED, now);
	subject_begin(a, s, now);
}

/* Everything at the bed that a rule judges; not the devices' technical conditions. */
static void for_each_at(struct alarms *a, struct bed_place *b,
	void (*fn)(struct alarms *, struct subject *, const struct alarm_now *),
	const struct alarm_now *now)
{
	FOR_EACH_DEVICE(a, i, d)
	for (struct sensor *x = d->bed == b ? d->sensors : NULL; x; x = x->next)
		for (struct subject *s = x->subjects; s; s = s->next)
			fn(a, s, now);
	for (struct sensor *x = b->sensors; x; x = x->next)
		for (struct subject *s = x->subjects; s; s = s->next)
			fn(a, s, now);
	for (struct subject *s = b->subjects; s; s = s->next)
		fn(a, s, now);
}

static bool same_label(const struct label *l, const char *text)
{
	return l && text ? strcmp(l->text, text) == 0 : !l && !text;
}

static int replace_label(struct label **l, const char *text)
{
	struct label *fresh = NULL;
	int e = text ? label_new(&fresh, text) : 0;

	if (e < 0)
		return e;
	label_unref(*l);
	*l = fresh;
	return 0;
}

int alarms_patient(struct alarms *a, const char *bed, const char *patient, const char *association,
	const struct alarm_now *now)
{
	struct bed_place *b;
	int e;

	alarms_tick(a, now);
	e = bed_get(a, bed, now, &b);
	if (e != 0 || (same_label(b->patient, patient) && same_label(b->association, association)))
		return e;
	a->revision++;
	if (b->patient && !same_label(b->patient, patient)) {
		a->changing = true; /* what is made of others waits until all have ended */
		for_each_at(a, b, discharge, now);
		a->changing = false;
		for (struct subject *s = b->subjects; s; s = s->next)
			subject_refresh(a, s, now);
		overrides_drop(a, b, true, "discharged", now);
		bed_drop_inputs(b);
		b->scale2 = false;
		b->scale2_by = label_unref(b->scale2_by);
		b->inactivation = 0;
		bed_arm(a, b);
	}
	e = replace_label(&b->patient, patient);
	if (e == 0)
		e = replace_label(&b->association, association);
	for_each_at(a, b, subject_update, now);
	FOR_EACH_DEVICE(a, i, d)
	for (struct subject *s = d->bed == b ? d->conditions : NULL; s; s = s->next)
		subject_update(a, s, now);
	return e;
}

int alarms_order_scale2(
	struct alarms *a, const char *bed, bool on, const char *by, const struct alarm_now *now)
{
	struct bed_place *b;
	int e;

	alarms_tick(a, now);
	e = bed_get(a, bed, now, &b);
	if (e != 0)
		return e;
	label_unref(b->scale2_by);
	b->scale2_by = on ? label_of_person(by) : NULL;
	b->scale2 = on;
	a->revision++;
	for (struct subject *s = b->subjects; s; s = s->next)
		if (rule_has_inputs(s->rule))
			subject_judge(a, s, CAUSE_TICK, NULL, SIDE_NORMAL, now);
	return 0;
}

/* ---- rules that come and go ---- */

/* Where the new set goes on with the old one's rule. */
static struct rule *successor(const struct ruleset *set, const struct rule *old)
{
	struct rule *r = ruleset_find(set, old->name);

	return r && r->type == old->type && r->common.metric == old->common.metric &&
			       r->by_bed == old->by_bed
		       ? r
		       : NULL;
}

bool rule_keeps(const struct rule *r, bool alarms)
{
	return r->type->flags & RULE_KEEPS || (alarms && r->type->flags & RULE_KEEPS_ALARM);
}

/* Takes over what goes on and ends the rest; *list keeps the former. */
static void change_rules(struct alarms *a, struct subject **list, const struct ruleset *set,
	const struct alarm_now *now)
{
	while (*list) {
		struct subject *s = *list;
		struct rule *r = successor(set, s->rule);
		bool waits;

		if (!r || !rule_matches(r, s->device, subject_bed(s))) {
			subject_over(a, s,
				ruleset_find(set, s->rule->name) ? ALARM_REASON_RULE_CHANGED
								 : ALARM_REASON_RULE_REMOVED,
				NULL, now);
			*list = s->next;
			subject_free(a, s);
			continue;
		}
		if ((r->common.priority == PRIORITY_NONE) !=
			(s->rule->common.priority == PRIORITY_NONE))
			/* what was told of it ends, or nothing was: it begins anew */
			subject_over(a, s, ALARM_REASON_RULE_CHANGED, NULL, now);
		if (r->fingerprint != s->rule->fingerprint) {
			/* the alarm goes on; what was measured up to now was for other settings */
			waits = rule_keeps(r, subject_alarms(s)) &&
				(s->judge_at_us != RULE_NEVER || s->pending);
			if (!rule_keeps(r, subject_alarms(s)))
				memset(s->state, 0, r->type->state_size);
			/* what waits is judged next, when all is in its place */
			s->judge_at_us = waits ? now->boot_us + 1 : RULE_NEVER;
			onset_forget(a, s);
		}
		s->rule = r;
		alarm_timers_rank(&a->timers, &s->timer, r->height);
		subject_arm_escalation(s, now);
		s->limits_generation = 0;
		s->last_of_kind = NULL;
		s->next_of_kind = r->subjects;
		if (r->subjects)
			r->subjects->last_of_kind = s;
		r->subjects = s;
		subject_arm(a, s);
		list = &s->next;
	}
}

/* Limits set by people go on with the rule of that name. */
static void change_overrides(
	struct alarms *a, const struct ruleset *set, const struct alarm_now *now)
{
	for (size_t i = 0; a->rules && i < a->rules->count; i++)
		overrides_take(a, successor(set, &a->rules->rules[i]), &a->rules->rules[i], now);
	for (size_t i = 0; i < set->count; i++)
		overrides_check(a, &set->rules[i], now);
}

int alarms_set_rules(struct alarms *a, struct ruleset *take, const struct alarm_now *now)
{
	struct ruleset *old = a->rules;
	int e;

	alarms_tick(a, now);
	/* the lists of the old rules' subjects dissolve; rules that combine others wait for the end
	 */
	for (size_t i = 0; old && i < old->count; i++)
		while (old->rules[i].subjects) {
			struct subject *s = old->rules[i].subjects;

			old->rules[i].subjects = s->next_of_kind;
			s->next_of_kind = s->last_of_kind = NULL;
		}
	a->changing = true;
	FOR_EACH_DEVICE(a, i, d)
	for (struct sensor *x = d->sensors; x; x = x->next)
		change_rules(a, &x->subjects, take, now);
	FOR_EACH_BED(a, i, b)
	{
		for (struct sensor *x = b->sensors; x; x = x->next)
			change_rules(a, &x->subjects, take, now);
		change_rules(a, &b->subjects, take, now);
	}
	a->changing = false;
	change_overrides(a, take, now);
	a->rules = take;
	a->generation++;
	a->revision++;
	ruleset_free(old);
	e = places_fill(a, now);
	for (size_t i = 0; i < take->count; i++)
		limits_changed(a, &take->rules[i], NULL, now);
	members_refresh(a, now);
	return e;
}
