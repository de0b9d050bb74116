/*
 * Which SenML units fit a metric, and how they become its UCUM unit. For
 * senml_readings.c and for whoever checks a configuration.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "codec/senml.h"
#include "wardgate/decimal.h"
#include "wardgate/metric.h"

enum {
	_SENML_UNIT_E_OK,
	SENML_UNIT_E_UNFIT,     /* it does not fit the metric, or nobody knows it */
	SENML_UNIT_E_NOT_SENML, /* it fits, but SenML has other units: the device has to be known
				   for it */
	SENML_UNIT_E_RANGE,     /* the converted value has no plain form */
};

/* Whether Units= may name this unit for this metric. */
bool senml_unit_known(enum metric m, const char *unit);

/* Whether the metric makes sense without a unit (a score, a count). */
bool senml_unit_optional(enum metric m);

/*
 * Converts v from unit into the metric's own. *ret_raw_unit is the unit's word when the number
 * changed and WORD_NONE when it did not. trusted: the configuration names this unit for this
 * metric, so that it need not be one of SenML's. Returns 0 or one of SENML_UNIT_E_*.
 *
 * Rounding, half away from zero: mm[Hg] to 0.1, % to 0.1 (perfusion index 0.01), Cel, kg, mmol/L to
 * 0.01, cm to 0.1; a shift of the decimal point alone keeps all digits but for %.
 */
int senml_unit_convert(enum metric m, const char *unit, const struct senml_options *o, bool trusted,
	struct decimal v, struct decimal *ret, enum word *ret_raw_unit);

/* The SenML units that fit, as "Pa or hPa"; buf is returned. */
const char *senml_units_expected(enum metric m, char *buf, size_t size);
