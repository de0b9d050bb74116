/* The table of kinds; see ble_kinds.h. */
#include "sim/ble_kinds.h"

#include <string.h>

#include "sim/ble_kind.h"
#include "util/cleanup.h"

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
	{ .name = "bthome",
		.interval_ms = 5000,
		.advertise_ms = 1000,
		.advert = sble_bthome_advert },
	{ .name = "bthome-sealed",
		.interval_ms = 5000,
		.advertise_ms = 1000,
		.sealed = true,
		.advert = sble_bthome_advert },
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
