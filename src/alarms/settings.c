/*
 * Settings of rules: see settings.h.
 */
#include "alarms/settings.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/decimal.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define COMMON(field) offsetof(struct rule_common, field)

static const char *const priorities[] = { "none", "low", "medium", "high", NULL };
static const char *const kinds[] = { "", "physiological", "technical", "advisory", NULL };
static const char *const scopes[] = { "device", "bed", NULL };

const struct rule_setting rule_common_settings[] = {
	{ "Type", SETTING_TEXT, COMMON(type), "", .required = true, .example = "limit",
		.help = "What the rule looks for." },
	{ "Metric", SETTING_METRIC, COMMON(metric), "", .example = "spo2",
		.help = "The metric that the rule watches." },
	{ "Priority", SETTING_CHOICE, COMMON(priority), "", .words = priorities, .required = true,
		.example = "high",
		.help = "The alarm's priority. A rule with none says nothing by itself; others may "
			"combine it." },
	{ "Kind", SETTING_CHOICE, COMMON(kind), "", .words = kinds, .example = "physiological",
		.help = "What sort of condition it is. When it is not given, the metric and the "
			"type say." },
	{ "Latching", SETTING_SWITCH, COMMON(latching), "no",
		.help = "Whether the alarm stays until it is reset, although its cause is gone. A "
			"high-priority rule must say." },
	{ "For", SETTING_DURATION, COMMON(for_us), "0", 0, DAY, .example = "15s",
		.help = "How long the condition must last before the alarm starts. Spot "
			"measurements are judged at once." },
	{ "Samples", SETTING_COUNT, COMMON(samples), "1", 1, 1000, .example = "3",
		.help = "How many readings in a row must show the condition before the alarm "
			"starts." },
	{ "ClearFor", SETTING_DURATION, COMMON(clear_for_us), "0", 0, DAY, .example = "10s",
		.help = "How long the condition must be gone before the alarm ends." },
	{ "Below", SETTING_NUMBER, COMMON(below), "", .example = "90",
		.help = "The lower limit, in the metric's unit: what is below it alarms." },
	{ "Above", SETTING_NUMBER, COMMON(above), "", .example = "120",
		.help = "The upper limit, likewise." },
	{ "ClearAt", SETTING_NUMBER, COMMON(clear_at), "", .example = "92",
		.help = "The value at which the alarm ends, on the good side of the one limit." },
	{ "Hysteresis", SETTING_NUMBER, COMMON(hysteresis), "", .example = "2",
		.help = "How far back on the good side of its limit a value ends the alarm; for "
			"rules with both limits." },
	{ "Scope", SETTING_CHOICE, COMMON(scope), "device", .words = scopes, .example = "bed",
		.help = "Whether each device has an alarm of its own (device), or all devices at a "
			"bed share one (bed)." },
	{ "Unit", SETTING_TEXT, COMMON(unit), "", .example = "mmol/L",
		.help = "The unit that the limits are meant in; it must be the metric's. A "
			"high-priority rule on a metric with several units must say." },
	{ "EscalateAfter", SETTING_DURATION, COMMON(escalate_after_us), "0", 0, DAY,
		.example = "5min",
		.help = "After this time without an acknowledgement the priority rises by one." },
	{ "Beds", SETTING_TEXT, COMMON(beds), "*", .example = "3 4 5",
		.help = "The beds that the rule is for.", .list = true,
		.names = SETTING_NAMES_BEDS },
	{ "Devices", SETTING_TEXT, COMMON(devices), "*", .example = "bed3-oximeter",
		.help = "The devices that the rule is for.", .list = true,
		.names = SETTING_NAMES_DEVICES },
};
const size_t rule_common_setting_count = ARRAY_SIZE(rule_common_settings);

const struct rule_setting *setting_find(
	const struct rule_setting *rows, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].key, key) == 0)
			return &rows[i];
	return NULL;
}

static int refuse(char *why, const char *sentence)
{
	snprintf(why, RULE_WHY_MAX, "%s", sentence);
	return -EINVAL;
}

/* Decimal digits at *at. Returns how many there are; 0 also when the number is too large. */
static size_t take_number(const char **at, int64_t *ret)
{
	const char *p = *at;
	int64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (v > INT64_C(100000000000000))
			return 0;
		v = v * 10 + (*p - '0');
	}
	*ret = v;
	v = p - *at;
	*at = p;
	return (size_t)v;
}

static int64_t duration_unit(const char *at, size_t length)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = { { "ms", 1000 }, { "s", SECOND }, { "min", MINUTE }, { "h", HOUR },
		{ "d", DAY } };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == length && memcmp(units[i].name, at, length) == 0)
			return units[i].us;
	return 0;
}

int setting_duration(const char *text, int64_t *ret_us)
{
	const char *at = text;
	int64_t sum = 0;

	if (strcmp(text, "0") == 0) {
		*ret_us = 0;
		return 0;
	}
	do {
		int64_t number, unit, part;
		size_t length = 0;

		if (take_number(&at, &number) == 0)
			return -EINVAL;
		while (at[length] >= 'a' && at[length] <= 'z')
			length++;
		unit = duration_unit(at, length);
		if (unit == 0 || __builtin_mul_overflow(number, unit, &part) ||
			__builtin_add_overflow(sum, part, &sum))
			return -EINVAL;
		at += length;
		while (*at == ' ')
			at++;
	} while (*at);
	*ret_us = sum;
	return 0;
}

static int read_duration(const struct rule_setting *row, const char *value, int64_t *ret, char *why)
{
	if (setting_duration(value, ret) < 0)
		return refuse(why, "is no duration; give a number and a unit (ms, s, min, h, d), "
				   "e.g. 15s");
	if (*ret < row->min || *ret > row->max) {
		snprintf(why, RULE_WHY_MAX, "is out of range; give %lld ms to %lld s",
			(long long)(row->min / 1000), (long long)(row->max / SECOND));
		return -EINVAL;
	}
	return 0;
}

static int read_count(const struct rule_setting *row, const char *value, uint32_t *ret, char *why)
{
	const char *at = value;
	int64_t v;

	if (take_number(&at, &v) == 0 || *at || v > UINT32_MAX)
		return refuse(why, "is no whole number; give e.g. 3");
	if (v < row->min || v > row->max) {
		snprintf(why, RULE_WHY_MAX, "is out of range; give %lld to %lld",
			(long long)row->min, (long long)row->max);
		return -EINVAL;
	}
	*ret = (uint32_t)v;
	return 0;
}

static int read_choice(const struct rule_setting *row, const char *value, int *ret, char *why)
{
	size_t n;

	for (int i = 0; row->words[i]; i++)
		if (strcmp(row->words[i], value) == 0) {
			*ret = i;
			return 0;
		}
	n = (size_t)snprintf(why, RULE_WHY_MAX, "is none of the words; give one of");
	for (int i = 0; row->words[i]; i++) {
		n += (size_t)snprintf(why + n, RULE_WHY_MAX - n, " %s", row->words[i]);
		assert(n < RULE_WHY_MAX); /* the words are few and ours */
	}
	return -EINVAL;
}

static int read_number(const char *value, struct setting_number *ret, char *why)
{
	if (decimal_from_text(&ret->value, value, strlen(value)) < 0 || ret->value.exponent < -9 ||
		ret->value.exponent > 9)
		return refuse(why, "is no number; give e.g. 90 or 37.5");
	ret->given = true;
	return 0;
}

static int read_switch(const char *value, bool *ret, char *why)
{
	*ret = strcmp(value, "yes") == 0;
	return *ret || strcmp(value, "no") == 0 ? 0 : refuse(why, "is neither yes nor no");
}

int setting_read(const struct rule_setting *row, const char *value, void *params, char *why)
{
	void *at = (char *)params + row->offset;

	switch (row->kind) {
	case SETTING_NUMBER:
		return read_number(value, at, why);
	case SETTING_DURATION:
		return read_duration(row, value, at, why);
	case SETTING_COUNT:
		return read_count(row, value, at, why);
	case SETTING_SWITCH:
		return read_switch(value, at, why);
	case SETTING_CHOICE:
		return read_choice(row, value, at, why);
	case SETTING_METRIC: {
		enum metric m = metric_by_name(value, strlen(value));

		if (m == METRIC_NONE)
			return refuse(why, "is no metric that the gateway knows");
		*(enum metric *)at = m;
		return 0;
	}
	case SETTING_TEXT:
		if (strlen(value) > RULE_LIST_MAX)
			return refuse(why, "is too long");
		memcpy(at, &value, sizeof(value));
		return 0;
	}
	return -EINVAL;
}

size_t setting_word(const char *list, unsigned n, const char **ret)
{
	for (;;) {
		size_t length;

		while (*list == ' ')
			list++;
		length = strcspn(list, " ");
		if (length == 0 || n-- == 0) {
			*ret = list;
			return length;
		}
		list += length;
	}
}
