/*
 * The table of output formats. See payloads.h.
 */
#include "publish/payloads/payloads.h"

#include <string.h>

#include "util/cleanup.h"

#define PAYLOAD(name) extern const struct payload_format payload_##name;
#include "publish/payloads/payloads.def"
#undef PAYLOAD

static const struct payload_format *const formats[] = {
#define PAYLOAD(name) &payload_##name,
#include "publish/payloads/payloads.def"
#undef PAYLOAD
};

_Static_assert(ARRAY_SIZE(formats) <= PAYLOADS_MAX, "more formats than a byte has bits");

const struct payload_format *payload_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}
