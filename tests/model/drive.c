/*
 * Drives the alarm engine by a scenario: steps on standard input, all that the
 * engine gives out on standard output, one JSON object a line. The clock is
 * counted and the engine is ticked at the moments it asks for. What the output
 * ought to be is not known here: tests/model/alarm_model.py says that.
 *
 *     drive           a scenario, see tests/model/README.md
 *     drive --help    the settings that rules may have, and what they mean
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"
#include "util/decimal.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

#define FIELDS_MAX 40
#define RULES_HERE_MAX 64
#define NAMES_MAX 64
#define TICKS_MAX 1000000 /* between two steps: an engine that asks for more runs away */

struct text_rule {
	char *line;
	struct rule_item items[FIELDS_MAX];
	struct rule_settings settings;
};

struct rule_texts {
	struct text_rule rules[RULES_HERE_MAX];
	size_t count;
};

/* What a restart gives to the new engine before the state. */
struct name {
	char *text, *bed; /* bed NULL: none */
};

struct drive {
	struct alarms *engine;
	bool training, lazy;
	int64_t now_us;      /* the scenario's time */
	int64_t boot_off_us; /* of the engine's boot-time clock against it */
	unsigned runs;
	struct rule_texts fresh, taken;
	struct name devices[NAMES_MAX];
	size_t device_count;
	uint64_t sequence;
};

static struct drive drive;

static void on_fault(void *userdata, size_t rule, const char *key, const char *sentence)
{
	const struct rule_texts *t = userdata;

	printf("{\"fault\":\"%s\"", t->rules[rule].settings.name);
	put_text("key", key);
	put_text("why", sentence);
	printf("}\n");
}

/* ---- what goes in ---- */

static struct alarm_now now_of(const struct drive *d)
{
	return (struct alarm_now){ .boot_us = d->now_us + d->boot_off_us,
		.utc_us = UTC_START + d->now_us };
}

static char *copy(const char *text)
{
	char *c = strdup(text);

	assert(c);
	return c;
}

static int64_t number_of(const char *text)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || end == text || *end) {
		fprintf(stderr, "drive: no number: %s\n", text);
		exit(2);
	}
	return v;
}

static struct decimal decimal_of(const char *text)
{
	struct decimal d;

	if (decimal_from_text(&d, text, strlen(text)) < 0) {
		fprintf(stderr, "drive: no decimal: %s\n", text);
		exit(2);
	}
	return d;
}

/* "-": none */
static const char *or_none(const char *text)
{
	return strcmp(text, "-") != 0 ? text : NULL;
}

static void texts_clear(struct rule_texts *t)
{
	for (size_t i = 0; i < t->count; i++) {
		for (size_t k = 0; k < t->rules[i].settings.count; k++)
			free((char *)t->rules[i].items[k].key);
		free((char *)t->rules[i].settings.name);
	}
	t->count = 0;
}

static void add_rule(struct rule_texts *t, char **fields, size_t n)
{
	struct text_rule *r = &t->rules[t->count++];

	assert(t->count <= RULES_HERE_MAX);
	r->settings = (struct rule_settings){ .name = copy(fields[0]), .items = r->items };
	for (size_t i = 1; i < n; i++) {
		char *text = copy(fields[i]), *value = strchr(text, '=');

		assert(value);
		*value++ = 0;
		r->items[r->settings.count++] = (struct rule_item){ .key = text, .value = value };
	}
}

static int take_rules(struct drive *d, struct rule_texts *t)
{
	struct rule_settings settings[RULES_HERE_MAX];
	struct alarm_now now = now_of(d);
	struct ruleset *set = NULL;
	int e;

	for (size_t i = 0; i < t->count; i++) {
		settings[i] = t->rules[i].settings;
		settings[i].items = t->rules[i].items;
	}
	e = ruleset_new(&set, settings, t->count, on_fault, t);
	return e ? e : alarms_set_rules(d->engine, set, &now);
}

static void engine_new(struct drive *d)
{
	char epoch[32];
	struct alarms_options options = { .epoch = epoch,
		.training = d->training,
		.sink = { .event = on_event,
			.computed = on_computed,
			.limits = on_limits,
			.userdata = &d->now_us } };
	int e;

	snprintf(epoch, sizeof(epoch), "%u", ++d->runs);
	d->engine = alarms_free(d->engine);
	e = alarms_new(&d->engine, &options);
	assert(e == 0);
}

static void remember_device(struct drive *d, const char *name, const char *bed, bool gone)
{
	size_t i = 0;

	while (i < d->device_count && strcmp(d->devices[i].text, name) != 0)
		i++;
	if (i < d->device_count) {
		free(d->devices[i].text);
		free(d->devices[i].bed);
		d->devices[i] = d->devices[--d->device_count];
	}
	if (gone)
		return;
	assert(d->device_count < NAMES_MAX);
	d->devices[d->device_count++] =
		(struct name){ .text = copy(name), .bed = bed ? copy(bed) : NULL };
}

/* Its devices stand at none. */
static void forget_bed(struct drive *d, const char *bed)
{
	for (size_t i = 0; i < d->device_count; i++)
		if (d->devices[i].bed && strcmp(d->devices[i].bed, bed) == 0) {
			free(d->devices[i].bed);
			d->devices[i].bed = NULL;
		}
}

/* elapsed as the new run is told: negative when it cannot know. shift: its boot-time clock. */
static int restart(struct drive *d, int64_t elapsed_us, int64_t shift_us, char *why)
{
	struct alarm_now now = now_of(d);
	size_t length;
	char *text;
	int e = alarms_save(d->engine, &now, &text, &length);

	assert(e == 0);
	d->now_us += elapsed_us < 0 ? -elapsed_us : elapsed_us;
	d->boot_off_us += shift_us;
	engine_new(d);
	e = take_rules(d, &d->taken);
	assert(e == 0);
	now = now_of(d);
	for (size_t i = 0; i < d->device_count; i++) {
		e = alarms_device(d->engine, d->devices[i].text, d->devices[i].bed, &now);
		assert(e == 0);
	}
	e = alarms_restore(d->engine, text, length, elapsed_us, &now, why);
	free(text);
	return e;
}

static struct label *label_of(const char *text)
{
	struct label *l = NULL;
	int e = label_new(&l, text);

	assert(e == 0);
	return l;
}

static uint16_t flags_of(char *text)
{
	uint16_t flags = 0;
	char *save;

	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		flags |= (uint16_t)reading_flag_by_text(w, strlen(w));
	return flags;
}

static enum origin origin_of(const char *text)
{
	enum origin o = ORIGIN_MEASURED;

	while (o < _ORIGIN_MAX && strcmp(origin_text(o), text) != 0)
		o++;
	assert(o < _ORIGIN_MAX);
	return o;
}

static void set_field(struct drive *d, struct reading *r, const char *key, char *value)
{
	if (strcmp(key, "device") == 0)
		r->device = label_of(value);
	else if (strcmp(key, "bed") == 0)
		r->bed = label_of(value);
	else if (strcmp(key, "metric") == 0)
		r->metric = (uint8_t)metric_by_name(value, strlen(value));
	else if (strcmp(key, "number") == 0) {
		r->kind = VALUE_NUMBER;
		r->number = decimal_of(value);
	} else if (strcmp(key, "boolean") == 0) {
		r->kind = VALUE_BOOLEAN;
		r->boolean = strcmp(value, "true") == 0;
	} else if (strcmp(key, "word") == 0) {
		r->kind = VALUE_WORD;
		r->word = (uint16_t)word_by_text(value, strlen(value));
	} else if (strcmp(key, "validity") == 0)
		r->validity = (uint8_t)validity_by_text(value, strlen(value));
	else if (strcmp(key, "flags") == 0)
		r->flags = flags_of(value);
	else if (strcmp(key, "origin") == 0)
		r->origin = (uint8_t)origin_of(value);
	else if (strcmp(key, "instance") == 0)
		r->instance = (uint8_t)number_of(value);
	else if (strcmp(key, "backfill") == 0)
		r->backfill = true;
	else if (strcmp(key, "age") == 0) {
		r->time_us = r->received_us - number_of(value);
		r->time_source = TIME_DEVICE;
	} else if (strcmp(key, "expect") == 0)
		r->expect_us = number_of(value);
	else if (strcmp(key, "by") == 0)
		r->by = label_of(value);
	else {
		fprintf(stderr, "drive: no field of a reading: %s\n", key);
		exit(2);
	}
}

static int read_reading(struct drive *d, char **fields, size_t n)
{
	struct alarm_now now = now_of(d);
	struct reading r = { .received_us = now.utc_us,
		.received_boot_us = now.boot_us,
		.time_us = now.utc_us,
		.sequence = ++d->sequence };
	int e;

	for (size_t i = 0; i < n; i++) {
		char *value = strchr(fields[i], '=');

		assert(value);
		*value++ = 0;
		set_field(d, &r, fields[i], value);
	}
	e = alarms_reading(d->engine, &r, &now);
	reading_release(&r);
	return e;
}

static enum alarms_pause pause_of(const char *text)
{
	static const char *const words[] = { "audio", "alarm", "audio-off", "alarm-off" };

	for (unsigned i = 0; i < 4; i++)
		if (strcmp(words[i], text) == 0)
			return (enum alarms_pause)i;
	fprintf(stderr, "drive: no pause: %s\n", text);
	exit(2);
}

static enum limit_level level_of(const char *text)
{
	for (unsigned i = 0; i < _LIMIT_LEVEL_MAX; i++)
		if (strcmp(limit_level_text((enum limit_level)i), text) == 0)
			return (enum limit_level)i;
	fprintf(stderr, "drive: no level: %s\n", text);
	exit(2);
}

static int set_limits(struct drive *d, char **f, const struct alarm_now *now, char *why)
{
	struct alarm_limits l = { 0 };

	if (or_none(f[3])) {
		l.has_low = true;
		l.low = decimal_of(f[3]);
	}
	if (or_none(f[4])) {
		l.has_high = true;
		l.high = decimal_of(f[4]);
	}
	return alarms_set_limits(
		d->engine, f[0], level_of(f[1]), or_none(f[2]), &l, f[5], now, why);
}

static int say_end(struct drive *d)
{
	struct alarms_counters c;

	alarms_counters(d->engine, &c);
	printf("{\"counters\":{\"devices\":%zu,\"beds\":%zu,\"active\":%zu,\"late\":%" PRIu64
	       ",\"unmeasured\":%" PRIu64 "}}\n",
		c.devices, c.beds, c.active, c.late, c.unmeasured);
	return 0;
}

/* One step at the time that is now. Returns what the engine returned. */
static int step(struct drive *d, const char *verb, char **f, size_t n, char *why)
{
	struct alarm_now now = now_of(d);
	struct alarms *a = d->engine;

#define IS(name, least) (strcmp(verb, name) == 0 && n + 1 > (least))
	if (IS("reading", 1))
		return read_reading(d, f, n);
	if (IS("wait", 0))
		return 0;
	if (IS("tick", 0)) {
		alarms_tick(a, &now);
		return 0;
	}
	if (IS("rule", 1)) {
		add_rule(&d->fresh, f, n);
		return 0;
	}
	if (IS("rules", 0)) {
		int e = take_rules(d, &d->fresh);

		if (e == 0) {
			texts_clear(&d->taken);
			d->taken = d->fresh;
			d->fresh.count = 0;
		}
		texts_clear(&d->fresh);
		return e;
	}
	if (IS("device", 2)) {
		remember_device(d, f[0], or_none(f[1]), false);
		return alarms_device(a, f[0], or_none(f[1]), &now);
	}
	if (IS("remove-device", 1)) {
		remember_device(d, f[0], NULL, true);
		alarms_device_remove(a, f[0], &now);
		return 0;
	}
	if (IS("remove-bed", 1)) {
		forget_bed(d, f[0]);
		alarms_bed_remove(a, f[0], &now);
		return 0;
	}
	if (IS("patient", 3))
		return alarms_patient(a, f[0], or_none(f[1]), or_none(f[2]), &now);
	if (IS("scale2", 3))
		return alarms_order_scale2(a, f[0], strcmp(f[1], "yes") == 0, f[2], &now);
	if (IS("condition", 3))
		return alarms_condition(a, condition_by_name(f[0]), or_none(f[1]),
			strcmp(f[2], "yes") == 0, NULL, &now);
	if (IS("continue", 0)) {
		alarms_continue(a, &now);
		return 0;
	}
	if (IS("ack", 2))
		return alarms_acknowledge(a, f[0], f[1], &now, why);
	if (IS("pause", 4))
		return alarms_pause(a, f[0], pause_of(f[1]), number_of(f[2]), f[3], &now, why);
	if (IS("pause-bed", 4))
		return alarms_pause_bed(a, f[0], pause_of(f[1]), number_of(f[2]), f[3], &now, why);
	if (IS("reset", 2))
		return alarms_reset(a, f[0], f[1], &now, why);
	if (IS("set-limits", 6))
		return set_limits(d, f, &now, why);
	if (IS("limits", 1)) {
		alarms_limits(a, or_none(f[0]), on_limit_in_force, NULL);
		return 0;
	}
	if (IS("restart", 2))
		return restart(d, number_of(f[0]), number_of(f[1]), why);
	if (IS("counters", 0))
		return say_end(d);
#undef IS
	fprintf(stderr, "drive: no step: %s with %zu fields\n", verb, n);
	exit(2);
}

/* Ticks whenever the engine has asked for it, up to the time of the next step. */
static void advance(struct drive *d, int64_t to_us)
{
	for (unsigned n = 0; !d->lazy; n++) {
		int64_t due = alarms_deadline(d->engine);
		struct alarm_now now = now_of(d);

		if (due != RULE_NEVER && due <= now.boot_us && n) {
			printf("{\"broken\":\"the deadline is not later than now\"}\n");
			break;
		}
		if (due == RULE_NEVER || due - d->boot_off_us > to_us)
			break;
		assert(n < TICKS_MAX);
		if (due > now.boot_us)
			d->now_us = due - d->boot_off_us;
		now = now_of(d);
		alarms_tick(d->engine, &now);
	}
	if (to_us > d->now_us)
		d->now_us = to_us;
}

static void run_line(struct drive *d, char *line, unsigned number)
{
	char *fields[FIELDS_MAX], *save, why[ALARMS_WHY_MAX] = "";
	size_t n = 0;
	int e;

	for (char *f = strtok_r(line, "\t\n", &save); f && n < FIELDS_MAX;
		f = strtok_r(NULL, "\t\n", &save))
		fields[n++] = f;
	if (n == 0 || fields[0][0] == '#')
		return;
	assert(n >= 2);
	if (strcmp(fields[1], "training") == 0) {
		d->training = true;
		engine_new(d);
		return;
	}
	if (strcmp(fields[1], "lazy") == 0) {
		d->lazy = true;
		return;
	}
	advance(d, number_of(fields[0]));
	printf("{\"step\":%u,\"t\":%" PRId64 "}\n", number, d->now_us);
	e = step(d, fields[1], fields + 2, n - 2, why);
	if (e) {
		printf("{\"result\":%d", e);
		put_text("why", why);
		printf("}\n");
	}
}

int main(int argc, char **argv)
{
	struct drive *d = &drive;
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;

	if (argc > 1) {
		print_help();
		return 0;
	}
	d->boot_off_us = 1000000 * ALARMS_SECOND;
	engine_new(d);
	while (getline(&line, &size, stdin) > 0)
		run_line(d, line, number++);
	free(line);
	texts_clear(&d->fresh);
	texts_clear(&d->taken);
	while (d->device_count > 0)
		remember_device(d, d->devices[0].text, NULL, true);
	d->engine = alarms_free(d->engine);
	return 0;
}
