/*
 * The ward's Zigbee network: from a radio that has just started anew to one that
 * is up as it was left, every time. It configures the radio, forms a network
 * once, finds out whether the radio's is ours, opens it for a while when told
 * to, and carries messages. Sans-IO, upon zigbee/ezsp.h; the time is the
 * boot-time clock. What devices say is the nodes'; the port and the file of
 * zigbee/netstate.h are the driver's.
 *
 * How the driver turns the crank. It owns the port, a struct ash and a struct
 * network. Once: network_init(), network_keep() with what its file says.
 *   port opened           network_begin(): asks for ops->reset at once
 *   ops->reset            ash_reset(); what was fetched and not written is thrown away
 *   ash up                network_link_up()
 *   ash data              network_receive()
 *   ash down              network_link_down() with the reason in words: asks for ops->reset now
 *                         or, when it happens again and again, later from network_tick()
 *   port gone, or closed  network_stop(), ash_stop()
 *   ops->send             ash_send()
 *   ops->keep             netstate_write(), gateway_keep(), later network_kept()
 * After each of these and each call of its own the driver fetches ash_output(), and arms its timer
 * for the earlier of ash_deadline() and network_deadline(); when it fires: read the port first,
 * then ash_tick(), network_tick(). Any function may be called from any op but send and random,
 * network_stop() included.
 *
 * A network that is not the one that is kept is never left, nor another one formed: the network is
 * passive then, NETWORK_MISMATCH is told with what differs and what can be done, and only a person
 * decides: network_adopt() or network_restore().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zigbee/ezsp.h"
#include "zigbee/message.h"
#include "zigbee/netstate.h"

#define NETWORK_S INT64_C(1000000)
#define NETWORK_SENDS_MAX 64   /* messages that wait or are under way */
#define NETWORK_FLIGHT_MAX 10  /* of these, in the radio at once */
#define NETWORK_INVITED_MAX 64 /* devices with a key of an install code */
#define NETWORK_WORDS_SIZE 320
#define NETWORK_RELAYS_MAX 30
#define NETWORK_CONFLICTS_MAX 8            /* that are remembered, so that a flood is told once */
#define NETWORK_DENIED_MAX 16              /* likewise: who may not join tries again for ever */
#define NETWORK_PANS_MAX 32                /* of other networks, that a new one keeps away from */
#define NETWORK_EARLY_US INT64_C(15000000) /* what is older when it is known is no news */
#define NETWORK_EARLY_MAX 64 /* of what is heard before it is known whose network it is */

#define NETWORK_STEP_US (3 * NETWORK_S)      /* for an answer while it is brought up */
#define NETWORK_STATUS_US (10 * NETWORK_S)   /* for the stack to be up or down */
#define NETWORK_SCAN_US (15 * NETWORK_S)     /* for the scan of all channels */
#define NETWORK_KEEP_US (60 * NETWORK_S)     /* for what is to be kept to be on the disk */
#define NETWORK_RETRY_MIN_US (1 * NETWORK_S) /* back-off of resets, but the first is at once */
#define NETWORK_RETRY_MAX_US (60 * NETWORK_S)
#define NETWORK_FATE_US (30 * NETWORK_S) /* for the radio to tell what became of a message */
#define NETWORK_BUSY_US (NETWORK_S / 2)  /* when it has no room for one */
#define NETWORK_BUSY_TRIES 6
#define NETWORK_COUNTER_US (3600 * NETWORK_S) /* the frame counter is looked at so often, ... */
#define NETWORK_COUNTER_STEP 16384            /* ... and kept when it has gone so far */
#define NETWORK_PERMIT_MAX 3600               /* s; longer is not open by one command */
#define NETWORK_PERMIT_PIECE 254              /* s, of one request to the radio */
#define NETWORK_PERMIT_AGAIN_US (240 * NETWORK_S)
#define NETWORK_TELL_US (60 * NETWORK_S) /* what repeats is told at most so often */

enum network_state {
	NETWORK_OFF,     /* no port */
	NETWORK_RESTING, /* a reset is due, later */
	NETWORK_RESETTING,
	NETWORK_STARTING, /* the radio is configured, the network found or formed */
	NETWORK_UP,
	NETWORK_PASSIVE, /* the radio answers, but its network is not ours */
};

/* What differs, a bit each. */
enum network_difference {
	NETWORK_DIFFERS_EUI64 = 1 << 0, /* another radio */
	NETWORK_DIFFERS_EXTENDED_PAN = 1 << 1,
	NETWORK_DIFFERS_PAN = 1 << 2,
	NETWORK_DIFFERS_CHANNEL = 1 << 3,
	NETWORK_DIFFERS_KEY = 1 << 4,
	NETWORK_DIFFERS_ROLE = 1 << 5,       /* the radio is no coordinator */
	NETWORK_DIFFERS_CONFIGURED = 1 << 6, /* the configured key is not the one that is kept */
	NETWORK_BLANK = 1 << 7,              /* the radio has no network, although one is kept */
	NETWORK_UNKNOWN = 1 << 8,            /* the radio has one, and none is kept */
	NETWORK_LOST = 1 << 9,               /* what was kept cannot be read */
};

enum network_kind {
	/* The radio. text says why or what, and where there is one, the remedy. */
	NETWORK_NOTICE_UP,   /* number: microseconds since the radio was there */
	NETWORK_NOTICE_DOWN, /* after UP */
	/* The radio is started anew. number 1: for it failed, the condition radio-reset until UP or
	 * MISMATCH; 0: for a decision of people's. */
	NETWORK_NOTICE_RESET,
	NETWORK_NOTICE_PROBLEM,  /* it works in part or not at all; not repeated */
	NETWORK_NOTICE_MISMATCH, /* the condition network-mismatch begins; number: the differences
				  */
	NETWORK_NOTICE_MATCHES,  /* and ends */
	NETWORK_NOTICE_FORMED,   /* a new network; text: channel and why */
	NETWORK_NOTICE_RESTORED,
	NETWORK_NOTICE_CHANGED,  /* the radio has moved its network to another channel or PAN */
	NETWORK_NOTICE_NEWER,    /* its version is newer than what was tried; number: it */
	NETWORK_NOTICE_OVERFLOW, /* it lost callbacks; number: how often since it was told */
	NETWORK_NOTICE_OPENED,   /* devices may join; number: s */
	NETWORK_NOTICE_CLOSED,   /* and no longer */
	/* Devices, by node and eui64 where known. */
	NETWORK_NOTICE_JOINED,   /* for the first time, or anew; parent */
	NETWORK_NOTICE_REJOINED, /* with a key that it had; node may be new */
	NETWORK_NOTICE_LEFT,
	NETWORK_NOTICE_DENIED, /* it wanted to join and may not; number: times since it was told */
	NETWORK_NOTICE_CHILD,  /* it talks to the radio itself from now on; code: type */
	NETWORK_NOTICE_ROUTE,  /* the way its messages came: relays, lqi, rssi */
	NETWORK_NOTICE_CONFLICT, /* two devices have this node: ask who it is; nobody has left */
	NETWORK_NOTICE_KEY,      /* it has agreed on a key of its own, or failed to; code as told */
	_NETWORK_NOTICE_MAX
};

struct network_notice {
	enum network_kind kind;
	const char *text; /* "" when there is nothing to say; for the call */
	uint64_t eui64;
	uint32_t number;
	uint16_t node, parent; /* ZIGBEE_NODE_NONE: not known */
	uint8_t code, lqi;
	int8_t rssi;
	unsigned relay_count;
	uint16_t relays[NETWORK_RELAYS_MAX]; /* nearest to the device first */
};

struct network;

/* None may be NULL. */
struct network_ops {
	/* A frame for the link. Returns 0 or a negative errno; then it is asked again later. */
	int (*send)(struct network *n, const uint8_t *frame, size_t length, int64_t now_us);
	/* Resets the link. network_link_up() or network_link_down() follows. */
	void (*reset)(struct network *n, int64_t now_us);
	/* Takes nothing more from the radio, and confirms nothing to it, until the next reset; may
	 * be NULL. What nobody listens to must not count as heard. */
	void (*silence)(struct network *n);
	/* Random bytes for keys. Returns 0 or a negative errno. */
	int (*random)(struct network *n, uint8_t *to, size_t size);
	/* Keeps it for good; valid during the call. Returns 0 when it is safe, 1 when
	 * network_kept() will tell, or a negative errno. While one is being kept a newer one takes
	 * its place. */
	int (*keep)(struct network *n, const struct netstate *s, int64_t now_us);
	void (*notice)(struct network *n, const struct network_notice *notice, int64_t now_us);
	void (*heard)(struct network *n, const struct zigbee_heard *h, int64_t now_us);
	/* What became of a message that network_send() took, once. */
	void (*fate)(struct network *n, uint32_t ticket, enum zigbee_fate fate, int64_t now_us);
};

struct network_config {
	uint8_t channel; /* 11 to 26; 0: the quietest */
	bool has_key;    /* else it is made */
	uint8_t key[NETSTATE_KEY_SIZE];
	bool well_known; /* while open, whoever has the well-known key may join: all the world */
	bool no_source_routes; /* each device is looked for by broadcasts */
	uint16_t maker;        /* manufacturer code that we show; 0: that of the radio's maker */
	int8_t power;          /* dBm, of a new network; 0: 8 */
};

struct network_counters {
	uint64_t resets, ups, downs, failures; /* failures: of bringing it up */
	uint64_t heard, heard_bad;             /* messages; heard_bad: not readable, or our own */
	uint64_t sent, delivered, undelivered, not_sent, busy;
	uint64_t fates_late, fates_unknown; /* not told in time; told of none under way */
	uint64_t joined, rejoined, left, denied, routes, conflicts, route_errors, ignored;
	uint64_t early, early_lost; /* heard before it was known to be ours; without room */
	uint64_t refused;           /* settings that the radio would not take */
};

struct network_send {
	uint32_t ticket, order; /* order: of arrival */
	uint16_t tag;
	uint8_t state, tries, early, length; /* early: its fate came before the answer */
	int64_t due_us;
	uint16_t node, profile, cluster;
	uint8_t source_endpoint, destination_endpoint;
	uint8_t bytes[ZIGBEE_PAYLOAD_MAX];
};

/* An event that came while the radio's network was up and not yet known to be ours. The radio was
 * told that we have it, so it outlives a reset before that is known. */
struct network_early {
	int64_t heard_us;
	uint16_t id;
	struct ezsp_values values; /* message: bytes */
	uint8_t bytes[ZIGBEE_PAYLOAD_MAX];
};

struct network_invited {
	uint64_t eui64;
	uint8_t key[NETSTATE_KEY_SIZE];
	bool refused; /* the radio did not take it: told once */
	bool joined;  /* with it: its key is of no use once the network is closed */
};

/* To be embedded; fields are for network*.c, but those up to counters may be read, and ezsp's
 * version and counters. It holds keys: network_wipe() before its memory goes. */
struct network {
	struct ezsp ezsp; /* first */
	const struct network_ops *ops;
	enum network_state state;
	uint32_t differs; /* enum network_difference, while passive */
	bool kept;        /* state is what is kept, or about to be */
	struct netstate net;
	uint64_t eui64; /* of the radio; 0: not asked yet */
	uint16_t stack_version;
	uint8_t stack_type;
	char problem[NETWORK_WORDS_SIZE]; /* "": none */
	int64_t up_us;                    /* since when */
	int64_t permit_until_us;          /* INT64_MIN: not open */
	unsigned commands;                /* that the last bring-up took */
	struct network_counters counters;

	struct network_config config;
	bool lost; /* something was kept and cannot be read */
	bool mismatched, troubled;
	bool adopting, restoring, other_eui64, token_written, leaving;
	bool forming, restored; /* what is to be told once it is up */
	bool unwritten;         /* net is to be restored, and the radio has not taken it yet */
	bool told_newer;
	unsigned life;  /* counts ups and downs, so that a call out that made one is noticed */
	uint8_t step;   /* enum network_step */
	uint16_t asked; /* its command */
	bool scanned, looked; /* for a new network: the channels, the neighbours on it */
	bool unsafe;          /* net was made or taken, and is not known to be on the disk */
	unsigned row;         /* of a step that has several */
	uint32_t waited;      /* for this stack status; 0: none */
	bool answered;        /* the command that leads to it is */
	bool came;
	int64_t step_deadline_us;
	int64_t linked_us, retry_us, look_us;
	unsigned failures;
	uint8_t former_version;
	bool keeping, keep_again;
	struct ezsp_values found; /* the radio's parameters */
	bool found_key_known;
	uint8_t found_key[NETSTATE_KEY_SIZE];
	uint8_t found_link_key[NETSTATE_KEY_SIZE];
	int8_t energy[27];
	bool measured[27];
	uint16_t pans[NETWORK_PANS_MAX];
	unsigned pan_count;
	uint32_t token;
	struct netstate target; /* to be restored */
	char why[NETWORK_WORDS_SIZE];

	uint32_t orders; /* enum network_order, a bit each */
	bool ordered;    /* one is under way */
	uint8_t order;
	bool permit_well_known, permit_told, inviting;
	int64_t shut_us;
	unsigned permit_piece; /* s, of the last request */
	int64_t permit_again_us;
	int64_t spread_us; /* when the routers are told once more; INT64_MAX: they were */
	unsigned spread_tries;
	unsigned invites; /* the next to be told to the radio */
	uint16_t maker;
	uint8_t zdo_sequence;

	struct network_invited invited[NETWORK_INVITED_MAX];
	unsigned invited_count;
	struct network_send sends[NETWORK_SENDS_MAX];
	unsigned send_count, flight, commanded;
	uint32_t next_order;
	uint16_t next_tag;
	int64_t busy_us;

	struct network_early early[NETWORK_EARLY_MAX];
	unsigned early_count;

	uint64_t overflows_told;
	int64_t overflow_us;
	struct {
		uint16_t node;
		int64_t told_us;
	} conflict[NETWORK_CONFLICTS_MAX];
	unsigned conflict_next;
	struct {
		uint64_t eui64; /* 0: free */
		int64_t told_us;
		uint32_t times; /* since then */
	} denied[NETWORK_DENIED_MAX];
	unsigned denied_next;
};

/* ---- what the driver turns ---- */

/* config is copied. */
void network_init(
	struct network *n, const struct network_ops *ops, const struct network_config *config);
/* Wipes all keys; calls nobody. */
void network_wipe(struct network *n);
/* What the file says, before network_begin(); copied. s NULL: nothing is kept. lost: there was a
 * file that cannot be read, or devices are known of a network that is not: none is formed then. */
void network_keep(struct network *n, const struct netstate *s, bool lost);
/* The answer to ops->keep; error: 0 or a negative errno. */
void network_kept(struct network *n, int error, int64_t now_us);

void network_begin(struct network *n, int64_t now_us);
void network_stop(struct network *n, int64_t now_us);
/* Another radio or configuration: stops it, and closes it to devices. What is kept, on its way to
 * the disk or known to be wrong stays so; network_begin() follows. */
void network_change(struct network *n, const struct network_config *config, int64_t now_us);
void network_link_up(struct network *n, int64_t now_us);
void network_link_down(struct network *n, const char *why, int64_t now_us);
void network_receive(struct network *n, const uint8_t *frame, size_t length, int64_t now_us);
/* When to call network_tick(), INT64_MAX for never. */
int64_t network_deadline(const struct network *n);
void network_tick(struct network *n, int64_t now_us);

/* Whether no order to the radio, such as to close the network, is under way or can be. */
bool network_is_idle(const struct network *n);

/* ---- what is asked of it ---- */

/* Takes a message. Its fate follows, also when the radio goes down: then NOT_SENT. Returns 0;
 * -ENETDOWN while not up, -ENOBUFS when NETWORK_SENDS_MAX wait, -EMSGSIZE, -EINVAL. */
int network_send(struct network *n, const struct zigbee_send *m, int64_t now_us);

/* Lets devices join for so many seconds from now on, 0: no longer. It goes on over a reset of the
 * radio. well_known: also those with the well-known key, if the configuration allows that; others
 * need an install code. Returns 0; -ENETDOWN while not up, -ERANGE above NETWORK_PERMIT_MAX,
 * -EPERM when the well-known key is not allowed. */
int network_permit(struct network *n, unsigned seconds, bool well_known, int64_t now_us);
/* The key of a device's install code (zigbee/installcode.h): it can join with it while the network
 * is open. Kept in memory until it has agreed on a key of its own, or has joined and the network is
 * closed, or network_uninvite(); the radio forgets it when the network is closed. Returns 0,
 * -ENOSPC, -EINVAL. */
int network_invite(struct network *n, uint64_t eui64, const uint8_t key[static NETSTATE_KEY_SIZE],
	int64_t now_us);
/* Its key is of no use any more, at once; nothing happens without one. */
void network_uninvite(struct network *n, uint64_t eui64, int64_t now_us);

/* By a person's decision only. Takes the radio's network for ours from now on, and keeps it.
 * Returns 0, and NETWORK_NOTICE_UP follows; -EINVAL unless passive with a network in the radio
 * whose key could be read. */
int network_adopt(struct network *n, int64_t now_us);
/* By a person's decision only. Writes this network into the radio, in place of what it has, with
 * its EUI-64 and the frame counter advanced by NETSTATE_COUNTER_MARGIN; NULL: the one that is kept.
 * s is copied, and kept once the radio is up with it. Where the radio's EUI-64 cannot be changed it
 * is refused with NETWORK_NOTICE_PROBLEM, but for other_eui64: the devices may have to join anew
 * then. Returns 0 when it is begun; NETWORK_NOTICE_RESTORED or _PROBLEM follows. -ENETDOWN when the
 * radio is not there, -EINVAL when s is none or nothing is kept. */
int network_restore(struct network *n, const struct netstate *s, bool other_eui64, int64_t now_us);

/* A lower-case word, for messages and status. */
const char *network_state_word(enum network_state state);
