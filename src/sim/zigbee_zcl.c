/* What a simulated device answers to ZCL; see zigbee_device.h. */
#include <math.h>
#include <string.h>

#include "sim/zigbee_device.h"

#define GLOBAL 0x18 /* server to client, no default response */
#define CLUSTER 0x01
#define MAKER 0x04
#define SILENT 0x10

#define ZCL_OK 0x00
#define ZCL_MALFORMED 0x80
#define ZCL_NO_CLUSTER_COMMAND 0x81
#define ZCL_NO_GENERAL_COMMAND 0x82
#define ZCL_NO_ATTRIBUTE 0x86
#define ZCL_INVALID_VALUE 0x87
#define ZCL_READ_ONLY 0x88
#define ZCL_FULL 0x89
#define ZCL_NOT_FOUND 0x8b
#define ZCL_NOT_REPORTABLE 0x8c
#define ZCL_WRONG_TYPE 0x8d
#define ZCL_NO_CLUSTER 0xc3

#define ENROLL_REQUEST 0x01

struct frame {
	uint8_t control, sequence, command;
	uint16_t cluster_id, maker;
	enum szb_cluster cluster;
	struct cursor in;
};

static void begin(struct octets *o, const struct frame *f, uint8_t command)
{
	octets_u8(o, GLOBAL | (f->control & MAKER));
	if (f->control & MAKER)
		octets_le(o, f->maker, 2);
	octets_u8(o, f->sequence);
	octets_u8(o, command);
}

static void answer(struct szb_device *d, const struct frame *f, const struct octets *o)
{
	szb_device_send(d, 0x0104, f->cluster_id, false, o, NULL);
}

static void default_response(struct szb_device *d, const struct frame *f, uint8_t status)
{
	struct octets o = { 0 };

	if (status == ZCL_OK && f->control & SILENT)
		return;
	begin(&o, f, 0x0b);
	octets_u8(&o, f->command);
	octets_u8(&o, status);
	answer(d, f, &o);
}

/* ---- values */

static double special(const struct szb_device *d, const struct szb_attribute *a)
{
	bool failed = !strcmp(d->fault.special, "failed");

	if (a->type == ZCL_S16)
		return failed ? -10000 : -32768;
	if (a->type == ZCL_FLOAT)
		return NAN;
	return a->type == ZCL_U8 ? 0xff : 0xffff;
}

static bool is_special(const struct szb_device *d, const struct szb_attribute *a)
{
	return d->fault.special_until_us && szb_now(d->szb) < d->fault.special_until_us &&
	       a->source == SZB_MEASURED && !szb_is_flag((enum szb_metric)a->value);
}

static double on_the_wire(enum szb_metric m, int64_t value)
{
	int64_t half_percents = value / 5;

	switch ((int)m) {
	case SZB_ILLUMINANCE:
		return floor(10000 * log10((double)value) + 1.5);
	case SZB_CO2:
		return (double)value / 1e6;
	case SZB_PM2_5:
		return (double)value / 10;
	case SZB_BATTERY:
		return (double)half_percents;
	default:
		return (double)value;
	}
}

double szb_attribute_number(struct szb_device *d, const struct szb_attribute *a)
{
	int64_t quarters;

	switch (a->source) {
	case SZB_FIXED:
		return (double)a->value;
	case SZB_MEASURED:
		return is_special(d, a)
			       ? special(d, a)
			       : on_the_wire((enum szb_metric)a->value, d->walks[a->value].now);
	case SZB_SUPPLY:
		return d->kind->mains ? 1 : 3;
	case SZB_IDENTIFY_TIME:
		return d->identify;
	case SZB_SWITCHED:
		return d->switched;
	case SZB_PRESENT_VALUE:
		return d->present_value;
	case SZB_CHECK_IN:
		return d->check_in_quarters;
	case SZB_LONG_POLL:
		quarters = d->config->poll_ms / 250;
		return (double)quarters;
	case SZB_ZONE_STATE:
		return d->enrolled;
	case SZB_ZONE_TYPE:
		return d->kind->zone_type;
	case SZB_ZONE_STATUS:
		return d->zone_status;
	case SZB_ZONE_ID:
		return d->zone_id;
	case SZB_MAKER:
	case SZB_MODEL:
	case SZB_BUILD:
	case SZB_ZONE_CIE:
		return 0;
	}
	return 0;
}

static const char *text_of(const struct szb_device *d, const struct szb_attribute *a)
{
	if (a->source == SZB_MAKER)
		return *d->config->maker ? d->config->maker : d->kind->maker;
	if (a->source == SZB_MODEL)
		return *d->config->model ? d->config->model : d->kind->model;
	return "1.0.7";
}

static void log_value(
	struct szb_device *d, const struct szb_attribute *a, struct szb_pack *pack, double number)
{
	struct szb_value *v;

	if (pack && a->source == SZB_ZONE_STATUS)
		szb_report_zone_values(d, pack);
	if (!pack || a->source != SZB_MEASURED)
		return;
	v = szb_pack_add(pack, (enum szb_metric)a->value, d->walks[a->value].now);
	if (a->value == SZB_BATTERY)
		v->value -= v->value % 5;
	v->invalid = is_special(d, a);
	if (a->type != ZCL_FLOAT && (v->invalid || a->value == SZB_ILLUMINANCE))
		snprintf(v->raw, sizeof(v->raw), "%d", (int)number);
}

void szb_put_value(struct szb_device *d, struct octets *o, const struct szb_attribute *a,
	struct szb_pack *pack)
{
	double number = szb_attribute_number(d, a);

	if (a->type == ZCL_TEXT) {
		const char *text = text_of(d, a);

		octets_u8(o, (unsigned)strlen(text));
		octets_bytes(o, text, strlen(text));
	} else if (a->type == ZCL_EUI64)
		octets_bytes(o, d->cie, 8);
	else if (a->type == ZCL_FLOAT) {
		float f = (float)number;
		uint32_t bits;

		memcpy(&bits, &f, 4);
		octets_le(o, bits, 4);
	} else
		octets_le(o, (uint64_t)(int64_t)number, szb_type_width(a->type));
	log_value(d, a, pack, number);
}

/* ---- global commands */

static void read_attributes(struct szb_device *d, struct frame *f)
{
	struct octets o = { 0 };
	struct szb_pack *pack = szb_report_pack(d, "read");

	begin(&o, f, 0x01);
	while (cursor_remaining(&f->in) >= 2 && o.n < 70) {
		uint16_t id = cursor_le16(&f->in);
		const struct szb_attribute *a = szb_attribute_find(f->cluster, id);

		octets_le(&o, id, 2);
		octets_u8(&o, a ? ZCL_OK : ZCL_NO_ATTRIBUTE);
		if (!a)
			continue;
		octets_u8(&o, a->type);
		szb_put_value(d, &o, a, pack);
	}
	if (f->cluster == SZB_C_BASIC)
		d->woken = true;
	szb_device_send(d, 0x0104, f->cluster_id, false, &o, pack);
	szb_count(d->szb, SZB_WHEN_READ, d->index, -1);
}

static void on_enroll_timer(void *arg)
{
	szb_zone_request(arg);
}

static uint8_t write_value(
	struct szb_device *d, const struct szb_attribute *a, uint8_t type, const uint8_t *p)
{
	struct cursor c = cursor_init(p, szb_type_width(type));

	if (!a)
		return ZCL_NO_ATTRIBUTE;
	if (!a->writable)
		return ZCL_READ_ONLY;
	if (a->type != type)
		return ZCL_WRONG_TYPE;
	switch ((int)a->source) {
	case SZB_ZONE_CIE:
		memcpy(d->cie, p, 8);
		d->szb->keep = true;
		if (d->config->enroll == SZB_ENROLL_REQUEST ||
			d->config->enroll == SZB_ENROLL_BOTH) {
			d->enroll_timer.fn = on_enroll_timer;
			d->enroll_timer.arg = d;
			sble_timer_arm(&d->szb->timers, &d->enroll_timer,
				szb_now(d->szb) + szb_real(d->szb, 100000));
		}
		break;
	case SZB_CHECK_IN:
		d->check_in_quarters = cursor_le32(&c);
		break;
	case SZB_IDENTIFY_TIME:
		d->identify = (uint8_t)cursor_le16(&c);
		break;
	default:
		break;
	}
	return ZCL_OK;
}

static void write_attributes(struct szb_device *d, struct frame *f, bool answers)
{
	struct octets o = { 0 };
	uint16_t head;

	begin(&o, f, 0x04);
	head = o.n;
	while (cursor_remaining(&f->in) >= 3 && o.n < 70) {
		uint16_t id = cursor_le16(&f->in);
		uint8_t type = cursor_u8(&f->in), status;
		size_t width = szb_type_width(type);
		const uint8_t *p;

		if (!width)
			width = type == ZCL_TEXT || type == ZCL_OCTETS ? cursor_u8(&f->in) : 255;
		p = cursor_bytes(&f->in, width);
		status = p ? write_value(d, szb_attribute_find(f->cluster, id), type, p)
			   : ZCL_MALFORMED;
		if (status == ZCL_OK)
			continue;
		octets_u8(&o, status);
		octets_le(&o, id, 2);
	}
	if (o.n == head)
		octets_u8(&o, ZCL_OK);
	if (answers)
		answer(d, f, &o);
}

static double read_number(struct cursor *in, uint8_t type)
{
	size_t width = szb_type_width(type);
	uint64_t v = cursor_le(in, width);

	if (type == ZCL_FLOAT) {
		uint32_t bits = (uint32_t)v;
		float number;

		memcpy(&number, &bits, 4);
		return (double)number;
	}
	return (double)v;
}

static uint8_t set_report(struct szb_device *d, const struct szb_report *r)
{
	size_t i = 0;

	while (i < d->report_count && d->reports[i].attribute != r->attribute)
		i++;
	if (r->max_s == 0xffff) {
		if (i < d->report_count)
			d->reports[i] = d->reports[--d->report_count];
		return ZCL_OK;
	}
	if (i == SZB_REPORTS_MAX)
		return ZCL_FULL;
	if (i == d->report_count)
		d->report_count++;
	d->reports[i] = *r;
	return ZCL_OK;
}

static uint8_t configure_one(struct szb_device *d, struct frame *f, uint16_t id)
{
	struct szb_report r = { .attribute = szb_attribute_find(f->cluster, id) };
	uint8_t type = cursor_u8(&f->in);

	r.min_s = cursor_le16(&f->in);
	r.max_s = cursor_le16(&f->in);
	if (szb_type_analog(type))
		r.change = read_number(&f->in, type);
	if (f->in.failed)
		return ZCL_MALFORMED;
	if (!r.attribute)
		return ZCL_NO_ATTRIBUTE;
	if (r.attribute->type != type)
		return ZCL_WRONG_TYPE;
	if (d->config->refuses_reporting || d->kind->quirk != SZB_PLAIN ||
		szb_type_width(type) == 0)
		return ZCL_NOT_REPORTABLE;
	if (r.max_s && r.max_s != 0xffff && r.max_s < r.min_s)
		return ZCL_INVALID_VALUE;
	return set_report(d, &r);
}

static void configure(struct szb_device *d, struct frame *f)
{
	struct octets o = { 0 };
	uint16_t head;

	begin(&o, f, 0x07);
	head = o.n;
	while (cursor_remaining(&f->in) >= 3 && o.n < 70) {
		uint8_t direction = cursor_u8(&f->in), status = ZCL_OK;
		uint16_t id = cursor_le16(&f->in);

		if (direction)
			cursor_skip(&f->in, 2);
		else
			status = configure_one(d, f, id);
		if (status == ZCL_OK)
			continue;
		octets_u8(&o, status);
		octets_u8(&o, direction);
		octets_le(&o, id, 2);
	}
	if (o.n == head)
		octets_u8(&o, ZCL_OK);
	answer(d, f, &o);
	d->szb->keep = true;
	szb_count(d->szb, SZB_WHEN_CONFIGURE, d->index, -1);
	szb_report_look(d);
}

static void put_configured(struct octets *o, const struct szb_report *r)
{
	uint8_t type = r->attribute->type;

	octets_u8(o, type);
	octets_le(o, r->min_s, 2);
	octets_le(o, r->max_s, 2);
	if (type == ZCL_FLOAT) {
		float f = (float)r->change;
		uint32_t bits;

		memcpy(&bits, &f, 4);
		octets_le(o, bits, 4);
	} else if (szb_type_analog(type))
		octets_le(o, (uint64_t)r->change, szb_type_width(type));
}

static void read_configured(struct szb_device *d, struct frame *f)
{
	struct octets o = { 0 };

	begin(&o, f, 0x09);
	while (cursor_remaining(&f->in) >= 3 && o.n < 70) {
		uint8_t direction = cursor_u8(&f->in);
		uint16_t id = cursor_le16(&f->in);
		const struct szb_attribute *a = szb_attribute_find(f->cluster, id);
		const struct szb_report *r = NULL;

		for (size_t i = 0; a && i < d->report_count; i++)
			if (d->reports[i].attribute == a)
				r = &d->reports[i];
		octets_u8(&o, !a ? ZCL_NO_ATTRIBUTE : r && !direction ? ZCL_OK : ZCL_NOT_FOUND);
		octets_u8(&o, direction);
		octets_le(&o, id, 2);
		if (r && !direction)
			put_configured(&o, r);
	}
	answer(d, f, &o);
}

static void discover(struct szb_device *d, struct frame *f)
{
	uint16_t first = cursor_le16(&f->in);
	uint8_t most = cursor_u8(&f->in), count = 0;
	struct octets o = { 0 };
	uint16_t complete;

	begin(&o, f, 0x0d);
	complete = o.n;
	octets_u8(&o, 1); /* these are all, unless more are found */
	for (size_t i = 0; i < szb_attribute_count; i++) {
		const struct szb_attribute *a = &szb_attributes[i];

		if (a->cluster != f->cluster || a->id < first)
			continue;
		if (count++ == most || o.n > 70) {
			o.at[complete] = 0;
			break;
		}
		octets_le(&o, a->id, 2);
		octets_u8(&o, a->type);
	}
	answer(d, f, &o);
}

static void log_default_response(struct szb_device *d, const struct frame *f)
{
	struct cursor in = f->in;
	unsigned command = cursor_u8(&in), status = cursor_u8(&in);

	sble_log_event(d->szb->log, "default-response", d->config->name,
		"\"cluster\":%u,\"control\":%u,\"sequence\":%u,\"command\":%u,\"status\":%u",
		f->cluster_id, f->control, f->sequence, command, status);
}

static void on_global(struct szb_device *d, struct frame *f)
{
	switch (f->command) {
	case 0x00:
		read_attributes(d, f);
		break;
	case 0x02:
	case 0x05:
		write_attributes(d, f, f->command == 0x02);
		break;
	case 0x06:
		configure(d, f);
		break;
	case 0x08:
		read_configured(d, f);
		break;
	case 0x0b:
		log_default_response(d, f);
		if (f->sequence == d->unanswered.frame.at[1])
			szb_device_answered(d);
		break;
	case 0x0c:
		discover(d, f);
		break;
	default:
		default_response(d, f, ZCL_NO_GENERAL_COMMAND);
		break;
	}
}

/* ---- commands of clusters */

void szb_zone_request(struct szb_device *d)
{
	struct octets o = { 0 };

	octets_u8(&o, CLUSTER | 0x08 | SILENT);
	octets_u8(&o, d->zcl_sequence++);
	octets_u8(&o, ENROLL_REQUEST);
	octets_le(&o, d->kind->zone_type, 2);
	octets_le(&o, d->kind->maker_code, 2);
	d->asked = true;
	szb_device_send(d, 0x0104, 0x0500, false, &o, NULL);
	szb_device_poll_soon(d, szb_real(d->szb, 100000));
}

static uint8_t on_zone(struct szb_device *d, struct frame *f)
{
	uint8_t code, id;

	if (f->command)
		return ZCL_NO_CLUSTER_COMMAND;
	code = cursor_u8(&f->in);
	id = cursor_u8(&f->in);
	if (f->in.failed)
		return ZCL_MALFORMED;
	if (d->config->enroll == SZB_ENROLL_NEVER)
		return ZCL_OK;
	if (d->config->enroll == SZB_ENROLL_REQUEST && !d->asked)
		return ZCL_OK; /* it has not asked, and does not listen */
	if (code == 0 && !memcmp(d->cie, d->szb->ncp.tokens.eui, 8) && !d->enrolled) {
		d->enrolled = true;
		d->zone_id = id;
		d->szb->keep = true;
		szb_device_event(d, "enrolled");
		szb_report_look(d);
	}
	return ZCL_OK;
}

static uint8_t on_poll_control(struct szb_device *d, struct frame *f)
{
	bool fast;
	uint16_t quarters;

	if (f->command == 0x00) {
		fast = cursor_u8(&f->in);
		quarters = cursor_le16(&f->in);
		if (f->in.failed)
			return ZCL_MALFORMED;
		if (fast)
			d->fast_until_us = szb_now(d->szb) +
					   szb_real(d->szb, (quarters ?: 40) * INT64_C(250000));
	} else if (f->command == 0x01)
		d->fast_until_us = 0;
	else
		return f->command < 4 ? ZCL_OK : ZCL_NO_CLUSTER_COMMAND;
	szb_device_poll_soon(d, szb_real(d->szb, 250000));
	return ZCL_OK;
}

static void on_cluster(struct szb_device *d, struct frame *f)
{
	uint8_t status = ZCL_NO_CLUSTER_COMMAND;

	switch ((int)f->cluster) {
	case SZB_C_ZONE:
		status = on_zone(d, f);
		break;
	case SZB_C_POLL:
		status = on_poll_control(d, f);
		break;
	case SZB_C_IDENTIFY:
		status = f->command < 2 ? ZCL_OK : ZCL_NO_CLUSTER_COMMAND;
		break;
	case SZB_C_ONOFF:
		if (f->command > 2)
			break;
		d->switched = f->command == 2 ? !d->switched : f->command;
		status = ZCL_OK;
		break;
	case SZB_C_TUYA:
		status = ZCL_OK; /* asks for all data points, among others */
		if (f->command == 0x03)
			szb_quirk_report(d);
		break;
	default:
		break;
	}
	default_response(d, f, status);
}

void szb_zcl_hear(struct szb_device *d, const struct ncp_message *m)
{
	struct frame f = { .in = cursor_init(m->at, m->n), .cluster_id = m->aps.cluster };

	f.cluster = szb_cluster_by_id(m->aps.cluster);
	f.control = cursor_u8(&f.in);
	if (f.control & MAKER)
		f.maker = cursor_le16(&f.in);
	f.sequence = cursor_u8(&f.in);
	f.command = cursor_u8(&f.in);
	if (f.in.failed)
		return;
	/* A default response may be of a cluster that it is a client of. */
	if (!szb_has(d, f.cluster) && (f.control & CLUSTER || f.command != 0x0b))
		default_response(d, &f, ZCL_NO_CLUSTER);
	else if (f.control & CLUSTER)
		on_cluster(d, &f);
	else
		on_global(d, &f);
}
