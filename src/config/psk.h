/*
 * The pre-shared keys of CoAP devices: a file of IDENTITY:HEXKEY lines in
 * memory. Keys are wiped when the table is freed and never stand in a message.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/problems.h"
#include "util/cleanup.h"
#include "wardgate/device.h"

#define PSK_KEY_MIN 16 /* bytes: less would be the weakest part of AES-128 */
#define PSK_KEY_MAX 64
#define PSK_IDENTITY_MAX DEVICE_ADDRESS_MAX
#define PSK_ENTRIES_MAX 4096

struct psk_table;

/*
 * Reads a file: comments begin with # or ;, an identity may hold colons (the last one separates),
 * no identity comes twice. Refused when others than its owner and group can read it or others than
 * its owner can write it. Returns 0 with *ret owned by the caller, CONFIG_E_INVALID with
 * "path:line: what is wrong; what would be right" in p, or -ENOMEM.
 */
int psk_read(const char *path, struct psk_table **ret, struct config_problems *p);
/* The same from bytes; path is for messages. */
int psk_parse(const char *path, const void *data, size_t size, struct psk_table **ret,
	struct config_problems *p);
/* Wipes and frees. NULL is fine. Returns NULL. */
struct psk_table *psk_free(struct psk_table *t);
WG_DEFINE_CLEANUP(struct psk_table *, psk_free)

/* The key of an identity (exact bytes), NULL when there is none. Valid until psk_free(). */
const uint8_t *psk_find(
	const struct psk_table *t, const void *identity, size_t length, size_t *ret_key_length);
size_t psk_count(const struct psk_table *t);

struct config;

/* The keys of PSKFile= and those of adopted devices, in the same form in
 * <StateDirectory>/PSK_ADOPTED_FILE, which only the daemon writes. Those of PSKFile= count first.
 */
#define PSK_ADOPTED_FILE "coap.psk"
struct psk_keys {
	struct psk_table *own, *adopted; /* NULL: none */
};

/* Returns as psk_read(); *ret is filled in on success only, for psk_keys_done(). */
int psk_keys_read(const struct config *c, struct psk_keys *ret, struct config_problems *p);
void psk_keys_done(struct psk_keys *k);
const uint8_t *psk_keys_find(
	const struct psk_keys *k, const char *identity, size_t *ret_key_length);
size_t psk_keys_count(const struct psk_keys *k);
