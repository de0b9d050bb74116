/*
 * What the files of link.h share: link.c has the way from MTU to the running
 * session, link_values.c what comes of values, link_time.c time and words.
 */
#pragma once

#include "ble/link.h"
#include "wardgate/ledger.h"

#define LINK_BATTERY_LEVEL 0x2a19

/* The link is over; the first reason counts. detail may be NULL. */
void link_over(struct link *l, enum link_end end, const char *detail);
/* A stream: one of its profiles is, and was not given up. */
bool link_is_stream(const struct link *l);

/* Performs actions as long as there are any. */
void link_pump(struct link *l);

/* Something was notified, or indicated. */
void link_heard(
	struct link *l, uint16_t handle, bool indicated, const uint8_t *bytes, size_t length);
/* Hands what came early to those profiles whose turn it is. */
void link_flush_early(struct link *l);
/* What a value or an action of the session came to. number: of its indication, or 0. */
enum link_taken link_take(struct link *l, const struct session_result *out, uint32_t number);
/* Counts and tells what could not be made use of. */
void link_fault(struct link *l, uint16_t handle, int outcome, const uint8_t *bytes, size_t length);
/* A value that was asked for beside the session, as if it had been notified. */
void link_deliver(
	struct link *l, uint16_t handle, uint32_t number, const uint8_t *bytes, size_t length);
