/*
 * Block-wise bodies, RFC 7959 sections 2.2, 2.5 and 2.9. See block.h.
 */
#include "coap/block.h"

#include <stdlib.h>
#include <string.h>

#include "coap/pdu.h"

#define GROW_MIN 1024

static void unlink_body(struct block_pool *pool, struct block_body *b)
{
	if (b->previous)
		b->previous->next = b->next;
	else
		pool->first = b->next;
	if (b->next)
		b->next->previous = b->previous;
	else
		pool->last = b->previous;
	b->next = b->previous = NULL;
}

static void link_last(struct block_pool *pool, struct block_body *b)
{
	b->previous = pool->last;
	b->next = NULL;
	if (pool->last)
		pool->last->next = b;
	else
		pool->first = b;
	pool->last = b;
}

void block_drop(struct block_pool *pool, struct block_body *b)
{
	if (!b->active)
		return;
	unlink_body(pool, b);
	pool->total -= b->size;
	free(b->data);
	*b = (struct block_body){ 0 };
}

int64_t block_tick(struct block_pool *pool, int64_t now_us)
{
	while (pool->first && now_us - pool->first->touched_us >= BLOCK_LIFETIME_US) {
		pool->expired++;
		block_drop(pool, pool->first);
	}
	return pool->first ? pool->first->touched_us + BLOCK_LIFETIME_US : INT64_MAX;
}

/* Room for more bytes in all: others that went quiet give way, the latest never. */
static bool make_room(
	struct block_pool *pool, const struct block_body *b, size_t more, int64_t now_us)
{
	while (pool->limit - pool->total < more) {
		struct block_body *quiet = pool->first;

		if (!quiet || quiet == b || now_us - quiet->touched_us < BLOCK_QUIET_US)
			return false;
		pool->evicted++;
		block_drop(pool, quiet);
	}
	return true;
}

/* Doubles what there is until length fits: memory follows what has arrived. */
static bool grow(struct block_pool *pool, struct block_body *b, size_t length, int64_t now_us)
{
	size_t size = b->size > 0 ? b->size : GROW_MIN;
	uint8_t *data;

	if (length <= b->size)
		return true;
	while (size < length)
		size *= 2;
	if (!make_room(pool, b, size - b->size, now_us))
		return false;
	data = realloc(b->data, size);
	if (!data)
		return false;
	pool->total += size - b->size;
	b->data = data;
	b->size = size;
	return true;
}

/* Whether a block's own numbers agree: 7 is reserved (section 2.2), all but the last are full. */
static bool is_sound(const struct block_part *part)
{
	size_t size = PDU_BLOCK_SIZE(part->block1);

	if (PDU_BLOCK_EXPONENT(part->block1) == 7)
		return false;
	return PDU_BLOCK_MORE(part->block1) ? part->length == size : part->length <= size;
}

static int begin(struct block_pool *pool, struct block_body *b, const struct block_part *part,
	int64_t now_us)
{
	block_drop(pool, b); /* block 0 begins anew (section 2.5) */
	if (part->has_size1 && part->size1 > BLOCK_BODY_MAX)
		return BLOCK_TOO_LARGE;

	b->active = true;
	b->format = part->format;
	b->touched_us = now_us;
	link_last(pool, b);
	return 0;
}

int block_receive(struct block_pool *pool, struct block_body *b, const struct block_part *part,
	int64_t now_us, const uint8_t **ret_data, size_t *ret_length)
{
	uint32_t number = PDU_BLOCK_NUMBER(part->block1);
	bool more = PDU_BLOCK_MORE(part->block1);
	int r;

	block_tick(pool, now_us);
	if (!is_sound(part)) {
		block_drop(pool, b);
		return BLOCK_BAD;
	}

	if (number == 0) {
		r = begin(pool, b, part, now_us);
		if (r > 0)
			return r;
		if (!more) {
			block_drop(pool, b);
			*ret_data = part->payload;
			*ret_length = part->length;
			return 0;
		}
	} else if (!b->active || part->format != b->format ||
		   (uint64_t)number * PDU_BLOCK_SIZE(part->block1) != b->length) {
		/* What we have stays: the peer may yet send the one that is missing. */
		return BLOCK_INCOMPLETE;
	}

	if (part->length > BLOCK_BODY_MAX - b->length) {
		block_drop(pool, b);
		return BLOCK_TOO_LARGE;
	}

	unlink_body(pool, b);
	link_last(pool, b);
	b->touched_us = now_us;
	if (!grow(pool, b, b->length + part->length, now_us)) {
		block_drop(pool, b);
		return BLOCK_NO_ROOM;
	}
	if (part->length > 0)
		memcpy(b->data + b->length, part->payload, part->length);
	b->length += part->length;

	/* A full body with more to come can only grow too large: say so now. */
	if (more && b->length == BLOCK_BODY_MAX) {
		block_drop(pool, b);
		return BLOCK_TOO_LARGE;
	}
	if (more)
		return BLOCK_CONTINUE;
	*ret_data = b->data;
	*ret_length = b->length;
	return 0;
}
