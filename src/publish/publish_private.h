/*
 * What the files behind publish.h share: publish.c (its life), broker.c (which
 * broker, when), report.c (what is said of it) and change.c (reload and stop).
 * For these files only.
 */
#pragma once

#include "config/config.h"
#include "gateway/clock.h"
#include "publish/backoff.h"
#include "publish/environment.h"
#include "publish/expiry.h"
#include "publish/publish.h"
#include "publish/session.h"

#define LOG_MODULE "publish"
#include "util/log.h"

/* How long a session that is to end may wait for what it has in flight. */
#define RETIRE_US INT64_C(1000000)
#define EXPIRY_EVERY_US INT64_C(3600000000)

struct publish {
	sd_event *event;
	struct config *config;
	struct gateway *gateway;
	struct outbox *outbox;
	struct worker *worker;
	struct publish_hooks hooks;
	struct session_environment env;
	struct documents *documents;
	struct session *active, *candidate;
	unsigned active_broker;
	struct backoff backoff;
	struct link_hung **hung; /* one per broker */
	size_t hung_count;
	struct tls_kept kept;
	struct expiry own, peer;
	struct file_check *check;   /* NULL: none runs */
	struct config *next_config; /* NULL, or what to apply when the session has ended */
	sd_event_source *retry, *probe, *documents_timer, *expiry_timer, *refusals_timer;
	sd_event_source *stop_timer, *finished;
	bool accepted; /* the active session got its CONNACK */
	bool stopping, stopped, lib_ready;
	int64_t stop_until_us;
	void (*stop_done)(void *userdata);
	void *stop_userdata;
	uint64_t connects, failures;
	char problem[512];
	int64_t problem_said_us;
};
/* publish.c */
int64_t publish_now(struct publish *p);
void publish_arm(sd_event_source *timer, int64_t boot_us);
void publish_disarm(sd_event_source *timer);
const struct config_broker *publish_broker(const struct publish *p, unsigned i);
/* Sees to it that documents go when they are due. */
void publish_arm_documents(struct publish *p);

/* report.c */
void publish_have_problem(struct publish *p, const struct config_broker *broker, const char *why);
void publish_check_expiry(struct publish *p);
/* Keeps what was read well, tells of what was not, and notes when certificates end. */
void publish_learn(struct publish *p, const struct tls *tls);
/* Members of the status document. */
void publish_put_status(struct text *t, void *userdata);

/* broker.c */
int publish_make_tls(struct publish *p, const struct config_broker *broker, struct tls **ret);
/* Starts a session with the broker whose turn it is, unless there is one. */
void publish_connect(struct publish *p);
int publish_on_retry(sd_event_source *source, uint64_t usec, void *userdata);
int publish_on_probe(sd_event_source *source, uint64_t usec, void *userdata);

/* change.c */
int publish_resize_hung(struct publish *p, size_t count);
/* The look at the files that a reload began. */
void publish_abandon_check(struct publish *p);
/* Connects with other settings, there being no session. */
void publish_begin_anew(struct publish *p, struct config *c);
/* Goes on with stopping, if it has begun. */
void publish_check_stop(struct publish *p);
void publish_finish(struct publish *p);
int publish_on_stop(sd_event_source *source, uint64_t usec, void *userdata);
int publish_on_finished(sd_event_source *source, void *userdata);
