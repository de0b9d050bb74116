/*
 * A directory in RAM for a file of util/ramfile.h, as that of ble/counters.h, which
 * one run leaves to the next.
 */
#pragma once

#include "ble/counters.h"

struct ram_place {
	char directory[48], state[64];
};

void ram_place_make(struct ram_place *p);
/* The path of the file; "": there is none. */
void ram_place_file(const struct ram_place *p, char path[static 400]);
/* The file, mapped. */
struct counters *ram_place_counters(const struct ram_place *p);
void ram_place_leave(const struct ram_place *p);
/* The octets of the n-th device, into to. */
const uint8_t *ram_place_nth(uint32_t n, uint8_t to[static BLE_ADDRESS_SIZE]);
