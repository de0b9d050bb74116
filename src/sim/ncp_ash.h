/*
 * The NCP's end of ASH: window, acknowledgements, adaptive timer, retransmission,
 * reject condition, failure. Pure: bytes and the time (boot-time microseconds)
 * come in as arguments, bytes leave through a callback. It is written from the
 * protocol's description and shares nothing with the gateway's end.
 *
 * Responses overtake callbacks. What is handed over carries a tag, of which the
 * owner hears: sent when it goes out first, then acknowledged or lost.
 */
#pragma once

#include "sim/ncp_frame.h"

#define NCP_WINDOW_MAX 7
#define NCP_WINDOW 5
#define NCP_RESPONSES_MAX 8
#define NCP_T_INIT_US INT64_C(1600000)
#define NCP_T_MIN_US INT64_C(400000)
#define NCP_T_MAX_US INT64_C(3200000)
#define NCP_NOT_READY_US INT64_C(1000000)
#define NCP_TIMEOUTS_MAX 3 /* the next is the end */

/* Reasons of RSTACK and ERROR. */
#define NCP_BY_EXTERNAL 0x01
#define NCP_BY_POWER_ON 0x02
#define NCP_BY_WATCHDOG 0x03
#define NCP_BY_BOOTLOADER 0x09
#define NCP_BY_SOFTWARE 0x0b
#define NCP_BY_ACK_TIMEOUTS 0x51

struct ncp_ash_ops {
	/* A whole frame, to be written or spoiled. */
	void (*wire)(void *arg, uint8_t control, const uint8_t *p, size_t n);
	/* An EZSP frame from the host. */
	void (*frame)(void *arg, const uint8_t *p, size_t n);
	/* The host's RST: the owner takes the state away, and boots it later. */
	void (*reset)(void *arg);
	void (*failed)(void *arg, uint8_t code);
	void (*sent)(void *arg, void *tag);
	void (*acked)(void *arg, void *tag);
	void (*lost)(void *arg, void *tag, const char *why);
};

enum ncp_ash_state { NCP_ASH_OFF, NCP_ASH_CONNECTED, NCP_ASH_FAILED };

struct ncp_slot {
	void *tag;       /* NULL: nobody asks */
	int64_t sent_us; /* first */
	uint8_t n;
	uint8_t data[NCP_DATA_MAX];
};

struct ncp_ring {
	struct ncp_slot *slots;
	size_t size, head, count;
};

struct ncp_ash {
	const struct ncp_ash_ops *ops;
	void *arg;
	enum ncp_ash_state state;
	uint8_t code; /* of ERROR */
	unsigned window;
	struct ncp_decoder decoder;
	struct ncp_slot window_slots[8]; /* by frame number */
	uint8_t tx_next, tx_unacked, rx_next;
	bool rejecting, ack_due, round_open;
	bool timer_on, timer_untrue; /* untrue: the frames it times were sent again */
	int64_t timer_start_us, timer_us, not_ready_until_us;
	unsigned timeouts, refuse; /* refuse: so many good frames are answered with NAK */
	struct ncp_ring responses, callbacks;
	uint64_t retransmitted, rejected;
	int64_t longest_wait_us; /* from a frame's first leaving to its acknowledgement */
};

/* Room for that many callbacks. Returns 0 or -ENOMEM. */
int ncp_ash_init(struct ncp_ash *a, const struct ncp_ash_ops *ops, void *arg, unsigned window,
	size_t callbacks);
void ncp_ash_done(struct ncp_ash *a);
/* No power, or a reboot: it hears and says nothing, and loses what it has. */
void ncp_ash_off(struct ncp_ash *a, const char *why);
/* Up again: says RSTACK, or ERROR after a reason that the host has to see. */
void ncp_ash_boot(struct ncp_ash *a, uint8_t reason);
/* Gives up with an ERROR frame, until the host's RST. */
void ncp_ash_fail(struct ncp_ash *a, uint8_t code);

void ncp_ash_receive(struct ncp_ash *a, const uint8_t *p, size_t n, int64_t now_us);
/* False: it is off, has failed, or has no room; the tag stays with the caller. */
bool ncp_ash_respond(struct ncp_ash *a, const uint8_t *p, size_t n);
bool ncp_ash_callback(struct ncp_ash *a, const uint8_t *p, size_t n, void *tag);
/* Callbacks that still fit. */
size_t ncp_ash_room(const struct ncp_ash *a);
/* Sends what the window lets, and the acknowledgement that is due. */
void ncp_ash_pump(struct ncp_ash *a, int64_t now_us);
/* All that was handed to wire() has left: a round of retransmission is over. */
void ncp_ash_drained(struct ncp_ash *a);
/* INT64_MAX: none. */
int64_t ncp_ash_deadline(const struct ncp_ash *a);
void ncp_ash_tick(struct ncp_ash *a, int64_t now_us);
