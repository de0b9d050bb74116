/*
 * outbox, retry-aside, drop-aside: what waits, and what was set aside.
 */
#include <string.h>

#include "control/control_private.h"
#include "control/verbs.h"

static void run_outbox(struct command_call *call, void *userdata)
{
	struct view v;

	if (!view_open(&v, call))
		return;
	view_outbox(userdata, v.f);
	view_answer(&v, call);
}

const struct command_row verb_outbox = { .verb = "outbox", .run = run_outbox, .reads = true };

static bool has_id(const struct control *c, const struct outbox_entry *e, const char *id)
{
	const struct message *m = outbox_entry_message(e);
	char own[3 * LABEL_MAX];

	snprintf(own, sizeof(own), "%s:%s:%llu", gateway_name(c->parts.gateway),
		label_text(message_epoch(m), gateway_epoch(c->parts.gateway)),
		(unsigned long long)m->sequence);
	return strcmp(own, id) == 0;
}

static void each(struct command_call *call, struct control *c,
	void (*what)(struct outbox *o, struct outbox_entry *e))
{
	struct outbox *o = c->parts.outbox;
	const char *id = call_text(call, "id");
	char result[40];
	unsigned count = 0;

	for (struct outbox_entry *e = outbox_aside_after(o, NULL), *next; e; e = next) {
		next = outbox_aside_after(o, e);
		if (id && !has_id(c, e, id))
			continue;
		what(o, e);
		count++;
	}
	if (id && count == 0) {
		call_error(call, COMMAND_NOT_FOUND,
			"no message of that id is set aside; wardgatectl outbox lists them");
		return;
	}
	snprintf(result, sizeof(result), "{\"count\":%u}", count);
	call_ok(call, result);
}

#define ID                                                                                         \
	.name = "id", .kind = ARGUMENT_TEXT, .min = 1, .max = 160,                                 \
	.example = "\"ward7-gw1:12-9f3a21c4:7\""

static void run_retry(struct command_call *call, void *userdata)
{
	each(call, userdata, outbox_retry_aside);
}

const struct command_row verb_retry_aside = {
	.verb = "retry-aside",
	.arguments = ARGUMENTS({ ID }),
	.run = run_retry,
};

static void run_drop(struct command_call *call, void *userdata)
{
	each(call, userdata, outbox_drop_aside);
}

const struct command_row verb_drop_aside = {
	.verb = "drop-aside",
	.arguments = ARGUMENTS({ ID }),
	.run = run_drop,
};
