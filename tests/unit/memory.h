/*
 * Looks through the memory of the test for a secret, freed memory too: what was
 * wiped is not there.
 */
#pragma once

#include <inttypes.h>

#include "unit/unit.h"

#define MEMORY_SECRET 24
/* Larger ones are a sanitizer's own. */
#define MEMORY_MAPPING_MAX ((uintptr_t)1 << 28)

/* Writes a secret of MEMORY_SECRET letters; that of another seed differs. */
static inline void memory_secret(char *ret, unsigned seed)
{
	for (unsigned i = 0; i < MEMORY_SECRET; i++)
		ret[i] = (char)('A' + (i * 7 + seed * (i + 3)) % 26);
}

/* Freed and guarded memory is looked at, too. */
__attribute__((no_sanitize("address", "thread", "undefined"))) static inline unsigned memory_count(
	uintptr_t from, uintptr_t to, unsigned seed)
{
	unsigned count = 0;

	for (const volatile char *p = (const volatile char *)from;
		(uintptr_t)p + MEMORY_SECRET <= to; p++) {
		unsigned i = 0;

		/* Made letter by letter, so that no copy of it is found. */
		while (i < MEMORY_SECRET && p[i] == (char)('A' + (i * 7 + seed * (i + 3)) % 26))
			i++;
		count += i == MEMORY_SECRET;
	}
	return count;
}

/* How often the secret of that seed stands in memory that can be written. */
static inline unsigned memory_holds(unsigned seed)
{
	FILE *f = fopen("/proc/self/maps", "re");
	uintptr_t from, to;
	unsigned count = 0;
	char line[4200], may[5];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, may) == 3 &&
			strncmp(may, "rw", 2) == 0 && to - from <= MEMORY_MAPPING_MAX)
			count += memory_count(from, to, seed);
	(void)fclose(f);
	return count;
}
