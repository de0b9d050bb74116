/*
 * What the simulated devices can measure: how it is called, in which SenML unit
 * it travels and what the broker is to see of it. A table of the simulator's
 * own, so that a mistake in the gateway's does not hide itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quantity {
	Q_HEART_RATE,
	Q_PULSE_RATE,
	Q_RESPIRATORY_RATE,
	Q_SPO2,
	Q_PERFUSION_INDEX,
	Q_BODY_TEMPERATURE,
	Q_BP_SYSTOLIC,
	Q_BP_DIASTOLIC,
	Q_BP_MEAN,
	Q_AMBIENT_TEMPERATURE,
	Q_HUMIDITY,
	Q_AMBIENT_CO2,
	Q_BATTERY,
	Q_CONTACT,
	Q_BUTTON,
	_Q_MAX
};

enum quantity_kind { QUANTITY_NUMBER, QUANTITY_BOOLEAN, QUANTITY_WORD };

/* How the broker's value becomes the device's. */
enum quantity_wire {
	WIRE_SAME,
	WIRE_RATIO,  /* percent travel as 0 to 1 */
	WIRE_PASCAL, /* mmHg travel as whole Pa */
};

struct quantity_info {
	const char *name;
	enum quantity_kind kind;
	uint8_t decimals; /* digits after the point that the device resolves, in the broker's unit
			   */
	enum quantity_wire wire;
	const char *unit;  /* SenML, as sent */
	const char *words; /* QUANTITY_WORD: the value is an index into these */
};

const struct quantity_info *quantity_info(enum quantity q);
/* _Q_MAX when there is none of that name. */
enum quantity quantity_by_name(const char *name);
/* Reads a value as people write it ("36.9", "true", "single") into the quantity's own steps.
 * Returns 0 or -EINVAL. */
int quantity_parse(enum quantity q, const char *text, int32_t *ret);
/* The index'th word, "" when there is none; valid until the next call. */
const char *quantity_word(enum quantity q, int32_t index);
