/*
 * A GPIO chip behind the ioctls of linux/gpio.h, for tests on machines without
 * one: a file stands for its device, the seam of annunciator/output.h for the
 * kernel. What it does not do is reckon with the file's other users. And a
 * clock that stands still.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "annunciator/output.h"

#define CHIP_LINES 8

struct chip_line {
	char name[32];
	int held_by; /* our end of the pipe that stands for a request; -1: nobody holds it */
	bool active_low, value; /* value: as requested, before active_low */
	bool level;             /* of the pin */
	char consumer[32];
};

struct chip {
	char path[64];
	bool present, broken; /* broken: setting fails with EIO */
	int64_t slow_us;      /* what the clock shows more after each ioctl */
	unsigned sets, requests;
	struct chip_line lines[CHIP_LINES];
};

extern struct chip chip;
extern int64_t chip_now_us;
extern const struct output_kernel chip_kernel;

void chip_plug(void);
/* As when a USB adapter is pulled: the device is gone, and requests are dead. */
void chip_unplug(void);
/* Forgets the chip and its file. */
void chip_done(void);
/* Whether somebody holds the line now. */
bool chip_is_held(unsigned line);
