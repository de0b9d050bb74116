/*
 * See ledger_batch.h.
 */
#include "outbox/ledger_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int batch_room(struct batch *b)
{
	if (b->entries)
		return 0;
	b->entries = calloc(BATCH_MAX, sizeof(struct outbox_entry *));
	b->rows = calloc(BATCH_MAX, sizeof(*b->rows));
	b->events = calloc(BATCH_MAX, sizeof(*b->events));
	b->asides = calloc(BATCH_ASIDES_MAX, sizeof(*b->asides));
	if (b->entries && b->rows && b->events && b->asides)
		return 0;
	batch_free(b);
	return -ENOMEM;
}

void batch_done(struct batch *b)
{
	for (size_t i = 0; i < b->event_count; i++) {
		free(b->events[i].topic);
		free(b->events[i].body);
	}
	for (size_t i = 0; i < b->row_count; i++)
		store_row_done(&b->rows[i]);
	for (size_t i = 0; i < b->audit_count; i++)
		store_audit_done(&b->audits[i]);
	free(b->names);
	b->names = NULL;
	b->busy = b->wrote = false;
	b->row_count = b->event_count = b->aside_count = b->audit_count = 0;
	b->rows_wanted = b->events_wanted = 0;
	b->own_epoch = 0;
}

void batch_free(struct batch *b)
{
	batch_done(b);
	free((void *)b->entries);
	free(b->rows);
	free(b->events);
	free(b->asides);
	*b = (struct batch){ 0 };
}

static int push(int64_t **list, size_t *count, size_t *room, int64_t value)
{
	if (*count == *room) {
		size_t larger = *room ? *room * 2 : 256;
		int64_t *p = realloc(*list, larger * sizeof(*p));

		if (!p)
			return -ENOMEM;
		*list = p;
		*room = larger;
	}
	(*list)[(*count)++] = value;
	return 0;
}

int pending_gone(struct pending *p, int64_t id)
{
	if (p->gone_count == 0)
		p->gone_sorted = true;
	else if (p->gone[p->gone_count - 1] > id)
		p->gone_sorted = false;
	return push(&p->gone, &p->gone_count, &p->gone_room, id);
}

int pending_settled(struct pending *p, int64_t owed)
{
	return push(&p->settled, &p->settled_count, &p->settled_room, owed);
}

int pending_retried(struct pending *p, int64_t id)
{
	return push(&p->retried, &p->retried_count, &p->retried_room, id);
}

size_t pending_take_retried(struct pending *p, struct store_aside *ret, size_t count)
{
	size_t n = p->retried_count < count ? p->retried_count : count;

	for (size_t i = 0; i < n; i++)
		ret[i] = (struct store_aside){ .id = p->retried[i] };
	p->retried_taken_count = n;
	return n;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void sort(struct pending *p)
{
	if (!p->gone_sorted && p->gone_count > 0)
		qsort(p->gone, p->gone_count, sizeof(*p->gone), compare);
	p->gone_sorted = true;
}

bool pending_is_gone(struct pending *p, int64_t id)
{
	if (p->gone_count == 0)
		return false;
	sort(p);
	return bsearch(&id, p->gone, p->gone_count, sizeof(*p->gone), compare);
}

bool pending_any(const struct pending *p)
{
	return p->gone_count > 0 || p->settled_count > 0 || p->retried_count > 0;
}

size_t pending_count(const struct pending *p)
{
	size_t n = p->gone_count;

	for (size_t i = 0; i < p->range_count; i++)
		n += p->ranges[i].last - p->ranges[i].first + 1;
	return n;
}

int pending_take(struct pending *p)
{
	size_t n = 0;

	p->settled_taken_count = p->settled_count;
	if (p->gone_count == 0)
		return 0;
	p->ranges = malloc(p->gone_count * sizeof(*p->ranges));
	if (!p->ranges)
		return -ENOMEM;
	sort(p);
	for (size_t i = 0; i < p->gone_count; i++) {
		uint64_t id = (uint64_t)p->gone[i];

		if (n > 0 && id <= p->ranges[n - 1].last + 1)
			p->ranges[n - 1].last = id;
		else
			p->ranges[n++] = (struct store_range){ id, id };
	}
	p->range_count = n;
	p->gone_count = 0;
	return 0;
}

void pending_forget(struct pending *p)
{
	free(p->ranges);
	p->ranges = NULL;
	p->range_count = 0;
	p->settled_count -= p->settled_taken_count;
	if (p->settled_count > 0)
		memmove(p->settled, p->settled + p->settled_taken_count,
			p->settled_count * sizeof(*p->settled));
	p->settled_taken_count = 0;
	p->retried_count -= p->retried_taken_count;
	if (p->retried_count > 0)
		memmove(p->retried, p->retried + p->retried_taken_count,
			p->retried_count * sizeof(*p->retried));
	p->retried_taken_count = 0;
}

void pending_return(struct pending *p)
{
	/* Without memory for it the row is sent again, under its id. */
	for (size_t i = 0; i < p->range_count; i++)
		for (uint64_t id = p->ranges[i].first; id <= p->ranges[i].last; id++)
			if (pending_gone(p, (int64_t)id) < 0)
				break;
	free(p->ranges);
	p->ranges = NULL;
	p->range_count = 0;
	p->settled_taken_count = 0;
	p->retried_taken_count = 0;
}

void pending_free(struct pending *p)
{
	free(p->gone);
	free(p->ranges);
	free(p->settled);
	free(p->retried);
	*p = (struct pending){ 0 };
}
