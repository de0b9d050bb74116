/*
 * The connection to the message bus: made without blocking, made again with a
 * back-off when it is lost, changed when Bus= does. See bus.h.
 */
#include "control/bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "config/problems.h"
#include "control/bus_private.h"
#include "gateway/registry.h"

#define FIRST_DELAY_US INT64_C(1000000)
#define LONGEST_DELAY_US INT64_C(60000000)

static void lost(struct bus *b, const char *what, int error);

bool bus_may_tell(struct bus *b)
{
	uint64_t queued;

	return b->owns && sd_bus_get_n_queued_write(b->bus, &queued) >= 0 &&
	       queued < QUEUE_SIGNALS_MAX;
}

/* --- the connection --- */

static void close_bus(struct bus *b)
{
	watch_end_all(b);
	service_end_lookups(b);
	b->connected = b->owns = false;
	if (!b->bus)
		return;
	(void)sd_bus_detach_event(b->bus);
	/* Without flushing, which would block. */
	sd_bus_close(b->bus);
	b->bus = sd_bus_unref(b->bus);
}

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bus *b = userdata;
	const sd_bus_error *error = sd_bus_message_get_error(m);
	uint32_t result = 0;

	if (!error && sd_bus_message_read(m, "u", &result) < 0)
		result = 0;
	/* 1: it is ours; 4: it was already. */
	if (error || (result != 1 && result != 4)) {
		lost(b, error ? error->message : "another program has the name " BUS_NAME, 0);
		return 0;
	}
	b->owns = true;
	b->said = false;
	b->delay_us = FIRST_DELAY_US;
	log_info("serving on the message bus", F_STR("BUS", b->address));
	tell_begin(b);
	return 0;
}

static int on_connected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bus *b = userdata;
	int r;

	b->connected = true;
	r = sd_bus_request_name_async(b->bus, NULL, BUS_NAME, 0, on_name, b);
	if (r < 0)
		lost(b, "the name " BUS_NAME " cannot be asked for", -r);
	return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	lost(userdata, "the connection ended", 0);
	return 0;
}

/* Of Bus=: system, session or an address. Returns 0 with *ret to be freed, or a negative errno. */
static int address_of(const char *which, char **ret)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR"), *address = which;

	if (strcmp(which, "system") == 0)
		address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS")
				  ?: "unix:path=/run/dbus/system_bus_socket";
	if (strcmp(which, "session") == 0) {
		address = secure_getenv("DBUS_SESSION_BUS_ADDRESS");
		if (!address && !runtime)
			return -ENXIO;
		if (!address)
			return asprintf(ret, "unix:path=%s/bus", runtime) < 0 ? -ENOMEM : 0;
	}
	*ret = strdup(address);
	return *ret ? 0 : -ENOMEM;
}

/* By hand, since the library's own ways leave no moment to ask for the signal. */
static int open_bus(const char *address, sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r;

	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, true);
	if (r >= 0)
		r = sd_bus_set_connected_signal(bus, true);
	/* At the end of the loop it would flush, which blocks while the bus does not read. */
	if (r >= 0)
		r = sd_bus_set_close_on_exit(bus, false);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

static int set_up(struct bus *b)
{
	int r;

	r = sd_bus_match_signal_async(b->bus, NULL, "org.freedesktop.DBus.Local",
		"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Connected",
		on_connected, NULL, b);
	if (r >= 0)
		r = sd_bus_match_signal_async(b->bus, NULL, "org.freedesktop.DBus.Local",
			"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Disconnected",
			on_disconnected, NULL, b);
	if (r >= 0)
		r = sd_bus_add_object_vtable(
			b->bus, NULL, BUS_PATH, BUS_INTERFACE, service_vtable, b);
	if (r >= 0)
		r = sd_bus_attach_event(b->bus, b->event, SD_EVENT_PRIORITY_NORMAL);
	return r;
}

static void connect_bus(struct bus *b)
{
	_cleanup_(freep) char *address = NULL;
	struct config_why why;
	int r;

	if (!b->address)
		return;
	r = address_of(b->address, &address);
	/* Bus= was judged when it was read; what the environment says is no better. */
	if (r >= 0 && config_check_bus(address, &why) != 0) {
		lost(b, "the address in the environment is none that is used; give one in Bus=", 0);
		return;
	}
	if (r >= 0)
		r = open_bus(address, &b->bus);
	if (r >= 0)
		r = set_up(b);
	if (r < 0)
		lost(b, "it cannot be reached", -r);
}

/* Not from within a call of the library on this bus. */
static int on_drop(sd_event_source *s, void *userdata)
{
	close_bus(userdata);
	return 0;
}

static void lost(struct bus *b, const char *what, int error)
{
	bool was_there = b->owns;
	char why[256];
	const char *reason = why;

	snprintf(why, sizeof(why), "%s%s%s", what, error ? ": " : "", error ? strerror(error) : "");
	b->connected = b->owns = false;
	if (!b->said) {
		b->said = true;
		log_warning(was_there ? "the message bus is lost; going on without it"
				      : "no service on the message bus; going on without it",
			F_STR("BUS", b->address), F_STR("REASON", reason));
	}
	(void)sd_event_source_set_enabled(b->drop, SD_EVENT_ONESHOT);
	(void)sd_event_source_set_time_relative(b->retry, (uint64_t)b->delay_us);
	(void)sd_event_source_set_enabled(b->retry, SD_EVENT_ONESHOT);
	b->delay_us = b->delay_us * 2 < LONGEST_DELAY_US ? b->delay_us * 2 : LONGEST_DELAY_US;
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct bus *b = userdata;

	close_bus(b);
	connect_bus(b);
	return 0;
}

/* --- devices --- */

static void on_device(struct device *d, enum device_event event, void *userdata)
{
	struct bus *b = userdata;

	if (event != DEVICE_HEARD && b->owns)
		tell_device(b, d, event == DEVICE_REMOVED);
}

/* --- life --- */

static int set_address(struct bus *b, const struct config *c)
{
	b->address = NULL;
	if (strcmp(c->control.bus, "off") == 0)
		return 0;
	b->address = strdup(c->control.bus);
	return b->address ? 0 : -ENOMEM;
}

int bus_new(struct bus **ret, struct control *c)
{
	_cleanup_(bus_freep) struct bus *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	b->control = c;
	b->event = sd_event_ref(c->parts.event);
	b->delay_us = FIRST_DELAY_US;
	r = set_address(b, c->config);
	if (r >= 0)
		r = sd_event_add_time(b->event, &b->retry, CLOCK_BOOTTIME, 0, 100000, on_retry, b);
	if (r >= 0)
		r = sd_event_source_set_enabled(b->retry, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_defer(b->event, &b->drop, on_drop, b);
	if (r >= 0)
		r = sd_event_source_set_enabled(b->drop, SD_EVENT_OFF);
	if (r >= 0)
		r = registry_listen(gateway_registry(c->parts.gateway), on_device, b);
	if (r < 0)
		return r;
	connect_bus(b);
	*ret = TAKE_PTR(b);
	return 0;
}

struct bus *bus_free(struct bus *b)
{
	if (!b)
		return NULL;
	/* The last answers are on their way. */
	close_bus(b);
	sd_event_source_disable_unref(b->retry);
	sd_event_source_disable_unref(b->drop);
	sd_event_unref(b->event);
	free(b->address);
	free(b);
	return NULL;
}

void bus_tick(struct bus *b)
{
	if (!b->owns)
		return;
	if (b->watch_count + b->discover_count > 0)
		watch_tick(b, boottime_us());
	tell_changes(b);
}
