/*
 * The Record Access Control Point (GLS 3.4, CGMS 3.9) of devices that keep their
 * measurements: reports, counts and deletes records by their number.
 */
#pragma once

#include "sim/ble_device.h"

#define SBLE_RACP 0x2a52

/* Notifies one record. */
typedef void (*sble_tell_fn)(struct sble_device *d, struct sble_record *r);

/* A write to the control point: kept until the device's next turn. Returns 0 or an ATT error. */
uint8_t sble_racp_write(struct sble_device *d, const uint8_t *p, size_t n);
/* In a turn: works on what was asked. */
void sble_racp_serve(struct sble_device *d, sble_tell_fn tell);
/* Room for a record; the oldest goes when there is none. NULL: out of memory. */
struct sble_record *sble_record_add(struct sble_device *d);
