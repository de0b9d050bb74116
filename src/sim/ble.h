/*
 * `wardsim ble': the other end of the gateway's `sim:DIRECTORY' adapter. It plays
 * the kernel's Bluetooth management at DIRECTORY/mgmt and the GATT servers of
 * devices at DIRECTORY/att/ADDRESS, as a scenario says.
 */
#pragma once

#include <stdint.h>

struct sble_options {
	const char *directory, *scenario, *log; /* log NULL: as the scenario says */
	int64_t seed, speed, duration_ms;       /* -1: as the scenario says */
};

/* Returns one of WARD_* (ward.h). */
int sble_run(const struct sble_options *o);
/* The command with its options, `ble' at argv[1]; the same. */
int sble_main(int argc, char *argv[]);
