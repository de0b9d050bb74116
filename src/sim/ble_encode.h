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

/* Temperature Measurement, HTS 3.1; a FLOAT. */
struct sble_temperature {
	uint32_t value;
	bool fahrenheit, has_time;
	int64_t wall_ms;
	uint8_t type; /* 0: not told */
};
void sble_put_temperature(struct octets *o, const struct sble_temperature *t);

/* Blood Pressure Measurement and Intermediate Cuff Pressure, BLS 3.1; SFLOATs. */
struct sble_pressure {
	uint16_t systolic, diastolic, mean, pulse;
	bool kpa, has_time, has_pulse, has_user, has_status;
	int64_t wall_ms;
	uint8_t user;
	uint16_t status;
};
void sble_put_pressure(struct octets *o, const struct sble_pressure *p);

/* PLX Spot-Check and Continuous Measurement, PLXS 3.1 and 3.2: their flags differ. */
struct sble_oximetry {
	uint16_t spo2, pulse, fast[2], slow[2], amplitude; /* SFLOATs */
	bool has_time, has_pairs, has_status, has_sensor, has_amplitude, clock_unset;
	int64_t wall_ms;
	uint16_t status;
	uint32_t sensor;
};
void sble_put_spot(struct octets *o, const struct sble_oximetry *p);
void sble_put_continuous(struct octets *o, const struct sble_oximetry *p);

/* Glucose Measurement, GLS 3.1. */
struct sble_glucose {
	uint16_t sequence;
	int64_t base_ms; /* wall clock */
	bool has_offset, has_concentration, mol, has_status, context;
	int offset_minutes;
	uint16_t concentration; /* SFLOAT of kg/L or mol/L */
	uint8_t type, location;
	uint16_t status;
};
void sble_put_glucose(struct octets *o, const struct sble_glucose *g);
/* Glucose Measurement Context with carbohydrates (of kind carb_id, SFLOAT of kg) and a meal. */
void sble_put_glucose_context(
	struct octets *o, uint16_t sequence, uint8_t carb_id, uint16_t carbs, uint8_t meal);

/* One record of CGM Measurement, CGMS 3.1; concentration is an SFLOAT of mg/dL. */
struct sble_cgm {
	uint16_t concentration, offset_minutes;
	uint32_t status; /* octets: status, calibration and temperature, warning */
	bool has_trend, has_quality, crc;
	uint16_t trend, quality;
};
void sble_put_cgm(struct octets *o, const struct sble_cgm *g);

/* Weight Measurement, WSS 3.2; in the units of the wire: 0.005 kg or 0.01 lb, 0.1 kg/m2, 0.001 m
 * or 0.1 in. */
struct sble_weight {
	uint16_t weight, bmi, height;
	bool imperial, has_time, has_user, has_height;
	int64_t wall_ms;
	uint8_t user;
};
void sble_put_weight(struct octets *o, const struct sble_weight *w);

/* Body Composition Measurement, BCS 3.2: 0.1 %, kJ, 0.1 %, 0.1 Ohm; 0: left out, but for the fat.
 */
struct sble_composition {
	uint16_t fat, metabolism, muscle, impedance, weight;
	bool has_time;
	int64_t wall_ms;
};
void sble_put_composition(struct octets *o, const struct sble_composition *c);
