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

void sble_thermometer_build(struct sble_device *d, struct sble_db *db);
uint8_t sble_thermometer_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
void sble_thermometer_measure(struct sble_device *d);
void sble_thermometer_intermediate(struct sble_device *d);
void sble_oximeter_build(struct sble_device *d, struct sble_db *db);
uint8_t sble_oximeter_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
void sble_oximeter_measure(struct sble_device *d);
void sble_spot_measure(struct sble_device *d);
void sble_cuff_build(struct sble_device *d, struct sble_db *db);
uint8_t sble_cuff_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
void sble_cuff_measure(struct sble_device *d);
void sble_cuff_intermediate(struct sble_device *d);
void sble_meter_build(struct sble_device *d, struct sble_db *db);
uint8_t sble_meter_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
void sble_meter_measure(struct sble_device *d);
void sble_meter_reboot(struct sble_device *d);
void sble_meter_serve(struct sble_device *d);
uint8_t sble_records_write(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n);
void sble_cgm_build(struct sble_device *d, struct sble_db *db);
uint8_t sble_cgm_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
uint8_t sble_cgm_write(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n);
void sble_cgm_measure(struct sble_device *d);
void sble_cgm_reboot(struct sble_device *d);
void sble_cgm_serve(struct sble_device *d);
void sble_scale_build(struct sble_device *d, struct sble_db *db);
uint8_t sble_scale_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
void sble_scale_measure(struct sble_device *d);
void sble_room_build(struct sble_device *d, struct sble_db *db);
uint8_t sble_room_read(struct sble_device *d, uint32_t uuid, struct octets *ret);
void sble_room_measure(struct sble_device *d);
