/*
 * What both fuzz targets of SenML share: options from the first byte, and what
 * must hold of whatever was taken or refused.
 */
#pragma once

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/senml.h"
#include "codec/senml_readings.h"
#include "util/decimal.h"

typedef int (*senml_decode_fn)(const void *body, size_t n, const struct senml_options *o,
	struct senml_pack *ret, struct senml_error *error);

static inline void judge_refusal(const struct senml_error *e)
{
	size_t n = strnlen(e->text, sizeof(e->text));

	assert(n > 0 && n < sizeof(e->text));
	for (size_t i = 0; i < n; i++)
		assert(e->text[i] >= 0x20 && e->text[i] < 0x7f);
	assert((e->record > 0) == (strncmp(e->text, "record ", 7) == 0));
	assert(e->record <= SENML_RECORDS_MAX + 1);
}

static inline void judge_record(const struct senml_record *r)
{
	size_t n = strnlen(r->name, sizeof(r->name));

	assert(n > 0 && n <= SENML_NAME_MAX);
	assert(!r->unit || strlen(r->unit) <= SENML_STRING_MAX);
	assert(r->value != SENML_NUMBER || decimal_plain(r->number));
	assert(r->value != SENML_STRING || strlen(r->string) <= SENML_STRING_MAX);
	assert(r->update_time_us >= 0);
	assert(r->extension_count <= SENML_EXTENSIONS_MAX);
	for (unsigned i = 0; i < r->extension_count; i++)
		assert(strlen(r->extensions[i].label) + strlen(r->extensions[i].text) <=
			2 * SENML_STRING_MAX);
}

static inline void judge_reading(const struct reading *r, const struct senml_record *from)
{
	const struct metric_info *info = metric_info(r->metric);

	assert(r->metric > METRIC_NONE && r->metric < _METRIC_MAX);
	switch ((enum value_kind)r->kind) {
	case VALUE_NONE:
		assert(r->validity != VALIDITY_VALID);
		break;
	case VALUE_NUMBER:
		assert(info->kind == METRIC_NUMBER && decimal_plain(r->number));
		assert(r->raw_unit == WORD_NONE || decimal_plain(r->raw));
		break;
	case VALUE_BOOLEAN:
		assert(info->kind == METRIC_BOOLEAN);
		break;
	case VALUE_WORD:
		assert(metric_takes_word(r->metric, r->word));
		break;
	}
	assert(r->validity < _VALIDITY_MAX && r->origin < _ORIGIN_MAX && r->flags < _FLAG_END);
	assert((r->source_key != 0) == from->absolute);
	assert((r->time_source == TIME_DEVICE) == from->absolute);
}

static inline void judge_senml(senml_decode_fn decode, const uint8_t *data, size_t size)
{
	static const struct senml_unit units[] = { { METRIC_SPO2, "/" },
		{ METRIC_GLUCOSE, "mg/dL" }, { METRIC_WEIGHT, "lb" },
		{ METRIC_BODY_TEMPERATURE, "degF" } };
	struct senml_options o = { .units = units };
	struct senml_pack pack = { 0 };
	struct senml_error error = { 0 };
	struct reading *readings;
	int r;

	if (size == 0)
		return;
	o.accept = data[0] & 15;
	o.unit_count = data[0] & 16 ? sizeof(units) / sizeof(units[0]) : 0;

	r = decode(data + 1, size - 1, &o, &pack, &error);
	assert(r == 0 || r == SENML_E_REFUSED);
	if (r == SENML_E_REFUSED) {
		assert(!pack.records && !pack.text);
		judge_refusal(&error);
		return;
	}
	assert(pack.count > 0 && pack.count <= SENML_RECORDS_MAX);
	for (size_t i = 0; i < pack.count; i++)
		judge_record(&pack.records[i]);

	readings = calloc(pack.count, sizeof(*readings));
	assert(readings);
	r = senml_readings(&pack, &o, INT64_C(1716300000000000), data[0] & 32, readings, &error);
	assert(r == 0 || r == SENML_E_REFUSED);
	if (r == SENML_E_REFUSED)
		judge_refusal(&error);
	for (size_t i = 0; r == 0 && i < pack.count; i++)
		judge_reading(&readings[i], &pack.records[i]);
	free(readings);
	senml_pack_done(&pack);
}
