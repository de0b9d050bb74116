/*
 * What the files of the nodes share. See nodes.h.
 */
#pragma once

#include "zigbee/clusters/clusters.h"
#include "zigbee/nodes.h"

#define SECOND_US INT64_C(1000000)

/* ---- nodes.c ---- */

/* Something is to be done then. */
void nodes_wake(struct nodes *n, int64_t us);
/* Whether it can be somebody's address. */
bool nodes_is_eui64(uint64_t eui64);
bool nodes_is_node(uint16_t node);
/* Nothing of it is known yet but what it said to an earlier run. */
void nodes_blank(struct nodes *n, struct node *node);
/* The device, a new one that is not configured if need be; NULL without memory. */
struct node *nodes_get(struct nodes *n, uint64_t eui64);
void nodes_tell(struct nodes *n, struct node *node, unsigned changes);
void nodes_note(struct nodes *n, struct node *node, enum nodes_note note, enum interview_step step,
	int detail);
/* It has joined or announces itself: perhaps it counts from the beginning. */
void nodes_started(struct nodes *n, struct node *node);
/* It was heard, or is said to be there. */
void nodes_alive(struct nodes *n, struct node *node, int64_t awake_us);
/* The same for the driver, unless a reading of it goes out anyway. */
void nodes_tell_alive(struct nodes *n, struct node *node);

/* ---- nodes_address.c ---- */

/* That is its short address from now on; nobody else's. */
void nodes_pair(struct nodes *n, struct node *node, uint16_t address);
/* Nobody knows where it is. */
void nodes_lose(struct nodes *n, struct node *node);
/* By slots, after any change of them. */
void nodes_index(struct nodes *n);
void nodes_index_node(struct nodes *n);
/* A message from an address that nobody is known to have. */
void nodes_park(struct nodes *n, const struct zigbee_heard *heard);
/* A response about addresses. */
void nodes_address_told(struct nodes *n, const struct zdo_message *m);
void nodes_address_tick(struct nodes *n);
void nodes_seek_tick(struct nodes *n, struct node *node);
/* Sends it, to be answered under that number. Returns 0 or a negative errno. */
int nodes_send_zdo(struct nodes *n, uint16_t to, const struct zdo_message *m, uint32_t ticket);

/* ---- nodes_heard.c ---- */

/* A message of that device. */
void nodes_deliver(struct nodes *n, struct node *node, const struct zigbee_heard *heard);

/* ---- nodes_result.c ---- */

/* What a call of a cluster gave: its readings go out, its requests on their way. */
void nodes_take(struct nodes *n, struct node *node, uint16_t profile, uint16_t cluster,
	uint8_t endpoint, struct cluster_result *out);

/* ---- nodes_work.c ---- */

void nodes_work_init(struct nodes *n);
/* Sends it now if it can be, else keeps it for later. */
void nodes_work_add(struct nodes *n, struct node *node, uint16_t profile, uint8_t endpoint,
	const struct cluster_request *r);
/* Keeps it until nodes_safe(). token: 0 at first, of others that it joins. Returns the token, 0
 * when there is no room. */
uint32_t nodes_work_hold(struct nodes *n, struct node *node, uint16_t profile, uint8_t endpoint,
	const struct cluster_request *r, uint32_t token);
/* What waits for the token is sent, or dropped. Returns whose it was, NULL when nobody's. */
struct node *nodes_work_settle(struct nodes *n, uint32_t token, bool send);
/* An answer with that number. */
void nodes_work_answered(
	struct nodes *n, struct node *node, uint16_t cluster, uint8_t endpoint, uint8_t sequence);
void nodes_work_drop(struct nodes *n, struct node *node);
void nodes_work_fate(struct nodes *n, uint32_t ticket, enum zigbee_fate fate);
/* The radio was away: what was under way is sent again. */
void nodes_work_again(struct nodes *n);
void nodes_work_tick(struct nodes *n);

/* ---- nodes_ask.c ---- */

#define NODES_TICKET_WORK 0x80000000u

uint8_t nodes_sequence(struct node *node);
/* How long an answer may take. */
int64_t nodes_patience(const struct nodes *n, const struct node *node);
bool nodes_listens(const struct nodes *n, const struct node *node);
/* Whether there is something to be asked of it. */
bool nodes_wants(const struct nodes *n, const struct node *node);
/* Asks what is next, if it is time. */
void nodes_ask(struct nodes *n, struct node *node);
/* It listens: what waited for that goes on. */
void nodes_ask_heard(struct nodes *n, struct node *node);
/* It is to be asked from the beginning of what is next, soon. */
void nodes_ask_anew(struct nodes *n, struct node *node, int64_t in_us);
/* What is under way is forgotten. */
void nodes_ask_stop(struct nodes *n, struct node *node);
void nodes_ask_zdo(struct nodes *n, struct node *node, const struct zdo_message *m);
void nodes_ask_zcl(struct nodes *n, struct node *node, uint16_t cluster, uint8_t endpoint,
	const struct zcl_frame *f);
void nodes_ask_fate(struct nodes *n, struct node *node, uint16_t counter, enum zigbee_fate fate);
/* Whether the row's beginning is through, and goes on if so. */
void nodes_begin_check(struct nodes *n, struct node *node);
/* All of it is to be read once more, until it has answered; later: when it is heard next. */
void nodes_reread(struct nodes *n, struct node *node);
void nodes_reread_later(struct node *node);
/* It listens: what of that is left is tried. */
void nodes_reread_heard(struct nodes *n, struct node *node);
void nodes_ask_tick(struct nodes *n, struct node *node);
int64_t nodes_ask_due(const struct nodes *n, const struct node *node);
/* How often it is to be heard, and when it is to be polled, by what is known by now. */
void nodes_expect(struct nodes *n, struct node *node);
