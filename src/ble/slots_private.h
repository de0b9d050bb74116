/*
 * What the files of slots.h share: the table. slots.c has what happens to it,
 * slots_choose.c who is next.
 */
#pragma once

#include "ble/slots.h"

#define SLOTS_NOT_HEARD INT64_MIN
/* An advertisement counts for so long at least; of what advertises rarely, for three intervals. */
#define SLOTS_FRESH_EPISODIC_US (15 * INT64_C(1000000))
#define SLOTS_FRESH_STREAM_US (30 * INT64_C(1000000))
#define SLOTS_FRESH_INTERVALS 3

enum slots_state { FREE, IDLE, CONNECTING, CONNECTED, LEAVING };

struct slots_candidate {
	void *userdata;
	uint8_t state; /* enum slots_state */
	uint8_t kind;  /* enum slots_kind */
	bool held;
	bool answered;          /* it was connected, when LEAVING */
	bool lingers;           /* IDLE after a connection, which may not be gone yet */
	unsigned failures;      /* in a row */
	unsigned empties;       /* visits for nothing, in a row */
	int64_t heard_us;       /* NOT_HEARD */
	int64_t gap_us;         /* between advertisements, smoothed; 0: not known */
	int64_t not_before_us;  /* back-off or rest */
	int64_t turn_us;        /* when it was last served or tried: the oldest comes first */
	int64_t former_turn_us; /* before the present attempt */
	int64_t opened_us;      /* when its state began */
	int64_t claim_until_us; /* its slot is kept until then */
};

struct slots {
	struct slots_settings settings;
	struct slots_candidate *list;
	size_t count, room;
	uint64_t random;
	unsigned learnt; /* 0: nothing */
	int64_t relearn_us;
	unsigned relearns;
	int64_t next_us;
	uint64_t gave_way, refused;
};

static inline int64_t slots_fresh_until(const struct slots_candidate *c)
{
	int64_t least = c->kind == SLOTS_STREAM ? SLOTS_FRESH_STREAM_US : SLOTS_FRESH_EPISODIC_US;
	int64_t by_gap = SLOTS_FRESH_INTERVALS * c->gap_us;

	if (c->heard_us == SLOTS_NOT_HEARD)
		return SLOTS_NOT_HEARD;
	return c->heard_us + (by_gap > least ? by_gap : least);
}

static inline bool slots_is_waiting(const struct slots_candidate *c, int64_t now_us)
{
	return c->state == IDLE && !c->held && now_us <= slots_fresh_until(c) &&
	       now_us >= c->not_before_us;
}

static inline void slots_due_at(struct slots *s, int64_t us)
{
	if (us < s->next_us)
		s->next_us = us;
}
