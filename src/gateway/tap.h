/*
 * One who looks on: every reading as it was taken. For an operator who watches;
 * what is to be acted on or kept goes another way. No driver includes this.
 */
#pragma once

#include "wardgate/reading.h"

struct gateway;

/* The reading is borrowed for the call, which must not submit another. */
typedef void (*gateway_tap_fn)(const struct reading *r, void *userdata);

/* fn NULL: nobody looks on. */
void gateway_tap(struct gateway *g, gateway_tap_fn fn, void *userdata);
