/* Whether the parts of a scenario fit each other; see ble_scenario.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ble_kinds.h"
#include "sim/ble_scenario.h"
#include "sim/ini.h"

static size_t find_device(const struct sble_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->device_count; i++)
		if (!strcmp(s->devices[i].name, name))
			return i;
	return SIZE_MAX;
}

static size_t find_patient(const struct sble_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->patient_count; i++)
		if (!strcmp(s->patients[i].name, name))
			return i;
	return SIZE_MAX;
}

static size_t find_adapter(const struct sble_scenario *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->adapter_count; i++)
		if (strlen(s->adapters[i].name) == n && !memcmp(s->adapters[i].name, name, n))
			return i;
	return SIZE_MAX;
}

static void check_heard(struct sble_scenario *s, struct sble_device_config *d, struct ini *i)
{
	const char *at = d->heard_by;

	if (!*at)
		d->heard = UINT32_MAX;
	while (*at) {
		size_t n = strcspn(at, " "), k = find_adapter(s, at, n);

		if (k == SIZE_MAX)
			ini_problem(i, "[Device %s] HeardBy=: there is no [Adapter %.*s]", d->name,
				(int)n, at);
		else
			d->heard |= 1u << k;
		at += n + strspn(at + n, " ");
	}
}

static void check_device(struct sble_scenario *s, size_t index, struct ini *i)
{
	struct sble_device_config *d = &s->devices[index];

	i->line = d->line;
	if (find_device(s, d->name) != index)
		ini_problem(i, "[Device %s] stands twice", d->name);
	if (!d->kind) {
		ini_problem(i, "[Device %s] has no Kind=", d->name);
		return;
	}
	if (!d->has_address)
		ini_problem(i, "[Device %s] has no Address=", d->name);
	else if (!sble_address_identity(&d->address))
		ini_problem(i,
			"[Device %s] Address=: an identity is wanted, public or random and static; "
			"Private=yes makes it show others",
			d->name);
	if (d->kind->sealed && !d->has_key)
		ini_problem(i, "[Device %s] has no BindKey=", d->name);
	if (*d->patient_name) {
		d->patient = find_patient(s, d->patient_name);
		if (d->patient == SIZE_MAX)
			ini_problem(i, "[Device %s] Patient=%s: there is no such [Patient]",
				d->name, d->patient_name);
		else if (s->patients[d->patient].replayed)
			ini_problem(i,
				"[Device %s] Patient=%s: Replay= is for CoAP devices; give it a "
				"patient of made-up vitals",
				d->name, d->patient_name);
	}
	if (d->interval_ms < 0)
		d->interval_ms = d->kind->interval_ms;
	if (d->advertise_ms < 0)
		d->advertise_ms = d->kind->advertise_ms;
	if (d->window_ms < 0)
		d->window_ms = 30000;
	check_heard(s, d, i);
}

static void check_metric(struct sble_event_config *e, struct ini *i)
{
	static const int64_t milli[] = { 1000, 100, 10, 1 };
	int32_t steps = 0;

	e->metric = quantity_by_name(e->metric_name);
	e->body = sble_body_by_name(e->metric_name);
	if (e->metric != _Q_MAX && quantity_parse(e->metric, e->to, &steps) >= 0)
		e->milli = steps * milli[quantity_info(e->metric)->decimals];
	else if (e->metric != _Q_MAX || e->body == _SBLE_BODY_MAX || e->of == SBLE_OF_PATIENT ||
		 sble_body_parse(e->to, &e->milli) < 0)
		ini_problem(i, "[Event %s] Metric=%s To=%s: not a quantity and its value", e->name,
			e->metric_name, e->to);
}

static void check_event(struct sble_scenario *s, struct sble_event_config *e, struct ini *i)
{
	bool of_adapter = e->action >= SBLE_DO_POWER_OFF;

	i->line = e->line;
	e->index = SIZE_MAX;
	if (e->of == SBLE_OF_NONE)
		ini_problem(i, "[Event %s] wants Device=, Adapter= or Patient=", e->name);
	else if (!e->of_all) {
		e->index = e->of == SBLE_OF_DEVICE ? find_device(s, e->target)
			   : e->of == SBLE_OF_ADAPTER
				   ? find_adapter(s, e->target, strlen(e->target))
				   : find_patient(s, e->target);
		if (e->index == SIZE_MAX)
			ini_problem(i, "[Event %s]: there is no %s", e->name, e->target);
	}
	if (e->action == SBLE_DO_CHANGE)
		check_metric(e, i);
	else if (of_adapter != (e->of == SBLE_OF_ADAPTER) || e->of == SBLE_OF_PATIENT)
		ini_problem(i, "[Event %s] Do=%s happens to %s", e->name,
			sble_action_text(e->action), of_adapter ? "an Adapter=" : "a Device=");
	if (e->by_rule && e->of != SBLE_OF_DEVICE)
		ini_problem(i, "[Event %s] When= counts what a Device= does", e->name);
}

static int by_time(const void *a, const void *b)
{
	const struct sble_event_config *x = a, *y = b;

	if (x->by_rule != y->by_rule)
		return x->by_rule ? -1 : 1;
	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

void sble_scenario_check(struct sble_scenario *s, struct ini *ini, bool half)
{
	ini->quiet = false;
	for (size_t i = 0; i < s->adapter_count; i++) {
		ini->line = s->adapters[i].line;
		if (find_adapter(s, s->adapters[i].name, strlen(s->adapters[i].name)) != i)
			ini_problem(ini, "[Adapter %s] stands twice", s->adapters[i].name);
	}
	for (size_t i = 0; i < s->device_count; i++)
		check_device(s, i, ini);
	for (size_t i = 0; i < s->event_count; i++) {
		ini->quiet = half && s->events[i].of == SBLE_OF_PATIENT;
		check_event(s, &s->events[i], ini);
	}
	ini->quiet = false;
	if (s->event_count)
		qsort(s->events, s->event_count, sizeof(*s->events), by_time);
}
