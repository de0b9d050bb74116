/* See ble_event.h; the words are those of SBLE_ACTIONS in ble_scenario.h. */
#include "sim/ble_event.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/ble_device.h"
#include "sim/ini.h"

#define SUPERVISION_US INT64_C(6000000)
#define INTERMEDIATES 8

static int64_t until(const struct sble_device *d, const struct sble_event_config *e)
{
	return e->for_ms ? d->ble->moment + e->for_ms * 1000 : INT64_MAX;
}

static int64_t number(const struct sble_event_config *e, int64_t otherwise)
{
	int64_t n = otherwise;

	(void)ini_number(e->amount, 0, INT32_MAX, &n);
	return n;
}

static void change_value(struct sble_device *d, const struct sble_event_config *e)
{
	int64_t now_ms = d->ble->moment / 1000;

	if (e->metric != _Q_MAX)
		signals_pull(d->signals, e->metric, e->milli, now_ms, e->over_ms,
			e->for_ms ? e->for_ms : INT64_C(1) << 40);
	else
		d->body[e->body].now = d->body[e->body].base = e->milli;
}

static void on_supervision(void *arg)
{
	sble_device_close(arg, MGMT_BY_TIMEOUT);
}

static void silence(struct sble_device *d, const struct sble_event_config *e)
{
	d->fault.silent_until = until(d, e);
	if (d->link.adapter) {
		d->supervision = (struct sble_timer){ .fn = on_supervision, .arg = d };
		sble_timer_arm(&d->ble->timers, &d->supervision,
			sble_now(d->ble) + sble_real(d->ble, SUPERVISION_US));
	}
	sble_device_listen(d);
	/* It is heard again when the time is over: its advertisements go on meanwhile, unheard. */
}

static void measure_now(struct sble_device *d, int64_t intermediates)
{
	d->fault.inflating = intermediates;
	sble_timer_arm(&d->ble->timers, &d->measure, d->ble->moment);
	if (intermediates && d->kind->episodic)
		sble_device_appear(d);
}

static void reboot(struct sble_device *d)
{
	sble_device_close(d, MGMT_BY_TIMEOUT);
	d->counter = d->packet = 0;
	d->clock_unset = d->config->clock != SBLE_CLOCK_NONE;
	if (d->kind->reboot)
		d->kind->reboot(d);
}

static void change_services(struct sble_device *d)
{
	uint16_t first = d->db.count ? (uint16_t)(d->db.attributes[0].handle) : 1;
	struct sble_message *m;

	if (!d->kind->service)
		return;
	sble_db_init(&d->db, first == 1 ? 33 : 1);
	sble_device_build(d);
	m = sble_message_new(d, 0x2a05, SBLE_INDICATION);
	if (!m)
		return;
	octets_le(&m->bytes, 0x0001, 2);
	octets_le(&m->bytes, 0xffff, 2);
	sble_device_say(d, m);
}

static void lose_bond(struct sble_device *d)
{
	d->bond_lost = true;
	memset(d->bonds, 0, sizeof(d->bonds));
	sble_device_close(d, MGMT_BY_REMOTE);
}

static void replay(struct sble_device *d)
{
	if (!d->old_ad.n)
		return;
	sble_device_report(d, &d->old_ad);
}

static void slow(struct sble_device *d, const struct sble_event_config *e)
{
	int64_t ms = 200;

	(void)ini_duration(e->amount, &ms);
	d->fault.delay_us = ms * 1000;
	d->fault.delay_until = until(d, e);
}

static void att_errors(struct sble_device *d, const struct sble_event_config *e)
{
	d->fault.att_error = (uint8_t)strtoul(*e->amount ? e->amount : "0x0e", NULL, 0);
	d->fault.att_errors = e->times;
}

static void set_clock(struct sble_device *d, const struct sble_event_config *e)
{
	int64_t ms = 0;
	bool negative = *e->amount == '-';

	(void)ini_duration(e->amount + negative, &ms);
	d->clock_offset_ms = negative ? -ms : ms;
}

static void act_on_link(struct sble_device *d, const struct sble_event_config *e)
{
	switch ((int)e->action) {
	case SBLE_DO_DISCONNECT:
		sble_device_close(d, MGMT_BY_REMOTE);
		break;
	case SBLE_DO_NO_CONNECT:
		d->fault.no_connect_until = until(d, e);
		sble_device_listen(d);
		break;
	case SBLE_DO_NO_ANSWER:
		d->fault.no_answer_until = until(d, e);
		break;
	case SBLE_DO_DROP:
		d->fault.drop = 1000;
		(void)ini_percent(e->amount, &d->fault.drop);
		d->fault.drop_until = until(d, e);
		break;
	case SBLE_DO_DELAY:
		slow(d, e);
		break;
	case SBLE_DO_MALFORMED:
		d->fault.malformed = number(e, 1);
		break;
	case SBLE_DO_ATT_ERROR:
		att_errors(d, e);
		break;
	case SBLE_DO_LOSE_BOND:
		lose_bond(d);
		break;
	case SBLE_DO_WRONG_PASSKEY:
		d->fault.wrong_passkey = true;
		break;
	case SBLE_DO_SERVICES_CHANGED:
		change_services(d);
		break;
	default:
		break;
	}
}

static void act_on_device(struct sble_device *d, const struct sble_event_config *e)
{
	sble_log_event(d->ble->log, sble_action_text(e->action), d->config->name, "\"name\":\"%s\"",
		e->name);
	switch ((int)e->action) {
	case SBLE_DO_CHANGE:
		change_value(d, e);
		break;
	case SBLE_DO_MEASURE:
		measure_now(d, 0);
		break;
	case SBLE_DO_INFLATE:
		measure_now(d, number(e, INTERMEDIATES));
		break;
	case SBLE_DO_SENSOR_OFF:
		d->fault.sensor_off_until = until(d, e);
		break;
	case SBLE_DO_STATUS:
		snprintf(d->fault.status, sizeof(d->fault.status), "%s", e->amount);
		d->fault.status_until = until(d, e);
		break;
	case SBLE_DO_SPECIAL:
		snprintf(d->fault.special, sizeof(d->fault.special), "%.15s",
			*e->amount ? e->amount : "nan");
		d->fault.special_until = until(d, e);
		break;
	case SBLE_DO_SILENCE:
		silence(d, e);
		break;
	case SBLE_DO_ROTATE:
		sble_device_rotate(d);
		break;
	case SBLE_DO_REBOOT:
		reboot(d);
		break;
	case SBLE_DO_REPLAY:
		replay(d);
		break;
	case SBLE_DO_CLOCK:
		set_clock(d, e);
		break;
	default:
		act_on_link(d, e);
		break;
	}
}

static enum sble_silent silent_by(const char *amount)
{
	return !strcmp(amount, "power")    ? SBLE_UNTIL_POWER
	       : !strcmp(amount, "replug") ? SBLE_UNTIL_REPLUG
					   : SBLE_UNTIL_RESTART;
}

static void act_on_adapter(struct sble_adapter *a, const struct sble_event_config *e)
{
	struct sble *b = a->ble;

	sble_log_event(b->log, sble_action_text(e->action), NULL,
		"\"adapter\":\"%s\",\"name\":\"%s\"", a->config->name, e->name);
	switch ((int)e->action) {
	case SBLE_DO_POWER_OFF:
		sble_adapter_power(a, false, NULL);
		break;
	case SBLE_DO_POWER_ON:
		sble_adapter_power(a, true, NULL);
		break;
	case SBLE_DO_UNPLUG:
		sble_adapter_unplug(a);
		break;
	case SBLE_DO_PLUG:
		sble_adapter_plug(a);
		break;
	case SBLE_DO_SCAN_SILENT:
		a->silent = silent_by(e->amount);
		break;
	case SBLE_DO_REFUSE:
		a->refusal = (uint8_t)strtoul(*e->amount ? e->amount : "0x0a", NULL, 0);
		a->refuse = e->times;
		return; /* so many, not so long */
	case SBLE_DO_MUTE:
		a->mute = true;
		break;
	default:
		break;
	}
	if (e->for_ms && e->action != SBLE_DO_POWER_ON && e->action != SBLE_DO_PLUG)
		sble_timer_arm(&b->timers, &a->relief, sble_now(b) + e->for_ms * 1000);
}

static void happen(struct sble *b, const struct sble_event_config *e)
{
	if (e->of == SBLE_OF_PATIENT) {
		for (size_t i = 0; i < b->scenario->patient_count; i++)
			if (e->of_all || e->index == i)
				signals_pull(&b->patients[i].signals, e->metric, e->milli,
					b->moment / 1000, e->over_ms,
					e->for_ms ? e->for_ms : INT64_C(1) << 40);
		sble_log_event(b->log, "change", NULL, "\"patient\":\"%s\",\"name\":\"%s\"",
			e->target, e->name);
	} else if (e->of == SBLE_OF_ADAPTER) {
		for (size_t i = 0; i < b->adapter_count; i++)
			if (e->of_all || e->index == i)
				act_on_adapter(&b->adapters[i], e);
	} else {
		for (size_t i = 0; i < b->device_count; i++)
			if (e->of_all || e->index == i)
				act_on_device(b->devices[i], e);
	}
}

static void on_time(void *arg)
{
	struct sble *b = arg;
	const struct sble_scenario *s = b->scenario;

	while (b->next_event < s->event_count &&
		s->events[b->next_event].at_ms * 1000 <= sble_now(b)) {
		b->moment = s->events[b->next_event].at_ms * 1000;
		happen(b, &s->events[b->next_event++]);
	}
	if (b->next_event < s->event_count)
		sble_timer_arm(&b->timers, &b->event_timer, s->events[b->next_event].at_ms * 1000);
}

void sble_events_start(struct sble *b)
{
	const struct sble_scenario *s = b->scenario;

	for (b->next_event = 0; b->next_event < s->event_count; b->next_event++) {
		const struct sble_event_config *e = &s->events[b->next_event];

		if (!e->by_rule)
			break;
		for (size_t i = 0; i < b->device_count; i++)
			if (e->of_all || e->index == i)
				b->devices[i]->has_rules = true;
	}
	b->event_timer = (struct sble_timer){ .fn = on_time, .arg = b };
	if (b->next_event < s->event_count)
		sble_timer_arm(&b->timers, &b->event_timer, s->events[b->next_event].at_ms * 1000);
}

void sble_device_count(struct sble_device *d, enum sble_when when)
{
	const struct sble_scenario *s = d->ble->scenario;
	uint32_t n;

	if (!d->has_rules)
		return;
	n = ++d->counted[when];
	for (size_t i = 0; i < s->event_count && s->events[i].by_rule; i++) {
		const struct sble_event_config *e = &s->events[i];

		if (e->when != when || n != e->nth || sble_now(d->ble) < e->at_ms * 1000 ||
			(!e->of_all && e->index != d->index) || d->fired[i] >= e->times)
			continue;
		d->fired[i]++;
		d->ble->moment = sble_now(d->ble);
		act_on_device(d, e);
	}
}
