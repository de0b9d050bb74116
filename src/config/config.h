/*
 * The configuration as the rooms see it: typed, checked, immutable once read,
 * and counted, since a room may still use the old one while the next arrives.
 * Reading, checking and printing are in config/read.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "wardgate/advert.h"
#include "wardgate/device.h"

enum config_mode { MODE_PRODUCTION, MODE_TRAINING };
enum config_bonding { BONDING_AUTO, BONDING_YES, BONDING_NO };
enum config_flow_control { FLOW_HARDWARE, FLOW_SOFTWARE, FLOW_NONE };

/* A list of strings. */
struct config_list {
	char **items;
	size_t count;
};

struct config_broker {
	char *uri; /* as written, for messages */
	char *host;
	uint16_t port;
	bool tls;
};

/* Departures from RFC 8428 that a device is known to make, Accept=. */
enum config_accept {
	ACCEPT_PERCENT = 1 << 0,         /* "%" counts 0 to 100 instead of 0 to 1 */
	ACCEPT_MMHG = 1 << 1,            /* "mmHg" as a unit */
	ACCEPT_BARE_BASE_VALUE = 1 << 2, /* bv without v is a value */
	ACCEPT_TEXT_LABELS = 1 << 3,     /* "n", "v" in CBOR */
};

struct config_device {
	char *name;
	enum transport transport;
	/* In one spelling: BLE C0:FF:EE:00:00:01 (upper case), Zigbee 0x00124b0001020304 (lower
	 * case), CoAP as written. */
	char *address;
	enum device_use use;
	char *bed;               /* NULL: none */
	int64_t expect_every_us; /* 0: the profile's default */
	enum config_bonding bonding;
	char *bind_key; /* path or credential:NAME, NULL: none; config/bind_key.h reads it */
	bool delete_stored;
	bool set_clock;           /* the device's clock may be put right */
	char *install_code;       /* credential:NAME, NULL: none */
	struct config_list units; /* Units=: "metric:unit" where a SenML record names none */
	unsigned accept;          /* enum config_accept */
	bool adopted;             /* from <StateDirectory>/devices.d */
};

#define TAG_ANY 65536 /* of Major= and Minor= */

/* [Tag]: one tag, or a group of them that have the beginning of their identities in common. */
struct config_tag {
	char *name;
	char *address, *address_prefix, *uuid, *space, *instance; /* as written; NULL: not given */
	unsigned major, minor;                                    /* TAG_ANY: any */
	char *bed;                                                /* NULL: none */
	int enter_dbm, leave_dbm;
	int64_t away_us, report_every_us; /* report_every_us 0: never */
	/* Worked out of these: */
	enum tag_kind kind;
	uint8_t length; /* of identity */
	uint8_t identity[TAG_IDENTITY_MAX];
	bool whole; /* identity is all of it: one tag, whose name is the section's */
};

/* One Key=value of a [Rule] section, checked; items of a list stand in one value, separated by
 * spaces. */
struct config_rule_item {
	char *key, *value;
	char *origin;  /* "path:line" or "default" */
	bool standard; /* nobody wrote it: the default of the rule's type */
};

/* For the engine, by config_ruleset() of config/rules.h. */
struct config_rule {
	char *name;
	struct config_rule_item *items;
	size_t count;
};

struct config {
	unsigned refs;

	struct {
		char *name;
		char *site, *ward; /* NULL: none */
		char *time_zone;   /* NULL: the system's */
		enum config_mode mode;
		char *state_directory; /* resolved */
	} gateway;

	struct {
		struct config_broker *brokers;
		size_t broker_count;
		bool allow_plaintext;
		char *ca_file;
		char *certificate_file; /* NULL: none */
		char *private_key_file; /* path or credential:NAME, NULL: none */
		char *username;         /* NULL: none */
		char *password_file;    /* path or credential:NAME, NULL: none */
		char *client_id;        /* resolved */
		int protocol;           /* 5 or 4 (3.1.1) */
		char *topic_template;   /* TopicPrefix= as written */
		char *topic_prefix;     /* {site}, {ward}, {gateway} filled in; "-training" appended
					   when training */
		struct config_list payloads;
		struct config_list commands;
		bool no_subscriber_keep;
		unsigned window;
		int64_t keep_alive_us, connect_timeout_us, ack_timeout_us;
	} mqtt;

	struct {
		int64_t commit_interval_us;
		uint64_t max_size, keep_free; /* bytes */
		int64_t max_age_us;
	} store;

	struct {
		char *bus;
	} control;

	struct {
		bool enabled;
		struct config_list adapters;
		unsigned max_connections; /* of each adapter; 0: as many as it takes */
	} ble;

	struct {
		bool enabled;
		char *port; /* NULL: none */
		unsigned baud_rate;
		enum config_flow_control flow_control;
		unsigned channel;  /* 0: auto */
		char *network_key; /* auto, path or credential:NAME */
		bool allow_well_known_key;
	} zigbee;

	struct {
		bool enabled;
		char *listen;           /* "[::]:5684" */
		char *plaintext_listen; /* NULL: none */
		char *psk_file;         /* path or credential:NAME, NULL: none */
		char *certificate_file, *private_key_file, *ca_file; /* NULL: none */
		unsigned max_sessions;                               /* all devices together */
		unsigned max_device_sessions;                        /* of one device */
		unsigned rate; /* requests per second and device */
		unsigned burst;
	} coap;

	struct {
		bool enabled;
	} alarms;

	/* Outputs as config/output.h takes them apart. */
	struct {
		struct config_list high, medium, low, sound, broker, running;
	} annunciator;

	struct config_device *devices; /* sorted by name */
	size_t device_count;
	struct config_tag *tags; /* the longest identities first: the first that fits counts */
	size_t tag_count;
	struct config_rule *rules; /* sorted by name */
	size_t rule_count;

	struct config_record *record; /* where each value came from: config/record.h */
};

/* A further reference; NULL gives NULL. Loop thread only. */
struct config *config_ref(struct config *c);
/* Drops one; the last frees all. NULL is fine. Returns NULL. */
struct config *config_unref(struct config *c);
WG_DEFINE_CLEANUP(struct config *, config_unref)

/* The device of that name, NULL when there is none. */
const struct config_device *config_device_find(const struct config *c, const char *name);

/* What a tag of t is called: t's name, for a group with a hyphen and the rest of the tag's identity
 * in hex digits. identity is that of the whole tag, most significant byte first. Returns buf. */
#define TAG_NAME_MAX 40
const char *config_tag_name(const struct config_tag *t, const uint8_t *identity, size_t length,
	char buf[static TAG_NAME_MAX + 1]);

/* The path behind a key that names a secret: itself, or NAME in $CREDENTIALS_DIRECTORY for
 * "credential:NAME". Returns 0 with *ret to be freed, -ENXIO when there is no credentials
 * directory, -ENOMEM. */
int config_secret_path(const char *value, char **ret);
