/*
 * CoAP's message layer for one peer (RFC 7252 section 4): what is a duplicate,
 * when an answer travels in the acknowledgement and when by itself, and what
 * is sent again. Bytes and time come in, bytes go out through the ops; it owns
 * no socket and no timer, and knows nothing of resources.
 *
 * An answer here means "safe", which takes as long as the broker or the disk
 * takes. So a confirmable request is held without a word for MESSAGE_HOLD_US:
 * most become safe within it, and then the answer rides in the acknowledgement
 * (section 5.2.1), which spares a device on a battery two frames. Otherwise
 * the empty acknowledgement goes at that time and the answer follows as a
 * confirmable message of our own (section 5.2.2). The hold is far below the
 * peer's first retransmission (ACK_TIMEOUT, 2 s).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coap/pdu.h"

/* Exchanges remembered per peer. NSTART is 1 (section 4.7), so that a peer that keeps to the RFC
 * has its last 16 requests recognised. */
#define MESSAGE_EXCHANGES_MAX 16
#define MESSAGE_HOLD_US (200 * INT64_C(1000))
/* Section 4.8 */
#define MESSAGE_ACK_TIMEOUT_US (2 * INT64_C(1000000))
#define MESSAGE_MAX_RETRANSMIT 4
#define MESSAGE_EXCHANGE_LIFETIME_US (247 * INT64_C(1000000))
#define MESSAGE_NON_LIFETIME_US (145 * INT64_C(1000000))

struct exchange;
struct messages;

struct message_ops {
	/* Sends one message to the peer; bytes are borrowed. */
	void (*send)(struct messages *m, const uint8_t *bytes, size_t length);
	/* A request that was not seen before. To be answered by messages_answer(), now or later. p
	 * is valid only during the call. */
	void (*request)(
		struct messages *m, struct exchange *x, const struct pdu *p, int64_t now_us);
	/* The exchange is given up unanswered (messages_clear): let go of what waits for it. */
	void (*abandoned)(struct messages *m, struct exchange *x);
};

/* What was dropped or came to nothing, by cause. Shared by all peers. */
struct message_counters {
	uint64_t foreign;    /* too short, another version */
	uint64_t malformed;  /* message format errors; a CON was reset */
	uint64_t unexpected; /* responses and reserved codes that we never asked for */
	uint64_t duplicates; /* requests that came before */
	uint64_t crowded;    /* a peer with too many requests unanswered at once */
	uint64_t no_memory;
	uint64_t separate; /* answers that went by themselves */
	uint64_t retransmitted;
	uint64_t given_up; /* answers that the peer never acknowledged */
	uint64_t resets;   /* answers that the peer reset */
};

struct messages {
	const struct message_ops *ops;
	struct message_counters *counters;
	struct exchange *first, *last; /* oldest first */
	unsigned count;
	uint16_t next_id; /* of confirmable messages of ours */
};

/* first_id should be random (section 4.4). */
void messages_init(struct messages *m, const struct message_ops *ops,
	struct message_counters *counters, uint16_t first_id);
/* Gives up and forgets all exchanges. */
void messages_clear(struct messages *m);

/* One message from the peer. */
void messages_receive(struct messages *m, const uint8_t *bytes, size_t length, int64_t now_us);

/* Answers a request; in the acknowledgement, or by itself when that has gone already. random
 * (any 16 bits) spreads the first retransmission (ACK_RANDOM_FACTOR 1.5). r is borrowed; x may be
 * forgotten during the call or any time later. */
void messages_answer(struct messages *m, struct exchange *x, const struct pdu_response *r,
	uint16_t random, int64_t now_us);

/* Passes a request over without an answer; its repetition is passed over too. */
void messages_ignore(struct messages *m, struct exchange *x);

/* Does what is due. Returns when to call again (boot time), INT64_MAX for never; answers may bring
 * that forward, see messages_deadline(). */
int64_t messages_tick(struct messages *m, int64_t now_us);
int64_t messages_deadline(const struct messages *m);

/* A pointer that the owner keeps with an unanswered exchange, NULL at first. */
void exchange_set_userdata(struct exchange *x, void *userdata);
void *exchange_userdata(const struct exchange *x);
/* Goes through the exchanges that wait for an answer: start with NULL. */
struct exchange *messages_waiting(struct messages *m, const struct exchange *after);
