/*
 * What an event of the scenario does to the quality of values: bits of status
 * and words that are no numbers, with what the broker is to see of them
 * (docs/ble.md). A table of the simulator's own.
 */
#pragma once

#include "sim/ble_device.h"

/* Which bits a status word has: one kind of field each. */
enum sble_field {
	SBLE_PLX_STATUS,
	SBLE_PLX_SENSOR,
	SBLE_BP_STATUS,
	SBLE_GLUCOSE_STATUS,
	SBLE_CGM_STATUS
};

/* The bits of that field that the event Do=status of the device sets now; what it does to the
 * values is noted on the message's. */
uint32_t sble_status_now(struct sble_device *d, enum sble_field field, struct sble_message *m);
/* The words of Do=status, and of Do=special, by their number; NULL past the last. */
const char *sble_status_word(size_t index);
const char *sble_special_word(size_t index);
/* Do=special: whether the value is one of the words that are no numbers now; then it is noted on v
 * and *ret is the word of an SFLOAT. */
bool sble_special_now(struct sble_device *d, struct sble_value *v, uint16_t *ret);
/* The FLOAT of such an SFLOAT. */
uint32_t sble_special_float(uint16_t word);
/* A time stamp of the device's clock as it was when this measurement was due, on the message; *ret
 * is what is sent, INT64_MIN for a clock that was never set. */
int64_t sble_stamp(struct sble_device *d, struct sble_message *m);
