/*
 * Plays a line of tests/vectors/zigbee: a device whose messages come in, and writes
 * down what came of them. tests/vectors/zigbee/README.md describes both sides.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Plays steps (separated by spaces; changed in place) against the clusters; those that name none go
 * to cluster id. Returns false, having said why, when a step is not understood. */
bool cluster_script(const char *id, char *steps, char *ret, size_t size);
