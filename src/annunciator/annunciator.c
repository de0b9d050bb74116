/*
 * See annunciator.h.
 */
#include "annunciator/annunciator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "annunciator/annunciator_private.h"
#include "config/config.h"
#include "util/text.h"

/* A flash may be late for an alarm's sake, never for what devices send. */
#define PRIORITY_ANNUNCIATOR (-5)
/* Kept from turning all the loop's time into system calls, whatever the patterns. */
#define STEP_MIN_US INT64_C(10000)

/* Bytes of the report: it stands in a document with others. */
#define REPORT_MAX 3072

static const char *const role_names[_ROLE_MAX] = {
	[ROLE_HIGH] = "high",
	[ROLE_MEDIUM] = "medium",
	[ROLE_LOW] = "low",
	[ROLE_SOUND] = "sound",
	[ROLE_BROKER] = "broker",
	[ROLE_RUNNING] = "running",
};

static const struct config_list *role_list(const struct config *c, enum signal_role role)
{
	switch (role) {
	case ROLE_HIGH:
		return &c->annunciator.high;
	case ROLE_MEDIUM:
		return &c->annunciator.medium;
	case ROLE_LOW:
		return &c->annunciator.low;
	case ROLE_SOUND:
		return &c->annunciator.sound;
	case ROLE_BROKER:
		return &c->annunciator.broker;
	case ROLE_RUNNING:
	case _ROLE_MAX:
		break;
	}
	return &c->annunciator.running;
}

static struct output *find(struct output *outputs, size_t count, const struct config_output *what)
{
	for (size_t i = 0; i < count; i++)
		if (config_same_output(&outputs[i].what, what))
			return &outputs[i];
	return NULL;
}

static void add(struct output *outputs, size_t *count, enum signal_role role, const char *text)
{
	struct config_output what;
	struct config_why why;
	struct output *o;

	if (config_parse_output(text, &what, &why) != 0)
		return; /* the configuration was checked */
	o = find(outputs, *count, &what);
	if (!o) {
		o = &outputs[(*count)++];
		output_init(o, &what, text);
	}
	o->roles |= 1u << role;
}

/* The outputs that c names, closed. Returns 0 with *ret to be freed, or -ENOMEM. */
static int list_outputs(const struct config *c, struct output **ret, size_t *ret_count)
{
	struct output *outputs;
	size_t most = 0, count = 0;

	for (enum signal_role role = 0; role < _ROLE_MAX; role++)
		most += role_list(c, role)->count;
	outputs = calloc(most + 1, sizeof(*outputs));
	if (!outputs)
		return -ENOMEM;
	for (enum signal_role role = 0; role < _ROLE_MAX; role++)
		for (size_t i = 0; i < role_list(c, role)->count; i++)
			add(outputs, &count, role, role_list(c, role)->items[i]);
	*ret = outputs;
	*ret_count = count;
	return 0;
}

static void work(struct annunciator *a)
{
	int64_t now_us = a->kernel->now_us(), next_us;
	size_t failing = 0;
	struct signals_levels levels = signals_at(&a->signals, a->used, now_us);

	next_us = levels.next_us;
	for (size_t i = 0; i < a->count; i++) {
		struct output *o = &a->outputs[i];

		output_set(o, a->kernel, o->roles & levels.on);
		failing += !o->ready;
		if (o->due_us < next_us)
			next_us = o->due_us;
	}
	if (next_us < now_us + STEP_MIN_US)
		next_us = now_us + STEP_MIN_US;
	(void)sd_event_source_set_time(a->timer, (uint64_t)next_us);
	(void)sd_event_source_set_enabled(a->timer, a->count > 0 ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
	if (failing == a->failing)
		return;
	a->failing = failing;
	if (a->on_trouble)
		a->on_trouble(a->userdata);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	work(userdata);
	return 0;
}

int annunciator_new_on(struct annunciator **ret, sd_event *e, const struct config *c,
	const struct output_kernel *kernel)
{
	_cleanup_(annunciator_freep) struct annunciator *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	a->kernel = kernel;
	signals_begin(&a->signals, kernel->now_us());
	r = sd_event_add_time(e, &a->timer, CLOCK_BOOTTIME, 0, 1000, on_timer, a);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(a->timer, "annunciator");
	(void)sd_event_source_set_priority(a->timer, PRIORITY_ANNUNCIATOR);
	r = annunciator_reload(a, c);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(a);
	return 0;
}

int annunciator_new(struct annunciator **ret, sd_event *e, const struct config *c)
{
	return annunciator_new_on(ret, e, c, &output_kernel);
}

static void close_outputs(struct annunciator *a)
{
	for (size_t i = 0; i < a->count; i++)
		output_done(&a->outputs[i], a->kernel);
	free(a->outputs);
	a->outputs = NULL;
	a->count = 0;
}

struct annunciator *annunciator_free(struct annunciator *a)
{
	if (!a)
		return NULL;
	close_outputs(a);
	sd_event_source_disable_unref(a->timer);
	free(a);
	return NULL;
}

void annunciator_show(struct annunciator *a, const struct annunciator_state *s)
{
	if (signals_set(&a->signals, s, a->kernel->now_us()))
		work(a);
}

int annunciator_reload(struct annunciator *a, const struct config *c)
{
	struct output *outputs;
	size_t count;
	int r = list_outputs(c, &outputs, &count);

	if (r < 0)
		return r;
	/* What both have is taken over as it is, so that no lamp goes dark and no line is let go.
	 */
	for (size_t i = 0; i < a->count; i++) {
		struct output *old = &a->outputs[i], *o = find(outputs, count, &old->what);

		if (o && o->what.active_low == old->what.active_low) {
			unsigned roles = o->roles;

			*o = *old;
			o->roles = roles;
			*old = a->outputs[--a->count];
			i--;
		}
	}
	close_outputs(a);
	a->outputs = outputs;
	a->count = count;
	a->used = 0;
	for (size_t i = 0; i < count; i++)
		a->used |= outputs[i].roles;
	work(a);
	return 0;
}

static void report_output(const struct output *o, struct text *t)
{
	bool first = true;

	text_lit(t, "{\"output\":");
	text_json_string(t, o->text, strlen(o->text));
	text_lit(t, ",\"for\":[");
	for (enum signal_role role = 0; role < _ROLE_MAX; role++)
		if (o->roles & 1u << role) {
			text_printf(t, "%s\"%s\"", first ? "" : ",", role_names[role]);
			first = false;
		}
	text_char(t, ']');
	if (*o->problem) {
		text_lit(t, ",\"problem\":");
		text_json_string(t, o->problem, strlen(o->problem));
	}
	text_char(t, '}');
}

/* Those that fail, or those that do not, as far as there is room. Returns whether any stands there
 * now. */
static bool report_those(const struct annunciator *a, bool failing, bool any, struct text *t)
{
	for (size_t i = 0; i < a->count; i++) {
		struct text before = *t;

		if (!*a->outputs[i].problem == failing)
			continue;
		if (any)
			text_char(t, ',');
		report_output(&a->outputs[i], t);
		if (t->overflow)
			*t = before;
		else
			any = true;
	}
	return any;
}

bool annunciator_report(const struct annunciator *a, struct text *t)
{
	char list[REPORT_MAX];
	struct text l = text_init(list, sizeof(list));

	if (a->count == 0)
		return false;
	(void)report_those(a, false, report_those(a, true, false, &l), &l);
	text_lit(t, "\"annunciator\":[");
	text_bytes(t, l.start, (size_t)(l.at - l.start));
	text_char(t, ']');
	return true;
}

void annunciator_on_trouble(struct annunciator *a, void (*fn)(void *userdata), void *userdata)
{
	a->on_trouble = fn;
	a->userdata = userdata;
}

size_t annunciator_off(const struct config *c)
{
	const struct output_kernel *k = &output_kernel;
	struct output *outputs;
	size_t count, failed = 0;

	if (list_outputs(c, &outputs, &count) < 0)
		return 1;
	for (size_t i = 0; i < count; i++) {
		output_set(&outputs[i], k, false);
		failed += !outputs[i].ready;
		output_done(&outputs[i], k);
	}
	free(outputs);
	return failed;
}
