/*
 * What session.c (connection, acknowledgements), send.c (what goes out) and
 * remote.c (commands) share. For these files only.
 */
#pragma once

#include "publish/flight.h"
#include "publish/session.h"

#define LOG_MODULE "publish"
#include "util/log.h"

enum session_role {
	ROLE_CONNECTING, /* no CONNACK yet, or nothing asked of it */
	ROLE_TRYING,     /* one status document on its way */
	ROLE_ACTIVE,     /* has the outbox */
	ROLE_RETIRING,   /* has the outbox, but sends alarms only */
	ROLE_LEAVING,    /* DISCONNECT is on its way */
};

enum item_kind { ITEM_ENTRY, ITEM_DOCUMENT, ITEM_TRIAL, ITEM_OFFLINE, ITEM_ANSWER };

#define ANSWERS_MAX 16 /* waiting to be sent; more commands go unanswered */

struct answer {
	char *topic, *body;
	mosquitto_property *properties; /* NULL: those of the schema */
};

/* A delay that doubles. */
struct slowness {
	int64_t delay_us, until_us;
};

struct session {
	struct session_environment *env;
	const struct session_ops *ops;
	void *userdata;
	struct link *link;
	struct flight *flight;
	struct window window;
	enum session_role role;
	bool has_outbox;
	bool proven, proven_told, tried;
	uint64_t pumped_in; /* iteration of the loop */
	unsigned documents_in_flight;
	struct outbox_entry *partial;  /* some of its formats are sent */
	unsigned partial_next;         /* the format to go on with */
	struct slowness quota, nobody; /* after 0x97, after 0x10 */
	bool said_nobody, said_quota;  /* logged once in a session */
	uint32_t said_refused[8];      /* likewise, a bit per reason code */
	struct answer answers[ANSWERS_MAX];
	unsigned answer_count;
	sd_event_source *ack_timer, *retire_timer, *next_batch;
	const char *retire_reason;
	bool offline_sent;
};

/* send.c */
void session_send(struct session *s);
void session_send_status(struct session *s, enum item_kind kind);
/* Tells the outbox how many it may have in flight. */
void session_set_outbox_window(struct session *s);
void answer_done(struct answer *a);

/* remote.c */
void session_on_message(struct link *l, const struct mosquitto_message *m,
	const mosquitto_property *properties, void *userdata);

/* session.c */
int64_t session_now(const struct session *s);
void session_arm_ack(struct session *s);
