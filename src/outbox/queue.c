/*
 * Doubly linked queues of outbox entries. See entry.h.
 */
#include "outbox/entry.h"

static int64_t position(const struct outbox_entry *e)
{
	return e->position;
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

	if (!q->first || position(q->first) > position(e)) {
		insert_after(q, NULL, e);
		return;
	}
	for (at = q->last; position(at) > position(e); at = at->previous)
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
		while (at && position(at) < position(e))
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

void lack_append(struct lack *l, struct outbox_entry *e)
{
	e->lack = l;
	e->lack_previous = l->last;
	e->lack_next = NULL;
	if (l->last)
		l->last->lack_next = e;
	else
		l->first = e;
	l->last = e;
	l->length++;
}

void lack_remove(struct outbox_entry *e)
{
	struct lack *l = e->lack;

	if (e->lack_previous)
		e->lack_previous->lack_next = e->lack_next;
	else
		l->first = e->lack_next;
	if (e->lack_next)
		e->lack_next->lack_previous = e->lack_previous;
	else
		l->last = e->lack_previous;
	l->length--;
	e->lack = NULL;
	e->lack_previous = e->lack_next = NULL;
}

void lack_return(struct lack *l, struct lack *from)
{
	while (from->last) {
		struct outbox_entry *e = from->last;

		lack_remove(e);
		e->lack = l;
		e->lack_next = l->first;
		if (l->first)
			l->first->lack_previous = e;
		else
			l->last = e;
		l->first = e;
		l->length++;
	}
}
