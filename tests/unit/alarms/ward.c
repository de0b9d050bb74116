/*
 * The ward of ward.h.
 */
#include "unit/alarms/ward.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/save.h"

#include "util/cleanup.h"

static const char *const rules[] = {
	"lo\tType=limit\tMetric=spo2\tBelow=90\tPriority=high\tLatching=yes\tEscalateAfter=5min",
	"hi\tType=limit\tMetric=pulse-rate\tAbove=120\tFor=10s\tPriority=medium",
	("temp\tType=limit\tMetric=body-temperature\tAbove=39\tScope=bed\tPriority=low"
	 "\tEscalateAfter=5min"),
	"news\tType=score\tAtLeast=5\tPriority=medium",
	"both\tType=combination\tRules=lo hi\tPriority=medium",
	"fridge\tType=coldchain\tMetric=ambient-temperature\tPriority=medium",
	"jump\tType=rate\tMetric=pulse-rate\tRise=20\tWindow=10min\tPriority=low",
	"own\tType=deviation\tMetric=pulse-rate\tRise=50\tReadings=2\tPriority=low",
	"long\tType=sustained\tMetric=spo2\tBelow=92\tArea=30\tPriority=low",
	"stuck\tType=stuck\tMetric=pulse-rate\tAfter=1h\tPriority=low",
	"call\tType=event\tMetric=button\tWords=single\tHold=5min\tPriority=medium",
	"gone\tType=absent\tMetric=spo2\tAfter=1h\tDevices=ox\tPriority=low",
};

static const char *const places[] = { "device ox 3", "device probe store", "device cord 3" };

static const char *const happened[] = {
	"patient 3 p-1 a-1",
	"scale2 3 yes",
	"set-limits lo bed 3 low=88 by=dr%x",
	"set-limits hi ward - high=125 by=dr",
	"ox spo2 85",
	"ox pulse-rate 80",
	"ox pulse-rate 130",
	"ack lo.ox nurse",
	"bed-3 body-temperature 39.5 manual",
	"bed-3 consciousness voice manual",
	"probe ambient-temperature 9.5",
	"cord button single",
	"condition low-battery ox yes",
	"condition device-silent cord yes",
	"condition broker-unreachable - yes",
	"pause-bed 3 audio-off 0 nurse",
	"ox perfusion-index sensor-off",
};

void ward_configure(struct timeline *t)
{
	timeline_begin(t, false);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		assert(timeline_rule(t, rules[i]));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		assert(timeline_event(t, places[i]));
}

void ward_happen(struct timeline *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(happened); i++)
		assert(timeline_event(t, happened[i]));
}

int ward_set_up(void **state)
{
	struct ward *w = calloc(1, sizeof(*w));

	assert(w);
	ward_configure(&w->had);
	ward_configure(&w->fresh);
	ward_happen(&w->had);
	assert(alarms_save(w->had.a, &w->had.now, &w->text, &w->length) == 0);
	*state = w;
	return 0;
}

int ward_tear_down(void **state)
{
	struct ward *w = *state;

	timeline_end(&w->had);
	timeline_end(&w->fresh);
	free(w->text);
	free(w);
	return 0;
}

char *ward_edited(const struct ward *w, const char *from, const char *to, size_t *ret_length)
{
	size_t size = w->length + strlen(to) + 100;
	char *text = malloc(size), *at, *end;
	unsigned lines = 0;

	assert(text);
	memcpy(text, w->text, w->length + 1);
	at = strstr(text, from);
	if (!at) {
		printf("the state has no %s:\n%s", from, text);
		abort();
	}
	memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
	memcpy(at, to, strlen(to));
	end = strstr(text, "\nend\t");
	assert(end);
	*++end = 0;
	for (at = text; *at; at++)
		lines += *at == '\n';
	snprintf(end, size - (size_t)(end - text), "end\tlines=%u\tsum=%016" PRIx64 "\n", lines,
		save_sum(text, (size_t)(end - text)));
	*ret_length = strlen(text);
	return text;
}

char *timeline_saved(const struct timeline *t)
{
	char *text;
	size_t length;

	assert(alarms_save(t->a, &t->now, &text, &length) == 0);
	return text;
}
