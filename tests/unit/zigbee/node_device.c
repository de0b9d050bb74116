/*
 * What the devices of node_ward.h are, and how they answer. All bytes by hand, as
 * the specifications have them.
 */
#include <string.h>

#include "unit/codec/reading_line.h"
#include "unit/unit.h"
#include "unit/zigbee/node_device.h"
#include "util/cleanup.h"
#include "util/cursor.h"

#define BASIC(maker, model)                                                                        \
	{ 0x0000, 0x0000, 0x20, "03" }, { 0x0000, 0x0004, 0x42, maker },                           \
		{ 0x0000, 0x0005, 0x42, model },                                                   \
	{                                                                                          \
		0x0000, 0x0007, 0x30, "03"                                                         \
	}

/* "eWeLink", "TH01" */
static const struct node_attribute fridge_attributes[] = {
	BASIC("076557654C696E6B", "0454483031"),
	{ 0x0402, 0x0000, 0x29, "9201" },
	{ 0x0405, 0x0000, 0x21, "A00F" },
	{ 0x0001, 0x0020, 0x20, "1E" },
	{ 0x0001, 0x0021, 0x20, "C8" },
};
static const struct node_has fridge_has[] = {
	{ 1, 0x0104, 0x0302, { 0x0000, 0x0001, 0x0003, 0x0402, 0x0405, WARD_NONE },
		{ 0x0003, WARD_NONE } },
};
const struct node_kind node_fridge = { 2, 0x80, 0x1286, fridge_has, ARRAY_SIZE(fridge_has),
	fridge_attributes, ARRAY_SIZE(fridge_attributes) };

/* "HEIMAN", "DOOR" */
static const struct node_attribute contact_attributes[] = {
	BASIC("064845494D414E", "04444F4F52"),
	{ 0x0001, 0x0021, 0x20, "64" },
	{ 0x0020, 0x0000, 0x23, "60090000" },
	{ 0x0500, 0x0001, 0x31, "1500" },
	{ 0x0500, 0x0002, 0x19, "0000" },
};
static const struct node_has contact_has[] = {
	{ 1, 0x0104, 0x0402, { 0x0000, 0x0001, 0x0020, 0x0500, WARD_NONE }, { WARD_NONE } },
};
const struct node_kind node_contact = { 2, 0x80, 0x120b, contact_has, ARRAY_SIZE(contact_has),
	contact_attributes, ARRAY_SIZE(contact_attributes) };

/* "LEDVANCE", "Plug" */
static const struct node_attribute plug_attributes[] = {
	BASIC("084C454456414E4345", "04506C7567"),
	{ 0x0006, 0x0000, 0x10, "01" },
	{ 0x0b04, 0x0505, 0x21, "E600" },
	{ 0x0b04, 0x0508, 0x21, "0A00" },
	{ 0x0b04, 0x050b, 0x29, "0A00" },
};
static const struct node_has plug_has[] = {
	{ 1, 0x0104, 0x0051, { 0x0000, 0x0004, 0x0006, 0x0b04, WARD_NONE }, { 0x0019, WARD_NONE } },
};
const struct node_kind node_plug = { 1, 0x8e, 0x1189, plug_has, ARRAY_SIZE(plug_has),
	plug_attributes, ARRAY_SIZE(plug_attributes) };

/* "eWeLink", "WB01" */
static const struct node_attribute button_attributes[] = {
	BASIC("076557654C696E6B", "0457423031"),
	{ 0x0001, 0x0021, 0x20, "C8" },
};
static const struct node_has button_has[] = {
	{ 1, 0x0104, 0x0000, { 0x0000, 0x0001, 0x0003, WARD_NONE }, { 0x0003, 0x0006, WARD_NONE } },
};
const struct node_kind node_button = { 2, 0x80, 0x1286, button_has, ARRAY_SIZE(button_has),
	button_attributes, ARRAY_SIZE(button_attributes) };

/* "LUMI", "lumi.weather" */
static const struct node_attribute lumi_attributes[] = {
	BASIC("044C554D49", "0C6C756D692E77656174686572"),
	{ 0x0402, 0x0000, 0x29, "0807" },
};
static const struct node_has lumi_has[] = {
	{ 1, 0x0104, 0x5f01, { 0x0000, 0x0003, 0x0402, 0x0403, 0x0405, WARD_NONE },
		{ 0x0000, WARD_NONE } },
};
const struct node_kind node_lumi = { 2, 0x80, 0x115f, lumi_has, ARRAY_SIZE(lumi_has),
	lumi_attributes, ARRAY_SIZE(lumi_attributes) };

/* "ACME", "two"; one endpoint of home automation, one of light link, one of nothing here */
static const struct node_attribute pair_attributes[] = {
	BASIC("0441434D45", "0374776F"),
	{ 0x0402, 0x0000, 0x29, "C800" },
};
static const struct node_has pair_has[] = {
	{ 3, 0x0104, 0x0302, { 0x0000, 0x0402, WARD_NONE }, { WARD_NONE } },
	{ 7, 0xc05e, 0x0302, { 0x0000, 0x0402, WARD_NONE }, { WARD_NONE } },
	{ 242, 0xa1e0, 0x0061, { WARD_NONE }, { 0x0021, WARD_NONE } },
};
const struct node_kind node_pair = { 1, 0x8e, 0x1234, pair_has, ARRAY_SIZE(pair_has),
	pair_attributes, ARRAY_SIZE(pair_attributes) };

/* ---- bytes ---- */

static void put(struct node_answer *a, uint64_t word, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(a->length < sizeof(a->bytes));
		a->bytes[a->length++] = (uint8_t)(word >> 8 * i);
	}
}

static void put_hex(struct node_answer *a, const char *hex)
{
	uint8_t bytes[64];
	size_t n;

	assert_true(line_read_hex(hex, bytes, sizeof(bytes), &n));
	for (size_t i = 0; i < n; i++)
		put(a, bytes[i], 1);
}

/* ---- the device profile ---- */

static const struct node_has *endpoint_of(const struct node_device *d, uint8_t id)
{
	for (size_t i = 0; i < d->kind->endpoint_count; i++)
		if (d->kind->endpoints[i].id == id)
			return &d->kind->endpoints[i];
	return NULL;
}

static void put_list(struct node_answer *a, const uint16_t *list)
{
	unsigned n = 0;

	while (list[n] != WARD_NONE)
		n++;
	put(a, n, 1);
	for (unsigned i = 0; i < n; i++)
		put(a, list[i], 2);
}

static void answer_simple(struct node_device *d, uint8_t endpoint, struct node_answer *a)
{
	const struct node_has *e = endpoint_of(d, endpoint);
	size_t at;

	put(a, d->simple_status != 0 ? d->simple_status : e ? 0 : 0x82, 1);
	put(a, d->node, 2);
	if (!e || d->simple_status != 0) {
		put(a, 0, 1);
		return;
	}
	at = a->length;
	put(a, 0, 1);
	put(a, e->id, 1);
	put(a, e->profile, 2);
	put(a, e->device, 2);
	put(a, 1, 1);
	put_list(a, e->in);
	put_list(a, e->out);
	a->bytes[at] = (uint8_t)(a->length - at - 1);
}

static void answer_node(struct node_device *d, struct node_answer *a)
{
	put(a, d->node_status, 1);
	put(a, d->node, 2);
	if (d->node_status != 0)
		return;
	put(a, d->kind->type, 1);
	put(a, 0x40, 1);
	put(a, d->kind->capability, 1);
	put(a, d->kind->maker, 2);
	put_hex(a, "52"
		   "5200"
		   "0000"
		   "5200"
		   "00");
}

static void answer_endpoints(struct node_device *d, struct node_answer *a)
{
	bool none = d->endpoints_status != 0 || d->no_endpoints;

	put(a, d->endpoints_status, 1);
	put(a, d->node, 2);
	put(a, none ? 0 : d->kind->endpoint_count, 1);
	for (size_t i = 0; !none && i < d->kind->endpoint_count; i++)
		put(a, d->kind->endpoints[i].id, 1);
}

static bool answer_zdo(struct node_device *d, const struct zigbee_send *s, struct node_answer *a)
{
	struct cursor c = cursor_init(s->bytes, s->length);
	uint8_t sequence = cursor_u8(&c);

	assert_true(s->cluster < ARRAY_SIZE(d->asked_zdo));
	assert_true(sequence < 0x80);
	assert_int_equal(s->source_endpoint, 0);
	assert_int_equal(s->destination_endpoint, 0);
	d->asked_zdo[s->cluster]++;
	put(a, sequence, 1);
	switch (s->cluster) {
	case 0x0000:
		if (cursor_le64(&c) != d->eui64)
			return false;
		put(a, 0, 1);
		put(a, d->eui64, 8);
		put(a, d->node, 2);
		return true;
	case 0x0001:
		if (cursor_le16(&c) != d->node)
			return false;
		put(a, 0, 1);
		put(a, d->eui64, 8);
		put(a, d->node, 2);
		return true;
	case 0x0002:
		if (cursor_le16(&c) != d->node)
			return false;
		answer_node(d, a);
		return true;
	case 0x0004:
		if (cursor_le16(&c) != d->node)
			return false;
		answer_simple(d, cursor_u8(&c), a);
		return true;
	case 0x0005:
		if (cursor_le16(&c) != d->node)
			return false;
		answer_endpoints(d, a);
		return true;
	case 0x0021:
		if (cursor_le64(&c) != d->eui64)
			return false; /* sent to who had its address before */
		assert_non_null(endpoint_of(d, cursor_u8(&c)));
		cursor_skip(&c, 2);
		assert_int_equal(cursor_u8(&c), 3);
		d->bound_to = cursor_le64(&c);
		assert_int_equal(cursor_u8(&c), 1);
		assert_int_equal(cursor_done(&c), 0);
		d->bound += d->bind_status == 0;
		put(a, d->bind_status, 1);
		return true;
	case 0x0034:
		if (cursor_le64(&c) != d->eui64)
			return false;
		d->left = true;
		put(a, 0, 1);
		return true;
	default:
		fail_msg("asked for cluster %04x of ZDO", s->cluster);
		return false;
	}
}

/* ---- clusters ---- */

static const struct node_attribute *attribute_of(
	const struct node_device *d, uint16_t cluster, uint16_t id)
{
	for (size_t i = 0; i < d->kind->attribute_count; i++)
		if (d->kind->attributes[i].cluster == cluster && d->kind->attributes[i].id == id)
			return &d->kind->attributes[i];
	return NULL;
}

static void answer_read(
	struct node_device *d, uint16_t cluster, struct cursor *c, struct node_answer *a)
{
	while (cursor_remaining(c) > 0) {
		uint16_t id = cursor_le16(c);
		const struct node_attribute *v = attribute_of(d, cluster, id);

		put(a, id, 2);
		if (cluster == 0x0500 && id == 0) {
			put(a, 0, 1);
			put(a, 0x30, 1);
			put(a, d->enrolled, 1);
			continue;
		}
		put(a, v ? 0 : 0x86, 1);
		if (!v)
			continue;
		put(a, v->type, 1);
		put_hex(a, v->hex);
	}
}

static size_t change_size(uint8_t type)
{
	if (type >= 0x20 && type <= 0x27)
		return type - 0x1fu;
	if (type >= 0x28 && type <= 0x2f)
		return type - 0x27u;
	return 0;
}

static void answer_configure(
	struct node_device *d, const struct zigbee_send *s, struct cursor *c, struct node_answer *a)
{
	size_t before = a->length;

	while (cursor_remaining(c) > 0) {
		struct node_reporting r = { .endpoint = s->destination_endpoint,
			.cluster = s->cluster };
		uint8_t status = 0;

		assert_int_equal(cursor_u8(c), 0);
		r.id = cursor_le16(c);
		r.type = cursor_u8(c);
		r.min_s = cursor_le16(c);
		r.max_s = cursor_le16(c);
		cursor_skip(c, change_size(r.type));
		assert_false(c->failed);
		if (d->configure_id == WARD_NONE || d->configure_id == r.id)
			status = d->configure_status;
		if (status == 0 && !attribute_of(d, s->cluster, r.id))
			status = 0x86;
		if (status != 0) {
			put(a, status, 1);
			put(a, 0, 1);
			put(a, r.id, 2);
			continue;
		}
		if (d->max_s != 0 && r.max_s < d->max_s &&
			(d->max_id == WARD_NONE || d->max_id == r.id))
			r.max_s = d->max_s;
		for (unsigned i = 0; i < d->reporting_count; i++)
			if (d->reporting[i].endpoint == r.endpoint &&
				d->reporting[i].cluster == r.cluster && d->reporting[i].id == r.id)
				d->reporting[i] = d->reporting[--d->reporting_count];
		assert_true(d->reporting_count < ARRAY_SIZE(d->reporting));
		d->reporting[d->reporting_count++] = r;
	}
	if (a->length == before)
		put(a, 0, 1);
}

const struct node_reporting *node_reports(
	const struct node_device *d, uint8_t endpoint, uint16_t cluster, uint16_t id)
{
	for (unsigned i = 0; i < d->reporting_count; i++)
		if (d->reporting[i].endpoint == endpoint && d->reporting[i].cluster == cluster &&
			d->reporting[i].id == id)
			return &d->reporting[i];
	return NULL;
}

static void answer_check(
	struct node_device *d, const struct zigbee_send *s, struct cursor *c, struct node_answer *a)
{
	while (cursor_remaining(c) > 0) {
		const struct node_reporting *r;
		uint16_t id;

		assert_int_equal(cursor_u8(c), 0);
		id = cursor_le16(c);
		r = d->forgets ? NULL : node_reports(d, s->destination_endpoint, s->cluster, id);
		put(a,
			r                                 ? 0
			: d->forgets                      ? d->forgets
			: attribute_of(d, s->cluster, id) ? 0x8b
							  : 0x86,
			1);
		put(a, 0, 1);
		put(a, id, 2);
		if (!r)
			continue;
		put(a, r->type, 1);
		put(a, r->min_s, 2);
		put(a, r->max_s, 2);
		put(a, 1, change_size(r->type));
	}
}

static void answer_write(
	struct node_device *d, const struct zigbee_send *s, struct cursor *c, struct node_answer *a)
{
	uint16_t id = cursor_le16(c);

	if (s->cluster == 0x0500) {
		assert_int_equal(id, 0x0010);
		assert_int_equal(cursor_u8(c), 0xf0);
		assert_true(cursor_le64(c) == WARD_EUI64);
		d->zone_owned = true;
		a->enroll_request = d->zone_asks;
	} else {
		assert_int_equal(s->cluster, 0x0020);
	}
	put(a, 0, 1);
}

static bool take_command(struct node_device *d, const struct zigbee_send *s, uint8_t sequence,
	uint8_t command, struct cursor *c, struct node_answer *a)
{
	if (s->cluster == 0x0500) {
		assert_int_equal(command, 0);
		assert_int_equal(cursor_u8(c), 0);
		(void)cursor_u8(c); /* the zone's number */
		assert_int_equal(cursor_done(c), 0);
		if (d->zone_owned && !d->zone_never && (!d->zone_asks || sequence == d->sequence))
			d->enrolled = true;
		return false;
	}
	assert_int_equal(command, 0);
	if (s->cluster == 0x0003) {
		d->identify_s = cursor_le16(c);
		assert_int_equal(cursor_done(c), 0);
		d->identifies++;
		put(a, 0x18, 1);
		put(a, sequence, 1);
		put(a, 0x0b, 1); /* well */
		put(a, command, 2);
		return true;
	}
	assert_int_equal(s->cluster, 0x0020);
	cursor_copy(c, d->check_in_answer, sizeof(d->check_in_answer));
	assert_int_equal(cursor_done(c), 0);
	d->check_ins++;
	return false;
}

static void refuse(struct node_answer *a, uint8_t command, uint8_t status)
{
	a->bytes[2] = 0x0b;
	a->length = 3;
	put(a, command, 1);
	put(a, status, 1);
}

static bool answer_zcl(struct node_device *d, const struct zigbee_send *s, struct node_answer *a)
{
	struct cursor c = cursor_init(s->bytes, s->length);
	uint8_t control = cursor_u8(&c), sequence, command;

	assert_false(control & 4); /* of no maker here */
	sequence = cursor_u8(&c);
	command = cursor_u8(&c);
	assert_false(c.failed);
	assert_int_equal(s->source_endpoint, ZIGBEE_ENDPOINT);
	if (!endpoint_of(d, s->destination_endpoint))
		return false; /* meant for who had its address before */
	assert_int_equal(s->profile, 0x0104);
	if (control & 1)
		return take_command(d, s, sequence, command, &c, a);
	assert_true(command < ARRAY_SIZE(d->asked_zcl));
	d->asked_zcl[command]++;
	put(a, 0x18, 1);
	put(a, sequence, 1);
	put(a, command == 0x02 ? 0x04 : command + 1u, 1);
	switch (command) {
	case 0x00:
		answer_read(d, s->cluster, &c, a);
		return true;
	case 0x02:
		answer_write(d, s, &c, a);
		return true;
	case 0x06:
		if (d->configure_default)
			refuse(a, command, d->configure_status);
		else
			answer_configure(d, s, &c, a);
		return true;
	case 0x08:
		if (d->check_status != 0)
			refuse(a, command, d->check_status);
		else
			answer_check(d, s, &c, a);
		return true;
	case 0x0b:
		d->defaults++;
		d->last_default[0] = sequence;
		d->last_default[1] = cursor_u8(&c);
		d->last_default[2] = cursor_u8(&c);
		return false;
	default:
		fail_msg("asked for command %02x", command);
		return false;
	}
}

bool node_device_answer(struct node_device *d, const struct zigbee_send *s, struct node_answer *a)
{
	bool zdo = s->profile == 0;

	*a = (struct node_answer){ .cluster = zdo ? s->cluster | 0x8000 : s->cluster };
	d->asked++;
	return zdo ? answer_zdo(d, s, a) : answer_zcl(d, s, a);
}

unsigned node_asked_zdo(const struct node_device *d, uint16_t cluster)
{
	return d->asked_zdo[cluster];
}
