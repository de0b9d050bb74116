/*
 * The retained documents: the gateway's status, one per device, and the present
 * state of each alarm. Knows which
 * topics the broker may hold, which of them are to be sent or emptied, and what
 * stands in them; session.h sends. Time comes in as an argument.
 *
 * The set of retained topics is remembered across restarts, so that what an
 * earlier run left behind (a device gone from the configuration, another
 * prefix) is emptied.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/cleanup.h"
#include "util/text.h"
#include "wardgate/reading.h"

struct device;
struct document;
struct documents;
struct registry;

#define DOCUMENT_MAX 8192 /* bytes of one that is written here; others are as long as need be */
#define DOCUMENTS_REMEMBERED_MAX 4096
#define STATUS_EVERY_US INT64_C(30000000)
#define STATUS_NEXT_BY_US INT64_C(75000000)
#define STATUS_SOONEST_US INT64_C(1000000)
#define DEVICE_SOONEST_US INT64_C(60000000)

struct documents_settings {
	const char *prefix, *gateway, *epoch; /* copied */
	bool training;
	struct registry *registry;
	const char *remembered; /* newline separated; NULL: nothing */
	/* Writes further members of the status document, each with a leading comma. */
	void (*status)(struct text *t, void *userdata);
	/* Called with all topics, newline separated, before one of them is sent for the first
	 * time or after one was emptied. */
	void (*remember)(const char *topics, void *userdata);
	/* Answered by the broker: one of documents_put(), or emptied. May be NULL. */
	void (*answered)(const char *rest, bool emptied, bool success, void *userdata);
	/* Something is to be sent at another time than was thought. */
	void (*wake)(void *userdata);
	void *userdata;
};

int documents_new(struct documents **ret, const struct documents_settings *settings);
struct documents *documents_free(struct documents *d);
WG_DEFINE_CLEANUP(struct documents *, documents_free)

/* Other topics from now on: those under the old prefix will be emptied. */
int documents_set_prefix(struct documents *d, const char *prefix, bool training);

/* A session begins: all present documents are to be sent. */
void documents_connected(struct documents *d);
/* What was in flight is to be sent again. */
void documents_disconnected(struct documents *d);
void documents_status_changed(struct documents *d, int64_t boot_us);

/* A further document: rest is its topic below the prefix, body is JSON; both are copied. It stays
 * until body is NULL: then the topic is emptied. Returns 0, -ENOBUFS or -ENOMEM. */
int documents_put(struct documents *d, const char *rest, const char *body);

/* Has a topic emptied that the broker may hold without our knowing: of a run that was killed before
 * it could remember it. Returns 0, -ENOBUFS or -ENOMEM. */
int documents_empty(struct documents *d, const char *rest);

/* The next to send, NULL for none at present. Lent until the next call that takes documents. */
struct document *documents_next(struct documents *d, int64_t boot_us);
/* The boot time at which documents_next() may have one; INT64_MAX: when woken. */
int64_t documents_due(const struct documents *d);
const char *document_topic(const struct document *x);
/* "wardgate-status-1", "wardgate-device-1" or "wardgate-alarm-1". */
const char *document_schema(const struct document *x);
/* The body, in buf or lent until the document changes; nothing (0) when the topic is to be emptied.
 * Returns the length or -ENOBUFS. */
ssize_t document_body(const struct documents *d, const struct document *x, char *buf, size_t size,
	int64_t realtime_us, enum clock_state clock, const char **ret);
void document_sent(struct documents *d, struct document *x, int64_t boot_us);
/* Acknowledged, with success or not. A refused one waits for the next change or connection. */
void document_acked(struct documents *d, struct document *x, bool success);
/* Never again in this run: the broker hangs up on it. */
void document_give_up(struct documents *d, struct document *x);
/* Identifies it among suspects: above every sequence number. */
uint64_t document_id(const struct document *x);

/* The document of a device by itself. Returns the length or -ENOBUFS. */
ssize_t documents_device(const struct device *v, char *buf, size_t size, int64_t realtime_us);
const char *documents_status_topic(const struct documents *d);
/* The status document by itself: online, or offline with a reason word (NULL: none, for the last
 * will). Returns the length or -ENOBUFS. */
ssize_t documents_online(const struct documents *d, char *buf, size_t size, int64_t realtime_us,
	enum clock_state clock);
ssize_t documents_offline(
	const struct documents *d, char *buf, size_t size, const char *reason, int64_t realtime_us);
