/*
 * What people do to alarms: acknowledge, pause, switch off for a while, reset;
 * and what undoes it: time, or something new.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "alarms/private.h"

#define PAUSED (INACTIVATION_AUDIO_PAUSED | INACTIVATION_ALARM_PAUSED)
#define OFF (INACTIVATION_AUDIO_OFF | INACTIVATION_ALARM_OFF)

static int refuse(char *why, int outcome, const char *sentence)
{
	snprintf(why, ALARMS_WHY_MAX, "%s", sentence);
	return outcome;
}

/* The alarm that a command is for, once all is done that was due before. NULL: there is none, as
 * why says. */
static struct subject *find_live(
	struct alarms *a, const char *key, const struct alarm_now *now, char *why)
{
	char buf[ALARM_KEY_MAX + 1];
	struct subject *s;

	alarms_tick(a, now);
	for (s = a->live; s; s = s->next_live) {
		subject_key(s, buf);
		if (strcmp(buf, key) == 0)
			return s;
	}
	(void)refuse(why, ALARMS_E_UNKNOWN, "there is no such alarm now");
	return NULL;
}

struct label *label_of_person(const char *by)
{
	char name[LABEL_MAX + 1];
	struct label *l = NULL;

	if (!by)
		return NULL;
	snprintf(name, sizeof(name), "%s", by);
	return label_new(&l, name) == 0 ? l : NULL;
}

static void tell_bed(struct alarms *a, const struct bed_place *b, const struct subject *but,
	enum alarm_phase phase, enum alarm_reason reason, const struct alarm_now *now)
{
	for (struct subject *s = a->live; s; s = s->next_live)
		if (s != but && subject_bed(s) == b)
			emit_event(a, s, phase, reason, b->by ? b->by->text : NULL, now);
}

/* ---- the bed's ---- */

void bed_arm(struct alarms *a, struct bed_place *b)
{
	if (!b->inactivation) {
		b->until_us = b->remind_us = RULE_NEVER;
		b->by = label_unref(b->by);
	}
	alarm_timers_set(
		&a->timers, &b->timer, b->until_us < b->remind_us ? b->until_us : b->remind_us);
}

void bed_due(struct alarms *a, struct bed_place *b, const struct alarm_now *now)
{
	if (b->until_us <= now->boot_us) {
		b->inactivation = 0;
		a->revision++;
		bed_arm(a, b);
		tell_bed(a, b, NULL, PHASE_UPDATE, ALARM_REASON_EXPIRED, now);
		return;
	}
	b->remind_us = now->boot_us + ALARMS_REMIND_US;
	bed_arm(a, b);
	tell_bed(a, b, NULL, PHASE_CONTINUE, ALARM_REASON_REMINDER, now);
}

/* ---- an alarm's own ---- */

static void end_own(struct subject *s, unsigned flags)
{
	s->inactivation &= ~flags;
	if (!(s->inactivation & (PAUSED | OFF)))
		s->inactive_until_us = s->remind_us = RULE_NEVER;
	if (!s->inactivation)
		s->by = label_unref(s->by);
}

void subject_pause_due(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	if (s->inactive_until_us <= now->boot_us) {
		end_own(s, PAUSED | OFF);
		emit_event(a, s, PHASE_UPDATE, ALARM_REASON_EXPIRED, NULL, now);
	} else {
		s->remind_us = now->boot_us + ALARMS_REMIND_US;
		emit_event(a, s, PHASE_CONTINUE, ALARM_REASON_REMINDER, NULL, now);
	}
}

void inactivation_break(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	struct bed_place *b = subject_bed(s);

	end_own(s, PAUSED | INACTIVATION_ACKNOWLEDGED);
	subject_arm_escalation(s, now);
	if (!b || !(b->inactivation & PAUSED))
		return;
	b->inactivation &= ~(unsigned)PAUSED;
	a->revision++;
	bed_arm(a, b);
	tell_bed(a, b, s, PHASE_UPDATE, ALARM_REASON_BROKEN, now);
}

/* ---- commands ---- */

int alarms_acknowledge(
	struct alarms *a, const char *key, const char *by, const struct alarm_now *now, char *why)
{
	struct subject *s = find_live(a, key, now, why);

	if (!s)
		return ALARMS_E_UNKNOWN;
	if (s->inactivation & INACTIVATION_ACKNOWLEDGED)
		return 0;
	end_own(s, PAUSED);
	s->inactivation |= INACTIVATION_ACKNOWLEDGED;
	label_unref(s->by);
	s->by = label_of_person(by);
	s->escalate_us = RULE_NEVER;
	emit_event(a, s, PHASE_UPDATE, ALARM_REASON_NONE, by, now);
	return 0;
}

struct pause {
	unsigned flag;
	int64_t us;
	bool off, ends;
};

static int read_pause(enum alarms_pause kind, int64_t seconds, struct pause *ret, char *why)
{
	static const unsigned flags[] = { INACTIVATION_AUDIO_PAUSED, INACTIVATION_ALARM_PAUSED,
		INACTIVATION_AUDIO_OFF, INACTIVATION_ALARM_OFF };
	int64_t max;

	ret->flag = flags[kind];
	ret->off = ret->flag & OFF;
	ret->ends = seconds < 0;
	max = ret->off ? ALARMS_OFF_MAX_US : ALARMS_PAUSE_MAX_US;
	if (seconds > max / ALARMS_SECOND) {
		snprintf(why, ALARMS_WHY_MAX, "%lld s is too long; at most %lld s",
			(long long)seconds, (long long)(max / ALARMS_SECOND));
		return ALARMS_E_REFUSED;
	}
	ret->us = seconds > 0 ? seconds * ALARMS_SECOND : ret->off ? max : ALARMS_PAUSE_US;
	return 0;
}

int alarms_pause(struct alarms *a, const char *key, enum alarms_pause kind, int64_t seconds,
	const char *by, const struct alarm_now *now, char *why)
{
	struct subject *s = find_live(a, key, now, why);
	struct pause p;

	if (!s)
		return ALARMS_E_UNKNOWN;
	if (read_pause(kind, seconds, &p, why) != 0)
		return ALARMS_E_REFUSED;
	if (p.ends && !(s->inactivation & p.flag))
		return 0;
	end_own(s, PAUSED | OFF);
	if (!p.ends) {
		s->inactivation |= p.flag;
		s->inactive_until_us = now->boot_us + p.us;
		s->remind_us = p.off ? now->boot_us + ALARMS_REMIND_US : RULE_NEVER;
		label_unref(s->by);
		s->by = label_of_person(by);
	}
	emit_event(a, s, PHASE_UPDATE, ALARM_REASON_NONE, by, now);
	return 0;
}

int alarms_pause_bed(struct alarms *a, const char *bed, enum alarms_pause kind, int64_t seconds,
	const char *by, const struct alarm_now *now, char *why)
{
	struct bed_place *b = bed_find(a, bed);
	struct pause p;

	alarms_tick(a, now);
	if (!b)
		return refuse(why, ALARMS_E_UNKNOWN, "there is no such bed");
	if (read_pause(kind, seconds, &p, why) != 0)
		return ALARMS_E_REFUSED;
	if (p.ends && !(b->inactivation & p.flag))
		return 0;
	b->inactivation = p.ends ? 0 : p.flag;
	if (!p.ends) {
		b->until_us = now->boot_us + p.us;
		b->remind_us = p.off ? now->boot_us + ALARMS_REMIND_US : RULE_NEVER;
	}
	label_unref(b->by);
	b->by = label_of_person(by);
	a->revision++;
	tell_bed(a, b, NULL, PHASE_UPDATE, ALARM_REASON_NONE, now);
	bed_arm(a, b);
	return 0;
}

int alarms_reset(
	struct alarms *a, const char *key, const char *by, const struct alarm_now *now, char *why)
{
	struct subject *s = find_live(a, key, now, why);

	if (!s)
		return ALARMS_E_UNKNOWN;
	if (s->life != LIFE_LATCHED)
		return refuse(why, ALARMS_E_REFUSED,
			"its condition is not over; acknowledge or pause it instead");
	subject_reset(a, s, by, now);
	return 0;
}
