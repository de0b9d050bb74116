/*
 * What stands in EZSP frames behind their head: one table says for each frame
 * id and range of versions which fields, in which order (Silicon Labs UG100).
 * So versions differ in data only. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Versions that we were tried with: 8, and 13 to 19. What lies between them is read as the rows
 * say, as far as these go; above them as the newest. */
#define EZSP_VERSION_MIN 8
#define EZSP_VERSION_SL_STATUS 14 /* from here on statuses have 32 bits */
#define EZSP_VERSION_NEWEST 19

enum ezsp_id {
	EZSP_VERSION = 0x0000,
	EZSP_ADD_ENDPOINT = 0x0002,
	EZSP_GET_EXTENDED_VALUE = 0x0003,
	EZSP_NOP = 0x0005,
	EZSP_GET_TOKEN = 0x000B, /* getMfgToken */
	EZSP_SET_CONCENTRATOR = 0x0010,
	EZSP_SET_MANUFACTURER_CODE = 0x0015,
	EZSP_NETWORK_INIT = 0x0017,
	EZSP_NETWORK_STATE = 0x0018,
	EZSP_STACK_STATUS = 0x0019, /* callback */
	EZSP_START_SCAN = 0x001A,
	EZSP_NETWORK_FOUND = 0x001B, /* callback */
	EZSP_SCAN_COMPLETE = 0x001C, /* callback */
	EZSP_FORM_NETWORK = 0x001E,
	EZSP_LEAVE_NETWORK = 0x0020,
	EZSP_PERMIT_JOINING = 0x0022,
	EZSP_CHILD_JOIN = 0x0023,        /* callback */
	EZSP_TRUST_CENTER_JOIN = 0x0024, /* callback */
	EZSP_GET_EUI64 = 0x0026,
	EZSP_GET_NODE_ID = 0x0027,
	EZSP_GET_NETWORK_PARAMETERS = 0x0028,
	EZSP_SEND_UNICAST = 0x0034,
	EZSP_SEND_BROADCAST = 0x0036,
	EZSP_SEND_MULTICAST = 0x0038,
	EZSP_MESSAGE_SENT = 0x003F,       /* callback */
	EZSP_INCOMING_MESSAGE = 0x0045,   /* callback */
	EZSP_ENERGY_SCAN_RESULT = 0x0048, /* callback */
	EZSP_GET_CONFIGURATION = 0x0052,
	EZSP_SET_CONFIGURATION = 0x0053,
	EZSP_SET_POLICY = 0x0055,
	EZSP_GET_POLICY = 0x0056,
	EZSP_INVALID_COMMAND = 0x0058,       /* instead of an answer */
	EZSP_INCOMING_ROUTE_RECORD = 0x0059, /* callback */
	EZSP_SET_SOURCE_ROUTE_DISCOVERY = 0x005A,
	EZSP_GET_ADDRESS_TABLE = 0x005E,
	EZSP_LOOKUP_NODE_ID = 0x0060,
	EZSP_LOOKUP_EUI64 = 0x0061,
	EZSP_GET_MULTICAST = 0x0063,
	EZSP_SET_MULTICAST = 0x0064,
	EZSP_READ_AND_CLEAR_COUNTERS = 0x0065,
	EZSP_SET_INITIAL_SECURITY = 0x0068,
	EZSP_GET_CURRENT_SECURITY = 0x0069,
	EZSP_GET_KEY = 0x006A,
	EZSP_CLEAR_TRANSIENT_KEYS = 0x006B,
	EZSP_GET_KEY_TABLE_ENTRY = 0x0071,
	EZSP_TOKEN_FACTORY_RESET = 0x0077,
	EZSP_ID_CONFLICT = 0x007C,          /* callback */
	EZSP_INCOMING_ROUTE_ERROR = 0x0080, /* callback */
	EZSP_KEY_ESTABLISHMENT = 0x009B,    /* callback */
	EZSP_REMOVE_DEVICE = 0x00A8,
	EZSP_GET_VALUE = 0x00AA,
	EZSP_SET_VALUE = 0x00AB,
	EZSP_ADD_TRANSIENT_KEY = 0x00AF,
	EZSP_CLEAR_KEY_TABLE = 0x00B1,
	EZSP_INCOMING_NETWORK_STATUS = 0x00C4, /* callback */
	EZSP_READ_COUNTERS = 0x00F1,
	EZSP_GET_TOKEN_DATA = 0x0102,
	EZSP_SET_TOKEN_DATA = 0x0103,
	EZSP_IMPORT_LINK_KEY = 0x010E,
	EZSP_EXPORT_LINK_KEY = 0x010F, /* exportLinkKeyByIndex */
	EZSP_IMPORT_TRANSIENT_KEY = 0x0111,
	EZSP_EXPORT_KEY = 0x0114,
	EZSP_GET_NETWORK_KEY_INFO = 0x0116,
};

/* Statuses, of every version in the words of the newer (sl_status). */
enum {
	EZSP_STATUS_OK = 0x0000,
	EZSP_STATUS_INVALID_STATE = 0x0002,
	EZSP_STATUS_BUSY = 0x0004,
	EZSP_STATUS_NETWORK_UP = 0x0015,
	EZSP_STATUS_NETWORK_DOWN = 0x0016,
	EZSP_STATUS_NOT_JOINED = 0x0017,
	EZSP_STATUS_NO_MORE_RESOURCE = 0x0019,
	EZSP_STATUS_INVALID_PARAMETER = 0x0021,
	EZSP_STATUS_DELIVERY_FAILED = 0x0C02,
	EZSP_STATUS_TOO_MANY_MESSAGES = 0x0C03,
	EZSP_STATUS_PAN_CHANGED = 0x0C16,
	EZSP_STATUS_CHANNEL_CHANGED = 0x0C17,
	EZSP_STATUS_NETWORK_OPENED = 0x0C18,
	EZSP_STATUS_NETWORK_CLOSED = 0x0C19,
	/* Of the older versions, without a word among the newer: these with the old byte. */
	EZSP_STATUS_OLD_NETWORK = 0x10000,
	EZSP_STATUS_OLD_CONFIG = 0x20000,
};

/* All fields of all frames; a frame's row says which count. Numbers are in host order. */
struct ezsp_values {
	uint64_t eui64, partner, extended_pan;
	uint32_t status, number, channels, timestamp, algorithm, out_counter, in_counter, element;
	uint16_t stack_version, profile, cluster, options, group, device, minimum, maximum, node,
		parent, pan, manager, tag, alias, broadcast, bitmask, derived, lifetime;
	uint8_t version, stack_type, endpoint, source_endpoint, destination_endpoint, aps_sequence,
		device_version, in_count, out_count, id, on, route_errors, delivery_failures, hops,
		type, index, code, decision, duration, channel, lqi, join_method, update_id,
		nwk_sequence, radius, nonmember_radius, binding, address, network_index,
		key_sequence, key_type, key_index, flags, key_set, other_set, other_sequence,
		keep_counters, keep_boots;
	int8_t rssi, power;
	uint8_t key[16], network_key[16];
	const uint16_t *in_clusters, *out_clusters; /* of commands; not set by decoding */
	/* Bytes with a length before them, or the rest. A list of 16-bit numbers (relays, counters)
	 * stays as it is on the wire, least significant byte first. Borrowed from the frame. */
	const uint8_t *message;
	size_t message_length;
	size_t trailing; /* bytes behind the last field that we know; radios append some */
};

enum ezsp_side {
	EZSP_SIDE_COMMAND, /* from the host */
	EZSP_SIDE_ANSWER,  /* from the radio: answers and callbacks */
};

/* Writes the fields of a frame. Returns 0; -EOPNOTSUPP when this version has no such frame,
 * -EMSGSIZE when it does not fit or a length does not fit its field. */
int ezsp_encode(unsigned version, uint16_t id, enum ezsp_side side, const struct ezsp_values *v,
	uint8_t *to, size_t size, size_t *ret_length);
/* Reads the fields of a frame; *ret is all zero but for what was there. Returns 0; -EBADMSG when it
 * ends too soon (what came before is in *ret); -EOPNOTSUPP when this version has no such frame. */
int ezsp_decode(unsigned version, uint16_t id, enum ezsp_side side, const uint8_t *bytes,
	size_t length, struct ezsp_values *ret);
/* Whether the answer to this begins with a status. */
bool ezsp_status_leads(unsigned version, uint16_t id);
/* Whether frames of this id are callbacks. */
bool ezsp_is_callback(unsigned version, uint16_t id);
/* The name as in the maker's reference; "unknown". */
const char *ezsp_name(uint16_t id);
