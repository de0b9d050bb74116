/*
 * What outbox.c (the gateway's side), flow.c (the broker's) and disk.c (the
 * disk's) share. For these files only.
 */
#pragma once

#include "outbox/entry.h"
#include "outbox/pace.h"

#define BUCKETS 4096 /* power of two */

/* What is on the disk alone, of one table. */
struct shelf {
	bool more;
	int64_t from;  /* the lowest position that may be missing in memory */
	int64_t asked; /* where the last reading began */
	bool unreadable;
};

struct outbox {
	struct outbox_limits limits;
	struct queue urgent, live, backlog, in_flight, waiting, aside;
	struct lack fresh, writing;
	struct shelf shelves[_OUTBOX_TABLE_MAX];
	size_t backlog_in_flight;
	struct pace pace;
	size_t stored;
	int64_t next_position;
	bool asides_untold;
	struct outbox_entry *buckets[BUCKETS]; /* by sequence */
	struct outbox_entry *spare;
	size_t spare_count;
	size_t reserved; /* of them: for readings of the submission that is under way */
	bool taking;     /* some of a submission is taken, and its flush comes */
	struct receipt_list receipts;
	unsigned window;
	bool connected;
	int64_t now_boot_us;
	outbox_wake_fn wake, attention;
	void *wake_userdata, *attention_userdata;
	outbox_dropped_fn dropped;
	void *dropped_userdata;
	outbox_over_fn over;
	void *over_userdata;
	outbox_retried_fn retried;
	void *retried_userdata;
	outbox_confirmed_fn confirmed;
	void *confirmed_userdata;
	outbox_gap_fn gap_told;
	void *gap_userdata;
	struct outbox_gap gap; /* reason NULL: none */
	struct label *gap_epoch;
	int64_t gap_began_us, gap_grew_us;
	uint64_t disk_alone; /* messages on the disk alone */
	uint64_t taken, delivered, set_aside, dropped_count;
};

typedef void (*receipt_end_fn)(struct receipt *r);

/* Ends those that wait for e. */
void outbox_end_receipts(struct outbox_entry *e, receipt_end_fn end);
/* The message of that run and number, NULL when it is not in memory. */
struct outbox_entry *outbox_find(struct outbox *o, const struct label *epoch, uint64_t sequence);
/* Sees to it that count entries are at hand. Returns 0 or -ENOMEM. */
int outbox_stock_up(struct outbox *o, size_t count);
/* One of those at hand; it takes over what m refers to. */
struct outbox_entry *outbox_enter(struct outbox *o, const struct message *m, int64_t position);
/* The message is over: delivered or given up. Takes the entry out of all structures, then tells
 * the receipts: what they call may append. */
void outbox_leave(struct outbox *o, struct outbox_entry *e, receipt_end_fn end);
/* Only the entry goes: the message stays, on the disk. */
void outbox_evict(struct outbox *o, struct outbox_entry *e);
/* Given up for want of room. */
void outbox_drop(struct outbox *o, struct outbox_entry *e, const char *reason);
/* Tells the joined gap when it is time. Returns when it will be, INT64_MAX for never. */
int64_t outbox_tick_gap(struct outbox *o);
/* Evicts what is stored and cannot go soon. */
void outbox_tidy(struct outbox *o);
void outbox_wake(struct outbox *o);
void outbox_mark_backfill(struct outbox_entry *e);

static inline bool entry_urgent(const struct outbox_entry *e)
{
	return e->message.kind != MESSAGE_READING;
}

static inline enum outbox_table entry_table(const struct outbox_entry *e)
{
	return entry_urgent(e) ? OUTBOX_EVENTS : OUTBOX_READINGS;
}

/* Something older of its kind is on the disk alone and will come: it goes first. */
static inline bool entry_behind_disk(const struct outbox *o, const struct outbox_entry *e)
{
	const struct shelf *s = &o->shelves[entry_table(e)];

	return s->more && !s->unreadable && s->from <= e->position;
}

static inline bool entry_stored(const struct outbox_entry *e)
{
	return !e->lack;
}
