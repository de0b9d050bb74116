/*
 * The line to the radio on the event loop: its serial port with ASH on it
 * (zigbee/ash.h). Opens the port, again and again for ever where it is not there,
 * and carries frames. When to reset the radio is for those to say who know what
 * the frames say.
 *
 * A turn is one read, one acknowledgement and what else is to be said, one
 * write. It goes before whatever else is due on the loop: a radio whose frames
 * are not acknowledged loses readings.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "zigbee/ash.h"
#include "zigbee/serial.h"

#define LINE_REOPEN_US (250 * INT64_C(1000)) /* how often an unplugged port is tried */
#define LINE_REST_US (5 * INT64_C(1000000))  /* after a port that opened and was of no use */
#define LINE_READ_MAX 4096

enum line_why {
	LINE_NO_PORT,     /* it cannot be opened; detail: a negative errno */
	LINE_UNPLUGGED,   /* it was open */
	LINE_RADIO_RESET, /* by itself; detail: the code, ash_code_words() */
	LINE_RADIO_ERROR, /* it gave the link up; likewise */
	LINE_NO_ANSWER,   /* it stopped to answer, or never did */
	LINE_NOT_ASH,     /* it speaks another version; detail: which */
};

struct line;

/* All may call line_reset(); data may call line_send(). */
struct line_ops {
	/* The port is open: a first line_reset() is wanted. */
	void (*opened)(struct line *l, int64_t now_us);
	/* The radio has been reset and answers. */
	void (*up)(struct line *l, int64_t now_us);
	/* A frame; bytes during the call. */
	void (*data)(struct line *l, const uint8_t *bytes, size_t length, int64_t now_us);
	/* The radio does not speak to us any more: line_reset() is wanted, now or later. */
	void (*down)(struct line *l, enum line_why why, int detail, int64_t now_us);
	/* The port is closed, or could not be opened: told when it is first so, and when the reason
	 * is another one. It is opened again as soon as it can be, or after LINE_REST_US. */
	void (*closed)(struct line *l, enum line_why why, int detail, int64_t now_us);
	/* The end of a turn: something has happened, and deadlines may be others. */
	void (*turned)(struct line *l, int64_t now_us);
};

struct line_counters {
	uint64_t opened, unplugged;
	uint64_t radio_resets; /* by itself, or it gave up */
};

/* To be embedded; fields are for line.c, but context, ash.counters and counters may be read. */
struct line {
	const struct line_ops *ops;
	void *context; /* the driver's */
	struct line_counters counters;
	struct ash ash;

	sd_event *event; /* borrowed */
	const char *path;
	unsigned baud_rate;
	enum serial_flow flow;
	int fd; /* -1: closed */
	sd_event_source *io, *timer;
	int64_t timer_us, reopen_us;
	int told_why, told_detail; /* the last that closed told since it was open; -1: nothing */
	bool turning, hushed;
	int failed, failed_code; /* enum line_why: to be closed at the end of the turn; -1: not */
	size_t out_length, out_at;
	uint8_t out[2 * ASH_OUTPUT_MIN];
};

/* path is borrowed. Tries to open the port at once. Returns 0 or a negative errno; a port that is
 * not there is none. */
int line_start(struct line *l, const struct line_ops *ops, void *context, sd_event *event,
	const char *path, unsigned baud_rate, enum serial_flow flow);
/* Closes the port; calls nobody. Harmless on zeros and when stopped. */
void line_stop(struct line *l);

/* Takes nothing more from the radio, and so confirms nothing more to it: what it says from now on
 * is lost to it as if we were gone. What is sent may still go. Until line_stop(). */
void line_hush(struct line *l);

/* Queues a frame, to go at the end of the turn. As ash_send(). */
int line_send(struct line *l, const uint8_t *frame, size_t length, int64_t now_us);
/* Resets the radio; up or down follows. Nothing happens while the port is closed. */
void line_reset(struct line *l, int64_t now_us);
/* Neither takes nor confirms what comes, until line_reset(). */
void line_silence(struct line *l);
/* Writes what is to be written: at the end of whatever else but a turn led to line_send(). */
void line_settle(struct line *l);

/* A sentence of why the line is down, with the remedy where there is one. Returns buf. */
const char *line_words(const struct line *l, enum line_why why, int detail, char *buf, size_t size);
