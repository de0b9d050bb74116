/*
 * The table of quirks. See quirks.h.
 */
#include "ble/profiles/quirks.h"

#include <stdbool.h>
#include <string.h>

#include "util/cleanup.h"

static const struct {
	const char *maker, *model, *firmware;
	uint32_t quirks;
} rows[] = {
#define QUIRK_ROW(maker, model, firmware, quirks) { maker, model, firmware, quirks },
#include "ble/profiles/quirks.def"
#undef QUIRK_ROW
};

static bool fits(const char *pattern, const char *text)
{
	size_t n = strlen(pattern);

	if (n > 0 && pattern[n - 1] == '*')
		return strncmp(pattern, text, n - 1) == 0;
	return strcmp(pattern, text) == 0;
}

uint32_t quirks_find(const char *maker, const char *model, const char *firmware)
{
	uint32_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (fits(rows[i].maker, maker) && fits(rows[i].model, model) &&
			fits(rows[i].firmware, firmware))
			found |= rows[i].quirks;
	return found;
}
