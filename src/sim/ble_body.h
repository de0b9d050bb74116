/*
 * Quantities that only BLE devices measure, beside those of quantity.h: each
 * walks about its base by itself. Pure.
 */
#pragma once

#include <stdint.h>

#include "sim/rng.h"

enum sble_body {
	SBLE_GLUCOSE, /* mmol/L */
	SBLE_WEIGHT,  /* kg */
	SBLE_HEIGHT,  /* cm */
	SBLE_BODY_FAT,
	SBLE_MUSCLE,
	SBLE_IMPEDANCE,
	SBLE_PRESSURE, /* hPa */
	SBLE_VOLTAGE,  /* V, of the battery */
	SBLE_DUST,     /* ug/m3 */
	SBLE_CUFF,     /* mmHg */
	_SBLE_BODY_MAX
};

struct sble_body_walk {
	int64_t now, base; /* thousandths */
};

/* _SBLE_BODY_MAX when there is none of that name. */
enum sble_body sble_body_by_name(const char *name);
/* "5.5" into thousandths. Returns 0 or -EINVAL. */
int sble_body_parse(const char *text, int64_t *ret_milli);
void sble_body_init(struct sble_body_walk walks[static _SBLE_BODY_MAX], struct rng *r);
/* One step; the value in units of 10^-decimals, at most 3. */
int64_t sble_body_next(struct sble_body_walk *w, enum sble_body b, struct rng *r, int decimals);
