/* Reads what is in the air; see zigbee_scenario.h for the format. */
#include "sim/zigbee_scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ble_crypto.h"
#include "sim/ini.h"
#include "sim/ncp.h"

static const char *const whens[_SZB_WHEN_MAX + 1] = {
#define X(id, name) [SZB_WHEN_##id] = name,
	SZB_WHENS(X)
#undef X
};
static const char *const actions[_SZB_DO_MAX + 1] = { [SZB_DO_CHANGE] = "change",
#define X(id, name) [SZB_DO_##id] = name,
	SZB_ACTIONS(X)
#undef X
};

const char *szb_action_text(enum szb_action a)
{
	return actions[a];
}

struct szb_scenario *szb_scenario_free(struct szb_scenario *s)
{
	if (!s)
		return NULL;
	free(s->log);
	free(s->devices);
	free(s->events);
	free(s);
	return NULL;
}

struct reader {
	struct szb_scenario *scenario;
	struct ini *ini;
	int error;
};

/* A key whose value is a number of some sort; the field is an int64_t. */
struct field {
	const char *key;
	enum { TIME, NUMBER, YES, WORD } sort;
	size_t offset;
	int64_t low, high;
	const char *const *words; /* ends with NULL */
};

static const char *const overflows[] = { "drop", "wait", NULL };
static const char *const joins[] = { "permit", "event", "known", NULL };
static const char *const enrolls[] = { "request", "auto", "both", "never", NULL };
static const char *const reportings[] = { "configured", "always", "never", NULL };

#define AT(type, member) offsetof(struct type, member)

static const struct field ward_fields[] = {
	{ "Seed", NUMBER, AT(szb_scenario, seed), 0, INT64_MAX, NULL },
	{ "Duration", TIME, AT(szb_scenario, duration_ms), 0, 0, NULL },
	{ "Speed", NUMBER, AT(szb_scenario, speed), 1, 10000, NULL },
	{ 0 },
};

static const struct field radio_fields[] = {
	{ "Version", NUMBER, AT(szb_radio_config, version), NCP_VERSION_MIN, NCP_VERSION_MAX,
		NULL },
	{ "Reboot", TIME, AT(szb_radio_config, reboot_ms), 0, 0, NULL },
	{ "Window", NUMBER, AT(szb_radio_config, window), 1, NCP_WINDOW_MAX, NULL },
	{ "Queue", NUMBER, AT(szb_radio_config, queue), 1, 100000, NULL },
	{ "Overflow", WORD, AT(szb_radio_config, wait), 0, 0, overflows },
	{ "Rate", NUMBER, AT(szb_radio_config, rate), 0, 1000000, NULL },
	{ "Trailing", NUMBER, AT(szb_radio_config, trailing), 0, 16, NULL },
	{ 0 },
};

static const struct field device_fields[] = {
	{ "Count", NUMBER, AT(szb_device_config, count), 1, SZB_DEVICES_MAX, NULL },
	{ "Join", WORD, AT(szb_device_config, join), 0, 0, joins },
	{ "Enroll", WORD, AT(szb_device_config, enroll), 0, 0, enrolls },
	{ "Reporting", WORD, AT(szb_device_config, always), 0, 0, reportings },
	{ "Sleepy", YES, AT(szb_device_config, sleepy), 0, 0, NULL },
	{ "Interval", TIME, AT(szb_device_config, interval_ms), 0, 0, NULL },
	{ "Poll", TIME, AT(szb_device_config, poll_ms), 1, 0, NULL },
	{ "FastPoll", TIME, AT(szb_device_config, fast_poll_ms), 0, 0, NULL },
	{ "CheckIn", TIME, AT(szb_device_config, check_in_ms), 1, 0, NULL },
	{ "Deaf", NUMBER, AT(szb_device_config, deaf), 0, 1000, NULL },
	{ "DefaultResponse", YES, AT(szb_device_config, default_response), 0, 0, NULL },
	{ "RefusesBind", YES, AT(szb_device_config, refuses_bind), 0, 0, NULL },
	{ "RefusesReporting", YES, AT(szb_device_config, refuses_reporting), 0, 0, NULL },
	{ "Lqi", NUMBER, AT(szb_device_config, lqi), 0, 255, NULL },
	{ "Log", YES, AT(szb_device_config, log), 0, 0, NULL },
	{ 0 },
};

static const struct field event_fields[] = {
	{ "At", TIME, AT(szb_event_config, at_ms), 0, 0, NULL },
	{ "Over", TIME, AT(szb_event_config, over_ms), 0, 0, NULL },
	{ "For", TIME, AT(szb_event_config, for_ms), 0, 0, NULL },
	{ "Nth", NUMBER, AT(szb_event_config, nth), 1, 100000000, NULL },
	{ "Times", NUMBER, AT(szb_event_config, times), 1, 1000000, NULL },
	{ "Endpoint", NUMBER, AT(szb_event_config, endpoint), 1, 240, NULL },
	{ 0 },
};

static int64_t word_of(const char *const *words, const char *value)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], value))
			return i;
	return -1;
}

static void wrong_word(
	struct reader *r, const char *key, const char *value, const char *const *words)
{
	char list[512] = "";

	for (size_t i = 0, n = 0; words[i] && n < sizeof(list) - 40; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", words[i]);
	ini_problem(r->ini, "%s=%s: give one of %s", key, value, list);
}

/* False when the section has no such key. */
static bool take_field(
	struct reader *r, const struct field *fields, void *to, const char *key, const char *value)
{
	static const char *const yes_no[] = { "no", "yes", NULL };
	const struct field *f = fields;
	int64_t v = 0;

	while (f->key && strcmp(f->key, key) != 0)
		f++;
	if (!f->key)
		return false;
	switch (f->sort) {
	case TIME:
		if (ini_take_duration(r->ini, key, value, &v) && v < f->low)
			ini_wrong(r->ini, key, value, "must be above 0");
		break;
	case NUMBER:
		ini_take_number(r->ini, key, value, f->low, f->high, &v);
		break;
	case YES:
	case WORD:
		v = word_of(f->sort == YES ? yes_no : f->words, value);
		if (v < 0)
			wrong_word(r, key, value, f->sort == YES ? yes_no : f->words);
		break;
	}
	memcpy((char *)to + f->offset, &v, sizeof(v));
	return true;
}

static void take_eui(struct reader *r, const char *key, const char *value, uint8_t *to, bool *has)
{
	*has = szb_eui_parse(value, to) >= 0;
	if (!*has)
		ini_wrong(r->ini, key, value, "not an address such as A4:C1:38:00:00:00:00:01");
}

static void on_ward(struct reader *r, const char *key, const char *value)
{
	struct szb_scenario *s = r->scenario;

	if (!strcmp(key, "Log")) {
		free(s->log);
		s->log = strdup(value);
		if (!s->log)
			r->error = -ENOMEM;
	} else if (!take_field(r, ward_fields, s, key, value))
		ini_problem(r->ini, "[Ward] has no %s=; Log, Seed, Duration, Speed", key);
}

static void take_noise(struct reader *r, const char *value)
{
	while (*value) {
		int channel, dbm, used = 0;

		if (sscanf(value, "%d:%d%n", &channel, &dbm, &used) != 2 || channel < 11 ||
			channel > 26 || dbm < -127 || dbm > -1) {
			ini_wrong(r->ini, "Noise", value,
				"give channels and dBm such as 15:-45 20:-50");
			return;
		}
		r->scenario->radio.noise[channel] = (int8_t)dbm;
		value += used;
		value += strspn(value, " ");
	}
}

static void take_stack(struct reader *r, const char *value)
{
	unsigned v[4];
	char end;

	if (sscanf(value, "%2u.%2u.%2u.%2u%c", &v[0], &v[1], &v[2], &v[3], &end) != 4 ||
		(v[0] | v[1] | v[2] | v[3]) > 15)
		ini_wrong(r->ini, "Stack", value, "not a version such as 7.4.1.0");
	else
		r->scenario->radio.stack = v[0] << 12 | v[1] << 8 | v[2] << 4 | v[3];
}

static void on_radio(struct reader *r, const char *key, const char *value)
{
	struct szb_radio_config *c = &r->scenario->radio;

	if (!strcmp(key, "EUI64"))
		take_eui(r, key, value, c->eui, &c->has_eui);
	else if (!strcmp(key, "State"))
		ini_take_text(r->ini, key, value, c->state, sizeof(c->state));
	else if (!strcmp(key, "Noise"))
		take_noise(r, value);
	else if (!strcmp(key, "Stack"))
		take_stack(r, value);
	else if (!take_field(r, radio_fields, c, key, value))
		ini_problem(r->ini,
			"[Radio] has no %s=; Version, Stack, EUI64, State, Reboot, Window, Queue, "
			"Overflow, Rate, Trailing, Noise",
			key);
}

static void take_install_code(
	struct reader *r, struct szb_device_config *d, const char *key, const char *value)
{
	d->has_install_code = szb_install_key(value, d->key) >= 0;
	if (!d->has_install_code)
		ini_wrong(r->ini, key, value,
			"not an install code: hex digits with a checksum that fits");
}

static const char *kind_word(size_t i)
{
	const struct szb_kind *k = szb_kind_at(i);

	return k ? k->name : NULL;
}

static const char *action_word(size_t i)
{
	return actions[i + 1]; /* a change is said by Metric= */
}

static const char *when_word(size_t i)
{
	return whens[i];
}

static void on_device(struct reader *r, const char *key, const char *value)
{
	struct szb_device_config *d = &r->scenario->devices[r->scenario->device_count - 1];
	enum szb_metric m = szb_metric_by_name(key);

	if (!strcmp(key, "Kind")) {
		d->kind = szb_kind_by_name(value);
		d->has_kind = true;
		if (!d->kind)
			ini_no_such_word(r->ini, key, value, kind_word);
	} else if (!strcmp(key, "EUI64"))
		take_eui(r, key, value, d->eui, &d->has_eui);
	else if (!strcmp(key, "InstallCode"))
		take_install_code(r, d, key, value);
	else if (!strcmp(key, "Parent"))
		ini_take_text(r->ini, key, value, d->parent_name, sizeof(d->parent_name));
	else if (!strcmp(key, "Manufacturer"))
		ini_take_text(r->ini, key, value, d->maker, sizeof(d->maker));
	else if (!strcmp(key, "Model"))
		ini_take_text(r->ini, key, value, d->model, sizeof(d->model));
	else if (!strcmp(key, "Toggle"))
		ini_take_percent(r->ini, key, value, &d->toggle);
	else if (m != _SZB_METRIC_MAX) {
		d->bases[m].given = true;
		if (szb_value_parse(m, value, &d->bases[m].value) < 0)
			ini_wrong(r->ini, key, value, "not a value of this metric");
	} else if (!take_field(r, device_fields, d, key, value))
		ini_problem(r->ini, "[Device] has no %s=", key);
}

static void take_frame(
	struct reader *r, struct szb_event_config *e, const char *key, const char *value)
{
	char *hex;

	e->cluster = (int64_t)strtoul(value, &hex, 16);
	e->frame_n = *hex == ':' ? strlen(hex + 1) / 2 : 0;
	if (e->frame_n == 0 || e->frame_n > sizeof(e->frame) || e->cluster > UINT16_MAX ||
		sble_unhex(hex + 1, e->frame, e->frame_n) < 0)
		ini_wrong(r->ini, key, value, "not a cluster and a frame such as 0x0006:010502");
}

static void on_event(struct reader *r, const char *key, const char *value)
{
	struct szb_event_config *e = &r->scenario->events[r->scenario->event_count - 1];
	int64_t w;
	char *end;

	if (!strcmp(key, "Device")) {
		e->of_device = true;
		e->of_all = !strcmp(value, "*");
		ini_take_text(r->ini, key, value, e->target, sizeof(e->target));
	} else if (!strcmp(key, "When")) {
		w = word_of(whens, value);
		if (w < 0)
			ini_no_such_word(r->ini, key, value, when_word);
		e->by_rule = true;
		e->when = (enum szb_when)(w < 0 ? 0 : w);
	} else if (!strcmp(key, "Do")) {
		w = word_of(actions, value);
		if (w <= SZB_DO_CHANGE)
			ini_no_such_word(r->ini, key, value, action_word);
		e->action = (enum szb_action)(w < 0 ? 0 : w);
	} else if (!strcmp(key, "Command")) {
		e->command = (int64_t)strtoul(value, &end, 0);
		if (*end || end == value || e->command > UINT16_MAX)
			ini_wrong(r->ini, key, value, "not a frame's id such as 0x0034");
	} else if (!strcmp(key, "Metric"))
		ini_take_text(r->ini, key, value, e->metric_name, sizeof(e->metric_name));
	else if (!strcmp(key, "To"))
		ini_take_text(r->ini, key, value, e->to, sizeof(e->to));
	else if (!strcmp(key, "Frame"))
		take_frame(r, e, key, value);
	else if (!strcmp(key, "Amount"))
		ini_take_text(r->ini, key, value, e->amount, sizeof(e->amount));
	else if (!take_field(r, event_fields, e, key, value))
		ini_problem(r->ini,
			"[Event] has no %s=; At, When, Nth, Times, Device, Do, Metric, To, Over, "
			"For, Amount, Command, Frame, Endpoint",
			key);
}

static void begin_device(struct reader *r, const char *name)
{
	struct szb_scenario *s = r->scenario;
	struct szb_device_config *d = ini_grow(r->ini, &s->devices, &s->device_count,
		SZB_DEVICES_MAX, sizeof(*s->devices), &r->error);

	if (!d)
		return;
	snprintf(d->name, sizeof(d->name), "%s", name);
	memcpy(d->key, "ZigBeeAlliance09", 16);
	d->parent = SIZE_MAX;
	d->count = d->log = 1;
	d->sleepy = d->interval_ms = -1;
	d->poll_ms = 7500;
	d->fast_poll_ms = 15000;
	d->check_in_ms = 3600000;
	d->lqi = 200;
	d->line = r->ini->line;
}

static void new_event(struct szb_event_config *e, const char *name, int line)
{
	*e = (struct szb_event_config){
		.nth = 1, .times = 1, .command = -1, .endpoint = 1, .line = line
	};
	snprintf(e->name, sizeof(e->name), "%s", name);
}

static void begin_event(struct reader *r, const char *name)
{
	struct szb_scenario *s = r->scenario;
	struct szb_event_config *e = ini_grow(
		r->ini, &s->events, &s->event_count, SZB_EVENTS_MAX, sizeof(*s->events), &r->error);

	if (e)
		new_event(e, name, r->ini->line);
}

static void on_head(struct reader *r, const char *kind, const char *name)
{
	if (!strcmp(kind, "Ward") || !strcmp(kind, "Radio"))
		return;
	if (strcmp(kind, "Device") != 0 && strcmp(kind, "Event") != 0) {
		ini_problem(r->ini, "[%s]: no such section; Ward, Radio, Device, Event", kind);
		return;
	}
	ini_check_name(r->ini, kind, name, SZB_NAME_MAX);
	if (!strcmp(kind, "Device"))
		begin_device(r, name);
	else
		begin_event(r, name);
}

static void on_item(struct ini *i, const char *kind, const char *name, const char *key,
	const char *value, void *userdata)
{
	struct reader *r = userdata;

	r->ini = i;
	if (r->error)
		return;
	if (!key)
		on_head(r, kind, name);
	else if (!strcmp(kind, "Ward"))
		on_ward(r, key, value);
	else if (!strcmp(kind, "Radio"))
		on_radio(r, key, value);
	else if (!strcmp(kind, "Device") && r->scenario->device_count)
		on_device(r, key, value);
	else if (!strcmp(kind, "Event") && r->scenario->event_count)
		on_event(r, key, value);
}

int szb_event_read(const struct szb_scenario *s, const char *line, struct szb_event_config *ret)
{
	struct szb_scenario one = { .events = ret, .event_count = 1 };
	struct ini ini = { .path = "standard input", .line = 1 };
	struct reader reader = { .scenario = &one, .ini = &ini };
	char key[32], value[256];
	int used;

	new_event(ret, "said", 1);
	for (; sscanf(line, " %31[A-Za-z0-9]=%255s%n", key, value, &used) == 2; line += used)
		on_event(&reader, key, value);
	if (line[strspn(line, " ")])
		ini_problem(&ini, "%s: not Key=value", line);
	if (!ini.problems)
		szb_event_check(s, ret, &ini);
	return ini.problems ? -EBADMSG : 0;
}

int szb_scenario_read(struct szb_scenario **ret, const char *path)
{
	_cleanup_(szb_scenario_freep) struct szb_scenario *s = calloc(1, sizeof(*s));
	struct reader reader = { .scenario = s };
	struct ini ini = { 0 };
	int r;

	if (!s)
		return -ENOMEM;
	s->seed = s->speed = 1;
	s->radio = (struct szb_radio_config){
		.version = 13, .stack = 0x7410, .reboot_ms = 1000, .window = NCP_WINDOW, .queue = 60
	};
	r = ini_read(&ini, path, on_item, &reader);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return -EBADMSG;
	}
	if (reader.error)
		return reader.error == -ENOMEM ? -ENOMEM : -EBADMSG;
	r = szb_scenario_check(s, &ini);
	if (r < 0)
		return r;
	if (ini.problems)
		return -EBADMSG;
	*ret = TAKE_PTR(s);
	return 0;
}
