/*
 * The extension point of a ZCL cluster: one file in zigbee/clusters, one row in
 * zigbee/clusters/clusters.def, one vector file in tests/vectors/zigbee. Pure:
 * attributes and commands come in with the time, readings, facts and frames to be
 * sent go out. What a cluster remembers of its device is in struct cluster_device.
 * See docs/adding-a-zigbee-cluster.md.
 *
 * zigbee/clusters/clusters.h takes messages apart and calls the rows. Nothing here
 * knows addresses, the radio, the interview's order or what becomes of a reading.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/decoded.h"
#include "wardgate/device.h"

struct conversion; /* codec/measure.h */
struct zcl_frame;  /* zigbee/zcl.h */
struct zcl_value;  /* zigbee/zcl.h */

#define CLUSTER_FRAME_MAX 82 /* of a message that goes out */

/* ---- what the clusters of one device share; outlives its absences ---- */

/* What a cluster remembers, and the driver over a restart: numbers that mean something to the
 * cluster alone, which may not be what it has kept. */
#define CLUSTER_WORDS_MAX 8
struct cluster_memory {
	uint16_t cluster;
	uint8_t endpoint;
	int32_t words[CLUSTER_WORDS_MAX]; /* zero at first */
	int64_t moment_us;                /* boot-time clock, so that it is of this run; 0: none */
};

/* The last messages of a device, so that one sent again is known as such. */
struct cluster_recent {
	uint64_t hash; /* of the message with its number; 0: none */
	uint64_t key;  /* of its readings */
	int64_t boot_us;
	uint8_t counter; /* of its transport */
	bool before;     /* the device may have started anew since */
};

enum cluster_supply { CLUSTER_SUPPLY_UNKNOWN, CLUSTER_SUPPLY_MAINS, CLUSTER_SUPPLY_BATTERY };

#define CLUSTER_MEMORIES_MAX 12
#define CLUSTER_RECENT_MAX 16 /* far below the 256 after which numbers come again */

struct cluster_device {
	/* From the driver. */
	uint64_t our_eui64; /* the gateway's, for the enrolment of alarm zones */
	bool wants_poll;    /* something waits to be sent: let a sleeper stay awake */

	/* Found out. */
	char facts[_FACT_MAX][DEVICE_FACT_MAX + 1]; /* "": unknown */
	uint32_t quirks;        /* enum quirk_flag, of maker and model; zigbee/quirks.h */
	uint16_t quirk_zone;    /* zone type that holds whatever the device says; 0: its own */
	uint16_t quirk_every_s; /* it speaks at least so often though nobody asked it to; 0: not
				   known */
	uint8_t supply;         /* enum cluster_supply */
	struct cluster_memory memories[CLUSTER_MEMORIES_MAX];
	uint8_t memory_count;

	struct cluster_recent recent[CLUSTER_RECENT_MAX];
	uint8_t recent_next;
};

/* ---- one call ---- */

/* A message of a device, as the radio gave it. */
struct cluster_message {
	uint16_t cluster;
	uint8_t endpoint; /* the device's */
	uint8_t instance; /* of this endpoint among those of the device with this cluster, from 0 */
	bool unicast;     /* to us alone: only then a default response is due */
	uint8_t counter;  /* of its transport (APS), which counts on when it is sent again */
	const uint8_t *bytes;
	size_t length;
};

/* A frame to be sent to the endpoint that the call was about. */
struct cluster_request {
	uint16_t cluster;
	bool numbered; /* it answers: the number is right. Otherwise zcl_set_sequence(), and the
			  answer to it comes to cluster_heard() as any message */
	bool settles;  /* a default response or its like: not before the readings are safe */
	uint16_t delay_ms;
	uint8_t length;
	uint8_t bytes[CLUSTER_FRAME_MAX];
};

#define CLUSTER_REQUESTS_MAX 4

/* For the log and for counters, at most one of a call. */
enum cluster_note {
	CLUSTER_NOTE_NONE,
	CLUSTER_NOTE_ENROLLED,     /* an alarm zone is enrolled */
	CLUSTER_NOTE_NOT_ENROLLED, /* it is not, after all tries */
	CLUSTER_NOTE_CHECKED_IN,   /* a sleeper listens for a while */
	CLUSTER_NOTE_REFUSED,      /* it refused what was asked: status */
	_CLUSTER_NOTE_MAX
};

/* What a call gives; cleared before each. */
struct cluster_result {
	struct decoded *readings;
	struct cluster_request requests[CLUSTER_REQUESTS_MAX];
	uint8_t request_count;
	uint8_t note;   /* enum cluster_note */
	uint8_t status; /* ZCL, of CLUSTER_NOTE_REFUSED */
	bool repeated;  /* sent again: its readings have the keys that they had before */
	bool event;     /* of a button or an alarm: never to be coalesced */
	bool facts_changed;
	bool memory_changed; /* of cluster_device: save it */
	/* Of a device that waits for its answer, and would say it again to the next run: to be kept
	 * before the readings are handed over. NULL: it does not. */
	const struct cluster_recent *keep;
	int16_t battery_percent; /* -1: not said */
};

struct cluster_call {
	struct cluster_device *device;
	struct decode_time now;
	const struct zcl_cluster *row;
	const struct cluster_message *message;
	const struct zcl_frame *frame; /* NULL within begin() */
	uint64_t key;                  /* names the message; 0 within begin() */
	struct cluster_result *out;
};

/* What a call returns; a negative errno never comes from bytes. */
enum {
	_CLUSTER_E_OK,
	CLUSTER_E_MALFORMED,  /* no whole frame, or it ends within an element: what came before
				 counts */
	CLUSTER_E_INCOMPLETE, /* what follows a type that is not known cannot be read; the rest
				 counts */
	CLUSTER_E_OVERFLOW,   /* more readings than fit: the rest was dropped */
	CLUSTER_E_UNKNOWN,    /* no such cluster, attribute or command here; the rest counts */
	_CLUSTER_E_MAX
};

/* ---- the row ---- */

enum cluster_use {
	CLUSTER_READ =
		1 << 0, /* an attribute: read in the interview and after the radio's absences */
	CLUSTER_REPORT = 1 << 1, /* an attribute: configure reporting, with the numbers beside it */
};

struct cluster_attribute {
	uint16_t id;
	uint8_t type;    /* ZCL, as configured; what a device sends may be of another numeric one */
	uint8_t use;     /* enum cluster_use */
	uint8_t metric;  /* METRIC_NONE: the row's attribute() has it */
	int8_t exponent; /* metric = value * 10^exponent, then the conversion */
	const struct conversion *conversion; /* NULL: none */
	uint16_t min_s, max_s;               /* reporting: no more often, no more seldom */
	uint32_t change; /* reporting: by how much, in the attribute's unit; analog types */
};

enum cluster_side {
	CLUSTER_OF_SERVER = 1 << 0, /* wanted where a device has it as input */
	CLUSTER_OF_CLIENT = 1 << 1, /* wanted where a device has it as output: it sends commands */
};

struct zcl_cluster {
	const char *name; /* as in logs and documents: "temperature" */
	uint16_t id;
	uint16_t maker; /* manufacturer code of its attributes when they are read; 0: none */
	uint8_t bind;   /* enum cluster_side: where it is to be bound to us */
	/* Bytes behind the head of a command of its own that tell it from its repetition; what
	 * follows may change from one to the other. 0: all. */
	uint8_t tells;
	const struct cluster_attribute *attributes;
	size_t attribute_count;
	/* An attribute was reported or read (row: its own, NULL when the table lacks it). Returns
	 * one of CLUSTER_E_*. May be NULL: the table alone. */
	int (*attribute)(const struct cluster_call *c, uint16_t id,
		const struct cluster_attribute *row, const struct zcl_value *v);
	/* A command of the cluster's own. CLUSTER_E_UNKNOWN: answered as unsupported. NULL: none.
	 */
	int (*command)(const struct cluster_call *c);
	/* All records of a frame are through. May be NULL. */
	int (*ended)(const struct cluster_call *c);
	/* The interview reaches the cluster: what is to be sent besides reading, binding and
	 * configuring. May be NULL. */
	int (*begin)(const struct cluster_call *c);
	/* An answer to a write of ours. status: ZCL. May be NULL. */
	int (*wrote)(const struct cluster_call *c, uint16_t id, uint8_t status);
};

/* The text of a note and of an outcome, for logs. */
const char *cluster_note_text(enum cluster_note n);
const char *cluster_outcome_text(int outcome);
