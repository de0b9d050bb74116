/*
 * The table of set-aside messages for people, wherever they were read.
 */
#pragma once

#include <stdint.h>

#include "util/cleanup.h"

#define ASIDES_SHOWN 20    /* lines of the table; --json has more */
#define ASIDES_LISTED 1000 /* --json lists up to so many */

struct asides;

struct aside_line {
	const char *id, *what; /* id with the gateway's name in front */
	int64_t since_ms;      /* UTC, negative: unknown */
	uint64_t tries;
	uint8_t reason_code; /* of MQTT */
	const char *reason;  /* the same as a sentence */
};

/* Returns 0 or -ENOMEM. */
int asides_new(struct asides **ret);
struct asides *asides_free(struct asides *a);
WG_DEFINE_CLEANUP(struct asides *, asides_free)

/* Adds one, or only counts it once ASIDES_SHOWN are there. Returns 0 or -ENOMEM. */
int asides_add(struct asides *a, const struct aside_line *line);
/* Prints them under a heading; all: how many there are, listed or not. */
void asides_print(const struct asides *a, uint64_t all);
