/*
 * The operator's hand and eye: the table of commands with its verbs, and the
 * D-Bus service that offers them. What other rooms do for it, the wiring gives.
 */
#pragma once

#include <systemd/sd-event.h>

#include "config/read.h"
#include "control/commands.h"
#include "outbox/store.h"
#include "publish/remote.h"
#include "util/cleanup.h"

struct control;
struct desk;
struct joining;
struct gateway;
struct outbox;
struct pairing;
struct publish;
struct reading;
struct worker;

struct control_hooks {
	/* Reads the configuration anew and applies it. Returns 0, CONFIG_E_INVALID with errors in
	 * p (the running one stays), or -ENOMEM. Warnings may come with any of them. */
	int (*reload)(struct config_problems *p, void *userdata);
	/* How the store does, its hanging taken for failing. */
	void (*store)(struct store_figures *ret, void *userdata);
	/* A number that is another one when the drivers are in another condition. */
	uint64_t (*drivers)(void *userdata);
	/* Has the drivers look for unknown devices until then (boot-time clock). NULL: none can. */
	void (*look)(int64_t until_us, void *userdata);
	/* What the driver that pairs offers, with its state; NULL while none runs. NULL: there is
	 * none. */
	const struct pairing *(*pairing)(void **ret_state, void *userdata);
	/* The same of the driver whose network devices join. */
	const struct joining *(*joining)(void **ret_state, void *userdata);
	command_audit_fn audit; /* NULL: none */
	/* The newest entries of the audit trail as JSON objects, oldest first: the i-th, NULL
	 * behind the last. NULL: there is no trail. */
	const char *(*audit_entry)(size_t i, void *userdata);
	void *userdata;
};

/* All outlive the control but config, of which it takes a reference. */
struct control_parts {
	sd_event *event;
	struct config *config;
	const char *config_path;
	const struct config_options *config_options;
	struct desk *desk; /* the alarms */
	struct gateway *gateway;
	struct outbox *outbox;
	struct publish *publish;
	struct worker *worker;
	struct control_hooks hooks;
};

/* Starts connecting to the bus; one that is not there is no error here but logged and tried again.
 * Returns 0 or a negative errno. */
int control_new(struct control **ret, const struct control_parts *parts);
struct control *control_free(struct control *c);
WG_DEFINE_CLEANUP(struct control *, control_free)

/* Another configuration is in force. */
void control_reloaded(struct control *c, struct config *config);
/* To be called once a second or more often: tells on the bus what changed, once a second at most.
 */
void control_tick(struct control *c, int64_t boot_us);
/* The document of an alarm's event, for those who watch. */
void control_alarm(struct control *c, const char *document);
/* An entry of the audit trail that an earlier run left, oldest first: a command from afar that was
 * carried out is not carried out again when the broker brings it once more. */
void control_recall(struct control *c, const char *entry);
/* The hooks of publish.h. */
void control_command(struct control *c, const struct publish_command *heard);
void control_retained(struct control *c, const char *rest, bool emptied, bool success);
