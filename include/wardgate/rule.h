/*
 * The extension point of a rule type: one file in alarms/rules, one row in
 * alarms/rules/rules.def, one timeline file in tests/vectors/alarms. Pure: the
 * engine calls it with a reading or the time, and it says on which side of its
 * limits that stands. Delays, hysteresis of the life-cycle, latching,
 * acknowledging, saving and publishing are the engine's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/alarm.h"
#include "wardgate/decimal.h"
#include "wardgate/metric.h"

struct reading;
struct text;

/* ---- settings: rows that say what a [Rule] section may hold ---- */

enum setting_kind {
	SETTING_NUMBER,   /* struct setting_number */
	SETTING_DURATION, /* int64_t, microseconds */
	SETTING_COUNT,    /* uint32_t */
	SETTING_SWITCH,   /* bool */
	SETTING_CHOICE,   /* int: the index among words */
	SETTING_METRIC,   /* enum metric */
	SETTING_TEXT,     /* const char *, "" when not given; valid as long as the rule */
};

/* What the words of a text name. */
enum setting_names {
	SETTING_NAMES_NOTHING,
	SETTING_NAMES_BEDS,
	SETTING_NAMES_DEVICES,
	SETTING_NAMES_RULES,
};

struct setting_number {
	bool given;
	struct decimal value;
};

struct rule_setting {
	const char *key;
	enum setting_kind kind;
	size_t offset;            /* within the parameters */
	const char *standard;     /* the default, as it would be written; "": none */
	int64_t min, max;         /* of a duration (microseconds) or a count */
	const char *const *words; /* SETTING_CHOICE, up to a NULL */
	bool required;
	const char *example, *help;
	bool list; /* SETTING_TEXT: items separated by spaces; in a file the key may repeat */
	enum setting_names names;
};

#define RULE_LIST_MAX 2048 /* bytes of one setting's text */

/* ---- state: rows that say what of it outlives a restart ---- */

enum field_kind {
	FIELD_BOOL,
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_I64,
	FIELD_TIME,    /* int64_t, boot-time clock; 0 stays 0, and RULE_NEVER comes back as 0 */
	FIELD_UTC,     /* int64_t */
	FIELD_DECIMAL, /* struct decimal */
};

struct rule_field {
	const char *name; /* [a-z0-9_]+ */
	enum field_kind kind;
	size_t offset;
	uint32_t count; /* of like elements, at least 1 */
	size_t stride;  /* from one to the next; 0: they stand side by side */
};

/* The row of a field that is no array. */
#define RULE_FIELD(type, name_, kind_, field_)                                                     \
	{                                                                                          \
		.name = name_, .kind = kind_, .offset = offsetof(type, field_), .count = 1         \
	}

#define RULE_PARAMS_MAX 16384
#define RULE_STATE_MAX 2048

/* ---- judging ---- */

#define RULE_NEVER INT64_MAX

enum rule_side {
	SIDE_UNKNOWN, /* nothing can be said at present: never normal */
	SIDE_NORMAL,
	SIDE_BELOW,
	SIDE_ABOVE,
	SIDE_PRESENT, /* the condition is there, without a side */
	_SIDE_MAX
};

enum rule_cause {
	CAUSE_START,      /* the subject is new */
	CAUSE_READING,    /* measured, of the rule's metric */
	CAUSE_UNMEASURED, /* the sensor says that it does not measure */
	CAUSE_TICK,       /* the deadline that was asked for, or other settings or a restart */
	CAUSE_INPUT,      /* a reading of another metric or device that the rule listens to */
	CAUSE_MEMBER,     /* another rule has changed */
	CAUSE_LIMITS,     /* the limits have; types with RULE_LIMITS only */
};

/* The newest measured value of a metric at a bed. */
struct rule_input {
	enum metric metric; /* METRIC_NONE: there was none */
	uint8_t kind;       /* enum value_kind */
	struct decimal number;
	uint8_t extreme; /* enum rule_side: SIDE_BELOW or SIDE_ABOVE as in struct rule_call */
	bool boolean;
	uint16_t word;
	uint8_t origin;
	uint16_t flags;
	int64_t heard_us; /* boot-time clock */
	struct label *device, *by;
};

struct rule_call {
	const void *params;
	void *state; /* zeroed when the subject is new */
	enum rule_cause cause;
	/* CAUSE_READING and CAUSE_INPUT; CAUSE_LIMITS: the last one again, if an alarm or an onset
	 * stands on it; else NULL. */
	const struct reading *reading;
	/* SIDE_BELOW or SIDE_ABOVE: the device's range ends before the value; the reading's number
	 * is the bound if it has one. Such a value is beyond every limit on that side. */
	enum rule_side extreme;
	int64_t now_us;                             /* boot-time clock */
	int64_t utc_us;                             /* to print */
	struct alarm_limits limits;                 /* in force: ward, bed and patient considered */
	struct decimal low_clear_at, high_clear_at; /* where an alarm at the limit ends */
	enum rule_side side;          /* of the alarm that is active; SIDE_NORMAL when none is */
	enum alarm_priority priority; /* likewise; PRIORITY_NONE when none is */
	/* score: by metric, _METRIC_MAX of them; NULL for other types */
	const struct rule_input *inputs;
	bool scale2; /* ordered for the patient */
	bool gone;   /* describe: the condition is not there any more */
	/* CAUSE_MEMBER: which of the names in Rules=, and how it stands. */
	unsigned member;
	enum rule_side member_side; /* SIDE_PRESENT, SIDE_NORMAL or SIDE_UNKNOWN */
	/* Gives out a computed value; bed and device are filled in. */
	void (*publish)(const struct rule_call *c, struct alarm_computed *computed);
	void *engine; /* the engine's own */
};

/* The engine fills in: side unknown, the call's limits, the reading's value, no deadline. */
struct rule_verdict {
	enum rule_side side;
	enum alarm_priority priority; /* NONE: the rule's */
	bool at_once;                 /* without the onset delay */
	bool has_number;              /* number is the value, not the reading's */
	struct decimal number;
	struct alarm_limits limits;
	int64_t deadline_us; /* when to call with CAUSE_TICK; in the future, or RULE_NEVER */
	bool has_excursion;  /* one is over: write it down */
	struct alarm_excursion excursion;
};

/* What prepare() gets: everything is parsed. */
struct rule_prepare {
	void *params;
	enum metric metric;
	/* Filled by the type. */
	char *why;           /* RULE_WHY_MAX bytes: a sentence that follows "Key=value" */
	const char *why_key; /* the key that is wrong */
	/* Tells a fault where there may be further ones; why is empty then. */
	void (*blame)(struct rule_prepare *p, const char *key, const char *sentence);
	void *engine; /* the engine's own */
	/* Names of other rules, where the type has them; pointers into the params. */
	const char *members; /* separated by spaces; NULL: none */
	/* A second sensor to listen to: CAUSE_INPUT. */
	const char *listen_device; /* NULL: none */
	enum metric listen_metric;
	/* Metrics that the type wants as inputs of its bed. */
	uint64_t input_metrics[2];
	/* The most urgent that it can get, where that is not Priority=. */
	enum alarm_priority highest;
	/* The metric that it gives out; METRIC_NONE: none. */
	enum metric computes;
};

#define RULE_WHY_MAX 256

enum rule_flag {
	RULE_NUMBERS = 1 << 0,   /* Metric= is one with numbers */
	RULE_SWITCHES = 1 << 1,  /* or one with booleans */
	RULE_WORDS = 1 << 2,     /* or one with words */
	RULE_NO_METRIC = 1 << 3, /* there is no Metric= */
	RULE_LIMITS =
		1 << 4, /* takes Below= and Above=, which wards, beds and patients may override */
	RULE_BED = 1 << 5, /* always judged per bed */
	RULE_FROM_START =
		1 << 6, /* subjects named in Devices= or Beds= exist before their first reading */
	RULE_TECHNICAL = 1 << 7, /* Kind= is technical unless it is given */
	RULE_METRIC_OPTIONAL = 1 << 8,
	RULE_COMPUTES = 1 << 9, /* gives out a value, as a device of the rule's name would */
	/* What it keeps matters for days, such as the clocks of an excursion. Among its fields
	 * those of one byte say that something began or ended; one that is above 1 says that it
	 * goes on. */
	RULE_LASTING = 1 << 10,
	/* What it keeps means the same whatever the settings: it goes on when these change. */
	RULE_KEEPS = 1 << 11,
	/* That is so of an alarm, and not of what is about to be one. */
	RULE_KEEPS_ALARM = 1 << 12,
};

struct rule_type {
	const char *name; /* as in Type= */
	const char *help;
	unsigned flags; /* enum rule_flag */
	const struct rule_setting *settings;
	size_t setting_count;
	size_t params_size; /* at most RULE_PARAMS_MAX */
	const struct rule_field *fields;
	size_t field_count;
	size_t state_size; /* at most RULE_STATE_MAX */
	/* Checks the settings against each other and works out what judge() needs. Returns 0, or
	 * -EINVAL with why and why_key. NULL: nothing to do. */
	int (*prepare)(struct rule_prepare *p);
	void (*judge)(const struct rule_call *c, struct rule_verdict *v);
	/* Where a value that came too late stands, by itself and without touching the state. NULL:
	 * the type cannot tell. */
	enum rule_side (*crosses)(const struct rule_call *c);
	/* Writes what is the matter, e.g. "SpO2 86 % below 90 %"; NULL: the engine's words. v is
	 * the verdict that the alarm stands on; c has neither cause nor reading. */
	void (*describe)(const struct rule_call *c, const struct rule_verdict *v, struct text *t);
	/* Whether the state as restored could be one of ours; NULL: any could. */
	bool (*valid)(const void *state);
};

/* The tables of a type and what they are about, for its struct rule_type. */
#define RULE_SETTINGS(rows, type)                                                                  \
	.settings = (rows), .setting_count = sizeof(rows) / sizeof((rows)[0]),                     \
	.params_size = sizeof(type)
#define RULE_FIELDS(rows, type)                                                                    \
	.fields = (rows), .field_count = sizeof(rows) / sizeof((rows)[0]),                         \
	.state_size = sizeof(type)
