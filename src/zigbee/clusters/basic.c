/*
 * Basic 0x0000 (ZCL revision 8, 3.2): who the device is, and by what it is fed.
 * Xiaomi's devices put their readings here too, in attributes of their own.
 */
#include <string.h>

#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define MAKER_NAME 0x0004
#define MODEL 0x0005
#define POWER_SOURCE 0x0007
#define SOFTWARE 0x4000
#define LUMP_TEXT 0xff01
#define LUMP_FIELDS 0xff02

#define LAST_OF_VERSIONS 0x0003
#define SOURCE_BACKED 0x80 /* a battery stands behind it */
#define LUMI_FIELDS_CODE 0x1234
#define FIELD_VOLTAGE 1

static const struct cluster_attribute basic_attributes[] = {
	{ MAKER_NAME, ZCL_TYPE_STRING, CLUSTER_READ, .metric = METRIC_NONE },
	{ MODEL, ZCL_TYPE_STRING, CLUSTER_READ, .metric = METRIC_NONE },
	{ POWER_SOURCE, ZCL_TYPE_ENUM8, CLUSTER_READ, .metric = METRIC_NONE },
	{ SOFTWARE, ZCL_TYPE_STRING, CLUSTER_READ, .metric = METRIC_NONE },
};

static int take_fact(const struct cluster_call *c, enum device_fact fact, const struct zcl_value *v)
{
	char text[DEVICE_FACT_MAX + 1] = "";

	if (v->form != ZCL_FORM_TEXT)
		return CLUSTER_E_MALFORMED;
	if (zcl_text(text, sizeof(text), v) == 0 || strcmp(text, c->device->facts[fact]) == 0)
		return 0;
	memcpy(c->device->facts[fact], text, sizeof(text));
	c->out->facts_changed = true;
	cluster_restored(c->device);
	return 0;
}

static int take_source(const struct cluster_call *c, const struct zcl_value *v)
{
	uint8_t source = (uint8_t)(v->word & ~(uint64_t)SOURCE_BACKED);
	uint8_t supply;

	if (v->form != ZCL_FORM_ENUM)
		return CLUSTER_E_MALFORMED;
	/* 0 is "unknown"; 3 a battery; the others are mains and supplies like it */
	if (v->unknown || source == 0 || source > 6)
		return 0;
	supply = source == 3 ? CLUSTER_SUPPLY_BATTERY : CLUSTER_SUPPLY_MAINS;
	if (c->device->supply != supply)
		c->out->facts_changed = true;
	c->device->supply = supply;
	return 0;
}

/* A structure of numbers without names, of which the second is the battery's voltage. */
static int take_fields(const struct cluster_call *c, const struct zcl_value *v)
{
	struct zcl_elements e = zcl_elements(v);
	struct measure m = cluster_measure(c);
	struct zcl_value field;

	for (unsigned i = 0; i <= FIELD_VOLTAGE; i++)
		if (zcl_next_element(&e, &field) != 0)
			return CLUSTER_E_MALFORMED;
	return cluster_number(&m, METRIC_BATTERY_VOLTAGE, -3, NULL, &field);
}

static int basic_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	uint16_t maker = c->frame->header.maker;

	if (id == LUMP_TEXT)
		return cluster_lump(c, v);
	if (id == LUMP_FIELDS && v->form == ZCL_FORM_FIELDS)
		return take_fields(c, v);
	/* Xiaomi's devices say their model under their own code, beside the lump */
	if (maker != 0 && maker != QUIRK_MAKER_CODE_LUMI && maker != LUMI_FIELDS_CODE)
		return CLUSTER_E_UNKNOWN;
	switch (id) {
	case MAKER_NAME:
		return take_fact(c, FACT_MAKER, v);
	case MODEL:
		return take_fact(c, FACT_MODEL, v);
	case SOFTWARE:
		return take_fact(c, FACT_FIRMWARE, v);
	case POWER_SOURCE:
		return take_source(c, v);
	default:
		return id <= LAST_OF_VERSIONS ? 0 : CLUSTER_E_UNKNOWN;
	}
}

const struct zcl_cluster cluster_basic = {
	.name = "basic",
	.id = 0x0000,
	.attributes = basic_attributes,
	.attribute_count = ARRAY_SIZE(basic_attributes),
	.attribute = basic_attribute,
};
