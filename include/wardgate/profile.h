/*
 * The extension point of a BLE profile: one file in ble/profiles, one row in
 * ble/profiles/profiles.def, one vector file in tests/vectors/ble. Pure: values
 * come in as bytes with the time, readings and requests go out. What a profile
 * shares with the others on its device is in struct profile_device. See
 * docs/adding-a-ble-profile.md.
 *
 * ble/profiles/session.h runs all profiles of one connection. Nothing here
 * knows handles, sockets, links, pairing or what becomes of a reading.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/decoded.h"
#include "wardgate/device.h"

#define PROFILES_MAX 24 /* rows of profiles.def */

/* ---- what the profiles of one device share; outlives its connections ---- */

/* What a profile remembers from one connection to the next, and the driver over a restart: three
 * numbers that mean something to the profile alone. */
struct profile_memory {
	bool known;
	uint32_t mark;        /* the last record that is safe */
	uint64_t fingerprint; /* of that record or of its session */
};

/* The device's clock as it was found, and as it was set. Offsets are its wall clock less UTC. */
struct device_clock {
	bool known;        /* read within this connection */
	bool set;          /* set within this connection */
	int64_t offset_us; /* at present */
	int64_t former_us; /* before it was set */
	int64_t set_at_utc_us;
};

/* Turns a wall clock reading, as if it were UTC, into UTC by the zone of device clocks;
 * *ret_ambiguous as clock_local_to_utc() has it. */
typedef int64_t (*profile_zone_fn)(int64_t wall_us, bool *ret_ambiguous);

#define PROFILE_REPEATS_MAX 8

struct profile_device {
	/* From the configuration. */
	bool delete_stored;     /* DeleteStored= */
	bool set_clock;         /* the clock may be put right where the device lets us */
	profile_zone_fn zone;   /* NULL: UTC */
	int64_t zone_offset_us; /* local time less UTC, at present */

	/* Found out. */
	char facts[_FACT_MAX][DEVICE_FACT_MAX + 1]; /* "": unknown */
	uint32_t quirks;                            /* enum quirk, ble/profiles/quirks.h */
	struct device_clock clock;
	struct profile_memory memory[PROFILES_MAX]; /* by profile */

	/* What came without a time stamp of late, so that its repetition is known as such. The
	 * caller's to keep over restarts. */
	struct heard repeats[PROFILE_REPEATS_MAX];
};

/* ---- one call ---- */

enum profile_how { PROFILE_VALUE_READ, PROFILE_VALUE_NOTIFIED, PROFILE_VALUE_INDICATED };

struct profile_value {
	uint16_t characteristic; /* 16-bit UUID */
	uint8_t how;             /* enum profile_how */
	uint8_t instance;        /* of this characteristic within the device, from 0 */
	const uint8_t *bytes;
	size_t length;
};

enum profile_request_kind { PROFILE_READ_AGAIN, PROFILE_WRITE };

#define PROFILE_WRITE_MAX 20
#define PROFILE_REQUESTS_MAX 2

struct profile_request {
	uint8_t kind;            /* enum profile_request_kind */
	uint16_t characteristic; /* the first of that UUID in the profile's service */
	uint8_t length;
	uint8_t bytes[PROFILE_WRITE_MAX];
};

/* For the log and for counters, at most one of a call. */
enum profile_note {
	PROFILE_NOTE_NONE,
	PROFILE_NOTE_MISSING,         /* a characteristic that the profile needs is not there */
	PROFILE_NOTE_REFUSED,         /* the device refused one that it needs */
	PROFILE_NOTE_STORED_DONE,     /* all stored records were read */
	PROFILE_NOTE_STORED_DELETED,  /* those that are safe were deleted */
	PROFILE_NOTE_STORED_KEPT,     /* not all is safe: nothing was deleted */
	PROFILE_NOTE_STORED_REFUSED,  /* the device does not offer what was asked for */
	PROFILE_NOTE_STORED_FAILED,   /* it tried and could not */
	PROFILE_NOTE_STORED_ABORTED,  /* the procedure was aborted */
	PROFILE_NOTE_STORED_BUSY,     /* another one is in progress */
	PROFILE_NOTE_STORED_TIMEOUT,  /* the device said nothing for 30 s */
	PROFILE_NOTE_CLOCK_SET,       /* its clock was put right */
	PROFILE_NOTE_CLOCK_NOT_TAKEN, /* it was written, but reads back wrong */
	PROFILE_NOTE_NEW_SESSION,     /* a sensor session that was not known before */
	_PROFILE_NOTE_MAX
};

#define PROFILE_NEVER INT64_MAX

/* What a call gives. The session clears it before each call. */
struct profile_result {
	struct decoded *readings;
	struct profile_request requests[PROFILE_REQUESTS_MAX];
	uint8_t request_count;
	uint8_t note;        /* enum profile_note */
	bool ask_safe;       /* tell the profile once the readings are safe, with cookie */
	bool memory_changed; /* of profile_device: save it */
	bool facts_changed;
	bool finished; /* nothing more is to be had: the link may end */
	uint32_t cookie;
	int16_t battery_percent; /* -1: not said */
};

struct profile_call {
	void *state; /* state_size bytes, zero when the connection begins */
	struct profile_device *device;
	struct decode_time now;
	uint8_t id;           /* the row's number */
	uint8_t instance;     /* of the service within the device */
	int64_t *deadline_us; /* boot-time clock: when tick() is wanted; PROFILE_NEVER */
	struct profile_result *out;
};

/* What a call returns when it is not 0; a negative errno never comes from bytes. */
enum {
	_PROFILE_E_OK,
	PROFILE_E_MALFORMED, /* not one whole value of this characteristic */
	PROFILE_E_CHECKSUM,  /* its E2E-CRC is wrong */
	PROFILE_E_OVERFLOW,  /* more readings than fit: the rest was dropped */
	PROFILE_E_UNKNOWN,   /* no such characteristic here, or nothing is done with it */
};

/* ---- the row ---- */

enum profile_use {
	PROFILE_USE_READ = 1 << 0,      /* at the beginning */
	PROFILE_USE_SUBSCRIBE = 1 << 1, /* notifications or indications, whichever there is */
	PROFILE_USE_WRITE = 1 << 2,     /* the profile writes to it */
	PROFILE_USE_NEEDED = 1 << 3,    /* without it the profile is of no use */
};

struct profile_characteristic {
	uint16_t uuid;
	uint8_t use; /* enum profile_use */
};

/* How a device with this profile wants to be treated when links are scarce. */
enum profile_manner {
	PROFILE_PASSING,  /* says nothing by itself that a ward would wait for */
	PROFILE_EPISODIC, /* connect when it advertises, read, let go */
	PROFILE_STREAM,   /* keep the link */
};

#define PROFILE_STATE_MAX 128

struct ble_profile {
	const char *name; /* as in logs and documents: "heart-rate" */
	uint16_t service; /* 16-bit UUID */
	uint8_t manner;   /* enum profile_manner */
	/* In the order in which they are read and subscribed to. */
	const struct profile_characteristic *characteristics;
	size_t characteristic_count;
	size_t state_size; /* up to PROFILE_STATE_MAX */
	/* All reading and subscribing is done. May be NULL. */
	int (*ready)(const struct profile_call *c);
	/* A value was read, notified or indicated. */
	int (*heard)(const struct profile_call *c, const struct profile_value *v);
	/* A write ended; att_error 0: well. May be NULL when nothing is written. */
	int (*wrote)(const struct profile_call *c, uint16_t characteristic, uint8_t att_error);
	/* What had the cookie is safe, or will not be. May be NULL when ask_safe is never set. */
	int (*safe)(const struct profile_call *c, uint32_t cookie, bool is_safe);
	/* The deadline has passed. May be NULL when there is none. */
	int (*tick)(const struct profile_call *c);
};

/* The text of a note, for logs: "its clock was put right". */
const char *profile_note_text(enum profile_note n);
