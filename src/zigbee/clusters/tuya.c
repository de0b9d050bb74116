/*
 * Tuya's cluster 0xEF00: data points with numbers, whose meaning is another one in
 * each product. Not from any specification: from captures. Numbers in it stand
 * most significant byte first.
 */
#include "util/decimal.h"
#include "zigbee/clusters/clusters.h"

#define RESPONSE 0x01
#define REPORT 0x02
#define REPORT_TOO 0x06
#define VERSION 0x11
#define SET_TIME 0x24
#define STATUS 0x25

enum point_type { POINT_RAW, POINT_BOOLEAN, POINT_VALUE, POINT_STRING, POINT_ENUM, POINT_BITS };

struct point {
	uint8_t number, type;
	uint16_t length;
	uint32_t word;
};

/* Says whether it is a number at all. */
static bool point_number(const struct point *p, enum quirk_form form, int64_t *ret)
{
	if (p->type == POINT_VALUE && p->length == 4)
		*ret = (int32_t)p->word;
	else if (((p->type == POINT_ENUM || p->type == POINT_BOOLEAN) && p->length == 1) ||
		 (p->type == POINT_BITS && p->length <= 4))
		*ret = p->word;
	else
		return false;
	/* a negative one, cut to 16 bits before it was put into 32 */
	if (form == QUIRK_NUMBER_16 && *ret > INT16_MAX && *ret <= UINT16_MAX)
		*ret -= UINT16_MAX + 1;
	return true;
}

static int take_point(const struct cluster_call *c, const struct point *p)
{
	const struct quirk_value *q = quirk_point(c->device->facts[FACT_MAKER], p->number);
	struct measure m = cluster_measure(c);
	int64_t number;

	if (!q)
		return CLUSTER_E_UNKNOWN;
	if (!point_number(p, (enum quirk_form)q->form, &number))
		return CLUSTER_E_MALFORMED;
	if (q->form == QUIRK_BOOLEAN || q->form == QUIRK_INVERTED) {
		c->out->event = true;
		measure_boolean(
			&m, (enum metric)q->metric, (number != 0) == (q->form == QUIRK_BOOLEAN));
		return 0;
	}
	measure_scaled(&m, (enum metric)q->metric, number, q->exponent);
	if (q->metric == METRIC_BATTERY)
		cluster_say_battery(c, (struct decimal){ number, q->exponent });
	return 0;
}

static int take_points(const struct cluster_call *c)
{
	struct cursor cur = cursor_init(c->frame->payload, c->frame->length);
	int outcome = 0;

	cursor_skip(&cur, 2); /* a number of Tuya's own */
	while (cursor_remaining(&cur) > 0) {
		struct point p = { .number = cursor_u8(&cur), .type = cursor_u8(&cur) };
		int r;

		p.length = cursor_be16(&cur);
		if (p.length > 0 && p.length <= 4)
			p.word = (uint32_t)cursor_be(&cur, p.length);
		else
			cursor_skip(&cur, p.length);
		if (cur.failed)
			return CLUSTER_E_MALFORMED;
		r = take_point(c, &p);
		if (r != 0 && outcome != CLUSTER_E_MALFORMED)
			outcome = r;
	}
	return cur.failed ? CLUSTER_E_MALFORMED : outcome;
}

static int tuya_command(const struct cluster_call *c)
{
	int r;

	if (!(c->frame->header.control & ZCL_FROM_SERVER))
		return CLUSTER_E_UNKNOWN;
	switch (c->frame->header.command) {
	case RESPONSE:
	case REPORT:
	case REPORT_TOO:
		r = take_points(c);
		/* one that nobody knows has arrived as well: it must not be sent again */
		return r == CLUSTER_E_UNKNOWN ? CLUSTER_E_INCOMPLETE : r;
	case VERSION:
	case SET_TIME: /* which base its years have depends on the product: not answered */
	case STATUS:
		return 0;
	default:
		return CLUSTER_E_UNKNOWN;
	}
}

const struct zcl_cluster cluster_tuya = {
	.name = "tuya",
	.id = 0xef00,
	.command = tuya_command,
};
