/*
 * The simulator's log: what was sent and what became of it, as JSON lines for a
 * reader that compares it with what arrived at the broker.
 *
 * A value has one line when it is first sent, before its bytes leave, and one
 * more when its fate is known; the last line of a value counts:
 *
 *   {"device":"bed1-monitor","metric":"spo2","value":97,"time":"2026-11-21T10:00:00.123Z",
 *    "acknowledged":false,"pack":7}
 *   ... "acknowledged":true,"pack":7,"attempts":1}       2.04 came: it must arrive
 *   ... "acknowledged":false,"pack":7,"refused":"4.00","diagnostic":"..."}
 *   ... "acknowledged":false,"pack":7,"dropped":"queue-full"}
 *
 * device, metric, time and value together name a value, and are as the broker
 * shows them: 120 mm[Hg] for 15999 Pa sent, 97 % for 0.97. What has no value has
 * "value":null and "validity":"sensor-off". Lines of faults, sessions and the
 * closing statistics carry "event" and "at" (when it was) and no "metric".
 *
 * Each call is one write() of whole lines: a reader never sees half of one, and
 * what is written survives a kill of the simulator.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sim/pack.h"
#include "util/cleanup.h"

enum simlog_fate { FATE_SENT, FATE_ACKNOWLEDGED, FATE_REFUSED, FATE_DROPPED };

struct simlog;

/* path "-" is standard output; NULL keeps no log. Returns 0 or a negative errno. */
int simlog_new(struct simlog **ret, const char *path);
struct simlog *simlog_free(struct simlog *l);
WG_DEFINE_CLEANUP(struct simlog *, simlog_free)

/* detail: the code of a refusal, why it was dropped, else NULL. diagnostic: the peer's bytes, any,
 * or NULL. */
void simlog_samples(struct simlog *l, const char *device, uint32_t pack,
	const struct sample *samples, size_t count, enum simlog_fate fate, unsigned attempts,
	const char *detail, const char *diagnostic, size_t diagnostic_length);
/* {"event":EVENT,"device":DEVICE,"at":...,MORE}; device NULL: none; more: further members as JSON
 * without braces, or "". */
void simlog_event(struct simlog *l, const char *event, const char *device, const char *more);
/* Sticky: the first failure to write, a negative errno, or 0. */
int simlog_error(const struct simlog *l);

/* One line of simlog_samples(), with its line break; for tests. Returns the length or -ENOBUFS. */
ssize_t simlog_line(char *buf, size_t size, const char *device, uint32_t pack,
	const struct sample *s, enum simlog_fate fate, unsigned attempts, const char *detail,
	const char *diagnostic, size_t diagnostic_length);
