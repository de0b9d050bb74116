/*
 * What the files of the Zigbee driver share: driver.c (life, the line, notices,
 * time), devices.c (the registry's devices and the nodes), netfile.c (what is
 * kept of the network), joining.c (what people ask for). For these files only.
 *
 * The line (port and ASH) carries the frames of the network (EZSP), which carries
 * the messages of the nodes. All of them are turned from here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "config/config.h"
#include "gateway/gateway.h"
#include "wardgate/driver.h"
#include "wardgate/joining.h"
#include "zigbee/eui64.h"
#include "zigbee/line.h"
#include "zigbee/network.h"
#include "zigbee/nodes.h"

#define LOG_MODULE "zigbee"
#include "util/log.h"

#define ZIGBEE_WAITS_MAX 256 /* submissions that are not safe yet, of all devices */
#define ZIGBEE_FATES_MAX 128
#define ZIGBEE_DEVICES_FILE "zigbee-devices"

struct zigbee;

/* Somebody waits for readings to be safe. */
struct zigbee_wait {
	struct zigbee *zigbee;
	uint32_t token;
	struct receipt *receipt; /* NULL: free */
};

struct zigbee {
	sd_event *event;
	struct gateway *gateway;
	struct config *config;
	bool quiet; /* nothing new is to be taken in: the line is hushed as soon as it can be */

	char *port; /* as it was at the start */
	struct line line;
	struct network network;
	struct nodes nodes;
	struct recents *recents; /* NULL: there is no file in RAM */
	struct decoded scratch;
	sd_event_source *timer;
	int64_t timer_us;
	char problem[NETWORK_WORDS_SIZE]; /* of the line; "": none */
	char mute[NETWORK_WORDS_SIZE];    /* what devices_problem() said last */

	/* Told when the nodes can be told. */
	struct {
		uint32_t ticket;
		enum zigbee_fate fate;
	} fates[ZIGBEE_FATES_MAX];
	unsigned fate_first, fate_count;
	struct zigbee_wait waits[ZIGBEE_WAITS_MAX];

	/* The radio was reset or is gone: conditions end a while after it is back. */
	bool resetting, lost;
	char reason[NETWORK_WORDS_SIZE]; /* of the last reset, while it is not up again; "": none */
	int64_t lost_us, calm_us;        /* INT64_MAX: not to be waited for */
	int64_t deaf_us;                 /* since when nothing is heard; 0: all is, or never was */

	bool devices_dirty, devices_writing, devices_failed;
	int64_t devices_due_us;

	uint64_t accepted, refused;
	bool settling;
	bool behind; /* the radio is not as the configuration says: the next one is to be tried */
};

/* ---- driver.c ---- */
const struct network_ops *zigbee_network_ops(void);
struct decode_time zigbee_now(const struct zigbee *z);
/* Writes what is to be written and sets the timer: at the end of whatever has happened. */
void zigbee_settle(struct zigbee *z);
/* Why it is not up, in words; NULL: it is, and all is well. */
const char *zigbee_problem(const struct zigbee *z);

/* ---- devices.c ---- */
int devices_init(struct zigbee *z);
void devices_done(struct zigbee *z);
/* What people should see to, of the devices; NULL: nothing. z's, until it is called again. */
const char *devices_problem(struct zigbee *z);
/* Makes the nodes what the registry says. 0 or a negative errno. */
int devices_apply(struct zigbee *z);
void devices_forget(struct zigbee *z, struct device *d);
/* Some are not there any more: the file is to be written. */
void devices_changed(struct zigbee *z);
/* Reads the file of what is known of them. Whether there was anything in it. */
bool devices_load(struct zigbee *z);
int64_t devices_deadline(const struct zigbee *z);
void devices_due(struct zigbee *z, int64_t now_us);
/* Writes it for good. */
void devices_finish(struct zigbee *z);

/* ---- netfile.c ---- */
/* network_init() and network_keep(), by the configuration and the file. devices_known: of some
 * network. 0 or a negative errno, logged. */
int netfile_load(struct zigbee *z, bool devices_known);
/* Stops the line and the network, which gets another configuration. Where that cannot be had all
 * goes on as it is: a negative errno, logged. */
int netfile_again(struct zigbee *z);
/* network_ops.keep */
int netfile_keep(struct network *n, const struct netstate *s, int64_t now_us);

/* ---- joining.c ---- */
extern const struct joining zigbee_joining;

static inline struct zigbee *zigbee_of_network(struct network *n)
{
	return (struct zigbee *)((char *)n - offsetof(struct zigbee, network));
}
