/*
 * Devices, beds, their sensors and the subjects that rules have there: found,
 * made and freed. What moves and goes is in moves.c, alarms are in life.c.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/private.h"

/* FNV-1a: the names are the configuration's, nobody can choose them to collide. */
size_t place_bucket(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return (h ^ h >> 16) & (TABLE_SIZE - 1);
}

struct device_place *device_find(const struct alarms *a, const char *name)
{
	struct device_place *d = a->devices[place_bucket(name)];

	while (d && strcmp(d->name->text, name) != 0)
		d = d->next;
	return d;
}

struct bed_place *bed_find(const struct alarms *a, const char *name)
{
	struct bed_place *b = a->beds[place_bucket(name)];

	while (b && strcmp(b->name->text, name) != 0)
		b = b->next;
	return b;
}

struct bed_place *sensor_bed(const struct sensor *x)
{
	return x->device ? x->device->bed : x->bed;
}

struct bed_place *subject_bed(const struct subject *s)
{
	if (s->sensor)
		return sensor_bed(s->sensor);
	return s->device ? s->device->bed : s->bed;
}

bool rule_matches(const struct rule *r, const struct device_place *d, const struct bed_place *b)
{
	if (strcmp(r->common.beds, "*") != 0 && (!b || !list_has(r->common.beds, b->name->text)))
		return false;
	/* a rule of a bed looks at the device when a reading comes */
	return r->by_bed || rule_hears(r, d ? d->name : NULL);
}

bool rule_has_inputs(const struct rule *r)
{
	return (r->inputs[0] | r->inputs[1]) != 0;
}

bool rule_hears(const struct rule *r, const struct label *device)
{
	return strcmp(r->common.devices, "*") == 0 ||
	       (device && list_has(r->common.devices, device->text));
}

/* ---- subjects ---- */

int subject_new(struct alarms *a, struct rule *r, enum alarm_condition c, struct sensor *sensor,
	struct device_place *d, struct bed_place *b, struct subject **ret)
{
	struct subject **of_kind = r ? &r->subjects : &a->groups[c].subjects;
	struct subject *s;
	int e;

	if (a->counters.subjects >= ALARMS_SUBJECTS_MAX) {
		a->counters.refused++;
		return ALARMS_E_FULL;
	}
	e = alarm_timers_reserve(&a->timers);
	if (e < 0)
		return e;
	s = calloc(1, sizeof(*s) + (r ? r->type->state_size : 0));
	if (!s) {
		alarm_timers_unreserve(&a->timers);
		return -ENOMEM;
	}
	s->timer.kind = TIMER_SUBJECT;
	s->timer.at_us = RULE_NEVER;
	s->rule = r;
	s->timer.rank = r ? r->height : 0;
	s->condition = c;
	s->sensor = sensor;
	s->device = d;
	s->bed = b;
	s->judge_at_us = s->update_us = s->escalate_us = RULE_NEVER;
	s->inactive_until_us = s->remind_us = RULE_NEVER;
	if (r || d) {
		s->next_of_kind = *of_kind;
		if (*of_kind)
			(*of_kind)->last_of_kind = s;
		*of_kind = s;
	}
	a->counters.subjects++;
	*ret = s;
	return 0;
}

/* Its owner has unlinked it. */
struct subject *subject_free(struct alarms *a, struct subject *s)
{
	struct subject **of_kind = s->rule ? &s->rule->subjects : &a->groups[s->condition].subjects;

	subject_clear(a, s);
	alarm_timers_set(&a->timers, &s->timer, RULE_NEVER);
	alarm_timers_unreserve(&a->timers);
	if (*of_kind == s)
		*of_kind = s->next_of_kind;
	if (s->last_of_kind)
		s->last_of_kind->next_of_kind = s->next_of_kind;
	if (s->next_of_kind)
		s->next_of_kind->last_of_kind = s->last_of_kind;
	free(s->text);
	free(s);
	a->counters.subjects--;
	return NULL;
}

void subjects_free(struct alarms *a, struct subject **list)
{
	while (*list) {
		struct subject *s = *list;

		*list = s->next;
		subject_free(a, s);
	}
}

static struct subject *find_of_rule(struct subject *list, const struct rule *r)
{
	while (list && list->rule != r)
		list = list->next;
	return list;
}

/* A rule that waits for silence starts to wait now where it names its subject. */
void subject_begin(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	const struct rule_common *c = &s->rule->common;

	if (!(s->rule->type->flags & RULE_FROM_START))
		return;
	if (s->device ? list_names(c->devices, s->device->name->text)
		      : list_names(c->beds, subject_bed(s)->name->text))
		subject_judge(a, s, CAUSE_START, NULL, SIDE_NORMAL, now);
}

/* Whether what the subject is to judge has been measured before. */
static bool is_known(const struct alarms *a, const struct subject *s)
{
	unsigned m = s->rule->common.metric;

	if (s->sensor)
		return s->sensor->measured;
	FOR_EACH_DEVICE(a, i, d)
	if (d->bed == s->bed && d->by_metric[m] && d->by_metric[m]->measured &&
		rule_hears(s->rule, d->name))
		return true;
	return false;
}

void subject_begin_known(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	if (s->rule->type->flags & RULE_FROM_START && s->life == LIFE_IDLE && !s->pending &&
		s->judge_at_us == RULE_NEVER && is_known(a, s))
		subject_judge(a, s, CAUSE_START, NULL, SIDE_NORMAL, now);
}

int sensor_fill(struct alarms *a, struct sensor *x, const struct alarm_now *now)
{
	for (size_t i = 0; a->rules && i < a->rules->count; i++) {
		struct rule *r = &a->rules->rules[i];
		struct subject *s;
		int e;

		if (r->by_bed || r->common.metric != x->metric ||
			!rule_matches(r, x->device, sensor_bed(x)) || find_of_rule(x->subjects, r))
			continue;
		e = subject_new(a, r, CONDITION_NONE, x, x->device, NULL, &s);
		if (e == 0) {
			s->next = x->subjects;
			x->subjects = s;
			subject_begin(a, s, now);
			subject_begin_known(a, s, now);
		}
		if (e < 0)
			return e;
	}
	return 0;
}

int bed_fill(struct alarms *a, struct bed_place *b, const struct alarm_now *now)
{
	memset(b->wanted, 0, sizeof(b->wanted));
	for (size_t i = 0; a->rules && i < a->rules->count; i++) {
		struct rule *r = &a->rules->rules[i];
		struct subject *s = find_of_rule(b->subjects, r);
		int e = 0;

		if (!r->by_bed || !rule_matches(r, NULL, b))
			continue;
		if (rule_has_inputs(r) && !b->inputs) {
			b->inputs = calloc(_METRIC_MAX, sizeof(*b->inputs));
			if (!b->inputs)
				return -ENOMEM;
		}
		if (!s) {
			e = subject_new(a, r, CONDITION_NONE, NULL, NULL, b, &s);
			if (e == 0) {
				s->next = b->subjects;
				b->subjects = s;
				subject_begin(a, s, now);
				subject_begin_known(a, s, now);
				subject_refresh(a, s, now);
			}
		}
		if (e < 0)
			return e;
		if (r->common.metric != METRIC_NONE)
			b->wanted[r->common.metric / 64] |= UINT64_C(1) << r->common.metric % 64;
		b->wanted[0] |= r->inputs[0];
		b->wanted[1] |= r->inputs[1];
	}
	return 0;
}

int device_fill(struct alarms *a, struct device_place *d, const struct alarm_now *now)
{
	d->listened = false;
	for (size_t i = 0; a->rules && i < a->rules->count; i++) {
		const struct rule *r = &a->rules->rules[i];
		struct sensor *x;
		int e;

		if (r->listen_device && strcmp(r->listen_device, d->name->text) == 0)
			d->listened = true;
		if (!(r->type->flags & RULE_FROM_START) || r->by_bed ||
			!list_names(r->common.devices, d->name->text))
			continue;
		e = sensor_get(a, d, NULL, r->common.metric, 0, now, &x);
		if (e < 0)
			return e;
	}
	for (struct sensor *x = d->sensors; x; x = x->next) {
		int e = sensor_fill(a, x, now);

		if (e < 0)
			return e;
	}
	return 0;
}

/* ---- sensors ---- */

static struct sensor *find_sensor(
	const struct device_place *d, const struct bed_place *b, unsigned metric, unsigned instance)
{
	struct sensor *x = d ? d->sensors : b->sensors;

	if (d && instance == 0)
		return d->by_metric[metric];
	while (x && (x->metric != metric || x->instance != instance))
		x = x->next;
	return x;
}

static struct sensor *sensor_free(struct alarms *a, struct sensor *x)
{
	subjects_free(a, &x->subjects);
	alarm_timers_set(&a->timers, &x->timer, RULE_NEVER);
	alarm_timers_unreserve(&a->timers);
	free(x);
	return NULL;
}

int sensor_get(struct alarms *a, struct device_place *d, struct bed_place *b, unsigned metric,
	unsigned instance, const struct alarm_now *now, struct sensor **ret)
{
	struct sensor **list = d ? &d->sensors : &b->sensors;
	unsigned *count = d ? &d->sensor_count : &b->sensor_count;
	struct sensor *x = find_sensor(d, b, metric, instance);
	int e;

	if (x) {
		*ret = x;
		return 0;
	}
	if (*count >= (d ? ALARMS_SENSORS_MAX : ALARMS_BED_SENSORS_MAX)) {
		a->counters.refused++;
		return ALARMS_E_FULL;
	}
	e = alarm_timers_reserve(&a->timers);
	if (e < 0)
		return e;
	x = calloc(1, sizeof(*x));
	if (!x) {
		alarm_timers_unreserve(&a->timers);
		return -ENOMEM;
	}
	x->timer.kind = TIMER_SENSOR;
	x->timer.at_us = RULE_NEVER;
	x->device = d;
	x->bed = d ? NULL : b;
	x->metric = (uint8_t)metric;
	x->instance = (uint8_t)instance;
	x->next = *list;
	*list = x;
	(*count)++;
	if (d && instance == 0)
		d->by_metric[metric] = x;
	*ret = x;
	e = sensor_fill(a, x, now);
	if (e < 0)
		a->incomplete = true; /* the next reading tries again */
	return e;
}

void sensors_free(struct alarms *a, struct sensor **list)
{
	while (*list) {
		struct sensor *x = *list;

		*list = x->next;
		sensor_free(a, x);
	}
}

/* ---- devices ---- */

int device_new(struct alarms *a, const char *name, struct device_place **ret)
{
	struct device_place **list = &a->devices[place_bucket(name)];
	struct device_place *d;
	int e;

	if (a->counters.devices >= ALARMS_DEVICES_MAX) {
		a->counters.refused++;
		return ALARMS_E_FULL;
	}
	if (a->members_size <= a->counters.devices) {
		size_t size = a->members_size ? 2 * a->members_size : 64;
		const char **more = reallocarray(a->members, size, sizeof(*more));

		if (!more)
			return -ENOMEM;
		a->members = more;
		a->members_size = size;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	e = label_new(&d->name, name);
	if (e < 0) {
		free(d);
		return e;
	}
	d->next = *list;
	*list = d;
	a->counters.devices++;
	*ret = d;
	return 0;
}

/* ---- beds ---- */

int bed_get(struct alarms *a, const char *name, const struct alarm_now *now, struct bed_place **ret)
{
	struct bed_place *b = bed_find(a, name), **list = &a->beds[place_bucket(name)];
	int e;

	if (b) {
		*ret = b;
		return 0;
	}
	if (a->counters.beds >= ALARMS_BEDS_MAX) {
		a->counters.refused++;
		return ALARMS_E_FULL;
	}
	e = alarm_timers_reserve(&a->timers);
	if (e < 0)
		return e;
	b = calloc(1, sizeof(*b));
	e = b ? label_new(&b->name, name) : -ENOMEM;
	if (e < 0) {
		free(b);
		alarm_timers_unreserve(&a->timers);
		return e;
	}
	b->timer.kind = TIMER_BED;
	b->timer.at_us = b->until_us = b->remind_us = RULE_NEVER;
	b->next = *list;
	*list = b;
	a->counters.beds++;
	a->revision++;
	*ret = b;
	e = bed_fill(a, b, now);
	if (e < 0)
		a->incomplete = true;
	return e;
}

void bed_drop_inputs(struct bed_place *b)
{
	for (size_t i = 0; b->inputs && i < _METRIC_MAX; i++) {
		label_unref(b->inputs[i].device);
		label_unref(b->inputs[i].by);
		b->inputs[i] = (struct rule_input){ 0 };
	}
}

void bed_free(struct alarms *a, struct bed_place *b)
{
	bed_drop_inputs(b);
	free(b->inputs);
	sensors_free(a, &b->sensors);
	subjects_free(a, &b->subjects);
	alarm_timers_set(&a->timers, &b->timer, RULE_NEVER);
	alarm_timers_unreserve(&a->timers);
	label_unref(b->name);
	label_unref(b->patient);
	label_unref(b->association);
	label_unref(b->by);
	label_unref(b->scale2_by);
	free(b);
	a->counters.beds--;
}

/* Makes what is missing. Returns 0 or -ENOMEM; then it is tried again with the next reading. */
int places_fill(struct alarms *a, const struct alarm_now *now)
{
	int e = 0;

	FOR_EACH_BED(a, i, b)
	{
		int r = bed_fill(a, b, now);

		e = r < 0 ? r : e;
		for (struct sensor *x = b->sensors; x; x = x->next) {
			r = sensor_fill(a, x, now);
			e = r < 0 ? r : e;
		}
	}
	FOR_EACH_DEVICE(a, i, d)
	{
		int r = device_fill(a, d, now);

		e = r < 0 ? r : e;
	}
	a->incomplete = e < 0;
	return e;
}

void places_free(struct alarms *a)
{
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		while (a->devices[i]) {
			struct device_place *d = a->devices[i];

			a->devices[i] = d->next;
			sensors_free(a, &d->sensors);
			subjects_free(a, &d->conditions);
			label_unref(d->name);
			free(d);
		}
	}
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		while (a->beds[i]) {
			struct bed_place *b = a->beds[i];

			a->beds[i] = b->next;
			bed_free(a, b);
		}
	}
}
