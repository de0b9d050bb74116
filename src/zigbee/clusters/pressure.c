/*
 * Pressure Measurement 0x0403 (ZCL revision 8, 4.5): in tenths of a kPa, which are
 * hPa; and more finely in Pa with a scale beside it. Where both are in one message
 * the finer one counts.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define MEASURED 0x0000
#define SCALED 0x0010
#define SCALE 0x0014

#define PA_TO_HPA (-2)

/* The scale, moved so that 0 says that it is not known. */
enum { WORD_SCALE };
#define SCALE_BASE 1000
#define SCALE_LEAST (SCALE_BASE + INT8_MIN)
#define SCALE_MOST (SCALE_BASE + INT8_MAX)

static const struct cluster_attribute pressure_attributes[] = {
	{ MEASURED, ZCL_TYPE_S16, CLUSTER_READ | CLUSTER_REPORT, METRIC_PRESSURE, 0, NULL, 10, 600,
		1 },
	{ SCALED, ZCL_TYPE_S16, 0, .metric = METRIC_PRESSURE },
	{ SCALE, ZCL_TYPE_S8, CLUSTER_READ, .metric = METRIC_NONE },
};

/* A value, and not that there is none. */
static bool has_one(const struct cluster_call *c)
{
	const struct decoded *d = c->out->readings;

	return d->count > 0 && d->list[0].validity != VALIDITY_NOT_MEASURED;
}

static int take_scaled(const struct cluster_call *c, const struct zcl_value *v)
{
	const struct cluster_memory *m = cluster_memory(c);
	struct measure measure = cluster_measure(c);

	/* the memory may be from a file */
	if (!m || m->words[WORD_SCALE] < SCALE_LEAST || m->words[WORD_SCALE] > SCALE_MOST)
		return 0;
	if (!cluster_is_number(v))
		return CLUSTER_E_MALFORMED;
	if (v->unknown && c->out->readings->count > 0)
		return 0;
	c->out->readings->count = 0; /* the coarser one, if it came before */
	return cluster_number(&measure, METRIC_PRESSURE,
		PA_TO_HPA - (m->words[WORD_SCALE] - SCALE_BASE), NULL, v);
}

static int take_measured(const struct cluster_call *c, const struct cluster_attribute *row,
	const struct zcl_value *v)
{
	if (has_one(c))
		return 0;
	if (cluster_is_number(v))
		c->out->readings->count = 0; /* that the finer one is not known */
	return cluster_plain(c, row, v);
}

static int pressure_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (id == SCALED)
		return take_scaled(c, v);
	if (id == MEASURED)
		return take_measured(c, row, v);
	if (v->form != ZCL_FORM_SIGNED)
		return CLUSTER_E_MALFORMED;
	if (!v->unknown && v->number >= INT8_MIN && v->number <= INT8_MAX)
		cluster_remember(c, cluster_memory(c), WORD_SCALE, (int32_t)v->number + SCALE_BASE);
	return 0;
}

const struct zcl_cluster cluster_pressure = {
	.name = "pressure",
	.id = 0x0403,
	.bind = CLUSTER_OF_SERVER,
	.attributes = pressure_attributes,
	.attribute_count = ARRAY_SIZE(pressure_attributes),
	.attribute = pressure_attribute,
};
