/*
 * observe: what a person has counted or judged at the bed becomes a reading of
 * the device "charted", is judged by the rules and goes to the broker.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"
#include "control/control_private.h"
#include "control/verbs.h"
#include "desk/desk.h"
#include "util/decimal.h"

#define FUTURE_US (60 * ALARMS_SECOND) /* clocks of displays differ */

static enum metric read_metric(struct command_call *call, const char *name)
{
	enum metric m = metric_by_name(name, strlen(name));
	struct suggestion nearest = { 0 };

	if (m != METRIC_NONE)
		return m;
	for (int i = METRIC_NONE + 1; i < _METRIC_MAX; i++)
		suggestion_offer(&nearest, name, strlen(name), metric_info((enum metric)i)->name);
	if (nearest.best)
		call_error(call, COMMAND_NOT_FOUND, "there is no metric %s; did you mean %s?", name,
			nearest.best);
	else
		call_error(call, COMMAND_NOT_FOUND,
			"there is no metric %s; docs/interface lists them, e.g. respiratory-rate",
			name);
	return METRIC_NONE;
}

/* Whether anybody can have that value: typed 970 for 97.0, it would count in a score. */
static bool is_possible(enum metric m, struct decimal number)
{
	const struct alarm_limits low = { .has_low = true, .low = number };
	const struct alarm_limits high = { .has_high = true, .high = number };
	char why[RULE_WHY_MAX];

	/* A limit at one end of the range is impossible on one side only. */
	return limits_check(m, &low, why) == 0 || limits_check(m, &high, why) == 0;
}

static bool read_number(struct command_call *call, const cJSON *item, struct desk_observation *o)
{
	const struct metric_info *info = metric_info(o->metric);

	if (!cJSON_IsNumber(item)) {
		call_error(call, COMMAND_INVALID_ARGUMENT, "%s is a number%s%s; give e.g. 3",
			info->name, *info->unit ? " in " : "", info->unit);
		return false;
	}
	if (decimal_from_double(&o->number, item->valuedouble) < 0 ||
		!is_possible(o->metric, o->number)) {
		char shown[40];

		snprintf(shown, sizeof(shown), "%g", item->valuedouble);
		call_error(call, COMMAND_INVALID_ARGUMENT,
			"%s%s%s cannot be a %s; look at the value and its unit", shown,
			*info->unit ? " " : "", info->unit, info->name);
		return false;
	}
	o->kind = VALUE_NUMBER;
	return true;
}

static bool read_word(struct command_call *call, const cJSON *item, struct desk_observation *o)
{
	const struct metric_info *info = metric_info(o->metric);
	const char *text = cJSON_GetStringValue(item);
	enum word w = text ? word_by_text(text, strlen(text)) : WORD_NONE;

	if (w == WORD_NONE || !metric_takes_word(o->metric, w)) {
		call_error(call, COMMAND_INVALID_ARGUMENT, "%s is one of these words: %s",
			info->name, info->words);
		return false;
	}
	o->kind = VALUE_WORD;
	o->word = (uint16_t)w;
	return true;
}

static bool read_boolean(struct command_call *call, const cJSON *item, struct desk_observation *o)
{
	const struct metric_info *info = metric_info(o->metric);

	if (!cJSON_IsBool(item)) {
		call_error(call, COMMAND_INVALID_ARGUMENT, "%s is true or false%s%s%s", info->name,
			*info->note ? " (" : "", info->note, *info->note ? ")" : "");
		return false;
	}
	o->kind = VALUE_BOOLEAN;
	o->boolean = cJSON_IsTrue(item);
	return true;
}

static bool read_value(struct command_call *call, struct desk_observation *o)
{
	const cJSON *item = call_argument(call, "value");

	switch (metric_info(o->metric)->kind) {
	case METRIC_NUMBER:
		return read_number(call, item, o);
	case METRIC_WORD:
		return read_word(call, item, o);
	case METRIC_BOOLEAN:
		return read_boolean(call, item, o);
	}
	return false;
}

static bool read_time(struct control *c, struct command_call *call, struct desk_observation *o)
{
	const char *text = call_text(call, "time");
	struct alarm_now now;

	if (!text)
		return true;
	desk_now(c->parts.desk, &now);
	if (command_time(text, &o->time_us) == 0 && o->time_us <= now.utc_us + FUTURE_US)
		return true;
	call_error(call, COMMAND_INVALID_ARGUMENT,
		"\"time\" is %s, which is still to come; give when it was observed, or leave it "
		"out "
		"for now",
		text);
	return false;
}

static void submit(struct control *c, struct command_call *call, const struct desk_observation *o)
{
	struct receipt *receipt = NULL;
	struct kept_call *k;
	struct view v;
	int r;

	if (!view_open(&v, call))
		return;
	fprintf(v.f, "{\"bed\":\"%s\",\"metric\":\"%s\"}", o->bed, metric_info(o->metric)->name);
	k = kept_begin(c, call, &v);
	if (!k)
		return;
	r = desk_observe(c->parts.desk, o, kept_received, k, &receipt);
	if (r == 0) {
		kept_wait(k, receipt);
	} else if (r == GATEWAY_E_SAFE) {
		kept_end(k, 0);
	} else {
		kept_drop(k);
		if (r == GATEWAY_E_NO_ROOM)
			call_error(call, COMMAND_BUSY,
				"it was not taken: neither the disk nor the broker takes more now; "
				"try again in a moment");
		else if (r == DESK_E_UNKNOWN_BED)
			(void)bed_is_known(c, call, o->bed);
		else
			call_errno(call, "it was not taken", r);
	}
}

static void run_observe(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	struct desk_observation o = { .bed = call_text(call, "bed"), .by = call_by(call) };

	if (!bed_is_known(c, call, o.bed))
		return;
	o.metric = read_metric(call, call_text(call, "metric"));
	if (o.metric != METRIC_NONE && read_value(call, &o) && read_time(c, call, &o))
		submit(c, call, &o);
}

const struct command_row verb_observe = {
	.verb = "observe",
	.arguments = ARGUMENTS({ BED, NEEDS },
		{ .name = "metric", .kind = ARGUMENT_DEVICE, .example = "\"pain\"", NEEDS },
		{ .name = "value", .kind = ARGUMENT_VALUE, .example = "3", NEEDS },
		{ .name = "time", TIME }),
	.run = run_observe,
	.afar = true,
};
