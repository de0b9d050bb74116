/*
 * One connection, from "connected" to its end: MTU, what the device has (as kept
 * or discovered), the actions of its profiles, security as it is asked for,
 * readings out, indications confirmed once they are safe. Sans-IO: PDUs, the
 * time and what the driver found out come in, PDUs are fetched, readings and
 * notices go out by calls. It opens and closes nothing: when link.end says that
 * the link is over, the driver closes the socket. No memory is taken.
 *
 * One turn of the driver: one link_receive() for each PDU read (or whatever else
 * has happened); while link_output() gives one, write it and say link_sent();
 * when link.end is not LINK_GOES_ON, close the socket and link_stop(); else wake
 * up at link_deadline() for link_tick().
 *
 * An indication is confirmed at once if no readings came of it, else when they
 * are safe, in the order of arrival; if they will not be, or are not within
 * LEDGER_PATIENCE_US, the link is dropped and it stays unconfirmed, so that the
 * device keeps what it has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/att.h"
#include "ble/gatt.h"
#include "ble/profiles/session.h"
#include "ble/slots.h"

/* Until security is there: people may take part. */
#define LINK_SECURITY_US (60 * INT64_C(1000000))
/* From the beginning, security apart, to the last subscription. */
#define LINK_SETUP_US (180 * INT64_C(1000000))
/* A device that comes and goes may go: so long after its last value, after all profiles are
 * finished, and without any value. */
#define LINK_GRACE_US (5 * INT64_C(1000000))
#define LINK_FINISHED_US (1 * INT64_C(1000000))
#define LINK_EMPTY_US (30 * INT64_C(1000000))
/* A stream that is silent is asked for something after three of its intervals, this at least; a
 * link that does not answer is dropped, and so is one that goes on answering but says nothing. */
#define LINK_QUIET_MIN_US (30 * INT64_C(1000000))
#define LINK_QUIET_US (60 * INT64_C(1000000)) /* when its interval is not known */
#define LINK_PROBE_US (10 * INT64_C(1000000))
#define LINK_PROBES_MAX 3
/* Values that come before their profile's turn, as bonded devices send them; so many of them may be
 * notifications, the rest is for indications. */
#define LINK_EARLY_MAX (4 + ATT_UNCONFIRMED_MAX)

/* Levels of security, as BT_SECURITY has them. */
enum { LINK_LEVEL_NONE = 1, LINK_LEVEL_ENCRYPTED, LINK_LEVEL_AUTHENTICATED };

enum link_end {
	LINK_GOES_ON,
	LINK_DONE,       /* a device that comes and goes: nothing more is to be had */
	LINK_LET_GO,     /* the driver wanted it */
	LINK_NO_PROFILE, /* nothing that a profile is there for */
	LINK_REFUSED,    /* by the device: all its profiles, or its table */
	LINK_SECURITY,   /* security was needed and did not come about */
	LINK_NOT_SAFE,   /* an indication could not be made safe */
	LINK_DISCOVERY,  /* its table cannot be read: gatt_outcome_word() */
	LINK_SLOW,       /* not ready within LINK_SETUP_US */
	LINK_NO_ANSWER,  /* a request or a probe was not answered */
	LINK_SILENT,     /* a stream that answers but says nothing */
	LINK_FLOODED,    /* more indications at once than any device may send */
	_LINK_END_MAX
};

enum link_state { LINK_MTU, LINK_SECURING, LINK_DISCOVERING, LINK_RUNNING, LINK_OVER };

/* What became of readings. */
enum link_taken {
	LINK_TAKEN_SAFE,  /* they are safe already */
	LINK_TAKEN_WAITS, /* taken; link_safe() follows with the token, unless it was 0 */
	LINK_TAKEN_NOT,   /* nothing can make them safe at present */
};

/* What has changed of the device, for link_ops.changed. */
enum link_change {
	LINK_CHANGED_FACTS = 1 << 0,   /* profile_device.facts */
	LINK_CHANGED_MEMORY = 1 << 1,  /* profile_device.memory: save it */
	LINK_CHANGED_BATTERY = 1 << 2, /* link.battery_percent */
	LINK_CHANGED_TABLE = 1 << 3,   /* link.gatt.table was discovered: keep it */
	LINK_CHANGED_READY = 1 << 4,   /* all is read and subscribed to; the link is in use */
};

struct link;

/* What became of a value that gave no readings, or not all. */
struct link_fault {
	const struct ble_profile *row; /* NULL: nobody's */
	uint16_t characteristic;       /* 0: none at this handle */
	uint16_t handle;
	int outcome; /* PROFILE_E_* */
	const uint8_t *bytes;
	size_t length;
};

/* None of them may call what is declared here. l->context is the driver's. */
struct link_ops {
	/* Readings of one value, auth set by the link's security. token: not 0 where somebody waits
	 * to hear that they are safe. */
	enum link_taken (*readings)(struct link *l, const struct ble_profile *row,
		const struct reading *list, size_t count, uint64_t token);
	/* Wants at least that level; link_secured() or link_security_failed() follows, later.
	 * False: there is none to be had. */
	bool (*secure)(struct link *l, unsigned level);
	/* changes: enum link_change, ored */
	void (*changed)(struct link *l, unsigned changes);
	/* For the log. */
	void (*note)(struct link *l, const struct ble_profile *row, enum profile_note note);
	void (*fault)(struct link *l, const struct link_fault *fault);
	/* The time for a device that asks; false: not known. May be NULL. */
	bool (*time)(struct link *l, struct att_server_time *ret);
};

struct link_settings {
	struct profile_device *device; /* outlives the link */
	struct decoded *scratch;       /* may be shared by all links */
	/* What was kept of it; copied. NULL: nothing. */
	const struct gatt_table *cached;
	unsigned level;    /* of the link, as it is */
	bool bonded;       /* there are keys: the link is encrypted before anything is read */
	bool secure_first; /* Bonding=yes: likewise, and it is paired with if there are none */
	bool never_secure; /* Bonding=no: what wants security is refused */
	int64_t expect_every_us; /* between values of a stream; 0: not known */
};

struct link_counters {
	uint64_t values, readings;
	uint64_t malformed, checksum, overflow, unknown; /* by outcome */
	uint64_t early_lost; /* came before their turn, more than LINK_EARLY_MAX */
	uint64_t confirmed, not_safe;
	uint64_t probes;
};

struct link_early {
	uint16_t handle, length;
	uint32_t number; /* of the indication, 0: notified */
	uint8_t bytes[ATT_VALUE_MAX];
};

struct link_indication {
	uint32_t number;
	bool safe;
	int64_t deadline_us;
};

/* To be embedded; fields are for link.c, but context, end, state, level, ready, battery_percent,
 * counters, gatt.table, att.mtu and session may be read. */
struct link {
	const struct link_ops *ops;
	void *context;
	struct link_settings settings; /* but cached */
	enum link_state state;
	enum link_end end;
	char detail[80]; /* beside end: what in particular */
	unsigned level;
	bool ready;
	int battery_percent; /* -1: not said */
	struct link_counters counters;

	struct att att;
	struct gatt gatt;
	struct session session;
	struct decode_time now;
	int64_t setup_deadline_us;    /* INT64_MAX: ready */
	int64_t security_deadline_us; /* INT64_MAX: not waited for */
	int64_t setup_left_us;        /* while security is waited for */
	int64_t heard_us;             /* the last value, or when the link became ready */
	int64_t quiet_us;             /* when the silence of a stream counts from */
	int64_t probe_us;             /* deadline of a probe's answer; INT64_MAX: none under way */
	unsigned probes;              /* in a row, all answered */
	uint16_t probe_handle;
	bool values_heard, leaving;
	bool action_waits; /* for security, to be performed again */
	struct session_action action;
	unsigned wanted_level; /* the most that was asked for */
	unsigned tried_level;  /* of the link when what is under way began */
	uint8_t refusal;       /* the ATT error that wanted security; 0: we wanted it */
	uint32_t finished;     /* bits of session slots */
	uint8_t generation;    /* of the session, in tokens */
	unsigned unsafe;       /* tokens of the session that are out */
	uint32_t last_number;
	struct link_indication waiting[ATT_UNCONFIRMED_MAX];
	unsigned waiting_count;
	struct link_early early[LINK_EARLY_MAX];
	unsigned early_count;
	struct gatt_table cached;
	bool has_cached;
};

/* The link is connected; begins at once. */
void link_begin(struct link *l, const struct link_ops *ops, void *context,
	const struct link_settings *settings, const struct decode_time *now);
/* The socket is gone, or is about to be: forgets what was under way, calls nobody. Tokens mean
 * nothing any more. */
void link_stop(struct link *l);

/* One PDU, as a read gave it. */
void link_receive(struct link *l, const uint8_t *pdu, size_t length, const struct decode_time *now);
/* What to write next, whole, or NULL; the same one again until link_sent(). */
const uint8_t *link_output(struct link *l, size_t *ret_length);
void link_sent(struct link *l);

/* What had the token is safe, or will not be. */
void link_safe(struct link *l, uint64_t token, bool is_safe, const struct decode_time *now);
/* The level of security has changed, asked for or not. */
void link_secured(struct link *l, unsigned level, const struct decode_time *now);
/* It could not be had, and the link still stands: goes on without if it can. */
void link_security_failed(struct link *l, const struct decode_time *now);
/* Ends it, once no indication waits for being safe. */
void link_let_go(struct link *l, const struct decode_time *now);

/* When to call link_tick(), INT64_MAX for never. */
int64_t link_deadline(const struct link *l);
void link_tick(struct link *l, const struct decode_time *now);

/* A lower-case phrase for logs; link.detail may have more. */
const char *link_end_text(enum link_end end);
/* "malformed value" and so on, of PROFILE_E_*. */
const char *link_fault_text(int outcome);
/* What the end means for who is served next. LINK_GOES_ON: the other side closed it. */
enum slots_end link_slots_end(const struct link *l);
