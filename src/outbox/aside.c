/*
 * What an operator does with messages that were set aside, and what became of a
 * message. See outbox.h.
 */
#include <assert.h>

#include "outbox/outbox_private.h"

void outbox_set_retried(struct outbox *o, outbox_retried_fn fn, void *userdata)
{
	o->retried = fn;
	o->retried_userdata = userdata;
}

void outbox_set_confirmed(struct outbox *o, outbox_confirmed_fn fn, void *userdata)
{
	o->confirmed = fn;
	o->confirmed_userdata = userdata;
}

struct outbox_entry *outbox_aside_after(const struct outbox *o, const struct outbox_entry *e)
{
	return e ? e->next : o->aside.first;
}

int64_t outbox_aside_since(const struct outbox_entry *e)
{
	return e->aside_boot_us;
}

void outbox_retry_aside(struct outbox *o, struct outbox_entry *e)
{
	assert(e->queue == &o->aside);
	if (e->aside_told && o->retried)
		o->retried(e->position, o->retried_userdata);
	queue_remove(e);
	e->aside_told = false;
	e->tries = 0;
	e->mark = 0;
	e->reason_code = 0;
	outbox_mark_backfill(e);
	queue_insert(entry_urgent(e) ? &o->urgent : &o->backlog, e);
	/* May free it: the disk has it, and it comes back. */
	outbox_tidy(o);
	outbox_wake(o);
}

void outbox_drop_aside(struct outbox *o, struct outbox_entry *e)
{
	assert(e->queue == &o->aside);
	outbox_drop(o, e, "operator");
}

enum outbox_fate outbox_fate(struct outbox *o, const struct label *epoch, uint64_t sequence)
{
	const struct outbox_entry *e = outbox_find(o, epoch, sequence);

	if (!e)
		return OUTBOX_ELSEWHERE;
	if (e->queue == &o->aside)
		return OUTBOX_ASIDE;
	return entry_stored(e) ? OUTBOX_STORED : OUTBOX_UNSAFE;
}
