/*
 * What the files of control/ share. For this room only.
 */
#pragma once

#include <stdio.h>

#include "config/config.h"
#include "control/control.h"
#include "gateway/gateway.h"
#include "outbox/outbox.h"
#include "publish/publish.h"

#define LOG_MODULE "control"
#include "util/log.h"

struct bus;
struct change;
struct kept_call;
struct pair_run;
struct test_alarm;

struct control {
	struct control_parts parts;
	struct config *config;
	struct commands *commands;
	struct bus *bus;
	int64_t ticked_us;
	struct change *change;         /* an adoption or its reverse under way, NULL none */
	struct test_alarm *test_alarm; /* NULL: none under way */
	struct kept_call *kept;        /* calls whose answers wait for the disk */
	struct pair_run *pair_run;     /* a pairing, maybe ended and not yet asked for; NULL none */
	uint32_t pair_number;          /* of the last pairing */
};

/* --- table.c --- */
extern const struct command_row *const control_rows[];

/* --- views.c: documents as JSON --- */

/* Writes the status document; buf has DOCUMENT_MAX. Returns the length or -ENOBUFS. */
ssize_t view_status(struct control *c, char *buf, size_t size);
/* The document of a device, with what is for this machine only; full: for one that was asked for by
 * name. Returns 0 or a negative errno. */
int view_device(struct control *c, const struct device *d, bool full, FILE *f);
/* An unknown device, as an object. */
void view_unknown(const struct unknown_device *u, FILE *f);
/* What waits, and what was set aside. */
void view_outbox(struct control *c, FILE *f);
/* The configured device of that name, NULL when there is none. */
const struct config_device *view_configured(const struct control *c, const char *name);

/* A document that grows. */
struct view {
	char *text;
	size_t size;
	FILE *f;
};
/* Returns 0 or -ENOMEM. */
int view_begin(struct view *v);
/* The same for an answer to the call. False: there is no memory, and the call has ended with that.
 */
bool view_open(struct view *v, struct command_call *call);
/* The whole text, to be freed; NULL for want of memory. */
char *view_end(struct view *v);
/* Ends the call with what stands in the view. */
void view_answer(struct view *v, struct command_call *call);

/* --- kept.c: answers that wait until what was done survives a power cut --- */

/* The answer is what stands in v, which is ended. It is given once all that the alarm engine was
 * told up to now is on the disk; when the disk cannot, too, and says so: it is done all the same.
 */
void call_when_kept(struct control *c, struct command_call *call, struct view *v);
/* Likewise for a reading. The userdata of kept_received(), which is a receipt_fn; NULL: out of
 * memory, the call has ended. Then one of these: */
struct kept_call *kept_begin(struct control *c, struct command_call *call, struct view *v);
void kept_wait(struct kept_call *k, struct receipt *receipt);
/* It is not done: the caller ends the call. */
void kept_drop(struct kept_call *k);
/* It is known already: error 0, or a negative errno. */
void kept_end(struct kept_call *k, int error);
void kept_received(enum receipt_outcome outcome, void *userdata);
/* Nobody waits any more; calls are not answered. */
void kept_abandon(struct control *c);

/* --- verb_limits.c --- */

/* Whether the bed stands in the configuration; false: the call has ended. */
bool bed_is_known(struct control *c, struct command_call *call, const char *bed);

/* --- verb_discover.c --- */

#define LOOK_LONGEST_S 300
/* Has the drivers look for unknown devices for so long. */
void look_for_unknown(struct control *c, int64_t seconds);
/* Those that were heard, the last one first, as a JSON list. */
void view_all_unknown(const struct control *c, FILE *f);

/* --- verb_pair.c --- */

/* Without a driver that pairs: NULL, and the call has ended with what would help. */
const struct pairing *pairing_driver(
	const struct control *c, struct command_call *call, void **ret_state);
/* The bond of a device goes with it; nothing when there is none, or no driver. */
void pairing_forget(struct control *c, const char *device);
/* Members of a device's document, each with a comma before it. */
void pairing_view(const struct control *c, const struct device *d, FILE *f);
/* Questions that nobody answers come to an end. */
/* A Zigbee device leaves the configuration: it is told to leave the network. */
void joining_forget(struct control *c, const char *device);
/* ",\"link\":{...}" of a Zigbee device while its driver runs. */
void joining_show(const struct control *c, const struct device *d, FILE *f);
void pairing_tick(struct control *c, int64_t boot_us);
void pairing_abandon(struct control *c);

/* --- verb_adopt.c, verb_test_alarm.c: what is under way ends without an answer --- */
void change_abandon(struct control *c);
void test_alarm_abandon(struct control *c);
void test_alarm_retained(struct control *c, const char *rest, bool emptied, bool success);
