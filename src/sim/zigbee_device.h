/*
 * A simulated Zigbee device: how it joins and leaves, sleeps and polls, what it
 * answers and what it reports.
 */
#pragma once

#include "sim/zigbee_stage.h"

#define SZB_REPORTS_MAX 16
#define SZB_TIMERS_PER_DEVICE 8
#define SZB_ENDPOINT 1

/* What was configured of an attribute. */
struct szb_report {
	const struct szb_attribute *attribute;
	uint16_t min_s, max_s;
	double change, last;
	int64_t last_us;
	bool ever;
};

/* A network as a member knows it. */
struct szb_network {
	uint8_t ext_pan[8], key[16];
	uint16_t pan;
	uint8_t channel;
};

struct szb_device {
	struct szb *szb;
	const struct szb_device_config *config;
	const struct szb_kind *kind;
	size_t index;
	uint8_t eui[8];
	struct rng rng;   /* of its radio; its values have their own */
	uint32_t metrics; /* bits: what it measures */
	struct szb_walk walks[_SZB_METRIC_MAX];
	uint64_t measured;

	/* What it remembers over a loss of power. */
	bool member;
	uint16_t node;
	struct szb_network network;
	uint32_t heard; /* the coordinator's frame counter */
	uint32_t bound; /* bits of clusters */
	struct szb_report reports[SZB_REPORTS_MAX];
	size_t report_count;
	uint8_t cie[8], zone_id;
	bool enrolled, woken; /* woken: Tuya's, by a first reading of its basics */
	uint32_t check_in_quarters;
	bool asked; /* to be enrolled */

	bool gone; /* no power */
	uint8_t zcl_sequence, zdo_sequence, aps_counter;
	uint16_t zone_status;
	uint8_t present_value, identify, routed;
	bool switched;
	int64_t fast_until_us;
	struct sble_timer measure_timer, report_timer, join_timer, poll_timer, retry_timer,
		check_in_timer, relief_timer, enroll_timer;

	struct { /* what waits for a default response */
		uint16_t cluster;
		struct octets frame;
		unsigned left;
		uint32_t pack; /* of its values; 0: none */
	} unanswered;
	struct {
		int64_t silent_until_us, special_until_us;
		char special[16];
		uint32_t duplicate, malformed, deaf, miss;
		bool reorder;
	} fault;
	struct { /* a frame that comes after the next */
		bool used;
		uint16_t cluster;
		struct octets frame;
		struct szb_pack *pack;
	} held;
};

void szb_device_init(struct szb_device *d, struct szb *b, size_t index);
void szb_device_start(struct szb_device *d);
void szb_device_event(struct szb_device *d, const char *event);

/* Whether it and the NCP hear each other: power, network, key, those between. */
bool szb_device_reaches(const struct szb_device *d);
/* To the coordinator. Takes the pack, which may be NULL. */
void szb_device_send(struct szb_device *d, uint16_t profile, uint16_t cluster, bool broadcast,
	const struct octets *o, struct szb_pack *pack);
/* A frame with values: what faults are for, and what asks for a default response. */
void szb_device_tell(
	struct szb_device *d, uint16_t cluster, struct octets *o, struct szb_pack *pack);
/* As it stands, from that endpoint. */
void szb_device_say(
	struct szb_device *d, uint16_t cluster, uint8_t endpoint, const struct octets *o);
/* That response has come. */
void szb_device_answered(struct szb_device *d);
/* A message of the host has come. */
void szb_device_hear(struct szb_device *d, const struct ncp_message *m);
/* Its time to ask its parent has come; arg is the device. */
void szb_device_on_poll(void *arg);
void szb_device_poll_soon(struct szb_device *d, int64_t us);

/* ---- zigbee_join.c */
void szb_device_network(struct szb_device *d); /* it may be open now, or another */
void szb_device_adopt(struct szb_device *d);
void szb_device_enter(struct szb_device *d);
void szb_device_rejoin(struct szb_device *d, bool secured, bool new_address);
void szb_device_announce(struct szb_device *d);
/* tell: the NCP hears of it. */
void szb_device_leave(struct szb_device *d, bool tell);
/* It says that it goes, and comes back at once. */
void szb_device_leave_and_rejoin(struct szb_device *d);
void szb_device_forget(struct szb_device *d);
void szb_device_on_join_timer(void *arg);

/* ---- zigbee_zdo.c, zigbee_zcl.c */
void szb_zdo_hear(struct szb_device *d, const struct ncp_message *m);
void szb_zcl_hear(struct szb_device *d, const struct ncp_message *m);
bool szb_has(const struct szb_device *d, enum szb_cluster c);
/* The value on the wire; a number that a double holds. */
double szb_attribute_number(struct szb_device *d, const struct szb_attribute *a);
/* Type and value, or value alone. Adds what it says to the pack, unless that is NULL. */
void szb_put_value(struct szb_device *d, struct octets *o, const struct szb_attribute *a,
	struct szb_pack *pack);
void szb_zone_request(struct szb_device *d);

/* ---- zigbee_report.c */
void szb_report_init(struct szb_device *d);
void szb_report_start(struct szb_device *d);
void szb_report_measure(struct szb_device *d);
/* A value has changed, or what was configured: reports what is due. */
void szb_report_look(struct szb_device *d);
void szb_report_press(struct szb_device *d, int64_t word);
void szb_report_flag_relief(struct szb_device *d);
/* One report of its first measured cluster with the next value, whatever was configured; false when
 * it has none. */
bool szb_report_one(struct szb_device *d);
struct szb_pack *szb_report_pack(struct szb_device *d, const char *by);
/* What a zone's status says, into the log. */
void szb_report_zone_values(const struct szb_device *d, struct szb_pack *pack);

/* ---- zigbee_quirk.c */
void szb_quirk_report(struct szb_device *d);
