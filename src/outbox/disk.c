/*
 * The ledger towards the disk: what is to be written, what that makes safe,
 * what memory lets go of, and what comes back. See outbox.h. No file and no
 * thread here: ledger_disk.c has them.
 */
#include <assert.h>
#include <errno.h>

#include "outbox/outbox_private.h"

/* What memory keeps of messages that are on the disk as well. */
#define URGENT_KEEP 256   /* alarms and records */
#define LIVE_KEEP 2000    /* when the broker is slower than the devices */
#define WAITING_KEEP 1000 /* refused, or nobody subscribes */

/* Read back so many when the backlog in memory is lower than that. */
#define LOAD_BELOW 4096
#define LOAD_COUNT 512

void outbox_set_attention(struct outbox *o, outbox_wake_fn fn, void *userdata)
{
	o->attention = fn;
	o->attention_userdata = userdata;
}

void outbox_set_over(struct outbox *o, outbox_over_fn fn, void *userdata)
{
	o->over = fn;
	o->over_userdata = userdata;
}

size_t outbox_write(
	struct outbox *o, int64_t before_boot_us, struct outbox_entry **ret, size_t count)
{
	struct outbox_entry *e;
	size_t n = 0;

	while (n < count && (e = o->fresh.first) &&
		(!o->connected || e->came_boot_us < before_boot_us)) {
		lack_remove(e);
		lack_append(&o->writing, e);
		ret[n++] = e;
	}
	return n;
}

void outbox_written(struct outbox *o, bool stored)
{
	struct outbox_entry *e;

	if (!stored) {
		lack_return(&o->fresh, &o->writing);
		return;
	}
	while ((e = o->writing.first)) {
		lack_remove(e);
		o->stored++;
		e->owed = 0;
		outbox_end_receipts(e, receipt_settle);
	}
	outbox_tidy(o);
}

bool outbox_lacking(const struct outbox *o)
{
	return o->fresh.first;
}

void outbox_forget_stored(struct outbox *o)
{
	struct queue *queues[] = { &o->urgent, &o->live, &o->backlog, &o->in_flight, &o->waiting,
		&o->aside };

	for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
		for (struct outbox_entry *e = queues[i]->first; e; e = e->next) {
			e->aside_told = false;
			if (!entry_stored(e))
				continue;
			o->stored--;
			lack_append(&o->fresh, e);
		}
	o->asides_untold = o->aside.first;
	for (int t = 0; t < _OUTBOX_TABLE_MAX; t++)
		o->shelves[t].more = false;
	if (o->fresh.first && o->attention)
		o->attention(o->attention_userdata);
}

size_t outbox_asides(struct outbox *o, struct outbox_entry **ret, size_t count)
{
	size_t n = 0;

	if (!o->asides_untold)
		return 0;
	o->asides_untold = false;
	for (struct outbox_entry *e = o->aside.first; e; e = e->next) {
		if (e->aside_told)
			continue;
		if (e->lack == &o->fresh || n == count) {
			o->asides_untold = true;
			continue;
		}
		e->aside_told = true;
		ret[n++] = e;
	}
	return n;
}

void outbox_asides_failed(struct outbox *o)
{
	for (struct outbox_entry *e = o->aside.first; e; e = e->next)
		e->aside_told = false;
	o->asides_untold = o->aside.first;
}

int64_t outbox_entry_owed(const struct outbox_entry *e)
{
	return e->owed;
}

uint8_t outbox_entry_reason(const struct outbox_entry *e)
{
	return e->reason_code;
}

unsigned outbox_entry_tries(const struct outbox_entry *e)
{
	return e->tries;
}

/* --- out of memory onto the disk alone, and back --- */

void outbox_on_disk(struct outbox *o, enum outbox_table t, int64_t from)
{
	struct shelf *s = &o->shelves[t];

	if (!s->more || from < s->from)
		s->from = from;
	s->more = true;
}

/* The oldest beyond keep, as far as they are stored. */
static void evict_beyond(struct outbox *o, struct queue *q, size_t keep)
{
	while (q->length > keep && entry_stored(q->first))
		outbox_evict(o, q->first);
}

/* With no broker there is no use for what is stored in memory. */
static void evict_stored(struct outbox *o, struct queue *q)
{
	for (struct outbox_entry *e = q->first, *following; e; e = following) {
		following = e->next;
		if (entry_stored(e))
			outbox_evict(o, e);
	}
}

void outbox_tidy(struct outbox *o)
{
	if (o->stored == 0)
		return;
	if (!o->connected)
		evict_stored(o, &o->backlog);
	evict_beyond(o, &o->urgent, URGENT_KEEP);
	evict_beyond(o, &o->live, LIVE_KEEP);
	evict_beyond(o, &o->waiting, WAITING_KEEP);
}

void outbox_note_waiting(struct outbox *o, uint64_t count)
{
	o->disk_alone = count;
}

size_t outbox_wants(struct outbox *o, enum outbox_table t, int64_t *ret_from)
{
	struct shelf *s = &o->shelves[t];

	bool enough = o->backlog.length >= LOAD_BELOW && !entry_behind_disk(o, o->backlog.first);

	if (!o->connected || !s->more || enough || o->waiting.length >= WAITING_KEEP)
		return 0;
	*ret_from = s->asked = s->from;
	return LOAD_COUNT;
}

int outbox_load(struct outbox *o, int64_t position, const struct message *m, unsigned tries,
	uint8_t reason_code)
{
	struct outbox_entry *e = outbox_find(o, message_epoch(m), m->sequence);

	if (e)
		return e->position == position ? 0 : OUTBOX_TWICE;
	if (outbox_stock_up(o, o->reserved + 1) < 0)
		return -ENOMEM;
	e = outbox_enter(o, m, position);
	o->stored++;
	e->tries = tries;
	outbox_mark_backfill(e);
	if (reason_code) {
		e->reason_code = reason_code;
		e->aside_told = true;
		queue_append(&o->aside, e);
	} else {
		queue_insert(&o->backlog, e);
	}
	return 1;
}

void outbox_loaded(struct outbox *o, enum outbox_table t, int64_t upto, bool end)
{
	struct shelf *s = &o->shelves[t];

	s->unreadable = false;
	/* Something older was evicted since: begin there. */
	if (s->from < s->asked)
		return;
	if (upto >= s->from)
		s->from = upto + 1;
	if (end)
		s->more = false;
}

static void set_unreadable(struct outbox *o, bool unreadable)
{
	for (int t = 0; t < _OUTBOX_TABLE_MAX; t++)
		o->shelves[t].unreadable = unreadable;
}

void outbox_unreadable(struct outbox *o)
{
	set_unreadable(o, true);
}

void outbox_readable(struct outbox *o)
{
	set_unreadable(o, false);
}
