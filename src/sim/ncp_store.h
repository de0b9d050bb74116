/*
 * What a simulated NCP keeps in flash, as a text file: its address, its network
 * and the keys. What else belongs to the same ward (who is a member) stands in
 * the same file, as the owner writes it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define NCP_LINK_KEYS_MAX 64
/* Frame counters are reserved ahead, as flash wears: a reset skips to the next multiple. */
#define NCP_COUNTER_STEP 4096

struct ncp_link_key {
	bool used;
	uint8_t eui[8], key[16];
};

struct ncp_tokens {
	uint8_t eui[8]; /* as on the wire */
	bool has_network;
	uint8_t ext_pan[8];
	uint16_t pan, manager;
	int8_t power;
	uint8_t channel, update_id, join_method;
	uint32_t channels;
	uint8_t network_key[16], key_seq;
	uint8_t tc_key[16];
	uint16_t bitmask;
	uint32_t counter;
	struct ncp_link_key keys[NCP_LINK_KEYS_MAX];
};

struct ini;
/* A section that is not the NCP's; name, key and value as in ini.h. */
typedef void (*ncp_store_read_fn)(
	void *arg, struct ini *i, const char *name, const char *key, const char *value);

/* Returns 0, -ENOENT when there is no file yet, or a negative errno; -EBADMSG when problems were
 * printed. */
int ncp_store_read(const char *path, struct ncp_tokens *t, ncp_store_read_fn more, void *arg);
/* The whole file anew: written beside it, then renamed. more adds its sections. Returns 0 or a
 * negative errno. */
int ncp_store_write(
	const char *path, const struct ncp_tokens *t, void (*more)(void *arg, FILE *f), void *arg);

/* Hex digits of n bytes, a key or address, with its name before. */
void ncp_store_hex(FILE *f, const char *name, const uint8_t *p, size_t n);
