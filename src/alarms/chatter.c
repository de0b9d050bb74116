/*
 * Alarms that come and go too often: counted, held, and said of their device.
 * What holding does to the life of an alarm is in life.c.
 */
#include <stdio.h>
#include <string.h>

#include "alarms/private.h"

static bool counts(const struct subject *s)
{
	/* a bed's rule has no device: the held alarm says so itself */
	return s->held && s->device && !subject_is_silent(s);
}

static const struct subject *find_held(const struct subject *list)
{
	while (list && !counts(list))
		list = list->next;
	return list;
}

/* One of the device's alarms that are held. */
static const struct subject *held_of(const struct device_place *d)
{
	const struct subject *s = find_held(d->conditions);

	for (const struct sensor *x = d->sensors; x && !s; x = x->next)
		s = find_held(x->subjects);
	return s;
}

/* The condition is there as long as some alarm of the device is held, and names one. */
static void tell(struct alarms *a, struct device_place *d, const struct subject *held,
	const struct alarm_now *now)
{
	char text[ALARM_TEXT_MAX + 1];

	if (held)
		snprintf(text, sizeof(text), "%s comes and goes too often and is held",
			subject_name(held));
	/* without memory for the alarm nothing is told; what is held says so itself */
	(void)condition_set(a, CONDITION_ALARM_CHATTER, d, held, held ? text : NULL, now);
}

void chatter_count_start(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	memmove(s->starts + 1, s->starts, sizeof(s->starts) - sizeof(s->starts[0]));
	s->starts[0] = now->boot_us;
	a->revision++;
}

bool chatter_hold(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	int64_t sixth_us = s->starts[ALARMS_CHATTER_MAX - 1], at_us = now->boot_us;

	/* When it was over, however much later somebody looked. */
	if (s->life == LIFE_CLEARING && s->clear_us + subject_clear_for(s) < at_us)
		at_us = s->clear_us + subject_clear_for(s);
	if (s->condition == CONDITION_ALARM_CHATTER || s->held || sixth_us == 0 ||
		at_us - sixth_us >= ALARMS_CHATTER_US)
		return false;
	if (s->life == LIFE_CLEARING && at_us - s->clear_us >= ALARMS_QUIET_US)
		return false;
	s->held = true;
	if (s->life != LIFE_CLEARING)
		s->clear_us = now->boot_us;
	s->life = LIFE_CLEARING;
	a->counters.chatter++;
	a->revision++;
	if (counts(s))
		tell(a, s->device, s, now);
	return true;
}

void chatter_release(struct alarms *a, struct subject *s, const struct alarm_now *now)
{
	bool told = counts(s);

	s->held = false;
	if (told)
		tell(a, s->device, held_of(s->device), now);
}

void chatter_refresh(struct alarms *a, const struct alarm_now *now)
{
	FOR_EACH_DEVICE(a, i, d)
	{
		const struct subject *held = held_of(d), *s = d->conditions;

		while (s && s->condition != CONDITION_ALARM_CHATTER)
			s = s->next;
		if ((s && s->present) != (held != NULL))
			tell(a, d, held, now);
	}
}
