/*
 * What bus.c, service.c, watch.c and tell.c share. For these files only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "control/bus.h"
#include "control/control_private.h"

#define BUS_NAME "org.wardgate.Gateway1"
#define BUS_PATH "/org/wardgate/Gateway1"
#define BUS_INTERFACE BUS_NAME
#define BUS_ERROR BUS_NAME ".Error."

#define WATCHES_MAX 16
#define WATCH_LEASE_S 30
#define WATCH_DEVICES_MAX 64
#define WATCH_RATE 200 /* readings a second and watch */
/* Messages that wait for a bus that does not read: signals beyond are not sent. */
#define QUEUE_SIGNALS_MAX 512

/* One caller who watches, discovers, or both. */
struct watch {
	char *name;        /* unique; NULL: the place is free */
	sd_bus_slot *gone; /* tells that it left the bus */
	int64_t until_us;  /* boot time; 0: it does not watch */
	struct label **devices;
	size_t device_count; /* 0: all */
	int64_t second_us;   /* when the present second of its rate began */
	unsigned sent, left_out;
	int64_t discovers_until_us; /* 0: it does not */
};

/* What was last told, to tell only what changed. */
struct told {
	bool connected;
	enum clock_state clock;
	enum config_mode mode;
	enum store_state store;
	char store_problem[200];
	char broker[512], broker_problem[512];
	uint64_t drivers;
	uint64_t depth, aside, dropped;
};

struct bus {
	struct control *control;
	sd_event *event;
	char *address;  /* Bus= that the connection is for */
	sd_bus *bus;    /* NULL: none */
	bool connected; /* the bus has accepted us */
	bool owns;      /* the name is ours */
	bool said;      /* that it is missing, since it was there */
	sd_event_source *retry, *drop;
	int64_t delay_us;
	struct bus_call *lookups; /* whose user is being asked for */
	unsigned lookup_count;
	struct watch watches[WATCHES_MAX];
	unsigned watch_count, discover_count;
	uint64_t discover_seen; /* unknown devices were told up to that order */
	struct told told;
};

/* bus.c */
/* Whether signals may be sent: the name is ours, and the bus reads. */
bool bus_may_tell(struct bus *b);

/* service.c */
extern const sd_bus_vtable service_vtable[];
/* Those whose user is being asked for get no answer: the bus is gone. */
void service_end_lookups(struct bus *b);

/* watch.c */
int watch_on_watch(sd_bus_message *m, void *userdata, sd_bus_error *error);
int watch_on_unwatch(sd_bus_message *m, void *userdata, sd_bus_error *error);
int watch_on_discover(sd_bus_message *m, void *userdata, sd_bus_error *error);
void watch_end_all(struct bus *b);
void watch_tick(struct bus *b, int64_t boot_us);
/* A signal to those that watch (not: discover). */
void watch_tell_outbox(struct bus *b, uint64_t depth, uint64_t aside, uint64_t oldest_s);

/* tell.c */
void tell_begin(struct bus *b);
void tell_changes(struct bus *b);
void tell_device(struct bus *b, const struct device *d, bool left);
uint64_t tell_oldest_s(const struct outbox_counters *o);
