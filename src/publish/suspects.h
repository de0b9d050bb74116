/*
 * Finds the one message that makes a broker hang up. A 3.1.1 broker has no
 * reason codes: what it will not take it answers by closing the connection,
 * and the same message, sent again, closes the next one. Pure.
 *
 * A message that was in flight in SUSPECTS_LOSSES sessions lost one after the
 * other, none of which confirmed it, is under suspicion; so are those that
 * were in flight with it. The window then goes to 1: the message that is alone
 * in flight when the next connection is lost is the one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUSPECTS_LOSSES 3
#define SUSPECTS_MAX                                                                               \
	64 /* the oldest of those in flight; a culprit is among the oldest in the end */

struct suspect {
	uint64_t id;
	unsigned losses;
};

struct suspects {
	struct suspect list[SUSPECTS_MAX];
	size_t count;
};

/* The session was lost, not ended by us, with these in flight, oldest first. Returns the id
 * of the message to be set aside, 0 for none. */
uint64_t suspects_lost(struct suspects *s, const uint64_t *in_flight, size_t count);
/* Confirmed, refused by code or dropped: no suspect any more. */
void suspects_clear(struct suspects *s, uint64_t id);
/* Whether to send one message at a time. */
bool suspects_single(const struct suspects *s);
