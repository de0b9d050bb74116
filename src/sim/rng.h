/*
 * Chance that can be repeated: splitmix64, so that one seed gives one ward on
 * every machine. Not for keys, tokens or anything that must be unguessable.
 */
#pragma once

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A number of 0 to n - 1; 0 for n 0. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * (uint64_t)n) >> 32);
}

/* Roughly normal about 0 with the standard deviation sigma, never beyond 3.5 sigma: four dice. */
static inline int64_t rng_bell(struct rng *r, int64_t sigma)
{
	int64_t sum = 0;

	for (int i = 0; i < 4; i++)
		sum += (int64_t)rng_below(r, 2001) - 1000;
	return sum * sigma / 1155; /* one die has 577, four have 1155 */
}

/* A generator of its own for one part of the ward, so that parts do not disturb each other. */
static inline struct rng rng_fork(uint64_t seed, uint64_t part)
{
	struct rng r = { seed ^ (part * UINT64_C(0xd1342543de82ef95)) };

	rng_next(&r);
	return r;
}
