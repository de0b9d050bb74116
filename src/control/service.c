/*
 * Methods and properties of the D-Bus interface. A method is a command of the
 * table with its arguments and its answer in other clothes; so what it does, and
 * what it refuses, is the same as over MQTT. See docs/interface.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/bus_private.h"
#include "publish/documents.h"

#define LOOKUPS_MAX 64

enum reply_kind {
	REPLY_RESULT,  /* s: the result as it is */
	REPLY_NOTHING, /* a method without an answer */
	REPLY_OBJECTS, /* as: a list in the result, each as JSON */
	REPLY_TEXTS,   /* as: a list of texts in the result */
	REPLY_COUNT,   /* u */
};

struct method {
	const char *member, *verb; /* verb NULL: the caller says it */
	const char *argument;      /* of the one text; NULL: none, or more than one */
	enum reply_kind reply;
	const char *list; /* member of the result */
};

static const struct method methods[] = {
	{ "GetStatus", "status", NULL, REPLY_RESULT, NULL },
	{ "ListDevices", "devices", NULL, REPLY_OBJECTS, "devices" },
	{ "GetDevice", "device", "device", REPLY_RESULT, NULL },
	{ "ListUnknown", "unknown", NULL, REPLY_OBJECTS, "unknown" },
	{ "Adopt", "adopt", NULL, REPLY_RESULT, NULL },
	{ "Forget", "forget", "device", REPLY_RESULT, NULL },
	{ "GetOutbox", "outbox", NULL, REPLY_RESULT, NULL },
	{ "RetryAside", "retry-aside", "id", REPLY_COUNT, NULL },
	{ "DropAside", "drop-aside", "id", REPLY_COUNT, NULL },
	{ "Reload", "reload", NULL, REPLY_TEXTS, "warnings" },
	{ "ListAlarms", "alarms", NULL, REPLY_OBJECTS, "alarms" },
	{ "TestAlarm", "test-alarm", "bed", REPLY_RESULT, NULL },
	{ "Run", NULL, NULL, REPLY_RESULT, NULL },
};

/* A method on its way: first its caller's user is asked for, then the command runs. */
struct bus_call {
	struct bus_call *next;
	struct bus *bus; /* while it is among the lookups */
	const struct method *method;
	sd_bus_message *message;
	sd_bus_slot *slot;
	char *verb;
	struct command command;
};

static struct bus_call *call_free(struct bus_call *x)
{
	if (!x)
		return NULL;
	sd_bus_slot_unref(x->slot);
	sd_bus_message_unref(x->message);
	command_done(&x->command);
	free(x->verb);
	free(x);
	return NULL;
}
WG_DEFINE_CLEANUP(struct bus_call *, call_free)

static void remove_lookup(struct bus *b, struct bus_call *x)
{
	struct bus_call **at = &b->lookups;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	b->lookup_count--;
}

void service_end_lookups(struct bus *b)
{
	while (b->lookups) {
		struct bus_call *x = b->lookups;

		remove_lookup(b, x);
		call_free(x);
	}
}

/* --- answers --- */

static void reply_error(sd_bus_message *m, enum command_outcome o, const char *why)
{
	char name[64];

	snprintf(name, sizeof(name), BUS_ERROR "%s", command_outcome_text(o));
	(void)sd_bus_reply_method_errorf(m, name, "%s", why);
}

static int append_list(sd_bus_message *reply, const cJSON *result, const char *member, bool objects)
{
	const cJSON *item;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(result, member))
	{
		char *text = objects ? cJSON_PrintUnformatted(item) : NULL;

		if (r >= 0)
			r = sd_bus_message_append(
				reply, "s", (objects ? text : cJSON_GetStringValue(item)) ?: "");
		cJSON_free(text);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_result(sd_bus_message *reply, const struct method *method, const char *result)
{
	cJSON *object;
	int r;

	if (method->reply == REPLY_NOTHING)
		return 0;
	if (method->reply == REPLY_RESULT)
		return sd_bus_message_append(reply, "s", result);
	object = cJSON_Parse(result);
	if (!object)
		return -ENOMEM;
	if (method->reply == REPLY_COUNT)
		r = sd_bus_message_append(reply, "u",
			(uint32_t)cJSON_GetNumberValue(
				cJSON_GetObjectItemCaseSensitive(object, "count")));
	else
		r = append_list(reply, object, method->list, method->reply == REPLY_OBJECTS);
	cJSON_Delete(object);
	return r;
}

static void on_answer(const struct commands_answer *a, void *userdata)
{
	_cleanup_(call_freep) struct bus_call *x = userdata;
	sd_bus_message *reply = NULL;
	int r;

	if (a->outcome != COMMAND_DONE) {
		reply_error(x->message, a->outcome, a->error ?: "it failed");
		return;
	}
	r = sd_bus_message_new_method_return(x->message, &reply);
	if (r >= 0)
		r = append_result(reply, x->method, a->result ?: "{}");
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	if (r < 0 && r != -ENOTCONN)
		reply_error(
			x->message, COMMAND_FAILED, "it is done, but the answer cannot be sent");
	sd_bus_message_unref(reply);
}

/* --- commands --- */

static void run(struct bus *b, struct bus_call *x, unsigned uid, bool known)
{
	char origin[64];
	struct command_request r = {
		.way = COMMAND_BY_BUS,
		.uid = uid,
		.origin = origin,
		.verb = x->verb,
		.request = x->command.request,
		.by = *x->command.by ? x->command.by : origin,
		.arguments = x->command.object,
	};

	if (known)
		snprintf(origin, sizeof(origin), "uid %u", uid);
	else
		snprintf(origin, sizeof(origin), "local");
	if (realtime_us() > x->command.not_after_us) {
		r.refused = "the command came after its not_after";
		r.refused_as = COMMAND_REFUSED;
	}
	commands_run(b->control->commands, &r, on_answer, x);
}

static int on_user(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bus_call *x = userdata;
	struct bus *b = x->bus;
	uint32_t uid = 0;

	remove_lookup(b, x);
	/* Whoever has left the bus gets no answer, and no obedience either. */
	if (sd_bus_message_get_error(m) || sd_bus_message_read(m, "u", &uid) < 0) {
		reply_error(x->message, COMMAND_NOT_PERMITTED,
			"the message bus does not say whose program this is");
		call_free(x);
		return 0;
	}
	run(b, x, uid, true);
	return 0;
}

/* Whose it is matters for what is audited; the library's own way to learn it would block. */
static int look_up(struct bus *b, struct bus_call *x)
{
	int r;

	if (b->lookup_count >= LOOKUPS_MAX)
		return -EBUSY;
	r = sd_bus_call_method_async(b->bus, &x->slot, "org.freedesktop.DBus",
		"/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser", on_user,
		x, "s", sd_bus_message_get_sender(x->message));
	if (r < 0)
		return r;
	x->bus = b;
	x->next = b->lookups;
	b->lookups = x;
	b->lookup_count++;
	return 0;
}

static bool add_text(cJSON *object, const char *key, const char *value)
{
	return cJSON_AddStringToObject(object, key, value);
}

/* device, transport, address, settings */
static int read_adopt(sd_bus_message *m, cJSON *object)
{
	const char *device, *transport, *address, *key, *value;
	int r = sd_bus_message_read(m, "sss", &device, &transport, &address);

	if (r < 0)
		return r;
	if (!add_text(object, "device", device) || !add_text(object, "transport", transport) ||
		!add_text(object, "address", address))
		return -ENOMEM;
	r = sd_bus_message_enter_container(m, 'a', "{ss}");
	while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0) {
		/* Twice, or one of the three again: the first counts, and it is refused. */
		if (cJSON_GetObjectItemCaseSensitive(object, key))
			return -EEXIST;
		if (!add_text(object, key, value))
			return -ENOMEM;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* The command's arguments from the method's. Returns 0, or a negative errno with a sentence. */
static int read_arguments(struct bus_call *x, char why[COMMAND_WHY_MAX])
{
	const struct method *method = x->method;
	const char *verb = method->verb, *text = "";
	int r = 0;

	snprintf(why, COMMAND_WHY_MAX, "the arguments cannot be read");
	x->command.not_after_us = INT64_MAX;
	if (!verb) {
		r = sd_bus_message_read(x->message, "ss", &verb, &text);
		if (r < 0)
			return r;
	} else if (method->argument) {
		r = sd_bus_message_read(x->message, "s", &text);
	}
	x->verb = r < 0 ? NULL : strdup(verb);
	if (!x->verb)
		return r < 0 ? r : -ENOMEM;
	if (!method->verb && *text)
		return command_parse_local(&x->command, text, strlen(text), why);
	x->command.object = cJSON_CreateObject();
	if (!x->command.object)
		return -ENOMEM;
	/* "" means all to those that can do without. */
	if (method->argument && (*text || strcmp(method->argument, "id") != 0) &&
		!add_text(x->command.object, method->argument, text))
		return -ENOMEM;
	if (method->verb && strcmp(method->verb, "adopt") == 0)
		r = read_adopt(x->message, x->command.object);
	if (r == -EEXIST)
		snprintf(why, COMMAND_WHY_MAX, "a setting is there twice; give each once");
	return r < 0 ? r : 0;
}

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_(call_freep) struct bus_call *x = calloc(1, sizeof(*x));
	const struct command_row *row;
	struct bus *b = userdata;
	char why[COMMAND_WHY_MAX];
	int r;

	if (!x)
		return -ENOMEM;
	x->message = sd_bus_message_ref(m);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (strcmp(methods[i].member, sd_bus_message_get_member(m)) == 0)
			x->method = &methods[i];
	assert(x->method); /* the vtable names none other */
	r = read_arguments(x, why);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		reply_error(m, COMMAND_INVALID_ARGUMENT, why);
		return 1;
	}
	row = commands_row(b->control->commands, x->verb);
	if (row && row->reads) {
		run(b, TAKE_PTR(x), 0, false);
		return 1;
	}
	r = look_up(b, x);
	if (r < 0)
		reply_error(m, COMMAND_BUSY, "too many commands are under way; ask again");
	else
		x = NULL;
	return 1;
}

static int on_list_verbs(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *b = userdata;
	const struct command_row *row;
	sd_bus_message *reply = NULL;
	char usage[COMMAND_SENTENCE_MAX];
	int r;

	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssb)");
	for (size_t i = 0; r >= 0 && (row = commands_at(b->control->commands, i)); i++) {
		if (commands_usage(row, usage, sizeof(usage)) < 0)
			*usage = 0;
		r = sd_bus_message_append(reply, "(ssb)", row->verb, usage, row->run != NULL);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r < 0 ? r : 1;
}

/* --- properties --- */

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct control *c = ((struct bus *)userdata)->control;
	struct publish_report report;
	struct store_figures store;
	const char *text = "";

	publish_report(c->parts.publish, &report);
	c->parts.hooks.store(&store, c->parts.hooks.userdata);
	if (strcmp(property, "Version") == 0)
		text = WG_VERSION;
	else if (strcmp(property, "Name") == 0)
		text = gateway_name(c->parts.gateway);
	else if (strcmp(property, "Epoch") == 0)
		text = gateway_epoch(c->parts.gateway);
	else if (strcmp(property, "Mode") == 0)
		text = c->config->gateway.mode == MODE_TRAINING ? "training" : "production";
	else if (strcmp(property, "Clock") == 0)
		text = clock_state_text(clock_state(gateway_clock(c->parts.gateway)));
	else if (strcmp(property, "Broker") == 0)
		text = report.broker;
	else if (strcmp(property, "BrokerProblem") == 0)
		text = report.problem;
	else if (strcmp(property, "Store") == 0)
		text = store_state_text(store.state);
	else if (strcmp(property, "StoreProblem") == 0)
		text = store.problem;
	return sd_bus_message_append(reply, "s", text ?: "");
}

static int get_status(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	char buf[DOCUMENT_MAX];

	if (view_status(((struct bus *)userdata)->control, buf, sizeof(buf)) < 0)
		return -ENOBUFS;
	return sd_bus_message_append(reply, "s", buf);
}

static int get_connected(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct publish_report report;

	publish_report(((struct bus *)userdata)->control->parts.publish, &report);
	return sd_bus_message_append(reply, "b", report.connected);
}

static int get_number(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct control *c = ((struct bus *)userdata)->control;
	struct outbox_counters o = outbox_counters(c->parts.outbox);
	uint64_t n = 0;

	if (strcmp(property, "OutboxDepth") == 0)
		n = o.depth + o.waiting;
	else if (strcmp(property, "OutboxAside") == 0)
		n = o.aside;
	else if (strcmp(property, "OutboxDropped") == 0)
		n = o.dropped;
	else if (strcmp(property, "OutboxOldest") == 0)
		n = tell_oldest_s(&o);
	return sd_bus_message_append(reply, "t", n);
}

static int get_count(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct control *c = ((struct bus *)userdata)->control;
	struct registry *registry = gateway_registry(c->parts.gateway);
	size_t n = strcmp(property, "Devices") == 0 ? registry_count(registry)
						    : registry_unknown_count(registry);

	return sd_bus_message_append(reply, "u", (uint32_t)n);
}

/* Who may call is the bus's policy, hence UNPRIVILEGED: the library's own check would block. */
#define OPEN SD_BUS_VTABLE_UNPRIVILEGED
/* Keys may be among what is said; the library wipes its messages then. */
#define SECRET (OPEN | SD_BUS_VTABLE_SENSITIVE)
#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

const sd_bus_vtable service_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_text, 0, CONST),
	SD_BUS_PROPERTY("Name", "s", get_text, 0, CONST),
	SD_BUS_PROPERTY("Epoch", "s", get_text, 0, CONST),
	SD_BUS_PROPERTY("Mode", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Clock", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Connected", "b", get_connected, 0, CHANGES),
	SD_BUS_PROPERTY("Broker", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("BrokerProblem", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Store", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("StoreProblem", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("OutboxDepth", "t", get_number, 0, 0),
	SD_BUS_PROPERTY("OutboxAside", "t", get_number, 0, 0),
	SD_BUS_PROPERTY("OutboxDropped", "t", get_number, 0, 0),
	SD_BUS_PROPERTY("OutboxOldest", "t", get_number, 0, 0),
	SD_BUS_PROPERTY("Devices", "u", get_count, 0, 0),
	SD_BUS_PROPERTY("Unknown", "u", get_count, 0, 0),
	SD_BUS_PROPERTY("Status", "s", get_status, 0, 0),
	SD_BUS_METHOD_WITH_ARGS(
		"GetStatus", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", status), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"ListDevices", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", devices), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"GetDevice", SD_BUS_ARGS("s", name), SD_BUS_RESULT("s", device), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"ListUnknown", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", unknown), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Discover", SD_BUS_ARGS("u", seconds), SD_BUS_RESULT("u", granted),
		watch_on_discover, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Adopt",
		SD_BUS_ARGS("s", device, "s", transport, "s", address, "a{ss}", settings),
		SD_BUS_RESULT("s", result), on_method, SECRET),
	SD_BUS_METHOD_WITH_ARGS(
		"Forget", SD_BUS_ARGS("s", device), SD_BUS_RESULT("s", result), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"GetOutbox", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", outbox), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"RetryAside", SD_BUS_ARGS("s", id), SD_BUS_RESULT("u", count), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"DropAside", SD_BUS_ARGS("s", id), SD_BUS_RESULT("u", count), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"Reload", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", warnings), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"ListAlarms", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", alarms), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"TestAlarm", SD_BUS_ARGS("s", bed), SD_BUS_RESULT("s", result), on_method, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Watch", SD_BUS_ARGS("as", devices), SD_BUS_RESULT("u", lease),
		watch_on_watch, OPEN),
	SD_BUS_METHOD_WITH_ARGS(
		"Unwatch", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, watch_on_unwatch, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Run", SD_BUS_ARGS("s", verb, "s", arguments),
		SD_BUS_RESULT("s", result), on_method, SECRET),
	SD_BUS_METHOD_WITH_ARGS(
		"ListVerbs", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssb)", verbs), on_list_verbs, OPEN),
	SD_BUS_SIGNAL_WITH_ARGS("StatusChanged", SD_BUS_ARGS("s", status), 0),
	SD_BUS_SIGNAL_WITH_ARGS("DeviceChanged", SD_BUS_ARGS("s", name, "s", device), 0),
	SD_BUS_SIGNAL_WITH_ARGS("UnknownHeard", SD_BUS_ARGS("s", unknown), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Reading", SD_BUS_ARGS("s", reading, "u", left_out), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Alarm", SD_BUS_ARGS("s", alarm), 0),
	SD_BUS_SIGNAL_WITH_ARGS(
		"OutboxChanged", SD_BUS_ARGS("t", depth, "t", aside, "t", oldest_seconds), 0),
	SD_BUS_VTABLE_END,
};
