/* The table of kinds; see ble_kinds.h. */
#include "sim/ble_kinds.h"

#include <string.h>

#include "sim/ble_kind.h"
#include "util/cleanup.h"

#define BROADCASTER(n, i, a, s, f)                                                                 \
	{                                                                                          \
		.name = n, .interval_ms = i, .advertise_ms = a, .sealed = s, .advert = f           \
	}

static const struct sble_kind kinds[] = {
	{ .name = "heart-rate",
		.service = 0x180d,
		.appearance = 833,
		.interval_ms = 1000,
		.advertise_ms = 200,
		.build = sble_heart_build,
		.read = sble_heart_read,
		.write = sble_heart_write,
		.measure = sble_heart_measure },
	BROADCASTER("bthome", 5000, 1000, false, sble_bthome_advert),
	BROADCASTER("bthome-sealed", 5000, 1000, true, sble_bthome_advert),
	BROADCASTER("atc", 10000, 2500, false, sble_atc_advert),
	BROADCASTER("atc-sealed", 10000, 2500, true, sble_atc_advert),
	BROADCASTER("pvvx", 10000, 2500, false, sble_pvvx_advert),
	BROADCASTER("pvvx-sealed", 10000, 2500, true, sble_pvvx_advert),
	BROADCASTER("ruuvi-3", 5000, 1285, false, sble_ruuvi3_advert),
	BROADCASTER("ruuvi-5", 5000, 1285, false, sble_ruuvi5_advert),
	BROADCASTER("ruuvi-6", 5000, 1285, false, sble_ruuvi6_advert),
	BROADCASTER("eddystone", 5000, 1000, false, sble_eddystone_advert),
	BROADCASTER("ibeacon", 5000, 500, false, sble_ibeacon_advert),
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
