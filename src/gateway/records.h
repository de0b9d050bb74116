/*
 * What the gateway tells consumers about the numbers themselves: gaps, epochs
 * and the clock. Inner header of gateway/; others see gateway.h.
 */
#pragma once

#include "gateway/gateway.h"

/* The clock's state changed, or it was stepped (step_us is not 0). */
void gateway_record_clock(
	struct gateway *g, enum clock_state state, enum clock_state previous, int64_t step_us);

/* For records.c: the next sequence number, and the ledger's place for a record. */
uint64_t gateway_next_sequence(struct gateway *g);
int gateway_append_record(
	struct gateway *g, uint64_t sequence, const char *topic, const char *body);
