/*
 * wardgatectl status: how the gateway does, on one screen.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "ctl/bus.h"
#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/term.h"

static void line(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *what, const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		term_line(what, text);
}

static void print_broker(const cJSON *status, bool connected, const char *broker, const char *why)
{
	const cJSON *publish = cJSON_GetObjectItemCaseSensitive(status, "publish");
	int64_t expires = json_time(publish, "certificate_expires");
	char when[HUMAN_MAX], published[HUMAN_MAX];

	if (connected)
		line("broker", "connected to %s", broker);
	else
		line("broker", "NOT CONNECTED%s%s; wardgatectl doctor looks why", *why ? ": " : "",
			why);
	line("published", "%s since the start, %" PRId64 " refused, %" PRId64 " nobody listened to",
		human_count(published, (uint64_t)json_integer(publish, "published", 0)),
		json_integer(publish, "refused", 0), json_integer(publish, "nobody_listening", 0));
	if (expires >= 0)
		line("certificate", "expires %s", human_time(when, expires));
}

static void print_outbox(const cJSON *status)
{
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(status, "outbox");
	const cJSON *stored = cJSON_GetObjectItemCaseSensitive(status, "stored");
	char depth[HUMAN_MAX], age[HUMAN_MAX], bytes[HUMAN_MAX], limit[HUMAN_MAX];
	const char *notice = json_text(status, "store_notice", "");
	int64_t oldest = json_integer(o, "oldest_seconds", -1);

	line("outbox", "%s wait%s%s; %" PRId64 " set aside, %" PRId64 " given up",
		human_count(depth, (uint64_t)json_integer(o, "depth", 0)),
		oldest >= 0 ? ", the oldest for " : "",
		oldest >= 0 ? human_duration(age, oldest) : "", json_integer(o, "aside", 0),
		json_integer(o, "dropped", 0));
	line("store", "%s%s%s", json_text(status, "store", "unknown"),
		*json_text(status, "store_problem", "") ? ": " : "",
		json_text(status, "store_problem", ""));
	if (stored && json_integer(stored, "limit", 0) > 0)
		line("disk", "%" PRId64 " readings, %" PRId64 " events; %s of %s",
			json_integer(stored, "readings", 0), json_integer(stored, "events", 0),
			human_size(bytes, json_integer(stored, "bytes", 0)),
			human_size(limit, json_integer(stored, "limit", 0)));
	if (*notice)
		line("notice", "%s", notice);
}

static void print_drivers(const cJSON *status)
{
	const cJSON *d;

	cJSON_ArrayForEach(d, cJSON_GetObjectItemCaseSensitive(status, "drivers"))
	{
		const char *problem = json_text(d, "problem", "");
		char accepted[HUMAN_MAX];

		line(d->string,
			"%s, %" PRId64 " sessions; %s taken, %" PRId64 " refused, %" PRId64
			" dropped%s%s",
			json_true(d, "running") ? "running" : "NOT RUNNING",
			json_integer(d, "sessions", 0),
			human_count(accepted, (uint64_t)json_integer(d, "accepted", 0)),
			json_integer(d, "refused", 0), json_integer(d, "dropped", 0),
			*problem ? ": " : "", problem);
	}
}

/* Where devices join a network of its own, above all whether it is open. */
static void print_network(struct bus *bus, const cJSON *status)
{
	const cJSON *drivers = cJSON_GetObjectItemCaseSensitive(status, "drivers");
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(cJSON_Deletep) cJSON *n = NULL;
	_cleanup_(freep) char *document = NULL;
	char open[64] = "";
	int64_t open_s;

	if (!json_true(cJSON_GetObjectItemCaseSensitive(drivers, "zigbee"), "running") ||
		bus_ask(bus, &p, &document, "Run", "ss", "network", "") != 0)
		return;
	n = json_object(document);
	open_s = json_integer(n, "open_s", 0);
	if (open_s > 0)
		snprintf(open, sizeof(open), ", OPEN to new devices for %" PRId64 " s", open_s);
	if (strcmp(json_text(n, "state", ""), "up") == 0)
		line("network", "up, channel %" PRId64 ", %" PRId64 " in it%s",
			json_integer(n, "channel", 0), json_integer(n, "devices", 0), open);
	else
		line("network", "NOT UP (%s); wardgatectl network says why",
			json_text(n, "state", "?"));
}

/* What the properties say beyond the document. */
struct shown {
	const char *status, *broker, *problem;
	int connected;
	uint32_t devices, unknown;
};

static void print_for_people(struct bus *bus, const struct shown *s, const cJSON *status)
{
	char head[512];

	snprintf(head, sizeof(head), "%s, wardgated %s, epoch %s, %s",
		json_text(status, "status", "?"), json_text(status, "version", "?"),
		json_text(status, "epoch", "?"), json_text(status, "mode", "?"));
	term_print(json_text(status, "gateway", "?"));
	fputs(": ", stdout);
	term_print(head);
	putchar('\n');
	line("clock", "%s", json_text(status, "clock", "?"));
	print_broker(status, s->connected, s->broker, s->problem);
	print_outbox(status);
	print_drivers(status);
	print_network(bus, status);
	line("devices", "%" PRIu32 " configured", s->devices);
	if (s->unknown > 0)
		line("unknown", "%" PRIu32 " heard that %s not configured; wardgatectl discover",
			s->unknown, s->unknown == 1 ? "is" : "are");
}

/* The values are lent by m. Returns 0 or a negative errno. */
static int read_properties(sd_bus_message *m, struct shown *s)
{
	const struct {
		const char *name, *type;
		void *value;
	} wanted[] = {
		{ "Status", "s", &s->status },
		{ "Broker", "s", &s->broker },
		{ "BrokerProblem", "s", &s->problem },
		{ "Connected", "b", &s->connected },
		{ "Devices", "u", &s->devices },
		{ "Unknown", "u", &s->unknown },
	};
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		const char *name, *contents;
		size_t i = 0;
		char type;

		r = sd_bus_message_read(m, "s", &name);
		if (r < 0)
			return r;
		r = sd_bus_message_peek_type(m, &type, &contents);
		if (r < 0)
			return r;
		while (i < ARRAY_SIZE(wanted) && (strcmp(name, wanted[i].name) != 0 ||
							 strcmp(contents, wanted[i].type) != 0))
			i++;
		if (i < ARRAY_SIZE(wanted))
			r = sd_bus_message_read(m, "v", contents, wanted[i].value);
		else
			r = sd_bus_message_skip(m, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

int verb_status(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(cJSON_Deletep) cJSON *status = NULL;
	struct shown s = { .status = "", .broker = "", .problem = "" };
	int r = ctl_arguments(argc, argv, 0);

	if (r != 0)
		return r;
	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	r = sd_bus_message_new_method_call(bus_connection(bus), &m, BUS_NAME, BUS_PATH,
		"org.freedesktop.DBus.Properties", "GetAll");
	if (r >= 0)
		r = sd_bus_message_set_auto_start(m, false);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", BUS_NAME);
	if (r >= 0)
		r = sd_bus_call(bus_connection(bus), m, BUS_TIMEOUT_US, &error, &reply);
	if (r >= 0)
		r = read_properties(reply, &s);
	if (r < 0) {
		(void)bus_failed(&p, &error, r);
		return bus_complain(&p);
	}
	status = json_object(s.status);
	if (!status)
		return ctl_fail("wardgated's status is no JSON object; is it as new as "
				"wardgatectl " WG_VERSION "?");
	if (ctl->json) {
		json_put_document(stdout, s.status);
		putchar('\n');
	} else {
		print_for_people(bus, &s, status);
	}
	return EXIT_SUCCESS;
}
