/*
 * What crosses between the loop and the store thread, and what one row of the
 * database holds: plain numbers and copied texts, no reference to anything.
 * Texts that occur again and again (devices, beds, metrics, words, epochs) are
 * names: numbers that the table "name" explains.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wardgate/label.h"
#include "wardgate/ledger.h" /* struct store_range */

/* A reading. 0 in a name: none. */
struct store_row {
	int64_t id; /* position in the ledger, in the order of arrival; the key */
	uint64_t sequence, device_sequence;
	uint64_t group;               /* 0: none */
	uint64_t source_key;          /* 0: none */
	int64_t value;                /* mantissa; 0 or 1; or a name: see kind */
	int64_t raw;                  /* mantissa, when raw_unit is set */
	int64_t received_ms, time_ms; /* UTC */
	int64_t device_time_ms;       /* 0: none */
	int64_t boot_us;              /* when it was received, CLOCK_BOOTTIME; not stored as such */
	uint32_t epoch, device, bed, patient, association, by;   /* names */
	uint32_t metric, reason, site, method, sample, raw_unit; /* names */
	uint32_t period_ms;
	uint16_t flags;                      /* enum reading_flag */
	int8_t exponent, raw_exponent;       /* of value and raw */
	uint8_t kind, validity, time_source; /* enums of wardgate/reading.h */
	uint8_t origin, auth, clock;         /* likewise */
	uint8_t instance;
	char *detail; /* owned by whoever holds the row; NULL: none */
};

/* Frees what the row owns. */
void store_row_done(struct store_row *r);

/* A record or an alarm event. Owned by whoever holds the row. */
struct store_event {
	int64_t id;
	uint64_t sequence;
	uint32_t epoch; /* name */
	uint8_t kind;   /* enum message_kind */
	char *topic, *body;
};

struct store_name {
	uint32_t id; /* from 1 */
	char text[LABEL_MAX + 1];
};

/* A message set aside: its reading or event stands in its own table. With reason 0, which no broker
 * gives: it is not set aside any more. */
struct store_aside {
	int64_t id;
	int64_t since_ms; /* UTC */
	uint32_t tries;
	uint8_t reason; /* MQTT reason code */
};

enum store_owed_kind {
	OWED_GAP = 1,
	OWED_EPOCH = 2,
	OWED_AUDIT = 3, /* first: the number of the entry */
};

/* A record that consumers are still owed: of numbers that a limit dropped, or of a run that ended
 * without saying its last number. It is forgotten in the transaction that stores the record. */
struct store_owed {
	int64_t id; /* from 1 */
	uint8_t kind;
	uint32_t epoch;              /* name */
	uint64_t first, last, count; /* OWED_GAP: count of the numbers first..last were dropped */
	char reason[24];             /* OWED_GAP: size, age, free-space, damaged */
};

/* The source key of a stored reading: a device that says it again need not be taken again. */
struct store_key {
	uint64_t source_key, sequence;
	uint32_t epoch, device; /* names */
};

#define STORE_HASH_MAX 65 /* SHA-256 in hex, and the final 0 */

/* One entry of the audit trail, see audit/chain.h. */
struct store_audit {
	uint64_t number;                                     /* from 1 */
	char *entry;                                         /* JSON; owned by whoever holds this */
	char hash[STORE_HASH_MAX], previous[STORE_HASH_MAX]; /* of this entry, and the one before */
	bool owe;     /* consumers do not have its record yet */
	int64_t owed; /* the owed record's id, where it was read; 0: none */
};

/* Frees what the entry owns. */
void store_audit_done(struct store_audit *a);

/* Where the trail ends. */
struct store_chain {
	uint64_t number; /* 0: it has not begun */
	char hash[STORE_HASH_MAX];
};
