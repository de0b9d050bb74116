/*
 * EUI-64s and their spelling: 0x00124b0001020304, as the configuration has it.
 */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define EUI64_TEXT_SIZE 19 /* with the final 0 */

static inline const char *eui64_format(uint64_t eui64, char ret[static EUI64_TEXT_SIZE])
{
	(void)snprintf(ret, EUI64_TEXT_SIZE, "0x%016" PRIx64, eui64);
	return ret;
}

/* Of that spelling alone: the configuration has made it of all others. */
static inline bool eui64_parse(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] != '0' || text[1] != 'x')
		return false;
	*ret = strtoull(text + 2, &end, 16);
	return *end == 0 && end == text + 18;
}
