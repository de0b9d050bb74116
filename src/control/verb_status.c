/*
 * status, devices, device: what is looked at.
 */
#include "control/control_private.h"
#include "control/verbs.h"
#include "publish/documents.h"

static void run_status(struct command_call *call, void *userdata)
{
	char buf[DOCUMENT_MAX];

	if (view_status(userdata, buf, sizeof(buf)) < 0)
		call_error(call, COMMAND_FAILED, "the status document is too long");
	else
		call_ok(call, buf);
}

const struct command_row verb_status = { .verb = "status", .run = run_status, .reads = true };

static void run_devices(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	struct registry *registry = gateway_registry(c->parts.gateway);
	struct view v;

	if (!view_open(&v, call))
		return;
	fputs("{\"devices\":[", v.f);
	for (size_t i = 0; i < registry_count(registry); i++) {
		if (i)
			putc(',', v.f);
		if (view_device(c, registry_at(registry, i), false, v.f) < 0)
			fputs("null", v.f);
	}
	fputs("]}", v.f);
	view_answer(&v, call);
}

const struct command_row verb_devices = { .verb = "devices", .run = run_devices, .reads = true };

static void run_device(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	const char *name = call_text(call, "device");
	struct device *d = registry_by_name(gateway_registry(c->parts.gateway), name);
	struct view v;

	if (!d)
		call_error(call, COMMAND_NOT_FOUND,
			"there is no device %s; wardgatectl devices lists them", name);
	else if (view_begin(&v) < 0)
		call_error(call, COMMAND_FAILED, "out of memory");
	else if (view_device(c, d, true, v.f) < 0) {
		free(view_end(&v));
		call_error(call, COMMAND_FAILED, "the document of %s is too long", name);
	} else {
		view_answer(&v, call);
	}
}

const struct command_row verb_device = {
	.verb = "device",
	.arguments = ARGUMENTS({ DEVICE, NEEDS }),
	.run = run_device,
	.reads = true,
};
