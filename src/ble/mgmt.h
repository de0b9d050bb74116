/*
 * The kernel's Bluetooth management protocol as far as the gateway needs it:
 * commands become packets, packets become events. Pure, and it keeps nothing.
 * Declared by hand from doc/mgmt-api.txt of BlueZ, as no library ships it. What
 * to say when is ble/adapter.h's.
 *
 * A packet is what one read or write on the HCI control channel carries: code,
 * controller index and length of the parameters, 2 bytes each, little-endian,
 * and the parameters. The kernel may add fields at the end of an event: what
 * follows those known here is ignored.
 *
 * Whoever opens the socket: writes are refused (EINVAL) beyond BT_SNDMTU of
 * SOL_BLUETOOTH, 1028 bytes unless set (from Linux 5.16 on it can be); loaded
 * keys make a packet of up to MGMT_PACKET_MAX.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/address.h"

#define MGMT_HEADER_SIZE 6
#define MGMT_INDEX_NONE 0xFFFF /* for what concerns no controller */
#define MGMT_NAME_SIZE 249     /* with its 0 */
#define MGMT_KEY_SIZE 16
#define MGMT_DATA_MAX 1650 /* of an advertisement: Core Vol 4 Part E 7.8.54 */
#define MGMT_INDEXES_MAX 16
/* Lists in one command. A list loaded replaces the one before, so it cannot be split. */
#define MGMT_LTKS_MAX 256
#define MGMT_IRKS_MAX 256
#define MGMT_PARAMS_MAX 256
#define MGMT_PATTERNS_MAX 16
#define MGMT_PATTERN_SIZE 31
#define MGMT_PACKET_MAX (MGMT_HEADER_SIZE + 2 + MGMT_LTKS_MAX * 36) /* that we send */
#define MGMT_RSSI_UNKNOWN 127
#define MGMT_PASSKEY_MAX 999999

enum mgmt_op {
	MGMT_READ_VERSION = 0x0001,
	MGMT_READ_INDEX_LIST = 0x0003,
	MGMT_READ_INFO = 0x0004,
	MGMT_SET_POWERED = 0x0005,
	MGMT_SET_BONDABLE = 0x0009,
	MGMT_SET_SSP = 0x000B,
	MGMT_SET_LE = 0x000D,
	MGMT_LOAD_LTKS = 0x0013,
	MGMT_DISCONNECT = 0x0014,
	MGMT_SET_IO_CAPABILITY = 0x0018,
	MGMT_PAIR = 0x0019,
	MGMT_CANCEL_PAIR = 0x001A,
	MGMT_UNPAIR = 0x001B,
	MGMT_CONFIRM = 0x001C,
	MGMT_CONFIRM_NEGATIVE = 0x001D,
	MGMT_PASSKEY = 0x001E,
	MGMT_PASSKEY_NEGATIVE = 0x001F,
	MGMT_START_DISCOVERY = 0x0023,
	MGMT_STOP_DISCOVERY = 0x0024,
	MGMT_SET_SECURE_CONNECTIONS = 0x002D,
	MGMT_LOAD_IRKS = 0x0030,
	MGMT_LOAD_PARAMS = 0x0035,
	MGMT_READ_EXT_INDEX_LIST = 0x003C,
	MGMT_ADD_MONITOR = 0x0052,
	MGMT_REMOVE_MONITOR = 0x0053,
};

enum mgmt_event_code {
	MGMT_EV_COMPLETE = 0x0001,
	MGMT_EV_STATUS = 0x0002,
	MGMT_EV_CONTROLLER_ERROR = 0x0003,
	MGMT_EV_INDEX_ADDED = 0x0004,
	MGMT_EV_INDEX_REMOVED = 0x0005,
	MGMT_EV_NEW_SETTINGS = 0x0006,
	MGMT_EV_NAME_CHANGED = 0x0008,
	MGMT_EV_NEW_LTK = 0x000A,
	MGMT_EV_CONNECTED = 0x000B,
	MGMT_EV_DISCONNECTED = 0x000C,
	MGMT_EV_CONNECT_FAILED = 0x000D,
	MGMT_EV_CONFIRM = 0x000F,
	MGMT_EV_PASSKEY = 0x0010,
	MGMT_EV_AUTH_FAILED = 0x0011,
	MGMT_EV_FOUND = 0x0012,
	MGMT_EV_DISCOVERING = 0x0013,
	MGMT_EV_UNPAIRED = 0x0016,
	MGMT_EV_PASSKEY_NOTIFY = 0x0017,
	MGMT_EV_NEW_IRK = 0x0018,
	MGMT_EV_NEW_CSRK = 0x0019,
	MGMT_EV_DEVICE_ADDED = 0x001A,
	MGMT_EV_DEVICE_REMOVED = 0x001B,
	MGMT_EV_NEW_PARAMS = 0x001C,
	MGMT_EV_EXT_INDEX_ADDED = 0x0020,
	MGMT_EV_EXT_INDEX_REMOVED = 0x0021,
	MGMT_EV_MONITOR_REMOVED = 0x002C,
	MGMT_EV_MONITOR_FOUND = 0x002F,
	MGMT_EV_MONITOR_LOST = 0x0030,
};

enum mgmt_status {
	MGMT_SUCCESS = 0x00,
	MGMT_UNKNOWN_COMMAND = 0x01,
	MGMT_NOT_CONNECTED = 0x02,
	MGMT_FAILED = 0x03,
	MGMT_CONNECT_FAILED = 0x04,
	MGMT_AUTH_FAILED = 0x05,
	MGMT_NOT_PAIRED = 0x06,
	MGMT_NO_RESOURCES = 0x07,
	MGMT_TIMEOUT = 0x08,
	MGMT_ALREADY_CONNECTED = 0x09,
	MGMT_BUSY = 0x0A,
	MGMT_REJECTED = 0x0B,
	MGMT_NOT_SUPPORTED = 0x0C,
	MGMT_INVALID_PARAMETERS = 0x0D,
	MGMT_DISCONNECTED = 0x0E,
	MGMT_NOT_POWERED = 0x0F,
	MGMT_CANCELLED = 0x10,
	MGMT_INVALID_INDEX = 0x11,
	MGMT_RFKILLED = 0x12,
	MGMT_ALREADY_PAIRED = 0x13,
	MGMT_PERMISSION_DENIED = 0x14,
};

/* Bits of the settings, supported and current. */
enum {
	MGMT_POWERED = 1 << 0,
	MGMT_CONNECTABLE = 1 << 1,
	MGMT_DISCOVERABLE = 1 << 3,
	MGMT_BONDABLE = 1 << 4,
	MGMT_SSP = 1 << 6,
	MGMT_BREDR = 1 << 7,
	MGMT_LE = 1 << 9,
	MGMT_ADVERTISING = 1 << 10,
	MGMT_SECURE_CONNECTIONS = 1 << 11,
};

enum mgmt_io {
	MGMT_IO_DISPLAY_ONLY = 0,
	MGMT_IO_DISPLAY_YES_NO = 1,
	MGMT_IO_KEYBOARD_ONLY = 2,
	MGMT_IO_NONE = 3,
	MGMT_IO_KEYBOARD_DISPLAY = 4,
};

/* Kinds of discovery, a bit for each address type. */
#define MGMT_DISCOVER_LE 0x06

/* Reasons of Device Disconnected. */
enum mgmt_reason {
	MGMT_REASON_UNKNOWN = 0,
	MGMT_REASON_TIMEOUT = 1,
	MGMT_REASON_LOCAL = 2,
	MGMT_REASON_REMOTE = 3,
	MGMT_REASON_AUTH = 4,
	MGMT_REASON_SUSPEND = 5,
};

/* Types of a long-term key. */
enum mgmt_ltk_type {
	MGMT_LTK_UNAUTHENTICATED = 0, /* legacy pairing */
	MGMT_LTK_AUTHENTICATED = 1,
	MGMT_LTK_P256_UNAUTHENTICATED = 2, /* LE Secure Connections */
	MGMT_LTK_P256_AUTHENTICATED = 3,
	MGMT_LTK_P256_DEBUG = 4,
};

struct mgmt_ltk {
	struct ble_address address; /* the identity */
	uint8_t type;               /* enum mgmt_ltk_type */
	uint8_t central;            /* 1: used while we are central (legacy) */
	uint8_t size;               /* of the encryption key, 7 to 16 */
	uint16_t ediv;
	uint8_t rand[8]; /* as on the wire */
	uint8_t value[MGMT_KEY_SIZE];
};

struct mgmt_irk {
	struct ble_address address; /* the identity */
	uint8_t value[MGMT_KEY_SIZE];
};

struct mgmt_csrk {
	struct ble_address address;
	uint8_t type;
	uint8_t value[MGMT_KEY_SIZE];
};

/* Connection parameters (Core Vol 6 Part B 4.5). */
struct mgmt_params {
	struct ble_address address;
	uint16_t min, max; /* interval, in 1.25 ms, 6 to 3200 */
	uint16_t latency;  /* in intervals, up to 499 */
	uint16_t timeout;  /* of supervision, in 10 ms, 10 to 3200 */
};

struct mgmt_pattern {
	uint8_t ad_type, offset, length;
	uint8_t value[MGMT_PATTERN_SIZE];
};

/* A command; which fields count depends on op. */
struct mgmt_command {
	uint16_t op; /* enum mgmt_op */
	uint16_t index;
	/* On or off; IO capability; kind of discovery; whether Unpair also disconnects. */
	uint8_t value;
	uint16_t handle; /* of a monitor, 0: all */
	uint32_t passkey;
	struct ble_address address;
	size_t count; /* of that list among these which op loads; borrowed */
	const struct mgmt_ltk *ltks;
	const struct mgmt_irk *irks;
	const struct mgmt_params *params;
	const struct mgmt_pattern *patterns;
};

/* Writes the packet. Returns its length, -ENOBUFS when it does not fit, -EINVAL when op is unknown
 * or something in it cannot be. */
int mgmt_encode(const struct mgmt_command *c, uint8_t *to, size_t size);

/* ---- what comes ---- */

struct mgmt_reply {
	uint16_t op;
	uint8_t status;
	const uint8_t *data; /* return parameters, in the packet; none with Command Status */
	size_t length;
};

/* One advertisement or scan response, as the air brought it. */
struct mgmt_report {
	struct ble_address address;
	int8_t rssi;         /* dBm, MGMT_RSSI_UNKNOWN */
	bool connectable;    /* not: it says itself that it is not */
	uint32_t flags;      /* all of them */
	uint16_t monitor;    /* handle, 0: none named */
	const uint8_t *data; /* in the packet */
	size_t length;       /* up to MGMT_DATA_MAX */
};

struct mgmt_event {
	uint16_t code; /* enum mgmt_event_code */
	uint16_t index;
	/* CONNECTED, DISCONNECTED, CONNECT_FAILED, CONFIRM, PASSKEY, AUTH_FAILED, UNPAIRED,
	 * PASSKEY_NOTIFY, DEVICE_ADDED, MONITOR_LOST */
	struct ble_address address;
	union {
		struct mgmt_reply reply; /* COMPLETE, STATUS */
		uint8_t error;           /* CONTROLLER_ERROR: the hardware's code */
		uint32_t settings;       /* NEW_SETTINGS */
		struct {
			uint8_t type, bus; /* EXT_INDEX_ADDED, _REMOVED; type 0: a usual one */
		} controller;
		struct mgmt_report report; /* FOUND, MONITOR_FOUND */
		struct {
			uint8_t type;
			bool on;
		} discovering;
		struct {
			bool store;
			union {
				struct mgmt_ltk ltk;
				struct {
					struct mgmt_irk key;
					struct ble_address rpa; /* that it resolved; may be none */
				} irk;
				struct mgmt_csrk csrk;
				struct mgmt_params params;
			};
		} new_key;      /* NEW_LTK, NEW_IRK, NEW_CSRK, NEW_PARAMS */
		uint8_t reason; /* DISCONNECTED: enum mgmt_reason */
		uint8_t status; /* CONNECT_FAILED, AUTH_FAILED: enum mgmt_status */
		struct {
			bool hint; /* yes or no only: there is no number to compare */
			uint32_t number;
		} confirm;
		struct {
			uint32_t passkey;
			uint8_t entered; /* digits, on the other side */
		} notify;
		uint16_t monitor; /* MONITOR_REMOVED, MONITOR_LOST: handle */
	};
};

/* Outcomes of mgmt_decode(). */
enum {
	_MGMT_E_OK,
	MGMT_E_OTHER, /* an event that this does not know; code and index are set */
};

/* Reads one packet. Returns _MGMT_E_OK, MGMT_E_OTHER, or -EBADMSG when it is not as it must be:
 * then ret is not to be used. Pointers in ret lead into packet. */
int mgmt_decode(const uint8_t *packet, size_t length, struct mgmt_event *ret);

/* ---- return parameters; all return 0 or -EBADMSG ---- */

struct mgmt_info {
	struct ble_address address; /* public; none: the controller has no address of its own */
	uint8_t version;            /* of HCI: 6 is Bluetooth 4.0, 9 is 5.0 */
	uint16_t manufacturer;
	uint32_t supported, settings;
	char name[MGMT_NAME_SIZE]; /* ends with 0; any bytes */
};

struct mgmt_indexes {
	size_t count;
	bool more; /* than MGMT_INDEXES_MAX: the rest was left out */
	uint16_t list[MGMT_INDEXES_MAX];
};

int mgmt_read_version(const struct mgmt_reply *r, uint8_t *ret_version, uint16_t *ret_revision);
/* Of either list; of the extended one those that are usual (not unconfigured, not AMP). */
int mgmt_read_indexes(const struct mgmt_reply *r, struct mgmt_indexes *ret);
int mgmt_read_info(const struct mgmt_reply *r, struct mgmt_info *ret);
int mgmt_read_settings(const struct mgmt_reply *r, uint32_t *ret);
int mgmt_read_monitor(const struct mgmt_reply *r, uint16_t *ret);
int mgmt_read_address(const struct mgmt_reply *r, struct ble_address *ret);

/* Whether the kernel takes them: one that it does not takes the whole list with it. */
bool mgmt_ltk_valid(const struct mgmt_ltk *k);
bool mgmt_irk_valid(const struct mgmt_irk *k);
bool mgmt_params_valid(const struct mgmt_params *p);

/* Words for messages; never NULL. */
const char *mgmt_op_words(uint16_t op);        /* "set powered" */
const char *mgmt_status_words(uint8_t status); /* "permission denied" */
const char *mgmt_reason_words(uint8_t reason); /* "out of reach" */
