/*
 * The ledger in memory. See outbox.h.
 *
 *   append -> live ------> in flight -> confirmed (freed)
 *        \-> backlog --/      |  \-> refused -> waiting -> backlog, or aside
 *              ^--------------/  connection lost
 *
 * Alarms and records have a queue of their own that goes before all.
 */
#include "outbox/outbox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/queue.h"

#define BUCKETS 4096 /* power of two */
#define SPARE_MAX 1024
#define FIRST_BACKOFF_US INT64_C(1000000)

struct outbox {
	struct outbox_limits limits;
	struct queue urgent, live, backlog, in_flight, waiting, aside;
	size_t backlog_in_flight;
	struct outbox_entry *buckets[BUCKETS]; /* by sequence */
	struct outbox_entry *spare;
	size_t spare_count;
	struct receipt_list receipts;
	unsigned window;
	bool connected;
	int64_t now_boot_us;
	outbox_wake_fn wake;
	void *wake_userdata;
	outbox_dropped_fn dropped;
	void *dropped_userdata;
	uint64_t taken, delivered, set_aside, dropped_count;
};

int outbox_new(struct outbox **ret, const struct outbox_limits *limits)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->limits = *limits;
	*ret = o;
	return 0;
}

/* --- entries --- */

static struct outbox_entry **bucket(struct outbox *o, uint64_t sequence)
{
	return &o->buckets[sequence & (BUCKETS - 1)];
}

static struct outbox_entry *find(struct outbox *o, uint64_t sequence)
{
	struct outbox_entry *e = *bucket(o, sequence);

	while (e && e->message.sequence != sequence)
		e = e->hash_next;
	return e;
}

/* Sees to it that count entries are at hand. */
static int stock_up(struct outbox *o, size_t count)
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

/* One of those at hand. */
static struct outbox_entry *entry_new(struct outbox *o, enum message_kind kind, uint64_t sequence)
{
	struct outbox_entry **at = bucket(o, sequence);
	struct outbox_entry *e = o->spare;

	assert(e);
	o->spare = e->hash_next;
	o->spare_count--;
	memset(e, 0, sizeof(*e));
	e->message.kind = kind;
	e->message.sequence = sequence;
	e->came_boot_us = o->now_boot_us;
	e->hash_next = *at;
	*at = e;
	o->taken++;
	return e;
}

typedef void (*receipt_end_fn)(struct receipt *r);

static void end_receipts(struct outbox_entry *e, receipt_end_fn end)
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

/* Takes the entry out of all structures, then tells the receipts: what they call may append. */
static void entry_end(struct outbox *o, struct outbox_entry *e, receipt_end_fn end)
{
	struct outbox_entry **at = bucket(o, e->message.sequence);

	while (*at != e)
		at = &(*at)->hash_next;
	*at = e->hash_next;
	if (e->queue)
		queue_remove(e);
	if (e->message.kind == MESSAGE_READING)
		reading_release(&e->message.reading);
	free(e->message.topic);
	free(e->message.body);
	end_receipts(e, end);
	if (o->spare_count < SPARE_MAX) {
		e->hash_next = o->spare;
		o->spare = e;
		o->spare_count++;
	} else {
		free(e);
	}
}

static void drop(struct outbox *o, struct outbox_entry *e, const char *reason)
{
	o->dropped_count++;
	if (o->dropped)
		o->dropped(&e->message, reason, o->dropped_userdata);
	entry_end(o, e, receipt_fail);
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
		while (queues[i]->first)
			entry_end(o, queues[i]->first, receipt_fail);
	while (o->spare) {
		struct outbox_entry *e = o->spare;

		o->spare = e->hash_next;
		free(e);
	}
	free(o);
	return NULL;
}

/* --- the gateway's side --- */

static int reserve(void *object, size_t count, bool waits, int64_t boot_us)
{
	struct outbox *o = object;

	o->now_boot_us = boot_us;
	if (depth(o) + count > o->limits.messages)
		return LEDGER_E_NO_ROOM;
	return stock_up(o, count);
}

static int make_receipt(void *object, receipt_fn done, void *userdata, struct receipt **ret)
{
	struct outbox *o = object;

	return receipt_new(ret, &o->receipts, done, userdata, o->now_boot_us + LEDGER_PATIENCE_US);
}

static void append(void *object, const struct reading *r, struct receipt *receipt)
{
	struct outbox *o = object;
	struct outbox_entry *e = entry_new(o, MESSAGE_READING, r->sequence);

	e->message.reading = *r;
	reading_hold(&e->message.reading);
	e->message.reading.backfill = !o->connected;
	if (receipt)
		e->receipt = receipt_attach(receipt);
	queue_append(o->connected ? &o->live : &o->backlog, e);
}

static bool attach(
	void *object, const struct label *epoch, uint64_t sequence, struct receipt *receipt)
{
	struct outbox *o = object;
	struct outbox_entry *e = find(o, sequence);

	if (!e)
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

static void wake(struct outbox *o)
{
	if (o->connected && o->wake)
		o->wake(o->wake_userdata);
}

static void flush(void *object)
{
	wake(object);
}

static int record(
	void *object, uint64_t sequence, const char *topic, const char *body, int64_t owed)
{
	return outbox_append_message(object, MESSAGE_RECORD, sequence, topic, body);
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

/* The oldest reading that may be given up: from the backlog, else from the live ones. */
static struct outbox_entry *oldest_reading(struct outbox *o)
{
	if (o->backlog.first)
		return o->backlog.first;
	return o->live.first;
}

int outbox_append_message(struct outbox *o, enum message_kind kind, uint64_t sequence,
	const char *topic, const char *body)
{
	_cleanup_(freep) char *t = strdup(topic);
	_cleanup_(freep) char *b = strdup(body);
	struct outbox_entry *e, *oldest;

	if (!t || !b || stock_up(o, 1) < 0)
		return -ENOMEM;
	e = entry_new(o, kind, sequence);
	e->message.topic = TAKE_PTR(t);
	e->message.body = TAKE_PTR(b);
	queue_append(&o->urgent, e);
	/* A dropped reading makes a gap record, which comes back here: one more is let in for it.
	 */
	if (depth(o) > o->limits.messages + 1 && (oldest = oldest_reading(o)))
		drop(o, oldest, "memory-full");
	wake(o);
	return 0;
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

void outbox_set_now(struct outbox *o, int64_t boot_us)
{
	o->now_boot_us = boot_us;
}

/* --- the broker's side --- */

void outbox_connected(struct outbox *o, unsigned window)
{
	assert(!o->in_flight.first);
	o->connected = true;
	o->window = window;
}

void outbox_set_window(struct outbox *o, unsigned window)
{
	o->window = window;
}

static void mark_backfill(struct queue *q)
{
	for (struct outbox_entry *e = q->first; e; e = e->next)
		e->message.reading.backfill = true;
}

static bool is_urgent(const struct outbox_entry *e)
{
	return e->message.kind != MESSAGE_READING;
}

void outbox_disconnected(struct outbox *o)
{
	struct queue readings = { 0 }, urgent = { 0 };

	o->connected = false;
	o->backlog_in_flight = 0;
	while (o->in_flight.first) {
		struct outbox_entry *e = o->in_flight.first;

		queue_remove(e);
		e->mark = 0;
		queue_append(is_urgent(e) ? &urgent : &readings, e);
	}
	queue_sort(&urgent);
	queue_merge(&o->urgent, &urgent);
	mark_backfill(&readings);
	mark_backfill(&o->live);
	queue_sort(&readings);
	queue_merge(&o->backlog, &readings);
	queue_merge(&o->backlog, &o->live);
}

struct outbox_entry *outbox_next(struct outbox *o)
{
	size_t limit = o->window > 1 ? o->window - 1 : o->window;
	size_t half = o->window > 1 ? o->window / 2 : 1;

	if (!o->connected)
		return NULL;
	if (o->urgent.first && o->in_flight.length < o->window)
		return o->urgent.first;
	if (o->in_flight.length >= limit)
		return NULL;
	if (o->live.first)
		return o->live.first;
	if (o->backlog.first && o->backlog_in_flight < half)
		return o->backlog.first;
	return NULL;
}

void outbox_sent(struct outbox *o, struct outbox_entry *e)
{
	e->home = e->queue;
	if (e->home == &o->backlog)
		o->backlog_in_flight++;
	queue_remove(e);
	queue_append(&o->in_flight, e);
}

static void leave_flight(struct outbox *o, struct outbox_entry *e)
{
	assert(e->queue == &o->in_flight);
	if (e->home == &o->backlog)
		o->backlog_in_flight--;
	queue_remove(e);
}

void outbox_confirmed(struct outbox *o, struct outbox_entry *e)
{
	leave_flight(o, e);
	o->delivered++;
	entry_end(o, e, receipt_settle);
}

static void put_aside(struct outbox *o, struct outbox_entry *e)
{
	o->set_aside++;
	queue_append(&o->aside, e);
	if (o->aside.length > o->limits.aside)
		drop(o, o->aside.first, "set-aside-full");
}

void outbox_set_aside(struct outbox *o, struct outbox_entry *e, uint8_t reason_code)
{
	if (e->queue == &o->in_flight)
		leave_flight(o, e);
	else
		queue_remove(e);
	put_aside(o, e);
}

static void wait_until(struct outbox *o, struct outbox_entry *e, int64_t not_before_boot_us)
{
	e->mark = 0;
	e->not_before_boot_us = not_before_boot_us;
	queue_append(&o->waiting, e);
}

bool outbox_refused(struct outbox *o, struct outbox_entry *e, uint8_t reason_code)
{
	leave_flight(o, e);
	if (++e->tries >= o->limits.tries) {
		put_aside(o, e);
		return true;
	}
	wait_until(o, e, o->now_boot_us + (FIRST_BACKOFF_US << (e->tries - 1)));
	return false;
}

void outbox_postponed(struct outbox *o, struct outbox_entry *e, int64_t delay_us)
{
	leave_flight(o, e);
	wait_until(o, e, o->now_boot_us + delay_us);
}

void outbox_returned(struct outbox *o, struct outbox_entry *e)
{
	struct queue *home = e->home;

	leave_flight(o, e);
	e->mark = 0;
	queue_insert(home, e);
}

const struct message *outbox_entry_message(const struct outbox_entry *e)
{
	return &e->message;
}

unsigned outbox_entry_mark(const struct outbox_entry *e)
{
	return e->mark;
}

void outbox_entry_set_mark(struct outbox_entry *e, unsigned mark)
{
	e->mark = mark;
}

/* --- time and figures --- */

/* Lets those whose back-off is over go back into their stream. Returns when the next one's is. */
static int64_t end_waiting(struct outbox *o)
{
	int64_t next = INT64_MAX;

	for (struct outbox_entry *e = o->waiting.first, *following; e; e = following) {
		following = e->next;
		if (e->not_before_boot_us > o->now_boot_us) {
			if (e->not_before_boot_us < next)
				next = e->not_before_boot_us;
			continue;
		}
		queue_remove(e);
		if (is_urgent(e)) {
			queue_insert(&o->urgent, e);
		} else {
			e->message.reading.backfill = true;
			queue_insert(&o->backlog, e);
		}
	}
	return next;
}

int64_t outbox_tick(struct outbox *o, int64_t boot_us)
{
	size_t waiting = o->waiting.length;
	int64_t a, b;

	o->now_boot_us = boot_us;
	a = end_waiting(o);
	b = receipt_expire(&o->receipts, boot_us);
	if (o->waiting.length != waiting)
		wake(o);
	return a < b ? a : b;
}

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
