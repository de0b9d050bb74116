/* See ble_encode.h. */
#include "sim/ble_encode.h"

#include <time.h>

uint16_t sble_sfloat(int mantissa, int exponent)
{
	assert(mantissa >= -2048 && mantissa <= 2047 && exponent >= -8 && exponent <= 7);
	return (uint16_t)(((unsigned)exponent & 0xf) << 12 | ((unsigned)mantissa & 0xfff));
}

uint32_t sble_float(int32_t mantissa, int exponent)
{
	assert(mantissa >= -8388608 && mantissa <= 8388607 && exponent >= -128 && exponent <= 127);
	return ((uint32_t)exponent & 0xff) << 24 | ((uint32_t)mantissa & 0xffffff);
}

void sble_put_date_time(struct octets *o, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm t = { 0 };

	if (wall_ms == INT64_MIN || !gmtime_r(&seconds, &t)) {
		octets_le(o, 0, 7);
		return;
	}
	octets_le(o, (unsigned)t.tm_year + 1900u, 2);
	octets_u8(o, (unsigned)t.tm_mon + 1u);
	octets_u8(o, (unsigned)t.tm_mday);
	octets_u8(o, (unsigned)t.tm_hour);
	octets_u8(o, (unsigned)t.tm_min);
	octets_u8(o, (unsigned)t.tm_sec);
}

void sble_put_current_time(struct octets *o, int64_t wall_ms, uint8_t reason)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm t = { 0 };

	sble_put_date_time(o, wall_ms);
	if (wall_ms != INT64_MIN)
		gmtime_r(&seconds, &t);
	octets_u8(o, wall_ms == INT64_MIN ? 0 : t.tm_wday ? (unsigned)t.tm_wday : 7u);
	octets_u8(o, wall_ms == INT64_MIN ? 0 : (unsigned)(wall_ms % 1000 * 256 / 1000));
	octets_u8(o, reason);
}

void sble_put_crc(struct octets *o, size_t from)
{
	uint16_t crc = 0xffff;

	for (size_t i = from; i < o->n; i++) {
		crc ^= o->at[i];
		for (int k = 0; k < 8; k++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1);
	}
	octets_le(o, crc, 2);
}

void sble_put_heart(struct octets *o, const struct sble_heart *h)
{
	bool wide = h->wide || h->rate > 255;

	octets_u8(o, (wide ? 1u : 0) | (h->tells_contact ? 4u : 0) |
			     (h->tells_contact && h->contact ? 2u : 0) | (h->has_energy ? 8u : 0) |
			     (h->rr_count ? 16u : 0));
	octets_le(o, h->rate, wide ? 2 : 1);
	if (h->has_energy)
		octets_le(o, h->energy, 2);
	for (size_t i = 0; i < h->rr_count; i++)
		octets_le(o, h->rr[i], 2);
}
