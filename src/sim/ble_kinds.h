/*
 * What kinds of simulated BLE device there are: one row of ble_kinds.c each, its
 * functions in ble_kind_*.c (GATT servers) and ble_broadcast.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/ble_db.h"
#include "sim/ble_log.h"

#define SBLE_RECORDS_MAX 512

struct sble_device;

struct sble_kind {
	const char *name;
	uint16_t service; /* 0: a broadcaster */
	uint16_t appearance;
	int64_t interval_ms, advertise_ms;
	/* Measures now and then, advertises then, and keeps what was not taken. */
	bool episodic;
	bool sealed;          /* wants BindKey= */
	bool stores;          /* has records to be asked for, Stored= */
	const char *variants; /* the words of Variant= that it knows */
	/* Its services, beside those that all have. */
	void (*build)(struct sble_device *d, struct sble_db *db);
	/* Both return 0 or an ATT error. NULL: nothing of its own. */
	uint8_t (*read)(struct sble_device *d, uint32_t uuid, struct octets *ret);
	uint8_t (*write)(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n);
	/* One measurement: gives messages to sble_device_say(). */
	void (*measure)(struct sble_device *d);
	/* Measures before the cuff or probe has come to rest; NULL: it has no such thing. */
	void (*intermediate)(struct sble_device *d);
	/* It is switched on, also after it lost its power. */
	void (*reboot)(struct sble_device *d);
	/* In a turn of the loop: what was asked for at a control point. */
	void (*serve)(struct sble_device *d);
	/* Broadcasters: AD structures behind the flags, and the values that they say. */
	void (*advert)(struct sble_device *d, struct sble_message *m);
};

/* NULL when there is none of that name. */
const struct sble_kind *sble_kind_by_name(const char *name);
const struct sble_kind *sble_kind_at(size_t index);
