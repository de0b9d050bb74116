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
