/*
 * Doubly linked queues of outbox entries. See queue.h.
 */
#include "outbox/queue.h"

static uint64_t sequence(const struct outbox_entry *e)
{
	return e->message.sequence;
}

static void insert_after(struct queue *q, struct outbox_entry *at, struct outbox_entry *e)
{
	e->queue = q;
	e->previous = at;
	e->next = at ? at->next : q->first;
	if (e->next)
		e->next->previous = e;
	else
		q->last = e;
	if (at)
		at->next = e;
	else
		q->first = e;
	q->length++;
}

void queue_append(struct queue *q, struct outbox_entry *e)
{
	insert_after(q, q->last, e);
}

void queue_insert(struct queue *q, struct outbox_entry *e)
{
	struct outbox_entry *at;

	if (!q->first || sequence(q->first) > sequence(e)) {
		insert_after(q, NULL, e);
		return;
	}
	for (at = q->last; sequence(at) > sequence(e); at = at->previous)
		;
	insert_after(q, at, e);
}

void queue_remove(struct outbox_entry *e)
{
	struct queue *q = e->queue;

	if (e->previous)
		e->previous->next = e->next;
	else
		q->first = e->next;
	if (e->next)
		e->next->previous = e->previous;
	else
		q->last = e->previous;
	q->length--;
	e->queue = NULL;
	e->previous = e->next = NULL;
}

void queue_merge(struct queue *q, struct queue *from)
{
	struct outbox_entry *at = q->first;

	while (from->first) {
		struct outbox_entry *e = from->first;

		queue_remove(e);
		while (at && sequence(at) < sequence(e))
			at = at->next;
		insert_after(q, at ? at->previous : q->last, e);
	}
}

void queue_sort(struct queue *q)
{
	struct queue halves[2] = { { 0 } };
	bool second = false;

	if (q->length < 2)
		return;
	while (q->first) {
		struct outbox_entry *e = q->first;

		queue_remove(e);
		queue_append(&halves[second], e);
		second = !second;
	}
	queue_sort(&halves[0]);
	queue_sort(&halves[1]);
	queue_merge(q, &halves[0]);
	queue_merge(q, &halves[1]);
}
