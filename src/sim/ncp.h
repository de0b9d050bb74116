/*
 * A simulated network co-processor: EZSP as EmberZNet firmware speaks it, in a
 * version of choice, over ncp_ash.h. What a reset takes from a real one it takes
 * from this one; only tokens survive (ncp_store.h). The air beyond it, with the
 * devices, is its owner's.
 */
#pragma once

#include "sim/ble_octets.h"
#include "sim/ble_timer.h"
#include "sim/ncp_ash.h"
#include "sim/ncp_store.h"
#include "sim/rng.h"
#include "util/cursor.h"

#define NCP_VERSION_MIN 8
#define NCP_VERSION_MAX 19
#define NCP_WIDE 14 /* statuses of four bytes from here on */

#define NCP_ENDPOINTS_MAX 8
#define NCP_CLUSTERS_MAX 24
#define NCP_TRANSIENTS_MAX 16
#define NCP_MULTICAST_MAX 32
#define NCP_POLICIES 16
#define NCP_CONFIGS 96
#define NCP_VALUES 96
#define NCP_COUNTERS 41
#define NCP_PAYLOAD_MAX 128
#define NCP_IN_FLIGHT_MAX 64

/* What a status is called in both widths: NCP_STATUSES in ncp_ezsp.c has the numbers. */
enum ncp_status {
	NCP_OK,
	NCP_BAD_ARGUMENT,
	NCP_NO_BUFFERS,
	NCP_DELIVERY_FAILED,
	NCP_INVALID_CALL,
	NCP_MAX_MESSAGES,
	NCP_TOO_LONG,
	NCP_NETWORK_UP,
	NCP_NETWORK_DOWN,
	NCP_NOT_JOINED,
	NCP_CHANNEL_CHANGED,
	NCP_OPENED,
	NCP_CLOSED,
	NCP_BUSY,
	NCP_NO_SECURITY,
	NCP_INDEX,
	NCP_NOT_FOUND,
	NCP_EZSP_VALUE,
	NCP_EZSP_ID,
	NCP_EZSP_CALL,
	_NCP_STATUS_MAX
};

/* Reasons of invalidCommand. */
#define NCP_NO_VERSION 0x30
#define NCP_NO_SUCH_FRAME 0x31
#define NCP_TRUNCATED 0x33

struct ncp_aps {
	uint16_t profile, cluster;
	uint8_t source, destination; /* endpoints */
	uint16_t options, group;
	uint8_t sequence;
};

enum ncp_sending { NCP_UNICAST = 0, NCP_MULTICAST = 3, NCP_BROADCAST = 6 };

/* What the host sends into the air. */
struct ncp_message {
	uint8_t type;  /* as messageSent repeats it */
	uint16_t peer; /* short address */
	struct ncp_aps aps;
	uint16_t tag;
	uint32_t counter; /* of the network's frames: what a member has heard already it ignores */
	uint8_t n;
	uint8_t at[NCP_PAYLOAD_MAX];
};

/* What a device sends to the coordinator. */
struct ncp_incoming {
	uint8_t type; /* 0 unicast, 2 multicast, 4 broadcast */
	struct ncp_aps aps;
	uint16_t sender;
	const uint8_t *eui;
	uint8_t lqi;
	int8_t rssi;
	const uint8_t *at;
	size_t n;
};

struct ncp_endpoint {
	uint8_t id, version;
	uint16_t profile, device;
	uint8_t in_count, out_count;
	uint16_t in[NCP_CLUSTERS_MAX], out[NCP_CLUSTERS_MAX];
};

struct ncp_transient {
	uint8_t eui[8], key[16];
	int64_t until_us;
};

/* Asked of the owner. */
struct ncp_air {
	/* The owner calls ncp_delivered() once, later or at once. */
	void (*unicast)(void *arg, const struct ncp_message *m);
	void (*broadcast)(void *arg, const struct ncp_message *m);
	/* The network came up, went down, or is another one. */
	void (*network)(void *arg);
	void (*remove)(void *arg, const uint8_t eui[static 8]);
	/* Each 0 or -ENOENT. */
	int (*node_of)(void *arg, const uint8_t eui[static 8], uint16_t *ret);
	int (*eui_of)(void *arg, uint16_t node, uint8_t ret[static 8]);
	int8_t (*noise)(void *arg, uint8_t channel);
	/* Tokens changed. */
	void (*keep)(void *arg);
	/* The fate of what was handed to ncp_receive() with a tag. */
	void (*sent)(void *arg, void *tag);
	void (*acked)(void *arg, void *tag);
	void (*lost)(void *arg, void *tag, const char *why);
	void (*wire)(void *arg, uint8_t control, const uint8_t *p, size_t n);
	/* It has happened: "boot", "failed", "callbacks-lost"; and every command, for rules. */
	void (*event)(void *arg, const char *what, unsigned code);
	void (*command)(void *arg, uint16_t id);
};

struct ncp_options {
	unsigned version, window, trailing;
	uint16_t stack; /* 0x7410: 7.4.1.0 */
	size_t queue;
	int64_t boot_us, scan_speed;
};

/* Faults that a scenario has ordered; counts, until they are used up. */
struct ncp_faults {
	uint32_t refuse, busy, late, lose_callbacks;
	uint16_t refuse_id; /* 0: any */
	uint8_t refuse_reason;
	int64_t late_us;
	bool dumb; /* commands get no answer */
};

struct ncp {
	struct ncp_options options;
	const struct ncp_air *air;
	void *arg;
	struct sble_timers *timers; /* boot-time microseconds */
	int64_t now_us;             /* set by whoever calls in */
	struct ncp_ash ash;
	struct ncp_tokens tokens;
	struct ncp_faults faults;
	struct rng rng;

	/* From here on a reset takes it all. */
	bool version_set, overflow, up, security_set, scanning;
	uint8_t sequence, aps_sequence, reason;
	uint16_t configs[NCP_CONFIGS];
	uint16_t policies[NCP_POLICIES];
	struct {
		uint8_t n, at[16];
	} values[NCP_VALUES];
	struct ncp_endpoint endpoints[NCP_ENDPOINTS_MAX];
	size_t endpoint_count;
	struct {
		uint16_t group;
		uint8_t endpoint, network;
	} multicast[NCP_MULTICAST_MAX];
	struct ncp_transient transients[NCP_TRANSIENTS_MAX];
	size_t transient_count;
	uint16_t counters[NCP_COUNTERS];
	uint16_t manufacturer;
	bool concentrator;
	struct {
		uint16_t bitmask;
		uint8_t tc_key[16], network_key[16], key_seq;
	} security;
	uint32_t in_flight, counter; /* of unicasts; of frames sent into the network */
	uint8_t scan_type;
	uint32_t scan_mask;
	int64_t permit_until_us; /* 0: closed */
	struct sble_timer boot_timer, permit_timer, scan_timer, late_timer;
	struct octets late;
};

/* ---- for its owner */

/* Room in timers for five more is needed. Returns 0 or -ENOMEM. */
int ncp_init(struct ncp *n, const struct ncp_options *o, const struct ncp_air *air, void *arg,
	struct sble_timers *timers, uint64_t seed);
void ncp_done(struct ncp *n);
/* At the very beginning: it has had power for long enough. */
void ncp_power_on(struct ncp *n, int64_t now_us);
/* It reboots, for that reason, and is there again after the time that this takes. */
void ncp_reset(struct ncp *n, uint8_t reason, int64_t now_us);
/* No power; ncp_reset() brings it back. */
void ncp_power_off(struct ncp *n);

/* Each false when the host will not hear of it: the reason at ret_why, the tag is the caller's. */
bool ncp_receive(struct ncp *n, const struct ncp_incoming *m, void *tag, const char **ret_why);
void ncp_delivered(struct ncp *n, const struct ncp_message *m, bool well);
/* Whether a device that comes anew may join, and the host hears of it. key: its own, under which it
 * can read the network's. */
bool ncp_join(struct ncp *n, const uint8_t eui[static 8], uint16_t node, uint16_t parent,
	uint8_t type, const uint8_t key[static 16]);
bool ncp_rejoin(struct ncp *n, const uint8_t eui[static 8], uint16_t node, uint16_t parent,
	uint8_t type, bool secured);
void ncp_left(struct ncp *n, const uint8_t eui[static 8], uint16_t node, uint16_t parent);
void ncp_route_record(struct ncp *n, const uint8_t eui[static 8], uint16_t node, uint8_t lqi,
	int8_t rssi, uint16_t relay);
void ncp_conflict(struct ncp *n, uint16_t node);
void ncp_network_status(struct ncp *n, uint8_t code, uint16_t node);
/* A callback of any id, without fields that it may have. */
void ncp_strange(struct ncp *n, uint16_t id);
static inline bool ncp_open(const struct ncp *n)
{
	return n->up && n->permit_until_us;
}

/* ---- among its own files */

typedef void (*ncp_fn)(struct ncp *n, struct cursor *in, struct octets *out);

struct ncp_command {
	uint16_t id;
	uint8_t from, to; /* versions; to 0: all since */
	uint8_t least;    /* bytes of parameters without which it is not called */
	ncp_fn fn;
};

extern const struct ncp_command ncp_config_commands[], ncp_network_commands[], ncp_key_commands[],
	ncp_message_commands[]; /* each ends with id 0 and no function */

static inline bool ncp_wide(const struct ncp *n)
{
	return n->options.version >= NCP_WIDE;
}
void ncp_put_status(const struct ncp *n, struct octets *o, enum ncp_status s);
/* Always of four bytes: commands that were born with them. */
void ncp_put_wide(struct octets *o, enum ncp_status s);
/* False: the host does not hear of it. why may be NULL. */
bool ncp_emit(struct ncp *n, uint16_t id, const struct octets *body, void *tag, const char **why);
void ncp_stack_status(struct ncp *n, enum ncp_status s);
void ncp_frame(struct ncp *n, const uint8_t *p, size_t length);
void ncp_network_reset(struct ncp *n);
void ncp_config_reset(struct ncp *n);
/* The number of the next frame that goes into the air. */
uint32_t ncp_next_counter(struct ncp *n);
uint32_t ncp_counter_of(const struct ncp *n);
void ncp_put_aps(struct octets *o, const struct ncp_aps *a);
/* Answers what the host asks of its own node. */
void ncp_loopback(struct ncp *n, const struct ncp_message *m);
/* The key that a device needs to join, by the tables and the policy; NULL: none. */
const uint8_t *ncp_joining_key(struct ncp *n, const uint8_t eui[static 8]);
