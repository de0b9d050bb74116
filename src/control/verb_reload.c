/*
 * reload: the configuration read anew, and what is wrong with it said to whoever
 * asked.
 */
#include "control/control_private.h"
#include "control/verbs.h"
#include "util/text.h"

static void put_lines(FILE *f, char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(f, "%s%s", i ? "\n" : "", lines[i]);
}

static void answer_errors(struct command_call *call, const struct config_problems *p)
{
	_cleanup_(freep) char *text = NULL;
	struct view v;

	if (view_begin(&v) == 0) {
		put_lines(v.f, p->errors, p->error_count);
		if (p->unsaid)
			fprintf(v.f, "\nand %zu more", p->unsaid);
		text = view_end(&v);
	}
	call_error_text(call, COMMAND_CONFIGURATION, text ?: "the configuration has errors");
}

static void answer_warnings(struct command_call *call, const struct config_problems *p)
{
	struct view v;

	if (view_begin(&v) < 0) {
		call_ok(call, "{\"warnings\":[]}");
		return;
	}
	fputs("{\"warnings\":[", v.f);
	for (size_t i = 0; i < p->warning_count; i++) {
		if (i)
			putc(',', v.f);
		text_print_json(v.f, p->warnings[i]);
	}
	fputs("]}", v.f);
	view_answer(&v, call);
}

static void run_reload(struct command_call *call, void *userdata)
{
	_cleanup_(config_problems_done) struct config_problems problems = { 0 };
	struct control *c = userdata;
	int r = c->parts.hooks.reload(&problems, c->parts.hooks.userdata);

	if (r > 0)
		answer_errors(call, &problems);
	else if (r < 0)
		call_errno(call, "cannot read the configuration", r);
	else
		answer_warnings(call, &problems);
}

const struct command_row verb_reload = { .verb = "reload", .run = run_reload };
