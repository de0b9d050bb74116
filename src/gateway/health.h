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

/* Reads $WATCHDOG_USEC. Returns 0 or a negative errno. */
int health_new(struct health **ret, sd_event *e, const struct health_hooks *hooks);
struct health *health_free(struct health *h);
WG_DEFINE_CLEANUP(struct health *, health_free)
bool health_store_failed(const struct health *h);
