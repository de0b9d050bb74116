/*
 * The way to the hospital's broker: sends what the outbox holds and the
 * retained documents (status, devices), over one MQTT session that it keeps.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "outbox/outbox.h"
#include "publish/refusals.h"
#include "publish/remote.h"
#include "util/cleanup.h"

struct config;
struct gateway;
struct publish;
struct worker;

/* What the status document says and only main.c can gather: writes members of a JSON object with a
 * leading comma, e.g. ,"drivers":{...}. Returns the length or -ENOBUFS. */
typedef ssize_t (*publish_status_fn)(char *buf, size_t size, void *userdata);

/* Remembers the set of retained topics across restarts: called with all of them, newline separated,
 * whenever the set grew or shrank. */
typedef void (*publish_remember_fn)(const char *topics, void *userdata);

/* What was given to publish_retain() was answered by the broker. */
typedef void (*publish_retained_fn)(const char *rest, bool emptied, bool success, void *userdata);

struct publish_hooks {
	publish_status_fn status;
	publish_remember_fn remember;
	const char *remembered;     /* what an earlier run remembered; NULL: nothing */
	publish_command_fn command; /* NULL: each command is refused */
	publish_refused_fn refused; /* commands that do not get that far, summed up; NULL: none */
	publish_retained_fn retained;
	void *userdata;
};

/* Starts connecting at once. Returns 0 or a negative errno; a broker out of reach or a certificate
 * that cannot be read is no error here but logged and retried. */
int publish_new(struct publish **ret, sd_event *e, struct config *c, struct gateway *g,
	struct outbox *o, struct worker *w, const struct publish_hooks *hooks);
struct publish *publish_free(struct publish *p);
WG_DEFINE_CLEANUP(struct publish *, publish_free)

/* Applies a changed configuration. The session ends only when a setting of [MQTT] that it was made
 * with changed; certificates are read again in any case. */
int publish_reload(struct publish *p, struct config *c);
/* Sends what may go now. Cheap when there is nothing. Safe to call from any callback. */
void publish_pump(struct publish *p);
/* The status document is to be sent again soon (a driver's state, the clock changed). */
void publish_status_changed(struct publish *p);
/* Drains: calls done once the outbox is empty, offline status is confirmed and the session closed,
 * or at the boot time until_us, whichever comes first. */
void publish_stop(
	struct publish *p, int64_t until_us, void (*done)(void *userdata), void *userdata);

/* The status document as it would be published now. Returns the length or -ENOBUFS. */
ssize_t publish_status(struct publish *p, char *buf, size_t size);
/* Keeps a retained document with the broker (schema wardgate-alarm-1), repeated at each connection;
 * body NULL: empties it. rest: its topic below the prefix. Returns 0, -ENOBUFS or -ENOMEM. */
int publish_retain(struct publish *p, const char *rest, const char *body);
/* Has a topic emptied that the broker may hold from a run that could not remember it any more.
 * Returns as publish_retain(). */
int publish_unretain(struct publish *p, const char *rest);
/* Answers a command, once: error is a sentence, NULL: it was carried out, with result (a JSON
 * object) or NULL. Nobody hears it when there is no session any more. */
void publish_answer(
	struct publish *p, struct publish_reply *take_reply, const char *error, const char *result);

struct publish_report {
	bool connected;
	const char *broker;  /* URI of the session's broker, NULL: none */
	const char *problem; /* last failure in one sentence, NULL: none */
	uint64_t connects, failures, published, refused, nobody_listening;
	uint64_t heard; /* messages that had a subscriber */
	int64_t certificate_expires_us; /* UTC, earliest of those in use; 0: none known */
};
void publish_report(const struct publish *p, struct publish_report *ret);
