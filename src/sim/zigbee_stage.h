/*
 * What the parts of `wardsim zigbee' share: the loop and its two clocks, the NCP,
 * the line to the host, the devices and the log. zigbee.c owns it.
 */
#pragma once

#include <systemd/sd-event.h>

#include "sim/ncp.h"
#include "sim/zigbee_line.h"
#include "sim/zigbee_log.h"
#include "sim/zigbee_scenario.h"

struct szb_device;

/* A message of the host on its way to a device. */
struct szb_pending {
	struct szb *szb;
	bool used;
	struct szb_device *device; /* NULL: nobody has that address */
	struct ncp_message message;
	struct sble_timer timer;
};

struct szb {
	sd_event *event;
	sd_event_source *clock, *real_clock;
	struct sble_timers timers; /* microseconds of the scenario: devices, events, faults */
	struct sble_timers real;   /* of the boot-time clock: the NCP, as hosts count */
	struct sble_log *log;
	struct szb_packs packs;
	const struct szb_scenario *scenario;
	struct ncp ncp;
	struct szb_line line;
	char state[256]; /* the file of the NCP's flash, or "" */
	bool keep;       /* what is in it has changed */
	uint64_t seed;
	int64_t speed, start_boot_us;
	struct szb_device *devices;
	size_t device_count;
	uint16_t nodes[0x10000]; /* short address -> device + 1 */
	struct szb_pending pending[NCP_IN_FLIGHT_MAX];

	struct sble_timer event_timer, relief_timer;
	size_t next_event;
	uint32_t counted[_SZB_WHEN_MAX], fired[SZB_RULES_MAX];

	int64_t rate; /* reports a second; 0: by what was configured */
	struct sble_timer rate_timer;
	size_t rate_next;
	int64_t rate_credit_us;

	uint64_t sent, acknowledged, lost, heard_nothing;

	char said[1024]; /* of a line of standard input */
	size_t said_n;
};

/* Microseconds of the scenario since its start: as fast as Speed= says. */
int64_t szb_now(const struct szb *b);
int64_t szb_boot_us(void);
/* So many real microseconds in the scenario's time. */
static inline int64_t szb_real(const struct szb *b, int64_t us)
{
	return us * b->speed;
}
/* What was not sent at all, with why; takes the pack. */
void szb_lose(struct szb *b, struct szb_pack *pack, const char *why);

/* ---- zigbee_air.c: between the NCP and the devices */
extern const struct ncp_air szb_air;
void szb_air_clear(struct szb *b);

/* ---- zigbee_event.c */
void szb_events_start(struct szb *b);
/* Now, whenever it says. */
void szb_event_happen(struct szb *b, struct szb_event_config *e);
/* What rules may wait for has happened; index: the device, or SIZE_MAX. id: of a command. */
void szb_count(struct szb *b, enum szb_when when, size_t index, int64_t id);

/* ---- zigbee_command.c */
/* Returns 0 or a negative errno. */
int szb_commands_start(struct szb *b);

/* ---- zigbee_rate.c: reports at a rate */
void szb_rate_start(struct szb *b);
/* There may be room for callbacks again. */
void szb_rate_top_up(struct szb *b);

/* ---- zigbee_store.c */
/* Returns 0 or a negative errno; -EBADMSG when problems were printed. */
int szb_store_load(struct szb *b);
int szb_store_save(struct szb *b);
