/*
 * Somebody at the machine who asks for commands, and a gateway behind the control
 * under test.
 */
#pragma once

#include "control/control_private.h"
#include "unit/unit.h"

/* c->config is set, and stays. */
static inline void asking_begin(struct control *c, sd_event **ret_event, command_audit_fn audit)
{
	assert_true(sd_event_new(ret_event) >= 0);
	assert_int_equal(gateway_new(&c->parts.gateway, *ret_event, c->config, "1-00000001"), 0);
	assert_int_equal(gateway_apply(c->parts.gateway, c->config), 0);
	assert_int_equal(commands_new(&c->commands, control_rows, audit, c), 0);
}

static inline void asking_end(struct control *c, sd_event *event)
{
	commands_free(c->commands);
	gateway_free(c->parts.gateway);
	sd_event_unref(event);
}

/* anna, over the bus; arguments as JSON. */
static inline void anna_asks(struct commands *c, const char *verb, const char *json,
	commands_answer_fn done, void *userdata)
{
	cJSON *object = cJSON_Parse(json);
	struct command_request r = { .way = COMMAND_BY_BUS,
		.origin = "uid 7",
		.verb = verb,
		.request = "",
		.by = "anna",
		.arguments = object };

	assert_non_null(object);
	commands_run(c, &r, done, userdata);
	cJSON_Delete(object);
}
