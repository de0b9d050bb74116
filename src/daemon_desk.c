/*
 * Ties the alarm desk to the rooms: the state file, the audit trail, those who
 * watch on this machine, and the lamps.
 */
#include "annunciator/annunciator.h"
#include "config/read.h"
#include "control/control.h"
#include "daemon_private.h"
#include "desk/desk.h"

static int on_save(const char *text, size_t length, void *userdata)
{
	struct daemon *d = userdata;

	return store_save(ledger_disk_store(d->ledger), STORE_ALARMS, text, length);
}

static ssize_t on_load(char **ret, void *userdata)
{
	struct daemon *d = userdata;

	return store_load(d->config->gateway.state_directory, STORE_ALARMS, ret);
}

static void on_set_aside(void *userdata)
{
	struct daemon *d = userdata;
	int r = store_set_aside(d->config->gateway.state_directory, STORE_ALARMS);

	if (r < 0)
		log_error("the state file of alarms cannot be set aside", F_ERR(r));
}

static void on_tell(const char *document, void *userdata)
{
	struct daemon *d = userdata;

	if (d->control)
		control_alarm(d->control, document);
}

static void add_signal(
	enum alarm_priority priority, enum alarm_state state, unsigned inactivation, void *userdata)
{
	annunciator_add(userdata, priority, state, inactivation);
}

static void on_signals(void *userdata)
{
	struct daemon *d = userdata;
	struct annunciator_state s = { .broker_unreachable = desk_broker_lost(d->desk) };

	desk_each_signal(d->desk, add_signal, &s);
	if (d->annunciator)
		annunciator_show(d->annunciator, &s);
}

static void on_store_figures(struct store_figures *ret, void *userdata)
{
	control_store_figures(userdata, ret);
}

int desk_wire(struct daemon *d)
{
	struct desk_parts parts = {
		.event = d->event,
		.gateway = d->gateway,
		.outbox = d->outbox,
		.publish = d->publish,
		.state_directory = d->config->gateway.state_directory,
		.hooks = { .save = on_save,
			.load = on_load,
			.set_aside = on_set_aside,
			.tell = on_tell,
			.limits = audit_on_limits,
			.signals = on_signals,
			.store = on_store_figures,
			.userdata = d },
	};
	int r = desk_new(&d->desk, &parts);

	if (r < 0)
		return r;
	return desk_apply(d->desk, d->config);
}

void desk_reloaded(struct daemon *d, const struct config_problems *problems)
{
	int r;

	if (problems) {
		desk_config_rejected(d->desk, problems->error_count
						      ? problems->errors[0]
						      : "the configuration is refused");
		return;
	}
	desk_config_rejected(d->desk, NULL);
	r = desk_apply(d->desk, d->config);
	if (r < 0)
		log_error("cannot apply the rules of the new configuration", F_ERR(r));
}
