/*
 * Care for the file while nothing else is to be done: the log goes into the
 * database at chosen times, and what a long outage took is given back. Inner
 * header of the store thread's mind.
 */
#pragma once

#include "outbox/keeper_private.h"

/* A commit was made. Puts the log away when it has become too long to wait for a quiet moment. */
int upkeep_after_commit(struct keeper *k);
/* One step of what is due while no batch waits. *ret_next_us: when to call again, 0 for at once,
 * INT64_MAX for not before the next commit. */
int upkeep_idle(struct keeper *k, int64_t *ret_next_us);
