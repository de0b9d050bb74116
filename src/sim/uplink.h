/*
 * The devices' side of CoAP over DTLS-PSK (or plain UDP), on libcoap's client:
 * one uplink is one device's session and carries POST /readings. It knows
 * neither queues nor patience (sender.h), and shares nothing with the gateway's
 * CoAP code: it is the other implementation in every test.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"

struct uplink;
struct uplink_hub;

struct uplink_options {
	bool secure; /* DTLS-PSK */
	uint32_t ack_timeout_ms;
	unsigned max_retransmit;
	unsigned in_flight; /* NSTART of RFC 7252 4.7 */
	bool verbose;       /* libcoap's own messages on standard error */
};

/* All are called from the loop, never from within uplink_open(), uplink_send() or uplink_close().
 */
struct uplink_events {
	void (*up)(void *userdata);
	void (*down)(void *userdata, const char *why);
	/* number: as given to uplink_send(). code: class * 100 + detail. */
	void (*answer)(void *userdata, uint32_t number, int code, int max_age_s,
		const char *diagnostic, size_t length);
	void (*failed)(void *userdata, uint32_t number, const char *why, bool dead);
};

int uplink_hub_new(struct uplink_hub **ret, sd_event *e, const struct uplink_options *o);
/* After all of its uplinks. */
struct uplink_hub *uplink_hub_free(struct uplink_hub *h);
WG_DEFINE_CLEANUP(struct uplink_hub *, uplink_hub_free)

/* key is copied. events and userdata must outlive the uplink. */
int uplink_new(struct uplink **ret, struct uplink_hub *h, const char *identity, const uint8_t *key,
	size_t key_length, const struct uplink_events *events, void *userdata);
struct uplink *uplink_free(struct uplink *u);
WG_DEFINE_CLEANUP(struct uplink *, uplink_free)

/* Opens a session to that address; up() or down() follows. Returns 0 or a negative errno. */
int uplink_open(struct uplink *u, const struct sockaddr *to, socklen_t length);
/* Ends it, with a close_notify where there is DTLS. No event of it follows. */
void uplink_close(struct uplink *u);
/* The source port of the open session, 0 when there is none. */
uint16_t uplink_local_port(const struct uplink *u);
/* Whether a long pack is on its way, block by block: the next has to wait. */
bool uplink_busy(const struct uplink *u);
/* Sends one pack as a confirmable POST /readings. Returns 0, -EBUSY, -ENOTCONN, or another negative
 * errno. */
int uplink_send(struct uplink *u, uint32_t number, unsigned content_format, const void *body,
	size_t length);
