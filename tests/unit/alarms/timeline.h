/*
 * A small language for the engine's tests: a clock that is counted, events that
 * go in, and what comes out written as one line. The format of the files in
 * tests/vectors/alarms is described in tests/vectors/alarms/README.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alarms/alarms.h"

#define TIMELINE_UTC INT64_C(1795255200000000) /* 2026-11-21T10:00:00Z */
#define TIMELINE_BOOT INT64_C(1000000000)

struct timeline {
	struct alarms *a;
	struct alarm_now now;
	char config[32][1024]; /* its rules, as they stand in the file */
	size_t config_count;
	char places[64][160]; /* its devices and patients */
	size_t place_count;
	bool training, untechnical;
	uint64_t sequence;
	char out[65536]; /* what came out since the last row */
	size_t out_length;
	char text[512];   /* of the last event */
	char parts[1024]; /* of the last computed value */
	/* Sees each event; nothing is written down of it then. */
	void (*hook)(void *userdata, const struct alarm_event *e);
	void *hook_data;
};

/* Runs one file. Returns how many rows did not give what they should; each is told. */
unsigned timeline_run_file(const char *path, bool with_restarts);

/* "1h 30min" */
int64_t timeline_duration(const char *text);
void timeline_apply_rules(struct timeline *t);

/* The pieces, for tests that build their own. */
void timeline_begin(struct timeline *t, bool training);
void timeline_end(struct timeline *t);
/* "spo2-low", "Type=limit\tMetric=spo2..." Returns false and prints why when it is refused. */
bool timeline_rule(struct timeline *t, const char *line);
/* Runs deadlines up to that boot-time; outputs go into t->out. */
void timeline_advance(struct timeline *t, int64_t boot_us);
/* One event, as it stands in a file's second column. False: it is none. */
bool timeline_event(struct timeline *t, const char *event);
/* What came out since the last call. */
const char *timeline_take(struct timeline *t);
/* Saves, frees the engine, makes a new one and restores. */
bool timeline_restart(struct timeline *t, int64_t elapsed_us);
