/*
 * The engine as a whole: made, freed, asked for its deadline and told the time.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/private.h"

int alarms_new(struct alarms **ret, const struct alarms_options *options)
{
	_cleanup_(alarms_freep) struct alarms *a = calloc(1, sizeof(*a));
	int e = 0;

	if (!a)
		return -ENOMEM;
	if (strlen(options->epoch) > EPOCH_MAX)
		return -EINVAL;
	memcpy(a->epoch, options->epoch, strlen(options->epoch) + 1);
	a->training = options->training;
	a->sink = options->sink;
	a->generation = 1;
	for (unsigned c = 1; c < _CONDITION_MAX && e == 0; c++) {
		struct group *g = &a->groups[c];

		g->timer.kind = TIMER_GROUP;
		g->timer.at_us = RULE_NEVER;
		e = alarm_timers_reserve(&a->timers);
		if (e == 0)
			e = subject_new(a, NULL, c, NULL, NULL, NULL, &g->subject);
	}
	if (e < 0)
		return e;
	*ret = TAKE_PTR(a);
	return 0;
}

struct alarms *alarms_free(struct alarms *a)
{
	if (!a)
		return NULL;
	places_free(a);
	for (unsigned c = 1; c < _CONDITION_MAX; c++)
		if (a->groups[c].subject)
			subject_free(a, a->groups[c].subject);
	for (size_t i = 0; a->rules && i < a->rules->count; i++)
		while (a->rules->rules[i].overrides) {
			struct limit_override *o = a->rules->rules[i].overrides;

			a->rules->rules[i].overrides = o->next;
			override_free(a, o);
		}
	ruleset_free(a->rules);
	alarm_timers_done(&a->timers);
	free(a->members);
	free(a);
	return NULL;
}

int64_t alarms_deadline(const struct alarms *a)
{
	const struct alarm_timer *t = alarm_timers_first(&a->timers);

	return t ? t->at_us : RULE_NEVER;
}

#define OWNER(t, type) ((type *)(void *)((char *)(t)-offsetof(type, timer)))

static void due(struct alarms *a, struct alarm_timer *t, const struct alarm_now *now)
{
	switch (t->kind) {
	case TIMER_SUBJECT:
		subject_due(a, OWNER(t, struct subject), now);
		break;
	case TIMER_SENSOR:
		sensor_due(a, OWNER(t, struct sensor), now);
		break;
	case TIMER_BED:
		bed_due(a, OWNER(t, struct bed_place), now);
		break;
	case TIMER_GROUP:
		group_due(a, OWNER(t, struct group), now);
		break;
	}
}

void alarms_tick(struct alarms *a, const struct alarm_now *now)
{
	struct alarm_timer *t;

	assert(!a->busy);
	while ((t = alarm_timers_first(&a->timers)) && t->at_us <= now->boot_us) {
		due(a, t, now);
		/* what was due is not due again at the same moment, but a subject has several */
		assert(t->kind == TIMER_SUBJECT || t->index == 0 || t->at_us > now->boot_us);
	}
}

void alarms_mode(struct alarms *a, bool training, bool technical, const struct alarm_now *now)
{
	alarms_tick(a, now);
	a->training = training;
	a->untechnical = !technical;
	conditions_refresh(a, now);
}

void alarms_continue(struct alarms *a, const struct alarm_now *now)
{
	for (struct subject *s = a->live; s; s = s->next_live)
		emit_event(a, s, PHASE_CONTINUE, ALARM_REASON_NONE, NULL, now);
}

uint64_t alarms_revision(const struct alarms *a)
{
	return a->revision;
}

void alarms_counters(const struct alarms *a, struct alarms_counters *ret)
{
	*ret = a->counters;
}
