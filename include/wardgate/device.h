/*
 * What the gateway knows of a device: who it is (from the configuration) and
 * what it has said of itself. The registry (gateway/registry.h) owns them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wardgate/label.h"

enum transport { TRANSPORT_BLE, TRANSPORT_ZIGBEE, TRANSPORT_COAP, _TRANSPORT_MAX };

enum device_use {
	USE_FIXED,  /* stays at its bed */
	USE_WORN,   /* follows its patient */
	USE_SHARED, /* belongs to nobody but within an assignment */
	_USE_MAX
};

enum device_state {
	DEVICE_NEVER_HEARD,
	DEVICE_PRESENT,
	DEVICE_SILENT, /* nothing for 3 x ExpectEvery= */
	_DEVICE_STATE_MAX
};

/* What a device says of itself, in the order of the device document. */
enum device_fact { FACT_MAKER, FACT_MODEL, FACT_SERIAL, FACT_FIRMWARE, FACT_UDI, _FACT_MAX };

#define DEVICE_ADDRESS_MAX 128 /* bytes, without the final 0 */
#define DEVICE_FACT_MAX 64

struct device {
	struct label *name;
	enum transport transport;
	char address[DEVICE_ADDRESS_MAX + 1];
	enum device_use use;
	struct label *bed;       /* NULL: none */
	int64_t expect_every_us; /* ExpectEvery=; 0: not said */
	int64_t hinted_every_us; /* the shortest that its own messages promised; 0: none did */
	enum device_state state;
	int64_t last_heard_us;      /* UTC; 0: never */
	int64_t last_heard_boot_us; /* boot-time clock */
	/* Boot-time clock, 0: never. When it last sent more than was taken from it, and when
	 * somebody last failed to prove to be it. */
	int64_t flooded_boot_us, unproven_boot_us;
	bool bond_stale;          /* it has forgotten its bond with the gateway */
	uint64_t device_sequence; /* last one given out */
	char *facts[_FACT_MAX];   /* NULL: unknown */
	int battery_percent;      /* -1: unknown */
	uint8_t link_quality;     /* Zigbee: of what was heard last, to 255; 0: unknown */
	void *driver_data;        /* the driver's own; it frees it in its forget() */
	void *dedup;              /* gateway/dedup.c's */
	uint16_t repeats;         /* readings that it may say again, a power of two; 0: many */
	void *document;           /* publish/documents.c's mark */
};

const char *transport_text(enum transport t);
int transport_by_text(const char *text);
const char *device_use_text(enum device_use u);
const char *device_state_text(enum device_state s);
const char *device_fact_text(enum device_fact f);
