/*
 * The discovery of ble/gatt.h, for gatt.c alone: page by page, each bounded by
 * the one before it, until it ends by discovered().
 */
#pragma once

#include "ble/gatt.h"

enum gatt_stage {
	STAGE_NONE, /* not begun, or failed */
	STAGE_HASH,
	STAGE_SERVICES,
	STAGE_INCLUDED,
	STAGE_CHARACTERISTICS,
	STAGE_DESCRIPTORS,
	STAGE_SUBSCRIBING, /* to Service Changed */
	STAGE_DONE,
};

/* Begins with the table as it is, if g->cached, else with none. Returns 0 or as the requests of
 * ble/att.h. */
int gatt_discovery_begin(struct gatt *g, int64_t now_us);
/* Ends it. */
void gatt_discovery_end(
	struct gatt *g, enum gatt_outcome outcome, uint8_t att_error, int64_t now_us);

/* The index of Service Changed in the table, SESSION_ATTRIBUTES_MAX when it has none. */
size_t gatt_service_changed(const struct gatt_table *t);
/* Subscribes to the attribute with that index. */
int gatt_subscribe(
	struct gatt *g, size_t index, bool indications, att_answer_fn answer, int64_t now_us);
