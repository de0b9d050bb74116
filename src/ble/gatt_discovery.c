/*
 * Discovery: the hash; services with what they include; their characteristics;
 * the configuration descriptors of those that a profile subscribes to. Handles
 * must go upwards within what was asked for, so that it comes to an end. See
 * gatt_discovery.h.
 */
#include "ble/gatt_discovery.h"

#include <errno.h>
#include <string.h>

#include "util/cursor.h"

#define PRIMARY_SERVICE 0x2800
#define SECONDARY_SERVICE 0x2801
#define INCLUDE 0x2802
#define CHARACTERISTIC 0x2803
#define CONFIGURATION 0x2902 /* Client Characteristic Configuration */
#define HANDLE_MAX 0xFFFF

#define NO_RESOURCES 0x11 /* ATT error: insufficient resources, here our own */
/* An index that no list of services reaches: it is not what was kept. */
#define NOT_AS_CACHED (GATT_SERVICES_MAX + 1)

/* What an answer leads to. */
enum step {
	ON,     /* with what comes next */
	AGAIN,  /* the next page of the same */
	REFUSE, /* the device did */
	BROKEN, /* this cannot be */
};

static void answered(void *context, const struct att_answer *answer, int64_t now_us);

/* ---- what is wanted ---- */

static const struct ble_profile *profile_of(uint16_t service)
{
	for (unsigned id = 0; id < _PROFILE_MAX; id++)
		if (profile_row(id)->service == service)
			return profile_row(id);
	return NULL;
}

static bool subscribes(const struct session_attribute *a)
{
	const struct ble_profile *row = profile_of(a->service);

	if (!(a->properties & (ATTRIBUTE_NOTIFY | ATTRIBUTE_INDICATE)))
		return false;
	if (a->service == GATT_SERVICE)
		return a->characteristic == GATT_SERVICE_CHANGED;
	for (size_t i = 0; row && i < row->characteristic_count; i++)
		if (row->characteristics[i].uuid == a->characteristic &&
			row->characteristics[i].use & PROFILE_USE_SUBSCRIBE)
			return true;
	return false;
}

/* ---- pages ---- */

static void range(struct gatt *g, uint16_t start, uint16_t end)
{
	g->next = start;
	g->until = end;
}

/* The next entry is behind that handle, if there is room for one. */
static void go_beyond(struct gatt *g, uint16_t handle)
{
	g->next = handle < g->until ? (uint16_t)(handle + 1) : 0;
}

static bool in_range(const struct gatt *g, uint16_t handle)
{
	return g->next != 0 && handle >= g->next && handle <= g->until;
}

static enum step page_end(const struct gatt *g)
{
	return g->next != 0 ? AGAIN : ON;
}

/* Whether the bytes are one entry or several of that size. */
static bool whole_entries(const struct cursor *c, size_t size)
{
	size_t n = cursor_remaining(c);

	return !c->failed && n > 0 && n % size == 0;
}

/* Devices end a list by "attribute not found"; some know no better than "invalid handle". */
static bool ends_list(const struct gatt *g, uint8_t error)
{
	return error == ATT_ERROR_NOT_FOUND || (error == ATT_ERROR_INVALID_HANDLE && g->next > 1);
}

/* ---- the hash ---- */

static size_t primary_count(const struct gatt_table *t)
{
	size_t n = 0;

	while (n < t->service_count && !t->services[n].included)
		n++;
	return n;
}

static void drop_cached(struct gatt *g)
{
	memset(&g->table, 0, sizeof(g->table));
	g->cached = false;
}

/* Without a hash on either side: whether the device would have told of a change. One that has no
 * Service Changed never changes (Core Vol 3 Part G 2.5.2); one that has it tells those it is bonded
 * with. */
static bool would_tell(const struct gatt *g)
{
	if (g->doubted)
		return false; /* it may have told us already */
	return g->bonded || gatt_service_changed(&g->table) == SESSION_ATTRIBUTES_MAX;
}

static enum step on_hash(struct gatt *g, const struct att_answer *answer, struct cursor *c)
{
	static const uint8_t none[GATT_HASH_SIZE];
	uint8_t hash[GATT_HASH_SIZE];
	bool known, had = g->cached && g->table.has_hash;

	known = answer->error == 0 && cursor_u8(c) == 2 + sizeof(hash);
	cursor_skip(c, 2);
	cursor_copy(c, hash, sizeof(hash));
	/* zeros: some have the characteristic and compute nothing */
	known = known && cursor_done(c) == 0 && memcmp(hash, none, sizeof(hash)) != 0;
	if (known && had && memcmp(hash, g->table.hash, sizeof(hash)) == 0) {
		g->checked = true;
		return ON;
	}
	if (g->cached && (known || had || !would_tell(g)))
		drop_cached(g);
	g->table.has_hash = known;
	memcpy(g->table.hash, hash, sizeof(hash));
	return ON;
}

/* ---- services ---- */

static void add_service(struct gatt *g, const struct gatt_service *s)
{
	struct gatt_table *t = &g->table;

	if (!profile_of(s->uuid) && s->uuid != GATT_SERVICE)
		return;
	if (g->cached) {
		const struct gatt_service *was =
			g->at < primary_count(t) ? &t->services[g->at] : NULL;

		g->at = was && was->uuid == s->uuid && was->start == s->start && was->end == s->end
				? g->at + 1
				: NOT_AS_CACHED;
	} else if (t->service_count == GATT_SERVICES_MAX) {
		t->truncated = true;
	} else {
		t->services[t->service_count++] = *s;
	}
}

static enum step on_services(struct gatt *g, const struct att_answer *answer, struct cursor *c)
{
	size_t size = cursor_u8(c);

	if (answer->error != 0)
		return ends_list(g, answer->error) ? ON : REFUSE;
	if ((size != 6 && size != 20) || !whole_entries(c, size))
		return BROKEN;
	while (cursor_remaining(c) > 0) {
		struct gatt_service s = { .start = cursor_le16(c) };

		s.end = cursor_le16(c);
		s.uuid = att_uuid(cursor_bytes(c, size - 4), size - 4);
		if (!in_range(g, s.start) || s.end < s.start)
			return BROKEN;
		add_service(g, &s);
		go_beyond(g, s.end);
		if (g->at == NOT_AS_CACHED)
			return ON;
	}
	return page_end(g);
}

static bool overlaps(const struct gatt_table *t, uint16_t start, uint16_t end)
{
	for (size_t i = 0; i < t->service_count; i++)
		if (start <= t->services[i].end && end >= t->services[i].start)
			return true;
	return false;
}

/* Includes of the whole table at once: most devices have none, and say so in one answer. Those that
 * are primary services as well are known already. */
static enum step on_included(struct gatt *g, const struct att_answer *answer, struct cursor *c)
{
	size_t size = cursor_u8(c);

	if (answer->error != 0)
		return ON;
	/* without its UUID when that has 128 bits: none that we want */
	if ((size != 6 && size != 8) || !whole_entries(c, size))
		return BROKEN;
	while (cursor_remaining(c) > 0) {
		uint16_t handle = cursor_le16(c);
		struct gatt_service s = { .start = cursor_le16(c), .included = true };

		s.end = cursor_le16(c);
		s.uuid = size == 8 ? cursor_le16(c) : 0;
		if (!in_range(g, handle))
			return BROKEN;
		if (s.start != 0 && s.start <= s.end && !overlaps(&g->table, s.start, s.end))
			add_service(g, &s);
		go_beyond(g, handle);
	}
	return page_end(g);
}

/* ---- characteristics ---- */

/* The characteristic before a declaration ends there. */
static void close_characteristic(struct gatt *g, uint16_t end)
{
	if (g->open > 0)
		g->ends[g->open - 1] = end;
	g->open = 0;
}

static void add_characteristic(
	struct gatt *g, uint8_t properties, uint16_t handle, uint16_t characteristic)
{
	const struct gatt_service *s = &g->table.services[g->at];
	struct gatt_table *t = &g->table;

	if (characteristic == 0)
		return;
	if (t->count == SESSION_ATTRIBUTES_MAX) {
		t->truncated = true;
		return;
	}
	t->attributes[t->count] = (struct session_attribute){ .service = s->uuid,
		.service_handle = s->start,
		.characteristic = characteristic,
		.handle = handle,
		.properties = properties };
	t->cccds[t->count++] = 0;
	g->open = t->count;
}

static enum step on_characteristics(
	struct gatt *g, const struct att_answer *answer, struct cursor *c)
{
	const struct gatt_service *s = &g->table.services[g->at];
	size_t size = cursor_u8(c);
	enum step step = ON;

	if (answer->error != 0 && !ends_list(g, answer->error))
		return REFUSE;
	if (answer->error == 0) {
		if ((size != 7 && size != 21) || !whole_entries(c, size))
			return BROKEN;
		while (cursor_remaining(c) > 0) {
			uint16_t declared = cursor_le16(c);
			uint8_t properties = cursor_u8(c);
			uint16_t handle = cursor_le16(c);
			uint16_t uuid = att_uuid(cursor_bytes(c, size - 5), size - 5);

			/* g->next is behind the value of the one before */
			if (!in_range(g, declared) || handle <= declared || handle > s->end)
				return BROKEN;
			close_characteristic(g, (uint16_t)(declared - 1));
			add_characteristic(g, properties, handle, uuid);
			go_beyond(g, handle);
		}
		step = page_end(g);
	}
	if (step == ON)
		close_characteristic(g, s->end);
	return step;
}

/* ---- descriptors ---- */

static enum step on_descriptors(struct gatt *g, const struct att_answer *answer, struct cursor *c)
{
	uint8_t format = cursor_u8(c);
	size_t size = format == 1 ? 4 : 18;

	if (answer->error != 0)
		return ON; /* it has none */
	if ((format != 1 && format != 2) || !whole_entries(c, size))
		return BROKEN;
	while (cursor_remaining(c) > 0) {
		uint16_t handle = cursor_le16(c);
		uint16_t type = att_uuid(cursor_bytes(c, size - 2), size - 2);

		if (!in_range(g, handle))
			return BROKEN;
		if (type == CONFIGURATION)
			g->table.cccds[g->at] = handle;
		if (type == CONFIGURATION || (type >= PRIMARY_SERVICE && type <= CHARACTERISTIC))
			return ON; /* found, or behind its end */
		go_beyond(g, handle);
	}
	return page_end(g);
}

/* ---- what comes after what ---- */

static bool next_service(struct gatt *g)
{
	if (g->at >= g->table.service_count)
		return false;
	range(g, g->table.services[g->at].start, g->table.services[g->at].end);
	return true;
}

static bool next_attribute(struct gatt *g)
{
	for (; g->at < g->table.count; g->at++) {
		const struct session_attribute *a = &g->table.attributes[g->at];

		if (subscribes(a) && a->handle < g->ends[g->at]) {
			range(g, (uint16_t)(a->handle + 1), g->ends[g->at]);
			return true;
		}
	}
	return false;
}

static bool has_changes(const struct gatt_table *t)
{
	size_t i = gatt_service_changed(t);

	return i < t->count && t->cccds[i] != 0 && t->attributes[i].properties & ATTRIBUTE_INDICATE;
}

static void enter(struct gatt *g, enum gatt_stage stage)
{
	g->stage = (uint8_t)stage;
	g->at = 0;
	g->open = 0;
	range(g, 1, HANDLE_MAX);
}

/* The stage or the part of one that comes next; false when there is nothing left to ask. */
static bool advance(struct gatt *g)
{
	switch ((enum gatt_stage)g->stage) {
	case STAGE_HASH:
		if (g->checked)
			break;
		enter(g, STAGE_SERVICES);
		return true;
	case STAGE_SERVICES:
		if (g->cached && g->at == primary_count(&g->table)) {
			g->checked = true;
			break;
		}
		if (g->cached) {
			drop_cached(g);
			enter(g, STAGE_SERVICES);
			return true;
		}
		enter(g, STAGE_INCLUDED);
		return g->table.service_count > 0;
	case STAGE_INCLUDED:
		enter(g, STAGE_CHARACTERISTICS);
		if (next_service(g))
			return true;
		break;
	case STAGE_CHARACTERISTICS:
		g->at++;
		if (next_service(g))
			return true;
		enter(g, STAGE_DESCRIPTORS);
		if (next_attribute(g))
			return true;
		break;
	case STAGE_DESCRIPTORS:
		g->at++;
		if (next_attribute(g))
			return true;
		break;
	case STAGE_SUBSCRIBING:
	case STAGE_NONE:
	case STAGE_DONE:
		return false;
	}
	enter(g, STAGE_SUBSCRIBING);
	return has_changes(&g->table);
}

static int ask(struct gatt *g, int64_t now_us)
{
	uint8_t opcode = ATT_READ_BY_TYPE_REQUEST;
	uint16_t type = 0;

	switch ((enum gatt_stage)g->stage) {
	case STAGE_HASH:
		type = GATT_DATABASE_HASH;
		break;
	case STAGE_SERVICES:
		opcode = ATT_READ_BY_GROUP_TYPE_REQUEST;
		type = PRIMARY_SERVICE;
		break;
	case STAGE_INCLUDED:
		type = INCLUDE;
		break;
	case STAGE_CHARACTERISTICS:
		type = CHARACTERISTIC;
		break;
	case STAGE_DESCRIPTORS:
		opcode = ATT_FIND_INFORMATION_REQUEST;
		break;
	case STAGE_SUBSCRIBING:
		return gatt_subscribe(g, gatt_service_changed(&g->table), true, answered, now_us);
	case STAGE_NONE:
	case STAGE_DONE:
		return 0;
	}
	return att_find(g->att, opcode, g->next, g->until, type, answered, g, now_us);
}

static void go_on(struct gatt *g, bool again, int64_t now_us)
{
	int r;

	if (!again && !advance(g)) {
		gatt_discovery_end(g, g->checked ? GATT_AS_CACHED : GATT_FOUND, 0, now_us);
		return;
	}
	if (g->requests++ >= GATT_REQUESTS_MAX) {
		gatt_discovery_end(g, GATT_ENDLESS, 0, now_us);
		return;
	}
	r = ask(g, now_us);
	if (r < 0)
		gatt_discovery_end(g, GATT_REFUSED, NO_RESOURCES, now_us);
}

static void answered(void *context, const struct att_answer *answer, int64_t now_us)
{
	struct gatt *g = context;
	struct cursor c = cursor_init(answer->bytes, answer->length);
	enum step step = ON;

	switch ((enum gatt_stage)g->stage) {
	case STAGE_HASH:
		step = on_hash(g, answer, &c);
		break;
	case STAGE_SERVICES:
		step = on_services(g, answer, &c);
		break;
	case STAGE_INCLUDED:
		step = on_included(g, answer, &c);
		break;
	case STAGE_CHARACTERISTICS:
		step = on_characteristics(g, answer, &c);
		break;
	case STAGE_DESCRIPTORS:
		step = on_descriptors(g, answer, &c);
		break;
	case STAGE_SUBSCRIBING:
		g->unsecured = att_error_wants_security(answer->error);
		break;
	case STAGE_NONE:
	case STAGE_DONE:
		return;
	}
	switch (step) {
	case ON:
	case AGAIN:
		go_on(g, step == AGAIN, now_us);
		break;
	case REFUSE:
		gatt_discovery_end(g, GATT_REFUSED, answer->error, now_us);
		break;
	case BROKEN:
		gatt_discovery_end(g, GATT_MALFORMED, 0, now_us);
		break;
	}
}

int gatt_discovery_begin(struct gatt *g, int64_t now_us)
{
	int r;

	if (!g->cached)
		memset(&g->table, 0, sizeof(g->table));
	g->checked = g->unsecured = false;
	enter(g, STAGE_HASH);
	g->requests = 1;
	g->deadline_us = now_us + GATT_DISCOVERY_US;
	r = ask(g, now_us);
	if (r < 0) {
		g->stage = STAGE_NONE;
		g->deadline_us = INT64_MAX;
	}
	return r;
}

void gatt_discovery_end(
	struct gatt *g, enum gatt_outcome outcome, uint8_t att_error, int64_t now_us)
{
	g->stage = outcome == GATT_FOUND || outcome == GATT_AS_CACHED ? STAGE_DONE : STAGE_NONE;
	if (g->stage == STAGE_DONE)
		g->doubted = false;
	g->deadline_us = INT64_MAX;
	att_cancel(g->att, g);
	g->ops->discovered(g, outcome, att_error, now_us);
}
