/*
 * One connection to one broker: resolves and connects on a worker thread, then
 * runs libmosquitto on the loop until the connection ends. It tries no second
 * time and keeps no message; session.h does with it what MQTT is for.
 *
 * Each connection has a library client of its own, destroyed with it, because
 * the library keeps unacknowledged messages of a client and sends them again by
 * itself at the next connection, and forgets no message that it refused. For
 * the same reason sessions are clean (Clean Start, no expiry): the outbox sends
 * again what was not confirmed, and commands that waited would be outdated.
 */
#pragma once

#include <mosquitto.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "publish/tls.h"
#include "util/cleanup.h"

struct link;
struct worker;

/* How a connection ended. */
enum link_loss {
	LINK_LOSS_NEVER,   /* it never came about */
	LINK_LOSS_CLOSED,  /* the broker or the network closed it */
	LINK_LOSS_ENDED,   /* the broker said DISCONNECT, for a reason that has nothing to do with
			      what was sent */
	LINK_LOSS_SILENT,  /* it did not answer in time */
	LINK_LOSS_GIVEN_UP /* by link_disconnect() */
};

/* What the broker said in CONNACK. */
struct link_limits {
	unsigned receive_maximum;
	uint32_t maximum_packet_size; /* 0: none */
	bool retain_available;
};

/* Counts connection attempts that were given up while their thread still hangs (a resolver that
 * never answers), so that no further thread is spent on the same broker. */
struct link_hung {
	unsigned refs, count;
};

struct link_hung *link_hung_ref(struct link_hung *h);
struct link_hung *link_hung_unref(struct link_hung *h);

/* Borrowed for the call of link_new(). */
struct link_settings {
	const char *host;
	uint16_t port;
	const char *client_id;
	const char *username, *password_path; /* NULL: none */
	int protocol;                         /* 5 or 4 */
	int64_t keep_alive_us, connect_timeout_us;
	const char *will_topic, *will_body;
	const char *will_schema; /* protocol 5 */
	struct link_hung *hung;
};

/* Called on the loop; up, turn and down neither within a call of the library nor within one of
 * link.h. Only down may free the link. */
struct link_ops {
	/* The broker accepted the connection. */
	void (*up)(struct link *l, void *userdata);
	/* It is over; called once. why is one sentence. The callee may free the link. */
	void (*down)(struct link *l, enum link_loss loss, const char *why, void *userdata);
	/* These three come from within the library: link_publish() is not allowed in them. */
	void (*puback)(struct link *l, uint16_t mid, uint8_t reason, void *userdata);
	void (*suback)(struct link *l, uint8_t reason, void *userdata);
	void (*message)(struct link *l, const struct mosquitto_message *m,
		const mosquitto_property *properties, void *userdata);
	/* Something came in and has been dealt with: publishing is allowed again. */
	void (*turn)(struct link *l, void *userdata);
};

enum {
	_LINK_E_OK,
	LINK_E_TOO_LARGE, /* longer than the broker takes */
	LINK_E_INVALID,   /* no valid topic or properties: our fault */
	LINK_E_DEAD,      /* the connection is over or full; down() follows if it is over */
};

/* Starts connecting. tls is taken over, also on failure; NULL: plaintext. Returns 0, or a negative
 * errno (-EBUSY: too many attempts hang already). */
int link_new(struct link **ret, sd_event *e, struct worker *w, const struct link_settings *settings,
	struct tls *take_tls, const struct link_ops *ops, void *userdata);
/* Ends the connection without a word (the broker sends the last will) and frees the link. */
struct link *link_free(struct link *l);
WG_DEFINE_CLEANUP(struct link *, link_free)

bool link_is_up(const struct link *l);
/* Whether the code runs within a call of the library on this connection. */
bool link_in_library(const struct link *l);
const struct link_limits *link_get_limits(const struct link *l);
struct tls *link_tls(struct link *l);

/* QoS 1. Returns 0 with the message id, or one of LINK_E_*. Nothing is kept on failure. */
int link_publish(struct link *l, const char *topic, const void *payload, size_t length, bool retain,
	const mosquitto_property *properties, uint16_t *ret_mid);
/* How many bytes of payload the broker takes under that topic; SIZE_MAX: it did not say. */
size_t link_room(const struct link *l, const char *topic, const mosquitto_property *properties);
int link_subscribe(struct link *l, const char *filter);
/* Several publishes between the two leave in as few segments as they fill. */
void link_cork(struct link *l);
void link_uncork(struct link *l);
/* To be called after publishing: watches for room to write. */
void link_watch(struct link *l);
/* DISCONNECT, reason 0: the last will is not sent. down(LINK_LOSS_GIVEN_UP) follows. */
void link_disconnect(struct link *l);
/* The connection is dead (no acknowledgement in time): down() follows from the loop. */
void link_fail(struct link *l, enum link_loss loss, const char *why);
