/*
 * Values as Bluetooth's services carry them: numbers of IEEE 11073, dates, and
 * the characteristics that have flags before their fields. Pure, and written
 * without the gateway's codecs on purpose: it is the other opinion.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/ble_octets.h"

/* mantissa * 10^exponent; the five words that are no numbers are these. */
#define SBLE_SFLOAT_NAN 0x07ff
#define SBLE_SFLOAT_NRES 0x0800
#define SBLE_SFLOAT_PLUS 0x07fe
#define SBLE_SFLOAT_MINUS 0x0802
uint16_t sble_sfloat(int mantissa, int exponent);
uint32_t sble_float(int32_t mantissa, int exponent);

/* Date Time (7 bytes) of a wall clock in milliseconds as if it were UTC; all zero for INT64_MIN,
 * a clock that was never set. */
void sble_put_date_time(struct octets *o, int64_t wall_ms);
/* Current Time (10 bytes). */
void sble_put_current_time(struct octets *o, int64_t wall_ms, uint8_t reason);

/* CRC-16/MCRF4XX bit by bit, over all that o has from there on; appended. */
void sble_put_crc(struct octets *o, size_t from);

struct sble_heart {
	unsigned rate;
	bool wide; /* as 16 bits also where 8 would do */
	bool tells_contact, contact;
	bool has_energy;
	uint16_t energy;
	uint16_t rr[9]; /* 1/1024 s, oldest first */
	size_t rr_count;
};
/* Heart Rate Measurement, HRS 3.1. */
void sble_put_heart(struct octets *o, const struct sble_heart *h);
