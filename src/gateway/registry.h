/*
 * Who is there: the devices of the configuration, what they said of
 * themselves, when they were last heard; and a capped list of unknown ones
 * that were heard, for commissioning.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "wardgate/device.h"

struct config;
struct registry;
struct text;

#define REGISTRY_UNKNOWN_MAX 256

/* A device that was heard but is not configured. */
struct unknown_device {
	enum transport transport;
	char address[DEVICE_ADDRESS_MAX + 1];
	char kind[DEVICE_FACT_MAX + 1];        /* a guess, for people; "" none */
	char name[DEVICE_FACT_MAX + 1];        /* what it calls itself; "" nothing */
	int signal_dbm;                        /* 0: unknown */
	int64_t first_heard_us, last_heard_us; /* UTC */
	uint64_t times;
	uint64_t order; /* the higher the later it was heard, whatever the clock did */
};

enum device_event {
	DEVICE_ADDED,
	DEVICE_CHANGED, /* state, facts or battery */
	DEVICE_HEARD,   /* last heard only */
	DEVICE_REMOVED, /* d is freed after the call */
};
typedef void (*registry_fn)(struct device *d, enum device_event event, void *userdata);

int registry_new(struct registry **ret);
struct registry *registry_free(struct registry *r);
WG_DEFINE_CLEANUP(struct registry *, registry_free)
/* Up to four listeners. */
int registry_listen(struct registry *r, registry_fn fn, void *userdata);

/* Takes over the configured devices: those that stay keep their state and pointer, those whose
 * transport or address changed are removed and added. */
int registry_apply(struct registry *r, const struct config *c);

/* The device with that address (exact bytes), NULL when it is not configured. */
struct device *registry_find(struct registry *r, enum transport t, const char *address);
struct device *registry_by_name(struct registry *r, const char *name);
/* The i-th device in name order, NULL past the end. */
struct device *registry_at(struct registry *r, size_t i);
size_t registry_count(const struct registry *r);

/* Notes an unknown device. At the cap one of the transport that has most of them gives way, the one
 * that was silent for longest: what is on the air keeps nobody else out. kind and name: NULL or ""
 * leaves what was known. */
void registry_heard_unknown(struct registry *r, enum transport t, const char *address,
	const char *kind, const char *name, int signal_dbm, int64_t now_us);
size_t registry_unknown_count(const struct registry *r);
/* The order of the one that was heard last; 0: none was. */
uint64_t registry_unknown_order(const struct registry *r);
/* Writes members of the status document: how many there are, and how many gave way at the cap. */
void registry_put_unknown(const struct registry *r, struct text *t);
const struct unknown_device *registry_unknown_at(const struct registry *r, size_t i);

/* Any sign of life. The gateway calls it for every reading. */
void registry_heard(struct registry *r, struct device *d, int64_t now_us, int64_t boot_us);
/* What a device says of itself; text is cut at DEVICE_FACT_MAX. */
int registry_set_fact(struct registry *r, struct device *d, enum device_fact f, const char *text);
void registry_set_battery(struct registry *r, struct device *d, int percent);
/* One of its messages promised the next within every_us (SenML "ut"): counts while ExpectEvery=
 * does not say, the shortest promise for all. 0 changes nothing. */
void registry_hint(struct device *d, int64_t every_us);
/* The same of a driver that knows all that it says, and finds that it says it otherwise: counts in
 * the place of what was promised before. 0 changes nothing. */
void registry_expect(struct device *d, int64_t every_us);
/* How often something is expected of it; 0: not known, and it never counts as silent. */
int64_t device_expected_us(const struct device *d);
/* The radio of that transport was away for so long, and is back: nobody was silent meanwhile. Who
 * was found silent stays so until he is heard. */
void registry_was_deaf(struct registry *r, enum transport t, int64_t us);
/* Looks for devices gone silent. Returns the boot time at which to call again. */
int64_t registry_tick(struct registry *r, int64_t boot_us);
