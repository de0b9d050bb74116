/*
 * The commands of the steps: see network_private.h. Their order, and what the
 * settings are, is that of hosts that work with these radios.
 */
#include <string.h>

#include "util/cleanup.h"
#include "zigbee/network_private.h"

#define INIT_FLAGS 3 /* as it was before the reset; end devices need not rejoin */
#define SCAN_ENERGY 0
#define SCAN_DURATION 4 /* (2^4 + 1) * 15.36 ms for each channel */
#define SCAN_ACTIVE 1
#define LOOK_DURATION 3 /* (2^3 + 1) * 15.36 ms */
#define ALL_CHANNELS UINT32_C(0x07fff800)
#define VALUE_STACK_TOKENS 0x07
#define VALUE_EXTENDED_SECURITY 0x0a
#define VALUE_COUNTER 0x23
#define VALUE_LINK_COUNTER 0x24
#define CONFIG_KEY_TABLE 0x1e
/* Security of a network that we form: devices have keys that the radio makes of the trust centre's
 * key and their EUI-64, and get the network's key encrypted only. */
#define SECURITY 0x0b84
#define SECURITY_KEEP_COUNTERS 0x1000
/* New devices have the well-known or an install code's key; nobody may make us leave. */
#define SECURITY_MORE 0x0110

static const struct setting {
	uint16_t command;
	uint8_t id, width;
	uint16_t number;
} settings[] = {
	{ EZSP_SET_CONFIGURATION, 0x19, 0, 2 },    /* addresses that the trust centre caches */
	{ EZSP_SET_CONFIGURATION, 0x12, 0, 7680 }, /* ms that messages for sleepy children wait */
	{ EZSP_SET_CONFIGURATION, 0x10, 0, 30 },   /* hops */
	{ EZSP_SET_CONFIGURATION, 0x2d, 0, 1 },    /* networks */
	{ EZSP_SET_CONFIGURATION, 0x0c, 0, 2 },    /* Zigbee PRO */
	{ EZSP_SET_CONFIGURATION, 0x0d, 0, 5 },    /* security level */
	{ EZSP_SET_CONFIGURATION, 0x11, 0, 32 },   /* children */
	{ EZSP_SET_CONFIGURATION, 0x13, 0, 8 },   /* 2^8 min of silence, and a child is forgotten */
	{ EZSP_SET_CONFIGURATION, 0x36, 0, 300 }, /* s that keys for joining last */
	{ EZSP_SET_CONFIGURATION, CONFIG_KEY_TABLE, 0, 0 }, /* as many as came with a backup */
	{ EZSP_SET_POLICY, 0x01, 0, 0x12 }, /* devices may bind to endpoints that we have */
	{ EZSP_SET_POLICY, 0x04, 0, 0x40 }, /* the fate of a message comes without the message */
	{ EZSP_SET_VALUE, 0x43, 2, 10000 }, /* ms that a joining device is remembered */
	{ EZSP_SET_VALUE, 0x15, 1, 0 },     /* the radio listens before it talks as it likes best */
	{ EZSP_SET_MANUFACTURER_CODE, 0, 0, 0 },
	{ EZSP_SET_MULTICAST, 0, 0, 0 },    /* buttons send to a group: to this ... */
	{ EZSP_SET_MULTICAST, 1, 0, 901 },  /* ... or to this */
	{ EZSP_SET_POLICY, 0x05, 0, 0x51 }, /* devices may ask for a key of their own */
	{ EZSP_SET_POLICY, 0x06, 0, 0x60 }, /* but not for one between two of them */
	{ EZSP_SET_POLICY, POLICY_JOIN, 0, 0 },
};

/* What devices look for when they bind to us: all that sensors may send, and time. */
static const uint16_t in_clusters[] = { 0x0000, 0x0003, 0x000a, 0x0501 };
static const uint16_t out_clusters[] = { 0x0000, 0x0001, 0x0003, 0x0005, 0x0006, 0x0008, 0x0012,
	0x0020, 0x0400, 0x0402, 0x0403, 0x0405, 0x0406, 0x040d, 0x042a, 0x042c, 0x042d, 0x0500,
	0x0502, 0x0b04 };

uint32_t network_join_policy(const struct network *n, int64_t now_us)
{
	if (n->permit_until_us <= now_us)
		return POLICY_REJOIN;
	return POLICY_REJOIN | POLICY_ALLOW | (n->permit_well_known ? 0 : POLICY_INSTALL_CODE);
}

static uint16_t key_command(const struct network *n, bool link, struct ezsp_values *v)
{
	if (n->ezsp.version >= VERSION_EXPORT_KEY) {
		v->key_type = link ? KEY_TRUST_CENTRE : KEY_NETWORK;
		return EZSP_EXPORT_KEY;
	}
	v->type = link ? OLD_KEY_TRUST_CENTRE : OLD_KEY_NETWORK;
	return EZSP_GET_KEY;
}

uint16_t network_counter_command(const struct network *n, struct ezsp_values *v)
{
	return n->ezsp.version >= VERSION_EXPORT_KEY ? EZSP_GET_NETWORK_KEY_INFO
						     : key_command(n, false, v);
}

/* ---- commands; 0: nothing is to be sent ---- */

static uint16_t value_command(
	struct ezsp_values *v, uint8_t id, uint32_t number, size_t width, uint8_t to[static 4])
{
	for (size_t i = 0; i < width; i++)
		to[i] = (uint8_t)(number >> 8 * i);
	v->id = id;
	v->message = to;
	v->message_length = width;
	return EZSP_SET_VALUE;
}

static uint16_t setting_command(
	struct network *n, struct ezsp_values *v, uint8_t bytes[static 4], int64_t now_us)
{
	const struct setting *s = &settings[n->row];

	v->id = s->id;
	v->number = s->number;
	if (s->command == EZSP_SET_VALUE)
		return value_command(v, s->id, s->number, s->width, bytes);
	if (s->command == EZSP_SET_MULTICAST) {
		v->index = s->id;
		v->group = s->number;
		v->endpoint = ZIGBEE_ENDPOINT;
	} else if (s->command == EZSP_SET_MANUFACTURER_CODE) {
		v->number = n->maker = n->config.maker;
	} else if (s->command == EZSP_SET_POLICY && s->id == POLICY_JOIN) {
		v->number = network_join_policy(n, now_us);
	} else if (s->command == EZSP_SET_CONFIGURATION && s->id == CONFIG_KEY_TABLE) {
		v->number = n->restoring ? n->target.link_count : n->net.link_count;
		if (v->number == 0)
			return 0;
	}
	return s->command;
}

static void endpoint_command(struct ezsp_values *v)
{
	v->endpoint = ZIGBEE_ENDPOINT;
	v->profile = ZIGBEE_PROFILE_HOME;
	v->device = 0x0065;
	v->device_version = 1;
	v->in_count = ARRAY_SIZE(in_clusters);
	v->out_count = ARRAY_SIZE(out_clusters);
	v->in_clusters = in_clusters;
	v->out_clusters = out_clusters;
}

static void security_command(const struct network *n, struct ezsp_values *v)
{
	v->bitmask = SECURITY | (n->net.counter > 0 ? SECURITY_KEEP_COUNTERS : 0);
	memcpy(v->key, n->net.link_key, sizeof(v->key));
	memcpy(v->network_key, n->net.network_key, sizeof(v->network_key));
	v->key_sequence = n->net.key_sequence;
}

static uint16_t link_command(const struct network *n, struct ezsp_values *v)
{
	if (n->row >= n->net.link_count || n->ezsp.version < VERSION_TRANSIENT_KEY)
		return 0;
	v->index = (uint8_t)n->row;
	v->eui64 = n->net.links[n->row].eui64;
	memcpy(v->key, n->net.links[n->row].key, sizeof(v->key));
	return EZSP_IMPORT_LINK_KEY;
}

static void form_command(const struct network *n, struct ezsp_values *v)
{
	v->extended_pan = n->net.extended_pan;
	v->pan = n->net.pan;
	v->power = n->config.power;
	v->channel = n->net.channel;
	v->update_id = n->net.update_id;
	v->channels = ALL_CHANNELS;
}

static uint16_t token_command(
	struct network *n, bool set, struct ezsp_values *v, uint8_t bytes[static 8])
{
	v->number = n->token;
	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(n->target.eui64 >> 8 * i);
	v->message = bytes;
	v->message_length = 8;
	return set ? EZSP_SET_TOKEN_DATA : EZSP_GET_TOKEN_DATA;
}

uint16_t network_step_command(
	struct network *n, struct ezsp_values *v, uint8_t bytes[static 8], int64_t now_us)
{
	char why[NETWORK_WORDS_SIZE];

	switch ((enum network_step)n->step) {
	case STEP_EUI64:
		return EZSP_GET_EUI64;
	case STEP_TOKEN_ASK:
	case STEP_TOKEN_SET:
		return token_command(n, n->step == STEP_TOKEN_SET, v, bytes);
	case STEP_SETTINGS:
		return setting_command(n, v, bytes, now_us);
	case STEP_ENDPOINT:
		endpoint_command(v);
		return EZSP_ADD_ENDPOINT;
	case STEP_INIT:
		v->bitmask = INIT_FLAGS;
		return EZSP_NETWORK_INIT;
	case STEP_LEAVE:
		return EZSP_LEAVE_NETWORK;
	case STEP_SCAN:
		v->type = SCAN_ENERGY;
		v->number = network_scan_mask();
		v->duration = SCAN_DURATION;
		return EZSP_START_SCAN;
	case STEP_LOOK:
		v->type = SCAN_ACTIVE;
		v->number = UINT32_C(1) << network_quietest(n, why, sizeof(why));
		v->duration = LOOK_DURATION;
		return EZSP_START_SCAN;
	case STEP_COUNTER_SET:
		return n->net.counter == 0
			       ? 0
			       : value_command(v, VALUE_COUNTER, n->net.counter, 4, bytes);
	case STEP_LINK_COUNTER_SET:
		return n->net.link_counter == 0 ? 0
						: value_command(v, VALUE_LINK_COUNTER,
							  n->net.link_counter, 4, bytes);
	case STEP_SECURITY:
		security_command(n, v);
		return EZSP_SET_INITIAL_SECURITY;
	case STEP_SECURITY_MORE:
		return value_command(v, VALUE_EXTENDED_SECURITY, SECURITY_MORE, 2, bytes);
	case STEP_CLEAR_KEYS:
		return EZSP_CLEAR_KEY_TABLE;
	case STEP_LINKS:
		return link_command(n, v);
	case STEP_FORM:
		form_command(n, v);
		return EZSP_FORM_NETWORK;
	case STEP_TOKENS:
		return value_command(v, VALUE_STACK_TOKENS, 1, 1, bytes);
	case STEP_PARAMETERS:
		return EZSP_GET_NETWORK_PARAMETERS;
	case STEP_COUNTER:
		return network_counter_command(n, v);
	case STEP_KEY:
	case STEP_LINK_KEY:
		return key_command(n, n->step == STEP_LINK_KEY, v);
	case STEP_NONE:
	case STEP_KEEP:
	case _STEP_MAX:
		break;
	}
	return 0;
}

bool network_next_row(struct network *n)
{
	n->row++;
	if (n->step == STEP_SETTINGS)
		return n->row < ARRAY_SIZE(settings);
	return n->step == STEP_LINKS && n->row < n->net.link_count;
}

bool network_row_vital(const struct network *n)
{
	return settings[n->row].command == EZSP_SET_POLICY && settings[n->row].id == POLICY_JOIN;
}
