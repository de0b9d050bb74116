/*
 * The alarm engine: readings, the time and what people do go in; alarm events,
 * computed values and the next deadline come out. Pure: no clock, no loop, no
 * file. Everything that it gives out comes through the sink, during the call.
 *
 * How an alarm lives
 *  - A reading *counts* when it is measured and live. Valid and questionable
 *    ones do; what is below or above the device's range is beyond every limit on
 *    that side. Readings that are stored, backfilled, older than
 *    ALARMS_LATE_US or older than the one before never start or end an alarm;
 *    a crossing among them gives one advisory.
 *  - A condition that a reading shows must last For= and show in Samples=
 *    readings (a spot reading and a charted one are judged at once), counted
 *    from the reading's arrival on the boot-time clock. It is over when it has
 *    been gone for ClearFor=. Both delays end by themselves: the last value
 *    holds until another comes.
 *  - "Not measured" (also sensor-off, invalid, calibrating, and demo or test data
 *    in production) freezes the onset delay, for at most ALARMS_FREEZE_US; then the
 *    onset is forgotten and the technical condition sensor-off starts. An
 *    active alarm stays active, without a value and stale. It stops ClearFor=.
 *  - Whatever comes in, what was due before goes first: a tick that comes late
 *    undoes nothing.
 *  - Limits that change go at once: an onset or an alarm is judged by them with its last value,
 *    if that is known. Within them an onset is forgotten and an alarm begins its ClearFor=; how
 *    far it must be back counts again once it has been beyond the new limit. What does not alarm
 *    is judged by them from the next reading on.
 *  - What has alarmed too often (ALARMS_CHATTER_MAX starts in the ALARMS_CHATTER_US before it
 *    would end) is held active until its condition has been gone for ALARMS_QUIET_US.
 *    alarm-chatter says so, for as long as some alarm of the device is held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alarms/ruleset.h"
#include "util/cleanup.h"
#include "wardgate/alarm.h"

struct label;
struct reading;
struct alarms;

/* Caps of all that a peer or an operator can make grow. */
#define ALARMS_DEVICES_MAX 4096
#define ALARMS_BEDS_MAX 2048
#define ALARMS_SENSORS_MAX 32     /* of one device */
#define ALARMS_BED_SENSORS_MAX 64 /* charted or computed values of one bed */
#define ALARMS_SUBJECTS_MAX 131072
#define ALARMS_OVERRIDES_MAX 4096
#define ALARMS_STATE_MAX (32u << 20) /* bytes of a saved state */

#define ALARMS_SECOND INT64_C(1000000)
#define ALARMS_LATE_US (60 * ALARMS_SECOND)
#define ALARMS_FREEZE_US (15 * ALARMS_SECOND)
#define ALARMS_PAUSE_US (120 * ALARMS_SECOND) /* when none is given */
#define ALARMS_PAUSE_MAX_US (3600 * ALARMS_SECOND)
#define ALARMS_OFF_MAX_US (12 * 3600 * ALARMS_SECOND)
#define ALARMS_REMIND_US (3600 * ALARMS_SECOND)
#define ALARMS_UPDATE_US (10 * ALARMS_SECOND) /* between updates that can wait */
#define ALARMS_VALUE_US (60 * ALARMS_SECOND)  /* and those for the value alone */
#define ALARMS_CHATTER_MAX 6
#define ALARMS_CHATTER_US (600 * ALARMS_SECOND)
#define ALARMS_QUIET_US (300 * ALARMS_SECOND)
#define ALARMS_STORM_MAX 8 /* devices that may have one condition before they are grouped */
#define ALARMS_STORM_US (60 * ALARMS_SECOND)
#define ALARMS_GATHER_US (2 * ALARMS_SECOND)       /* a device's silence waits for its like */
#define ALARMS_LATE_AGAIN_US (600 * ALARMS_SECOND) /* quiet that ends a run of late crossings */
#define ALARMS_AS_BEFORE_US (30 * ALARMS_SECOND)   /* an interruption that changes nothing */

struct alarm_now {
	int64_t boot_us; /* boot-time clock: all intervals */
	int64_t utc_us;  /* to print */
};

/* What the engine tells. Pointers are valid only during the call, in which no function of the
 * engine may be called. Any of the three may be NULL. */
struct alarms_sink {
	void (*event)(void *userdata, const struct alarm_event *e);
	void (*computed)(void *userdata, const struct alarm_computed *c);
	void (*limits)(void *userdata, const struct limit_change *c);
	void *userdata;
};

struct alarms_options {
	const char *epoch; /* of this run, at most 31 bytes */
	bool training;     /* demo and test data alarm, marked as what they are */
	struct alarms_sink sink;
};

/* Positive outcomes. */
enum {
	_ALARMS_E_OK,
	ALARMS_E_UNKNOWN, /* no such device, bed, rule or alarm */
	ALARMS_E_FULL,    /* a cap is reached; it is counted */
	ALARMS_E_REFUSED, /* why says the reason */
};

#define ALARMS_WHY_MAX RULE_WHY_MAX

int alarms_new(struct alarms **ret, const struct alarms_options *options);
struct alarms *alarms_free(struct alarms *a);
WG_DEFINE_CLEANUP(struct alarms *, alarms_free)

/* Takes the rules over in the old ones' place. An alarm of a rule that is gone ends; one of a rule
 * that has only other settings goes on. Limits set by people go on unless they contradict the rule
 * as it is now; what is dropped is told. take is consumed. Returns 0, or -ENOMEM: some sensors are
 * not judged by some rules yet; the next reading tries again. */
int alarms_set_rules(struct alarms *a, struct ruleset *take, const struct alarm_now *now);

/* A device is there, or stands at another bed (NULL: at none). Alarms on the patient of the old bed
 * and calls end; a nurse call, an emergency or a fall that is still on starts anew at once. Returns
 * 0, ALARMS_E_FULL or -ENOMEM. */
int alarms_device(struct alarms *a, const char *name, const char *bed, const struct alarm_now *now);
/* It is gone for good: its alarms end. */
void alarms_device_remove(struct alarms *a, const char *name, const struct alarm_now *now);
/* Likewise a bed that is gone from the configuration. */
void alarms_bed_remove(struct alarms *a, const char *name, const struct alarm_now *now);
/* All beds that it knows, be it from a state that was restored. fn does not call the engine. */
void alarms_each_bed(
	const struct alarms *a, void (*fn)(const char *name, void *userdata), void *userdata);
/* Who lies there; NULL: nobody. Another one than before ends the alarms on the one before, calls
 * as above, and what was set for that patient. Returns 0, ALARMS_E_FULL or -ENOMEM. */
int alarms_patient(struct alarms *a, const char *bed, const char *patient, const char *association,
	const struct alarm_now *now);
/* Whether scale 2 of a score was ordered for the patient of that bed. Returns 0, ALARMS_E_FULL,
 * -ENOMEM. */
int alarms_order_scale2(
	struct alarms *a, const char *bed, bool on, const char *by, const struct alarm_now *now);

/* A reading that the gateway has stamped. One without a device is a charted value of its bed.
 * Returns 0, ALARMS_E_UNKNOWN (no such device), ALARMS_E_FULL or -ENOMEM. */
int alarms_reading(struct alarms *a, const struct reading *r, const struct alarm_now *now);
/* A technical condition of a device (NULL: the gateway) is there or gone; the same again is nothing
 * new. text NULL: the condition's own words. Returns 0, ALARMS_E_UNKNOWN, -ENOMEM. */
int alarms_condition(struct alarms *a, enum alarm_condition condition, const char *device,
	bool present, const char *text, const struct alarm_now *now);

/* When alarms_tick() must be called, on the boot-time clock; RULE_NEVER: not. Always later than the
 * last now. */
int64_t alarms_deadline(const struct alarms *a);
void alarms_tick(struct alarms *a, const struct alarm_now *now);

/* Says all alarms that there are once more, as PHASE_CONTINUE: after a restart, or when somebody
 * new listens. */
void alarms_continue(struct alarms *a, const struct alarm_now *now);

/* ---- what people do. key as in struct alarm_event; why has ALARMS_WHY_MAX bytes. ---- */

enum alarms_pause {
	ALARMS_PAUSE_AUDIO, /* pauses end when something new or more urgent comes */
	ALARMS_PAUSE_ALARM,
	ALARMS_OFF_AUDIO, /* at most 12 h, with reminders */
	ALARMS_OFF_ALARM,
};

/* All return 0, ALARMS_E_UNKNOWN or ALARMS_E_REFUSED, both with why. */
int alarms_acknowledge(
	struct alarms *a, const char *key, const char *by, const struct alarm_now *now, char *why);
/* seconds 0: the default (2 minutes, or 12 hours for an off); negative: it is over at once. */
int alarms_pause(struct alarms *a, const char *key, enum alarms_pause kind, int64_t seconds,
	const char *by, const struct alarm_now *now, char *why);
int alarms_pause_bed(struct alarms *a, const char *bed, enum alarms_pause kind, int64_t seconds,
	const char *by, const struct alarm_now *now, char *why);
int alarms_reset(
	struct alarms *a, const char *key, const char *by, const struct alarm_now *now, char *why);

/* Sets the limits of a rule on one level: LIMIT_WARD (bed NULL), LIMIT_BED, or LIMIT_PATIENT
 * (whoever lies there now; over at discharge). A side that is not given keeps that of the level
 * before; neither: the level's limits are taken back. Returns also -ENOMEM and ALARMS_E_FULL. */
int alarms_set_limits(struct alarms *a, const char *rule, enum limit_level level, const char *bed,
	const struct alarm_limits *limits, const char *by, const struct alarm_now *now, char *why);

/* A limit in force. low and high say where each comes from. */
typedef void (*alarms_limits_fn)(void *userdata, const char *rule, enum metric metric,
	const struct alarm_limits *limits, const struct limit_source *low,
	const struct limit_source *high);
/* Those of all rules that are for that bed (NULL: for the ward). */
void alarms_limits(const struct alarms *a, const char *bed, alarms_limits_fn fn, void *userdata);

/* ---- surviving ---- */

/* Grows with every change of what alarms_save() would write, but for the age of values. */
uint64_t alarms_revision(const struct alarms *a);
/* Writes the state as text. Returns 0 with *ret to be freed, or -ENOMEM. */
int alarms_save(
	const struct alarms *a, const struct alarm_now *now, char **ret, size_t *ret_length);
/* Takes it back into an engine that has its rules, devices and beds, and nothing else yet.
 * elapsed_us: how long ago it was saved; negative: unknown. Alarms whose rule, device or bed is
 * gone end by an event. Returns 0, ALARMS_E_REFUSED with why (then nothing was taken), or -ENOMEM
 * (then some may have been). */
int alarms_restore(struct alarms *a, const char *text, size_t length, int64_t elapsed_us,
	const struct alarm_now *now, char *why);

/* The same in pieces, for those who keep only what changed: one for each device, one for each bed,
 * and one for all that is the gateway's. */
enum alarms_piece { PIECE_BED, PIECE_DEVICE, PIECE_GATEWAY };
/* Numbers that change with what the piece says, but for values and their age. */
struct alarms_mark {
	uint64_t life; /* onsets, alarms and their steps */
	uint64_t
		state; /* what rule types keep, e.g. sums over time: may change with each reading */
	uint64_t lasting; /* what matters for days: alarms, latches, what people did, limits, and
			     that an excursion began or ended */
	bool running;     /* the clocks of an excursion run */
};
/* Of a place that there is not: all 0. */
void alarms_mark(
	const struct alarms *a, enum alarms_piece kind, const char *name, struct alarms_mark *ret);
/* Writes one piece; lasting: only what matters for days. Of a place that there is not: "". Returns
 * 0 with *ret to be freed, or -ENOMEM. */
int alarms_save_piece(const struct alarms *a, enum alarms_piece kind, const char *name,
	bool lasting, char **ret, size_t *ret_length);
/* Makes a state for alarms_restore() of pieces, one behind the other: beds before devices before
 * the gateway's. now: when they were written. Returns 0 with *ret to be freed, or -ENOMEM. */
int alarms_save_joined(const char *pieces, size_t length, const struct alarm_now *now, char **ret,
	size_t *ret_length);

/* Changes what goes for the run as a whole: whether demo and test data alarm, and whether there are
 * technical conditions; without, those that there are end. At first they are there. */
void alarms_mode(struct alarms *a, bool training, bool technical, const struct alarm_now *now);

struct alarms_counters {
	size_t devices, beds, subjects, active;
	uint64_t readings, ignored, late, unmeasured, refused; /* refused: a cap was reached */
	uint64_t events, chatter;
};
void alarms_counters(const struct alarms *a, struct alarms_counters *ret);
