/*
 * A device at the other end of a link under test: a table of attributes that
 * answers by itself, and whatever the test makes it say besides. What the link
 * tells is kept; the clock is the test's.
 */
#pragma once

#include "ble/link.h"

#define S INT64_C(1000000)

struct peer_attribute {
	uint16_t handle, type;
	const char *value; /* hex; of services and characteristics as their declarations have it */
	uint8_t level;     /* of the link that reading or writing needs; 0: any */
	uint8_t error;     /* what reading or writing gives; 0: well */
};

#define PEER(h, t, v)                                                                              \
	{                                                                                          \
		.handle = (h), .type = (t), .value = (v)                                           \
	}
#define PEER_REFUSES(h, t, v, l, e)                                                                \
	{                                                                                          \
		.handle = (h), .type = (t), .value = (v), .level = (l), .error = (e)               \
	}

#define PEER_TOKENS_MAX 64

struct link_peer {
	struct link link;
	struct profile_device device;
	struct decode_time now;
	/* The device. */
	const struct peer_attribute *attributes;
	size_t count;
	unsigned level;     /* as the device sees the link */
	bool mute;          /* it answers nothing */
	uint8_t mute_to;    /* it does not answer this request, */
	uint16_t mute_at;   /* of this handle, if not 0 */
	uint8_t hash;       /* first octet of its Database Hash; 0: it has none */
	unsigned confirmed; /* confirmations that it got */
	unsigned asked[256];
	uint8_t written[24]; /* the last write: handle and value */
	size_t written_length;
	unsigned writes;
	/* What the link told. */
	enum link_taken verdict;
	unsigned values, readings;
	struct reading last; /* the first reading of the last value */
	const struct ble_profile *last_row;
	uint64_t tokens[PEER_TOKENS_MAX];
	unsigned token_count;
	unsigned tokens_given; /* ever */
	bool refuses_security;
	unsigned secure_calls, wanted_level;
	unsigned changes;
	unsigned notes[_PROFILE_NOTE_MAX];
	unsigned faults;
	struct link_fault fault; /* but bytes */
	bool knows_time;
};

/* The devices. The hash, where there is one, is at handle 6 of each. */
extern const struct peer_attribute peer_belt[];  /* Heart Rate 0x22, Battery 0x32, maker 0x42 */
extern const struct peer_attribute peer_cuff[];  /* Blood Pressure 0x22, Battery 0x32 */
extern const struct peer_attribute peer_meter[]; /* Glucose 0x22, RACP 0x25 */
extern const size_t peer_belt_count, peer_cuff_count, peer_meter_count;

#define HR_VALUE 0x22
#define HR_CCCD 0x23
#define BP_VALUE 0x22
#define BP_CCCD 0x23
#define BATTERY_VALUE 0x32
#define GLUCOSE_VALUE 0x22
#define RACP_VALUE 0x25

/* A new device and a clock; settings for link_begin() with what a test does not care about. */
void peer_init(struct link_peer *p, const struct peer_attribute *attributes, size_t count);
struct link_settings peer_settings(struct link_peer *p);
/* Connects, and lets them talk. NULL: peer_settings(). */
void peer_connect(struct link_peer *p, const struct link_settings *settings);
/* Lets them talk until both are silent. */
void peer_talk(struct link_peer *p);
/* The device notifies or indicates. */
void peer_notify(struct link_peer *p, uint16_t handle, const char *hex);
void peer_indicate(struct link_peer *p, uint16_t handle, const char *hex);
/* Any PDU. */
void peer_say(struct link_peer *p, const char *hex);
/* Time passes; deadlines are kept. */
void peer_pass(struct link_peer *p, int64_t us);
/* The oldest token that is out. */
void peer_safe(struct link_peer *p, bool is_safe);
/* The link is secured, at both ends. */
void peer_secured(struct link_peer *p, unsigned level);
