/*
 * alarms, acknowledge, pause, reset: which alarms there are, and what people do
 * about them. What that means is the engine's (alarms/alarms.h); how it is kept
 * and published, the desk's.
 */
#include <string.h>

#include "config/suggest.h"
#include "control/control_private.h"
#include "control/verbs.h"
#include "desk/desk.h"
#include "util/text.h"

#define LISTED_MAX 6 /* alarms that a sentence names */

/* --- what there is --- */

struct listing {
	FILE *f;
	size_t count;
};

static void put_alarm(const char *key, const char *document, void *userdata)
{
	struct listing *l = userdata;

	fputs(l->count++ ? ",{\"key\":" : "{\"key\":", l->f);
	text_print_json(l->f, key);
	fprintf(l->f, ",%s", document + 1);
}

static void run_alarms(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	struct listing l = { .f = NULL };
	struct view v;

	if (!view_open(&v, call))
		return;
	l.f = v.f;
	fputs("{\"alarms\":[", v.f);
	desk_each(c->parts.desk, put_alarm, &l);
	fputs("]}", v.f);
	view_answer(&v, call);
}

const struct command_row verb_alarms = { .verb = "alarms", .run = run_alarms, .reads = true };

/* --- which one is meant --- */

struct search {
	const char *name;
	struct suggestion nearest;
	char best[ALARM_KEY_MAX + 1];
	size_t count;
	struct text list;
};

static void look_at(const char *key, const char *document, void *userdata)
{
	struct search *s = userdata;
	const char *before = s->nearest.best;

	suggestion_offer(&s->nearest, s->name, strlen(s->name), key);
	if (s->nearest.best != before) {
		snprintf(s->best, sizeof(s->best), "%s", key);
		s->nearest.best = s->best;
	}
	if (s->count++ < LISTED_MAX)
		text_printf(&s->list, "%s%s", s->count > 1 ? ", " : "", key);
}

/* An id as the gateway gives them; then it was an alarm once. */
static bool is_id_of(const struct control *c, const char *name)
{
	const char *gateway = c->config->gateway.name;
	size_t n = strlen(gateway);

	return strncmp(name, gateway, n) == 0 && name[n] == ':' && strstr(name + n + 1, ":a");
}

static void refuse_unknown(struct control *c, struct command_call *call, const char *name)
{
	const char *what = is_id_of(c, name) ? "is over, or never was" : "is not there now";
	char list[LISTED_MAX * (ALARM_KEY_MAX + 3)];
	struct search s = { .name = name, .list = text_init(list, sizeof(list)) };

	desk_each(c->parts.desk, look_at, &s);
	if (s.count == 0)
		call_error(call, COMMAND_NOT_FOUND, "the alarm %s %s; there is none at all", name,
			what);
	else if (s.count > LISTED_MAX && s.nearest.best)
		call_error(call, COMMAND_NOT_FOUND,
			"the alarm %s %s; did you mean %s? wardgatectl alarms lists all %zu", name,
			what, s.best, s.count);
	else if (s.count > LISTED_MAX || text_done(&s.list) < 0)
		call_error(call, COMMAND_NOT_FOUND,
			"the alarm %s %s; wardgatectl alarms lists the %zu that are", name, what,
			s.count);
	else
		call_error(call, COMMAND_NOT_FOUND, "the alarm %s %s; there %s %s", name, what,
			s.count == 1 ? "is only" : "are", list);
}

/* The key of the alarm that the argument names; false: the call has ended. */
static bool find(struct control *c, struct command_call *call, char key[ALARM_KEY_MAX + 1])
{
	const char *name = call_text(call, "alarm");
	const char *found = desk_find(c->parts.desk, name);

	if (!found) {
		refuse_unknown(c, call, name);
		return false;
	}
	snprintf(key, ALARM_KEY_MAX + 1, "%s", found);
	return true;
}

/* --- what is done about it --- */

/* The engine's refusal, or the answer once it is kept. until_us 0: not limited. */
static void answer(struct control *c, struct command_call *call, int outcome, const char *why,
	const char *name, const char *value, int64_t until_us)
{
	struct view v;

	desk_changed(c->parts.desk);
	if (outcome == ALARMS_E_UNKNOWN) {
		/* It ended in the tick that goes before every command. */
		call_error(call, COMMAND_NOT_FOUND, "%s: %s", value, why);
		return;
	}
	if (outcome != 0) {
		call_error(call, COMMAND_REFUSED, "%s: %s", value, why);
		return;
	}
	if (view_begin(&v) < 0) {
		call_error(call, COMMAND_FAILED, "it is done, but there is no memory to say so");
		return;
	}
	fprintf(v.f, "{\"%s\":\"%s\"", name, value);
	if (until_us) {
		char buf[40];
		struct text t = text_init(buf, sizeof(buf));

		text_time(&t, until_us);
		if (text_done(&t) > 0)
			fprintf(v.f, ",\"until\":\"%s\"", buf);
	}
	putc('}', v.f);
	call_when_kept(c, call, &v);
}

typedef int (*deed_fn)(
	struct alarms *a, const char *key, const char *by, const struct alarm_now *now, char *why);

static void run_deed(struct control *c, struct command_call *call, deed_fn deed)
{
	char key[ALARM_KEY_MAX + 1], why[ALARMS_WHY_MAX] = "";
	struct alarm_now now;
	int outcome;

	if (!find(c, call, key))
		return;
	desk_now(c->parts.desk, &now);
	outcome = deed(desk_engine(c->parts.desk), key, call_by(call), &now, why);
	answer(c, call, outcome, why, "key", key, 0);
}

static void run_acknowledge(struct command_call *call, void *userdata)
{
	run_deed(userdata, call, alarms_acknowledge);
}

const struct command_row verb_acknowledge = {
	.verb = "acknowledge",
	.arguments = ARGUMENTS({ ALARM, NEEDS }),
	.run = run_acknowledge,
	.afar = true,
};

static void run_reset(struct command_call *call, void *userdata)
{
	run_deed(userdata, call, alarms_reset);
}

const struct command_row verb_reset = {
	.verb = "reset",
	.arguments = ARGUMENTS({ ALARM, NEEDS }),
	.run = run_reset,
	.afar = true,
};

/* --- pauses --- */

static const struct {
	const char *word;
	enum alarms_pause kind;
	int64_t standard_us;
} kinds[] = {
	{ "audio", ALARMS_PAUSE_AUDIO, ALARMS_PAUSE_US },
	{ "alarm", ALARMS_PAUSE_ALARM, ALARMS_PAUSE_US },
	{ "audio-off", ALARMS_OFF_AUDIO, ALARMS_OFF_MAX_US },
	{ "alarm-off", ALARMS_OFF_ALARM, ALARMS_OFF_MAX_US },
};

static size_t kind_of(const struct command_call *call)
{
	const char *word = call_text(call, "kind");
	size_t i = 0;

	while (word && i < ARRAY_SIZE(kinds) - 1 && strcmp(kinds[i].word, word) != 0)
		i++;
	return i;
}

static void run_pause(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	struct alarms *engine = desk_engine(c->parts.desk);
	const char *alarm = call_text(call, "alarm"), *bed = call_text(call, "bed");
	int64_t seconds = call_integer(call, "seconds", 0), until;
	char key[ALARM_KEY_MAX + 1], why[ALARMS_WHY_MAX] = "";
	size_t kind = kind_of(call);
	struct alarm_now now;
	int outcome;

	if (!alarm == !bed) {
		call_error(call, COMMAND_INVALID_ARGUMENT,
			alarm ? "pause takes \"alarm\" or \"bed\", not both"
			      : "pause needs \"alarm\" or \"bed\"; give e.g. \"bed\":\"3\"");
		return;
	}
	if (alarm && !find(c, call, key))
		return;
	if (bed && !bed_is_known(c, call, bed))
		return;
	desk_now(c->parts.desk, &now);
	until = seconds < 0 ? 0
			    : now.utc_us + (seconds > 0 ? seconds * ALARMS_SECOND
							: kinds[kind].standard_us);
	outcome = bed ? alarms_pause_bed(
				engine, bed, kinds[kind].kind, seconds, call_by(call), &now, why)
		      : alarms_pause(
				engine, key, kinds[kind].kind, seconds, call_by(call), &now, why);
	answer(c, call, outcome, why, bed ? "bed" : "key", bed ?: key, until);
}

const struct command_row verb_pause = {
	.verb = "pause",
	.arguments = ARGUMENTS({ ALARM }, { BED },
		{ .name = "seconds",
			.kind = ARGUMENT_INTEGER,
			.min = -1,
			.max = ALARMS_OFF_MAX_US / ALARMS_SECOND,
			.example = "120" },
		{ .name = "kind",
			.kind = ARGUMENT_WORD,
			.words = "audio alarm audio-off alarm-off",
			.example = "\"audio\"" }),
	.run = run_pause,
	.afar = true,
};
