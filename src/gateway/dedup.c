/*
 * A ring of keys in order of arrival and an open-addressed index over it. See
 * dedup.h. Keys are outputs of a keyed hash, so that their low bits serve as
 * the index's hash.
 */
#include "gateway/dedup.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A value in 64 bits: sequence, whether it is lost, epoch. */
#define SEQUENCE_BITS 55
#define LOST (UINT64_C(1) << SEQUENCE_BITS)
#define EPOCH_SHIFT (SEQUENCE_BITS + 1)

struct pair {
	uint64_t key, value;
};

struct dedup {
	uint32_t size;  /* of the ring, a power of two */
	uint32_t count; /* keys ever added, modulo nothing: the next place is count % size */
	uint32_t filled;
	uint16_t *index; /* 2 * size places: ring place + 1, 0 empty */
	struct pair ring[];
};

static uint32_t home(const struct dedup *d, uint64_t key)
{
	return (uint32_t)key & (2 * d->size - 1);
}

/* The index place of the key, or the empty one where it would go. */
static uint32_t locate(const struct dedup *d, uint64_t key)
{
	uint32_t at = home(d, key);

	while (d->index[at] && d->ring[d->index[at] - 1].key != key)
		at = (at + 1) & (2 * d->size - 1);
	return at;
}

static uint64_t pack(const struct dedup_value *v)
{
	return (v->sequence & (LOST - 1)) | (v->lost ? LOST : 0) |
	       (uint64_t)v->epoch << EPOCH_SHIFT;
}

/* The key's ring place + 1, 0 when it is not known. */
static uint32_t place_of(const struct dedup *d, uint64_t key)
{
	return d ? d->index[locate(d, key)] : 0;
}

bool dedup_find(const struct dedup *d, uint64_t key, struct dedup_value *ret)
{
	uint32_t place = place_of(d, key);
	uint64_t value;

	if (place == 0)
		return false;
	value = d->ring[place - 1].value;
	*ret = (struct dedup_value){ .sequence = value & (LOST - 1),
		.epoch = (uint8_t)(value >> EPOCH_SHIFT),
		.lost = (value & LOST) != 0 };
	return true;
}

/* Removes a key from the index and closes the gap behind it (linear probing). */
static void unindex(struct dedup *d, uint64_t key)
{
	uint32_t mask = 2 * d->size - 1;
	uint32_t hole = locate(d, key);
	uint32_t at = hole;

	d->index[hole] = 0;
	for (;;) {
		uint32_t want;

		at = (at + 1) & mask;
		if (!d->index[at])
			return;
		want = home(d, d->ring[d->index[at] - 1].key);
		if (((at - want) & mask) < ((at - hole) & mask))
			continue;
		d->index[hole] = d->index[at];
		d->index[at] = 0;
		hole = at;
	}
}

static void put(struct dedup *d, uint64_t key, uint64_t value)
{
	uint32_t place = d->count++ & (d->size - 1);

	if (d->filled == d->size)
		unindex(d, d->ring[place].key);
	else
		d->filled++;
	d->index[locate(d, key)] = (uint16_t)(place + 1);
	d->ring[place] = (struct pair){ key, value };
}

static struct dedup *make(uint32_t size)
{
	struct dedup *d = calloc(1, sizeof(*d) + size * sizeof(d->ring[0]));

	if (!d)
		return NULL;
	d->size = size;
	d->index = calloc((size_t)2 * size, sizeof(d->index[0]));
	if (!d->index) {
		free(d);
		return NULL;
	}
	return d;
}

int dedup_add(struct dedup **ret, uint64_t key, const struct dedup_value *v, uint32_t max)
{
	struct dedup *d = *ret;
	uint32_t place = place_of(d, key);

	assert(max >= DEDUP_MIN && max <= DEDUP_MAX && (max & (max - 1)) == 0);
	if (place != 0) {
		d->ring[place - 1].value = pack(v);
		return 0;
	}
	if (!d || (d->filled == d->size && d->size < max)) {
		struct dedup *larger = make(d ? 2 * d->size : DEDUP_MIN);

		if (!larger)
			return -ENOMEM;
		for (uint32_t i = 0; d && i < d->size; i++) {
			const struct pair *p = &d->ring[(d->count + i) & (d->size - 1)];

			put(larger, p->key, p->value);
		}
		dedup_free(d);
		*ret = d = larger;
	}
	put(d, key, pack(v));
	return 0;
}

void dedup_lost(struct dedup *d, uint64_t key, uint8_t epoch, uint64_t sequence)
{
	const struct dedup_value v = { .sequence = sequence, .epoch = epoch };
	uint32_t place = place_of(d, key);

	if (place != 0 && d->ring[place - 1].value == pack(&v))
		d->ring[place - 1].value |= LOST;
}

struct dedup *dedup_free(struct dedup *d)
{
	if (!d)
		return NULL;
	free(d->index);
	free(d);
	return NULL;
}
