/*
 * How a device of node_ward.h answers a request.
 */
#pragma once

#include "unit/zigbee/node_ward.h"

struct node_answer {
	uint16_t cluster;
	size_t length;
	uint8_t bytes[ZIGBEE_PAYLOAD_MAX];
	bool enroll_request; /* and it asks to be enrolled */
};

/* False: it has no answer. */
bool node_device_answer(struct node_device *d, const struct zigbee_send *s, struct node_answer *a);
