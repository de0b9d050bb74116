/*
 * The interview of one device: who it is, what it has, and how it is set up, one
 * request after another. Pure: it says what to ask next, judges the answers, and
 * remembers how far it has come, so that it goes on after a sleep, a rejoin or a
 * restart where it stopped. Patience, addresses and what is sent when: nodes.h.
 *
 * In this order: node descriptor, endpoints, what each has, maker and model, what
 * a quirk wants first; then cluster by cluster, in the order of clusters.def:
 * binding, the row's own beginning (an alarm zone is enrolled by it), a first
 * reading, reporting, and whether that was taken. Of devices that are not
 * configured only who they are is asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/cluster.h"
#include "zigbee/message.h"
#include "zigbee/zdo.h"

struct text;
struct zcl_frame;

#define INTERVIEW_ENDPOINTS_MAX 8
/* Of all endpoints together, in and out; those that nothing is done with are not kept. */
#define INTERVIEW_CLUSTERS_MAX 48
/* What a device does not report is asked for, no more often. */
#define INTERVIEW_POLL_MIN_US (60 * INT64_C(1000000))
/* An attribute's row can be marked only so far into the table of its cluster. */
#define INTERVIEW_ATTRIBUTES_MAX 16

enum interview_done {
	INTERVIEW_BOUND = 1 << 0,
	INTERVIEW_BEGUN = 1 << 1,
	INTERVIEW_READ = 1 << 2,
	INTERVIEW_CONFIGURED = 1 << 3,
	INTERVIEW_CHECKED = 1 << 4,
};

struct interview_cluster {
	uint16_t id;
	uint8_t endpoint; /* index */
	bool output;      /* the device is the client: it sends commands */
	uint8_t done;     /* enum interview_done: behind us, however it ended */
	uint8_t refused;  /* enum interview_done: the device would not */
	uint8_t missed;   /* enum interview_done: it did not answer; interview_retry() */
	/* Attributes that are not reported, so that they are asked for: bits of their rows. */
	uint16_t polled;
	uint16_t max_s; /* as reporting stands; 0: it reports nothing */
	/* Of this run: it says that it reports, and does not, so that it is asked as well. */
	bool mute;
	uint8_t unheard;  /* looks since it said something by itself, ... */
	int64_t spoke_us; /* ... and when that was; 0: not yet */
};

struct interview_endpoint {
	uint8_t id;
	bool known;  /* its descriptor was had, or it has none */
	bool missed; /* it did not answer */
	uint16_t profile, device;
};

/* Of the device as a whole, as interview_done is of a cluster. */
enum interview_known {
	INTERVIEW_HAS_NODE = 1 << 0,
	INTERVIEW_HAS_ENDPOINTS = 1 << 1,
	INTERVIEW_HAS_FACTS = 1 << 2,
	INTERVIEW_HAS_MAGIC = 1 << 3,
};

enum interview_step {
	INTERVIEW_NODE,
	INTERVIEW_ENDPOINTS,
	INTERVIEW_SIMPLE,
	INTERVIEW_FACTS, /* maker and model */
	INTERVIEW_MAGIC,
	INTERVIEW_BIND,
	INTERVIEW_BEGIN, /* the row has its own: see interview_next() */
	INTERVIEW_VALUES,
	INTERVIEW_REPORTING,
	INTERVIEW_CHECK,
	INTERVIEW_OVER,
	_INTERVIEW_STEP_MAX
};

/* To be embedded; fields are for interview*.c, but all may be read. What stands in the first part
 * is kept over a restart, and so are device's facts, supply and memories. */
struct interview {
	uint8_t known;      /* enum interview_known: behind us */
	uint8_t missed;     /* enum interview_known: it did not answer */
	uint8_t type;       /* enum zdo_type; ZDO_END_DEVICE until it is known */
	uint8_t capability; /* enum zdo_capability, as announced or described */
	uint16_t maker;     /* manufacturer code; 0: not known */
	uint8_t endpoint_count, cluster_count;
	struct interview_endpoint endpoints[INTERVIEW_ENDPOINTS_MAX];
	struct interview_cluster clusters[INTERVIEW_CLUSTERS_MAX];
	struct cluster_device device;

	/* What is being asked. */
	uint8_t step;        /* enum interview_step */
	uint8_t at;          /* endpoint or cluster: index */
	bool again;          /* the cluster at hand was configured for the second time */
	bool refused;        /* the last answer was a refusal, ... */
	uint8_t status;      /* ... with this */
	size_t offset, next; /* into the row's attributes: of this request and of the one after */
};

/* Who asks: the gateway. */
struct interview_self {
	uint64_t eui64;
	uint8_t endpoint;
};

/* One request. */
struct interview_ask {
	uint8_t step;     /* enum interview_step */
	uint16_t profile; /* ZIGBEE_PROFILE_ZDO or the endpoint's */
	uint16_t cluster;
	uint8_t endpoint; /* the device's */
	uint8_t instance; /* of this endpoint among those with the cluster */
	size_t length;
	uint8_t bytes[ZIGBEE_PAYLOAD_MAX];
};

void interview_init(struct interview *i);
/* Forgets what was found out and set up, but not the facts and the memories of clusters: it has
 * joined anew, and who knows as what. */
void interview_restart(struct interview *i);
/* What it did not answer is asked once more. Returns whether there is any. */
bool interview_retry(struct interview *i);

/*
 * What to ask next, the same again until it is answered or given up; node: its short address,
 * sequence: what the request is to be numbered with. limited: only who it is. False: it is over
 * for now. With INTERVIEW_BEGIN there are no bytes: the caller calls cluster_begin(), sends what
 * that wants, and says interview_begun().
 */
bool interview_next(struct interview *i, bool limited, uint16_t node, uint64_t eui64,
	uint8_t sequence, const struct interview_self *self, struct interview_ask *ret);
/* The answer to what is being asked, as its number says; that to a read was given to
 * cluster_heard() before. Returns whether it is one; then the next thing is at hand, and refused
 * and status say whether it was a refusal. */
bool interview_answer_zdo(struct interview *i, const struct zdo_message *m);
bool interview_answer_zcl(struct interview *i, uint16_t cluster, const struct zcl_frame *f);
/* The row's beginning is behind us, well or not. */
void interview_begun(struct interview *i, bool well);
/* Nothing answers: what is being asked is left out until interview_retry(). */
void interview_give_up(struct interview *i);

/* It was announced so. */
void interview_capability(struct interview *i, uint8_t capability);
/* An alarm zone says whether it is enrolled: one that has forgotten it is enrolled again. */
void interview_zone(struct interview *i, uint8_t endpoint, bool enrolled);

bool interview_is_over(const struct interview *i, bool limited);
/* Whether something was left out that interview_retry() would ask for. */
bool interview_has_missed(const struct interview *i);
/* No alarm zone that was tried has failed to be enrolled. */
bool interview_zones_well(const struct interview *i);
/* It sleeps between what it says, as far as is known. */
bool interview_sleeps(const struct interview *i);
/* How often it is to be heard at least, by what it reports and is asked for; 0: not known. The same
 * of one cluster of it. */
int64_t interview_expect_us(const struct interview *i);
int64_t interview_cluster_expect_us(const struct interview *i, uint16_t cluster, uint8_t endpoint);
/* A cluster has said something by itself. Returns whether it was thought not to. */
bool interview_spoke(struct interview *i, uint16_t cluster, uint8_t endpoint, int64_t now_us);
/* Of a device that was heard, now and then: looks for clusters that say that they report and have
 * said nothing for twice as long as that may take, not counting what was before since_us. They are
 * asked from now on. Returns one that was found, 0 when there is none. */
uint16_t interview_find_mute(struct interview *i, int64_t since_us, int64_t now_us);
/* How many clusters are asked for what they do not report. */
unsigned interview_asked_for(const struct interview *i);
/* Of this endpoint among those of the device that have the cluster; output: as its client, which is
 * where buttons are. One that it does not have so counts among the others. */
uint8_t interview_instance(
	const struct interview *i, uint16_t cluster, uint8_t endpoint, bool output);
/* What messages to that endpoint are to be of. */
uint16_t interview_profile(const struct interview *i, uint8_t endpoint);

/* The next frame that asks for attributes that are not reported, or (all) for all that are worth
 * it, or (neither being there) for anything, to see whether it is there. *at and *offset are 0 at
 * first. False: that was all. */
bool interview_poll(const struct interview *i, bool all, unsigned *at, size_t *offset,
	uint8_t sequence, struct interview_ask *ret);
/* How often; 0: nothing is to be asked for. */
int64_t interview_poll_us(const struct interview *i);

/* Its lines in the kept text, each of which ends with a line break; and one of them read back,
 * without that: false when it is none, or says what cannot be. After the last one:
 * interview_restored(); rows is interview_rows() when they were written, and where that was
 * another, the device is looked through and set up for the rows that there are now. */
void interview_write(const struct interview *i, struct text *t);
bool interview_read(struct interview *i, const char *line);
void interview_restored(struct interview *i, uint32_t rows);
/* A number that changes whenever devices would be set up otherwise. */
uint32_t interview_rows(void);
#define INTERVIEW_TEXT_MAX 8192 /* of interview_write() */
#define INTERVIEW_LINE_MAX 128  /* of one line */

const char *interview_step_text(enum interview_step s);
