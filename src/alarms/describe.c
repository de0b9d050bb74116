/*
 * Words of alarms: see describe.h.
 */
#include "alarms/describe.h"

#include <ctype.h>
#include <string.h>

#include "util/cleanup.h"

void describe_metric(struct text *t, enum metric m)
{
	static const struct {
		enum metric metric;
		const char *text;
	} known[] = {
		{ METRIC_SPO2, "SpO2" },
		{ METRIC_ETCO2, "EtCO2" },
		{ METRIC_FIO2, "FiO2" },
		{ METRIC_NEWS2, "NEWS2" },
		{ METRIC_BMI, "BMI" },
		{ METRIC_GCS, "GCS" },
		{ METRIC_MKT, "MKT" },
		{ METRIC_AMBIENT_CO2, "CO2" },
		{ METRIC_VOC, "VOC" },
		{ METRIC_BP_SYSTOLIC, "Systolic pressure" },
		{ METRIC_BP_DIASTOLIC, "Diastolic pressure" },
		{ METRIC_BP_MEAN, "Mean pressure" },
	};
	const char *name = metric_info(m)->name;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].metric == m) {
			text_str(t, known[i].text);
			return;
		}
	text_char(t, (char)toupper((unsigned char)*name++));
	for (; *name; name++)
		text_char(t, *name == '-' ? ' ' : *name);
}

static const char *unit_words(enum metric m)
{
	static const struct {
		const char *unit, *text;
	} known[] = {
		{ "mm[Hg]", " mmHg" },
		{ "Cel", " \302\260C" },
		{ "{score}", "" },
		{ "/min", "/min" },
		{ "[ppm]", " ppm" },
	};
	const char *unit = metric_info(m)->unit;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].unit, unit) == 0)
			return known[i].text;
	return NULL;
}

void describe_value(struct text *t, enum metric m, struct decimal d)
{
	const char *words = unit_words(m);

	text_decimal(t, d);
	if (words) {
		text_str(t, words);
	} else if (metric_info(m)->unit[0]) {
		text_char(t, ' ');
		text_str(t, metric_info(m)->unit);
	}
}

void describe_side(struct text *t, enum metric m, const struct rule_verdict *v)
{
	if (v->side == SIDE_BELOW && v->limits.has_low) {
		text_lit(t, " below ");
		describe_value(t, m, v->limits.low);
	} else if (v->side == SIDE_ABOVE && v->limits.has_high) {
		text_lit(t, " above ");
		describe_value(t, m, v->limits.high);
	}
}

void describe_duration(struct text *t, int64_t us)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {
		{ "d", INT64_C(86400000000) },
		{ "h", INT64_C(3600000000) },
		{ "min", 60000000 },
		{ "s", 1000000 },
		{ "ms", 1000 },
	};
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && (us < units[i].us || us % units[i].us))
		i++;
	text_i64(t, us / units[i].us);
	text_char(t, ' ');
	text_str(t, units[i].name);
}
