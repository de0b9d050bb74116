/* Tables of status bits; see ble_status.h. */
#include "sim/ble_status.h"

#include <string.h>

#include "sim/ble_encode.h"

static const struct {
	enum sble_field field;
	const char *word;
	unsigned bit;
	const char *validity, *reason, *flag;
	bool none; /* no value is shown */
} table[] = {
	{ SBLE_PLX_STATUS, "ongoing", 5, NULL, NULL, NULL, false },
	{ SBLE_PLX_STATUS, "early-estimate", 6, NULL, NULL, "early-estimate", false },
	{ SBLE_PLX_STATUS, "validated", 7, NULL, NULL, NULL, false },
	{ SBLE_PLX_STATUS, "fully-qualified", 8, NULL, NULL, NULL, false },
	{ SBLE_PLX_STATUS, "stored", 9, NULL, NULL, "stored", false },
	{ SBLE_PLX_STATUS, "demo", 10, NULL, NULL, "demo", false },
	{ SBLE_PLX_STATUS, "test", 11, NULL, NULL, "test", false },
	{ SBLE_PLX_STATUS, "calibrating", 12, "calibrating", NULL, NULL, false },
	{ SBLE_PLX_STATUS, "unavailable", 13, "not-measured", "unavailable", NULL, true },
	{ SBLE_PLX_STATUS, "questionable", 14, "questionable", NULL, NULL, false },
	{ SBLE_PLX_STATUS, "invalid", 15, "invalid", NULL, NULL, false },
	{ SBLE_PLX_SENSOR, "held", 0, "questionable", "held", NULL, false },
	{ SBLE_PLX_SENSOR, "malfunction", 1, "invalid", "malfunction", NULL, false },
	{ SBLE_PLX_SENSOR, "irregular", 2, "questionable", "erratic", NULL, false },
	{ SBLE_PLX_SENSOR, "inadequate-signal", 3, "invalid", "weak-signal", NULL, false },
	{ SBLE_PLX_SENSOR, "weak-signal", 4, "questionable", "weak-signal", NULL, false },
	{ SBLE_PLX_SENSOR, "low-perfusion", 5, "questionable", "low-perfusion", NULL, false },
	{ SBLE_PLX_SENSOR, "erratic", 6, "questionable", "erratic", "artefact", false },
	{ SBLE_PLX_SENSOR, "non-pulsatile", 7, "invalid", "non-pulsatile", NULL, false },
	{ SBLE_PLX_SENSOR, "questionable-pulse", 8, "questionable", "questionable-pulse", NULL,
		false },
	{ SBLE_PLX_SENSOR, "warming-up", 9, "questionable", "warming-up", NULL, false },
	{ SBLE_PLX_SENSOR, "interference", 10, "questionable", "interference", "artefact", false },
	{ SBLE_PLX_SENSOR, "no-contact", 11, "sensor-off", "no-contact", NULL, true },
	{ SBLE_PLX_SENSOR, "unknown-sensor", 12, "questionable", "unknown-sensor", NULL, false },
	{ SBLE_PLX_SENSOR, "displaced", 13, "sensor-off", "displaced", NULL, true },
	{ SBLE_PLX_SENSOR, "sensor-malfunction", 14, "invalid", "malfunction", NULL, false },
	{ SBLE_PLX_SENSOR, "disconnected", 15, "sensor-off", "disconnected", NULL, true },
	{ SBLE_BP_STATUS, "motion", 0, "questionable", "motion", "artefact", false },
	{ SBLE_BP_STATUS, "cuff-loose", 1, "questionable", "cuff-loose", NULL, false },
	{ SBLE_BP_STATUS, "irregular-pulse", 2, "questionable", "irregular-pulse", NULL, false },
	{ SBLE_BP_STATUS, "wrong-position", 5, "questionable", "wrong-position", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "low-battery", 0, NULL, "low-battery", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "malfunction", 1, "invalid", "malfunction", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "sample-error", 2, "invalid", "sample-error", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "strip-error", 3, "invalid", "strip-error", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "above-range", 5, "above-range", "out-of-range", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "below-range", 6, "below-range", "out-of-range", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "too-hot", 7, "invalid", "too-hot", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "too-cold", 8, "invalid", "too-cold", NULL, false },
	{ SBLE_GLUCOSE_STATUS, "time-fault", 11, NULL, NULL, "ambiguous-time", false },
	{ SBLE_CGM_STATUS, "session-stopped", 0, "not-measured", "session-stopped", NULL, true },
	{ SBLE_CGM_STATUS, "low-battery", 1, NULL, "low-battery", NULL, false },
	{ SBLE_CGM_STATUS, "wrong-sensor", 2, "invalid", "wrong-sensor", NULL, false },
	{ SBLE_CGM_STATUS, "malfunction", 3, "invalid", "malfunction", NULL, false },
	{ SBLE_CGM_STATUS, "uncalibrated", 11, "questionable", "uncalibrated", NULL, false },
	{ SBLE_CGM_STATUS, "too-hot", 12, "invalid", "too-hot", NULL, false },
	{ SBLE_CGM_STATUS, "too-cold", 13, "invalid", "too-cold", NULL, false },
	{ SBLE_CGM_STATUS, "below-range", 22, "below-range", "out-of-range", NULL, false },
	{ SBLE_CGM_STATUS, "above-range", 23, "above-range", "out-of-range", NULL, false },
};

uint32_t sble_status_now(struct sble_device *d, enum sble_field field, struct sble_message *m)
{
	const char *word = field == SBLE_PLX_SENSOR && sble_device_sensor_off(d) ? "no-contact"
			   : sble_fault_then(d, d->fault.status_until)           ? d->fault.status
										 : "";

	for (size_t i = 0; *word && i < ARRAY_SIZE(table); i++) {
		if (table[i].field != field || strcmp(table[i].word, word) != 0)
			continue;
		for (size_t k = 0; k < m->count; k++) {
			m->values[k].validity = table[i].validity;
			m->values[k].reason = table[i].reason;
			m->values[k].none |= table[i].none;
		}
		if (table[i].flag)
			sble_message_flag(m, table[i].flag);
		return 1u << table[i].bit;
	}
	return 0;
}

static const struct {
	const char *word;
	uint16_t raw;
	const char *validity;
} specials[] = { { "nan", SBLE_SFLOAT_NAN, "not-measured" },
	{ "nres", SBLE_SFLOAT_NRES, "not-measured" },
	{ "plus-infinity", SBLE_SFLOAT_PLUS, "above-range" },
	{ "minus-infinity", SBLE_SFLOAT_MINUS, "below-range" }, { "reserved", 0x0801, "invalid" } };

const char *sble_status_word(size_t index)
{
	return index < ARRAY_SIZE(table) ? table[index].word : NULL;
}

const char *sble_special_word(size_t index)
{
	return index < ARRAY_SIZE(specials) ? specials[index].word : NULL;
}

bool sble_special_now(struct sble_device *d, struct sble_value *v, uint16_t *ret)
{
	if (!sble_fault_then(d, d->fault.special_until))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
		if (strcmp(specials[i].word, d->fault.special) != 0)
			continue;
		v->none = true;
		v->validity = specials[i].validity;
		v->reason = specials[i].word;
		v->raw[0] = 0;
		*ret = specials[i].raw;
		return true;
	}
	return false;
}

uint32_t sble_special_float(uint16_t word)
{
	return word & 0x0800 ? 0x00800000u | (word & 0x7ffu) : 0x007ff800u | (word & 0x7ffu);
}

int64_t sble_stamp(struct sble_device *d, struct sble_message *m)
{
	/* When it was due: late on a busy machine, two would have the same second, and where their
	 * values are the same, too, nobody could tell them apart. */
	int64_t late_us = (sble_now(d->ble) - d->moment) / d->ble->speed;
	int64_t wall_ms = sble_device_wall_ms(d) - late_us / 1000;

	if (d->clock_unset) {
		sble_message_flag(m, "ambiguous-time");
		return INT64_MIN;
	}
	m->device_ms = wall_ms / 1000 * 1000;
	return wall_ms;
}
