/*
 * What a device has, and using it: discovers services, characteristics and
 * their configuration descriptors over an ATT bearer, or finds that what was
 * discovered before still holds (Database Hash, Service Changed: Core Vol 3
 * Part G 7.3, 7.1), and performs the actions of ble/profiles/session.h. Only
 * services that a profile is there for are looked into. Pure; it knows no
 * link, no pairing and no profile's meaning.
 *
 * What the owner of the link does with it: after connecting, att_exchange_mtu();
 * then gatt_start(), with the table that was kept from the last time, if any
 * (ble/gatt_cache.h); upon discovered() with GATT_FOUND or GATT_AS_CACHED,
 * session_begin() with g->table.attributes; gatt_perform() for each action.
 * What is heard goes to gatt_heard() first: when it says true, the device's
 * table has changed, actions under way are forgotten, and discovered() comes
 * again: begin the session anew then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/att.h"
#include "ble/profiles/session.h"

#define GATT_SERVICES_MAX 24  /* with a profile, or the GATT service itself */
#define GATT_REQUESTS_MAX 400 /* of one discovery */
#define GATT_STARTS_MAX 6     /* discoveries of one connection that the device may cause */
#define GATT_DISCOVERY_US (120 * INT64_C(1000000))
#define GATT_HASH_SIZE 16

#define GATT_SERVICE 0x1801
#define GATT_SERVICE_CHANGED 0x2A05
#define GATT_DATABASE_HASH 0x2B2A

struct gatt_service {
	uint16_t uuid, start, end; /* end: its last handle */
	bool included;             /* found by its inclusion: it is not a primary one */
};

/* What a device has. Services and attributes are in order of their handles, but for services that
 * are included, which come last. */
struct gatt_table {
	bool has_hash;
	uint8_t hash[GATT_HASH_SIZE];
	bool truncated; /* it has more than fits: the rest is left out */
	size_t service_count, count;
	struct gatt_service services[GATT_SERVICES_MAX];
	struct session_attribute attributes[SESSION_ATTRIBUTES_MAX];
	uint16_t cccds[SESSION_ATTRIBUTES_MAX]; /* of each attribute, 0: has none */
};

enum gatt_outcome {
	GATT_FOUND,     /* discovered: keep g->table */
	GATT_AS_CACHED, /* what was kept still holds */
	GATT_REFUSED, /* by the error told; if it wants security, start again once there is some */
	GATT_MALFORMED, /* an answer that cannot be: backwards, out of range, of impossible length
			 */
	GATT_ENDLESS,   /* more than GATT_REQUESTS_MAX requests */
	GATT_SLOW,      /* more than GATT_DISCOVERY_US */
	GATT_UNSTABLE,  /* more than GATT_STARTS_MAX changes of its table */
};

struct gatt;

/* Both may call whatever is declared here. */
struct gatt_ops {
	/* Discovery has ended. att_error: with GATT_REFUSED, else 0. */
	void (*discovered)(
		struct gatt *g, enum gatt_outcome outcome, uint8_t att_error, int64_t now_us);
	/* The action has ended; for session_done(). Bytes, of a read, are valid during the call. */
	void (*performed)(struct gatt *g, uint8_t att_error, const uint8_t *bytes, size_t length,
		int64_t now_us);
};

/* To be embedded; fields are for gatt.c, but context and, once discovered, table may be read. */
struct gatt {
	const struct gatt_ops *ops;
	void *context; /* the caller's */
	struct att *att;
	struct gatt_table table;

	uint8_t stage;        /* enum gatt_stage, ble/gatt_discovery.h */
	bool cached, checked; /* the table is one that was kept; its hash holds */
	bool bonded;
	bool unsecured;    /* Service Changed was refused: again once another one was granted */
	bool doubted;      /* something like Service Changed came before the table was known */
	bool looked_again; /* gatt_doubt() has begun a discovery */
	unsigned requests, starts;
	int64_t deadline_us;
	size_t at;            /* the service or attribute under way */
	uint16_t next, until; /* handles of the request under way */
	size_t open;          /* the attribute whose last handle is not known yet, +1 */
	uint16_t ends[SESSION_ATTRIBUTES_MAX]; /* last handle of each attribute's descriptors */

	bool performing;
	struct session_action action;
	size_t value_length;
	uint8_t value[ATT_VALUE_MAX];
};

/* A connected link; att has been initialised. */
void gatt_init(struct gatt *g, const struct gatt_ops *ops, void *context, struct att *att);

/* The link is gone: forgets all, calls nobody. The table stays. */
void gatt_stop(struct gatt *g);

/* Begins, or begins anew. cached: what was kept of this device, copied; NULL when nothing was.
 * bonded: the device remembers us, so that it would say what changed. Without a Database Hash the
 * list of services is read and compared, and what was kept is not believed of a device that has
 * Service Changed but is not bonded. Returns 0 or -ENOTCONN, -ENOBUFS. */
int gatt_start(struct gatt *g, const struct gatt_table *cached, bool bonded, int64_t now_us);

/* Whether it was about the device's table: confirmed, and discovery is under way again. False: it
 * is for the session, and nothing was done. */
bool gatt_heard(struct gatt *g, uint16_t handle, bool indicated, const uint8_t *bytes,
	size_t length, int64_t now_us);

/* Performs one action: a read of up to ATT_VALUE_MAX bytes in as many pieces as that takes, a
 * subscription by the attribute's descriptor, a write. Returns 0; -EBUSY while another one or the
 * discovery is under way; -ENOENT for a subscription to what has no descriptor (for the session:
 * ATT_ERROR_NOT_FOUND); else as the requests of ble/att.h. */
int gatt_perform(struct gatt *g, const struct session_action *action, int64_t now_us);
/* Forgets the action under way: performed() does not come. */
void gatt_forget(struct gatt *g);

/* Something came from that handle. If the table does not have it, which no device that keeps to
 * what it told would do, all is discovered anew, once in a connection: then true, and as
 * gatt_heard(). */
bool gatt_doubt(struct gatt *g, uint16_t handle, int64_t now_us);

/* When to call gatt_tick(), INT64_MAX for never. */
int64_t gatt_deadline(const struct gatt *g);
void gatt_tick(struct gatt *g, int64_t now_us);

/* The attribute whose value has that handle, NULL when there is none. */
const struct session_attribute *gatt_attribute(const struct gatt_table *t, uint16_t handle);

/* A lower-case word, for messages and status. */
const char *gatt_outcome_word(enum gatt_outcome outcome);
