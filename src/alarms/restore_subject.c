/*
 * Alarms of a saved state: found their places again, or ended where these are
 * gone. See restore.h.
 */
#include "alarms/restore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool sample_is_sound(const struct sample *s)
{
	return s->kind <= VALUE_WORD && s->validity < _VALIDITY_MAX && s->word < _WORD_MAX;
}

static bool onset_is_sound(const struct subject *s, bool is_rule)
{
	return (unsigned)s->onset.side < _SIDE_MAX && (unsigned)s->onset.priority < _PRIORITY_MAX &&
	       sample_is_sound(&s->onset.sample) &&
	       (!is_rule || !s->pending || s->onset.side >= SIDE_BELOW);
}

static bool subject_is_sound(const struct subject *s)
{
	return (unsigned)s->life < _LIFE_MAX && (unsigned)s->verdict.side < _SIDE_MAX &&
	       (unsigned)s->verdict.priority < _PRIORITY_MAX &&
	       (unsigned)s->priority < _PRIORITY_MAX && (unsigned)s->floor < _PRIORITY_MAX &&
	       (unsigned)s->told_priority < _PRIORITY_MAX && s->inactivation < _INACTIVATION_END &&
	       sample_is_sound(&s->sample) && (s->life == LIFE_IDLE || !s->grouped) &&
	       !(subject_alarms(s) && s->pending) &&
	       (!subject_alarms(s) || s->verdict.side >= SIDE_BELOW);
}

/* An alarm whose rule or place is gone: its retained state is to be emptied. */
static void tell_gone(
	struct reader *k, const struct subject *s, const char *kind, enum alarm_reason reason)
{
	const char *epoch = restore_get(k, "epoch");
	struct alarm_event e = { .key = restore_get(k, "key"),
		.epoch = epoch ? epoch : "",
		.number = s->number,
		.step = s->step + 1,
		.rule = restore_get(k, "name"),
		.priority = s->priority,
		.phase = PHASE_END,
		.state = ALARM_INACTIVE,
		.reason = reason,
		.bed = restore_get(k, "bed") ?: restore_get(k, "at"),
		.device = restore_get(k, "device"),
		.onset_us = s->onset_utc,
		.detected_us = s->detected_utc,
		.time_us = k->now->utc_us,
		.ended_us = k->now->utc_us,
		.text = "Its rule, device or bed is no longer there" };

	while (strcmp(alarm_kind_text(e.kind), kind) != 0)
		e.kind++;
	if (s->life == LIFE_IDLE || s->step == 0 || !k->a->sink.event)
		return;
	k->a->counters.events++;
	k->a->sink.event(k->a->sink.userdata, &e);
}

static void take_fields(
	struct subject *s, const struct subject *fresh, const struct save_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct rule_field *f = &rows->rows[i];

		memcpy((char *)s + f->offset, (const char *)fresh + f->offset,
			f->count * save_field_size(f->kind));
	}
}

/* What a long interruption leaves of it. */
static void settle(const struct reader *k, struct subject *s)
{
	if (!k->long_gap)
		return;
	/* what showed by time alone, or often enough, may still be so without a further reading */
	if (s->rule && s->pending && s->samples >= s->rule->common.samples)
		s->judge_at_us = k->now->boot_us + 1;
	if (s->rule)
		onset_forget(k->a, s);
	if (s->life == LIFE_CLEARING)
		s->life = LIFE_ACTIVE;
	if (s->rule && !(s->rule->type->flags & RULE_FROM_START))
		s->stale = s->life == LIFE_ACTIVE;
}

/* Fields that mean nothing for this sort of subject. */
static void make_sound(struct subject *s)
{
	if (s->life == LIFE_IDLE) {
		s->floor = PRIORITY_NONE;
		s->inactivation = 0;
		s->by = label_unref(s->by);
		s->inactive_until_us = s->remind_us = s->escalate_us = s->update_us = RULE_NEVER;
	}
	s->held = s->held && subject_alarms(s) && s->condition != CONDITION_ALARM_CHATTER;
	if (s->rule) {
		s->present = s->grouped = false;
		return;
	}
	s->judge_at_us = s->escalate_us = RULE_NEVER;
	s->frozen_us = 0;
	s->grouped = s->grouped && s->device;
	s->pending = s->device && s->present && s->life == LIFE_IDLE && !s->grouped;
}

static int apply_subject(struct reader *k, struct subject *s, const struct subject *fresh)
{
	const char *epoch = restore_get(k, "epoch"), *text = restore_get(k, "text");
	struct alarms *a = k->a;
	int e;

	take_fields(s, fresh, &save_subject_rows);
	take_fields(s, fresh, &save_onset_rows);
	if (k->rule) /* a line of its own says what there is of it */
		memset(s->state, 0, k->rule->type->state_size);
	if (epoch)
		memcpy(s->epoch, epoch, strlen(epoch) + 1);
	if (text) {
		free(s->text);
		s->text = strdup(text);
		if (!s->text)
			return -ENOMEM;
	}
	e = restore_label(k, "by", &s->by);
	e = e ?: restore_label(k, "reading_epoch", &s->sample.epoch);
	if (s->rule && s->pending)
		e = e
			    ?: restore_label(k,
				       restore_get(k, "onset_side") ? "onset_epoch"
								    : "reading_epoch",
				       &s->onset.sample.epoch);
	make_sound(s);
	settle(k, s);
	if (s->life != LIFE_IDLE && !(s->rule && s->rule->common.priority == PRIORITY_NONE))
		subject_live(a, s, true);
	if (s->grouped)
		a->groups[s->condition].members++;
	subject_arm(a, s);
	return e;
}

static struct subject *find_subject(
	struct subject *list, const struct rule *r, enum alarm_condition c)
{
	while (list && (list->rule != r || list->condition != c))
		list = list->next;
	return list;
}

/* What a line is about. */
struct names {
	const char *name, *kind, *type;
	enum alarm_condition condition; /* CONDITION_NONE: a rule's */
	struct rule *rule;              /* NULL: it is gone, or of another type now */
	enum metric metric;             /* METRIC_NONE: not of a sensor */
	unsigned instance;
};

static bool is_kind(const char *text)
{
	return strcmp(text, "physiological") == 0 || strcmp(text, "technical") == 0 ||
	       strcmp(text, "advisory") == 0;
}

static bool fits(const char *text, size_t most)
{
	return !text || strlen(text) <= most;
}

/* The fields of its names, checked. Returns 0 or ALARMS_E_REFUSED. */
static int read_names(struct reader *k, bool is_rule, struct names *ret)
{
	bool device = restore_get(k, "device"), bed = restore_get(k, "bed");
	const char *name = restore_get(k, "name"), *key = restore_get(k, "key");

	*ret = (struct names){ .name = name,
		.kind = restore_get(k, "is"),
		.type = restore_get(k, "type"),
		.condition = is_rule || !name ? CONDITION_NONE : condition_by_name(name) };
	if (!name || !key || !fits(key, ALARM_KEY_MAX) || !ret->kind || !is_kind(ret->kind) ||
		(is_rule ? !ret->type : ret->condition == CONDITION_NONE) ||
		!fits(restore_get(k, "epoch"), EPOCH_MAX) ||
		!fits(restore_get(k, "text"), ALARM_TEXT_MAX) || (device && bed) ||
		(is_rule && !device && !bed))
		return restore_bad(k, "an alarm without its names");
	if (restore_get(k, "metric") &&
		(restore_metric(k, &ret->metric) != 0 || restore_instance(k, &ret->instance) != 0))
		return ALARMS_E_REFUSED;
	if (is_rule && k->a->rules)
		ret->rule = ruleset_find(k->a->rules, name);
	if (ret->rule && strcmp(ret->rule->type->name, ret->type) != 0)
		ret->rule = NULL;
	return 0;
}

/* The gateway's are always there. */
static int find_condition(
	struct reader *k, struct device_place *d, enum alarm_condition c, struct subject **ret)
{
	int e;

	*ret = d ? find_subject(d->conditions, NULL, c) : k->a->groups[c].subject;
	if (*ret || !d)
		return 0;
	e = subject_new(k->a, NULL, c, NULL, d, NULL, ret);
	if (e != 0)
		return e < 0 ? e : 0;
	(*ret)->next = d->conditions;
	d->conditions = *ret;
	return 0;
}

/* Finds or makes where the line belongs. NULL in *ret: it is gone. */
static int find_place(
	struct reader *k, const struct names *n, struct subject **ret, enum alarm_reason *reason)
{
	const char *device = restore_get(k, "device"), *bed = restore_get(k, "bed");
	struct device_place *d = device ? device_find(k->a, device) : NULL;
	struct bed_place *b = bed ? bed_find(k->a, bed) : NULL;
	struct sensor *x;
	int e;

	*ret = NULL;
	*reason = device && !d ? ALARM_REASON_DEVICE_REMOVED
		  : bed && !b  ? ALARM_REASON_BED_REMOVED
			       : ALARM_REASON_RULE_REMOVED;
	if ((device && !d) || (bed && !b) || (!n->rule && n->condition == CONDITION_NONE))
		return 0;
	if (n->condition != CONDITION_NONE)
		return find_condition(k, d, n->condition, ret);
	*reason = ALARM_REASON_RULE_CHANGED;
	if (n->metric == METRIC_NONE) {
		*ret = b ? find_subject(b->subjects, n->rule, CONDITION_NONE) : NULL;
		return 0;
	}
	e = sensor_get(k->a, d, b, n->metric, n->instance, k->now, &x);
	if (e == 0)
		*ret = find_subject(x->subjects, n->rule, CONDITION_NONE);
	return e < 0 ? e : 0;
}

/* Before there were the times of the last starts there was one, and how many since. */
static int read_former_starts(struct reader *k, struct subject *fresh)
{
	struct former {
		uint32_t count;
		int64_t since_us;
	} former = { 0 };
	static const struct rule_field rows[] = {
		{ "starts", FIELD_U32, offsetof(struct former, count), .count = 1 },
		{ "starts_at", FIELD_TIME, offsetof(struct former, since_us), .count = 1 },
	};
	int e = restore_rows(k, rows, ARRAY_SIZE(rows), &former);

	for (size_t i = 0; e == 0 && i < ALARMS_CHATTER_MAX && i < former.count; i++)
		fresh->starts[i] = former.since_us;
	return e;
}

/* Before an onset had a place of its own it stood in that of the alarm. */
static void take_former_onset(struct subject *fresh)
{
	if (!fresh->pending || fresh->onset.side != SIDE_UNKNOWN)
		return;
	fresh->onset = (struct onset){ .side = fresh->verdict.side,
		.priority = fresh->verdict.priority,
		.has_number = fresh->verdict.has_number,
		.number = fresh->verdict.number,
		.limits = fresh->verdict.limits,
		.sample = fresh->sample,
		.utc = fresh->onset_utc };
}

static const struct subject nothing = { .judge_at_us = RULE_NEVER,
	.inactive_until_us = RULE_NEVER,
	.remind_us = RULE_NEVER,
	.escalate_us = RULE_NEVER,
	.update_us = RULE_NEVER };

/* All other fields, into one that is new. Returns 0 or ALARMS_E_REFUSED. */
static int read_fields(struct reader *k, bool is_rule, struct subject *fresh)
{
	struct label *none = NULL;
	int e;

	*fresh = nothing;
	e = restore_rows(k, save_subject_rows.rows, save_subject_rows.count, fresh);
	e = e ?: restore_rows(k, save_onset_rows.rows, save_onset_rows.count, fresh);
	if (e == 0 && !fresh->starts[0])
		e = read_former_starts(k, fresh);
	if (e != 0)
		return e;
	if (is_rule)
		take_former_onset(fresh);
	if (!subject_is_sound(fresh) || !onset_is_sound(fresh, is_rule))
		return restore_bad(k, "an alarm that cannot be");
	if (k->apply)
		return 0;
	e = restore_label(k, "by", &none);
	e = e ?: restore_label(k, "reading_epoch", &none);
	return e ?: restore_label(k, "onset_epoch", &none);
}

/* The alarm is gone on with; what was measured for other settings may not be. */
static void fit_settings(
	struct reader *k, const struct names *n, bool is_rule, struct subject *fresh)
{
	const char *was = restore_get(k, "of");
	struct rule *r = n->rule;
	bool waits;
	char is[24];

	k->rule = r;
	snprintf(is, sizeof(is), "%" PRIx64, r ? r->fingerprint : 0);
	if (r && was && strcmp(was, is) == 0)
		return;
	if (r && !rule_keeps(r, subject_alarms(fresh)))
		k->rule = NULL;
	waits = k->rule && (fresh->judge_at_us != RULE_NEVER || fresh->pending);
	/* it is judged next, when all is in its place */
	fresh->judge_at_us = waits ? k->now->boot_us + 1 : RULE_NEVER;
	if (is_rule) {
		fresh->pending = false;
		fresh->onset = nothing.onset;
	}
}

int restore_subject(struct reader *k, bool is_rule)
{
	struct subject fresh, *s;
	enum alarm_reason reason;
	struct names n;
	int e = read_names(k, is_rule, &n);

	e = e ?: read_fields(k, is_rule, &fresh);
	if (e != 0)
		return e;
	k->expect_state = is_rule;
	k->subject = NULL;
	fit_settings(k, &n, is_rule, &fresh);
	if (!k->apply)
		return 0;
	e = find_place(k, &n, &s, &reason);
	if (e != 0)
		return e;
	if (s && s->rule && fresh.life != LIFE_IDLE && (fresh.step == 0) != subject_is_silent(s)) {
		s = NULL; /* it only serves others now, or did so */
		reason = ALARM_REASON_RULE_CHANGED;
	}
	k->subject = s;
	if (s)
		return apply_subject(k, s, &fresh);
	tell_gone(k, &fresh, n.kind, reason);
	return 0;
}

int restore_state(struct reader *k)
{
	_Alignas(16) unsigned char state[RULE_STATE_MAX] = { 0 };
	const struct rule_type *type = k->rule ? k->rule->type : NULL;
	int e;

	if (!k->expect_state)
		return restore_bad(k, "a state that belongs to no rule");
	k->expect_state = false;
	if (!type)
		return 0;
	e = restore_rows(k, type->fields, type->field_count, state);
	if (e == 0 && type->valid && !type->valid(state))
		e = restore_bad(k, "a state of Type=%s that cannot be", type->name);
	if (e != 0 || !k->apply || !k->subject)
		return e;
	memcpy(k->subject->state, state, type->state_size);
	return 0;
}
