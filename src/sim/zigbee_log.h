/*
 * The log of `wardsim zigbee': every value that a device sent and what became of
 * it, as JSON lines like those of the other commands:
 *
 *   {"device":"fridge","metric":"ambient-temperature","value":4.21,
 *    "time":"2026-11-21T10:00:00.123Z","acknowledged":false,"by":"report","pack":7}
 *   ... "acknowledged":true,"by":"report","pack":7}
 *
 * A value has a line when the frame with it first leaves for the host, and one
 * more when the host has acknowledged that frame (ASH), or when it was lost for
 * good: "dropped" says where. What never left has the latter line only. The last
 * line of a pack counts. value has the digits that were sent, in the unit that
 * the broker sees; "raw" is beside it where the wire carries something else.
 * by: report, notification (IAS), command (buttons), lump (Aqara), datapoint
 * (Tuya), read.
 */
#pragma once

#include <stdint.h>

#include "sim/ble_log.h"
#include "sim/zigbee_values.h"

#define SZB_VALUES_MAX 8

struct szb_value {
	enum szb_metric metric;
	int64_t value;
	bool invalid; /* the device says that it has none */
	char raw[16]; /* "" : what the value says */
};

/* Values of one frame. */
struct szb_pack {
	struct szb_pack *next; /* among those that are free */
	const char *device, *by;
	uint32_t number;
	int64_t utc_ms;
	unsigned count;
	struct szb_value values[SZB_VALUES_MAX];
};

struct szb_packs {
	struct szb_pack *free;
	uint32_t numbers;
	size_t out; /* not given back yet */
};

/* NULL when out of memory. */
struct szb_pack *szb_pack_new(struct szb_packs *p, const char *device, const char *by);
void szb_pack_release(struct szb_packs *p, struct szb_pack *pack);
void szb_packs_done(struct szb_packs *p);
struct szb_value *szb_pack_add(struct szb_pack *pack, enum szb_metric metric, int64_t value);

/* dropped: why it was lost, or NULL. */
void szb_log_pack(
	struct sble_log *l, const struct szb_pack *pack, bool acknowledged, const char *dropped);
