/*
 * A little radio for the tests of the network: it answers EZSP frames, of each
 * version, from tables of its own, written down from the reference and not with
 * the codec under test; and the driver's side of a struct network beside it.
 */
#pragma once

#include "unit/unit.h"

#include <stdbool.h>

#include "zigbee/network.h"

#define ZIGNET_LOG_MAX 512
#define ZIGNET_OUT_MAX 128
#define ZIGNET_S INT64_C(1000000)

struct zignet_frame {
	uint16_t id;
	uint8_t length;
	uint8_t bytes[220]; /* behind the head */
};

struct zignet_ncp {
	unsigned version;
	/* in its flash */
	uint64_t eui64;
	bool joined;
	uint8_t role;
	uint8_t parameters[20]; /* as on the wire */
	uint8_t network_key[16], link_key[16];
	uint8_t key_sequence;
	uint32_t counter, link_counter;
	uint32_t token; /* the number under which its EUI-64 can be written; 0: it cannot */
	/* gone with each reset */
	bool agreed, up, secured, keeps_counters;
	uint8_t endpoints, join_policy, permit, transient_keys, well_known_keys, links;
	uint8_t last_sequence;
	bool overflow;
	/* how it behaves */
	uint16_t refuses;        /* invalidCommand to this */
	uint16_t fails;          /* this is answered with bad_status, ... */
	uint8_t bad_status;      /* ... of the older words, ... */
	uint32_t bad_status_new; /* ... and of the newer */
	uint16_t ignores;        /* no answer to this */
	unsigned times;          /* how often so; 0: always */
	bool stuck;              /* no stack status comes */
	bool status_first;       /* before the answer */
	int8_t energy[27];
	uint16_t neighbours[4]; /* PANs of other networks; 0: none */
	bool no_fate;           /* messages are taken, and nothing more is told */
	bool fails_delivery;
	const char *early; /* an incoming message as soon as it is up; NULL: none */
	unsigned early_times;
	/* what it was told */
	struct zignet_frame log[ZIGNET_LOG_MAX];
	unsigned count;
	/* what it sends */
	uint8_t out[ZIGNET_OUT_MAX][256];
	size_t lengths[ZIGNET_OUT_MAX];
	unsigned out_first, out_count;
};

/* The bench: what the driver does. */
struct zignet {
	struct network n; /* first */
	struct zignet_ncp ncp;
	int64_t now_us, command_us; /* command_us: what each command takes */
	unsigned resets;
	bool boots, deaf; /* boots: a reset is answered; deaf: the link takes nothing */
	uint8_t random;
	int random_error;
	/* keep */
	struct netstate kept;
	unsigned keeps;
	int keep_result;
	/* notices */
	struct network_notice notices[256];
	char texts[256][NETWORK_WORDS_SIZE];
	unsigned notice_count;
	struct zigbee_heard heard;
	uint8_t heard_bytes[256];
	unsigned heard_count;
	enum zigbee_fate fates[256];
	uint32_t tickets[256];
	unsigned fate_count;
	bool stop_on_fate, stop_on_up;
};

void zignet_ncp_init(struct zignet_ncp *ncp, unsigned version);
/* As after a reset. */
void zignet_ncp_boot(struct zignet_ncp *ncp);
/* Puts a network into it: PAN 1a62, channel 15, keys of 0x4b and 0x7c. */
void zignet_ncp_join(struct zignet_ncp *ncp);
void zignet_ncp_take(struct zignet_ncp *ncp, const uint8_t *frame, size_t length);
/* Queues a callback; bytes in hex, blanks allowed. */
void zignet_ncp_callback(struct zignet_ncp *ncp, uint16_t id, const char *hex);
/* How often it was told this since *from, and the last time. */
unsigned zignet_ncp_count(const struct zignet_ncp *ncp, uint16_t id, unsigned from);
const struct zignet_frame *zignet_ncp_last(const struct zignet_ncp *ncp, uint16_t id);

struct zignet *zignet_new(unsigned version, const struct network_config *config);
void zignet_free(struct zignet *z);
/* What is kept for the network of zignet_ncp_join(). */
struct netstate zignet_state(const struct zignet_ncp *ncp);
/* Up with that network. */
struct zignet *zignet_up(unsigned version, const struct network_config *config);
/* Lets one frame through; false: there is none. */
bool zignet_step(struct zignet *z);
/* Lets all frames through, both ways, until nobody has anything to say. */
void zignet_run(struct zignet *z);
/* Time goes by, with every deadline on its way. */
void zignet_pass(struct zignet *z, int64_t us);
/* Opens the port and runs. */
void zignet_start(struct zignet *z);
/* The last notice of the kind, NULL: none. */
const struct network_notice *zignet_notice(const struct zignet *z, enum network_kind kind);
unsigned zignet_notices(const struct zignet *z, enum network_kind kind);
/* Its text; "" when there is none. */
const char *zignet_text(const struct zignet *z, enum network_kind kind);
size_t zignet_hex(const char *hex, uint8_t *to, size_t size);
