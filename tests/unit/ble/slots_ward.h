/*
 * A ward in a table, for the tests of slots: devices that advertise, are
 * connected to, stay, leave or never answer.
 */
#pragma once

#include "ble/slots.h"

#define S INT64_C(1000000)
#define DEVICES_MAX 140
#define SLOTS_SEED 20261121

enum temper { ANSWERS, NEVER_ANSWERS, BREAKS };

struct bedside {
	unsigned id;
	enum slots_kind kind;
	enum temper temper;
	int64_t visit_us; /* how long an episodic device stays */
	int64_t every_us; /* between bursts of advertising; 0: always */
	int64_t burst_us; /* how long one is */
	int64_t phase_us;
	bool open, connecting, served_in_burst;
	int64_t ends_us;
	/* what came of it */
	unsigned served, attempts, cut;
	int64_t open_us, opened_us, last_served_us, longest_wait_us;
};

struct ward {
	struct slots *slots;
	unsigned capacity; /* of the adapter */
	unsigned open, most;
	int64_t now_us;
	size_t count;
	struct bedside list[DEVICES_MAX];
};

extern struct ward ward;

/* A ward with an adapter of that many connections; limit as in struct slots_settings. */
void setup(unsigned capacity, unsigned limit, int64_t tenure_us);
void teardown(void);
struct bedside *add(enum slots_kind kind, enum temper temper);
/* Ends its link or its attempt. */
void end(struct bedside *d, enum slots_end how);
/* Runs a while in steps of a tenth of a second; each device advertises each second. */
void run(int64_t us);
unsigned open_of(enum slots_kind kind);
