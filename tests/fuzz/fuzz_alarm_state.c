/*
 * A saved state of the alarm engine, as it may come back from a disk: any
 * bytes are taken whole or refused with a sentence. The input is the lines
 * without the last, which carries their sum and is put right here, so that
 * what lies behind it is reached; every second try is without that. What was
 * taken must go on: readings, a day of time, and saving again.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/alarms.h"
#include "util/hash.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULE(name_, ...)                                                                           \
	{                                                                                          \
		.name = name_, .items = (const struct rule_item[]){ __VA_ARGS__ },                 \
		.count = sizeof((const struct rule_item[]){ __VA_ARGS__ }) /                       \
			 sizeof(struct rule_item)                                                  \
	}

static struct ruleset *make_rules(void)
{
	const struct rule_settings rules[] = {
		RULE("lo", { "Type", "limit", 0 }, { "Metric", "spo2", 0 }, { "Below", "90", 0 },
			{ "For", "15s", 0 }, { "Priority", "low", 0 },
			{ "EscalateAfter", "1min", 0 }),
		RULE("bands", { "Type", "bands", 0 }, { "Metric", "spo2", 0 },
			{ "Bands", "<90:low <85:medium", 0 }, { "Priority", "low", 0 }),
		RULE("jump", { "Type", "rate", 0 }, { "Metric", "spo2", 0 }, { "Fall", "5", 0 },
			{ "Window", "10min", 0 }, { "Priority", "low", 0 }),
		RULE("own", { "Type", "deviation", 0 }, { "Metric", "spo2", 0 }, { "Fall", "5", 0 },
			{ "Readings", "2", 0 }, { "Priority", "low", 0 }),
		RULE("gone", { "Type", "absent", 0 }, { "Metric", "spo2", 0 },
			{ "After", "10min", 0 }, { "Priority", "low", 0 }),
		RULE("stuck", { "Type", "stuck", 0 }, { "Metric", "spo2", 0 },
			{ "After", "10min", 0 }, { "Priority", "low", 0 }),
		RULE("call", { "Type", "event", 0 }, { "Metric", "nurse-call", 0 },
			{ "Hold", "1min", 0 }, { "Latching", "yes", 0 }, { "Priority", "low", 0 }),
		RULE("area", { "Type", "sustained", 0 }, { "Metric", "spo2", 0 },
			{ "Below", "92", 0 }, { "Area", "9", 0 }, { "Priority", "low", 0 }),
		RULE("both", { "Type", "combination", 0 }, { "Rules", "lo jump", 0 },
			{ "Within", "1min", 0 }, { "Priority", "low", 0 }),
		RULE("score", { "Type", "score", 0 }, { "AtLeast", "2", 0 },
			{ "Priority", "low", 0 }),
		RULE("fridge", { "Type", "coldchain", 0 }, { "Metric", "ambient-temperature", 0 },
			{ "Priority", "low", 0 }),
	};
	struct ruleset *set = NULL;
	int e = ruleset_new(&set, rules, sizeof(rules) / sizeof(rules[0]), NULL, NULL);

	assert(e == 0);
	return set;
}

static struct alarms *make_engine(const struct alarm_now *now)
{
	const struct alarms_options options = { .epoch = "2-00000000" };
	struct alarms *a = NULL;
	int e = alarms_new(&a, &options);

	assert(e == 0);
	e = alarms_set_rules(a, make_rules(), now);
	assert(e == 0);
	for (unsigned i = 0; i < 3 && e == 0; i++) {
		char name[8], bed[8];

		snprintf(name, sizeof(name), "d%u", i);
		snprintf(bed, sizeof(bed), "%u", i / 2);
		e = alarms_device(a, name, bed, now);
		assert(e == 0);
	}
	return a;
}

static void say(struct alarms *a, unsigned device, enum metric metric, int64_t value,
	const struct alarm_now *now)
{
	struct reading r = { .metric = (uint8_t)metric,
		.kind = metric == METRIC_NURSE_CALL ? VALUE_BOOLEAN : VALUE_NUMBER,
		.number = { value, 0 },
		.boolean = value & 1,
		.time_us = now->utc_us,
		.received_us = now->utc_us };
	char name[8];

	snprintf(name, sizeof(name), "d%u", device);
	if (label_new(&r.device, name) < 0)
		return;
	(void)alarms_reading(a, &r, now);
	label_unref(r.device);
}

static void go_on(struct alarms *a, struct alarm_now *now)
{
	char why[ALARMS_WHY_MAX], *text;
	size_t length;
	int e;

	alarms_tick(a, now);
	alarms_continue(a, now);
	for (unsigned i = 0; i < 12; i++) {
		say(a, i % 3, METRIC_SPO2, 80 + i, now);
		say(a, i % 3, METRIC_AMBIENT_TEMPERATURE, (int64_t)i * 2 - 6, now);
		say(a, i % 3, METRIC_NURSE_CALL, i, now);
		now->boot_us += 7 * ALARMS_SECOND;
		now->utc_us += 7 * ALARMS_SECOND;
		alarms_tick(a, now);
	}
	(void)alarms_acknowledge(a, "lo.d0", "x", now, why);
	(void)alarms_reset(a, "call.d1", "x", now, why);
	for (unsigned i = 0; i < 2000 && alarms_deadline(a) < now->boot_us + 86400 * ALARMS_SECOND;
		i++) {
		now->utc_us += alarms_deadline(a) - now->boot_us;
		now->boot_us = alarms_deadline(a);
		alarms_tick(a, now);
		assert(alarms_deadline(a) > now->boot_us);
	}
	e = alarms_save(a, now, &text, &length);
	assert(e == 0);
	free(text);
}

static void restore(const char *text, size_t length, int64_t elapsed_us)
{
	struct alarm_now now = { 1000 * ALARMS_SECOND, INT64_C(1795255200000000) };
	char why[ALARMS_WHY_MAX] = "";
	struct alarms *a = make_engine(&now);
	int e = alarms_restore(a, text, length, elapsed_us, &now, why);

	assert(e == 0 || (e == ALARMS_E_REFUSED && why[0]));
	if (e == 0)
		go_on(a, &now);
	alarms_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	size_t length, lines = 0;

	if (size == 0 || size > 65536)
		return 0;
	text = malloc(size + 100);
	if (!text)
		return 0;
	length = size - 1;
	memcpy(text, data + 1, length);
	restore(text, length, -1);
	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length++] = '\n';
	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	length += (size_t)snprintf(text + length, 100, "end\tlines=%zu\tsum=%016" PRIx64 "\n",
		lines, hash_bytes(&hash_key_fixed, text, length));
	restore(text, length,
		data[0] & 1   ? 5 * ALARMS_SECOND
		: data[0] & 2 ? -1
			      : 100 * ALARMS_SECOND);
	free(text);
	return 0;
}
