/*
 * Using what was discovered: reads in pieces, subscriptions, writes, one at a
 * time; and beginning anew when the device's table changes. Discovery itself is
 * in gatt_discovery.c. See gatt.h.
 */
#include "ble/gatt.h"

#include <errno.h>
#include <string.h>

#include "ble/gatt_discovery.h"

static_assert(PROFILE_WRITE_MAX <= ATT_REQUEST_MAX - 3,
	"a write fits into the smallest MTU: Prepare Write is not needed");

#define NOTIFICATIONS 0x0001
#define INDICATIONS 0x0002
#define CHANGED_SIZE 4 /* the range of handles that Service Changed is about */

void gatt_init(struct gatt *g, const struct gatt_ops *ops, void *context, struct att *att)
{
	memset(g, 0, sizeof(*g));
	g->ops = ops;
	g->context = context;
	g->att = att;
	g->deadline_us = INT64_MAX;
}

void gatt_stop(struct gatt *g)
{
	att_cancel(g->att, g);
	g->stage = STAGE_NONE;
	g->performing = false;
	g->deadline_us = INT64_MAX;
}

/* ---- the table ---- */

static size_t index_of(const struct gatt_table *t, uint16_t handle)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->attributes[i].handle == handle)
			return i;
	return SESSION_ATTRIBUTES_MAX;
}

const struct session_attribute *gatt_attribute(const struct gatt_table *t, uint16_t handle)
{
	size_t i = index_of(t, handle);

	return i < t->count ? &t->attributes[i] : NULL;
}

size_t gatt_service_changed(const struct gatt_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->attributes[i].service == GATT_SERVICE &&
			t->attributes[i].characteristic == GATT_SERVICE_CHANGED)
			return i;
	return SESSION_ATTRIBUTES_MAX;
}

static int begin(struct gatt *g, int64_t now_us)
{
	att_cancel(g->att, g);
	g->performing = false;
	return gatt_discovery_begin(g, now_us);
}

int gatt_start(struct gatt *g, const struct gatt_table *cached, bool bonded, int64_t now_us)
{
	g->bonded = bonded;
	g->cached = cached != NULL;
	if (cached && cached != &g->table)
		g->table = *cached;
	return begin(g, now_us);
}

static void start_anew(struct gatt *g, int64_t now_us)
{
	g->cached = false;
	g->doubted = true; /* what was kept, if it is offered again before discovery has ended */
	if (g->starts++ >= GATT_STARTS_MAX || begin(g, now_us) < 0)
		gatt_discovery_end(g, GATT_UNSTABLE, 0, now_us);
}

bool gatt_doubt(struct gatt *g, uint16_t handle, int64_t now_us)
{
	if (g->stage != STAGE_DONE || g->looked_again || gatt_attribute(&g->table, handle))
		return false;
	g->looked_again = true;
	start_anew(g, now_us);
	return true;
}

bool gatt_heard(struct gatt *g, uint16_t handle, bool indicated, const uint8_t *bytes,
	size_t length, int64_t now_us)
{
	size_t i = gatt_service_changed(&g->table);

	if (g->stage == STAGE_NONE) {
		/* a bonded device may begin with it, when its handle is not known yet */
		if (indicated && length == CHANGED_SIZE)
			g->doubted = true;
		return false;
	}
	if (i >= g->table.count || g->table.attributes[i].handle != handle)
		return false;
	/* Which handles it is about does not matter: all is discovered anew. */
	(void)bytes;
	if (indicated && g->att->unconfirmed == 1)
		(void)att_confirm(g->att);
	start_anew(g, now_us);
	return true;
}

int64_t gatt_deadline(const struct gatt *g)
{
	return g->deadline_us;
}

void gatt_tick(struct gatt *g, int64_t now_us)
{
	if (now_us >= g->deadline_us)
		gatt_discovery_end(g, GATT_SLOW, 0, now_us);
}

/* ---- actions ---- */

static void end_action(struct gatt *g, uint8_t error, int64_t now_us)
{
	g->performing = false;
	g->ops->performed(g, error, g->value, error == 0 ? g->value_length : 0, now_us);
}

int gatt_subscribe(
	struct gatt *g, size_t index, bool indications, att_answer_fn answer, int64_t now_us)
{
	const uint8_t value[] = { indications ? INDICATIONS : NOTIFICATIONS, 0 };

	return att_write(g->att, g->table.cccds[index], value, sizeof(value), answer, g, now_us);
}

static void on_piece(void *context, const struct att_answer *answer, int64_t now_us)
{
	struct gatt *g = context;
	size_t room = sizeof(g->value) - g->value_length, n;

	/* A value that ends where a piece ends: not all devices give an empty piece then. */
	if (g->value_length > 0 &&
		(answer->error == ATT_ERROR_INVALID_OFFSET || answer->error == ATT_ERROR_NOT_LONG ||
			answer->error == ATT_ERROR_NOT_SUPPORTED)) {
		end_action(g, 0, now_us);
		return;
	}
	if (answer->error != 0) {
		end_action(g, answer->error, now_us);
		return;
	}
	n = answer->length < room ? answer->length : room;
	if (n > 0)
		memcpy(g->value + g->value_length, answer->bytes, n);
	g->value_length += n;
	if (answer->length + 1 < g->att->mtu || n == room ||
		att_read_blob(g->att, g->action.handle, (uint16_t)g->value_length, on_piece, g,
			now_us) < 0)
		end_action(g, 0, now_us);
}

static void on_written(void *context, const struct att_answer *answer, int64_t now_us)
{
	struct gatt *g = context;

	if (answer->error == 0 && g->unsecured && g->action.kind != SESSION_WRITE) {
		g->unsecured = false;
		(void)gatt_subscribe(g, gatt_service_changed(&g->table), true, NULL, now_us);
	}
	end_action(g, answer->error, now_us);
}

int gatt_perform(struct gatt *g, const struct session_action *action, int64_t now_us)
{
	size_t i = index_of(&g->table, action->handle);
	int r = -ENOENT;

	if (g->performing || g->stage != STAGE_DONE)
		return -EBUSY;
	g->action = *action;
	g->value_length = 0;
	switch ((enum session_action_kind)action->kind) {
	case SESSION_READ:
		r = att_read(g->att, action->handle, on_piece, g, now_us);
		break;
	case SESSION_NOTIFY:
	case SESSION_INDICATE:
		if (i < g->table.count && g->table.cccds[i] != 0)
			r = gatt_subscribe(
				g, i, action->kind == SESSION_INDICATE, on_written, now_us);
		break;
	case SESSION_WRITE:
		r = att_write(g->att, action->handle, action->bytes, action->length, on_written, g,
			now_us);
		break;
	}
	g->performing = r == 0;
	return r;
}

void gatt_forget(struct gatt *g)
{
	if (!g->performing)
		return;
	att_cancel(g->att, g);
	g->performing = false;
}

const char *gatt_outcome_word(enum gatt_outcome outcome)
{
	switch (outcome) {
	case GATT_FOUND:
		return "found";
	case GATT_AS_CACHED:
		return "as-cached";
	case GATT_REFUSED:
		return "refused";
	case GATT_MALFORMED:
		return "malformed";
	case GATT_ENDLESS:
		return "endless";
	case GATT_SLOW:
		return "slow";
	case GATT_UNSTABLE:
		return "unstable";
	}
	return "unknown";
}
