/*
 * The table of quirks. See quirks.h.
 */
#include "zigbee/quirks.h"

#include <stdlib.h>

#include "util/cleanup.h"
#include "util/text.h"
#include "wardgate/metric.h"

#define ZONE_MOTION 0x000d
#define ZONE_CONTACT 0x0015
#define ZONE_FIRE 0x0028
#define ZONE_WATER 0x002a
#define ZONE_PERSONAL 0x002c

#define EUI64_MAKER_SHIFT 40

#define NOTHING(...)
#define FIRMWARE_ROW NOTHING

static const struct {
	const char *maker, *model;
	struct quirk quirk;
} quirks[] = {
#define QUIRK_ROW(maker, model, flags, zone, every) { maker, model, { flags, zone, every } },
#define BUTTON_ROW NOTHING
#define LUMP_ROW NOTHING
#define POINT_ROW NOTHING
#include "zigbee/quirks.def"
#undef QUIRK_ROW
#undef FIRMWARE_ROW
};

static const struct {
	const char *maker, *model, *before;
	uint32_t flags;
} firmwares[] = {
#define QUIRK_ROW NOTHING
#define FIRMWARE_ROW(maker, model, before, flags) { maker, model, before, flags },
#include "zigbee/quirks.def"
#undef QUIRK_ROW
#undef FIRMWARE_ROW
#undef BUTTON_ROW
#define FIRMWARE_ROW NOTHING
};

static const struct {
	const char *maker, *model;
	uint16_t cluster;
	uint8_t command;
	int argument;
	struct quirk_press press;
} buttons[] = {
#define QUIRK_ROW NOTHING
#define BUTTON_ROW(maker, model, cluster, command, argument, button, word)                         \
	{ maker, model, cluster, command, argument, { button, WORD_##word } },
#include "zigbee/quirks.def"
#undef BUTTON_ROW
#undef LUMP_ROW
};

struct value_row {
	const char *who;
	uint8_t number;
	struct quirk_value value;
};

static const struct value_row lumps[] = {
#define BUTTON_ROW NOTHING
#define LUMP_ROW(model, tag, metric, form, exponent)                                               \
	{ model, tag, { METRIC_##metric, QUIRK_##form, exponent } },
#include "zigbee/quirks.def"
#undef LUMP_ROW
#undef POINT_ROW
};

static const struct value_row points[] = {
#define LUMP_ROW NOTHING
#define POINT_ROW(maker, point, metric, form, exponent)                                            \
	{ maker, point, { METRIC_##metric, QUIRK_##form, exponent } },
#include "zigbee/quirks.def"
#undef QUIRK_ROW
#undef BUTTON_ROW
#undef LUMP_ROW
#undef POINT_ROW
};

/* Takes one number of a version off, and the dot behind it; -1 where none stands. */
static long next_number(const char **at)
{
	char *end;
	long n = **at >= '0' && **at <= '9' ? strtol(*at, &end, 10) : -1;

	if (n >= 0)
		*at = *end == '.' ? end + 1 : end;
	return n;
}

static bool is_before(const char *version, const char *other)
{
	for (bool first = true;; first = false) {
		long a = next_number(&version), b = next_number(&other);

		if (a < 0 && first)
			return false; /* nobody knows */
		if (a != b)
			return a < b;
		if (a < 0)
			return false;
	}
}

struct quirk quirk_find(const char *maker, const char *model, const char *firmware)
{
	struct quirk found = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(quirks); i++) {
		if (!text_fits(quirks[i].maker, maker) || !text_fits(quirks[i].model, model))
			continue;
		found.flags |= quirks[i].quirk.flags;
		if (quirks[i].quirk.zone_type != 0)
			found.zone_type = quirks[i].quirk.zone_type;
		if (quirks[i].quirk.every_s != 0)
			found.every_s = quirks[i].quirk.every_s;
	}
	for (size_t i = 0; i < ARRAY_SIZE(firmwares); i++)
		if (text_fits(firmwares[i].maker, maker) && text_fits(firmwares[i].model, model) &&
			is_before(firmware, firmwares[i].before))
			found.flags |= firmwares[i].flags;
	return found;
}

bool quirk_joins_with_lumi(uint64_t eui64)
{
	uint32_t maker = (uint32_t)(eui64 >> EUI64_MAKER_SHIFT);

	return maker == 0x54ef44 || maker == 0x04cf8c;
}

bool quirk_button(const char *maker, const char *model, uint16_t cluster, uint8_t command,
	int argument, struct quirk_press *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(buttons); i++)
		if (buttons[i].cluster == cluster && buttons[i].command == command &&
			(buttons[i].argument == QUIRK_ANY || buttons[i].argument == argument) &&
			text_fits(buttons[i].maker, maker) && text_fits(buttons[i].model, model)) {
			*ret = buttons[i].press;
			return true;
		}
	return false;
}

static const struct quirk_value *value_of(
	const struct value_row *rows, size_t count, const char *who, uint8_t number)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].number == number && text_fits(rows[i].who, who))
			return &rows[i].value;
	return NULL;
}

const struct quirk_value *quirk_lump(const char *model, uint8_t tag)
{
	return value_of(lumps, ARRAY_SIZE(lumps), model, tag);
}

const struct quirk_value *quirk_point(const char *maker, uint8_t point)
{
	return value_of(points, ARRAY_SIZE(points), maker, point);
}
