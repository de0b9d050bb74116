/* The functions of each kind of device, for the table in ble_kinds.c. */
#pragma once

#include "sim/ble_kinds.h"

void sble_heart_build(struct sble_device *d, struct sble_db *db);
uint8_t sble_heart_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
uint8_t sble_heart_write(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n);
void sble_heart_measure(struct sble_device *d);

void sble_bthome_advert(struct sble_device *d, struct sble_message *m);
void sble_atc_advert(struct sble_device *d, struct sble_message *m);
void sble_pvvx_advert(struct sble_device *d, struct sble_message *m);
void sble_ruuvi3_advert(struct sble_device *d, struct sble_message *m);
void sble_ruuvi5_advert(struct sble_device *d, struct sble_message *m);
void sble_ruuvi6_advert(struct sble_device *d, struct sble_message *m);
void sble_eddystone_advert(struct sble_device *d, struct sble_message *m);
void sble_ibeacon_advert(struct sble_device *d, struct sble_message *m);
