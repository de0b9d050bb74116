/*
 * What the two services of scales have in common: masses and lengths in the
 * units that a flag names, and the word that says that nothing was measured.
 */
#pragma once

#include "ble/profiles/profiles.h"

#define SCALE_UNSUCCESSFUL 0xffff

/* 0.005 kg or 0.01 lb (WSS 3.2.1.2, BCS 3.2.1.4). */
void scale_mass(const struct measure *m, enum metric metric, uint16_t units, bool imperial);
/* 0.001 m or 0.1 in. */
void scale_height(const struct measure *m, uint16_t units, bool imperial);
