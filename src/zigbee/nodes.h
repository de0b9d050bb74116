/*
 * The devices of the network: who has which short address, how far each one's
 * interview is, what becomes of its messages, and whether it is still there.
 * Sans-IO: what the network hears and what became of what was sent come in with
 * the time, what is to be sent and readings go out by calls. Memory is taken per
 * device alone, never per message. Not for the network itself (forming, joining,
 * keys: network.h) nor for the meaning of what devices say (clusters/).
 *
 * How the driver turns the crank, all on one thread, times of the boot-time clock:
 *   - nodes_init(); nodes_configure() for each Zigbee device of the
 *     configuration, nodes_unconfigure() for those that leave it; then
 *     nodes_read() once with the kept text, if there is one;
 *   - nodes_up() when the network is up (each time: also after the radio's
 *     reset), nodes_down() when it is not; between, nothing is sent;
 *   - every message that the network hands on, ZDO and ZCL, of whichever profile:
 *     nodes_heard(). A device that joined, rejoined or left (trustCenterJoin):
 *     nodes_joined(), nodes_left(); a pair of addresses that the radio tells (route
 *     record, child join, its own tables): nodes_paired(); idConflict:
 *     nodes_conflict();
 *   - what ops.send took is answered, once, by nodes_sent() with its ticket (0: nobody
 *     waits); within ops.send is too early;
 *   - readings that ops.readings took with a token and NODES_TAKEN_WAITS: nodes_safe(),
 *     later, once; within ops.readings is too early;
 *   - after any call: sleep until nodes_deadline(), then nodes_tick();
 *   - ops.changed with NODES_CHANGED_MEMORY: write nodes_write() to the disk, soon.
 *     What is lost of it costs requests that are made again, no device;
 *   - a device is owned by the table: pointers are good until nodes_unconfigure(),
 *     nodes_forget(), or for one that is not configured the next call.
 *
 * Only configured devices give readings. Others are asked who they are, once, and told by
 * ops.unknown. Short addresses are taken from whatever says them last together with an
 * EUI-64; a message from one that nobody has waits while its sender is asked for its
 * EUI-64 (NODES_PARKED_US), and one from an address that two claim is
 * dropped: a value late or lost is better than one under the wrong name.
 *
 * A default response that settles readings is sent once they are safe; if they will not be,
 * it is not sent, so that the device says them again. What is said again is taken again
 * only if it was not taken before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/cluster.h"
#include "zigbee/interview.h"
#include "zigbee/message.h"
#include "zigbee/recents.h"
#include "zigbee/zdo.h"

#define NODES_MAX 512        /* configured */
#define NODES_UNKNOWN_MAX 64 /* others; the one silent for longest gives way */
#define NODES_SLOTS (NODES_MAX + NODES_UNKNOWN_MAX)

#define NODES_TRIES_MAX 6   /* of one request of the interview, before it is left out */
#define NODES_FLIGHT_MAX 8  /* requests under way to all devices */
#define NODES_WORK_MAX 512  /* frames of clusters: answers that wait, delayed requests */
#define NODES_WORK_EACH 64  /* of one device */
#define NODES_PARKED_MAX 32 /* messages whose sender is being found out */
#define NODES_SOUGHT_MAX 16 /* short addresses, likewise */
#define NODES_RECENT_MAX 16 /* messages of a device that are known when they come again */
#define NODES_CONFLICT_US                                                                          \
	(30 * INT64_C(1000000)) /* an address that two claim counts for nobody                     \
				 */
#define NODES_PARKED_US (15 * INT64_C(1000000))
#define NODES_ANSWER_US (5 * INT64_C(1000000))  /* of one that hears always */
#define NODES_SLEEPER_US (9 * INT64_C(1000000)) /* its parent keeps it for 7.68 s */
/* A sleeper listens for so long after it was heard, has joined, has checked in. */
#define NODES_AWAKE_US (2 * INT64_C(1000000))
#define NODES_AWAKE_JOIN_US (20 * INT64_C(1000000))
#define NODES_AWAKE_CHECK_IN_US (8 * INT64_C(1000000))
#define NODES_PROBE_US (600 * INT64_C(1000000)) /* who hears always and says nothing is asked */
#define NODES_TEXT_MAX (4 * 1024 * 1024)

struct nodes;

/* What became of readings. */
enum nodes_taken {
	NODES_TAKEN_SAFE,  /* they are safe already */
	NODES_TAKEN_WAITS, /* taken; nodes_safe() follows with the token, unless it was 0 */
	NODES_TAKEN_NOT,   /* nothing can make them safe at present */
};

/* What has changed of a device, for nodes_ops.changed; ored. */
enum nodes_change {
	NODES_CHANGED_FACTS = 1 << 0,   /* maker, model and so on */
	NODES_CHANGED_BATTERY = 1 << 1, /* battery_percent */
	NODES_CHANGED_ADDRESS = 1 << 2, /* node, or that it is not known any more */
	NODES_CHANGED_READY = 1 << 3,   /* its interview is over */
	NODES_CHANGED_PRESENT = 1 << 4, /* it has joined, left, fallen silent, is heard again */
	NODES_CHANGED_MEMORY = 1 << 5,  /* what nodes_write() says of it */
	NODES_CHANGED_ZONE = 1 << 6,    /* an alarm zone is enrolled, or will not be */
};

/* For the log. */
enum nodes_note {
	NODES_NOTE_REFUSED,   /* it refuses something of its setting up: step, detail the status */
	NODES_NOTE_NO_ANSWER, /* a step was left out after all tries */
	NODES_NOTE_STALLED,   /* its interview waits until it is heard again */
	NODES_NOTE_CONFLICT,  /* another claims its short address */
	NODES_NOTE_MALFORMED, /* a message of it could not be read, or not whole: CLUSTER_E_* */
	NODES_NOTE_NOT_SAFE,  /* what it said was not made safe: it was not answered */
	NODES_NOTE_NOT_ENROLLED,  /* an alarm zone */
	NODES_NOTE_NOT_REPORTING, /* of a cluster (detail) that it said it would report */
	_NODES_NOTE_MAX
};

struct node_recent {
	uint64_t key;   /* of the first reading; 0: none */
	uint32_t token; /* not 0: whether it is safe is not known yet */
	bool taken;     /* and not given up since */
};

/* A device. All may be read; context is the driver's. */
struct node {
	uint64_t eui64;
	void *context;
	uint16_t node;   /* short address; ZIGBEE_NODE_NONE: not known */
	bool configured; /* it gives readings */
	bool joined;     /* as far as is known: it was heard in this network and has not left */
	bool silent;     /* for three of the intervals at which it is expected */
	bool stale;      /* the radio was away, and it has not been heard since */
	bool heard_once; /* in this run */
	bool doubtful;   /* another claims its address */
	uint8_t lqi;
	int8_t rssi;            /* dBm; 0: not known */
	int8_t battery_percent; /* -1: not said */
	int64_t heard_us;       /* boot-time clock */
	int64_t expect_us;      /* how often it is to be heard at least; 0: not known */
	struct interview interview;

	/* ---- for nodes*.c ---- */
	uint16_t slot;
	uint8_t sequence; /* of the last request; 7 bits, as those of ZDO have */
	int64_t awake_us; /* a sleeper is taken to listen until then */
	/* The request under way. */
	bool asking; /* it counts among NODES_FLIGHT_MAX */
	bool asked_zdo;
	bool asked_awake; /* it was listening then */
	uint8_t asked_sequence, asked_endpoint;
	uint16_t asked_cluster, ask_counter;
	int64_t asked_us;  /* when it was sent last; 0: never */
	int64_t answer_us; /* deadline of its answer */
	/* The step of which it is. */
	bool retrying;      /* the same request again, under its number */
	bool stalled;       /* it waits until it is heard */
	uint8_t tries;      /* that it could have heard */
	uint8_t idle_tries; /* the others */
	int64_t first_us;   /* of these tries */
	int64_t next_us;    /* no request before */
	/* The row of a cluster has its turn. */
	bool beginning, begin_failed, enrolled;
	bool told_ready;
	int64_t ready_us; /* since when it is set up, in this run */
	int64_t look_us;  /* no look before whether it reports what it should */
	int64_t redo_us;  /* what was left out is asked again; INT64_MAX: nothing was */
	/* What is not of the interview: polls and probes. */
	bool polling, asked_poll;
	bool rereading; /* all that is worth it, as after an absence */
	/* What happened while the radio or it was away is to be read: tries left without getting
	 * on, and from where on. */
	uint8_t unread;
	unsigned reread_at;
	size_t reread_offset;
	uint8_t poll_tries;
	unsigned poll_at;
	size_t poll_offset;
	int64_t poll_us;   /* the next one; INT64_MAX: none */
	int64_t reread_us; /* when that was last done */
	/* Its address. */
	unsigned fruitless; /* requests in a row that were not delivered */
	uint8_t seeks, seek_sequence;
	int64_t seek_us;  /* its address is asked for; INT64_MAX: not */
	int64_t doubt_us; /* until when it is doubtful */
	/* It is told to leave. */
	uint8_t dismissals; /* still to be sent */
	int64_t dismiss_us;
	unsigned work;     /* its frames in nodes.work */
	unsigned requests; /* those of them that are no answers */
	struct node_recent recent[NODES_RECENT_MAX];
	uint8_t recent_next;
};

/* None of them may call what is declared here. n->context is the driver's. */
struct nodes_ops {
	/* Readings of one message. event: of a button or an alarm, never to be coalesced. token:
	 * not 0 where the device waits to hear that they are safe. */
	enum nodes_taken (*readings)(struct nodes *n, struct node *node, const struct reading *list,
		size_t count, bool event, uint32_t token);
	/* Takes a message over (copied). Returns 0, or a negative errno: not now, it is tried again
	 * in NODES_RETRY_US. */
	int (*send)(struct nodes *n, const struct zigbee_send *send);
	void (*changed)(struct nodes *n, struct node *node, unsigned changes);
	/* It was heard, but gave no reading. May be NULL. */
	void (*alive)(struct nodes *n, struct node *node);
	/* One that is not configured was heard, or is better known. */
	void (*unknown)(struct nodes *n, const struct node *node);
	/* step, detail: as the note says; else INTERVIEW_OVER and 0. May be NULL. */
	void (*note)(struct nodes *n, struct node *node, enum nodes_note note,
		enum interview_step step, int detail);
};

#define NODES_RETRY_US (500 * INT64_C(1000))

struct nodes_settings {
	uint64_t our_eui64;     /* nodes_set_eui64() when it is known later */
	uint8_t first_sequence; /* where numbers begin: any, rather another than the last time */
	bool answers_zdo;       /* the radio leaves requests to us that ask who we are */
	struct zdo_self self;
	struct decoded *scratch; /* may be shared */
	struct recents *recents; /* what outlives a kill; NULL: nothing does */
};

struct nodes_counters {
	uint64_t heard, readings, events;
	uint64_t repeated; /* messages that were taken before, and were not again */
	uint64_t unknown;  /* messages of devices that are not configured */
	uint64_t parked, unparked, unattributed; /* the last: whose sender was not found out */
	uint64_t ambiguous;                      /* dropped: two claimed the address */
	uint64_t malformed, incomplete;
	uint64_t asked, answered, unanswered, undelivered;
	uint64_t work_lost; /* frames for which there was no room */
	uint64_t not_safe;
	uint64_t unreported; /* clusters that did not report what they said they would */
	uint64_t evicted;    /* devices that are not configured, for others of their kind */
	uint64_t moved, conflicts;
};

/* A frame of a cluster's that waits. */
struct nodes_work {
	uint16_t slot;  /* of the node; NODES_SLOTS: free */
	uint16_t chain; /* the next free one; or of those that the same token settles */
	uint16_t generation;
	uint16_t profile, cluster;
	uint8_t endpoint;
	bool numbered;   /* it answers */
	bool waits_safe; /* what it settles is not safe yet */
	bool sent;       /* its answer is waited for */
	uint8_t sequence;
	uint8_t tries, length;
	int64_t due_us; /* to be sent, or given up as unanswered or not safe */
	uint8_t bytes[CLUSTER_FRAME_MAX];
};

/* A message whose sender is being found out. */
struct nodes_parked {
	int64_t at_us; /* 0: free */
	struct zigbee_heard heard;
	uint8_t bytes[ZIGBEE_PAYLOAD_MAX];
};

/* A short address that is asked for its EUI-64. */
struct nodes_sought {
	uint16_t node; /* ZIGBEE_NODE_NONE: free */
	uint8_t sequence, tries;
	int64_t next_us, used_us;
};

#define NODES_HASH 2048 /* a power of two, above 3 * NODES_SLOTS */

/* To be embedded; fields are for nodes*.c, but context, counters and up may be read. */
struct nodes {
	const struct nodes_ops *ops;
	void *context;
	struct nodes_settings settings;
	struct nodes_counters counters;
	bool up, looked; /* looked: for those that are not known to have joined */
	int64_t up_us;   /* since when */
	struct node *slots[NODES_SLOTS];
	unsigned count, configured, end;                    /* end: no slot from here on is used */
	uint16_t by_eui64[NODES_HASH], by_node[NODES_HASH]; /* slot + 1; 0: free */
	struct nodes_work work[NODES_WORK_MAX];
	uint16_t work_free; /* index; NODES_WORK_MAX: none */
	unsigned work_count;
	int64_t work_due_us;
	struct nodes_parked parked[NODES_PARKED_MAX];
	struct nodes_sought sought[NODES_SOUGHT_MAX];
	unsigned flying;
	bool crowded;  /* somebody waits for his turn */
	uint16_t turn; /* whose it is: slot */
	uint8_t zdo_sequence;
	struct decode_time now;
	int64_t due_us; /* nothing is to be done before */
};

void nodes_init(struct nodes *n, const struct nodes_ops *ops, void *context,
	const struct nodes_settings *settings);
/* Frees the devices, calls nobody. */
void nodes_done(struct nodes *n);
void nodes_set_eui64(struct nodes *n, uint64_t our_eui64);

/* A device is in the configuration; nothing happens when it is known to be. context: the driver's.
 * Returns 0, -EINVAL for no address, -ENOSPC beyond NODES_MAX, -ENOMEM. */
int nodes_configure(struct nodes *n, uint64_t eui64, void *context, const struct decode_time *now);
/* It is not any more: it may be in the network still, as one that is unknown. */
void nodes_unconfigure(struct nodes *n, uint64_t eui64);
/* Forgets it altogether, configured or not. */
void nodes_forget(struct nodes *n, uint64_t eui64);
/* Tells it to leave the network; nodes_left() follows from the network if it does. Returns 0,
 * -ENOENT, -EHOSTUNREACH when its address is not known, -ENOBUFS. */
int nodes_dismiss(struct nodes *n, uint64_t eui64, const struct decode_time *now);
/* Has it blink for so many seconds, 0: no longer, where it can; a sleeping one if it listens within
 * 20 s. Returns 0, -ENOENT, -EHOSTUNREACH, -ENOTSUP when it is not known to be able to,
 * -ENOBUFS. */
int nodes_identify(
	struct nodes *n, uint64_t eui64, uint16_t seconds, const struct decode_time *now);
/* Has it interviewed anew. Returns 0 or -ENOENT. */
int nodes_interview(struct nodes *n, uint64_t eui64, const struct decode_time *now);

struct node *nodes_find(const struct nodes *n, uint64_t eui64);
/* The one that has that short address, NULL when nobody is known to. */
struct node *nodes_by_node(const struct nodes *n, uint16_t node);
/* The i-th, in no order; NULL past the end. */
struct node *nodes_at(const struct nodes *n, unsigned i);

enum nodes_join {
	NODES_JOINED,            /* with the key of newcomers: it has forgotten what it was told */
	NODES_REJOINED,          /* with the network's key */
	NODES_REJOINED_UNSECURED /* without it */
};
void nodes_up(struct nodes *n, const struct decode_time *now);
void nodes_down(struct nodes *n);
void nodes_heard(struct nodes *n, const struct zigbee_heard *heard, const struct decode_time *now);
void nodes_sent(
	struct nodes *n, uint32_t ticket, enum zigbee_fate fate, const struct decode_time *now);
void nodes_joined(struct nodes *n, uint64_t eui64, uint16_t address, enum nodes_join how,
	const struct decode_time *now);
void nodes_left(struct nodes *n, uint64_t eui64, const struct decode_time *now);
void nodes_paired(struct nodes *n, uint64_t eui64, uint16_t address, const struct decode_time *now);
void nodes_conflict(struct nodes *n, uint16_t address, const struct decode_time *now);
/* What had the token is safe, or will not be. */
void nodes_safe(struct nodes *n, uint32_t token, bool is_safe, const struct decode_time *now);

/* When to call nodes_tick(), INT64_MAX for never. */
int64_t nodes_deadline(const struct nodes *n);
void nodes_tick(struct nodes *n, const struct decode_time *now);

/*
 * The kept text, of all devices that have joined. It trusts nothing when it is read back: what is
 * damaged is forgotten, and costs an interview. nodes_write() returns 0 with *ret to be freed, or
 * -ENOMEM; nodes_read() 0, or -EBADMSG: nothing was taken. Devices that the text has and the
 * configuration has not come back as unknown ones.
 */
int nodes_write(const struct nodes *n, char **ret, size_t *ret_length);
int nodes_read(struct nodes *n, const char *text, size_t length, const struct decode_time *now);

const char *nodes_note_text(enum nodes_note note);
