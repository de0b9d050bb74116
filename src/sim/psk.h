/*
 * The file of pre-shared keys, lines of IDENTITY:HEXKEY, as the devices' side
 * reads it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

#define PSK_KEY_MAX 64 /* bytes */
#define PSK_ENTRIES_MAX 4096

struct psk {
	char *identity;
	uint8_t key[PSK_KEY_MAX];
	size_t key_length;
};

struct psk_file {
	struct psk *entries;
	size_t count;
};

/* Returns 0 or a negative errno, printed on standard error; -EBADMSG: lines are wrong. */
int psk_read(struct psk_file **ret, const char *path);
struct psk_file *psk_free(struct psk_file *f);
WG_DEFINE_CLEANUP(struct psk_file *, psk_free)
/* NULL when there is none of that identity. */
const struct psk *psk_find(const struct psk_file *f, const char *identity);
