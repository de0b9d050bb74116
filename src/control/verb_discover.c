/*
 * unknown, discover: who was heard and is not configured, and looking for them
 * harder than the drivers do anyway.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "control/control_private.h"
#include "control/verbs.h"

static int by_last_heard(const void *a, const void *b)
{
	const struct unknown_device *const *x = a, *const *y = b;

	return ((*x)->order < (*y)->order) - ((*x)->order > (*y)->order);
}

void view_all_unknown(const struct control *c, FILE *f)
{
	const struct registry *registry = gateway_registry(c->parts.gateway);
	const struct unknown_device *all[REGISTRY_UNKNOWN_MAX];
	size_t n = 0;

	while (n < REGISTRY_UNKNOWN_MAX && (all[n] = registry_unknown_at(registry, n)))
		n++;
	qsort(all, n, sizeof(*all), by_last_heard);
	putc('[', f);
	for (size_t i = 0; i < n; i++) {
		if (i)
			putc(',', f);
		view_unknown(all[i], f);
	}
	putc(']', f);
}

static void answer(struct control *c, struct command_call *call, int64_t seconds)
{
	struct view v;

	if (!view_open(&v, call))
		return;
	putc('{', v.f);
	if (seconds >= 0)
		fprintf(v.f, "\"seconds\":%" PRId64 ",", seconds);
	fputs("\"unknown\":", v.f);
	view_all_unknown(c, v.f);
	putc('}', v.f);
	view_answer(&v, call);
}

static void run_unknown(struct command_call *call, void *userdata)
{
	answer(userdata, call, -1);
}

const struct command_row verb_unknown = { .verb = "unknown", .run = run_unknown, .reads = true };

void look_for_unknown(struct control *c, int64_t seconds)
{
	/* CoAP devices speak first: there is nothing to switch on for them. */
	if (c->parts.hooks.look && seconds > 0)
		c->parts.hooks.look(
			boottime_us() + seconds * INT64_C(1000000), c->parts.hooks.userdata);
}

static void run_discover(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	int64_t seconds = call_integer(call, "seconds", 10);

	look_for_unknown(c, seconds);
	answer(c, call, seconds);
}

const struct command_row verb_discover = {
	.verb = "discover",
	.arguments = ARGUMENTS({ .name = "seconds",
		.kind = ARGUMENT_INTEGER,
		.min = 0,
		.max = LOOK_LONGEST_S,
		.example = "30" }),
	.run = run_discover,
	.afar = true,
};
