/*
 * Runs timelines: see timeline.h.
 */
#include "unit/alarms/timeline.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/settings.h"
#include "util/decimal.h"
#include "util/text.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

/* ---- what comes out ---- */

static void say(struct timeline *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct timeline *t, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->out + t->out_length, sizeof(t->out) - t->out_length, format, ap);
	va_end(ap);
	assert(n >= 0 && (size_t)n < sizeof(t->out) - t->out_length);
	t->out_length += (size_t)n;
}

static void say_decimal(struct timeline *t, const char *before, struct decimal d)
{
	char buf[64];

	assert(decimal_format(buf, sizeof(buf), d) > 0);
	say(t, "%s%s", before, buf);
}

static void separate(struct timeline *t)
{
	if (t->out_length > 0)
		say(t, " | ");
}

static void say_value(struct timeline *t, const struct alarm_event *e)
{
	switch ((enum value_kind)e->value_kind) {
	case VALUE_NONE:
		if (e->stale)
			say(t, " stale");
		break;
	case VALUE_NUMBER:
		say_decimal(t, " ", e->value);
		break;
	case VALUE_BOOLEAN:
		say(t, e->boolean ? " yes" : " no");
		break;
	case VALUE_WORD:
		say(t, " %s", word_text(e->word));
		break;
	}
}

static void on_event(void *userdata, const struct alarm_event *e)
{
	struct timeline *t = userdata;

	if (t->hook) {
		t->hook(t->hook_data, e);
		return;
	}
	separate(t);
	say(t, "%s %s %s", alarm_phase_text(e->phase), e->key, alarm_priority_text(e->priority));
	say_value(t, e);
	if (e->previous_priority != PRIORITY_NONE)
		say(t, " was=%s", alarm_priority_text(e->previous_priority));
	if (e->state == ALARM_LATCHED)
		say(t, " latched");
	if (e->kind == ALARM_ADVISORY && e->transient)
		say(t, " advisory");
	for (unsigned f = 1; f < _INACTIVATION_END; f <<= 1)
		if (e->inactivation & f)
			say(t, " [%s]", alarm_inactivation_text(f));
	if (e->reason)
		say(t, " reason=%s", alarm_reason_text(e->reason));
	if (e->by)
		say(t, " by=%s", e->by);
	if (e->validity == VALIDITY_QUESTIONABLE)
		say(t, " questionable");
	if (e->flags & FLAG_DEMO)
		say(t, " demo");
	if (e->flags & FLAG_TEST)
		say(t, " test");
	if (e->member_count > 0)
		say(t, " members=%zu", e->member_count);
	if (e->excursion) {
		say_decimal(t, " extreme=", e->excursion->extreme);
		say_decimal(t, " mkt=", e->excursion->mkt);
		say(t, " lasted=%llds", (long long)(e->excursion->duration_us / 1000000));
	}
	snprintf(t->text, sizeof(t->text), "%s", e->text);
}

static void on_computed(void *userdata, const struct alarm_computed *c)
{
	struct timeline *t = userdata;
	size_t n = 0;

	separate(t);
	say(t, "computed %s %s", metric_info(c->metric)->name, c->bed ? c->bed : c->device);
	say_decimal(t, c->complete ? " " : " incomplete>=", c->complete ? c->value : c->minimum);
	t->parts[0] = 0;
	for (size_t i = 0; i < c->part_count; i++)
		n += (size_t)snprintf(t->parts + n, sizeof(t->parts) - n, "%s%s=%s%d", i ? " " : "",
			metric_info(c->parts[i].metric)->name,
			c->parts[i].missing ? "?"
			: c->parts[i].stale ? "old:"
					    : "",
			c->parts[i].points);
}

static void on_limits(void *userdata, const struct limit_change *c)
{
	struct timeline *t = userdata;

	separate(t);
	say(t, "limits %s %s %s", c->rule, limit_level_text(c->level), c->bed ? c->bed : "-");
	if (c->now.has_low)
		say_decimal(t, " low=", c->now.low);
	if (c->now.has_high)
		say_decimal(t, " high=", c->now.high);
	if (c->before.has_low)
		say_decimal(t, " was-low=", c->before.low);
	if (c->before.has_high)
		say_decimal(t, " was-high=", c->before.high);
	say(t, " %s by=%s", c->why, c->by ? c->by : "-");
}

/* ---- the engine ---- */

static void make(struct timeline *t)
{
	const struct alarms_options options = { .epoch = "12-9f3a21c4",
		.training = t->training,
		.sink = { on_event, on_computed, on_limits, t } };

	assert(alarms_new(&t->a, &options) == 0);
}

void timeline_begin(struct timeline *t, bool training)
{
	memset(t, 0, sizeof(*t));
	t->training = training;
	t->now = (struct alarm_now){ TIMELINE_BOOT, TIMELINE_UTC };
	make(t);
}

void timeline_end(struct timeline *t)
{
	t->a = alarms_free(t->a);
}

const char *timeline_take(struct timeline *t)
{
	t->out[t->out_length] = 0;
	t->out_length = 0;
	return t->out;
}

static void on_fault(void *userdata, size_t rule, const char *key, const char *sentence)
{
	struct timeline *t = userdata;

	separate(t);
	(void)rule;
	say(t, "fault %s %s", key ? key : "-", sentence);
}

/* "NAME\tKey=value\tKey=value" */
static int build(struct timeline *t, struct ruleset **ret)
{
	static struct rule_item items[32][24];
	struct rule_settings settings[32];
	static char copy[32][1024];

	for (size_t i = 0; i < t->config_count; i++) {
		char *at = copy[i];

		snprintf(copy[i], sizeof(copy[i]), "%s", t->config[i]);
		settings[i] = (struct rule_settings){ .name = at, .items = items[i] };
		while ((at = strchr(at, '\t'))) {
			struct rule_item *item = &items[i][settings[i].count++];

			*at++ = 0;
			item->standard = false;
			item->key = at;
			at = strchr(at, '=');
			assert(at);
			*at++ = 0;
			item->value = at;
		}
	}
	return ruleset_new(ret, settings, t->config_count, on_fault, t);
}

void timeline_apply_rules(struct timeline *t)
{
	struct ruleset *s = NULL;
	int e = build(t, &s);

	if (e == 0)
		assert(alarms_set_rules(t->a, s, &t->now) == 0);
}

bool timeline_rule(struct timeline *t, const char *line)
{
	assert(t->config_count < 32);
	snprintf(t->config[t->config_count++], sizeof(t->config[0]), "%s", line);
	timeline_apply_rules(t);
	return t->out_length == 0;
}

static void place(struct timeline *t, const char *event)
{
	char word[16], name[64], what[64] = "";

	if (sscanf(event, "%15s %63s %63s", word, name, what) < 2)
		return;
	if (strcmp(word, "device") == 0)
		assert(alarms_device(t->a, name, what[0] ? what : NULL, &t->now) == 0);
}

bool timeline_restart(struct timeline *t, int64_t elapsed_us)
{
	char why[ALARMS_WHY_MAX] = "", *text, *again;
	size_t length, length_again, out = t->out_length;
	struct alarms *old = t->a;
	int e;

	assert(alarms_save(t->a, &t->now, &text, &length) == 0);
	make(t);
	timeline_apply_rules(t);
	for (size_t i = 0; i < t->place_count; i++)
		place(t, t->places[i]);
	alarms_mode(t->a, t->training, !t->untechnical, &t->now);
	assert(t->out_length == out); /* nothing is told of what is new */
	e = alarms_restore(t->a, text, length, elapsed_us, &t->now, why);
	if (e != 0)
		printf("restore: %d %s\n%s", e, why, text);
	if (e == 0 && elapsed_us == 0) {
		/* what was restored is what was saved */
		assert(alarms_save(t->a, &t->now, &again, &length_again) == 0);
		if (length != length_again) {
			printf("saved:\n%sand again:\n%s", text, again);
			e = -1;
		}
		free(again);
		if (alarms_deadline(t->a) != alarms_deadline(old)) {
			printf("deadlines differ: %lld and %lld\n%s",
				(long long)(alarms_deadline(old) - TIMELINE_BOOT),
				(long long)(alarms_deadline(t->a) - TIMELINE_BOOT), text);
			e = -1;
		}
	}
	alarms_free(old);
	free(text);
	return e == 0;
}

void timeline_advance(struct timeline *t, int64_t boot_us)
{
	uint64_t revision;
	int64_t at;

	while ((at = alarms_deadline(t->a)) <= boot_us) {
		size_t before = t->out_length;
		char rest[4096];

		assert(at > t->now.boot_us || at <= boot_us);
		if (at > t->now.boot_us) {
			t->now.utc_us += at - t->now.boot_us;
			t->now.boot_us = at;
		}
		revision = alarms_revision(t->a);
		alarms_tick(t->a, &t->now);
		assert(alarms_deadline(t->a) > t->now.boot_us);
		assert(alarms_revision(t->a) >= revision);
		if (t->out_length == before)
			continue;
		/* what comes by itself says when */
		snprintf(
			rest, sizeof(rest), "%.*s", (int)(t->out_length - before), t->out + before);
		t->out_length = before;
		say(t, "%s@%gs %s", before ? " | " : "", (double)(at - TIMELINE_BOOT) / 1e6,
			strncmp(rest, " | ", 3) == 0 ? rest + 3 : rest);
	}
	t->now.utc_us += boot_us - t->now.boot_us;
	t->now.boot_us = boot_us;
}

/* ---- what goes in ---- */

struct words {
	char *at[24];
	unsigned count;
	char copy[1024];
};

static void split(struct words *w, const char *text)
{
	char *at = w->copy;

	snprintf(w->copy, sizeof(w->copy), "%s", text);
	w->count = 0;
	while (*at && w->count < 24) {
		w->at[w->count++] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = 0;
	}
}

static const char *option(const struct words *w, const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; i < w->count; i++)
		if (strncmp(w->at[i], name, n) == 0 && (w->at[i][n] == '=' || w->at[i][n] == 0))
			return w->at[i] + n + (w->at[i][n] == '=');
	return NULL;
}

int64_t timeline_duration(const char *text)
{
	int64_t us = 0;
	char plain[64];
	size_t n = 0;

	if (!text)
		return 0;
	for (; *text && n + 1 < sizeof(plain); text++)
		plain[n++] = *text;
	plain[n] = 0;
	if (setting_duration(plain, &us) < 0) {
		printf("no duration: %s\n", plain);
		abort();
	}
	return us;
}

static bool set_value(struct reading *r, const char *text)
{
	int v = validity_by_text(text, strlen(text));

	if (v > 0) {
		r->validity = (uint8_t)v;
		return true;
	}
	switch (metric_info(r->metric)->kind) {
	case METRIC_NUMBER:
		r->kind = VALUE_NUMBER;
		return decimal_from_text(&r->number, text, strlen(text)) == 0;
	case METRIC_BOOLEAN:
		r->kind = VALUE_BOOLEAN;
		r->boolean = strcmp(text, "yes") == 0;
		return true;
	case METRIC_WORD:
		r->kind = VALUE_WORD;
		r->word = (uint16_t)word_by_text(text, strlen(text));
		return r->word != WORD_NONE;
	}
	return false;
}

static void set_flags(struct reading *r, const struct words *w)
{
	for (unsigned i = 3; i < w->count; i++)
		r->flags |= (uint16_t)reading_flag_by_text(w->at[i], strlen(w->at[i]));
	if (option(w, "questionable"))
		r->validity = VALIDITY_QUESTIONABLE;
	if (option(w, "below-range") && w->count > 3)
		r->validity = VALIDITY_BELOW_RANGE;
	if (option(w, "above-range") && w->count > 3)
		r->validity = VALIDITY_ABOVE_RANGE;
	r->backfill = option(w, "backfill");
	if (option(w, "manual"))
		r->origin = ORIGIN_MANUAL;
	if (option(w, "setting"))
		r->origin = ORIGIN_SETTING;
	if (option(w, "instance"))
		r->instance = (uint8_t)strtoul(option(w, "instance"), NULL, 10);
	if (option(w, "reason"))
		r->reason =
			(uint16_t)word_by_text(option(w, "reason"), strlen(option(w, "reason")));
}

/* "DEVICE METRIC VALUE [FLAG...] [age=30s] [clock=5s] [instance=1]", "bed-3 METRIC ..." */
static bool read_reading(struct timeline *t, const struct words *w)
{
	struct reading r = { .received_us = t->now.utc_us,
		.received_boot_us = t->now.boot_us,
		.time_us = t->now.utc_us,
		.sequence = ++t->sequence };
	struct label *name;
	bool bed = w->count >= 3 && strncmp(w->at[0], "bed-", 4) == 0;
	int e;

	if (w->count < 3)
		return false;
	r.metric = (uint8_t)metric_by_name(w->at[1], strlen(w->at[1]));
	if (r.metric == METRIC_NONE || !set_value(&r, w->at[2]))
		return false;
	set_flags(&r, w);
	if (option(w, "age")) {
		r.time_source = option(w, "own") ? TIME_DEVICE : TIME_DEVICE_CORRECTED;
		r.time_us -= timeline_duration(option(w, "age"));
	}
	if (option(w, "clock")) /* the device's own, since an epoch of its own */
		r.device_time_us = 1000000 + timeline_duration(option(w, "clock"));
	assert(label_new(&name, w->at[0] + (bed ? 4 : 0)) == 0);
	if (bed)
		r.bed = name;
	else
		r.device = name;
	e = alarms_reading(t->a, &r, &t->now);
	if (e != 0)
		say(t, "%soutcome=%d", t->out_length ? " | " : "", e);
	label_unref(name);
	return true;
}

static const char *word_or_null(const struct words *w, unsigned i)
{
	return i < w->count && strcmp(w->at[i], "-") != 0 ? w->at[i] : NULL;
}

static enum alarms_pause pause_kind(const char *word)
{
	static const char *const words[] = { "audio", "alarm", "audio-off", "alarm-off" };

	for (unsigned i = 0; i < 4; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	abort();
}

static bool set_limits(struct timeline *t, const struct words *w, char *why, int *e)
{
	static const char *const levels[] = { "rule", "ward", "bed", "patient" };
	struct alarm_limits limits = { 0 };
	const char *low = option(w, "low"), *high = option(w, "high");
	unsigned level = 0;

	while (level < 4 && strcmp(levels[level], w->at[2]) != 0)
		level++;
	limits.has_low = low && decimal_from_text(&limits.low, low, strlen(low)) == 0;
	limits.has_high = high && decimal_from_text(&limits.high, high, strlen(high)) == 0;
	*e = alarms_set_limits(
		t->a, w->at[1], level, word_or_null(w, 3), &limits, option(w, "by"), &t->now, why);
	return true;
}

static void keep_place(struct timeline *t, const char *event)
{
	char key[80];

	/* the last word on a device counts */
	snprintf(key, sizeof(key), "device %.60s", event + 7);
	key[7 + strcspn(key + 7, " ")] = 0;
	for (size_t i = 0; i < t->place_count; i++) {
		size_t n = strlen(key);

		if (strncmp(t->places[i], key, n) == 0 &&
			(t->places[i][n] == ' ' || !t->places[i][n])) {
			snprintf(t->places[i], sizeof(t->places[0]), "%s", event);
			return;
		}
	}
	assert(t->place_count < 64);
	snprintf(t->places[t->place_count++], sizeof(t->places[0]), "%s", event);
}

static void on_limit(void *userdata, const char *rule, enum metric metric,
	const struct alarm_limits *limits, const struct limit_source *low,
	const struct limit_source *high)
{
	struct timeline *t = userdata;

	(void)metric;
	separate(t);
	say(t, "%s", rule);
	if (limits->has_low) {
		say_decimal(t, " low=", limits->low);
		say(t, "(%s%s%s)", limit_level_text(low->level), low->by ? " " : "",
			low->by ? low->by : "");
	}
	if (limits->has_high) {
		say_decimal(t, " high=", limits->high);
		say(t, "(%s%s%s)", limit_level_text(high->level), high->by ? " " : "",
			high->by ? high->by : "");
	}
}

/* Verbs other than readings. Returns whether it is one. */
static bool verb(struct timeline *t, const char *event, const struct words *w, char *why, int *e)
{
	const char *v = w->at[0];

	if (strcmp(v, "device") == 0) {
		keep_place(t, event);
		*e = alarms_device(t->a, w->at[1], word_or_null(w, 2), &t->now);
	} else if (strcmp(v, "remove-device") == 0) {
		for (size_t i = 0; i < t->place_count; i++)
			if (strncmp(t->places[i] + 7, w->at[1], strlen(w->at[1])) == 0 &&
				(t->places[i][7 + strlen(w->at[1])] == ' ' ||
					!t->places[i][7 + strlen(w->at[1])]))
				t->places[i][0] = 0;
		alarms_device_remove(t->a, w->at[1], &t->now);
	} else if (strcmp(v, "remove-bed") == 0) {
		alarms_bed_remove(t->a, w->at[1], &t->now);
		for (size_t i = 0; i < t->place_count; i++) {
			char *bed = strrchr(t->places[i], ' ');

			if (bed && strcmp(bed + 1, w->at[1]) == 0)
				*bed = 0;
		}
	} else if (strcmp(v, "patient") == 0) {
		*e = alarms_patient(
			t->a, w->at[1], word_or_null(w, 2), word_or_null(w, 3), &t->now);
	} else if (strcmp(v, "scale2") == 0) {
		*e = alarms_order_scale2(
			t->a, w->at[1], strcmp(w->at[2], "yes") == 0, "dr-x", &t->now);
	} else if (strcmp(v, "condition") == 0) {
		*e = alarms_condition(t->a, condition_by_name(w->at[1]), word_or_null(w, 2),
			strcmp(w->at[3], "yes") == 0, NULL, &t->now);
	} else if (strcmp(v, "ack") == 0) {
		*e = alarms_acknowledge(t->a, w->at[1], w->at[2], &t->now, why);
	} else if (strcmp(v, "reset") == 0) {
		*e = alarms_reset(t->a, w->at[1], w->at[2], &t->now, why);
	} else if (strcmp(v, "pause") == 0) {
		*e = alarms_pause(t->a, w->at[1], pause_kind(w->at[2]), strtol(w->at[3], NULL, 10),
			w->at[4], &t->now, why);
	} else if (strcmp(v, "pause-bed") == 0) {
		*e = alarms_pause_bed(t->a, w->at[1], pause_kind(w->at[2]),
			strtol(w->at[3], NULL, 10), w->at[4], &t->now, why);
	} else if (strcmp(v, "set-limits") == 0) {
		return set_limits(t, w, why, e);
	} else if (strcmp(v, "limits") == 0) {
		alarms_limits(t->a, word_or_null(w, 1), on_limit, t);
	} else if (strcmp(v, "continue") == 0) {
		alarms_continue(t->a, &t->now);
	} else if (strcmp(v, "restart") == 0) {
		*e = timeline_restart(t, w->count > 1 ? timeline_duration(w->at[1]) : 0) ? 0 : -1;
	} else if (strcmp(v, "mode") == 0) {
		t->training = option(w, "training");
		t->untechnical = !option(w, "technical");
		alarms_mode(t->a, t->training, !t->untechnical, &t->now);
	} else if (strcmp(v, "text") == 0) {
		separate(t);
		say(t, "%s", t->text);
	} else if (strcmp(v, "parts") == 0) {
		separate(t);
		say(t, "%s", t->parts);
	} else {
		return strcmp(v, "wait") == 0;
	}
	return true;
}

bool timeline_event(struct timeline *t, const char *event)
{
	uint64_t revision = alarms_revision(t->a);
	char why[ALARMS_WHY_MAX] = "";
	struct words w;
	int e = 0;

	split(&w, event);
	if (w.count == 0)
		return false;
	if (!verb(t, event, &w, why, &e))
		return read_reading(t, &w);
	if (e != 0) {
		separate(t);
		say(t, "outcome=%d%s%s", e, why[0] ? " " : "", why);
	}
	assert(alarms_deadline(t->a) > t->now.boot_us || strncmp(event, "restart", 7) == 0);
	if (strncmp(event, "restart", 7) != 0)
		assert(alarms_revision(t->a) >= revision);
	return true;
}
