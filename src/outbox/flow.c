/*
 * The ledger towards the broker: what goes next, and what becomes of it. See
 * outbox.h.
 *
 * Alarms and records have a queue of their own that goes before all.
 */
#include <assert.h>
#include <string.h>

#include "outbox/outbox_private.h"

#define FIRST_BACKOFF_US INT64_C(1000000)

void outbox_connected(struct outbox *o, unsigned window)
{
	assert(!o->in_flight.first);
	o->connected = true;
	o->window = window;
	pace_begin(&o->pace);
	if (o->attention)
		o->attention(o->attention_userdata);
}

void outbox_set_window(struct outbox *o, unsigned window)
{
	o->window = window;
}

void outbox_mark_backfill(struct outbox_entry *e)
{
	e->message.backfill = true;
	e->message.reading.backfill = true;
}

static void mark_backfill(struct queue *q)
{
	for (struct outbox_entry *e = q->first; e; e = e->next)
		outbox_mark_backfill(e);
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
		queue_append(entry_urgent(e) && e->home != &o->backlog ? &urgent : &readings, e);
	}
	queue_sort(&urgent);
	queue_merge(&o->urgent, &urgent);
	mark_backfill(&o->urgent);
	mark_backfill(&readings);
	mark_backfill(&o->live);
	queue_sort(&readings);
	queue_merge(&o->backlog, &readings);
	queue_merge(&o->backlog, &o->live);
	outbox_tidy(o);
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
	if (o->backlog.first && o->backlog_in_flight < half &&
		o->backlog_in_flight < o->pace.limit && !entry_behind_disk(o, o->backlog.first))
		return o->backlog.first;
	return NULL;
}

void outbox_sent(struct outbox *o, struct outbox_entry *e)
{
	e->home = e->queue;
	e->sent_boot_us = o->now_boot_us;
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
	if (e->home == &o->backlog)
		pace_answered(&o->pace, o->now_boot_us, o->now_boot_us - e->sent_boot_us,
			o->window > 1 ? o->window / 2 : 1);
	leave_flight(o, e);
	o->delivered++;
	if (entry_urgent(e) && o->confirmed)
		o->confirmed(&e->message, o->confirmed_userdata);
	outbox_leave(o, e, receipt_settle);
}

static void put_aside(struct outbox *o, struct outbox_entry *e, uint8_t reason_code)
{
	o->set_aside++;
	e->reason_code = reason_code;
	e->aside_told = false;
	e->aside_boot_us = o->now_boot_us;
	o->asides_untold = true;
	queue_append(&o->aside, e);
	if (o->aside.length > o->limits.aside)
		outbox_drop(o, o->aside.first, "set-aside-full");
}

void outbox_set_aside(struct outbox *o, struct outbox_entry *e, uint8_t reason_code)
{
	if (e->queue == &o->in_flight)
		leave_flight(o, e);
	else
		queue_remove(e);
	put_aside(o, e, reason_code);
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
		put_aside(o, e, reason_code);
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

const struct message *outbox_entry_message(const struct outbox_entry *e)
{
	return &e->message;
}

int64_t outbox_entry_position(const struct outbox_entry *e)
{
	return e->position;
}

unsigned outbox_entry_mark(const struct outbox_entry *e)
{
	return e->mark;
}

void outbox_entry_set_mark(struct outbox_entry *e, unsigned mark)
{
	e->mark = mark;
}

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
		if (entry_urgent(e)) {
			queue_insert(&o->urgent, e);
		} else {
			outbox_mark_backfill(e);
			queue_insert(&o->backlog, e);
		}
	}
	return next;
}

int64_t outbox_tick(struct outbox *o, int64_t boot_us)
{
	size_t waiting = o->waiting.length;
	int64_t a, b, c;

	o->now_boot_us = boot_us;
	a = end_waiting(o);
	b = receipt_expire(&o->receipts, boot_us);
	c = outbox_tick_gap(o);
	if (o->waiting.length != waiting)
		outbox_wake(o);
	if (b < a)
		a = b;
	return c < a ? c : a;
}
