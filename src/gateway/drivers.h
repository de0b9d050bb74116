/*
 * The set of drivers: started, reloaded and stopped as the configuration asks.
 * Knows them by wardgate/driver.h only; which there are is main.c's to say.
 */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#include "util/text.h"
#include "wardgate/driver.h"

struct drivers;

/* list ends with NULL and outlives the set. Starts nothing. Returns 0 or -ENOMEM. */
int drivers_new(
	struct drivers **ret, const struct driver *const *list, sd_event *e, struct gateway *g);
/* Stops those that run. NULL is fine; returns NULL. */
struct drivers *drivers_free(struct drivers *d);

/* Starts those that c asks for, stops those that it does not, tells the others. What fails is
 * logged and reported; the others go on. */
void drivers_apply(struct drivers *d, struct config *c);
/* A device is about to leave the registry. NULL is fine. */
void drivers_forget(struct drivers *d, struct device *device);
/* Those that can look for unknown devices do so until then (boot-time clock). NULL is fine. */
void drivers_look(struct drivers *d, int64_t until_us);
/* What the running driver that pairs offers, with its state; NULL when none runs. NULL is fine. */
const struct pairing *drivers_pairing(const struct drivers *d, void **ret_state);
const struct joining *drivers_joining(const struct drivers *d, void **ret_state);
/* Nothing new is taken in. */
void drivers_quiesce(struct drivers *d);
/* A number that is another one when a driver starts, stops, or has another problem or none any
 * more; counters do not matter. NULL is fine. */
uint64_t drivers_condition(const struct drivers *d);
/* The members of the status document's "drivers". */
void drivers_report(struct drivers *d, struct text *t);
