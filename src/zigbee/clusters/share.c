/*
 * What several rows need: measures, numbers, memories, presses. See clusters.h.
 */
#include <string.h>

#include "util/decimal.h"
#include "zigbee/clusters/clusters.h"

struct measure cluster_measure(const struct cluster_call *c)
{
	return (struct measure){ .out = c->out->readings,
		.like = { .auth = AUTH_LINK, .instance = c->message->instance },
		.key = c->key };
}

struct measure cluster_moment(const struct cluster_call *c)
{
	struct measure m = cluster_measure(c);

	m.like.flags |= FLAG_EPISODIC;
	c->out->event = true;
	return m;
}

bool cluster_is_number(const struct zcl_value *v)
{
	return v->form == ZCL_FORM_UNSIGNED || v->form == ZCL_FORM_SIGNED ||
	       v->form == ZCL_FORM_FLOAT;
}

int cluster_number(const struct measure *m, enum metric metric, int exponent,
	const struct conversion *conversion, const struct zcl_value *v)
{
	struct decimal d;

	if (!cluster_is_number(v))
		return CLUSTER_E_MALFORMED;
	switch (zcl_decimal(&d, v)) {
	case 0:
		if (decimal_from_parts(&d, d.mantissa, (int64_t)d.exponent + exponent) < 0)
			measure_none(m, metric, VALIDITY_INVALID, WORD_IMPLAUSIBLE);
		else
			measure_number(m, metric, d, conversion);
		return 0;
	case ZCL_E_NAN:
		measure_none(m, metric, VALIDITY_NOT_MEASURED,
			v->form == ZCL_FORM_FLOAT ? WORD_NAN : WORD_UNAVAILABLE);
		return 0;
	case ZCL_E_PLUS_INFINITY:
		measure_none(m, metric, VALIDITY_ABOVE_RANGE, WORD_PLUS_INFINITY);
		return 0;
	case ZCL_E_MINUS_INFINITY:
		measure_none(m, metric, VALIDITY_BELOW_RANGE, WORD_MINUS_INFINITY);
		return 0;
	case ZCL_E_TYPE:
		return CLUSTER_E_MALFORMED;
	default: /* a number without a plain form */
		measure_none(m, metric, VALIDITY_INVALID, WORD_IMPLAUSIBLE);
		return 0;
	}
}

int cluster_micrograms(const struct cluster_call *c, enum metric metric, const struct zcl_value *v)
{
	struct measure m = cluster_measure(c);

	m.like.flags |= FLAG_UNIT_ASSUMED;
	return cluster_number(&m, metric, 0, NULL, v);
}

/* Hundredths are counted: who says 21.5 in their place, or yes, means something else. */
bool cluster_is_counted(const struct cluster_attribute *row, const struct zcl_value *v)
{
	return row->exponent == 0 || v->form == ZCL_FORM_UNSIGNED || v->form == ZCL_FORM_SIGNED;
}

int cluster_plain(const struct cluster_call *c, const struct cluster_attribute *row,
	const struct zcl_value *v)
{
	struct measure m = cluster_measure(c);

	if (!cluster_is_counted(row, v))
		return CLUSTER_E_MALFORMED;
	return cluster_number(&m, (enum metric)row->metric, row->exponent, row->conversion, v);
}

void cluster_say_battery(const struct cluster_call *c, struct decimal percent)
{
	struct decimal whole;

	if (decimal_scale(&whole, percent, 1, 1, 0) == 0 && whole.mantissa >= 0 &&
		whole.mantissa <= 100)
		c->out->battery_percent = (int16_t)whole.mantissa;
}

bool cluster_has_quirk(const struct cluster_call *c, enum quirk_flag quirk)
{
	return c->device->quirks & quirk;
}

struct cluster_memory *cluster_memory(const struct cluster_call *c)
{
	struct cluster_device *d = c->device;
	struct cluster_memory *m;

	for (unsigned i = 0; i < d->memory_count; i++)
		if (d->memories[i].cluster == c->row->id &&
			d->memories[i].endpoint == c->message->endpoint)
			return &d->memories[i];
	if (d->memory_count == CLUSTER_MEMORIES_MAX)
		return NULL;
	m = &d->memories[d->memory_count++];
	*m = (struct cluster_memory){ .cluster = c->row->id, .endpoint = c->message->endpoint };
	return m;
}

void cluster_remember(
	const struct cluster_call *c, struct cluster_memory *m, unsigned word, int32_t value)
{
	if (!m || m->words[word] == value)
		return;
	m->words[word] = value;
	c->out->memory_changed = true;
}

int cluster_argument(const struct cluster_call *c)
{
	return c->frame->length > 0 ? c->frame->payload[0] : QUIRK_ANY;
}

void cluster_press(const struct cluster_call *c, int argument, enum word usual)
{
	struct measure m = cluster_moment(c);
	struct quirk_press press = { 0, (uint16_t)usual };

	(void)quirk_button(c->device->facts[FACT_MAKER], c->device->facts[FACT_MODEL], c->row->id,
		c->frame->header.command, argument, &press);
	if (press.word == WORD_NONE)
		c->out->event = false;
	m.like.instance = (uint8_t)(m.like.instance + press.instance);
	measure_word(&m, METRIC_BUTTON, (enum word)press.word);
}
