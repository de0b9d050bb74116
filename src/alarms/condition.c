/*
 * Technical conditions: raised and lowered by other rooms and by judge.c, one
 * alarm for each device, or one for all when many have it at once.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/private.h"

static struct subject *find(const struct device_place *d, enum alarm_condition c)
{
	struct subject *s = d->conditions;

	while (s && s->condition != c)
		s = s->next;
	return s;
}

/* Returns whether it is another one than before; without memory the old one stays. */
static bool set_text(struct subject *s, const char *text)
{
	char *copy;
	size_t n = text ? strlen(text) : 0;

	if (text ? s->text && strcmp(s->text, text) == 0 : !s->text)
		return false;
	while (n > ALARM_TEXT_MAX / 2 &&
		(n > ALARM_TEXT_MAX || ((unsigned char)text[n] & 0xc0) == 0x80))
		n--;
	copy = text ? strndup(text, n) : NULL;
	if (text && !copy)
		return false;
	free(s->text);
	s->text = copy;
	return true;
}

static void start(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	s->pending = false;
	s->verdict = (struct rule_verdict){ .side = SIDE_PRESENT,
		.priority = condition_info(s->condition)->priority };
	if (s->life == LIFE_CLEARING) { /* held */
		s->life = LIFE_ACTIVE;
	} else if (s->life == LIFE_IDLE) {
		subject_start(a, s, now);
	}
	subject_arm(a, s);
}

static void stop(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	s->pending = false;
	if (s->life == LIFE_ACTIVE && s->held) {
		s->life = LIFE_CLEARING;
		s->clear_us = now->boot_us;
	} else if (s->life == LIFE_ACTIVE) {
		subject_over(a, s, ALARM_REASON_NONE, NULL, now);
	}
	subject_arm(a, s);
}

/* ---- groups ---- */

size_t group_members(struct alarms *a, enum alarm_condition c)
{
	size_t n = 0;

	for (const struct subject *s = a->groups[c].subjects; s; s = s->next_of_kind)
		if (s->grouped)
			a->members[n++] = s->device->name->text;
	return n;
}

static void arm_group(struct alarms *a, struct group *g)
{
	int64_t at = g->changed ? g->subject->told_us + ALARMS_UPDATE_US : RULE_NEVER;

	if (g->open && g->members <= ALARMS_STORM_MAX / 2 && g->joined_us + ALARMS_STORM_US < at)
		at = g->joined_us + ALARMS_STORM_US;
	alarm_timers_set(&a->timers, &g->timer, at);
}

static void tell_group(struct alarms *a, struct group *g, const struct alarm_now *now)
{
	g->changed = now->boot_us < g->subject->told_us + ALARMS_UPDATE_US;
	if (!g->changed)
		subject_update(a, g->subject, now);
	arm_group(a, g);
}

static void join(struct alarms *a, struct group *g, struct subject *s, const struct alarm_now *now)
{
	s->pending = false;
	s->grouped = true;
	g->members++;
	g->joined_us = now->boot_us;
	a->revision++;
	subject_arm(a, s);
}

/* The gateway's own alarm of the condition follows what there is. */
static void settle(struct alarms *a, struct group *g, const struct alarm_now *now)
{
	if (g->own || g->open)
		start(a, g->subject, now);
	else
		stop(a, g->subject, now);
	arm_group(a, g);
}

void group_rearm(struct alarms *a, struct group *g, const struct alarm_now *now)
{
	g->open = g->members > 0;
	settle(a, g, now);
}

static void close_group(struct alarms *a, struct group *g, const struct alarm_now *now)
{
	g->open = g->changed = false;
	settle(a, g, now);
}

void group_leave(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	struct group *g = &a->groups[s->condition];

	s->grouped = false;
	g->members--;
	a->revision++;
	if (g->members == 0)
		close_group(a, g, now);
	else
		tell_group(a, g, now);
}

/* The storm is over and few are left: they go on alone. */
static void ungroup(struct alarms *a, struct group *g, const struct alarm_now *now)
{
	g->open = g->changed = false;
	g->members = 0;
	if (g->own)
		subject_update(a, g->subject, now);
	else
		subject_over(a, g->subject, ALARM_REASON_UNGROUPED, NULL, now);
	for (struct subject *s = g->subjects; s; s = s->next_of_kind)
		if (s->grouped) {
			s->grouped = false;
			start(a, s, now);
		}
}

void group_due(struct alarms *a, struct group *g, const struct alarm_now *now)
{
	if (g->open && g->members <= ALARMS_STORM_MAX / 2 &&
		g->joined_us + ALARMS_STORM_US <= now->boot_us)
		ungroup(a, g, now);
	else
		tell_group(a, g, now);
	arm_group(a, g);
}

/* Has begun, or begins, so lately that it may be one event of many. */
static bool is_recent(const struct subject *s, const struct alarm_now *now)
{
	return s->pending ||
	       (s->life == LIFE_ACTIVE && now->boot_us - s->onset_us < ALARMS_STORM_US);
}

static void open_group(struct alarms *a, struct group *g, const struct alarm_now *now)
{
	g->open = true;
	for (struct subject *s = g->subjects; s; s = s->next_of_kind) {
		if (!is_recent(s, now))
			continue;
		if (s->life != LIFE_IDLE)
			subject_over(a, s, ALARM_REASON_GROUPED, NULL, now);
		join(a, g, s, now);
	}
	if (g->own)
		subject_update(a, g->subject, now);
	g->subject->onset_us = now->boot_us;
	g->subject->onset_utc = now->utc_us;
	settle(a, g, now);
}

void condition_due(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	struct group *g = &a->groups[s->condition];
	unsigned recent = 0;

	if (g->open) {
		join(a, g, s, now);
		inactivation_break(a, g->subject, now);
		tell_group(a, g, now);
		return;
	}
	for (const struct subject *t = g->subjects; t; t = t->next_of_kind)
		recent += is_recent(t, now);
	if (recent > ALARMS_STORM_MAX)
		open_group(a, g, now);
	else
		start(a, s, now);
}

/* ---- raising and lowering ---- */

/* What a silent device has said last is not known any more. */
static void set_silent(struct alarms *a, struct device_place *d, const struct alarm_now *now)
{
	const struct subject *silent = find(d, CONDITION_DEVICE_SILENT);
	const struct subject *never = find(d, CONDITION_NEVER_HEARD);

	d->silent = (silent && silent->present) || (never && never->present);
	if (!d->silent)
		return;
	for (struct sensor *x = d->sensors; x; x = x->next)
		for (struct subject *s = x->subjects; s; s = s->next)
			if (!(s->rule->type->flags & RULE_FROM_START))
				subject_unknown(a, s, now);
	device_unknown_at_bed(a, d, now);
}

void condition_changed(struct alarms *a, enum alarm_condition c, struct device_place *d,
	const struct alarm_now *now)
{
	struct subject *s = find(d, c);

	if (s && s->life == LIFE_ACTIVE && s->told_us != now->boot_us) {
		subject_tell_soon(a, s, ALARMS_UPDATE_US, now);
		subject_arm(a, s);
	}
}

/* One cause, many devices: worth waiting a moment for the others. */
static bool comes_in_storms(enum alarm_condition c)
{
	return c == CONDITION_DEVICE_SILENT || c == CONDITION_NEVER_HEARD ||
	       c == CONDITION_AUTH_FAILING || c == CONDITION_STALE_BOND;
}

static void raise_or_lower(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	a->revision++;
	if (!s->present) {
		if (s->grouped)
			group_leave(a, s, now);
		else
			stop(a, s, now);
	} else if (s->life == LIFE_CLEARING) {
		start(a, s, now);
	} else if (s->life == LIFE_IDLE) {
		s->pending = true;
		s->onset_us = now->boot_us;
		s->onset_utc = now->utc_us;
		if (comes_in_storms(s->condition))
			subject_arm(a, s);
		else
			condition_due(a, s, now);
	}
}

int condition_set(struct alarms *a, enum alarm_condition c, struct device_place *d, bool present,
	const char *text, const struct alarm_now *now)
{
	struct subject *s = find(d, c);
	bool news;

	present = present && !a->untechnical;
	if (!s) {
		int e;

		if (!present)
			return 0;
		e = subject_new(a, NULL, c, NULL, d, NULL, &s);
		if (e != 0)
			return e;
		s->next = d->conditions;
		d->conditions = s;
	}
	news = present && set_text(s, text);
	if (s->present == present) {
		if (news)
			condition_changed(a, c, d, now);
		return 0;
	}
	s->present = present;
	raise_or_lower(a, s, now);
	if (c == CONDITION_DEVICE_SILENT || c == CONDITION_NEVER_HEARD)
		set_silent(a, d, now);
	return 0;
}

static void gateway_set(struct alarms *a, enum alarm_condition c, bool present, const char *text,
	const struct alarm_now *now)
{
	struct group *g = &a->groups[c];
	bool news;

	present = present && !a->untechnical;
	news = present && set_text(g->subject, text);
	if (g->own == present) {
		if (news)
			tell_group(a, g, now);
		return;
	}
	g->own = present;
	a->revision++;
	if (g->subject->life == LIFE_IDLE) {
		g->subject->onset_us = now->boot_us;
		g->subject->onset_utc = now->utc_us;
	}
	settle(a, g, now);
}

void conditions_refresh(struct alarms *a, const struct alarm_now *now)
{
	FOR_EACH_DEVICE(a, i, d)
	{
		for (unsigned c = 1; a->untechnical && c < _CONDITION_MAX; c++)
			(void)condition_set(a, c, d, false, NULL, now);
		/* without memory for the alarm nothing is told */
		(void)condition_set(a, CONDITION_SENSOR_OFF, d, d->off_count > 0, NULL, now);
		(void)condition_set(a, CONDITION_OUT_OF_RANGE, d, d->beyond_count > 0, NULL, now);
	}
	for (unsigned c = 1; a->untechnical && c < _CONDITION_MAX; c++)
		gateway_set(a, c, false, NULL, now);
	chatter_refresh(a, now);
}

int alarms_condition(struct alarms *a, enum alarm_condition condition, const char *device,
	bool present, const char *text, const struct alarm_now *now)
{
	struct device_place *d;

	alarms_tick(a, now);
	assert(condition > CONDITION_NONE && condition < _CONDITION_MAX);
	if (device) {
		d = device_find(a, device);
		return d ? condition_set(a, condition, d, present, text, now) : ALARMS_E_UNKNOWN;
	}
	gateway_set(a, condition, present, text, now);
	return 0;
}
