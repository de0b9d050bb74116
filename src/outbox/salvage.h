/*
 * Brings back what can be read of a damaged database that was set aside, piece
 * by piece while the new one is in use. Inner header of the store thread's
 * mind.
 *
 * A damaged file is read from both ends towards the damage, and only rows whose
 * check is right are taken, with their positions. What lies between the ends is
 * owed as a gap. Where it stands is kept in the new database, so that a start
 * goes on with it.
 */
#pragma once

#include "outbox/keeper_private.h"

/* k has just made a new database: takes names, owed records and what was set aside out of the file
 * of that name in the state directory, and notes it for salvage_step(). A file of which nothing can
 * be read is no error. Returns 0 or a negative errno of the new database. */
int salvage_begin(struct keeper *k, const char *file);
/* k has opened a database: goes on with the file that it names, if any. Likewise. */
int salvage_resume(struct keeper *k);
/* The source keys of the newest readings in the old file. */
void salvage_keys(struct salvage *s, struct store_key **ret, size_t *ret_count);
/* One piece; k->salvage is NULL after the last. Returns 0 or a negative errno of the new database.
 */
int salvage_step(struct keeper *k);
struct salvage *salvage_free(struct salvage *s);
