/*
 * ASH, the link between host and radio (Silicon Labs UG101), the host's side:
 * frames arrive once and in order, or the link is reported down. Sans-IO:
 * bytes and the boot-time clock come in, bytes are fetched with ash_output(),
 * and ash_deadline() says when to call again. It opens no port, and what is in
 * the data frames is zigbee/ezsp.h's.
 *
 * One turn of the shell that owns the port: read() once, ash_receive() with all
 * of it, then ash_output() until it gives nothing, and write that. So each read
 * costs one acknowledgement, which goes at once: the radio waits for it, as its
 * window holds 5 frames. After a pause of our own, read before ash_tick(), lest
 * an acknowledgement that has long been here counts as missing.
 *
 * Nothing is ever held back to wait for something to ride on. When the port
 * takes no more, leave ash_output() alone until it does: acknowledgements that
 * fall due meanwhile become one.
 *
 * We never say "not ready" (nRdy): a radio that may not send drops what it
 * hears, and nobody counts that.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zigbee/ash_frame.h"

#define ASH_VERSION 2
#define ASH_QUEUE_MAX 16 /* frames of ours: those not acknowledged and those that wait */
#define ASH_WINDOW_MAX 7 /* frame numbers count modulo 8 */
#define ASH_WINDOW 3     /* what the makers' own host uses */
/* Room that ash_output() must be given: a cancel byte and one frame. */
#define ASH_OUTPUT_MIN (1 + ASH_STUFFED_MAX)

/* How long we wait for an acknowledgement: adapts within these (T_RX_ACK). */
#define ASH_ACK_FIRST_US (800 * INT64_C(1000))
#define ASH_ACK_MIN_US (400 * INT64_C(1000))
#define ASH_ACK_MAX_US (2400 * INT64_C(1000))
#define ASH_TIMEOUTS_MAX 6 /* so many in a row, and the link is down */
/* A radio that asks for repetition for ever is caught by this: without any progress for so long. */
#define ASH_STUCK_US (15 * INT64_C(1000000))
/* A reset: the radio boots for a second or so before it answers. */
#define ASH_RESET_FIRST_US (2500 * INT64_C(1000))
#define ASH_RESET_US (5 * INT64_C(1000000))
#define ASH_RESETS_MAX 5
/* It has booted, but of itself: it may not have heard us. */
#define ASH_RESET_BOOTED_US (1500 * INT64_C(1000))

enum ash_state {
	ASH_DOWN, /* nothing is sent, what comes is ignored */
	ASH_RESETTING,
	ASH_UP,
};

enum ash_reason {
	ASH_RADIO_RESET,   /* the radio says that it has started anew; code: why */
	ASH_RADIO_ERROR,   /* the radio has given up the link; code: why */
	ASH_NO_ANSWER,     /* ASH_TIMEOUTS_MAX acknowledgements in a row did not come */
	ASH_NO_PROGRESS,   /* ASH_STUCK_US of repetitions that did not help */
	ASH_RESET_FAILED,  /* ASH_RESETS_MAX resets without an answer */
	ASH_OTHER_VERSION, /* the radio speaks another version of ASH; code: which */
};

/* Reset codes of RSTACK and ERROR that callers tell apart. */
enum {
	ASH_CODE_UNKNOWN = 0x00,
	ASH_CODE_EXTERNAL = 0x01,
	ASH_CODE_POWER_ON = 0x02,
	ASH_CODE_WATCHDOG = 0x03,
	ASH_CODE_ASSERT = 0x06,
	ASH_CODE_BOOTLOADER = 0x09,
	ASH_CODE_SOFTWARE = 0x0B, /* the answer to our reset */
	ASH_CODE_ACK_TIMEOUTS = 0x51,
};

struct ash;

/* All may call ash_send(), ash_reset() and ash_stop(). */
struct ash_ops {
	/* The radio has answered the reset: it is as after power-on. */
	void (*up)(struct ash *a, int64_t now_us);
	/* A data frame, in order, once; data is valid only during the call. */
	void (*data)(struct ash *a, const uint8_t *data, size_t length, int64_t now_us);
	/* The link is down, once until the next ash_reset(). What was queued is lost. */
	void (*down)(struct ash *a, enum ash_reason reason, uint8_t code, int64_t now_us);
};

struct ash_counters {
	uint64_t received, sent; /* data frames; sent without repetitions */
	uint64_t repeated;       /* data frames of ours that went again */
	uint64_t duplicates;     /* data frames that came again */
	uint64_t out_of_order, bad_frames, bad_numbers, cancelled, unknown;
	uint64_t naks_sent, naks_received;
	uint64_t acks_sent; /* frames of their own, not those in data frames */
	uint64_t timeouts;
	uint64_t resets; /* that we sent */
	uint64_t radio_resets, radio_errors;
};

struct ash_slot {
	uint16_t length;
	bool repeated;
	uint8_t data[ASH_DATA_MAX]; /* randomized */
};

/* To be embedded; fields are for ash.c, but state, counters and ack_wait_us may be read. */
struct ash {
	const struct ash_ops *ops;
	enum ash_state state;
	uint8_t window;
	struct ash_counters counters;

	struct ash_reader reader;
	uint8_t expected; /* number of the next frame of the radio's */
	bool rejecting;   /* a NAK has gone, and what it asked for has not come */
	bool owes_ack, owes_nak, owes_reset;

	struct ash_slot queue[ASH_QUEUE_MAX]; /* a ring */
	unsigned first, count;
	unsigned unacknowledged; /* of these, from the first on */
	uint8_t number;          /* of the first */
	bool repeating;
	unsigned repeat; /* which goes next, from the first on */

	int64_t ack_wait_us;
	int64_t ack_started_us, ack_deadline_us; /* INT64_MAX: not running */
	int64_t progress_us;                     /* when the first became the oldest */
	unsigned timeouts;                       /* since then */

	int64_t reset_deadline_us;
	unsigned resets;
	unsigned life; /* counts ups and downs, so that a call out that made one is noticed */
};

/* window: 1 to ASH_WINDOW_MAX, frames of ours that may be under way. */
void ash_init(struct ash *a, const struct ash_ops *ops, unsigned window);
/* Resets the radio and comes up when it answers. Throw away what was fetched and not written yet:
 * the first byte from here on cancels what the radio has of it. */
void ash_reset(struct ash *a, int64_t now_us);
/* The port is gone: forgets all, calls nobody. */
void ash_stop(struct ash *a);

/* Takes what a read gave. */
void ash_receive(struct ash *a, const uint8_t *bytes, size_t length, int64_t now_us);
/* Queues a frame of ASH_DATA_MIN to ASH_DATA_MAX bytes, copied. Returns 0, -ENOTCONN while the link
 * is not up, -ENOBUFS when ASH_QUEUE_MAX wait, -EMSGSIZE. */
int ash_send(struct ash *a, const uint8_t *data, size_t length, int64_t now_us);

/* Fetches whole frames to be written, as many as fit into size, at least ASH_OUTPUT_MIN. Returns
 * their bytes, 0 when there is nothing. Timers run from here. */
size_t ash_output(struct ash *a, uint8_t *to, size_t size, int64_t now_us);
/* When to call ash_tick(), INT64_MAX for never. */
int64_t ash_deadline(const struct ash *a);
void ash_tick(struct ash *a, int64_t now_us);

/* What a reset or error code means, in words. */
const char *ash_code_words(uint8_t code);
