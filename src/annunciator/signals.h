/*
 * Which of the annunciator's signals are on at a moment, and when that changes:
 * the patterns. Pure: the time goes in, on the boot-time clock; it touches
 * nothing.
 *
 * Lights (IEC 60601-1-8, "characteristics of alarm indicator lights"): high
 * flashes at 1.4 to 2.8 Hz, medium at 0.4 to 0.8 Hz, both lit for 20 to 60 % of
 * the time, low is constant. Only the most urgent is shown. Colours are the
 * lamps' own.
 *
 * Sound follows the same standard's bursts (high: 10 pulses, medium: 3, low: 2)
 * as far as a line that is on or off can; pitch and loudness are the buzzer's.
 *
 * Running is on with a short dip, so that neither a lamp that stays on nor one
 * that stays off is from a living gateway, and no alarm looks like it.
 */
#pragma once

#include <stdint.h>

#include "annunciator/annunciator.h"

enum signal_role {
	ROLE_HIGH,
	ROLE_MEDIUM,
	ROLE_LOW,
	ROLE_SOUND,
	ROLE_BROKER,
	ROLE_RUNNING,
	_ROLE_MAX
};

#define SIGNALS_NEVER INT64_MAX

struct signals {
	struct annunciator_state state;
	int64_t began_us;           /* the pattern of Running */
	int64_t light_us, sound_us; /* those of state */
};

struct signals_levels {
	unsigned on;     /* 1 << enum signal_role */
	int64_t next_us; /* when that changes by itself; SIGNALS_NEVER: it does not */
};

/* Nothing is shown but that the gateway runs. */
void signals_begin(struct signals *s, int64_t now_us);
/* A pattern that goes on keeps its phase; a new one begins lit, or sounding, at once. Returns
 * whether anything changed. */
bool signals_set(struct signals *s, const struct annunciator_state *state, int64_t now_us);
/* used: the roles that there are outputs for; others are off and have no deadline. */
struct signals_levels signals_at(const struct signals *s, unsigned used, int64_t now_us);
