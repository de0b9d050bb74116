/* See ble_advert.h. */
#include "sim/ble_advert.h"

#include "sim/ble_crypto.h"

void sble_put_service_data(struct octets *ad, uint16_t uuid, const struct octets *data)
{
	octets_u8(ad, data->n + 3u);
	octets_u8(ad, 0x16);
	octets_le(ad, uuid, 2);
	octets_bytes(ad, data->at, data->n);
}

void sble_put_manufacturer_data(struct octets *ad, uint16_t company, const struct octets *data)
{
	octets_u8(ad, data->n + 3u);
	octets_u8(ad, 0xff);
	octets_le(ad, company, 2);
	octets_bytes(ad, data->at, data->n);
}

/* As it is written, most significant first. */
static void put_address(struct octets *o, const struct sble_address *a)
{
	for (size_t i = 6; i--;)
		octets_u8(o, a->octets[i]);
}

void sble_put_object(struct octets *objects, uint8_t id, int64_t value, size_t bytes)
{
	octets_u8(objects, id);
	octets_le(objects, (uint64_t)value, bytes);
}

void sble_put_bthome(struct octets *o, const struct octets *objects, const uint8_t *key,
	const struct sble_address *address, uint32_t counter)
{
	struct octets nonce = { 0 };
	uint8_t sealed[OCTETS_MAX];

	octets_u8(o, key ? 0x41 : 0x40);
	if (!key) {
		octets_bytes(o, objects->at, objects->n);
		return;
	}
	put_address(&nonce, address);
	octets_be(&nonce, 0xd2fc, 2);
	octets_u8(&nonce, 0x41);
	octets_le(&nonce, counter, 4);
	sble_seal(key, nonce.at, nonce.n, NULL, 0, objects->at, objects->n, sealed);
	octets_bytes(o, sealed, objects->n);
	octets_le(o, counter, 4);
	octets_bytes(o, sealed + objects->n, 4);
}
