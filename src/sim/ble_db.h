/*
 * The attribute database of one simulated device (Core Vol 3 Part G 3): which
 * handles there are and what they are. Values are the device's; who may do what
 * and all PDUs are ble_att.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/ble_octets.h"

#define SBLE_ATTRIBUTES_MAX 96
#define SBLE_CCCDS_MAX 16

/* Types of attributes. */
#define SBLE_PRIMARY 0x2800
#define SBLE_CHARACTERISTIC 0x2803
#define SBLE_CCCD 0x2902

/* Properties of a characteristic. */
#define SBLE_P_READ 0x02
#define SBLE_P_WRITE_BLIND 0x04
#define SBLE_P_WRITE 0x08
#define SBLE_P_NOTIFY 0x10
#define SBLE_P_INDICATE 0x20

enum sble_security { SBLE_OPEN, SBLE_ENCRYPTED, SBLE_AUTHENTICATED };

/* A UUID of 16 bits, or of the vendor's own 128 (SBLE_VENDOR | its 16 bits). */
#define SBLE_VENDOR 0x10000u

struct sble_attribute {
	uint16_t handle;
	uint16_t last;      /* of a service: its last handle */
	uint32_t type;      /* SBLE_PRIMARY etc., or the UUID of a value */
	uint32_t uuid;      /* what is declared; of a CCCD and a value: their characteristic */
	uint8_t properties; /* of a characteristic: on its declaration, value and CCCD */
	uint8_t cccd;       /* of a CCCD: its number; of a value: that of its CCCD, or 0xff */
	uint8_t security;
};

struct sble_db {
	struct sble_attribute attributes[SBLE_ATTRIBUTES_MAX];
	size_t count;
	uint16_t next; /* handle */
	uint8_t cccds;
};

/* The first service begins at this handle. */
void sble_db_init(struct sble_db *d, uint16_t first);
void sble_db_service(struct sble_db *d, uint32_t uuid);
/* With its CCCD where it notifies or indicates. */
void sble_db_characteristic(
	struct sble_db *d, uint32_t uuid, uint8_t properties, enum sble_security security);

const struct sble_attribute *sble_db_by_handle(const struct sble_db *d, uint16_t handle);
/* The value of the first characteristic of that UUID; NULL when there is none. */
const struct sble_attribute *sble_db_value(const struct sble_db *d, uint32_t uuid);
/* 2 or 16 octets, as on the wire. */
void sble_db_uuid(uint32_t uuid, struct octets *o);
/* What a declaration reads as: the UUID of a service; properties, handle and UUID of a
 * characteristic. */
void sble_db_declaration(const struct sble_db *d, const struct sble_attribute *a, struct octets *o);
/* Database Hash, Vol 3 Part G 7.3, as it is read. */
void sble_db_hash(const struct sble_db *d, uint8_t ret[static 16]);
