/*
 * What judging a reading costs: 1,000 devices with 10 rules each and 7,000
 * readings a second, on a counted clock. Prints microseconds per reading, and
 * how they grow with rules that concern the reading and with those that do
 * not. Not for latency, which the daemon's own benchmark measures.
 *
 *     alarms [SECONDS]    of virtual time, 60 when not said
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alarms/alarms.h"
#include "wardgate/label.h"
#include "wardgate/reading.h"

#define DEVICES 1000
#define RATE 7000

/* Seven metrics, one reading of each per device and second. */
static const enum metric metrics[] = { METRIC_SPO2, METRIC_PULSE_RATE, METRIC_RESPIRATORY_RATE,
	METRIC_BODY_TEMPERATURE, METRIC_BP_SYSTOLIC, METRIC_BP_MEAN, METRIC_PERFUSION_INDEX };
#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

struct load {
	unsigned concerning; /* rules of each metric */
	unsigned others;     /* rules of metrics that nobody sends */
	bool score;
};

static unsigned long events;

static void on_event(void *userdata, const struct alarm_event *e)
{
	(void)userdata;
	(void)e;
	events++;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_fault(void *userdata, size_t rule, const char *key, const char *sentence)
{
	(void)userdata;
	printf("rule %zu: %s %s\n", rule, key ? key : "-", sentence);
}

struct text_rule {
	char name[32], metric[32], above[16];
	struct rule_item items[6];
};

static void set_rule(
	struct text_rule *t, struct rule_settings *s, unsigned i, const char *metric, int above)
{
	snprintf(t->name, sizeof(t->name), "rule-%u", i);
	snprintf(t->metric, sizeof(t->metric), "%s", metric);
	snprintf(t->above, sizeof(t->above), "%d", above);
	t->items[0] = (struct rule_item){ "Type", i % 5 == 4 ? "absent" : "limit", false };
	t->items[1] = (struct rule_item){ "Metric", t->metric, false };
	t->items[2] = (struct rule_item){ "Priority", "low", false };
	t->items[3] = i % 5 == 4 ? (struct rule_item){ "After", "10min", false }
				 : (struct rule_item){ "Above", t->above, false };
	t->items[4] = (struct rule_item){ "For", "15s", false };
	*s = (struct rule_settings){ t->name, t->items, 5 };
}

static struct ruleset *build_rules(const struct load *load)
{
	static const struct rule_item score[] = { { "Type", "score", false },
		{ "Priority", "none", false } };
	size_t count = load->concerning * METRICS + load->others, n = 0;
	struct text_rule *texts = calloc(count + 1, sizeof(*texts));
	struct rule_settings *settings = calloc(count + 1, sizeof(*settings));
	struct ruleset *set = NULL;
	int e;

	assert(texts && settings);
	for (unsigned m = 0; m < METRICS; m++)
		for (unsigned i = 0; i < load->concerning; i++, n++)
			set_rule(&texts[n], &settings[n], (unsigned)n,
				metric_info(metrics[m])->name, m == 3 ? 30 + (int)i : 60 + (int)i);
	for (unsigned i = 0; i < load->others; i++, n++)
		set_rule(&texts[n], &settings[n], (unsigned)n, "glucose", 10 + (int)(i % 80));
	if (load->score)
		settings[n++] = (struct rule_settings){ "score", score, 2 };
	e = ruleset_new(&set, settings, n, on_fault, NULL);
	assert(e == 0);
	free(texts);
	free(settings);
	return set;
}

static struct decimal value_of(unsigned m, uint64_t noise)
{
	if (metrics[m] == METRIC_BODY_TEMPERATURE)
		return (struct decimal){ 360 + (int64_t)(noise % 20), -1 };
	return (struct decimal){ 50 + (int64_t)(noise % 15), 0 };
}

static void run(const char *name, const struct load *load, unsigned duration)
{
	const struct alarms_options options = { .epoch = "1-00000000",
		.sink = { .event = on_event } };
	struct alarm_now now = { 1000000000, INT64_C(1795255200000000) };
	static struct label *devices[DEVICES], *beds[DEVICES];
	struct alarms_counters counters;
	uint64_t noise = 1, readings = 0;
	struct alarms *a = NULL;
	double took;
	int e = alarms_new(&a, &options);

	assert(e == 0);
	e = alarms_set_rules(a, build_rules(load), &now);
	assert(e == 0);
	for (unsigned d = 0; d < DEVICES; d++) {
		char text[32];

		snprintf(text, sizeof(text), "bed%u-monitor", d);
		e = label_new(&devices[d], text);
		assert(e == 0);
		snprintf(text, sizeof(text), "%u", d);
		e = label_new(&beds[d], text);
		assert(e == 0);
		e = alarms_device(a, devices[d]->text, beds[d]->text, &now);
		assert(e == 0);
	}
	events = 0;
	took = 0;
	for (unsigned s = 0; s < duration + 1; s++) {
		double start = seconds();

		for (unsigned i = 0; i < RATE; i++) {
			unsigned d = i % DEVICES, m = i / DEVICES % METRICS;
			struct reading r = { .metric = (uint8_t)metrics[m],
				.kind = VALUE_NUMBER,
				.device = devices[d],
				.bed = beds[d] };

			noise = noise * UINT64_C(6364136223846793005) + 1442695040888963407u;
			r.number = value_of(m, noise >> 40);
			now.boot_us += 1000000 / RATE;
			now.utc_us += 1000000 / RATE;
			r.time_us = r.received_us = now.utc_us;
			r.received_boot_us = now.boot_us;
			r.sequence = ++readings;
			if (alarms_deadline(a) <= now.boot_us)
				alarms_tick(a, &now);
			e = alarms_reading(a, &r, &now);
			assert(e == 0);
		}
		if (s > 0) /* the first second makes the sensors */
			took += seconds() - start;
	}
	alarms_counters(a, &counters);
	printf("%-46s %6.3f us/reading  %8zu subjects %9lu events\n", name,
		took * 1e6 / ((double)duration * RATE), counters.subjects, events);
	alarms_free(a);
	for (unsigned d = 0; d < DEVICES; d++) {
		label_unref(devices[d]);
		label_unref(beds[d]);
	}
}

int main(int argc, char **argv)
{
	unsigned duration = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 60;

	/* 10 rules a device: as a ward has them, one or two for each metric */
	run("10 rules a device, 1 or 2 concern a reading", &(struct load){ 1, 3, false }, duration);
	run("the same and NEWS2 at each bed", &(struct load){ 1, 3, true }, duration);
	run("5 rules concern each reading", &(struct load){ 5, 0, false }, duration);
	run("10 rules concern each reading", &(struct load){ 10, 0, false }, duration);
	run("1 concerns a reading, 63 others do not", &(struct load){ 1, 57, false }, duration);
	return 0;
}
