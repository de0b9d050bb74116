/*
 * The ledger: which messages are new, in flight, stored or delivered, in which
 * order they go, and whose receipts wait for them. Pure: it knows no socket,
 * no file and no clock. publish/ sends what outbox_next() gives and reports
 * back; ledger_disk.c has what outbox_write() gives written and brings back
 * what waits on the disk alone.
 *
 *   append -> live ------> in flight -> confirmed (freed)
 *        \-> backlog --/      |  \-> refused -> waiting -> backlog, or aside
 *              ^--------------/  connection lost
 *
 * Beside its queue, a message is either lacked by the disk (fresh, or being
 * written) or stored. It is safe once it is confirmed or stored. What is
 * stored and cannot go soon is evicted: it is then on the disk alone, until
 * outbox_wants() asks for it again.
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
	bool backfill; /* it waited in the gateway; of a reading: the same in there */
	uint64_t sequence;
	struct reading reading; /* MESSAGE_READING */
	/* Others: the run that numbered it (one reference; NULL: the present one), the topic below
	 * the prefix, and the JSON body; owned by the outbox. */
	struct label *epoch;
	char *topic, *body;
};

/* The run that numbered it, NULL: the present one. */
const struct label *message_epoch(const struct message *m);

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

/* What was given up, joined: count of the numbers first to last of one run. */
struct outbox_gap {
	const struct label *epoch; /* NULL: the present run */
	uint64_t first, last, count;
	const char *reason;
};
/* Called from outbox_tick() once nothing was given up for a second, or much was. */
typedef void (*outbox_gap_fn)(const struct outbox_gap *gap, void *userdata);
void outbox_set_gap(struct outbox *o, outbox_gap_fn fn, void *userdata);
/* Has it told now. */
void outbox_tell_gap(struct outbox *o);

/* Appends a record or an alarm event; topic and body are copied. Alarms and records always find a
 * place: at the limit the oldest reading gives way. Within a submission it is sent at its flush,
 * before the readings. owed: see ledger.h. Returns 0 or -ENOMEM. */
int outbox_append_message(struct outbox *o, enum message_kind kind, uint64_t sequence,
	const char *topic, const char *body, int64_t owed);

/* The same of one that an earlier run numbered and that may have been lost with it. Takes a
 * reference of epoch. Returns 0, also when it is there already, or -ENOMEM. */
int outbox_append_earlier(struct outbox *o, enum message_kind kind, struct label *epoch,
	uint64_t sequence, const char *topic, const char *body);

/* The broker's side. A session begins with outbox_connected() and ends with
 * outbox_disconnected(), which puts what was in flight back, oldest first, into the backlog. */
void outbox_connected(struct outbox *o, unsigned window);
void outbox_disconnected(struct outbox *o);
/* The window shrank or grew (Receive Maximum, 0x97). */
void outbox_set_window(struct outbox *o, unsigned window);
/* The next to send, or NULL when the window is full or nothing may go now: alarms first, for which
 * one place is always kept; then live, then backlog in at most half the window and no more than
 * keeps the way busy (pace.h). The caller sends it and calls outbox_sent(), or leaves it and calls
 * again later. */
struct outbox_entry *outbox_next(struct outbox *o);
void outbox_sent(struct outbox *o, struct outbox_entry *e);
/* PUBACK with success: receipts are told, the entry is freed. */
void outbox_confirmed(struct outbox *o, struct outbox_entry *e);
/* Refused by reason code, not to be lost: tried again after a back-off that doubles from 1 s, set
 * aside after limits.tries. Returns true when it was set aside. */
bool outbox_refused(struct outbox *o, struct outbox_entry *e, uint8_t reason_code);
/* Neither refused nor confirmed (nobody subscribes and NoSubscriber=keep): tried again after
 * delay_us, as often as it takes. */
void outbox_postponed(struct outbox *o, struct outbox_entry *e, int64_t delay_us);
/* Set aside at once (the one message that makes the broker hang up). */
void outbox_set_aside(struct outbox *o, struct outbox_entry *e, uint8_t reason_code);

/* Those set aside, oldest first: the one after e, the first for NULL. NULL: no more. */
struct outbox_entry *outbox_aside_after(const struct outbox *o, const struct outbox_entry *e);
/* The boot time at which it was set aside; 0: in an earlier run. */
int64_t outbox_aside_since(const struct outbox_entry *e);
/* It is offered again, as often as one that never was. */
void outbox_retry_aside(struct outbox *o, struct outbox_entry *e);
/* It is given up, and leaves a gap. */
void outbox_drop_aside(struct outbox *o, struct outbox_entry *e);
/* Called for one that is offered again, and that the disk knows to be set aside. */
typedef void (*outbox_retried_fn)(int64_t position, void *userdata);
void outbox_set_retried(struct outbox *o, outbox_retried_fn fn, void *userdata);

/* Called for each alarm event or record that the broker confirmed, before it is freed. */
typedef void (*outbox_confirmed_fn)(const struct message *m, void *userdata);
void outbox_set_confirmed(struct outbox *o, outbox_confirmed_fn fn, void *userdata);

enum outbox_fate {
	OUTBOX_ELSEWHERE, /* delivered, given up, or on the disk alone */
	OUTBOX_UNSAFE,    /* in memory alone */
	OUTBOX_STORED,    /* on the disk as well */
	OUTBOX_ASIDE,
};
/* What became of a message; epoch NULL: of this run. */
enum outbox_fate outbox_fate(struct outbox *o, const struct label *epoch, uint64_t sequence);

const struct message *outbox_entry_message(const struct outbox_entry *e);
/* Where it stands in the order of arrival, from 1; the same after a connection lost or a stay on
 * the disk alone. */
int64_t outbox_entry_position(const struct outbox_entry *e);
/* For publish/ to keep its own mark (which of several payloads are confirmed). */
unsigned outbox_entry_mark(const struct outbox_entry *e);
void outbox_entry_set_mark(struct outbox_entry *e, unsigned mark);

/* --- the disk's side --- */

/* Positions of this run's messages begin here, so that those of earlier runs fit below. */
#define OUTBOX_FIRST_POSITION (INT64_C(1) << 48)

/* Called when the disk lacks something for the first time since it lacked nothing, and when a
 * broker is there again, so that what waits can be read back. */
void outbox_set_attention(struct outbox *o, outbox_wake_fn fn, void *userdata);
/* Called for a message that is over (delivered, given up), before it is freed: on_disk says that
 * the disk has it or is being given it; owed: what it made good, 0 nothing or the disk knows. */
typedef void (*outbox_over_fn)(int64_t position, bool on_disk, int64_t owed, void *userdata);
void outbox_set_over(struct outbox *o, outbox_over_fn fn, void *userdata);

/* Takes those that the disk lacks and that came before before_boot_us, oldest first, all of them
 * while no broker is connected: at most count. They count as being written until
 * outbox_written(). Returns how many. */
size_t outbox_write(
	struct outbox *o, int64_t before_boot_us, struct outbox_entry **ret, size_t count);
/* How the writing ended. Stored: their receipts are told, and what cannot go soon is evicted. */
void outbox_written(struct outbox *o, bool stored);
/* Whether something is lacked and not being written. */
bool outbox_lacking(const struct outbox *o);
/* The disk lost what it had: all in memory is lacked again. */
void outbox_forget_stored(struct outbox *o);
/* Messages set aside that the disk has and has not been told so: at most count. They count as told
 * until outbox_asides_failed(). */
size_t outbox_asides(struct outbox *o, struct outbox_entry **ret, size_t count);
void outbox_asides_failed(struct outbox *o);
int64_t outbox_entry_owed(const struct outbox_entry *e);
uint8_t outbox_entry_reason(const struct outbox_entry *e);
unsigned outbox_entry_tries(const struct outbox_entry *e);

enum outbox_table { OUTBOX_READINGS, OUTBOX_EVENTS, _OUTBOX_TABLE_MAX };

/* From this position on that table has messages that are not in memory. */
void outbox_on_disk(struct outbox *o, enum outbox_table t, int64_t from);
/* How many of that table to read back now, 0 none; *ret_from: the position to begin with. */
size_t outbox_wants(struct outbox *o, enum outbox_table t, int64_t *ret_from);
/* A message came back from the disk: it joins the backlog, or those set aside when reason_code is
 * not 0, with as many tries. What m refers to is taken over. Returns 1; 0, and takes nothing over,
 * when it is in memory already; OUTBOX_TWICE, likewise, when that is another copy of it
 * (outbox_append_earlier()), and this one is of no use; or -ENOMEM. */
enum { OUTBOX_TWICE = 2 };
int outbox_load(struct outbox *o, int64_t position, const struct message *m, unsigned tries,
	uint8_t reason_code);
/* How many there are on the disk alone; for the counters. */
void outbox_note_waiting(struct outbox *o, uint64_t count);
/* All up to and with this position came back; end: the table has no more. */
void outbox_loaded(struct outbox *o, enum outbox_table t, int64_t upto, bool end);

/* What was asked for, or will be, cannot be read at present: what is in memory waits for it no
 * longer. Until outbox_loaded(), or outbox_readable(): the disk did what it was given. */
void outbox_unreadable(struct outbox *o);
void outbox_readable(struct outbox *o);

/* Runs what is due: the patience of receipts, back-offs. Returns the boot time at which to call
 * again, INT64_MAX for never. */
int64_t outbox_tick(struct outbox *o, int64_t boot_us);

struct outbox_counters {
	size_t depth; /* in memory, all but set aside */
	size_t in_flight, backlog, live, aside;
	size_t stored;    /* of all in memory, set aside included: those that the disk has too */
	bool on_disk;     /* there are more on the disk alone */
	uint64_t waiting; /* how many of them, as last noted */
	uint64_t taken, delivered, set_aside, dropped;
	int64_t oldest_boot_us; /* when the oldest undelivered one came; 0: none */
	bool connected;
};
struct outbox_counters outbox_counters(const struct outbox *o);
/* All in memory is stored, and a broker that is there was sent all that is new: the process may
 * end once it has confirmed what is in flight. */
bool outbox_settled(const struct outbox *o);
