/*
 * The life of a subject's alarm: onset, start, clearing, latching, end, and
 * what is told of it when. Verdicts come from judge.c; what people do to an
 * alarm is in inactivate.c.
 */
#include <stdio.h>
#include <string.h>

#include "alarms/private.h"
#include "util/cleanup.h"
#include "util/decimal.h"

bool subject_alarms(const struct subject *s)
{
	return s->life == LIFE_ACTIVE || s->life == LIFE_CLEARING;
}

enum alarm_kind subject_kind(const struct subject *s)
{
	return s->rule ? s->rule->kind : ALARM_TECHNICAL;
}

void sample_drop(struct sample *s)
{
	label_unref(s->epoch);
	*s = (struct sample){ 0 };
}

void sample_take(struct sample *s, const struct reading *r)
{
	label_ref(r->epoch);
	label_unref(s->epoch);
	*s = (struct sample){
		.number = r->number,
		.time_us = r->time_us,
		.sequence = r->sequence,
		.epoch = r->epoch,
		.word = r->word,
		.flags = r->flags,
		.kind = r->kind,
		.validity = r->validity,
		.boolean = r->boolean,
	};
}

void subject_live(struct alarms *a, struct subject *s, bool live)
{
	bool is = s->last_live || a->live == s;

	if (live == is)
		return;
	if (live) {
		s->next_live = a->live;
		if (a->live)
			a->live->last_live = s;
		a->live = s;
		a->counters.active++;
		return;
	}
	if (s->last_live)
		s->last_live->next_live = s->next_live;
	else
		a->live = s->next_live;
	if (s->next_live)
		s->next_live->last_live = s->last_live;
	s->next_live = s->last_live = NULL;
	a->counters.active--;
}

void onset_forget(struct alarms *a, struct subject *s)
{
	s->pending = false;
	s->frozen_us = 0;
	s->onset.sample.epoch = label_unref(s->onset.sample.epoch);
	a->revision++;
}

/* The alarm is no more; what is about to alarm goes on. */
static void forget_alarm(struct alarms *a, struct subject *s)
{
	subject_live(a, s, false);
	s->life = LIFE_IDLE;
	s->held = s->stale = s->gone = false;
	s->update_us = s->inactive_until_us = s->remind_us = s->escalate_us = RULE_NEVER;
	s->inactivation = 0;
	s->by = label_unref(s->by);
	s->floor = PRIORITY_NONE;
	s->ended_utc = 0;
	sample_drop(&s->sample);
	memset(&s->verdict, 0, sizeof(s->verdict));
	a->revision++;
}

void subject_clear(struct alarms *a, struct subject *s)
{
	onset_forget(a, s);
	forget_alarm(a, s);
	s->judge_at_us = RULE_NEVER;
	s->late_us = 0;
	if (s->rule)
		memset(s->state, 0, s->rule->type->state_size);
	subject_arm(a, s);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t subject_clear_for(const struct subject *s)
{
	int64_t us = s->rule ? s->rule->common.clear_for_us : 0;

	return s->held && us < ALARMS_QUIET_US ? ALARMS_QUIET_US : us;
}

static int64_t onset_at(const struct subject *s)
{
	if (!s->pending)
		return RULE_NEVER;
	if (s->frozen_us)
		return s->frozen_us + ALARMS_FREEZE_US;
	if (!s->rule)
		return s->onset_us + ALARMS_GATHER_US;
	return s->samples >= s->rule->common.samples ? s->onset_us + s->rule->common.for_us
						     : RULE_NEVER;
}

void subject_arm(struct alarms *a, struct subject *s)
{
	int64_t at = sooner(onset_at(s), s->judge_at_us);

	if (s->life != LIFE_IDLE) {
		at = sooner(at, sooner(s->escalate_us, s->update_us));
		at = sooner(at, sooner(s->inactive_until_us, s->remind_us));
	}
	if (s->life == LIFE_CLEARING)
		at = sooner(at, s->clear_us + subject_clear_for(s));
	alarm_timers_set(&a->timers, &s->timer, at);
}

bool subject_is_silent(const struct subject *s)
{
	return s->rule && s->rule->common.priority == PRIORITY_NONE;
}

/* ---- start and end ---- */

void subject_arm_escalation(struct subject *s, const struct alarm_now *now)
{
	if (s->rule && s->rule->common.escalate_after_us > 0 && s->escalate_us == RULE_NEVER &&
		subject_alarms(s) && !(s->inactivation & INACTIVATION_ACKNOWLEDGED))
		s->escalate_us = now->boot_us + s->rule->common.escalate_after_us;
}

static void new_alarm(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	memcpy(s->epoch, a->epoch, sizeof(s->epoch));
	s->number = ++a->number;
	s->step = 0;
	s->detected_utc = now->utc_us;
}

/* What was about to alarm does. */
static void take_onset(struct subject *s)
{
	sample_drop(&s->sample);
	s->sample = s->onset.sample;
	s->verdict = (struct rule_verdict){ .side = s->onset.side,
		.priority = s->onset.priority,
		.has_number = s->onset.has_number,
		.number = s->onset.number,
		.limits = s->onset.limits };
	s->onset_utc = s->onset.utc;
	s->onset.sample.epoch = NULL; /* it is the alarm's now */
}

void subject_start(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	bool again = s->life == LIFE_LATCHED;
	enum alarm_priority before = s->priority;

	if (s->rule)
		take_onset(s);
	s->pending = s->stale = false;
	s->life = LIFE_ACTIVE;
	s->priority = s->verdict.priority > s->floor ? s->verdict.priority : s->floor;
	s->escalate_us = s->update_us = RULE_NEVER;
	chatter_count_start(a, s, now);
	if (!subject_is_silent(s)) {
		if (!again)
			new_alarm(a, s, now);
		subject_live(a, s, true);
		inactivation_break(a, s, now);
		s->ended_utc = 0;
		emit_event(a, s,
			!again                 ? PHASE_START
			: s->priority > before ? PHASE_ESCALATE
			: s->priority < before ? PHASE_DEESCALATE
					       : PHASE_UPDATE,
			ALARM_REASON_NONE, NULL, now);
	}
	subject_tell_member(a, s, now);
}

void subject_over(struct alarms *a, struct subject *s, enum alarm_reason reason, const char *by,
	const struct alarm_now *now)
{
	bool told = s->life != LIFE_IDLE && !subject_is_silent(s);

	if (reason != ALARM_REASON_NONE)
		memset(s->starts, 0, sizeof(s->starts));
	if (s->grouped) /* it has no life of its own: whoever ends it says why */
		group_leave(a, s, now);
	if (reason != ALARM_REASON_NONE)
		onset_forget(a, s);
	if (s->life == LIFE_IDLE) {
		subject_arm(a, s);
		return;
	}
	if (reason == ALARM_REASON_NONE) {
		if (chatter_hold(a, s, now))
			return;
		s->ended_utc = now->utc_us;
		s->stale = false;
		if (told && s->rule && s->rule->common.latching) {
			s->life = LIFE_LATCHED;
			s->escalate_us = s->update_us = RULE_NEVER;
			emit_event(a, s, PHASE_UPDATE, reason, NULL, now);
			chatter_release(a, s, now);
			subject_tell_member(a, s, now);
			return;
		}
	}
	s->gone = reason == ALARM_REASON_NONE || !subject_alarms(s) || s->life == LIFE_CLEARING;
	s->life = LIFE_IDLE;
	if (told) {
		if (!s->ended_utc)
			s->ended_utc = now->utc_us;
		emit_event(a, s, PHASE_END, reason, by, now);
	}
	chatter_release(a, s, now);
	forget_alarm(a, s);
	subject_arm(a, s);
	subject_tell_member(a, s, now);
}

void subject_reset(struct alarms *a, struct subject *s, const char *by, const struct alarm_now *now)
{
	s->life = LIFE_IDLE;
	s->gone = true;
	emit_event(a, s, PHASE_RESET, ALARM_REASON_NONE, by, now);
	forget_alarm(a, s); /* if its condition is on the way back, that goes on */
	subject_arm(a, s);
}

/* ---- what is told while it lasts ---- */

/* A change that can wait: at once if nothing was told lately. */
void subject_tell_soon(
	struct alarms *a, struct subject *s, int64_t pause_us, const struct alarm_now *now)
{
	int64_t at = s->told_us + pause_us;

	if (subject_is_silent(s))
		return;
	if (at <= now->boot_us)
		emit_event(a, s, PHASE_UPDATE, ALARM_REASON_NONE, NULL, now);
	else
		s->update_us = sooner(s->update_us, at);
}

void subject_update(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	if (s->life != LIFE_IDLE && !subject_is_silent(s))
		emit_event(a, s, PHASE_UPDATE, ALARM_REASON_NONE, NULL, now);
}

static void set_stale(struct alarms *a, struct subject *s, bool stale, const struct alarm_now *now)
{
	if (s->stale == stale)
		return;
	s->stale = stale;
	a->revision++;
	subject_tell_soon(a, s, ALARMS_UPDATE_US, now);
	subject_tell_member(a, s, now);
}

void subject_set_priority(struct alarms *a, struct subject *s, enum alarm_priority p,
	enum alarm_reason reason, const struct alarm_now *now)
{
	bool up = p > s->priority;

	s->priority = p;
	if (up)
		inactivation_break(a, s, now);
	emit_event(a, s, up ? PHASE_ESCALATE : PHASE_DEESCALATE, reason, NULL, now);
}

/* ---- verdicts ---- */

void subject_unknown(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	if (s->pending && !s->frozen_us) {
		s->frozen_us = now->boot_us;
		a->revision++;
	}
	if (s->life == LIFE_CLEARING)
		s->life = LIFE_ACTIVE;
	if (s->life == LIFE_ACTIVE)
		set_stale(a, s, true, now);
	subject_arm(a, s);
}

static bool same_value(const struct sample *s, const struct reading *r)
{
	return s->kind == r->kind && s->validity == r->validity && s->boolean == r->boolean &&
	       s->word == r->word && decimal_compare(s->number, r->number) == 0;
}

static void begin_onset(
	struct alarms *a, struct subject *s, const struct reading *r, const struct alarm_now *now)
{
	s->pending = true;
	s->frozen_us = 0;
	s->samples = 0;
	if (!r)
		sample_drop(&s->onset.sample);
	s->onset_us = now->boot_us;
	s->onset.utc = r ? r->time_us : now->utc_us;
	a->revision++;
}

static bool is_spot(const struct reading *r)
{
	return r && (r->flags & FLAG_EPISODIC || r->origin == ORIGIN_MANUAL);
}

static bool onset_is_over(const struct subject *s, const struct alarm_now *now)
{
	return s->samples >= s->rule->common.samples &&
	       now->boot_us - s->onset_us >= s->rule->common.for_us;
}

static void on_onset(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now)
{
	if (!s->pending || v->side != s->onset.side) {
		begin_onset(a, s, r, now);
	} else if (s->frozen_us) {
		s->onset_us += now->boot_us - s->frozen_us;
		s->frozen_us = 0;
	}
	s->onset.side = v->side;
	s->onset.priority = v->priority;
	s->onset.has_number = v->has_number;
	s->onset.number = v->number;
	s->onset.limits = v->limits;
	if (r)
		sample_take(&s->onset.sample, r);
	/* a rule that goes by its own clock has no readings to count */
	if (!r)
		s->samples = UINT32_MAX;
	else if (s->samples < UINT32_MAX)
		s->samples++;
	if (v->at_once || is_spot(r) || onset_is_over(s, now))
		subject_start(a, s, now);
}

bool limits_same(const struct alarm_limits *a, const struct alarm_limits *b)
{
	return a->has_low == b->has_low && a->has_high == b->has_high &&
	       (!a->has_low || decimal_compare(a->low, b->low) == 0) &&
	       (!a->has_high || decimal_compare(a->high, b->high) == 0);
}

/* It still is there, or is there again before it was over. */
static void on_lasting(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now)
{
	bool other_side = v->side != s->verdict.side;
	bool limits = !limits_same(&v->limits, &s->verdict.limits);
	bool value = r && !same_value(&s->sample, r), was_stale = false;
	enum alarm_priority p = v->priority > s->floor ? v->priority : s->floor;

	s->life = LIFE_ACTIVE;
	s->verdict = *v;
	if (r)
		sample_take(&s->sample, r);
	if (subject_is_silent(s)) {
		set_stale(a, s, false, now);
		return;
	}
	if (other_side || p != s->priority || limits) {
		was_stale = s->stale;
		s->stale = false; /* told with the rest */
	}
	if (other_side) /* a new condition under the same key, be it less urgent */
		inactivation_break(a, s, now);
	if (p != s->priority)
		subject_set_priority(a, s, p, ALARM_REASON_NONE, now);
	else if (other_side || limits)
		emit_event(a, s, PHASE_UPDATE, ALARM_REASON_NONE, NULL, now);
	if (was_stale)
		subject_tell_member(a, s, now);
	set_stale(a, s, false, now);
	if (value)
		subject_tell_soon(a, s, ALARMS_VALUE_US, now);
}

static void on_normal(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now)
{
	if (s->pending)
		onset_forget(a, s);
	if (!subject_alarms(s))
		return;
	if (r)
		sample_take(&s->sample, r);
	s->verdict.has_number = v->has_number;
	s->verdict.number = v->number;
	if (s->life == LIFE_ACTIVE) {
		s->life = LIFE_CLEARING;
		s->clear_us = now->boot_us;
		a->revision++;
	}
	if (now->boot_us - s->clear_us >= subject_clear_for(s) || (is_spot(r) && !s->held))
		subject_over(a, s, ALARM_REASON_NONE, NULL, now);
	if (subject_alarms(s)) /* its delay runs, or it is held */
		set_stale(a, s, false, now);
}

void subject_apply(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now)
{
	switch (v->side) {
	case SIDE_NORMAL:
		on_normal(a, s, v, r, now);
		break;
	case SIDE_BELOW:
	case SIDE_ABOVE:
	case SIDE_PRESENT:
		if (subject_alarms(s))
			on_lasting(a, s, v, r, now);
		else
			on_onset(a, s, v, r, now);
		break;
	case SIDE_UNKNOWN:
	case _SIDE_MAX:
		subject_unknown(a, s, now);
		return;
	}
	subject_arm(a, s);
}

void subject_apply_limits(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now)
{
	bool same = s->pending && v->side == s->onset.side;

	if (v->side == SIDE_UNKNOWN || (subject_alarms(s) && s->stale)) {
		; /* the value is not known: it neither starts nor ends anything */
	} else if (!s->pending && subject_alarms(s)) {
		subject_apply(a, s, v, NULL, now);
	} else if (v->side == SIDE_NORMAL || (s->frozen_us && !same)) {
		if (s->pending)
			onset_forget(a, s);
	} else if (same) {
		s->onset.limits = v->limits;
	} else {
		on_onset(a, s, v, r, now);
	}
	subject_arm(a, s);
}

/* ---- deadlines ---- */

static void onset_due(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	if (s->frozen_us)
		onset_forget(a, s); /* the sensor's condition says why */
	else if (s->rule)
		subject_start(a, s, now);
	else
		condition_due(a, s, now);
}

static void escalate(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	s->escalate_us = RULE_NEVER;
	/* the rule may have been changed while it ran */
	if (s->rule->common.escalate_after_us == 0 || !subject_alarms(s) ||
		s->inactivation & INACTIVATION_ACKNOWLEDGED || s->priority == PRIORITY_HIGH)
		return;
	s->floor = s->priority + 1;
	/* which arms the next step */
	subject_set_priority(a, s, s->floor, ALARM_REASON_NOT_ACKNOWLEDGED, now);
}

/* Each at its turn, what was due first before the rest: it may be that the rest is not due then.
 */
static void next_due(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	bool live = s->life != LIFE_IDLE;
	const struct {
		int64_t at_us;
		enum { ONSET, CLEAR, JUDGE, ESCALATE, PAUSE, UPDATE } what;
	} all[] = {
		{ onset_at(s), ONSET },
		{ s->life == LIFE_CLEARING ? s->clear_us + subject_clear_for(s) : RULE_NEVER,
			CLEAR },
		{ s->judge_at_us, JUDGE },
		{ s->escalate_us, ESCALATE },
		{ live ? sooner(s->inactive_until_us, s->remind_us) : RULE_NEVER, PAUSE },
		{ live ? s->update_us : RULE_NEVER, UPDATE },
	};
	size_t first = 0;

	for (size_t i = 1; i < ARRAY_SIZE(all); i++)
		if (all[i].at_us < all[first].at_us)
			first = i;
	/* never: its timer was set for the first of them */
	if (all[first].at_us > now->boot_us)
		return;
	switch (all[first].what) {
	case ONSET:
		onset_due(a, s, now);
		break;
	case CLEAR:
		subject_over(a, s, ALARM_REASON_NONE, NULL, now);
		break;
	case JUDGE:
		subject_judge(a, s, CAUSE_TICK, NULL, SIDE_NORMAL, now);
		break;
	case ESCALATE:
		escalate(a, s, now);
		break;
	case PAUSE:
		subject_pause_due(a, s, now);
		break;
	case UPDATE:
		emit_event(a, s, PHASE_UPDATE, ALARM_REASON_NONE, NULL, now);
		break;
	}
}

/* One at a time: of all that fell due while nobody looked, another's may have been before its next.
 */
void subject_due(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	next_due(a, s, now);
	subject_arm(a, s);
}
