/*
 * Reads a saved state back: see save.h. All of it is checked before any of it
 * is taken: the same walk runs twice, the first time without touching anything.
 * The bytes may be anything.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/restore.h"

/* ---- what the lines say ---- */

static int read_bed(struct reader *k)
{
	const char *name = restore_get(k, "bed");
	struct bed_place fresh = { .until_us = RULE_NEVER, .remind_us = RULE_NEVER };
	struct bed_place *b = &fresh;
	int e;

	if (!name || strlen(name) > LABEL_MAX)
		return restore_bad(k, "a bed without a name");
	e = restore_rows(k, save_bed_rows.rows, save_bed_rows.count, &fresh);
	if (e == 0 && (fresh.inactivation >= _INACTIVATION_END ||
			      fresh.inactivation & INACTIVATION_ACKNOWLEDGED))
		e = restore_bad(k, "an inactivation that there is not");
	if (e == 0 && k->apply) {
		e = bed_get(k->a, name, k->now, &b);
		if (e != 0)
			return e < 0 ? e : 0;
		b->inactivation = fresh.inactivation;
		b->until_us = fresh.until_us;
		b->remind_us = fresh.remind_us;
		b->scale2 = fresh.scale2;
	}
	e = e ?: restore_label(k, "patient", &b->patient);
	e = e ?: restore_label(k, "association", &b->association);
	e = e ?: restore_label(k, "by", &b->by);
	e = e ?: restore_label(k, "scale2_by", &b->scale2_by);
	if (e == 0 && k->apply)
		bed_arm(k->a, b);
	return e;
}

static int read_input(struct reader *k)
{
	const char *name = restore_get(k, "bed");
	struct bed_place *b = name ? bed_find(k->a, name) : NULL;
	struct rule_input fresh = { 0 }, *in = &fresh;
	enum metric m;
	int e = restore_metric(k, &m);

	if (!name)
		return restore_bad(k, "an input without a bed");
	fresh.metric = m;
	e = e ?: restore_rows(k, save_input_rows.rows, save_input_rows.count, &fresh);
	e = e ?: restore_word(k, "word", &fresh.word);
	if (e == 0 && (fresh.kind > VALUE_WORD || fresh.extreme >= _SIDE_MAX ||
			      fresh.origin >= _ORIGIN_MAX))
		e = restore_bad(k, "a kind that there is not");
	if (e == 0 && k->apply) {
		if (!b || !b->inputs)
			return 0;
		in = &b->inputs[m];
		label_unref(in->device);
		label_unref(in->by);
		*in = fresh;
	}
	e = e ?: restore_label(k, "device", &in->device);
	return e ?: restore_label(k, "by", &in->by);
}

/* The place that device= or bed= names; neither: it is gone. */
static int read_place(struct reader *k, struct device_place **d, struct bed_place **b)
{
	const char *device = restore_get(k, "device"), *bed = restore_get(k, "bed");

	*d = device ? device_find(k->a, device) : NULL;
	*b = bed ? bed_find(k->a, bed) : NULL;
	return (device != NULL) + (bed != NULL) == 1 ? 0 : restore_bad(k, "no place, or two");
}

static int read_sensor(struct reader *k)
{
	struct device_place *d;
	struct bed_place *b;
	struct sensor fresh = { 0 }, *x;
	unsigned instance = 0;
	enum metric m;
	int e = restore_metric(k, &m);

	e = e ?: read_place(k, &d, &b);
	e = e ?: restore_instance(k, &instance);
	e = e ?: restore_rows(k, save_sensor_rows.rows, save_sensor_rows.count, &fresh);
	e = e ?: restore_word(k, "reason", &fresh.reason);
	if (e != 0 || !k->apply || (!d && !b))
		return e;
	e = sensor_get(k->a, d, b, m, instance, k->now, &x);
	if (e != 0)
		return e < 0 ? e : 0;
	x->heard = fresh.heard;
	x->measured = fresh.measured;
	x->measured_us = fresh.measured_us;
	x->stamp_us = fresh.stamp_us;
	x->demo = fresh.demo;
	x->reason = fresh.reason;
	if (!d)
		return 0;
	d->off_count += (unsigned)fresh.off - x->off;
	d->beyond_count += (unsigned)fresh.beyond - x->beyond;
	x->off = fresh.off;
	x->beyond = fresh.beyond;
	x->unmeasured_us = fresh.unmeasured_us;
	alarm_timers_set(&k->a->timers, &x->timer,
		x->unmeasured_us && !x->off ? x->unmeasured_us + ALARMS_FREEZE_US : RULE_NEVER);
	return 0;
}

static int read_limits(struct reader *k)
{
	const char *name = restore_get(k, "rule"), *level = restore_get(k, "level"),
		   *bed = restore_get(k, "bed");
	const char *low = restore_get(k, "low"), *high = restore_get(k, "high"),
		   *since = restore_get(k, "since");
	struct rule *r = name && k->a->rules ? ruleset_find(k->a->rules, name) : NULL;
	struct alarm_limits limits = { .has_low = low, .has_high = high }, before;
	struct bed_place *b = bed ? bed_find(k->a, bed) : NULL;
	int64_t since_us;
	unsigned l = 1;

	while (level && l < _LIMIT_LEVEL_MAX && strcmp(limit_level_text(l), level) != 0)
		l++;
	if (!name || !level || l == _LIMIT_LEVEL_MAX || (bed != NULL) != (l != LIMIT_WARD) ||
		!(low || high) || !since || !restore_number(&since, &since_us) ||
		(low && !restore_decimal(&low, &limits.low)) ||
		(high && !restore_decimal(&high, &limits.high)))
		return restore_bad(k, "limits that are none");
	if (!k->apply)
		return 0;
	if (!r || (bed && !b) || !(r->type->flags & RULE_LIMITS) ||
		(l == LIMIT_PATIENT && !b->patient)) {
		override_tell_gone(k->a, name, l, bed, &limits, k->now);
		return 0;
	}
	return override_put(k->a, r, l, b, &limits, restore_get(k, "by"), since_us, &before) ==
			       -ENOMEM
		       ? -ENOMEM
		       : 0;
}

static int read_group(struct reader *k)
{
	const char *name = restore_get(k, "name");
	enum alarm_condition c = name ? condition_by_name(name) : CONDITION_NONE;
	struct group fresh = { 0 };
	int e = restore_rows(k, save_group_rows.rows, save_group_rows.count, &fresh);

	if (c == CONDITION_NONE)
		return restore_bad(k, "a condition that there is not");
	if (e == 0 && k->apply) {
		k->a->groups[c].own = fresh.own;
		k->a->groups[c].joined_us = fresh.joined_us;
		k->a->groups[c].changed = fresh.changed;
	}
	return e;
}

static int read_line(struct reader *k)
{
	static const struct {
		const char *word;
		int (*read)(struct reader *k);
	} words[] = { { "bed", read_bed }, { "input", read_input }, { "sensor", read_sensor },
		{ "limits", read_limits }, { "group", read_group }, { "state", restore_state } };

	if (strcmp(k->word, "subject") == 0 || strcmp(k->word, "condition") == 0)
		return restore_subject(k, k->word[0] == 's');
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, k->word) == 0)
			return words[i].read(k);
	return restore_bad(k, "an unknown word");
}

static int64_t number_of(const struct reader *k, const char *name)
{
	const char *text = restore_get(k, name);
	int64_t v;

	return text && restore_number(&text, &v) && *text == 0 && v < TIME_LIMIT && v > -TIME_LIMIT
		       ? v
		       : INT64_MIN;
}

static int read_head(struct reader *k, int64_t elapsed_us)
{
	int64_t boot = number_of(k, "boot"), number = number_of(k, "number");

	if (strcmp(k->word, SAVE_MAGIC) != 0 || number_of(k, "version") < 0)
		return restore_bad(k, "it is no saved state");
	if (number_of(k, "version") != SAVE_VERSION)
		return restore_bad(k, "it is of another version");
	if (boot < 0 || number < 0)
		return restore_bad(k, "its times are none");
	k->long_gap = elapsed_us < 0 || elapsed_us > ALARMS_AS_BEFORE_US;
	k->shift_us = k->now->boot_us - (elapsed_us > 0 ? elapsed_us : 0) - boot;
	if (k->apply && (uint64_t)number > k->a->number)
		k->a->number = (uint64_t)number;
	return 0;
}

/* The last line: how many there were, and their sum. */
static int check_end(struct reader *k, const char *text, size_t length)
{
	const char *end = length > 0 ? memrchr(text, '\n', length - 1) : NULL;
	unsigned lines = 0;
	char line[80];
	int n;

	end = end ? end + 1 : text;
	for (const char *at = text; at < end; at++)
		lines += *at == '\n';
	n = snprintf(line, sizeof(line), "end\tlines=%u\tsum=%016" PRIx64 "\n", lines,
		save_sum(text, (size_t)(end - text)));
	k->line = 0;
	if ((size_t)(text + length - end) != (size_t)n || memcmp(end, line, (size_t)n) != 0)
		return restore_bad(k, "its end is missing or its sum is wrong");
	return memchr(text, 0, length) ? restore_bad(k, "a byte 0") : 0;
}

static int walk(struct reader *k, char *text, int64_t elapsed_us)
{
	int e = 0;

	k->line = 0;
	k->expect_state = false;
	for (char *line = text, *end; e == 0; line = end + 1) {
		end = strchr(line, '\n');
		assert(end); /* check_end() has seen the last line, which ends this */
		*end = 0;
		k->line++;
		e = restore_split(k, line);
		if (e != 0 || (k->line > 1 && strcmp(k->word, "end") == 0))
			break;
		e = k->line == 1 ? read_head(k, elapsed_us) : read_line(k);
	}
	return e;
}

/* The configuration may be another one than that of what was saved. */
static void restored_rule(struct alarms *a, struct rule *r, const struct alarm_now *now)
{
	overrides_check(a, r, now);
	for (struct subject *s = r->subjects; s; s = s->next_of_kind)
		if (subject_kind(s) != ALARM_PHYSIOLOGICAL) /* else the patient may have gone */
			subject_begin_known(a, s, now);
}

int alarms_restore(struct alarms *a, const char *text, size_t length, int64_t elapsed_us,
	const struct alarm_now *now, char *why)
{
	struct reader k = { .a = a, .now = now, .why = why };
	int e;

	assert(!a->busy);
	if (length > ALARMS_STATE_MAX)
		return restore_bad(&k, "it is too long");
	e = check_end(&k, text, length);
	a->restoring = true;
	for (int pass = 0; pass < 2 && e == 0; pass++) {
		_cleanup_(freep) char *copy = malloc(length + 1);

		if (!copy) {
			e = -ENOMEM;
			break;
		}
		memcpy(copy, text, length);
		copy[length] = 0;
		k.apply = pass == 1;
		e = walk(&k, copy, elapsed_us);
	}
	a->restoring = false;
	if (e != 0)
		return e;
	for (unsigned c = 1; c < _CONDITION_MAX; c++)
		group_rearm(a, &a->groups[c], now);
	for (size_t i = 0; a->rules && i < a->rules->count; i++)
		restored_rule(a, &a->rules->rules[i], now);
	conditions_refresh(a, now);
	members_refresh(a, now);
	a->generation++;
	a->revision++;
	return 0;
}
