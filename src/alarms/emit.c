/*
 * Puts together what is told of an alarm. Decides nothing.
 */
#include <stdio.h>
#include <string.h>

#include "alarms/describe.h"
#include "alarms/private.h"
#include "util/decimal.h"

#define MDC_EVT_LO 196670
#define MDC_EVT_HI 196648

const char *subject_name(const struct subject *s)
{
	return s->rule ? s->rule->name : condition_info(s->condition)->name;
}

size_t subject_key(const struct subject *s, char *buf)
{
	const struct bed_place *b = s->sensor ? s->sensor->bed : s->bed;
	const char *prefix = !s->device && b ? "bed-" : "";
	const char *place = s->device ? s->device->name->text : b ? b->name->text : "gateway";
	size_t n =
		(size_t)snprintf(buf, ALARM_KEY_MAX + 1, "%s.%s%s", subject_name(s), prefix, place);

	if (s->sensor && s->sensor->instance > 0)
		n += (size_t)snprintf(buf + n, ALARM_KEY_MAX + 1 - n, ".%u", s->sensor->instance);
	return n;
}

unsigned subject_inactivation(const struct subject *s, int64_t *ret_until_us)
{
	const struct bed_place *b = subject_bed(s);
	int64_t until = s->inactive_until_us;
	unsigned flags = s->inactivation;

	if (b && b->inactivation) {
		flags |= b->inactivation;
		until = b->until_us < until ? b->until_us : until;
	}
	*ret_until_us = until;
	return flags;
}

/* ---- the text ---- */

/* Whether there is a limit to speak of on the side that alarms. */
static bool has_limit(const struct rule_verdict *v)
{
	return v->side == SIDE_BELOW ? v->limits.has_low
				     : v->side == SIDE_ABOVE && v->limits.has_high;
}

/* Whether the value is back within the limit that the alarm stands on, and not far enough. */
static bool is_back(const struct rule_verdict *v, struct decimal number)
{
	return v->side == SIDE_BELOW ? decimal_compare(number, v->limits.low) >= 0
				     : decimal_compare(number, v->limits.high) <= 0;
}

static bool is_gone(const struct subject *s)
{
	return s->life == LIFE_CLEARING || s->life == LIFE_LATCHED || s->gone;
}

static bool is_measured(const struct sample *x)
{
	return x->validity == VALIDITY_VALID || x->validity == VALIDITY_QUESTIONABLE;
}

static void write_reading(struct text *t, const struct subject *s, const struct rule_verdict *v,
	const struct sample *x, bool gone, bool stale)
{
	enum metric m = s->rule->common.metric;
	bool was = gone || stale;

	if (m == METRIC_NONE)
		text_str(t, s->rule->name);
	else
		describe_metric(t, m);
	if (stale) {
		text_lit(t, " is not known");
	} else if (v->has_number) {
		text_char(t, ' ');
		describe_value(t, m, v->number);
		was = was || (is_measured(x) && is_back(v, v->number));
	}
	if (was && has_limit(v))
		text_lit(t, ", was");
	describe_side(t, m, v);
}

static void write_rule_text(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct sample *x, bool gone, bool stale, const struct alarm_now *now, struct text *t)
{
	struct rule_call c = subject_call(a, s, now);
	struct rule_verdict w = *v;

	c.gone = gone;
	if (!w.has_number && x->kind == VALUE_NUMBER) {
		w.has_number = true;
		w.number = x->number;
	}
	/* what is on a side has a number; without one there is none to say */
	if (s->rule->type->describe && !stale && (w.has_number || w.side == SIDE_PRESENT))
		s->rule->type->describe(&c, &w, t);
	else
		write_reading(t, s, &w, x, gone, stale);
	if (x->validity == VALIDITY_QUESTIONABLE)
		text_lit(t, " (questionable)");
	else if (x->validity == VALIDITY_BELOW_RANGE || x->validity == VALIDITY_ABOVE_RANGE)
		text_lit(t, " (beyond what the device can measure)");
	if (x->flags & FLAG_TEST)
		text_lit(t, " (test)");
	else if (x->flags & FLAG_DEMO)
		text_lit(t, " (demonstration)");
	if (s->held)
		text_lit(t, " (comes and goes)");
}

/* Which sensors do not measure, and why. */
static void write_sensors(struct text *t, const struct subject *s)
{
	const char *separator = ": ";

	for (const struct sensor *x = s->device->sensors; x; x = x->next) {
		if (!(s->condition == CONDITION_SENSOR_OFF ? x->off : x->beyond))
			continue;
		text_str(t, separator);
		text_str(t, metric_info(x->metric)->name);
		if (s->condition == CONDITION_SENSOR_OFF && (x->demo || x->reason)) {
			text_lit(t, " (");
			text_str(t, x->demo ? "test data" : word_text(x->reason));
			text_char(t, ')');
		}
		separator = ", ";
	}
}

static void write_condition_text(const struct subject *s, size_t members, struct text *t)
{
	text_str(t, s->text ? s->text : condition_info(s->condition)->what);
	if (s->device &&
		(s->condition == CONDITION_SENSOR_OFF || s->condition == CONDITION_OUT_OF_RANGE))
		write_sensors(t, s);
	if (members > 0)
		text_printf(t, ": %zu devices", members);
}

/* The last byte of the buffer is kept for this. What did not fit is left out as a whole. */
static void finish_text(struct text *t)
{
	*t->at = 0;
}

/* ---- the event ---- */

static const char *text_of(const struct label *l)
{
	return l ? l->text : NULL;
}

static uint32_t mdc_of(enum rule_side side)
{
	return side == SIDE_BELOW ? MDC_EVT_LO : side == SIDE_ABOVE ? MDC_EVT_HI : 0;
}

static void set_value(
	struct alarm_event *e, const struct sample *x, const struct rule_verdict *v, bool stale)
{
	e->limits = v->limits;
	e->mdc = mdc_of(v->side);
	e->reading = x->sequence;
	e->reading_epoch = text_of(x->epoch);
	e->validity = x->validity;
	e->flags = x->flags;
	if (stale)
		return; /* VALUE_NONE */
	e->value_kind = v->has_number ? VALUE_NUMBER : x->kind;
	e->value = v->has_number ? v->number : x->number;
	e->boolean = x->boolean;
	e->word = x->word;
}

static void give(struct alarms *a, const struct alarm_event *e)
{
	if (a->restoring) /* never: no rule type begins an alarm by being there */
		return;
	a->counters.events++;
	if (!a->sink.event)
		return;
	a->busy = true;
	a->sink.event(a->sink.userdata, e);
	a->busy = false;
}

static void set_places(struct alarm_event *e, const struct subject *s)
{
	const struct bed_place *b = subject_bed(s);

	e->rule = subject_name(s);
	e->condition = s->condition;
	e->kind = subject_kind(s);
	e->device = s->device ? s->device->name->text : NULL;
	if (b) {
		e->bed = b->name->text;
		e->patient = text_of(b->patient);
		e->association = text_of(b->association);
	}
	if (s->rule)
		e->metric = s->rule->common.metric;
	if (s->sensor)
		e->instance = s->sensor->instance;
}

static enum alarm_state state_of(const struct subject *s)
{
	return s->life == LIFE_IDLE      ? ALARM_INACTIVE
	       : s->life == LIFE_LATCHED ? ALARM_LATCHED
					 : ALARM_ACTIVE;
}

void emit_event(struct alarms *a, struct subject *s, enum alarm_phase phase,
	enum alarm_reason reason, const char *by, const struct alarm_now *now)
{
	char key[ALARM_KEY_MAX + 1], words[ALARM_TEXT_MAX + 1];
	struct text t = text_init(words, sizeof(words) - 1);
	struct alarm_event e = { .key = key,
		.epoch = s->epoch,
		.number = s->number,
		.phase = phase,
		.state = state_of(s),
		.reason = reason,
		.by = by ? by : text_of(s->by),
		.priority = s->priority,
		.onset_us = s->onset_utc,
		.detected_us = s->detected_utc,
		.time_us = now->utc_us,
		.ended_us = s->ended_utc,
		.stale = s->stale,
		.text = words };
	int64_t until_us;

	set_places(&e, s);
	subject_key(s, key);
	if (e.state != ALARM_INACTIVE) {
		e.inactivation = subject_inactivation(s, &until_us);
		if (e.inactivation && until_us != RULE_NEVER)
			e.inactivated_until_us = now->utc_us + (until_us - now->boot_us);
	}
	if (s->step > 0 && s->told_priority != s->priority)
		e.previous_priority = s->told_priority;
	if (s->rule) {
		set_value(&e, &s->sample, &s->verdict, s->stale);
		write_rule_text(a, s, &s->verdict, &s->sample, is_gone(s), s->stale, now, &t);
	} else {
		if (!s->device && a->groups[s->condition].members > 0) {
			e.member_count = group_members(a, s->condition);
			e.members = a->members;
		}
		write_condition_text(s, e.member_count, &t);
	}
	finish_text(&t);
	e.step = ++s->step;
	s->told_us = now->boot_us;
	s->told_priority = s->priority;
	s->update_us = RULE_NEVER;
	subject_arm(a, s);
	a->revision++;
	give(a, &e);
}

/* One that is over as it begins, under a number of its own; key is filled in. */
static struct alarm_event advisory(
	struct alarms *a, const struct subject *s, char *key, const struct alarm_now *now)
{
	struct alarm_event e = { .key = key,
		.epoch = a->epoch,
		.number = ++a->number,
		.step = 1,
		.phase = PHASE_START,
		.state = ALARM_INACTIVE,
		.transient = true,
		.priority = PRIORITY_LOW,
		.detected_us = now->utc_us,
		.time_us = now->utc_us };

	subject_key(s, key);
	set_places(&e, s);
	e.kind = ALARM_ADVISORY;
	return e;
}

void emit_excursion(struct alarms *a, struct subject *s, const struct alarm_excursion *x,
	const struct alarm_now *now)
{
	char key[ALARM_KEY_MAX + 1], words[ALARM_TEXT_MAX + 1];
	struct text t = text_init(words, sizeof(words) - 1);
	struct alarm_event e = advisory(a, s, key, now);

	e.text = words;
	e.onset_us = x->start_us;
	e.ended_us = x->end_us;
	e.excursion = x;
	e.value_kind = VALUE_NUMBER;
	e.value = x->extreme;
	text_str(&t, x->below ? "Was too cold for " : "Was too warm for ");
	describe_duration(&t, x->duration_us / 1000000 * 1000000);
	text_str(&t, x->below ? ", down to " : ", up to ");
	describe_value(&t, e.metric, x->extreme);
	text_lit(&t, ", MKT ");
	describe_value(&t, e.metric, x->mkt);
	finish_text(&t);
	a->revision++;
	give(a, &e);
}

void emit_advisory(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now)
{
	char key[ALARM_KEY_MAX + 1], words[ALARM_TEXT_MAX + 1];
	struct text t = text_init(words, sizeof(words) - 1);
	struct sample x = { 0 };
	struct alarm_event e = advisory(a, s, key, now);

	e.text = words;
	e.reason = ALARM_REASON_LATE;
	e.onset_us = r->time_us;
	sample_take(&x, r);
	/* the value that came late is known, whatever that of the alarm is */
	set_value(&e, &x, v, false);
	write_rule_text(a, s, v, &x, false, false, now, &t);
	text_lit(&t, ", received late: no alarm was possible");
	finish_text(&t);
	sample_drop(&x);
	a->revision++;
	give(a, &e);
}
