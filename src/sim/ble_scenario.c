/* Reads and checks what is on the air; see ble_scenario.h for the format. */
#include "sim/ble_scenario.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ble_crypto.h"
#include "sim/ble_kinds.h"
#include "sim/ini.h"
#include "sim/patient.h"

static const char *const whens[_SBLE_WHEN_MAX] = {
#define X(id, name) [SBLE_WHEN_##id] = name,
	SBLE_WHENS(X)
#undef X
};
static const char *const actions[_SBLE_DO_MAX] = { [SBLE_DO_CHANGE] = "change",
#define X(id, name) [SBLE_DO_##id] = name,
	SBLE_ACTIONS(X)
#undef X
};

const char *sble_action_text(enum sble_action a)
{
	return actions[a];
}

struct sble_scenario *sble_scenario_free(struct sble_scenario *s)
{
	if (!s)
		return NULL;
	free(s->log);
	free(s->patients);
	free(s->devices);
	free(s->events);
	free(s);
	return NULL;
}

struct reader {
	struct sble_scenario *scenario;
	struct ini *ini;
	const struct halves *halves; /* NULL: the whole file is its business */
	enum half half;              /* whose the section is */
	int error;
};

static void take_time(struct reader *r, const char *key, const char *value, int64_t *ret)
{
	bool negative = *value == '-';

	if (ini_take_duration(r->ini, key, value + negative, ret) && negative)
		*ret = -*ret;
}

static bool take_yes(struct reader *r, const char *key, const char *value)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		ini_wrong(r->ini, key, value, "give yes or no");
	return !strcmp(value, "yes");
}

/* The number of a word that next() gives; -1 and a problem when it gives none such. */
static int take_word(
	struct reader *r, const char *key, const char *value, const char *(*next)(size_t index))
{
	const char *word;

	for (size_t i = 0; (word = next(i)); i++)
		if (!strcmp(word, value))
			return (int)i;
	ini_no_such_word(r->ini, key, value, next);
	return -1;
}

#define WORDS(name, ...)                                                                           \
	static const char *name(size_t index)                                                      \
	{                                                                                          \
		static const char *const words[] = { __VA_ARGS__ };                                \
                                                                                                   \
		return index < ARRAY_SIZE(words) ? words[index] : NULL;                            \
	}

WORDS(report_word, "monitor", "found")
WORDS(type_word, "public", "random")
WORDS(security_word, "none", "encrypt", "mitm")
WORDS(pairing_word, "just-works", "passkey-display", "passkey-entry", "numeric")
WORDS(clock_word, "none", "read", "write")

static const char *when_word(size_t index)
{
	return index < _SBLE_WHEN_MAX ? whens[index] : NULL;
}

static const char *action_word(size_t index)
{
	return index + 1 < _SBLE_DO_MAX ? actions[index + 1] : NULL;
}

static const char *kind_word(size_t index)
{
	const struct sble_kind *k = sble_kind_at(index);

	return k ? k->name : NULL;
}

static void take_key(
	struct reader *r, const char *key, const char *value, uint8_t to[static 16], bool *has)
{
	*has = sble_unhex(value, to, 16) >= 0;
	if (!*has)
		ini_wrong(r->ini, key, value, "not a key: 32 hex digits");
}

static void take_address(
	struct reader *r, const char *key, const char *value, struct sble_address *to)
{
	uint8_t type = to->type;

	if (sble_address_parse(to, value) < 0)
		ini_wrong(r->ini, key, value, "not an address such as C0:FF:EE:00:00:01");
	if (type)
		to->type = type;
}

static void on_ward(struct reader *r, const char *key, const char *value)
{
	struct sble_scenario *s = r->scenario;
	int64_t n = 0;

	if (!strcmp(key, "Log")) {
		free(s->log);
		s->log = strdup(value);
		if (!s->log)
			r->error = -ENOMEM;
	} else if (!strcmp(key, "Seed")) {
		ini_take_number(r->ini, key, value, 0, INT64_MAX, &n);
		s->seed = (uint64_t)n;
	} else if (!strcmp(key, "Duration"))
		take_time(r, key, value, &s->duration_ms);
	else if (!strcmp(key, "Speed"))
		ini_take_number(r->ini, key, value, 1, 10000, &s->speed);
	else if (!r->halves)
		ini_problem(r->ini, "[Ward] has no %s=; Log, Seed, Duration, Speed", key);
}

static void on_adapter(struct reader *r, const char *key, const char *value)
{
	struct sble_adapter_config *a = &r->scenario->adapters[r->scenario->adapter_count - 1];

	if (!strcmp(key, "Address")) {
		take_address(r, key, value, &a->address);
		a->address.type = SBLE_PUBLIC;
	} else if (!strcmp(key, "Powered"))
		a->powered = take_yes(r, key, value);
	else if (!strcmp(key, "Present"))
		a->absent = !take_yes(r, key, value);
	else if (!strcmp(key, "Resolves"))
		a->does_not_resolve = !take_yes(r, key, value);
	else if (!strcmp(key, "Connections"))
		ini_take_number(r->ini, key, value, 0, 64, &a->connections);
	else if (!strcmp(key, "Reports"))
		a->found_only = take_word(r, key, value, report_word) == 1;
	else
		ini_problem(r->ini,
			"[Adapter] has no %s=; Address, Powered, Present, Resolves, Connections, "
			"Reports",
			key);
}

static void on_patient(struct reader *r, const char *key, const char *value)
{
	struct sble_patient_config *p = &r->scenario->patients[r->scenario->patient_count - 1];

	if (!strcmp(key, "Replay"))
		ini_take_text(r->ini, key, value, p->replay, sizeof(p->replay));
	else if (!strcmp(key, "Speed"))
		ini_take_number(r->ini, key, value, 1, 100000, &p->speed);
	else if (!patient_take_base(r->ini, key, value, p->bases))
		ini_problem(r->ini, "[Patient] has no %s=; Replay, Speed, or a vital such as spo2",
			key);
}

/* What of a device is a word or a number of few. */
static bool take_device_word(
	struct reader *r, struct sble_device_config *d, const char *key, const char *value)
{
	int w = 0;

	if (!strcmp(key, "AddressType")) {
		w = take_word(r, key, value, type_word);
		d->address.type = w > 0 ? SBLE_RANDOM : SBLE_PUBLIC;
	} else if (!strcmp(key, "Security")) {
		w = take_word(r, key, value, security_word);
		d->security = w > 0 ? (enum sble_security)w : SBLE_OPEN;
	} else if (!strcmp(key, "Pairing")) {
		w = take_word(r, key, value, pairing_word);
		d->pairing = w > 0 ? (enum sble_pairing_way)w : SBLE_JUST_WORKS;
	} else if (!strcmp(key, "Clock")) {
		w = take_word(r, key, value, clock_word);
		d->clock = w > 0 ? (enum sble_clock)w : SBLE_CLOCK_NONE;
	} else if (!strcmp(key, "Passkey"))
		ini_take_number(r->ini, key, value, 0, 999999, &d->passkey);
	else if (!strcmp(key, "Stored"))
		ini_take_number(r->ini, key, value, 0, SBLE_RECORDS_MAX, &d->stored);
	else if (!strcmp(key, "Rssi"))
		ini_take_number(r->ini, key, value, -127, 20, &d->rssi);
	else if (!strcmp(key, "Mtu"))
		ini_take_number(r->ini, key, value, 23, 517, &d->mtu);
	else if (!strcmp(key, "Private"))
		d->private_address = take_yes(r, key, value);
	else if (!strcmp(key, "Measure"))
		d->events_only = !take_yes(r, key, value);
	else if (!strcmp(key, "Log"))
		d->unlogged = !take_yes(r, key, value);
	else if (!strcmp(key, "Vendor"))
		d->vendor = take_yes(r, key, value);
	else if (!strcmp(key, "Connectable"))
		d->unconnectable = !take_yes(r, key, value);
	else if (!strcmp(key, "AsksTime"))
		d->asks_time = take_yes(r, key, value);
	else
		return false;
	return true;
}

static bool take_device_text(
	struct reader *r, struct sble_device_config *d, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} texts[] = { { "Patient", d->patient_name, sizeof(d->patient_name) },
		{ "Name", d->local_name, sizeof(d->local_name) },
		{ "Manufacturer", d->manufacturer, sizeof(d->manufacturer) },
		{ "Model", d->model, sizeof(d->model) }, { "Serial", d->serial, sizeof(d->serial) },
		{ "Firmware", d->firmware, sizeof(d->firmware) },
		{ "Variant", d->variant, sizeof(d->variant) },
		{ "HeardBy", d->heard_by, sizeof(d->heard_by) } };
	const struct {
		const char *key;
		int64_t *to;
	} times[] = { { "Interval", &d->interval_ms }, { "Advertise", &d->advertise_ms },
		{ "Window", &d->window_ms }, { "RotateEvery", &d->rotate_ms },
		{ "ClockOffset", &d->clock_offset_ms } };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(texts[i].key, key) != 0)
			continue;
		ini_take_text(r->ini, key, value, texts[i].to, texts[i].size);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		if (strcmp(times[i].key, key) != 0)
			continue;
		take_time(r, key, value, times[i].to);
		if (!*times[i].to && i < 2)
			ini_wrong(r->ini, key, value, "must be above 0");
		return true;
	}
	return false;
}

static void on_device(struct reader *r, const char *key, const char *value)
{
	struct sble_device_config *d = &r->scenario->devices[r->scenario->device_count - 1];
	enum sble_body body = sble_body_by_name(key);

	if (!strcmp(key, "Kind")) {
		d->wrong_kind = take_word(r, key, value, kind_word) < 0;
		d->kind = sble_kind_by_name(value);
	} else if (!strcmp(key, "Address")) {
		take_address(r, key, value, &d->address);
		d->has_address = true;
	} else if (!strcmp(key, "Transport")) {
		if (strcmp(value, "ble") != 0)
			ini_wrong(r->ini, key, value,
				"wardsim ble plays ble alone, wardsim ward others too");
	} else if (!strcmp(key, "IRK"))
		take_key(r, key, value, d->irk, &d->has_irk);
	else if (!strcmp(key, "BindKey"))
		take_key(r, key, value, d->key, &d->has_key);
	else if (body != _SBLE_BODY_MAX) {
		d->body_bases[body].given = true;
		if (sble_body_parse(value, &d->body_bases[body].milli) < 0)
			ini_wrong(r->ini, key, value, "not a value of this quantity");
	} else if (!take_device_word(r, d, key, value) && !take_device_text(r, d, key, value) &&
		   !patient_take_base(r->ini, key, value, d->bases))
		ini_problem(r->ini,
			"[Device] has no %s=; Transport, Kind, Address, AddressType, Private, "
			"RotateEvery, IRK, Patient, Interval, Advertise, Measure, Window, "
			"Security, Pairing, Passkey, Stored, Clock, ClockOffset, AsksTime, "
			"Variant, BindKey, Name, Manufacturer, Model, Serial, Firmware, Rssi, "
			"HeardBy, Connectable, Mtu, Vendor, Log, or a quantity",
			key);
}

static void on_event(struct reader *r, const char *key, const char *value)
{
	struct sble_event_config *e = &r->scenario->events[r->scenario->event_count - 1];
	int w;

	if (!strcmp(key, "At"))
		take_time(r, key, value, &e->at_ms);
	else if (!strcmp(key, "Over"))
		take_time(r, key, value, &e->over_ms);
	else if (!strcmp(key, "For"))
		take_time(r, key, value, &e->for_ms);
	else if (!strcmp(key, "Device") || !strcmp(key, "Adapter") || !strcmp(key, "Patient")) {
		e->of = *key == 'D'   ? SBLE_OF_DEVICE
			: *key == 'A' ? SBLE_OF_ADAPTER
				      : SBLE_OF_PATIENT;
		e->of_all = !strcmp(value, "*");
		ini_take_text(r->ini, key, value, e->target, sizeof(e->target));
	} else if (!strcmp(key, "When")) {
		w = take_word(r, key, value, when_word);
		e->by_rule = true;
		e->when = w >= 0 ? (enum sble_when)w : SBLE_WHEN_CONNECT;
	} else if (!strcmp(key, "Nth"))
		ini_take_number(r->ini, key, value, 1, 1000000, &e->nth);
	else if (!strcmp(key, "Times"))
		ini_take_number(r->ini, key, value, 1, 1000000, &e->times);
	else if (!strcmp(key, "Do")) {
		w = take_word(r, key, value, action_word);
		e->wrong_action = w < 0;
		e->action = (enum sble_action)(w + 1);
	} else if (!strcmp(key, "Metric"))
		ini_take_text(r->ini, key, value, e->metric_name, sizeof(e->metric_name));
	else if (!strcmp(key, "To"))
		ini_take_text(r->ini, key, value, e->to, sizeof(e->to));
	else if (!strcmp(key, "Amount"))
		ini_take_text(r->ini, key, value, e->amount, sizeof(e->amount));
	else
		ini_problem(r->ini,
			"[Event] has no %s=; At, When, Nth, Times, Device, Adapter, Patient, Do, "
			"Metric, To, Over, For, Amount",
			key);
}

static void begin_adapter(struct reader *r, const char *name)
{
	struct sble_scenario *s = r->scenario;
	struct sble_adapter_config *a;
	int64_t index = 0;

	if (strncmp(name, "hci", 3) != 0 || ini_number(name + 3, 0, 7, &index) < 0) {
		ini_problem(r->ini, "[Adapter %s]: hci0 to hci7", name);
		index = 0;
	}
	if (s->adapter_count == SBLE_ADAPTERS_MAX) {
		ini_problem(r->ini, "more than %d of these", SBLE_ADAPTERS_MAX);
		r->error = -E2BIG;
		return;
	}
	a = &s->adapters[s->adapter_count++];
	*a = (struct sble_adapter_config){ .index = (uint16_t)index,
		.address = { .octets = { (uint8_t)index, 0x71, 0xda, 0x7d, 0x1a, 0 },
			.type = SBLE_PUBLIC },
		.connections = 20,
		.line = r->ini->line };
	snprintf(a->name, sizeof(a->name), "hci%d", (int)index);
}

static void begin_device(struct reader *r, const char *name)
{
	struct sble_scenario *s = r->scenario;
	struct sble_device_config *d = ini_grow(r->ini, &s->devices, &s->device_count,
		SBLE_DEVICES_MAX, sizeof(*s->devices), &r->error);

	if (!d)
		return;
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->patient = SIZE_MAX;
	d->interval_ms = d->advertise_ms = d->window_ms = -1;
	d->passkey = 123456;
	d->rssi = -60;
	d->mtu = 247;
	d->line = r->ini->line;
}

static void on_head(struct reader *r, const char *kind, const char *name)
{
	struct sble_scenario *s = r->scenario;

	if (!strcmp(kind, "Ward"))
		return;
	ini_check_name(r->ini, kind, name, SBLE_NAME_MAX);
	if (!strcmp(kind, "Adapter")) {
		begin_adapter(r, name);
	} else if (!strcmp(kind, "Patient")) {
		struct sble_patient_config *p = ini_grow(r->ini, &s->patients, &s->patient_count,
			SBLE_PATIENTS_MAX, sizeof(*s->patients), &r->error);

		if (p) {
			snprintf(p->name, sizeof(p->name), "%s", name);
			p->speed = 1;
		}
	} else if (!strcmp(kind, "Device")) {
		begin_device(r, name);
	} else if (!strcmp(kind, "Event")) {
		struct sble_event_config *e = ini_grow(r->ini, &s->events, &s->event_count,
			SBLE_EVENTS_MAX, sizeof(*s->events), &r->error);

		if (!e)
			return;
		snprintf(e->name, sizeof(e->name), "%s", name);
		e->nth = e->times = 1;
		e->line = r->ini->line;
	} else
		ini_problem(r->ini, "[%s]: no such section; Ward, Adapter, Patient, Device, Event",
			kind);
}

static void on_item(struct ini *i, const char *kind, const char *name, const char *key,
	const char *value, void *userdata)
{
	struct reader *r = userdata;

	r->ini = i;
	if (!key && r->halves)
		r->half = halves_of(r->halves, kind, i->line);
	if (r->error || r->half == HALF_COAP)
		return;
	i->quiet = r->half == HALF_BOTH;
	if (!key)
		on_head(r, kind, name);
	else if (!strcmp(kind, "Ward"))
		on_ward(r, key, value);
	else if (!strcmp(kind, "Adapter") && r->scenario->adapter_count)
		on_adapter(r, key, value);
	else if (!strcmp(kind, "Patient") && r->scenario->patient_count)
		on_patient(r, key, value);
	else if (!strcmp(kind, "Device") && r->scenario->device_count)
		on_device(r, key, value);
	else if (!strcmp(kind, "Event") && r->scenario->event_count)
		on_event(r, key, value);
	i->quiet = r->halves;
}

int sble_scenario_sample(struct sble_scenario **ret)
{
	_cleanup_(sble_scenario_freep) struct sble_scenario *s = calloc(1, sizeof(*s));
	struct ini ini = { .path = "sample" };
	struct reader reader = { .scenario = s, .ini = &ini, .half = HALF_BLE };
	const struct sble_kind *k;

	if (!s)
		return -ENOMEM;
	s->seed = s->speed = 1;
	begin_adapter(&reader, "hci0");
	for (size_t i = 0; (k = sble_kind_at(i)) && !reader.error; i++) {
		char address[SBLE_ADDRESS_TEXT];

		snprintf(address, sizeof(address), "%s:00:00:%02X",
			k->service ? "C0:FF:EE" : "A4:C1:38", (unsigned)(i + 1) & 0xff);
		begin_device(&reader, k->name);
		if (reader.error)
			break;
		on_device(&reader, "Kind", k->name);
		on_device(&reader, "Address", address);
		if (k->sealed)
			on_device(&reader, "BindKey", SBLE_SAMPLE_KEY);
	}
	if (reader.error)
		return reader.error;
	sble_scenario_check(s, &ini, false);
	assert(!ini.problems);
	*ret = TAKE_PTR(s);
	return 0;
}

int sble_scenario_read(struct sble_scenario **ret, const char *path, const struct halves *halves)
{
	_cleanup_(sble_scenario_freep) struct sble_scenario *s = calloc(1, sizeof(*s));
	struct reader reader = { .scenario = s, .halves = halves, .half = HALF_BLE };
	struct ini ini = { .quiet = halves };
	int r;

	if (!s)
		return -ENOMEM;
	s->seed = s->speed = 1;
	r = ini_read(&ini, path, on_item, &reader);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return -EBADMSG;
	}
	if (reader.error)
		return reader.error == -ENOMEM ? -ENOMEM : -EBADMSG;
	if (!s->adapter_count) {
		reader.ini = &ini;
		begin_adapter(&reader, "hci0");
	}
	sble_scenario_check(s, &ini, halves);
	if (ini.problems)
		return -EBADMSG;
	*ret = TAKE_PTR(s);
	return 0;
}
