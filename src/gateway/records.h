/*
 * What the gateway tells consumers about the numbers themselves: gaps, epochs
 * and the clock. Inner header of gateway/; others see gateway.h.
 */
#pragma once

#include "gateway/gateway.h"

struct corrections;

/* The clock's state changed, or it was stepped (step_us is not 0). corrections: of stamps taken
 * before, now that wall clock - boot-time clock is offset_us; NULL: none. Sets *ret_sequence to the
 * record's number. Returns 0 or a negative errno (logged). */
int gateway_record_clock(struct gateway *g, enum clock_state state, enum clock_state previous,
	int64_t step_us, const struct corrections *corrections, int64_t offset_us,
	uint64_t *ret_sequence);

/* For records.c: the next sequence number for something stamped now, and the ledger's place for a
 * record. */
uint64_t gateway_next_sequence(struct gateway *g, const struct stamp *now);
int gateway_append_record(
	struct gateway *g, uint64_t sequence, const char *topic, const char *body, int64_t owed);
