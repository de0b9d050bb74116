/*
 * The ledger in memory: entries, and the gateway's side. See outbox.h; the
 * broker's side is flow.c, the disk's is disk.c.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/outbox_private.h"

#define SPARE_MAX 1024
#define GAP_QUIET_US INT64_C(1000000)
#define GAP_LONGEST_US INT64_C(10000000)

int outbox_new(struct outbox **ret, const struct outbox_limits *limits)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->limits = *limits;
	o->next_position = OUTBOX_FIRST_POSITION;
	*ret = o;
	return 0;
}

const struct label *message_epoch(const struct message *m)
{
	return m->kind == MESSAGE_READING ? m->reading.epoch : m->epoch;
}

/* --- entries --- */

static struct outbox_entry **bucket(struct outbox *o, uint64_t sequence)
{
	return &o->buckets[sequence & (BUCKETS - 1)];
}

static bool same_epoch(const struct label *a, const struct label *b)
{
	return a == b || (a && b && strcmp(a->text, b->text) == 0);
}

struct outbox_entry *outbox_find(struct outbox *o, const struct label *epoch, uint64_t sequence)
{
	struct outbox_entry *e = *bucket(o, sequence);

	while (e &&
		(e->message.sequence != sequence || !same_epoch(message_epoch(&e->message), epoch)))
		e = e->hash_next;
	return e;
}

int outbox_stock_up(struct outbox *o, size_t count)
{
	while (o->spare_count < count) {
		struct outbox_entry *e = malloc(sizeof(*e));

		if (!e)
			return -ENOMEM;
		e->hash_next = o->spare;
		o->spare = e;
		o->spare_count++;
	}
	return 0;
}

struct outbox_entry *outbox_enter(struct outbox *o, const struct message *m, int64_t position)
{
	struct outbox_entry **at = bucket(o, m->sequence);
	struct outbox_entry *e = o->spare;

	assert(e);
	o->spare = e->hash_next;
	o->spare_count--;
	memset(e, 0, offsetof(struct outbox_entry, message));
	e->message = *m;
	e->position = position;
	e->came_boot_us = o->now_boot_us;
	e->hash_next = *at;
	*at = e;
	return e;
}

/* A new message: the disk lacks it. */
static struct outbox_entry *enter_new(struct outbox *o, const struct message *m)
{
	struct outbox_entry *e = outbox_enter(o, m, o->next_position++);
	bool first = !o->fresh.first;

	lack_append(&o->fresh, e);
	o->taken++;
	if (first && o->attention)
		o->attention(o->attention_userdata);
	return e;
}

void outbox_end_receipts(struct outbox_entry *e, receipt_end_fn end)
{
	struct further_receipt *list = e->further;
	struct receipt *first = e->receipt;

	e->receipt = NULL;
	e->further = NULL;
	if (first)
		end(first);
	while (list) {
		struct further_receipt *f = list;

		list = f->next;
		end(f->receipt);
		free(f);
	}
}

/* Takes the entry out of all structures but for its receipts. */
static void unlink_entry(struct outbox *o, struct outbox_entry *e)
{
	struct outbox_entry **at = bucket(o, e->message.sequence);

	while (*at != e)
		at = &(*at)->hash_next;
	*at = e->hash_next;
	if (e->queue)
		queue_remove(e);
	if (e->lack)
		lack_remove(e);
	else
		o->stored--;
	if (e->message.kind == MESSAGE_READING)
		reading_release(&e->message.reading);
	label_unref(e->message.epoch);
	free(e->message.topic);
	free(e->message.body);
}

static void reuse(struct outbox *o, struct outbox_entry *e)
{
	if (o->spare_count >= SPARE_MAX) {
		free(e);
		return;
	}
	e->hash_next = o->spare;
	o->spare = e;
	o->spare_count++;
}

void outbox_leave(struct outbox *o, struct outbox_entry *e, receipt_end_fn end)
{
	bool on_disk = e->lack != &o->fresh;

	if (o->over && (on_disk || e->owed))
		o->over(e->position, on_disk, e->owed, o->over_userdata);
	unlink_entry(o, e);
	outbox_end_receipts(e, end);
	reuse(o, e);
}

void outbox_evict(struct outbox *o, struct outbox_entry *e)
{
	assert(entry_stored(e) && !e->receipt);
	outbox_on_disk(o, entry_table(e), e->position);
	unlink_entry(o, e);
	reuse(o, e);
}

void outbox_tell_gap(struct outbox *o)
{
	struct outbox_gap gap = o->gap;
	struct label *epoch = o->gap_epoch;

	o->gap = (struct outbox_gap){ 0 };
	o->gap_epoch = NULL;
	if (gap.reason && o->gap_told)
		o->gap_told(&gap, o->gap_userdata);
	label_unref(epoch);
}

int64_t outbox_tick_gap(struct outbox *o)
{
	int64_t due;

	if (!o->gap.reason)
		return INT64_MAX;
	due = o->gap_grew_us + GAP_QUIET_US;
	if (due > o->gap_began_us + GAP_LONGEST_US)
		due = o->gap_began_us + GAP_LONGEST_US;
	if (due > o->now_boot_us)
		return due;
	outbox_tell_gap(o);
	return INT64_MAX;
}

/* One record for many: else the records would take the room that the messages gave up. */
static void join_gap(struct outbox *o, const struct message *m, const char *reason)
{
	struct outbox_gap *gap = &o->gap;

	if (gap->reason &&
		(strcmp(gap->reason, reason) != 0 || !same_epoch(gap->epoch, message_epoch(m))))
		outbox_tell_gap(o);
	o->gap_grew_us = o->now_boot_us;
	if (!gap->reason) {
		o->gap_began_us = o->now_boot_us;
		o->gap_epoch = label_ref((struct label *)message_epoch(m));
		*gap = (struct outbox_gap){ o->gap_epoch, m->sequence, m->sequence, 1, reason };
		return;
	}
	gap->count++;
	if (m->sequence < gap->first)
		gap->first = m->sequence;
	if (m->sequence > gap->last)
		gap->last = m->sequence;
}

void outbox_drop(struct outbox *o, struct outbox_entry *e, const char *reason)
{
	o->dropped_count++;
	join_gap(o, &e->message, reason);
	if (o->dropped)
		o->dropped(&e->message, reason, o->dropped_userdata);
	outbox_leave(o, e, receipt_fail);
}

static size_t depth(const struct outbox *o)
{
	return o->urgent.length + o->live.length + o->backlog.length + o->in_flight.length +
	       o->waiting.length;
}

struct outbox *outbox_free(struct outbox *o)
{
	struct queue *queues[] = { &o->urgent, &o->live, &o->backlog, &o->in_flight, &o->waiting,
		&o->aside };

	if (!o)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
		while (queues[i]->first) {
			struct outbox_entry *e = queues[i]->first;

			unlink_entry(o, e);
			outbox_end_receipts(e, receipt_fail);
			free(e);
		}
	while (o->spare) {
		struct outbox_entry *e = o->spare;

		o->spare = e->hash_next;
		free(e);
	}
	label_unref(o->gap_epoch);
	free(o);
	return NULL;
}

/* --- the gateway's side --- */

/* The oldest reading that may be given up: from the backlog, else from the live ones. */
static struct outbox_entry *oldest_reading(struct outbox *o)
{
	if (o->backlog.first)
		return o->backlog.first;
	return o->live.first;
}

/* One gives way to a newer one. Returns whether it did. */
static bool displace(struct outbox *o)
{
	struct outbox_entry *oldest = oldest_reading(o);

	if (!oldest)
		return false;
	if (entry_stored(oldest))
		outbox_evict(o, oldest);
	else
		outbox_drop(o, oldest, "memory-full");
	return true;
}

static int reserve(void *object, size_t count, bool waits, int64_t boot_us)
{
	struct outbox *o = object;
	int r;

	o->now_boot_us = boot_us;
	o->reserved = 0;
	if (depth(o) + count > o->limits.messages)
		outbox_tidy(o);
	if (count > o->limits.messages)
		return LEDGER_E_NO_ROOM;
	while (depth(o) + count > o->limits.messages)
		if (waits || !displace(o))
			return LEDGER_E_NO_ROOM;
	r = outbox_stock_up(o, count);
	if (r == 0)
		o->reserved = count;
	return r;
}

static int make_receipt(void *object, receipt_fn done, void *userdata, struct receipt **ret)
{
	struct outbox *o = object;

	return receipt_new(ret, &o->receipts, done, userdata, o->now_boot_us + LEDGER_PATIENCE_US);
}

static void append(void *object, const struct reading *r, struct receipt *receipt)
{
	struct message m = { .kind = MESSAGE_READING, .sequence = r->sequence, .reading = *r };
	struct outbox *o = object;
	struct outbox_entry *e;

	reading_hold(&m.reading);
	if (o->reserved > 0)
		o->reserved--;
	o->taking = true;
	e = enter_new(o, &m);
	if (!o->connected)
		outbox_mark_backfill(e);
	if (receipt)
		e->receipt = receipt_attach(receipt);
	queue_append(o->connected ? &o->live : &o->backlog, e);
}

static bool attach(
	void *object, const struct label *epoch, uint64_t sequence, struct receipt *receipt)
{
	struct outbox *o = object;
	struct outbox_entry *e = outbox_find(o, epoch, sequence);

	if (!e || entry_stored(e))
		return false;
	if (!e->receipt) {
		e->receipt = receipt_attach(receipt);
	} else {
		struct further_receipt *f = calloc(1, sizeof(*f));

		/* Out of memory: the receipt's patience would lie, so it waits for this one for
		 * ever and ends by its deadline. */
		if (!f) {
			receipt->pending++;
			return true;
		}
		f->receipt = receipt_attach(receipt);
		f->next = e->further;
		e->further = f;
	}
	return true;
}

void outbox_wake(struct outbox *o)
{
	if (o->connected && o->wake)
		o->wake(o->wake_userdata);
}

static void flush(void *object)
{
	struct outbox *o = object;

	o->reserved = 0;
	o->taking = false;
	outbox_wake(o);
}

static int record(
	void *object, uint64_t sequence, const char *topic, const char *body, int64_t owed)
{
	return outbox_append_message(object, MESSAGE_RECORD, sequence, topic, body, owed);
}

struct ledger outbox_ledger(struct outbox *o)
{
	return (struct ledger){
		.object = o,
		.reserve = reserve,
		.receipt = make_receipt,
		.append = append,
		.attach = attach,
		.record = record,
		.flush = flush,
	};
}

/* Takes over m's epoch. */
static int append_message(
	struct outbox *o, struct message *m, const char *topic, const char *body, int64_t owed)
{
	struct outbox_entry *e;

	m->topic = strdup(topic);
	m->body = strdup(body);
	/* It may come between the readings of one submission. */
	if (!m->topic || !m->body || outbox_stock_up(o, o->reserved + 1) < 0) {
		label_unref(m->epoch);
		free(m->topic);
		free(m->body);
		return -ENOMEM;
	}
	e = enter_new(o, m);
	e->owed = owed;
	queue_append(&o->urgent, e);
	if (depth(o) > o->limits.messages)
		(void)displace(o);
	/* Among the readings of a submission: it goes with them, and first. */
	if (!o->taking)
		outbox_wake(o);
	return 0;
}

int outbox_append_message(struct outbox *o, enum message_kind kind, uint64_t sequence,
	const char *topic, const char *body, int64_t owed)
{
	struct message m = { .kind = kind, .sequence = sequence, .backfill = !o->connected };

	return append_message(o, &m, topic, body, owed);
}

int outbox_append_earlier(struct outbox *o, enum message_kind kind, struct label *epoch,
	uint64_t sequence, const char *topic, const char *body)
{
	struct message m = {
		.kind = kind, .sequence = sequence, .backfill = true, .epoch = label_ref(epoch)
	};

	if (outbox_find(o, epoch, sequence)) {
		label_unref(epoch);
		return 0;
	}
	return append_message(o, &m, topic, body, 0);
}

void outbox_set_wake(struct outbox *o, outbox_wake_fn fn, void *userdata)
{
	o->wake = fn;
	o->wake_userdata = userdata;
}

void outbox_set_dropped(struct outbox *o, outbox_dropped_fn fn, void *userdata)
{
	o->dropped = fn;
	o->dropped_userdata = userdata;
}

void outbox_set_gap(struct outbox *o, outbox_gap_fn fn, void *userdata)
{
	o->gap_told = fn;
	o->gap_userdata = userdata;
}

void outbox_set_now(struct outbox *o, int64_t boot_us)
{
	o->now_boot_us = boot_us;
}

/* --- figures --- */

struct outbox_counters outbox_counters(const struct outbox *o)
{
	const struct queue *queues[] = { &o->urgent, &o->live, &o->backlog, &o->in_flight,
		&o->waiting };
	struct outbox_counters c = {
		.depth = depth(o),
		.in_flight = o->in_flight.length,
		.backlog = o->backlog.length + o->waiting.length,
		.live = o->live.length + o->urgent.length,
		.aside = o->aside.length,
		.stored = o->stored,
		.on_disk = o->shelves[OUTBOX_READINGS].more || o->shelves[OUTBOX_EVENTS].more,
		.waiting = o->disk_alone,
		.taken = o->taken,
		.delivered = o->delivered,
		.set_aside = o->set_aside,
		.dropped = o->dropped_count,
		.connected = o->connected,
	};

	for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
		const struct outbox_entry *e = queues[i]->first;

		if (e && (!c.oldest_boot_us || e->came_boot_us < c.oldest_boot_us))
			c.oldest_boot_us = e->came_boot_us;
	}
	return c;
}

bool outbox_settled(const struct outbox *o)
{
	return !o->fresh.first && !o->writing.first &&
	       (!o->connected || (!o->urgent.first && !o->live.first));
}
