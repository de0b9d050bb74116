/*
 * The Zigbee device profile as a coordinator speaks it (Zigbee specification
 * R22, 2.4): profile 0, endpoint 0 to endpoint 0. Requests and responses, both
 * ways; what is read can be written again. Pure; not for what to ask whom and
 * when: that is nodes.h and interview.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Cluster of a message; its response has ZDO_RESPONSE besides. */
enum zdo_cluster {
	ZDO_NODE_ADDRESS = 0x0000, /* the short address of an EUI-64 */
	ZDO_EUI64 = 0x0001,        /* the EUI-64 of a short address */
	ZDO_NODE = 0x0002,
	ZDO_POWER = 0x0003,
	ZDO_SIMPLE = 0x0004, /* what an endpoint has */
	ZDO_ENDPOINTS = 0x0005,
	ZDO_MATCH = 0x0006,
	ZDO_ANNOUNCE = 0x0013, /* has no response */
	ZDO_BIND = 0x0021,
	ZDO_UNBIND = 0x0022,
	ZDO_LINKS = 0x0031, /* the neighbours of a router, and how well it hears them */
	ZDO_LEAVE = 0x0034,
	ZDO_PERMIT = 0x0036, /* joining */
	ZDO_RESPONSE = 0x8000,
};

/* Some of 2.4.5. */
enum zdo_status {
	ZDO_SUCCESS = 0x00,
	ZDO_INVALID_REQUEST = 0x80,
	ZDO_DEVICE_NOT_FOUND = 0x81,
	ZDO_INVALID_ENDPOINT = 0x82,
	ZDO_NOT_ACTIVE = 0x83,
	ZDO_NOT_SUPPORTED = 0x84,
	ZDO_TIMEOUT = 0x85,
	ZDO_NO_MATCH = 0x86,
	ZDO_NO_ENTRY = 0x88,
	ZDO_NO_DESCRIPTOR = 0x89,
	ZDO_INSUFFICIENT_SPACE = 0x8a,
	ZDO_NOT_PERMITTED = 0x8b,
	ZDO_TABLE_FULL = 0x8c,
	ZDO_NOT_AUTHORISED = 0x8d,
};

/* Capabilities, as announced and in the node descriptor (2.3.2.3.6). */
enum zdo_capability {
	ZDO_CAN_COORDINATE = 0x01,
	ZDO_IS_ROUTER = 0x02,
	ZDO_IS_ON_MAINS = 0x04,
	ZDO_HEARS_ALWAYS = 0x08, /* its receiver is on when it is idle; otherwise it sleeps */
	ZDO_IS_SECURE = 0x40,
	ZDO_TAKES_ADDRESS = 0x80,
};

enum zdo_type { ZDO_COORDINATOR, ZDO_ROUTER, ZDO_END_DEVICE };

#define ZDO_MESSAGE_MAX 128
#define ZDO_SEQUENCE_MAX 127 /* of ours */

/* Cluster numbers as they stand in a message: zdo_list_at(). */
struct zdo_list {
	const uint8_t *bytes; /* in place, two each */
	uint8_t count;
};

/* A neighbour of ZDO_LINKS. */
struct zdo_link {
	uint64_t eui64;
	uint16_t node;
	uint8_t type; /* enum zdo_type; 3: not known */
	uint8_t lqi;
};

/* Which members count depends on the cluster: they are named in the order in which they stand. */
struct zdo_message {
	uint16_t cluster; /* with ZDO_RESPONSE */
	uint8_t sequence;
	uint8_t status; /* of responses; what follows it is there only after ZDO_SUCCESS */

	uint64_t eui64; /* addresses, announce, leave; of bind: the source */
	uint16_t node;  /* addresses, descriptors, match, announce */
	uint8_t start;  /* index of requests for a list */

	uint8_t type;       /* of a node: enum zdo_type */
	uint8_t capability; /* of a node and announced: enum zdo_capability */
	uint16_t maker;     /* of a node: manufacturer code */
	uint16_t server;    /* of a node: mask of what it serves */
	uint8_t buffer_max; /* of a node; 0: it did not say */
	uint16_t power;     /* of a power descriptor: mode, sources, source, level: 4 bits each */

	uint8_t endpoint;         /* simple descriptor, bind: the source's */
	uint16_t profile, device; /* simple descriptor, match: profile */
	uint8_t version;          /* of a simple descriptor */
	struct zdo_list in, out;  /* simple descriptor, match */

	const uint8_t *endpoints; /* ZDO_ENDPOINTS, ZDO_MATCH: in place */
	uint8_t endpoint_count;

	uint16_t bound;      /* bind: the cluster */
	bool to_group;       /* bind: to `node`, a group, instead of to_eui64 */
	uint64_t to_eui64;   /* bind: the destination */
	uint8_t to_endpoint; /* bind */

	uint8_t flags;   /* ZDO_LEAVE: 0x80 rejoin, 0x40 children too */
	uint8_t seconds; /* ZDO_PERMIT */

	uint8_t total; /* ZDO_LINKS: entries that it has; from `start` on: */
	const uint8_t *links;
	uint8_t link_count;
};

#define ZDO_LEAVE_REJOIN 0x80
#define ZDO_LEAVE_CHILDREN 0x40

enum { _ZDO_E_OK, ZDO_E_UNKNOWN /* no such cluster here: sequence alone was read */ };

/* Takes a message apart; what follows its last field is let pass. Returns 0, ZDO_E_UNKNOWN, or
 * -EBADMSG when it ends within a field or contradicts itself. */
int zdo_read(struct zdo_message *ret, uint16_t cluster, const uint8_t *bytes, size_t length);
/* Returns the bytes written; -ENOBUFS when they do not fit, -EINVAL for a cluster that is not known
 * or lists that cannot stand in one message. */
ssize_t zdo_write(void *to, size_t size, const struct zdo_message *m);

uint16_t zdo_list_at(const struct zdo_list *l, unsigned i);
bool zdo_list_has(const struct zdo_list *l, uint16_t cluster);
/* i below link_count. */
struct zdo_link zdo_link_at(const struct zdo_message *m, unsigned i);

/* What we have, for those who ask. */
struct zdo_self {
	uint64_t eui64;
	uint16_t maker;
	uint8_t endpoint;
	uint16_t profile, device;
	struct zdo_list in, out;
};
/* Our response to a request, where the radio leaves that to us: addresses, descriptors, endpoints,
 * match; what else is asked is answered with ZDO_NOT_SUPPORTED. broadcast: then what is not about
 * us is not answered. False: no answer. *ret points into s. */
bool zdo_respond(struct zdo_message *ret, const struct zdo_message *request, bool broadcast,
	const struct zdo_self *s);
