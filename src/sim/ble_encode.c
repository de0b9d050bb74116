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
		(void)gmtime_r(&seconds, &t);
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

void sble_put_temperature(struct octets *o, const struct sble_temperature *t)
{
	octets_u8(o, (t->fahrenheit ? 1u : 0) | (t->has_time ? 2u : 0) | (t->type ? 4u : 0));
	octets_le(o, t->value, 4);
	if (t->has_time)
		sble_put_date_time(o, t->wall_ms);
	if (t->type)
		octets_u8(o, t->type);
}

void sble_put_pressure(struct octets *o, const struct sble_pressure *p)
{
	octets_u8(o, (p->kpa ? 1u : 0) | (p->has_time ? 2u : 0) | (p->has_pulse ? 4u : 0) |
			     (p->has_user ? 8u : 0) | (p->has_status ? 16u : 0));
	octets_le(o, p->systolic, 2);
	octets_le(o, p->diastolic, 2);
	octets_le(o, p->mean, 2);
	if (p->has_time)
		sble_put_date_time(o, p->wall_ms);
	if (p->has_pulse)
		octets_le(o, p->pulse, 2);
	if (p->has_user)
		octets_u8(o, p->user);
	if (p->has_status)
		octets_le(o, p->status, 2);
}

/* What both kinds of measurement end with. */
static void put_measurement_end(struct octets *o, const struct sble_oximetry *p)
{
	if (p->has_status)
		octets_le(o, p->status, 2);
	if (p->has_sensor)
		octets_le(o, p->sensor, 3);
	if (p->has_amplitude)
		octets_le(o, p->amplitude, 2);
}

void sble_put_spot(struct octets *o, const struct sble_oximetry *p)
{
	octets_u8(o, (p->has_time ? 1u : 0) | (p->has_status ? 2u : 0) | (p->has_sensor ? 4u : 0) |
			     (p->has_amplitude ? 8u : 0) | (p->clock_unset ? 16u : 0));
	octets_le(o, p->spo2, 2);
	octets_le(o, p->pulse, 2);
	if (p->has_time)
		sble_put_date_time(o, p->wall_ms);
	put_measurement_end(o, p);
}

void sble_put_continuous(struct octets *o, const struct sble_oximetry *p)
{
	octets_u8(o, (p->has_pairs ? 3u : 0) | (p->has_status ? 4u : 0) | (p->has_sensor ? 8u : 0) |
			     (p->has_amplitude ? 16u : 0));
	octets_le(o, p->spo2, 2);
	octets_le(o, p->pulse, 2);
	for (size_t i = 0; p->has_pairs && i < 2; i++)
		octets_le(o, p->fast[i], 2);
	for (size_t i = 0; p->has_pairs && i < 2; i++)
		octets_le(o, p->slow[i], 2);
	put_measurement_end(o, p);
}

void sble_put_glucose(struct octets *o, const struct sble_glucose *g)
{
	octets_u8(o, (g->has_offset ? 1u : 0) | (g->has_concentration ? 2u : 0) |
			     (g->mol ? 4u : 0) | (g->has_status ? 8u : 0) | (g->context ? 16u : 0));
	octets_le(o, g->sequence, 2);
	sble_put_date_time(o, g->base_ms);
	if (g->has_offset)
		octets_le(o, (uint64_t)(int64_t)g->offset_minutes, 2);
	if (g->has_concentration) {
		octets_le(o, g->concentration, 2);
		octets_u8(o, (unsigned)g->location << 4 | g->type);
	}
	if (g->has_status)
		octets_le(o, g->status, 2);
}

void sble_put_glucose_context(
	struct octets *o, uint16_t sequence, uint8_t carb_id, uint16_t carbs, uint8_t meal)
{
	octets_u8(o, 0x03);
	octets_le(o, sequence, 2);
	octets_u8(o, carb_id);
	octets_le(o, carbs, 2);
	octets_u8(o, meal);
}

void sble_put_cgm(struct octets *o, const struct sble_cgm *g)
{
	const uint8_t status = (uint8_t)g->status, cal = (uint8_t)(g->status >> 8),
		      warning = (uint8_t)(g->status >> 16);
	size_t from = o->n;

	octets_u8(o, 0); /* its size */
	octets_u8(o, (g->has_trend ? 1u : 0) | (g->has_quality ? 2u : 0) | (warning ? 0x20u : 0) |
			     (cal ? 0x40u : 0) | (status ? 0x80u : 0));
	octets_le(o, g->concentration, 2);
	octets_le(o, g->offset_minutes, 2);
	if (status)
		octets_u8(o, status);
	if (cal)
		octets_u8(o, cal);
	if (warning)
		octets_u8(o, warning);
	if (g->has_trend)
		octets_le(o, g->trend, 2);
	if (g->has_quality)
		octets_le(o, g->quality, 2);
	o->at[from] = (uint8_t)(o->n - from + (g->crc ? 2 : 0));
	if (g->crc)
		sble_put_crc(o, from);
}

void sble_put_weight(struct octets *o, const struct sble_weight *w)
{
	octets_u8(o, (w->imperial ? 1u : 0) | (w->has_time ? 2u : 0) | (w->has_user ? 4u : 0) |
			     (w->has_height ? 8u : 0));
	octets_le(o, w->weight, 2);
	if (w->has_time)
		sble_put_date_time(o, w->wall_ms);
	if (w->has_user)
		octets_u8(o, w->user);
	if (w->has_height) {
		octets_le(o, w->bmi, 2);
		octets_le(o, w->height, 2);
	}
}

void sble_put_composition(struct octets *o, const struct sble_composition *c)
{
	octets_le(o,
		(c->has_time ? 2u : 0) | (c->metabolism ? 8u : 0) | (c->muscle ? 16u : 0) |
			(c->impedance ? 0x200u : 0) | (c->weight ? 0x400u : 0),
		2);
	octets_le(o, c->fat, 2);
	if (c->has_time)
		sble_put_date_time(o, c->wall_ms);
	if (c->metabolism)
		octets_le(o, c->metabolism, 2);
	if (c->muscle)
		octets_le(o, c->muscle, 2);
	if (c->impedance)
		octets_le(o, c->impedance, 2);
	if (c->weight)
		octets_le(o, c->weight, 2);
}
