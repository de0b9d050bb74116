/* The table of kinds; see ble_kinds.h. */
#include "sim/ble_kinds.h"

#include <string.h>

#include "sim/ble_kind.h"
#include "util/cleanup.h"

#define BROADCASTER(n, i, a, s, f, v)                                                              \
	{                                                                                          \
		.name = n, .interval_ms = i, .advertise_ms = a, .sealed = s, .advert = f,          \
		.variants = v                                                                      \
	}

static const struct sble_kind kinds[] = {
	{ .name = "heart-rate",
		.variants = "wide no-contact-bits rr energy",
		.service = 0x180d,
		.appearance = 833,
		.interval_ms = 1000,
		.advertise_ms = 200,
		.build = sble_heart_build,
		.read = sble_heart_read,
		.write = sble_heart_write,
		.measure = sble_heart_measure },
	{ .name = "thermometer",
		.variants = "fahrenheit hundredths no-time",
		.service = 0x1809,
		.appearance = 768,
		.interval_ms = 60000,
		.advertise_ms = 200,
		.episodic = true,
		.build = sble_thermometer_build,
		.read = sble_thermometer_read,
		.intermediate = sble_thermometer_intermediate,
		.measure = sble_thermometer_measure },
	{ .name = "oximeter",
		.variants = "decimal pairs no-amplitude",
		.service = 0x1822,
		.appearance = 3136,
		.interval_ms = 1000,
		.advertise_ms = 200,
		.build = sble_oximeter_build,
		.read = sble_oximeter_read,
		.measure = sble_oximeter_measure },
	{ .name = "spot-oximeter",
		.variants = "decimal no-amplitude no-time",
		.service = 0x1822,
		.appearance = 3136,
		.interval_ms = 60000,
		.advertise_ms = 200,
		.episodic = true,
		.build = sble_oximeter_build,
		.read = sble_oximeter_read,
		.measure = sble_spot_measure },
	{ .name = "cuff",
		.variants = "kpa no-mean no-pulse no-time user",
		.service = 0x1810,
		.appearance = 896,
		.interval_ms = 60000,
		.advertise_ms = 200,
		.episodic = true,
		.build = sble_cuff_build,
		.read = sble_cuff_read,
		.intermediate = sble_cuff_intermediate,
		.measure = sble_cuff_measure },
	{ .name = "meter",
		.variants = "mmol offset context control-solution",
		.service = 0x1808,
		.appearance = 1024,
		.interval_ms = 60000,
		.advertise_ms = 200,
		.episodic = true,
		.build = sble_meter_build,
		.read = sble_meter_read,
		.reboot = sble_meter_reboot,
		.stores = true,
		.serve = sble_meter_serve,
		.write = sble_records_write,
		.measure = sble_meter_measure },
	{ .name = "cgm",
		.variants = "crc trend quality",
		.service = 0x181f,
		.appearance = 3392,
		.interval_ms = 60000,
		.advertise_ms = 500,
		.build = sble_cgm_build,
		.read = sble_cgm_read,
		.write = sble_cgm_write,
		.reboot = sble_cgm_reboot,
		.stores = true,
		.serve = sble_cgm_serve,
		.measure = sble_cgm_measure },
	{ .name = "scale",
		.variants = "imperial height no-time user",
		.service = 0x181d,
		.appearance = 3200,
		.interval_ms = 60000,
		.advertise_ms = 200,
		.episodic = true,
		.build = sble_scale_build,
		.read = sble_scale_read,
		.measure = sble_scale_measure },
	{ .name = "body-scale",
		.variants = "imperial height no-time user",
		.service = 0x181b,
		.appearance = 3200,
		.interval_ms = 60000,
		.advertise_ms = 200,
		.episodic = true,
		.build = sble_scale_build,
		.read = sble_scale_read,
		.measure = sble_scale_measure },
	{ .name = "room",
		.variants = "pressure",
		.service = 0x181a,
		.appearance = 1344,
		.interval_ms = 5000,
		.advertise_ms = 500,
		.build = sble_room_build,
		.read = sble_room_read,
		.measure = sble_room_measure },
	BROADCASTER("bthome", 5000, 1000, false, sble_bthome_advert, "extended"),
	BROADCASTER("bthome-sealed", 5000, 1000, true, sble_bthome_advert, "extended"),
	BROADCASTER("atc", 10000, 2500, false, sble_atc_advert, ""),
	BROADCASTER("atc-sealed", 10000, 2500, true, sble_atc_advert, ""),
	BROADCASTER("pvvx", 10000, 2500, false, sble_pvvx_advert, ""),
	BROADCASTER("pvvx-sealed", 10000, 2500, true, sble_pvvx_advert, ""),
	BROADCASTER("ruuvi-3", 5000, 1285, false, sble_ruuvi3_advert, ""),
	BROADCASTER("ruuvi-5", 5000, 1285, false, sble_ruuvi5_advert, ""),
	BROADCASTER("ruuvi-6", 5000, 1285, false, sble_ruuvi6_advert, "calibrating"),
	BROADCASTER("eddystone", 5000, 1000, false, sble_eddystone_advert, ""),
	BROADCASTER("ibeacon", 5000, 500, false, sble_ibeacon_advert, ""),
};

const struct sble_kind *sble_kind_at(size_t index)
{
	return index < ARRAY_SIZE(kinds) ? &kinds[index] : NULL;
}

const struct sble_kind *sble_kind_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}
