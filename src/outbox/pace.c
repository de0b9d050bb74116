/*
 * See pace.h.
 */
#include "outbox/pace.h"

/* So many may wait at the broker or on the way: fewer make the pipe run dry, more make a queue. */
#define QUEUED_LEAST 5
#define QUEUED_MOST 8
#define BEST_US (10 * INT64_C(1000000)) /* then the way may have become longer */

void pace_begin(struct pace *p)
{
	*p = (struct pace){ .limit = PACE_START, .best_us = INT64_MAX, .next_best_us = INT64_MAX };
}

static void note_best(struct pace *p, int64_t now_us, int64_t took_us)
{
	if (now_us >= p->best_until_us) {
		p->best_us = p->next_best_us;
		p->next_best_us = INT64_MAX;
		p->best_until_us = now_us + BEST_US;
	}
	if (took_us < p->next_best_us)
		p->next_best_us = took_us;
	if (took_us < p->best_us)
		p->best_us = took_us;
}

void pace_answered(struct pace *p, int64_t now_us, int64_t took_us, size_t most)
{
	int64_t mean_us, queued;

	if (took_us < 1)
		took_us = 1;
	note_best(p, now_us, took_us);
	p->sum_us += took_us;
	if (++p->count < p->limit)
		return;
	mean_us = p->sum_us / (int64_t)p->count;
	queued = (int64_t)p->limit * (mean_us - p->best_us) / mean_us;
	if (queued < QUEUED_LEAST)
		p->limit++;
	else if (queued > QUEUED_MOST && p->limit > PACE_LEAST)
		p->limit--;
	if (p->limit > most)
		p->limit = most;
	p->sum_us = 0;
	p->count = 0;
}
