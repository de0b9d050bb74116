/*
 * How many messages of the backlog go out unacknowledged: as few as keep the
 * way to the broker busy, so that a live reading never queues behind many of
 * them. Judged by how much longer than at best their answers take (as TCP Vegas
 * does). Pure: times come in as arguments.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PACE_LEAST 4
#define PACE_START 16

struct pace {
	size_t limit;    /* what may be unacknowledged */
	int64_t best_us; /* the quickest answer of late */
	int64_t next_best_us, best_until_us;
	int64_t sum_us; /* of the answers of this round, as many as limit */
	size_t count;
};

/* A session began. */
void pace_begin(struct pace *p);
/* A message of the backlog was answered after took_us. most: what the window allows. */
void pace_answered(struct pace *p, int64_t now_us, int64_t took_us, size_t most);
