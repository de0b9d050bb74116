/*
 * RuuviTag and Ruuvi Air: manufacturer data 0x0499, formats 3, 5 and 6; all most
 * significant byte first. The largest word that a field can hold says that it is
 * not available, of signed ones the smallest.
 */
#include "ble/adverts/adverts.h"

#include <math.h>

#define FORMAT_3 0x03
#define FORMAT_5 0x05
#define FORMAT_6 0x06

static const struct conversion ruuvi_pa_to_hpa = { .raw_unit = WORD_UNIT_PA, .shift = -2 };
static const struct conversion ruuvi_g = {
	.raw_unit = WORD_UNIT_G_GRAVITY, .places = 3, .num = 980665, .den = 100000
};

static void add(
	const struct measure *m, enum metric metric, bool available, int64_t mantissa, int exponent)
{
	if (available)
		measure_scaled(m, metric, mantissa, exponent);
	else
		measure_none(m, metric, VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE);
}

/* Three axes, in thousandths of standard gravity. */
static void add_acceleration(struct cursor *cur, struct measure m)
{
	for (uint8_t axis = 0; axis < 3; axis++) {
		int16_t thousandths = (int16_t)cursor_be16(cur);

		m.like.instance = axis;
		if (thousandths == INT16_MIN)
			measure_none(
				&m, METRIC_ACCELERATION, VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE);
		else
			measure_number(&m, METRIC_ACCELERATION, (struct decimal){ thousandths, -3 },
				&ruuvi_g);
	}
}

static void add_pressure(const struct measure *m, uint16_t above_50000, bool has_missing)
{
	if (has_missing && above_50000 == UINT16_MAX)
		measure_none(m, METRIC_PRESSURE, VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE);
	else
		measure_number(m, METRIC_PRESSURE,
			(struct decimal){ above_50000 + INT64_C(50000), 0 }, &ruuvi_pa_to_hpa);
}

static void add_temperature(const struct measure *m, int16_t steps)
{
	add(m, METRIC_AMBIENT_TEMPERATURE, steps != INT16_MIN, steps * INT64_C(5), -3);
}

static void add_humidity(const struct measure *m, uint16_t steps)
{
	add(m, METRIC_HUMIDITY, steps != UINT16_MAX, steps * INT64_C(25), -4);
}

static void read_3(struct cursor *cur, const struct measure *m)
{
	uint8_t humidity = cursor_u8(cur), whole = cursor_u8(cur), hundredths = cursor_u8(cur);
	int64_t temperature = (whole & 0x7f) * 100 + hundredths;

	/* sign and magnitude */
	measure_scaled(
		m, METRIC_AMBIENT_TEMPERATURE, whole & 0x80 ? -temperature : temperature, -2);
	measure_scaled(m, METRIC_HUMIDITY, humidity * 5, -1);
	add_pressure(m, cursor_be16(cur), false);
	add_acceleration(cur, *m);
	measure_scaled(m, METRIC_BATTERY_VOLTAGE, cursor_be16(cur), -3);
}

static void read_5(struct cursor *cur, const struct measure *m)
{
	uint16_t power, sequence;
	uint8_t movements;

	add_temperature(m, (int16_t)cursor_be16(cur));
	add_humidity(m, cursor_be16(cur));
	add_pressure(m, cursor_be16(cur), true);
	add_acceleration(cur, *m);
	power = cursor_be16(cur); /* 11 bits of mV above 1600, 5 bits of 2 dBm above -40 */
	add(m, METRIC_BATTERY_VOLTAGE, power >> 5 != 0x7ff, 1600 + (power >> 5), -3);
	add(m, METRIC_TX_POWER, (power & 0x1f) != 0x1f, -40 + 2 * (power & 0x1f), 0);
	movements = cursor_u8(cur);
	add(m, METRIC_COUNTER, movements != UINT8_MAX, movements, 0);
	sequence = cursor_be16(cur);
	(void)sequence; /* part of the key, with all the bytes */
	cursor_skip(cur, ADVERT_ADDRESS_SIZE);
}

/* 254 steps of a logarithm over 0 to 65535 lx; to hundredths, as its maker says. */
static int64_t lux_hundredths(uint8_t code)
{
	return llround((exp(code * log(65536.0) / 254.0) - 1.0) * 100.0);
}

#define FLAG_CALIBRATING 0x01
#define FLAG_VOC_LOW_BIT 0x40
#define FLAG_NOX_LOW_BIT 0x80
#define NINE_BITS 0x1ff

static void read_6(struct cursor *cur, struct measure m)
{
	int16_t temperature = (int16_t)cursor_be16(cur);
	uint16_t humidity = cursor_be16(cur), pressure = cursor_be16(cur);
	uint16_t pm2_5 = cursor_be16(cur), co2 = cursor_be16(cur);
	unsigned voc = cursor_u8(cur) << 1, nox = cursor_u8(cur) << 1;
	uint8_t light = cursor_u8(cur), flags;

	cursor_skip(cur, 2); /* reserved, and the sequence number */
	flags = cursor_u8(cur);
	cursor_skip(cur, 3);
	voc |= flags & FLAG_VOC_LOW_BIT ? 1 : 0;
	nox |= flags & FLAG_NOX_LOW_BIT ? 1 : 0;
	if (flags & FLAG_CALIBRATING)
		m.quality = (struct quality){ VALIDITY_QUESTIONABLE, WORD_WARMING_UP, 0 };
	add_temperature(&m, temperature);
	add_humidity(&m, humidity);
	add_pressure(&m, pressure, true);
	add(&m, METRIC_PM2_5, pm2_5 != UINT16_MAX, pm2_5, -1);
	add(&m, METRIC_AMBIENT_CO2, co2 != UINT16_MAX, co2, 0);
	add(&m, METRIC_VOC_INDEX, voc != NINE_BITS, voc, 0);
	add(&m, METRIC_NOX_INDEX, nox != NINE_BITS, nox, 0);
	add(&m, METRIC_ILLUMINANCE, light != UINT8_MAX, lux_hundredths(light), -2);
}

static int ruuvi_decode(const struct advert_call *c, const uint8_t *bytes, size_t length)
{
	struct cursor cur = cursor_init(bytes, length);
	uint8_t format = cursor_u8(&cur);
	struct measure m;

	if (format != FORMAT_3 && format != FORMAT_5 && format != FORMAT_6)
		return cur.failed ? ADVERT_E_MALFORMED : ADVERT_E_OTHER;
	if (c->device->has_key)
		return ADVERT_E_UNSEALED;
	if (advert_repeated(c, ADVERT_VALUES, bytes, length))
		return ADVERT_E_REPEATED;
	m = advert_measure(c, ADVERT_VALUES, bytes, length);
	if (format == FORMAT_3)
		read_3(&cur, &m);
	else if (format == FORMAT_5)
		read_5(&cur, &m);
	else
		read_6(&cur, m);
	return advert_done(c, &cur);
}

const struct advert_format advert_ruuvi = {
	.name = "ruuvi",
	.where = ADVERT_MANUFACTURER_DATA,
	.id = 0x0499,
	.decode = ruuvi_decode,
};
