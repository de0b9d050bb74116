/*
 * The advertising formats of broadcasters: what stands behind the UUID of
 * service data, or behind the company of manufacturer data. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/ble_address.h"
#include "sim/ble_octets.h"

/* AD structures. */
void sble_put_service_data(struct octets *ad, uint16_t uuid, const struct octets *data);
void sble_put_manufacturer_data(struct octets *ad, uint16_t company, const struct octets *data);

/* BTHome v2: objects are appended with sble_put_object(), in ascending order of their ids, and then
 * made into service data of 0xFCD2; with a key they are sealed under the counter. */
void sble_put_object(struct octets *objects, uint8_t id, int64_t value, size_t bytes);
void sble_put_bthome(struct octets *o, const struct octets *objects, const uint8_t *key,
	const struct sble_address *address, uint32_t counter);
