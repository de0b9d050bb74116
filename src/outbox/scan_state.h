/*
 * What a pass of scan.c has found so far.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/row.h"

/* Numbers of one epoch, as ranges in order. */
struct scan_epoch {
	struct store_range *ranges;
	size_t count, room;
	uint32_t epoch;
};

struct scan {
	struct scan_epoch *epochs; /* those of this pass, and behind them those that came since */
	size_t count, room, in_pass;
	int64_t next; /* position */
	bool running, events;
	size_t told; /* ranges of epochs[0] that were told, after the pass */
	bool telling;
};
