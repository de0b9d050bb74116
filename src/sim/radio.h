/*
 * The stretch between one device and the gateway, where things go wrong: a UDP
 * relay in this process that loses and duplicates datagrams, falls silent, and
 * keeps one source port towards the gateway over the device's restarts. It
 * knows datagrams only.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "sim/rng.h"
#include "util/cleanup.h"

struct radio;

struct radio_counters {
	uint64_t up, down; /* datagrams carried to and from the gateway */
	uint64_t lost, doubled;
};

/* gateway: where to. local_port: the source port there, 0 for any. Returns 0 or a negative errno,
 * -EADDRINUSE among them. */
int radio_new(struct radio **ret, sd_event *e, const struct sockaddr *gateway, socklen_t length,
	uint16_t local_port, struct rng rng);
struct radio *radio_free(struct radio *r);
WG_DEFINE_CLEANUP(struct radio *, radio_free)

/* Where the device sends to. */
const struct sockaddr *radio_address(const struct radio *r, socklen_t *ret_length);
/* Chances in thousandths, of each datagram in either direction. */
void radio_set_loss(struct radio *r, unsigned thousandths);
void radio_set_duplicates(struct radio *r, unsigned thousandths);
/* What the device sends from this port of its own is lost from now on, to the last word: it has
 * lost power. Another port is another life of it. */
void radio_cut(struct radio *r, uint16_t device_port);
struct radio_counters radio_counters(const struct radio *r);
