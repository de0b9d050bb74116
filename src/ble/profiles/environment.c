/*
 * Environmental Sensing 0x181A (ESS 1.0): one row per characteristic, with the
 * words of the specification supplement that say "not known". A device may have
 * several of one kind: they are told apart by their instance.
 */
#include "ble/profiles/profiles.h"

#include "util/cleanup.h"

enum form { FORM_UNSIGNED, FORM_SIGNED, FORM_SFLOAT };

static const struct conversion pa_to_hpa = { .raw_unit = WORD_UNIT_PA, .shift = -2 };
static const struct conversion ppb_to_ppm = { .raw_unit = WORD_UNIT_PPB, .shift = -3 };
static const struct conversion kg_per_m3_to_ug = { .raw_unit = WORD_UNIT_KG_PER_M3, .shift = 9 };

static const struct {
	uint16_t characteristic, metric;
	uint8_t size, form;
	int8_t exponent;
	bool has_unknown, has_more;
	uint32_t unknown, more; /* as they stand on the wire; more: that much or above */
	const struct conversion *conversion;
} ess_rows[] = {
	{ 0x2a6e, METRIC_AMBIENT_TEMPERATURE, 2, FORM_SIGNED, -2, true, .unknown = 0x8000 },
	{ 0x2a1f, METRIC_AMBIENT_TEMPERATURE, 2, FORM_SIGNED, -1, true, .unknown = 0x8000 },
	{ 0x2a6f, METRIC_HUMIDITY, 2, FORM_UNSIGNED, -2, true, .unknown = 0xffff },
	{ 0x2a6d, METRIC_PRESSURE, 4, FORM_UNSIGNED, -1, .conversion = &pa_to_hpa },
	{ 0x2a7b, METRIC_DEW_POINT, 1, FORM_SIGNED, .exponent = 0 },
	{ 0x2afb, METRIC_ILLUMINANCE, 3, FORM_UNSIGNED, -2, true, .unknown = 0xffffff },
	{ 0x2b8c, METRIC_AMBIENT_CO2, 2, FORM_UNSIGNED, 0, true, true, .unknown = 0xffff,
		.more = 0xfffe },
	{ 0x2be7, METRIC_VOC_FRACTION, 2, FORM_UNSIGNED, 0, true, true, .unknown = 0xffff,
		.more = 0xfffe, .conversion = &ppb_to_ppm },
	{ 0x2bd5, METRIC_PM1, 2, FORM_SFLOAT, .conversion = &kg_per_m3_to_ug },
	{ 0x2bd6, METRIC_PM2_5, 2, FORM_SFLOAT, .conversion = &kg_per_m3_to_ug },
	{ 0x2bd7, METRIC_PM10, 2, FORM_SFLOAT, .conversion = &kg_per_m3_to_ug },
};

#define USE (PROFILE_USE_READ | PROFILE_USE_SUBSCRIBE)

static const struct profile_characteristic ess_characteristics[] = {
	{ 0x2a6e, USE },
	{ 0x2a1f, USE },
	{ 0x2a6f, USE },
	{ 0x2a6d, USE },
	{ 0x2a7b, USE },
	{ 0x2afb, USE },
	{ 0x2b8c, USE },
	{ 0x2be7, USE },
	{ 0x2bd5, USE },
	{ 0x2bd6, USE },
	{ 0x2bd7, USE },
};

static_assert(ARRAY_SIZE(ess_rows) == ARRAY_SIZE(ess_characteristics), "one row for each");

static void add_row(const struct measure *m, size_t i, uint32_t word)
{
	enum metric metric = (enum metric)ess_rows[i].metric;
	unsigned bits = 8u * ess_rows[i].size;
	struct decimal d = { word, ess_rows[i].exponent };

	if (ess_rows[i].form == FORM_SFLOAT) {
		measure_sfloat(m, metric, (uint16_t)word, ess_rows[i].conversion);
		return;
	}
	if (ess_rows[i].has_unknown && word == ess_rows[i].unknown) {
		measure_none(m, metric, VALIDITY_NOT_MEASURED, WORD_UNAVAILABLE);
		return;
	}
	if (ess_rows[i].has_more && word == ess_rows[i].more) {
		struct measure above = *m;

		above.quality = (struct quality){ VALIDITY_ABOVE_RANGE, WORD_OUT_OF_RANGE, 0 };
		measure_number(&above, metric, d, ess_rows[i].conversion);
		return;
	}
	if (ess_rows[i].form == FORM_SIGNED && word >> (bits - 1))
		d.mantissa -= INT64_C(1) << bits;
	measure_number(m, metric, d, ess_rows[i].conversion);
}

static int ess_heard(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	struct measure m = profile_measure(c, v);

	for (size_t i = 0; i < ARRAY_SIZE(ess_rows); i++)
		if (ess_rows[i].characteristic == v->characteristic) {
			uint32_t word = (uint32_t)cursor_le(&cur, ess_rows[i].size);

			if (cursor_done(&cur) < 0)
				return PROFILE_E_MALFORMED;
			add_row(&m, i, word);
			return 0;
		}
	return PROFILE_E_UNKNOWN;
}

const struct ble_profile profile_environment = {
	.name = "environment",
	.service = 0x181a,
	.manner = PROFILE_STREAM,
	.characteristics = ess_characteristics,
	.characteristic_count = ARRAY_SIZE(ess_characteristics),
	.heard = ess_heard,
};
