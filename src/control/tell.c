/*
 * Signals to everybody: what changed of the status, of devices, of the outbox,
 * and alarms. Once a second at most, and only what changed: nothing here runs
 * for a reading.
 */
#include <stdlib.h>
#include <string.h>

#include "control/bus_private.h"
#include "publish/documents.h"

uint64_t tell_oldest_s(const struct outbox_counters *o)
{
	return o->oldest_boot_us ? (uint64_t)(boottime_us() - o->oldest_boot_us) / 1000000 : 0;
}

static void emit(struct bus *b, const char *member, const char *text)
{
	int r = sd_bus_emit_signal(b->bus, BUS_PATH, BUS_INTERFACE, member, "s", text);

	if (r < 0)
		log_debug("a signal cannot be sent", F_STR("MEMBER", member), F_ERR(r));
}

static void copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from ?: "");
}

static void look(struct bus *b, struct told *t)
{
	struct control *c = b->control;
	struct outbox_counters o = outbox_counters(c->parts.outbox);
	struct publish_report report;
	struct store_figures store;

	publish_report(c->parts.publish, &report);
	c->parts.hooks.store(&store, c->parts.hooks.userdata);
	memset(t, 0, sizeof(*t));
	t->connected = report.connected;
	t->clock = clock_state(gateway_clock(c->parts.gateway));
	t->mode = c->config->gateway.mode;
	t->store = store.state;
	copy(t->store_problem, sizeof(t->store_problem), store.problem);
	copy(t->broker, sizeof(t->broker), report.broker);
	copy(t->broker_problem, sizeof(t->broker_problem), report.problem);
	t->drivers = c->parts.hooks.drivers(c->parts.hooks.userdata);
	t->depth = o.depth + o.waiting;
	t->aside = o.aside;
	t->dropped = o.dropped;
}

void tell_begin(struct bus *b)
{
	look(b, &b->told);
}

/* Names of the properties that changed, NULL-terminated. */
static size_t changed_properties(const struct told *a, const struct told *b, char **names)
{
	size_t n = 0;

	if (a->mode != b->mode)
		names[n++] = (char *)"Mode";
	if (a->clock != b->clock)
		names[n++] = (char *)"Clock";
	if (a->connected != b->connected)
		names[n++] = (char *)"Connected";
	if (strcmp(a->broker, b->broker) != 0)
		names[n++] = (char *)"Broker";
	if (strcmp(a->broker_problem, b->broker_problem) != 0)
		names[n++] = (char *)"BrokerProblem";
	if (a->store != b->store)
		names[n++] = (char *)"Store";
	if (strcmp(a->store_problem, b->store_problem) != 0)
		names[n++] = (char *)"StoreProblem";
	names[n] = NULL;
	return n;
}

static void tell_status(struct bus *b)
{
	char buf[DOCUMENT_MAX];

	if (view_status(b->control, buf, sizeof(buf)) >= 0)
		emit(b, "StatusChanged", buf);
}

static void tell_outbox(struct bus *b, const struct told *now)
{
	struct outbox_counters o;

	if (now->depth == b->told.depth && now->aside == b->told.aside &&
		now->dropped == b->told.dropped)
		return;
	o = outbox_counters(b->control->parts.outbox);
	if (now->aside != b->told.aside || now->dropped != b->told.dropped)
		(void)sd_bus_emit_signal(b->bus, BUS_PATH, BUS_INTERFACE, "OutboxChanged", "ttt",
			now->depth, now->aside, tell_oldest_s(&o));
	else
		watch_tell_outbox(b, now->depth, now->aside, tell_oldest_s(&o));
}

void tell_changes(struct bus *b)
{
	struct told now;
	size_t properties;
	char *names[8];

	if (!bus_may_tell(b))
		return; /* what changed is told when the bus reads again */
	look(b, &now);
	properties = changed_properties(&b->told, &now, names);
	if (properties > 0)
		(void)sd_bus_emit_properties_changed_strv(b->bus, BUS_PATH, BUS_INTERFACE, names);
	/* The drivers have no property of their own. */
	if (properties > 0 || now.drivers != b->told.drivers)
		tell_status(b);
	tell_outbox(b, &now);
	b->told = now;
}

void tell_device(struct bus *b, const struct device *d, bool left)
{
	_cleanup_(freep) char *text = NULL;
	struct view v;

	if (!bus_may_tell(b))
		return;
	if (!left && view_begin(&v) == 0) {
		int r = view_device(b->control, d, false, v.f);

		text = view_end(&v);
		if (r < 0)
			return;
	}
	if (left || text)
		(void)sd_bus_emit_signal(b->bus, BUS_PATH, BUS_INTERFACE, "DeviceChanged", "ss",
			d->name->text, left ? "" : text);
}

void bus_tell_alarm(struct bus *b, const char *body)
{
	if (bus_may_tell(b))
		emit(b, "Alarm", body);
}
