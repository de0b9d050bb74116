/*
 * Plays a scenario against a gateway: opens the log, the keys and the devices,
 * lets events happen in time, and ends by itself or by a signal. Bluetooth
 * devices are played by ble.h, on the same loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/scenario.h"
#include "sim/sender.h"

struct ward_options {
	struct sender_options sender;
	uint32_t ack_timeout_ms;
	unsigned max_retransmit;
	int64_t spread_us;
	bool verbose;
	bool stay; /* when all is answered, the devices stay there until a signal */
	const struct sble_scenario *ble; /* NULL: no Bluetooth devices */
};

/* Exit codes of wardsim. */
enum {
	WARD_DONE = 0,
	WARD_FAILED = 1,  /* could not run, or could not write the log */
	WARD_USAGE = 2,   /* options, scenario or keys are wrong; said so */
	WARD_PENDING = 3, /* the time was over before every pack had its answer */
};

void ward_default_options(struct ward_options *o);
/* Returns one of WARD_*. With CoAP devices s->gateway must be set, and s->psk_file for coaps; with
 * Bluetooth ones s->directory. */
int ward_run(const struct scenario *s, const struct ward_options *o);
