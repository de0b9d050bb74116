/*
 * The radio's side of ASH for tests, written from the protocol's reference and
 * sharing nothing with the host's side: what both misread alike would be seen
 * by the vectors only. Pure; what it says is appended to said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASH_PEER_FRAME 300
#define ASH_PEER_QUEUE 64

/* Bytes to frames. */
struct peer_wire {
	uint8_t raw[1024];
	size_t n;
	bool broken;
};

/* True when the byte ended a frame whose checksum is right: out then holds it without checksum,
 * data field as on the wire. *bad tells of one that was not. */
bool ash_peer_wire_take(
	struct peer_wire *w, uint8_t byte, uint8_t out[ASH_PEER_FRAME], size_t *n, bool *bad);
/* A stuffed frame with checksum and flag. Returns its length. */
size_t ash_peer_wire_put(uint8_t *to, const uint8_t *frame, size_t n);
uint16_t ash_peer_checksum(const uint8_t *p, size_t n);
void ash_peer_scramble(uint8_t *p, size_t n);

enum peer_state { PEER_BOOTING, PEER_CONNECTED, PEER_FAILED };

struct ash_peer {
	void (*deliver)(struct ash_peer *p, const uint8_t *data, size_t n);
	void (*rebooted)(struct ash_peer *p);

	enum peer_state state;
	uint8_t failure; /* code */
	int64_t boot_us; /* when it says RSTACK */
	uint8_t boot_code;
	int64_t boot_takes_us;

	struct peer_wire wire;
	unsigned window;
	unsigned want;      /* next number from the host */
	unsigned low, next; /* numbers: oldest not acknowledged, next new one; modulo 8 */
	unsigned again;     /* how many of those under way go again; 0: none */
	bool reject, nak, ack;
	bool host_busy;
	struct {
		uint8_t data[ASH_PEER_FRAME];
		size_t n;
	} queue[ASH_PEER_QUEUE];
	unsigned head, waiting; /* in queue: from the oldest not acknowledged on */

	int64_t timeout_us, started_us, expires_us;
	unsigned expired;

	uint8_t said[65536];
	size_t said_n;
	unsigned naks, retransmissions, busy_seen;
};

void ash_peer_init(struct ash_peer *p);
void ash_peer_receive(struct ash_peer *p, const uint8_t *bytes, size_t n, int64_t now);
bool ash_peer_send(struct ash_peer *p, const uint8_t *data, size_t n);
/* Says what is due; call after each of the others. */
void ash_peer_turn(struct ash_peer *p, int64_t now);
int64_t ash_peer_deadline(const struct ash_peer *p);
void ash_peer_fail(struct ash_peer *p, uint8_t code);
