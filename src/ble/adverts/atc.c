/*
 * Thermometers with the firmwares of atc1441 and pvvx: service data 0x181A. The
 * lengths alone tell the four layouts apart: the first one is most significant
 * byte first, the second least and has its address reversed, and both have a
 * sealed form, whose counter of 8 bits soon begins again: a frame may be
 * recorded and played later.
 */
#include "ble/adverts/adverts.h"

#include <string.h>

#define ATC_SIZE 13
#define PVVX_SIZE 15
#define ATC_SEALED_SIZE 8
#define PVVX_SEALED_SIZE 11

#define TAG_SIZE 4
#define NONCE_SIZE 11
#define PLAIN_MAX 6

static void read_atc(struct cursor *cur, const struct measure *m)
{
	cursor_skip(cur, ADVERT_ADDRESS_SIZE);
	measure_scaled(m, METRIC_AMBIENT_TEMPERATURE, (int16_t)cursor_be16(cur), -1);
	measure_scaled(m, METRIC_HUMIDITY, cursor_u8(cur), 0);
	measure_scaled(m, METRIC_BATTERY, cursor_u8(cur), 0);
	measure_scaled(m, METRIC_BATTERY_VOLTAGE, cursor_be16(cur), -3);
	cursor_skip(cur, 1); /* the counter */
}

static void read_pvvx(struct cursor *cur, const struct measure *m)
{
	cursor_skip(cur, ADVERT_ADDRESS_SIZE);
	measure_scaled(m, METRIC_AMBIENT_TEMPERATURE, (int16_t)cursor_le16(cur), -2);
	measure_scaled(m, METRIC_HUMIDITY, cursor_le16(cur), -2);
	measure_scaled(m, METRIC_BATTERY_VOLTAGE, cursor_le16(cur), -3);
	measure_scaled(m, METRIC_BATTERY, cursor_u8(cur), 0);
	cursor_skip(cur, 2); /* the counter, and the pins of its board */
}

/* In half degrees above -40, half percents. */
static void read_atc_opened(struct cursor *cur, const struct measure *m)
{
	measure_scaled(m, METRIC_AMBIENT_TEMPERATURE, cursor_u8(cur) * 5 - 400, -1);
	measure_scaled(m, METRIC_HUMIDITY, cursor_u8(cur) * 5, -1);
	measure_scaled(m, METRIC_BATTERY, cursor_u8(cur) & 0x7f, 0);
}

static void read_pvvx_opened(struct cursor *cur, const struct measure *m)
{
	measure_scaled(m, METRIC_AMBIENT_TEMPERATURE, (int16_t)cursor_le16(cur), -2);
	measure_scaled(m, METRIC_HUMIDITY, cursor_le16(cur), -2);
	measure_scaled(m, METRIC_BATTERY, cursor_u8(cur), 0);
	cursor_skip(cur, 1);
}

/* The nonce is the address reversed, and the field itself up to the counter: its length, its type,
 * its UUID. */
static int open_sealed(const struct advert_call *c, const uint8_t *bytes, size_t length,
	uint8_t plain[static PLAIN_MAX])
{
	static const uint8_t associated[] = { 0x11 };
	size_t inside = length - 1 - TAG_SIZE;
	uint8_t nonce[NONCE_SIZE];

	if (!c->device->has_key || !c->open)
		return ADVERT_E_NO_KEY;
	for (size_t i = 0; i < ADVERT_ADDRESS_SIZE; i++)
		nonce[i] = c->address[ADVERT_ADDRESS_SIZE - 1 - i];
	nonce[6] = (uint8_t)(length + 3);
	nonce[7] = 0x16;
	nonce[8] = 0x1a;
	nonce[9] = 0x18;
	nonce[10] = bytes[0];
	if (c->open(c->cipher, c->device->key, nonce, sizeof(nonce), associated, sizeof(associated),
		    bytes + 1, inside, bytes + 1 + inside, TAG_SIZE, plain) < 0)
		return ADVERT_E_WRONG_KEY;
	return 0;
}

static int atc_decode(const struct advert_call *c, const uint8_t *bytes, size_t length)
{
	bool sealed = length == ATC_SEALED_SIZE || length == PVVX_SEALED_SIZE;
	struct cursor cur = cursor_init(bytes, length);
	uint8_t plain[PLAIN_MAX];
	struct measure m;

	if (!sealed && length != ATC_SIZE && length != PVVX_SIZE)
		return ADVERT_E_OTHER; /* the UUID is that of any environmental sensor */
	if (!sealed && c->device->has_key)
		return ADVERT_E_UNSEALED;
	if (sealed) {
		int r = open_sealed(c, bytes, length, plain);

		if (r != 0)
			return r;
		cur = cursor_init(plain, length - 1 - TAG_SIZE);
	}
	if (advert_repeated(c, ADVERT_VALUES, bytes, length))
		return ADVERT_E_REPEATED;
	m = advert_measure(c, ADVERT_VALUES, bytes, length);
	if (sealed)
		m.like.auth = AUTH_DEVICE;
	if (length == ATC_SIZE)
		read_atc(&cur, &m);
	else if (length == PVVX_SIZE)
		read_pvvx(&cur, &m);
	else if (length == ATC_SEALED_SIZE)
		read_atc_opened(&cur, &m);
	else
		read_pvvx_opened(&cur, &m);
	return advert_done(c, &cur);
}

const struct advert_format advert_atc = {
	.name = "atc",
	.where = ADVERT_SERVICE_DATA,
	.id = 0x181a,
	.decode = atc_decode,
};
