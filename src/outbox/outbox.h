/*
 * The ledger: which messages are new, in flight, stored or delivered, in which
 * order they go, and whose receipts wait for them. Pure: it knows no socket,
 * no file and no clock; publish/ sends what outbox_next() gives and reports
 * back. The disk comes under it through outbox_stored().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "wardgate/ledger.h"
#include "wardgate/reading.h"

struct outbox;
struct outbox_entry;

enum message_kind {
	MESSAGE_READING,
	MESSAGE_RECORD, /* gap, epoch and clock records, audit */
	MESSAGE_ALARM,  /* an alarm event */
};

struct message {
	enum message_kind kind;
	uint64_t sequence;
	struct reading reading; /* MESSAGE_READING */
	/* Others: topic below the prefix, and the JSON body; owned by the outbox. */
	char *topic, *body;
};

struct outbox_limits {
	size_t messages; /* held in memory at most */
	unsigned tries;  /* refusals by reason code before a message is set aside */
	size_t aside;    /* set-aside messages kept */
};

int outbox_new(struct outbox **ret, const struct outbox_limits *limits);
struct outbox *outbox_free(struct outbox *o);
WG_DEFINE_CLEANUP(struct outbox *, outbox_free)

/* The gateway's view. wake is called by flush and whenever something became sendable. Time comes
 * in through outbox_set_now(), called once per loop turn or before a batch. */
struct ledger outbox_ledger(struct outbox *o);
typedef void (*outbox_wake_fn)(void *userdata);
void outbox_set_wake(struct outbox *o, outbox_wake_fn fn, void *userdata);
void outbox_set_now(struct outbox *o, int64_t boot_us);

/* Called for every message that is given up for want of room, before it is freed. */
typedef void (*outbox_dropped_fn)(const struct message *m, const char *reason, void *userdata);
void outbox_set_dropped(struct outbox *o, outbox_dropped_fn fn, void *userdata);

/* Appends a record or an alarm event; topic and body are copied. Alarms and records always find a
 * place: at the limit the oldest reading that nobody waits for gives way. Returns 0 or -ENOMEM. */
int outbox_append_message(struct outbox *o, enum message_kind kind, uint64_t sequence,
	const char *topic, const char *body);

/* The broker's side. A session begins with outbox_connected() and ends with
 * outbox_disconnected(), which puts what was in flight back, oldest first, into the backlog. */
void outbox_connected(struct outbox *o, unsigned window);
void outbox_disconnected(struct outbox *o);
/* The window shrank or grew (Receive Maximum, 0x97). */
void outbox_set_window(struct outbox *o, unsigned window);
/* The next to send, or NULL when the window is full or nothing may go now: alarms first, for which
 * one place is always kept; then live, then backlog in at most half the window. The caller sends it
 * and calls outbox_sent(), or leaves it and calls again later. */
struct outbox_entry *outbox_next(struct outbox *o);
void outbox_sent(struct outbox *o, struct outbox_entry *e);
/* PUBACK with success: receipts are told, the entry is freed. */
void outbox_confirmed(struct outbox *o, struct outbox_entry *e);
/* Refused by reason code, not to be lost: tried again after a back-off that doubles from 1 s, set
 * aside after limits.tries. Returns true when it was set aside. */
bool outbox_refused(struct outbox *o, struct outbox_entry *e, uint8_t reason_code);
/* Could not be sent now (0x97, a send error): goes back to where it came from. */
void outbox_returned(struct outbox *o, struct outbox_entry *e);
/* Neither refused nor confirmed (nobody subscribes and NoSubscriber=keep): tried again after
 * delay_us, as often as it takes. */
void outbox_postponed(struct outbox *o, struct outbox_entry *e, int64_t delay_us);
/* Set aside at once (the one message that makes the broker hang up). */
void outbox_set_aside(struct outbox *o, struct outbox_entry *e, uint8_t reason_code);

const struct message *outbox_entry_message(const struct outbox_entry *e);
/* For publish/ to keep its own mark (which of several payloads are confirmed). */
unsigned outbox_entry_mark(const struct outbox_entry *e);
void outbox_entry_set_mark(struct outbox_entry *e, unsigned mark);

/* Runs what is due: the patience of receipts, back-offs. Returns the boot time at which to call
 * again, INT64_MAX for never. */
int64_t outbox_tick(struct outbox *o, int64_t boot_us);

struct outbox_counters {
	size_t depth; /* all but set aside */
	size_t in_flight, backlog, live, aside;
	uint64_t taken, delivered, set_aside, dropped;
	int64_t oldest_boot_us; /* when the oldest undelivered one came; 0: none */
	bool connected;
};
struct outbox_counters outbox_counters(const struct outbox *o);
