/*
 * A message of the network as the parts of this room hand it on: the network
 * (radio's side) to the nodes (devices' side), and back. No codec: what is in
 * the payload is zigbee/zdo.h's (profile 0) or zigbee/zcl.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIGBEE_NODE_NONE 0xFFFF /* a short address that is not known */
#define ZIGBEE_NODE_COORDINATOR 0x0000
#define ZIGBEE_BROADCAST_AWAKE 0xFFFD   /* all but sleepy ones */
#define ZIGBEE_BROADCAST_ROUTERS 0xFFFC /* routers and the coordinator */
#define ZIGBEE_PROFILE_ZDO 0x0000
#define ZIGBEE_PROFILE_HOME 0x0104 /* home automation: what sensors use */
#define ZIGBEE_ENDPOINT 1          /* ours */
#define ZIGBEE_PAYLOAD_MAX 128     /* of one frame that is not fragmented */

/* One that came. bytes: during the call. */
struct zigbee_heard {
	uint16_t node;  /* sender's short address */
	uint64_t eui64; /* sender's; 0: the radio did not say */
	uint16_t profile, cluster;
	uint16_t group; /* of a multicast, else 0 */
	uint8_t source_endpoint, destination_endpoint;
	uint8_t aps_sequence;
	bool broadcast; /* or multicast */
	uint8_t lqi;
	int8_t rssi; /* dBm; 0: not known */
	const uint8_t *bytes;
	size_t length;
};

/* One to be sent. bytes are copied. */
struct zigbee_send {
	uint16_t node; /* or ZIGBEE_BROADCAST_... */
	uint16_t profile, cluster;
	uint8_t source_endpoint, destination_endpoint;
	uint32_t ticket; /* comes back with what became of it */
	const uint8_t *bytes;
	size_t length;
};

/* What became of it. */
enum zigbee_fate {
	ZIGBEE_DELIVERED, /* acknowledged; a broadcast: sent */
	ZIGBEE_UNDELIVERED,
	ZIGBEE_NOT_SENT, /* the radio refused it or is gone */
};
