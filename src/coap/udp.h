/*
 * One UDP socket: datagrams in by batches, out one by one, each with the
 * address of ours that it came to or is to leave from, so that a gateway with
 * several addresses answers from the one that was asked. What is in the
 * datagrams is no business of it.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/cleanup.h"

#define UDP_BATCH_MAX 32 /* datagrams per turn of the loop */
/* The largest datagram taken: a full DTLS record (RFC 6347 section 4.1.1) and its head. */
#define UDP_DATAGRAM_MAX (16384 + 2048 + 13)
#define UDP_ADDRESS_TEXT_MAX 64

/* Both ends of a datagram, IPv4 as ::ffff:a.b.c.d. No padding: it is hashed and compared whole. */
struct udp_address {
	struct in6_addr peer, local;
	uint32_t interface; /* of a link-local peer, else 0 */
	uint16_t peer_port; /* network order */
	uint16_t zero;
};

struct udp;

/* bytes may be written to, and are the callee's during the call. */
typedef void (*udp_fn)(void *userdata, const struct udp_address *a, uint8_t *bytes, size_t length);

/* Binds to "[::]:5684", "192.0.2.1:5684", "[::1]:5683"; port 0 takes any. Where the system has no
 * IPv6, [::] means 0.0.0.0. Returns 0, -EINVAL for another form, or the negative errno of socket()
 * or bind(). */
int udp_open(struct udp **ret, const char *listen);
struct udp *udp_free(struct udp *u);
WG_DEFINE_CLEANUP(struct udp *, udp_free)

int udp_fd(const struct udp *u);
/* Host order. */
uint16_t udp_port(const struct udp *u);
/* Whether only this machine can reach it. */
bool udp_is_loopback(const struct udp *u);

/* Takes what is there, UDP_BATCH_MAX at most. Returns how many, or a negative errno (-EAGAIN). */
int udp_receive(struct udp *u, udp_fn fn, void *userdata);
/* Sends one datagram. A full buffer loses it, as a network would. Returns 0 or a negative errno. */
int udp_send(struct udp *u, const struct udp_address *a, const uint8_t *bytes, size_t length);

struct udp_counters {
	uint64_t received, sent;
	uint64_t truncated; /* larger than UDP_DATAGRAM_MAX */
	uint64_t unsent;
};
struct udp_counters udp_counters(const struct udp *u);

/* "192.0.2.1" or "2001:db8::1", without the port when port is false. */
void udp_address_text(char text[UDP_ADDRESS_TEXT_MAX], const struct udp_address *a, bool port);
