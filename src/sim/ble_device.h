/*
 * One simulated BLE device: what it is to the outside (its advertisements, its
 * socket, its connection) and the state that its kind works with. ble_device.c
 * is its presence on the air, ble_link.c its connection, ble_event.c what
 * happens to it.
 */
#pragma once

#include "sim/ble_att.h"
#include "sim/ble_kinds.h"
#include "sim/ble_stage.h"

#define SBLE_PENDING_MAX 16
#define SBLE_PDUS_MAX 8 /* that wait for the socket or for a delay */

/* A pairing, from Pair Device to its end. */
struct sble_pairing {
	struct sble_adapter *adapter; /* NULL: none */
	uint32_t client;
	uint16_t opcode; /* 0: nobody waits for its end */
	enum sble_pairing_way way;
	uint32_t passkey;
	bool asked; /* an answer of the host's is awaited */
	bool alone; /* Pair Device has connected, and no socket */
	struct sble_timer timer;
};

/* What an adapter and the device share for good. */
struct sble_bond {
	unsigned generation; /* of its key; 0: none */
	bool authenticated;
	uint16_t cccds[SBLE_CCCDS_MAX];
};

struct sble_link {
	int fd; /* -1: none */
	sd_event_source *source;
	struct sble_adapter *adapter;
	struct sble_att att;
	struct sble_message *awaiting; /* the indication that is not confirmed yet */
	struct sble_timer confirm_end, turn;
	uint32_t requests; /* counts them */
	struct {
		uint16_t n;
		int64_t at_us;
		uint8_t at[SBLE_MTU_MAX];
	} out[SBLE_PDUS_MAX];
	size_t out_count;
	bool asking; /* a request of our own is under way, or was */
};

/* A stored measurement, of RACP devices. */
struct sble_record {
	uint16_t sequence; /* or the time offset */
	int64_t wall_ms;   /* by the device's clock; INT64_MIN: it had none */
	int64_t utc_ms;
	int32_t value;
	char word[32]; /* of the status */
};

struct sble_device {
	struct sble *ble;
	const struct sble_device_config *config;
	const struct sble_kind *kind;
	unsigned index;
	struct rng rng, air; /* of its values; of what the radio does */
	struct rng addresses;
	int64_t moment; /* of its last measurement, as it was due: what decides values */
	struct signals own, *signals;
	struct patient *patient; /* NULL: one of its own */
	struct sble_body_walk body[_SBLE_BODY_MAX];

	/* On the air. */
	struct sble_address address; /* the one that it shows */
	uint8_t irk[16];
	uint8_t ad_heard[2]; /* a hash of what an active scan has heard, by its number */
	struct octets ad, response;
	int64_t advertises_until; /* INT64_MAX: always */
	struct sble_timer advert, measure, rotate, supervision;
	int listener; /* -1: not connectable now */
	sd_event_source *listener_source;
	char path[SBLE_DIRECTORY_MAX + 32], alias[SBLE_DIRECTORY_MAX + 32];

	struct sble_db db;
	struct sble_link link;
	struct sble_pairing pairing;
	struct sble_bond bonds[SBLE_ADAPTERS_MAX];
	struct sble_message *pending[SBLE_PENDING_MAX]; /* indications, oldest first */
	size_t pending_count;
	struct sble_message *said; /* what it broadcasts, with its values */
	bool said_heard;

	/* What its kind keeps. */
	struct sble_record *records; /* SBLE_RECORDS_MAX of them, or NULL */
	size_t record_count;
	uint32_t counter;
	uint16_t sequence;
	uint8_t packet;
	int32_t battery_told;    /* -1: not yet in this connection */
	int64_t clock_offset_ms; /* of its clock against UTC */
	bool clock_unset;
	int64_t beat_phase;    /* of a strap: beats since the last one told, in 1/60000 */
	int64_t session_ms;    /* when a CGM's session began, UTC */
	struct octets racp;    /* a request that waits to be served */
	struct octets control; /* likewise of another control point */
	bool aborted;
	bool serving;                  /* records are being told */
	uint32_t serve_next, serve_to; /* by their numbers */

	/* What the scenario does to it; times are of the scenario, 0 when over. */
	struct {
		int64_t silent_until, no_connect_until, no_answer_until, delay_until, drop_until;
		int64_t sensor_off_until, status_until, special_until;
		int64_t delay_us;
		unsigned drop; /* thousandths */
		char status[32], special[16];
		int64_t malformed, att_errors;
		uint8_t att_error;
		bool wrong_passkey;
		int64_t inflating; /* so many intermediate values are to come */
	} fault;
	struct octets old_ad; /* for a replay */
	uint32_t counted[_SBLE_WHEN_MAX];
	uint32_t fired[SBLE_RULES_MAX]; /* how often each rule was */
	bool has_rules, bond_lost;
};

int sble_device_new(struct sble_device **ret, struct sble *b, unsigned index);
/* Its connection has been closed before. */
struct sble_device *sble_device_free(struct sble_device *d);
/* It is switched on. */
void sble_device_start(struct sble_device *d);

/* --- on the air --- */
/* Opens and closes the sockets of all, as adapters and devices allow. */
void sble_devices_listen(struct sble *b);
void sble_device_listen(struct sble_device *d);
/* An adapter has gone: its connections end, for that reason. */
void sble_devices_lose(struct sble_adapter *a, uint8_t reason);
/* The device behind an address that a host names: the one that it shows or, where the adapter
 * resolves it, its identity. */
struct sble_device *sble_device_by_address(
	struct sble *b, const struct sble_adapter *a, const struct sble_address *address);
/* The address by which the adapter names it to the host. */
struct sble_address sble_device_shown(const struct sble_device *d, const struct sble_adapter *a);
int8_t sble_device_rssi(struct sble_device *d);
void sble_device_rotate(struct sble_device *d);
/* It advertises for its window, beginning now. */
void sble_device_appear(struct sble_device *d);
/* One advertisement now, of these bytes. */
void sble_device_report(struct sble_device *d, const struct octets *ad);
bool sble_device_reachable(const struct sble_device *d);

/* --- its connection --- */
bool sble_device_connected_to(const struct sble_device *d, const struct sble_adapter *a);
/* Whether that adapter could connect to it now. */
bool sble_device_connectable(const struct sble_device *d, const struct sble_adapter *a);
void sble_link_accept(struct sble_device *d, int fd, struct sble_adapter *a);
/* It ends; the host is told why: MGMT_BY_*. */
void sble_device_close(struct sble_device *d, uint8_t reason);
/* What was unencrypted is encrypted from now on. */
void sble_link_secure(struct sble_device *d, enum sble_security level);
/* Tells what it measured: notifies at once, or not at all; what is to be indicated waits until it
 * is confirmed. Takes the message, which is from sble_message_new(). */
void sble_device_say(struct sble_device *d, struct sble_message *m);
/* Measurements that wait for their confirmation. */
size_t sble_device_unconfirmed(const struct sble_device *d);
/* The next turn of the loop serves what was asked for. */
void sble_link_turn(struct sble_device *d);
/* NULL: out of memory, and the measurement is lost. */
struct sble_message *sble_message_new(struct sble_device *d, uint16_t uuid, enum sble_way way);

/* --- what kinds use --- */
/* A quantity now, in its steps. */
int32_t sble_device_value(struct sble_device *d, enum quantity q);
int64_t sble_device_body(struct sble_device *d, enum sble_body b, int decimals);
bool sble_device_variant(const struct sble_device *d, const char *word);
bool sble_device_sensor_off(const struct sble_device *d);
/* Its wall clock, milliseconds as if it were UTC. */
int64_t sble_device_wall_ms(const struct sble_device *d);

/* --- what the scenario does --- */
void sble_device_count(struct sble_device *d, enum sble_when when);
bool sble_fault_now(const struct sble_device *d, int64_t until);
/* The same at the moment of its measurement. */
bool sble_fault_then(const struct sble_device *d, int64_t until);
/* Tells the charge of its battery where that is asked for and new. */
void sble_common_measure(struct sble_device *d);
/* The services that every device has, and those of its kind: ble_common.c. */
void sble_device_build(struct sble_device *d);
uint8_t sble_common_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
uint8_t sble_common_write(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n);
