/*
 * The key that is made of an install code (Zigbee base device behaviour, 10.1;
 * what stands on the device is codec/installcode.h's). Pure. All of it is secret.
 */
#pragma once

#include "codec/installcode.h"

#define INSTALLCODE_KEY_SIZE 16

/* Makes the key of a text. Returns as installcode_read(), or -ENOMEM. */
int installcode_key(const char *text, uint8_t ret_key[static INSTALLCODE_KEY_SIZE]);
/* The same of bytes with the check, in either order. */
int installcode_key_of(
	const uint8_t *code, size_t length, uint8_t ret_key[static INSTALLCODE_KEY_SIZE]);
/* AES-MMO hash (Zigbee PRO B.6) of at most INSTALLCODE_HASHED_MAX bytes. Returns 0, -EMSGSIZE or
 * -ENOMEM. */
#define INSTALLCODE_HASHED_MAX 45
int installcode_hash(const uint8_t *bytes, size_t length, uint8_t ret[static INSTALLCODE_KEY_SIZE]);
