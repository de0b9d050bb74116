/*
 * The line between host and NCP: a pseudo-terminal with a symbolic link to it,
 * and what goes wrong on it. The other end stays open here too, so that a host
 * may come and go as on a serial port; unplugging takes both ends away.
 */
#pragma once

#include <systemd/sd-event.h>

#include "sim/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct szb;

/* A fault for some time, or so many times, or by chance. */
struct szb_fault {
	bool on;
	uint32_t times;       /* 0: as long as it lasts */
	int64_t until_us;     /* of the scenario */
	unsigned thousandths; /* of chance */
	int64_t amount;
};

enum szb_line_fault {
	SZB_L_DROP,
	SZB_L_DROP_IN,
	SZB_L_CORRUPT,
	SZB_L_CORRUPT_IN,
	SZB_L_DELAY,
	SZB_L_NOISE,
	SZB_L_CANCEL,
	SZB_L_SUBSTITUTE,
	SZB_L_FLOW_BYTES,
	SZB_L_REPEAT,
	SZB_L_SILENCE,
	SZB_L_STALL,
	_SZB_L_MAX
};

#define SZB_OUT_MAX 262144
#define SZB_LATER_MAX 512

struct szb_later {
	int64_t at_us;
	size_t n;
	uint8_t *bytes;
};

struct szb_line {
	struct szb *szb;
	const char *link;
	int fd, other; /* -1: unplugged */
	sd_event_source *io;
	uint8_t *out; /* what the terminal does not take yet */
	size_t out_n;
	uint8_t in[1024]; /* a frame of the host's so far, while those are meddled with */
	size_t in_n;
	struct szb_fault faults[_SZB_L_MAX];
	unsigned faults_on;
	struct rng rng;
	struct szb_later later[SZB_LATER_MAX];
	size_t later_first, later_count;
	uint64_t bytes_out, bytes_in, dropped;
};

int szb_line_init(struct szb_line *l, struct szb *b, const char *link, uint64_t seed);
void szb_line_done(struct szb_line *l);
/* Makes the terminal and the link to it. Returns 0 or a negative errno. */
int szb_line_plug(struct szb_line *l);
void szb_line_unplug(struct szb_line *l);
void szb_line_wire(struct szb_line *l, uint8_t control, const uint8_t *p, size_t n);
/* Whether the NCP stands still: its timers too. */
bool szb_line_stalled(const struct szb_line *l);
/* Writes what it can, once a turn. */
void szb_line_flush(struct szb_line *l);
/* Microseconds of the scenario at which something is due; INT64_MAX: none. */
int64_t szb_line_deadline(const struct szb_line *l);
void szb_line_fault(struct szb_line *l, enum szb_line_fault what, struct szb_fault f);
