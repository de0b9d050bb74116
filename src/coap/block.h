/*
 * Bodies that arrive in blocks (RFC 7959, Block1), put together under caps of
 * our own: one body per peer, memory that grows with what has arrived and never
 * with what Size1 claims, a limit on all bodies together. It decides on blocks;
 * the answers' bytes are pdu.h's and the exchange's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_BODY_MAX 65536       /* bytes of one body */
#define BLOCK_TOTAL_MAX (8u << 20) /* bytes of all bodies that are being put together */
#define BLOCK_LIFETIME_US (247 * INT64_C(1000000)) /* EXCHANGE_LIFETIME, since its last block */
/* At the total limit a body that has been quiet for this long gives way to a new one. */
#define BLOCK_QUIET_US (30 * INT64_C(1000000))

/* All bodies under way. */
struct block_pool {
	struct block_body *first, *last; /* that which is quiet for longest first */
	size_t total;
	size_t limit; /* BLOCK_TOTAL_MAX, less in tests */
	uint64_t expired, evicted;
};

/* One peer's body; embedded in the peer, all zero when there is none. */
struct block_body {
	struct block_body *next, *previous;
	uint8_t *data;
	size_t length, size;
	int64_t touched_us;
	uint16_t format;
	bool active;
};

struct block_part {
	uint32_t block1; /* the option's value */
	uint16_t format;
	bool has_size1;
	uint32_t size1;
	const uint8_t *payload;
	size_t length;
};

enum {
	_BLOCK_WHOLE,     /* data and length are the whole body */
	BLOCK_CONTINUE,   /* taken, more to come: 2.31 */
	BLOCK_BAD,        /* sizes that contradict each other: 4.00 */
	BLOCK_INCOMPLETE, /* an earlier block is missing or of another body: 4.08 */
	BLOCK_TOO_LARGE,  /* more than BLOCK_BODY_MAX, or meant to be: 4.13 */
	BLOCK_NO_ROOM,    /* too many bodies under way, or no memory: 5.03 */
};

/* Takes a block. Returns 0 or BLOCK_*; but for BLOCK_CONTINUE and BLOCK_INCOMPLETE the body is
 * over. On 0 *ret_data is valid until the next call for this body, or as long as the payload. */
int block_receive(struct block_pool *pool, struct block_body *b, const struct block_part *part,
	int64_t now_us, const uint8_t **ret_data, size_t *ret_length);
/* Forgets a body. */
void block_drop(struct block_pool *pool, struct block_body *b);
/* Forgets those that were quiet for BLOCK_LIFETIME_US. Returns when to call again, INT64_MAX for
 * never. */
int64_t block_tick(struct block_pool *pool, int64_t now_us);
