/*
 * Which numbers of given runs are stored: one pass over the tables, in pieces
 * between batches. Inner header of the store thread's mind.
 */
#pragma once

#include "outbox/keeper_private.h"

/* Notes that an epoch is wanted. Returns 0 or -ENOMEM. */
int scan_want(struct scan *s, uint32_t epoch);
bool scan_is_wanted(const struct scan *s);
/* One piece; posts what is found. Returns 0 or a negative errno. */
int scan_step(struct keeper *k);
/* The database was opened anew: what was begun starts again. */
void scan_restart(struct scan *s);
void scan_done(struct scan *s);
