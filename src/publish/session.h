/*
 * One MQTT session: what goes over a link once the broker accepted it. Sends
 * what the outbox and the documents have, within the window, and tells them
 * what the broker answered. Which broker, and when, is publish.c's.
 */
#pragma once

#include <mosquitto.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "outbox/outbox.h"
#include "publish/command.h"
#include "publish/documents.h"
#include "publish/link.h"
#include "publish/payloads/payloads.h"
#include "publish/refusals.h"
#include "publish/remote.h"
#include "publish/suspects.h"
#include "util/cleanup.h"

struct clock;
struct session;

enum message_schema {
	SCHEMA_RECORD,
	SCHEMA_ALARM,
	SCHEMA_STATUS,
	SCHEMA_DEVICE,
	SCHEMA_RESPONSE,
	_SCHEMA_MAX
};

struct session_counters {
	uint64_t published, refused, nobody_listening, set_aside, commands;
	uint64_t heard; /* messages that had a subscriber */
};

/* What all sessions share; owned by publish.c and longer-lived than they. */
struct session_environment {
	sd_event *event;
	struct worker *worker;
	struct outbox *outbox;
	struct documents *documents;
	struct clock *clock;
	struct suspects suspects;
	struct payload_context context;
	const char *prefix;
	const struct payload_format *formats[PAYLOADS_MAX];
	unsigned format_count;
	mosquitto_property *format_properties[PAYLOADS_MAX];
	mosquitto_property *schema_properties[_SCHEMA_MAX];
	unsigned window; /* Window= */
	int64_t ack_timeout_us;
	bool no_subscriber_keep;
	struct session_counters counters;
	struct command_rate command_rate;
	struct refusals refusals;
	void (*refused)(void *userdata); /* refusals_next() may be sooner now */
	void *refused_userdata;
	publish_command_fn command; /* NULL: each is refused */
	void *command_userdata;
};

struct session_ops {
	/* The broker accepted the session; session_activate() or session_try() is up to the callee.
	 */
	void (*up)(struct session *s, void *userdata);
	/* session_try() succeeded. */
	void (*tried)(struct session *s, void *userdata);
	/* The first publish was confirmed. */
	void (*proven)(struct session *s, void *userdata);
	/* It is over. The outbox has been told. The callee frees the session. */
	void (*down)(struct session *s, enum link_loss loss, const char *why, void *userdata);
};

/* Starts connecting; tls is taken over, also on failure. Returns 0 or a negative errno. */
int session_new(struct session **ret, struct session_environment *env,
	const struct link_settings *settings, struct tls *take_tls, const struct session_ops *ops,
	void *userdata);
/* Frees it at once; the outbox is told if it was active. */
struct session *session_free(struct session *s);
WG_DEFINE_CLEANUP(struct session *, session_free)

bool session_is_up(const struct session *s);
unsigned session_window(const struct session *s);
struct tls *session_tls(struct session *s);

/* This session takes the outbox from now on: subscribes, sends all documents, and what waits. */
void session_activate(struct session *s);
/* Sends the status document alone, to see whether the broker confirms anything. */
void session_try(struct session *s);
/* No more readings: waits for what is in flight until the boot time until_us at most, says offline
 * with that reason, and disconnects. down() follows. */
void session_retire(struct session *s, const char *reason, int64_t until_us);
/* Sends what may go now. Safe to call from any callback. */
void session_pump(struct session *s);
/* Sends that answer, if there is a place for it. */
void session_answer(
	struct session *s, struct publish_reply *take_reply, const char *error, const char *result);
/* Settings of the environment changed (Window=, AckTimeout=). */
void session_adjust(struct session *s);
