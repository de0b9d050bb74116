/*
 * A small ward in which much has happened: alarms of each sort, latched,
 * acknowledged, paused, pending; limits, a score, a fridge that is too warm. For
 * tests that save and restore it.
 */
#pragma once

#include "unit/alarms/timeline.h"

/* Begins t with the ward's rules, devices and beds. */
void ward_configure(struct timeline *t);
/* Lets it happen; what came out is in t. */
void ward_happen(struct timeline *t);

/* A ward in which much has happened, its saved state, and an engine that has the configuration
 * alone. For cmocka, in *state. */
struct ward {
	struct timeline had, fresh;
	char *text;
	size_t length;
};
int ward_set_up(void **state);
int ward_tear_down(void **state);
/* The state with another text in the place of the first `from`, its count and sum made right. To be
 * freed. */
char *ward_edited(const struct ward *w, const char *from, const char *to, size_t *ret_length);
/* The state of an engine, to be freed. */
char *timeline_saved(const struct timeline *t);
