/*
 * The watchdog's judgement: systemd is told "alive" while the loop turns and
 * the store thread has answered or has been declared failed. A dead disk,
 * radio or broker never withholds it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"

struct health;

struct health_hooks {
	void (*ping)(void *userdata);           /* asks the store thread for a sign of life */
	int64_t (*answered_us)(void *userdata); /* boot time of the last one */
	void (*store_changed)(bool failed, void *userdata);
	void *userdata;
};

#define HEALTH_STORE_PATIENCE_US (30 * INT64_C(1000000))
#define HEALTH_LATE_US (10 * INT64_C(1000000))

/* How long the store thread has not answered, looked at from time to time. */
struct health_silence {
	int64_t looked_us, answered_us, silent_us;
};

/* Whether the silence is longer than HEALTH_STORE_PATIENCE_US. now_us: boot time; answered_us: that
 * of the last answer. A look that comes late counts as HEALTH_LATE_US: while the machine was
 * suspended the thread could not answer, and was not asked. Pure. */
bool health_is_silent(struct health_silence *s, int64_t now_us, int64_t answered_us);

/* Reads $WATCHDOG_USEC. Returns 0 or a negative errno. */
int health_new(struct health **ret, sd_event *e, const struct health_hooks *hooks);
struct health *health_free(struct health *h);
WG_DEFINE_CLEANUP(struct health *, health_free)
bool health_store_failed(const struct health *h);
