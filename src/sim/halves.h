/*
 * Which sections of a scenario are whose, where one file has devices of both
 * transports: those of CoAP are scenario.h's, those of Bluetooth ble_scenario.h's.
 * Patients and what happens to them are of both, which play the same courses by
 * the same seed.
 */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"

enum half { HALF_COAP = 1, HALF_BLE = 2, HALF_BOTH = 3 };

struct halves;

/* Looks through a file, and says nothing of what is wrong with it but what concerns both. Returns 0
 * or a negative errno; -EBADMSG when problems were printed. */
int halves_read(struct halves **ret, const char *path);
struct halves *halves_free(struct halves *h);
WG_DEFINE_CLEANUP(struct halves *, halves_free)

/* How many devices a half has. */
size_t halves_count(const struct halves *h, enum half half);
/* Whose the section is of that kind, whose head stands on that line. */
enum half halves_of(const struct halves *h, const char *kind, int line);
