/*
 * Eddystone: service data 0xFEAA. UID frames name a tag, TLM frames tell of the
 * tag itself. Anybody can send them: they say where something is, not more. URL
 * and EID frames and sealed TLM are not read.
 */
#include "ble/adverts/adverts.h"

#include "util/decimal.h"

#define FRAME_UID 0x00
#define FRAME_TLM 0x20

#define UID_SIZE 16
#define TLM_PLAIN 0x00
#define TEMPERATURE_MISSING 0x8000

static int read_uid(const struct advert_call *c, struct cursor *cur)
{
	int8_t at_tag = (int8_t)cursor_u8(cur);
	const uint8_t *identity = cursor_bytes(cur, UID_SIZE);

	if (cursor_remaining(cur) == 2)
		cursor_skip(cur, 2); /* reserved; some leave it out */
	if (cursor_done(cur) < 0)
		return ADVERT_E_MALFORMED;
	if (c->tag) {
		*c->tag = (struct tag_identity){
			.kind = TAG_EDDYSTONE, .length = UID_SIZE, .measured_dbm = at_tag
		};
		memcpy(c->tag->bytes, identity, UID_SIZE);
	}
	return _ADVERT_E_OK;
}

static void add_temperature(const struct measure *m, uint16_t word)
{
	struct decimal d;

	if (word == TEMPERATURE_MISSING)
		return; /* it has none */
	if (decimal_scale(&d, (struct decimal){ (int16_t)word, 0 }, 1, 256, 2) == 0)
		measure_number(m, METRIC_AMBIENT_TEMPERATURE, d, NULL);
}

static int read_tlm(
	const struct advert_call *c, struct cursor *cur, const uint8_t *bytes, size_t length)
{
	uint8_t version = cursor_u8(cur);
	uint16_t millivolts, temperature;
	uint32_t count, tenths;
	struct measure m;

	if (cur->failed)
		return ADVERT_E_MALFORMED;
	if (version != TLM_PLAIN)
		return ADVERT_E_OTHER;
	millivolts = cursor_be16(cur);
	temperature = cursor_be16(cur);
	count = cursor_be32(cur);
	tenths = cursor_be32(cur);
	if (cursor_done(cur) < 0)
		return ADVERT_E_MALFORMED;
	if (advert_repeated(c, ADVERT_VALUES, bytes, length))
		return ADVERT_E_REPEATED;
	m = advert_measure(c, ADVERT_VALUES, bytes, length);
	if (millivolts != 0) /* 0: it has no battery of its own */
		measure_scaled(&m, METRIC_BATTERY_VOLTAGE, millivolts, -3);
	add_temperature(&m, temperature);
	measure_scaled(&m, METRIC_COUNTER, count, 0);
	measure_scaled(&m, METRIC_UPTIME, tenths, -1);
	return advert_done(c, cur);
}

static int eddystone_decode(const struct advert_call *c, const uint8_t *bytes, size_t length)
{
	struct cursor cur = cursor_init(bytes, length);
	uint8_t frame = cursor_u8(&cur);

	if (cur.failed)
		return ADVERT_E_MALFORMED;
	if (frame == FRAME_UID)
		return read_uid(c, &cur);
	if (frame == FRAME_TLM)
		return read_tlm(c, &cur, bytes, length);
	return ADVERT_E_OTHER;
}

const struct advert_format advert_eddystone = {
	.name = "eddystone",
	.where = ADVERT_SERVICE_DATA,
	.id = 0xfeaa,
	.decode = eddystone_decode,
};
