/*
 * audit: the newest entries of the audit trail.
 */
#include "control/control_private.h"
#include "control/verbs.h"

static void run_audit(struct command_call *call, void *userdata)
{
	const struct control_hooks *hooks = &((struct control *)userdata)->parts.hooks;
	const char *entry;
	struct view v;

	if (!hooks->audit_entry) {
		call_error(call, COMMAND_NOT_SUPPORTED, "this gateway keeps no audit trail");
		return;
	}
	if (!view_open(&v, call))
		return;
	fputs("{\"entries\":[", v.f);
	for (size_t i = 0; (entry = hooks->audit_entry(i, hooks->userdata)); i++) {
		if (i > 0)
			putc(',', v.f);
		fputs(entry, v.f);
	}
	fputs("]}", v.f);
	view_answer(&v, call);
}

const struct command_row verb_audit = { .verb = "audit", .run = run_audit, .reads = true };
