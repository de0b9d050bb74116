/*
 * Battery 0x180F (BAS 1.1): the charge left, read and, where the device tells
 * it, notified.
 */
#include "ble/profiles/profiles.h"

#include "util/cleanup.h"

#define LEVEL 0x2a19

static const struct profile_characteristic bas_characteristics[] = {
	{ LEVEL, PROFILE_USE_READ | PROFILE_USE_SUBSCRIBE },
};

static int bas_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);
	uint8_t level = cursor_u8(&cur);

	if (v->characteristic != LEVEL)
		return PROFILE_E_UNKNOWN;
	if (cursor_done(&cur) < 0)
		return PROFILE_E_MALFORMED;
	measure_scaled(&m, METRIC_BATTERY, level, 0);
	if (level <= 100 && v->instance == 0)
		c->out->battery_percent = level;
	return 0;
}

const struct ble_profile profile_battery = {
	.name = "battery",
	.service = 0x180f,
	.manner = PROFILE_PASSING,
	.characteristics = bas_characteristics,
	.characteristic_count = ARRAY_SIZE(bas_characteristics),
	.heard = bas_heard,
};
