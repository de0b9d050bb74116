/*
 * Those who look on: every reading as it was taken, right after the ledger has
 * it. What one of them does must not block and must not submit another. A value
 * that a device says again and that goes out again under its number in the same
 * run is not shown twice. No driver includes this.
 */
#pragma once

#include "wardgate/reading.h"

struct gateway;

#define GATEWAY_TAPS_MAX 4

/* The reading is borrowed for the call. */
typedef void (*gateway_tap_fn)(const struct reading *r, void *userdata);

/* Who looks on already goes on. Returns 0 or -ENOBUFS. */
int gateway_tap(struct gateway *g, gateway_tap_fn fn, void *userdata);
void gateway_untap(struct gateway *g, gateway_tap_fn fn, void *userdata);
