/*
 * What was discovered of a device, as text that can be kept, and back. What is
 * read is believed in nothing: it comes back whole and consistent or not at
 * all. It knows no files.
 */
#pragma once

#include <stddef.h>

#include "ble/gatt.h"

/* Room for any table. */
#define GATT_CACHE_TEXT_MAX 4096

enum {
	_GATT_CACHE_E_OK,
	GATT_CACHE_E_MALFORMED, /* not one whole table */
	GATT_CACHE_E_OUTDATED,  /* of another version, or when there were other profiles */
};

/* Writes the table, without a NUL at its end. Returns the length. */
size_t gatt_cache_write(const struct gatt_table *t, char to[GATT_CACHE_TEXT_MAX]);
/* Reads one. Returns 0 or one of GATT_CACHE_E_*; *ret is then not a table. */
int gatt_cache_read(const char *text, size_t length, struct gatt_table *ret);
