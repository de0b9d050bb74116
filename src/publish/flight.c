/*
 * What is in flight. See flight.h.
 *
 * Message ids count up, so those in flight are nearly a run of numbers: a table
 * indexed by their low bits has almost no collisions.
 */
#include "publish/flight.h"

#include <assert.h>
#include <errno.h>

#define NONE UINT32_MAX

struct place {
	struct flight_item item; /* first: places and items share an address */
	uint32_t chain;          /* next with the same low bits, or next free place */
	uint32_t older, newer;
};

struct flight {
	unsigned places, count;
	uint32_t mask;
	uint32_t *buckets;
	uint32_t free, oldest, newest;
	struct place place[];
};

int flight_new(struct flight **ret, unsigned places)
{
	_cleanup_(flight_freep) struct flight *f = NULL;
	uint32_t buckets = 16;

	if (places == 0 || places > FLIGHT_MAX)
		return -EINVAL;
	f = calloc(1, sizeof(*f) + places * sizeof(f->place[0]));
	if (!f)
		return -ENOMEM;
	while (buckets < 2 * places)
		buckets *= 2;
	f->buckets = malloc(buckets * sizeof(f->buckets[0]));
	if (!f->buckets)
		return -ENOMEM;
	for (uint32_t i = 0; i < buckets; i++)
		f->buckets[i] = NONE;
	for (uint32_t i = 0; i < places; i++)
		f->place[i].chain = i + 1 < places ? i + 1 : NONE;
	f->places = places;
	f->mask = buckets - 1;
	f->oldest = f->newest = NONE;
	*ret = TAKE_PTR(f);
	return 0;
}

struct flight *flight_free(struct flight *f)
{
	if (f)
		free(f->buckets);
	free(f);
	return NULL;
}

int flight_grow(struct flight **f, unsigned places)
{
	_cleanup_(flight_freep) struct flight *larger = NULL;
	struct flight *old = *f;
	int r;

	if (places <= old->places)
		return 0;
	r = flight_new(&larger, places);
	if (r < 0)
		return r;
	for (struct flight_item *i = flight_oldest(old); i; i = flight_after(old, i)) {
		struct flight_item *copy = flight_add(larger, i->mid);

		if (copy) /* always: it is larger */
			*copy = *i;
	}
	*f = TAKE_PTR(larger);
	flight_free(old);
	return 0;
}

unsigned flight_count(const struct flight *f)
{
	return f->count;
}

struct flight_item *flight_add(struct flight *f, uint16_t mid)
{
	uint32_t i = f->free;
	struct place *p;

	if (f->count == f->places)
		return NULL;
	p = &f->place[i];
	f->free = p->chain;
	f->count++;
	p->item.object = NULL;
	p->item.kind = p->item.format = 0;
	p->item.sent_boot_us = 0;
	p->item.mid = mid;
	p->chain = f->buckets[mid & f->mask];
	f->buckets[mid & f->mask] = i;
	p->older = f->newest;
	p->newer = NONE;
	if (f->newest != NONE)
		f->place[f->newest].newer = i;
	else
		f->oldest = i;
	f->newest = i;
	return &p->item;
}

int flight_take(struct flight *f, uint16_t mid, struct flight_item *ret)
{
	uint32_t *at = &f->buckets[mid & f->mask], i;
	struct place *p;

	while (*at != NONE && f->place[*at].item.mid != mid)
		at = &f->place[*at].chain;
	if (*at == NONE)
		return -ENOENT;
	i = *at;
	p = &f->place[i];
	*ret = p->item;
	*at = p->chain;
	if (p->older != NONE)
		f->place[p->older].newer = p->newer;
	else
		f->oldest = p->newer;
	if (p->newer != NONE)
		f->place[p->newer].older = p->older;
	else
		f->newest = p->older;
	p->chain = f->free;
	f->free = i;
	f->count--;
	return 0;
}

struct flight_item *flight_oldest(struct flight *f)
{
	return f->oldest == NONE ? NULL : &f->place[f->oldest].item;
}

struct flight_item *flight_after(struct flight *f, struct flight_item *i)
{
	const struct place *p = (const struct place *)i;

	return p->newer == NONE ? NULL : &f->place[p->newer].item;
}

void window_init(struct window *w, unsigned configured, unsigned receive_maximum)
{
	unsigned limit = configured < receive_maximum ? configured : receive_maximum;

	*w = (struct window){ .limit = limit ?: 1, .size = limit ?: 1 };
	if (w->limit > FLIGHT_MAX)
		w->limit = w->size = FLIGHT_MAX;
}

void window_shrink(struct window *w)
{
	w->size = w->size / 2 ?: 1;
	w->successes = 0;
}

bool window_success(struct window *w)
{
	if (w->size == w->limit || ++w->successes < w->size)
		return false;
	w->successes = 0;
	w->size++;
	return true;
}
