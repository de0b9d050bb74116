/*
 * Pairing as the management protocol shows it: who is asked what by the
 * capabilities of both sides (Core Vol 3 Part H 2.3.5.1), the keys that come of
 * it, and bonds that a device has lost. No cryptography takes place: the keys
 * follow from the seed.
 */
#pragma once

#include <stdint.h>

#include "sim/ble_adapter.h"

struct sble_device;

/* Pair Device, its Cancel, Unpair, and the host's answers; extra: what follows the address. */
void sble_pair_command(struct sble_adapter *a, struct sble_client *c, uint16_t opcode,
	const struct sble_address *address, uint32_t extra);
/* A connection has begun: with keys it is encrypted, or ends when the device knows them no more.
 * Returns whether it stays. */
bool sble_pair_resume(struct sble_device *d);
/* A connection has ended in the midst of it. */
void sble_pair_lost(struct sble_device *d);
