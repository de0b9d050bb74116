/* Addresses and how private ones are made; see ble_address.h. */
#include "sim/ble_address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/ble_crypto.h"

int sble_address_parse(struct sble_address *ret, const char *text)
{
	char digits[13];

	if (strlen(text) != SBLE_ADDRESS_TEXT - 1)
		return -EINVAL;
	for (size_t i = 0; i < 6; i++) {
		if (text[i * 3 + 2] != (i < 5 ? ':' : 0))
			return -EINVAL;
		memcpy(digits + i * 2, text + i * 3, 2);
	}
	digits[12] = 0;
	*ret = (struct sble_address){ 0 };
	if (sble_unhex(digits, ret->octets, 6) < 0)
		return -EINVAL;
	for (size_t i = 0; i < 3; i++) {
		uint8_t b = ret->octets[i];

		ret->octets[i] = ret->octets[5 - i];
		ret->octets[5 - i] = b;
	}
	ret->type = ret->octets[5] >= 0xc0 ? SBLE_RANDOM : SBLE_PUBLIC;
	return 0;
}

void sble_address_text(const struct sble_address *a, char ret[static SBLE_ADDRESS_TEXT])
{
	const uint8_t *o = a->octets;

	snprintf(ret, SBLE_ADDRESS_TEXT, "%02X:%02X:%02X:%02X:%02X:%02X", o[5], o[4], o[3], o[2],
		o[1], o[0]);
}

bool sble_address_equal(const struct sble_address *a, const struct sble_address *b)
{
	return a->type == b->type && !memcmp(a->octets, b->octets, 6);
}

bool sble_address_identity(const struct sble_address *a)
{
	return a->type == SBLE_PUBLIC || (a->type == SBLE_RANDOM && a->octets[5] >= 0xc0);
}

static void hash_of(const struct sble_address *a, const uint8_t irk[static 16], uint8_t ret[3])
{
	const uint8_t prand[3] = { a->octets[5], a->octets[4], a->octets[3] };

	sble_ah(irk, prand, ret);
}

void sble_address_private(
	struct sble_address *ret, const uint8_t irk[static 16], uint32_t random_bits)
{
	uint8_t hash[3];

	ret->type = SBLE_RANDOM;
	ret->octets[5] = (uint8_t)(0x40 | (random_bits >> 16 & 0x3f));
	ret->octets[4] = (uint8_t)(random_bits >> 8);
	ret->octets[3] = (uint8_t)random_bits;
	hash_of(ret, irk, hash);
	for (size_t i = 0; i < 3; i++)
		ret->octets[2 - i] = hash[i];
}

bool sble_address_resolves(const struct sble_address *a, const uint8_t irk[static 16])
{
	uint8_t hash[3];

	if (a->type != SBLE_RANDOM || a->octets[5] >> 6 != 1)
		return false;
	hash_of(a, irk, hash);
	return hash[0] == a->octets[2] && hash[1] == a->octets[1] && hash[2] == a->octets[0];
}
