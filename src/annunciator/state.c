/*
 * What of all alarms is to be seen and heard. Pure.
 */
#include "annunciator/annunciator.h"

#define UNSEEN (INACTIVATION_ALARM_PAUSED | INACTIVATION_ALARM_OFF)
#define UNHEARD                                                                                    \
	(UNSEEN | INACTIVATION_AUDIO_PAUSED | INACTIVATION_AUDIO_OFF | INACTIVATION_ACKNOWLEDGED)

void annunciator_add(struct annunciator_state *s, enum alarm_priority priority,
	enum alarm_state state, unsigned inactivation)
{
	if (state != ALARM_ACTIVE && state != ALARM_LATCHED)
		return;
	if (!(inactivation & UNSEEN) && priority > s->shown)
		s->shown = priority;
	if (!(inactivation & UNHEARD) && priority > s->sounding)
		s->sounding = priority;
}
