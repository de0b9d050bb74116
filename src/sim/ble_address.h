/*
 * Device addresses of LE: six octets, kept as on the wire (least significant
 * first) and written the other way round. Types are those of the kernel's
 * management protocol.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SBLE_PUBLIC 1
#define SBLE_RANDOM 2
#define SBLE_ADDRESS_TEXT 18 /* with its end */

struct sble_address {
	uint8_t octets[6];
	uint8_t type;
};

/* "C0:FF:EE:00:00:01"; random when its two highest bits are set, else public. Returns 0 or
 * -EINVAL. */
int sble_address_parse(struct sble_address *ret, const char *text);
/* Upper case. */
void sble_address_text(const struct sble_address *a, char ret[static SBLE_ADDRESS_TEXT]);
bool sble_address_equal(const struct sble_address *a, const struct sble_address *b);
/* Whether it can name a device for good: public, or random and static. */
bool sble_address_identity(const struct sble_address *a);
/* A resolvable private address of the key, from 22 random bits. */
void sble_address_private(
	struct sble_address *ret, const uint8_t irk[static 16], uint32_t random_bits);
bool sble_address_resolves(const struct sble_address *a, const uint8_t irk[static 16]);
