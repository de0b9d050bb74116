/*
 * An alarm as the rooms speak of it: what it is called, what can be said of it,
 * and the event that the engine (alarms/alarms.h) gives out each time something
 * changes. Not how it is written as JSON, stored or shown.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/decimal.h"
#include "wardgate/metric.h"

struct label;

/* Of IEC 60601-1-8; the order is that of urgency. */
enum alarm_priority {
	PRIORITY_NONE, /* a rule that only serves others: it says nothing by itself */
	PRIORITY_LOW,
	PRIORITY_MEDIUM,
	PRIORITY_HIGH,
	_PRIORITY_MAX
};

enum alarm_kind { ALARM_PHYSIOLOGICAL, ALARM_TECHNICAL, ALARM_ADVISORY, _ALARM_KIND_MAX };

enum alarm_phase {
	PHASE_START,
	PHASE_CONTINUE, /* nothing new: said again after a restart, or as a reminder */
	PHASE_UPDATE,
	PHASE_ESCALATE,
	PHASE_DEESCALATE,
	PHASE_END,   /* the condition is over and nothing is left of it */
	PHASE_RESET, /* what was latched was put back */
	_PHASE_MAX
};

enum alarm_state { ALARM_INACTIVE, ALARM_ACTIVE, ALARM_LATCHED, _ALARM_STATE_MAX };

/* Flags; none of them: "enabled". */
enum alarm_inactivation {
	INACTIVATION_AUDIO_PAUSED = 1 << 0,
	INACTIVATION_AUDIO_OFF = 1 << 1,
	INACTIVATION_ALARM_PAUSED = 1 << 2,
	INACTIVATION_ALARM_OFF = 1 << 3,
	INACTIVATION_ACKNOWLEDGED = 1 << 4,
	_INACTIVATION_END = 1 << 5
};

/* Why an event came, where its phase does not say it. */
enum alarm_reason {
	ALARM_REASON_NONE,
	ALARM_REASON_DISCHARGED,
	ALARM_REASON_DEVICE_REMOVED,
	ALARM_REASON_DEVICE_MOVED,
	ALARM_REASON_BED_REMOVED,
	ALARM_REASON_RULE_REMOVED,
	ALARM_REASON_RULE_CHANGED,
	ALARM_REASON_GROUPED,          /* it goes on within the group's alarm */
	ALARM_REASON_UNGROUPED,        /* the group is over; its last members go on alone */
	ALARM_REASON_LATE,             /* an advisory on a value that came too late to alarm */
	ALARM_REASON_NOT_ACKNOWLEDGED, /* escalated for it */
	ALARM_REASON_REMINDER,         /* signals are off */
	ALARM_REASON_EXPIRED,          /* a pause or an off is over */
	ALARM_REASON_BROKEN,           /* a pause is over because something new came */
	_ALARM_REASON_MAX
};

enum condition_scope { CONDITION_SCOPE_DEVICE, CONDITION_SCOPE_GATEWAY };

enum alarm_condition {
	CONDITION_NONE,
#define CONDITION(id, name, scope, priority, what, remedy) CONDITION_##id,
#include "wardgate/conditions.def"
#undef CONDITION
	_CONDITION_MAX
};

struct condition_info {
	const char *name; /* as in keys: "device-silent" */
	enum condition_scope scope;
	enum alarm_priority priority;
	const char *what;
	const char *remedy;
};

/* The row of conditions.def; of CONDITION_NONE, one with the name "none". */
const struct condition_info *condition_info(enum alarm_condition c);
/* CONDITION_NONE when there is none of that name. */
enum alarm_condition condition_by_name(const char *name);

/* Words as in payloads and settings; NULL for a number outside the enum. */
const char *alarm_priority_text(enum alarm_priority p);
const char *alarm_kind_text(enum alarm_kind k);
const char *alarm_phase_text(enum alarm_phase p);
const char *alarm_state_text(enum alarm_state s);
const char *alarm_reason_text(enum alarm_reason r); /* "" for ALARM_REASON_NONE */
/* flag: exactly one of enum alarm_inactivation */
const char *alarm_inactivation_text(enum alarm_inactivation flag);

struct alarm_limits {
	bool has_low, has_high;
	struct decimal low, high;
};

/* What a cold-chain rule writes down once the temperature is back. */
struct alarm_excursion {
	bool below; /* else above */
	bool alarmed;
	int64_t start_us, end_us; /* UTC, to print */
	int64_t duration_us;      /* by the boot-time clock */
	struct decimal extreme;   /* the lowest or the highest */
	struct decimal mkt;       /* mean kinetic temperature while it lasted, to 0.01 */
};

#define ALARM_KEY_MAX 127  /* bytes of a key, without the final 0 */
#define ALARM_TEXT_MAX 255 /* likewise of a text */

/* One thing that happened to one alarm. All pointers are valid only during the call. */
struct alarm_event {
	const char *key; /* "<rule>.<device>[.<instance>]", "<rule>.bed-<bed>", "<rule>.gateway" */
	const char *epoch; /* of the run that started the alarm, and its number there: */
	uint64_t number;   /* "<gateway>:<epoch>:a<number>" */
	uint32_t step;     /* of this alarm, from 1 */
	const char *rule;  /* of a technical condition: its name */
	enum alarm_condition condition; /* CONDITION_NONE: a rule's alarm */
	enum alarm_kind kind;
	enum alarm_priority priority, previous_priority; /* NONE: it did not change */
	enum alarm_phase phase;
	enum alarm_state state;
	enum alarm_reason reason;
	bool transient;               /* for the events' topic only: there is no state to keep */
	unsigned inactivation;        /* enum alarm_inactivation */
	int64_t inactivated_until_us; /* UTC; 0: not limited */
	const char *by;               /* who asked for it; NULL: nobody */

	const char *bed, *device, *patient, *association; /* NULL: none */
	enum metric metric;                               /* METRIC_NONE: none */
	uint8_t instance;

	uint64_t reading;          /* its sequence; 0: none */
	const char *reading_epoch; /* NULL: the present run's */
	uint8_t value_kind;        /* enum value_kind; VALUE_NONE when stale */
	struct decimal value;
	bool boolean;
	uint16_t word;    /* enum word */
	uint8_t validity; /* enum validity of that reading */
	uint16_t flags;   /* enum reading_flag of that reading */
	bool stale;       /* the value is not known at present */
	struct alarm_limits limits;
	uint32_t mdc; /* event code; 0: none */

	int64_t onset_us, detected_us, time_us; /* UTC, to print */
	int64_t ended_us;                       /* 0: it is not over */
	const char *text;

	const char *const *members; /* of a group: the devices */
	size_t member_count;
	const struct alarm_excursion *excursion; /* NULL: none */
};

/* One input of a computed value. */
struct alarm_part {
	enum metric metric; /* that was used; of one that is missing, the first of those that would
			       do */
	uint8_t kind;       /* enum value_kind */
	struct decimal number; /* rounded as it was scored */
	bool boolean;
	uint16_t word;
	bool missing, stale;
	int points;
	int64_t age_us;
	uint8_t origin;     /* enum origin */
	const char *device; /* NULL: charted */
	const char *by;     /* NULL: nobody */
};

#define ALARM_PARTS_MAX 16

/* A value that a rule has worked out and that is to be published as a reading. */
struct alarm_computed {
	const char *rule;
	const char *bed, *device; /* NULL: none */
	enum metric metric;
	bool complete; /* false: value does not count, the reading is not-measured */
	struct decimal value;
	struct decimal minimum; /* what the known parts come to */
	int64_t time_us;        /* UTC */
	uint16_t flags;         /* enum reading_flag of its inputs */
	size_t part_count;
	struct alarm_part parts[ALARM_PARTS_MAX];
};

enum limit_level { LIMIT_RULE, LIMIT_WARD, LIMIT_BED, LIMIT_PATIENT, _LIMIT_LEVEL_MAX };

const char *limit_level_text(enum limit_level l);

/* One limit that is in force, and why. */
struct limit_source {
	enum limit_level level;
	const char *by;   /* NULL: the configuration */
	int64_t since_us; /* UTC; 0: the configuration */
};

/* A change of limits, for the audit. */
struct limit_change {
	const char *rule;
	enum limit_level level;
	const char *bed, *patient; /* NULL: none */
	const char *by;
	int64_t time_us;                 /* UTC */
	struct alarm_limits before, now; /* of that level alone */
	const char *why;                 /* "set", "cleared", "discharged" ... */
};
