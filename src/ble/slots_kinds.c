/*
 * How to treat a device by its services: the table of connection parameters. See
 * slots.h.
 */
#include "ble/slots.h"

#include "ble/profiles/profiles.h"

/* The first row that fits counts. Thirty links need intervals of 100 ms and more to pass each other
 * by; one that wants to be over soon is quick. */
static const struct {
	uint16_t service, min, max, latency, timeout; /* as struct mgmt_params has them */
} rows[] = {
	{ 0x1822, 80, 160, 4, 600 },   /* pulse oximeter: a value a second */
	{ 0x180d, 80, 160, 4, 600 },   /* heart rate: a value a second, RR intervals */
	{ 0x181f, 320, 400, 4, 1000 }, /* CGM: a value in minutes */
	{ 0x181a, 320, 400, 4, 1000 }, /* environment */
	{ 0x1808, 24, 40, 0, 500 },    /* glucose: up to thousands of records at once */
	{ 0x1809, 24, 40, 0, 500 },    /* thermometer */
	{ 0x1810, 24, 40, 0, 500 },    /* blood pressure */
	{ 0x181b, 24, 40, 0, 500 },    /* body composition */
	{ 0x181d, 24, 40, 0, 500 },    /* weight */
	{ 0, 40, 80, 0, 600 },         /* whatever else */
};

void slots_parameters_of(const uint16_t *services, size_t count, struct mgmt_params *ret)
{
	size_t row = 0;

	for (; row < ARRAY_SIZE(rows) - 1; row++) {
		size_t i = 0;

		while (i < count && services[i] != rows[row].service)
			i++;
		if (i < count)
			break;
	}
	ret->min = rows[row].min;
	ret->max = rows[row].max;
	ret->latency = rows[row].latency;
	ret->timeout = rows[row].timeout;
}

enum slots_kind slots_kind_of(const uint16_t *services, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned id = 0; id < _PROFILE_MAX; id++)
			if (profile_row(id)->service == services[i] &&
				profile_row(id)->manner == PROFILE_STREAM)
				return SLOTS_STREAM;
	return SLOTS_EPISODIC;
}
