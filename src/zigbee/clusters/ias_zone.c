/*
 * IAS Zone 0x0500 (ZCL revision 8, 8.2): contacts, motion, water, smoke, calls for
 * help. A zone speaks only once it is enrolled. Half of the devices ask for that,
 * the others wait to be told: both are done, until the state reads as enrolled.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define STATE 0x0000
#define TYPE 0x0001
#define STATUS 0x0002
#define OWNER 0x0010 /* the address of whom it reports to */

/* Commands: of the server, and of the client. */
#define STATUS_CHANGED 0x00
#define ENROLL_REQUEST 0x01
#define ENROLL_RESPONSE 0x00
#define ENROLL_SUCCESS 0x00

/* Bits of the status. */
#define ALARM_1 0x0001
#define ALARM_2 0x0002
#define TAMPER 0x0004
#define BATTERY_LOW 0x0008
#define TROUBLE 0x0040
#define MAINS_FAULT 0x0080
#define TEST 0x0100
#define BATTERY_DEFECT 0x0200
#define PROBLEMS (TROUBLE | MAINS_FAULT | BATTERY_DEFECT)

#define QUARTER_US 250000
#define ECHO_US INT64_C(10000000) /* so late a report still follows a notification */
#define DELAY_MAX (4 * 3600)      /* quarters of a second; what is above is no delay */

#define NO_TYPE 0xffff
#define TELL_MS 500 /* after the address was written */
#define READ_MS 1500
#define TRIES_MAX 5

enum {
	WORD_TYPE,     /* plus one; 0: not known */
	WORD_ENROLLED, /* 1 when it says so */
	WORD_TRIES,    /* of an enrolment under way; 0: none is */
	WORD_LAST,     /* the last status, plus one */
	WORD_WAITING,  /* 1 while an alarm waits for the type to be known */
};

static const struct cluster_attribute ias_zone_attributes[] = {
	{ STATE, ZCL_TYPE_ENUM8, CLUSTER_READ, .metric = METRIC_NONE },
	{ TYPE, ZCL_TYPE_ENUM16, CLUSTER_READ, .metric = METRIC_NONE },
	{ STATUS, ZCL_TYPE_MAP16, CLUSTER_READ | CLUSTER_REPORT, METRIC_NONE, 0, NULL, 0, 900, 0 },
};

/* What the two alarms of a type are (table 8-5). Buttons for help put a press into either: fall,
 * panic and emergency are one here. both: either alarm is the first metric. */
static const struct zone {
	uint16_t type;
	uint8_t first, second; /* enum metric */
	bool inverted, both;
} zones[] = {
	{ 0x000d, METRIC_MOTION, METRIC_PRESENCE, false, false },
	{ 0x0015, METRIC_CONTACT, METRIC_NONE, true, false },
	{ 0x0016, METRIC_CONTACT, METRIC_NONE, true, false }, /* a handle */
	{ 0x0028, METRIC_SMOKE, METRIC_NONE, false, false },
	{ 0x002a, METRIC_WATER_LEAK, METRIC_NONE, false, false },
	{ 0x002b, METRIC_GAS, METRIC_NONE, false, false },
	{ 0x002c, METRIC_EMERGENCY, METRIC_NONE, false, true },
	{ 0x002d, METRIC_MOTION, METRIC_VIBRATION, false, false },
	{ 0x010f, METRIC_EMERGENCY, METRIC_NONE, false, true },
	{ 0x0115, METRIC_EMERGENCY, METRIC_NONE, false, true },
	{ 0x021d, METRIC_EMERGENCY, METRIC_NONE, false, true },
	{ 0x0226, METRIC_VIBRATION, METRIC_NONE, false, false }, /* of glass that breaks */
};

/* Of a type that is not known, or not yet: an alarm is never lost for that. */
static const struct zone other_zone = { 0xffff, METRIC_PROBLEM, METRIC_NONE, false, true };

static const struct quality_bit zone_bits[] = {
	{ TROUBLE, { VALIDITY_QUESTIONABLE, WORD_MALFUNCTION, 0 } },
	{ TEST, { VALIDITY_VALID, WORD_NONE, FLAG_TEST } },
};

static const struct zone *zone_of(const struct cluster_call *c, const struct cluster_memory *m)
{
	int64_t type = c->device->quirk_zone != 0 ? c->device->quirk_zone
		       : m                        ? (int64_t)m->words[WORD_TYPE] - 1
						  : -1;

	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		if (zones[i].type == type)
			return &zones[i];
	return &other_zone;
}

/* ---- status ---- */

static void add_alarms(const struct zone *z, const struct measure *m, uint16_t status, int32_t last)
{
	bool first = status & (z->both ? ALARM_1 | ALARM_2 : ALARM_1);

	measure_boolean(m, (enum metric)z->first, first != z->inverted);
	/* most devices of the type have no second one: it counts once it was there */
	if (z->second != METRIC_NONE && (status & ALARM_2 || last & ALARM_2))
		measure_boolean(m, (enum metric)z->second, status & ALARM_2);
}

static void take_status(const struct cluster_call *c, uint16_t status, unsigned delay)
{
	struct cluster_memory *memory = cluster_memory(c);
	const struct zone *zone = zone_of(c, memory);
	int32_t last = memory && memory->words[WORD_LAST] > 0 ? memory->words[WORD_LAST] - 1 : 0;
	bool unknown = c->device->quirk_zone == 0 && (!memory || memory->words[WORD_TYPE] == 0);
	static const uint16_t ids[] = { TYPE };
	struct measure m = cluster_measure(c), own;

	if (delay > DELAY_MAX) {
		m.like.flags |= FLAG_AMBIGUOUS_TIME;
	} else if (delay > 0) {
		m.like.time_us = c->now.utc_us - (int64_t)delay * QUARTER_US;
		m.like.time_source = TIME_DEVICE_CORRECTED;
	}
	own = m;
	m.quality = quality_of_bits(zone_bits, ARRAY_SIZE(zone_bits), status);
	own.quality.flags = m.quality.flags;
	add_alarms(zone, &m, status, last);
	if (unknown)
		cluster_request_read(c, ids, ARRAY_SIZE(ids), 0);
	measure_boolean(&own, METRIC_TAMPER, status & TAMPER);
	measure_boolean(&own, METRIC_BATTERY_LOW, status & BATTERY_LOW);
	if ((status & PROBLEMS || last & PROBLEMS) && zone != &other_zone)
		measure_boolean(&own, METRIC_PROBLEM, status & PROBLEMS);
	if (memory) { /* not worth a write to the disk: the status can be read again */
		memory->words[WORD_LAST] = (int32_t)status + 1;
		memory->words[WORD_WAITING] = unknown;
	}
	c->out->event = true;
}

/* A zone that reports its status, too, says each change twice: what has happened has happened once.
 */
static bool is_echo(const struct cluster_call *c, uint16_t status)
{
	const struct cluster_memory *m = cluster_memory(c);

	return zcl_is_general(c->frame, ZCL_REPORT) && m && m->moment_us != 0 &&
	       m->words[WORD_LAST] == (int32_t)status + 1 &&
	       c->now.boot_us - m->moment_us <= ECHO_US;
}

/* ---- enrolment ---- */

static void tell_enrolled(const struct cluster_call *c, bool asked)
{
	struct cluster_request *r = cluster_request(c);
	struct zcl_writer w;

	if (!r)
		return;
	r->numbered = asked;
	r->delay_ms = asked ? 0 : TELL_MS;
	w = asked ? zcl_answer(
			    r->bytes, sizeof(r->bytes), c->frame, ZCL_OF_CLUSTER, ENROLL_RESPONSE)
		  : zcl_ask(r->bytes, sizeof(r->bytes), ZCL_OF_CLUSTER, 0, ENROLL_RESPONSE);
	zcl_put(&w, ENROLL_SUCCESS, 1);
	zcl_put(&w, c->message->endpoint, 1); /* the zone's number: ours to give */
	cluster_request_end(c, r, &w);
}

static void write_owner(const struct cluster_call *c)
{
	struct cluster_request *r = cluster_request(c);
	struct zcl_writer w;

	if (!r)
		return;
	w = zcl_ask(r->bytes, sizeof(r->bytes), 0, 0, ZCL_WRITE);
	zcl_put_record(
		&w, &(struct zcl_record){ .attribute = OWNER,
			    .value = zcl_number(ZCL_TYPE_EUI64, (int64_t)c->device->our_eui64) });
	cluster_request_end(c, r, &w);
}

static void try_enrolment(const struct cluster_call *c, struct cluster_memory *m)
{
	static const uint16_t ids[] = { STATE, TYPE, STATUS };

	m->words[WORD_TRIES]++;
	write_owner(c);
	tell_enrolled(c, false);
	cluster_request_read(c, ids, ARRAY_SIZE(ids), READ_MS);
}

static int ias_zone_begin(const struct cluster_call *c)
{
	struct cluster_memory *m = cluster_memory(c);

	if (!m)
		return CLUSTER_E_OVERFLOW;
	m->words[WORD_TRIES] = 0;
	try_enrolment(c, m);
	return 0;
}

static void take_state(const struct cluster_call *c, struct cluster_memory *m, bool enrolled)
{
	bool begun = m->words[WORD_TRIES] > 0;

	if (enrolled) {
		if (begun || !m->words[WORD_ENROLLED])
			c->out->note = CLUSTER_NOTE_ENROLLED;
		m->words[WORD_TRIES] = 0;
	} else if (begun && m->words[WORD_TRIES] < TRIES_MAX) {
		try_enrolment(c, m);
	} else if (begun) {
		m->words[WORD_TRIES] = 0;
		c->out->note = CLUSTER_NOTE_NOT_ENROLLED;
	}
	cluster_remember(c, m, WORD_ENROLLED, enrolled);
}

/* An alarm that came before its meaning was known is told now. */
static void take_type(const struct cluster_call *c, struct cluster_memory *m, uint16_t type)
{
	bool waiting = m->words[WORD_WAITING];
	struct measure measure = cluster_measure(c);
	uint16_t status = (uint16_t)((int64_t)m->words[WORD_LAST] - 1);

	if (type == NO_TYPE)
		return;
	cluster_remember(c, m, WORD_TYPE, (int32_t)type + 1);
	if (!waiting)
		return;
	/* as which it was told; of a kind that is not known here it remains one */
	if (zone_of(c, m) != &other_zone)
		measure_boolean(&measure, METRIC_PROBLEM, status & PROBLEMS);
	measure.quality = quality_of_bits(zone_bits, ARRAY_SIZE(zone_bits), status);
	add_alarms(zone_of(c, m), &measure, status, 0);
	m->words[WORD_WAITING] = 0;
	c->out->event = true;
}

/* ---- what comes ---- */

static int ias_zone_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	struct cluster_memory *m = cluster_memory(c);

	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (zcl_type_size(v->type) == 0 || zcl_type_size(v->type) > 4)
		return CLUSTER_E_MALFORMED;
	if (id == STATUS && is_echo(c, (uint16_t)v->word))
		return 0;
	if (id == STATUS)
		take_status(c, (uint16_t)v->word, 0);
	else if (!m)
		return CLUSTER_E_OVERFLOW;
	else if (id == STATE)
		take_state(c, m, v->word == 1);
	else if (!v->unknown)
		take_type(c, m, (uint16_t)v->word);
	return 0;
}

static int status_changed(const struct cluster_call *c)
{
	struct cursor cur = cursor_init(c->frame->payload, c->frame->length);
	struct cluster_memory *memory = cluster_memory(c);
	uint16_t status = cursor_le16(&cur), delay = 0;

	if (cur.failed)
		return CLUSTER_E_MALFORMED;
	/* older devices end behind the status, or behind what is reserved */
	cursor_skip(&cur, 2);
	if (!cur.failed)
		delay = cursor_le16(&cur);
	take_status(c, status, cur.failed ? 0 : delay);
	if (memory)
		memory->moment_us = c->now.boot_us; /* of the last notification */
	return 0;
}

static int enroll_request(const struct cluster_call *c)
{
	struct cursor cur = cursor_init(c->frame->payload, c->frame->length);
	struct cluster_memory *m = cluster_memory(c);
	static const uint16_t ids[] = { STATE, STATUS };
	uint16_t type = cursor_le16(&cur);

	if (cur.failed)
		return CLUSTER_E_MALFORMED;
	tell_enrolled(c, true);
	if (!m)
		return CLUSTER_E_OVERFLOW;
	take_type(c, m, type);
	cluster_request_read(c, ids, ARRAY_SIZE(ids), READ_MS);
	return 0;
}

static int ias_zone_command(const struct cluster_call *c)
{
	if (!(c->frame->header.control & ZCL_FROM_SERVER))
		return CLUSTER_E_UNKNOWN;
	switch (c->frame->header.command) {
	case STATUS_CHANGED:
		return status_changed(c);
	case ENROLL_REQUEST:
		return enroll_request(c);
	default:
		return CLUSTER_E_UNKNOWN;
	}
}

const struct zcl_cluster cluster_ias_zone = {
	.name = "ias-zone",
	.id = 0x0500,
	.bind = CLUSTER_OF_SERVER,
	.tells = 4, /* the delay behind them grows */
	.attributes = ias_zone_attributes,
	.attribute_count = ARRAY_SIZE(ias_zone_attributes),
	.attribute = ias_zone_attribute,
	.command = ias_zone_command,
	.begin = ias_zone_begin,
};
