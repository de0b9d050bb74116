/*
 * The table of units: primary ones of RFC 8428 section 12.1, secondary ones of
 * RFC 8798, and some that are in neither but are sent all the same.
 */
#include "codec/senml_units.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/decimal.h"
#include "util/text.h"

/* Metrics that share their units, as bits. */
enum quantity {
	Q_HEART_RATE = 1 << 0,
	Q_BREATH_RATE = 1 << 1,
	Q_RATIO = 1 << 2,
	Q_PERFUSION = 1 << 3,
	Q_HUMIDITY = 1 << 4,
	Q_CHARGE = 1 << 5,
	Q_TEMPERATURE = 1 << 6,
	Q_BLOOD_PRESSURE = 1 << 7,
	Q_AIR_PRESSURE = 1 << 8,
	Q_INTERVAL = 1 << 9,
	Q_GLUCOSE = 1 << 10,
	Q_GLUCOSE_TREND = 1 << 11,
	Q_MASS = 1 << 12,
	Q_LENGTH = 1 << 13,
	Q_BMI = 1 << 14,
	Q_RESISTANCE = 1 << 15,
	Q_ENERGY = 1 << 16,
	Q_VOLUME = 1 << 17,
	Q_FLOW = 1 << 18,
	Q_PPM = 1 << 19,
	Q_DUST = 1 << 20,
	Q_LIGHT = 1 << 21,
	Q_VOLTAGE = 1 << 22,
	Q_CURRENT = 1 << 23,
	Q_POWER = 1 << 24,
	Q_SIGNAL = 1 << 25,
	Q_ACCELERATION = 1 << 26,
	Q_COUNT = 1 << 27, /* no unit needed */
	Q_GRAMS = 1 << 28,
	Q_MILLIGRAMS = 1 << 29,
	Q_DURATION = 1 << 30,
};

static const unsigned quantities[_METRIC_MAX] = {
	[METRIC_HEART_RATE] = Q_HEART_RATE,
	[METRIC_PULSE_RATE] = Q_HEART_RATE,
	[METRIC_SPO2] = Q_RATIO,
	[METRIC_PERFUSION_INDEX] = Q_PERFUSION,
	[METRIC_BP_SYSTOLIC] = Q_BLOOD_PRESSURE,
	[METRIC_BP_DIASTOLIC] = Q_BLOOD_PRESSURE,
	[METRIC_BP_MEAN] = Q_BLOOD_PRESSURE,
	[METRIC_CUFF_PRESSURE] = Q_BLOOD_PRESSURE,
	[METRIC_RR_INTERVAL] = Q_INTERVAL,
	[METRIC_RESPIRATORY_RATE] = Q_BREATH_RATE,
	[METRIC_ETCO2] = Q_BLOOD_PRESSURE,
	[METRIC_FIO2] = Q_RATIO,
	[METRIC_OXYGEN_FLOW] = Q_FLOW,
	[METRIC_BODY_TEMPERATURE] = Q_TEMPERATURE,
	[METRIC_SKIN_TEMPERATURE] = Q_TEMPERATURE,
	[METRIC_CORE_TEMPERATURE] = Q_TEMPERATURE,
	[METRIC_GLUCOSE] = Q_GLUCOSE,
	[METRIC_GLUCOSE_TREND] = Q_GLUCOSE_TREND,
	[METRIC_WEIGHT] = Q_MASS,
	[METRIC_HEIGHT] = Q_LENGTH,
	[METRIC_BMI] = Q_BMI,
	[METRIC_BODY_FAT] = Q_RATIO,
	[METRIC_MUSCLE_MASS] = Q_MASS,
	[METRIC_IMPEDANCE] = Q_RESISTANCE,
	[METRIC_ENERGY] = Q_ENERGY,
	[METRIC_URINE_OUTPUT] = Q_VOLUME,
	[METRIC_GCS] = Q_COUNT,
	[METRIC_PAIN] = Q_COUNT,
	[METRIC_NEWS2] = Q_COUNT,
	[METRIC_AMBIENT_TEMPERATURE] = Q_TEMPERATURE,
	[METRIC_MKT] = Q_TEMPERATURE,
	[METRIC_HUMIDITY] = Q_HUMIDITY,
	[METRIC_PRESSURE] = Q_AIR_PRESSURE,
	[METRIC_AMBIENT_CO2] = Q_PPM,
	[METRIC_PM2_5] = Q_DUST,
	[METRIC_VOC] = Q_DUST,
	[METRIC_ILLUMINANCE] = Q_LIGHT,
	[METRIC_BATTERY] = Q_CHARGE,
	[METRIC_BATTERY_VOLTAGE] = Q_VOLTAGE,
	[METRIC_VOLTAGE] = Q_VOLTAGE,
	[METRIC_CURRENT] = Q_CURRENT,
	[METRIC_POWER] = Q_POWER,
	[METRIC_SIGNAL_STRENGTH] = Q_SIGNAL,
	[METRIC_LINK_QUALITY] = Q_COUNT,
	[METRIC_ACCELERATION] = Q_ACCELERATION,
	[METRIC_COUNTER] = Q_COUNT,
	[METRIC_CARBOHYDRATE] = Q_GRAMS,
	[METRIC_EXERCISE_DURATION] = Q_DURATION,
	[METRIC_EXERCISE_INTENSITY] = Q_RATIO,
	[METRIC_MEDICATION] = Q_MILLIGRAMS,
	[METRIC_MEDICATION_VOLUME] = Q_VOLUME,
	[METRIC_HBA1C] = Q_RATIO,
	[METRIC_GLUCOSE_QUALITY] = Q_RATIO,
	[METRIC_BASAL_METABOLISM] = Q_ENERGY,
	[METRIC_MUSCLE] = Q_RATIO,
	[METRIC_FAT_FREE_MASS] = Q_MASS,
	[METRIC_SOFT_LEAN_MASS] = Q_MASS,
	[METRIC_BODY_WATER_MASS] = Q_MASS,
	[METRIC_DEW_POINT] = Q_TEMPERATURE,
	[METRIC_PM10] = Q_DUST,
	[METRIC_PM1] = Q_DUST,
	[METRIC_VOC_INDEX] = Q_COUNT,
	[METRIC_NOX_INDEX] = Q_COUNT,
	[METRIC_VOC_FRACTION] = Q_PPM,
	[METRIC_TX_POWER] = Q_SIGNAL,
	[METRIC_UPTIME] = Q_DURATION,
};

#define Q_PERCENTAGES (Q_RATIO | Q_PERFUSION | Q_HUMIDITY | Q_CHARGE)
#define ALL_PLACES 18 /* nothing is rounded */

enum standing {
	SENML, /* registered, or nothing registered would do */
	OTHER, /* taken where the configuration names it */
	MMHG,  /* likewise, or by SENML_ACCEPT_MMHG */
};

/* value = (v + offset_before) * num / den * 10^shift + offset_after, rounded to places */
static const struct row {
	const char *unit;
	unsigned quantities;
	enum standing standing;
	enum word raw; /* WORD_NONE: the number stays as it is */
	int8_t shift;
	uint8_t places;
	int64_t num, den;             /* 0: none */
	struct decimal before, after; /* offsets */
} rows[] = {
	{ "beat/min", Q_HEART_RATE, SENML, .raw = WORD_NONE },
	{ "1/min", Q_HEART_RATE | Q_BREATH_RATE, SENML, .raw = WORD_NONE },
	{ "1/s", Q_HEART_RATE | Q_BREATH_RATE, SENML, WORD_UNIT_PER_S, .places = 2, .num = 60,
		.den = 1 },
	{ "Hz", Q_HEART_RATE | Q_BREATH_RATE, SENML, WORD_UNIT_HZ, .places = 2, .num = 60,
		.den = 1 },

	{ "%RH", Q_HUMIDITY, SENML, .raw = WORD_NONE },
	{ "%EL", Q_CHARGE, SENML, .raw = WORD_NONE },
	{ "/", Q_PERFUSION, SENML, WORD_UNIT_RATIO, .shift = 2, .places = 2 },
	{ "/", Q_PERCENTAGES & ~Q_PERFUSION, SENML, WORD_UNIT_RATIO, .shift = 2, .places = 1 },
	{ "%", Q_PERFUSION, SENML, WORD_UNIT_PERCENT, .shift = 2, .places = 2 },
	{ "%", Q_PERCENTAGES & ~Q_PERFUSION, SENML, WORD_UNIT_PERCENT, .shift = 2, .places = 1 },
	{ "/100", Q_PERCENTAGES, SENML, .raw = WORD_NONE },
	{ "/1000", Q_PERCENTAGES, SENML, WORD_UNIT_PER_1000, .shift = -1, .places = 2 },

	{ "Cel", Q_TEMPERATURE, SENML, .raw = WORD_NONE },
	{ "K", Q_TEMPERATURE, SENML, WORD_UNIT_K, .places = 2, .after = { -27315, -2 } },
	{ "degF", Q_TEMPERATURE, OTHER, WORD_UNIT_DEGF, .places = 2, .num = 5, .den = 9,
		.before = { -32, 0 } },

	{ "Pa", Q_BLOOD_PRESSURE, SENML, WORD_UNIT_PA, .places = 1, .num = 1000000000,
		.den = 133322387415 },
	{ "hPa", Q_BLOOD_PRESSURE, SENML, WORD_UNIT_HPA, .places = 1, .num = 100000000000,
		.den = 133322387415 },
	{ "kPa", Q_BLOOD_PRESSURE, OTHER, WORD_UNIT_KPA, .places = 1, .num = 200000000000,
		.den = 26664477483 },
	{ "mmHg", Q_BLOOD_PRESSURE, MMHG, .raw = WORD_NONE },
	{ "mm[Hg]", Q_BLOOD_PRESSURE, MMHG, .raw = WORD_NONE },
	{ "Pa", Q_AIR_PRESSURE, SENML, WORD_UNIT_PA, .shift = -2, .places = ALL_PLACES },
	{ "hPa", Q_AIR_PRESSURE, SENML, .raw = WORD_NONE },
	{ "kPa", Q_AIR_PRESSURE, OTHER, WORD_UNIT_KPA, .shift = 1, .places = ALL_PLACES },

	{ "s", Q_INTERVAL, SENML, WORD_UNIT_S, .shift = 3, .places = ALL_PLACES },
	{ "ms", Q_INTERVAL, SENML, .raw = WORD_NONE },
	{ "s", Q_DURATION, SENML, .raw = WORD_NONE },
	{ "ms", Q_DURATION, SENML, WORD_UNIT_MS, .shift = -3, .places = ALL_PLACES },

	/* 180.156 g of glucose are a mole */
	{ "kg/m3", Q_GLUCOSE, SENML, WORD_UNIT_KG_PER_M3, .places = 2, .num = 1000000,
		.den = 180156 },
	{ "mg/dL", Q_GLUCOSE, OTHER, WORD_UNIT_MG_PER_DL, .places = 2, .num = 10000,
		.den = 180156 },
	{ "mmol/L", Q_GLUCOSE, OTHER, .raw = WORD_NONE },
	{ "mmol/l", Q_GLUCOSE, OTHER, .raw = WORD_NONE },
	{ "mol/m3", Q_GLUCOSE, OTHER, .raw = WORD_NONE },
	{ "mmol/L/min", Q_GLUCOSE_TREND, SENML, .raw = WORD_NONE },

	{ "kg", Q_MASS, SENML, .raw = WORD_NONE },
	{ "g", Q_MASS, SENML, WORD_UNIT_G, .shift = -3, .places = ALL_PLACES },
	{ "lb", Q_MASS, OTHER, WORD_UNIT_LB, .places = 2, .num = 45359237, .den = 100000000 },
	{ "g", Q_GRAMS, SENML, .raw = WORD_NONE },
	{ "kg", Q_GRAMS, SENML, WORD_UNIT_KG, .shift = 3, .places = ALL_PLACES },
	{ "g", Q_MILLIGRAMS, SENML, WORD_UNIT_G, .shift = 3, .places = ALL_PLACES },
	{ "mg", Q_MILLIGRAMS, OTHER, .raw = WORD_NONE },
	{ "m", Q_LENGTH, SENML, WORD_UNIT_M, .shift = 2, .places = ALL_PLACES },
	{ "cm", Q_LENGTH, SENML, .raw = WORD_NONE },
	{ "mm", Q_LENGTH, SENML, WORD_UNIT_MM, .shift = -1, .places = ALL_PLACES },
	{ "in", Q_LENGTH, OTHER, WORD_UNIT_IN, .places = 1, .num = 254, .den = 100 },
	{ "kg/m2", Q_BMI, SENML, .raw = WORD_NONE },
	{ "Ohm", Q_RESISTANCE, SENML, .raw = WORD_NONE },
	{ "J", Q_ENERGY, SENML, WORD_UNIT_J, .shift = -3, .places = ALL_PLACES },
	{ "kJ", Q_ENERGY, OTHER, .raw = WORD_NONE },
	{ "kcal", Q_ENERGY, OTHER, WORD_UNIT_KCAL, .places = 1, .num = 4184, .den = 1000 },
	{ "l", Q_VOLUME, SENML, WORD_UNIT_L, .shift = 3, .places = ALL_PLACES },
	{ "m3", Q_VOLUME, SENML, WORD_UNIT_M3, .shift = 6, .places = ALL_PLACES },
	{ "ml", Q_VOLUME, OTHER, .raw = WORD_NONE },
	{ "mL", Q_VOLUME, OTHER, .raw = WORD_NONE },
	{ "l/s", Q_FLOW, SENML, WORD_UNIT_L_PER_S, .places = 2, .num = 60, .den = 1 },
	{ "m3/s", Q_FLOW, SENML, WORD_UNIT_M3_PER_S, .places = 2, .num = 60000, .den = 1 },
	{ "l/min", Q_FLOW, OTHER, .raw = WORD_NONE },
	{ "L/min", Q_FLOW, OTHER, .raw = WORD_NONE },

	{ "ppm", Q_PPM, SENML, .raw = WORD_NONE },
	{ "/", Q_PPM, SENML, WORD_UNIT_RATIO, .shift = 6, .places = ALL_PLACES },
	{ "ug/m3", Q_DUST, SENML, .raw = WORD_NONE },
	{ "kg/m3", Q_DUST, SENML, WORD_UNIT_KG_PER_M3, .shift = 9, .places = ALL_PLACES },
	{ "lx", Q_LIGHT, SENML, .raw = WORD_NONE },
	{ "V", Q_VOLTAGE, SENML, .raw = WORD_NONE },
	{ "mV", Q_VOLTAGE, SENML, WORD_UNIT_MV, .shift = -3, .places = ALL_PLACES },
	{ "A", Q_CURRENT, SENML, .raw = WORD_NONE },
	{ "mA", Q_CURRENT, SENML, WORD_UNIT_MA, .shift = -3, .places = ALL_PLACES },
	{ "W", Q_POWER, SENML, .raw = WORD_NONE },
	{ "kW", Q_POWER, SENML, WORD_UNIT_KW, .shift = 3, .places = ALL_PLACES },
	{ "mW", Q_POWER, OTHER, WORD_UNIT_MW, .shift = -3, .places = ALL_PLACES },
	{ "dBm", Q_SIGNAL, SENML, .raw = WORD_NONE },
	{ "dBW", Q_SIGNAL, SENML, WORD_UNIT_DBW, .places = ALL_PLACES, .after = { 30, 0 } },
	{ "m/s2", Q_ACCELERATION, SENML, .raw = WORD_NONE },
	{ "count", Q_COUNT, SENML, .raw = WORD_NONE },
};

static const struct row *find_row(enum metric m, const char *unit)
{
	unsigned q = (unsigned)m < _METRIC_MAX ? quantities[m] : 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((rows[i].quantities & q) && strcmp(rows[i].unit, unit) == 0)
			return &rows[i];
	return NULL;
}

bool senml_unit_known(enum metric m, const char *unit)
{
	return find_row(m, unit) != NULL;
}

bool senml_unit_optional(enum metric m)
{
	return (unsigned)m < _METRIC_MAX && quantities[m] == Q_COUNT;
}

const char *senml_units_expected(enum metric m, char *buf, size_t size)
{
	struct text t = text_init(buf, size);
	unsigned q = (unsigned)m < _METRIC_MAX ? quantities[m] : 0;
	const char *pending = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!(rows[i].quantities & q) || rows[i].standing != SENML)
			continue;
		if (pending) {
			text_str(&t, t.at == t.start ? "" : ", ");
			text_str(&t, pending);
		}
		pending = rows[i].unit;
	}
	if (pending) {
		text_str(&t, t.at == t.start ? "" : " or ");
		text_str(&t, pending);
	}
	if (text_done(&t) < 0)
		buf[0] = 0;
	return buf;
}

static int convert(const struct row *row, struct decimal v, struct decimal *ret)
{
	int r = 0;

	if (row->before.mantissa != 0)
		r = decimal_add(&v, v, row->before);
	if (r == 0 && row->num != 0)
		r = decimal_scale(&v, v, row->num, row->den, row->places);
	if (r == 0 && row->shift != 0)
		r = decimal_from_parts(&v, v.mantissa, v.exponent + row->shift);
	if (r == 0 && row->after.mantissa != 0)
		r = decimal_add(&v, v, row->after);
	if (r == 0)
		r = decimal_round(&v, v, row->places);
	if (r == 0)
		*ret = v;
	return r;
}

int senml_unit_convert(enum metric m, const char *unit, const struct senml_options *o, bool trusted,
	struct decimal v, struct decimal *ret, enum word *ret_raw_unit)
{
	const struct row *row = find_row(m, unit);

	if (!row)
		return SENML_UNIT_E_UNFIT;
	if (!trusted && row->standing != SENML &&
		!(row->standing == MMHG && (o->accept & SENML_ACCEPT_MMHG)))
		return SENML_UNIT_E_NOT_SENML;
	if (row->raw == WORD_NONE ||
		(row->raw == WORD_UNIT_PERCENT && (o->accept & SENML_ACCEPT_PERCENT))) {
		*ret = v;
		*ret_raw_unit = WORD_NONE;
		return 0;
	}
	if (convert(row, v, ret) < 0)
		return SENML_UNIT_E_RANGE;
	*ret_raw_unit = row->raw;
	return 0;
}
