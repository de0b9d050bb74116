/*
 * What the files of the engine share. A *subject* is what one rule judges: a
 * sensor, a bed, or, for a technical condition, a device or the gateway. It
 * has the alarm's life in it, because there is one alarm per subject.
 */
#pragma once

#include "alarms/alarms.h"
#include "alarms/ruleset_private.h"
#include "alarms/timers.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

#define EPOCH_MAX 31
#define TABLE_SIZE 1024 /* buckets; a power of two */

enum life {
	LIFE_IDLE,
	LIFE_ACTIVE,
	LIFE_CLEARING, /* active; the condition is gone, its delay runs */
	LIFE_LATCHED,
	_LIFE_MAX
};

/* What is kept of a reading. */
struct sample {
	struct decimal number;
	int64_t time_us; /* UTC */
	uint64_t sequence;
	struct label *epoch; /* a reference; NULL: the present run's */
	uint16_t word, flags;
	uint8_t kind, validity;
	bool boolean;
};

/* What is about to alarm; what has alarmed may be latched beside it. */
struct onset {
	enum rule_side side;
	enum alarm_priority priority;
	bool has_number;
	struct decimal number;
	struct alarm_limits limits;
	struct sample sample; /* the last value */
	int64_t utc;          /* when it began, to print */
};

struct subject {
	struct alarm_timer timer;
	struct rule *rule; /* NULL: a technical condition */
	enum alarm_condition condition;
	struct sensor *sensor;       /* NULL: a bed's, or a technical condition */
	struct device_place *device; /* NULL: a bed's, or the gateway's */
	struct bed_place *bed;       /* of a bed's own subject; else see subject_bed() */
	struct subject *next;        /* of the sensor, bed, device or gateway */

	/* Limits in force, as long as the generation is the engine's. */
	uint64_t limits_generation;
	struct alarm_limits limits;
	struct decimal low_clear_at, high_clear_at;

	/* The condition. */
	enum life life;
	bool pending; /* idle or latched: the condition is there, its delay runs */
	bool present; /* a technical one is there */
	bool grouped; /* and is told by its group alone */
	bool held;    /* chatter: kept active until it is quiet */
	bool stale;
	bool gone; /* while its end is told: the condition itself is over, not only what it is of */
	int64_t judge_at_us; /* the rule type's own deadline */
	int64_t update_us;   /* boot: when a change that can wait is told; RULE_NEVER: there is none
			      */
	struct rule_verdict verdict; /* the last that counted: side, limits, number, priority */
	uint32_t samples;
	int64_t onset_us;   /* boot; frozen time is added to it */
	int64_t frozen_us;  /* boot: since when not measured; 0: it is not frozen */
	int64_t clear_us;   /* boot: since when it is gone */
	struct onset onset; /* of a rule, while pending */
	struct sample sample;
	int64_t late_us; /* boot: the last late crossing; 0: none */

	struct subject *next_of_kind, *last_of_kind; /* of the rule or condition */
	struct subject *next_live, *last_live;       /* those that are not idle */

	/* The alarm. */
	char epoch[EPOCH_MAX + 1];
	uint64_t number;
	uint32_t step;
	enum alarm_priority priority, told_priority;
	enum alarm_priority floor; /* what escalation has raised it to */
	unsigned inactivation;     /* its own; the bed's come on top */
	int64_t inactive_until_us; /* boot; RULE_NEVER: no pause runs */
	int64_t remind_us;         /* boot */
	struct label *by;          /* who acknowledged or paused */
	int64_t escalate_us;       /* boot; RULE_NEVER */
	int64_t told_us;           /* boot: the last event */
	int64_t onset_utc, detected_utc, ended_utc;
	char *text; /* of a technical condition; NULL: its standard */

	int64_t starts[ALARMS_CHATTER_MAX]; /* boot: the last ones, the newest first; 0: none */

	_Alignas(16) unsigned char state[]; /* the rule type's */
};

struct sensor {
	struct alarm_timer timer;    /* not measured for too long */
	struct device_place *device; /* NULL: charted or computed */
	struct bed_place *bed;       /* without a device */
	struct sensor *next;
	struct subject *subjects;
	uint8_t metric, instance;
	bool off, beyond;      /* counted in the device's conditions */
	bool heard, measured;  /* anything; a value */
	int64_t unmeasured_us; /* boot; 0: it measures */
	int64_t measured_us; /* boot-line time of the newest live reading, be it without a value */
	int64_t stamp_us;    /* the device's own clock at it; 0: unknown */
	uint16_t reason;     /* enum word: why it does not measure */
	bool demo;
};

struct device_place {
	struct device_place *next; /* in the bucket */
	struct label *name;
	struct bed_place *bed; /* NULL: none */
	struct sensor *sensors;
	struct sensor *by_metric[_METRIC_MAX]; /* instance 0 */
	unsigned sensor_count;
	unsigned off_count, beyond_count;
	bool silent; /* device-silent or never-heard */
	struct subject *conditions;
	bool listened; /* some rule listens to it */
};

struct bed_place {
	struct bed_place *next;
	struct alarm_timer timer; /* pauses */
	struct label *name;
	struct label *patient, *association;
	struct sensor *sensors; /* charted and computed */
	unsigned sensor_count;
	struct subject *subjects;  /* of rules by bed */
	struct rule_input *inputs; /* _METRIC_MAX of them; NULL: no rule wants them */
	uint64_t wanted[2];        /* metrics that some subject of the bed looks at */
	unsigned inactivation;
	int64_t until_us;  /* boot; RULE_NEVER */
	int64_t remind_us; /* boot; RULE_NEVER */
	struct label *by;
	bool scale2;
	struct label *scale2_by;
};

/* A technical condition of many devices: one alarm, and the list. */
struct group {
	struct alarm_timer timer;
	struct subject *subject;  /* "<condition>.gateway"; NULL: never needed */
	struct subject *subjects; /* of the devices, linked by next_of_kind */
	bool own;                 /* the gateway has the condition itself, and not only devices */
	bool open;
	unsigned members;
	int64_t joined_us; /* boot: the last one */
	bool changed;      /* since it was last told */
};

struct limit_override {
	struct limit_override *next; /* of the rule */
	enum limit_level level;
	struct bed_place *bed; /* NULL: LIMIT_WARD */
	struct alarm_limits limits;
	struct label *by;
	int64_t since_us; /* UTC */
};

struct alarms {
	char epoch[EPOCH_MAX + 1];
	bool training;
	bool untechnical; /* no technical conditions */
	struct alarms_sink sink;
	bool busy; /* the sink is being called */
	struct ruleset *rules;
	struct alarm_timers timers;
	struct device_place *devices[TABLE_SIZE];
	struct bed_place *beds[TABLE_SIZE];
	struct group groups[_CONDITION_MAX];
	struct subject *live;
	const char **members; /* room for a group's list */
	size_t members_size;
	uint64_t number;     /* of the last alarm */
	uint64_t generation; /* of limits; from 1 */
	uint64_t revision;
	size_t override_count;
	bool restoring;  /* nothing is told */
	bool changing;   /* rules are: those that combine others wait */
	bool incomplete; /* some subject could not be made for want of memory */
	struct alarms_counters counters;
};

/* ---- places.c: devices, beds, sensors, subjects ---- */
size_t place_bucket(const char *name);
int device_new(struct alarms *a, const char *name, struct device_place **ret);
void bed_free(struct alarms *a, struct bed_place *b);
void bed_drop_inputs(struct bed_place *b);
void subjects_free(struct alarms *a, struct subject **list);
void sensors_free(struct alarms *a, struct sensor **list);
/* A rule that waits for silence starts to wait now where it names its subject. */
void subject_begin(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* Likewise where something was measured before there was the rule. */
void subject_begin_known(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* Whether what its type has kept of a subject, that alarms or not, goes on with other settings. */
bool rule_keeps(const struct rule *r, bool alarms);
struct device_place *device_find(const struct alarms *a, const char *name);
struct bed_place *bed_find(const struct alarms *a, const char *name);
int bed_get(
	struct alarms *a, const char *name, const struct alarm_now *now, struct bed_place **ret);
/* The sensor of the device, else of the bed, made if there is none. Returns 0, ALARMS_E_FULL or
 * -ENOMEM. */
int sensor_get(struct alarms *a, struct device_place *d, struct bed_place *b, unsigned metric,
	unsigned instance, const struct alarm_now *now, struct sensor **ret);
/* A subject of the rule or the condition, linked in everywhere. */
int subject_new(struct alarms *a, struct rule *r, enum alarm_condition c, struct sensor *sensor,
	struct device_place *d, struct bed_place *b, struct subject **ret);
struct subject *subject_free(struct alarms *a, struct subject *s);
/* Subjects that the rules want of a bed, of a sensor, and those from the start. 0 or -ENOMEM. */
int bed_fill(struct alarms *a, struct bed_place *b, const struct alarm_now *now);
int sensor_fill(struct alarms *a, struct sensor *x, const struct alarm_now *now);
int device_fill(struct alarms *a, struct device_place *d, const struct alarm_now *now);
int places_fill(struct alarms *a, const struct alarm_now *now);
void places_free(struct alarms *a);
struct bed_place *subject_bed(const struct subject *s);
struct bed_place *sensor_bed(const struct sensor *x);
/* Whether it looks at what is known at its bed. */
bool rule_has_inputs(const struct rule *r);
bool rule_matches(const struct rule *r, const struct device_place *d, const struct bed_place *b);
/* Whether a rule of a bed listens to that device (NULL: a charted or computed value). */
bool rule_hears(const struct rule *r, const struct label *device);
/* "" for no device. */
size_t subject_key(const struct subject *s, char *buf); /* ALARM_KEY_MAX + 1 bytes */
const char *subject_name(const struct subject *s);      /* of its rule or condition */
enum alarm_kind subject_kind(const struct subject *s);
bool subject_alarms(const struct subject *s); /* active or clearing */
#define FOR_EACH_BED(a, i, b)                                                                      \
	for (size_t i = 0; i < TABLE_SIZE; i++)                                                    \
		for (struct bed_place *b = (a)->beds[i]; b; b = b->next)
#define FOR_EACH_DEVICE(a, i, d)                                                                   \
	for (size_t i = 0; i < TABLE_SIZE; i++)                                                    \
		for (struct device_place *d = (a)->devices[i]; d; d = d->next)

/* ---- moves.c ---- */
/* What the device has measured is not known at its bed any more. */
void device_unknown_at_bed(struct alarms *a, struct device_place *d, const struct alarm_now *now);

/* ---- judge.c: readings to verdicts ---- */
void subject_judge(struct alarms *a, struct subject *s, enum rule_cause cause,
	const struct reading *r, enum rule_side extreme, const struct alarm_now *now);
/* Rules that combine this one look at it anew, at that bed. */
void member_tell(struct alarms *a, const struct rule *r, const struct bed_place *b,
	const struct alarm_now *now);
void subject_tell_member(struct alarms *a, const struct subject *s, const struct alarm_now *now);
/* Rules that combine others look at all of them anew. */
void subject_refresh(struct alarms *a, struct subject *s, const struct alarm_now *now);
void members_refresh(struct alarms *a, const struct alarm_now *now);
/* Fills what does not depend on the cause. */
struct rule_call subject_call(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* The limits are others: what stands on the last value is judged by it anew. */
void subject_relimit(struct alarms *a, struct subject *s, const struct alarm_now *now);
void sensor_due(struct alarms *a, struct sensor *x, const struct alarm_now *now);

/* ---- life.c: a subject's life ---- */
void subject_apply(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now);
/* As subject_apply(), of a value that counted before: r is that one, NULL when none did. */
void subject_apply_limits(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now);
bool limits_same(const struct alarm_limits *a, const struct alarm_limits *b);
/* How long it has to be over before it is: ClearFor=, or longer while it is held. */
int64_t subject_clear_for(const struct subject *s);
void subject_due(struct alarms *a, struct subject *s, const struct alarm_now *now);
void subject_arm(struct alarms *a, struct subject *s);
/* The condition holds from here on. */
void subject_start(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* Nobody has acknowledged it: the time after which it gets more urgent begins, unless it runs. */
void subject_arm_escalation(struct subject *s, const struct alarm_now *now);
/* It is over, whatever its delays: without a reason as the life wills, else for good. */
void subject_over(struct alarms *a, struct subject *s, enum alarm_reason reason, const char *by,
	const struct alarm_now *now);
void subject_reset(
	struct alarms *a, struct subject *s, const char *by, const struct alarm_now *now);
/* Its condition has not gone, nor is it known: no value, no clearing. */
void subject_unknown(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* A change that can wait: told at once if nothing was told for pause_us, else then. */
void subject_tell_soon(
	struct alarms *a, struct subject *s, int64_t pause_us, const struct alarm_now *now);
/* Tells an alarm that is not over once more, if it is one. */
void subject_update(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* As when it was new, the rule type's state too; nothing is told. */
void subject_clear(struct alarms *a, struct subject *s);
void subject_live(struct alarms *a, struct subject *s, bool live);
void subject_set_priority(struct alarms *a, struct subject *s, enum alarm_priority p,
	enum alarm_reason reason, const struct alarm_now *now);
void sample_take(struct sample *s, const struct reading *r);
void sample_drop(struct sample *s);
/* Nothing is about to alarm. */
void onset_forget(struct alarms *a, struct subject *s);

/* A rule that only serves others. */
bool subject_is_silent(const struct subject *s);

/* ---- chatter.c ---- */
void chatter_count_start(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* Whether it has started so often that it is not to end before it has been quiet for
 * ALARMS_QUIET_US; then it is held from now on. */
bool chatter_hold(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* It ends or latches. */
void chatter_release(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* alarm-chatter of each device as its alarms stand now. */
void chatter_refresh(struct alarms *a, const struct alarm_now *now);

/* ---- emit.c: events ---- */
void emit_event(struct alarms *a, struct subject *s, enum alarm_phase phase,
	enum alarm_reason reason, const char *by, const struct alarm_now *now);
void emit_advisory(struct alarms *a, struct subject *s, const struct rule_verdict *v,
	const struct reading *r, const struct alarm_now *now);
void emit_excursion(struct alarms *a, struct subject *s, const struct alarm_excursion *x,
	const struct alarm_now *now);
unsigned subject_inactivation(const struct subject *s, int64_t *ret_until_us);

/* ---- condition.c: technical conditions ---- */
int condition_set(struct alarms *a, enum alarm_condition c, struct device_place *d, bool present,
	const char *text, const struct alarm_now *now);
/* What the condition of that device is about has changed. */
void condition_changed(struct alarms *a, enum alarm_condition c, struct device_place *d,
	const struct alarm_now *now);
/* After a restart or in another mode: those that are not to be end, and those that the engine finds
 * itself are as they stand now. */
void conditions_refresh(struct alarms *a, const struct alarm_now *now);
void condition_due(struct alarms *a, struct subject *s, const struct alarm_now *now);
void group_due(struct alarms *a, struct group *g, const struct alarm_now *now);
/* After a restart: an open group without members closes, and its timer runs. */
void group_rearm(struct alarms *a, struct group *g, const struct alarm_now *now);
void group_leave(struct alarms *a, struct subject *s, const struct alarm_now *now);
/* A group of devices: their names into a->members. */
size_t group_members(struct alarms *a, enum alarm_condition c);

/* ---- inactivate.c: what people do ---- */
/* Whoever somebody claims to be; of what is longer than a label its beginning. NULL without a name,
 * and without memory: the command is obeyed all the same, and the audit knows who it was. */
struct label *label_of_person(const char *by);
void inactivation_break(struct alarms *a, struct subject *s, const struct alarm_now *now);
void bed_due(struct alarms *a, struct bed_place *b, const struct alarm_now *now);
void subject_pause_due(struct alarms *a, struct subject *s, const struct alarm_now *now);
void bed_arm(struct alarms *a, struct bed_place *b);

/* ---- override.c: limits ---- */
void subject_limits(struct alarms *a, struct subject *s);
void override_free(struct alarms *a, struct limit_override *o);
/* The rule's limits may be others; b NULL: everywhere. */
void limits_changed(
	struct alarms *a, struct rule *r, const struct bed_place *b, const struct alarm_now *now);
/* Moves those of a former rule to its successor; NULL: they are dropped, and that is told. */
void overrides_take(
	struct alarms *a, struct rule *r, struct rule *former, const struct alarm_now *now);
/* Drops, and tells, what does not go with the rule as it is now: a side that it does not have, a
 * bed that it is not for, and what contradicts a level that is more general. */
void overrides_check(struct alarms *a, struct rule *r, const struct alarm_now *now);
/* Tells of limits in a saved state whose rule or bed is gone. */
void override_tell_gone(struct alarms *a, const char *rule, enum limit_level level, const char *bed,
	const struct alarm_limits *limits, const struct alarm_now *now);
/* Those of a bed (NULL: all), of one level or all. */
void overrides_drop(struct alarms *a, const struct bed_place *b, bool patient_only, const char *why,
	const struct alarm_now *now);
int override_put(struct alarms *a, struct rule *r, enum limit_level level, struct bed_place *b,
	const struct alarm_limits *limits, const char *by, int64_t since_us,
	struct alarm_limits *ret_before);
