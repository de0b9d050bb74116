/*
 * Who may connect when an adapter has fewer connections than its devices want.
 * Pure: one table per adapter; what is heard, opened and ended comes in with the
 * time, and slots_next() says whom to connect to and whom to let go. It opens
 * nothing, and does not know what a link is for.
 *
 * Streams keep the slot that they have; a stream whose link breaks has its slot
 * kept for it for a moment. While there are devices that come and go, one slot
 * (two of six or more) is theirs: they get it as they advertise, whoever was
 * served longest ago first. Where more streams wait than there are slots, one
 * that has had its tenure gives way to the one that waits longest, so that a
 * ward with too few adapters hears all of its devices now and then rather than
 * some of them never.
 *
 * How many connections the adapter has is given, or learnt when it refuses one;
 * what was learnt is put to the test again after a while.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/mgmt.h"
#include "util/cleanup.h"

#define SLOTS_CANDIDATES_MAX 1024
#define SLOTS_LIMIT_MAX 64     /* more than any controller has */
#define SLOTS_CONNECTING_MAX 2 /* at once: the controller begins one at a time */
#define SLOTS_NEVER INT64_MAX

/* How long an attempt may take; an interval of advertising that was heard makes it longer. */
#define SLOTS_CONNECT_MIN_US (8 * INT64_C(1000000))
#define SLOTS_CONNECT_MAX_US (40 * INT64_C(1000000))
/* A visit of a device that comes and goes, while others wait. */
#define SLOTS_VISIT_US (180 * INT64_C(1000000))
/* Of a stream, while others wait: slots_settings.tenure_us by default. */
#define SLOTS_TENURE_US (300 * INT64_C(1000000))
/* Silent for so long, what advertises again has something new: its back-off is over. */
#define SLOTS_BURST_US (30 * INT64_C(1000000))
/* After the first failure; doubles. Plus or minus a quarter, as all of them. */
#define SLOTS_BACKOFF_US (1 * INT64_C(1000000))
#define SLOTS_BACKOFF_MAX_US (120 * INT64_C(1000000))
#define SLOTS_REST_US (15 * INT64_C(1000000)) /* after a visit for nothing; doubles */
#define SLOTS_REST_MAX_US (60 * INT64_C(1000000))

enum slots_kind {
	SLOTS_EPISODIC, /* connect when it advertises, read, let go */
	SLOTS_STREAM,   /* keep the link */
};

enum slots_verb {
	SLOTS_NOTHING,
	SLOTS_CONNECT, /* connect to it; it counts as connecting */
	SLOTS_RELEASE, /* end its link or its attempt, then say so by slots_ended() */
};

/* Why SLOTS_RELEASE. */
enum slots_why {
	SLOTS_WHY_NONE,
	SLOTS_WHY_NO_ANSWER, /* the attempt took too long: say SLOTS_FAILED */
	SLOTS_WHY_VISIT,     /* it does not come to an end while others wait */
	SLOTS_WHY_EPISODIC,  /* gives way to a device that comes and goes */
	SLOTS_WHY_TURN,      /* gives way to a stream that waits longer */
};

/* How an attempt or a link ended. */
enum slots_end {
	SLOTS_SERVED,   /* as intended, with something to show for it */
	SLOTS_EMPTY,    /* as intended, but nothing came */
	SLOTS_LOST,     /* the link broke, or was dropped for a fault */
	SLOTS_FAILED,   /* it did not come about */
	SLOTS_FULL,     /* the adapter has no more connections */
	SLOTS_GAVE_WAY, /* SLOTS_RELEASE, but for SLOTS_WHY_NO_ANSWER */
	SLOTS_GONE,     /* the adapter went, or the daemon's own doing: not the device's fault */
};

struct slots_settings {
	uint64_t seed;     /* of the jitter */
	unsigned limit;    /* connections that the adapter has; 0: to be learnt */
	int64_t tenure_us; /* SLOTS_NEVER: streams never give way to streams */
};

/* For status and documents. */
struct slots_view {
	unsigned limit; /* given or learnt; 0: not known */
	unsigned connected, connecting;
	unsigned waiting;         /* heard, and would be connected to if there were room */
	unsigned waiting_streams; /* of these */
	unsigned held;
	uint64_t gave_way, refused; /* refused by the adapter */
};

struct slots;

/* Returns 0 or -ENOMEM. */
int slots_new(struct slots **ret, const struct slots_settings *settings);
struct slots *slots_free(struct slots *s);
WG_DEFINE_CLEANUP(struct slots *, slots_free)

/* Adds a device that connects; nothing happens until it is heard. userdata is the caller's.
 * Returns 0 with *ret_id, stable until slots_remove(), -ENOMEM, or -ENOSPC at
 * SLOTS_CANDIDATES_MAX. */
int slots_add(struct slots *s, enum slots_kind kind, void *userdata, unsigned *ret_id);
/* Forgets it, in whatever state; the caller ends its link. */
void slots_remove(struct slots *s, unsigned id);
/* Discovery knows better than the advertisement. */
void slots_set_kind(struct slots *s, unsigned id, enum slots_kind kind);
/* While held it is not connected to: a stale bond, a device that is paused. */
void slots_hold(struct slots *s, unsigned id, bool held);
/* What went wrong before counts no longer: an operator put it right. */
void slots_pardon(struct slots *s, unsigned id);
void *slots_userdata(const struct slots *s, unsigned id);

/* A connectable advertisement. Cheap. True: slots_next() may have something to say now. */
bool slots_heard(struct slots *s, unsigned id, int64_t now_us);
void slots_connected(struct slots *s, unsigned id, int64_t now_us);
void slots_ended(struct slots *s, unsigned id, enum slots_end how, int64_t now_us);
/* The adapter is gone or was reset: nothing is connected, nobody was heard, and what was learnt of
 * it is forgotten. */
void slots_reset(struct slots *s);

/* What to do now; again until SLOTS_NOTHING. ret_why may be NULL. */
enum slots_verb slots_next(
	struct slots *s, int64_t now_us, unsigned *ret_id, enum slots_why *ret_why);
/* When slots_next() is wanted at the latest, SLOTS_NEVER for not until something happens. */
int64_t slots_deadline(const struct slots *s);

void slots_look(const struct slots *s, int64_t now_us, struct slots_view *ret);
/* Whether it would be connected to if there were room. */
bool slots_waits(const struct slots *s, unsigned id, int64_t now_us);
/* Failures in a row. */
unsigned slots_failures(const struct slots *s, unsigned id);
/* A lower-case phrase for logs: "gives way to a stream that waits longer". */
const char *slots_why_text(enum slots_why why);

/* ---- how to treat a device by its services ---- */

/* Connection parameters by the 16-bit UUIDs that it advertises or has; the most demanding one
 * counts. ret->address is left alone. */
void slots_parameters_of(const uint16_t *services, size_t count, struct mgmt_params *ret);
/* A stream as soon as one of its profiles is. */
enum slots_kind slots_kind_of(const uint16_t *services, size_t count);
