/*
 * Joining as the operator's commands see it: what control/ asks of a driver
 * whose devices join a network that it keeps (Zigbee). Not how it is done, nor
 * where keys are kept. All of it runs on the loop, and nothing blocks.
 *
 * Each returns 0 or a negative errno, with a sentence for people in why, which
 * has room for JOINING_WHY bytes and says what would be right.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;

#define JOINING_WHY 256
#define JOINING_SECONDS_MAX 3600
#define JOINING_IDENTIFY_MAX 600

struct joining_view {
	const char *state;     /* of the network, a word; static */
	bool mismatch;         /* it stays passive until a person decides */
	unsigned channel;      /* 0: none yet */
	uint16_t pan;          /* likewise 0xFFFF */
	unsigned devices;      /* that have joined, as far as is known */
	int64_t open_until_us; /* boot-time clock; 0: closed */
	uint64_t refused;      /* how often devices wanted to join that may not */
	char coordinator[64];  /* what it is, for people; "": not known yet */
	const char *problem;   /* NULL: none; the driver's, until it is called again */
	/* What the radio and the line to it have done amiss since the start. resets: those that
	 * nobody asked for; damaged: frames, which are sent again; lost: how often messages of
	 * devices did not fit into the radio's memory; unknown: callbacks and answers, also late
	 * ones, that nobody waits for. */
	uint64_t unplugged, resets, damaged, lost, unknown;
};

enum joining_device_state {
	JOINING_NEVER,     /* it has not joined, as far as is known */
	JOINING_INTERVIEW, /* it is being asked what it is, and set up */
	JOINING_JOINED,
	JOINING_SILENT, /* not heard for three of its intervals, or not since the radio was away */
	_JOINING_DEVICE_STATE_MAX
};

struct joining_device {
	enum joining_device_state state;
	bool router;
	uint8_t link_quality;  /* 0 to 255 */
	int8_t signal_dbm;     /* 0: not known */
	int64_t heard_boot_us; /* 0: not in this run */
	bool mute;             /* an alarm zone of it will not be enrolled: it tells of no alarm */
	unsigned asked_for;    /* clusters that it does not report, so that they are asked for */
};

struct joining {
	/* Lets devices join for so many seconds, 0: no longer. Those need an install code, unless
	 * well_known: then whoever has the key that all the world knows. */
	int (*permit)(void *state, unsigned seconds, bool well_known, char *why);
	/* address: as struct device spells it. code: as printed on the device. Good while the
	 * gateway runs. */
	int (*invite)(void *state, const char *address, const char *code, char *why);
	/* Tells a device to leave the network. */
	int (*dismiss)(void *state, const struct device *d, char *why);
	/* Likewise one that is not configured, by its address; what is known of it is forgotten. */
	int (*remove)(void *state, const char *address, char *why);
	/* Has a device show itself for so many seconds, 0: no longer. */
	int (*identify)(void *state, const struct device *d, unsigned seconds, char *why);
	/* Has it asked anew what it is, and set up anew. */
	int (*interview)(void *state, const struct device *d, char *why);
	/* By a person's decision, while there is a mismatch: what the radio has is ours. */
	int (*adopt)(void *state, char *why);
	/* Likewise: what is kept, or with text what that backup has, goes into the radio.
	 * other_radio: although its address cannot be taken over. When it is begun, why says what
	 * of the backup is lost, "" nothing. */
	int (*restore)(void *state, const char *text, size_t length, bool other_radio, char *why);
	/* The network as a backup that other programs read, too: secret. *ret is to be wiped and
	 * freed. */
	int (*backup)(void *state, char **ret, size_t *ret_length, char *why);
	void (*view)(void *state, struct joining_view *ret);
	void (*device)(void *state, const struct device *d, struct joining_device *ret);
};
