/*
 * What is said of an alarm as JSON: docs/interface, alarm.schema.json. A fixed
 * writer of what the engine gave; pure.
 */
#include <errno.h>
#include <inttypes.h>

#include "desk/private.h"
#include "util/text.h"

#define TAIL_ROOM 1200 /* what follows a list, at most: texts of 255 bytes, escaped, and times */

static void put_text(struct text *t, const char *key, const char *value)
{
	if (!value)
		return;
	text_printf(t, ",\"%s\":", key);
	text_json_string(t, value, strlen(value));
}

static void put_time(struct text *t, const char *key, int64_t utc_us)
{
	text_printf(t, ",\"%s\":\"", key);
	text_time(t, utc_us);
	text_char(t, '"');
}

static void put_number(struct text *t, const char *key, struct decimal d)
{
	text_printf(t, "\"%s\":", key);
	text_decimal(t, d);
}

static void put_any(
	struct text *t, unsigned kind, struct decimal number, bool boolean, enum word word)
{
	if (kind == VALUE_NUMBER)
		text_decimal(t, number);
	else if (kind == VALUE_BOOLEAN)
		text_str(t, boolean ? "true" : "false");
	else if (kind == VALUE_WORD)
		text_printf(t, "\"%s\"", word_text(word) ?: "");
	else
		text_lit(t, "null");
}

static void put_inactivation(struct text *t, const struct alarm_event *e)
{
	const char *separator = "";

	text_lit(t, ",\"inactivation\":[");
	if (e->inactivation == 0)
		text_lit(t, "\"enabled\"");
	for (unsigned flag = 1; flag < _INACTIVATION_END; flag <<= 1)
		if (e->inactivation & flag) {
			text_printf(t, "%s\"%s\"", separator,
				alarm_inactivation_text((enum alarm_inactivation)flag));
			separator = ",";
		}
	text_char(t, ']');
	if (e->inactivated_until_us)
		put_time(t, "inactivated_until", e->inactivated_until_us);
}

static void put_value(struct text *t, const struct alarm_event *e, const struct desk_context *c)
{
	const struct metric_info *info = metric_info(e->metric);

	if (e->metric == METRIC_NONE && e->value_kind == VALUE_NONE)
		return; /* a technical condition */
	if (e->metric != METRIC_NONE) {
		text_printf(t, ",\"metric\":\"%s\"", info->name);
		if (e->instance)
			text_printf(t, ",\"instance\":%u", e->instance);
	}
	if (e->reading)
		text_printf(t, ",\"reading\":\"%s:%s:%" PRIu64 "\"", c->gateway,
			e->reading_epoch ?: c->epoch, e->reading);
	text_lit(t, ",\"value\":");
	put_any(t, e->value_kind, e->value, e->boolean, e->word);
	if (e->metric != METRIC_NONE && info->unit && *info->unit)
		text_printf(t, ",\"unit\":\"%s\"", info->unit);
	/* Beyond the range there may be no number: then this alone says why. */
	if (e->value_kind != VALUE_NONE ? e->validity != VALIDITY_VALID
					: !e->stale && (e->validity == VALIDITY_BELOW_RANGE ||
							       e->validity == VALIDITY_ABOVE_RANGE))
		text_printf(t, ",\"validity\":\"%s\"", validity_text(e->validity));
	if (e->stale)
		text_lit(t, ",\"stale\":true");
	if (e->limits.has_low || e->limits.has_high) {
		text_lit(t, ",\"limits\":{");
		if (e->limits.has_low)
			put_number(t, "low", e->limits.low);
		if (e->limits.has_low && e->limits.has_high)
			text_char(t, ',');
		if (e->limits.has_high)
			put_number(t, "high", e->limits.high);
		text_char(t, '}');
	}
	if (e->mdc)
		text_printf(t, ",\"event\":{\"mdc\":%" PRIu32 "}", e->mdc);
}

static void put_flags(struct text *t, unsigned flags, bool training)
{
	bool test = flags & FLAG_TEST, demo = training || flags & FLAG_DEMO;

	if (test || demo)
		text_printf(t, ",\"flags\":[%s%s%s]", test ? "\"test\"" : "",
			test && demo ? "," : "", demo ? "\"demo\"" : "");
}

/* The devices of a group: as many as there is room for, and how many those are not. */
static void put_members(struct text *t, const struct alarm_event *e)
{
	size_t told = 0;

	if (e->member_count == 0)
		return;
	text_lit(t, ",\"devices\":[");
	for (; told < e->member_count; told++) {
		if ((size_t)(t->end - t->at) < TAIL_ROOM + strlen(e->members[told]))
			break;
		text_printf(t, "%s\"%s\"", told ? "," : "", e->members[told]);
	}
	text_char(t, ']');
	if (told < e->member_count)
		text_printf(t, ",\"devices_left_out\":%zu", e->member_count - told);
}

static void put_excursion(struct text *t, const struct alarm_excursion *x)
{
	if (!x)
		return;
	text_printf(t, ",\"excursion\":{\"side\":\"%s\",\"alarmed\":%s",
		x->below ? "below" : "above", x->alarmed ? "true" : "false");
	put_time(t, "start", x->start_us);
	put_time(t, "end", x->end_us);
	text_printf(t, ",\"seconds\":%" PRId64 ",", x->duration_us / 1000000);
	put_number(t, "extreme", x->extreme);
	text_char(t, ',');
	put_number(t, "mkt", x->mkt);
	text_char(t, '}');
}

size_t desk_document_size(const struct alarm_event *e)
{
	size_t size = DESK_DOCUMENT;

	for (size_t i = 0; i < e->member_count; i++)
		size += strlen(e->members[i]) + sizeof("\"\",") - 1;
	return size;
}

ssize_t desk_document(
	char *buf, size_t size, const struct alarm_event *e, const struct desk_context *c)
{
	struct text t = text_init(buf, size);

	text_printf(&t, "{\"id\":\"%s:%s:%" PRIu64 "\",\"alarm\":\"%s:%s:a%" PRIu64 "\"",
		c->gateway, c->epoch, c->sequence, c->gateway, e->epoch, e->number);
	text_printf(&t, ",\"step\":%" PRIu32 ",\"rule\":\"%s\",\"kind\":\"%s\",\"priority\":\"%s\"",
		e->step, e->rule, alarm_kind_text(e->kind), alarm_priority_text(e->priority));
	if (e->previous_priority != PRIORITY_NONE && e->previous_priority != e->priority)
		put_text(&t, "previous_priority", alarm_priority_text(e->previous_priority));
	text_printf(&t, ",\"phase\":\"%s\",\"state\":\"%s\"", alarm_phase_text(e->phase),
		alarm_state_text(e->state));
	put_inactivation(&t, e);
	put_text(&t, "by", e->by && *e->by ? e->by : NULL);
	if (e->reason != ALARM_REASON_NONE)
		put_text(&t, "reason", alarm_reason_text(e->reason));
	text_printf(&t, ",\"bed\":\"%s\"", e->bed ?: "-");
	put_text(&t, "device", e->device);
	put_text(&t, "patient", e->patient);
	put_text(&t, "association", e->association);
	put_value(&t, e, c);
	put_flags(&t, e->flags, c->training);
	put_excursion(&t, e->excursion);
	put_members(&t, e);
	put_time(&t, "onset", e->onset_us);
	put_time(&t, "detected", e->detected_us);
	if (e->ended_us)
		put_time(&t, "ended", e->ended_us);
	put_time(&t, "time", e->time_us);
	text_printf(&t, ",\"clock\":\"%s\",\"text\":", clock_state_text(c->clock));
	text_json_string(&t, e->text, strlen(e->text));
	text_char(&t, '}');
	return text_done(&t);
}

static void put_component(struct text *t, const struct alarm_part *p)
{
	text_printf(t, "{\"metric\":\"%s\",\"value\":", metric_info(p->metric)->name);
	put_any(t, p->missing && p->kind == VALUE_NONE ? VALUE_NONE : p->kind, p->number,
		p->boolean, p->word);
	if (p->missing || p->stale)
		text_printf(t, ",\"points\":null,\"%s\":true", p->missing ? "missing" : "stale");
	else
		text_printf(t, ",\"points\":%d", p->points);
	if (p->kind != VALUE_NONE)
		text_printf(t, ",\"age_s\":%" PRId64, p->age_us / 1000000);
	if (p->origin != ORIGIN_MEASURED)
		text_printf(t, ",\"origin\":\"%s\"", origin_text(p->origin));
	put_text(t, "device", p->device);
	put_text(t, "by", p->by && *p->by ? p->by : NULL);
	text_char(t, '}');
}

ssize_t desk_components(char *buf, size_t size, const struct alarm_computed *c)
{
	struct text t = text_init(buf, size < DETAIL_MAX + 1 ? size : DETAIL_MAX + 1);
	const size_t tail = 64;
	size_t told = 0;

	text_lit(&t, "\"components\":[");
	for (; told < c->part_count; told++) {
		char one[400];
		struct text part = text_init(one, sizeof(one));
		ssize_t n;

		if (told > 0)
			text_char(&part, ',');
		put_component(&part, &c->parts[told]);
		n = text_done(&part);
		if (n < 0 || (size_t)(t.end - t.at) < (size_t)n + tail)
			break;
		text_bytes(&t, one, (size_t)n);
	}
	text_char(&t, ']');
	if (told < c->part_count)
		text_printf(&t, ",\"components_left_out\":%zu", c->part_count - told);
	if (!c->complete) {
		text_lit(&t, ",\"minimum\":");
		text_decimal(&t, c->minimum);
	}
	return text_done(&t);
}
