/*
 * Those who watch: readings go to them alone, as long as they ask for it. Each
 * watch has a lease, so that one who does not read is soon forgotten, a rate, and
 * ends when its caller leaves the bus; without a watch a reading costs one look
 * at a pointer in gateway/tap.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/bus_private.h"
#include "gateway/tap.h"
#include "publish/payloads/payloads.h"

static struct watch *find(struct bus *b, const char *name)
{
	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (b->watches[i].name && strcmp(b->watches[i].name, name) == 0)
			return &b->watches[i];
	return NULL;
}

static void clear_devices(struct watch *w)
{
	for (size_t i = 0; i < w->device_count; i++)
		label_unref(w->devices[i]);
	free((void *)w->devices);
	w->devices = NULL;
	w->device_count = 0;
}

static void on_reading(const struct reading *r, void *userdata);

/* Counts anew, and taps the gateway or lets go of it. A place that nobody needs is free again. */
static void settle(struct bus *b)
{
	b->watch_count = b->discover_count = 0;
	for (size_t i = 0; i < WATCHES_MAX; i++) {
		struct watch *w = &b->watches[i];

		if (!w->name)
			continue;
		if (!w->until_us)
			clear_devices(w);
		b->watch_count += w->until_us != 0;
		b->discover_count += w->discovers_until_us != 0;
		if (w->until_us || w->discovers_until_us)
			continue;
		sd_bus_slot_unref(w->gone);
		free(w->name);
		*w = (struct watch){ 0 };
	}
	if (!b->watch_count)
		gateway_untap(b->control->parts.gateway, on_reading, b);
	else if (gateway_tap(b->control->parts.gateway, on_reading, b) < 0)
		log_warning("too many look on; watchers hear no readings");
}

void watch_end_all(struct bus *b)
{
	for (size_t i = 0; i < WATCHES_MAX; i++)
		b->watches[i].until_us = b->watches[i].discovers_until_us = 0;
	settle(b);
}

static int on_gone(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *b = userdata;
	const char *name, *old_owner, *new_owner;
	struct watch *w;

	if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0 || *new_owner)
		return 0;
	w = find(b, name);
	if (w) {
		w->until_us = w->discovers_until_us = 0;
		settle(b);
	}
	return 0;
}

/* Takes a place for the caller. Returns 0 with *ret, or a negative errno (-EBUSY: all taken). */
static int take_place(struct bus *b, const char *name, struct watch **ret)
{
	struct watch *w = find(b, name);
	char match[512];
	int r;

	for (size_t i = 0; !w && i < WATCHES_MAX; i++)
		if (!b->watches[i].name)
			w = &b->watches[i];
	if (!w)
		return -EBUSY;
	if (!w->name) {
		snprintf(match, sizeof(match),
			"type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
			"interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
			name);
		w->name = strdup(name);
		if (!w->name)
			return -ENOMEM;
		r = sd_bus_add_match_async(b->bus, &w->gone, match, on_gone, NULL, b);
		if (r < 0) {
			free(w->name);
			*w = (struct watch){ 0 };
			return r;
		}
	}
	*ret = w;
	return 0;
}

static int refuse(sd_bus_error *error, enum command_outcome o, const char *why)
{
	char name[64];

	snprintf(name, sizeof(name), BUS_ERROR "%s", command_outcome_text(o));
	return sd_bus_error_set(error, name, why);
}

/* --- watching --- */

struct device_list {
	struct label *labels[WATCH_DEVICES_MAX];
	size_t count;
};

static void device_list_done(struct device_list *l)
{
	while (l->count > 0)
		label_unref(l->labels[--l->count]);
}

/* Returns 0, or a negative errno with error set. */
static int read_devices(
	struct bus *b, sd_bus_message *m, struct device_list *ret, sd_bus_error *error)
{
	struct registry *registry = gateway_registry(b->control->parts.gateway);
	const char *name;
	int r = sd_bus_message_enter_container(m, 'a', "s");

	while (r >= 0 && (r = sd_bus_message_read(m, "s", &name)) > 0) {
		struct device *d = registry_by_name(registry, name);
		char why[200];

		if (!d) {
			snprintf(why, sizeof(why),
				"there is no device %.64s; wardgatectl devices lists them", name);
			return refuse(error, COMMAND_NOT_FOUND, why);
		}
		if (ret->count == WATCH_DEVICES_MAX)
			return refuse(error, COMMAND_INVALID_ARGUMENT,
				"more than 64 devices; watch all of them with an empty list");
		ret->labels[ret->count++] = label_ref(d->name);
	}
	return r;
}

int watch_on_watch(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_(device_list_done) struct device_list devices = { .count = 0 };
	struct bus *b = userdata;
	struct label **labels = NULL;
	struct watch *w;
	int r = read_devices(b, m, &devices, error);

	if (r < 0)
		return r;
	if (devices.count > 0) {
		labels = calloc(devices.count, sizeof(*labels));
		if (!labels)
			return -ENOMEM;
		memcpy((void *)labels, (void *)devices.labels, devices.count * sizeof(*labels));
	}
	r = take_place(b, sd_bus_message_get_sender(m), &w);
	if (r < 0) {
		free((void *)labels);
		return r == -EBUSY ? refuse(error, COMMAND_BUSY,
					     "16 others watch already; end one of them first")
				   : r;
	}
	clear_devices(w);
	w->devices = labels;
	w->device_count = devices.count;
	devices.count = 0; /* the references are the watch's */
	w->until_us = boottime_us() + WATCH_LEASE_S * INT64_C(1000000);
	settle(b);
	return sd_bus_reply_method_return(m, "u", (uint32_t)WATCH_LEASE_S);
}

int watch_on_unwatch(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *b = userdata;
	struct watch *w = find(b, sd_bus_message_get_sender(m));

	if (w) {
		w->until_us = 0;
		settle(b);
	}
	return sd_bus_reply_method_return(m, NULL);
}

static bool wants(const struct watch *w, const struct reading *r)
{
	for (size_t i = 0; i < w->device_count; i++)
		if (strcmp(w->devices[i]->text, r->device->text) == 0)
			return true;
	return w->device_count == 0;
}

/* Whether another one may go to it in this second. */
static bool within_rate(struct watch *w, int64_t boot_us)
{
	if (boot_us - w->second_us >= 1000000) {
		w->second_us = boot_us;
		w->sent = 0;
	}
	return w->sent < WATCH_RATE;
}

static int signal_to(struct bus *b, const struct watch *w, const char *member, sd_bus_message **ret)
{
	int r = sd_bus_message_new_signal(b->bus, ret, BUS_PATH, BUS_INTERFACE, member);

	return r < 0 ? r : sd_bus_message_set_destination(*ret, w->name);
}

static void tell_reading(struct bus *b, struct watch *w, const char *body)
{
	sd_bus_message *m = NULL;
	int r = signal_to(b, w, "Reading", &m);

	if (r >= 0)
		r = sd_bus_message_append(m, "su", body, (uint32_t)w->left_out);
	if (r >= 0)
		r = sd_bus_send(NULL, m, NULL);
	sd_bus_message_unref(m);
	if (r < 0) {
		w->left_out++;
		return;
	}
	w->left_out = 0;
	w->sent++;
}

static void on_reading(const struct reading *r, void *userdata)
{
	struct bus *b = userdata;
	struct control *c = b->control;
	const struct payload_context context = { gateway_name(c->parts.gateway),
		gateway_epoch(c->parts.gateway) };
	bool may = bus_may_tell(b);
	char body[PAYLOAD_MAX];
	ssize_t n = 0;

	for (size_t i = 0; i < WATCHES_MAX; i++) {
		struct watch *w = &b->watches[i];

		if (!w->name || !w->until_us || !wants(w, r))
			continue;
		if (!may || !within_rate(w, r->received_boot_us)) {
			w->left_out++;
			continue;
		}
		if (n == 0)
			n = payload_by_name("json")->reading(body, sizeof(body), r, &context);
		if (n > 0)
			tell_reading(b, w, body);
	}
}

void watch_tell_outbox(struct bus *b, uint64_t depth, uint64_t aside, uint64_t oldest_s)
{
	for (size_t i = 0; i < WATCHES_MAX; i++) {
		struct watch *w = &b->watches[i];
		sd_bus_message *m = NULL;

		if (!w->name || !w->until_us)
			continue;
		if (signal_to(b, w, "OutboxChanged", &m) >= 0 &&
			sd_bus_message_append(m, "ttt", depth, aside, oldest_s) >= 0)
			(void)sd_bus_send(NULL, m, NULL);
		sd_bus_message_unref(m);
	}
}

/* --- discovering --- */

int watch_on_discover(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *b = userdata;
	uint32_t seconds = 0;
	struct watch *w;
	int r = sd_bus_message_read(m, "u", &seconds);

	if (r < 0)
		return r;
	if (seconds < 1 || seconds > LOOK_LONGEST_S)
		return refuse(error, COMMAND_INVALID_ARGUMENT,
			"\"seconds\" is out of range; give 1 to 300");
	r = take_place(b, sd_bus_message_get_sender(m), &w);
	if (r == -EBUSY)
		return refuse(
			error, COMMAND_BUSY, "16 others watch already; end one of them first");
	if (r < 0)
		return r;
	if (b->discover_count == 0)
		b->discover_seen =
			registry_unknown_order(gateway_registry(b->control->parts.gateway));
	look_for_unknown(b->control, seconds);
	w->discovers_until_us = boottime_us() + seconds * INT64_C(1000000);
	settle(b);
	return sd_bus_reply_method_return(m, "u", seconds);
}

static void tell_unknown(struct bus *b, const char *body)
{
	for (size_t i = 0; i < WATCHES_MAX; i++) {
		struct watch *w = &b->watches[i];
		sd_bus_message *m = NULL;

		if (!w->name || !w->discovers_until_us)
			continue;
		if (signal_to(b, w, "UnknownHeard", &m) >= 0 &&
			sd_bus_message_append(m, "s", body) >= 0)
			(void)sd_bus_send(NULL, m, NULL);
		sd_bus_message_unref(m);
	}
}

static void tell_all_unknown(struct bus *b)
{
	const struct registry *registry = gateway_registry(b->control->parts.gateway);
	uint64_t seen = b->discover_seen;

	for (size_t i = 0; i < registry_unknown_count(registry); i++) {
		const struct unknown_device *u = registry_unknown_at(registry, i);
		_cleanup_(freep) char *text = NULL;
		struct view v;

		if (u->order <= b->discover_seen || view_begin(&v) < 0)
			continue;
		if (u->order > seen)
			seen = u->order;
		view_unknown(u, v.f);
		text = view_end(&v);
		if (text)
			tell_unknown(b, text);
	}
	b->discover_seen = seen;
}

void watch_tick(struct bus *b, int64_t boot_us)
{
	for (size_t i = 0; i < WATCHES_MAX; i++) {
		struct watch *w = &b->watches[i];

		if (w->until_us && w->until_us <= boot_us)
			w->until_us = 0;
		if (w->discovers_until_us && w->discovers_until_us <= boot_us)
			w->discovers_until_us = 0;
	}
	if (b->discover_count > 0 && bus_may_tell(b))
		tell_all_unknown(b);
	settle(b);
}
