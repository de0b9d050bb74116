/*
 * One simulated device: takes samples of its patient or its surroundings when
 * they are due, and has its sender carry them over its uplink. The ward
 * (ward.h) owns it and tells it what happens.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "sim/patient.h"
#include "sim/psk.h"
#include "sim/scenario.h"
#include "sim/sender.h"
#include "sim/simlog.h"
#include "sim/uplink.h"

struct player;

/* How long answers took, in steps of a sixteenth of an octave of microseconds. */
#define LATENCY_BUCKETS 640
struct latency {
	uint64_t count, buckets[LATENCY_BUCKETS];
	int64_t max_us;
};
void latency_add(struct latency *l, int64_t us);
/* The value below which that many thousandths lie; 0 when there is none. */
int64_t latency_quantile(const struct latency *l, unsigned thousandths);

/* What the players of a ward have in common. */
struct stage {
	sd_event *event;
	struct uplink_hub *hub;
	struct simlog *log;
	struct sockaddr_storage gateway;
	socklen_t gateway_length;
	struct sender_options sender;
	uint64_t seed;
	int64_t start_boot_us, start_real_ms;
	int64_t spread_us; /* first packs are spread over this; 0: over the interval */
	struct latency latency;
	bool stopping; /* nothing new is measured */
	/* A pack found its end; the ward may be done. */
	void (*settled)(void *userdata);
	void *userdata;
};

/* Boot-time clock, microseconds. */
int64_t stage_now_us(void);

/* key NULL: plain UDP. All pointers are borrowed and must outlive the player. part: a number of its
 * own in the ward, that seeds its chance. */
int player_new(struct player **ret, struct stage *stage, const struct scenario_device *device,
	struct patient *patient, const struct psk *key, uint64_t part);
struct player *player_free(struct player *p);

/* What an event of the scenario does to it, at_ms after the start. Values of quantities that it
 * sends on a change are sent. */
void player_pull(struct player *p, const struct scenario_event *e, int64_t at_ms);
void player_fault(struct player *p, const struct scenario_event *e, int64_t at_ms);
/* The end of an event's For=. */
void player_relieve(struct player *p, const struct scenario_event *e, int64_t at_ms);

const struct sender_counters *player_counters(const struct player *p);
size_t player_pending(const struct player *p);
