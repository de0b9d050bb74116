/*
 * The reconnect policy. See backoff.h.
 */
#include "publish/backoff.h"

void backoff_init(struct backoff *b, unsigned brokers)
{
	*b = (struct backoff){ .brokers = brokers };
}

/* first * 2^n, at most longest. */
static int64_t ceiling(int64_t first, int64_t longest, unsigned n)
{
	while (n-- > 0 && first < longest)
		first *= 2;
	return first < longest ? first : longest;
}

/* A share of span by a random number of 32 bits. */
static int64_t share(int64_t span, uint32_t random)
{
	return (int64_t)((uint64_t)span * random >> 32);
}

int64_t backoff_failed(struct backoff *b, uint32_t random, bool silent)
{
	int64_t delay;

	if (b->proven) {
		/* It worked until now: a fresh round at once. */
		b->proven = false;
		b->next = silent ? (b->next + 1) % b->brokers : 0;
		return 0;
	}
	b->next++;
	if (b->next < b->brokers)
		return 0;
	b->next = 0;
	delay = share(ceiling(BACKOFF_FIRST_US, BACKOFF_LONGEST_US, b->rounds), random);
	if (b->rounds < 31)
		b->rounds++;
	return delay > BACKOFF_SHORTEST_US ? delay : BACKOFF_SHORTEST_US;
}

void backoff_confirmed(struct backoff *b)
{
	b->proven = true;
	b->rounds = 0;
}

void backoff_connected(struct backoff *b, unsigned broker)
{
	b->next = broker;
	b->proven = false;
	b->probes = 0;
}

int64_t backoff_probe(struct backoff *b, uint32_t random)
{
	int64_t most = ceiling(PROBE_FIRST_US, PROBE_LONGEST_US, b->probes);

	if (b->probes < 31)
		b->probes++;
	return most / 2 + share(most / 2, random);
}
