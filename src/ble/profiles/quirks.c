/*
 * The table of quirks. See quirks.h.
 */
#include "ble/profiles/quirks.h"

#include "util/cleanup.h"
#include "util/text.h"

static const struct {
	const char *maker, *model, *firmware;
	uint32_t quirks;
} rows[] = {
#define QUIRK_ROW(maker, model, firmware, quirks) { maker, model, firmware, quirks },
#include "ble/profiles/quirks.def"
#undef QUIRK_ROW
};

uint32_t quirks_find(const char *maker, const char *model, const char *firmware)
{
	uint32_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (text_fits(rows[i].maker, maker) && text_fits(rows[i].model, model) &&
			text_fits(rows[i].firmware, firmware))
			found |= rows[i].quirks;
	return found;
}
