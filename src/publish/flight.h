/*
 * What was handed to the library and is not yet acknowledged: found by message
 * id, and in order of sending. Pure; a fixed number of places, so that nothing
 * is allocated per publish.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

struct flight;

#define FLIGHT_MAX 65535 /* as many as there are message ids */

struct flight_item {
	void *object;
	uint8_t kind;   /* the caller's */
	uint8_t format; /* the caller's */
	uint16_t mid;
	int64_t sent_boot_us;
};

int flight_new(struct flight **ret, unsigned places);
struct flight *flight_free(struct flight *f);
WG_DEFINE_CLEANUP(struct flight *, flight_free)

/* Makes room for that many; never less than there was. The items keep their order, not their
 * addresses. Returns 0 or a negative errno. */
int flight_grow(struct flight **f, unsigned places);

unsigned flight_count(const struct flight *f);
/* Returns the item, to be filled by the caller, or NULL when all places are taken. mid must not be
 * in flight. */
struct flight_item *flight_add(struct flight *f, uint16_t mid);
/* Takes the item of that message id out and copies it to *ret. Returns 0 or -ENOENT. */
int flight_take(struct flight *f, uint16_t mid, struct flight_item *ret);
/* The item sent first, NULL when there is none; and the one sent after i. */
struct flight_item *flight_oldest(struct flight *f);
struct flight_item *flight_after(struct flight *f, struct flight_item *i);

/*
 * How many may be in flight: the least of Window=, the broker's Receive
 * Maximum and what it bears (it answers 0x97, quota exceeded, beyond).
 */
struct window {
	unsigned limit, size, successes;
};

void window_init(struct window *w, unsigned configured, unsigned receive_maximum);
/* 0x97: half, at least 1. */
void window_shrink(struct window *w);
/* A publish was confirmed; one more place after a whole window of them. Returns whether it grew. */
bool window_success(struct window *w);
