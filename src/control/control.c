/*
 * See control.h. Commands from the broker come in here; those from the bus in
 * bus.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/bus.h"
#include "control/control_private.h"

static void on_audit(const struct command_audit *a, void *userdata)
{
	struct control *c = userdata;

	if (c->parts.hooks.audit)
		c->parts.hooks.audit(a, c->parts.hooks.userdata);
}

int control_new(struct control **ret, const struct control_parts *parts)
{
	_cleanup_(control_freep) struct control *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->parts = *parts;
	c->config = config_ref(parts->config);
	r = commands_new(&c->commands, control_rows, on_audit, c);
	if (r == 0)
		r = bus_new(&c->bus, c);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

struct control *control_free(struct control *c)
{
	if (!c)
		return NULL;
	change_abandon(c);
	test_alarm_abandon(c);
	pairing_abandon(c);
	kept_abandon(c);
	commands_free(c->commands);
	bus_free(c->bus);
	config_unref(c->config);
	free(c);
	return NULL;
}

void control_reloaded(struct control *c, struct config *config)
{
	config_ref(config);
	config_unref(c->config);
	c->config = config;
}

void control_tick(struct control *c, int64_t boot_us)
{
	/* A little early rather than every other second. */
	if (boot_us - c->ticked_us < 900000)
		return;
	c->ticked_us = boot_us;
	pairing_tick(c, boot_us);
	bus_tick(c->bus);
}

void control_alarm(struct control *c, const char *document)
{
	bus_tell_alarm(c->bus, document);
}

void control_retained(struct control *c, const char *rest, bool emptied, bool success)
{
	test_alarm_retained(c, rest, emptied, success);
}

/* --- commands from afar --- */

struct from_afar {
	struct publish *publish;
	struct publish_reply *reply;
};

static void on_answer(const struct commands_answer *a, void *userdata)
{
	struct from_afar *f = userdata;

	publish_answer(f->publish, f->reply, a->error, a->result);
	free(f);
}

static void judge(struct control *c, const struct publish_command *heard, struct command_request *r,
	char why[COMMAND_WHY_MAX])
{
	if (commands_remember(c->commands, r))
		return;
	if (command_admit(heard->command, heard->verb, commands_existence(c->commands, heard->verb),
		    c->config->mqtt.commands.items, c->config->mqtt.commands.count, heard->retained,
		    realtime_us(), why) < 0) {
		r->refused = why;
		r->refused_as = COMMAND_NOT_PERMITTED;
	}
}

void control_command(struct control *c, const struct publish_command *heard)
{
	struct command_request r = {
		.way = COMMAND_BY_MQTT,
		.origin = heard->topic,
		.verb = heard->verb,
		.request = heard->command->request,
		.by = heard->command->by,
		.arguments = heard->command->object,
	};
	struct from_afar *f = malloc(sizeof(*f));
	char why[COMMAND_WHY_MAX];

	if (!f) {
		publish_answer(c->parts.publish, heard->reply, "out of memory", NULL);
		return;
	}
	*f = (struct from_afar){ c->parts.publish, heard->reply };
	judge(c, heard, &r, why);
	commands_run(c->commands, &r, on_answer, f);
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)) ?: "";
}

void control_recall(struct control *c, const char *entry)
{
	cJSON *o = cJSON_Parse(entry);
	struct command_request r = {
		.way = COMMAND_BY_MQTT,
		.verb = text_of(o, "verb"),
		.request = text_of(o, "request"),
		.by = text_of(o, "by"),
		.arguments = cJSON_GetObjectItemCaseSensitive(o, "arguments"),
	};

	/* Without its arguments nobody could say whether it is the same. */
	if (strcmp(text_of(o, "way"), "mqtt") == 0 && cJSON_IsObject(r.arguments) &&
		strcmp(text_of(o, "outcome"), command_outcome_text(COMMAND_DONE)) == 0)
		commands_recall(c->commands, &r);
	cJSON_Delete(o);
}
