/*
 * Commands to the radio and their answers (Silicon Labs UG100): agrees on a
 * version, sends one command at a time, gives each exactly one result, hands up
 * callbacks, and notices a radio that no longer answers. Sans-IO: frames come
 * from and go to zigbee/ash.h by the caller's hands; the time is the boot-time
 * clock. What the commands are for is the network's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zigbee/ezsp_frame.h"
#include "zigbee/ezsp_layout.h"

#define EZSP_QUEUE_MAX 32
#define EZSP_COMMAND_US (10 * INT64_C(1000000)) /* unless the caller wants another */
/* Nothing answered for so long: asked for a sign of life; and how long that may take, how often it
 * may fail. A quiet ward must not hide a dead radio. */
#define EZSP_NOP_US (5 * INT64_C(1000000))
#define EZSP_NOP_ANSWER_US (3 * INT64_C(1000000))
#define EZSP_MISSES_MAX 2
#define EZSP_VERSION_FIRST 13 /* asked for where nothing is known: the most deployed */

struct ezsp;

/* What became of a command; below 0: -EBADMSG, the answer ended too soon. */
enum {
	_EZSP_ANSWERED,
	EZSP_REFUSED, /* invalidCommand; values->code says why */
	EZSP_LATE,    /* no answer in time; one that comes later is ignored */
	EZSP_GONE,    /* ezsp_stop(), or the radio failed */
};

enum ezsp_reason {
	EZSP_SILENT,      /* EZSP_MISSES_MAX commands in a row without an answer */
	EZSP_FORGOT,      /* the radio no longer knows the version: it has been reset */
	EZSP_UNSUPPORTED, /* its version is older than EZSP_VERSION_MIN */
	EZSP_DISAGREES,   /* no version could be agreed on */
};

/* Reasons of invalidCommand that callers tell apart. */
enum {
	EZSP_CODE_VERSION_NOT_SET = 0x30,
	EZSP_CODE_INVALID_FRAME_ID = 0x31,
};

/* Called once for each command that was taken. values: the answer's; all zero unless answered.
 * Valid during the call. */
typedef void (*ezsp_done_fn)(struct ezsp *e, void *userdata, int result,
	const struct ezsp_values *values, int64_t now_us);

/* All may call ezsp_command() and ezsp_stop(). */
struct ezsp_ops {
	/* Hands a frame to the link. Returns 0 or a negative errno; then it is asked again at the
	 * next call from outside. */
	int (*send)(struct ezsp *e, const uint8_t *frame, size_t length, int64_t now_us);
	/* The version is agreed on: version, stack_type and stack_version of values. */
	void (*ready)(struct ezsp *e, const struct ezsp_values *values, int64_t now_us);
	/* A callback of the table; result is 0 or -EBADMSG. */
	void (*callback)(struct ezsp *e, uint16_t id, int result, const struct ezsp_values *values,
		int64_t now_us);
	/* It takes a reset of the link and ezsp_start(). All commands have been told EZSP_GONE. */
	void (*failed)(struct ezsp *e, enum ezsp_reason reason, int64_t now_us);
};

struct ezsp_counters {
	uint64_t commands, answers, callbacks;
	uint64_t refused, late; /* late: commands without an answer in time */
	uint64_t strays;        /* answers that nobody waited for */
	uint64_t malformed;     /* frames with a bad head, or that ended too soon */
	uint64_t unknown_callbacks;
	uint64_t trailing;  /* frames with bytes behind what we know */
	uint64_t overflows; /* the radio lost callbacks: readings are missing */
	uint64_t truncated;
};

struct ezsp_slot {
	uint16_t id;
	uint8_t length;
	int64_t timeout_us;
	ezsp_done_fn done;
	void *userdata;
	uint8_t payload[EZSP_FRAME_MAX - EZSP_HEADER_MAX];
};

/* To be embedded; fields are for ezsp.c, but version and counters may be read. */
struct ezsp {
	const struct ezsp_ops *ops;
	struct ezsp_counters counters;
	uint8_t version; /* agreed on; 0 before */

	enum { EZSP_STOPPED, EZSP_ASKING, EZSP_ASKING_AGAIN, EZSP_RUNNING } state;
	uint8_t wanted;
	uint8_t sequence; /* of the next command */
	bool waiting;     /* for the answer to the first in the queue */
	uint8_t waiting_sequence;
	unsigned misses;
	int64_t deadline_us; /* of that answer */
	int64_t nop_us;      /* when to ask for a sign of life */
	unsigned first, count;
	struct ezsp_slot queue[EZSP_QUEUE_MAX];
};

void ezsp_init(struct ezsp *e, const struct ezsp_ops *ops);
/* The link is up: agrees on the version. wanted: the one that was agreed on last time, which spares
 * a question; 0 when not known. */
void ezsp_start(struct ezsp *e, unsigned wanted, int64_t now_us);
/* The link is down: tells all commands EZSP_GONE. done can queue nothing anew then, and must not
 * call ezsp_start(). */
void ezsp_stop(struct ezsp *e, int64_t now_us);

/* Queues a command. v may be NULL where it has no fields; timeout_us 0 means EZSP_COMMAND_US and
 * runs from when it is sent. done may be NULL. Returns 0; -ENOTCONN before ready, -ENOBUFS when
 * EZSP_QUEUE_MAX wait, -EOPNOTSUPP when the radio's version has no such command, -EMSGSIZE. */
int ezsp_command(struct ezsp *e, uint16_t id, const struct ezsp_values *v, int64_t timeout_us,
	ezsp_done_fn done, void *userdata, int64_t now_us);
/* Takes a frame from the link. */
void ezsp_receive(struct ezsp *e, const uint8_t *frame, size_t length, int64_t now_us);
/* When to call ezsp_tick(), INT64_MAX for never. */
int64_t ezsp_deadline(const struct ezsp *e);
void ezsp_tick(struct ezsp *e, int64_t now_us);
