/*
 * Plays a line of tests/vectors/ble: a device's side of one connection, or a row
 * of advertisements, and writes down what came of it. tests/vectors/ble/README.md
 * describes both sides.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Plays steps (separated by spaces; changed in place) against one profile. Returns false, having
 * said why, when a step is not understood. */
bool script_profile(const char *profile, char *steps, char *ret, size_t size);
/* The same of advertisements; format only says in which file the line stands. */
bool script_advert(char *steps, char *ret, size_t size);
