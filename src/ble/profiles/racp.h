/*
 * The Record Access Control Point 0x2A52, the collector's side: asks for stored
 * records, keeps count of which are safe, and deletes. Which records to ask for
 * is the profile's affair. Records are named by 16 bits: a sequence number or a
 * time offset. The profile that holds a struct racp hands it what concerns it.
 */
#pragma once

#include "ble/profiles/profiles.h"

#define RACP_CHARACTERISTIC 0x2a52

enum racp_doing { RACP_IDLE, RACP_REPORTING, RACP_COUNTING, RACP_DELETING, RACP_ABORTING };

struct racp {
	uint8_t doing;     /* enum racp_doing */
	bool broken;       /* a record of this report could not be read, or will not be safe */
	bool complete;     /* the device said that this was all */
	bool any;          /* there was at least one record */
	uint16_t last;     /* the greatest record of this report */
	uint32_t received; /* records of this report */
	uint32_t pending;  /* of them, not known to be safe yet */
};

enum racp_event {
	RACP_NOTHING,
	RACP_REPORTED, /* all records that were asked for have been sent, or there is none */
	RACP_COUNTED,  /* the number is in *ret_count */
	RACP_DELETED,  /* or there was none left */
	RACP_REFUSED,  /* the device does not offer this */
	RACP_FAILED,
	RACP_ABORTED,
	RACP_BUSY, /* another procedure is in progress */
	RACP_TIMED_OUT,
	RACP_MALFORMED,
};

void racp_report_all(const struct profile_call *c, struct racp *r);
/* From this record on, itself included. */
void racp_report_from(const struct profile_call *c, struct racp *r, uint16_t record);
void racp_count(const struct profile_call *c, struct racp *r);
void racp_delete_all(const struct profile_call *c, struct racp *r);
/* Up to this record, itself included. */
void racp_delete_to(const struct profile_call *c, struct racp *r, uint16_t record);

/* An indication of the control point. */
enum racp_event racp_heard(const struct profile_call *c, struct racp *r,
	const struct profile_value *v, uint16_t *ret_count);
/* The end of a write to it. */
enum racp_event racp_wrote(const struct profile_call *c, struct racp *r, uint8_t att_error);
/* The deadline. The first time the procedure is aborted, the second time given up. */
enum racp_event racp_tick(const struct profile_call *c, struct racp *r);

/* A record came: its readings are to be safe before it counts. Whether it came of a report or by
 * itself makes no difference. */
void racp_record(const struct profile_call *c, struct racp *r, uint16_t record);
/* A record came that could not be read: nothing is deleted on this connection. */
void racp_unreadable(const struct profile_call *c, struct racp *r);
/* What became of a record. Returns whether now all records of a complete report are safe. */
bool racp_safe(struct racp *r, bool is_safe);
/* Whether all records of a complete report are safe. */
bool racp_all_safe(const struct racp *r);

/* What all profiles do with an event: notes what has ended, and how. Returns what the profile
 * returns for it: 0 or PROFILE_E_MALFORMED. */
int racp_told(const struct profile_call *c, enum racp_event e);
