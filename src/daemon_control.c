/*
 * Ties the operator's commands to the rooms: what control/ asks of the daemon as
 * a whole, and what publish/ has for it.
 */
#include <errno.h>
#include <stdio.h>

#include "control/control.h"
#include "daemon.h"
#include "daemon_private.h"
#include "gateway/drivers.h"
#include "gateway/health.h"
#include "publish/publish.h"

static int on_reload(struct config_problems *p, void *userdata)
{
	struct daemon *d = userdata;

	return d->stopping ? -ECANCELED : daemon_reload(d, p);
}

static void on_store(struct store_figures *ret, void *userdata)
{
	control_store_figures(userdata, ret);
}

static uint64_t on_drivers(void *userdata)
{
	struct daemon *d = userdata;

	return drivers_condition(d->drivers);
}

static void on_look(int64_t until_us, void *userdata)
{
	struct daemon *d = userdata;

	drivers_look(d->drivers, until_us);
}

static const struct pairing *on_pairing(void **ret_state, void *userdata)
{
	struct daemon *d = userdata;

	return drivers_pairing(d->drivers, ret_state);
}

static const struct joining *on_joining(void **ret_state, void *userdata)
{
	struct daemon *d = userdata;

	return drivers_joining(d->drivers, ret_state);
}

void control_store_figures(struct daemon *d, struct store_figures *ret)
{
	*ret = store_figures(ledger_disk_store(d->ledger));
	if (!health_store_failed(d->health))
		return;
	ret->state = STORE_FAILING;
	(void)snprintf(ret->problem, sizeof(ret->problem), "the disk does not answer");
}

int control_wire(struct daemon *d)
{
	static const struct config_options options = { .payloads = daemon_payload_names };
	struct control_parts parts = {
		.event = d->event,
		.config = d->config,
		.config_path = d->config_path,
		.config_options = &options,
		.desk = d->desk,
		.gateway = d->gateway,
		.outbox = d->outbox,
		.publish = d->publish,
		.worker = d->worker,
		.hooks = { .reload = on_reload,
			.store = on_store,
			.drivers = on_drivers,
			.look = on_look,
			.pairing = on_pairing,
			.joining = on_joining,
			.audit = audit_on_command,
			.audit_entry = audit_entry,
			.userdata = d },
	};

	return control_new(&d->control, &parts);
}

void control_on_command(const struct publish_command *heard, void *userdata)
{
	struct daemon *d = userdata;

	if (d->control && !d->stopping)
		control_command(d->control, heard);
	else
		publish_answer(d->publish, heard->reply,
			"the gateway is stopping; ask again when it is back", NULL);
}

void control_on_retained(const char *rest, bool emptied, bool success, void *userdata)
{
	struct daemon *d = userdata;

	if (d->control)
		control_retained(d->control, rest, emptied, success);
}
