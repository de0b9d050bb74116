/*
 * A few devices around a table of nodes under test: each answers by itself, as a
 * script of it says, awake or asleep, and says whatever the test makes it say.
 * Their messages are put together here, by hand, not by the code under test.
 * What the nodes tell is kept; the clock is the test's.
 */
#pragma once

#include "zigbee/nodes.h"

#define S INT64_C(1000000)
#define WARD_EUI64 UINT64_C(0x0123456789abcdef) /* the gateway's */
#define WARD_DEVICES_MAX 8
#define WARD_SENDS_MAX 64
#define WARD_READINGS_MAX 512
#define WARD_NONE 0xffff

struct node_attribute {
	uint16_t cluster, id;
	uint8_t type;
	const char *hex; /* the value as it stands */
};

struct node_has {
	uint8_t id;
	uint16_t profile, device;
	uint16_t in[8], out[8]; /* WARD_NONE ends them */
};

struct node_reporting {
	uint8_t endpoint, type;
	uint16_t cluster, id, min_s, max_s;
};

/* What a device is: the same for each of its kind. */
struct node_kind {
	uint8_t type, capability;
	uint16_t maker;
	const struct node_has *endpoints;
	size_t endpoint_count;
	const struct node_attribute *attributes;
	size_t attribute_count;
};

struct node_device {
	const struct node_kind *kind;
	uint64_t eui64;
	uint16_t node;
	/* Its manner, for the test. */
	bool gone;          /* it hears and says nothing */
	int64_t awake_us;   /* it sleeps, and listens until then; INT64_MAX: always */
	int64_t listens_us; /* for so long after it spoke */
	unsigned hears;     /* so many messages, then it sleeps; 0: as long as it is awake */
	unsigned lose;      /* so many requests from now on do not arrive */
	unsigned lose_answers;
	uint16_t deaf_to;     /* a cluster of ZDO or of its own; WARD_NONE: to none */
	uint8_t deaf_command; /* of that cluster of its own; 0xff: all */
	uint8_t bind_status, node_status, endpoints_status, simple_status;
	uint8_t configure_status; /* of each attribute */
	uint16_t configure_id;    /* of this one alone; WARD_NONE: of all */
	bool configure_default;   /* it refuses by a default response */
	uint8_t check_status;     /* by a default response, if not 0 */
	uint8_t forgets;          /* it says so of each attribute's reporting; 0: it does not */
	uint16_t max_s;           /* it reports no more often, whatever it is told; 0: as told */
	uint16_t max_id;          /* this attribute alone; WARD_NONE: all */
	bool no_endpoints;        /* it says so */
	bool zone_asks;           /* its zone wants to be answered; else to be told */
	bool zone_never;
	/* What it was told. */
	bool zone_owned, enrolled, left;
	struct node_reporting reporting[16];
	unsigned reporting_count;
	unsigned bound, unbound;
	uint64_t bound_to;
	unsigned asked_zdo[64], asked_zcl[16]; /* by cluster; by command of all clusters */
	unsigned defaults;                     /* default responses that it got */
	uint8_t last_default[3];               /* number, command, status */
	uint8_t check_in_answer[3];
	unsigned check_ins;
	uint16_t identify_s;
	unsigned identifies;
	unsigned asked; /* all requests that arrived */
	uint8_t sequence;
	uint8_t counter; /* of its transport */
};

struct ward_sent {
	struct zigbee_send send;
	uint8_t bytes[ZIGBEE_PAYLOAD_MAX];
	int64_t until_us; /* a parent keeps it until then */
};

struct node_ward {
	struct nodes nodes;
	struct decoded scratch;
	struct recents *recents; /* from the next start on */
	struct decode_time now;
	struct node_device devices[WARD_DEVICES_MAX];
	unsigned device_count;
	bool says_eui64; /* messages come with it */
	bool radio_full; /* it takes nothing */
	struct ward_sent sends[WARD_SENDS_MAX];
	unsigned send_count;
	unsigned sent, broadcasts;
	/* What was told. */
	enum nodes_taken verdict;
	struct reading readings[WARD_READINGS_MAX];
	uint64_t reading_of[WARD_READINGS_MAX];
	unsigned reading_count, events;
	uint32_t tokens[64];
	unsigned token_count;
	unsigned changes; /* ored */
	bool there;       /* as NODES_CHANGED_PRESENT found it */
	unsigned ready, zones, presents, alive, notes[_NODES_NOTE_MAX], strangers;
	uint64_t last_stranger;
	int64_t expected_us; /* when it was told that something is not reported */
	enum interview_step last_step;
	int last_detail;
};

/* The kinds. */
extern const struct node_kind node_fridge;  /* sleeps: temperature, humidity, battery */
extern const struct node_kind node_contact; /* sleeps: an alarm zone, battery, poll control */
extern const struct node_kind node_plug;    /* on the mains: on/off, electrical */
extern const struct node_kind node_button;  /* sleeps: on/off as output */
extern const struct node_kind node_lumi;    /* sleeps, sets up nothing */
extern const struct node_kind node_pair;    /* on the mains: temperature on two endpoints */

#define WARD_A UINT64_C(0x00158d0000000001)

/* The ward of a test, made by node_ward_set_up(). */
extern struct node_ward wing;
int node_ward_set_up(void **state);
int node_ward_tear_down(void **state);
/* A device of it that is there and through with its interview; what it said meanwhile is gone. */
struct node_device *node_settled(const struct node_kind *kind);

/* A ward with a radio that is up. */
void node_ward_init(struct node_ward *w);
void node_ward_done(struct node_ward *w);
/* The daemon starts anew: all is forgotten but what is kept, and who is configured. */
void node_ward_restart(struct node_ward *w);
/* A device of that kind, the i-th: EUI-64 WARD_A + i, short address 0x1001 + i; configured or not,
 * not joined yet. */
struct node_device *node_ward_add(
	struct node_ward *w, const struct node_kind *kind, bool configured);
/* It joins and announces itself. */
void node_joins(struct node_ward *w, struct node_device *d);
void node_announces(struct node_ward *w, struct node_device *d);
/* It says a frame; what it does not listen to otherwise it does then. */
void node_says(struct node_ward *w, struct node_device *d, uint8_t endpoint, uint16_t cluster,
	const char *hex);
/* It says something that often, once in 5 s, which gives no readings here. */
void node_chatters(struct node_ward *w, struct node_device *d, unsigned times);
/* The radio goes away for so long, and comes back. */
void node_ward_radio_away(struct node_ward *w, int64_t us);
/* Time passes; whatever is due is done, and devices answer. */
void node_ward_pass(struct node_ward *w, int64_t us);
/* Until the device's interview is over; at most that long. */
bool node_ward_interview(struct node_ward *w, struct node_device *d, int64_t us);
/* The oldest token that is out. */
void node_ward_safe(struct node_ward *w, bool is_safe);
struct node *node_of(const struct node_ward *w, const struct node_device *d);
/* Times that it was asked so: a cluster of ZDO; a command of all clusters. */
unsigned node_asked_zdo(const struct node_device *d, uint16_t cluster);
/* How it was told to report, NULL when not. */
const struct node_reporting *node_reports(
	const struct node_device *d, uint8_t endpoint, uint16_t cluster, uint16_t id);
