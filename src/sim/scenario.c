/* Reads and checks a scenario; see scenario.h for the format. */
#include "sim/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ini.h"
#include "sim/patient.h"

#define SPEED_MAX 100000

static const char *const faults[_FAULT_MAX] = {
	[FAULT_NONE] = "none",
	[FAULT_POWER_LOSS] = "power-loss",
	[FAULT_LOSS] = "loss",
	[FAULT_DUPLICATES] = "duplicates",
	[FAULT_SILENCE] = "silence",
	[FAULT_CLOSE] = "close",
	[FAULT_BURST] = "burst",
	[FAULT_MALFORMED] = "malformed",
	[FAULT_SENSOR_OFF] = "sensor-off",
};

const char *fault_text(enum fault f)
{
	return faults[f];
}

int scenario_new(struct scenario **ret)
{
	struct scenario *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->seed = 1;
	s->drain_ms = 30000;
	*ret = s;
	return 0;
}

struct scenario *scenario_free(struct scenario *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->patient_count; i++)
		free(s->patients[i].replay);
	for (size_t i = 0; i < s->device_count; i++)
		free(s->devices[i].replay);
	free(s->gateway);
	free(s->psk_file);
	free(s->log);
	free(s->directory);
	free(s->patients);
	free(s->devices);
	free(s->events);
	free(s);
	return NULL;
}

/* Room for one more, zeroed. */
static int grow(void **list, size_t *count, size_t max, size_t size)
{
	char *p;

	if (*count >= max)
		return -E2BIG;
	p = reallocarray(*list, *count + 1, size);
	if (!p)
		return -ENOMEM;
	*list = p;
	memset(p + *count * size, 0, size);
	++*count;
	return 0;
}

int scenario_add_patient(struct scenario *s, const char *name, struct scenario_patient **ret)
{
	int r = grow((void **)&s->patients, &s->patient_count, SCENARIO_PATIENTS_MAX,
		sizeof(*s->patients));

	if (r < 0)
		return r;
	*ret = &s->patients[s->patient_count - 1];
	snprintf((*ret)->name, sizeof((*ret)->name), "%s", name);
	(*ret)->speed = 1;
	return 0;
}

int scenario_add_device(struct scenario *s, const char *name, struct scenario_device **ret)
{
	int r = grow(
		(void **)&s->devices, &s->device_count, SCENARIO_DEVICES_MAX, sizeof(*s->devices));

	if (r < 0)
		return r;
	*ret = &s->devices[s->device_count - 1];
	snprintf((*ret)->name, sizeof((*ret)->name), "%s", name);
	snprintf((*ret)->identity, sizeof((*ret)->identity), "%s", name);
	(*ret)->profile = profile_at(0);
	(*ret)->patient = SIZE_MAX;
	(*ret)->speed = 1;
	return 0;
}

int scenario_add_event(struct scenario *s, const char *name, struct scenario_event **ret)
{
	int r = grow((void **)&s->events, &s->event_count, SCENARIO_EVENTS_MAX, sizeof(*s->events));

	if (r < 0)
		return r;
	*ret = &s->events[s->event_count - 1];
	snprintf((*ret)->name, sizeof((*ret)->name), "%s", name);
	(*ret)->metric = _Q_MAX;
	(*ret)->index = SIZE_MAX;
	return 0;
}

struct reader {
	struct scenario *scenario;
	const struct halves *halves;
	bool foreign; /* the section is of the other half */
	int error;
};

/* A string of the file, kept. */
static void keep(struct reader *r, char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy) {
		r->error = -ENOMEM;
		return;
	}
	free(*to);
	*to = copy;
}

static void on_ward(struct reader *r, struct ini *i, const char *key, const char *value)
{
	struct scenario *s = r->scenario;
	int64_t n = 0;

	if (!strcmp(key, "Gateway"))
		keep(r, &s->gateway, value);
	else if (!strcmp(key, "PSKFile"))
		keep(r, &s->psk_file, value);
	else if (!strcmp(key, "Log"))
		keep(r, &s->log, value);
	else if (!strcmp(key, "Directory"))
		keep(r, &s->directory, value);
	else if (!strcmp(key, "Seed")) {
		ini_take_number(i, key, value, 0, INT64_MAX, &n);
		s->seed = (uint64_t)n;
	} else if (!strcmp(key, "Duration"))
		(void)ini_take_duration(i, key, value, &s->duration_ms);
	else if (!strcmp(key, "Drain"))
		(void)ini_take_duration(i, key, value, &s->drain_ms);
	else
		ini_problem(i,
			"[Ward] has no %s=; Gateway, PSKFile, Directory, Log, Seed, Duration, "
			"Drain",
			key);
}

static void on_patient(struct reader *r, struct ini *i, const char *key, const char *value)
{
	struct scenario_patient *p = &r->scenario->patients[r->scenario->patient_count - 1];

	if (!strcmp(key, "Replay"))
		keep(r, &p->replay, value);
	else if (!strcmp(key, "Speed"))
		ini_take_number(i, key, value, 1, SPEED_MAX, &p->speed);
	else if (!patient_take_base(i, key, value, p->bases))
		ini_problem(i, "[Patient] has no %s=; Replay, Speed, or a vital such as spo2", key);
}

static void take_transport(struct ini *i, struct scenario_device *d, const char *value)
{
	d->has_transport = true;
	if (strcmp(value, "coap") != 0)
		ini_wrong(i, "Transport", value, "wardsim plays no such devices; give coap or ble");
}

static void on_device(struct reader *r, struct ini *i, const char *key, const char *value)
{
	struct scenario_device *d = &r->scenario->devices[r->scenario->device_count - 1];
	int64_t n = 0;

	if (!strcmp(key, "Transport"))
		take_transport(i, d, value);
	else if (!strcmp(key, "Identity")) {
		if (snprintf(d->identity, sizeof(d->identity), "%s", value) >=
			(int)sizeof(d->identity))
			ini_wrong(i, key, value, "longer than 128 bytes");
	} else if (!strcmp(key, "Profile")) {
		d->profile = profile_by_name(value);
		if (!d->profile)
			ini_wrong(i, key, value,
				"no such profile; monitor, oximeter, thermometer, bp-cuff, "
				"fridge, room or call-button");
	} else if (!strcmp(key, "Patient"))
		snprintf(d->patient_name, sizeof(d->patient_name), "%s", value);
	else if (!strcmp(key, "Interval")) {
		(void)ini_take_duration(i, key, value, &n);
		d->interval_us = n * 1000;
		if (!n)
			ini_wrong(i, key, value, "must be above 0");
	} else if (!strcmp(key, "Format")) {
		d->format = pack_format_by_text(value);
		if (d->format == _PACK_FORMAT_MAX)
			ini_wrong(i, key, value,
				"no such format; json, cbor, json-base or cbor-base");
	} else if (!strcmp(key, "LocalPort")) {
		ini_take_number(i, key, value, 0, UINT16_MAX, &n);
		d->local_port = (uint16_t)n;
	} else if (!strcmp(key, "Loss"))
		ini_take_percent(i, key, value, &d->loss);
	else if (!strcmp(key, "Duplicates"))
		ini_take_percent(i, key, value, &d->duplicates);
	else if (!strcmp(key, "Replay"))
		keep(r, &d->replay, value);
	else if (!strcmp(key, "Speed"))
		ini_take_number(i, key, value, 1, SPEED_MAX, &d->speed);
	else if (!patient_take_base(i, key, value, d->bases))
		ini_problem(i,
			"[Device] has no %s=; Transport, Identity, Profile, Patient, Interval, "
			"Format, "
			"LocalPort, Loss, Duplicates, Replay, Speed, or a quantity",
			key);
}

static void on_event(struct reader *r, struct ini *i, const char *key, const char *value)
{
	struct scenario_event *e = &r->scenario->events[r->scenario->event_count - 1];

	if (!strcmp(key, "At"))
		(void)ini_take_duration(i, key, value, &e->at_ms);
	else if (!strcmp(key, "Over"))
		(void)ini_take_duration(i, key, value, &e->over_ms);
	else if (!strcmp(key, "For"))
		(void)ini_take_duration(i, key, value, &e->for_ms);
	else if (!strcmp(key, "Device") || !strcmp(key, "Patient")) {
		e->of_patient = *key == 'P';
		e->of_all = !strcmp(value, "*");
		snprintf(e->target, sizeof(e->target), "%s", value);
	} else if (!strcmp(key, "Metric")) {
		e->metric = quantity_by_name(value);
		if (e->metric == _Q_MAX)
			ini_wrong(i, key, value, "no quantity that wardsim plays");
	} else if (!strcmp(key, "To"))
		snprintf(e->to, sizeof(e->to), "%s", value);
	else if (!strcmp(key, "Amount"))
		snprintf(e->amount, sizeof(e->amount), "%s", value);
	else if (!strcmp(key, "Fault")) {
		int f;

		for (f = FAULT_NONE + 1; f < _FAULT_MAX; f++)
			if (!strcmp(faults[f], value))
				break;
		if (f == _FAULT_MAX)
			ini_wrong(i, key, value,
				"no such fault; power-loss, loss, duplicates, silence, close, "
				"burst, "
				"malformed or sensor-off");
		else
			e->fault = (enum fault)f;
	} else
		ini_problem(i,
			"[Event] has no %s=; At, Device, Patient, Metric, To, Over, For, Fault, "
			"Amount",
			key);
}

static void on_head(struct reader *r, struct ini *i, const char *kind, const char *name)
{
	struct scenario *s = r->scenario;
	struct scenario_patient *p;
	struct scenario_device *d;
	struct scenario_event *e;
	int k = 0;

	if (!strcmp(kind, "Ward"))
		return;
	ini_check_name(i, kind, name, SCENARIO_NAME_MAX);
	if (!strcmp(kind, "Patient")) {
		k = scenario_add_patient(s, name, &p);
	} else if (!strcmp(kind, "Device")) {
		k = scenario_add_device(s, name, &d);
		if (!k)
			d->line = i->line;
	} else if (!strcmp(kind, "Event")) {
		k = scenario_add_event(s, name, &e);
		if (!k)
			e->line = i->line;
	} else
		ini_problem(i,
			"[%s]: no such section; Ward, Patient, Device, Event, and Adapter "
			"of BLE devices",
			kind);
	if (k < 0)
		r->error = k;
}

static void on_item(struct ini *i, const char *kind, const char *name, const char *key,
	const char *value, void *userdata)
{
	struct reader *r = userdata;

	if (!key)
		r->foreign = halves_of(r->halves, kind, i->line) == HALF_BLE;
	if (r->error || r->foreign)
		return;
	if (!key)
		on_head(r, i, kind, name);
	else if (!strcmp(kind, "Ward"))
		on_ward(r, i, key, value);
	else if (!strcmp(kind, "Patient"))
		on_patient(r, i, key, value);
	else if (!strcmp(kind, "Device"))
		on_device(r, i, key, value);
	else if (!strcmp(kind, "Event"))
		on_event(r, i, key, value);
}

static size_t find_patient(const struct scenario *s, const char *name)
{
	for (size_t i = 0; i < s->patient_count; i++)
		if (!strcmp(s->patients[i].name, name))
			return i;
	return SIZE_MAX;
}

static size_t find_device(const struct scenario *s, const char *name)
{
	for (size_t i = 0; i < s->device_count; i++)
		if (!strcmp(s->devices[i].name, name))
			return i;
	return SIZE_MAX;
}

static void check_device(struct scenario *s, size_t index, struct ini *i)
{
	struct scenario_device *d = &s->devices[index];

	i->line = d->line;
	if (!d->has_transport)
		ini_problem(i, "[Device %s] has no Transport=; give coap or ble", d->name);
	if (find_device(s, d->name) != index)
		ini_problem(i, "[Device %s] stands twice", d->name);
	if (*d->patient_name) {
		d->patient = find_patient(s, d->patient_name);
		if (d->patient == SIZE_MAX)
			ini_problem(i, "[Device %s] Patient=%s: there is no such [Patient]",
				d->name, d->patient_name);
	}
	if (d->profile && !d->interval_us)
		d->interval_us = d->profile->interval_ms * 1000;
}

static void check_amount(struct scenario_event *e, struct ini *i)
{
	e->number = e->fault == FAULT_MALFORMED ? _PACK_FAULT_MAX : 1;
	if (e->fault == FAULT_LOSS || e->fault == FAULT_DUPLICATES) {
		if (ini_percent(e->amount, &e->thousandths) < 0)
			ini_problem(i, "[Event %s] wants Amount= with a percentage", e->name);
	} else if (*e->amount && ini_number(e->amount, 1, 10000, &e->number) < 0) {
		ini_problem(i, "[Event %s] Amount=%s: not a whole number of 1 to 10000", e->name,
			e->amount);
	}
}

static void check_event(struct scenario *s, struct scenario_event *e, struct ini *i)
{
	i->line = e->line;
	if (!*e->target)
		ini_problem(i, "[Event %s] wants Device= or Patient=", e->name);
	else if (!e->of_all) {
		e->index = e->of_patient ? find_patient(s, e->target) : find_device(s, e->target);
		if (e->index == SIZE_MAX)
			ini_problem(i, "[Event %s]: there is no [%s %s]", e->name,
				e->of_patient ? "Patient" : "Device", e->target);
	}
	check_amount(e, i);
	if (e->fault != FAULT_NONE) {
		if (e->of_patient)
			ini_problem(i, "[Event %s] Fault=%s happens to a Device=", e->name,
				faults[e->fault]);
		if (e->fault == FAULT_SENSOR_OFF && e->metric == _Q_MAX)
			ini_problem(i, "[Event %s] wants Metric=", e->name);
		return;
	}
	if (e->metric == _Q_MAX)
		ini_problem(i, "[Event %s] wants Metric= and To=, or Fault=", e->name);
	else if (quantity_parse(e->metric, e->to, &e->value) < 0)
		ini_problem(i, "[Event %s] To=%s: not a value of %s", e->name, e->to,
			quantity_info(e->metric)->name);
}

/* Which devices will need a line that can fail. */
static void mark_radios(struct scenario *s)
{
	for (size_t i = 0; i < s->device_count; i++) {
		struct scenario_device *d = &s->devices[i];

		d->needs_radio = d->local_port || d->loss || d->duplicates;
		for (size_t k = 0; k < s->event_count; k++) {
			const struct scenario_event *e = &s->events[k];

			if ((e->of_all || e->index == i) && !e->of_patient &&
				(e->fault == FAULT_POWER_LOSS || e->fault == FAULT_LOSS ||
					e->fault == FAULT_DUPLICATES))
				d->needs_radio = true;
		}
	}
}

static int by_time(const void *a, const void *b)
{
	const struct scenario_event *x = a, *y = b;

	return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

int scenario_read(struct scenario **ret, const char *path, const struct halves *halves)
{
	_cleanup_(scenario_freep) struct scenario *s = NULL;
	struct reader reader = { .halves = halves };
	struct ini ini = { 0 };
	int r = scenario_new(&s);

	if (r < 0)
		return r;
	reader.scenario = s;
	r = ini_read(&ini, path, on_item, &reader);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return r;
	}
	if (reader.error)
		return reader.error;
	for (size_t i = 0; i < s->device_count; i++)
		check_device(s, i, &ini);
	for (size_t i = 0; i < s->event_count; i++)
		check_event(s, &s->events[i], &ini);
	ini.line = 1;
	if (!s->device_count && !halves_count(halves, HALF_BLE) && !ini.problems)
		ini_problem(&ini, "there is no [Device]");
	if (ini.problems)
		return -EBADMSG;
	if (s->event_count)
		qsort(s->events, s->event_count, sizeof(*s->events), by_time);
	mark_radios(s);
	*ret = TAKE_PTR(s);
	return 0;
}
