/*
 * A patient of a simulated ward: the company of vitals that several devices look
 * at, by radio or by network, from courses or from a recording. Reads [Patient]'s
 * bases; the rest of the section is the scenarios'.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/ini.h"
#include "sim/replay.h"
#include "sim/signal.h"

struct patient {
	struct signals signals;
	struct replay *replay; /* NULL: none */
	int64_t speed;         /* of the recording */
};

/* seed and part decide its courses; replay: the recording's path, or NULL. Returns 0, or a negative
 * errno: -EBADMSG when the recording is no good, which is said with the name. */
int patient_open(struct patient *p, const char *name, uint64_t seed, uint64_t part,
	const struct signal_base *bases, const char *replay, int64_t speed);
void patient_close(struct patient *p);

/* A quantity by its name as a key, of a patient or of a device's surroundings: where it rests, into
 * bases, of _Q_MAX. False: key is none. */
bool patient_take_base(
	struct ini *i, const char *key, const char *value, struct signal_base *bases);
