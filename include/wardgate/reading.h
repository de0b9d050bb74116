/*
 * A reading: one value of one metric from one device, with its quality, time
 * and identity. Drivers fill the first part, the gateway the second. Nothing
 * here knows how it is stored or published.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/decimal.h"
#include "wardgate/detail.h"
#include "wardgate/label.h"
#include "wardgate/metric.h"

/* The numbers of the enums and flags below stand in the database: only append to them. */

enum value_kind {
	VALUE_NONE, /* no value: validity and reason say why */
	VALUE_NUMBER,
	VALUE_BOOLEAN,
	VALUE_WORD,
};

enum validity {
	VALIDITY_VALID,
	VALIDITY_QUESTIONABLE,
	VALIDITY_INVALID,
	VALIDITY_NOT_MEASURED,
	VALIDITY_SENSOR_OFF,
	VALIDITY_BELOW_RANGE, /* an extreme value: the bound, if known, is the value */
	VALIDITY_ABOVE_RANGE,
	VALIDITY_CALIBRATING,
	_VALIDITY_MAX
};

enum time_source {
	TIME_GATEWAY, /* when it was received */
	TIME_DEVICE,
	TIME_DEVICE_CORRECTED, /* the device's clock, put right by an offset measured */
	TIME_OPERATOR,
	_TIME_SOURCE_MAX
};

enum clock_state {
	CLOCK_SYNCHRONISED, /* the kernel says so, maximal error below 1 s */
	CLOCK_HOLDOVER,     /* was, within this boot */
	CLOCK_UNSYNCHRONISED,
	_CLOCK_STATE_MAX
};

enum origin { ORIGIN_MEASURED, ORIGIN_MANUAL, ORIGIN_CALCULATED, ORIGIN_SETTING, _ORIGIN_MAX };

enum auth { AUTH_LINK, AUTH_NONE, AUTH_DEVICE, _AUTH_MAX };

enum reading_flag {
	FLAG_DEMO = 1 << 0,
	FLAG_TEST = 1 << 1,
	FLAG_EPISODIC = 1 << 2,
	FLAG_STORED = 1 << 3, /* from the device's memory */
	FLAG_EARLY_ESTIMATE = 1 << 4,
	FLAG_CONTROL_SOLUTION = 1 << 5,
	FLAG_ARTEFACT = 1 << 6,
	FLAG_UNIT_ASSUMED = 1 << 7,
	FLAG_AMBIGUOUS_TIME = 1 << 8,
	_FLAG_END = 1 << 9
};

struct reading {
	/* Filled by the driver. */
	struct decimal number;  /* VALUE_NUMBER, in the metric's unit */
	struct decimal raw;     /* as the wire had it, when raw_unit is set */
	int64_t time_us;        /* UTC; 0: the moment of reception */
	int64_t device_time_us; /* the device's own wall clock read as if UTC; 0: none */
	uint64_t source_key;    /* names the measurement within the device; 0: it has no key */
	int64_t expect_us;      /* the longest silence of this sensor to expect; 0: not said */
	uint32_t period_ms;     /* averaging time; 0: none */
	uint16_t flags;         /* enum reading_flag */
	uint8_t metric;         /* enum metric */
	uint8_t instance;       /* of like sensors in one device, from 0 */
	uint8_t kind;           /* enum value_kind */
	bool boolean;           /* VALUE_BOOLEAN */
	uint8_t validity;       /* enum validity */
	uint8_t time_source;    /* enum time_source */
	uint8_t origin;         /* enum origin */
	uint8_t auth;           /* enum auth */
	uint8_t group_index; /* readings of one submission with the same index > 0 belong together
			      */
	uint16_t word;       /* enum word; VALUE_WORD */
	uint16_t reason, site, method, sample, raw_unit; /* enum word */

	/* Filled by the gateway. */
	uint8_t clock;            /* enum clock_state */
	bool backfill;            /* it waited in the gateway */
	int64_t received_us;      /* UTC */
	int64_t received_boot_us; /* boot-time clock */
	uint64_t sequence;        /* within the epoch, from 1 */
	uint64_t device_sequence; /* within the epoch and device, from 1 */
	uint64_t group;           /* sequence of the group's first reading; 0: none */
	struct label *epoch;      /* the run that numbered it, "<counter>-<8 hex digits>"; NULL: the
				     present one */
	struct label *device;     /* one reference each, see reading_hold() */
	struct label *bed;        /* NULL: none */
	struct label *patient, *association, *by; /* NULL: none */
	struct detail *detail;                    /* one reference; NULL: none */
};

/* Takes references on the labels and the detail of a reading that was copied by assignment. */
void reading_hold(struct reading *r);
/* Drops them and clears the pointers. */
void reading_release(struct reading *r);

/* Names as they stand in payloads; NULL for a number outside the enum. */
const char *validity_text(enum validity v);
/* The validity of that word, -1 when it is none. text need not end with 0. */
int validity_by_text(const char *text, size_t length);
const char *time_source_text(enum time_source s);
const char *clock_state_text(enum clock_state c);
const char *origin_text(enum origin o);
const char *auth_text(enum auth a);
/* flag: exactly one of enum reading_flag */
const char *reading_flag_text(enum reading_flag flag);
/* The flag of that word, 0 when it is none. text need not end with 0. */
enum reading_flag reading_flag_by_text(const char *text, size_t length);
