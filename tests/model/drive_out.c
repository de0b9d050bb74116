/*
 * What the driver prints: one JSON object for each thing that the engine gives
 * out, and the settings of rules. Not what goes into the engine: drive.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "drive.h"
#include "util/decimal.h"
#include "wardgate/reading.h"

extern const struct rule_setting rule_common_settings[];
extern const size_t rule_common_setting_count;

void put_text(const char *key, const char *text)
{
	if (!text)
		return;
	printf(",\"%s\":\"", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void put_decimal(const char *key, struct decimal d)
{
	char buf[DECIMAL_TEXT_MAX + 1];

	if (decimal_format(buf, sizeof(buf), decimal_normalise(d)) < 0)
		snprintf(buf, sizeof(buf), "not plain");
	put_text(key, buf);
}

/* Scenario's time of a UTC one. */
static void put_time(const char *key, int64_t utc_us)
{
	printf(",\"%s\":%" PRId64, key, utc_us - UTC_START);
}

static void put_limits(const char *low, const char *high, const struct alarm_limits *l)
{
	if (l->has_low)
		put_decimal(low, l->low);
	if (l->has_high)
		put_decimal(high, l->high);
}

static void put_value(enum value_kind kind, struct decimal number, bool boolean, uint16_t word)
{
	switch (kind) {
	case VALUE_NONE:
		break;
	case VALUE_NUMBER:
		put_decimal("value", number);
		break;
	case VALUE_BOOLEAN:
		put_text("value", boolean ? "true" : "false");
		break;
	case VALUE_WORD:
		put_text("value", word_text(word));
		break;
	}
}

static void put_flags(uint16_t flags)
{
	if (flags)
		printf(",\"flags\":%u", flags);
}

void on_event(void *userdata, const struct alarm_event *e)
{
	const int64_t *now_us = userdata;

	printf("{\"event\":\"%s\",\"t\":%" PRId64, alarm_phase_text(e->phase), *now_us);
	put_text("key", e->key);
	printf(",\"alarm\":\"%s:a%" PRIu64 "\",\"step\":%" PRIu32, e->epoch, e->number, e->step);
	put_text("rule", e->rule);
	put_text("condition", e->condition ? condition_info(e->condition)->name : NULL);
	put_text("kind", alarm_kind_text(e->kind));
	put_text("priority", alarm_priority_text(e->priority));
	if (e->previous_priority)
		put_text("was", alarm_priority_text(e->previous_priority));
	put_text("state", alarm_state_text(e->state));
	if (e->reason)
		put_text("reason", alarm_reason_text(e->reason));
	if (e->transient)
		printf(",\"transient\":true");
	if (e->inactivation) {
		printf(",\"inactivation\":[");
		for (unsigned f = 1, n = 0; f < _INACTIVATION_END; f <<= 1)
			if (e->inactivation & f)
				printf("%s\"%s\"", n++ ? "," : "",
					alarm_inactivation_text((enum alarm_inactivation)f));
		putchar(']');
	}
	if (e->inactivated_until_us)
		put_time("until", e->inactivated_until_us);
	put_text("by", e->by);
	put_text("bed", e->bed);
	put_text("device", e->device);
	put_text("patient", e->patient);
	put_text("association", e->association);
	put_text("metric", e->metric ? metric_info(e->metric)->name : NULL);
	printf(",\"instance\":%u,\"reading\":%" PRIu64, e->instance, e->reading);
	put_text("reading_epoch", e->reading_epoch);
	put_value(e->value_kind, e->value, e->boolean, e->word);
	put_text("validity", validity_text(e->validity));
	put_flags(e->flags);
	if (e->stale)
		printf(",\"stale\":true");
	put_limits("low", "high", &e->limits);
	put_time("onset", e->onset_us);
	put_time("detected", e->detected_us);
	put_time("time", e->time_us);
	if (e->ended_us)
		put_time("ended", e->ended_us);
	if (e->member_count) {
		printf(",\"members\":[");
		for (size_t i = 0; i < e->member_count; i++)
			printf("%s\"%s\"", i ? "," : "", e->members[i]);
		putchar(']');
	}
	if (e->excursion) {
		const struct alarm_excursion *x = e->excursion;

		printf(",\"excursion\":{\"below\":%s,\"alarmed\":%s", x->below ? "true" : "false",
			x->alarmed ? "true" : "false");
		put_time("start", x->start_us);
		put_time("end", x->end_us);
		printf(",\"duration\":%" PRId64, x->duration_us);
		put_decimal("extreme", x->extreme);
		put_decimal("mkt", x->mkt);
		putchar('}');
	}
	put_text("text", e->text);
	printf("}\n");
}

void on_computed(void *userdata, const struct alarm_computed *c)
{
	const int64_t *now_us = userdata;

	printf("{\"computed\":\"%s\",\"t\":%" PRId64, c->rule, *now_us);
	put_text("bed", c->bed);
	put_text("device", c->device);
	put_text("metric", metric_info(c->metric)->name);
	printf(",\"complete\":%s", c->complete ? "true" : "false");
	if (c->complete)
		put_decimal("value", c->value);
	put_decimal("minimum", c->minimum);
	put_time("time", c->time_us);
	put_flags(c->flags);
	printf(",\"parts\":[");
	for (size_t i = 0; i < c->part_count; i++) {
		const struct alarm_part *p = &c->parts[i];

		printf("%s{\"metric\":\"%s\"", i ? "," : "", metric_info(p->metric)->name);
		put_value(p->kind, p->number, p->boolean, p->word);
		printf(",\"missing\":%s,\"stale\":%s,\"points\":%d", p->missing ? "true" : "false",
			p->stale ? "true" : "false", p->points);
		if (!p->missing) {
			printf(",\"age\":%" PRId64, p->age_us);
			put_text("origin", origin_text(p->origin));
		}
		put_text("device", p->device);
		put_text("by", p->by);
		putchar('}');
	}
	printf("]}\n");
}

void on_limits(void *userdata, const struct limit_change *c)
{
	const int64_t *now_us = userdata;

	printf("{\"limits\":\"%s\",\"t\":%" PRId64, c->rule, *now_us);
	put_text("level", limit_level_text(c->level));
	put_text("bed", c->bed);
	put_text("patient", c->patient);
	put_text("by", c->by);
	put_time("time", c->time_us);
	put_limits("before_low", "before_high", &c->before);
	put_limits("low", "high", &c->now);
	put_text("why", c->why);
	printf("}\n");
}

void on_limit_in_force(void *userdata, const char *rule, enum metric metric,
	const struct alarm_limits *limits, const struct limit_source *low,
	const struct limit_source *high)
{
	printf("{\"in_force\":\"%s\"", rule);
	put_text("metric", metric_info(metric)->name);
	put_limits("low", "high", limits);
	if (limits->has_low) {
		put_text("low_level", limit_level_text(low->level));
		put_text("low_by", low->by);
	}
	if (limits->has_high) {
		put_text("high_level", limit_level_text(high->level));
		put_text("high_by", high->by);
	}
	printf("}\n");
}

static void print_settings(const struct rule_setting *s, size_t count)
{
	static const char *const kinds[] = { "number", "duration", "count", "switch", "choice",
		"metric", "text" };

	for (size_t i = 0; i < count; i++) {
		printf("  %s= (%s, default '%s'%s", s[i].key, kinds[s[i].kind], s[i].standard,
			s[i].required ? ", required" : "");
		if (s[i].max)
			printf(", %" PRId64 "..%" PRId64, s[i].min, s[i].max);
		for (unsigned w = 0; s[i].words && s[i].words[w]; w++)
			printf("%s%s", w ? "|" : ", ", s[i].words[w]);
		printf(", e.g. %s)\n      %s\n", s[i].example, s[i].help);
	}
}

void print_help(void)
{
	const struct rule_type *t;

	printf("every rule:\n");
	print_settings(rule_common_settings, rule_common_setting_count);
	for (size_t n = 0; (t = rule_type_at(n)); n++) {
		printf("Type=%s: %s (flags %x)\n", t->name, t->help, t->flags);
		print_settings(t->settings, t->setting_count);
	}
}
