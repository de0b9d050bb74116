/*
 * Mean kinetic temperature: one constant temperature that would have done the
 * same harm. Weighted by elapsed time. Floating point stays inside mkt.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wardgate/decimal.h"

/* Zeroed when empty. Can be saved and restored as two numbers. */
struct mkt {
	int64_t sum; /* the bits of a double */
	int64_t weight_us;
};

/* The temperature in Cel held for us microseconds. What no thermometer can show is left out. */
void mkt_add(struct mkt *m, struct decimal temperature, int64_t us);
/* In Cel to 0.01. False: there is none yet. */
bool mkt_value(const struct mkt *m, struct decimal *ret);
/* Whether it could have come about by mkt_add(). */
bool mkt_valid(const struct mkt *m);
