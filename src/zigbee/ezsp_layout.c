/*
 * Fields of EZSP frames by version: see ezsp_layout.h.
 */
#include "zigbee/ezsp_layout.h"

#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/cursor.h"

enum kind {
	KIND_U8,
	KIND_U16,
	KIND_U32,
	KIND_U64,
	KIND_N8,       /* a byte, of a member of 32 bits */
	KIND_N16,      /* two bytes, of a member of 32 bits */
	KIND_N8_OF_16, /* a byte, of a member of 16 bits */
	KIND_KEY,
	KIND_NETWORK_STATUS, /* EmberStatus, or sl_status */
	KIND_CONFIG_STATUS,  /* EzspStatus, or sl_status */
	KIND_BYTES,          /* a length of one byte, and so many */
	KIND_BYTES32,        /* a length of four bytes, and so many */
	KIND_LIST16,         /* a count of one byte, and so many numbers of two bytes */
	KIND_REST,
	KIND_IN_LIST, /* in_count numbers of two bytes */
	KIND_OUT_LIST,
};

enum field {
	END,
#define FIELD(name, member, kind) name,
#include "zigbee/ezsp_fields.def"
#undef FIELD
};

static const struct {
	uint16_t offset;
	uint8_t kind;
} fields[] = {
#define FIELD(name, member, kind) [name] = { offsetof(struct ezsp_values, member), KIND_##kind },
#include "zigbee/ezsp_fields.def"
#undef FIELD
};

struct row {
	uint16_t id;
	uint8_t from, to; /* versions */
	bool callback;
	const char *name;
	const uint8_t *command, *answer; /* fields, up to END */
};

#define ANY 0, 255
#define OLD 0, 13 /* before sl_status */
#define NEW 14, 255
#define F(...)                                                                                     \
	(const uint8_t[])                                                                          \
	{                                                                                          \
		__VA_ARGS__, END                                                                   \
	}
#define NONE                                                                                       \
	(const uint8_t[])                                                                          \
	{                                                                                          \
		END                                                                                \
	}

#define APS PROFILE, CLUSTER, SOURCE_ENDPOINT, DESTINATION_ENDPOINT, OPTIONS, GROUP, APS_SEQUENCE
#define NETWORK EXTENDED_PAN, PAN, POWER, CHANNEL, JOIN_METHOD, MANAGER, UPDATE_ID, CHANNELS
#define CONTEXT KEY_TYPE, KEY_INDEX, DERIVED, EUI64, NETWORK_INDEX, FLAGS, ALGORITHM
#define KEY_DATA BITMASK, OUT_COUNTER, IN_COUNTER, LIFETIME
#define KEY_STRUCT BITMASK, TYPE, KEY, OUT_COUNTER, IN_COUNTER, KEY_SEQUENCE, EUI64
#define PACKET NODE, EUI64, BINDING, ADDRESS, LQI, RSSI, TIMESTAMP

/* By id. */
/* clang-format off */
static const struct row rows[] = {
	{ EZSP_VERSION, ANY, false, "version", F(VERSION), F(VERSION, STACK_TYPE, STACK_VERSION) },
	{ EZSP_ADD_ENDPOINT, ANY, false, "addEndpoint",
	  F(ENDPOINT, PROFILE, DEVICE, DEVICE_VERSION, IN_COUNT, OUT_COUNT, IN_LIST, OUT_LIST),
	  F(CONFIG_STATUS) },
	{ EZSP_GET_EXTENDED_VALUE, ANY, false, "getExtendedValue", F(ID, NUMBER32),
	  F(CONFIG_STATUS, MESSAGE) },
	{ EZSP_NOP, ANY, false, "nop", NONE, NONE },
	{ EZSP_GET_TOKEN, ANY, false, "getMfgToken", F(ID), F(MESSAGE) },
	{ EZSP_SET_CONCENTRATOR, ANY, false, "setConcentrator",
	  F(ON, NUMBER16, MINIMUM, MAXIMUM, ROUTE_ERRORS, DELIVERY_FAILURES, HOPS), F(STATUS) },
	{ EZSP_SET_MANUFACTURER_CODE, ANY, false, "setManufacturerCode", F(NUMBER16), NONE },
	{ EZSP_NETWORK_INIT, ANY, false, "networkInit", F(BITMASK), F(STATUS) },
	{ EZSP_NETWORK_STATE, ANY, false, "networkState", NONE, F(CODE) },
	{ EZSP_STACK_STATUS, ANY, true, "stackStatusHandler", NONE, F(STATUS) },
	{ EZSP_START_SCAN, 0, 12, false, "startScan", F(TYPE, NUMBER32, DURATION), F(STATUS) },
	{ EZSP_START_SCAN, 13, 255, false, "startScan", F(TYPE, NUMBER32, DURATION), F(STATUS32) },
	{ EZSP_NETWORK_FOUND, ANY, true, "networkFoundHandler", NONE,
	  F(CHANNEL, PAN, EXTENDED_PAN, ON, TYPE, UPDATE_ID, LQI, RSSI) },
	{ EZSP_SCAN_COMPLETE, ANY, true, "scanCompleteHandler", NONE, F(CHANNEL, STATUS) },
	{ EZSP_FORM_NETWORK, ANY, false, "formNetwork", F(NETWORK), F(STATUS) },
	{ EZSP_LEAVE_NETWORK, OLD, false, "leaveNetwork", NONE, F(STATUS) },
	{ EZSP_LEAVE_NETWORK, NEW, false, "leaveNetwork", F(FLAGS), F(STATUS) },
	{ EZSP_PERMIT_JOINING, ANY, false, "permitJoining", F(DURATION), F(STATUS) },
	{ EZSP_CHILD_JOIN, ANY, true, "childJoinHandler", NONE, F(INDEX, ON, NODE, EUI64, TYPE) },
	{ EZSP_TRUST_CENTER_JOIN, ANY, true, "trustCenterJoinHandler", NONE,
	  F(NODE, EUI64, CODE, DECISION, PARENT) },
	{ EZSP_GET_EUI64, ANY, false, "getEui64", NONE, F(EUI64) },
	{ EZSP_GET_NODE_ID, ANY, false, "getNodeId", NONE, F(NODE) },
	{ EZSP_GET_NETWORK_PARAMETERS, ANY, false, "getNetworkParameters", NONE,
	  F(STATUS, TYPE, NETWORK) },
	{ EZSP_SEND_UNICAST, OLD, false, "sendUnicast", F(TYPE, NODE, APS, TAG8, MESSAGE),
	  F(STATUS, APS_SEQUENCE) },
	{ EZSP_SEND_UNICAST, NEW, false, "sendUnicast", F(TYPE, NODE, APS, TAG16, MESSAGE),
	  F(STATUS, APS_SEQUENCE) },
	{ EZSP_SEND_BROADCAST, OLD, false, "sendBroadcast", F(NODE, APS, RADIUS, TAG8, MESSAGE),
	  F(STATUS, APS_SEQUENCE) },
	{ EZSP_SEND_BROADCAST, NEW, false, "sendBroadcast",
	  F(ALIAS, NODE, NWK_SEQUENCE, APS, RADIUS, TAG16, MESSAGE), F(STATUS, APS_SEQUENCE) },
	{ EZSP_SEND_MULTICAST, OLD, false, "sendMulticast",
	  F(APS, HOPS, NONMEMBER_RADIUS, TAG8, MESSAGE), F(STATUS, APS_SEQUENCE) },
	{ EZSP_SEND_MULTICAST, NEW, false, "sendMulticast",
	  F(APS, HOPS, BROADCAST, ALIAS, NWK_SEQUENCE, TAG16, MESSAGE), F(STATUS, APS_SEQUENCE) },
	{ EZSP_MESSAGE_SENT, OLD, true, "messageSentHandler", NONE,
	  F(TYPE, NODE, APS, TAG8, STATUS, MESSAGE) },
	{ EZSP_MESSAGE_SENT, NEW, true, "messageSentHandler", NONE,
	  F(STATUS, TYPE, NODE, APS, TAG16, MESSAGE) },
	{ EZSP_INCOMING_MESSAGE, OLD, true, "incomingMessageHandler", NONE,
	  F(TYPE, APS, LQI, RSSI, NODE, BINDING, ADDRESS, MESSAGE) },
	{ EZSP_INCOMING_MESSAGE, NEW, true, "incomingMessageHandler", NONE,
	  F(TYPE, APS, PACKET, MESSAGE) },
	{ EZSP_ENERGY_SCAN_RESULT, ANY, true, "energyScanResultHandler", NONE, F(CHANNEL, RSSI) },
	{ EZSP_GET_CONFIGURATION, ANY, false, "getConfigurationValue", F(ID),
	  F(CONFIG_STATUS, NUMBER16) },
	{ EZSP_SET_CONFIGURATION, ANY, false, "setConfigurationValue", F(ID, NUMBER16),
	  F(CONFIG_STATUS) },
	{ EZSP_SET_POLICY, ANY, false, "setPolicy", F(ID, NUMBER8), F(CONFIG_STATUS) },
	{ EZSP_GET_POLICY, ANY, false, "getPolicy", F(ID), F(CONFIG_STATUS, NUMBER8) },
	{ EZSP_INVALID_COMMAND, ANY, false, "invalidCommand", NONE, F(CODE) },
	{ EZSP_INCOMING_ROUTE_RECORD, ANY, true, "incomingRouteRecordHandler", NONE,
	  F(NODE, EUI64, LQI, RSSI, RELAYS) },
	{ EZSP_SET_SOURCE_ROUTE_DISCOVERY, 8, 255, false, "setSourceRouteDiscoveryMode", F(TYPE),
	  F(NUMBER32) },
	/* before 14 this id was getAddressTableRemoteEui64's */
	{ EZSP_GET_ADDRESS_TABLE, NEW, false, "getAddressTableInfo", F(INDEX),
	  F(STATUS, NODE, EUI64) },
	{ EZSP_LOOKUP_NODE_ID, ANY, false, "lookupNodeIdByEui64", F(EUI64), F(NODE) },
	{ EZSP_LOOKUP_EUI64, ANY, false, "lookupEui64ByNodeId", F(NODE), F(STATUS, EUI64) },
	{ EZSP_GET_MULTICAST, ANY, false, "getMulticastTableEntry", F(INDEX),
	  F(STATUS, GROUP, ENDPOINT, NETWORK_INDEX) },
	{ EZSP_SET_MULTICAST, ANY, false, "setMulticastTableEntry",
	  F(INDEX, GROUP, ENDPOINT, NETWORK_INDEX), F(STATUS) },
	{ EZSP_READ_AND_CLEAR_COUNTERS, ANY, false, "readAndClearCounters", NONE, F(REST) },
	{ EZSP_SET_INITIAL_SECURITY, ANY, false, "setInitialSecurityState",
	  F(BITMASK, KEY, NETWORK_KEY, KEY_SEQUENCE, EUI64), F(STATUS) },
	{ EZSP_GET_CURRENT_SECURITY, ANY, false, "getCurrentSecurityState", NONE,
	  F(STATUS, BITMASK, EUI64) },
	{ EZSP_GET_KEY, 0, 12, false, "getKey", F(TYPE), F(STATUS, KEY_STRUCT) },
	{ EZSP_CLEAR_TRANSIENT_KEYS, ANY, false, "clearTransientLinkKeys", NONE, NONE },
	{ EZSP_GET_KEY_TABLE_ENTRY, 0, 12, false, "getKeyTableEntry", F(INDEX),
	  F(STATUS, KEY_STRUCT) },
	{ EZSP_TOKEN_FACTORY_RESET, 10, 255, false, "tokenFactoryReset",
	  F(KEEP_COUNTERS, KEEP_BOOTS), NONE },
	{ EZSP_ID_CONFLICT, ANY, true, "idConflictHandler", NONE, F(NODE) },
	{ EZSP_INCOMING_ROUTE_ERROR, ANY, true, "incomingRouteErrorHandler", NONE,
	  F(STATUS, NODE) },
	{ EZSP_KEY_ESTABLISHMENT, ANY, true, "zigbeeKeyEstablishmentHandler", NONE,
	  F(EUI64, CODE) },
	{ EZSP_REMOVE_DEVICE, ANY, false, "removeDevice", F(NODE, EUI64, PARTNER), F(STATUS) },
	{ EZSP_GET_VALUE, ANY, false, "getValue", F(ID), F(CONFIG_STATUS, MESSAGE) },
	{ EZSP_SET_VALUE, ANY, false, "setValue", F(ID, MESSAGE), F(CONFIG_STATUS) },
	{ EZSP_ADD_TRANSIENT_KEY, 0, 12, false, "addTransientLinkKey", F(EUI64, KEY), F(STATUS) },
	{ EZSP_CLEAR_KEY_TABLE, ANY, false, "clearKeyTable", NONE, F(STATUS) },
	{ EZSP_INCOMING_NETWORK_STATUS, ANY, true, "incomingNetworkStatusHandler", NONE,
	  F(CODE, NODE) },
	{ EZSP_READ_COUNTERS, ANY, false, "readCounters", NONE, F(REST) },
	{ EZSP_GET_TOKEN_DATA, 10, 255, false, "getTokenData", F(NUMBER32, ELEMENT),
	  F(STATUS, LONG_MESSAGE) },
	{ EZSP_SET_TOKEN_DATA, 10, 255, false, "setTokenData", F(NUMBER32, ELEMENT, LONG_MESSAGE),
	  F(STATUS) },
	{ EZSP_IMPORT_LINK_KEY, 12, 255, false, "importLinkKey", F(INDEX, EUI64, KEY),
	  F(STATUS32) },
	{ EZSP_EXPORT_LINK_KEY, 13, 13, false, "exportLinkKeyByIndex", F(INDEX),
	  F(EUI64, KEY, KEY_DATA, STATUS32) },
	{ EZSP_EXPORT_LINK_KEY, NEW, false, "exportLinkKeyByIndex", F(INDEX),
	  F(STATUS32, CONTEXT, KEY, KEY_DATA) },
	{ EZSP_IMPORT_TRANSIENT_KEY, 12, 13, false, "importTransientKey", F(EUI64, KEY, FLAGS),
	  F(STATUS32) },
	{ EZSP_IMPORT_TRANSIENT_KEY, NEW, false, "importTransientKey", F(EUI64, KEY), F(STATUS32) },
	{ EZSP_EXPORT_KEY, 13, 13, false, "exportKey", F(CONTEXT), F(KEY, STATUS32) },
	{ EZSP_EXPORT_KEY, NEW, false, "exportKey", F(CONTEXT), F(STATUS32, KEY, CONTEXT) },
	{ EZSP_GET_NETWORK_KEY_INFO, 13, 255, false, "getNetworkKeyInfo", NONE,
	  F(STATUS32, KEY_SET, OTHER_SET, KEY_SEQUENCE, OTHER_SEQUENCE, OUT_COUNTER) },
};
/* clang-format on */

/* EmberStatus to sl_status. */
static const struct {
	uint8_t old;
	uint16_t status;
} statuses[] = {
	{ 0x00, EZSP_STATUS_OK },
	{ 0x02, EZSP_STATUS_INVALID_PARAMETER },
	{ 0x18, EZSP_STATUS_NO_MORE_RESOURCE },
	{ 0x66, EZSP_STATUS_DELIVERY_FAILED },
	{ 0x70, EZSP_STATUS_INVALID_STATE },
	{ 0x72, EZSP_STATUS_TOO_MANY_MESSAGES },
	{ 0x74, 0x0038 },
	{ 0x90, EZSP_STATUS_NETWORK_UP },
	{ 0x91, EZSP_STATUS_NETWORK_DOWN },
	{ 0x93, EZSP_STATUS_NOT_JOINED },
	{ 0x9A, EZSP_STATUS_PAN_CHANGED },
	{ 0x9B, EZSP_STATUS_CHANNEL_CHANGED },
	{ 0x9C, EZSP_STATUS_NETWORK_OPENED },
	{ 0x9D, EZSP_STATUS_NETWORK_CLOSED },
	{ 0xA1, EZSP_STATUS_BUSY },
};

static const struct row *find(unsigned version, uint16_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == id && version >= rows[i].from && version <= rows[i].to)
			return &rows[i];
	return NULL;
}

static uint32_t status_of(uint8_t old, bool network)
{
	if (old == 0)
		return EZSP_STATUS_OK;
	for (size_t i = 0; network && i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].old == old)
			return statuses[i].status;
	return (uint32_t)(network ? EZSP_STATUS_OLD_NETWORK : EZSP_STATUS_OLD_CONFIG) | old;
}

static uint8_t old_of(uint32_t status)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].old;
	return (uint8_t)status;
}

static size_t width(enum kind kind, unsigned version)
{
	switch (kind) {
	case KIND_U8:
	case KIND_N8:
	case KIND_N8_OF_16:
		return 1;
	case KIND_U16:
	case KIND_N16:
		return 2;
	case KIND_U32:
		return 4;
	case KIND_U64:
		return 8;
	case KIND_NETWORK_STATUS:
	case KIND_CONFIG_STATUS:
		return version >= EZSP_VERSION_SL_STATUS ? 4 : 1;
	case KIND_KEY:
		return 16;
	case KIND_BYTES:
	case KIND_BYTES32:
	case KIND_LIST16:
	case KIND_REST:
	case KIND_IN_LIST:
	case KIND_OUT_LIST:
		break;
	}
	return 0;
}

/* ---- writing ---- */

struct writer {
	uint8_t *to;
	size_t size, at;
	bool failed;
};

static void put(struct writer *w, uint64_t v, size_t n)
{
	if (w->size - w->at < n) {
		w->failed = true;
		return;
	}
	for (; n > 0; n--, v >>= 8)
		w->to[w->at++] = (uint8_t)v;
}

static void put_bytes(struct writer *w, const uint8_t *p, size_t n)
{
	if (w->size - w->at < n) {
		w->failed = true;
		return;
	}
	if (n > 0)
		memcpy(w->to + w->at, p, n);
	w->at += n;
}

static void put_list(struct writer *w, const uint16_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(w, list[i], 2);
}

static void put_field(
	struct writer *w, uint8_t field, const struct ezsp_values *v, unsigned version)
{
	const void *member = (const uint8_t *)v + fields[field].offset;
	enum kind kind = fields[field].kind;
	size_t n = width(kind, version);

	switch (kind) {
	case KIND_U8:
		put(w, *(const uint8_t *)member, n);
		break;
	case KIND_U16:
	case KIND_N8_OF_16:
		put(w, *(const uint16_t *)member, n);
		break;
	case KIND_U32:
	case KIND_N8:
	case KIND_N16:
		put(w, *(const uint32_t *)member, n);
		break;
	case KIND_U64:
		put(w, *(const uint64_t *)member, n);
		break;
	case KIND_NETWORK_STATUS:
	case KIND_CONFIG_STATUS:
		put(w, n == 4 ? v->status : old_of(v->status), n);
		break;
	case KIND_KEY:
		put_bytes(w, member, n);
		break;
	case KIND_BYTES:
	case KIND_LIST16:
		n = kind == KIND_BYTES ? v->message_length : v->message_length / 2;
		w->failed = w->failed || n > UINT8_MAX;
		put(w, n, 1);
		put_bytes(w, v->message, kind == KIND_BYTES ? n : 2 * n);
		break;
	case KIND_BYTES32:
		put(w, v->message_length, 4);
		put_bytes(w, v->message, v->message_length);
		break;
	case KIND_REST:
		put_bytes(w, v->message, v->message_length);
		break;
	case KIND_IN_LIST:
		put_list(w, v->in_clusters, v->in_count);
		break;
	case KIND_OUT_LIST:
		put_list(w, v->out_clusters, v->out_count);
		break;
	}
}

int ezsp_encode(unsigned version, uint16_t id, enum ezsp_side side, const struct ezsp_values *v,
	uint8_t *to, size_t size, size_t *ret_length)
{
	const struct row *row = find(version, id);
	struct writer w = { .to = to, .size = size };

	if (!row)
		return -EOPNOTSUPP;
	for (const uint8_t *f = side == EZSP_SIDE_COMMAND ? row->command : row->answer; *f != END;
		f++)
		put_field(&w, *f, v, version);
	if (w.failed)
		return -EMSGSIZE;
	*ret_length = w.at;
	return 0;
}

/* ---- reading ---- */

static void take_field(struct cursor *c, uint8_t field, struct ezsp_values *v, unsigned version)
{
	void *member = (uint8_t *)v + fields[field].offset;
	enum kind kind = fields[field].kind;
	size_t n = width(kind, version);

	switch (kind) {
	case KIND_U8:
		*(uint8_t *)member = cursor_u8(c);
		break;
	case KIND_U16:
	case KIND_N8_OF_16:
		*(uint16_t *)member = (uint16_t)cursor_le(c, n);
		break;
	case KIND_U32:
	case KIND_N8:
	case KIND_N16:
		*(uint32_t *)member = (uint32_t)cursor_le(c, n);
		break;
	case KIND_U64:
		*(uint64_t *)member = cursor_le64(c);
		break;
	case KIND_NETWORK_STATUS:
	case KIND_CONFIG_STATUS:
		v->status = n == 4 ? cursor_le32(c)
				   : status_of(cursor_u8(c), kind == KIND_NETWORK_STATUS);
		break;
	case KIND_KEY:
		cursor_copy(c, member, n);
		break;
	case KIND_BYTES:
	case KIND_LIST16:
		n = cursor_u8(c);
		n = kind == KIND_BYTES ? n : 2 * n;
		v->message = cursor_bytes(c, n);
		v->message_length = v->message ? n : 0;
		break;
	case KIND_BYTES32:
	case KIND_REST:
		n = kind == KIND_REST ? cursor_remaining(c) : cursor_le32(c);
		v->message = cursor_bytes(c, n);
		v->message_length = v->message ? n : 0;
		break;
	case KIND_IN_LIST:
		cursor_skip(c, 2 * (size_t)v->in_count);
		break;
	case KIND_OUT_LIST:
		cursor_skip(c, 2 * (size_t)v->out_count);
		break;
	}
}

int ezsp_decode(unsigned version, uint16_t id, enum ezsp_side side, const uint8_t *bytes,
	size_t length, struct ezsp_values *ret)
{
	const struct row *row = find(version, id);
	struct cursor c = cursor_init(bytes, length);

	*ret = (struct ezsp_values){ 0 };
	if (!row)
		return -EOPNOTSUPP;
	for (const uint8_t *f = side == EZSP_SIDE_COMMAND ? row->command : row->answer;
		*f != END && !c.failed; f++)
		take_field(&c, *f, ret, version);
	if (c.failed)
		return -EBADMSG;
	ret->trailing = cursor_remaining(&c);
	return 0;
}

bool ezsp_status_leads(unsigned version, uint16_t id)
{
	const struct row *row = find(version, id);

	return row && row->answer[0] != END &&
	       fields[row->answer[0]].offset == offsetof(struct ezsp_values, status);
}

bool ezsp_is_callback(unsigned version, uint16_t id)
{
	const struct row *row = find(version, id);

	return row && row->callback;
}

const char *ezsp_name(uint16_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == id)
			return rows[i].name;
	return "unknown";
}
