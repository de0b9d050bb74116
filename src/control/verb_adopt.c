/*
 * adopt, forget: devices taken into the configuration through the daemon, and
 * out of it. A worker writes the files; then the configuration is read anew as
 * at any reload, which empties the retained topics of what is gone. One such
 * change at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "control/adoption.h"
#include "control/control_private.h"
#include "control/verbs.h"
#include "gateway/worker.h"
#include "util/text.h"

enum change_kind { CHANGE_ADOPT, CHANGE_FORGET, CHANGE_UNDO };

struct change {
	struct control *control;   /* NULL: nobody waits any more */
	struct command_call *call; /* NULL: it has been answered, or never will be */
	struct worker_job *job;
	enum change_kind kind;
	struct adoption *adoption;
};

/* Arguments that become keys of the section. */
static const struct {
	const char *argument, *key;
} settings[] = {
	{ "use", "Use" },
	{ "bed", "Bed" },
	{ "expect_every", "ExpectEvery" },
	{ "units", "Units" },
	{ "accept", "Accept" },
	{ "bonding", "Bonding" },
	{ "delete_stored", "DeleteStored" },
	{ "set_clock", "SetClock" },
};

static struct change *change_free(struct change *x)
{
	if (!x)
		return NULL;
	if (x->control && x->control->change == x)
		x->control->change = NULL;
	adoption_free(x->adoption);
	free(x);
	return NULL;
}

static void end_error(struct change *x, enum command_outcome o, const char *text)
{
	struct command_call *call = x->call;

	change_free(x);
	call_error_text(call, o, text);
}

static int reload(struct control *c, char **ret_why)
{
	_cleanup_(config_problems_done) struct config_problems problems = { 0 };
	int r = c->parts.hooks.reload(&problems, c->parts.hooks.userdata);

	*ret_why =
		r == 0 ? NULL
		       : strdup(r > 0 && problems.error_count > 0 ? problems.errors[0]
								  : strerror(r < 0 ? -r : EINVAL));
	return r;
}

static void answer(struct change *x)
{
	const struct adoption *a = x->adoption;
	struct command_call *call = x->call;
	struct view v;

	if (view_begin(&v) < 0) {
		end_error(x, COMMAND_FAILED, "it is done, but there is no memory for the answer");
		return;
	}
	fprintf(v.f, "{\"device\":\"%s\",\"file\":", a->device);
	text_print_json(v.f, a->file);
	if (x->kind == CHANGE_ADOPT) {
		fprintf(v.f, ",\"transport\":\"%s\",\"address\":", transport_text(a->transport));
		text_print_json(v.f, a->address);
		if (a->generated && a->wrote_key)
			fprintf(v.f, ",\"key\":\"%s\"", a->key);
	}
	putc('}', v.f);
	change_free(x);
	view_answer(&v, call);
}

/* --- the worker --- */

static int run_write(void *arg)
{
	adoption_write(((struct change *)arg)->adoption);
	return 0;
}

static int run_remove(void *arg)
{
	adoption_remove(((struct change *)arg)->adoption);
	return 0;
}

static void on_abandoned(void *arg, int result)
{
	change_free(arg);
}

static void on_changed(void *arg, int result);

static int start(struct change *x)
{
	struct control *c = x->control;
	int r = worker_start(c->parts.worker, x->kind == CHANGE_ADOPT ? run_write : run_remove,
		on_changed, on_abandoned, x, &x->job);

	return r > 0 ? -EBUSY : r;
}

/* The section was good when it was looked at, and is not any more: away with it. */
static void undo(struct change *x, const char *why)
{
	_cleanup_(freep) char *text = NULL;
	struct command_call *call = x->call;

	if (asprintf(&text, "the device was not adopted, since the configuration changed: %s",
		    why ?: "?") < 0)
		text = NULL;
	x->call = NULL;
	x->kind = CHANGE_UNDO;
	if (start(x) < 0) {
		log_error("cannot remove the section of a device that was not adopted",
			F_STR("FILE", x->adoption->file));
		change_free(x);
	}
	call_error_text(call, COMMAND_CONFIGURATION, text ?: "the configuration has errors");
}

static void on_changed(void *arg, int result)
{
	struct change *x = arg;
	struct adoption *a = x->adoption;
	_cleanup_(freep) char *why = NULL;
	_cleanup_(freep) char *failure = TAKE_PTR(a->why);
	enum command_outcome outcome = a->outcome;

	if (x->kind == CHANGE_UNDO) {
		change_free(x);
		return;
	}
	if (outcome != COMMAND_DONE && !a->removed) {
		end_error(x, outcome, failure ?: "out of memory");
		return;
	}
	/* While the driver still knows the device. */
	if (x->kind == CHANGE_FORGET && outcome == COMMAND_DONE) {
		pairing_forget(x->control, a->device);
		joining_forget(x->control, a->device);
	}
	if (reload(x->control, &why) == 0) {
		if (outcome == COMMAND_DONE)
			answer(x);
		else
			end_error(x, outcome, failure ?: "out of memory");
	} else if (x->kind == CHANGE_ADOPT) {
		undo(x, why);
	} else {
		_cleanup_(freep) char *text = NULL;

		if (asprintf(&text,
			    "its file is removed, but the device stays until the configuration is "
			    "mended and reloaded: %s",
			    why ?: "?") < 0)
			text = NULL;
		end_error(x, COMMAND_CONFIGURATION, text ?: "the configuration has errors");
	}
}

void change_abandon(struct control *c)
{
	struct change *x = c->change;

	if (!x)
		return;
	c->change = NULL;
	x->control = NULL;
	worker_abandon(x->job);
}

/* --- the beginning --- */

static struct change *change_new(struct control *c, struct command_call *call,
	enum change_kind kind, const char *device, enum transport transport, const char *address)
{
	_cleanup_(adoption_freep) struct adoption *a = calloc(1, sizeof(*a));
	struct change *x = calloc(1, sizeof(*x));

	if (a && x) {
		a->config_path = strdup(c->parts.config_path);
		a->state_directory = strdup(c->config->gateway.state_directory);
		a->options = *c->parts.config_options;
		a->device = strdup(device);
		a->transport = transport;
		a->address = strdup(address);
		a->outcome = COMMAND_FAILED;
	}
	if (!a || !x || !a->config_path || !a->state_directory || !a->device || !a->address) {
		free(x);
		return NULL;
	}
	*x = (struct change){ .control = c, .call = call, .kind = kind, .adoption = TAKE_PTR(a) };
	return x;
}

static void begin(struct change *x)
{
	struct command_call *call = x->call;
	struct control *c = x->control;
	int r = start(x);

	if (r < 0) {
		change_free(x);
		call_errno(call, "cannot write to the state directory now", r);
		return;
	}
	c->change = x;
}

static bool is_busy(const struct control *c, struct command_call *call)
{
	if (!c->change)
		return false;
	call_error(call, COMMAND_BUSY,
		"another device is being adopted or forgotten; try again in a moment");
	return true;
}

static char *settings_text(const struct command_call *call)
{
	struct view v;

	if (view_begin(&v) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *value = call_text(call, settings[i].argument);

		if (value)
			fprintf(v.f, "%s=%s\n", settings[i].key, value);
	}
	return view_end(&v);
}

static bool is_free(struct control *c, struct command_call *call, const char *name,
	enum transport transport, const char *address)
{
	struct registry *registry = gateway_registry(c->parts.gateway);
	const struct device *d = registry_by_name(registry, name);

	if (d) {
		call_error(call, COMMAND_REFUSED,
			"there is a device %s already; forget it first, or choose another name",
			name);
		return false;
	}
	d = registry_find(registry, transport, address);
	if (d)
		call_error(call, COMMAND_REFUSED,
			"%s is the address of the device %s; forget that one first", address,
			d->name->text);
	return !d;
}

/* Of a CoAP device its pre-shared key, of a Bluetooth sensor the one of its broadcasts. */
static bool key_fits(struct command_call *call, enum transport transport, const char *key)
{
	if (transport == TRANSPORT_COAP ||
		(transport == TRANSPORT_BLE && strlen(key) == 2 * ADVERT_KEY_SIZE))
		return true;
	call_error(call, COMMAND_INVALID_ARGUMENT,
		transport == TRANSPORT_BLE
			? "\"key\" of a Bluetooth sensor has 16 bytes: give 32 hex digits"
			: "\"key\" is for CoAP devices and Bluetooth sensors; leave it out");
	return false;
}

static void run_adopt(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	const char *name = call_text(call, "device"), *key = call_text(call, "key");
	const enum transport transport =
		(enum transport)transport_by_text(call_text(call, "transport"));
	char address[DEVICE_ADDRESS_MAX + 1];
	struct config_why why;
	struct change *x;

	if (is_busy(c, call))
		return;
	if (config_parse_address(transport, call_text(call, "address"), address, &why) != 0) {
		call_error(call, COMMAND_INVALID_ARGUMENT, "\"address\" %s", why.text);
		return;
	}
	if (key && !key_fits(call, transport, key))
		return;
	if (!is_free(c, call, name, transport, address))
		return;
	x = change_new(c, call, CHANGE_ADOPT, name, transport, address);
	if (x) {
		x->adoption->settings = settings_text(call);
		x->adoption->key = key ? strdup(key) : NULL;
	}
	if (!x || !x->adoption->settings || (key && !x->adoption->key)) {
		change_free(x);
		call_error(call, COMMAND_FAILED, "out of memory");
		return;
	}
	begin(x);
}

#define SETTING(n, e)                                                                              \
	{                                                                                          \
		.name = (n), .kind = ARGUMENT_TEXT, .min = 1, .max = 512, .example = (e)           \
	}

const struct command_row verb_adopt = {
	.verb = "adopt",
	.arguments = ARGUMENTS({ DEVICE, NEEDS },
		{ .name = "transport",
			.kind = ARGUMENT_WORD,
			.words = "ble zigbee coap",
			.example = "\"coap\"",
			NEEDS },
		{ .name = "address",
			.kind = ARGUMENT_TEXT,
			.min = 1,
			.max = DEVICE_ADDRESS_MAX,
			.example = "\"oximeter-7741\"",
			NEEDS },
		{ BED },
		{ .name = "use",
			.kind = ARGUMENT_WORD,
			.words = "fixed worn shared",
			.example = "\"fixed\"" },
		SETTING("expect_every", "\"5s\""), SETTING("units", "\"body-temperature:Cel\""),
		SETTING("accept", "\"percent\""), SETTING("bonding", "\"auto\""),
		SETTING("delete_stored", "\"no\""), SETTING("set_clock", "\"yes\""),
		{ .name = "key",
			.kind = ARGUMENT_HEX,
			.secret = true,
			.min = 16,
			.max = 64,
			.example = "\"00112233445566778899aabbccddeeff\"" }),
	.run = run_adopt,
};

static void run_forget(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	const char *name = call_text(call, "device");
	const struct config_device *d = view_configured(c, name);
	struct change *x;

	if (is_busy(c, call))
		return;
	if (!d) {
		call_error(call, COMMAND_NOT_FOUND,
			"there is no device %s; wardgatectl devices lists them", name);
		return;
	}
	if (!d->adopted) {
		call_error(call, COMMAND_REFUSED,
			"%s stands in /etc, which the daemon does not change; remove its section "
			"there, and reload",
			name);
		return;
	}
	x = change_new(c, call, CHANGE_FORGET, name, d->transport, d->address);
	if (x)
		begin(x);
	else
		call_error(call, COMMAND_FAILED, "out of memory");
}

const struct command_row verb_forget = {
	.verb = "forget",
	.arguments = ARGUMENTS({ DEVICE, NEEDS }),
	.run = run_forget,
	.afar = true,
};
