/*
 * When to connect, and to which broker: the order of Broker=, exponential
 * back-off with full jitter between rounds, and when to look whether the first
 * is there again. Pure: random numbers and outcomes come in, delays go out.
 *
 * A broker that accepts connections and then confirms nothing (a second
 * gateway with the same client id, a broker without the right to publish) must
 * not be hammered: only a confirmed publish resets the back-off.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_FIRST_US INT64_C(1000000)
#define BACKOFF_LONGEST_US INT64_C(60000000)
/* Shorter is no pause: full jitter can come out as good as nothing. */
#define BACKOFF_SHORTEST_US INT64_C(100000)
#define PROBE_FIRST_US INT64_C(5000000)
#define PROBE_LONGEST_US INT64_C(60000000)

struct backoff {
	unsigned brokers;
	unsigned next;   /* broker to try next, from 0 */
	unsigned rounds; /* failed ones since the last confirmed publish */
	unsigned probes; /* in vain since the session began */
	bool proven;     /* a publish was confirmed in this session */
};

/* brokers: at least 1. */
void backoff_init(struct backoff *b, unsigned brokers);
/* A session or an attempt to get one ended. Returns how long to wait before b->next is tried: 0
 * while the round goes on or when the session had been proven. After a proven session the first
 * broker's turn comes, but the next one's if this one fell silent: it would only be silent again.
 */
int64_t backoff_failed(struct backoff *b, uint32_t random, bool silent);
/* A publish was confirmed: this session counts. */
void backoff_confirmed(struct backoff *b);
/* A session with that broker begins (accepted, nothing confirmed yet). */
void backoff_connected(struct backoff *b, unsigned broker);

/* While connected to any but the first: how long to wait before the first is tried, with jitter of
 * a half. Call it after connecting and after each vain try. */
int64_t backoff_probe(struct backoff *b, uint32_t random);
