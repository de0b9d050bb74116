/* What kinds of bedside device there are and what each sends; see scenario.h. */
#include <string.h>

#include "sim/scenario.h"

static const struct profile profiles[] = {
	{ .name = "monitor",
		.of_patient = true,
		.interval_ms = 1000,
		.sends = { { Q_HEART_RATE, 1 }, { Q_RESPIRATORY_RATE, 1 }, { Q_SPO2, 1 },
			{ Q_BODY_TEMPERATURE, 5 }, { Q_BP_SYSTOLIC, 10 }, { Q_BP_DIASTOLIC, 10 },
			{ Q_BP_MEAN, 10 } },
		.count = 7,
		.on_event = _Q_MAX },
	{ .name = "oximeter",
		.of_patient = true,
		.interval_ms = 1000,
		.sends = { { Q_SPO2, 1 }, { Q_PULSE_RATE, 1 }, { Q_PERFUSION_INDEX, 2 },
			{ Q_BATTERY, 20 } },
		.count = 4,
		.on_event = _Q_MAX },
	{ .name = "thermometer",
		.of_patient = true,
		.interval_ms = 5000,
		.sends = { { Q_BODY_TEMPERATURE, 1 }, { Q_BATTERY, 4 } },
		.count = 2,
		.on_event = _Q_MAX },
	{ .name = "bp-cuff",
		.of_patient = true,
		.interval_ms = 15000,
		.sends = { { Q_BP_SYSTOLIC, 1 }, { Q_BP_DIASTOLIC, 1 }, { Q_BP_MEAN, 1 },
			{ Q_PULSE_RATE, 1 } },
		.count = 4,
		.on_event = _Q_MAX },
	{ .name = "fridge",
		.interval_ms = 5000,
		.sends = { { Q_AMBIENT_TEMPERATURE, 1 }, { Q_CONTACT, 1 }, { Q_BATTERY, 10 } },
		.count = 3,
		.on_event = Q_CONTACT },
	{ .name = "room",
		.interval_ms = 5000,
		.sends = { { Q_AMBIENT_TEMPERATURE, 1 }, { Q_HUMIDITY, 1 }, { Q_AMBIENT_CO2, 1 } },
		.count = 3,
		.on_event = _Q_MAX },
	{ .name = "call-button",
		.interval_ms = 10000,
		.sends = { { Q_BATTERY, 1 } },
		.count = 1,
		.on_event = Q_BUTTON },
};

const struct profile *profile_at(size_t index)
{
	return index < ARRAY_SIZE(profiles) ? &profiles[index] : NULL;
}

const struct profile *profile_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (!strcmp(profiles[i].name, name))
			return &profiles[i];
	return NULL;
}
