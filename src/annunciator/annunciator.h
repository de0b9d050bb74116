/*
 * The local annunciator: lamps and a buzzer at the gateway itself, through the
 * kernel's LED class and GPIO character devices, as [Annunciator] says. It is
 * told what there is to show and makes the patterns. It does not know alarms:
 * the desk does. Nothing that it drives is ever waited for, and none that is
 * missing stops the gateway. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"
#include "wardgate/alarm.h"

struct annunciator;
struct config;
struct text;

/* What there is to show. {0}: nothing. */
struct annunciator_state {
	enum alarm_priority shown;    /* the most urgent that is to be seen; NONE: no such */
	enum alarm_priority sounding; /* the most urgent that is to be heard */
	bool broker_unreachable;
};

/* Adds one alarm to what is to be shown; begin with {0} and add all that are not over, in any
 * order.
 *  - not active and not latched, or of PRIORITY_NONE: nothing;
 *  - alarm-paused and alarm-off: neither seen nor heard;
 *  - audio-paused, audio-off, acknowledged: seen, not heard;
 *  - else seen and heard. A latched one that nobody has reset is signalled as an active one.
 * inactivation: flags of enum alarm_inactivation. */
void annunciator_add(struct annunciator_state *s, enum alarm_priority priority,
	enum alarm_state state, unsigned inactivation);

/* Opens what [Annunciator] names; what cannot be opened is logged once and tried again. The event
 * loop outlives the annunciator; of c nothing is kept. Returns 0, -ENOMEM, or what the event loop
 * refuses. */
int annunciator_new(struct annunciator **ret, sd_event *e, const struct config *c);
/* Switches all off and closes them. NULL is fine. */
struct annunciator *annunciator_free(struct annunciator *a);
WG_DEFINE_CLEANUP(struct annunciator *, annunciator_free)

/* From now on this is to be shown. Cheap when it is what was shown before. */
void annunciator_show(struct annunciator *a, const struct annunciator_state *s);
/* [Annunciator] may have changed: lamps that it still names go on undisturbed. Returns 0, or
 * -ENOMEM (then the old ones go on). */
int annunciator_reload(struct annunciator *a, const struct config *c);

/* fn is called when an output begins to fail or works again. */
void annunciator_on_trouble(struct annunciator *a, void (*fn)(void *userdata), void *userdata);

/* Switches all that c names off, for the time after a gateway that was killed. Returns how many
 * could not be switched, logged. */
size_t annunciator_off(const struct config *c);

/* Appends "annunciator":[{"output":"led:red","for":["high"],"problem":"..."}] without a comma
 * around it; nothing when [Annunciator] names nothing. problem is there while there is one. Those
 * that fail come first; of very many not all are told. Returns whether it appended. */
bool annunciator_report(const struct annunciator *a, struct text *t);
