/*
 * `wardsim zigbee': a network co-processor on a pseudo-terminal and the Zigbee
 * devices beyond it, as a scenario says. It shares no protocol code with the
 * gateway.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct szb_options {
	const char *pty, *scenario, *log, *state; /* NULL: as the scenario says */
	bool commands;                            /* events come on standard input, too */
	int64_t seed, speed, duration_ms;         /* -1: as the scenario says */
	int64_t version, rate;                    /* likewise; rate 0: none */
};

/* Returns one of WARD_* (ward.h). */
int szb_run(const struct szb_options *o);
/* The command with its options, `zigbee' at argv[1]; the same. */
int szb_main(int argc, char *argv[]);
