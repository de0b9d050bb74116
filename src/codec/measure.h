/*
 * Builds the readings of one measurement: what they have in common stands in
 * struct measure, each value is added with the quality that the device gave it.
 * For the decoders of BLE and of whoever else carries status bits. The tables of
 * docs/ble.md say what becomes of each bit; how two findings combine is here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/decimal.h"
#include "wardgate/decoded.h"
#include "wardgate/metric.h"

/* ---- quality ---- */

struct quality {
	uint8_t validity; /* enum validity */
	uint16_t reason;  /* enum word */
	uint16_t flags;   /* enum reading_flag */
};

/* What one bit of a status field means when it is set. */
struct quality_bit {
	uint32_t bit;
	struct quality means;
};

/* The worse validity with its reason, the flags of both. From worst to best: sensor-off, invalid,
 * not-measured, calibrating, below- and above-range, questionable, valid. Where one only says that
 * there is no number (nan, nres), the other's reason stands. */
struct quality quality_worse(struct quality a, struct quality b);
/* All bits of the field taken together; bits that the table lacks mean nothing. */
struct quality quality_of_bits(const struct quality_bit *table, size_t count, uint32_t field);

/* ---- units ---- */

/* (number + before) * num / den * 10^shift, rounded to places; num 0: the point is only shifted. */
struct conversion {
	uint16_t raw_unit; /* enum word */
	int8_t shift;
	uint8_t places;
	int64_t num, den;
	struct decimal before;
};

extern const struct conversion convert_kpa_to_mmhg;
extern const struct conversion convert_fahrenheit;
extern const struct conversion convert_lb_to_kg;
extern const struct conversion convert_kg_per_l_to_mmol; /* of glucose */
extern const struct conversion convert_mol_per_l_to_mmol;
extern const struct conversion convert_mg_per_dl_to_mmol; /* of glucose */

/* ---- readings ---- */

struct measure {
	struct decoded *out;
	struct quality quality; /* of all values */
	struct reading like;    /* what all have in common: time, site, method, flags, instance */
	uint64_t key;           /* names the measurement within the device; 0: it has none */
};

/* The next reading, with what all have in common; NULL when the list is full. */
struct reading *measure_add(const struct measure *m, enum metric metric);
/* A number, in the metric's unit after the conversion (NULL: it is already). One that cannot be of
 * this metric becomes invalid, "implausible". */
void measure_number(const struct measure *m, enum metric metric, struct decimal number,
	const struct conversion *conversion);
/* mantissa * 10^exponent */
void measure_scaled(const struct measure *m, enum metric metric, int64_t mantissa, int exponent);
/* The two formats of IEEE 11073-20601, their special words included. */
void measure_sfloat(const struct measure *m, enum metric metric, uint16_t word,
	const struct conversion *conversion);
void measure_float(const struct measure *m, enum metric metric, uint32_t word,
	const struct conversion *conversion);
void measure_boolean(const struct measure *m, enum metric metric, bool value);
/* value: one of the metric's words; WORD_NONE adds nothing. */
void measure_word(const struct measure *m, enum metric metric, enum word value);
/* No value, for this reason. */
void measure_none(
	const struct measure *m, enum metric metric, enum validity validity, enum word reason);

/* A key of parts that name a measurement. Never 0. */
uint64_t measure_key(const void *bytes, size_t n, uint64_t a, uint64_t b);
