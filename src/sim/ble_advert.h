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

/* Thermometers of the LYWSD03MMC family under other firmware, service data of 0x181A. */
struct sble_thermo {
	struct sble_address address;
	int temperature;   /* 0.01 Cel; in atc1441's format rounded to 0.1 */
	unsigned humidity; /* 0.01 %; in atc1441's rounded to 1 */
	unsigned battery, millivolts;
	uint8_t counter, flags;
};
void sble_put_atc(struct octets *o, const struct sble_thermo *t);
void sble_put_pvvx(struct octets *o, const struct sble_thermo *t);
/* Sealed; temperature and humidity of atc1441's are in halves there. */
void sble_put_atc_sealed(
	struct octets *o, const struct sble_thermo *t, const uint8_t key[static 16]);
void sble_put_pvvx_sealed(
	struct octets *o, const struct sble_thermo *t, const uint8_t key[static 16]);

/* RuuviTag, manufacturer data of 0x0499, format 3, 5 or 6 in front. */
struct sble_ruuvi {
	struct sble_address address;
	int temperature;     /* 0.005 Cel; format 3 rounds to 0.01 */
	unsigned humidity;   /* 0.0025 %; format 3 rounds to 0.5 */
	unsigned pressure;   /* Pa */
	int acceleration[3]; /* mg */
	unsigned millivolts;
	int tx_power;
	uint8_t movements;
	uint16_t sequence;
	unsigned dust; /* 0.1 ug/m3 */
	unsigned co2, voc, nox;
	bool calibrating;
};
void sble_put_ruuvi3(struct octets *o, const struct sble_ruuvi *r);
void sble_put_ruuvi5(struct octets *o, const struct sble_ruuvi *r);
void sble_put_ruuvi6(struct octets *o, const struct sble_ruuvi *r);

/* Eddystone, service data of 0xFEAA. */
void sble_put_eddystone_uid(struct octets *o, int8_t power, const uint8_t id[static 16]);
void sble_put_eddystone_tlm(struct octets *o, unsigned millivolts, int temperature_256,
	uint32_t frames, uint32_t tenths);
/* iBeacon, manufacturer data of 0x004C. */
void sble_put_ibeacon(struct octets *o, const uint8_t uuid[static 16], unsigned major,
	unsigned minor, int8_t power);
