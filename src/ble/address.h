/*
 * Addresses of Bluetooth LE devices: octets as they go over the wire (the least
 * significant first), text as people write it (the most significant first).
 * Types are numbered as the kernel's management protocol and its L2CAP sockets
 * number them. Resolving private addresses is ble/rpa.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/hex.h"

#define BLE_ADDRESS_SIZE 6
#define BLE_ADDRESS_TEXT_SIZE 18 /* "C0:FF:EE:00:00:01" and a 0 */

enum ble_address_type {
	BLE_ADDRESS_BREDR = 0, /* not LE at all; a struct of zeros is no address */
	BLE_ADDRESS_PUBLIC = 1,
	BLE_ADDRESS_RANDOM = 2,
	/* As from the configuration, whose spelling does not tell. Never goes over the wire. */
	BLE_ADDRESS_ANY = 255,
};

struct ble_address {
	uint8_t type; /* enum ble_address_type */
	uint8_t octets[BLE_ADDRESS_SIZE];
};

static inline bool ble_address_is_none(const struct ble_address *a)
{
	static const uint8_t zero[BLE_ADDRESS_SIZE];

	return memcmp(a->octets, zero, sizeof(zero)) == 0;
}

/* Exactly the same, type and all. */
static inline bool ble_address_equal(const struct ble_address *a, const struct ble_address *b)
{
	return a->type == b->type && memcmp(a->octets, b->octets, BLE_ADDRESS_SIZE) == 0;
}

/* The same as far as it is known: BLE_ADDRESS_ANY is the same as public and random. */
static inline bool ble_address_same(const struct ble_address *a, const struct ble_address *b)
{
	return (a->type == b->type || a->type == BLE_ADDRESS_ANY || b->type == BLE_ADDRESS_ANY) &&
	       memcmp(a->octets, b->octets, BLE_ADDRESS_SIZE) == 0;
}

/* Kinds of random addresses (Core Vol 6 Part B 1.3.2), by the two highest bits. */
static inline bool ble_address_is_static(const struct ble_address *a)
{
	return a->type == BLE_ADDRESS_RANDOM && (a->octets[5] & 0xC0) == 0xC0;
}

static inline bool ble_address_is_resolvable(const struct ble_address *a)
{
	return a->type == BLE_ADDRESS_RANDOM && (a->octets[5] & 0xC0) == 0x40;
}

/* One that stays with a device: public or static. Only these may be loaded with keys. */
static inline bool ble_address_is_identity(const struct ble_address *a)
{
	return a->type == BLE_ADDRESS_PUBLIC || ble_address_is_static(a);
}

/* "C0:FF:EE:00:00:01", upper case; returns to. */
static inline const char *ble_address_format(
	const struct ble_address *a, char to[static BLE_ADDRESS_TEXT_SIZE])
{
	const uint8_t *o = a->octets;

	(void)snprintf(to, BLE_ADDRESS_TEXT_SIZE, "%02X:%02X:%02X:%02X:%02X:%02X", o[5], o[4], o[3],
		o[2], o[1], o[0]);
	return to;
}

/* Reads that spelling and no other, in upper or lower case; type becomes type. Returns false, and
 * leaves ret alone, when it is something else. */
static inline bool ble_address_parse(const char *text, uint8_t type, struct ble_address *ret)
{
	struct ble_address a = { .type = type };

	for (size_t i = 0; i < BLE_ADDRESS_SIZE; i++) {
		if (!hex_read(text + 3 * i, &a.octets[BLE_ADDRESS_SIZE - 1 - i], 1) ||
			text[3 * i + 2] != (i + 1 < BLE_ADDRESS_SIZE ? ':' : 0))
			return false;
	}
	*ret = a;
	return true;
}
