/*
 * From readings to verdicts: which readings count, which rules they concern,
 * and what these say. What follows from a verdict is in life.c.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "alarms/private.h"
#include "util/decimal.h"

/* ---- which readings count ---- */

enum counting {
	COUNTS_MEASURED,
	COUNTS_LATE,       /* measured, but not live */
	COUNTS_UNMEASURED, /* live, and says that there is nothing */
	COUNTS_NOT,
};

/* The device's own clock at the measurement; 0: it has said nothing of it. */
static int64_t own_stamp(const struct reading *r)
{
	if (r->device_time_us)
		return r->device_time_us;
	return r->time_source == TIME_DEVICE ? r->time_us : 0;
}

/* When it was measured, on the boot-time clock. Both stamps are of the same clock at the moment of
 * reception, so that setting that clock does not show in their difference. */
static int64_t measured_at(const struct reading *r, const struct alarm_now *now, int64_t *ret_age)
{
	int64_t age = r->time_source == TIME_GATEWAY || r->flags & FLAG_AMBIGUOUS_TIME
			      ? 0
			      : r->received_us - r->time_us;

	*ret_age = age > 0 ? age : 0;
	return now->boot_us - *ret_age;
}

/* Older than the newest: by our reckoning and, where the device has a clock of its own, by that as
 * well. One clock that is set does not make a device blind. */
static bool out_of_order(const struct sensor *x, const struct reading *r, int64_t measured_us)
{
	int64_t stamp = own_stamp(r);

	if (!x->heard || measured_us >= x->measured_us)
		return false;
	return !stamp || !x->stamp_us || stamp <= x->stamp_us;
}

/* The newest live one, a value or not: what is older than a "sensor off" does not end it. */
static void note_order(struct sensor *x, const struct reading *r, int64_t measured_us)
{
	x->heard = true;
	x->measured_us = measured_us;
	x->stamp_us = own_stamp(r);
}

static bool has_value(const struct reading *r)
{
	switch ((enum validity)r->validity) {
	case VALIDITY_VALID:
	case VALIDITY_QUESTIONABLE:
		return r->kind != VALUE_NONE;
	case VALIDITY_BELOW_RANGE:
	case VALIDITY_ABOVE_RANGE:
		return true;
	case VALIDITY_INVALID:
	case VALIDITY_NOT_MEASURED:
	case VALIDITY_SENSOR_OFF:
	case VALIDITY_CALIBRATING:
	case _VALIDITY_MAX:
		break;
	}
	return false;
}

static enum counting classify(const struct alarms *a, const struct sensor *x,
	const struct reading *r, const struct alarm_now *now, int64_t *ret_measured_us)
{
	bool demo = r->flags & (FLAG_DEMO | FLAG_TEST) && !a->training, late;
	int64_t age;

	*ret_measured_us = measured_at(r, now, &age);
	if (r->origin == ORIGIN_SETTING || r->flags & FLAG_CONTROL_SOLUTION)
		return COUNTS_NOT; /* not about the patient or the place */
	late = r->flags & FLAG_STORED || r->backfill || age > ALARMS_LATE_US ||
	       out_of_order(x, r, *ret_measured_us);
	if (demo || !has_value(r))
		return late ? COUNTS_NOT : COUNTS_UNMEASURED;
	return late ? COUNTS_LATE : COUNTS_MEASURED;
}

static enum rule_side extreme_of(const struct reading *r)
{
	return r->validity == VALIDITY_BELOW_RANGE   ? SIDE_BELOW
	       : r->validity == VALIDITY_ABOVE_RANGE ? SIDE_ABOVE
						     : SIDE_NORMAL;
}

/* ---- a rule's turn ---- */

struct context {
	struct alarms *a;
	struct subject *s;
	const struct alarm_now *now;
};

static void on_publish(const struct rule_call *c, struct alarm_computed *computed);

/* The side on which how far it must be back goes: that of the limit that it was beyond, unless
 * there has come another one since. */
static enum rule_side side_held(const struct subject *s)
{
	const struct alarm_limits *was = &s->verdict.limits, *is = &s->limits;
	enum rule_side side = s->verdict.side;

	if (!subject_alarms(s))
		return SIDE_NORMAL;
	if (!(s->rule->type->flags & RULE_LIMITS))
		return side;
	if (side == SIDE_BELOW ? decimal_compare(was->low, is->low) != 0
			       : decimal_compare(was->high, is->high) != 0)
		return SIDE_NORMAL;
	return side;
}

struct rule_call subject_call(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	const struct bed_place *b = subject_bed(s);
	bool alarms = subject_alarms(s);

	subject_limits(a, s);
	return (struct rule_call){
		.params = s->rule->params,
		.state = s->state,
		.now_us = now->boot_us,
		.utc_us = now->utc_us,
		.extreme = SIDE_NORMAL,
		.limits = s->limits,
		.low_clear_at = s->low_clear_at,
		.high_clear_at = s->high_clear_at,
		.side = side_held(s),
		.priority = alarms ? s->verdict.priority : PRIORITY_NONE,
		.inputs = b ? b->inputs : NULL,
		.scale2 = b && b->scale2,
		.publish = on_publish,
	};
}

static void judge(struct alarms *a, struct subject *s, struct rule_call *c, const struct reading *r,
	const struct alarm_now *now)
{
	struct context context = { a, s, now };
	struct rule_verdict v = {
		.side = SIDE_UNKNOWN, .limits = c->limits, .deadline_us = RULE_NEVER
	};

	c->engine = &context;
	s->rule->type->judge(c, &v);
	assert(v.deadline_us > now->boot_us);
	s->judge_at_us = v.deadline_us;
	if (v.priority == PRIORITY_NONE)
		v.priority = (enum alarm_priority)s->rule->common.priority;
	subject_apply(a, s, &v, r, now);
	if (v.has_excursion)
		emit_excursion(a, s, &v.excursion, now);
}

void subject_judge(struct alarms *a, struct subject *s, enum rule_cause cause,
	const struct reading *r, enum rule_side extreme, const struct alarm_now *now)
{
	struct rule_call c = subject_call(a, s, now);

	c.cause = cause;
	c.reading = cause == CAUSE_READING || cause == CAUSE_INPUT ? r : NULL;
	c.extreme = extreme;
	judge(a, s, &c, cause == CAUSE_INPUT ? NULL : r, now);
}

static struct reading reading_of(const struct subject *s, const struct sample *x)
{
	return (struct reading){
		.metric = (uint8_t)s->rule->common.metric,
		.kind = x->kind,
		.validity = x->validity,
		.number = x->number,
		.boolean = x->boolean,
		.word = x->word,
		.flags = x->flags,
		.time_us = x->time_us,
		.sequence = x->sequence,
		.epoch = x->epoch,
	};
}

void subject_relimit(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	struct reading r = reading_of(s, s->pending ? &s->onset.sample : &s->sample);
	bool known = s->pending || subject_alarms(s);
	struct rule_verdict v = { .side = SIDE_UNKNOWN, .deadline_us = RULE_NEVER };
	struct rule_call c;

	if (!(s->rule->type->flags & RULE_LIMITS) || (!known && s->rule->type->state_size == 0))
		return;
	c = subject_call(a, s, now);
	if (known && limits_same(&c.limits, s->pending ? &s->onset.limits : &s->verdict.limits))
		return;
	c.cause = CAUSE_LIMITS;
	if (known) {
		c.reading = &r;
		c.extreme = extreme_of(&r);
	}
	v.limits = c.limits;
	v.priority = (enum alarm_priority)s->rule->common.priority;
	s->rule->type->judge(&c, &v);
	assert(v.deadline_us > now->boot_us);
	s->judge_at_us = v.deadline_us;
	subject_apply_limits(a, s, &v, known ? &r : NULL, now);
}

/* ---- rules made of rules ---- */

/* How the rule stands at the bed, over all of its subjects there. */
static enum rule_side member_side(const struct rule *r, const struct bed_place *b)
{
	enum rule_side side = SIDE_NORMAL;

	for (const struct subject *s = r->subjects; s; s = s->next_of_kind) {
		if (subject_bed(s) != b || !subject_alarms(s))
			continue;
		if (!s->stale)
			return SIDE_PRESENT;
		side = SIDE_UNKNOWN;
	}
	return side;
}

static struct subject *subject_at(const struct bed_place *b, const struct rule *r)
{
	struct subject *s = b->subjects;

	while (s && s->rule != r)
		s = s->next;
	return s;
}

static void judge_member(struct alarms *a, struct subject *s, unsigned member, enum rule_side side,
	const struct alarm_now *now)
{
	struct rule_call c = subject_call(a, s, now);

	c.cause = CAUSE_MEMBER;
	c.member = member;
	c.member_side = side;
	judge(a, s, &c, NULL, now);
}

void member_tell(struct alarms *a, const struct rule *r, const struct bed_place *b,
	const struct alarm_now *now)
{
	if (!b || a->changing)
		return;
	for (size_t i = 0; i < r->dependent_count; i++) {
		const struct dependent *d = &r->dependents[i];
		struct subject *t = subject_at(b, &a->rules->rules[d->rule]);

		if (t)
			judge_member(a, t, d->member, member_side(r, b), now);
	}
}

void subject_tell_member(struct alarms *a, const struct subject *s, const struct alarm_now *now)
{
	if (s->rule)
		member_tell(a, s->rule, subject_bed(s), now);
}

void subject_refresh(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	for (unsigned m = 0; m < s->rule->member_count; m++)
		judge_member(a, s, m,
			member_side(&a->rules->rules[s->rule->member[m]], subject_bed(s)), now);
}

void members_refresh(struct alarms *a, const struct alarm_now *now)
{
	FOR_EACH_BED(a, i, b)
	for (struct subject *s = b->subjects; s; s = s->next)
		subject_refresh(a, s, now);
}

/* ---- a bed's inputs, and the values worked out of them ---- */

static bool wanted(const uint64_t bits[2], unsigned metric)
{
	return bits[metric / 64] >> (metric % 64) & 1;
}

static void take_input(struct bed_place *b, const struct reading *r, enum rule_side extreme,
	const struct alarm_now *now)
{
	struct rule_input *in = &b->inputs[r->metric];

	label_ref(r->device);
	label_ref(r->by);
	label_unref(in->device);
	label_unref(in->by);
	*in = (struct rule_input){
		.metric = r->metric,
		.kind = r->kind,
		.number = r->number,
		.extreme = (uint8_t)extreme,
		.boolean = r->boolean,
		.word = r->word,
		.origin = r->origin,
		.flags = r->flags,
		.heard_us = now->boot_us,
		.device = r->device,
		.by = r->by,
	};
}

/* The bed's own rules. */
static void judge_bed(struct alarms *a, struct bed_place *b, const struct reading *r,
	enum rule_side extreme, bool measured, const struct alarm_now *now)
{
	if (!b || !wanted(b->wanted, r->metric))
		return;
	if (b->inputs && measured)
		take_input(b, r, extreme, now);
	for (struct subject *s = b->subjects; s; s = s->next) {
		const struct rule_common *c = &s->rule->common;

		if (!rule_hears(s->rule, r->device))
			continue;
		if (c->metric == r->metric && s->rule->computes != r->metric)
			subject_judge(
				a, s, measured ? CAUSE_READING : CAUSE_UNMEASURED, r, extreme, now);
		else if (measured && wanted(s->rule->inputs, r->metric))
			subject_judge(a, s, CAUSE_INPUT, r, extreme, now);
	}
}

/* A value worked out at a bed is judged like one that came from outside. */
static void judge_computed(struct alarms *a, struct subject *s,
	const struct alarm_computed *computed, const struct alarm_now *now)
{
	struct reading r = {
		.metric = (uint8_t)computed->metric,
		.kind = computed->complete ? VALUE_NUMBER : VALUE_NONE,
		.validity = computed->complete ? VALIDITY_VALID : VALIDITY_NOT_MEASURED,
		.number = computed->value,
		.origin = ORIGIN_CALCULATED,
		.flags = computed->flags,
		.time_us = now->utc_us,
		.received_us = now->utc_us,
	};
	struct bed_place *b = subject_bed(s);
	struct sensor *x;

	if (!b || sensor_get(a, NULL, b, r.metric, 0, now, &x) != 0)
		return;
	for (struct subject *t = x->subjects; t; t = t->next)
		subject_judge(a, t, computed->complete ? CAUSE_READING : CAUSE_UNMEASURED, &r,
			SIDE_NORMAL, now);
	judge_bed(a, b, &r, SIDE_NORMAL, computed->complete, now);
}

static void on_publish(const struct rule_call *c, struct alarm_computed *computed)
{
	const struct context *k = c->engine;
	const struct bed_place *b = subject_bed(k->s);

	computed->rule = k->s->rule->name;
	computed->bed = b ? b->name->text : NULL;
	computed->device = k->s->device ? k->s->device->name->text : NULL;
	computed->time_us = k->now->utc_us;
	if (k->a->restoring) /* never: what is computed needs a reading or a deadline */
		return;
	if (k->a->sink.computed) {
		k->a->busy = true;
		k->a->sink.computed(k->a->sink.userdata, computed);
		k->a->busy = false;
	}
	if (computed->metric != METRIC_NONE)
		judge_computed(k->a, k->s, computed, k->now);
}

/* ---- a sensor's quality, as conditions of its device ---- */

static void count_condition(struct alarms *a, struct device_place *d, enum alarm_condition c,
	bool *counted, unsigned *count, bool present, const struct alarm_now *now)
{
	if (*counted == present)
		return;
	*counted = present;
	*count += present ? 1 : -1u;
	/* without memory for the alarm nothing is told; the count stays right */
	(void)condition_set(a, c, d, *count > 0, NULL, now);
	condition_changed(a, c, d, now);
}

static void judge_quality(struct alarms *a, struct sensor *x, enum rule_side extreme, bool measured,
	const struct alarm_now *now)
{
	struct device_place *d = x->device;

	if (!d)
		return; /* nobody's sensor is off when nothing is charted */
	if (measured) {
		x->unmeasured_us = 0;
		alarm_timers_set(&a->timers, &x->timer, RULE_NEVER);
		count_condition(a, d, CONDITION_SENSOR_OFF, &x->off, &d->off_count, false, now);
		count_condition(a, d, CONDITION_OUT_OF_RANGE, &x->beyond, &d->beyond_count,
			extreme != SIDE_NORMAL, now);
	} else if (x->unmeasured_us == 0) {
		x->unmeasured_us = now->boot_us;
		alarm_timers_set(&a->timers, &x->timer, now->boot_us + ALARMS_FREEZE_US);
	}
}

void sensor_due(struct alarms *a, struct sensor *x, const struct alarm_now *now)
{
	alarm_timers_set(&a->timers, &x->timer, RULE_NEVER);
	count_condition(
		a, x->device, CONDITION_SENSOR_OFF, &x->off, &x->device->off_count, true, now);
}

static void judge_battery(struct alarms *a, struct device_place *d, const struct reading *r,
	const struct alarm_now *now)
{
	static const struct decimal low = { 15, 0 }, good = { 20, 0 };

	if (r->metric != METRIC_BATTERY)
		return;
	if (r->validity != VALIDITY_BELOW_RANGE && r->kind != VALUE_NUMBER)
		return;
	if (r->validity == VALIDITY_BELOW_RANGE || decimal_compare(r->number, low) < 0)
		(void)condition_set(a, CONDITION_LOW_BATTERY, d, true, NULL, now);
	else if (decimal_compare(r->number, good) >= 0)
		(void)condition_set(a, CONDITION_LOW_BATTERY, d, false, NULL, now);
}

/* ---- the way in ---- */

static void judge_late(
	struct alarms *a, struct subject *s, const struct reading *r, const struct alarm_now *now)
{
	struct rule_call c;
	struct rule_verdict v;
	int64_t last_us = s->late_us;

	if (!s->rule->type->crosses || s->rule->common.priority == PRIORITY_NONE)
		return;
	c = subject_call(a, s, now);
	c.cause = CAUSE_READING;
	c.reading = r;
	c.extreme = extreme_of(r);
	c.side = SIDE_NORMAL;
	v = (struct rule_verdict){ .limits = c.limits,
		.side = s->rule->type->crosses(&c),
		.number = r->number,
		.deadline_us = RULE_NEVER };
	if (v.side == SIDE_NORMAL || v.side == SIDE_UNKNOWN)
		return;
	s->late_us = now->boot_us;
	if (last_us == 0 || now->boot_us - last_us > ALARMS_LATE_AGAIN_US)
		emit_advisory(a, s, &v, r, now);
}

static void judge_all_late(
	struct alarms *a, struct sensor *x, const struct reading *r, const struct alarm_now *now)
{
	const struct bed_place *b = sensor_bed(x);

	for (struct subject *s = x->subjects; s; s = s->next)
		judge_late(a, s, r, now);
	for (struct subject *s = b ? b->subjects : NULL; s; s = s->next)
		if (s->rule->common.metric == r->metric && rule_hears(s->rule, r->device))
			judge_late(a, s, r, now);
}

/* Rules that listen to this device for something else than their own metric. */
static void judge_listeners(struct alarms *a, const struct device_place *d, const struct reading *r,
	const struct alarm_now *now)
{
	for (size_t i = 0; i < a->rules->count; i++) {
		const struct rule *rule = &a->rules->rules[i];

		if (!rule->listen_device || rule->listen_metric != r->metric ||
			strcmp(rule->listen_device, d->name->text) != 0)
			continue;
		for (struct subject *s = rule->subjects; s; s = s->next_of_kind)
			subject_judge(a, s, CAUSE_INPUT, r, SIDE_NORMAL, now);
	}
}

static void judge_live(struct alarms *a, struct sensor *x, const struct reading *r, bool measured,
	const struct alarm_now *now)
{
	enum rule_side extreme = measured ? extreme_of(r) : SIDE_NORMAL;

	judge_quality(a, x, extreme, measured, now);
	for (struct subject *s = x->subjects; s; s = s->next)
		subject_judge(a, s, measured ? CAUSE_READING : CAUSE_UNMEASURED, r, extreme, now);
	judge_bed(a, sensor_bed(x), r, extreme, measured, now);
	if (!measured || !x->device)
		return;
	judge_battery(a, x->device, r, now);
	if (x->device->listened)
		judge_listeners(a, x->device, r, now);
}

/* Finds or makes the sensor. Returns 0, ALARMS_E_UNKNOWN, ALARMS_E_FULL, -ENOMEM. */
static int find_sensor(
	struct alarms *a, const struct reading *r, const struct alarm_now *now, struct sensor **ret)
{
	struct device_place *d = NULL;
	struct bed_place *b = NULL;
	int e;

	if (r->device) {
		d = device_find(a, r->device->text);
		if (!d)
			return ALARMS_E_UNKNOWN;
	} else {
		if (!r->bed)
			return ALARMS_E_UNKNOWN;
		e = bed_get(a, r->bed->text, now, &b);
		if (e != 0)
			return e;
	}
	e = sensor_get(a, d, b, r->metric, r->instance, now, ret);
	if (e == ALARMS_E_FULL && d)
		(void)condition_set(a, CONDITION_FLOOD, d, true,
			"more sensors than are looked at; some of them cannot alarm", now);
	return e;
}

int alarms_reading(struct alarms *a, const struct reading *r, const struct alarm_now *now)
{
	int64_t measured_us;
	struct sensor *x;
	int e;

	assert(!a->busy);
	assert(r->metric > METRIC_NONE && r->metric < _METRIC_MAX);
	alarms_tick(a, now); /* what was due before it came is not undone by it */
	a->counters.readings++;
	if (a->incomplete)
		(void)places_fill(a, now);
	e = find_sensor(a, r, now, &x);
	if (e != 0)
		return e;
	switch (classify(a, x, r, now, &measured_us)) {
	case COUNTS_NOT:
		a->counters.ignored++;
		break;
	case COUNTS_LATE:
		a->counters.late++;
		judge_all_late(a, x, r, now);
		break;
	case COUNTS_UNMEASURED:
		a->counters.unmeasured++;
		note_order(x, r, measured_us);
		x->reason = r->reason;
		x->demo = r->flags & (FLAG_DEMO | FLAG_TEST);
		judge_live(a, x, r, false, now);
		break;
	case COUNTS_MEASURED:
		note_order(x, r, measured_us);
		x->measured = true;
		judge_live(a, x, r, true, now);
		break;
	}
	return 0;
}
