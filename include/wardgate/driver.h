/*
 * The extension point of a protocol: what main.c needs of a driver. Drivers
 * hand readings to gateway/gateway.h and know neither each other nor what
 * becomes of a reading but for the receipt that says "safe".
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

struct config;
struct device;
struct gateway;
struct joining;
struct pairing;

/* For the status document. */
struct driver_report {
	bool running;
	const char *problem; /* one sentence, NULL when well; static or owned by the driver */
	unsigned sessions;   /* links or sessions open */
	uint64_t accepted;   /* messages taken */
	uint64_t refused;    /* answered with an error */
	uint64_t dropped;    /* dropped without an answer */
};

struct driver {
	const char *name; /* "coap" */
	/* Whether the configuration asks for it. */
	bool (*wanted)(const struct config *c);
	/* Returns 0 with *ret_state owned by the caller, or a negative errno, logged. c may be kept
	 * only by config_ref(). */
	int (*start)(void **ret_state, sd_event *e, struct gateway *g, struct config *c);
	/* Applies a changed configuration without ending sessions whose settings did not change.
	 * On failure the old one stays in force. */
	int (*reload)(void *state, struct config *c);
	/* A device is about to leave the registry. */
	void (*forget)(void *state, struct device *d);
	/* Takes nothing new in; what is being answered may still be answered. */
	void (*quiesce)(void *state);
	/* Ends all sessions and frees the state. */
	void (*stop)(void *state);
	void (*report)(void *state, struct driver_report *ret);
	/* Looks for unknown devices until then (boot-time clock), harder than it does anyway, and
	 * tells the registry of those that it hears; a later time prolongs it, 0 ends it. NULL: it
	 * only listens. */
	void (*look)(void *state, int64_t until_us);
	const struct pairing *pairing; /* NULL: its devices are not paired by a dialogue */
	const struct joining *joining; /* NULL: it keeps no network that devices join */
};
