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

static void put_reversed(struct octets *o, const struct sble_address *a)
{
	octets_bytes(o, a->octets, 6);
}

static int rounded(int v, int unit)
{
	return (v >= 0 ? v + unit / 2 : v - unit / 2) / unit;
}

void sble_put_atc(struct octets *o, const struct sble_thermo *t)
{
	put_address(o, &t->address);
	octets_be(o, (uint64_t)rounded(t->temperature, 10), 2);
	octets_u8(o, (unsigned)rounded((int)t->humidity, 100));
	octets_u8(o, t->battery);
	octets_be(o, t->millivolts, 2);
	octets_u8(o, t->counter);
}

void sble_put_pvvx(struct octets *o, const struct sble_thermo *t)
{
	put_reversed(o, &t->address);
	octets_le(o, (uint64_t)t->temperature, 2);
	octets_le(o, t->humidity, 2);
	octets_le(o, t->millivolts, 2);
	octets_u8(o, t->battery);
	octets_u8(o, t->counter);
	octets_u8(o, t->flags);
}

/* The nonce begins with the address as on the air, then the head of the AD structure. */
static void seal_thermo(struct octets *o, const struct sble_thermo *t, const uint8_t *key,
	const struct octets *plain)
{
	const uint8_t aad = 0x11;
	struct octets nonce = { 0 };
	uint8_t sealed[32];

	put_reversed(&nonce, &t->address);
	octets_u8(&nonce, plain->n + 8u); /* type, UUID, counter and tag are behind the length */
	octets_u8(&nonce, 0x16);
	octets_le(&nonce, 0x181a, 2);
	octets_u8(&nonce, t->counter);
	sble_seal(key, nonce.at, nonce.n, &aad, 1, plain->at, plain->n, sealed);
	octets_u8(o, t->counter);
	octets_bytes(o, sealed, plain->n + 4u);
}

void sble_put_atc_sealed(
	struct octets *o, const struct sble_thermo *t, const uint8_t key[static 16])
{
	struct octets plain = { 0 };

	octets_u8(&plain, (unsigned)(rounded(t->temperature, 50) + 80));
	octets_u8(&plain, (unsigned)rounded((int)t->humidity, 50));
	octets_u8(&plain, t->battery);
	seal_thermo(o, t, key, &plain);
}

void sble_put_pvvx_sealed(
	struct octets *o, const struct sble_thermo *t, const uint8_t key[static 16])
{
	struct octets plain = { 0 };

	octets_le(&plain, (uint64_t)t->temperature, 2);
	octets_le(&plain, t->humidity, 2);
	octets_u8(&plain, t->battery);
	octets_u8(&plain, t->flags);
	seal_thermo(o, t, key, &plain);
}

void sble_put_ruuvi3(struct octets *o, const struct sble_ruuvi *r)
{
	int hundredths = rounded(r->temperature, 2);
	unsigned size = (unsigned)(hundredths < 0 ? -hundredths : hundredths);

	octets_u8(o, 3);
	octets_u8(o, (unsigned)rounded((int)r->humidity, 200));
	octets_u8(o, size / 100 | (hundredths < 0 ? 0x80u : 0)); /* sign and magnitude */
	octets_u8(o, size % 100);
	octets_be(o, r->pressure - 50000, 2);
	for (size_t i = 0; i < 3; i++)
		octets_be(o, (uint64_t)(int64_t)r->acceleration[i], 2);
	octets_be(o, r->millivolts, 2);
}

void sble_put_ruuvi5(struct octets *o, const struct sble_ruuvi *r)
{
	octets_u8(o, 5);
	octets_be(o, (uint64_t)(int64_t)r->temperature, 2);
	octets_be(o, r->humidity, 2);
	octets_be(o, r->pressure - 50000, 2);
	for (size_t i = 0; i < 3; i++)
		octets_be(o, (uint64_t)(int64_t)r->acceleration[i], 2);
	octets_be(o, (r->millivolts - 1600) << 5 | (unsigned)(r->tx_power + 40) / 2, 2);
	octets_u8(o, r->movements);
	octets_be(o, r->sequence, 2);
	put_address(o, &r->address);
}

void sble_put_ruuvi6(struct octets *o, const struct sble_ruuvi *r)
{
	octets_u8(o, 6);
	octets_be(o, (uint64_t)(int64_t)r->temperature, 2);
	octets_be(o, r->humidity, 2);
	octets_be(o, r->pressure - 50000, 2);
	octets_be(o, r->dust, 2);
	octets_be(o, r->co2, 2);
	octets_u8(o, r->voc >> 1);
	octets_u8(o, r->nox >> 1);
	octets_u8(o, 0xff); /* luminosity: not available */
	octets_u8(o, 0xff);
	octets_u8(o, r->sequence & 0xff);
	octets_u8(o, (r->calibrating ? 1u : 0) | (r->voc & 1) << 6 | (r->nox & 1) << 7);
	octets_u8(o, r->address.octets[2]);
	octets_u8(o, r->address.octets[1]);
	octets_u8(o, r->address.octets[0]);
}

void sble_put_eddystone_uid(struct octets *o, int8_t power, const uint8_t id[static 16])
{
	octets_u8(o, 0x00);
	octets_u8(o, (uint8_t)power);
	octets_bytes(o, id, 16);
	octets_le(o, 0, 2);
}

void sble_put_eddystone_tlm(struct octets *o, unsigned millivolts, int temperature_256,
	uint32_t frames, uint32_t tenths)
{
	octets_u8(o, 0x20);
	octets_u8(o, 0x00);
	octets_be(o, millivolts, 2);
	octets_be(o, (uint64_t)(int64_t)temperature_256, 2);
	octets_be(o, frames, 4);
	octets_be(o, tenths, 4);
}

void sble_put_ibeacon(struct octets *o, const uint8_t uuid[static 16], unsigned major,
	unsigned minor, int8_t power)
{
	octets_be(o, 0x0215, 2);
	octets_bytes(o, uuid, 16);
	octets_be(o, major, 2);
	octets_be(o, minor, 2);
	octets_u8(o, (uint8_t)power);
}
