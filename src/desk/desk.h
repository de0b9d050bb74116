/*
 * The alarm desk: the shell around the alarm engine (alarms/alarms.h). It feeds
 * the engine with readings as they are taken, with devices and beds from the
 * configuration and with what the gateway knows of itself; runs its deadlines;
 * publishes what it says; and keeps its state over kills and power cuts. It
 * judges nothing itself. Loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "alarms/alarms.h"
#include "outbox/store.h"
#include "publish/publish.h"
#include "util/cleanup.h"
#include "wardgate/ledger.h"
#include "wardgate/reading.h"

struct config;
struct desk;
struct gateway;
struct outbox;

/* Any may be NULL but save. */
struct desk_hooks {
	/* Has the durable state written by the store thread: desk_kept() tells how that ended.
	 * Returns 0 or a negative errno. */
	int (*save)(const char *text, size_t length, void *userdata);
	/* Reads it at start, and blocks. Returns the length with *ret to be freed, -ENOENT, or a
	 * negative errno. */
	ssize_t (*load)(char **ret, void *userdata);
	/* What load() gave cannot be used: keeps it under another name. */
	void (*set_aside)(void *userdata);
	/* The document of an event, for those who watch on this machine. */
	void (*tell)(const char *document, void *userdata);
	/* Limits of a rule changed, for the audit. */
	void (*limits)(const struct limit_change *c, void *userdata);
	/* What desk_each_signal() tells may be something else now, or whether the broker is there.
	 */
	void (*signals)(void *userdata);
	/* How the store does, its hanging taken for failing. */
	void (*store)(struct store_figures *ret, void *userdata);
	void *userdata;
};

/* All outlive the desk. */
struct desk_parts {
	sd_event *event;
	struct gateway *gateway;
	struct outbox *outbox;
	struct publish *publish;
	const char *state_directory;
	const char *runtime_directory; /* where the volatile state lies; NULL: as recall.h */
	struct desk_hooks hooks;
};

/* Begins without rules, devices or beds; the first desk_apply() restores what earlier runs kept.
 * Returns 0 or a negative errno. */
int desk_new(struct desk **ret, const struct desk_parts *parts);
/* What is kept stays for the next run. */
struct desk *desk_free(struct desk *d);
WG_DEFINE_CLEANUP(struct desk *, desk_free)

/* Rules, devices, beds, mode: at start and after a reload. Returns 0, or -ENOMEM: the rules that
 * ran go on. */
int desk_apply(struct desk *d, struct config *c);
/* The process is about to end: everything is given to the disk. */
void desk_finish(struct desk *d);

/* For those who call alarms_acknowledge() and the like; afterwards desk_changed(). */
struct alarms *desk_engine(struct desk *d);
void desk_now(const struct desk *d, struct alarm_now *ret);
/* The engine was called by somebody else than the desk: its deadline may be another. */
void desk_changed(struct desk *d);

/* Calls done once, later, when what was changed up to now is on the disk (error 0), or cannot be
 * brought there (a negative errno; -ETIMEDOUT: not within 5 s): then it survives a kill and no
 * power cut. NULL: nobody waits; a waiter whose userdata goes away calls desk_forget(). Returns 0
 * or -ENOMEM. */
typedef void (*desk_kept_fn)(int error, void *userdata);
int desk_when_kept(struct desk *d, desk_kept_fn done, void *userdata);
void desk_forget(struct desk *d, void *userdata);
/* How a write of hooks.save ended. */
void desk_kept(struct desk *d, int error);

/* The state documents as they are published retained, of all alarms that are not over. */
void desk_each(const struct desk *d,
	void (*fn)(const char *key, const char *document, void *userdata), void *userdata);
/* The same, for what shines and sounds. */
void desk_each_signal(const struct desk *d,
	void (*fn)(enum alarm_priority priority, enum alarm_state state, unsigned inactivation,
		void *userdata),
	void *userdata);
/* The store is in another state, for how short a time ever: it makes room by giving up the oldest,
 * and is well for a moment. */
void desk_store_changed(struct desk *d, enum store_state state);
/* Whether the broker has been out of reach for so long that it is said. */
bool desk_broker_lost(const struct desk *d);
/* "ward7-gw1:12-9f3a21c4:a81", or the key "<rule>.<device>": the key, valid until the next call of
 * the engine; NULL when there is no such alarm now. */
const char *desk_find(const struct desk *d, const char *name);
/* Whether that bed is known: stands in the configuration. */
bool desk_has_bed(const struct desk *d, const char *bed);

/* A value that a person charted. */
struct desk_observation {
	const char *bed;
	enum metric metric;
	enum value_kind kind;
	struct decimal number; /* in the metric's unit */
	bool boolean;
	uint16_t word;   /* enum word */
	int64_t time_us; /* UTC; 0: now */
	const char *by;
};
/* Beside those of gateway_submit(). */
enum { DESK_E_UNKNOWN_BED = 100 };
/* Takes it as a reading of the device "charted" and into the engine. Returns, and calls done, as
 * gateway_submit(). */
int desk_observe(struct desk *d, const struct desk_observation *o, receipt_fn done, void *userdata,
	struct receipt **ret);

/* ---- what other rooms tell of themselves ---- */

/* A technical condition of a device (NULL: the gateway), as alarms_condition(). */
void desk_condition(struct desk *d, enum alarm_condition condition, const char *device,
	bool present, const char *text);
/* A reload had errors (NULL: it was taken). */
void desk_config_rejected(struct desk *d, const char *first_error);
