/*
 * What daemon.c and its parts, daemon_*.c, share. For these files only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "config/config.h"
#include "gateway/epoch.h"
#include "gateway/gateway.h"
#include "gateway/recall.h"
#include "outbox/ledger_disk.h"
#include "outbox/outbox.h"

#define LOG_MODULE "wardgated"
#include "util/log.h"

struct daemon {
	const char *config_path;
	sd_event *event;
	struct config *config;
	struct gateway *gateway;
	struct recall *recall;
	struct trail *trail;
	struct outbox *outbox;
	struct ledger_disk *ledger;
	struct worker *worker;
	struct publish *publish;
	struct health *health;
	struct drivers *drivers;
	struct control *control;
	struct desk *desk;
	struct annunciator *annunciator;
	sd_event_source *hangup, *terminate, *interrupt, *tick, *stop_check;
	struct epoch previous, epoch;
	bool has_previous;
	bool ready;
	bool stopping;
	int64_t stop_began_us;
};

/* daemon_ledger.c */

/* What this run is called, from what the one before left. */
void ledger_choose_epoch(struct daemon *d);
/* Opens the state directory and the database. Returns 0 or a negative errno, logged. */
int ledger_open(struct daemon *d);
/* Ties gateway, outbox and disk together. */
int ledger_wire(struct daemon *d);
void ledger_save_epoch(struct daemon *d);
void ledger_remember_topics(const char *topics, void *userdata);
/* Settings of [Store] changed. */
void ledger_reload(struct daemon *d);
/* The last record of this run, and everything to the disk. */
void ledger_finish(struct daemon *d);
/* The run is over: whether all that it gave out is safe. */
void ledger_close_epoch(struct daemon *d);

/* daemon_control.c */

struct config_problems;
struct publish_command;

/* Makes the table of commands and its service. Returns 0 or a negative errno. */
int control_wire(struct daemon *d);
/* How the store does; one that hangs fails. */
void control_store_figures(struct daemon *d, struct store_figures *ret);
/* The hooks of publish.h. */
void control_on_command(const struct publish_command *heard, void *userdata);
void control_on_retained(const char *rest, bool emptied, bool success, void *userdata);

/* daemon_audit.c */

struct command_audit;
struct limit_change;
struct publish_refusals;
struct trail;

/* Makes the trail, which waits for the ledger. Returns 0 or a negative errno. */
int audit_wire(struct daemon *d);
void audit_on_command(const struct command_audit *a, void *userdata);
void audit_on_refused(const struct publish_refusals *r, void *userdata);
void audit_on_limits(const struct limit_change *c, void *userdata);
/* SIGHUP was obeyed, or refused for so many errors. */
void audit_on_hangup(struct daemon *d, size_t errors);
/* The newest entries, see control.h. */
const char *audit_entry(size_t i, void *userdata);
/* The hooks of ledger_disk.h. */
void audit_on_chain(
	const struct store_chain *end, struct store_audit *audits, size_t count, void *userdata);
size_t audit_on_audits(struct store_audit *ret, size_t count, void *userdata);
void audit_on_audited(int error, int64_t owed, void *userdata);

/* daemon_desk.c */

/* Makes the alarm desk and gives it the configuration. Returns 0 or a negative errno. */
int desk_wire(struct daemon *d);
/* A reload was taken (NULL), or refused for these. */
void desk_reloaded(struct daemon *d, const struct config_problems *problems);

/* daemon_annunciator.c */

struct text;

/* Makes the annunciator: from here on it shows that the gateway runs. Returns 0 or a negative
 * errno; an output that is missing is none. */
int annunciator_wire(struct daemon *d);
/* Settings of [Annunciator] may have changed. */
void annunciator_changed(struct daemon *d);
/* Members of the status document, each with a comma before it. */
void annunciator_put(const struct daemon *d, struct text *t);

/* daemon.c */

/* Reads the configuration anew and applies it. Returns as config_read(); what is wrong is also
 * logged. */
int daemon_reload(struct daemon *d, struct config_problems *problems);

/* The database is open, or will not open soon: devices can be heard. */
void daemon_ledger_ready(struct daemon *d);
