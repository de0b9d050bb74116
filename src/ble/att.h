/*
 * One ATT bearer (Core Vol 3 Part F): our requests one at a time, what the
 * device notifies and indicates, and answers to what it asks of us. Sans-IO:
 * PDUs and the boot-time clock come in, PDUs are fetched with att_output(), and
 * att_deadline() says when to call again. It opens no socket and discovers
 * nothing: that is ble/gatt.h's.
 *
 * One turn of whoever owns the socket: one att_receive() for each PDU read; then
 * while att_output() gives one, write it: att_sent() when the socket took it;
 * when it takes no more (EAGAIN), stop and come back when it is writable.
 *
 * No memory is taken after att_init(). Whatever a device sends, the worst is
 * that the bearer goes down.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/att_server.h"

#define ATT_MTU_MIN 23
#define ATT_MTU_WANTED 247 /* one PDU of the link layer with data length extension */
#define ATT_MTU_MAX 517
/* Our longest request: what fits into the smallest MTU. No profile writes more. */
#define ATT_REQUEST_MAX ATT_MTU_MIN
#define ATT_VALUE_MAX 512
#define ATT_QUEUE_MAX 8 /* requests, with the one under way */
/* Indications that wait for att_confirm(). A device may have one; some do not wait for it. */
#define ATT_UNCONFIRMED_MAX 4
#define ATT_TIMEOUT_US (30 * INT64_C(1000000)) /* Core Vol 3 Part F 3.3.3 */

/* PDUs, by their opcodes. */
enum {
	ATT_ERROR_RESPONSE = 0x01,
	ATT_EXCHANGE_MTU_REQUEST = 0x02,
	ATT_EXCHANGE_MTU_RESPONSE = 0x03,
	ATT_FIND_INFORMATION_REQUEST = 0x04,
	ATT_FIND_INFORMATION_RESPONSE = 0x05,
	ATT_FIND_BY_TYPE_VALUE_REQUEST = 0x06,
	ATT_FIND_BY_TYPE_VALUE_RESPONSE = 0x07,
	ATT_READ_BY_TYPE_REQUEST = 0x08,
	ATT_READ_BY_TYPE_RESPONSE = 0x09,
	ATT_READ_REQUEST = 0x0A,
	ATT_READ_RESPONSE = 0x0B,
	ATT_READ_BLOB_REQUEST = 0x0C,
	ATT_READ_BLOB_RESPONSE = 0x0D,
	ATT_READ_BY_GROUP_TYPE_REQUEST = 0x10,
	ATT_READ_BY_GROUP_TYPE_RESPONSE = 0x11,
	ATT_WRITE_REQUEST = 0x12,
	ATT_WRITE_RESPONSE = 0x13,
	ATT_NOTIFICATION = 0x1B,
	ATT_INDICATION = 0x1D,
	ATT_CONFIRMATION = 0x1E,
};

/* Error codes that callers tell apart; all others have words too. */
enum {
	ATT_ERROR_INVALID_HANDLE = 0x01,
	ATT_ERROR_READ_NOT_PERMITTED = 0x02,
	ATT_ERROR_WRITE_NOT_PERMITTED = 0x03,
	ATT_ERROR_INVALID_PDU = 0x04,
	ATT_ERROR_AUTHENTICATION = 0x05,
	ATT_ERROR_NOT_SUPPORTED = 0x06,
	ATT_ERROR_INVALID_OFFSET = 0x07,
	ATT_ERROR_AUTHORIZATION = 0x08,
	ATT_ERROR_NOT_FOUND = 0x0A,
	ATT_ERROR_NOT_LONG = 0x0B,
	ATT_ERROR_KEY_SIZE = 0x0C,
	ATT_ERROR_UNLIKELY = 0x0E,
	ATT_ERROR_ENCRYPTION = 0x0F,
	ATT_ERROR_GROUP_TYPE = 0x10,
};

/* Why a bearer went down. */
enum att_reason {
	ATT_DOWN_TIMEOUT,     /* no answer within ATT_TIMEOUT_US */
	ATT_DOWN_UNCONFIRMED, /* more than ATT_UNCONFIRMED_MAX indications at once */
};

struct att;

/* How a request ended. */
struct att_answer {
	uint8_t error;        /* the device's, 0: well */
	const uint8_t *bytes; /* of the response, behind its opcode; valid during the call */
	size_t length;        /* 0 with an error */
};

typedef void (*att_answer_fn)(void *context, const struct att_answer *answer, int64_t now_us);

/* All may call whatever is declared here but att_receive() and att_tick(). */
struct att_ops {
	/* Notified, or indicated: then att_confirm() is owed once for each, in order. Bytes are
	 * valid during the call. */
	void (*heard)(struct att *a, uint16_t handle, bool indicated, const uint8_t *bytes,
		size_t length, int64_t now_us);
	/* The bearer is dead, once: the link must be dropped. No answer comes any more. */
	void (*down)(struct att *a, enum att_reason reason, int64_t now_us);
	/* The time for a device that asks. False: not known. May be NULL: never known. */
	bool (*time)(struct att *a, struct att_server_time *ret);
};

struct att_counters {
	uint64_t requests, answers, errors; /* ours, well answered, answered by an error */
	uint64_t notifications, indications, confirmations;
	uint64_t asked;      /* requests of the device's that were answered in whatever way */
	uint64_t malformed;  /* PDUs that are not one whole PDU */
	uint64_t unexpected; /* responses to nothing, requests before the former was answered */
	uint64_t ignored;    /* commands and what is not known */
};

struct att_request {
	uint8_t length;
	uint8_t pdu[ATT_REQUEST_MAX];
	att_answer_fn answer; /* NULL: nobody waits for it any more */
	void *context;
};

/* To be embedded; fields are for att.c, but context, mtu and counters may be read. */
struct att {
	const struct att_ops *ops;
	void *context; /* the caller's */
	bool up;
	uint16_t mtu, own_mtu;
	struct att_counters counters;

	struct att_request queue[ATT_QUEUE_MAX]; /* a ring; the first is under way */
	unsigned first, count;
	bool request_due; /* the first has not left yet */
	int64_t deadline_us;

	uint8_t response[ATT_SERVER_ANSWER_MAX];
	size_t response_length; /* 0: none waits */
	unsigned unconfirmed, confirmations_due;
	uint8_t chosen; /* what att_output() gave, until att_sent() */
};

/* A connected link: MTU 23, nothing under way. own_mtu: what we take, ATT_MTU_MIN to ATT_MTU_MAX.
 */
void att_init(struct att *a, const struct att_ops *ops, void *context, uint16_t own_mtu);
/* The link is gone: forgets all, calls nobody. */
void att_stop(struct att *a);

/* Takes one PDU, as a read gave it. */
void att_receive(struct att *a, const uint8_t *pdu, size_t length, int64_t now_us);

/* What to write next, whole, or NULL. The same one again until att_sent() or att_stop(). */
const uint8_t *att_output(struct att *a, size_t *ret_length);
/* The socket took what att_output() gave. */
void att_sent(struct att *a);

/* When to call att_tick(), INT64_MAX for never. */
int64_t att_deadline(const struct att *a);
void att_tick(struct att *a, int64_t now_us);

/* Confirms the oldest indication that is not confirmed. Returns 0, or -ENOENT when there is none.
 */
int att_confirm(struct att *a);

/* Whether requests are under way or wait. */
bool att_busy(const struct att *a);

/*
 * Requests. Each is queued and answered by one call of answer with context, unless the bearer goes
 * down, is stopped, or the request is cancelled. They return 0, -ENOTCONN when the bearer is not
 * up, -ENOBUFS when ATT_QUEUE_MAX wait, -EMSGSIZE for a write of more than ATT_REQUEST_MAX - 3
 * bytes.
 */

/* Once per connection. The answer is told after a->mtu has been set; devices that refuse stay at
 * ATT_MTU_MIN. */
int att_exchange_mtu(struct att *a, att_answer_fn answer, void *context, int64_t now_us);
int att_read(struct att *a, uint16_t handle, att_answer_fn answer, void *context, int64_t now_us);
int att_read_blob(struct att *a, uint16_t handle, uint16_t offset, att_answer_fn answer,
	void *context, int64_t now_us);
int att_write(struct att *a, uint16_t handle, const uint8_t *bytes, size_t length,
	att_answer_fn answer, void *context, int64_t now_us);
/* opcode: Find Information (type is not sent), Read By Type or Read By Group Type. */
int att_find(struct att *a, uint8_t opcode, uint16_t start, uint16_t end, uint16_t type,
	att_answer_fn answer, void *context, int64_t now_us);
/* Takes back all requests with this context: those that wait go, the answer to the one under way is
 * swallowed. */
void att_cancel(struct att *a, const void *context);

/* The 16-bit UUID that 2 bytes are, or 16 that are made of one and the Bluetooth base UUID (Core
 * Vol 3 Part B 2.5.1). 0 for all else. */
uint16_t att_uuid(const uint8_t *bytes, size_t length);

/* What an error code means, in words: "insufficient authentication". Never NULL. */
const char *att_error_words(uint8_t error);
/* Whether the same request may be granted over a link that is paired, or better secured. */
bool att_error_wants_security(uint8_t error);
/* A lower-case word, for messages and status. */
const char *att_reason_word(enum att_reason reason);
