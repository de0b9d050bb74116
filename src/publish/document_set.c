/*
 * The documents by topic and by time. See document_set.h.
 */
#include "publish/document_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"

#define FIRST_SIZE 64 /* buckets; a power of two */

int document_set_init(struct document_set *s)
{
	*s = (struct document_set){ .size = FIRST_SIZE };
	s->last = &s->first;
	for (int i = 0; i < 2; i++)
		s->ready[i].last = &s->ready[i].first;
	s->buckets = calloc(s->size, sizeof(struct document *));
	return s->buckets ? 0 : -ENOMEM;
}

void document_set_done(struct document_set *s)
{
	for (struct document *x = s->first, *next; x; x = next) {
		next = x->next;
		free(x->body);
		free(x);
	}
	free(s->buckets);
	free(s->heap);
}

/* ---- by topic ---- */

static struct document **bucket(const struct document_set *s, const char *topic)
{
	return &s->buckets[hash_bytes(&hash_key_fixed, topic, strlen(topic)) & (s->size - 1)];
}

static void enter(struct document_set *s, struct document *x)
{
	struct document **b = bucket(s, x->topic);

	x->next_same = *b;
	*b = x;
}

/* Without memory it stays as it is, and slower. */
static void grow(struct document_set *s)
{
	struct document **more = calloc(2 * s->size, sizeof(struct document *));

	if (!more)
		return;
	free(s->buckets);
	s->buckets = more;
	s->size *= 2;
	for (struct document *x = s->first; x; x = x->next)
		enter(s, x);
}

struct document *document_set_find(const struct document_set *s, const char *topic)
{
	struct document *x = *bucket(s, topic);

	while (x && strcmp(x->topic, topic) != 0)
		x = x->next_same;
	return x;
}

struct document *document_set_add(struct document_set *s, const char *topic)
{
	size_t n = strlen(topic) + 1;
	struct document *x;

	if (s->count == s->heap_size) {
		size_t size = s->heap_size ? 2 * s->heap_size : FIRST_SIZE;
		struct document **more = reallocarray(s->heap, size, sizeof(struct document *));

		if (!more)
			return NULL;
		s->heap = more;
		s->heap_size = size;
	}
	x = calloc(1, sizeof(*x) + n);
	if (!x)
		return NULL;
	memcpy(x->topic, topic, n);
	x->id = ++s->ids;
	if (s->count >= s->size)
		grow(s);
	enter(s, x);
	x->at = s->last;
	*s->last = x;
	s->last = &x->next;
	s->count++;
	return x;
}

/* ---- by time ---- */

static void put(struct document_set *s, size_t at, struct document *x)
{
	s->heap[at - 1] = x;
	x->heap_at = at;
}

static void rise(struct document_set *s, struct document *x)
{
	size_t at = x->heap_at;

	for (; at > 1; at /= 2) {
		struct document *above = s->heap[at / 2 - 1];

		if (above->not_before_boot_us <= x->not_before_boot_us)
			break;
		put(s, at, above);
	}
	put(s, at, x);
}

static void sink(struct document_set *s, struct document *x)
{
	size_t at = x->heap_at;

	for (;;) {
		size_t below = 2 * at;

		if (below > s->heap_count)
			break;
		if (below < s->heap_count &&
			s->heap[below]->not_before_boot_us < s->heap[below - 1]->not_before_boot_us)
			below++;
		if (x->not_before_boot_us <= s->heap[below - 1]->not_before_boot_us)
			break;
		put(s, at, s->heap[below - 1]);
		at = below;
	}
	put(s, at, x);
}

static void leave_heap(struct document_set *s, struct document *x)
{
	struct document *moved = s->heap[--s->heap_count];
	size_t at = x->heap_at;

	x->heap_at = 0;
	if (moved == x)
		return;
	put(s, at, moved);
	rise(s, moved);
	sink(s, moved);
}

static void leave_queue(struct document_set *s, struct document *x)
{
	*x->at_ready = x->next_ready;
	if (x->next_ready)
		x->next_ready->at_ready = x->at_ready;
	for (int i = 0; i < 2; i++)
		if (s->ready[i].last == &x->next_ready)
			s->ready[i].last = x->at_ready;
	x->next_ready = NULL;
	x->at_ready = NULL;
}

static void queue(struct document_set *s, struct document *x)
{
	struct document_queue *q = &s->ready[x->rest == 0];

	x->at_ready = q->last;
	*q->last = x;
	q->last = &x->next_ready;
}

void document_set_state(struct document_set *s, struct document *x, enum document_state state)
{
	if (x->heap_at)
		leave_heap(s, x);
	if (x->at_ready)
		leave_queue(s, x);
	x->state = state;
}

void document_set_due(struct document_set *s, struct document *x, int64_t boot_us)
{
	if (x->state == DOCUMENT_DUE && x->not_before_boot_us <= boot_us)
		return;
	document_set_state(s, x, DOCUMENT_DUE);
	x->not_before_boot_us = boot_us;
	if (boot_us == 0) {
		queue(s, x);
	} else {
		put(s, ++s->heap_count, x);
		rise(s, x);
	}
}

struct document *document_set_next(struct document_set *s, int64_t boot_us)
{
	while (s->heap_count > 0 && s->heap[0]->not_before_boot_us <= boot_us)
		document_set_due(s, s->heap[0], 0);
	return s->ready[0].first ?: s->ready[1].first;
}

int64_t document_set_when(const struct document_set *s)
{
	if (s->ready[0].first || s->ready[1].first)
		return 0;
	return s->heap_count > 0 ? s->heap[0]->not_before_boot_us : INT64_MAX;
}

/* ---- and out ---- */

void document_set_remove(struct document_set *s, struct document *x)
{
	struct document **same = bucket(s, x->topic);

	document_set_state(s, x, DOCUMENT_SETTLED);
	while (*same != x)
		same = &(*same)->next_same;
	*same = x->next_same;
	*x->at = x->next;
	if (x->next)
		x->next->at = x->at;
	else
		s->last = x->at;
	s->count--;
	free(x->body);
	free(x);
}
