/*
 * The one stream of management packets that all adapters share: it keeps the
 * list of the machine's controllers, gives each adapter the controller that its
 * configuration means, and each packet to the adapter that it concerns. Pure.
 *
 * The driver opens the socket, calls adapter_router_start(), and then on every
 * turn: adapter_router_receive() for each packet read, adapter_router_tick()
 * when the deadline has come, adapter_router_output() until it gives nothing.
 * A packet that the socket does not take is kept by the driver and written first.
 */
#pragma once

#include "ble/adapter.h"

#define ADAPTERS_MAX 8
#define CONTROLLERS_MAX MGMT_INDEXES_MAX
#define ADAPTER_ROUTER_REPLY_US (10 * ADAPTER_S)
#define ADAPTER_ROUTER_LIST_US (60 * ADAPTER_S) /* the list is read anew while one is missing */
/* "auto" waits so long for the controller that it had before it takes another. */
#define ADAPTER_ROUTER_PREFER_US (30 * ADAPTER_S)

struct adapter_controller {
	bool used, known; /* known: info is there */
	bool asking;
	uint16_t index;
	struct mgmt_info info;
	struct adapter *adapter; /* that has it, NULL */
	int64_t deadline_us;     /* of the reply, or of the next question */
};

/* To be embedded; version, revision and controllers may be read. */
struct adapter_router {
	uint8_t version;
	uint16_t revision;
	struct adapter_controller controllers[CONTROLLERS_MAX];

	struct adapter *adapters[ADAPTERS_MAX];
	unsigned count;
	bool running, want_version, want_list;
	bool waiting_list;
	int64_t list_us, prefer_us;
	unsigned next; /* whose turn it is to be fetched from */
	uint64_t bad_packets;
};

void adapter_router_init(struct adapter_router *r);
/* Adapters are added before the start, each initialised; borrowed. 0 or -ENOSPC. */
int adapter_router_add(struct adapter_router *r, struct adapter *a);
/* The socket is open. */
void adapter_router_start(struct adapter_router *r, int64_t now_us);
/* It is gone: all adapters are OFF; text says why. */
void adapter_router_stop(struct adapter_router *r, const char *text, int64_t now_us);
void adapter_router_receive(
	struct adapter_router *r, const uint8_t *packet, size_t length, int64_t now_us);
/* size: at least MGMT_PACKET_MAX. One packet a call; 0: nothing. */
size_t adapter_router_output(struct adapter_router *r, uint8_t *to, size_t size, int64_t now_us);
int64_t adapter_router_deadline(const struct adapter_router *r);
void adapter_router_tick(struct adapter_router *r, int64_t now_us);
