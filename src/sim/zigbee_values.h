/*
 * What Zigbee sensors measure: how the broker calls it, how it travels, and its
 * course, which walks about a base. A course depends on the seed, the device and
 * how often it was measured, and on nothing else. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/rng.h"
#include "wardgate/decimal.h"

/* name, exponent of the number on the wire, base, sigma, low, high (in its units) */
#define SZB_METRICS(X)                                                                             \
	X(TEMPERATURE, "ambient-temperature", -2, 2150, 3, -4000, 12500)                           \
	X(HUMIDITY, "humidity", -2, 4400, 15, 0, 10000)                                            \
	X(PRESSURE, "pressure", 0, 1013, 1, 300, 1100)                                             \
	X(ILLUMINANCE, "illuminance", 0, 320, 8, 1, 2000)                                          \
	X(CO2, "ambient-co2", 0, 640, 6, 380, 5000)                                                \
	X(PM2_5, "pm2-5", -1, 112, 4, 0, 9990)                                                     \
	X(VOLTAGE, "voltage", -1, 2304, 4, 0, 4000)                                                \
	X(CURRENT, "current", -3, 412, 6, 0, 16000)                                                \
	X(POWER, "power", -1, 948, 12, 0, 32000)                                                   \
	X(BATTERY, "battery", -1, 925, 0, 0, 1000)                                                 \
	X(BATTERY_VOLTAGE, "battery-voltage", -1, 30, 0, 0, 60)                                    \
	/* from here on 0 or 1 */                                                                  \
	X(OCCUPANCY, "occupancy", 0, 0, 0, 0, 1)                                                   \
	X(CONTACT, "contact", 0, 1, 0, 0, 1)                                                       \
	X(MOTION, "motion", 0, 0, 0, 0, 1)                                                         \
	X(WATER, "water-leak", 0, 0, 0, 0, 1)                                                      \
	X(SMOKE, "smoke", 0, 0, 0, 0, 1)                                                           \
	X(EMERGENCY, "emergency", 0, 0, 0, 0, 1)                                                   \
	X(TAMPER, "tamper", 0, 0, 0, 0, 1)                                                         \
	X(BATTERY_LOW, "battery-low", 0, 0, 0, 0, 1)                                               \
	/* a word */                                                                               \
	X(BUTTON, "button", 0, 0, 0, 0, 5)

enum szb_metric {
#define X(id, name, exponent, base, sigma, low, high) SZB_##id,
	SZB_METRICS(X)
#undef X
		_SZB_METRIC_MAX
};

#define SZB_BUTTON_WORDS 6

/* A number on the wire in its own units, but for illuminance (lx) and CO2 (ppm). */
struct szb_walk {
	struct rng rng;
	int64_t now, base;
	int64_t pull_from, pull_to, pull_start_us, pull_over_us, pull_end_us; /* end 0: none */
};

/* _SZB_METRIC_MAX when there is none of that name. */
enum szb_metric szb_metric_by_name(const char *name);
const char *szb_metric_name(enum szb_metric m);
static inline bool szb_is_flag(enum szb_metric m)
{
	return m >= SZB_OCCUPANCY && m <= SZB_BATTERY_LOW;
}
/* "4.2", "true" or "double" into the metric's units. Returns 0 or -EINVAL. */
int szb_value_parse(enum szb_metric m, const char *text, int64_t *ret);
const char *szb_button_word(int64_t value);
struct decimal szb_decimal(enum szb_metric m, int64_t value);

void szb_walk_init(struct szb_walk *w, enum szb_metric m, uint64_t seed, uint64_t device);
/* To the value within over_us, and there for hold_us; then it is free again. */
void szb_walk_pull(struct szb_walk *w, enum szb_metric m, int64_t value, int64_t at_us,
	int64_t over_us, int64_t hold_us);
/* One measurement more. toggle: thousandths of chance that a flag turns. */
void szb_walk_next(struct szb_walk *w, enum szb_metric m, int64_t at_us, unsigned toggle);
