/*
 * limits, set-limit, set-spo2-scale: the limits that are in force and why, and
 * what is set for the ward, a bed or its patient.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"
#include "control/control_private.h"
#include "control/verbs.h"
#include "desk/desk.h"
#include "util/decimal.h"
#include "util/text.h"

#define BEDS_LISTED 12 /* that a sentence names */

/* --- beds --- */

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strverscmp(*x, *y);
}

/* The beds of the configuration, each once; to be freed. NULL: none, or out of memory. */
static const char **beds_of(const struct control *c, size_t *ret_count)
{
	const char **beds = calloc(c->config->device_count ?: 1, sizeof(*beds));
	size_t n = 0, kept = 0;

	*ret_count = 0;
	if (!beds)
		return NULL;
	for (size_t i = 0; i < c->config->device_count; i++)
		if (c->config->devices[i].bed &&
			desk_has_bed(c->parts.desk, c->config->devices[i].bed))
			beds[n++] = c->config->devices[i].bed;
	qsort(beds, n, sizeof(*beds), by_name);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(beds[kept - 1], beds[i]) != 0)
			beds[kept++] = beds[i];
	*ret_count = kept;
	return beds;
}

bool bed_is_known(struct control *c, struct command_call *call, const char *bed)
{
	_cleanup_(freep) const char **beds = NULL;
	char list[BEDS_LISTED * 44];
	struct text t = text_init(list, sizeof(list));
	size_t count;

	if (desk_has_bed(c->parts.desk, bed))
		return true;
	beds = beds_of(c, &count);
	for (size_t i = 0; i < count && i < BEDS_LISTED; i++)
		text_printf(&t, "%s%s", i ? ", " : "", beds[i]);
	if (count == 0 || text_done(&t) < 0)
		call_error(call, COMMAND_NOT_FOUND,
			"there is no bed %s; beds come with [Device] Bed= and [Rule] Beds=", bed);
	else
		call_error(call, COMMAND_NOT_FOUND, "there is no bed %s; devices stand at %s%s",
			bed, list, count > BEDS_LISTED ? " and others" : "");
	return false;
}

/* --- what is in force --- */

struct rows {
	FILE *f;
	const char *bed;  /* NULL: the ward */
	const char *rule; /* only that one; NULL: all */
	bool own;         /* only where something is set for the bed or its patient */
	size_t count;
};

static void put_side(FILE *f, const char *name, struct decimal value, const struct limit_source *s)
{
	char buf[DECIMAL_TEXT_MAX + 1];

	if (decimal_format(buf, sizeof(buf), value) < 0)
		return;
	fprintf(f, ",\"%s\":{\"value\":%s,\"level\":\"%s\"", name, buf, limit_level_text(s->level));
	if (s->by) {
		fputs(",\"by\":", f);
		text_print_json(f, s->by);
	}
	if (s->since_us) {
		struct text t = text_init(buf, sizeof(buf));

		text_time(&t, s->since_us);
		if (text_done(&t) > 0)
			fprintf(f, ",\"since\":\"%s\"", buf);
	}
	putc('}', f);
}

static bool is_own(const struct limit_source *s)
{
	return s->level == LIMIT_BED || s->level == LIMIT_PATIENT;
}

static void put_row(void *userdata, const char *rule, enum metric metric,
	const struct alarm_limits *limits, const struct limit_source *low,
	const struct limit_source *high)
{
	const struct metric_info *info = metric_info(metric);
	struct rows *r = userdata;

	if ((r->rule && strcmp(r->rule, rule) != 0) || (r->own && !is_own(low) && !is_own(high)))
		return;
	fprintf(r->f, "%s{\"bed\":\"%s\",\"rule\":\"%s\",\"metric\":\"%s\"", r->count++ ? "," : "",
		r->bed ?: "-", rule, info->name);
	if (*info->unit)
		fprintf(r->f, ",\"unit\":\"%s\"", info->unit);
	if (limits->has_low)
		put_side(r->f, "low", limits->low, low);
	if (limits->has_high)
		put_side(r->f, "high", limits->high, high);
	putc('}', r->f);
}

/* Every bed where something else is in force than on the ward. */
static void put_beds(struct control *c, struct rows *rows)
{
	_cleanup_(freep) const char **beds = NULL;
	size_t count;

	beds = beds_of(c, &count);
	rows->own = true;
	for (size_t i = 0; i < count; i++) {
		rows->bed = beds[i];
		alarms_limits(desk_engine(c->parts.desk), beds[i], put_row, rows);
	}
}

static void run_limits(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	struct rows rows = { .bed = call_text(call, "bed") };
	struct view v;

	if (rows.bed && !bed_is_known(c, call, rows.bed))
		return;
	if (!view_open(&v, call))
		return;
	rows.f = v.f;
	fputs("{\"limits\":[", v.f);
	alarms_limits(desk_engine(c->parts.desk), rows.bed, put_row, &rows);
	if (!rows.bed)
		put_beds(c, &rows);
	fputs("]}", v.f);
	view_answer(&v, call);
}

const struct command_row verb_limits = {
	.verb = "limits",
	.arguments = ARGUMENTS({ BED }),
	.run = run_limits,
	.reads = true,
};

/* --- setting them --- */

static void refuse_rule(struct control *c, struct command_call *call, const char *rule)
{
	struct suggestion nearest = { 0 };

	for (size_t i = 0; i < c->config->rule_count; i++)
		suggestion_offer(&nearest, rule, strlen(rule), c->config->rules[i].name);
	if (nearest.best)
		call_error(call, COMMAND_NOT_FOUND, "there is no rule %s; did you mean %s?", rule,
			nearest.best);
	else
		call_error(call, COMMAND_NOT_FOUND,
			"there is no rule %s; wardgatectl limits lists those with limits", rule);
}

/* The engine's refusals are sentences; of limits_check(), the end of one. */
static void refuse_limit(struct command_call *call, const char *rule, const char *why)
{
	bool end = strncmp(why, "is ", 3) == 0 || strncmp(why, "cannot ", 7) == 0;

	call_error(call, COMMAND_REFUSED, end ? "a limit of %s that %s" : "%s: %s", rule, why);
}

/* -1: there is none of that name that can be. */
static int level_of(struct command_call *call, const char *bed)
{
	const char *word = call_text(call, "level");
	int level = !word                       ? bed ? LIMIT_BED : LIMIT_WARD
		    : strcmp(word, "ward") == 0 ? LIMIT_WARD
		    : strcmp(word, "bed") == 0  ? LIMIT_BED
						: LIMIT_PATIENT;

	if ((level != LIMIT_WARD) == (bed != NULL))
		return level;
	call_error(call, COMMAND_INVALID_ARGUMENT,
		bed ? "\"level\":\"ward\" is for all beds; leave out \"bed\""
		    : "\"level\":\"%s\" needs \"bed\"; give e.g. \"bed\":\"3\"",
		word);
	return -1;
}

static bool read_limit(
	struct command_call *call, const char *name, bool *ret_given, struct decimal *ret)
{
	const cJSON *item = call_argument(call, name);

	*ret_given = item != NULL;
	if (!item || decimal_from_double(ret, item->valuedouble) == 0)
		return true;
	call_error(call, COMMAND_INVALID_ARGUMENT, "\"%s\" has too many digits", name);
	return false;
}

static void answer_set(
	struct control *c, struct command_call *call, const char *rule, const char *bed)
{
	struct rows rows = { .bed = bed, .rule = rule };
	struct view v;

	if (view_begin(&v) < 0) {
		call_error(call, COMMAND_FAILED, "it is done, but there is no memory to say so");
		return;
	}
	rows.f = v.f;
	fputs("{\"limits\":[", v.f);
	alarms_limits(desk_engine(c->parts.desk), bed, put_row, &rows);
	fputs("]}", v.f);
	call_when_kept(c, call, &v);
}

static void run_set_limit(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	const char *rule = call_text(call, "rule"), *bed = call_text(call, "bed");
	struct alarm_limits limits = { 0 };
	char why[ALARMS_WHY_MAX] = "";
	struct alarm_now now;
	int level, r;

	if (!read_limit(call, "below", &limits.has_low, &limits.low) ||
		!read_limit(call, "above", &limits.has_high, &limits.high))
		return;
	level = level_of(call, bed);
	if (level < 0 || (bed && !bed_is_known(c, call, bed)))
		return;
	desk_now(c->parts.desk, &now);
	r = alarms_set_limits(desk_engine(c->parts.desk), rule, (enum limit_level)level, bed,
		&limits, call_by(call), &now, why);
	desk_changed(c->parts.desk);
	if (r < 0)
		call_errno(call, "the limit is not set", r);
	else if (r == ALARMS_E_UNKNOWN)
		refuse_rule(c, call, rule);
	else if (r == ALARMS_E_FULL)
		call_error(call, COMMAND_REFUSED, "%s; take some of them back", why);
	else if (r != 0)
		refuse_limit(call, rule, why);
	else
		answer_set(c, call, rule, bed);
}

const struct command_row verb_set_limit = {
	.verb = "set-limit",
	.arguments = ARGUMENTS({ RULE, NEEDS }, { BED },
		{ .name = "level",
			.kind = ARGUMENT_WORD,
			.words = "ward bed patient",
			.example = "\"bed\"" },
		{ .name = "below", .kind = ARGUMENT_NUMBER, .example = "90" },
		{ .name = "above", .kind = ARGUMENT_NUMBER, .example = "130" }),
	.run = run_set_limit,
	.afar = true,
};

/* --- the scale of SpO2 in NEWS2 --- */

static void run_set_spo2_scale(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	const char *bed = call_text(call, "bed");
	int64_t scale = call_integer(call, "scale", 1);
	struct alarm_now now;
	struct view v;
	int r;

	if (!bed_is_known(c, call, bed))
		return;
	desk_now(c->parts.desk, &now);
	r = alarms_order_scale2(desk_engine(c->parts.desk), bed, scale == 2, call_by(call), &now);
	desk_changed(c->parts.desk);
	if (r == ALARMS_E_FULL)
		call_error(call, COMMAND_REFUSED, "the gateway has too many beds");
	else if (r != 0)
		call_errno(call, "the scale is not set", r);
	else if (view_begin(&v) < 0)
		call_error(call, COMMAND_FAILED, "it is done, but there is no memory to say so");
	else {
		fprintf(v.f, "{\"bed\":\"%s\",\"scale\":%d}", bed, (int)scale);
		call_when_kept(c, call, &v);
	}
}

const struct command_row verb_set_spo2_scale = {
	.verb = "set-spo2-scale",
	.arguments = ARGUMENTS({ BED, NEEDS }, { .name = "scale",
						       .kind = ARGUMENT_INTEGER,
						       .min = 1,
						       .max = 2,
						       .example = "2",
						       NEEDS }),
	.run = run_set_spo2_scale,
	.afar = true,
};
