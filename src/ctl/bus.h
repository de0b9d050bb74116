/*
 * The way to the daemon: D-Bus, each call with a time-out, and each failure as
 * a line that says what would help, with the exit status that goes with it.
 * What the methods mean stands in docs/interface/org.wardgate.Gateway1.xml.
 */
#pragma once

#include <stddef.h>
#include <systemd/sd-bus.h>

#include "ctl/ctl.h"
#include "util/cleanup.h"

#define BUS_NAME "org.wardgate.Gateway1"
#define BUS_PATH "/org/wardgate/Gateway1"
#define BUS_TIMEOUT_US UINT64_C(25000000)
#define BUS_PROBLEM_MAX 65536

struct bus;

struct bus_problem {
	int status;    /* to exit with; 0: none */
	char name[80]; /* of the daemon's error: "NotFound"; "" when it is not one of its own */
	char *text;    /* sentence, or one line for each error of the configuration; owned */
};
void bus_problem_done(struct bus_problem *p);
/* Says it and gives the status. */
int bus_complain(const struct bus_problem *p);

/* Connects. That the daemon is there shows at the first call. Returns 0 or p->status. */
int bus_open(struct bus **ret, const struct ctl *ctl, struct bus_problem *p);
struct bus *bus_free(struct bus *b);
WG_DEFINE_CLEANUP(struct bus *, bus_free)
/* Lent. */
sd_bus *bus_connection(struct bus *b);

/* A call of the interface, for arguments that types cannot tell. Returns 0 or p->status. */
int bus_message(struct bus *b, struct bus_problem *p, sd_bus_message **ret, const char *method);
/* Sends it and waits. *ret is the caller's to unref; ret may be NULL. */
int bus_send(struct bus *b, struct bus_problem *p, sd_bus_message *m, uint64_t timeout_us,
	sd_bus_message **ret);
/* Both, for simple types. */
int bus_call(struct bus *b, struct bus_problem *p, sd_bus_message **ret, const char *method,
	const char *types, ...);
/* A call whose answer is one text: a JSON document. *ret is to be freed. */
int bus_ask(struct bus *b, struct bus_problem *p, char **ret, const char *method, const char *types,
	...);
/* A call without arguments whose answer is a list of texts. *ret is to be freed; the texts are
 * those of *ret_reply, which is to be unref'd, after a failure too. Returns 0 or p->status. */
int bus_ask_list(struct bus *b, struct bus_problem *p, sd_bus_message **ret_reply, char ***ret,
	size_t *ret_count, const char *method);
/* Files a failure of sd-bus under p: error NULL or unset: by the errno r. Returns p->status. */
int bus_failed(struct bus_problem *p, const sd_bus_error *error, int r);
